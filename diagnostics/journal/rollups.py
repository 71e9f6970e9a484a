"""Figures of samples: of a minute, an hour, a day. Percentiles by the nearest rank: a value itself, never between.

Hours and days are counted up from the packed columns (``Tally``), so that their percentiles are those of the samples
and not of the minutes' own figures.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from operator import sub
from typing import NamedTuple

from diagnostics.journal.codec import (
    COARSE_NS,
    FINE_NS,
    FINE_STEPS,
    HAS_RTT,
    TICK_NS,
    Batch,
    Column,
    DamagedBatch,
    rtt_of,
    ticks_of,
    words,
)
from diagnostics.model import Outcome, Sample, Target

NONE = 0xFFFFFFFF
_OK = HAS_RTT | int(Outcome.OK)
_OK_MASK = HAS_RTT | 15
_COARSE = COARSE_NS // FINE_NS
_LESS = FINE_STEPS * (_COARSE - 1)
_COARSE_END = NONE // _COARSE
_HEAD = struct.Struct("<I")
_ROW = struct.Struct("<HIIIIII")


class Rollup(NamedTuple):
    """One target's figures over one batch. ``missed`` counts every outcome but OK; times in ns, of OK tries."""

    target: Target
    count: int  # type: ignore[assignment]  # hides the tuple's own method, which nobody needs here
    missed: int
    min_ns: int | None
    median_ns: int | None
    p95_ns: int | None
    max_ns: int | None


class Rollups(NamedTuple):
    """All targets' figures over one batch, and the longest time without any try within it."""

    longest_gap_ns: int
    rows: tuple[Rollup, ...]


def roll_up(samples: Iterable[Sample]) -> Rollups:
    """The figures of samples in any order."""
    by_target: dict[str, list[Sample]] = {}
    times: list[int] = []
    for sample in samples:
        by_target.setdefault(sample.target.id, []).append(sample)
        times.append(sample.sent_ns)
    times.sort()
    longest = max((after - before for before, after in pairwise(times)), default=0)
    return Rollups(longest, tuple(_roll_up(column) for column in by_target.values()))


