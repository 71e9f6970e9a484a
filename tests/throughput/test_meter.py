"""The rate: what is discarded, what is held back and comes later, how sure it is, when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import MILLISECOND, SECOND
from diagnostics.throughput.meter import HELD_BACK_SHARE, LEAST_CUT_NS, Meter, cut_of, totals_at
from diagnostics.throughput.rules import default_rules

RULES = default_rules()
START = 1_000 * SECOND
RATE = 12_500_000
"""Bytes a second: 100 Mbit/s."""


def metered(total_at: Callable[[float], float], seconds: float, step_s: float = 0.05) -> Meter:
    meter = Meter(START)
    for number in range(1, round(seconds / step_s) + 1):
        at_s = number * step_s
        meter.feed(START + round(at_s * SECOND), round(total_at(at_s)))
    return meter


def stopped_at(total_at: Callable[[float], float], most_s: float = 10.0) -> tuple[float, Meter] | None:
    """When the engine would stop, and what it had; None when it never settles."""
    meter = Meter(START)
    for number in range(1, round(most_s / 0.05) + 1):
        at_s = number * 0.05
        meter.feed(START + round(at_s * SECOND), round(total_at(at_s)))
        if meter.settled(RULES):
            return at_s, meter
    return None


@given(st.integers(10_000, 10**10), st.lists(st.integers(20, 90), min_size=60, max_size=120))
def test_an_even_flow_is_read_exactly_whenever_it_is_looked_at(rate: int, steps_ms: list[int]) -> None:
    meter = Meter(START)
    at_ns = START
    for step in steps_ms:
        at_ns += step * MILLISECOND
        meter.feed(at_ns, rate * (at_ns - START) // SECOND)
    found = meter.measured()
    assert found.bps == pytest.approx(rate * 8, rel=2e-3)
    assert found.error is not None
    assert found.error < 2e-3


@given(st.floats(0.1, 1.2), st.floats(0.0, 3.0))
def test_the_start_does_not_count(ramp_s: float, burst_s: float) -> None:
    """A slow start, or a shaper's bucket that is full at first."""

    def total(at_s: float) -> float:
        slow = RATE * (at_s - ramp_s / 2) if at_s > ramp_s else RATE * at_s**2 / (2 * ramp_s)
        return slow + min(at_s, 0.2) * RATE * burst_s

    assert metered(total, 5.0).measured().bps == pytest.approx(RATE * 8, rel=5e-3)


def held_back(gaps: list[tuple[float, float]]) -> Callable[[float], float]:
    """A full line on which nothing is handed over during the gaps (start, length); it all comes at their end."""

    def total(at_s: float) -> float:
        for start, length in gaps:
            if start <= at_s < start + length:
                return RATE * start
        return RATE * at_s

    return total


@st.composite
def spaced_gaps(draw: st.DrawFn) -> list[tuple[float, float]]:
    gaps, at_s = [], 0.2
    while at_s < 10:
        length = draw(st.floats(0.05, 0.25))
        gaps.append((at_s, length))
        at_s += length + draw(st.floats(0.15, 0.8))
    return gaps


@st.composite
def gaps_of_a_full_line(draw: st.DrawFn) -> list[tuple[float, float]]:
    """As above, and no more than a fifth of any stretch lies in a gap: longer ones are a line that stands still."""
    gaps, at_s = [], 0.2
    while at_s < 10:
        length = draw(st.floats(0.05, 0.25))
        gaps.append((at_s, length))
        at_s += length * 5 + draw(st.floats(0.0, 0.6))
    return gaps


@given(spaced_gaps(), st.floats(2.5, 9.5))
def test_what_tcp_holds_back_for_a_lost_segment_is_not_lost_to_the_rate(
    gaps: list[tuple[float, float]], seconds: float
) -> None:
    assert metered(held_back(gaps), seconds).measured().bps == pytest.approx(RATE * 8, rel=1.5e-3)


@given(gaps_of_a_full_line())
def test_a_full_line_with_losses_settles_soon_and_right(gaps: list[tuple[float, float]]) -> None:
    found = stopped_at(held_back(gaps))
    assert found is not None
    at_s, meter = found
    assert at_s < 5
    assert meter.measured().bps == pytest.approx(RATE * 8, rel=0.01)


def test_a_steady_line_is_left_after_the_least_time() -> None:
    found = stopped_at(lambda at_s: RATE * at_s)
    assert found is not None
    assert found[0] == pytest.approx(RULES.shortest_s, abs=0.06)


@pytest.mark.parametrize("growth", [0.15, 0.5, -0.08])
def test_a_rate_on_its_way_up_or_down_never_settles(growth: float) -> None:
    assert stopped_at(lambda at_s: RATE * (at_s + growth * at_s**2 / 2)) is None


