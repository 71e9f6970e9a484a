"""A second witness: what is confirmed, what it did not see, what it did not watch, what it saw alone."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import SECOND, Span
from jalerte_desktop.documents.report.model import SecondWitness
from jalerte_desktop.documents.report.second import compare

PERIOD = Span(0, 10_000 * SECOND)


def span(start_s: float, end_s: float) -> Span:
    return Span(round(start_s * SECOND), round(end_s * SECOND))


@dataclass(frozen=True)
class Other:
    incidents: tuple[tuple[str, int, int, str], ...]
    observed: tuple[Span, ...] = (PERIOD,)
    span: Span = PERIOD
    name: str = "le portable"
    key: str = "ab" * 32


def outage(
    start_s: float, end_s: float, cause: str = "access", kind: str = "outage"
) -> tuple[str, int, int, str]:
    one = span(start_s, end_s)
    return kind, one.start_ns, one.end_ns, cause


def counts(
    other: Other, *cuts: Span, outages: tuple[Span, ...] = (), observed: tuple[Span, ...] = (PERIOD,)
) -> tuple[int, ...]:
    found = compare(other, cuts, cuts + outages, observed, PERIOD)
    assert found is not None
    return found.confirmed, found.not_seen, found.not_observed, found.alone


def test_a_cut_that_both_saw_is_confirmed() -> None:
    assert counts(Other((outage(101, 119),)), span(100, 120)) == (1, 0, 0, 0)


def test_clocks_two_seconds_apart_still_agree_and_not_more() -> None:
    assert counts(Other((outage(121, 140),)), span(100, 120)) == (1, 0, 0, 0)
    assert counts(Other((outage(121.1, 140),)), span(100, 120)) == (0, 1, 0, 1)


def test_one_that_watched_and_saw_nothing_contradicts() -> None:
    assert counts(Other(()), span(100, 120)) == (0, 1, 0, 0)


def test_one_that_did_not_watch_says_nothing() -> None:
    assert counts(Other((), observed=(span(0, 105),)), span(100, 120)) == (0, 0, 1, 0)


def test_one_whose_own_radio_was_out_could_not_watch() -> None:
    assert counts(Other((outage(90, 130, "wifi"),)), span(100, 120)) == (0, 0, 1, 0)


def test_slow_answers_confirm_no_cut() -> None:
    assert counts(Other((outage(100, 120, kind="latency"),)), span(100, 120)) == (0, 1, 0, 0)


def test_what_it_saw_alone_is_counted_where_we_watched() -> None:
    assert counts(Other((outage(500, 520),))) == (0, 0, 0, 1)
    assert counts(Other((outage(500, 520),)), observed=(span(0, 400),)) == (0, 0, 0, 0)
    # ours of another cause: seen by both, whatever it was
    assert counts(Other((outage(500, 520),)), outages=(span(499, 519),)) == (0, 0, 0, 0)


def test_a_package_of_another_time_says_nothing() -> None:
    assert compare(Other((), span=span(20_000, 30_000)), [], [], [PERIOD], PERIOD) is None


def test_the_name_given_when_it_was_taken_in_goes_first() -> None:
    found = compare(Other(()), [], [], [PERIOD], PERIOD, "le portable de Paul")
    assert found == SecondWitness("le portable de Paul", PERIOD, "ab" * 32, 0, 0, 0, 0)


stretches = st.builds(
    lambda start, length: span(start, start + length), st.integers(0, 9000), st.integers(1, 300)
)
incidents = st.builds(
    lambda one, cause, kind: (kind, one.start_ns, one.end_ns, cause),
    stretches,
    st.sampled_from(["access", "wifi", "unknown", "?"]),
    st.sampled_from(["outage", "loss", "?"]),
)


@given(st.lists(stretches, max_size=8), st.lists(incidents, max_size=8), st.lists(stretches, max_size=5))
def test_every_cut_is_counted_once(
    cuts: list[Span], theirs: list[tuple[str, int, int, str]], watched: list[Span]
) -> None:
    confirmed, not_seen, not_observed, alone = counts(Other(tuple(theirs), tuple(watched)), *cuts)
    assert confirmed + not_seen + not_observed == len(cuts)
    assert 0 <= alone <= sum(kind == "outage" for kind, *_ in theirs)


@given(st.lists(stretches, max_size=8))
def test_the_same_record_confirms_all_of_itself(cuts: list[Span]) -> None:
    same = Other(tuple(("outage", cut.start_ns, cut.end_ns, "access") for cut in cuts))
    assert counts(same, *cuts) == (len(cuts), 0, 0, 0)