def _roll_up(column: list[Sample]) -> Rollup:
    rtts = sorted(s.rtt_ns for s in column if s.outcome is Outcome.OK and s.rtt_ns is not None)
    missed = sum(s.outcome is not Outcome.OK for s in column)
    if not rtts:
        return Rollup(column[0].target, len(column), missed, None, None, None, None)
    rank = len(rtts) - 1
    return Rollup(
        column[0].target, len(column), missed, rtts[0], rtts[rank // 2], rtts[_rank95(rank)], rtts[-1]
    )


def _rank95(last: int) -> int:
    return -(-last * 95 // 100)


def encode_rollups(rollups: Rollups, number: Callable[[Target], int]) -> bytes:
    """Pack the figures, by rising target number: gap in 0.1 ms, times in 10 µs, rounded down."""

    def units(value: int | None) -> int:
        return NONE if value is None else min(value // FINE_NS, NONE - 1)

    rows = sorted(((number(row.target), row) for row in rollups.rows), key=lambda pair: pair[0])
    return _HEAD.pack(min(rollups.longest_gap_ns // TICK_NS, NONE)) + b"".join(
        _ROW.pack(
            key,
            row.count,
            row.missed,
            *(units(v) for v in (row.min_ns, row.median_ns, row.p95_ns, row.max_ns)),
        )
        for key, row in rows
    )


def decode_rollups(blob: bytes, target: Callable[[int], Target]) -> Rollups:
    """Undo ``encode_rollups``; raises DamagedBatch."""
    make, rows = tuple.__new__, []
    try:
        (gap,) = _HEAD.unpack_from(blob)
        for key, count, missed, least, median, p95, most in _ROW.iter_unpack(blob[_HEAD.size :]):
            if least == NONE:
                rows.append(Rollup(target(key), count, missed, None, None, None, None))
            else:
                values = (least * FINE_NS, median * FINE_NS, p95 * FINE_NS, most * FINE_NS)
                rows.append(make(Rollup, (target(key), count, missed, *values)))
    except (struct.error, KeyError) as error:
        raise DamagedBatch(str(error)) from error
    return Rollups(gap * TICK_NS, tuple(rows))


class Sorted(NamedTuple):
    """One target's tries in a batch: how many missed, and the OK ones' places on the grid, sorted."""

    number: int
    tries: int
    missed: int
    good: list[int]


def sort_out(batch: Batch) -> list[Sorted]:
    """What figures are made of, for each target."""
    return [Sorted(column.number, len(column.keys), *_good(column)) for column in batch.columns]


def rollup_of(batch: Batch, parts: Iterable[Sorted] | None = None, ticks: list[int] | None = None) -> bytes:
    """``encode_rollups(roll_up(samples))`` of a packed batch, without unpacking it into samples.

    ``parts`` are ``sort_out(batch)`` and ``ticks`` ``codec.ticks_of(batch)``, where they are known.
    """
    times = ticks_of(batch) if ticks is None else ticks
    gap = max(map(sub, times[1:], times), default=0)
    rows = [_row(*part) for part in (sort_out(batch) if parts is None else parts)]
    return _HEAD.pack(min(gap, NONE)) + b"".join(rows)


def _good(column: Column) -> tuple[int, list[int]]:
    """How many tries missed, and the sorted grid places of the OK ones."""
    steps = words("I", column.rtts)
    if column.keys.count(_OK) == len(column.keys) == len(steps):
        return 0, sorted(steps)
    good: list[int] = []
    missed = 0
    answered = iter(steps)
    for key in column.keys:
        step = next(answered, None) if key & HAS_RTT else None
        if key & 15 != Outcome.OK:
            missed += 1
        elif step is not None:
            good.append(step)
    good.sort()
    return missed, good


def _row(number: int, count: int, missed: int, good: list[int]) -> bytes:
    if not good:
        return _ROW.pack(number, count, missed, NONE, NONE, NONE, NONE)
    last = len(good) - 1
    found = (good[0], good[last // 2], good[_rank95(last)], good[-1])
    if found[-1] < FINE_STEPS:
        return _ROW.pack(number, count, missed, *found)
    if found[0] >= FINE_STEPS and found[-1] < _COARSE_END:
        least, median, p95, most = found
        return _ROW.pack(
            number,
            count,
            missed,
            _COARSE * least - _LESS,
            _COARSE * median - _LESS,
            _COARSE * p95 - _LESS,
            _COARSE * most - _LESS,
        )
    return _ROW.pack(number, count, missed, *map(_units, found))


def _units(step: int) -> int:
    return min(rtt_of(step) // FINE_NS, NONE - 1)


@dataclass(slots=True)
class Tally:
    """Counts of one target over a longer time: tries, misses, and how often each round trip came.

    Minutes wait in ``new`` until they are counted: one count of many is cheaper than many of few.
    """

    count: int = 0
    missed: int = 0
    new: list[int] = field(default_factory=list)
    counted: Counter[int] = field(default_factory=Counter)

    def add(self, part: Sorted) -> None:
        self.count += part.tries
        self.missed += part.missed
        self.new += part.good

    @property
    def steps(self) -> Counter[int]:
        if self.new:
            self.counted.update(self.new)
            self.new.clear()
        return self.counted

    def merge(self, other: Tally) -> None:
        self.count += other.count
        self.missed += other.missed
        self.steps.update(other.steps)

    def row(self, number: int) -> bytes:
        """As in ``encode_rollups``."""
        steps = self.steps
        places = sorted(steps)
        if not places:
            return _ROW.pack(number, self.count, self.missed, NONE, NONE, NONE, NONE)
        below = list(accumulate(steps[place] for place in places))
        last = below[-1] - 1

        def at(rank: int) -> int:
            return _units(next(place for place, up_to in zip(places, below, strict=True) if rank < up_to))

        return _ROW.pack(
            number,
            self.count,
            self.missed,
            _units(places[0]),
            at(last // 2),
            at(_rank95(last)),
            _units(places[-1]),
        )


Tallies = dict[int, Tally]
"""By target number."""


def tally(tallies: Tallies, parts: Iterable[Sorted]) -> None:
    """Add a batch to the counts."""
    for part in parts:
        tallies.setdefault(part.number, Tally()).add(part)


def merge(tallies: Tallies, others: Mapping[int, Tally]) -> None:
    for number, other in others.items():
        tallies.setdefault(number, Tally()).merge(other)


def encode_tallies(tallies: Mapping[int, Tally]) -> bytes:
    """The field ``rollup`` of an hour or a day: as a minute's, without a longest gap (0)."""
    return _HEAD.pack(0) + b"".join(tallies[number].row(number) for number in sorted(tallies))
