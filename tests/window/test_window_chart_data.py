"""Columns, bands and scale of the day's chart."""

from __future__ import annotations

import itertools
from dataclasses import replace

import window_examples as examples
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import MINUTE, SECOND, Gap, GapReason, Kind, Span
from jalerte_desktop.findings.model import MinuteSummary
from jalerte_desktop.window.chart_data import (
    Band,
    ceiling,
    chart_of,
    columns_of,
    flatten,
    local_day,
    runs_of,
    strips_of,
    ticks_of,
)
from jalerte_desktop.window.chart_view import describe, legend
from jalerte_desktop.window.marks import Mark
from jalerte_desktop.window.tables import minute_rows

MARKS = [Mark.UNOBSERVED, Mark.OUTAGE, Mark.LOSS, Mark.LATENCY, Mark.OTHER]
moments = st.integers(0, 24 * 60)


@st.composite
def many_bands(draw) -> list[Band]:
    result = []
    for _number in range(draw(st.integers(0, 12))):
        start = draw(moments)
        result.append(Band(draw(st.sampled_from(MARKS)), Span(start, start + draw(st.integers(1, 300)))))
    return result


@given(many_bands())
def test_bands_never_overlap_and_the_gravest_wins(bands):
    flat = flatten(bands)
    for before, after in itertools.pairwise(flat):
        assert before.span.end_ns <= after.span.start_ns
    for moment in range(0, 24 * 60 + 300, 7):
        holding = [band.mark for band in bands if band.span.start_ns <= moment < band.span.end_ns]
        shown = [band.mark for band in flat if band.span.start_ns <= moment < band.span.end_ns]
        assert shown == ([min(holding, key=MARKS.index)] if holding else [])


@given(many_bands(), st.integers(1, 900))
def test_strips_of_pixels_never_overlap_and_stay_inside(bands, width):
    def x_of(moment: int) -> float:
        return 34 + moment / (24 * 60) * width

    strips = strips_of(flatten(bands), x_of, 34, 34 + width)
    for strip in strips:
        assert 34 <= strip.left < strip.right <= 34 + width
    for before, after in itertools.pairwise(strips):
        assert before.right <= after.left


def test_a_short_outage_can_be_seen_and_a_hair_of_a_gap_does_not_hide_it():
    outage = Band(Mark.OUTAGE, Span(600_000, 600_010))
    hair = Band(Mark.UNOBSERVED, Span(600_010, 600_012))
    strips = strips_of([outage, hair], lambda moment: moment / 1000, 0, 1440)
    assert [(strip.mark, strip.right - strip.left) for strip in strips] == [(Mark.OUTAGE, 4)]


def test_a_short_outage_is_not_widened_over_time_that_was_not_observed():
    gap = Band(Mark.UNOBSERVED, Span(0, 600_000))
    outage = Band(Mark.OUTAGE, Span(600_000, 600_010))
    strips = strips_of([gap, outage], lambda moment: moment / 1000, 0, 1440)
    assert [(strip.mark, strip.left, strip.right) for strip in strips] == [
        (Mark.UNOBSERVED, 0, 600),
        (Mark.OUTAGE, 600, 604),
    ]


@given(st.sets(st.integers(0, 200), max_size=120), many_bands())
def test_a_line_never_joins_across_a_gap(minutes, bands):
    flat = [
        Band(band.mark, Span(band.span.start_ns * SECOND, band.span.end_ns * SECOND))
        for band in flatten(bands)
    ]
    columns = columns_of(
        [
            MinuteSummary(n * MINUTE, "anchor/icmp/192.0.2.1", 60, 0, 1.0, 2.0, 3.0, 4.0)
            for n in sorted(minutes)
        ]
    )
    runs = runs_of(columns, flat)
    assert [column for run in runs for column in run] == columns
    gaps = [band.span for band in flat if band.mark is Mark.UNOBSERVED]
    for run in runs:
        for before, after in itertools.pairwise(run):
            assert after.start_ns - before.start_ns == MINUTE
            assert not any(gap.start_ns < after.middle_ns and gap.end_ns > before.middle_ns for gap in gaps)


def test_anchors_are_drawn_together_and_others_left_out():
    rows = [
        MinuteSummary(0, "anchor/icmp/192.0.2.1", 60, 2, 9.0, 10.0, 11.0, 12.0),
        MinuteSummary(0, "anchor/icmp/192.0.2.2", 60, 0, 8.0, 20.0, 21.0, 40.0),
        MinuteSummary(0, "anchor/icmp/192.0.2.3", 60, 60, None, None, None, None),
        MinuteSummary(0, "anchor/tcp/192.0.2.3", 60, 0, 80.0, 90.0, 99.0, 120.0),
        MinuteSummary(0, "gateway/icmp/192.168.1.1", 60, 0, 0.5, 1.0, 2.0, 3.0),
    ]
    (column,) = columns_of(rows)
    assert (column.count, column.lost, column.low, column.median, column.high) == (180, 62, 8.0, 15.0, 40.0)


def test_a_machine_without_icmp_still_has_a_line():
    (column,) = columns_of([MinuteSummary(0, "anchor/tcp/192.0.2.3", 60, 0, 80.0, 90.0, 99.0, 120.0)])
    assert column.median == 90.0


