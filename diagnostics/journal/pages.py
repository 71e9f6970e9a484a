"""A page: an hour's records repacked into little room, each coming back byte for byte.

Values of one kind stand together, byte by byte, before they are compressed: all lowest bytes of a target's round trips
of the hour, then all of the next. The samples have a part of their own, which retention can take away. The layout is
documented in ``docs/journal.md``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise

from diagnostics.journal import codec
from diagnostics.journal.chain import SAMPLES
from diagnostics.journal.codec import Batch, Column, DamagedBatch, packed, words
from diagnostics.model import SECOND

MARK_BYTES = 4
"""So much of each record's link stays with it, to tell which record of a page is the first that fails."""
IN_BODY = ("details", "samples")
"""The fields of a batch that retention takes away."""
_RAW, _ONE, _DEFLATED = 0, 1, 2
_MOST_BYTES = 64 << 20
_BATCH = struct.Struct("<qqH")
_COLUMN = struct.Struct("<HHH")


@dataclass(frozen=True, slots=True)
class PageRecord:
    """One record of a page: its head, and the fields that are not in the page's body."""

    seq: int
    type: str
    start_ns: int
    end_ns: int
    fields: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Packed:
    """What is stored of a page beside its place and time. ``body`` is empty where there are no samples (any more)."""

    heads: bytes
    body: bytes


def pack(records: Sequence[PageRecord]) -> Packed:
    """Pack records in rising order of ``seq``; each batch's fields are all there."""
    kinds = sorted({record.type for record in records})
    names = sorted({name for r in records for name in r.fields if r.type != SAMPLES or name not in IN_BODY})
    heads = [
        "\n".join(kinds).encode(),
        "\n".join(names).encode(),
        bytes(kinds.index(record.type) for record in records),
        _numbers([record.seq for record in records]),
        _numbers([record.start_ns for record in records]),
        _numbers([record.end_ns - record.start_ns for record in records]),
    ]
    for name in names:
        values = [_outside(record).get(name) for record in records]
        heads += _texts(values)
    batches = [record.fields for record in records if record.type == SAMPLES]
    body = _body(batches) if batches else b""
    return Packed(_join(heads), body)


def _outside(record: PageRecord) -> Mapping[str, bytes]:
    """The fields that stand in the page's head."""
    if record.type != SAMPLES:
        return record.fields
    return {name: value for name, value in record.fields.items() if name not in IN_BODY}


