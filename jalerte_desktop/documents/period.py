"""The period of a paper, where the person named none: the last thirty days of the record."""

from __future__ import annotations

from dataclasses import replace

from diagnostics.model import SECOND, Coverage, Gap, Span
from jalerte_desktop.findings.model import Findings

DEFAULT_DAYS = 30


def last_days(findings: Findings, days: int = DEFAULT_DAYS) -> Findings:
    """The same findings for the last days of their span only. The whole record stays told in ``record``."""
    span = findings.span
    start = max(span.start_ns, span.end_ns - days * 86_400 * SECOND)
    if start == span.start_ns:
        return findings
    shorter = Span(start, span.end_ns)
    gaps = tuple(
        Gap(clipped, gap.reason)
        for gap in findings.coverage.gaps
        if (clipped := gap.span.clip(shorter)) is not None
    )
    observed_s = shorter.duration_s - sum(gap.span.duration_s for gap in gaps)
    return replace(
        findings,
        span=shorter,
        incidents=tuple(i for i in findings.incidents if i.span.end_ns > start),
        coverage=Coverage(shorter, max(0.0, observed_s), gaps),
        merged=tuple(m for m in findings.merged if m.span.end_ns > start),
        telework=findings.telework.since(shorter),
        own=findings.own and findings.own.since(start),
        minutes=tuple(minute for minute in findings.minutes if minute.start_ns >= start),
    )
