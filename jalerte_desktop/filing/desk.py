"""An alert as the open alert interface carries it: the document that leaves, byte for byte.

What is given: the alert, every incident of the line with its verdict as codes, the files, and the contact. What stays
here: the line's and the router's addresses, other lines' incidents, the customer's and line's numbers, the address;
except for what the person wrote or attached themselves. A letter is never attached by the program.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from alert_desk import model as wire
from alert_desk import schema
from alert_desk.errors import NotAsAgreed
from alert_desk.reading import parse
from alert_desk.signing import signed, unsigned
from alert_desk.writing import dump
from diagnostics import __version__
from diagnostics.machine_key import MachineKey
from diagnostics.model import BadInput, Incident
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.account import Account, Role
from jalerte_desktop.filing.model import Alert, Attachment, Consents, Contact
from jalerte_desktop.filing.outbox_model import Envelope
from jalerte_desktop.findings.model import total_within_s

CHANNEL = "desk"
PATH = "/v1/alerts"
FILING = "{filing}"
"""Stands in the facts for the filing's id, which is known only once the envelope is kept."""
_ROLES = (Role.HELD, Role.UNCERTAIN, Role.DNS, Role.SET_ASIDE, Role.EXCLUDED)


def compose(alert: Alert, consents: Consents, url: str, key: MachineKey, made_ns: int) -> Envelope:
    """The signed document and the headers that go with it. ``url`` is the desk's, with or without ``/v1/alerts``.

    ``consents`` are the person's own answers. ``made_ns`` is UTC.

    :raises BadInput: ``desk_url``, ``desk_consent``, ``desk_file_…``, ``desk_large``, ``desk_unfit``.
    """
    if consents.processing is not True:
        raise BadInput("desk_consent")
    destination = endpoint(url)
    content = document(alert, consents, key, made_ns)
    return Envelope(CHANNEL, destination, content, headers(destination, len(content)))


def endpoint(url: str) -> str:
    """The address that alerts are posted to: HTTPS, without user, query and fragment.

    :raises BadInput: ``desk_url``.
    """
    typed = url.strip()
    try:
        parts = urlsplit(typed)
        host, port = parts.hostname, parts.port
        # A host that only looks like one (other alphabets) must be seen as what it is.
        host = host.encode("idna").decode("ascii") if host else ""
    except (ValueError, UnicodeError):
        raise BadInput("desk_url", value=clean(url)[:120]) from None
    path = _as_sent(parts.path).rstrip("/")
    if path.lower().endswith(PATH):
        path = path[: -len(PATH)].rstrip("/")
    # Host names (RFC 1123), IPv4 and IPv6 addresses; empty labels fail in the coding above.
    named = re.fullmatch(r"[a-z0-9.-]{1,253}|[0-9a-f:.]+", host)
    plain = all("!" <= character <= "~" and character not in '"<>\\^`{|}' for character in path)
    # What libraries would send otherwise than it is shown.
    bent = re.search(r"%(?![0-9A-F]{2})|//", path) or {".", ".."} & set(path.split("/"))
    extras = parts.query or parts.fragment or "@" in parts.netloc or "?" in typed or "#" in typed
    if (
        parts.scheme.lower() != "https"
        or named is None
        or port == 0
        or extras
        or not plain
        or bent
        or len(typed) > 500
    ):
        raise BadInput("desk_url", value=clean(url)[:120])
    shown = f"[{host}]" if ":" in host else host
    where = shown if port in (None, 443) else f"{shown}:{port}"
    return f"https://{where}{path}{PATH}"


def _as_sent(path: str) -> str:
    """Escapes in capitals, and none where a plain character says the same (RFC 3986 section 6.2.2)."""

    def normal(escape: re.Match[str]) -> str:
        character = chr(int(escape[1], 16))
        return character if re.fullmatch(r"[A-Za-z0-9._~-]", character) else escape[0].upper()

    return re.sub(r"%([0-9A-Fa-f]{2})", normal, path)


def headers(destination: str, length: int) -> dict[str, str]:
    """Every header of the request."""
    return {
        "Host": urlsplit(destination).netloc,
        "User-Agent": f"jalerte/{__version__}",
        "Accept": "application/json, application/problem+json",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(length),
        "Idempotency-Key": FILING,
    }


def anonymous(alert: Alert) -> Alert:
    """The same without contact and reference. Words, files and the machine's key stay as they are."""
    return replace(alert, id="", contact=Contact())


def document(alert: Alert, consents: Consents, key: MachineKey, made_ns: int) -> bytes:
    """The alert in its canonical form, signed.

    :raises BadInput: see ``compose``.
    """
    if not alert.description.strip():
        raise BadInput("desk_unfit", pointer="/description", why="is missing")
    try:
        content = dump(signed(_wire(alert, consents, key, made_ns), key.sign))
        if len(content) > schema.LARGEST_ALERT_BYTES:
            raise BadInput("desk_large", limit_bytes=schema.LARGEST_ALERT_BYTES)
        parse(content)
    except NotAsAgreed as error:
        raise BadInput("desk_unfit", pointer=error.pointer or "/", why=error.why) from None
    except ValueError as error:
        raise BadInput("desk_unfit", pointer="/", why=clean(str(error))[:120]) from None
    return content


