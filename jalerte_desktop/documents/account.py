"""What of the findings may be held against the operator, and what may not: the one place that decides it.

Every paper sorts incidents by these rules, so that no two papers of a period can disagree.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from diagnostics.model import Cause, Coverage, GapReason, Incident, Kind
from jalerte_desktop.casefile.model import UsedIncident
from jalerte_desktop.casefile.snapshot import used
from jalerte_desktop.findings.blame import OPERATORS_PART, is_operators
from jalerte_desktop.findings.model import Findings, total_s
from jalerte_desktop.words.figures import local


class Role(StrEnum):
    """The part that an incident plays in a paper. Stored in frozen papers: the words stay."""

    HELD = "held"
    """Attributed to the operator's network."""
    UNCERTAIN = "uncertain"
    """Seen beyond the box, but not surely the operator's."""
    DNS = "dns"
    """Names were not resolved; whose server failed is not said here."""
    SET_ASIDE = "set_aside"
    """Another cause: own Wi-Fi, box, own traffic, a distant server…"""
    EXCLUDED = "excluded"
    """Taken out of the count by the person, with a reason."""
    OTHER_LINE = "other_line"
    """Seen on another line than the paper's."""


@dataclass(frozen=True, slots=True)
class Account:
    """The findings, sorted. Each incident of the findings is in exactly one of the tuples; each is oldest first."""

    findings: Findings
    held: tuple[Incident, ...]
    uncertain: tuple[Incident, ...]
    dns: tuple[Incident, ...]
    set_aside: tuple[Incident, ...]
    excluded: tuple[Incident, ...]
    other_line: tuple[Incident, ...]

    def held_of(self, *kinds: Kind) -> tuple[Incident, ...]:
        return tuple(incident for incident in self.held if incident.kind in kinds)

    @property
    def outages(self) -> tuple[Incident, ...]:
        """Cuts that are held against the operator."""
        return self.held_of(Kind.OUTAGE)

    @property
    def set_aside_by_cause(self) -> tuple[tuple[Cause, int], ...]:
        """How many of each other cause, the most frequent first."""
        counts = Counter(incident.verdict.cause for incident in self.set_aside)
        return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0].value)))

    def used(self) -> tuple[UsedIncident, ...]:
        """Every incident with its role, as a frozen paper keeps it."""
        sorted_out = {incident.id: role for role in Role for incident in self._of(role)}
        return tuple(used(incident, sorted_out[incident.id]) for incident in self.findings.incidents)

    def _of(self, role: Role) -> tuple[Incident, ...]:
        found: tuple[Incident, ...] = getattr(self, role.value)
        return found


def account(findings: Findings) -> Account:
    """Sort the incidents of the findings by the part that they may play."""
    sorted_out: dict[Role, list[Incident]] = {role: [] for role in Role}
    for incident in sorted(findings.incidents, key=lambda i: (i.span.start_ns, i.id)):
        sorted_out[role_of(incident, findings.line.id)].append(incident)
    return Account(findings, **{role.value: tuple(sorted_out[role]) for role in Role})


def role_of(incident: Incident, line_id: str) -> Role:
    """Which part this incident plays in a paper about that line."""
    if incident.line.id != line_id:
        return Role.OTHER_LINE
    if incident.excluded is not None:
        return Role.EXCLUDED
    if incident.verdict.cause in OPERATORS_PART:
        return Role.HELD if is_operators(incident) else Role.UNCERTAIN
    return Role.DNS if incident.verdict.cause is Cause.DNS else Role.SET_ASIDE


def longest(incidents: tuple[Incident, ...]) -> Incident:
    """The longest of at least one; the first of equals."""
    return max(incidents, key=lambda incident: incident.duration_s)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How incidents spread over local days. ``in_office_hours``: began Monday to Friday, 9 to 18 o'clock."""

    days: int
    worst_day_ns: int
    worst_day_count: int
    in_office_hours: int


def rhythm(incidents: tuple[Incident, ...], zone: tzinfo | None) -> Rhythm:
    """The spread of at least one incident; ``worst_day_ns`` is the start of the first incident of the worst day."""
    starts = [(local(incident.span.start_ns, zone), incident.span.start_ns) for incident in incidents]
    by_day = Counter(moment.date() for moment, _ns in starts)
    worst, count = max(by_day.items(), key=lambda item: (item[1], -item[0].toordinal()))
    office = sum(1 for moment, _ns in starts if moment.weekday() < 5 and 9 <= moment.hour < 18)
    return Rhythm(len(by_day), min(ns for moment, ns in starts if moment.date() == worst), count, office)


def not_observed_by_reason(coverage: Coverage) -> tuple[tuple[GapReason, float], ...]:
    """Seconds that were not observed, by reason, the longest first."""
    sums: dict[GapReason, float] = {}
    for gap in coverage.gaps:
        sums[gap.reason] = sums.get(gap.reason, 0.0) + gap.span.duration_s
    return tuple(sorted(sums.items(), key=lambda item: (-item[1], item[0].value)))


__all__ = [
    "Account",
    "Rhythm",
    "Role",
    "account",
    "longest",
    "not_observed_by_reason",
    "rhythm",
    "role_of",
    "total_s",
]
