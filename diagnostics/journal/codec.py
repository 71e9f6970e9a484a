"""Samples packed into bytes and back: one batch is what one line gave in one minute.

The layout is documented in ``docs/journal.md``. Columns have a fixed width of 1, 2, 4 or 8 bytes chosen per column, so
that reading is a copy and not a loop; zlib then removes what the width wastes.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from diagnostics.model import SECOND, Flag, Outcome, Sample, Target

LAYOUT = 1
TICK_NS = 100_000
"""The grid of points in time: 0.1 ms."""
FINE_NS = 10_000
COARSE_NS = 100_000
_NOMINAL_TICKS = SECOND // TICK_NS
_HEADER = struct.Struct("<BqqH")
_COLUMN = struct.Struct("<HHqqB")
_DETAIL = struct.Struct("<HH")
_WIDTHS = {1: "B", 2: "H", 4: "I", 8: "Q"}
_NONE = 0xFFFFFFFF
_ROLLUP_HEAD = struct.Struct("<I")
_ROLLUP = struct.Struct("<HIIIIII")


class DamagedBatch(ValueError):
    """The bytes are not a batch."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """One target's figures over one batch. ``missed`` counts every outcome but OK; times in ns, of OK tries."""

    target: Target
    count: int
    missed: int
    min_ns: int | None
    median_ns: int | None
    p95_ns: int | None
    max_ns: int | None


@dataclass(frozen=True, slots=True)
class Rollups:
    """All targets' figures over one batch, and the longest time without any try within it."""

    longest_gap_ns: int
    rows: tuple[Rollup, ...]


def encode_batch(samples: Sequence[Sample], number: Callable[[Target], int]) -> bytes:
    """Pack the samples of one clock epoch: ``sent_ns - mono_ns`` is the same for all.

    ``number`` gives the journal's number of a target. Times must lie on the grids of
    ``quantise_time`` and ``quantise_rtt``; raises ValueError otherwise, since packing would change them.
    """
    if not samples:
        raise ValueError("an empty batch")
    offset = samples[0].sent_ns - samples[0].mono_ns
    base = min(sample.sent_ns for sample in samples)
    ordered = sorted(samples, key=lambda sample: (number(sample.target), sample.sent_ns))
    columns = [list(group) for _, group in groupby(ordered, key=lambda sample: number(sample.target))]
    parts = [_HEADER.pack(LAYOUT, base, offset, len(columns))]
    for column in columns:
        if any(sample.sent_ns - sample.mono_ns != offset for sample in column):
            raise ValueError("two clock epochs in one batch")
        parts.append(_encode_column(number(column[0].target), column, base))
    return b"".join(parts)


def _encode_column(number: int, column: list[Sample], base: int) -> bytes:
    ticks = [_exact(sample.sent_ns - base, TICK_NS) for sample in column]
    steps = [
        ticks[0],
        *(after - before - _NOMINAL_TICKS for before, after in pairwise(ticks)),
    ]
    rtts = [sample.rtt_ns for sample in column if sample.rtt_ns is not None]
    unit = COARSE_NS if all(rtt % COARSE_NS == 0 for rtt in rtts) else FINE_NS
    least = min(rtts, default=0)
    runs = [
        (key, len(list(group)))
        for key, group in groupby(
            (int(s.outcome) | s.flags << 4 | (s.rtt_ns is not None) << 7) for s in column
        )
    ]
    details = [
        (index, s.detail.encode("utf-8", "replace")[:2000]) for index, s in enumerate(column) if s.detail
    ]
    return b"".join(
        (
            _COLUMN.pack(number, len(column), least, unit, 0),
            _pack([_zigzag(step) for step in steps]),
            struct.pack("<H", len(runs)),
            b"".join(struct.pack("<BH", key, length) for key, length in runs),
            _pack([_exact(rtt - least, unit) for rtt in rtts]),
            struct.pack("<H", len(details)),
            b"".join(_DETAIL.pack(index, len(text)) + text for index, text in details),
        )
    )


def _exact(value: int, unit: int) -> int:
    whole, rest = divmod(value, unit)
    if rest:
        raise ValueError(f"{value} ns is not on the grid of {unit} ns")
    return whole


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _unzigzag(value: int) -> int:
    return value >> 1 if not value & 1 else -((value + 1) >> 1)


def _pack(values: list[int]) -> bytes:
    width = next(width for width in _WIDTHS if max(values, default=0) < 1 << 8 * width)
    column = array(_WIDTHS[width], values)
    if sys.byteorder == "big":
        column.byteswap()
    return struct.pack("<BH", width, len(values)) + column.tobytes()


def compress(batch: bytes) -> bytes:
    return zlib.compress(batch, 9)


def decompress(body: bytes, limit: int = 16 << 20) -> bytes:
    """Undo ``compress``; raises DamagedBatch, also for a body that would grow beyond ``limit`` bytes."""
    reader = zlib.decompressobj()
    try:
        batch = reader.decompress(body, limit)
    except zlib.error as error:
        raise DamagedBatch(str(error)) from error
    if not reader.eof or reader.unused_data:
        raise DamagedBatch("truncated, oversized or followed by something else")
    return batch


