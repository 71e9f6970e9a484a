"""Samples packed into bytes and back: one batch is what one line gave in one minute.

The layout is documented in ``docs/journal.md``. Every column has one fixed width, so that the packed form is canonical
(the same samples give the same bytes), can be cut and joined by copying, and is read without a loop over its values.
It is not small: ``pages`` makes it so.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from diagnostics.model import SECOND, Flag, Outcome, Sample, Target

LAYOUT = 2
TICK_NS = 100_000
"""The grid of points in time: 0.1 ms."""
FINE_NS = 10_000
COARSE_NS = 100_000
FINE_STEPS = 1000
"""Round trips lie on a grid of 10 µs below 10 ms, of 0.1 ms from there on: ``diagnostics.model.quantise_rtt``."""
TICKS = SECOND // TICK_NS
HAS_RTT = 0x80
LONGEST_S = 255
MOST_SAMPLES = 0xFFFF
_HEADER = struct.Struct("<BqqH")
_COLUMN = struct.Struct("<HHH")
_DETAIL = struct.Struct("<HHH")
_LONGEST_DETAIL = 2000


class DamagedBatch(ValueError):
    """The bytes are not a batch."""


@dataclass(frozen=True, slots=True)
class Column:
    """One target's tries in a batch, in order of sending, as they are packed.

    ``seconds`` counts from the batch's first second, ``phases`` (u16 each) in 0.1 ms within the second; ``keys`` hold
    outcome, flags and whether there is a round trip; ``rtts`` (u32 each) are places on the grid of round trips.
    """

    number: int
    seconds: bytes
    phases: bytes
    keys: bytes
    rtts: bytes

    @property
    def count(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class Batch:
    """``base_s``: the second (since 1970, UTC) of the earliest try. ``offset_ns``: wall less monotonic clock."""

    base_s: int
    offset_ns: int
    columns: tuple[Column, ...]


def step_of(rtt_ns: int) -> int:
    """The place of a round trip on its grid; raises ValueError for one between two places."""
    fine = rtt_ns < FINE_STEPS * FINE_NS
    unit = FINE_NS if fine else COARSE_NS
    if rtt_ns < 0 or rtt_ns % unit:
        raise ValueError(f"{rtt_ns} ns is not on the grid of {unit} ns")
    return rtt_ns // FINE_NS if fine else FINE_STEPS + (rtt_ns - FINE_STEPS * FINE_NS) // COARSE_NS


def rtt_of(step: int) -> int:
    """Undo ``step_of``: nanoseconds."""
    return step * FINE_NS if step < FINE_STEPS else FINE_STEPS * FINE_NS + (step - FINE_STEPS) * COARSE_NS


def rtts_of(packed_steps: bytes, least: int | None = None) -> array[int]:
    """``rtt_of`` of many (u32 each). ``least``: none is below it, where that is known.

    From 10 ms on it is one product and one difference of long numbers, each round trip in 64 bits of its own.
    """
    count = len(packed_steps) // 4
    if least is None:
        least = min(words("I", packed_steps), default=0)
    if least < FINE_STEPS:
        return array("q", [rtt_of(step) for step in words("I", packed_steps)])
    wide = bytearray(8 * count)
    for place in range(4):
        wide[place::8] = packed_steps[place::4]
    less = FINE_STEPS * (COARSE_NS - FINE_NS)
    each = int.from_bytes(b"\1\0\0\0\0\0\0\0" * count, "little")
    whole = int.from_bytes(wide, "little") * COARSE_NS - less * each
    return words("q", whole.to_bytes(8 * count, "little"))


def words(code: str, data: bytes) -> array[int]:
    """Little-endian bytes as an array of this type (``H``, ``I`` …)."""
    values = array(code)
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def packed(code: str, values: Sequence[int]) -> bytes:
    """Undo ``words``."""
    column = array(code, values)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def encode_samples(samples: Sequence[Sample], number: Callable[[Target], int]) -> dict[str, bytes]:
    """The fields ``samples`` and, where any try has one, ``details``, of one clock epoch's samples.

    ``number`` gives the journal's number of a target. Times must lie on the grids of ``quantise_time`` and
    ``quantise_rtt``, and no further apart than 255 s; raises ValueError otherwise, since packing would change them.
    """
    if not samples:
        raise ValueError("an empty batch")
    offset = samples[0].sent_ns - samples[0].mono_ns
    if any(sample.sent_ns - sample.mono_ns != offset for sample in samples):
        raise ValueError("two clock epochs in one batch")
    base_s = min(sample.sent_ns for sample in samples) // SECOND
    ordered = sorted(samples, key=lambda sample: (number(sample.target), sample.sent_ns))
    columns, details = [], []
    for place, (key, group) in enumerate(groupby(ordered, key=lambda sample: number(sample.target))):
        column = list(group)
        columns.append(_column(key, column, base_s))
        details += [
            _detail(place, index, sample.detail) for index, sample in enumerate(column) if sample.detail
        ]
    fields = {"samples": pack(Batch(base_s, offset, tuple(columns)))}
    if details:
        fields["details"] = b"".join(details)
    return fields


def _column(number: int, column: list[Sample], base_s: int) -> Column:
    seconds, phases = [], []
    for sample in column:
        second, rest = divmod(sample.sent_ns, SECOND)
        ticks, off = divmod(rest, TICK_NS)
        if off:
            raise ValueError(f"{sample.sent_ns} ns is not on the grid of {TICK_NS} ns")
        seconds.append(second - base_s)
        phases.append(ticks)
    if seconds[-1] > LONGEST_S or len(column) > MOST_SAMPLES:
        raise ValueError("too long or too many for a batch")
    return Column(
        number,
        bytes(seconds),
        packed("H", phases),
        bytes(int(s.outcome) | s.flags << 4 | (HAS_RTT if s.rtt_ns is not None else 0) for s in column),
        packed("I", [step_of(s.rtt_ns) for s in column if s.rtt_ns is not None]),
    )


def _detail(place: int, index: int, detail: str) -> bytes:
    text = detail.encode("utf-8", "replace")[:_LONGEST_DETAIL]
    text = text.decode("utf-8", "ignore").encode()
    return _DETAIL.pack(place, index, len(text)) + text


def pack(batch: Batch) -> bytes:
    """The canonical bytes of a batch: the field ``samples``."""
    head = [_HEADER.pack(LAYOUT, batch.base_s, batch.offset_ns, len(batch.columns))]
    head += [_COLUMN.pack(c.number, len(c.keys), len(c.rtts) // 4) for c in batch.columns]
    return b"".join(head + [part for c in batch.columns for part in (c.seconds, c.phases, c.keys, c.rtts)])


def unpack(blob: bytes) -> Batch:
    """Undo ``pack`` by copying; raises DamagedBatch. What the values mean is checked by ``decode_samples``."""
    try:
        layout, base_s, offset_ns, count = _HEADER.unpack_from(blob)
        if layout != LAYOUT:
            raise DamagedBatch(f"layout {layout}")
        sizes = [_COLUMN.unpack_from(blob, _HEADER.size + i * _COLUMN.size) for i in range(count)]
    except struct.error as error:
        raise DamagedBatch(str(error)) from error
    at = _HEADER.size + count * _COLUMN.size
    columns = []
    for number, tries, answered in sizes:
        ends = [at + tries, at + 3 * tries, at + 4 * tries, at + 4 * tries + 4 * answered]
        columns.append(
            Column(
                number,
                blob[at : ends[0]],
                blob[ends[0] : ends[1]],
                blob[ends[1] : ends[2]],
                blob[ends[2] : ends[3]],
            )
        )
        at = ends[3]
    if at != len(blob):
        raise DamagedBatch("bytes left over, or missing")
    return Batch(base_s, offset_ns, tuple(columns))


def ticks_of(batch: Batch) -> list[int]:
    """When each try was sent, in order: ticks of 0.1 ms from the batch's first second. Raises DamagedBatch.

    One product and one sum of long numbers, each try in 32 bits of its own that never overflow.
    """
    seconds = b"".join([column.seconds for column in batch.columns])
    phases = b"".join([column.phases for column in batch.columns])
    count = len(seconds)
    if len(phases) != 2 * count:
        raise DamagedBatch("columns of different lengths")
    wide, fine = bytearray(4 * count), bytearray(4 * count)
    wide[0::4] = seconds
    fine[0::4], fine[1::4] = phases[0::2], phases[1::2]
    whole = int.from_bytes(wide, "little") * TICKS + int.from_bytes(fine, "little")
    return sorted(words("I", whole.to_bytes(4 * count, "little")))


def decode_samples(fields: Mapping[str, bytes], target: Callable[[int], Target]) -> list[Sample]:
    """Unpack a record's fields, ordered by time sent. ``target`` looks a number up, KeyError for an unknown one.

    Raises DamagedBatch for bytes that are not a batch.
    """
    try:
        batch = unpack(fields["samples"])
        details = _details(fields.get("details", b""))
        samples: list[Sample] = []
        for place, column in enumerate(batch.columns):
            samples += _samples(batch, column, target(column.number), details.get(place, {}))
    except (struct.error, ValueError, KeyError, IndexError, OverflowError) as error:
        raise DamagedBatch(str(error)) from error
    samples.sort(key=lambda sample: sample.sent_ns)
    return samples


def _samples(batch: Batch, column: Column, aim: Target, details: Mapping[int, str]) -> list[Sample]:
    steps = iter(words("I", column.rtts))
    base, offset = batch.base_s * SECOND, batch.offset_ns
    samples = []
    for index, (second, phase, key) in enumerate(
        zip(column.seconds, words("H", column.phases), column.keys, strict=True)
    ):
        if phase >= TICKS:
            raise DamagedBatch("a time beyond its second")
        sent = base + second * SECOND + phase * TICK_NS
        rtt = None
        if key & HAS_RTT:
            step = next(steps, None)
            if step is None:
                raise DamagedBatch("fewer times than answers")
            rtt = rtt_of(step)
        samples.append(
            Sample(
                aim,
                sent,
                sent - offset,
                _OUTCOMES[key & 15],
                rtt,
                details.get(index, ""),
                _FLAGS[key >> 4 & 7],
            )
        )
    if next(steps, None) is not None:
        raise DamagedBatch("more times than answers")
    return samples


_OUTCOMES = list(Outcome)
_FLAGS = [Flag(bits) for bits in range(4)]


def _details(blob: bytes) -> dict[int, dict[int, str]]:
    details: dict[int, dict[int, str]] = {}
    at = 0
    while at < len(blob):
        place, index, size = _DETAIL.unpack_from(blob, at)
        at += _DETAIL.size
        if at + size > len(blob):
            raise DamagedBatch("a detail runs over the end")
        details.setdefault(place, {})[index] = blob[at : at + size].decode("utf-8")
        at += size
    return details
