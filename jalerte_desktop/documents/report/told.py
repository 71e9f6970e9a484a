"""Reading single facts from the journal's events, whatever these hold: what is damaged is left out, and counted."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from diagnostics.model import Event

LARGEST = 1 << 62
LONGEST = 500
"""No text that the recorder writes is longer."""
_HEX = re.compile(r"[0-9a-f]{64}")

Fact = TypeVar("Fact")


@dataclass(slots=True)
class LeftOut:
    """How many entries could not be understood."""

    count: int = 0


def facts(events: Iterable[Event], read: Callable[[Event], Fact | None], left_out: LeftOut) -> Iterator[Fact]:
    """What ``read`` makes of each event; None is passed over, and what it cannot read (ValueError …) is counted."""
    for event in events:
        try:
            fact = read(event)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            left_out.count += 1
            continue
        if fact is not None:
            yield fact


def whole(event: Event, name: str) -> int:
    """A whole number. Raises ValueError for anything else."""
    value = event.data[name]
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        raise ValueError(f"{name} is no whole number")
    return value


def figure(event: Event, name: str) -> float | None:
    """A number, None where there is none. Raises ValueError for anything else."""
    value = event.data.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{name} is no number")
    return float(value)


def text(event: Event, name: str) -> str:
    """A text, empty where there is none; on one line. Raises ValueError for anything else."""
    value = event.data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError(f"{name} is no text")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())


def digest(event: Event, name: str) -> str:
    """32 bytes in hexadecimal, small letters. Raises ValueError for anything else."""
    value = event.data[name]
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError(f"{name} is no digest")
    return value
