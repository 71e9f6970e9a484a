"""The findings of a period, read once from the journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from diagnostics.incidents import Study
from diagnostics.journal.codec import Rollup
from diagnostics.journal.reader import Block, Reader
from diagnostics.model import MILLISECOND, NO_LINE, SECOND, Event, EventKind, Incident, Line, Span
from jalerte_desktop.findings.model import Findings, MinuteSummary, Seal


def load(journal: Path, since_ns: int | None = None, until_ns: int | None = None) -> Findings:
    """Study the whole journal and tell what lies between ``since_ns`` and ``until_ns`` (default: all of it).

    The whole journal is studied whatever the period, so that an incident has the same id and the same edges in every
    paper. Raises diagnostics.model.Problem when there is no journal or it cannot be read.
    """
    with Reader(journal) as reader:
        study = Study()
        study.note(reader.events(EventKind.LINK, EventKind.GAP))
        for block in reader.blocks():
            study.feed(block)
        return tell(reader, study, since_ns, until_ns)


RUN_UP_NS = 6 * 3600 * SECOND


def load_recent(journal: Path, since_ns: int, until_ns: int) -> Findings:
    """Like ``load``, but studies only from some hours before ``since_ns``: for a glance, not for a paper.

    An incident that began before those hours shows a later start and another id.
    """
    with Reader(journal) as reader:
        study = Study()
        place = reader.seq_before(since_ns - RUN_UP_NS)
        study.note(reader.events(EventKind.LINK, EventKind.GAP, after_seq=place))
        for block in (*reader.sealed(after_seq=place), *reader.staged()):
            study.feed(block)
        return tell(reader, study, since_ns, until_ns)


def tell(
    reader: Reader,
    study: Study,
    since_ns: int | None,
    until_ns: int | None,
    minutes: tuple[MinuteSummary, ...] = (),
) -> Findings:
    """Put what a study found into the words of Findings."""
    record = reader.record_span()
    whole = record or Span(0, 0)
    span = Span(
        whole.start_ns if since_ns is None else since_ns, whole.end_ns if until_ns is None else until_ns
    )
    line = line_of_interest(reader.lines, study)
    exclusions = reader.exclusions()
    head = reader.head()
    return Findings(
        span=span,
        record=record,
        line=line,
        lines=tuple(reader.lines.values()),
        incidents=_named(study.incidents(exclusions), reader.lines, span),
        coverage=study.coverage(line.id, span),
        exclusions=exclusions,
        seal=Seal(head.seq, head.link.hex(), head.at_ns) if head else None,
        method=study.method.version,
        sample_count=study.sample_count,
        own_settings=_own_settings(reader.events(EventKind.CONFIGURATION)),
        minutes=minutes,
    )


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
