"""The facts of a report, gathered from the journal, the kept packages and the case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from diagnostics.journal.reader import Reader
from diagnostics.model import SECOND, BadInput, Coverage, Event, EventKind, Gap, Kind, Problem, Span
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.casefile.model import NO_CASE, Case
from jalerte_desktop.documents.account import Account, account
from jalerte_desktop.documents.period import DEFAULT_DAYS
from jalerte_desktop.documents.report.days import days_of
from jalerte_desktop.documents.report.evidence import evidence_of
from jalerte_desktop.documents.report.honesty import honesty_of
from jalerte_desktop.documents.report.hours import hours_of
from jalerte_desktop.documents.report.model import Holder, ReportFacts, SecondWitness
from jalerte_desktop.documents.report.second import Record, compare
from jalerte_desktop.documents.report.speed import promise_of, speeds_of
from jalerte_desktop.documents.report.stretches import observed
from jalerte_desktop.documents.report.told import LeftOut, digest, facts, text
from jalerte_desktop.findings.load import load
from jalerte_desktop.findings.model import Findings
from jalerte_desktop.findings.personal import OwnThresholds, Personal, Telework
from jalerte_desktop.findings.surroundings import newest_box
from jalerte_desktop.words.figures import iso

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

DAY_NS = 86_400 * SECOND
LONGEST_DAYS = 3660
"""Ten years: a page is drawn for whatever is asked, observed or not."""
AROUND_NS = 90 * DAY_NS
"""Exchanges this long before and after the period are told: what led to it, and what came of it."""
STAGES = ("study", "figures", "events", "witnesses")
"""What ``gather`` tells its progress by, in this order."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a report takes its facts from. ``files`` is the folder of kept packages; it need not exist.

    ``stamp_roots``: the roots that the person named for time stamps; then those of others do not count.
    """

    journal: Path
    files: Path
    case: Case = NO_CASE
    diary: tuple[DiaryEntry, ...] = ()
    personal: Personal | None = None
    version: str = ""
    demo: bool = False
    stamp_roots: tuple[Certificate, ...] = ()


def gather(
    sources: Sources,
    since_ns: int | None,
    until_ns: int | None,
    zone: tzinfo,
    made_ns: int,
    progress: Callable[[str], None] | None = None,
    read_record: Callable[[Path], Record] | None = None,
) -> ReportFacts:
    """Everything that a report made at ``made_ns`` says of a period (UTC ns); sentences are in the active language.

    Without ``until_ns`` the period ends where the record does; without ``since_ns`` it is the last thirty days before
    that, or the whole record where it is shorter. Damaged entries of the journal are left out, and
    ``honesty.left_out`` says how many. ``read_record`` reads another machine's package (default:
    ``documents.bundle.witness.read_witness``).

    Raises Problem("out_of_record") where nothing was recorded at all, BadInput("report_future"),
    BadInput("report_outside") and BadInput("empty_period") for a period of which nothing can be said,
    BadInput("report_long") for more than ten years, and what the journal's reader raises.
    """
    tell = progress or (lambda _stage: None)
    with Reader(sources.journal) as reader:
        record = reader.record_span()
        if record is None:
            raise Problem("out_of_record")
        span = period_of(record, since_ns, until_ns, made_ns)
        tell("study")
        # The whole record is studied for any period; what lies outside of this one is counted on the honesty page.
        whole = Span(min(record.start_ns, span.start_ns), max(record.end_ns, span.end_ns))
        everything = load(sources.journal, whole.start_ns, whole.end_ns, sources.personal)
        found = within(everything, span)
        found = replace(found, box=newest_box(reader, found.line.id, span.end_ns))
        tell("figures")
        line = found.line
        sorted_out = account(found)
        hours = hours_of(reader.rollups("hour", span, line.id), line.id, span)
        tell("events")
        left_out = LeftOut()
        speeds = speeds_of(reader, found.line.id, span, zone, made_ns, left_out)
        honesty = honesty_of(reader, found, everything, hours.targets, zone, left_out)
        evidence = evidence_of(reader, found.seal, span, left_out, sources.stamp_roots)
        tell("witnesses")
        own_key = evidence.key if evidence else ""
        read = read_record or _read_record
        witnesses = tuple(_witnesses(reader, sources.files, sorted_out, own_key, left_out, read))
    return ReportFacts(
        account=sorted_out,
        zone=zone,
        made_ns=made_ns,
        version=sources.version,
        holder=holder_of(sources.case),
        days=days_of(sorted_out, zone),
        hours=hours.hours,
        speed=speeds.points,
        promise=promise_of(sources.case),
        campaigns=speeds.campaigns,
        diary=tuple(
            entry
            for entry in sources.diary
            if span.start_ns - AROUND_NS <= entry.at_ns < span.end_ns + AROUND_NS
        ),
        honesty=replace(honesty, left_out=left_out.count),
        evidence=evidence,
        witnesses=witnesses,
        demo=sources.demo,
    )


def period_of(record: Span, since_ns: int | None, until_ns: int | None, now_ns: int) -> Span:
    """The period of a report about that record; what lies in the future is cut off. Raises as ``gather`` does."""
    if since_ns is not None and until_ns is not None and since_ns >= until_ns:
        raise BadInput("empty_period")
    if since_ns is not None and since_ns >= now_ns:
        raise BadInput("report_future")
    end_ns = record.end_ns if until_ns is None else min(until_ns, now_ns)
    # A default never reaches back before the record: that would be time not observed which nobody asked about.
    start_ns = max(record.start_ns, end_ns - DEFAULT_DAYS * DAY_NS) if since_ns is None else since_ns
    if since_ns is None and start_ns - record.start_ns < 60 * SECOND:
        start_ns = record.start_ns  # a record of thirty days and a second is told as a whole
    if start_ns >= min(end_ns, record.end_ns) or end_ns <= record.start_ns:
        raise BadInput(
            "report_outside", start=iso(record.start_ns, "seconds"), end=iso(record.end_ns, "seconds")
        )
    if end_ns - start_ns > LONGEST_DAYS * DAY_NS:
        raise BadInput("report_long", days=LONGEST_DAYS)
    return Span(start_ns, end_ns)


def within(findings: Findings, span: Span) -> Findings:
    """The same findings for a part of their span. The whole record stays told in ``record``; ``box`` stays as it is."""
    gaps = tuple(
        Gap(clipped, gap.reason)
        for gap in findings.coverage.gaps
        if (clipped := gap.span.clip(span)) is not None
    )
    observed_s = span.duration_s - sum(gap.span.duration_s for gap in gaps)
    own = findings.own
    return replace(
        findings,
        span=span,
        incidents=tuple(one for one in findings.incidents if one.span.clip(span) is not None),
        coverage=Coverage(span, max(0.0, observed_s), gaps),
        merged=tuple(one for one in findings.merged if one.span.clip(span) is not None),
        telework=_telework(findings.telework, span),
        own=own
        and OwnThresholds(own.thresholds, tuple(i for i in own.incidents if i.span.clip(span) is not None)),
        minutes=tuple(one for one in findings.minutes if span.start_ns <= one.start_ns < span.end_ns),
    )


def _telework(telework: Telework, span: Span) -> Telework:
    def kept(minutes: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(at for at in minutes if span.start_ns <= at < span.end_ns)

    working = None if telework.working_lost is None else kept(telework.working_lost)
    return Telework(telework.seconds.within(span), kept(telework.lost), telework.hours, working)


def holder_of(case: Case) -> Holder:
    """Who speaks, as the case says."""
    return Holder(
        name=case.get("person.name") or "",
        line_number=case.get("line.number") or "",
        customer_number=case.get("contract.customer_number") or "",
        operator=case.operator or "",
        offer=case.get("contract.offer") or "",
        technology=case.get("line.technology") or "",
    )


def _read_record(path: Path) -> Record:
    # A dear import, and rarely needed.
    from jalerte_desktop.documents.bundle.witness import read_witness

    return read_witness(path)


def _witnesses(
    reader: Reader,
    files: Path,
    sorted_out: Account,
    own_key: str,
    left_out: LeftOut,
    read: Callable[[Path], Record],
) -> Iterator[SecondWitness]:
    """What each package that was taken in says; one that is gone, changed or this machine's own is left out."""
    found = sorted_out.findings
    cuts = [cut.span for cut in sorted_out.outages]
    outages = [
        one.span for one in found.incidents if one.kind is Kind.OUTAGE and one.line.id == found.line.id
    ]
    seen = observed(found.coverage)
    named = dict(facts(reader.events(EventKind.SECOND_WITNESS), _package, left_out))
    for sha256, name in named.items():
        path = files / f"{sha256}.zip"
        try:
            record = read(path)
        except Problem:
            left_out.count += 1
            continue
        if own_key and record.key == own_key:
            left_out.count += 1
            continue
        told = compare(record, cuts, outages, seen, found.span, name)
        if told is not None:
            yield told


def _package(event: Event) -> tuple[str, str]:
    return digest(event, "sha256"), text(event, "name")
