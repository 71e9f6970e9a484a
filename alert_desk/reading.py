"""From bytes to an alert or a receipt, strictly: whatever is not as the schema says is refused, and named."""

from __future__ import annotations

import hashlib

from alert_desk import schema
from alert_desk.errors import NotAsAgreed, below
from alert_desk.json_text import read_json
from alert_desk.model import DeskReceipt, ProblemDetails, WireAlert, WireIncident
from alert_desk.shapes import moment_ns


def parse(body: bytes) -> WireAlert:
    """The alert in a request's body. Its signature is not checked here: see ``signing.verify_signature``.

    :raises NotAsAgreed: for anything else; never another exception, whatever the bytes.
    """
    alert: WireAlert = schema.ALERT.read(read_json(body, schema.LARGEST_ALERT_BYTES), "")
    _check_together(alert)
    return alert


def parse_receipt(body: bytes) -> DeskReceipt:
    """The receipt in an answer's body.

    :raises NotAsAgreed: for anything else.
    """
    receipt: DeskReceipt = schema.RECEIPT.read(read_json(body, schema.LARGEST_ANSWER_BYTES), "")
    return receipt


def parse_problem(body: bytes) -> ProblemDetails:
    """The problem in an answer's body.

    :raises NotAsAgreed: for anything else.
    """
    problem: ProblemDetails = schema.PROBLEM.read(read_json(body, schema.LARGEST_ANSWER_BYTES), "")
    return problem


def _check_together(alert: WireAlert) -> None:
    """What JSON Schema cannot say: how members fit each other."""
    period_ns = moment_ns(alert.period.end) - moment_ns(alert.period.start)
    if period_ns < 0:
        raise NotAsAgreed("/period/end", "lies before the start")
    # A second of leave: the period's moments are rounded, and so are the sums.
    if alert.figures.outage_s > period_ns / 1e9 + 1:
        raise NotAsAgreed("/figures/outage_s", "is longer than the period")
    if alert.operator is not None and not alert.line_confirmed:
        raise NotAsAgreed("/operator", "must be absent while the line is not confirmed")
    if alert.figures.incidents < len(alert.incidents):
        raise NotAsAgreed("/figures/incidents", "is less than the number of incidents")
    for index, incident in enumerate(alert.incidents):
        _check_incident(incident, below("/incidents", index))
    for index, attachment in enumerate(alert.attachments):
        if hashlib.sha256(attachment.content).hexdigest() != attachment.sha256:
            raise NotAsAgreed(below(below("/attachments", index), "sha256"), "is not the content's digest")
    signature = alert.evidence.signature
    if hashlib.sha256(signature.public_key).hexdigest() != signature.fingerprint:
        raise NotAsAgreed("/evidence/signature/fingerprint", "is not the public key's digest")


def _check_incident(incident: WireIncident, at: str) -> None:
    if incident.end is not None and moment_ns(incident.end) < moment_ns(incident.start):
        raise NotAsAgreed(below(at, "end"), "lies before the start")
    if (incident.excluded is not None) and incident.role != "excluded":
        raise NotAsAgreed(below(at, "excluded"), "must be absent unless the role is excluded")
