"""Example days for the window: made-up, the same at each run, no clock and no disk."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from diagnostics.incidents.merged import merge
from diagnostics.incidents.telework import CallSeconds
from diagnostics.model import (
    MINUTE,
    SECOND,
    Cause,
    Coverage,
    Gap,
    GapReason,
    Incident,
    Kind,
    Line,
    Remark,
    Span,
    Verdict,
    incident_id,
)
from diagnostics.working_hours import WorkingHours
from jalerte_desktop.findings.model import Findings, MinuteSummary, Seal
from jalerte_desktop.findings.personal import telework_of
from jalerte_desktop.window.chart_data import local_day
from jalerte_desktop.window.reader import week_start

HOME = Line("2f0c4e5a9b11", "192.168.1.1", "02:00:00:00:00:01", "eth0", "Maison", True)
UNCONFIRMED = replace(HOME, name="", home=None)
HOUR = 60 * MINUTE
NOW = 1_795_014_300 * SECOND  # Wednesday 18 November 2026, 16:05 in Paris
ANCHORS = ("1.1.1.1", "8.8.8.8", "9.9.9.9")

ACCESS = Verdict(
    Cause.ACCESS,
    0.9,
    (
        Remark.of("box_answers", tries=180, answered=180, median_ms=1.1),
        Remark.of("anchors_silent", anchors=4, networks=4, tries=720),
    ),
    (Remark.of("one_machine_observes"),),
)
LOCAL = Verdict(
    Cause.BOX,
    0.65,
    (Remark.of("box_silent", tries=36), Remark.of("carrier_held")),
    (Remark.of("switch_or_cable_looks_alike"),),
)
CORE = Verdict(
    Cause.ISP_CORE,
    0.6,
    (
        Remark.of("loss_to_anchors", share=0.062, tries=4320, missed=268),
        Remark.of("loss_to_box", share=0.0, tries=1080, missed=0),
        Remark.of("loss_to_hop", share=0.001, tries=1080, missed=1),
    ),
    (Remark.of("household_not_ruled_out"), Remark.of("one_machine_observes")),
)


def incident(
    start_ns: int,
    seconds: float,
    verdict: Verdict = ACCESS,
    kind: Kind = Kind.OUTAGE,
    ongoing: bool = False,
    line: Line = HOME,
    excluded: str | None = None,
) -> Incident:
    span = Span(start_ns, start_ns + round(seconds * SECOND))
    return Incident(incident_id(line, kind, start_ns), kind, line, span, ongoing, seconds, verdict, excluded)


def minutes_of(
    span: Span, incidents: Sequence[Incident], gaps: Sequence[Gap], seed: int = 7
) -> tuple[MinuteSummary, ...]:
    """Four targets' minutes: quiet around 12 ms, silent in outages, none at all in gaps."""
    dice = random.Random(seed)
    rows = []
    outages = [one.span for one in incidents if one.kind is Kind.OUTAGE]
    losses = [one.span for one in incidents if one.kind in (Kind.LOSS, Kind.LATENCY)]
    for start in range(span.start_ns, span.end_ns, MINUTE):
        whole = Span(start, min(start + MINUTE, span.end_ns))
        missing = sum(part.duration_s for gap in gaps if (part := gap.span.clip(whole)))
        down = sum(part.duration_s for one in outages if (part := one.clip(whole)))
        poor = any(one.clip(whole) for one in losses)
        count = round(whole.duration_s - missing)
        if count <= 0:
            continue
        base = 12 + 2 * math.sin(start / (6 * HOUR)) + (dice.uniform(4, 14) if poor else 0)
        for index, address in enumerate(ANCHORS):
            lost = min(count, round(down) + (round(count * 0.08) if poor else 0))
            middle = base + index * 0.8 + dice.uniform(-0.5, 0.5)
            high = middle + dice.uniform(2, 10) + (dice.uniform(5, 18) if dice.random() < 0.15 else 0)
            rows.append(
                _minute(
                    start, f"anchor/icmp/{address}", count, lost, middle - dice.uniform(1, 4), middle, high
                )
            )
        rows.append(_minute(start, "gateway/icmp/192.168.1.1", count, 0, 0.6, 1.1, 2.4))
    return tuple(rows)


