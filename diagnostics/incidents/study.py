"""From a recording to incidents and coverage: a stream that is fed once, in order, and asked at any time."""

from __future__ import annotations

import copy
from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from diagnostics.incidents.columns import Column
from diagnostics.incidents.found import Finding, Moment
from diagnostics.incidents.line_study import LineStudy, RollupRow
from diagnostics.incidents.method import Method, default_method
from diagnostics.incidents.sparse import take
from diagnostics.incidents.telework import NO_SECONDS, CallSeconds
from diagnostics.incidents.testimony import Testimony
from diagnostics.model import (
    SECOND,
    Coverage,
    Event,
    EventKind,
    Exclusion,
    Gap,
    GapReason,
    Incident,
    Line,
    Sample,
    Span,
)
from diagnostics.witnesses import from_event

OFFSET_LIMIT_NS = 200_000_000
BACKWARD_NS = 15 * SECOND
"""Blocks of one minute may overlap a little, when clocks drift apart or an answer comes late: that is no gap."""

SETTLED_NS = 11 * 60 * SECOND
"""A finding is judged for good so long after its end: a counter's quiet minutes are told up to ten minutes later."""


class RollupTable(Protocol):
    @property
    def longest_gap_ns(self) -> int: ...
    @property
    def rows(self) -> Sequence[RollupRow]: ...


class Block(Protocol):
    """A stretch of one line's samples in order of sending (``journal.reader.Block`` is one)."""

    @property
    def line(self) -> Line: ...
    @property
    def span(self) -> Span: ...
    @property
    def rollups(self) -> RollupTable: ...
    @property
    def offset_ns(self) -> int:
        """Wall clock less monotonic clock."""
        ...

    @property
    def columns(self) -> Sequence[Column]: ...
    @property
    def samples(self) -> Sequence[Sample]: ...


