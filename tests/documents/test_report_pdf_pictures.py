"""The report's pictures, as they are handed to the layout: nothing across a gap, never the colour of good unseen."""

import re
from dataclasses import replace
from datetime import date
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import SECOND, Gap, GapReason, Span
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.report.calendar import LEVELS_S, brief, calendar, level, lost_share
from jalerte_desktop.documents.report.compose import compose
from jalerte_desktop.documents.report.drawing import WIDTH, Axis, Mark, Picture, ticks
from jalerte_desktop.documents.report.pictures import (
    by_hour_of_day,
    delays,
    hours_of_day,
    loaded_delay,
    speed,
)
from jalerte_desktop.documents.report.strips import day_strip, enlarged, one_day, worst_days
from jalerte_desktop.words.language import speaking
from tests.documents.report_examples import (
    EXAMPLES,
    HOURS,
    ZONE,
    bad_month,
    facts_of,
    incident,
    midnight,
    quiet_month,
    year,
)

HOUR = 3600 * SECOND


@pytest.fixture(autouse=True)
def _english():
    with speaking("en"):
        yield


def pictures_of(value):
    """Every picture of a paper, wherever it stands."""
    if isinstance(value, Picture):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from pictures_of(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from pictures_of(getattr(value, name))


def looks(marks, *shapes):
    return [mark.look for mark in marks if mark.shape in shapes]


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "hostile"])
def test_every_look_that_is_used_is_drawn_by_the_layout_and_stays_within_the_picture(name):
    layout = (files("resources") / "report" / "pictures.typ").read_text()
    known = {
        shape: set(re.findall(r"^  (\w+): ", layout.split(f"#let {table} = (")[1].split("\n)\n")[0], re.M))
        for shape, table in {
            "rect": "rects",
            "line": "lines",
            "words": "written",
            "path": "paths",
            "sign": "signs",
        }.items()
    }
    drawn = list(pictures_of(compose(EXAMPLES[name](), "en")))
    assert drawn
    for picture in drawn:
        for mark in picture.marks:
            assert mark.look in known[mark.shape], mark
            points = mark.points or ((mark.x, mark.y), (mark.x + mark.width, mark.y + mark.height))
            assert all(-1 <= x <= picture.width + 1 and -1 <= y <= picture.height + 1 for x, y in points)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_picture_tells_what_it_shows_and_how_much_was_observed(language):
    for picture in pictures_of(compose(bad_month(), language)):
        assert picture.alt.strip()
        assert picture.width <= WIDTH
    front = compose(bad_month(), language).front
    assert "91" in front.calendar.caption


def test_days_are_shaded_by_the_time_without_internet():
    assert [level(s, 1) for s in (0.5, *LEVELS_S, 3601)] == [1, 1, 2, 3, 4]
    assert level(0, 0) == 0


def test_a_day_that_was_not_observed_is_ruled_and_never_has_the_colour_of_good():
    facts = EXAMPLES["empty"]()
    for height in (20.0, 26.0):
        cells = calendar(facts.days, facts.account.findings.coverage, WIDTH, height).marks
        legend_from = max(mark.y for mark in cells if mark.shape == "rect")
        drawn = [mark.look for mark in cells if mark.shape == "rect" and mark.y < legend_from - 1]
        assert set(drawn) <= {"not_observed", "clear"}
        assert drawn.count("not_observed") == 3


def test_in_a_year_shades_differ_by_size_as_well():
    facts = year(400)
    assert len(facts.days) == 365
    marks = calendar(facts.days, facts.account.findings.coverage, WIDTH, 20).marks
    sizes = {look: {mark.width for mark in marks if mark.look == look} for look in ("day1", "day2", "day3")}
    assert max(sizes["day1"]) < max(sizes["day2"]) < max(sizes["day3"])


def test_the_share_of_a_day_that_was_not_observed():
    day = quiet_month().days[3]
    assert lost_share(day) == 0
    assert lost_share(replace(day, observed_s=day.span.duration_s / 4)) == pytest.approx(0.75)
    assert lost_share(replace(day, span=Span(5, 5))) == 1