@given(st.floats(0.5, 9.5), st.floats(0.2, 3.0))
def test_a_rate_that_changed_is_told_with_an_error_that_covers_the_mean(step_s: float, factor: float) -> None:
    def total(at_s: float) -> float:
        return RATE * min(at_s, step_s) + factor * RATE * max(0.0, at_s - step_s)

    found = metered(total, 10.0).measured()
    assert found.bps is not None
    assert found.error is not None
    from_s = found.ramp_ns / SECOND
    mean = (total(10.0) - total(from_s)) * 8 / (10.0 - from_s)
    assert abs(mean - found.bps) <= (max(found.error, HELD_BACK_SHARE) + 0.001) * found.bps
    assert min(1.0, factor) * 0.99 <= found.bps / (RATE * 8) <= max(1.0, factor) * 1.01


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 10**9)), max_size=80))
def test_the_curve_holds_every_byte(steps: list[tuple[int, int]]) -> None:
    meter = Meter(START)
    at_ns = START
    total = 0
    for wait_ms, more in steps:
        at_ns += wait_ms * MILLISECOND
        total += more
        meter.feed(at_ns, total)
    curve = meter.curve()
    assert sum(curve) == meter.bytes == total
    assert min(curve, default=0) >= 0
    assert len(curve) == -(-meter.duration_ns // (100 * MILLISECOND))


def test_readings_that_go_back_change_nothing() -> None:
    meter = metered(lambda at_s: RATE * at_s, 3.0)
    before = meter.measured(), meter.bytes, meter.duration_ns
    meter.feed(START + SECOND, 5)
    assert (meter.measured(), meter.bytes, meter.duration_ns) == before
    meter.feed(START + 3 * SECOND + 1, 0)
    assert meter.bytes == before[1]


@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.55])
def test_too_short_is_no_figure(seconds: float) -> None:
    assert metered(lambda at_s: RATE * at_s, seconds).measured().bps is None


def test_nothing_moved_is_no_figure_and_never_settles() -> None:
    meter = metered(lambda _at_s: 0, 9.0)
    assert meter.measured().bps is None
    assert stopped_at(lambda _at_s: 0) is None


@given(st.lists(st.floats(0, 1e9), min_size=6, max_size=120))
def test_the_cut_lies_in_the_first_half_and_is_the_best_there(batches: list[float]) -> None:
    cut = cut_of(batches)
    assert cut is not None
    least = LEAST_CUT_NS // (100 * MILLISECOND)
    assert least <= cut <= len(batches) // 2

    def error(at: int) -> float:
        rest = batches[at:]
        mean = sum(rest) / len(rest)
        return sum((value - mean) ** 2 for value in rest) / len(rest) ** 2

    largest = max(batches) ** 2 + 1
    assert all(error(cut) <= error(other) + 1e-9 * largest for other in range(least, len(batches) // 2 + 1))


def readings() -> Iterator[tuple[int, int]]:
    yield from ((0, 0), (100, 50), (200, 50), (400, 250))


@pytest.mark.parametrize(
    ("edge", "total"), [(0, 0.0), (50, 25.0), (150, 50.0), (300, 150.0), (400, 250.0), (900, 250.0)]
)
def test_totals_between_readings_lie_on_straight_lines(edge: int, total: float) -> None:
    assert totals_at(list(readings()), [edge]) == [total]


@given(st.lists(st.floats(0.6, 1.4), min_size=100, max_size=100))
def test_a_rate_that_really_swings_is_told_with_its_swing(factors: list[float]) -> None:
    """Each tenth of a second has a rate of its own, as over bad Wi-Fi."""

    def total(at_s: float) -> float:
        whole = int(at_s * 10)
        return (
            RATE * (sum(factors[:whole]) + (factors[whole] if whole < 100 else 0) * (at_s * 10 - whole)) / 10
        )

    found = metered(total, 10.0).measured()
    assert found.swing is not None
    halves = [sum(factors[start : start + 5]) for start in range(0, 100, 5)]
    if max(halves) > 1.3 * min(halves):
        assert found.swing > 0.005


@pytest.mark.parametrize("period_s", [1.4, 2.2, 3.1])
def test_what_swings_slowly_is_not_settled(period_s: float) -> None:
    def total(at_s: float) -> float:
        whole, rest = divmod(at_s / period_s, 1.0)
        return RATE * period_s * (whole + 1.5 * min(rest, 0.5) + 0.5 * max(0.0, rest - 0.5))

    assert stopped_at(total) is None
