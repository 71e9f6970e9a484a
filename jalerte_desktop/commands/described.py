"""Facts as the JSON keys that scripts outside the project read."""

from __future__ import annotations

from typing import Any

from diagnostics.model import Coverage, Incident, Line
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.remarks import say


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