@given(st.lists(st.floats(0.01, 5000), min_size=1, max_size=50))
def test_every_median_lies_below_the_top_of_the_scale(medians):
    columns = columns_of(
        [
            MinuteSummary(n * MINUTE, "anchor/icmp/192.0.2.1", 60, 0, value, value, value, value)
            for n, value in enumerate(medians)
        ]
    )
    assert max(medians) <= ceiling(columns)


def test_one_peak_does_not_flatten_the_whole_day():
    rows = [
        MinuteSummary(n * MINUTE, "anchor/icmp/192.0.2.1", 60, 0, 10.0, 12.0, 15.0, 900.0 if n == 7 else 30.0)
        for n in range(900)
    ]
    assert ceiling(columns_of(rows)) == 40


def test_days_on_which_the_clocks_change():
    long_day = local_day(1_792_900_800 * SECOND)  # 25 October 2026
    assert long_day.duration_s == 25 * 3600
    assert [tick.hour for tick in ticks_of(long_day)] == [*range(0, 24, 2), 24]
    short_day = local_day(1_774_785_600 * SECOND)  # 29 March 2026
    assert short_day.duration_s == 23 * 3600
    ticks = ticks_of(short_day)
    assert all(a.at_ns < b.at_ns for a, b in itertools.pairwise(ticks))


def test_the_day_of_the_examples():
    incidents, gaps = examples.day_and_week()
    chart = chart_of(examples.findings(incidents, gaps), examples.NOW)
    assert chart.marks == (Mark.OUTAGE, Mark.LOSS, Mark.UNOBSERVED)
    assert chart.gap_reasons == (GapReason.ASLEEP,)
    assert chart.columns[-1].start_ns <= examples.NOW
    assert [mark for mark, _words in legend(chart)] == [Mark.OUTAGE, Mark.LOSS, Mark.UNOBSERVED, Mark.FINE]


def test_the_legend_explains_only_what_occurs():
    chart = chart_of(examples.findings(), examples.NOW)
    assert [mark for mark, _words in legend(chart)] == [Mark.FINE]
    empty = chart_of(replace(examples.findings(), minutes=()), examples.NOW)
    assert legend(empty) == []


def test_other_lines_make_no_band_and_excluded_incidents_none_of_their_kind():
    other = replace(examples.HOME, id="0123456789ab")
    midnight = local_day(examples.NOW).start_ns
    found = replace(
        examples.findings(),
        incidents=(
            examples.incident(midnight + MINUTE, 60, line=other),
            examples.incident(midnight + 9 * MINUTE, 60, excluded="travaux"),
        ),
    )
    (band,) = chart_of(found, examples.NOW).bands
    assert (band.mark, band.span.start_ns) == (Mark.EXCLUDED, midnight + 9 * MINUTE)


def test_minutes_of_another_line_are_not_drawn():
    midnight = local_day(examples.NOW).start_ns
    away = Gap(Span(midnight, midnight + 60 * MINUTE), GapReason.OTHER_LINE)
    found = examples.findings(gaps=(away,))
    stray = replace(examples.findings().minutes[0], start_ns=midnight + 30 * MINUTE)
    chart = chart_of(replace(found, minutes=(stray, *found.minutes)), examples.NOW)
    assert chart.columns[0].start_ns >= away.span.end_ns


def test_one_moment_in_words():
    incidents, gaps = examples.day_and_week()
    chart = chart_of(examples.findings(incidents, gaps), examples.NOW)
    midnight = chart.day.start_ns
    assert describe(chart, midnight + 3 * 3600 * SECOND).startswith("03:00 · non observé (")
    assert (
        describe(chart, midnight + 9 * 3600 * SECOND + 16 * MINUTE)
        == "09:16 · coupure · 180 essais perdus sur 180"
    )
    quiet = describe(chart, midnight + 8 * 3600 * SECOND)
    assert quiet.startswith("08:00 · normal · délai médian 1")
    assert describe(chart, midnight + 20 * 3600 * SECOND) == "20:00 · à venir"


def test_the_table_tells_every_minute_once_and_a_gap_in_one_row():
    incidents, gaps = examples.day_and_week()
    chart = chart_of(examples.findings(incidents, gaps), examples.NOW)
    rows = minute_rows(chart)
    starts = [row[0] for row in rows]
    assert len(starts) == len(set(starts))
    assert "00:35–06:48" in starts
    gap_row = rows[starts.index("00:35–06:48")]
    assert gap_row[1].startswith("non observé")
    assert gap_row[2:] == ("", "", "", "")
    assert rows[starts.index("09:16")][1:3] == ("coupure", "")
    assert rows[-1][0] == "16:04"
    assert len(rows) == 35 + 1 + (16 * 60 + 5) - (6 * 60 + 48)


def test_a_day_without_any_measurement_is_one_row():
    found = replace(examples.findings(), minutes=())
    rows = minute_rows(chart_of(found, examples.NOW))
    assert [row[:2] for row in rows] == [("00:00–16:05", "pas de mesure")]


@given(st.sampled_from(list(Kind)))
def test_every_kind_is_drawn(kind):
    midnight = local_day(examples.NOW).start_ns
    chart = chart_of(examples.findings([examples.incident(midnight, 90, kind=kind)]), examples.NOW)
    assert len(chart.bands) == 1
    assert chart.bands[0].mark is not Mark.UNOBSERVED
