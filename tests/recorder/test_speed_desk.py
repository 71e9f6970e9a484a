"""The speed desk on a clock by hand: when it has a measurement made, and what it says when there is none."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from diagnostics.clock import Reading, SystemClock
from diagnostics.config import parse
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, SECOND, Event, EventKind, Problem, Remark
from diagnostics.recorder import speed_desk, speed_plan
from diagnostics.recorder.speed_desk import LONGEST_S, REREAD_NS, DeskParts, SpeedDesk
from diagnostics.recorder.speed_plan import Due, Place
from diagnostics.recorder.speed_process import start_process
from diagnostics.throughput.choice import Agreement, Choice
from diagnostics.throughput.choice import to_event as choice_event
from diagnostics.throughput.held import Held, Reason, read_holds
from diagnostics.throughput.held import to_event as held_event
from diagnostics.throughput.rules import default_rules
from diagnostics.throughput.schedule import MARGIN_NS, moments

PARIS = ZoneInfo("Europe/Paris")
RULES = default_rules()
RETRY, GIVE_UP = round(RULES.retry_s * SECOND), round(RULES.give_up_s * SECOND)
T0 = 1_795_302_000 * SECOND
"""A Sunday in November 2026, 00:00 in Paris."""
HOUR = 60 * MINUTE
HOME = {"id": "abc", "gateway": "192.168.1.1", "gateway_mac": "02:00:00:00:00:01", "interface": "eth0"}
CHOICE = Choice("http", ("http://192.168.1.20:8989/",), "", 4, 50_000_000_000)
COMMAND = ("jalerte", "speed", "--scheduled", "--stdin")


class HandClock:
    def __init__(self) -> None:
        # Just after the last time of the day before, and half an hour before the first of this one.
        self.wall, self.mono = T0 - MARGIN_NS, 500 * SECOND

    def read(self) -> Reading:
        return Reading(self.wall, self.mono, self.mono)

    def mono_ns(self) -> int:
        return self.mono

    def advance(self, ns: int) -> None:
        self.wall += ns
        self.mono += ns


class MadeChild:
    """A process that does ``work`` when it is first looked at, then has ended with ``code``; None: it hangs."""

    def __init__(self, desk: Rig, code: int | None, work: Callable[[], None]) -> None:
        self.desk, self.code, self.work = desk, code, work
        self.asked = self.killed = False

    def ended(self) -> int | None:
        if self.killed:
            return -9
        if self.code is None:
            self.desk.clock.advance(10 * SECOND)
            return None
        self.work()
        self.work = lambda: None
        return self.code

    def ask_to_end(self) -> None:
        self.asked = True

    def kill(self) -> None:
        self.killed = True


class Rig:
    """A desk with a journal, a clock by hand, and processes that do what the test says."""

    def __init__(self, folder: Path, choice: Choice | None = CHOICE, config: str = "") -> None:
        self.clock = HandClock()
        self.journal = folder / "journal.sqlite"
        self.writer = Writer(self.journal)
        self.started: list[tuple[int, tuple[str, ...]]] = []
        self.children: list[MadeChild] = []
        self.behave: Callable[[], None] = self.measured
        self.code: int | None = 0
        self.deaf = False
        self.campaign: Due | None = None
        self.config = parse(config, "config.toml")
        self.note(EventKind.LINE, HOME)
        self.note(EventKind.LINE_HOME, {"id": "abc", "home": True, "by": "person"})
        if choice is not None:
            self.writer.append(choice_event(choice, self.clock.wall))
        self.desk = self.open()

    def open(self) -> SpeedDesk:
        return SpeedDesk(
            DeskParts(
                self.clock, self.journal, self.config, COMMAND, self.say, self.start,
                lambda _reader, _now, _zone: self.campaign, zone=PARIS,
            )
        )  # fmt: skip

    def note(self, kind: EventKind, data: dict[str, Any]) -> None:
        self.writer.append(Event(kind, self.clock.wall, data))

    def say(self, event: Event) -> None:
        if self.deaf:
            raise Problem("recorder_silent", why="test")
        self.writer.append(replace(event, at_ns=self.clock.wall))

    def start(self, command: Sequence[str]) -> MadeChild:
        self.started.append((self.clock.wall, tuple(command)))
        self.children.append(MadeChild(self, self.code, self.behave))
        return self.children[-1]

    # --- what processes do

    def measured(self) -> None:
        campaign = self.started[-1][1][-1] if "--campaign" in self.started[-1][1] else ""
        data = {"bytes": 10, "scheduled": True, "provider": "http", "campaign": campaign}
        self.note(EventKind.SPEED, data)

    def busy(self) -> None:
        self.held(Reason.BUSY, Remark.of("held_busy", rate_bps=9_000_000))

    def spent(self) -> None:
        self.held(Reason.CAP, Remark.of("held_cap", used_bytes=9, cap_bytes=9, cost_bytes=9))

    def unread(self) -> None:
        self.held(Reason.CHOICE, Remark.of("held_choice"))

    def held(self, reason: Reason, why: Remark) -> None:
        """As ``speed --scheduled`` does: by the holds that the journal has."""
        from diagnostics.throughput.budget import Basis, Estimate
        from diagnostics.throughput.precheck import Hold, Moment, hold

        with Reader(self.journal) as reader:
            holds = read_holds(reader.events(EventKind.SPEED_HELD))
            made = [event.at_ns for event in reader.events(EventKind.SPEED)]
        moment = Moment(
            self.clock.wall, "abc", True, False, False, True, 0, Estimate(0, 0, Basis.RESULTS), holds,
            made[-1] if made else 0,
        )  # fmt: skip
        command = self.started[-1][1]
        campaign = command[-1] if "--campaign" in command else ""
        found = hold(reason, why, moment, RULES, campaign=campaign)
        assert isinstance(found, Hold)
        if found.record:
            self.writer.append(held_event(found.held))

    def measured_the_last(self) -> None:
        self.measured()
        self.campaign = None

    def nothing(self) -> None: ...

    # --- going on

    def run_to(self, at_ns: int) -> None:
        """Look as often as the desk wants, until a moment."""
        for _ in range(20_000):
            wait = max(self.desk.step(), 0.001)
            if self.clock.wall + round(wait * SECOND) > at_ns:
                self.clock.advance(max(0, at_ns - self.clock.wall))
                return
            self.clock.advance(round(wait * SECOND))
        raise AssertionError("the desk does not come to rest")

    @property
    def holds(self) -> list[Held]:
        with Reader(self.journal) as reader:
            return list(read_holds(reader.events(EventKind.SPEED_HELD)))

    @property
    def times(self) -> list[int]:
        return [at for at, _ in self.started]

    def day(self, number: int = 0) -> tuple[int, ...]:
        from datetime import date, timedelta

        with Reader(self.journal) as reader:
            seed = reader.first_link()
        assert seed is not None
        return moments(date(2026, 11, 22) + timedelta(days=number), 4, PARIS, seed)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    with closing(made.writer):
        yield made


def near(found: list[int], wanted: Sequence[int]) -> bool:
    return len(found) == len(wanted) and all(
        0 <= a - b <= 2 * SECOND for a, b in zip(found, wanted, strict=True)
    )


# --- the daily schedule ---------------------------------------------------------------------------------------------


def test_the_day_is_in_this_journal_s_own_times(rig: Rig) -> None:
    rig.run_to(T0 + 48 * HOUR)
    assert near(rig.times, [*rig.day(), *rig.day(1)])
    assert {command for _, command in rig.started} == {COMMAND}
    assert rig.holds == []


def test_nothing_is_made_where_nothing_is_scheduled(tmp_path: Path) -> None:
    rig = Rig(tmp_path, replace(CHOICE, per_day=0))
    with closing(rig.writer):
        rig.run_to(T0 + 30 * HOUR)
    assert rig.started == []


def test_the_file_can_schedule_too(tmp_path: Path) -> None:
    rig = Rig(tmp_path, None, '[speed]\nprovider = "http"\nservers = ["http://a.example/"]\nper_day = 4')
    with closing(rig.writer):
        rig.run_to(T0 + 24 * HOUR)
    assert len(rig.started) == 4


def test_a_restart_repeats_nothing(rig: Rig) -> None:
    first = rig.day()[0]
    rig.run_to(first + MINUTE)
    rig.desk = rig.open()
    rig.run_to(rig.day()[1] - MINUTE)
    assert near(rig.times, [first])


def test_the_desk_looks_at_the_clock_once_a_minute_and_hardly_at_the_journal(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    def open_reader(path: Path) -> Reader:
        opened.append(path)
        return Reader(path)

    monkeypatch.setattr(speed_desk, "Reader", open_reader)
    looks, began = 0, rig.clock.wall
    while rig.clock.wall < rig.day()[0] - 2 * MINUTE:
        wait = rig.desk.step()
        assert 0 < wait <= 60
        rig.clock.advance(round(wait * SECOND))
        looks += 1
    hours = (rig.clock.wall - began) / HOUR
    assert looks <= 60 * hours + 1
    assert len(opened) <= hours + 1


# --- holds ----------------------------------------------------------------------------------------------------------


def test_a_busy_link_is_tried_again_until_it_is_idle(rig: Rig) -> None:
    first = rig.day()[0]
    rig.behave = rig.busy
    rig.run_to(first + 3 * RETRY - SECOND)
    rig.behave = rig.measured
    rig.run_to(first + 3 * RETRY + MINUTE)
    assert near(rig.times, [first + n * RETRY for n in range(4)])
    assert [(held.reason, held.final) for held in rig.holds] == [(Reason.BUSY, False)]


def test_what_is_never_idle_is_given_up_in_two_events(rig: Rig) -> None:
    first, second = rig.day()[:2]
    rig.behave = rig.busy
    rig.run_to(min(first + GIVE_UP + 20 * MINUTE, second - MINUTE))
    assert [(held.reason, held.final) for held in rig.holds] == [(Reason.BUSY, False), (Reason.BUSY, True)]
    assert len(rig.started) == GIVE_UP // RETRY + 1
    rig.behave = rig.measured
    rig.run_to(second + MINUTE)
    assert near(rig.times[-1:], [second])


def test_a_hold_outlives_a_restart(rig: Rig) -> None:
    first = rig.day()[0]
    rig.behave = rig.busy
    rig.run_to(first + MINUTE)
    rig.desk, rig.behave = rig.open(), rig.measured
    rig.run_to(first + 2 * RETRY)
    assert near(rig.times, [first, first + RETRY])


def test_times_that_pass_while_an_earlier_one_waits_are_said(tmp_path: Path) -> None:
    rig = Rig(tmp_path, replace(CHOICE, per_day=24))
    with closing(rig.writer):
        rig.behave = rig.busy
        rig.run_to(T0 + 3 * HOUR)
        waits = [held for held in rig.holds if held.reason is Reason.WAITING]
        assert waits
        assert all(held.final for held in waits)
        assert {held.reason for held in rig.holds} == {Reason.BUSY, Reason.WAITING}


@pytest.mark.parametrize(
    ("code", "why"), [(1, "held_process_failed"), (-11, "held_process_failed"), (0, "held_process_silent")]
)
def test_a_process_that_leaves_nothing_is_said_once_and_tried_again(rig: Rig, code: int, why: str) -> None:
    first = rig.day()[0]
    rig.behave, rig.code = rig.nothing, code
    rig.run_to(first + 2 * RETRY + MINUTE)
    assert len(rig.started) == 3
    assert [(held.reason, held.why.code, held.due_ns) for held in rig.holds] == [(Reason.FAILED, why, first)]


def test_a_process_that_hangs_is_ended_and_that_is_said(rig: Rig) -> None:
    first = rig.day()[0]
    rig.code = None
    rig.run_to(first - SECOND)
    began = rig.clock.mono
    rig.clock.advance(SECOND)
    rig.desk.step()
    (child,) = rig.children
    assert child.asked
    assert child.killed
    assert LONGEST_S <= (rig.clock.mono - began) / SECOND <= LONGEST_S + RULES.watch_s + 30
    assert [held.why.code for held in rig.holds] == ["held_process_hung"]


def test_a_program_that_is_missing_is_said(rig: Rig) -> None:
    def missing(command: Sequence[str]) -> MadeChild:
        raise FileNotFoundError(command[0])

    rig.start = missing  # type: ignore[method-assign]
    rig.desk = rig.open()
    rig.run_to(rig.day()[0] + MINUTE)
    assert [held.why.code for held in rig.holds] == ["held_process_start"]


# --- where this machine is ------------------------------------------------------------------------------------------


def test_away_from_home_nothing_is_measured_and_that_is_said_once_a_day(rig: Rig) -> None:
    rig.note(EventKind.LINE, {**HOME, "id": "cafe"})
    rig.run_to(T0 + 48 * HOUR)
    assert rig.started == []
    said = [(held.reason, held.line, speed_plan.day_of(held.at_ns, PARIS)) for held in rig.holds]
    assert said == [(Reason.NOT_HOME, "cafe", "2026-11-22"), (Reason.NOT_HOME, "cafe", "2026-11-23")]


def test_a_restart_away_from_home_says_it_no_second_time(rig: Rig) -> None:
    rig.note(EventKind.LINE, {**HOME, "id": "cafe"})
    rig.run_to(rig.day()[0] + MINUTE)
    rig.desk = rig.open()
    rig.run_to(T0 + 24 * HOUR - MINUTE)
    assert len(rig.holds) == 1


@pytest.mark.parametrize("home", [None, False])
def test_a_line_that_nobody_confirmed_is_not_home(rig: Rig, home: bool | None) -> None:
    rig.note(EventKind.LINE, {**HOME, "id": "new"})
    if home is not None:
        rig.note(EventKind.LINE_HOME, {"id": "new", "home": home, "by": "person"})
    rig.run_to(rig.day()[0] + MINUTE)
    assert rig.started == []


def test_a_tunnel_is_never_home_whatever_was_confirmed(rig: Rig) -> None:
    tunnel = {"id": "tunnel", "gateway": "", "gateway_mac": "", "interface": "wg0"}
    rig.note(EventKind.LINE, tunnel)
    rig.note(EventKind.LINE_HOME, {"id": "tunnel", "home": True, "by": "person"})
    rig.run_to(rig.day()[0] + MINUTE)
    assert rig.started == []
    assert [held.reason for held in rig.holds] == [Reason.NOT_HOME]


def test_back_home_in_time_the_measurement_is_made(rig: Rig) -> None:
    first = rig.day()[0]
    rig.note(EventKind.LINE, {**HOME, "id": "cafe"})
    rig.run_to(first + MINUTE)
    rig.note(EventKind.LINE, HOME)
    rig.run_to(first + RETRY + MINUTE)
    assert near(rig.times, [first + RETRY])


def test_without_a_network_it_is_said_when_it_begins_and_when_it_is_given_up(rig: Rig) -> None:
    first = rig.day()[0]
    rig.note(EventKind.LINE, {"id": "", "gateway": "", "gateway_mac": "", "interface": ""})
    rig.run_to(min(first + GIVE_UP + MINUTE, rig.day()[1] - MINUTE))
    assert [(held.reason, held.final) for held in rig.holds] == [
        (Reason.NO_LINE, False),
        (Reason.NO_LINE, True),
    ]


# --- sleep and clocks -----------------------------------------------------------------------------------------------


def test_what_was_slept_over_is_counted_and_not_caught_up(rig: Rig) -> None:
    first, second, third = rig.day()[:3]
    rig.run_to(first - 5 * MINUTE)
    rig.clock.wall = second + 20 * MINUTE
    rig.run_to(third - 5 * MINUTE)
    assert rig.started == []
    (held,) = rig.holds
    assert (held.reason, held.final, held.due_ns, held.why["missed"]) == (Reason.SUSPENDED, True, first, 2)
    rig.run_to(third + MINUTE)
    assert near(rig.times, [third])


def test_what_waited_when_the_machine_fell_asleep_is_given_up(rig: Rig) -> None:
    first = rig.day()[0]
    rig.behave = rig.busy
    rig.run_to(first + MINUTE)
    rig.clock.wall += 90 * MINUTE
    rig.behave = rig.measured
    rig.desk.step()
    assert [held.reason for held in rig.holds] == [Reason.BUSY, Reason.SUSPENDED]
    assert len(rig.started) == 1


def test_a_clock_that_is_set_back_delays_nothing_for_days(rig: Rig) -> None:
    rig.run_to(T0 + 20 * HOUR)
    before = len(rig.started)
    rig.clock.wall -= 5 * 24 * HOUR
    rig.run_to(rig.clock.wall + 24 * HOUR)
    assert len(rig.started) >= before + 3


# --- campaigns ------------------------------------------------------------------------------------------------------


def test_a_campaign_goes_before_the_daily_schedule(rig: Rig) -> None:
    rig.campaign = Due(T0 + HOUR, "c00001")

    def once() -> None:
        rig.measured()
        rig.campaign = Due(T0 + 23 * HOUR, "c00001")

    rig.behave = once
    rig.run_to(T0 + 22 * HOUR)
    assert near(rig.times, [T0 + HOUR])
    assert rig.started[0][1] == (*COMMAND, "--campaign", "c00001")


def test_a_campaign_that_begins_takes_the_place_of_what_waits(rig: Rig) -> None:
    first = rig.day()[0]
    rig.behave = rig.busy
    rig.run_to(first + MINUTE)
    rig.campaign, rig.behave = Due(rig.clock.wall, "c00001"), rig.measured
    rig.desk.listening(lambda _message: {"ok": True})({"op": "note", "kind": "campaign"})
    rig.desk.leave()
    rig.desk.close()
    rig.desk.step()
    rig.desk.step()
    assert rig.started[-1][1][-1] == "c00001"
    assert [held.why.code for held in rig.holds if held.final] == ["held_campaign"]


@pytest.mark.parametrize(("what", "most_starts"), [("spent", 1), ("unread", 24)])
def test_what_only_the_person_can_change_spins_nothing(rig: Rig, what: str, most_starts: int) -> None:
    rig.campaign, rig.behave = Due(rig.clock.wall - HOUR, "c00001"), getattr(rig, what)
    rig.run_to(rig.clock.wall + 24 * HOUR - MINUTE)
    assert 1 <= len(rig.started) <= most_starts
    assert [(held.campaign, held.final) for held in rig.holds] == [("c00001", False)]


@pytest.mark.parametrize("what", ["spent", "unread"])
def test_restarts_say_no_second_time_that_a_campaign_waits(rig: Rig, what: str) -> None:
    rig.campaign, rig.behave = Due(rig.clock.wall - HOUR, "c00001"), getattr(rig, what)
    for _ in range(5):
        rig.run_to(rig.clock.wall + 4 * HOUR)
        rig.desk = rig.open()
    assert len(rig.holds) == 1
    assert len(rig.started) <= 25


@pytest.mark.parametrize("what", ["spent", "unread"])
def test_a_machine_that_slept_says_nothing_new_of_what_lasts(rig: Rig, what: str) -> None:
    rig.campaign, rig.behave = Due(rig.clock.wall - HOUR, "c00001"), getattr(rig, what)
    rig.run_to(rig.clock.wall + MINUTE)
    for _ in range(3):
        rig.clock.wall += 5 * HOUR
        rig.run_to(rig.clock.wall + MINUTE)
    assert len(rig.holds) == 1
    assert len(rig.started) <= 4


@pytest.mark.parametrize("what", ["spent", "unread"])
def test_the_person_s_word_ends_the_wait_at_once(rig: Rig, what: str) -> None:
    rig.campaign, rig.behave = Due(rig.clock.wall - HOUR, "c00001"), getattr(rig, what)
    rig.run_to(rig.clock.wall + 10 * MINUTE)
    assert len(rig.started) == 1
    rig.behave = rig.measured_the_last
    rig.writer.append(choice_event(Agreement("ndt7", "2026-11-22"), rig.clock.wall))
    rig.desk._begin = lambda: None  # type: ignore[method-assign]  # this test is the desk's thread
    rig.desk.listening(lambda _message: {"ok": True})({"op": "note", "kind": "speed_choice"})
    rig.desk.step()
    assert len(rig.started) == 2


def test_a_spent_budget_is_tried_again_in_the_new_month(rig: Rig) -> None:
    rig.campaign, rig.behave = Due(rig.clock.wall - HOUR, "c00001"), rig.spent
    rig.run_to(rig.clock.wall + 2 * HOUR)
    rig.behave = rig.measured_the_last
    (held,) = rig.holds
    assert held.retry_at_ns is not None
    rig.run_to(held.retry_at_ns + MINUTE)
    assert near(rig.times[1:2], [held.retry_at_ns])


@pytest.mark.parametrize("behave", ["busy", "given_up"])
def test_what_a_campaign_still_wants_is_not_begun_again_right_after_it_was_given_up(
    rig: Rig, behave: str
) -> None:
    def given_up() -> None:
        one = Held(Reason.FAILED, Remark.of("held_process_failed"), rig.clock.wall, T0, None, "c00001")
        rig.writer.append(held_event(one))

    rig.campaign = Due(rig.clock.wall - HOUR, "c00001")
    rig.behave = given_up if behave == "given_up" else rig.busy
    rig.run_to(rig.clock.wall + 24 * HOUR - MINUTE)
    finals = [held.at_ns for held in rig.holds if held.final]
    assert 7 <= len(finals) <= 24
    for final in finals:
        assert all(at <= final or at >= final + REREAD_NS for at in rig.times)


# --- saying ---------------------------------------------------------------------------------------------------------


def test_what_the_recorder_does_not_take_now_is_said_later(rig: Rig) -> None:
    rig.note(EventKind.LINE, {**HOME, "id": "cafe"})
    rig.deaf = True
    rig.run_to(rig.day()[0] + MINUTE)
    assert rig.holds == []
    rig.deaf = False
    rig.run_to(rig.day()[0] + 3 * MINUTE)
    assert [held.reason for held in rig.holds] == [Reason.NOT_HOME]


def test_a_journal_that_cannot_be_read_delays_and_ends_nothing(rig: Rig) -> None:
    gone, first = rig.journal.with_name("gone"), rig.day()[0]
    rig.run_to(first - SECOND)
    rig.journal.rename(gone)
    rig.clock.advance(MINUTE)
    assert rig.desk.step() > 0
    assert rig.started == []
    gone.rename(rig.journal)
    rig.run_to(first + 3 * MINUTE)
    assert len(rig.started) == 1


# --- in its thread, with real processes -----------------------------------------------------------------------------


class RealRig:
    """A desk on the real clock whose next measurement is due at once; its processes are Python."""

    def __init__(self, folder: Path, program: str, choice: Choice | None = CHOICE) -> None:
        self.journal, self.marks = folder / "journal.sqlite", folder / "marks"
        self.said: list[Event] = []
        with closing(Writer(self.journal)) as writer:
            now = time.time_ns()
            writer.append(Event(EventKind.LINE, now, HOME))
            if choice is not None:
                writer.append(choice_event(choice, now))
        self.desk = SpeedDesk(
            DeskParts(
                SystemClock(), self.journal, parse("", "config.toml"),
                (sys.executable, "-c", program, str(self.marks)), self.said.append,
                campaign_due=lambda _reader, _now, _zone: Due(now, "c00001"),
                where=lambda _reader: Place("abc", True),
            )
        )  # fmt: skip

    def wait_for_mark(self) -> int:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.marks.exists() and self.marks.read_text().endswith("\n"):
                return int(self.marks.read_text())
            time.sleep(0.02)
        raise AssertionError("the process never began")

    def wait_until_left(self, most_s: float) -> float:
        began = time.monotonic()
        self.desk.leave()
        while not self.desk.left:
            assert time.monotonic() - began < most_s
            time.sleep(0.02)
        return time.monotonic() - began


MARK = "import os, sys, time\nopen(sys.argv[1], 'w').write(f'{os.getpid()}\\n')\n"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_closed_pipe_ends_the_measurement_at_once(tmp_path: Path) -> None:
    rig = RealRig(tmp_path, MARK + "sys.stdin.read()")
    rig.desk.start()
    pid = rig.wait_for_mark()
    assert rig.wait_until_left(2.0) < 1.5
    assert not alive(pid)
    assert rig.said == []


def test_a_measurement_that_will_not_end_is_killed_within_two_seconds(tmp_path: Path) -> None:
    rig = RealRig(tmp_path, MARK + "time.sleep(600)")
    rig.desk.start()
    pid = rig.wait_for_mark()
    rig.wait_until_left(2.0)
    assert not alive(pid)


def test_nothing_runs_where_nothing_is_chosen_until_something_is(tmp_path: Path) -> None:
    rig = RealRig(tmp_path, MARK + "sys.stdin.read()", None)
    rig.desk.start()
    assert rig.desk.left
    handler = rig.desk.listening(lambda message: {"ok": True, "heard": message["op"]})
    assert handler({"op": "status"}) == {"ok": True, "heard": "status"}
    assert rig.desk.left
    assert handler({"op": "note", "kind": "speed_choice"}) == {"ok": True, "heard": "note"}
    assert not rig.desk.left
    rig.wait_for_mark()
    rig.wait_until_left(2.0)


def test_in_the_foreground_it_works_until_it_is_told(tmp_path: Path) -> None:
    rig = RealRig(tmp_path, MARK + "sys.stdin.read()")
    stopped = threading.Event()
    threading.Thread(target=lambda: (rig.wait_for_mark(), stopped.set()), daemon=True).start()
    began = time.monotonic()
    rig.desk.run_until(stopped.is_set, 0.2)
    assert time.monotonic() - began < 20
    assert not alive(int(rig.marks.read_text()))


def test_a_desk_that_breaks_down_says_so_and_lives(tmp_path: Path) -> None:
    rig = RealRig(tmp_path, "")
    errors: list[Exception] = []
    told = threading.Event()

    def broken(error: Exception) -> None:
        errors.append(error)
        told.set()

    def fail(_reader: Reader) -> Place:
        raise ZeroDivisionError

    desk = SpeedDesk(replace(rig.desk._parts, where=fail, broken=broken))
    desk.start()
    assert told.wait(20)
    assert not desk.left
    desk.close()
    assert desk.left
    assert isinstance(errors[0], ZeroDivisionError)


def test_a_process_hears_no_ctrl_c_of_the_terminal_s() -> None:
    program = "import os, sys; sys.exit(os.getsid(0) == int(sys.argv[1]))"
    child = start_process((sys.executable, "-c", program, str(os.getsid(0))))
    deadline = time.monotonic() + 20
    while child.ended() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert child.ended() == 0


def test_the_desk_is_light_where_nothing_is_chosen(tmp_path: Path) -> None:
    """The recorder's process loads no part of the speed rooms before they are needed."""
    code = (
        "import sys; import diagnostics.recorder.run; "
        "print([m for m in sys.modules if m.startswith(('diagnostics.throughput', 'diagnostics.campaigns'))"
        " or m in ('subprocess', 'websockets', 'requests')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
