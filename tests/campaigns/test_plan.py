"""When measurements are due: every rule of the procedure holds, whatever the machine does and the clocks show."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.campaigns.accept import review
from diagnostics.campaigns.model import Due, Failed, Finished
from diagnostics.campaigns.plan import next_due
from diagnostics.campaigns.rules import with_own
from diagnostics.model import MINUTE, SECOND
from diagnostics.throughput.model import Circumstances, Medium, SpeedResult
from tests.campaigns.measured import PARIS, campaign, follow, good, local, measured, ns, rules

BNETZA, RTR, AGCOM = rules("bnetza"), rules("rtr"), rules("agcom")
FREE = with_own(rules("free"), 6, 3600)
HOUR = 60 * MINUTE


def test_the_german_series_follows_every_rule() -> None:
    begun = campaign(BNETZA, ns("2026-11-23 07:00"))
    results, end, _ = follow(BNETZA, begun)
    assert isinstance(end, Finished)
    assert len(results) == 30
    days = Counter(local(result.at_ns).date() for result in results)
    assert list(days.values()) == [10, 10, 10]
    dates = sorted(days)
    assert all((after - before).days >= 2 for before, after in pairwise(dates))
    assert (dates[-1] - dates[0]).days < 14
    for date in dates:
        moments = [result.at_ns for result in results if local(result.at_ns).date() == date]
        gaps = [after - before for before, after in pairwise(moments)]
        assert min(gaps) >= 5 * MINUTE
        assert gaps[4] >= 3 * HOUR
        evening = [moment for moment in moments if 18 <= local(moment).hour < 23]
        assert 2 <= len(evening) <= 7, "the evening is met, and not the evening alone"
        assert moments[-1] - moments[0] > 7 * HOUR, "spread over the day"


@settings(max_examples=40, deadline=None)
@given(
    start=st.integers(0, 40 * 24 * 60),
    late=st.integers(0, 90),
    on=st.integers(0, 23),
    hours=st.integers(5, 24),
    zone=st.sampled_from([PARIS, ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe")]),
)
def test_no_machine_breaks_a_rule_of_the_german_series(
    start: int, late: int, on: int, hours: int, zone: ZoneInfo
) -> None:
    """Machines that run some hours of the day, wait for idle lines, and live through changes of the clocks."""
    begun = campaign(BNETZA, ns("2026-10-01 00:00", zone) + start * MINUTE)

    def awake(at_ns: int) -> bool:
        return (local(at_ns, zone).hour - on) % 24 < hours

    results, end, now = follow(BNETZA, begun, awake=awake, zone=zone, late_ns=late * SECOND)
    found = review(BNETZA, begun, results, now, zone)
    days = Counter(local(result.at_ns, zone).date() for result in found.counted)
    assert all(count <= 10 for count in days.values())
    for one in found.measured:
        assert one.accepted or one.against[0].code == "campaign_day_incomplete"
    if isinstance(end, Finished):
        assert sorted(days.values()) == [10, 10, 10]
    else:
        assert isinstance(end, Failed)
        assert end.reason.code in ("campaign_window_missed", "campaign_too_many_tries")


def test_the_same_arguments_give_the_same_moment_and_it_stays() -> None:
    begun = campaign(BNETZA, ns("2026-11-23 07:00"))
    first = next_due(BNETZA, begun, [], begun.started_ns, PARIS)
    assert isinstance(first, Due)
    assert first == next_due(BNETZA, begun, [], first.at_ns, PARIS)
    others = {
        next_due(BNETZA, campaign(BNETZA, begun.started_ns, id=f"c0ffee{n:08d}"), [], begun.started_ns, PARIS)
        for n in range(20)
    }
    assert len(others) == 20, "no two machines in step"


def test_a_day_that_is_too_short_is_left_for_the_next() -> None:
    begun = campaign(BNETZA, ns("2026-11-23 21:30"))
    due = next_due(BNETZA, begun, [], begun.started_ns, PARIS)
    assert isinstance(due, Due)
    assert local(due.at_ns).date() == local(begun.started_ns).date() + timedelta(days=1)


def test_a_day_that_stayed_incomplete_is_set_aside_and_another_one_taken() -> None:
    begun = campaign(BNETZA, ns("2026-11-23 07:00"))
    ends = ns("2026-11-23 15:00")
    wakes = ns("2026-11-24 06:00")
    results, end, now = follow(BNETZA, begun, awake=lambda at_ns: not ends <= at_ns < wakes)
    assert isinstance(end, Finished)
    found = review(BNETZA, begun, results, now, PARIS)
    aside = [one for one in found.measured if not one.accepted]
    assert aside
    assert {one.against[0].code for one in aside} == {"campaign_day_incomplete"}
    assert {local(one.result.at_ns).day for one in aside} == {23}
    assert {local(result.at_ns).day for result in found.counted} == {25, 27, 29}


def test_a_series_that_cannot_be_completed_says_so() -> None:
    begun = campaign(BNETZA, ns("2026-11-23 07:00"))
    results, _, _ = follow(BNETZA, begun, awake=lambda at_ns: at_ns < ns("2026-11-24 06:00"), days=1)
    late = next_due(BNETZA, begun, results, ns("2026-12-06 12:00"), PARIS)
    assert isinstance(late, Failed)
    assert late.reason.code == "campaign_window_missed"
    still = next_due(BNETZA, begun, results, ns("2026-12-03 12:00"), PARIS)
    assert isinstance(still, Due)


def test_rejected_measurements_are_made_again_and_not_for_ever() -> None:
    def over_wifi(at_ns: int) -> SpeedResult:
        return measured(at_ns, circumstances=_on(Medium("wifi", "wlan0")))

    begun = campaign(BNETZA, ns("2026-11-23 07:00"))
    results, end, _ = follow(BNETZA, begun, over_wifi)
    assert isinstance(end, Failed)
    assert end.reason.code == "campaign_too_many_tries"
    assert len(results) == 90
    per_day = Counter(local(result.at_ns).date() for result in results)
    assert max(per_day.values()) < 60
    gaps = [after.at_ns - before.at_ns for before, after in pairwise(results)]
    assert min(gaps) >= 5 * MINUTE


def test_the_austrian_series_has_three_cycles_of_two_hours() -> None:
    begun = campaign(RTR, ns("2026-11-23 10:00"))
    results, end, now = follow(RTR, begun)
    assert isinstance(end, Finished)
    days = sorted({local(result.at_ns).date() for result in results})
    assert len(days) == 3
    for day in days:
        moments = [result.at_ns for result in results if local(result.at_ns).date() == day]
        assert moments[-1] - moments[0] >= 2 * HOUR
        gaps = {after - before for before, after in pairwise(moments)}
        assert gaps == {15 * MINUTE}
    assert len(review(RTR, begun, results, now, PARIS).counted) >= 18
    hours = [local(result.at_ns).hour for result in results if local(result.at_ns).date() == days[0]]
    assert min(hours) >= 18


def test_a_cycle_outlives_some_rejected_measurements_and_a_nap() -> None:
    def sometimes_busy(at_ns: int) -> SpeedResult:
        share = 0.9 if at_ns // (15 * MINUTE) % 4 == 0 else 0.2
        return measured(at_ns, circumstances=_on(Medium("ethernet", "eth0", 10**9), cpu_share=share))

    nap = ns("2026-11-23 19:00"), ns("2026-11-23 19:40")
    begun = campaign(RTR, ns("2026-11-23 10:00"))
    results, end, now = follow(RTR, begun, sometimes_busy, awake=lambda at_ns: not nap[0] <= at_ns < nap[1])
    assert isinstance(end, Finished)
    found = review(RTR, begun, results, now, PARIS)
    assert len(found.counted) >= 18
    assert {one.against[0].code for one in found.measured if not one.accepted} == {"campaign_cpu"}


def test_a_machine_that_runs_in_the_morning_alone_can_still_complete_the_austrian_series() -> None:
    begun = campaign(RTR, ns("2026-11-23 08:00"))
    results, end, _ = follow(RTR, begun, awake=lambda at_ns: 8 <= local(at_ns).hour < 13)
    assert isinstance(end, Finished)
    assert len(results) >= 18


def test_the_italian_series_fills_a_day_and_night() -> None:
    begun = campaign(AGCOM, ns("2026-11-23 10:00"))
    results, end, now = follow(AGCOM, begun)
    assert isinstance(end, Finished)
    assert len(results) == 96
    assert now - results[0].at_ns <= 24 * HOUR
    hours = Counter((result.at_ns - results[0].at_ns) // HOUR for result in results)
    assert set(hours.values()) == {4}


def test_missed_slots_are_made_up_for_in_their_own_hour() -> None:
    begun = campaign(AGCOM, ns("2026-11-23 10:00"))
    night = ns("2026-11-24 01:00"), ns("2026-11-24 03:00")
    results, end, now = follow(AGCOM, begun, awake=lambda at_ns: not night[0] <= at_ns < night[1])
    assert isinstance(end, Finished)
    assert now - results[0].at_ns > 24 * HOUR
    made_up = [local(result.at_ns) for result in results if result.at_ns - results[0].at_ns >= 24 * HOUR]
    assert {moment.date().day for moment in made_up} == {25}
    assert {moment.hour for moment in made_up} <= {0, 1, 2, 3}


def test_slots_that_can_no_longer_be_made_up_for_end_the_italian_series() -> None:
    begun = campaign(AGCOM, ns("2026-11-23 10:00"))
    results, end, now = follow(AGCOM, begun, awake=lambda at_ns: local(at_ns).hour != 3)
    assert isinstance(end, Failed)
    assert end.reason.code == "campaign_slots_missed"
    assert now - results[0].at_ns < 72 * HOUR
    assert len(results) < 96


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 30 * 24 * 60), st.integers(0, 250), st.integers(0, 23), st.integers(12, 24))
def test_nothing_that_the_plan_asks_for_is_refused_on_the_grid(
    start: int, late: int, on: int, hours: int
) -> None:
    begun = campaign(AGCOM, ns("2026-10-10 00:00") + start * MINUTE)
    results, end, now = follow(
        AGCOM, begun, awake=lambda at_ns: (local(at_ns).hour - on) % 24 < hours, late_ns=late * SECOND
    )
    found = review(AGCOM, begun, results, now, PARIS)
    assert all(one.accepted for one in found.measured)
    assert isinstance(end, Finished | Failed)
    assert isinstance(end, Finished) == (len(found.counted) == 96)


def test_the_free_series_keeps_its_spacing_and_shifts() -> None:
    begun = campaign(FREE, ns("2026-11-23 10:00"), count=6, spacing_s=3600)
    results, end, _ = follow(FREE, begun)
    assert isinstance(end, Finished)
    gaps = [after.at_ns - before.at_ns for before, after in pairwise(results)]
    assert len(results) == 6
    assert all(HOUR <= gap <= 1.25 * HOUR for gap in gaps)
    assert len(set(gaps)) > 1


@pytest.mark.parametrize("name", ["bnetza", "rtr", "agcom"])
def test_a_restart_changes_nothing(name: str) -> None:
    """All that the plan needs is in the journal: whoever asks after a restart gets the same answer."""
    begun = campaign(rules(name), ns("2026-11-23 09:00"))
    results, _, now = follow(rules(name), begun, days=1)
    assert next_due(rules(name), begun, results, now, PARIS) == next_due(
        rules(name), begun, list(reversed(results)), now, PARIS
    )


def test_a_stopped_series_asks_for_nothing() -> None:
    begun = campaign(BNETZA, ns("2026-11-23 07:00"), stopped_ns=ns("2026-11-23 08:00"))
    following = next_due(BNETZA, begun, [], ns("2026-11-23 09:00"), PARIS)
    assert isinstance(following, Failed)
    assert following.reason.code == "campaign_stopped"


def _on(medium: Medium, cpu_share: float = 0.2) -> Circumstances:
    return replace(good(), medium=medium, cpu_share=cpu_share)


@pytest.mark.parametrize("name", ["bnetza", "rtr", "agcom", "free"])
def test_what_is_measured_by_hand_moves_nothing(name: str) -> None:
    """Else somebody could keep a planned measurement from being made, or use up all the tries."""
    by = rules(name)
    begun = campaign(by, ns("2026-11-23 07:00"))
    results = [measured(ns("2026-11-23 09:00"))]
    now = ns("2026-11-23 09:05")
    by_hand = [
        measured(now - MINUTE + place, id=f"hand{place}", scheduled=False) for place in range(by.most_tries)
    ]
    planned = next_due(by, begun, results, now, PARIS)
    assert isinstance(planned, Due)
    assert next_due(by, begun, [*results, *by_hand], now, PARIS) == planned
