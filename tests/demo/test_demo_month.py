"""The made-up month says what its script says: each trouble with its cause, and nothing else."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from diagnostics.incidents.study import Study
from diagnostics.journal import codec
from diagnostics.journal.blocks import Block
from diagnostics.journal.minutes import PackedMinute
from diagnostics.journal.sealed import Given
from diagnostics.model import (
    SECOND,
    Cause,
    EventKind,
    Exclusion,
    GapReason,
    Incident,
    Kind,
    Span,
    Target,
)
from jalerte_desktop.demo import person, speeds, telling
from jalerte_desktop.demo.minutes import minutes
from jalerte_desktop.demo.script import DAY, Script, What, script
from jalerte_desktop.demo.world import CABLE, TARGETS, WIFI

PARIS = ZoneInfo("Europe/Paris")
END_NS = round(datetime(2026, 11, 22, 16, tzinfo=PARIS).timestamp()) * SECOND
NUMBERS = {target: number for number, target in enumerate(TARGETS, 1)}
BY_NUMBER = {number: target for target, number in NUMBERS.items()}
LINES = {CABLE.id: CABLE, WIFI.id: WIFI}

FOUND = {
    What.CUT: (Kind.OUTAGE, Cause.ACCESS, 0.9),
    What.CROWDED: (Kind.LATENCY, Cause.ISP_CORE, 0.8),
    What.WEAK_WIFI: (Kind.WIFI, Cause.WIFI, 0.9),
    What.NAMES: (Kind.DNS, Cause.DNS, 0.9),
    What.UPLOAD: (Kind.LATENCY, Cause.OWN_TRAFFIC, 0.9),
    What.RESTART: (Kind.OUTAGE, Cause.BOX, 0.9),
    What.WAITING: (Kind.OUTAGE, Cause.ACCESS, 0.6),
}


def block(minute: PackedMinute) -> Block:
    """A minute as the journal's reader gives it."""
    return Block(1, LINES[minute.line], minute.span, BY_NUMBER, minute.fields["rollup"], Given(minute.fields))


@pytest.fixture(scope="module")
def month() -> Script:
    return script(END_NS, zone=PARIS)


@pytest.fixture(scope="module")
def studied(month: Script) -> tuple[Study, list[Incident]]:
    study = Study()
    heard = (EventKind.LINK, EventKind.GAP, EventKind.WITNESS)
    said = sorted([*telling.events(month, "test", ""), *speeds.events(month)], key=lambda event: event.at_ns)
    study.note(event for event in said if event.kind in heard)
    for minute in minutes(month, NUMBERS.__getitem__):
        study.feed(block(minute))
    excluded = [Exclusion(span, telling.EXCLUDED_FOR, span.end_ns) for span in month.excluded]
    return study, sorted(study.incidents(excluded), key=lambda one: one.span.start_ns)


def test_each_trouble_is_found_with_its_cause_and_nothing_else(
    month: Script, studied: tuple[Study, list[Incident]]
) -> None:
    written = [one for one in month.troubles if one.what is not What.ASLEEP]
    found = studied[1]
    told = [(one.kind, one.verdict.cause, one.verdict.confidence) for one in found]
    assert told == [FOUND[one.what] for one in written]
    for trouble, incident in zip(written, found, strict=True):
        assert abs(incident.span.start_ns - trouble.span.start_ns) < 10 * SECOND, trouble
        assert abs(incident.span.end_ns - trouble.span.end_ns) < 10 * SECOND, trouble


def test_the_month_holds_all_that_it_is_made_for(month: Script) -> None:
    long = [one for one in month.of(What.CUT) if one.span.duration_s > 3600]
    mornings = {
        datetime.fromtimestamp(one.span.start_ns / SECOND, PARIS).date() for one in month.of(What.CUT)
    }
    assert len(long) == 2
    assert len(mornings) > 15
    assert len(month.of(What.CROWDED)) > 12
    for what in (What.WEAK_WIFI, What.NAMES, What.UPLOAD, What.RESTART, What.WAITING, What.ASLEEP):
        assert len(month.of(what)) == 1, what
    assert len(month.wifi) == len(month.excluded) == 1


def test_what_the_exclusion_covers_does_not_count(
    month: Script, studied: tuple[Study, list[Incident]]
) -> None:
    (excluded,) = [one for one in studied[1] if one.excluded]
    assert excluded.span.clip(month.excluded[0]) == excluded.span


def test_the_night_asleep_is_a_gap_and_no_outage(
    month: Script, studied: tuple[Study, list[Incident]]
) -> None:
    (asleep,) = month.of(What.ASLEEP)
    coverage = studied[0].coverage(CABLE.id, month.span)
    (night,) = [gap for gap in coverage.gaps if gap.reason is GapReason.ASLEEP]
    assert abs(night.span.duration_s - asleep.span.duration_s) < 2
    assert {gap.reason for gap in coverage.gaps} == {GapReason.ASLEEP, GapReason.OTHER_LINE}
    assert coverage.ratio > 0.98


def test_the_same_month_each_time_and_the_same_last_days_of_a_shorter_one(month: Script) -> None:
    short = script(END_NS, 1, PARIS)
    once, again = (list(minutes(short, NUMBERS.__getitem__)) for _ in range(2))
    assert [one.fields for one in once] == [one.fields for one in again]
    last = Span(END_NS - DAY, END_NS)
    settled_ns = last.start_ns + DAY // 8
    long_end, short_end = (
        [one for one in whole.troubles if one.span.start_ns > settled_ns] for whole in (month, short)
    )
    assert long_end == short_end
    assert long_end


def test_copies_lie_in_their_own_minute_on_one_clock() -> None:
    for minute in minutes(script(END_NS, 1, PARIS), NUMBERS.__getitem__):
        samples = codec.decode_samples(minute.fields, BY_NUMBER.__getitem__)
        assert (samples[0].sent_ns, samples[-1].sent_ns) == (minute.span.start_ns, minute.span.end_ns)
        assert len({one.sent_ns - one.mono_ns for one in samples}) == 1
        assert samples[0].sent_ns // (60 * SECOND) == samples[-1].sent_ns // (60 * SECOND)


def test_the_series_of_measurements_is_complete_and_fails(month: Script) -> None:
    from diagnostics.campaigns.accept import review
    from diagnostics.campaigns.record import fold, results
    from diagnostics.campaigns.rules import load_rules

    said = speeds.events(month)
    (series,) = fold(said)
    found = review(load_rules(series.rules), series, results(said, series.id), END_NS, PARIS)
    assert found.complete
    assert all(one.accepted for one in found.measured)


def _documentation(target: Target) -> bool:
    try:
        address = ipaddress.ip_address(target.address)
    except ValueError:
        return target.address == "system" or ".example/" in target.address
    return not address.is_global


def test_no_real_address_number_or_operator() -> None:
    assert all(_documentation(target) for target in TARGETS)
    assert person.FIELDS["person.phone"].startswith("06 39 98 ")
    assert person.FIELDS["line.number"].startswith("01 99 00 ")
    assert person.FIELDS["person.email"].endswith("@example.org")
    from jalerte_desktop.casefile.knowledge import find_operator

    assert find_operator(person.OPERATOR, "FR") is None
