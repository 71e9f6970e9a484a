"""What a detector hands over: a stretch of trouble with its verdict, before it becomes an Incident."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.model import SECOND, Incident, Kind, Line, Span, Verdict, incident_id


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time on both clocks, in nanoseconds."""

    wall_ns: int
    mono_ns: int


@dataclass(frozen=True, slots=True)
class Finding:
    kind: Kind
    start: Moment
    end: Moment
    verdict: Verdict
    ongoing: bool = False

    def on(self, line: Line) -> Incident:
        return Incident(
            id=incident_id(line, self.kind, self.start.wall_ns),
            kind=self.kind,
            line=line,
            span=Span(self.start.wall_ns, max(self.end.wall_ns, self.start.wall_ns + 1)),
            ongoing=self.ongoing,
            duration_s=round((self.end.mono_ns - self.start.mono_ns) / SECOND, 4),
            verdict=self.verdict,
        )