def test_a_short_cut_can_be_seen_and_a_gap_is_ruled_in_a_days_strip():
    day = date(2026, 11, 3)
    start = midnight(day)
    gap = Gap(Span(start + 2 * HOUR, start + 6 * HOUR), GapReason.ASLEEP)
    facts = facts_of(day, 1, [incident(start + 12 * HOUR, 4)], (gap,))
    marks, _height = day_strip(facts.account, facts.days[0], ZONE, 240.0, 20.0)
    (cut,) = [mark for mark in marks if mark.look == "cut_thin"]
    assert cut.x == pytest.approx(120.0)
    assert cut.width >= 0.5
    (ruled,) = [mark for mark in marks if mark.look == "not_observed"]
    assert (ruled.x, ruled.width) == (20.0, 40.0)
    assert "12:00" in [mark.words for mark in marks]
    (working,) = [mark for mark in marks if mark.look == "working"]
    assert (working.x, working.width) == (90.0, 90.0)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_on_which_the_clocks_change_has_its_own_hours(day, hours):
    facts = facts_of(day, 1, [])
    marks, _height = day_strip(facts.account, facts.days[0], ZONE, hours * 10.0, 20.0)
    at = {mark.words: mark.x for mark in marks if mark.shape == "words"}
    assert at["0\u00a0h"] == 0
    assert at["24\u00a0h"] == hours * 10.0
    assert at["12\u00a0h"] == pytest.approx(hours * 10.0 - 120)


def test_times_above_a_strip_do_not_run_into_each_other():
    for day in worst_days(bad_month()):
        marks, _height = day_strip(bad_month().account, day, ZONE, WIDTH, 20.0)
        shown = sorted(mark.x for mark in marks if mark.shape == "words" and ":" in mark.words)
        assert all(right - left >= 25 for left, right in pairwise(shown))


def test_the_worst_days_are_those_with_most_time_and_come_in_the_calendars_order():
    facts = bad_month()
    worst = worst_days(facts)
    assert worst[0].cut_s == max(day.cut_s for day in facts.days)
    titles = [mark.words for mark in enlarged(facts, worst).marks if mark.look == "strip_title"]
    assert len(titles) == 6
    assert one_day(facts, worst[0]).alt.count(":") >= worst[0].cuts
    assert not worst_days(quiet_month())


def test_seconds_by_hour_of_the_day_go_by_the_local_clock():
    start = midnight(date(2026, 11, 3)) + 9 * HOUR + 45 * 60 * SECOND
    seconds = by_hour_of_day([Span(start, start + HOUR)], Span(0, start + 10 * HOUR), ZONE)
    assert seconds[9] == 900
    assert seconds[10] == 2700
    assert sum(seconds) == 3600


@given(
    st.integers(1_700_000_000, 1_800_000_000),
    st.integers(1, 400_000),
    st.sampled_from(["Europe/Paris", "Asia/Kathmandu"]),
)
def test_no_second_is_lost_or_counted_twice_among_the_hours(start_s, length_s, zone):
    span = Span(start_s * SECOND + 7, (start_s + length_s) * SECOND + 7)
    seconds = by_hour_of_day([span], span, ZoneInfo(zone))
    assert sum(seconds) == pytest.approx(length_s)


def test_hours_of_the_day_tell_cuts_observation_and_work():
    facts = bad_month()
    marks = hours_of_day(facts).marks
    assert HOURS.entries
    assert looks(marks, "rect").count("working") == 9 + 1
    bars = [mark for mark in marks if mark.look == "cut" and mark.y < 87]
    assert sum(mark.height > 0 for mark in bars) == sum(
        s > 0
        for s in by_hour_of_day((c.span for c in facts.account.outages), facts.account.findings.span, ZONE)
    )


def test_response_times_are_not_drawn_across_a_gap():
    facts = bad_month()
    picture = delays(facts)
    assert picture is not None
    lines = [mark.points for mark in picture.marks if mark.look == "median"]
    span = facts.account.findings.span
    axis = Axis(span.start_ns, span.end_ns, 34.0, WIDTH - 34.0)
    for gap in facts.account.findings.gaps:
        left, right = axis.at(gap.span.start_ns + HOUR), axis.at(gap.span.end_ns - HOUR)
        for points in lines:
            assert not any(a[0] < left and b[0] > right for a, b in pairwise(points))
    assert delays(replace(facts, hours=())) is None


