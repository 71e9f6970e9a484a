"""From an alert, a receipt or a problem to bytes: one spelling for each."""

from __future__ import annotations

import base64
from dataclasses import fields, is_dataclass

from alert_desk.json_text import canonical
from alert_desk.model import DeskReceipt, ProblemDetails, WireAlert


def dump(document: WireAlert | DeskReceipt | ProblemDetails) -> bytes:
    """The document's canonical bytes (see ``json_text.canonical``). Members that are None are absent.

    :raises ValueError: for texts with lone surrogates, or numbers without JSON.
    """
    return canonical(as_json(document))


def as_json(value: object) -> object:
    """Dataclasses as objects, bytes as base64, None left out."""
    if is_dataclass(value):
        members = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: as_json(member) for name, member in members if member is not None}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, tuple):
        return [as_json(item) for item in value]
    return value
