"""What crossed the box's outer side, by counters that many a box brings up to date now and then only."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.box.counters import TURN, passed
from diagnostics.box.reading import BoxReading
from diagnostics.model import MILLISECOND

LEAST_BOX_NS = 1500 * MILLISECOND
"""Over less than this, a box's counters say nothing of a rate."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """``bytes``, headers included, that the box counted within ``elapsed_ns``.

    They crossed between ``from_ns`` and ``to_ns`` (monotonic), which is longer where its counter rests in between.
    """

    bytes: float
    elapsed_ns: int
    from_ns: int
    to_ns: int


def crossed(readings: Sequence[BoxReading], way: int) -> Crossed | None:
    """What crossed within the readings, which follow each other; ``way`` is 0 for incoming, 1 for outgoing.

    None where too little is known, or a counter began anew.
    """
    moves = _moves(readings, way)
    if len(moves) < 2:
        return None
    first, last = moves[0], moves[-1]
    elapsed_ns = last.at.mono_ns - first.at.mono_ns
    count = _passed(moves, way)
    if count is None or elapsed_ns < LEAST_BOX_NS:
        return None
    # What a resting counter shows is of any time since the reading before.
    begun = _before(readings, first) if len(moves) < len(readings) else first
    return Crossed(count, elapsed_ns, begun.at.mono_ns, last.at.mono_ns)


def _number(reading: BoxReading, way: int) -> int | None:
    return reading.down_bytes if way == 0 else reading.up_bytes


def _moves(readings: Sequence[BoxReading], way: int) -> list[BoxReading]:
    """The readings at which the counter had moved since the one before; all of them when it never rests."""
    told = [reading for reading in readings if _number(reading, way) is not None]
    if len(told) < len(readings):
        return []
    rests = any(_number(a, way) == _number(b, way) for a, b in itertools.pairwise(told))
    if not rests:
        return told
    return [b for a, b in itertools.pairwise(told) if _number(a, way) != _number(b, way)]


def _before(readings: Sequence[BoxReading], reading: BoxReading) -> BoxReading:
    return readings[max(0, readings.index(reading) - 1)]


def _passed(readings: Sequence[BoxReading], way: int) -> float | None:
    """Bytes between the first and the last of a box's readings; None where a counter began anew, or may have.

    Step by step only where so long a time could hold a whole turn of 32 bits: each step has its own uncertainty.
    """
    whole = _between(readings[0], readings[-1], way)
    if whole is not None:
        return whole
    steps = [_between(before, after, way) for before, after in itertools.pairwise(readings)]
    told = [step for step in steps if step is not None]
    return sum(told) if len(told) == len(steps) else None


def _between(before: BoxReading, after: BoxReading, way: int) -> int | None:
    old, new = _number(before, way), _number(after, way)
    if old is None or new is None or _younger(before, after):
        return None
    wide = before.wide or after.wide or max(old, new) >= TURN
    link = after.account.link_down_bps if way == 0 else after.account.link_up_bps
    return passed(old, new, after.at.mono_ns - before.at.mono_ns, link, wide)


def _younger(before: BoxReading, after: BoxReading) -> bool:
    ages = (
        (before.account.uptime_s, after.account.uptime_s),
        (before.account.boot_s, after.account.boot_s),
    )
    return any(old is not None and new is not None and new < old for old, new in ages)
