"""What is about to leave, as facts for the preview: from what ``alert send --prepare --json`` printed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jalerte_desktop.window.filing_facts import Answer, each, part, sentences, text, whole
from jalerte_desktop.window.filing_words import channel_name, size
from jalerte_desktop.words.figures import number
from jalerte_desktop.words.language import N_, _

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
    "sector": N_("Sector"),
    "technology": N_("Technology"),
    "service_contacted": N_("Customer service contacted"),
    "rating": N_("Your rating"),
}
"""Of the open alert interface's document, in the order of reading; what has no name here keeps its own, below."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is about to leave. ``content`` is every byte of it as text; ``facts`` what the channel carries beside."""

    filing: str
    title: str
    whom: str
    state: str
    summary: tuple[tuple[str, str], ...]
    attachments: tuple[str, ...]
    content: str
    bytes: int
    sha256: str
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


def shown_of(answer: object) -> Shown | None:
    """None where the answer is something else: then nothing may be agreed to."""
    filing, told = part(answer, "filing"), part(answer, "shown")
    digest, encoded = text(told.get("sha256")), told.get("content_base64")
    if not text(filing.get("id")) or not digest or not isinstance(encoded, str):
        return None
    try:
        content = base64.b64decode(encoded, validate=True)
    except ValueError:
        return None
    channel = text(filing.get("channel"))
    files = each(told.get("attachments"), lambda one: f"{one['name']} ({size(whole(one.get('bytes')) or 0)})")
    summary: tuple[tuple[str, str], ...]
    if channel == "email":
        headers = each(told.get("headers"), lambda one: (str(one["name"]), text(one.get("value"))))
        summary = (*headers, ("", text(told.get("text"))))
    else:
        document = _document(content)
        summary = tuple(_summary(document)) if document is not None else ()
        if document is not None and not files:
            files = each(document.get("attachments"), _file)
    facts = told.get("facts")
    return Shown(
        filing=text(filing.get("id")),
        title=channel_name(channel),
        whom=text(filing.get("destination")),
        state=text(filing.get("state")),
        summary=summary,
        attachments=files,
        content=_readable(content),
        bytes=len(content),
        sha256=digest,
        facts=tuple((str(name), str(value)) for name, value in facts.items())
        if isinstance(facts, Mapping)
        else (),
        warnings=sentences(told.get("warnings")),
        advice=sentences(told.get("advice")),
    )


def _readable(content: bytes) -> str:
    """Text as it is; what is no text is told by its beginning, since nobody can read it."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content[:_LONGEST].decode("utf-8", "backslashreplace") + " …"


def _document(content: bytes) -> Answer | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _summary(document: Answer) -> Iterator[tuple[str, str]]:
    """What the document holds, name by name: the ones that matter to people first, none left out."""
    fields = document.get("fields")
    if isinstance(fields, list):
        yield from each(fields, lambda one: (str(one.get("label") or one["name"]), text(one.get("value"))))
    for name in (*_NAMES, *(name for name in document if name not in _NAMES)):
        if name in document and name not in ("attachments", "fields"):
            yield _(_NAMES[name]) if name in _NAMES else name, _said(document[name])


def _said(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (int, float)):
        return number(value, 0 if value == int(value) else 3)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_said(one)}" for name, one in value.items())
    if isinstance(value, list):
        if value and isinstance(value[0], Mapping):
            return _("{n} entries, each to be read below, byte for byte").format(n=number(len(value)))
        return ", ".join(_said(one) for one in value)
    said = str(value)
    if len(said) > _LONGEST and " " not in said:
        return _("… {length} characters").format(length=number(len(said)))
    return said


def _file(one: Answer) -> str:
    content = text(one.get("content"))
    return f"{one['name']} ({size(len(content) * 3 // 4)})"
