"""What values may look like. Each shape reads a value strictly and describes itself as JSON Schema 2020-12.

One description serves both, so that the published schema and the reader cannot disagree.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from alert_desk.errors import NotAsAgreed, below
from alert_desk.json_text import Flaw

Schema = dict[str, Any]


class Shape(Protocol):
    """``read`` gives the value or raises NotAsAgreed; ``schema`` names records by ``prefix`` and their name."""

    def read(self, value: object, at: str) -> Any: ...

    def schema(self, prefix: str, /) -> Schema: ...


@dataclass(frozen=True, slots=True)
class Text:
    """Characters, ``longest`` code points at most, at least one. ``lines``: line breaks (LF) are allowed."""

    longest: int
    pattern: str = ""
    lines: bool = False
    format: str = ""

    def read(self, value: object, at: str) -> str:
        if not isinstance(value, str):
            raise _wrong("a text", value, at)
        if not 1 <= len(value) <= self.longest:
            raise NotAsAgreed(at, f"must have 1 to {self.longest} characters")
        if re.fullmatch(self._allowed, value) is None or any("\ud800" <= c <= "\udfff" for c in value):
            raise NotAsAgreed(at, "holds characters that are not allowed here")
        return value

    @property
    def _allowed(self) -> str:
        if self.pattern:
            return self.pattern
        return r"[^\u0000-\u0009\u000b-\u001f\u007f]*" if self.lines else r"[^\u0000-\u001f\u007f]*"

    def schema(self, _prefix: str, /) -> Schema:
        found: Schema = {"type": "string", "minLength": 1, "maxLength": self.longest}
        found["pattern"] = f"^(?:{self._allowed})$"
        if self.format:
            found["format"] = self.format
        return found


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed list of codes."""

    codes: tuple[str, ...]

    def read(self, value: object, at: str) -> str:
        if not isinstance(value, str):
            raise _wrong("a text", value, at)
        if value not in self.codes:
            raise NotAsAgreed(at, f"must be one of: {' '.join(self.codes)}")
        return value

    def schema(self, _prefix: str, /) -> Schema:
        return {"type": "string", "enum": list(self.codes)}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false; ``only`` leaves one of them."""

    only: bool | None = None

    def read(self, value: object, at: str) -> bool:
        if not isinstance(value, bool):
            raise _wrong("true or false", value, at)
        if self.only is not None and value is not self.only:
            raise NotAsAgreed(at, f"must be {'true' if self.only else 'false'}")
        return value

    def schema(self, _prefix: str, /) -> Schema:
        return {"type": "boolean"} if self.only is None else {"const": self.only}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within limits, both included; written without fraction or exponent."""

    least: int
    most: int

    def read(self, value: object, at: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong("a whole number", value, at)
        if not self.least <= value <= self.most:
            raise NotAsAgreed(at, f"must be {self.least} to {self.most}")
        return value

    def schema(self, _prefix: str, /) -> Schema:
        if self.least == self.most:
            return {"const": self.least}
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Number:
    """A number within limits, both included."""

    least: float
    most: float

    def read(self, value: object, at: str) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong("a number", value, at)
        if not self.least <= value <= self.most:
            raise NotAsAgreed(at, f"must be {self.least:g} to {self.most:g}")
        return float(value)

    def schema(self, _prefix: str, /) -> Schema:
        return {"type": "number", "minimum": self.least, "maximum": self.most}


_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z"


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time in UTC, RFC 3339 with ``Z``; kept as it is written. See ``moment_ns``."""

    def read(self, value: object, at: str) -> str:
        if not isinstance(value, str):
            raise _wrong("a time", value, at)
        if re.fullmatch(_MOMENT, value) is None:
            raise NotAsAgreed(at, "must be a UTC time such as 2026-11-17T08:12:05.250Z")
        try:
            moment_ns(value)
        except ValueError:
            raise NotAsAgreed(at, "is a time that does not exist") from None
        return value

    def schema(self, _prefix: str, /) -> Schema:
        return {"type": "string", "format": "date-time", "pattern": f"^{_MOMENT}$"}


def moment_ns(text: str) -> int:
    """The UTC nanoseconds of a time written as ``Moment`` takes it.

    :raises ValueError: for a day or an hour that does not exist.
    """
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp()
    return round(seconds) * 10**9 + int(fraction.ljust(9, "0") or 0)


@dataclass(frozen=True, slots=True)
class Octets:
    """Bytes in base64 (RFC 4648 section 4, with padding, nothing between), ``least`` to ``most`` of them."""

    least: int
    most: int
    media_type: str = "application/octet-stream"

    def read(self, value: object, at: str) -> bytes:
        if not isinstance(value, str):
            raise _wrong("a text in base64", value, at)
        if len(value) > (self.most + 2) // 3 * 4:
            raise NotAsAgreed(at, f"must be {self.least} to {self.most} bytes")
        try:
            found = base64.b64decode(value.encode("ascii"), validate=True)
        except (binascii.Error, ValueError):
            raise NotAsAgreed(at, "is not base64") from None
        # Spare bits in the last character would give one value several spellings.
        if base64.b64encode(found).decode() != value:
            raise NotAsAgreed(at, "is not base64 as it is usually written")
        if not self.least <= len(found) <= self.most:
            raise NotAsAgreed(at, f"must be {self.least} to {self.most} bytes")
        return found

    def schema(self, _prefix: str, /) -> Schema:
        return {
            "type": "string",
            "contentEncoding": "base64",
            "contentMediaType": self.media_type,
            "minLength": (self.least + 2) // 3 * 4,
            "maxLength": (self.most + 2) // 3 * 4,
        }


@dataclass(frozen=True, slots=True)
class Each:
    """A list of one shape's values, ``most`` of them at most."""

    item: Shape
    most: int

    def read(self, value: object, at: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _wrong("a list", value, at)
        if len(value) > self.most:
            raise NotAsAgreed(at, f"must have {self.most} items at most")
        return tuple(self.item.read(item, below(at, index)) for index, item in enumerate(value))

    def schema(self, prefix: str, /) -> Schema:
        return {"type": "array", "items": self.item.schema(prefix), "maxItems": self.most}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a record: its name, shape, meaning, and whether it may be absent."""

    name: str
    shape: Shape
    about: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """An object, read into ``make(**members)``; absent members are left to its defaults.

    ``open`` lets members pass that are not known: for answers, which may grow.
    """

    name: str
    make: Callable[..., Any]
    about: str
    members: tuple[Member, ...]
    open: bool = False

    def read(self, value: object, at: str) -> Any:
        if isinstance(value, Flaw) and value.name is not None:
            raise NotAsAgreed(below(at, value.name), value.why)
        if not isinstance(value, Mapping):
            raise _wrong("an object", value, at)
        known = {member.name for member in self.members}
        for name in value:
            if name not in known and not self.open:
                raise NotAsAgreed(below(at, name), "is not known here")
        found = {}
        for member in self.members:
            if member.name in value:
                found[member.name] = member.shape.read(value[member.name], below(at, member.name))
            elif member.required:
                raise NotAsAgreed(below(at, member.name), "is missing")
        return self.make(**found)

    def schema(self, prefix: str, /) -> Schema:
        return {"$ref": f"{prefix}{self.name}"}

    def definition(self, prefix: str) -> Schema:
        """The record itself, in full."""
        properties = {}
        for member in self.members:
            shape = member.shape.schema(prefix)
            properties[member.name] = {**shape, "description": member.about}
        return {
            "type": "object",
            "description": self.about,
            "properties": properties,
            "required": [member.name for member in self.members if member.required],
            **({} if self.open else {"additionalProperties": False}),
        }

    def records(self) -> Iterator[Record]:
        """This record and all within it, each once, itself first."""
        seen: dict[str, Record] = {}
        waiting: list[Shape] = [self]
        while waiting:
            shape = waiting.pop(0)
            if isinstance(shape, Each):
                waiting.append(shape.item)
            elif isinstance(shape, Record) and shape.name not in seen:
                seen[shape.name] = shape
                waiting += [member.shape for member in shape.members]
        yield from seen.values()


def _wrong(wanted: str, value: object, at: str) -> NotAsAgreed:
    if isinstance(value, Flaw):
        return NotAsAgreed(at if value.name is None else below(at, value.name), value.why)
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return NotAsAgreed(at, f"must be {wanted}, not {names.get(type(value), 'a number')}")