def test_the_delay_of_a_day_is_drawn_by_hours_with_its_cuts_and_that_of_a_month_is_not():
    day = date(2026, 11, 3)
    facts = facts_of(day, 1, [incident(midnight(day) + 12 * HOUR, 5400)])
    picture = delays(facts)
    (line,) = [mark.points for mark in picture.marks if mark.look == "median"]
    assert len(line) == 48, "each hour from its beginning to its end"
    assert all(a[1] == b[1] for a, b in zip(line[::2], line[1::2], strict=True))
    (cut,) = [mark for mark in picture.marks if mark.look == "cut" and mark.y < picture.height - 14]
    assert cut.width == pytest.approx((WIDTH - 34) / 24 * 1.5, abs=0.1)
    assert "cut" not in looks(delays(bad_month()).marks, "rect")


def test_what_is_not_drawn_is_not_in_the_legend_of_the_delay():
    day = date(2026, 11, 3)
    assert "not_observed" not in looks(delays(facts_of(day, 1, [])).marks, "rect")
    gap = Gap(Span(midnight(day), midnight(day) + 6 * HOUR), GapReason.ASLEEP)
    assert looks(delays(facts_of(day, 1, [], (gap,))).marks, "rect").count("not_observed") == 2


def test_speed_shows_each_measurement_its_state_and_what_is_promised():
    facts = bad_month()
    picture = speed(facts)
    assert picture is not None
    signs = [mark.look for mark in picture.marks if mark.shape == "sign" and mark.y < picture.height - 14]
    assert len(signs) == 2 * len(facts.speed)
    assert signs.count("rejected") == 2 * sum(point.accepted is False for point in facts.speed)
    promised = [mark for mark in picture.marks if mark.look == "promise"]
    assert [mark.words.split("\u00a0")[0] for mark in promised] == ["minimum", "usual", "maximum"] * 2
    assert speed(replace(facts, speed=())) is None


def test_promises_close_to_each_other_keep_readable_labels():
    facts = bad_month()
    close = replace(facts, promise=replace(facts.promise, download_max_bps=8.02e8, download_usual_bps=8.01e8))
    picture = speed(close)
    assert picture is not None
    at = [mark.y for mark in picture.marks if mark.look == "promise"][:3]
    assert all(abs(one - other) >= 7 for one, other in pairwise(at))


def test_the_delay_on_a_full_line_needs_a_measurement_at_rest_and_under_load():
    facts = bad_month()
    assert loaded_delay(facts) is not None
    unloaded = tuple(replace(point, loaded_down_ms=None, loaded_up_ms=None) for point in facts.speed)
    assert loaded_delay(replace(facts, speed=unloaded)) is None


@given(st.floats(1e-6, 1e12))
def test_ticks_reach_the_highest_value_in_few_round_steps(most):
    found = ticks(most)
    assert found[0] == 0
    assert found[-1] >= most * 0.999
    assert 2 <= len(found) <= 7


@pytest.mark.parametrize("most", [0.0, -1.0, float("inf"), float("nan")])
def test_ticks_of_nothing_are_still_a_scale(most):
    assert ticks(most) == (0.0, 1.0)


def test_an_axis_keeps_values_within_its_ends():
    axis = Axis(0, 10, 100, -50)
    assert [axis.at(value) for value in (-5, 0, 5, 10, 99)] == [100, 100, 75, 50, 50]
    assert Axis(3, 3, 7, 50).at(3) == 7


def test_short_durations_fit_a_small_cell():
    told = [brief(seconds).replace("\u00a0", " ") for seconds in (28, 60, 2880, 5340, 90_000)]
    assert told == ["28 s", "1 min", "48 min", "1 h 29", "25 h 00"]


def test_incidents_of_other_causes_colour_no_day():
    facts = quiet_month()
    assert facts.account.set_aside
    marks = calendar(facts.days, facts.account.findings.coverage, WIDTH, 26).marks
    assert sum(mark.look in ("day1", "day2", "day3", "day4") for mark in marks) == 4, "the legend's own"
    assert account(facts.account.findings).outages == ()
    assert isinstance(marks[0], Mark)
