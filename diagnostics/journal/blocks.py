"""Blocks: one minute (or part of one) of one line, as readers get them, each part unpacked when it is asked for."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from diagnostics.journal import codec, format, legacy, rollups
from diagnostics.model import SECOND, Line, Sample, Span, Target


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """One target's tries, in order of sending. Times in ns, UTC; ``rtt_ns`` -1 where there was no answer.

    ``outcomes``: bits 0–3 the outcome, 4–6 the flags, so that a plain OK is 0.
    """

    target: Target
    times_ns: array[int]
    rtt_ns: array[int]
    outcomes: bytes


OUTCOME_OF_KEY = bytes(key & 0x7F for key in range(256))


def target_column(batch: codec.Batch, column: codec.Column, target: Target) -> TargetColumn:
    """A packed column's values. Raises ValueError for one that does not fit together."""
    return TargetColumn(
        target,
        times_of(bases_of(batch.base_s, len(column.keys)), column),
        rtts_of(column),
        column.keys.translate(OUTCOME_OF_KEY),
    )


def times_of(bases: bytes, column: codec.Column) -> array[int]:
    """When each try was sent (UTC ns). ``bases`` is the batch's first second, in ns, for each try (i64, little-endian).

    One sum of long numbers, each try in 64 bits of its own that never overflow: as fast as copying.
    """
    count = len(column.seconds)
    if len(column.phases) != 2 * count or len(bases) != 8 * count:
        raise codec.DamagedBatch("columns of different lengths")
    seconds, phases = bytearray(8 * count), bytearray(8 * count)
    seconds[0::8] = column.seconds
    phases[0::8], phases[1::8] = column.phases[0::2], column.phases[1::2]
    whole = (
        int.from_bytes(bases, "little")
        + int.from_bytes(seconds, "little") * SECOND
        + int.from_bytes(phases, "little") * codec.TICK_NS
    )
    return codec.words("q", whole.to_bytes(8 * count, "little"))


def bases_of(base_s: int, count: int) -> bytes:
    """A batch's first second for each of its tries, as ``times_of`` wants it."""
    return (base_s * SECOND).to_bytes(8, "little") * count


def rtts_of(column: codec.Column, least: int | None = None) -> array[int]:
    """Round trips in ns for each try, -1 where there is none. Raises DamagedBatch for too few or too many.

    ``least``: none of the places on the grid is below it, where that is known.
    """
    values = codec.rtts_of(column.rtts, least)
    if len(values) == len(column.keys) and column.keys.translate(_WITHOUT_RTT).find(1) < 0:
        return values
    marks = column.keys.translate(_WITHOUT_RTT)
    if len(values) + marks.count(1) != len(marks):
        raise codec.DamagedBatch("not as many times as answers")
    at = marks.find(1)
    while at >= 0:
        values.insert(at, -1)
        at = marks.find(1, at + 1)
    return values


_WITHOUT_RTT = bytes(not key & codec.HAS_RTT for key in range(256))


class Source(Protocol):
    """A sealed block's fields, unpacked when asked for. Raises DamagedBatch, KeyError where one is missing."""

    def fields(self) -> Mapping[str, bytes]: ...
    def batch(self) -> codec.Batch: ...


@dataclass(frozen=True)
class Block:
    """``seq`` is 0 while it is staged and not yet sealed.

    A quiet minute is judged by its ``rollups`` alone; ``columns`` and ``samples`` are unpacked at first use, and raise
    format.Damaged where they cannot be.
    """

    seq: int
    line: Line
    span: Span
    targets: Mapping[int, Target]
    packed_rollup: bytes = b""
    source: Source | None = None
    """Where a sealed block's fields are."""
    staged: tuple[Sample, ...] = ()
    legacy: bool = False

    @cached_property
    def rollups(self) -> rollups.Rollups:
        if self.source is None:
            return rollups.roll_up(self.staged)
        try:
            return rollups.decode_rollups(self.packed_rollup, self.targets.__getitem__)
        except codec.DamagedBatch as error:
            raise format.Damaged("block_damaged", seq=self.seq) from error

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        if self.source is None:
            return self.staged
        target = self.targets.__getitem__
        try:
            fields = self.source.fields()
            if self.legacy:
                return tuple(legacy.decode_batch(legacy.decompress(fields["body"]), target))
            return tuple(codec.decode_samples(fields, target))
        except (codec.DamagedBatch, KeyError) as error:
            raise format.Damaged("block_damaged", seq=self.seq) from error

    @cached_property
    def columns(self) -> tuple[TargetColumn, ...]:
        """One for each target tried."""
        if self.source is None or self.legacy:
            return _columns_of(self.samples)
        try:
            batch = self.source.batch()
            return tuple(
                target_column(batch, column, self.targets[column.number]) for column in batch.columns
            )
        except (ValueError, KeyError) as error:
            raise format.Damaged("block_damaged", seq=self.seq) from error

    @cached_property
    def offset_ns(self) -> int:
        """Wall less monotonic clock, the same for the whole block."""
        if self.source is None or self.legacy:
            return self.samples[0].sent_ns - self.samples[0].mono_ns
        try:
            return self.source.batch().offset_ns
        except (codec.DamagedBatch, KeyError) as error:
            raise format.Damaged("block_damaged", seq=self.seq) from error


def _columns_of(samples: tuple[Sample, ...]) -> tuple[TargetColumn, ...]:
    by_target: dict[str, list[Sample]] = {}
    for sample in samples:
        by_target.setdefault(sample.target.id, []).append(sample)
    return tuple(
        TargetColumn(
            column[0].target,
            array("q", [sample.sent_ns for sample in column]),
            array("q", [-1 if sample.rtt_ns is None else sample.rtt_ns for sample in column]),
            bytes(int(sample.outcome) | sample.flags << 4 for sample in column),
        )
        for column in by_target.values()
    )