@dataclass(slots=True)
class Stint:
    """A time observed without a gap on one line."""

    line: Line
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says of the link, at its time."""

    at_ns: int
    carrier: bool | None
    route: bool
    medium: str
    tunnel: bool


class Study:
    """Feed blocks in the order of recording; ``incidents`` and ``coverage`` may be asked in between.

    ``fork`` gives a copy to which provisional blocks can be fed without touching the original.
    """

    def __init__(self, method: Method | None = None) -> None:
        self.method = method or default_method()
        self._lines: dict[str, LineStudy] = {}
        self._incidents: list[Incident] = []
        self._pending: list[tuple[Line, Finding]] = []
        self._testimony = Testimony(self.method)
        self._stints: list[Stint] = []
        self._told: list[Told] = []
        self._known: Told | None = None
        self._gap_events: list[Gap] = []
        self._offset_ns: int | None = None
        self._last_ns: int | None = None
        self.sample_count = 0

    def fork(self) -> Study:
        other = copy.copy(self)
        other._lines = copy.deepcopy(self._lines)
        other._incidents = list(self._incidents)
        other._pending = list(self._pending)
        other._testimony = self._testimony.fork()
        other._stints = [replace(stint) for stint in self._stints[-1:]]
        other._stints[:0] = self._stints[:-1]
        other._told = list(self._told)
        other._gap_events = list(self._gap_events)
        return other

    def note(self, events: Iterable[Event]) -> None:
        """Take in what the recorder and the witnesses say; before the blocks of the same time."""
        for event in events:
            if event.kind is EventKind.LINK:
                carrier = event.data.get("carrier")
                told = Told(
                    event.at_ns,
                    None if carrier is None else bool(carrier),
                    bool(event.data.get("interface")),
                    str(event.data.get("medium") or ""),
                    bool(event.data.get("tunnel")),
                )
                insort(self._told, told, key=lambda one: one.at_ns)
            elif event.kind is EventKind.WITNESS:
                statement = from_event(event)
                if statement is not None:
                    self._testimony.note(statement, event.at_ns)
            elif event.kind is EventKind.GAP:
                gap = _gap_of(event)
                if gap is not None:
                    self._gap_events.append(gap)

    def feed(self, block: Block) -> None:
        """Take in one block. Where its samples cannot be had, what they raise is raised, and nothing is changed."""
        rows = tuple(block.rollups.rows)
        if self._follows(block) and self._take(block, rows):
            self._last_ns = self._stints[-1].end_ns = block.span.end_ns
        else:
            for sample in block.samples:
                self._feed(block.line, sample)
            self._lines[block.line.id].end_block(rows)
        self.sample_count += sum(row.count for row in rows)
        self._gather(block.line, self._lines[block.line.id])

    def _take(self, block: Block, rows: tuple[RollupRow, ...]) -> bool:
        """Take a block without feeding each of its samples; False, with nothing changed, where that is not possible."""
        study, end_ns, before_ns = self._lines[block.line.id], block.span.end_ns, self._offset_ns or 0
        if study.skim(rows, Moment(end_ns, end_ns - before_ns)):
            return True
        if abs(block.offset_ns - before_ns) > OFFSET_LIMIT_NS:
            return False
        if not take(study, block.columns, block.offset_ns, lambda: block.samples):
            return False
        self._offset_ns = block.offset_ns
        study.end_block(rows)
        return True

    def _follows(self, block: Block) -> bool:
        """True when nothing but time lies between the last block and this one: same line, no gap, nothing told."""
        if self._last_ns is None or not self._stints or self._stints[-1].line.id != block.line.id:
            return False
        start = block.span.start_ns
        return (
            0 < start - self._last_ns <= self.method.gap_ns
            and block.rollups.longest_gap_ns <= self.method.gap_ns
            and block.line.id in self._lines
            and not self._told_before(block.span.end_ns)
        )

    def _told_before(self, at_ns: int) -> bool:
        return bool(self._told) and self._told[0].at_ns <= at_ns

    def _feed(self, line: Line, sample: Sample) -> None:
        offset = sample.sent_ns - sample.mono_ns
        last, before = self._last_ns, self._offset_ns
        self._last_ns, self._offset_ns = max(sample.sent_ns, last or 0), offset
        if last is not None and sample.sent_ns < last - BACKWARD_NS:
            self._last_ns = sample.sent_ns
        stepped = before is not None and abs(offset - before) > OFFSET_LIMIT_NS
        other_line = bool(self._stints) and self._stints[-1].line.id != line.id
        gap = last is not None and not -BACKWARD_NS <= sample.sent_ns - last <= self.method.gap_ns
        if last is None or stepped or other_line or gap:
            self._cut()
            self._stints.append(Stint(line, sample.sent_ns, sample.sent_ns))
        study = self._lines.get(line.id)
        if study is None:
            study = self._lines[line.id] = LineStudy(self.method)
        while self._told_before(sample.sent_ns):
            self._known = self._told.pop(0)
            self._tell_link(study, self._known)
        if (last is None or other_line) and self._known is not None:
            self._tell_link(study, self._known)
        self._stints[-1].end_ns = max(self._stints[-1].end_ns, sample.sent_ns)
        study.feed(sample)

    @staticmethod
    def _tell_link(study: LineStudy, told: Told) -> None:
        study.link(carrier=told.carrier, route=told.route, medium=told.medium, tunnel=told.tunnel)

    def _cut(self) -> None:
        if self._stints:
            line = self._stints[-1].line
            study = self._lines[line.id]
            study.cut()
            self._gather(line, study)

    def _gather(self, line: Line, study: LineStudy) -> None:
        self._pending += [(line, finding) for finding in study.found]
        study.found.clear()
        now = self._last_ns or 0
        self._testimony.advance(line.id, now)
        settled = [entry for entry in self._pending if entry[1].end.wall_ns + SETTLED_NS <= now]
        if settled:
            self._pending = [entry for entry in self._pending if entry[1].end.wall_ns + SETTLED_NS > now]
            self._incidents += self._judged(settled)

    def _judged(self, findings: Iterable[tuple[Line, Finding]]) -> Iterator[Incident]:
        for line, finding in findings:
            heard = self._testimony.hear(line.id, finding.span, finding.windows)
            judged = finding.case.judge(heard, self.method)
            if judged is not None:
                yield finding.on(line, judged)

    def incidents(self, exclusions: Iterable[Exclusion] = ()) -> tuple[Incident, ...]:
        """Everything found so far, oldest first; the last line's ongoing troubles included."""
        open_findings = list(self._pending)
        if self._stints:
            line = self._stints[-1].line
            open_findings += [(line, finding) for finding in self._lines[line.id].ongoing()]
        found = [*self._incidents, *self._judged(open_findings)]
        found.sort(key=lambda incident: (incident.span.start_ns, incident.kind, incident.id))
        excluded = tuple(exclusions)
        return tuple(_mark(incident, excluded) for incident in found)

    def coverage(self, line_id: str, span: Span) -> Coverage:
        """What of ``span`` was observed on a line. The last try stands for the second that follows it."""
        seen = [
            clipped
            for stint in self._stints
            if stint.line.id == line_id
            and (clipped := Span(stint.start_ns, stint.end_ns + SECOND).clip(span)) is not None
        ]
        observed = _close_up(_union(seen), span)
        others = [Span(s.start_ns, s.end_ns + SECOND) for s in self._stints if s.line.id != line_id]
        gaps: list[Gap] = []
        at = span.start_ns
        for part in [*observed, Span(span.end_ns, span.end_ns)]:
            if part.start_ns > at:
                gaps += self._explain(Span(at, part.start_ns), others)
            at = max(at, part.end_ns)
        return Coverage(span, sum(part.duration_s for part in observed), tuple(gaps))

    def _explain(self, hole: Span, others: Sequence[Span]) -> list[Gap]:
        """Split a hole by what is known of it."""
        known = [Gap(part, GapReason.OTHER_LINE) for other in others if (part := other.clip(hole))]
        known += [Gap(part, gap.reason) for gap in self._gap_events if (part := gap.span.clip(hole))]
        starts = [self._stints[0].start_ns if self._stints else hole.end_ns]
        starts += [gap.span.start_ns for gap in self._gap_events if gap.reason in _RECORDED]
        first = min(starts)
        if hole.start_ns < first:
            known.append(Gap(Span(hole.start_ns, min(first, hole.end_ns)), GapReason.NOT_STARTED))
        known.sort(key=lambda gap: (gap.span.start_ns, -gap.span.end_ns))
        gaps: list[Gap] = []
        at = hole.start_ns
        for gap in known:
            start, end = max(gap.span.start_ns, at), gap.span.end_ns
            if start - at > SECOND:
                gaps.append(Gap(Span(at, start), GapReason.UNKNOWN))
                at = start
            if end > at:
                gaps.append(Gap(Span(at, end), gap.reason))
                at = end
        if at < hole.end_ns:
            rest = Span(at, hole.end_ns)
            if gaps and rest.duration_s <= 2:
                gaps[-1] = Gap(Span(gaps[-1].span.start_ns, hole.end_ns), gaps[-1].reason)
            else:
                gaps.append(Gap(rest, GapReason.UNKNOWN))
        return gaps

    def call_seconds(self, line_id: str) -> CallSeconds:
        """The line's call-breaking seconds; those of its outages are not among them."""
        study = self._lines.get(line_id)
        return study.calls.seconds() if study else NO_SECONDS

    @property
    def last_line(self) -> Line | None:
        return self._stints[-1].line if self._stints else None

    @property
    def last_sample_ns(self) -> int | None:
        return self._last_ns


