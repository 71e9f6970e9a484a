"""The alert as an e-mail: every byte of it, composed once; what the person sees is what leaves.

The message is plain ASCII (RFC 5322, MIME) with CRLF line ends, so that no server has to change it; only an address
with other letters before the @ needs a server that knows SMTPUTF8 (RFC 6531). Date and Message-ID are part of it. The
machine's name stands nowhere, and the time is in UTC: no time zone is told.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from pathlib import Path

from diagnostics.model import SECOND, BadInput
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.french import french, period, say
from jalerte_desktop.filing.description import seal_words
from jalerte_desktop.filing.model import Alert, Attachment
from jalerte_desktop.filing.outbox_model import Envelope
from jalerte_desktop.words.language import speaking

CHANNEL = "email"
LARGEST_BYTES = 10_000_000
"""Of all attachments together, before they are encoded: our own limit; many servers take no more than this encoded."""
MOST_RECIPIENTS = 5
_LONGEST_SUBJECT = 200
_LONGEST_LOCAL_PART, _LONGEST_ADDRESS = 64, 254
_LOCAL_PART = re.compile(r"[^\s@<>(),;:\"\[\]\\.]+(\.[^\s@<>(),;:\"\[\]\\.]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_SPECIALS = str.maketrans(dict.fromkeys('"(),:;<>@[\\]', " "))
"""A name with one of these must stand in quotes, which Python forgets where it breaks a long line: that would read as
other addresses."""
_DRAFT_MARK = b"X-Unsent: 1\r\n"


@dataclass(frozen=True, slots=True)
class SeenAttachment:
    """One attachment as it stands in a message."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message read back from its bytes, for people."""

    headers: tuple[tuple[str, str], ...]
    text: str
    attachments: tuple[SeenAttachment, ...]


def compose(
    alert: Alert,
    *,
    to: tuple[str, ...],
    sender: str,
    made_ns: int,
    unique: str,
    subject: str = "",
    purpose: str = "operator",
    zone: tzinfo | None = None,
) -> Envelope:
    """The message to these addresses. ``made_ns`` is its date (UTC ns), ``unique`` makes its Message-ID (hexadecimal).

    :raises BadInput: ``mail_…`` for an address that is none, too many, an empty text, or attachments that are too large
        or are no longer what they were.
    """
    recipients = tuple(dict.fromkeys(address(one) for one in to))
    if not recipients:
        raise BadInput("mail_no_recipient")
    if len(recipients) > MOST_RECIPIENTS:
        raise BadInput("mail_many_recipients", limit=MOST_RECIPIENTS)
    if not sender:
        raise BadInput("mail_no_sender")
    own = address(sender)
    if not alert.description.strip():
        raise BadInput("mail_empty")
    contents = _contents(alert.attachments)
    international = not "".join((own, *recipients)).isascii()
    rules = policy.SMTPUTF8 if international else policy.SMTP.clone(cte_type="7bit")
    message = EmailMessage(policy=rules)
    message["From"] = _named(alert.contact.whole_name, own)
    message["To"] = tuple(_named("", one) for one in recipients)
    message["Subject"] = _subject(subject, alert)
    message["Date"] = format_datetime(datetime.fromtimestamp(made_ns // SECOND, UTC))
    message["Message-ID"] = f"<{unique}@{own.rpartition('@')[2]}>"
    message.set_content(_text(alert, purpose, zone), charset="utf-8")
    for one, content in contents:
        main, _, sub = _media_type(one.media_type).partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=_header_text(one.name))
    facts = {"from": own, "needs": "SMTPUTF8" if international else ""}
    return Envelope(CHANNEL, ", ".join(recipients), message.as_bytes(), facts)


def as_draft(envelope: Envelope) -> Envelope:
    """The same message as a draft that mail programs open for sending."""
    return Envelope(
        envelope.channel, envelope.destination, _DRAFT_MARK + envelope.content, dict(envelope.facts)
    )


def seen(content: bytes) -> SeenMessage:
    """What a reader of these bytes sees."""
    message = BytesParser(policy=policy.SMTP).parsebytes(content)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    attachments = []
    for part in message.iter_attachments():
        raw = part.get_payload(decode=True)
        data = raw if isinstance(raw, bytes) else b""
        digest = hashlib.sha256(data).hexdigest()
        attachments.append(
            SeenAttachment(part.get_filename() or "", part.get_content_type(), len(data), digest)
        )
    shown = tuple((name, str(value)) for name, value in message.items())
    return SeenMessage(shown, text.replace("\r\n", "\n"), tuple(attachments))


def address(typed: str) -> str:
    """One address as it goes into the message; the domain in its ASCII form.

    :raises BadInput: ``mail_address``.
    """
    refusal = BadInput("mail_address", value=clean(typed)[:80])
    local, at, domain = typed.strip().rpartition("@")
    try:
        plain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise refusal from None
    if not at or clean(typed) != typed.strip() or not _LOCAL_PART.fullmatch(local):
        raise refusal
    whole = f"{local}@{plain}"
    # Octets count (RFC 5321, 4.5.3.1), and a domain has a dot: a bare name would mean a machine nearby.
    if len(local.encode()) > _LONGEST_LOCAL_PART or len(whole.encode()) > _LONGEST_ADDRESS:
        raise refusal
    if not _DOMAIN.fullmatch(plain):
        raise refusal
    return whole


def _named(name: str, whole: str) -> Address:
    local, _, domain = whole.rpartition("@")
    shown = _header_text(name.translate(_SPECIALS)).strip(". ")[:100]
    return Address(shown, username=local, domain=domain)


def _header_text(text: str) -> str:
    """One line for a header. "=?" begins an encoded word (RFC 2047), which could hold a line break and so a header of
    its own: nobody's text may begin one."""
    return clean(text).replace("=?", "= ?")


def _contents(attachments: tuple[Attachment, ...]) -> list[tuple[Attachment, bytes]]:
    total = sum(one.size_bytes for one in attachments)
    if total > LARGEST_BYTES:
        raise BadInput("mail_heavy", total_bytes=total, limit_bytes=LARGEST_BYTES)
    found = []
    for one in attachments:
        try:
            with Path(one.path).open("rb") as opened:
                content = opened.read(one.size_bytes + 1)
        except OSError:
            raise BadInput("mail_attachment_changed", name=one.name) from None
        if hashlib.sha256(content).hexdigest() != one.sha256:
            raise BadInput("mail_attachment_changed", name=one.name)
        found.append((one, content))
    return found


def _media_type(told: str) -> str:
    """What an attachment is called; messages and parts of such may not be encoded, so they go as plain bytes."""
    if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", told, re.ASCII) or told.startswith(
        ("message/", "multipart/")
    ):
        return "application/octet-stream"
    return told


