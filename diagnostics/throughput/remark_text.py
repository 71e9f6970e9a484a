"""A remark as one line of text, and back: its code, a space, and its values as JSON."""

from __future__ import annotations

import json

from diagnostics.model import Remark


def to_text(remark: Remark) -> str:
    """The line that keeps a remark."""
    return f"{remark.code} {json.dumps(dict(remark.values), ensure_ascii=False)}"


def from_text(text: str) -> Remark:
    """The remark that a line keeps; values may be missing. Raises ValueError for what is none."""
    code, _, values = text.partition(" ")
    try:
        found = json.loads(values or "{}")
        if not isinstance(found, dict) or not all(
            isinstance(value, str | int | float | bool | None) for value in found.values()
        ):
            raise ValueError("not a remark")
        return Remark.of(code, **found)
    except (TypeError, RecursionError) as error:
        raise ValueError("not a remark") from error
