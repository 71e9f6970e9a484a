"""Format 1: records of journals that were begun by a version before format 2. They are read and checked, never written.

The layout is documented in ``docs/journal.md``, "Format 1".
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import sys
import zlib
from array import array
from collections.abc import Callable
from itertools import accumulate

from diagnostics.journal.codec import DamagedBatch
from diagnostics.model import SECOND, Flag, Outcome, Sample, Target

LAYOUT = 1
TICK_NS = 100_000
_NOMINAL_TICKS = SECOND // TICK_NS
_HEADER = struct.Struct("<BqqH")
_COLUMN = struct.Struct("<HHqqB")
_DETAIL = struct.Struct("<HH")
_WIDTHS = {1: "B", 2: "H", 4: "I", 8: "Q"}


def digest(
    secret: bytes, seq: int, kind: str, start_ns: int, end_ns: int, line: str, rollup: bytes, body: bytes
) -> bytes:
    """SHA-256 over the salt and every field of the record, each with its length."""
    salt = hmac.digest(secret, struct.pack("<q", seq), "sha256")[:16]
    parts = [salt, struct.pack("<qqq", seq, start_ns, end_ns)]
    for field in (kind.encode(), line.encode(), rollup, body):
        parts += (struct.pack("<I", len(field)), field)
    return hashlib.sha256(b"".join(parts)).digest()


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
            if len(outcomes) > length:
                raise DamagedBatch("columns of different lengths")
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


def _unzigzag(value: int) -> int:
    return value >> 1 if not value & 1 else -((value + 1) >> 1)
