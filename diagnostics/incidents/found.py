"""What a detector hands over: a stretch of trouble and its facts, judged once the witnesses have been heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from diagnostics.incidents.method import Method
from diagnostics.incidents.testimony import Heard
from diagnostics.model import SECOND, Incident, Kind, Line, Span, Verdict, incident_id

Judged = tuple[Kind, Verdict]


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time on both clocks, in nanoseconds."""

    wall_ns: int
    mono_ns: int


class Case(Protocol):
    """The facts of one stretch of trouble."""

    def judge(self, heard: Heard, method: Method, /) -> Judged | None:
        """Kind and verdict; None when it is no incident of its own (another one tells it)."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """A case that no witness can change."""

    kind: Kind
    verdict: Verdict

    def judge(self, _heard: Heard, _method: Method, /) -> Judged | None:
        return self.kind, self.verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch of trouble. ``symptom`` is the detector's kind; the verdict's may be another.

    ``windows`` are the parts in which the trouble showed, when it came and went; the whole by default.
    """

    symptom: Kind
    start: Moment
    end: Moment
    case: Case
    ongoing: bool = False
    windows: tuple[Span, ...] = ()

    @property
    def span(self) -> Span:
        return Span(self.start.wall_ns, max(self.end.wall_ns, self.start.wall_ns + 1))

    def on(self, line: Line, judged: Judged) -> Incident:
        """The incident. Its id comes from the symptom, so that a witness heard later does not change it."""
        kind, verdict = judged
        return Incident(
            id=incident_id(line, self.symptom, self.start.wall_ns),
            kind=kind,
            line=line,
            span=self.span,
            ongoing=self.ongoing,
            duration_s=round((self.end.mono_ns - self.start.mono_ns) / SECOND, 4),
            verdict=verdict,
        )
