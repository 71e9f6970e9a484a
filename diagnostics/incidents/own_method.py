"""A person's own thresholds, put in the places of the defaults: shown beside them, never instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from diagnostics.incidents.method import Method
from diagnostics.model import MILLISECOND, SECOND

_UNITS = {"_s": ("_ns", SECOND), "_ms": ("_ns", MILLISECOND), "_mbps": ("_bps", 1_000_000)}
"""How the file writes a figure, how ``Method`` does, and how many of the latter make one of the former."""

_NAMES = frozenset(field.name for field in fields(Method))


def own_method(own: Iterable[tuple[str, float]], default: Method) -> Method:
    """``default`` with these thresholds, named as in ``resources/method.toml``: ``("loss.suspect", 0.02)``.

    Raises KeyError for a name that no threshold of an incident has. Values are the configuration's to check.
    """
    changed: dict[str, Any] = {}
    for key, value in own:
        name, factor = field_of(key)
        changed[name] = value if factor == 1 else round(value * factor)
    return replace(default, **changed)


def field_of(key: str) -> tuple[str, int]:
    """The field of ``Method`` that a key of the file fills, and what its figure is multiplied with. Raises KeyError."""
    section, _, stem = key.partition(".")
    factor = 1
    for suffix, (other, many) in _UNITS.items():
        if stem.endswith(suffix):
            stem, factor = stem.removesuffix(suffix) + other, many
            break
    for name in (f"{section}_{stem}", stem):
        if name in _NAMES:
            return name, factor
    raise KeyError(key)
