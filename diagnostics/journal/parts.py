"""Values packed into little room: byte by byte beside their like, and each part compressed on its own.

The layout is documented in ``docs/journal.md``, "Pages".
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from diagnostics.journal.codec import DamagedBatch, packed, words

_RAW, _ONE, _DEFLATED = 0, 1, 2
_MOST_BYTES = 64 << 20


def planes(data: bytes, width: int) -> list[bytes]:
    """All first bytes, all second bytes and so on, of values of so many bytes."""
    return [data[place::width] for place in range(width)]


def unplane(planes: Sequence[bytes], width: int) -> bytes:
    """Undo ``planes``; raises DamagedBatch."""
    if len({len(plane) for plane in planes}) != 1:
        raise DamagedBatch("columns of different lengths")
    data = bytearray(width * len(planes[0]))
    for place, plane in enumerate(planes):
        data[place::width] = plane
    return bytes(data)


def numbers(values: Sequence[int]) -> bytes:
    """Whole numbers of 64 bits as differences from the one before, byte by byte."""
    first = [values[0], *(after - before for before, after in pairwise(values))]
    return b"".join(planes(packed("q", first), 8))


def unnumber(data: bytes) -> list[int]:
    """Undo ``numbers``; raises DamagedBatch."""
    if len(data) % 8:
        raise DamagedBatch("numbers cut short")
    size = len(data) // 8
    planes = [data[place * size : (place + 1) * size] for place in range(8)]
    return list(accumulate(words("q", unplane(planes, 8))))


def texts(values: Sequence[bytes | None]) -> list[bytes]:
    """Three parts: who has a value, the lengths, the values; the latter byte by byte where all are of one length."""
    there = [value for value in values if value is not None]
    present = bytes(value is not None for value in values)
    lengths = {len(value) for value in there}
    if len(lengths) == 1 and len(there) > 1:
        (size,) = lengths
        whole = b"".join(there)
        return [present, packed("I", [size]), b"".join(planes(whole, size)) if size else b""]
    return [present, packed("I", [len(value) for value in there]), b"".join(there)]


def untext(present: bytes, lengths: bytes, data: bytes, count: int) -> list[bytes | None]:
    """Undo ``texts``; raises DamagedBatch."""
    if len(present) != count or len(lengths) % 4 or any(mark > 1 for mark in present):
        raise DamagedBatch("a field's places do not fit")
    there = sum(present)
    sizes = words("I", lengths)
    if len(sizes) == 1 and there > 1:
        size = sizes[0]
        if size * there != len(data):
            raise DamagedBatch("a field's values do not fit")
        whole = bytearray(len(data))
        for place in range(size):
            whole[place::size] = data[place * there : (place + 1) * there]
        values = iter([bytes(whole[i * size : (i + 1) * size]) for i in range(there)])
    else:
        ends = list(accumulate(sizes, initial=0))
        if len(sizes) != there or ends[-1] != len(data):
            raise DamagedBatch("a field's values do not fit")
        values = iter([data[start:end] for start, end in pairwise(ends)])
    return [next(values) if mark else None for mark in present]


def join(parts: Sequence[bytes]) -> bytes:
    """Parts as one blob, each as small as it gets."""
    small = [_small(part) for part in parts]
    return (
        struct.pack("<H", len(parts))
        + b"".join(struct.pack("<BI", mode, len(data)) for mode, data in small)
        + b"".join(data for _mode, data in small)
    )


def _small(part: bytes) -> tuple[int, bytes]:
    if len(part) > 3 and part.count(part[0]) == len(part):
        return _ONE, part[:1] + struct.pack("<I", len(part))
    tried = [_deflate(part, zlib.Z_DEFAULT_STRATEGY), _deflate(part, zlib.Z_HUFFMAN_ONLY)]
    best = min(tried, key=len)
    return (_DEFLATED, best) if len(best) < len(part) else (_RAW, part)


def _deflate(part: bytes, strategy: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy)
    return packer.compress(part) + packer.flush()


@dataclass(frozen=True)
class Parts:
    """The parts of a blob, each unpacked when asked for."""

    blob: bytes
    places: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, blob: bytes) -> Parts:
        try:
            (count,) = struct.unpack_from("<H", blob)
            sizes = [struct.unpack_from("<BI", blob, 2 + 5 * i) for i in range(count)]
        except struct.error as error:
            raise DamagedBatch(str(error)) from error
        at = 2 + 5 * count
        places = []
        for mode, size in sizes:
            places.append((mode, at, at + size))
            at += size
        if at != len(blob):
            raise DamagedBatch("a part runs over the end")
        return cls(blob, tuple(places))

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> bytes:
        try:
            mode, start, end = self.places[index]
        except IndexError as error:
            raise DamagedBatch("a part is missing") from error
        data = self.blob[start:end]
        if mode == _RAW:
            return data
        if mode == _ONE and len(data) == 5:
            size = int.from_bytes(data[1:], "little")
            if size <= _MOST_BYTES:
                return data[:1] * size
        if mode == _DEFLATED:
            return _inflate(data)
        raise DamagedBatch("a part of no known kind")


def _inflate(data: bytes) -> bytes:
    reader = zlib.decompressobj(-15)
    try:
        part = reader.decompress(data, _MOST_BYTES)
    except zlib.error as error:
        raise DamagedBatch(str(error)) from error
    if not reader.eof or reader.unused_data:
        raise DamagedBatch("truncated, oversized or followed by something else")
    return part
