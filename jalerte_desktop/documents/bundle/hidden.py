"""What is hidden in a bundle's chain, counted by type and field: ``removed.json`` says it, the check counts again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from jalerte_desktop.documents.bundle.records import BundleRecord, FieldHidden, WholeHidden

WHOLE_RECORD = "whole record"
"""Stands for the field where a record of format 1 is hidden in one piece: no field has a space in its name."""
Hidden = Counter[tuple[str, str]]
"""Type and field: how many of the chain's records have its digest alone."""


def hidden_of(record: BundleRecord) -> Iterator[tuple[str, str]]:
    """Type and name of each field of which only the digest is there."""
    if isinstance(record.whole, WholeHidden):
        yield record.type, WHOLE_RECORD
    for name, field in record.fields.items():
        if isinstance(field, FieldHidden):
            yield record.type, name


def hidden_json(hidden: Hidden) -> dict[str, dict[str, int]]:
    """By type, then by field, as ``removed.json`` has it."""
    found: dict[str, dict[str, int]] = {}
    for (kind, name), count in sorted(hidden.items()):
        found.setdefault(kind, {})[name] = count
    return found
