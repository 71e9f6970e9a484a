"""An incident as JSON, whole: what a frozen paper keeps of it.

Times are ISO 8601 in UTC beside the integer nanoseconds they come from, so that nothing is rounded away.
"""

from __future__ import annotations

import hashlib
import json

from diagnostics.model import Incident, Remark
from jalerte_desktop.casefile.model import UsedIncident
from jalerte_desktop.words.figures import iso


def used(incident: Incident, role: str) -> UsedIncident:
    """The incident as it stands now, and the part that it plays in a paper."""
    text = json.dumps(_whole(incident), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return UsedIncident(incident.id, role, text, hashlib.sha256(text.encode()).hexdigest())


def _whole(incident: Incident) -> dict[str, object]:
    line, verdict = incident.line, incident.verdict
    return {
        "id": incident.id,
        "kind": incident.kind.value,
        "cause": verdict.cause.value,
        "confidence": verdict.confidence,
        "reasons": [_remark(remark) for remark in verdict.reasons],
        "counter_evidence": [_remark(remark) for remark in verdict.counter_evidence],
        "start": iso(incident.span.start_ns),
        "start_ns": incident.span.start_ns,
        "end": None if incident.ongoing else iso(incident.span.end_ns),
        "last_seen_ns": incident.span.end_ns,
        "ongoing": incident.ongoing,
        "duration_s": incident.duration_s,
        "excluded": incident.excluded,
        "line": {
            "id": line.id,
            "name": line.name,
            "home": line.home,
            "gateway": line.gateway,
            "gateway_mac": line.gateway_mac,
            "interface": line.interface,
            "operator": line.operator,
        },
    }


def _remark(remark: Remark) -> dict[str, object]:
    return {"code": remark.code, "values": dict(remark.values)}
