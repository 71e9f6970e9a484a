"""The figures of hours and days as chained records, and how a day keeps those of its hours side by side."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from diagnostics.journal import rollups
from diagnostics.journal.codec import DamagedBatch, packed, words
from diagnostics.journal.rollups import Sorted, Tallies
from diagnostics.model import SECOND

HOUR, DAY = "hour", "day"
"""Record types. Fields: ``line``, ``rollup``, and a day's ``hours``."""
HOUR_NS = 3600 * SECOND
DAY_NS = 24 * HOUR_NS
_HEAD = struct.Struct("<HH")
_ROLLUP_HEAD = 4
_ROLLUP_ROW = struct.Struct("<H6I")
_MISSING = (0, 0, *(rollups.NONE,) * 4)


@dataclass(slots=True)
class Stretch:
    """What was counted of one line since its last record of this step. Times are those of the first and last try.

    ``incomplete``: some of its samples were removed by age, so that nothing can be compared with it.
    """

    start_ns: int
    end_ns: int
    tallies: Tallies = field(default_factory=dict)
    incomplete: bool = False

    @classmethod
    def empty(cls) -> Stretch:
        return cls(0, 0)

    def reach(self, start_ns: int, end_ns: int) -> None:
        untouched = not self.end_ns
        self.start_ns = start_ns if untouched else min(self.start_ns, start_ns)
        self.end_ns = end_ns if untouched else max(self.end_ns, end_ns)

    def add(self, parts: Iterable[Sorted], start_ns: int, end_ns: int) -> None:
        """A batch, sorted out."""
        self.reach(start_ns, end_ns)
        rollups.tally(self.tallies, parts)

    def merge(self, other: Stretch) -> None:
        self.reach(other.start_ns, other.end_ns)
        self.incomplete |= other.incomplete
        rollups.merge(self.tallies, other.tallies)

    @property
    def rollup(self) -> bytes:
        return rollups.encode_tallies(self.tallies)


Stretches = dict[str, Stretch]
"""By line."""


@dataclass(frozen=True, slots=True)
class HourFigures:
    """One hour record's figures: when its first try was sent, and the packed rollup."""

    start_ns: int
    rollup: bytes


def encode_hours(hours: Sequence[HourFigures]) -> bytes:
    """A day's field ``hours``: u16 hours, u16 targets; i64 start of each hour; then for each target by rising number
    u16 number and six columns of u32 (count, missed, min, median, p95, max), one value an hour."""
    tables = [{row[0]: row[1:] for row in rows(hour.rollup)} for hour in hours]
    numbers = sorted({number for table in tables for number in table})
    parts = [_HEAD.pack(len(hours), len(numbers)), packed("q", [hour.start_ns for hour in hours])]
    for number in numbers:
        values = [table.get(number, _MISSING) for table in tables]
        parts.append(struct.pack("<H", number))
        parts += [packed("I", [row[column] for row in values]) for column in range(6)]
    return b"".join(parts)


def rows(rollup: bytes) -> Iterator[tuple[int, ...]]:
    """Number, count, missed, min, median, p95, max of each target of a packed rollup. Raises DamagedBatch."""
    try:
        yield from _ROLLUP_ROW.iter_unpack(rollup[_ROLLUP_HEAD:])
    except struct.error as error:
        raise DamagedBatch(str(error)) from error


@dataclass(frozen=True, slots=True)
class HourColumns:
    """One target's hours of a day: places in 10 µs as in a rollup, ``rollups.NONE`` where nothing was answered."""

    starts_ns: Sequence[int]
    counts: Sequence[int]
    missed: Sequence[int]
    least: Sequence[int]
    median: Sequence[int]
    p95: Sequence[int]
    most: Sequence[int]

    @property
    def values(self) -> tuple[Sequence[int], ...]:
        """The six columns in the order of a rollup's row."""
        return (self.counts, self.missed, self.least, self.median, self.p95, self.most)


def decode_hours(blob: bytes, number: int) -> HourColumns | None:
    """One target's columns of a day's field ``hours``, None where it was not tried. Raises DamagedBatch."""
    try:
        hours, targets = _HEAD.unpack_from(blob)
    except struct.error as error:
        raise DamagedBatch(str(error)) from error
    stride = 2 + 24 * hours
    first = _HEAD.size + 8 * hours
    if len(blob) != first + targets * stride:
        raise DamagedBatch("hours that do not fit")
    for at in range(first, len(blob), stride):
        if blob[at] | blob[at + 1] << 8 == number:
            values = words("I", blob[at + 2 : at + stride])
            starts = words("q", blob[_HEAD.size : first])
            return HourColumns(starts, *(values[i * hours : (i + 1) * hours] for i in range(6)))
    return None


def split_hours(blob: bytes) -> list[HourFigures]:
    """Undo ``encode_hours``. Raises DamagedBatch."""
    tables = [(number, decode_hours(blob, number)) for number in numbers_of(blob)]
    starts = words("q", blob[_HEAD.size : _HEAD.size + 8 * _HEAD.unpack_from(blob)[0]])
    found = []
    for place, start_ns in enumerate(starts):
        packed_rows = [
            _ROLLUP_ROW.pack(number, *(column[place] for column in table.values))
            for number, table in tables
            if table is not None and table.counts[place]
        ]
        found.append(HourFigures(start_ns, bytes(_ROLLUP_HEAD) + b"".join(packed_rows)))
    return found


def numbers_of(blob: bytes) -> list[int]:
    """The targets of a day's field ``hours``. Raises DamagedBatch."""
    try:
        hours, targets = _HEAD.unpack_from(blob)
        first, stride = _HEAD.size + 8 * hours, 2 + 24 * hours
        return [struct.unpack_from("<H", blob, first + i * stride)[0] for i in range(targets)]
    except struct.error as error:
        raise DamagedBatch(str(error)) from error
