"""A speed measurement as an event of the journal, and back.

Fields become keys with dots (``down.bps``, ``circumstances.medium.kind``); what has its default value is left out.
A remark is one line of text (``remark_text.py``).
"""

from __future__ import annotations

import math
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from diagnostics.model import Event, EventKind, Remark, Scalar
from diagnostics.throughput.model import SpeedResult
from diagnostics.throughput.remark_text import from_text, to_text

Data = Mapping[str, Scalar | list[str]]
_MOST = 1 << 62


def to_event(result: SpeedResult) -> Event:
    """The event that keeps a result, at the time it began."""
    data = dict(_write(result, ""))
    del data["at_ns"]
    return Event(EventKind.SPEED, result.at_ns, data)


def from_event(event: Event) -> SpeedResult:
    """The result an event keeps. Raises ValueError for what is none, or a newer version's."""
    try:
        result: SpeedResult = _read(SpeedResult, {**event.data, "at_ns": event.at_ns}, "")
    except (TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ValueError(f"not a speed measurement: {error}") from error
    return result


def read_results(events: Iterable[Event]) -> list[SpeedResult]:
    """The results among the events, in their order; what is none, or a newer version's, is passed over."""
    found = []
    for event in events:
        if event.kind is EventKind.SPEED:
            with suppress(ValueError):
                found.append(from_event(event))
    return found


def _write(value: Any, prefix: str) -> Iterator[tuple[str, Scalar | list[str]]]:
    for field in fields(value):
        content = getattr(value, field.name)
        if content is None or (field.default is not MISSING and content == field.default):
            continue
        name = prefix + field.name
        if isinstance(content, Remark):
            yield name, to_text(content)
        elif is_dataclass(content):
            yield from _write(content, f"{name}.")
        elif isinstance(content, tuple):
            yield (
                name,
                [to_text(entry) if isinstance(entry, Remark) else str(entry) for entry in content],
            )
        else:
            yield name, str(content) if isinstance(content, StrEnum) else content


def _read(kind: type[Any], data: Data, prefix: str) -> Any:
    hints = _hints(kind)  # type: ignore[arg-type]  # classes are hashable; typeshed's protocol does not see it
    given = {}
    for field in fields(kind):
        name = prefix + field.name
        found, content = _field(hints[field.name], data, name)
        if found:
            given[field.name] = content
        elif _required(field) and not _optional(hints[field.name]):
            raise ValueError(f"{name} is missing")
        elif _required(field):
            given[field.name] = None
    return kind(**given)


def _field(hint: Any, data: Data, name: str) -> tuple[bool, Any]:
    plain = _plain(hint)
    if plain is not Remark and is_dataclass(plain):
        # One of which all is as by default leaves no trace; only an optional one may then be meant to be absent.
        there = any(key.startswith(f"{name}.") for key in data) or not _optional(hint)
        return (True, _read(plain, data, f"{name}.")) if there else (False, None)  # type: ignore[arg-type]  # is a class
    if name not in data:
        return False, None
    value = data[name]
    if plain is Remark:
        return True, from_text(str(value))
    if get_origin(plain) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{name} is no list")
        entry = get_args(plain)[0]
        return True, tuple(from_text(str(text)) if entry is Remark else _number(int(text)) for text in value)
    return True, _scalar(plain, value, name)


def _scalar(plain: Any, value: object, name: str) -> Any:
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return plain(str(value))
    if plain is float and isinstance(value, int | float) and not isinstance(value, bool):
        return _number(float(value))
    if not isinstance(value, plain) or (plain is int and isinstance(value, bool)):
        raise ValueError(f"{name} is of the wrong type")
    return _number(value) if plain is int else value


def _number(value: Any) -> Any:
    if not math.isfinite(value) or abs(value) > _MOST:
        raise ValueError("a number out of range")
    return value


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _optional(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)


def _plain(hint: Any) -> Any:
    if _optional(hint):
        return next(kind for kind in get_args(hint) if kind is not type(None))
    return hint
