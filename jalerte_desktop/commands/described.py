"""Facts as the JSON keys that scripts outside the project read."""

from __future__ import annotations

from typing import Any

from diagnostics.config import load_thresholds
from diagnostics.incidents.merged import MergedIncident
from diagnostics.model import MINUTE, Coverage, Incident, Line
from jalerte_desktop.findings.personal import OwnThresholds, Telework
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.remarks import say
from jalerte_desktop.words.views import calls_words


def line_json(line: Line) -> dict[str, Any]:
    return {
        "id": line.id or None,
        "name": line.name or None,
        "home": line.home,
        "operator": line.operator,
        "gateway": line.gateway or None,
        "interface": line.interface or None,
    }


def incident_json(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "kind": str(incident.kind),
        "cause": str(incident.verdict.cause),
        "confidence": incident.verdict.confidence,
        "start": iso(incident.span.start_ns),
        "end": None if incident.ongoing else iso(incident.span.end_ns),
        "duration_s": incident.duration_s,
        "reasons": [say(remark) for remark in incident.verdict.reasons],
        "counter_evidence": [say(remark) for remark in incident.verdict.counter_evidence],
        "excluded": incident.excluded,
        "line": line_json(incident.line),
    }


def coverage_json(coverage: Coverage) -> dict[str, Any]:
    return {
        "observed_s": round(coverage.observed_s, 3),
        "not_observed_s": round(coverage.not_observed_s, 3),
        "ratio": round(coverage.ratio, 6),
        "not_observed": [
            {"start": iso(gap.span.start_ns), "end": iso(gap.span.end_ns), "reason": str(gap.reason)}
            for gap in coverage.gaps
        ],
    }


def merged_json(merged: MergedIncident) -> dict[str, Any]:
    """``duration_s`` adds up the raw incidents; ``confidence`` is the lowest among them."""
    return {
        "id": merged.id,
        "kind": str(merged.kind),
        "cause": str(merged.cause),
        "confidence": merged.confidence,
        "start": iso(merged.span.start_ns),
        "end": None if merged.ongoing else iso(merged.span.end_ns),
        "count": merged.count,
        "duration_s": round(merged.total_s, 4),
        "excluded": merged.excluded,
        "line": line_json(merged.line),
        "incidents": list(merged.incidents),
    }


HOUR = 60 * MINUTE


def telework_json(telework: Telework) -> dict[str, Any]:
    """``hours`` holds each hour (UTC) with a call-breaking second."""
    by_hour: dict[int, list[int]] = {}
    for minute, mask in telework.seconds.minutes:
        by_hour.setdefault(minute * MINUTE // HOUR * HOUR, []).append(mask.bit_count())
    working = telework.working_lost
    return {
        "call_breaking_s": telework.call_breaking_s,
        "minutes_lost": len(telework.lost),
        "working_hours": list(telework.hours.entries) if telework.hours else None,
        "working_minutes_lost": None if working is None else len(working),
        "hours": [
            {
                "start": iso(hour),
                "call_breaking_s": sum(seconds),
                "minutes_lost": _in_hour(telework.lost, hour),
                "working_minutes_lost": None if working is None else _in_hour(working, hour),
            }
            for hour, seconds in sorted(by_hour.items())
        ],
    }


def _in_hour(minutes: tuple[int, ...], hour: int) -> int:
    return sum(hour <= at < hour + HOUR for at in minutes)


def calls_of(telework: Telework) -> str:
    """The same in words."""
    working, hours = telework.working_lost, telework.hours
    return calls_words(
        telework.call_breaking_s,
        len(telework.lost),
        None if working is None else len(working),
        hours.entries if hours else (),
    )


def own_thresholds_json(own: OwnThresholds | None) -> dict[str, Any] | None:
    if own is None:
        return None
    defaults = load_thresholds()
    return {
        "keys": {key: {"own": value, "default": defaults[key]} for key, value in own.thresholds},
        "incidents": [incident_json(incident) for incident in own.incidents],
    }
