"""Scheduled measurements: how many a day, how many in the evening, how far apart, and no two machines in step."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diagnostics.model import MINUTE, SECOND
from diagnostics.throughput.schedule import (
    APART_NS,
    EVENING_FROM_H,
    EVENING_TO_H,
    LATE_NS,
    MARGIN_NS,
    local_moment,
    moments,
    next_due,
    within_limit,
)
from diagnostics.throughput.terms import Spacing

PARIS = ZoneInfo("Europe/Paris")
ZONES = [
    PARIS,
    ZoneInfo("UTC"),
    ZoneInfo("America/Nuuk"),  # its clocks change in the late evening
    ZoneInfo("Africa/Cairo"),  # and these at midnight
    ZoneInfo("Australia/Lord_Howe"),  # by half an hour
    ZoneInfo("America/New_York"),
    ZoneInfo("Asia/Kathmandu"),
]
DAY = 24 * 60 * MINUTE
HOUR = 60 * MINUTE
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
NDT7 = Spacing(21600, 2160, 54000)

days = st.dates(date(2023, 1, 1), date(2029, 12, 31)) | st.sampled_from(
    [SPRING, AUTUMN, date(2022, 3, 26), date(2026, 3, 28), date(2026, 10, 24), date(2026, 4, 24)]
)
seeds = st.binary(min_size=1, max_size=32)
zones = st.sampled_from(ZONES)


def ns(text: str, zone: ZoneInfo = PARIS) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * SECOND


def local(at_ns: int, zone: ZoneInfo = PARIS) -> datetime:
    return datetime.fromtimestamp(at_ns / SECOND, UTC).astimezone(zone)


def in_evening(at_ns: int, zone: ZoneInfo) -> bool:
    return EVENING_FROM_H <= local(at_ns, zone).hour < EVENING_TO_H


@given(st.integers(1, 24), days, zones, seeds)
def test_a_day_has_its_number_in_order_on_that_day(
    per_day: int, day: date, zone: ZoneInfo, seed: bytes
) -> None:
    found = moments(day, per_day, zone, seed)
    assert len(found) == per_day
    assert list(found) == sorted(found)
    assert {local(at, zone).date() for at in found} == {day}


@given(st.integers(2, 24), days, zones, seeds)
def test_a_third_lies_in_the_evening(per_day: int, day: date, zone: ZoneInfo, seed: bytes) -> None:
    evening = sum(in_evening(at, zone) for at in moments(day, per_day, zone, seed))
    assert evening == math.ceil(per_day / 3)


@given(st.integers(1, 24), days, zones, seeds)
@example(
    10, date(2026, 3, 28), ZoneInfo("America/Nuuk"), b"\x90\x08\xd1\x01\xfa\x01"
)  # 23 h is midnight there
def test_no_two_lie_within_half_an_hour_also_across_midnight(
    per_day: int, day: date, zone: ZoneInfo, seed: bytes
) -> None:
    found = [
        *moments(day, per_day, zone, seed),
        *moments(day + timedelta(days=1), per_day, zone, seed),
    ]
    assert all(b - a >= APART_NS for a, b in pairwise(found))


def test_one_a_day_comes_to_the_evening_on_every_third_day() -> None:
    found = [moments(date(2026, 1, 1) + timedelta(days=n), 1, PARIS, b"me")[0] for n in range(300)]
    assert 70 <= sum(in_evening(at, PARIS) for at in found) <= 130


@given(st.integers(1, 24), days, seeds)
def test_the_same_machine_gets_the_same_times(per_day: int, day: date, seed: bytes) -> None:
    assert moments(day, per_day, PARIS, seed) == moments(day, per_day, PARIS, seed)


def test_another_day_has_other_times() -> None:
    clocks = {
        tuple(local(at).time() for at in moments(date(2026, 1, 1) + timedelta(days=n), 4, PARIS, b"me"))
        for n in range(60)
    }
    assert len(clocks) == 60


@pytest.mark.parametrize(("per_day", "most"), [(1, 5), (2, 6), (4, 9), (8, 12), (24, 20)])
def test_no_minute_is_crowded_among_200_machines(per_day: int, most: int) -> None:
    """Evening minutes are to hold 200 * share / 300 on average: chance alone decides on more."""
    minutes: Counter[int] = Counter()
    for number in range(200):
        minutes.update(
            at // MINUTE for at in moments(date(2026, 11, 22), per_day, PARIS, b"machine %d" % number)
        )
    assert max(minutes.values()) <= most


def test_two_machines_that_meet_once_do_not_stay_in_step() -> None:
    """However near the first times of two machines lie, no pair shares more than a few minutes of 24."""
    plans = [
        {at // MINUTE for at in moments(date(2026, 11, 22), 24, PARIS, b"machine %d" % number)}
        for number in range(60)
    ]
    shared = [len(one & other) for n, one in enumerate(plans) for other in plans[:n]]
    assert max(shared) <= 8


# --- what is due ----------------------------------------------------------------------------------------------------


@given(
    st.integers(1, 24),
    st.integers(ns("2026-01-01T00:00"), ns("2027-01-01T00:00")),
    st.integers(0, 5 * DAY),
    zones,
    seeds,
)
def test_what_is_due_lies_ahead_and_apart(
    per_day: int, now_ns: int, ago_ns: int, zone: ZoneInfo, seed: bytes
) -> None:
    last_ns = now_ns - ago_ns
    due = next_due(per_day, last_ns, now_ns, zone, seed)
    assert due is not None
    assert due >= now_ns - LATE_NS
    assert due - last_ns >= APART_NS
    assert due - now_ns <= 2 * DAY


@given(st.integers(1, 24), days, zones, seeds)
def test_who_measures_when_it_is_due_measures_as_often_as_asked(
    per_day: int, day: date, zone: ZoneInfo, seed: bytes
) -> None:
    now_ns = local_moment(day, 0, zone)
    last_ns = now_ns - MARGIN_NS
    made = []
    for _ in range(per_day):
        due = next_due(per_day, last_ns, now_ns, zone, seed)
        assert due is not None
        now_ns = last_ns = due
        made.append(due)
    assert tuple(made) == moments(day, per_day, zone, seed)


def test_what_was_slept_over_is_not_caught_up() -> None:
    morning, next_noon = ns("2026-11-22T08:00"), ns("2026-11-23T12:00")
    due = next_due(24, morning, next_noon, PARIS, b"me")
    assert due is not None
    assert next_noon - LATE_NS <= due <= next_noon + 2 * HOUR
    after = next_due(24, due, next_noon, PARIS, b"me")
    assert after is not None
    assert after - due >= APART_NS


def test_a_late_measurement_pushes_the_next_one_away() -> None:
    first, second = moments(date(2026, 11, 22), 24, PARIS, b"me")[18:20]
    late = second - 5 * MINUTE
    assert late > first
    assert next_due(24, late, late, PARIS, b"me") == late + APART_NS


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    now = ns("2026-11-22T12:00")
    due = next_due(4, now + 90 * DAY, now, PARIS, b"me")
    assert due is not None
    assert now < due < now + DAY


def test_nothing_is_due_without_a_schedule() -> None:
    assert next_due(0, 0, ns("2026-11-22T12:00"), PARIS, b"me") is None


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 11, 22), 24)])
def test_a_day_is_as_long_as_it_is(day: date, hours: int) -> None:
    assert local_moment(day + timedelta(days=1), 0, PARIS) - local_moment(day, 0, PARIS) == hours * HOUR


# --- a provider's own rule ------------------------------------------------------------------------------------------


@given(
    st.integers(4, 24),
    st.integers(ns("2026-01-01T00:00"), ns("2027-01-01T00:00")),
    st.integers(0, 400 * DAY),
    seeds,
)
def test_drawn_waits_keep_to_the_rule(per_day: int, now_ns: int, ago_ns: int, seed: bytes) -> None:
    last_ns = now_ns - ago_ns
    due = next_due(per_day, last_ns, now_ns, PARIS, seed, NDT7)
    assert due is not None
    assert due - last_ns >= NDT7.min_s * SECOND
    assert now_ns - LATE_NS <= due <= now_ns + NDT7.max_s * SECOND
    assert due == next_due(per_day, last_ns, now_ns, PARIS, seed, NDT7)
    # Time that passes does not move what was drawn.
    if due > now_ns:
        assert next_due(per_day, last_ns, due, PARIS, seed, NDT7) == due


def test_drawn_waits_have_the_rule_s_mean_and_are_no_grid() -> None:
    now = ns("2026-01-01T00:00")
    waits = []
    for _ in range(3000):
        due = next_due(24, now, now, PARIS, b"me", NDT7)
        assert due is not None
        waits.append((due - now) / SECOND)
        now = due
    # The limits cut both tails: the mean of the drawn waits is a little below 6 h.
    assert 5.3 * 3600 < sum(waits) / len(waits) < 6.1 * 3600
    assert len({round(wait) for wait in waits if NDT7.min_s < wait < NDT7.max_s}) > 2000


def test_who_wants_fewer_gets_longer_waits() -> None:
    now = start = ns("2026-01-01T00:00")
    for _ in range(200):
        due = next_due(1, now, now, PARIS, b"me", NDT7)
        assert due is not None
        assert due - now >= NDT7.min_s * SECOND
        now = due
    assert 0.8 * DAY < (now - start) / 200 < 1.1 * DAY


def test_a_provider_s_most_a_day_is_kept_in_any_24_hours() -> None:
    noon = ns("2026-11-22T12:00")
    made = [noon - n * HOUR for n in (20, 15, 10, 5)]
    assert within_limit(noon, made, 0) == noon
    assert within_limit(noon, made, 5) == noon
    assert within_limit(noon, made, 4) == noon + 4 * HOUR
    assert within_limit(noon + 6 * HOUR, made, 4) == noon + 6 * HOUR