def _wire(alert: Alert, consents: Consents, key: MachineKey, made_ns: int) -> wire.WireAlert:
    account, findings = alert.account, alert.account.findings
    operator = alert.operator if findings.confirmed else None
    place, seal = alert.place, findings.seal
    return wire.WireAlert(
        version=wire.VERSION,
        reference=alert.id or None,
        made_at=_moment(made_ns),
        program=f"jalerte {__version__}",
        profile=alert.profile or None,
        sector=alert.sector or None,
        problem=alert.problem or None,
        detail=alert.detail or None,
        technology=alert.technology or None,
        line_confirmed=findings.confirmed,
        operator=wire.Operator(operator.brand, operator.network or None) if operator else None,
        place=wire.Place(
            place.country, place.postcode or None, place.commune or None, place.department or None
        ),
        period=wire.Period(_moment(alert.period.start_ns), _moment(alert.period.end_ns)),
        description=alert.description,
        own_words=alert.own_words,
        figures=_figures(account),
        incidents=_incidents(account),
        attachments=_attachments(alert.attachments),
        service_contacted=alert.service_contacted,
        rating=alert.rating,
        contact=_contact(alert.contact),
        consents=wire.WireConsents(consents.processing is True, consents.third_parties),
        evidence=wire.Evidence(
            unsigned(key.public_bytes),
            wire.WireSeal(seal.sequence, seal.link, _moment(seal.at_ns)) if seal else None,
        ),
    )


def _figures(account: Account) -> wire.Figures:
    findings, coverage = account.findings, account.findings.coverage
    return wire.Figures(
        outages=len(account.outages),
        outage_s=round(_outage_s(account), 3),
        observed_s=round(coverage.observed_s, 3),
        coverage=round(coverage.ratio, 6),
        incidents=len(_listable(account)),
        method=findings.method,
    )


def _outage_s(account: Account) -> float:
    """Of the cuts only what lies within the period; never more than the period, should some run side by side."""
    span = account.findings.span
    return min(total_within_s(account.outages, span), span.duration_s)


def _listable(account: Account) -> list[tuple[Role, Incident]]:
    groups = (account.held, account.uncertain, account.dns, account.set_aside, account.excluded)
    return [(role, incident) for role, group in zip(_ROLES, groups, strict=True) for incident in group]


def _incidents(account: Account) -> tuple[wire.WireIncident, ...]:
    """Oldest first. Where they are too many, the last kinds of role go first; ``figures.incidents`` says how many."""
    kept = _listable(account)[: schema.MOST_INCIDENTS]
    return tuple(
        _incident(role, one)
        for role, one in sorted(kept, key=lambda pair: (pair[1].span.start_ns, pair[1].id))
    )


def _incident(role: Role, incident: Incident) -> wire.WireIncident:
    verdict = incident.verdict
    return wire.WireIncident(
        id=incident.id,
        start=_moment(incident.span.start_ns),
        end=None if incident.ongoing else _moment(incident.span.end_ns),
        duration_s=round(incident.duration_s, 3),
        kind=incident.kind.value,
        cause=verdict.cause.value,
        confidence=round(verdict.confidence, 4),
        role=role.value,
        reasons=tuple(remark.code for remark in verdict.reasons),
        counter_evidence=tuple(remark.code for remark in verdict.counter_evidence),
        excluded=(clean(incident.excluded)[:300] or None)
        if role is Role.EXCLUDED and incident.excluded
        else None,
    )


def _attachments(attachments: tuple[Attachment, ...]) -> tuple[wire.WireAttachment, ...]:
    if len(attachments) > schema.MOST_ATTACHMENTS:
        raise BadInput("desk_file_many", limit=schema.MOST_ATTACHMENTS)
    # In base64 each three bytes take four.
    if sum(one.size_bytes for one in attachments) * 4 // 3 > schema.LARGEST_ALERT_BYTES:
        raise BadInput("desk_large", limit_bytes=schema.LARGEST_ALERT_BYTES)
    return tuple(_attachment(one) for one in attachments)


def _attachment(attachment: Attachment) -> wire.WireAttachment:
    """The file as the person saw it: our copy must still be what it was."""
    if attachment.media_type not in schema.MEDIA_TYPES:
        raise BadInput("desk_file_type", name=attachment.name, known=" ".join(schema.MEDIA_TYPES))
    limit = schema.LARGEST_ATTACHMENT_BYTES
    if attachment.size_bytes > limit:
        raise BadInput("desk_file_large", name=attachment.name, limit_bytes=limit)
    try:
        with Path(attachment.path).open("rb") as opened:
            content = opened.read(limit + 1)
    except OSError as error:
        raise BadInput(
            "desk_file_gone", name=attachment.name, why=error.strerror or type(error).__name__
        ) from None
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise BadInput("desk_file_changed", name=attachment.name)
    name = clean(attachment.name)[-120:]
    return wire.WireAttachment(attachment.kind, name, attachment.media_type, attachment.sha256, content)


def _contact(contact: Contact) -> wire.WireContact | None:
    found = wire.WireContact(
        contact.first_name or None, contact.family_name or None, contact.email or None, contact.phone or None
    )
    return None if found == wire.WireContact() else found


def _moment(ns: int) -> str:
    """UTC to the millisecond, as the interface writes times."""
    moment = datetime.fromtimestamp(ns // 10**9, UTC).replace(microsecond=ns // 10**6 % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