def _subject(given: str, alert: Alert) -> str:
    chosen = _header_text(given)
    if len(chosen) > _LONGEST_SUBJECT:
        raise BadInput("mail_long_subject", length=len(chosen), limit=_LONGEST_SUBJECT)
    if chosen:
        return chosen
    number = f" – client n° {alert.customer_number}" if alert.customer_number else ""
    return french(f"Signalement d'incidents sur ma ligne{number}")


def _text(alert: Alert, purpose: str, zone: tzinfo | None) -> str:
    """A short letter, always in French: it goes to a French-speaking service."""
    with speaking("fr"):
        parts = [
            say("Madame, Monsieur,"),
            _opening(alert, purpose, zone),
            "\n".join(_references(alert)),
            alert.description.strip(),
            _demand(purpose),
            _enclosed(alert),
            _measured(alert),
            say("Je vous prie d'agréer, Madame, Monsieur, mes salutations distinguées."),
            alert.contact.whole_name,
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _opening(alert: Alert, purpose: str, zone: tzinfo | None) -> str:
    span = period(alert.period, zone)
    if purpose == "ombudsman":
        whom = say("l'opérateur {name}", name=alert.operator.brand) if alert.operator else "mon opérateur"
        return say(
            "Je vous saisis du différend qui m'oppose à {whom}, au sujet d'incidents relevés sur ma ligne {span}.",
            whom=whom,
            span=span,
        )
    whose = say("mon accès {name}", name=alert.operator.brand) if alert.operator else "ma ligne"
    return say("Je vous signale des incidents sur {whose}, relevés {span}.", whose=whose, span=span)


def _references(alert: Alert) -> list[str]:
    place = " ".join(part for part in (alert.place.postcode, alert.place.commune) if part)
    known = (
        ("Titulaire", alert.contact.whole_name),
        ("Numéro de client", alert.customer_number),
        ("Numéro de ligne", alert.line_number),
        ("Lieu", place),
        ("Téléphone", alert.contact.phone),
    )
    return [say("{name} : {value}", name=name, value=value) for name, value in known if value]


def _demand(purpose: str) -> str:
    if purpose == "ombudsman":
        return say(
            "Je vous demande d'examiner ce différend et de me dire quelles pièces il vous faut. Je tiens à votre"
            " disposition mes échanges avec l'opérateur."
        )
    return say(
        "Je vous demande de rétablir un service continu, de m'en indiquer la cause et la date de rétablissement, et de"
        " me répondre par écrit."
    )


def _measured(alert: Alert) -> str:
    """Where the facts come from; the drafted description says it by itself."""
    if not alert.own_words:
        return ""
    words = say(
        "Ces éléments s'appuient sur un relevé automatique fait chez moi avec jalerte, logiciel indépendant, ni édité"
        " ni approuvé par un opérateur ou par l'Arcep."
    )
    seal = seal_words(alert.account.findings.seal)
    return f"{words} {seal}" if seal else words


def _enclosed(alert: Alert) -> str:
    if not alert.attachments:
        return ""
    return say("Pièces jointes : {names}.", names=", ".join(one.name for one in alert.attachments))
