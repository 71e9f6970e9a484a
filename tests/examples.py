"""Example findings for tests of papers, commands and pages: made-up, with round figures.

All times are UTC nanoseconds around November 2026; ``at("2026-11-17 08:12:05")`` reads a UTC time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from diagnostics.model import (
    SECOND,
    Cause,
    Coverage,
    Exclusion,
    Gap,
    GapReason,
    Incident,
    Kind,
    Line,
    Remark,
    Span,
    Verdict,
    incident_id,
    line_id,
)
from jalerte_desktop.findings.model import Findings, Seal

HOME = Line(
    id=line_id("02:00:00:00:00:01", "eth0"),
    gateway="192.168.1.1",
    gateway_mac="02:00:00:00:00:01",
    interface="eth0",
    name="Maison",
    home=True,
)
OTHER = Line(
    id=line_id("02:00:00:00:00:02", "wlan0"),
    gateway="172.20.10.1",
    gateway_mac="02:00:00:00:00:02",
    interface="wlan0",
    name="Partage du téléphone",
    home=False,
)
UNCONFIRMED = replace(HOME, name="", home=None)

SEAL = Seal(4812, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 0)


def at(text: str) -> int:
    """``2026-11-17 08:12:05`` in UTC, as nanoseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


NOW = at("2026-11-22 09:00:00")
PERIOD = Span(at("2026-11-01 09:00:00"), NOW)

_REASONS = {
    Cause.ACCESS: (
        Remark.of("box_answers", tries=20, answered=20),
        Remark.of("anchors_silent", anchors=3, networks=3, tries=60),
    ),
    Cause.BOX: (Remark.of("box_silent", tries=20),),
}


def incident(
    start: str,
    seconds: float = 20.0,
    cause: Cause = Cause.ACCESS,
    confidence: float = 0.9,
    kind: Kind = Kind.OUTAGE,
    line: Line = HOME,
    ongoing: bool = False,
    excluded: str | None = None,
) -> Incident:
    """One incident; by default a cut of the access of 20 s that the operator is blamed for."""
    start_ns = at(start)
    return Incident(
        id=incident_id(line, kind, start_ns),
        kind=kind,
        line=line,
        span=Span(start_ns, start_ns + round(seconds * SECOND)),
        ongoing=ongoing,
        duration_s=seconds,
        verdict=Verdict(cause, confidence, _REASONS.get(cause, ()), (Remark.of("one_machine_observes"),)),
        excluded=excluded,
    )


def findings(
    incidents: Sequence[Incident] = (),
    line: Line = HOME,
    span: Span = PERIOD,
    gaps: Sequence[Gap] = (),
    exclusions: Sequence[Exclusion] = (),
    seal: Seal | None = SEAL,
    **more: object,
) -> Findings:
    """Findings of ``span`` with these incidents; all of the span that is in no gap was observed."""
    observed = span.duration_s - sum(gap.span.duration_s for gap in gaps)
    values: dict[str, object] = {
        "span": span,
        "record": span,
        "line": line,
        "lines": (line,),
        "incidents": tuple(sorted(incidents, key=lambda i: i.span.start_ns)),
        "coverage": Coverage(span, observed, tuple(gaps)),
        "exclusions": tuple(exclusions),
        "seal": replace(seal, at_ns=span.end_ns - 60 * SECOND) if seal else None,
        "method": "2026-11-22",
        "sample_count": round(observed * 4),
    }
    return Findings(**(values | more))  # type: ignore[arg-type]


def two_cuts_a_day(days: int = 14, line: Line = HOME) -> tuple[Incident, ...]:
    """A line that drops twice a day, at 8:12 and 14:30 UTC, 20 s and 2 min 8 s, from 8 November 2026 on."""
    found = []
    for n in range(days):
        day = datetime.fromtimestamp(at("2026-11-08 00:00:00") // SECOND + n * 86_400, UTC).date().isoformat()
        found += [incident(f"{day} 08:12:05", 20, line=line), incident(f"{day} 14:30:41", 128, line=line)]
    return tuple(found)


def ordinary() -> Findings:
    """A plausible fortnight: cuts by the operator, some uncertain, own Wi-Fi, a box, losses, sleep, an exclusion."""
    works = Exclusion(
        Span(at("2026-11-12 13:00:00"), at("2026-11-12 17:00:00")), "Travaux électriques chez moi", NOW
    )
    cuts = tuple(
        replace(cut, excluded=works.reason) if works.span.clip(cut.span) else cut for cut in two_cuts_a_day()
    )
    others = (
        incident("2026-11-09 19:00:00", 300, confidence=0.7, kind=Kind.LOSS, cause=Cause.ISP_CORE),
        incident("2026-11-10 20:00:00", 60, confidence=0.55, kind=Kind.LOSS),
        incident("2026-11-11 10:00:00", 45, cause=Cause.WIFI),
        incident("2026-11-13 10:00:00", 30, cause=Cause.WIFI),
        incident("2026-11-14 10:00:00", 90, cause=Cause.BOX, confidence=0.65),
        incident("2026-11-15 11:00:00", 15, cause=Cause.DNS, kind=Kind.DNS, confidence=0.8),
        incident("2026-11-16 11:00:00", 40, line=OTHER),
    )
    night = Gap(Span(at("2026-11-03 22:00:00"), at("2026-11-04 06:00:00")), GapReason.ASLEEP)
    stopped = Gap(Span(at("2026-11-05 10:00:00"), at("2026-11-05 12:30:00")), GapReason.STOPPED)
    return findings((*cuts, *others), gaps=(night, stopped), exclusions=(works,), lines=(HOME, OTHER))
