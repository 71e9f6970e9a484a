"""Properties of the study: order, splitting, gaps, lines, clocks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.incidents.study import Study
from diagnostics.model import SECOND, Event, EventKind, Exclusion, GapReason, Kind, Line, Role, Span
from tests.made import (
    BEYOND_BOX,
    EVERYTHING,
    GOOD,
    LINE,
    LOST,
    OFFSET,
    T0,
    MadeBlock,
    between,
    blocks,
    samples,
)


def feed(made: list[MadeBlock], *events: Event) -> Study:
    study = Study()
    study.note(events)
    for block in made:
        study.feed(block)
    return study


faults = st.lists(
    st.tuples(
        st.floats(0, 590),
        st.floats(0.5, 60),
        st.sampled_from([BEYOND_BOX, EVERYTHING, (Role.ANCHOR,), (Role.SYSTEM_RESOLVER,)]),
    ),
    max_size=5,
)


def world_of(chosen: list[tuple[float, float, tuple[Role, ...]]]):  # type: ignore[no-untyped-def]
    def world(target, at_s):  # type: ignore[no-untyped-def]
        return LOST if any(s <= at_s < s + n and target.role in roles for s, n, roles in chosen) else GOOD

    return world


relaxed = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(faults)
def test_skimming_quiet_blocks_gives_the_same_incidents(chosen) -> None:  # type: ignore[no-untyped-def]
    made = blocks(samples(world_of(chosen), 600))
    slow = Study()
    for block in made:
        # The same samples, but with figures that are never quiet: every sample is fed.
        rows = tuple(row._replace(missed=row.missed or row.count, max_ns=None) for row in block.rollups.rows)
        slow.feed(replace(block, rollups=block.rollups._replace(rows=rows, longest_gap_ns=1 << 62)))
    quick = feed(made)
    # Usual times are learnt from the figures, which the slow way was denied: latencies are left out.
    keep = [Kind.OUTAGE, Kind.DNS, Kind.PARTIAL, Kind.LOSS]
    assert [i for i in quick.incidents() if i.kind in keep] == [i for i in slow.incidents() if i.kind in keep]


@relaxed
@given(faults, st.integers(1, 599))
def test_a_fork_at_any_point_goes_on_to_the_same_incidents(chosen, second) -> None:  # type: ignore[no-untyped-def]
    made = blocks(samples(world_of(chosen), 600))
    cut = second // 60 + 1
    study = feed(made[:cut])
    fork = study.fork()
    for block in made[cut:]:
        fork.feed(block)
    untouched = study.incidents()
    assert study.incidents() == untouched == feed(made[:cut]).incidents()
    assert fork.incidents() == feed(made).incidents()


@relaxed
@given(faults, st.lists(st.tuples(st.integers(0, 599), st.integers(7, 120)), max_size=3))
def test_no_incident_overlaps_what_was_not_observed(chosen, holes) -> None:  # type: ignore[no-untyped-def]
    kept = [
        sample
        for sample in samples(world_of(chosen), 600)
        if not any(s <= (sample.sent_ns - T0) / SECOND < s + n for s, n in holes)
    ]
    study = feed(blocks(kept))
    coverage = study.coverage(LINE.id, Span(T0, T0 + 600 * SECOND))
    for incident in study.incidents():
        for gap in coverage.gaps:
            assert incident.span.clip(gap.span) is None
    assert coverage.observed_s + coverage.not_observed_s == pytest.approx(600)
    for before, after in pairwise(coverage.gaps):
        assert before.span.end_ns <= after.span.start_ns


def test_sleep_is_not_observed_and_nothing_is_held_against_anybody() -> None:
    awake = [
        *samples(between(0, 0, ()), 100),
        *samples(between(0, 0, ()), 100, start_s=4000, offset_ns=OFFSET + 3900 * SECOND),
    ]
    asleep = Event(EventKind.GAP, T0 + 4000 * SECOND, {"start_ns": T0 + 100 * SECOND, "reason": "asleep"})
    study = feed(blocks(awake), asleep)
    coverage = study.coverage(LINE.id, Span(T0, T0 + 4100 * SECOND))
    assert study.incidents() == ()
    assert [gap.reason for gap in coverage.gaps] == [GapReason.ASLEEP]
    assert coverage.gaps[0].span.duration_s == 3900 or abs(coverage.gaps[0].span.duration_s - 3900) < 1


def test_a_cut_before_sleep_ends_with_the_observation() -> None:
    stream = [*samples(between(90, 5000, BEYOND_BOX), 100), *samples(between(0, 0, ()), 60, start_s=4000)]
    incidents = feed(blocks(stream)).incidents()
    assert [i.kind for i in incidents] == [Kind.OUTAGE]
    assert incidents[0].span.end_ns <= T0 + 100 * SECOND


def test_another_line_never_counts_against_home() -> None:
    cafe = Line("ffff00001111", "10.0.0.1", "02:00:00:00:00:99", "wlan0", home=False)
    made = [
        *blocks(samples(between(0, 0, ()), 120)),
        *blocks(samples(between(150, 170, BEYOND_BOX), 120, start_s=120), cafe),
        *blocks(samples(between(0, 0, ()), 120, start_s=240)),
    ]
    study = feed(made)
    assert [i.line.id for i in study.incidents()] == [cafe.id]
    coverage = study.coverage(LINE.id, Span(T0, T0 + 360 * SECOND))
    assert {gap.reason for gap in coverage.gaps} == {GapReason.OTHER_LINE}
    assert coverage.observed_s == 240 or abs(coverage.observed_s - 240) < 2


def test_a_clock_set_back_makes_no_incident_and_no_gap() -> None:
    back = 3600 * SECOND
    stream = list(samples(between(0, 0, ()), 100))
    later = [replace(s, sent_ns=s.sent_ns - back) for s in samples(between(0, 0, ()), 100, start_s=100)]
    study = feed([*blocks(stream), *blocks(later)])
    assert study.incidents() == ()
    assert study.coverage(LINE.id, Span(T0, T0 + 100 * SECOND)).gaps == ()


def test_an_excluded_incident_stays_with_its_reason() -> None:
    study = feed(blocks(samples(between(100, 120, BEYOND_BOX), 200)))
    exclusion = Exclusion(Span(T0 + 90 * SECOND, T0 + 130 * SECOND), "travaux", T0)
    assert [i.excluded for i in study.incidents([exclusion])] == ["travaux"]
    assert [i.excluded for i in study.incidents()] == [None]


def test_what_was_never_recorded_is_said_so() -> None:
    study = feed(blocks(samples(between(0, 0, ()), 60)))
    gaps = study.coverage(LINE.id, Span(T0 - 60 * SECOND, T0 + 120 * SECOND)).gaps
    assert [gap.reason for gap in gaps] == [GapReason.NOT_STARTED, GapReason.UNKNOWN]


@pytest.mark.parametrize("drift_ppm", [20, 200, 500])
def test_clocks_that_drift_apart_do_not_split_a_cut(drift_ppm: int) -> None:
    """Samples take their offset from the clocks of their time, as the recorder's epochs do."""
    epochs: dict[int, list] = {}
    for sample in samples(between(100, 160, BEYOND_BOX), 300):
        drift = (sample.sent_ns - T0) * drift_ppm // 1_000_000 // 20_000_000 * 20_000_000
        epochs.setdefault(drift, []).append(replace(sample, mono_ns=sample.mono_ns - drift))
    made = [block for epoch in epochs.values() for block in blocks(epoch)]
    assert [i.kind for i in feed(made).incidents()] == [Kind.OUTAGE]
