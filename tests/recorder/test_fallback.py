"""When anchors are tried by TCP connections instead of pings, and when by pings again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from diagnostics.clock import Reading
from diagnostics.config import parse
from diagnostics.incidents.study import Study
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.links.route import RouteState
from diagnostics.model import (
    MILLISECOND,
    SECOND,
    Cause,
    EventKind,
    Flag,
    Incident,
    Kind,
    Outcome,
    Protocol,
    Role,
    Sample,
    Target,
    quantise_time,
)
from diagnostics.probes.fake import FakePinger
from diagnostics.recorder.fallback import AGAIN_NS, ENOUGH_MISSES, Fallback
from diagnostics.recorder.loop import Recorder
from diagnostics.recorder.parts import Identity, Parts

FOUR = tuple(Target(Role.ANCHOR, Protocol.ICMP, f"203.0.113.{n}", 4) for n in (11, 22, 33))
SIX = (Target(Role.ANCHOR, Protocol.ICMP, "2001:db8::11", 6),)
BOX = Target(Role.GATEWAY, Protocol.ICMP, "192.168.1.1", 4)
HOP = Target(Role.FIRST_HOP, Protocol.ICMP, "100.64.7.1", 4)


def ping(at_s: float, outcome: Outcome = Outcome.LOST, anchor: Target = FOUR[0]) -> Sample:
    at_ns = round(at_s * SECOND)
    return Sample(anchor, at_ns, at_ns, outcome, MILLISECOND if outcome.answered else None)


def connection(at_s: float, outcome: Outcome = Outcome.OK, anchor: Target = FOUR[0]) -> Sample:
    return ping(at_s, outcome, replace(anchor, role=Role.TCP_CHECK, protocol=Protocol.TCP))


def entered(able: bool = True) -> Fallback:
    fallback = Fallback(able)
    fallback.enter("home", 0)
    return fallback


def miss(fallback: Fallback, from_s: float, to_s: float, anchor: Target = FOUR[0]) -> None:
    """Pings missed four times a second."""
    for quarter in range(round(from_s * 4), round(to_s * 4)):
        fallback.note(ping(quarter / 4, anchor=anchor))


def by_tcp(fallback: Fallback, anchors: tuple[Target, ...] = FOUR) -> bool:
    protocols = {target.protocol for target in fallback.apply(anchors)}
    assert len(protocols) == 1
    return protocols == {Protocol.TCP}


def fallen_back() -> Fallback:
    fallback = entered()
    fallback.note(connection(1))
    miss(fallback, 0, 21)
    assert by_tcp(fallback)
    return fallback


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.REFUSED])
def test_unanswered_pings_beside_answered_connections_are_given_up_after_20_s(outcome: Outcome) -> None:
    fallback = entered()
    fallback.note(connection(1, outcome))
    miss(fallback, 0, 20)
    assert not by_tcp(fallback)
    miss(fallback, 20, 21)
    assert by_tcp(fallback)
    assert not by_tcp(fallback, SIX)


@pytest.mark.parametrize("outcome", [Outcome.LOST, Outcome.UNREACHABLE, Outcome.SEND_ERROR])
def test_a_line_that_carries_nothing_goes_on_with_pings(outcome: Outcome) -> None:
    fallback = entered()
    for second in range(120):
        fallback.note(connection(second, outcome))
        fallback.note(ping(second))
    assert not by_tcp(fallback)


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.LATE])
def test_one_answer_to_a_ping_is_enough_to_stay_with_pings(outcome: Outcome) -> None:
    fallback = entered()
    fallback.note(ping(0, outcome, FOUR[2]))
    fallback.note(connection(1))
    miss(fallback, 1, 300)
    assert not by_tcp(fallback)


def test_a_cut_that_ends_gives_pings_the_time_to_answer() -> None:
    fallback = entered()
    miss(fallback, 0, 60)
    fallback.note(connection(60))
    miss(fallback, 60.25, 60.25 + (ENOUGH_MISSES - 1) / 4)
    assert not by_tcp(fallback)
    fallback.note(ping(60.1, Outcome.OK))
    miss(fallback, 70, 100)
    assert not by_tcp(fallback)


def test_each_address_family_is_decided_apart() -> None:
    fallback = entered()
    for anchor in (FOUR[0], SIX[0]):
        fallback.note(connection(1, anchor=anchor))
    fallback.note(ping(1, Outcome.OK))
    miss(fallback, 0, 30, SIX[0])
    miss(fallback, 2, 30)
    assert by_tcp(fallback, SIX)
    assert not by_tcp(fallback)


def test_connections_over_the_other_family_prove_nothing() -> None:
    fallback = entered()
    fallback.note(connection(1, anchor=SIX[0]))
    miss(fallback, 0, 60)
    assert not by_tcp(fallback)


def test_another_line_begins_anew_with_pings() -> None:
    fallback = fallen_back()
    fallback.enter("home", 30 * SECOND)
    assert by_tcp(fallback)
    fallback.enter("cafe", 40 * SECOND)
    assert not by_tcp(fallback)
    # What was sent on the line before, and comes to be known now, is not this one's.
    fallback.note(ping(39, Outcome.OK))
    fallback.note(connection(41))
    miss(fallback, 41, 62)
    assert by_tcp(fallback)


def test_what_nobody_looked_at_decides_nothing() -> None:
    fallback = entered()
    fallback.note(connection(1))
    miss(fallback, 0, 15)
    fallback.forget(100 * SECOND)
    fallback.note(connection(90))
    miss(fallback, 80, 100)
    fallback.note(connection(101))
    miss(fallback, 100, 120)
    assert not by_tcp(fallback)
    miss(fallback, 120, 121)
    assert by_tcp(fallback)


def test_sleep_changes_neither_a_decision_nor_what_was_heard() -> None:
    decided = fallen_back()
    decided.forget(100 * SECOND)
    assert by_tcp(decided)
    heard = entered()
    heard.note(ping(1, Outcome.OK))
    heard.forget(100 * SECOND)
    heard.note(connection(101))
    miss(heard, 101, 150)
    assert not by_tcp(heard)


def test_pings_are_tried_again_every_ten_minutes_and_taken_back_when_answered() -> None:
    fallback = fallen_back()
    targets = (*fallback.apply(FOUR), *SIX, BOX, HOP)
    first = round(20 * SECOND) + AGAIN_NS
    assert fallback.pings_due(targets, first - SECOND) == []
    assert fallback.pings_due(targets, first + SECOND) == list(FOUR)
    assert fallback.pings_due(targets, first + 2 * SECOND) == []
    missed = ping(first / SECOND + 1)
    fallback.note(missed)
    assert fallback.strays(missed)
    assert by_tcp(fallback)
    second = first + SECOND + AGAIN_NS
    assert fallback.pings_due(targets, second) == list(FOUR)
    answered = ping(second / SECOND, Outcome.OK)
    fallback.note(answered)
    assert not fallback.strays(answered)
    assert not by_tcp(fallback)
    assert fallback.pings_due(targets, second + 2 * AGAIN_NS) == []


def test_only_pings_to_anchors_tried_by_tcp_are_strays() -> None:
    fallback = fallen_back()
    tcp = replace(FOUR[0], protocol=Protocol.TCP)
    for other in (ping(30, anchor=tcp), ping(30, anchor=HOP), ping(30, anchor=SIX[0]), connection(30)):
        assert not fallback.strays(other)
    assert not entered().strays(ping(30))


def test_without_a_second_way_pings_stay() -> None:
    fallback = entered(able=False)
    fallback.note(connection(1))
    miss(fallback, 0, 60)
    assert not by_tcp(fallback)


# --- in the recorder ----------------------------------------------------------------------------------------------

T0 = 1_795_000_020 * SECOND
HOME = RouteState("eth0", "192.168.1.1", "02:00:00:00:00:01", "", True, "ethernet")
CONFIG = '[targets]\nanchors = ["203.0.113.11", "203.0.113.22", "203.0.113.33"]\n[home]\nline = "first"\n'


class HandClock:
    def __init__(self) -> None:
        self.passed = self.slept = 0

    def read(self) -> Reading:
        awake_and_not = self.passed + self.slept
        return Reading(T0 + awake_and_not, self.mono_ns(), 900 * SECOND + awake_and_not)

    def mono_ns(self) -> int:
        return 500 * SECOND + self.passed


@dataclass
class Connections:
    """A TCP check of the first anchor every second, answered while the line is not cut."""

    bench: Bench
    next_ns: int = 0

    def start(self) -> None: ...
    def alarm(self, active: bool) -> None: ...
    def stop(self) -> None: ...

    def collect(self) -> list[Sample]:
        now = self.bench.clock.read()
        if now.mono_ns < self.next_ns:
            return []
        self.next_ns = now.mono_ns + SECOND
        outcome = Outcome.LOST if self.bench.cut(now.wall_ns) else Outcome.OK
        target = replace(FOUR[0], role=Role.TCP_CHECK, protocol=Protocol.TCP)
        wall, mono = quantise_time(now.wall_ns), quantise_time(now.mono_ns)
        return [Sample(target, wall, mono, outcome, 10 * MILLISECOND if outcome.answered else None)]


class Routes:
    state = HOME

    def read(self) -> RouteState:
        return self.state


class NoHops:
    def look(self, gateway: str) -> None: ...
    def found(self) -> str | None:
        return None


@dataclass
class Bench:
    """A recorder on a line where pings stop at the box, from ``heard_s`` on no more."""

    path: Path
    writer: Writer
    clock: HandClock = field(default_factory=HandClock)
    cut_s: tuple[float, float] = (float("inf"), float("inf"))
    heard_s: float = float("inf")

    def __post_init__(self) -> None:
        self.routes = Routes()
        self.start()

    def start(self) -> None:
        self.pings = FakePinger(self.clock, self.fate)
        self.connections = FakePinger(self.clock, self.fate, method="tcp")
        parts = Parts(
            clock=self.clock,
            pinger=self.pings,
            checks=Connections(self),
            routes=self.routes,
            hops=NoHops(),
            clock_state=lambda: {"synchronised": True},
            route_every_ns=5 * SECOND,
            warn=lambda problem: pytest.fail(problem.remark.code),
            tcp_pinger=self.connections,
        )
        self.recorder = Recorder(self.writer, parse(CONFIG, "config.toml"), parts, Identity("0", "m", "test"))
        last_ns = self.clock.read().wall_ns if self.clock.passed else None
        self.recorder.start(last_ns, False, ())

    def cut(self, at_ns: int) -> bool:
        return self.cut_s[0] <= (at_ns - T0) / SECOND < self.cut_s[1]

    def fate(self, target: Target, sent_ns: int) -> tuple[Outcome, int | None]:
        filtered = target.protocol is Protocol.ICMP and (sent_ns - T0) / SECOND < self.heard_s
        if target.role is not Role.GATEWAY and (filtered or self.cut(sent_ns)):
            return Outcome.LOST, None
        return Outcome.OK, 10 * MILLISECOND

    def run(self, seconds: float) -> None:
        end = self.clock.passed + round(seconds * SECOND)
        while self.clock.passed < end:
            wait = round(self.recorder.until_next_s() * SECOND)
            self.clock.passed += min(max(wait, MILLISECOND), end - self.clock.passed)
            self.recorder.step()

    def connected_at(self) -> list[float]:
        return [(at_ns - T0) / SECOND for _, _, at_ns in self.connections.sent]

    def pinged_at(self) -> list[float]:
        return [(at - T0) / SECOND for target, _, at in self.pings.sent if target.role is Role.ANCHOR]

    def incidents(self) -> tuple[Incident, ...]:
        with Reader(self.path) as reader:
            study = Study()
            study.note(reader.events(EventKind.LINK, EventKind.GAP))
            for block in reader.blocks():
                study.feed(block)
        return study.incidents()

    def tried(self) -> list[Sample]:
        with Reader(self.path) as reader:
            samples = [sample for block in reader.blocks() for sample in block.samples]
        return [sample for sample in samples if sample.target.role is Role.ANCHOR]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    path = tmp_path / "journal.sqlite"
    with closing(Writer(path)) as writer:
        yield Bench(path, writer)


def test_a_cut_is_found_where_pings_are_filtered(bench: Bench) -> None:
    bench.cut_s = (60, 80)
    bench.run(100)
    bench.recorder.stop()
    (found,) = bench.incidents()
    assert (found.kind, found.verdict.cause) == (Kind.OUTAGE, Cause.ACCESS)
    assert (found.span.start_ns - T0) / SECOND == pytest.approx(60, abs=0.5)
    assert found.duration_s == pytest.approx(20, abs=0.5)
    assert 20 <= bench.connected_at()[0] <= 30
    extra = [target.protocol for target, flags, _ in bench.connections.sent if flags & Flag.EXTRA]
    assert len(extra) > 100
    assert max(bench.pinged_at()) < bench.connected_at()[0]
    assert {s.target.id for s in bench.tried() if s.sent_ns > T0 + 30 * SECOND} == {
        f"anchor/tcp/{anchor.address}" for anchor in FOUR
    }


def test_each_anchor_is_tried_once_a_second_and_by_ping_once_in_ten_minutes(bench: Bench) -> None:
    bench.run(1300)
    bench.recorder.stop()
    later = [at for at in bench.connected_at() if at >= 100]
    assert len(later) == pytest.approx(3 * 1200, abs=3)
    pinged = [at for at in bench.pinged_at() if at >= 100]
    assert len(pinged) == 2 * len(FOUR)
    assert [round(at, -1) for at in pinged[:: len(FOUR)]] == [620, 1220]
    assert {s.outcome for s in bench.tried() if s.sent_ns > T0 + 30 * SECOND} == {Outcome.OK}
    assert bench.incidents() == ()


def test_pings_that_are_answered_again_are_taken_back(bench: Bench) -> None:
    bench.heard_s = 300
    bench.run(800)
    bench.recorder.stop()
    assert max(bench.connected_at()) == pytest.approx(621, abs=3)
    assert len([at for at in bench.pinged_at() if at >= 700]) == pytest.approx(300, abs=3)
    assert bench.incidents() == ()


def test_a_start_on_a_line_whose_filter_is_known_is_no_incident(bench: Bench) -> None:
    bench.run(90)
    bench.recorder.stop()
    bench.clock.passed += 30 * SECOND
    bench.start()
    bench.run(90)
    bench.recorder.stop()
    assert bench.incidents() == ()


def test_after_sleep_the_20_s_begin_with_the_end_of_the_grace(bench: Bench) -> None:
    bench.run(10)
    bench.clock.slept += 60 * SECOND
    bench.run(50)
    assert bench.connected_at()[0] == pytest.approx(10 + 60 + 15 + 20, abs=3)


def test_sleep_leaves_connections_in_use(bench: Bench) -> None:
    bench.run(40)
    bench.clock.slept += 60 * SECOND
    bench.run(30)
    assert len([at for at in bench.connected_at() if at >= 101]) >= 3 * 28
    assert max(bench.pinged_at()) < 40


def test_another_line_is_pinged_first(bench: Bench) -> None:
    bench.run(60)
    bench.routes.state = replace(HOME, gateway_mac="02:00:00:00:00:02", interface="eth1")
    bench.recorder.route_changed()
    bench.run(15)
    assert max(bench.connected_at()) < 62
    assert len([at for at in bench.pinged_at() if at >= 62]) >= 3 * 12
    bench.run(30)
    assert max(bench.connected_at()) > 100


def test_a_return_to_a_line_whose_filter_is_known_is_no_incident(bench: Bench) -> None:
    bench.run(60)
    bench.routes.state = replace(HOME, gateway_mac="02:00:00:00:00:02", interface="eth1")
    bench.recorder.route_changed()
    bench.run(60)
    # The first tries after it, still connections, find no network yet.
    bench.cut_s = (120, 120.8)
    bench.routes.state = replace(HOME, gateway_mac="")
    bench.recorder.route_changed()
    bench.run(0.9)
    bench.routes.state = HOME
    bench.recorder.route_changed()
    bench.run(60)
    bench.recorder.stop()
    assert [one for one in bench.incidents() if one.duration_s > 2] == []


def test_without_a_filter_nothing_is_connected(bench: Bench) -> None:
    bench.heard_s = 0
    bench.cut_s = (30, 100)
    bench.run(200)
    assert bench.connections.sent == []