def decode_batch(batch: bytes, target: Callable[[int], Target]) -> list[Sample]:
    """Unpack, ordered by time sent. ``target`` looks a number up and raises KeyError for an unknown one.

    Raises DamagedBatch for bytes that are not a batch.
    """
    try:
        return _decode(batch, target)
    except (struct.error, ValueError, KeyError, IndexError, OverflowError) as error:
        raise DamagedBatch(str(error)) from error


def _decode(batch: bytes, target: Callable[[int], Target]) -> list[Sample]:
    layout, base, offset, count = _HEADER.unpack_from(batch)
    if layout != LAYOUT:
        raise DamagedBatch(f"layout {layout}")
    at = _HEADER.size
    samples: list[Sample] = []
    for _ in range(count):
        number, length, least, unit, _reserved = _COLUMN.unpack_from(batch, at)
        at += _COLUMN.size
        steps, at = _unpack(batch, at)
        outcomes: list[int] = []
        (runs,) = struct.unpack_from("<H", batch, at)
        at += 2
        for _run in range(runs):
            key, repeat = struct.unpack_from("<BH", batch, at)
            at += 3
            outcomes += [key] * repeat
        rtts, at = _unpack(batch, at)
        details: dict[int, str] = {}
        (texts,) = struct.unpack_from("<H", batch, at)
        at += 2
        for _text in range(texts):
            index, size = _DETAIL.unpack_from(batch, at)
            at += _DETAIL.size
            if at + size > len(batch):
                raise DamagedBatch("a detail runs over the end")
            details[index] = batch[at : at + size].decode("utf-8")
            at += size
        if not len(steps) == len(outcomes) == length:
            raise DamagedBatch("columns of different lengths")
        aim = target(number)
        jumps = (_unzigzag(step) + (_NOMINAL_TICKS if i else 0) for i, step in enumerate(steps))
        waiting = iter(rtts)
        for index, (ticks, key) in enumerate(zip(accumulate(jumps), outcomes, strict=True)):
            sent = base + ticks * TICK_NS
            samples.append(
                Sample(
                    aim,
                    sent,
                    sent - offset,
                    _OUTCOMES[key & 15],
                    least + next(waiting) * unit if key & 128 else None,
                    details.get(index, ""),
                    _FLAGS[key >> 4 & 7],
                )
            )
        if next(waiting, None) is not None:
            raise DamagedBatch("more times than answers")
    if at != len(batch):
        raise DamagedBatch("bytes left over")
    samples.sort(key=lambda sample: sample.sent_ns)
    return samples


_OUTCOMES = list(Outcome)
_FLAGS = [Flag(bits) for bits in range(4)]


def _unpack(batch: bytes, at: int) -> tuple[array[int], int]:
    width, length = struct.unpack_from("<BH", batch, at)
    at += 3
    end = at + width * length
    if width not in _WIDTHS or end > len(batch):
        raise DamagedBatch("a column runs over the end")
    column = array(_WIDTHS[width])
    column.frombytes(batch[at:end])
    if sys.byteorder == "big":
        column.byteswap()
    return column, end


def roll_up(samples: Iterable[Sample]) -> Rollups:
    """The figures of a batch. Percentiles by the nearest rank (the value itself, never between two)."""
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
        column[0].target, len(column), missed, rtts[0], rtts[rank // 2], rtts[-(-rank * 95 // 100)], rtts[-1]
    )


def encode_rollups(rollups: Rollups, number: Callable[[Target], int]) -> bytes:
    """Pack the figures: gap in 0.1 ms, times in 10 µs."""

    def units(value: int | None) -> int:
        return _NONE if value is None else min(value // FINE_NS, _NONE - 1)

    rows = sorted((number(row.target), row) for row in rollups.rows)
    return _ROLLUP_HEAD.pack(min(rollups.longest_gap_ns // TICK_NS, _NONE)) + b"".join(
        _ROLLUP.pack(
            key,
            row.count,
            row.missed,
            *(units(v) for v in (row.min_ns, row.median_ns, row.p95_ns, row.max_ns)),
        )
        for key, row in rows
    )


def decode_rollups(blob: bytes, target: Callable[[int], Target]) -> Rollups:
    """Undo ``encode_rollups``; raises DamagedBatch."""
    try:
        (gap,) = _ROLLUP_HEAD.unpack_from(blob)
        rows = tuple(
            Rollup(target(key), count, missed, *(None if v == _NONE else v * FINE_NS for v in times))
            for key, count, missed, *times in _ROLLUP.iter_unpack(blob[_ROLLUP_HEAD.size :])
        )
    except (struct.error, KeyError) as error:
        raise DamagedBatch(str(error)) from error
    return Rollups(gap * TICK_NS, rows)