def _body(batches: Sequence[Mapping[str, bytes]]) -> bytes:
    unpacked = [codec.unpack(fields["samples"]) for fields in batches]
    table = b"".join(
        _BATCH.pack(batch.base_s, batch.offset_ns, len(batch.columns))
        + b"".join(_COLUMN.pack(c.number, len(c.keys), len(c.rtts) // 4) for c in batch.columns)
        for batch in unpacked
    )
    by_number: dict[int, list[Column]] = {}
    for batch in unpacked:
        for column in batch.columns:
            by_number.setdefault(column.number, []).append(column)
    parts = [table, packed("H", sorted(by_number))]
    for number in sorted(by_number):
        columns = by_number[number]
        parts.append(b"".join(c.seconds for c in columns))
        parts += _planes(b"".join(c.phases for c in columns), 2)
        parts.append(b"".join(c.keys for c in columns))
        steps = b"".join(c.rtts for c in columns)
        least = min(words("I", steps), default=0)
        parts.append(packed("I", [least]))
        parts += _planes(_less(steps, least), 4)
    parts += _texts([fields.get("details") for fields in batches])
    return _join(parts)


def _less(steps: bytes, least: int) -> bytes:
    """Each u32 less ``least``, which none is below: one subtraction of long numbers, since nothing is borrowed."""
    count = len(steps) // 4
    whole = int.from_bytes(steps, "little") - least * _ones(count)
    return whole.to_bytes(4 * count, "little")


def _more(steps: bytes, least: int) -> bytes:
    """Undo ``_less``; raises DamagedBatch where a sum does not fit."""
    count = len(steps) // 4
    whole = int.from_bytes(steps, "little") + least * _ones(count)
    try:
        return whole.to_bytes(4 * count, "little")
    except OverflowError as error:
        raise DamagedBatch("a round trip beyond all measure") from error


def _ones(count: int) -> int:
    return int.from_bytes(b"\1\0\0\0" * count, "little")


def _planes(data: bytes, width: int) -> list[bytes]:
    return [data[place::width] for place in range(width)]


def _unplane(planes: Sequence[bytes], width: int) -> bytes:
    if len({len(plane) for plane in planes}) != 1:
        raise DamagedBatch("columns of different lengths")
    data = bytearray(width * len(planes[0]))
    for place, plane in enumerate(planes):
        data[place::width] = plane
    return bytes(data)


def _numbers(values: Sequence[int]) -> bytes:
    """Whole numbers of 64 bits as differences from the one before, byte by byte."""
    first = [values[0], *(after - before for before, after in pairwise(values))]
    return b"".join(_planes(packed("q", first), 8))


def _unnumber(data: bytes) -> list[int]:
    if len(data) % 8:
        raise DamagedBatch("numbers cut short")
    size = len(data) // 8
    planes = [data[place * size : (place + 1) * size] for place in range(8)]
    return list(accumulate(words("q", _unplane(planes, 8))))


def _texts(values: Sequence[bytes | None]) -> list[bytes]:
    """Three parts: who has a value, the lengths, the values; the latter byte by byte where all are of one length."""
    there = [value for value in values if value is not None]
    present = bytes(value is not None for value in values)
    lengths = {len(value) for value in there}
    if len(lengths) == 1 and len(there) > 1:
        (size,) = lengths
        whole = b"".join(there)
        return [present, packed("I", [size]), b"".join(_planes(whole, size)) if size else b""]
    return [present, packed("I", [len(value) for value in there]), b"".join(there)]


def _untext(present: bytes, lengths: bytes, data: bytes, count: int) -> list[bytes | None]:
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


def _join(parts: Sequence[bytes]) -> bytes:
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
class _Parts:
    """The parts of a blob, each unpacked when asked for."""

    blob: bytes
    places: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, blob: bytes) -> _Parts:
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


def _cut(column: Column, first: int, last: int, rtts_from: int, rtts_to: int) -> Column:
    return Column(
        column.number,
        column.seconds[first:last],
        column.phases[2 * first : 2 * last],
        column.keys[first:last],
        column.rtts[rtts_from:rtts_to],
    )


def records(heads: bytes) -> list[PageRecord]:
    """The records of a page, without what is in its body. Raises DamagedBatch."""
    parts = _Parts.of(heads)
    try:
        kinds = parts[0].decode().split("\n")
        names = parts[1].decode().split("\n") if parts[1] else []
        places = parts[2]
        count = len(places)
        seqs, starts, lasts = (_unnumber(parts[i]) for i in (3, 4, 5))
        columns = [
            _untext(parts[at], parts[at + 1], parts[at + 2], count) for at in range(6, 6 + 3 * len(names), 3)
        ]
        if len(parts) != 6 + 3 * len(names) or {len(seqs), len(starts), len(lasts)} != {count}:
            raise DamagedBatch("columns of different lengths")
        return [
            PageRecord(
                seqs[i],
                kinds[places[i]],
                starts[i],
                starts[i] + lasts[i],
                {
                    name: value
                    for name, column in zip(names, columns, strict=True)
                    if (value := column[i]) is not None
                },
            )
            for i in range(count)
        ]
    except (ValueError, IndexError) as error:
        raise DamagedBatch(str(error)) from error


@dataclass(frozen=True)
class Body:
    """The samples of a page, its batches in the order of their records. Raises DamagedBatch when read."""

    blob: bytes
    _columns: dict[int, Column] = field(default_factory=dict, repr=False)

    @cached_property
    def _parts(self) -> _Parts:
        return _Parts.of(self.blob)

    @cached_property
    def _numbers(self) -> tuple[int, ...]:
        data = self._parts[1]
        if len(data) % 2:
            raise DamagedBatch("numbers cut short")
        return tuple(words("H", data))

    @cached_property
    def table(self) -> tuple[tuple[int, int, tuple[tuple[int, int, int], ...]], ...]:
        """For each batch: first second, offset, and for each column number, tries and answers."""
        data, at, table = self._parts[0], 0, []
        try:
            while at < len(data):
                base_s, offset_ns, count = _BATCH.unpack_from(data, at)
                at += _BATCH.size
                columns = tuple(_COLUMN.unpack_from(data, at + i * _COLUMN.size) for i in range(count))
                at += count * _COLUMN.size
                table.append((base_s, offset_ns, columns))
        except struct.error as error:
            raise DamagedBatch(str(error)) from error
        return tuple(table)

    def column(self, number: int) -> Column | None:
        """One target's tries of all the page's batches, one after the other."""
        if number not in self._numbers:
            return None
        if number not in self._columns:
            self._columns[number] = self._read_column(2 + 9 * self._numbers.index(number), number)
        return self._columns[number]

    def _read_column(self, at: int, number: int) -> Column:
        parts = self._parts
        least = parts[at + 4]
        if len(least) != 4:
            raise DamagedBatch("a column without its least")
        steps = _more(_unplane([parts[at + 5 + i] for i in range(4)], 4), int.from_bytes(least, "little"))
        column = Column(number, parts[at], _unplane([parts[at + 1], parts[at + 2]], 2), parts[at + 3], steps)
        tries = sum(c[1] for _b, _o, columns in self.table for c in columns if c[0] == number)
        answers = sum(c[2] for _b, _o, columns in self.table for c in columns if c[0] == number)
        if not tries == len(column.seconds) == len(column.keys) == len(column.phases) // 2:
            raise DamagedBatch("columns of different lengths")
        if answers * 4 != len(steps):
            raise DamagedBatch("columns of different lengths")
        return column

    def bases(self, number: int) -> bytes:
        """For each try at a target its batch's first second (i64, ns since 1970)."""
        return b"".join(
            (base_s * SECOND).to_bytes(8, "little") * next((c[1] for c in columns if c[0] == number), 0)
            for base_s, _offset_ns, columns in self.table
        )

    def of_target(self, number: int) -> Iterator[tuple[int, Column | None]]:
        """For each batch its first second, and the target's tries in it; None where it was not tried."""
        column = self.column(number)
        tried = answered = 0
        for base_s, _offset_ns, columns in self.table:
            size = next(((c[1], c[2]) for c in columns if c[0] == number), None)
            if size is None or column is None:
                yield base_s, None
                continue
            yield base_s, _cut(column, tried, tried + size[0], answered, answered + 4 * size[1])
            tried, answered = tried + size[0], answered + 4 * size[1]

    @cached_property
    def unpacked(self) -> list[Batch]:
        """Each batch, in order."""
        return list(self._batches())

    def _batches(self) -> Iterator[Batch]:
        whole = {number: self.column(number) for number in self._numbers}
        at = dict.fromkeys(whole, (0, 0))
        for base_s, offset_ns, table in self.table:
            columns = []
            for number, tries, answers in table:
                column = whole.get(number)
                if column is None:
                    raise DamagedBatch("a column is missing")
                a, b = at[number]
                c, d = a + tries, b + 4 * answers
                columns.append(_cut(column, a, c, b, d))
                at[number] = c, d
            yield Batch(base_s, offset_ns, tuple(columns))

    def details(self) -> list[bytes | None]:
        """For each batch the field ``details``, None where it has none."""
        at = 2 + 9 * len(self._numbers)
        if len(self._parts) != at + 3:
            raise DamagedBatch("a part too many or too few")
        return _untext(self._parts[at], self._parts[at + 1], self._parts[at + 2], len(self.table))

    @cached_property
    def fields(self) -> list[dict[str, bytes]]:
        """For each batch the fields of ``IN_BODY``."""
        found = []
        for batch, details in zip(self.unpacked, self.details(), strict=True):
            fields = {"samples": codec.pack(batch)}
            if details is not None:
                fields["details"] = details
            found.append(fields)
        return found
