"""Whether a measurement may begin: an idle link, the budget, a metered link, the home line; what is told of a hold."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.box.reading import BoxReading
from diagnostics.clock import Reading
from diagnostics.links.counters import Counters, difference
from diagnostics.model import MINUTE, SECOND, BadInput, Event, EventKind, Remark
from diagnostics.throughput.budget import Basis, Estimate, month_of
from diagnostics.throughput.choice import Choice
from diagnostics.throughput.held import (
    Held,
    Reason,
    from_event,
    is_news,
    next_try,
    read_holds,
    to_event,
    waiting,
)
from diagnostics.throughput.idle import HomeMeter, MachineMeter, busiest, busy_bps, watch
from diagnostics.throughput.precheck import DAY_NS, Go, Hold, Made, Moment, prepare
from diagnostics.throughput.rules import default_rules
from diagnostics.throughput.terms import load_terms
from diagnostics.witnesses import BoxAccount, Step
from jalerte_desktop.words import language, remarks

RULES = default_rules()
T0 = 1_795_000_020 * SECOND
RETRY, GIVE_UP = round(RULES.retry_s * SECOND), round(RULES.give_up_s * SECOND)


class StepClock:
    """Moves by what is waited."""

    def __init__(self) -> None:
        self.mono = 500 * SECOND
        self.slept = 0

    def read(self) -> Reading:
        return Reading(T0 + self.mono + self.slept, self.mono, self.mono + self.slept)

    def mono_ns(self) -> int:
        return self.mono


class Patience(threading.Event):
    """Waits on a clock by hand; set after ``turns`` waits."""

    def __init__(self, clock: StepClock, turns: int = 1000) -> None:
        super().__init__()
        self.clock, self.turns = clock, turns

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.mono += round((timeout or 0) * SECOND)
        self.turns -= 1
        return self.turns <= 0


@dataclass
class Carried:
    """An interface that carries so much a second; its counters are gone where ``index`` is 0."""

    clock: StepClock
    down_bps: int = 0
    up_bps: int = 0
    index: int = 3
    began: int = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock.mono

    def __call__(self) -> Counters | None:
        seconds = (self.clock.mono - self.began) / SECOND
        if not self.index:
            return None
        down, up = (round(rate * seconds / 8) for rate in (self.down_bps, self.up_bps))
        return Counters(self.index, down, up, 0, 0)


def looked(carried: Carried, watch_s: float = 5.0, turns: int = 1000) -> tuple[Step, ...]:
    clock = carried.clock
    (seen,) = watch([MachineMeter(carried, difference)], clock, watch_s, Patience(clock, turns))
    return seen


# --- the link -------------------------------------------------------------------------------------------------------


def test_what_the_interface_carries_is_seen_over_five_seconds() -> None:
    clock = StepClock()
    seen = looked(Carried(clock, 3_000_000, 200_000))
    assert sum(step.duration_ns for step in seen) == 5 * SECOND
    assert busy_bps(seen) == 3_000_000


@pytest.mark.parametrize(("down", "up", "idle"), [(0, 0, True), (1_900_000, 0, True), (0, 2_100_000, False)])
def test_either_direction_makes_a_link_busy(down: int, up: int, idle: bool) -> None:
    assert isinstance(decide(seen=[looked(Carried(StepClock(), down, up))]), Go) is idle


def test_a_watch_ends_when_it_is_stopped() -> None:
    clock = StepClock()
    before = clock.mono
    looked(Carried(clock), turns=2)
    assert clock.mono - before == 2 * SECOND


def test_counters_that_tell_nothing_speak_against_nothing() -> None:
    clock = StepClock()
    carried = Carried(clock, 50_000_000)
    carried.index = 0
    assert looked(carried) == ()
    assert busy_bps(()) is None
    assert isinstance(decide(seen=[()]), Go)


def test_counters_of_another_interface_or_from_before_sleep_are_not_compared() -> None:
    clock = StepClock()
    carried = Carried(clock, 50_000_000)
    meter = MachineMeter(carried, difference)
    meter.step(clock.read())
    carried.index, clock.mono = 4, clock.mono + SECOND
    assert meter.step(clock.read()) == ()
    clock.mono, clock.slept = clock.mono + SECOND, 3600 * SECOND
    assert meter.step(clock.read()) == ()
    clock.mono += SECOND
    assert [step.down_bps for step in meter.step(clock.read())] == [50_000_000]


@pytest.mark.parametrize(("down", "busy"), [(6_000_000, True), (400_000, False)])
def test_a_film_on_the_television_is_seen_in_the_box_s_counters(down: int, busy: bool) -> None:
    clock = StepClock()
    began = clock.mono

    def ask() -> BoxReading:
        seconds = (clock.mono - began) / SECOND
        moved = (round(rate * seconds / 8) for rate in (down, 50_000))
        return BoxReading(BoxAccount("upnp", True), *moved, None, clock.read(), wide=True)

    (seen,) = watch([HomeMeter(ask)], clock, 5.0, Patience(clock))
    assert busy_bps(seen) == pytest.approx(down, rel=0.01)
    assert isinstance(decide(seen=[seen]), Hold) is busy


def test_a_box_that_does_not_answer_speaks_against_nothing() -> None:
    (seen,) = watch([HomeMeter(lambda: None)], StepClock(), 0.0, threading.Event())
    assert isinstance(decide(seen=[seen]), Go)


def test_the_busiest_counter_decides() -> None:
    idle, film = Step(SECOND, 10_000, 10_000), Step(SECOND, 8_000_000, 100_000)
    assert busiest([[idle], [film]]) == 8_000_000
    assert busiest([[idle], []]) == 10_000
    assert busiest([[], []]) is None


@given(st.lists(st.tuples(st.integers(0, 10**10), st.integers(0, 10**9), st.integers(0, 10**9)), max_size=8))
def test_a_mean_lies_between_its_steps(raw: list[tuple[int, int, int]]) -> None:
    steps = [Step(*one) for one in raw]
    rate = busy_bps(steps)
    if rate is not None:
        assert 0 <= rate <= max(max(step.down_bps, step.up_bps) for step in steps)


# --- holds as events ------------------------------------------------------------------------------------------------


def held(
    reason: Reason = Reason.BUSY,
    at_ns: int = T0,
    due_ns: int = T0,
    retry: int | None = T0 + RETRY,
    campaign: str = "",
) -> Held:
    return Held(reason, Remark.of("held_busy", rate_bps=3_000_000), at_ns, due_ns, retry, campaign, "abc")


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("retry", [None, T0 + RETRY])
def test_a_hold_comes_back_as_it_was(reason: Reason, retry: int | None) -> None:
    one = held(reason, retry=retry, campaign="c1")
    assert from_event(to_event(one)) == one


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "bored"}, {"reason": 3}, {"why": ""}, {"why": "held_busy"}, {"why": "held_busy []"},
        {"why": 'held_busy {"a": {}}'}, {"why": "a b c"}, {"why": "held_busy {" + "[" * 990}, {"why": "x" * 1001},
        {"why": 'held_busy {"code": 1}'}, {"why": None}, {"due_ns": -1}, {"due_ns": True}, {"due_ns": 1 << 62},
        {"due_ns": 1.5}, {"retry_at_ns": "soon"}, {"campaign": None}, {"campaign": "x" * 201}, {"line": "a\x00b"},
        {"more": 1},
    ],
)  # fmt: skip
def test_what_is_no_hold_is_refused_and_passed_over(change: dict[str, object]) -> None:
    good = to_event(held())
    bad = Event(EventKind.SPEED_HELD, T0, {**good.data, **change})
    with pytest.raises(ValueError, match=r"."):
        from_event(bad)
    assert read_holds([bad, good, Event(EventKind.SPEED, T0, {})]) == (held(),)


def test_what_waits_is_known_by_the_time_it_was_due() -> None:
    first, second = held(), held(Reason.METERED, T0 + RETRY, T0, T0 + 2 * RETRY)
    assert waiting([first, second], "", 0, T0 + RETRY, RULES) == (first, second)
    assert waiting([first, second], "c1", 0, T0 + RETRY, RULES) == ()
    assert waiting([first, second], "", T0 + 2 * RETRY, T0 + 2 * RETRY, RULES) == (), "a result ended it"
    assert waiting([first, held(at_ns=T0 + 1, retry=None)], "", 0, T0 + RETRY, RULES) == (), "given up"
    later = held(at_ns=T0 + MINUTE, due_ns=T0 + MINUTE)
    assert waiting([first, later], "", 0, T0 + RETRY, RULES) == (later,)
    assert waiting([first], "", 0, T0 + 2 * GIVE_UP, RULES) == (), "nobody waited for it"
    slept = held(Reason.SUSPENDED, T0 + 1, T0 - MINUTE, None)
    assert waiting([first, slept], "", 0, T0 + RETRY, RULES) == (first,)


def test_a_reason_is_told_once_and_once_more_when_it_is_the_end() -> None:
    assert is_news(held(), ())
    assert not is_news(held(at_ns=T0 + RETRY), [held()])
    assert is_news(held(Reason.METERED), [held()])
    assert is_news(held(retry=None), [held()])


def test_tries_end_after_the_time_to_give_up() -> None:
    assert next_try(T0, T0, RULES) == T0 + RETRY
    assert next_try(T0, T0 + GIVE_UP - RETRY, RULES) == T0 + GIVE_UP
    assert next_try(T0, T0 + GIVE_UP - RETRY + 1, RULES) is None


# --- may it begin ---------------------------------------------------------------------------------------------------

OWN = Choice("http", ("http://a.example/",), "", 4, 1_000_000_000)
FINE = Moment(T0, "abc", True, False, False, True, 0, Estimate(110_000_000, 100_000_000, Basis.RESULTS))
IDLE: Sequence[Sequence[Step]] = ((Step(5 * SECOND, 20_000, 20_000),),)
BUSY: Sequence[Sequence[Step]] = ((Step(5 * SECOND, 20_000, 20_000),), (Step(5 * SECOND, 6_000_000, 90_000),))


def decide(
    moment: Moment = FINE,
    seen: Sequence[Sequence[Step]] = IDLE,
    scheduled: bool = True,
    choice: Choice | None = OWN,
    campaign: str = "",
) -> Go | Hold:
    return prepare(choice, moment, RULES, lambda: seen, scheduled=scheduled, campaign=campaign)


def test_with_everything_fine_it_begins_within_what_is_left() -> None:
    assert decide(replace(FINE, used_bytes=400_000_000)) == Go(600_000_000)


@pytest.mark.parametrize(
    ("moment", "seen", "campaign", "reason"),
    [
        (replace(FINE, line_id="", at_home=False), IDLE, "", Reason.NO_LINE),
        (replace(FINE, at_home=False), IDLE, "", Reason.NOT_HOME),
        (FINE, BUSY, "c1", Reason.BUSY),
        (replace(FINE, used_bytes=950_000_000), IDLE, "", Reason.CAP),
        (replace(FINE, metered=True), IDLE, "", Reason.METERED),
        (FINE, BUSY, "", Reason.BUSY),
    ],
)
def test_what_holds_a_scheduled_measurement(
    moment: Moment, seen: Sequence[Sequence[Step]], campaign: str, reason: Reason
) -> None:
    found = decide(moment, seen, campaign=campaign)
    assert isinstance(found, Hold)
    assert found.record
    assert found.held.reason is reason
    assert found.held.campaign == campaign
    expected = None if reason is Reason.CAP else T0 + RETRY
    assert found.held.retry_at_ns == expected
    assert from_event(to_event(found.held)) == found.held
    with language.speaking("en"):
        assert remarks.say(found.held.why)


def test_a_choice_that_cannot_be_used_holds_a_scheduled_one_and_stops_the_person() -> None:
    for choice in (None, replace(OWN, provider="ndt7")):
        found = decide(choice=choice)
        assert isinstance(found, Hold)
        assert found.held.reason is Reason.CHOICE
        assert found.held.final
        with pytest.raises(BadInput):
            decide(choice=choice, scheduled=False)


@pytest.mark.parametrize(
    "moment",
    [
        replace(FINE, line_id="", at_home=False),
        replace(FINE, at_home=False, clock_synchronised=None),
        replace(FINE, metered=True, metered_allowed=True),
        replace(FINE, metered=None),
    ],
)
def test_what_holds_nobody_who_asks(moment: Moment) -> None:
    assert decide(moment, scheduled=False) == Go(1_000_000_000)


def test_a_busy_link_is_told_to_who_asks_in_the_same_words() -> None:
    asked, planned = decide(seen=BUSY, scheduled=False), decide(seen=BUSY)
    assert isinstance(asked, Go)
    assert isinstance(planned, Hold)
    assert asked.told == (planned.held.why,)
    assert planned.held.why["rate_bps"] == 6_000_000


@pytest.mark.parametrize("moment", [replace(FINE, metered=True), replace(FINE, used_bytes=10**9)])
def test_the_budget_and_a_metered_link_hold_everybody_but_only_plans_are_recorded(moment: Moment) -> None:
    asked = decide(moment, scheduled=False)
    assert isinstance(asked, Hold)
    assert not asked.record


@pytest.mark.parametrize("scheduled", [True, False])
def test_a_clock_that_nothing_sets_is_told_and_holds_nobody(scheduled: bool) -> None:
    """Many machines never say that theirs is set, though it is: their campaigns would never begin."""
    found = decide(replace(FINE, clock_synchronised=False), scheduled=scheduled, campaign="c1")
    assert isinstance(found, Go)
    assert [remark.code for remark in found.told] == ["held_clock"]


def test_the_link_is_watched_only_when_nothing_else_holds() -> None:
    def never() -> Sequence[Sequence[Step]]:
        raise AssertionError("watched for nothing")

    found = prepare(OWN, replace(FINE, metered=True), RULES, never, scheduled=True)
    assert isinstance(found, Hold)


def test_two_hours_of_a_busy_link_are_two_events() -> None:
    """The hold is recorded when it begins and when it is given up; the tries between leave nothing."""
    now, kept = T0, []
    for _ in range(100):
        found = decide(replace(FINE, now_ns=now, holds=tuple(kept)), BUSY)
        assert isinstance(found, Hold)
        assert found.held.due_ns == T0
        if found.record:
            kept.append(found.held)
        if found.held.retry_at_ns is None:
            break
        now = found.held.retry_at_ns
    assert [one.final for one in kept] == [False, True]
    assert now == T0 + GIVE_UP
    # The next one that is due begins anew.
    again = decide(replace(FINE, now_ns=now + 3600 * SECOND, holds=tuple(kept)), BUSY)
    assert isinstance(again, Hold)
    assert again.record
    assert again.held.due_ns == now + 3600 * SECOND


MLAB = Choice("ndt7", (), load_terms()["ndt7"].version, 4, 1_000_000_000_000)


def made(*hours_ago: float, scheduled: bool = True) -> tuple[Made, ...]:
    return tuple(Made(FINE.now_ns - round(hours * 3600 * SECOND), scheduled) for hours in hours_ago)


@pytest.mark.parametrize(
    ("before", "scheduled", "wait_s"),
    [(made(0.5), True, 360), (made(0.7), True, 0), (made(23, 9, 4, 1), True, 3600), (made(25, 9, 4, 1), True, 0),
     (made(23, 9, 4, 1), False, 0), (made(*[23 - 0.5 * n for n in range(40)], scheduled=False), False, 3600)],
)  # fmt: skip
def test_a_provider_s_own_rhythm_is_kept(before: tuple[Made, ...], scheduled: bool, wait_s: int) -> None:
    last_day = tuple(one for one in before if one.at_ns > FINE.now_ns - DAY_NS)
    found = decide(replace(FINE, made=last_day), scheduled=scheduled, choice=MLAB)
    if not wait_s:
        assert isinstance(found, Go)
        return
    assert isinstance(found, Hold)
    assert found.held.reason is Reason.TERMS
    assert found.held.why["wait_s"] == wait_s


# --- what lasts -----------------------------------------------------------------------------------------------------

SPENT = replace(FINE, used_bytes=10**9)


def test_a_campaign_waits_for_the_new_month_and_for_the_person_and_a_daily_one_does_not() -> None:
    month = month_of(T0, None)[1]
    for choice, moment, retry in ((OWN, SPENT, month), (None, FINE, T0 + 3600 * SECOND)):
        series, daily = (decide(moment, choice=choice, campaign=name) for name in ("c1", ""))
        assert isinstance(series, Hold)
        assert isinstance(daily, Hold)
        assert (series.record, series.held.retry_at_ns) == (True, retry)
        assert daily.held.final


def test_what_lasts_is_recorded_once_a_day_and_each_reason_for_itself() -> None:
    kept: list[Held] = []
    for hour in range(24):
        found = decide(
            replace(FINE, now_ns=T0 + hour * 3600 * SECOND, holds=tuple(kept)), choice=None, campaign="c"
        )
        assert isinstance(found, Hold)
        kept += [found.held] if found.record else []
    assert [held.reason for held in kept] == [Reason.CHOICE]
    noon = replace(SPENT, now_ns=T0 + 3600 * SECOND, holds=tuple(kept))
    assert isinstance(spent := decide(noon, campaign="c"), Hold)
    assert spent.record
    assert isinstance(
        later := decide(replace(noon, now_ns=T0 + 24 * 3600 * SECOND), choice=None, campaign="c"), Hold
    )
    assert later.record


def test_a_busy_link_after_what_lasted_gets_its_whole_time() -> None:
    first = decide(choice=None, campaign="c")
    assert isinstance(first, Hold)
    now = T0 + 20 * 3600 * SECOND
    found = decide(replace(FINE, now_ns=now, holds=(first.held,)), BUSY, campaign="c")
    assert isinstance(found, Hold)
    assert found.record
    assert (found.held.due_ns, found.held.retry_at_ns) == (now, now + RETRY)


def test_what_was_slept_over_waits_no_more() -> None:
    first = held(Reason.BUSY, T0, T0, T0 + RETRY)
    slept = held(Reason.SUSPENDED, T0 + RETRY, T0, None)
    assert waiting([first, slept], "", 0, T0 + RETRY, RULES) == ()


HOME = replace(OWN, servers=("http://192.168.1.20:8989/", "http://[::1]:8989/"))


@pytest.mark.parametrize("scheduled", [True, False])
def test_servers_at_home_need_no_budget_and_no_unmetered_link(scheduled: bool) -> None:
    moment = replace(SPENT, metered=True)
    assert decide(moment, choice=HOME, scheduled=scheduled) == Go(None)
    abroad = replace(HOME, servers=(*HOME.servers, "http://a.example/"))
    assert isinstance(decide(moment, choice=abroad, scheduled=scheduled), Hold)
