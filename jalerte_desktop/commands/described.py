"""Facts as the JSON keys that scripts outside the project read."""

from __future__ import annotations

from typing import Any

from diagnostics.config import load_thresholds
from diagnostics.incidents.merged import MergedIncident
from diagnostics.model import MINUTE, Cause, Coverage, Incident, Line
from jalerte_desktop.findings.blame import is_sure
from jalerte_desktop.findings.model import BoxSaid
from jalerte_desktop.findings.now import Now
from jalerte_desktop.findings.personal import OwnThresholds, Telework
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.names import cause_name
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
        "network": line.network or None,
        "ssid": line.ssid or None,
    }


def place_words(line: Line, medium: str) -> str:
    """What was learnt of a line beside its identity: the operator is a hint, seen in the public address's name."""
    parts = [_(_MEDIA[medium])] if medium in _MEDIA else []
    if line.ssid:
        parts.append(_("Wi-Fi “{name}”").format(name=line.ssid))
    if line.network:
        parts.append(_("public network {network}").format(network=line.network))
    if line.operator:
        parts.append(_("operator seen: {operator} (a hint)").format(operator=line.operator))
    return " · ".join(parts)


_MEDIA = {"ethernet": N_("cable"), "wifi": N_("Wi-Fi"), "other": N_("other medium")}


def box_json(box: BoxSaid | None) -> dict[str, Any] | None:
    """What the box said of its line last; rates in bits a second, ages in seconds."""
    if box is None:
        return None
    account = box.account
    return {
        "at": iso(box.at_ns),
        "adapter": account.adapter,
        "line_up": account.wan_up,
        "uptime_s": account.uptime_s,
        "boot_s": account.boot_s,
        "link_down_bps": account.link_down_bps,
        "link_up_bps": account.link_up_bps,
    }


def now_json(now: Now) -> dict[str, Any]:
    """``state`` is one of ``up down degraded not_observed``."""
    return {
        "state": now.state,
        "since": None if now.since_ns is None else iso(now.since_ns),
        "incident": None if now.incident is None else incident_json(now.incident),
    }


def cause_words(cause: Cause, confidence: float) -> str:
    """A cause in full; as a possible one only where the verdict is not sure of it."""
    if cause is Cause.UNKNOWN or is_sure(confidence):
        return cause_name(cause)
    return _("possible cause: {cause}").format(cause=cause_name(cause))


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
