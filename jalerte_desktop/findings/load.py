"""The findings of a period, read once from the journal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from diagnostics.incidents.merged import MergedIncident, merge
from diagnostics.incidents.method import default_method
from diagnostics.incidents.own_method import own_method
from diagnostics.incidents.study import Study
from diagnostics.journal.blocks import Block
from diagnostics.journal.reader import Reader
from diagnostics.journal.rollups import Rollup
from diagnostics.model import MILLISECOND, NO_LINE, SECOND, Event, EventKind, Incident, Line, Span
from jalerte_desktop.findings.feeding import Progress, feed, feed_sealed
from jalerte_desktop.findings.kept import studied
from jalerte_desktop.findings.model import Findings, MinuteSummary, Seal
from jalerte_desktop.findings.personal import OwnThresholds, Personal, telework_of
from jalerte_desktop.findings.surroundings import newest_box


def load(
    journal: Path,
    since_ns: int | None = None,
    until_ns: int | None = None,
    personal: Personal | None = None,
    progress: Progress | None = None,
) -> Findings:
    """Study the whole journal and tell what lies between ``since_ns`` and ``until_ns`` (default: all of it).

    The whole journal is studied whatever the period, so that an incident has the same id and the same edges in every
    paper; what was studied before is kept (``kept``). Thresholds of the person's own are studied beside. ``progress``
    is told of what is new, which takes a while the first time. Raises diagnostics.model.Problem when there is no
    journal or it cannot be read.
    """
    personal = personal or Personal()
    with Reader(journal) as reader:
        methods = [default_method()]
        if personal.thresholds:
            methods.append(own_method(personal.thresholds, methods[0]))
        study, *others = studies = studied(reader, methods, progress)
        for block in reader.staged():
            feed(studies, block)
        found = tell(reader, study, since_ns, until_ns, personal=personal)
        if not others:
            return found
        incidents = _named(others[0].incidents(found.exclusions), reader.lines, found.span)
        return replace(found, own=OwnThresholds(personal.thresholds, incidents))


RUN_UP_NS = 6 * 3600 * SECOND


def load_recent(journal: Path, since_ns: int, until_ns: int, personal: Personal | None = None) -> Findings:
    """Like ``load``, but studies only from some hours before ``since_ns``: for a glance, not for a paper.

    An incident that began before those hours shows a later start and another id. Thresholds of the person's own are
    left out.
    """
    with Reader(journal) as reader:
        study = Study()
        feed_sealed(reader, [(study, reader.seq_before(since_ns - RUN_UP_NS))])
        for block in reader.staged():
            feed([study], block)
        return tell(reader, study, since_ns, until_ns, personal=personal)


def tell(
    reader: Reader,
    study: Study,
    since_ns: int | None,
    until_ns: int | None,
    minutes: tuple[MinuteSummary, ...] = (),
    personal: Personal | None = None,
) -> Findings:
    """Put what a study found into the words of Findings."""
    personal = personal or Personal()
    record = reader.record_span()
    whole = record or Span(0, 0)
    span = Span(
        whole.start_ns if since_ns is None else since_ns, whole.end_ns if until_ns is None else until_ns
    )
    line = line_of_interest(reader.lines, study)
    exclusions = reader.exclusions()
    head = reader.head()
    incidents = _named(study.incidents(exclusions), reader.lines, span)
    of_line = [incident for incident in incidents if incident.line.id == line.id]
    return Findings(
        span=span,
        record=record,
        line=line,
        lines=tuple(reader.lines.values()),
        incidents=incidents,
        coverage=study.coverage(line.id, span),
        exclusions=exclusions,
        seal=Seal(head.seq, head.link.hex(), head.at_ns, _fingerprint(reader)) if head else None,
        method=study.method.version,
        sample_count=study.sample_count,
        own_settings=_own_settings(reader.events(EventKind.CONFIGURATION)),
        minutes=minutes,
        merged=_merged(incidents, study, whole),
        telework=telework_of(
            study.call_seconds(line.id),
            of_line,
            exclusions,
            span,
            personal.hours,
            own_tests=_own_tests(reader),
        ),
        box=newest_box(reader, line.id, span.end_ns),
    )


def _fingerprint(reader: Reader) -> str:
    """Of the key in the newest signature; "" where there is none, or none that can be a public key of Ed25519."""
    found = ""
    for event in reader.events(EventKind.SEAL):
        found = str(event.data.get("key") or "")
    try:
        key = bytes.fromhex(found)
    except ValueError:
        return ""
    return hashlib.sha256(key).hexdigest() if len(key) == 32 else ""


def _own_tests(reader: Reader) -> list[Span]:
    """When this program's own speed measurements filled the line."""
    tests = [(event.at_ns, event.data.get("duration_ns")) for event in reader.events(EventKind.SPEED)]
    return [Span(at_ns, at_ns + took_ns) for at_ns, took_ns in tests if isinstance(took_ns, int)]


def _merged(incidents: tuple[Incident, ...], study: Study, whole: Span) -> tuple[MergedIncident, ...]:
    lines = {incident.line.id for incident in incidents}
    holes = {one: [gap.span for gap in study.coverage(one, whole).gaps] for one in lines}
    return merge(incidents, holes)


def line_of_interest(lines: dict[str, Line], study: Study) -> Line:
    """The home line; where none is confirmed, the one in use."""
    homes = [line for line in lines.values() if line.home]
    used = study.last_line or NO_LINE
    used = lines.get(used.id, used)
    if not homes or used in homes:
        return used
    return homes[-1]


def _named(incidents: Iterable[Incident], lines: dict[str, Line], span: Span) -> tuple[Incident, ...]:
    """Those that touch the period, each with its line's newest name and home mark."""
    return tuple(
        replace(incident, line=lines.get(incident.line.id, incident.line))
        for incident in incidents
        if incident.span.start_ns < span.end_ns and incident.span.end_ns > span.start_ns
    )


def _own_settings(events: Iterable[Event]) -> tuple[str, ...]:
    own: set[str] = set()
    for event in events:
        value = event.data.get("own")
        own.update(value if isinstance(value, list) else ())
    return tuple(sorted(own))


def summaries(block: Block) -> list[MinuteSummary]:
    """A block's figures for drawing."""
    return [_summary(block.span.start_ns, row) for row in block.rollups.rows]


def _summary(start_ns: int, row: Rollup) -> MinuteSummary:
    def ms(value: int | None) -> float | None:
        return None if value is None else value / MILLISECOND

    return MinuteSummary(
        start_ns,
        row.target.id,
        row.count,
        row.missed,
        ms(row.min_ns),
        ms(row.median_ns),
        ms(row.p95_ns),
        ms(row.max_ns),
    )
