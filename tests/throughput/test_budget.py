"""What measurements cost: the local month, what the next one will take, and where the limit holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import SECOND, Event, EventKind
from diagnostics.throughput.budget import Basis, Estimate, Wanted, allow, estimate, month_of, most_bytes, used
from diagnostics.throughput.choice import Choice
from diagnostics.throughput.model import (
    Circumstances,
    Counted,
    Direction,
    Ended,
    Flow,
    Server,
    SpeedResult,
)
from diagnostics.throughput.record import to_event
from diagnostics.throughput.rules import default_rules

PARIS = ZoneInfo("Europe/Paris")
RULES = default_rules()
CHOICE = Choice("http", ("http://a.example/",), "", 4, 1_000_000_000)
ZONES = [PARIS, ZoneInfo("America/Nuuk"), ZoneInfo("Africa/Cairo"), ZoneInfo("Pacific/Kiritimati"), UTC]


def ns(text: str, zone: ZoneInfo = PARIS) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * SECOND


def flow(direction: Direction, ended: Ended = Ended.STEADY) -> Flow:
    return Flow(direction, 90_000_000, Counted.RECEIVED, 40_000_000, 1, 5 * SECOND, SECOND, ended)


def result(at_ns: int, cost: int, ended: Ended = Ended.STEADY, **more: object) -> SpeedResult:
    return replace(
        SpeedResult(
            f"{at_ns:x}", at_ns, "http", Server("http://a.example/"),
            flow(Direction.DOWN, ended), flow(Direction.UP, ended), None, None, None,
            Circumstances(line_id="home"), cost, False,
        ),
        **more,
    )  # fmt: skip


# --- the month ------------------------------------------------------------------------------------------------------


def test_a_month_begins_and_ends_at_local_midnight() -> None:
    now = ns("2026-11-22T12:00")
    events = [
        to_event(result(ns("2026-10-31T23:59:59"), 1)),
        to_event(result(ns("2026-11-01T00:00:00"), 10)),
        to_event(result(ns("2026-11-22T12:00:00"), 100)),
        to_event(result(ns("2026-12-01T00:00:00"), 1000)),
    ]
    assert used(events, now, PARIS) == 110
    # The same moments on another clock lie in other months: 23:59 in Paris is 22:59 UTC.
    assert used(events, now, UTC) == 100 + 1000


def test_what_was_broken_off_failed_or_came_from_another_version_costs_too() -> None:
    now = ns("2026-11-22T12:00")
    events = [
        to_event(result(now, 10, cancelled=True)),
        to_event(result(now, 20, Ended.FAILED)),
        to_event(result(now, 40, campaign="c1", indicative=True)),
        Event(EventKind.SPEED, now, {"bytes": 80, "invention": "of a newer version"}),
        Event(EventKind.SPEED, now, {"bytes": -500}),
        Event(EventKind.SPEED, now, {"bytes": "many"}),
        Event(EventKind.SPEED_HELD, now, {"bytes": 160}),
    ]
    assert used(events, now, PARIS) == 150


@given(st.integers(ns("2022-01-01"), ns("2030-01-01")), st.sampled_from(ZONES))
def test_months_follow_each_other_without_a_hole(now: int, zone: ZoneInfo) -> None:
    start, end = month_of(now, zone)
    assert start <= now < end
    assert month_of(end, zone)[0] == end
    assert month_of(start - SECOND, zone)[1] == start
    first, last = (datetime.fromtimestamp(at // SECOND, UTC).astimezone(zone) for at in (start, end - SECOND))
    assert first.date().day == 1
    assert (first.year, first.month) == (last.year, last.month)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 5), 31 * 24 - 1), (date(2026, 10, 5), 31 * 24 + 1)]
)
def test_a_month_in_which_clocks_change_is_as_long_as_it_is(day: date, hours: int) -> None:
    start, end = month_of(ns(f"{day}T12:00"), PARIS)
    assert (end - start) / SECOND == hours * 3600


@given(st.lists(st.tuples(st.integers(0, 400 * 24), st.integers(0, 10**9)), max_size=30))
def test_every_byte_counts_in_exactly_one_month(costs: list[tuple[int, int]]) -> None:
    start = ns("2026-01-01T00:00")
    events = [to_event(result(start + hour * 3600 * SECOND, cost)) for hour, cost in costs]
    at, total = start, 0
    while at < start + 430 * 24 * 3600 * SECOND:
        total += used(events, at, PARIS)
        at = month_of(at, PARIS)[1]
    assert total == sum(cost for _, cost in costs)


# --- what the next one costs ----------------------------------------------------------------------------------------


def test_the_last_five_full_measurements_with_the_same_provider_on_the_same_line_tell() -> None:
    results = [
        *(result(n, cost) for n, cost in enumerate([999, 10, 20, 30, 40])),
        result(6, 7, Ended.FAILED),
        result(7, 8, cancelled=True),
        result(8, 9, provider="ndt7"),
        result(9, 9, circumstances=Circumstances(line_id="office")),
        result(10, 9, Ended.CAP),
        result(11, 50),
    ]
    assert estimate(results, "http", "home", RULES) == Estimate(50, 30, Basis.RESULTS)


def test_without_results_the_link_s_rate_for_the_longest_time_is_the_most() -> None:
    found = estimate([], "http", "home", RULES, 100_000_000)
    assert found == Estimate(250_000_000, 250_000_000, Basis.LINK)
    assert estimate([], "http", "home", RULES).basis is Basis.ASSUMED


@pytest.mark.parametrize(
    ("wanted", "usual"),
    [
        (Wanted(), 90_000_000),
        (Wanted((Direction.DOWN,)), 50_000_000),
        (Wanted(longest_s=1.0), 26_000_000),
        (Wanted(longest_s=30.0), 90_000_000),
        (Wanted(most_bytes=3_000_000), 3_000_000),
        (Wanted((Direction.UP,), 1.0, 10**12), 18_000_000),
    ],
)
def test_the_wishes_of_this_one_measurement_limit_what_it_costs(wanted: Wanted, usual: int) -> None:
    """Two flows of 40 MB in 5 s each, and 10 MB around them."""
    measured = [result(1, 90_000_000)]
    assert estimate(measured, "http", "home", RULES, wanted=wanted) == Estimate(usual, usual, Basis.RESULTS)


def test_what_had_not_settled_goes_on_for_as_long_as_it_may() -> None:
    measured = [result(1, 80_000_000, Ended.TIME)]
    assert estimate(measured, "http", "home", RULES, wanted=Wanted(longest_s=10.0)).usual_bytes == 160_000_000


def test_wishes_limit_what_a_link_could_carry_too() -> None:
    wanted = Wanted((Direction.DOWN,), 2.0)
    assert estimate([], "http", "home", RULES, 100_000_000, wanted).high_bytes == 25_000_000
    assert estimate([], "http", "home", RULES, 100_000_000, replace(wanted, most_bytes=7)).high_bytes == 7


# --- the limit ------------------------------------------------------------------------------------------------------


def test_a_measurement_that_would_pass_the_limit_is_refused_with_the_figures() -> None:
    cost = Estimate(200_000_000, 100_000_000, Basis.RESULTS)
    assert allow(CHOICE, 900_000_000, cost, RULES) is None
    refused = allow(CHOICE, 900_000_001, cost, RULES)
    assert refused is not None
    assert (refused["used_bytes"], refused["cap_bytes"]) == (900_000_001, 1_000_000_000)


def test_a_measurement_that_was_limited_beforehand_is_allowed_within_what_is_left() -> None:
    measured = [result(1, 500_000_000)]
    left = 300_000_000
    spent = CHOICE.cap_bytes - left
    assert allow(CHOICE, spent, estimate(measured, "http", "home", RULES), RULES) is not None
    cut = estimate(measured, "http", "home", RULES, wanted=Wanted(most_bytes=left))
    assert allow(CHOICE, spent, cut, RULES) is None


def test_where_nothing_tells_the_cost_what_is_left_is_the_limit() -> None:
    cost = estimate([], "http", "home", RULES, 1_000_000_000)
    assert allow(CHOICE, 900_000_000, cost, RULES) is None
    assert most_bytes(CHOICE, 900_000_000) == 100_000_000
    assert allow(CHOICE, 985_000_000, cost, RULES) is not None


@given(st.integers(0, 3 * 10**9), st.integers(0, 3 * 10**9), st.sampled_from(Basis))
def test_no_measurement_begins_or_goes_on_beyond_the_limit(spent: int, cost: int, basis: Basis) -> None:
    left = most_bytes(CHOICE, spent)
    assert spent + left <= max(spent, CHOICE.cap_bytes)
    if allow(CHOICE, spent, Estimate(cost, cost, basis), RULES) is None:
        assert left > 0
        assert basis is not Basis.RESULTS or spent + cost <= CHOICE.cap_bytes


def test_a_limit_of_nothing_allows_nothing() -> None:
    nothing = replace(CHOICE, cap_bytes=0)
    assert allow(nothing, 0, Estimate(0, 0, Basis.RESULTS), RULES) is not None


@pytest.mark.parametrize("inside", ["at_home", "loopback"])
def test_what_stayed_within_the_home_costs_nothing(inside: str) -> None:
    now = ns("2026-11-22T12:00")
    one = replace(result(now, 5_000_000), circumstances=Circumstances(**{inside: True}))
    assert used([to_event(one)], now, PARIS) == 0
    assert used([to_event(result(now, 5_000_000))], now, PARIS) == 5_000_000
