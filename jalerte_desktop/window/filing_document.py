"""The open alert interface's document and an e-mail's head in people's words: for reading, beside every byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from diagnostics.model import SECOND
from jalerte_desktop.filing.form import form
from jalerte_desktop.window.case_diary_words import when
from jalerte_desktop.window.filing_facts import Answer, each, moment, text, whole
from jalerte_desktop.window.filing_words import size
from jalerte_desktop.words.choices import choice_name
from jalerte_desktop.words.figures import duration, number, percent
from jalerte_desktop.words.language import N_, _, ngettext

_LONGEST = 400
_NAMES = {
    "description": N_("Description"),
    "operator": N_("Operator"),
    "place": N_("Place"),
    "period": N_("Period"),
    "contact": N_("Contact"),
    "consents": N_("Your consents"),
    "figures": N_("Figures"),
    "incidents": N_("Incidents"),
    "evidence": N_("Signature and seal"),
    "profile": N_("Profile"),
    "problem": N_("Problem"),
    "detail": N_("More exactly"),
    "sector": N_("Sector"),
    "technology": N_("Technology"),
    "service_contacted": N_("Customer service contacted"),
    "rating": N_("Your rating"),
    "own_words": N_("In your own words"),
    "line_confirmed": N_("Confirmed as your line"),
    "made_at": N_("Made on"),
    "reference": N_("Reference"),
    "program": N_("Program"),
    "version": N_("Version of the interface"),
}
"""In the order of reading; what has no name here keeps its own, below."""
_PARTS = {
    "brand": N_("brand"),
    "network": N_("network"),
    "postcode": N_("postcode"),
    "commune": N_("town"),
    "department": N_("département"),
    "country": N_("country"),
    "start": N_("start"),
    "end": N_("end"),
    "first_name": N_("first name"),
    "family_name": N_("family name"),
    "email": N_("e-mail"),
    "phone": N_("telephone"),
    "processing": N_("processing"),
    "third_parties": N_("passing on to others"),
    "outages": N_("outages"),
    "outage_s": N_("time without service"),
    "incidents": N_("incidents"),
    "observed_s": N_("observed"),
    "coverage": N_("share observed"),
    "method": N_("method"),
    "signature": N_("signature"),
    "algorithm": N_("algorithm"),
    "fingerprint": N_("fingerprint"),
    "public_key": N_("public key"),
    "value": N_("value"),
    "seal": N_("seal"),
    "sequence": N_("number"),
    "at": N_("made on"),
    "link": N_("link of the chain"),
}
"""Of what stands inside one of the above."""
_HEADS = {
    "from": N_("Sender"),
    "to": N_("To"),
    "cc": N_("Copy to"),
    "bcc": N_("Blind copy to"),
    "reply-to": N_("Answers to"),
    "subject": N_("Subject"),
    "date": N_("Date"),
}
_TIMES = ("start", "end", "at", "made_at")
_FORM_CODES = ("sector", "problem", "detail")


def document_rows(document: Answer) -> Iterator[tuple[str, str]]:
    """What the document holds, name by name: the ones that matter to people first, none left out."""
    fields = document.get("fields")
    if isinstance(fields, list):
        yield from each(fields, lambda one: (str(one.get("label") or one["name"]), text(one.get("value"))))
    for name in (*_NAMES, *(name for name in document if name not in _NAMES)):
        if name in document and name not in ("attachments", "fields"):
            yield _(_NAMES[name]) if name in _NAMES else name, _said(name, document[name])


def document_files(document: Answer) -> tuple[str, ...]:
    """Name and size of each file inside the document."""
    return each(document.get("attachments"), _file)


def head_name(name: str) -> str | None:
    """A header that says something to people, in their words; None for one between machines."""
    known = _HEADS.get(name.lower())
    return _(known) if known else None


def head_value(name: str, value: str) -> str:
    if name.lower() == "date":
        try:
            at = parsedate_to_datetime(value).astimezone(UTC)
            return when(round(at.timestamp()) * SECOND)
        except (ValueError, OverflowError):
            return value
    return value


def _said(name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, float)):
        return _number(name, value)
    if isinstance(value, Mapping):
        known = [one for one in _PARTS if one in value]
        ordered = (*known, *(one for one in value if one not in _PARTS))
        return ", ".join(
            _("{name}: {value}").format(
                name=_(_PARTS[one]) if one in _PARTS else one, value=_said(str(one), value[one])
            )
            for one in ordered
        )
    if isinstance(value, list):
        if value and isinstance(value[0], Mapping):
            words = ngettext(
                "{n} entry, to be read below, byte for byte",
                "{n} entries, each to be read below, byte for byte",
                len(value),
            )
            return words.format(n=number(len(value)))
        return ", ".join(_said(name, one) for one in value)
    return _text(name, str(value))


def _number(name: str, value: float) -> str:
    # Whoever wrote the document may have put anything there.
    if name.endswith("_s") and 0 <= value < 1e12:
        return duration(value)
    if name == "coverage" and 0 <= value <= 1:
        return percent(value, 0 if value == 1 else 1)
    return number(value, 0 if value == int(value) else 3)


def _text(name: str, said: str) -> str:
    if name in _TIMES and (at_ns := moment(said)) is not None:
        return when(at_ns)
    if name in ("profile", "technology"):
        return choice_name(said)
    if name in _FORM_CODES:
        return _code_name(name, said)
    if len(said) > _LONGEST and " " not in said:
        return _("… {length} characters").format(length=number(len(said)))
    return said


def _code_name(name: str, code: str) -> str:
    """A code as the regulator's form words it."""
    for field in form("jalerte").fields:
        if field.fill == name and (found := field.choice(code)) is not None:
            return found.labels[0]
    return code


def _file(one: Answer) -> str:
    content = text(one.get("content"))
    return f"{one['name']} ({size(whole(one.get('bytes')) or len(content) * 3 // 4)})"