_RECORDED = (GapReason.DAMAGED, GapReason.REMOVED)
"""There the recording had begun already."""


def _gap_of(event: Event) -> Gap | None:
    """The gap that an event tells of; None for an empty one, and for a damaged event."""
    start, reason = event.data.get("start_ns"), event.data.get("reason")
    if not isinstance(start, int) or reason not in set(GapReason) or start >= event.at_ns:
        return None
    return Gap(Span(start, event.at_ns), GapReason(str(reason)))


def _union(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start_ns):
        if merged and span.start_ns <= merged[-1].end_ns:
            merged[-1] = Span(merged[-1].start_ns, max(merged[-1].end_ns, span.end_ns))
        else:
            merged.append(span)
    return merged


def _close_up(parts: list[Span], span: Span) -> list[Span]:
    """Take holes of less than a second, which is less than the time between tries, for observed."""
    if not parts:
        return parts
    closed = [
        Span(span.start_ns, parts[0].end_ns) if parts[0].start_ns - span.start_ns < SECOND else parts[0]
    ]
    for part in parts[1:]:
        if part.start_ns - closed[-1].end_ns < SECOND:
            closed[-1] = Span(closed[-1].start_ns, part.end_ns)
        else:
            closed.append(part)
    if span.end_ns - closed[-1].end_ns < SECOND:
        closed[-1] = Span(closed[-1].start_ns, span.end_ns)
    return closed


def _mark(incident: Incident, exclusions: tuple[Exclusion, ...]) -> Incident:
    for exclusion in exclusions:
        if exclusion.span.start_ns < incident.span.end_ns and incident.span.start_ns < exclusion.span.end_ns:
            return replace(incident, excluded=exclusion.reason)
    return incident
