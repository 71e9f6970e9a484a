"""JSON text read strictly and written canonically.

Reading is bounded before anything is built. What JSON's grammar leaves open and people disagree on (members that occur
twice, NaN, numbers beyond a double) comes back as a ``Flaw`` in the value's place, so that whoever walks the values
can say where it stood.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from alert_desk.errors import NotAsAgreed

DEEPEST = 12
MOST_MARKS = 1_000_000
"""Quotes, brackets, braces, commas and escapes in one document."""
LARGEST_WHOLE = 2**53 - 1
"""Beyond it a double no longer tells neighbours apart (RFC 7493)."""
_LONGEST_NUMBER = 32
_MARK = re.compile(rb'\\.|["\[\]{},]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Stands where the text held something that is no agreed value. ``name``: the member that occurs twice."""

    why: str
    name: str | None = None


def read_json(text: bytes, largest_bytes: int) -> object:
    """The value of a JSON text in UTF-8, with ``Flaw`` where it is none.

    :raises NotAsAgreed: too large, too deep, too many parts, not UTF-8, not JSON.
    """
    if len(text) > largest_bytes:
        raise NotAsAgreed("", f"larger than {largest_bytes} bytes")
    _bound(text)
    try:
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_members,
            parse_constant=lambda word: Flaw(f"{word} is no number here"),
            parse_float=_fraction,
            parse_int=_whole,
        )
    except UnicodeDecodeError as error:
        raise NotAsAgreed("", f"not UTF-8 (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise NotAsAgreed("", f"not JSON: {error.msg} (character {error.pos})") from None


def _bound(text: bytes) -> None:
    """Depth and number of parts, counted without building anything."""
    depth = marks = 0
    within_text = False
    for found in _MARK.finditer(text):
        mark = found.group()
        marks += 1
        if marks > MOST_MARKS:
            raise NotAsAgreed("", f"more than {MOST_MARKS} parts")
        if mark == b'"':
            within_text = not within_text
        elif within_text:
            continue
        elif mark in (b"[", b"{"):
            depth += 1
            if depth > DEEPEST:
                raise NotAsAgreed("", f"nested deeper than {DEEPEST}")
        elif mark in (b"]", b"}"):
            depth -= 1


def _members(pairs: list[tuple[str, object]]) -> object:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            return Flaw("occurs twice", name)
        found[name] = value
    return found


def _whole(digits: str) -> object:
    if len(digits) > _LONGEST_NUMBER or abs(int(digits)) > LARGEST_WHOLE:
        return Flaw("too large a number")
    return int(digits)


def _fraction(digits: str) -> object:
    number = float(digits) if len(digits) <= _LONGEST_NUMBER else math.inf
    return number if math.isfinite(number) else Flaw("a number too large or too long")


def canonical(value: object) -> bytes:
    """The one spelling of a value, after RFC 8785: UTF-8, no spaces, members in order, numbers as ECMAScript has them.

    It differs from RFC 8785 in what it refuses, not in what it writes: member names must be ASCII (so that sorting
    by code points is sorting by UTF-16 units).

    :raises ValueError: for what has no such spelling (NaN, infinity, lone surrogates, other types, other names).
    """
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts).encode("utf-8")


def _write(value: object, parts: list[str]) -> None:
    if value is None or isinstance(value, (bool, str)):
        parts.append(json.dumps(value, ensure_ascii=False))
    elif isinstance(value, int):
        if abs(value) > LARGEST_WHOLE:
            raise ValueError(f"{value} is too large for JSON")
        parts.append(str(value))
    elif isinstance(value, float):
        parts.append(number_text(value))
    elif isinstance(value, Mapping):
        _write_members(value, parts)
    elif isinstance(value, Sequence):
        parts.append("[")
        for index, item in enumerate(value):
            if index:
                parts.append(",")
            _write(item, parts)
        parts.append("]")
    else:
        raise ValueError(f"{type(value).__name__} has no JSON")


def _write_members(members: Mapping[str, object], parts: list[str]) -> None:
    parts.append("{")
    for index, name in enumerate(sorted(members)):
        if not name.isascii():
            raise ValueError(f"{name!r} is not ASCII")
        if index:
            parts.append(",")
        parts.append(json.dumps(name) + ":")
        _write(members[name], parts)
    parts.append("}")


def number_text(value: float) -> str:
    """A double as ECMAScript's Number::toString writes it (ECMA-262 6.1.6.1.20): 1, 0.5, 1e+21, 1e-7.

    :raises ValueError: for NaN and infinity.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} has no JSON")
    if value == 0:
        return "0"
    # repr gives the shortest digits that read back as the same double, as ECMAScript asks; only the shape differs.
    sign, figures, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)  # finite
    digits = "".join(map(str, figures))
    point = len(digits) + exponent
    minus = "-" if sign else ""
    if 0 < point <= 21:
        if len(digits) <= point:
            return minus + digits.ljust(point, "0")
        return f"{minus}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    power = point - 1
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{minus}{mantissa}e{'+' if power > 0 else '-'}{abs(power)}"
