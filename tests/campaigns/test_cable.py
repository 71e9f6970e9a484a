"""A cable as fast as the promise: the usual fibre line. What only the cable limits accuses nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from diagnostics.campaigns.accept import review
from diagnostics.campaigns.judge import conforming, judge
from diagnostics.campaigns.model import Judgement, Promised, Rates
from diagnostics.model import MINUTE
from diagnostics.throughput.model import Direction, Medium, SpeedResult
from diagnostics.throughput.rules import default_rules
from diagnostics.throughput.validity import judge as validity
from jalerte_desktop.words import language
from jalerte_desktop.words.remarks import say
from tests.campaigns.measured import PARIS, campaign, follow, good, measured, ns, rules

MEGA = 1_000_000
GIGABIT = Promised(
    Rates(maximum=1000 * MEGA, normal=850 * MEGA, minimum=600 * MEGA),
    Rates(maximum=700 * MEGA, normal=600 * MEGA, minimum=300 * MEGA),
)
NAMES = ("bnetza", "rtr", "agcom")


def over(at_ns: int, down: int, up: int = 690 * MEGA, cable: int = 1000 * MEGA) -> SpeedResult:
    """A measurement over a cable, with the notes that it is kept with."""
    result = measured(
        at_ns,
        down=down,
        up=up,
        circumstances=replace(good(), medium=Medium("ethernet", "eth0", cable, "full")),
    )
    indicative, notes = validity(result, default_rules())
    return replace(result, indicative=indicative, notes=notes)


def series(
    name: str, measure: Callable[[int], SpeedResult], promised: Promised = GIGABIT
) -> tuple[int, dict[tuple[str, Direction | None], Judgement]]:
    """A whole series by the rules: how many measurements were rejected, and what was judged."""
    begun = campaign(rules(name), ns("2026-11-23 07:00") - MINUTE, promised=promised)
    results, _, end = follow(rules(name), begun, measure)
    found = review(rules(name), begun, results, end, PARIS)
    judged = judge(rules(name), promised, found.counted, PARIS)
    assert found.complete
    return sum(not one.accepted for one in found.measured), {(one.name, one.direction): one for one in judged}


@pytest.mark.parametrize("name", NAMES)
def test_a_line_as_fast_as_its_cable_is_accused_of_nothing(name: str) -> None:
    rejected, judged = series(name, lambda at_ns: over(at_ns, 935 * MEGA))
    assert rejected == 0
    assert not [one for one in judged.values() if one.conforming is False and one.direction is Direction.DOWN]
    assert judged["minimum", Direction.DOWN].conforming is True
    if name == "rtr":
        one = judged["maximum", Direction.DOWN]
        assert (one.conforming, one.arithmetic.code) == (None, "campaign_cable_less")
        with language.speaking("en"):
            assert say(one.arithmetic) == (
                "Not judged: this computer’s cable runs at 1 Gbit/s and carries 940.0 Mbit/s at most; 1,000.0 Mbit/s"
                " would have to be reached."
            )
    if name == "bnetza":
        assert judged["maximum", Direction.DOWN].conforming is True
        assert conforming(tuple(judged.values())) is True


@pytest.mark.parametrize("name", NAMES)
def test_fast_measurements_are_not_thrown_away_for_slow_ones(name: str) -> None:
    """Nine of ten fill the cable: they count, and a line that is slow now and then is not made out slow all along."""
    made: list[int] = []

    def measure(at_ns: int) -> SpeedResult:
        made.append(at_ns)
        return over(at_ns, (935 if len(made) % 12 else 500) * MEGA)

    rejected, judged = series(name, measure)
    assert rejected == 0
    if name == "bnetza":
        assert judged["maximum", Direction.DOWN].arithmetic["reached"] == 28
        assert judged["normal", Direction.DOWN].conforming is True


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("promise", [920, 936, 940])
def test_a_promise_just_below_what_the_cable_carries_is_not_missed_by_the_cable(
    name: str, promise: int
) -> None:
    """925 Mbit/s may be all that the cable let through: a least rate, not a miss."""
    near = Promised(Rates(*[promise * MEGA] * 3))
    _, judged = series(name, lambda at_ns: over(at_ns, 919 * MEGA), near)
    assert not [one for one in judged.values() if one.conforming is False]
    held = [one.arithmetic.code for one in judged.values() if one.direction is Direction.DOWN]
    assert "campaign_cable_full" in held
    assert set(held) <= {"campaign_cable_full", "campaign_days_reached"}


@pytest.mark.parametrize("name", NAMES)
def test_a_line_that_is_slow_whatever_the_cable_is_still_found_slow(name: str) -> None:
    _, judged = series(name, lambda at_ns: over(at_ns, 400 * MEGA))
    assert judged["minimum", Direction.DOWN].conforming is False
    if name == "bnetza":
        assert judged["maximum", Direction.DOWN].conforming is False
    _, faster = series(name, lambda at_ns: over(at_ns, 400 * MEGA, cable=2500 * MEGA))
    assert {one.conforming for one in faster.values() if one.direction is Direction.DOWN} <= {False}


def test_a_few_full_cables_do_not_excuse_a_slow_line() -> None:
    """Even with the full ones taken for fast enough, too many were slow."""
    made: list[int] = []

    def measure(at_ns: int) -> SpeedResult:
        made.append(at_ns)
        return over(at_ns, (930 if len(made) % 2 else 400) * MEGA)

    near = Promised(Rates(normal=935 * MEGA))
    _, judged = series("bnetza", measure, near)
    assert judged["normal", Direction.DOWN].conforming is False


def test_a_free_series_over_a_slow_cable_accuses_nobody() -> None:
    _, judged = series("free", lambda at_ns: over(at_ns, 93 * MEGA, up=93 * MEGA, cable=100 * MEGA))
    assert {one.conforming for one in judged.values()} == {None}