def _minute(
    start: int, target: str, count: int, lost: int, low: float, middle: float, high: float
) -> MinuteSummary:
    if lost >= count:
        return MinuteSummary(start, target, count, lost, None, None, None, None)
    return MinuteSummary(start, target, count, lost, low, middle, (middle + high) / 2, high)


def findings(
    incidents: Sequence[Incident] = (),
    gaps: Sequence[Gap] = (),
    line: Line = HOME,
    now_ns: int = NOW,
    span: Span | None = None,
    record: Span | None = None,
    newest_ns: int | None = None,
    hours: WorkingHours | None = None,
) -> Findings:
    span = span or Span(local_day(now_ns).start_ns, now_ns)
    observed = span.duration_s - sum(part.duration_s for gap in gaps if (part := gap.span.clip(span)))
    inside = tuple(one for one in incidents if one.span.clip(span))
    day = span.clip(local_day(now_ns))
    shown = tuple(replace(one, line=line) for one in inside)
    outages = [one.span for one in shown if one.kind is Kind.OUTAGE and one.excluded is None]
    return Findings(
        span=span,
        record=record or Span(week_start(now_ns) - 30 * 24 * HOUR, newest_ns or now_ns),
        line=line,
        lines=(line,),
        incidents=shown,
        merged=merge(shown, {line.id: [gap.span for gap in gaps]}),
        telework=telework_of(CallSeconds().and_all_of(outages), shown, (), span, hours),
        coverage=Coverage(span, observed, tuple(gap for gap in gaps if gap.span.clip(span))),
        exclusions=(),
        seal=Seal(4812, "9f86d081884c7d65", now_ns),
        method="2026-11-22",
        sample_count=round(observed * 4),
        minutes=minutes_of(day, inside, gaps) if day else (),
    )


def day_and_week(ongoing: bool = True, now_ns: int = NOW) -> tuple[tuple[Incident, ...], tuple[Gap, ...]]:
    """A plausible day after a bad week; ``ongoing``: and a cut right now."""
    midnight = local_day(now_ns).start_ns
    night = Gap(Span(midnight + 35 * MINUTE, midnight + 6 * HOUR + 48 * MINUTE), GapReason.ASLEEP)
    incidents = [
        incident(midnight + 9 * HOUR + 15 * MINUTE, 192),
        incident(midnight + 11 * HOUR + 37 * MINUTE, 128, LOCAL),
        incident(midnight + 13 * HOUR + 6 * MINUTE, 1080, CORE, Kind.LOSS),
    ]
    for day, hour, seconds in ((1, 21, 2040), (2, 8, 340), (3, 14, 610), (4, 20, 92), (5, 10, 415)):
        incidents.append(incident(midnight - day * 24 * HOUR + hour * HOUR + 4 * MINUTE, seconds))
    if ongoing:
        incidents.append(incident(now_ns - 185 * SECOND, 185, ongoing=True))
    return tuple(incidents), (night,)


class FixedSource:
    """Answers like the journal, from memory. ``now_ns`` is the clock that goes with it."""

    def __init__(
        self, incidents: Sequence[Incident] = (), gaps: Sequence[Gap] = (), line: Line = HOME, **more: object
    ) -> None:
        self.incidents, self.gaps, self.line, self.more = incidents, gaps, line, more
        self.asked: list[tuple[int, int]] = []

    def __call__(self, _journal: Path) -> FixedSource:
        return self

    def refresh(self, since_ns: int, until_ns: int) -> Findings | None:
        self.asked.append((since_ns, until_ns))
        return findings(
            self.incidents,
            self.gaps,
            self.line,
            until_ns,
            Span(since_ns, until_ns),
            **self.more,  # type: ignore[arg-type]
        )


class NoJournal:
    def __call__(self, _journal: Path) -> NoJournal:
        return self

    def refresh(self, since_ns: int, until_ns: int) -> Findings | None:
        return None
