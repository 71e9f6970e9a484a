"""The report's days, stretches, shares and hours: what is added up is the whole, in every zone."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.incidents.method import default_method
from diagnostics.model import MILLISECOND, SECOND, Event, EventKind, Gap, GapReason, Span, Target
from diagnostics.witnesses import Origin, Step, Traffic
from diagnostics.working_hours import parse_working_hours
from jalerte_desktop.commands._report_zone import SystemZone
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.report.days import days_of, local_days
from jalerte_desktop.documents.report.hours import hours_of
from jalerte_desktop.documents.report.link import link_shares
from jalerte_desktop.documents.report.own_load import own_load
from jalerte_desktop.documents.report.stretches import overlap, seconds, seconds_by_part, union, without
from jalerte_desktop.documents.report.told import LeftOut
from jalerte_desktop.findings.model import total_within_s
from jalerte_desktop.findings.personal import Telework
from tests import examples
from tests.examples import at
from tests.made import ANCHORS, GATEWAY

PARIS = ZoneInfo("Europe/Paris")
ZONES = [
    ZoneInfo(n) for n in ("Europe/Paris", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
]
HOUR = 3600 * SECOND

moments = st.integers(at("1998-01-01 00:00:00"), at("2027-12-31 00:00:00"))
spans = st.builds(lambda start, length: Span(start, start + length), moments, st.integers(1, 900 * HOUR))
small = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 60), st.integers(0, 12))
several = st.lists(small, max_size=12)


def members(stretches: list[Span]) -> set[int]:
    return {n for span in stretches for n in range(span.start_ns, span.end_ns)}


def orderly(stretches: list[Span]) -> bool:
    return all(one.start_ns < one.end_ns for one in stretches) and all(
        one.end_ns < other.start_ns for one, other in pairwise(stretches)
    )


@given(several, several)
def test_stretches_are_sets_of_moments(ones: list[Span], others: list[Span]) -> None:
    a, b = union(ones), union(others)
    assert (members(a), orderly(a)) == (members(ones), True)
    assert members(overlap(a, b)) == members(a) & members(b)
    assert members(without(a, b)) == members(a) - members(b)
    assert seconds(a) * SECOND == pytest.approx(len(members(a)))
    assert sum(seconds_by_part(a, b)) * SECOND == pytest.approx(len(members(a) & members(b)))


@given(spans, st.sampled_from(ZONES))
@settings(max_examples=300)
def test_days_follow_each_other_and_are_the_period(span: Span, zone: ZoneInfo) -> None:
    days = list(local_days(span, zone))
    parts = [part for _, part in days]
    assert (parts[0].start_ns, parts[-1].end_ns) == (span.start_ns, span.end_ns)
    assert all(one.end_ns == other.start_ns for one, other in pairwise(parts))
    for day, part in days:
        for ns in (part.start_ns, part.end_ns - 1):
            assert datetime.fromtimestamp(ns // SECOND, UTC).astimezone(zone).date() == day


def test_days_of_23_and_25_hours() -> None:
    spring = dict(local_days(Span(at("2026-03-28 12:00:00"), at("2026-03-30 12:00:00")), PARIS))
    assert spring[date(2026, 3, 29)].duration_s == 23 * 3600
    autumn = dict(local_days(Span(at("2026-10-24 12:00:00"), at("2026-10-26 12:00:00")), PARIS))
    assert autumn[date(2026, 10, 25)].duration_s == 25 * 3600


def test_the_systems_own_zone_knows_summer_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    try:
        span = Span(at("2026-03-28 12:00:00"), at("2026-10-27 12:00:00"))
        assert list(local_days(span, SystemZone())) == list(local_days(span, PARIS))
        moment = datetime.fromtimestamp(at("2026-10-25 01:30:00") // SECOND, UTC).astimezone(SystemZone())
        assert (moment.hour, moment.utcoffset()) == (2, datetime(2026, 12, 1, tzinfo=PARIS).utcoffset())
    finally:
        monkeypatch.undo()
        time.tzset()


cut_times = st.lists(
    st.tuples(st.integers(0, 30 * 86_400), st.integers(1, 200_000), st.floats(0.1, 1.5)), max_size=15
)


@given(cut_times, st.sampled_from(ZONES))
@settings(max_examples=100, deadline=None)
def test_seconds_of_days_add_up_to_the_periods(cuts: list[tuple[int, int, float]], zone: ZoneInfo) -> None:
    period = Span(at("2026-10-05 09:00:00"), at("2026-11-02 09:00:00"))
    start = at("2026-10-04 00:00:00")
    held = []
    for begin_s, length_s, _ in cuts:
        one = examples.incident("2026-10-04 00:00:00", length_s)
        span = Span(start + begin_s * SECOND, start + (begin_s + length_s) * SECOND)
        if span.clip(period) is not None:
            held.append(replace(one, id=f"{begin_s:012x}", span=span))
    gaps = [Gap(Span(at("2026-10-24 20:00:00"), at("2026-10-25 05:00:00")), GapReason.ASLEEP)]
    sorted_out = account(examples.findings(held, span=period, gaps=gaps))
    days = days_of(sorted_out, zone)
    assert sum(day.cut_s for day in days) == pytest.approx(total_within_s(held, period))
    assert sum(day.observed_s for day in days) == pytest.approx(sorted_out.findings.coverage.observed_s)
    assert all(0 <= day.observed_s <= day.span.duration_s for day in days)
    assert all((day.cuts > 0) == (day.cut_s > 0) for day in days)


def test_a_cut_over_midnight_is_in_both_days_and_its_seconds_in_each() -> None:
    # 23:59:50 to 00:00:10 in Paris
    cut = examples.incident("2026-11-10 22:59:50", 20)
    wifi = examples.incident("2026-11-10 12:00:00", 5, cause=examples.Cause.WIFI)
    days = {day.day: day for day in days_of(account(examples.findings([cut, wifi])), PARIS)}
    first, second = days[date(2026, 11, 10)], days[date(2026, 11, 11)]
    assert [(day.cuts, day.cut_s, day.incidents) for day in (first, second)] == [(1, 10, 2), (1, 10, 1)]


def test_a_cut_that_the_clock_makes_longer_counts_by_its_duration() -> None:
    cut = replace(examples.incident("2026-11-10 12:00:00", 20), duration_s=5.0)
    (day,) = [one for one in days_of(account(examples.findings([cut])), PARIS) if one.cuts]
    assert day.cut_s == pytest.approx(5)


def test_working_minutes_are_those_that_held_cuts_took() -> None:
    hours = parse_working_hours(["Mon-Fri 09:00-18:00"])
    held = examples.incident("2026-11-10 07:59:00", 120)  # 8:59 to 9:01 in Paris: one minute of work
    own = examples.incident("2026-11-10 10:00:00", 120, cause=examples.Cause.WIFI)
    found = examples.findings([held, own], telework=Telework(hours=hours))
    days = days_of(account(found), PARIS)
    assert {day.day: day.working_minutes_lost for day in days if day.working_minutes_lost} == {
        date(2026, 11, 10): 1
    }
    assert days_of(account(examples.findings([held])), PARIS)[0].working_minutes_lost is None


@dataclass(frozen=True)
class Figures:
    target: Target
    count: int
    missed: int
    median_ns: int | None
    p95_ns: int | None


@dataclass(frozen=True)
class Row:
    start_ns: int
    line_id: str
    rollup: Figures


def row(start_ns: int, target: Target, missed: int, ms: float | None, line: str = "a") -> Row:
    ns = None if ms is None else round(ms * MILLISECOND)
    return Row(start_ns, line, Figures(target, 3600, missed, ns, None if ns is None else 2 * ns))


def test_hours_take_the_lines_anchors_together() -> None:
    hours = [
        row(8 * HOUR, ANCHORS[0], 60, 11.0),
        row(9 * HOUR, ANCHORS[0], 60, 11.0),
        row(10 * HOUR, ANCHORS[0], 6, 10.0),
        row(10 * HOUR, ANCHORS[1], 0, 14.0),
        row(10 * HOUR, ANCHORS[2], 0, 40.0),
        row(10 * HOUR, GATEWAY, 100, 0.5),
        row(10 * HOUR, ANCHORS[3], 3600, 500.0, line="b"),
        row(11 * HOUR, ANCHORS[0], 3600, None),
        row(12 * HOUR, ANCHORS[0], 5, 10.0),
    ]
    found = hours_of(hours, "a", Span(9 * HOUR + 5, 12 * HOUR))
    assert [hour.start_ns // HOUR for hour in found.hours] == [9, 10, 11]
    _, first, second = found.hours
    assert (first.tries, first.missed) == (3 * 3600, 6)
    assert (first.median_ms, first.p95_ms) == (14.0, 28.0)
    assert (second.missed, second.median_ms, second.p95_ms) == (3600, None, None)
    assert {target.role for target in found.targets} == {"anchor", "gateway"}


def link(at_ns: int, **data: object) -> Event:
    return Event(EventKind.LINK, at_ns, {"interface": "eth0", "medium": "ethernet"} | data)  # type: ignore[arg-type]


def test_the_share_on_wifi_is_of_what_could_be_told() -> None:
    left_out = LeftOut()
    found = link_shares(
        [
            link(0, medium="wifi"),
            link(40 * SECOND, tunnel="tun0"),
            Event(EventKind.STARTED, 60 * SECOND, {}),
            link(80 * SECOND, medium=""),
            link(85 * SECOND, medium=7),
            link(90 * SECOND, medium="wifi"),
        ],
        [Span(20 * SECOND, 100 * SECOND)],
        left_out,
    )
    # 20–40 Wi-Fi, 40–60 cable through a tunnel, 60–80 not told, 80–90 no medium told, 90–100 Wi-Fi
    assert (found.wifi.told_s, found.wifi.ratio) == (50, pytest.approx(30 / 50))
    assert (found.vpn.told_s, found.vpn.ratio) == (60, pytest.approx(20 / 60))
    assert left_out.count == 1


def test_nothing_told_is_no_share() -> None:
    found = link_shares([], [Span(0, 100 * SECOND)], LeftOut())
    assert (found.wifi.ratio, found.wifi.told_s) == (None, 0)


def traffic(origin: Origin, start_s: float, *down_mbps: float) -> Traffic:
    steps = tuple(Step(5 * SECOND, round(rate * 1e6), 0) for rate in down_mbps)
    return Traffic(origin, round(start_s * SECOND), steps)


def test_own_load_asks_the_box_first_and_this_machine_where_it_is_silent() -> None:
    observed = [Span(0, 60 * SECOND)]
    home = traffic(Origin.HOME, 0, 100, 100, 90, 1)
    machine = traffic(Origin.MACHINE, 0, 0, 0, 0, 50, 50, 50)
    found = own_load([home, machine], observed, default_method())
    # the box speaks of 0–20 s (15 busy), the machine adds 20–30 s (10 busy)
    assert (found.told_s, found.ratio) == (30, pytest.approx(25 / 30))


def test_a_single_high_step_is_no_measure_of_the_line() -> None:
    found = own_load([traffic(Origin.HOME, 0, 10_000, 20, 19, 18)], [Span(0, 20 * SECOND)], default_method())
    assert found.ratio == pytest.approx(1.0)


def test_what_was_not_observed_is_no_load() -> None:
    found = own_load(
        [traffic(Origin.HOME, 0, 50, 50, 50, 50)], [Span(15 * SECOND, 40 * SECOND)], default_method()
    )
    assert (found.told_s, found.ratio) == (5, 1.0)


rates = st.lists(st.floats(0, 200), min_size=1, max_size=8)


@given(st.lists(st.tuples(st.sampled_from(list(Origin)), st.integers(0, 200), rates), max_size=10), several)
@settings(max_examples=200, deadline=None)
def test_own_load_is_a_share_whatever_the_counters_say(
    said: list[tuple[Origin, int, list[float]]], seen: list[Span]
) -> None:
    observed = union(Span(one.start_ns * SECOND, one.end_ns * SECOND) for one in seen)
    found = own_load(
        [traffic(origin, start, *rate) for origin, start, rate in said], observed, default_method()
    )
    assert 0 <= found.told_s <= seconds(observed) + 1e-6
    assert found.ratio is None or 0 <= found.ratio <= 1 + 1e-9
    assert (found.ratio is None) == (found.told_s == 0)
