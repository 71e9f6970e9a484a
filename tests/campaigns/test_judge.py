"""The judgement against a brute-force reading of each rule, and at its borders."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.campaigns.judge import conforming, judge
from diagnostics.campaigns.model import Judgement, Promised, Rates
from diagnostics.model import MINUTE
from diagnostics.throughput.model import DelayMethod, Delays, Direction, SpeedResult
from jalerte_desktop.words import language
from jalerte_desktop.words.remarks import say
from tests.campaigns.measured import PARIS, PROMISED, local, measured, ns, rules

BNETZA, RTR, AGCOM = rules("bnetza"), rules("rtr"), rules("agcom")
DAYS = ("2026-11-23", "2026-11-25", "2026-11-27")
MEGA = 1_000_000


def german(rates: list[int], up: int = 450 * MEGA) -> list[SpeedResult]:
    """Ten measurements on each of three days, by the rules."""
    results = []
    for place, down in enumerate(rates):
        day, number = divmod(place, 10)
        hours = 9 if number < 5 else 13
        at_ns = ns(f"{DAYS[day]} {hours:02d}:00") + number * 6 * MINUTE
        results.append(measured(at_ns, down=down, up=up))
    return results


def italian(rates: list[int], delays: list[float] | None = None) -> list[SpeedResult]:
    start = ns("2026-11-23 10:00")
    return [
        measured(
            start + place * 15 * MINUTE, down=down, idle=Delays(DelayMethod.TCP, 10, 0, delay, delay, delay)
        )
        for place, (down, delay) in enumerate(zip(rates, delays or [12.0] * len(rates), strict=True))
    ]


def of(found: tuple[Judgement, ...], name: str, direction: Direction | None = Direction.DOWN) -> Judgement:
    return next(one for one in found if (one.name, one.direction) == (name, direction))


def brute(results: list[SpeedResult], promised: Promised) -> tuple[bool, bool, bool]:
    """The three German criteria as their text reads, in fractions."""
    by_day: dict[date, list[Fraction]] = {}
    for result in results:
        assert result.down is not None
        assert result.down.bps is not None
        by_day.setdefault(local(result.at_ns).date(), []).append(Fraction(result.down.bps))
    maximum, normal, minimum = (
        Fraction(value or 0) for value in (promised.down.maximum, promised.down.normal, promised.down.minimum)
    )
    days_with_ninety = [
        day for day, rates in by_day.items() if any(r >= maximum * Fraction(9, 10) for r in rates)
    ]
    everything = [rate for rates in by_day.values() for rate in rates]
    reached = [rate for rate in everything if rate >= normal]
    days_below = [day for day, rates in by_day.items() if min(rates) < minimum]
    return (
        len(days_with_ninety) >= 2,
        Fraction(len(reached), len(everything)) >= Fraction(9, 10),
        len(days_below) < 2,
    )


near = st.one_of(
    st.integers(1, 10**9),
    st.sampled_from([630, 700, 500, 300]).flatmap(lambda m: st.integers(m * MEGA - 1, m * MEGA + 1)),
)


@settings(deadline=None)
@given(st.lists(near, min_size=30, max_size=30), st.integers(1, 10**9))
def test_the_german_judgement_is_the_rule_read_out(rates: list[int], odd: int) -> None:
    for promised in (PROMISED, Promised(Rates(odd, odd // 2 + 1, odd // 3 + 1))):
        results = german(rates)
        found = judge(BNETZA, promised, results, PARIS)
        names = ("maximum", "normal", "minimum")
        assert tuple(of(found, name).conforming for name in names) == brute(results, promised)


def test_the_borders_of_the_german_criteria() -> None:
    on_two_days = [630 * MEGA] + [510 * MEGA] * 9 + [630 * MEGA] + [510 * MEGA] * 19
    assert of(judge(BNETZA, PROMISED, german(on_two_days), PARIS), "maximum").conforming is True
    one_bit_less = [630 * MEGA - 1, *on_two_days[1:]]
    assert of(judge(BNETZA, PROMISED, german(one_bit_less), PARIS), "maximum").conforming is False
    nine_in_ten = [500 * MEGA] * 27 + [400 * MEGA] * 3
    assert of(judge(BNETZA, PROMISED, german(nine_in_ten), PARIS), "normal").conforming is True
    assert (
        of(judge(BNETZA, PROMISED, german([499 * MEGA, *nine_in_ten[1:]]), PARIS), "normal").conforming
        is False
    )
    one_bad_day = [100 * MEGA] * 10 + [640 * MEGA] * 20
    assert of(judge(BNETZA, PROMISED, german(one_bad_day), PARIS), "minimum").conforming is True
    two_bad_days = [*one_bad_day[:29], 299_999_999]
    assert of(judge(BNETZA, PROMISED, german(two_bad_days), PARIS), "minimum").conforming is False


def test_each_direction_is_judged_for_itself() -> None:
    found = judge(BNETZA, PROMISED, german([650 * MEGA] * 30, up=150 * MEGA), PARIS)
    assert {one.conforming for one in found if one.direction is Direction.DOWN} == {True}
    assert {one.conforming for one in found if one.direction is Direction.UP} == {False}
    assert conforming(found) is False


@settings(deadline=None)
@given(st.lists(near, min_size=96, max_size=96))
def test_the_italian_quantile_is_reached_by_as_many_as_it_says(rates: list[int]) -> None:
    one = of(judge(AGCOM, PROMISED, italian(rates), PARIS), "minimum")
    assert one.conforming == (Fraction(sum(rate >= 300 * MEGA for rate in rates), 96) >= Fraction(95, 100))
    told = one.arithmetic["rate_bps"]
    assert isinstance(told, int)
    assert one.conforming == (told >= 300 * MEGA), "the value that is told and the judgement agree"
    assert sum(rate >= told for rate in rates) * 100 >= 95 * 96


@settings(deadline=None)
@given(st.lists(st.floats(1, 200), min_size=96, max_size=96))
def test_the_italian_delay(delays: list[float]) -> None:
    results = italian([400 * MEGA] * 96, delays)
    one = of(judge(AGCOM, PROMISED, results, PARIS), "delay", None)
    assert one.conforming == (Fraction(sum(delay <= 50 for delay in delays), 96) >= Fraction(95, 100))
    told = one.arithmetic["within_ms"]
    assert isinstance(told, float)
    assert one.conforming == (told <= 50)


def test_nothing_is_judged_before_everything_is_there() -> None:
    found = judge(BNETZA, PROMISED, german([100 * MEGA] * 29), PARIS)
    assert {one.conforming for one in found} == {None}
    assert conforming(found) is None
    assert of(found, "normal").arithmetic["tries"] == 29


def test_what_was_not_promised_is_not_judged() -> None:
    promised = Promised(Rates(normal=500 * MEGA))
    found = judge(BNETZA, promised, german([510 * MEGA] * 30), PARIS)
    assert of(found, "normal").conforming is True
    assert {one.arithmetic.code for one in found if one.conforming is None} == {"campaign_no_promise"}
    assert conforming(found) is True
    assert conforming(judge(BNETZA, Promised(), german([1] * 30), PARIS)) is None


def test_no_measurement_at_all() -> None:
    found = judge(RTR, PROMISED, [], PARIS)
    assert {one.arithmetic.code for one in found} == {"campaign_nothing_yet"}
    assert conforming(found) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "maximum",
            "On 1 of 3 days at least one measurement reached 630.0 Mbit/s, 90 % of the promised 700.0 Mbit/s"
            " (9 of 30 measurements); 2 days are required.",
        ),
        ("normal", "9 of 30 measurements (30.0%) reached the promised 500.0 Mbit/s; 90 % are required."),
        (
            "minimum",
            "On 3 of 3 days at least one measurement was below the promised 300.0 Mbit/s (21 of 30 measurements);"
            " it has to be on fewer than 2 days.",
        ),
    ],
)
def test_the_arithmetic_is_shown(name: str, words: str) -> None:
    rates = [650 * MEGA] * 9 + [100 * MEGA] * 21
    found = judge(BNETZA, PROMISED, german(rates), PARIS)
    with language.speaking("en"):
        assert say(of(found, name).arithmetic) == words


def test_the_quantile_is_shown() -> None:
    rates = [400 * MEGA] * 90 + [250 * MEGA] * 6
    found = judge(AGCOM, PROMISED, italian(rates, [61.5] * 96), PARIS)
    with language.speaking("en"):
        assert say(of(found, "minimum").arithmetic) == (
            "250.0 Mbit/s was reached by 95 % of the measurements; promised: 300.0 Mbit/s"
            " (90 of 96 measurements reached it)."
        )
        assert say(of(found, "delay", None).arithmetic) == (
            "95 % of the measurements had a delay of 61.5 ms or less; promised: 50 ms"
            " (0 of 96 measurements within it)."
        )
