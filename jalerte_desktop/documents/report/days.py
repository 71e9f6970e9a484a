"""The period's local days: how much of each was observed, and how much the line's own cuts took."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta, tzinfo

from diagnostics.campaigns.local_days import at_hour, day_of
from diagnostics.incidents.telework import CallSeconds, default_call_limits
from diagnostics.model import Incident, Span
from jalerte_desktop.documents.account import Account
from jalerte_desktop.documents.report.model import Day
from jalerte_desktop.documents.report.stretches import observed, seconds_by_part


def local_days(span: Span, zone: tzinfo) -> Iterator[tuple[date, Span]]:
    """Each local day that the period touches, with its part of the period. A day of 23 or 25 hours is one day."""
    if span.start_ns >= span.end_ns:
        return
    day, last = day_of(span.start_ns, zone), day_of(span.end_ns - 1, zone)
    while day <= last:
        part = Span(at_hour(day, 0, zone), at_hour(day, 24, zone)).clip(span)
        if part is not None:
            yield day, part
        day += timedelta(days=1)


def days_of(account: Account, zone: tzinfo) -> tuple[Day, ...]:
    """The days of the account's period."""
    findings = account.findings
    days = list(local_days(findings.span, zone))
    parts = [part for _, part in days]
    cuts = _counted(account.outages, parts)
    incidents = _counted(findings.counted, parts)
    cut_s = _cut_seconds(account.outages, parts)
    lost = _working_minutes(account, parts, zone)
    seen = seconds_by_part(parts, observed(findings.coverage))
    return tuple(
        Day(day, part, seen[n], cuts[n], cut_s[n], incidents[n], None if lost is None else lost[n])
        for n, (day, part) in enumerate(days)
    )


def _counted(incidents: Iterable[Incident], parts: Sequence[Span]) -> list[int]:
    counts = [0] * len(parts)
    for incident in incidents:
        for place, _ in _pieces(incident.span, parts):
            counts[place] += 1
    return counts


def _cut_seconds(cuts: Iterable[Incident], parts: Sequence[Span]) -> list[float]:
    """By duration: where the clock was set during a cut, it lasted shorter than the clock says."""
    sums = [0.0] * len(parts)
    for cut in cuts:
        wall_s = cut.span.duration_s
        scale = min(1.0, cut.duration_s / wall_s) if wall_s > 0 else 0.0
        for place, piece in _pieces(cut.span, parts):
            sums[place] += piece.duration_s * scale
    return sums


def _working_minutes(account: Account, parts: Sequence[Span], zone: tzinfo) -> list[int] | None:
    hours = account.findings.telework.hours
    if hours is None:
        return None
    cuts = CallSeconds().and_all_of(cut.span for cut in account.outages).within(account.findings.span)
    counts = [0] * len(parts)
    starts = [part.start_ns for part in parts]
    for at in cuts.lost_minutes(default_call_limits().lost_minute_s):
        if hours.contain(at, zone):
            # The period's first minute may begin before it.
            counts[max(0, bisect_right(starts, at) - 1)] += 1
    return counts


def _pieces(span: Span, parts: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    first = max(0, bisect_right(parts, span.start_ns, key=lambda part: part.start_ns) - 1)
    for place in range(first, len(parts)):
        if parts[place].start_ns >= span.end_ns:
            return
        piece = span.clip(parts[place])
        if piece is not None:
            yield place, piece
