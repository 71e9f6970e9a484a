"""The findings of a period, as every paper, command and page reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.incidents.merged import MergedIncident
from diagnostics.model import Coverage, Exclusion, Gap, Incident, Kind, Line, Span
from diagnostics.witnesses import BoxAccount
from jalerte_desktop.findings.personal import NO_TELEWORK, OwnThresholds, Telework


@dataclass(frozen=True, slots=True)
class Seal:
    """The newest link of the journal's chain: its number, its SHA-256 in hexadecimal, and when it was made (UTC ns).

    ``key`` is the fingerprint of the machine's key that the chain was last signed with: hexadecimal SHA-256 of the
    public key's 32 bytes, "" where nothing was signed yet.
    """

    sequence: int
    link: str
    at_ns: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class MinuteSummary:
    """One target's minute, for drawing: times in ms, None where nothing was answered. ``lost`` counts missed tries."""

    start_ns: int
    target_id: str
    count: int
    lost: int
    min_ms: float | None
    median_ms: float | None
    p95_ms: float | None
    max_ms: float | None


@dataclass(frozen=True, slots=True)
class BoxSaid:
    """The box's account of its line, and when it was given (UTC ns)."""

    account: BoxAccount
    at_ns: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What the journal says of ``span``.

    ``incidents`` holds every line's, oldest first, excluded ones included (``Incident.excluded`` says why).
    ``coverage`` is of the home line where one is confirmed, else of the line in use: ``line``.
    ``record`` is the span of the whole journal. ``confirmed`` says whether ``line`` is confirmed as home.
    ``merged`` shows the incidents in rows, each incident in one; ``telework`` is of ``line``. ``own`` is what the
    person's own thresholds found, None where there are none: no figure of a paper and no alert goes by it. ``box`` is
    what the box said of its line last, within the hour before the period's end.
    """

    span: Span
    record: Span | None
    line: Line
    lines: tuple[Line, ...]
    incidents: tuple[Incident, ...]
    coverage: Coverage
    exclusions: tuple[Exclusion, ...]
    seal: Seal | None
    method: str
    sample_count: int
    own_settings: tuple[str, ...] = ()
    minutes: tuple[MinuteSummary, ...] = ()
    merged: tuple[MergedIncident, ...] = ()
    telework: Telework = NO_TELEWORK
    own: OwnThresholds | None = None
    box: BoxSaid | None = None

    @property
    def confirmed(self) -> bool:
        return self.line.home is True

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self.coverage.gaps

    @property
    def counted(self) -> tuple[Incident, ...]:
        """Incidents of ``line`` that no exclusion takes out."""
        return tuple(i for i in self.incidents if i.line.id == self.line.id and i.excluded is None)

    @property
    def outages(self) -> tuple[Incident, ...]:
        return tuple(i for i in self.counted if i.kind is Kind.OUTAGE)

    @property
    def outage_s(self) -> float:
        """Seconds of the outages that lie within the period."""
        return total_within_s(self.outages, self.span)


def within_s(incident: Incident, span: Span) -> float:
    """Seconds of an incident that lie within a period, on the wall clock."""
    part = incident.span.clip(span)
    return part.duration_s if part else 0.0


def total_within_s(incidents: Iterable[Incident], span: Span) -> float:
    """Seconds of these incidents that lie within a period, added up: what may be set against the time observed."""
    return sum(min(incident.duration_s, within_s(incident, span)) for incident in incidents)


def total_s(incidents: Iterable[Incident]) -> float:
    """Seconds of these incidents, added up from the raw ones."""
    return sum(incident.duration_s for incident in incidents)
