"""The state of the line at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.model import SECOND, Incident, Kind, Line
from jalerte_desktop.findings.model import BoxSaid, Findings

FRESH_NS = 15 * SECOND
"""A sample older than this says nothing of now."""


@dataclass(frozen=True)
class Now:
    """``state`` is one of ``up down degraded not_observed``; ``since_ns`` is when it began, where that is known.

    ``box`` is what the box said of its line within the last hour.
    """

    recorder_running: bool
    line: Line
    state: str
    since_ns: int | None
    incident: Incident | None
    last_sample_ns: int | None
    box: BoxSaid | None = None


def state_now(findings: Findings, now_ns: int, recorder_running: bool) -> Now:
    """Tell the state from the findings: the gravest incident that is going on, else up."""
    last = findings.record.end_ns - SECOND if findings.record else None
    line = findings.line
    elsewhere = findings.gaps and findings.gaps[-1].span.end_ns > now_ns - FRESH_NS
    if last is None or now_ns - last > FRESH_NS or elsewhere:
        return Now(recorder_running, line, "not_observed", last, None, last)
    lasting = [
        incident
        for incident in findings.incidents
        if incident.ongoing and incident.line.id == line.id and now_ns - incident.span.end_ns < 2 * FRESH_NS
    ]
    outages = [incident for incident in lasting if incident.kind is Kind.OUTAGE]
    if outages:
        return Now(recorder_running, line, "down", outages[0].span.start_ns, outages[0], last, findings.box)
    if lasting:
        return Now(
            recorder_running, line, "degraded", lasting[0].span.start_ns, lasting[0], last, findings.box
        )
    ended = [i.span.end_ns for i in findings.counted if not i.ongoing]
    return Now(recorder_running, line, "up", max(ended, default=None), None, last, findings.box)
