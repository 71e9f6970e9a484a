"""The merged view hides nothing, and merges nothing that does not belong together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.incidents.merged import merge
from diagnostics.model import SECOND, Cause, Incident, Kind, Line, Span, Verdict, incident_id
from tests.made import LINE, T0

OTHER = replace(LINE, id="ddddeeeeffff", interface="wlan0", home=False)
GAP_NS = 60 * SECOND


def incident(
    start_s: float,
    seconds: float = 5.0,
    cause: Cause = Cause.ACCESS,
    kind: Kind = Kind.OUTAGE,
    line: Line = LINE,
    excluded: str | None = None,
    confidence: float = 0.9,
) -> Incident:
    start = T0 + round(start_s * SECOND)
    return Incident(
        incident_id(line, kind, start),
        kind,
        line,
        Span(start, start + round(seconds * SECOND)),
        False,
        seconds,
        Verdict(cause, confidence),
        excluded,
    )


def hole(start_s: float, end_s: float) -> dict[str, list[Span]]:
    return {LINE.id: [Span(T0 + round(start_s * SECOND), T0 + round(end_s * SECOND))]}


def test_a_flapping_line_is_one_row_with_all_its_cuts() -> None:
    cuts = [incident(45 * n, 6.2, confidence=0.9 - n / 100) for n in range(12)]
    (one,) = merge(cuts, {})
    assert (one.count, one.total_s) == (12, pytest.approx(74.4))
    assert one.span == Span(cuts[0].span.start_ns, cuts[-1].span.end_ns)
    assert one.incidents == tuple(cut.id for cut in cuts)
    assert one.id == cuts[0].id
    assert one.confidence == pytest.approx(0.79)


@pytest.mark.parametrize(
    "pair",
    [
        (incident(0), incident(65)),
        (incident(0), incident(30, cause=Cause.BOX)),
        (incident(0), incident(30, kind=Kind.LOSS)),
        (incident(0), incident(30, line=OTHER)),
        (incident(0), incident(30, excluded="travaux")),
        (incident(0, excluded="orage"), incident(30, excluded="travaux")),
    ],
)
def test_what_does_not_belong_together(pair: tuple[Incident, Incident]) -> None:
    assert [one.count for one in merge(pair, {})] == [1, 1]


def test_never_across_a_time_that_was_not_observed() -> None:
    pair = [incident(0), incident(30)]
    assert len(merge(pair, hole(10, 20))) == 2
    assert len(merge(pair, hole(30.5, 40))) == 1
    assert len(merge([replace(one, line=OTHER) for one in pair], hole(10, 20))) == 1


def test_an_excluded_one_parts_the_counted_ones_around_it() -> None:
    found = merge([incident(0), incident(20, excluded="travaux"), incident(40)], {})
    assert [one.excluded for one in found] == [None, "travaux", None]


def test_one_that_lasts_makes_the_row_last() -> None:
    (one,) = merge([incident(0), replace(incident(30), ongoing=True)], {})
    assert one.ongoing


incidents = st.lists(
    st.builds(
        incident,
        st.integers(0, 900),
        st.integers(1, 60),
        st.sampled_from([Cause.ACCESS, Cause.BOX]),
        st.sampled_from([Kind.OUTAGE, Kind.LOSS]),
        st.sampled_from([LINE, OTHER]),
        st.sampled_from([None, "travaux"]),
    ),
    max_size=15,
    unique_by=lambda one: one.id,
)
holes = st.lists(
    st.builds(
        lambda a, n: Span(T0 + a * SECOND, T0 + (a + n) * SECOND), st.integers(0, 900), st.integers(1, 90)
    ),
    max_size=3,
)


@given(incidents, holes, st.randoms())
def test_every_incident_is_in_one_row_of_its_kind(found: list[Incident], unseen: list[Span], dice) -> None:  # type: ignore[no-untyped-def]
    by_id = {one.id: one for one in found}
    rows = merge(found, {LINE.id: unseen}, GAP_NS)
    assert sorted(key for row in rows for key in row.incidents) == sorted(by_id)
    assert sum(row.total_s for row in rows) == pytest.approx(sum(one.duration_s for one in found))
    for row in rows:
        raw = [by_id[key] for key in row.incidents]
        assert {(one.line.id, one.kind, one.verdict.cause, one.excluded) for one in raw} == {
            (row.line.id, row.kind, row.cause, row.excluded)
        }
        assert row.span == Span(raw[0].span.start_ns, max(one.span.end_ns for one in raw))
        for place, later in enumerate(raw[1:], 1):
            end = max(one.span.end_ns for one in raw[:place])
            assert later.span.start_ns - end < GAP_NS
            inside = [h for h in unseen if h.start_ns < later.span.start_ns and h.end_ns > end]
            assert row.line.id != LINE.id or not inside
    dice.shuffle(found)
    assert merge(found, {LINE.id: unseen}, GAP_NS) == rows
    assert sum(row.count for row in merge(found, {}, 0)) == len(found)
