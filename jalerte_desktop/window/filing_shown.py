"""What is about to leave, as facts for the preview: from what ``alert send --prepare --json`` printed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from jalerte_desktop.window.filing_document import document_files, document_rows, head_name, head_value
from jalerte_desktop.window.filing_facts import Answer, each, part, sentences, text, whole, words
from jalerte_desktop.window.filing_words import channel_name, size
from jalerte_desktop.words.language import _

_LONGEST = 400


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
    carried = told.get("facts")
    carried = carried if isinstance(carried, Mapping) else {}
    facts = [(str(one), str(value)) for one, value in carried.items() if value != ""]
    summary: tuple[tuple[str, str], ...]
    if channel == "email":
        headers = each(told.get("headers"), lambda one: (str(one["name"]), text(one.get("value"))))
        heads = tuple((head_name(name), head_value(name, value)) for name, value in headers)
        summary = (*((name, value) for name, value in heads if name), ("", text(told.get("text"))))
        facts = [(head_name(name) or name, value) for name, value in facts]
        facts += [(name, value) for name, value in headers if not head_name(name)]
    else:
        document = _document(content)
        summary = tuple(document_rows(document)) if document is not None else ()
        if document is not None and not files:
            files = document_files(document)
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
        facts=tuple(facts),
        warnings=sentences(told.get("warnings")),
        advice=tuple(one for one in each(told.get("advice"), _advice) if one),
    )


def _advice(entry: Answer) -> str:
    # Where a command line is advised, the window has a button.
    if text(entry.get("code")) == "registered_number":
        return _("Once it is posted, note its tracking number under “Sent and to be sent”.")
    return words(entry)


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
