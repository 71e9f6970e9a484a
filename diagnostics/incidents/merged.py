"""The merged view: incidents that follow each other closely, shown as one. Totals stay those of the raw ones."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from diagnostics.model import SECOND, Cause, Incident, Kind, Line, Span
from diagnostics.shipped import read_shipped


@dataclass(frozen=True, slots=True)
class MergedIncident:
    """One incident or several in a row, of one line, kind and cause.

    ``span`` goes from the first start to the last end. ``total_s`` adds up the raw durations, ``confidence`` is the
    lowest among them. ``incidents`` are the raw ones' ids, oldest first.
    """

    kind: Kind
    cause: Cause
    line: Line
    span: Span
    ongoing: bool
    total_s: float
    confidence: float
    excluded: str | None
    incidents: tuple[str, ...]

    @property
    def id(self) -> str:
        """The first incident's."""
        return self.incidents[0]

    @property
    def count(self) -> int:
        return len(self.incidents)


@cache
def default_merge_gap_ns() -> int:
    """``merged.gap_s`` of ``resources/method.toml``, in nanoseconds."""
    raw = tomllib.loads(read_shipped("method.toml"))
    return round(float(raw["merged"]["gap_s"]) * SECOND)


def merge(
    incidents: Iterable[Incident],
    not_observed: Mapping[str, Sequence[Span]],
    gap_ns: int | None = None,
) -> tuple[MergedIncident, ...]:
    """Merge what lies closer together than ``gap_ns`` (default: the method's); each incident is in exactly one.

    ``not_observed`` holds, by line id, the times that were not observed: nothing is merged across one. Excluded
    incidents merge with those of the same reason alone, and an excluded one parts the counted ones around it.
    The result is ordered by start.
    """
    limit = default_merge_gap_ns() if gap_ns is None else gap_ns
    rows: dict[tuple[str, Kind, Cause], list[list[Incident]]] = {}
    for incident in sorted(incidents, key=lambda one: (one.span.start_ns, one.span.end_ns, one.id)):
        groups = rows.setdefault((incident.line.id, incident.kind, incident.verdict.cause), [])
        if groups and _belongs(incident, groups[-1], not_observed.get(incident.line.id, ()), limit):
            groups[-1].append(incident)
        else:
            groups.append([incident])
    merged = [_one(group) for groups in rows.values() for group in groups]
    return tuple(sorted(merged, key=lambda one: (one.span.start_ns, one.kind, one.id)))


def _belongs(incident: Incident, group: list[Incident], holes: Iterable[Span], limit: int) -> bool:
    if incident.excluded != group[-1].excluded:
        return False
    end, start = max(one.span.end_ns for one in group), incident.span.start_ns
    if start - end >= limit:
        return False
    return not any(hole.start_ns < start and hole.end_ns > end for hole in holes)


def _one(group: list[Incident]) -> MergedIncident:
    first = group[0]
    return MergedIncident(
        first.kind,
        first.verdict.cause,
        first.line,
        Span(first.span.start_ns, max(one.span.end_ns for one in group)),
        any(one.ongoing for one in group),
        sum(one.duration_s for one in group),
        min(one.verdict.confidence for one in group),
        first.excluded,
        tuple(one.id for one in group),
    )
