"""Whether an incident may be called the operator's: the one limit that papers, window and commands share."""

from __future__ import annotations

from diagnostics.incidents.method import default_method
from diagnostics.model import Cause, Incident, Kind

OPERATORS_PART = frozenset({Cause.ACCESS, Cause.ISP_CORE})
NOT_THE_LINES = frozenset({Kind.PARTIAL, Kind.WIFI, Kind.DNS})
"""Never counted against an operator, however sure: some of the internet, the home's radio, names."""


def is_sure(confidence: float) -> bool:
    """Whether a confidence is above ``confidence.blame`` of the default method; at the limit itself it is not."""
    return confidence > default_method().blame


def is_operators(incident: Incident) -> bool:
    """Whether the operator is blamed for it: its own part of the way, the line as a whole, and sure enough."""
    verdict = incident.verdict
    return (
        verdict.cause in OPERATORS_PART and incident.kind not in NOT_THE_LINES and is_sure(verdict.confidence)
    )
