"""How often the slow checks run: on their schedule, on alarm, after a failure."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest

from diagnostics.clock import SystemClock
from diagnostics.config import parse
from diagnostics.model import MILLISECOND, Flag, Outcome, Protocol, Role, Sample, Target
from diagnostics.probes.binding import Binding
from diagnostics.recorder import survey
from diagnostics.recorder.checks import ALARM_S, RETRY_S, Pace, Plan, Runner, is_good
from diagnostics.recorder.plans import LARGE_RETRY_S, LARGE_S, TCP_ALARM_S, TCP_S, make_plans

WEB = Target(Role.WEB, Protocol.HTTP, "http://203.0.113.80/")
TCP = Target(Role.TCP_CHECK, Protocol.TCP, "203.0.113.11", 4)
LARGE = Target(Role.LARGE, Protocol.HTTP, "http://203.0.113.80/large")
DNS = Target(Role.SYSTEM_RESOLVER, Protocol.DNS, "system")


class Never:
    target = WEB

    def run(self) -> Sample | None:
        raise AssertionError("nothing is run here")


def play(
    plan: Plan,
    seconds: float,
    *,
    lasts: Callable[[float], float] = lambda at: 0.1,
    good: Callable[[float], bool] = lambda at: True,
    alarms: dict[float, bool] | None = None,
    pokes: tuple[float, ...] = (),
) -> list[tuple[float, bool]]:
    """When a plan runs, and whether beside its schedule; time in steps of 50 ms."""
    pace, now, runs = Pace(plan), 0.0, []
    alarms, waiting = dict(alarms or {}), list(pokes)
    while now < seconds:
        for at in [at for at in alarms if at <= now]:
            pace.alarm(alarms.pop(at), now)
        while waiting and waiting[0] <= now:
            waiting.pop(0)
            pace.poke()
        at, extra = pace.due
        if at <= now:
            runs.append((round(now, 2), extra))
            ends = now + lasts(now)
            pace.done(now, ends, good(now))
            now = ends
        now += 0.05
    return runs


def times(runs: list[tuple[float, bool]]) -> list[float]:
    return [at for at, _ in runs]


def test_a_quiet_check_keeps_to_its_schedule() -> None:
    runs = play(Plan(Never(), 5.0, ALARM_S), 31)
    assert times(runs) == pytest.approx([0, 5.1, 10.25, 15.4, 20.55, 25.7, 30.85], abs=0.4)
    assert not any(extra for _, extra in runs)


def test_an_alarm_looks_at_once_then_after_one_and_two_seconds_then_every_five() -> None:
    runs = play(Plan(Never(), 300.0, ALARM_S), 60, alarms={20.0: True, 41.0: False})
    assert times(runs) == pytest.approx([0, 20, 21, 23, 28, 33, 38], abs=0.3)
    assert [extra for _, extra in runs] == [False] + [True] * 6


def test_the_second_kind_of_probe_is_tried_every_second_for_a_minute() -> None:
    runs = times(play(Plan(Never(), TCP_S, TCP_ALARM_S, ()), 200, alarms={20.0: True}))
    minute = [at for at in runs if 20 <= at < 80]
    assert len(minute) == pytest.approx(60, abs=5)
    after = [at for at in runs if at > 100]
    assert len(after) == pytest.approx(20, abs=2)


def test_where_every_try_waits_for_its_limit_the_next_follows_at_once() -> None:
    silent = play(
        Plan(Never(), TCP_S, TCP_ALARM_S, ()),
        30,
        alarms={10.0: True},
        lasts=lambda at: 2.0 if at >= 10 else 0.1,
    )
    during = [at for at, _ in silent if at >= 10]
    assert {round(b - a, 1) for a, b in itertools.pairwise(during)} <= {2.2, 2.3}


def test_a_check_that_just_ran_is_not_run_again_within_a_second() -> None:
    runs = times(play(Plan(Never(), 300.0, ALARM_S), 5, alarms={0.3: True}))
    assert runs[:2] == pytest.approx([0, 1.0], abs=0.1)


def test_a_flapping_alarm_does_not_begin_again_each_time() -> None:
    flapping = {float(at): at % 2 == 0 for at in range(10, 50)}
    runs = play(Plan(Never(), 300.0, ALARM_S), 60, alarms=flapping)
    assert len(runs) <= 12
    calm = play(Plan(Never(), 300.0, ALARM_S), 100, alarms={10.0: True, 12.0: False, 80.0: True})
    assert 80 in [round(at) for at in times(calm)]


def test_a_failure_is_looked_at_again_soon_and_a_dead_resolver_found_in_ten_seconds() -> None:
    runs = play(Plan(Never(), 5.0), 60, lasts=lambda at: 3.0 if at >= 20 else 0.05, good=lambda at: at < 20)
    failed = [at for at, _ in runs if at >= 20]
    assert failed[2] + 3.0 - failed[0] <= 9.5, "three failures in a row"
    refused = play(Plan(Never(), 5.0), 60, good=lambda at: at < 20)
    quick = [at for at, _ in refused if at >= 20]
    assert quick[2] - quick[0] <= sum(RETRY_S[:2]) + 0.3


def test_the_return_of_what_failed_is_seen_soon_for_five_minutes() -> None:
    runs = play(Plan(Never(), 30.0), 1000, good=lambda at: at < 100)
    failing = [at for at in times(runs) if at >= 100]
    early = [b - a for a, b in itertools.pairwise(failing) if b < failing[0] + 300]
    assert max(early) <= RETRY_S[-1] + 0.3
    late = [b - a for a, b in itertools.pairwise(failing) if a > failing[0] + 310]
    assert min(late) >= 30


def test_a_large_page_that_failed_is_confirmed_after_five_and_ten_seconds() -> None:
    runs = times(play(Plan(Never(), LARGE_S, retry_s=LARGE_RETRY_S), 700, good=lambda at: at < 250))
    assert runs[:2] == pytest.approx([0, 300], abs=1)
    assert [b - a for a, b in itertools.pairwise(runs[1:6])] == pytest.approx([5, 10, 20, 60], abs=0.3)


def test_the_first_round_is_quick_where_several_targets_share_a_plan() -> None:
    runs = times(play(Plan(Never(), 60.0, opening=4), 100))
    assert runs == pytest.approx([0, 2.1, 4.2, 6.3, 66.4], abs=0.5)


def test_another_checks_failure_lets_this_one_look_once() -> None:
    runs = play(Plan(Never(), 300.0, ALARM_S), 60, pokes=(20.0,))
    assert times(runs) == pytest.approx([0, 20], abs=0.1)
    assert [extra for _, extra in runs] == [False, True]
    assert len(play(Plan(Never(), 300.0), 60, pokes=(20.0,))) == 1


@pytest.mark.parametrize(
    ("target", "outcome", "rtt_ms", "good"),
    [
        (WEB, Outcome.OK, 20, True),
        (WEB, Outcome.PORTAL, 20, False),
        (WEB, Outcome.REFUSED, 20, False),
        (DNS, Outcome.OK, 1500, False),
        (DNS, Outcome.LOST, None, False),
        (TCP, Outcome.REFUSED, 20, True),
        (TCP, Outcome.OK, 1020, False),
        (TCP, Outcome.LOST, None, False),
        (LARGE, Outcome.OK, 3000, True),
        (LARGE, Outcome.LOST, None, False),
    ],
)
def test_what_is_good_enough_not_to_be_looked_at_again(
    target: Target, outcome: Outcome, rtt_ms: int | None, good: bool
) -> None:
    rtt = None if rtt_ms is None else rtt_ms * MILLISECOND
    assert is_good(Sample(target, 0, 0, outcome, rtt)) is good


class Scripted:
    """A check that gives one outcome after the other, and counts."""

    def __init__(self, target: Target, *outcomes: Outcome | None) -> None:
        self.target = target
        self.runs = threading.Semaphore(0)
        self._outcomes = list(outcomes)

    def run(self) -> Sample | None:
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        self.runs.release()
        return None if outcome is None else Sample(self.target, 0, 0, outcome)


def test_a_failure_wakes_the_others_and_both_are_marked() -> None:
    web = Scripted(WEB, Outcome.OK)
    dns = Scripted(DNS, Outcome.OK, Outcome.LOST, Outcome.OK)
    runner = Runner([Plan(web, 3600, ALARM_S), Plan(dns, 3600, opening=2)], lambda *_: None)
    runner.start()
    assert web.runs.acquire(timeout=10)
    assert web.runs.acquire(timeout=10), "the failed look-up has the web looked at"
    for _ in range(3):
        assert dns.runs.acquire(timeout=10), "and is repeated"
    samples: list[Sample] = []
    while len(samples) < 5:
        samples += runner.collect()
    runner.stop()
    assert [s.flags for s in samples if s.target == WEB] == [Flag.NONE, Flag.EXTRA]
    assert [s.flags for s in samples if s.target == DNS] == [Flag.NONE, Flag.NONE, Flag.EXTRA]


def test_nothing_to_try_is_no_sample_and_no_failure() -> None:
    six = Scripted(TCP, None)
    runner = Runner([Plan(six, 0.1)], lambda *_: None)
    runner.start()
    for _ in range(3):
        assert six.runs.acquire(timeout=10)
    runner.stop()
    assert runner.collect() == []


def test_one_look_takes_each_check_once_and_leaves_out_what_has_nothing_to_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plans = [
        Plan(Scripted(WEB, Outcome.OK), 1),
        Plan(Scripted(TCP, None), 1),
        Plan(Scripted(LARGE, Outcome.LOST), 1),
    ]
    monkeypatch.setattr(survey, "make_plans", lambda *_: plans)
    samples = survey._Checks(parse("", "config.toml"), (), SystemClock(), Binding()).results()
    assert sorted((s.target.role, s.outcome) for s in samples) == [
        (Role.LARGE, Outcome.LOST),
        (Role.WEB, Outcome.OK),
    ]


def test_the_plans_cover_every_kind_of_check() -> None:
    plans = make_plans(parse("", "config.toml"), SystemClock(), Binding())
    roles = [plan.check.target.role for plan in plans]
    assert roles.count(Role.TCP_CHECK) == 2, "one for each address family"
    assert set(roles) == {Role.SYSTEM_RESOLVER, Role.RESOLVER, Role.WEB, Role.TCP_CHECK, Role.LARGE}
    own = parse('[targets]\nanchors = ["203.0.113.11"]\nweb_check = "http://203.0.113.80/"\n', "config.toml")
    roles = [plan.check.target.role for plan in make_plans(own, SystemClock(), Binding())]
    assert roles.count(Role.TCP_CHECK) == 1
    assert Role.LARGE not in roles, "who names a page of their own wants no other fetched"
