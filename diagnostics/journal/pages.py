"""A page: an hour's records repacked into little room, each coming back byte for byte.

Values of one kind stand together, byte by byte, before they are compressed: all lowest bytes of a target's round trips
of the hour, then all of the next. The samples have a part of their own, which retention can take away. The layout is
documented in ``docs/journal.md``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from diagnostics.journal import codec
from diagnostics.journal.chain import SAMPLES
from diagnostics.journal.codec import Batch, Column, DamagedBatch, packed, words
from diagnostics.journal.parts import Parts, join, numbers, planes, texts, unnumber, unplane, untext
from diagnostics.model import SECOND

MARK_BYTES = 4
"""So much of each record's link stays with it, to tell which record of a page is the first that fails."""
IN_BODY = ("details", "samples")
"""The fields of a batch that retention takes away."""
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
        numbers([record.seq for record in records]),
        numbers([record.start_ns for record in records]),
        numbers([record.end_ns - record.start_ns for record in records]),
    ]
    for name in names:
        values = [_outside(record).get(name) for record in records]
        heads += texts(values)
    batches = [record.fields for record in records if record.type == SAMPLES]
    body = _body(batches) if batches else b""
    return Packed(join(heads), body)


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
        parts += planes(b"".join(c.phases for c in columns), 2)
        parts.append(b"".join(c.keys for c in columns))
        steps = b"".join(c.rtts for c in columns)
        least = min(words("I", steps), default=0)
        parts.append(packed("I", [least]))
        parts += planes(_less(steps, least), 4)
    parts += texts([fields.get("details") for fields in batches])
    return join(parts)


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
    parts = Parts.of(heads)
    try:
        kinds = parts[0].decode().split("\n")
        names = parts[1].decode().split("\n") if parts[1] else []
        places = parts[2]
        count = len(places)
        seqs, starts, lasts = (unnumber(parts[i]) for i in (3, 4, 5))
        columns = [
            untext(parts[at], parts[at + 1], parts[at + 2], count) for at in range(6, 6 + 3 * len(names), 3)
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
    def _parts(self) -> Parts:
        return Parts.of(self.blob)

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
        steps = _more(unplane([parts[at + 5 + i] for i in range(4)], 4), int.from_bytes(least, "little"))
        column = Column(number, parts[at], unplane([parts[at + 1], parts[at + 2]], 2), parts[at + 3], steps)
        tries = sum(c[1] for _b, _o, columns in self.table for c in columns if c[0] == number)
        answers = sum(c[2] for _b, _o, columns in self.table for c in columns if c[0] == number)
        if not tries == len(column.seconds) == len(column.keys) == len(column.phases) // 2:
            raise DamagedBatch("columns of different lengths")
        if answers * 4 != len(steps):
            raise DamagedBatch("columns of different lengths")
        return column

    def bases(self, number: int) -> tuple[bytes, list[int]]:
        """For each try at a target its batch's first second (i64, ns since 1970); how many tries each batch has."""
        sizes = [
            next((tries for one, tries, _answers in columns if one == number), 0)
            for _base_s, _offset_ns, columns in self.table
        ]
        bases = [
            (base_s * SECOND).to_bytes(8, "little") * size
            for (base_s, _offset_ns, _columns), size in zip(self.table, sizes, strict=True)
        ]
        return b"".join(bases), sizes

    def least(self, number: int) -> int:
        """The least round trip of a target, as its place on the grid."""
        return int.from_bytes(self._parts[2 + 9 * self._numbers.index(number) + 4], "little")

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
        return untext(self._parts[at], self._parts[at + 1], self._parts[at + 2], len(self.table))

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
