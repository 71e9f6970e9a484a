"""The recorder on an injected clock and network: what it writes on good and bad days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from diagnostics.clock import Reading
from diagnostics.config import parse
from diagnostics.incidents.study import Study
from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.links.interfaces import InterfaceFacts
from diagnostics.links.route import RouteState
from diagnostics.model import (
    MILLISECOND,
    MINUTE,
    SECOND,
    Coverage,
    Event,
    EventKind,
    Flag,
    Incident,
    Kind,
    Outcome,
    Problem,
    Role,
    Sample,
    Span,
    Target,
)
from diagnostics.probes.fake import FakePinger
from diagnostics.recorder.loop import Recorder
from diagnostics.recorder.parts import Identity, Parts
from diagnostics.witnesses import Origin, Step, Traffic, to_event

T0 = 1_795_000_020 * SECOND
HOME = RouteState("eth0", "192.168.1.1", "02:00:00:00:00:01", "", True, "ethernet")
CONFIG = '[targets]\nanchors = ["203.0.113.11", "203.0.113.22", "203.0.113.33"]\n[home]\nline = "first"\n'


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.wall, self.mono, self.boot = T0, 500 * SECOND, 900 * SECOND

    def read(self) -> Reading:
        return Reading(self.wall, self.mono, self.boot)

    def mono_ns(self) -> int:
        return self.mono

    def advance(self, ns: int) -> None:
        self.wall += ns
        self.mono += ns
        self.boot += ns

    def sleep(self, ns: int) -> None:
        """The machine is asleep: only monotonic time stands still."""
        self.wall += ns
        self.boot += ns

    def step(self, ns: int) -> None:
        self.wall += ns


class NoChecks:
    def __init__(self) -> None:
        self.alarms: list[bool] = []

    def start(self) -> None: ...
    def alarm(self, active: bool) -> None:
        if not self.alarms or self.alarms[-1] != active:
            self.alarms.append(active)

    def collect(self) -> list[Sample]:
        return []

    def stop(self) -> None: ...


@dataclass
class Routes:
    state: RouteState = HOME

    def read(self) -> RouteState:
        return self.state


class Heard:
    """Witnesses that say one thing a minute, right after its end, and keep what they were told."""

    def __init__(self) -> None:
        self.attended: list[bool] = []
        self.routes: list[RouteState] = []
        self.running = False
        self._minute: int | None = None

    def start(self) -> None:
        self.running = True

    def follow(self, route: RouteState) -> None:
        if not self.routes or self.routes[-1] != route:
            self.routes.append(route)

    def attend(self, active: bool) -> None:
        if not self.attended or self.attended[-1] != active:
            self.attended.append(active)

    def collect(self, now: Reading) -> list[Event]:
        before, self._minute = self._minute, now.wall_ns // MINUTE
        if before is None or (before == self._minute and self.running):
            return []
        steps = (Step(MINUTE, 1000, 1000),)
        return [to_event(Traffic(Origin.MACHINE, before * MINUTE, steps), now.wall_ns)]

    def stop(self) -> None:
        self.running = False


class Hop:
    def look(self, gateway: str) -> None: ...
    def found(self) -> str | None:
        return "100.64.7.1"


@dataclass
class Bench:
    """A recorder with everything around it made of hand."""

    path: Path
    writer: Writer
    clock: HandClock = field(default_factory=HandClock)
    routes: Routes = field(default_factory=Routes)
    checks: NoChecks = field(default_factory=NoChecks)
    witnesses: Heard = field(default_factory=Heard)
    warnings: list[str] = field(default_factory=list)
    speed_bps: int = 1_000_000_000
    silent_from_s: float = float("inf")
    silent_to_s: float = float("inf")

    def __post_init__(self) -> None:
        self.recorder = self.make()
        self.recorder.start(None, False, ())

    def make(self) -> Recorder:
        self.pinger = FakePinger(self.clock, self.fate)
        parts = Parts(
            clock=self.clock,
            pinger=self.pinger,
            checks=self.checks,
            routes=self.routes,
            hops=Hop(),
            clock_state=lambda: {"synchronised": True},
            route_every_ns=5 * SECOND,
            witnesses=self.witnesses,
            warn=lambda problem: self.warnings.append(problem.remark.code),
            interface=lambda _: InterfaceFacts(self.speed_bps, "full", 1500),
        )
        return Recorder(self.writer, parse(CONFIG, "config.toml"), parts, Identity("0", "m", "test"))

    def fate(self, target: Target, sent_ns: int) -> tuple[Outcome, int | None]:
        at_s = (sent_ns - T0) / SECOND
        beyond = target.address != "192.168.1.1"
        if beyond and self.silent_from_s <= at_s < self.silent_to_s:
            return Outcome.LOST, None
        return Outcome.OK, 10_000_000

    def run(self, seconds: float) -> None:
        end = self.clock.mono + round(seconds * SECOND)
        while self.clock.mono < end:
            wait = min(round(self.recorder.until_next_s() * SECOND), end - self.clock.mono)
            self.clock.advance(max(wait, 1_000_000))
            self.recorder.step()

    def found(self) -> tuple[tuple[Incident, ...], Coverage, list[Event]]:
        with Reader(self.path) as reader:
            study = Study()
            study.note(reader.events(EventKind.LINK, EventKind.GAP))
            for block in reader.blocks():
                study.feed(block)
            line = study.last_line
            assert line is not None
            span = reader.record_span()
            assert span is not None
            return study.incidents(), study.coverage(line.id, span), list(reader.events())

    def kinds(self) -> list[str]:
        quiet = (EventKind.TARGETS, EventKind.WITNESS)
        return [str(event.kind) for event in self.found()[2] if event.kind not in quiet]

    def samples(self) -> list[Sample]:
        with Reader(self.path) as reader:
            return [sample for block in reader.blocks() for sample in block.samples]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    path = tmp_path / "journal.sqlite"
    with closing(Writer(path)) as writer:
        yield Bench(path, writer)


def test_a_cable_that_falls_back_to_a_lower_speed_is_in_the_journal_within_20_s(bench: Bench) -> None:
    bench.run(60)
    bench.speed_bps = 10_000_000
    bench.run(60)
    bench.recorder.stop()
    links = [event for event in bench.found()[2] if event.kind is EventKind.LINK]
    assert [event.data["speed_bps"] for event in links] == [1_000_000_000, 10_000_000]
    assert T0 + 60 * SECOND <= links[1].at_ns <= T0 + 80 * SECOND


def test_five_targets_once_a_second_on_a_home_line(bench: Bench) -> None:
    bench.run(130)
    bench.recorder.stop()
    incidents, coverage, _ = bench.found()
    assert incidents == ()
    assert coverage.gaps == ()
    assert coverage.observed_s == pytest.approx(130, abs=2.5)
    with Reader(bench.path) as reader:
        samples = [sample for block in reader.blocks() for sample in block.samples]
        assert next(iter(reader.lines.values())).home is True
    assert len(samples) == pytest.approx(5 * 130, abs=15)
    assert bench.kinds() == [
        "started",
        "configuration",
        "seal",
        "link",
        "line",
        "line_home",
        "clock_state",
        "stopped",
        "seal",
    ]
    assert verify(bench.path).first_fault is None


def test_a_cut_is_an_outage_and_raises_the_alarm(bench: Bench) -> None:
    bench.silent_from_s, bench.silent_to_s = 70, 90
    bench.run(120)
    incidents, _, _ = bench.found()
    assert [incident.kind for incident in incidents] == [Kind.OUTAGE]
    assert (incidents[0].span.start_ns - T0) / SECOND == pytest.approx(70, abs=0.5)
    assert incidents[0].duration_s == pytest.approx(20, abs=0.6)
    assert bench.checks.alarms == [False, True, False]


def test_a_quiet_hour_has_nothing_beside_the_schedule(bench: Bench) -> None:
    bench.run(600)
    assert {flags for _, flags, _ in bench.pinger.sent} == {Flag.NONE}
    assert bench.witnesses.attended == [False]


@pytest.mark.parametrize("cut_s", [70.0, 70.13, 70.26, 70.39, 70.52, 70.65, 70.78, 70.91])
def test_extra_tries_sharpen_the_end_and_are_marked(bench: Bench, cut_s: float) -> None:
    bench.silent_from_s, bench.silent_to_s = cut_s, cut_s + 20.07
    bench.run(120)
    bench.recorder.stop()
    incidents, _, _ = bench.found()
    assert [incident.kind for incident in incidents] == [Kind.OUTAGE]
    # Three anchors: a third of a second between their tries, and a tenth while the trouble lasts.
    assert 0 <= (incidents[0].span.start_ns - T0) / SECOND - cut_s <= 0.34
    assert 0 <= (incidents[0].span.end_ns - T0) / SECOND - (cut_s + 20.07) <= 0.11
    extra = [s for s in bench.samples() if s.flags & Flag.EXTRA]
    assert {sample.target.role for sample in extra} == {Role.ANCHOR, Role.GATEWAY, Role.FIRST_HOP}
    at_s = [(sample.sent_ns - T0) / SECOND for sample in extra]
    assert cut_s + 0.3 < min(at_s) <= cut_s + 1.5
    assert max(at_s) <= cut_s + 20.07 + 0.25
    assert len([s for s in extra if s.target.role is Role.ANCHOR]) == pytest.approx(10 * 19, abs=10)


@pytest.mark.parametrize("cut_s", [70.05, 70.3, 70.55, 70.8])
def test_other_checks_are_called_within_a_short_cut(bench: Bench, cut_s: float) -> None:
    called: list[float] = []
    bench.checks.alarm = lambda active: called.append((bench.clock.wall - T0) / SECOND) if active else None  # type: ignore[method-assign]
    bench.silent_from_s, bench.silent_to_s = cut_s, cut_s + 2
    bench.run(90)
    assert cut_s < called[0] <= cut_s + 1.5
    assert [incident.kind for incident in bench.found()[0]] == [Kind.OUTAGE]


def test_an_hour_long_cut_keeps_sharp_edges_at_a_modest_rate(bench: Bench) -> None:
    bench.silent_from_s, bench.silent_to_s = 70, 70 + 3600.03
    bench.run(3700)
    bench.recorder.stop()
    incidents, _, _ = bench.found()
    assert (incidents[0].span.end_ns - T0) / SECOND - 3670.03 <= 0.2
    extra = [s for s in bench.samples() if s.flags & Flag.EXTRA]
    assert len(extra) <= 60 * 10 + 40 + 3600 * 4


def test_witnesses_are_told_of_trouble_and_of_slowness(bench: Bench) -> None:
    bench.run(60)
    bench.silent_from_s, bench.silent_to_s = 60, 65
    bench.run(60)
    assert bench.witnesses.attended == [False, True, False]
    bench.pinger.script = lambda target, sent: (Outcome.OK, 90 * MILLISECOND)
    bench.run(20)
    assert bench.witnesses.attended == [False, True, False, True]
    assert bench.witnesses.routes[-1] == HOME


def test_a_minute_has_its_witnesses_before_it_is_sealed(bench: Bench) -> None:
    bench.run(400)
    bench.recorder.stop()
    with Reader(bench.path) as reader:
        events = list(reader.events(EventKind.WITNESS))
    said = [int(str(event.data["start_ns"])) // MINUTE for event in events]
    assert said == list(range(said[0], said[0] + len(said)))
    with Reader(bench.path) as reader:
        records = list(reader.records())
    sealed = [(record.start_ns // MINUTE, record.seq) for record in records if record.type == "samples"]
    heard = [record.seq for record in records if record.type == "witness"]
    order = dict(zip(said, heard, strict=True))
    assert len(sealed) >= 6
    assert all(order[minute] < seq for minute, seq in sealed if minute in order)
    assert not bench.witnesses.running


def test_tries_of_the_grace_that_are_given_up_after_it_do_not_count(bench: Bench) -> None:
    bench.run(70)
    bench.clock.sleep(3600 * SECOND)
    bench.silent_from_s, bench.silent_to_s = 0, 3600 + 70 + 8.04
    bench.run(60)
    bench.recorder.stop()
    lost = [s for s in bench.samples() if s.outcome is Outcome.LOST]
    assert lost == []


def test_sleep_is_a_gap_and_the_network_gets_time_to_come_back(bench: Bench) -> None:
    bench.run(70)
    bench.clock.sleep(3600 * SECOND)
    bench.silent_from_s, bench.silent_to_s = 0, 3600 + 70 + 8
    bench.run(60)
    incidents, coverage, _ = bench.found()
    assert incidents == ()
    assert [str(gap.reason) for gap in coverage.gaps] == ["asleep"]
    assert coverage.gaps[0].span.duration_s == pytest.approx(3608, abs=3)


def test_a_line_dead_after_sleep_counts_once_the_grace_is_over(bench: Bench) -> None:
    bench.run(70)
    bench.clock.sleep(3600 * SECOND)
    bench.silent_from_s = 0
    bench.pinger.script = lambda target, sent: (Outcome.LOST, None)
    bench.run(60)
    incidents, coverage, _ = bench.found()
    assert [str(gap.reason) for gap in coverage.gaps] == ["asleep"]
    assert [incident.kind for incident in incidents] == [Kind.OUTAGE]
    assert incidents[0].span.start_ns >= T0 + (3600 + 70 + 14) * SECOND


@pytest.mark.parametrize("step_s", [3600, -3600])
def test_a_clock_step_is_recorded_and_nothing_else(bench: Bench, step_s: int) -> None:
    bench.run(70)
    bench.clock.step(step_s * SECOND)
    bench.run(60)
    incidents, _, events = bench.found()
    assert incidents == ()
    assert [event.data["step_s"] for event in events if event.kind is EventKind.CLOCK_STEP] == [step_s]
    assert verify(bench.path).first_fault is None


def test_a_stalled_machine_did_not_observe(bench: Bench) -> None:
    bench.run(70)
    bench.clock.advance(30 * SECOND)
    bench.run(30)
    incidents, coverage, _ = bench.found()
    assert incidents == ()
    assert [str(gap.reason) for gap in coverage.gaps] == ["stalled"]


def test_a_full_disk_is_not_observed_and_recording_goes_on(bench: Bench) -> None:
    bench.run(70)
    real = bench.writer.stage

    def full(*_: Any) -> None:
        raise Problem("disk_full", path="x")

    bench.writer.stage = full  # type: ignore[method-assign]
    bench.run(30)
    bench.writer.stage = real  # type: ignore[method-assign]
    bench.run(30)
    incidents, coverage, _ = bench.found()
    assert bench.warnings == ["disk_full"]
    assert incidents == ()
    assert [str(gap.reason) for gap in coverage.gaps] == ["disk_full"]
    assert coverage.gaps[0].span.duration_s == pytest.approx(30, abs=3)


def test_without_a_network_it_starts_and_records(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(Writer(path)) as writer:
        bench = Bench(path, writer, routes=Routes(RouteState()))
        bench.pinger.script = lambda target, sent: (Outcome.SEND_ERROR, None)
        bench.run(30)
        incidents, _, _ = bench.found()
        assert [(i.kind, str(i.verdict.cause), i.line.id) for i in incidents] == [(Kind.OUTAGE, "lan", "")]


def test_the_time_between_two_runs_is_stopped_or_crashed(bench: Bench) -> None:
    bench.run(30)
    bench.recorder.stop()
    for crashed, reason in ((False, "stopped"), (True, "crashed")):
        with Reader(bench.path) as reader:
            span = reader.record_span()
        assert span is not None
        bench.clock.advance(100 * SECOND)
        bench.recorder = bench.make()
        bench.recorder.start(span.end_ns, crashed, ())
        bench.run(30)
        bench.recorder.stop()
        assert [str(gap.reason) for gap in bench.found()[1].gaps][-1] == reason


def test_notes_from_the_socket_are_chained(bench: Bench) -> None:
    bench.run(5)
    note = {
        "op": "note",
        "kind": "exclusion",
        "data": {"since_ns": T0, "until_ns": T0 + 5, "reason": "travaux"},
    }
    assert bench.recorder.handle(note)["ok"] is True
    assert bench.recorder.handle({"op": "note", "kind": "started", "data": {}})["ok"] is False
    assert bench.recorder.handle({"op": "fly"})["ok"] is False
    assert bench.recorder.handle({"op": "status"})["line"] == bench.recorder.line.id
    with Reader(bench.path) as reader:
        assert [exclusion.reason for exclusion in reader.exclusions()] == ["travaux"]
        assert reader.exclusions()[0].span == Span(T0, T0 + 5)


def test_a_journal_taken_away_stops_the_recorder_instead_of_writing_nowhere(bench: Bench) -> None:
    bench.run(5)
    bench.path.unlink()
    with pytest.raises(Problem) as caught:
        bench.run(20)
    assert caught.value.remark.code == "journal_gone"


def test_a_note_that_is_no_text_is_refused(bench: Bench) -> None:
    note = {
        "op": "note",
        "kind": "exclusion",
        "data": {"since_ns": T0, "until_ns": T0 + 5, "reason": "\udce9"},
    }
    assert bench.recorder.handle(note)["ok"] is False
