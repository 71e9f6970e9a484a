"""The chain as it lies in the file: rows and pages read back in the order of their numbers."""

from __future__ import annotations

import heapq
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from diagnostics.journal import chain, format, legacy, pages
from diagnostics.journal.codec import Batch, DamagedBatch
from diagnostics.model import Span

DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Row:
    """One record as it is kept.

    ``removed`` holds the digests of fields that retention took away. ``mark`` is the record's link, or its first bytes.
    ``legacy``: of format 1, whose fields are ``line``, ``rollup`` and ``body``. ``batch`` is the field ``samples``
    unpacked, where it came so.
    """

    seq: int
    type: str
    start_ns: int
    end_ns: int
    fields: Mapping[str, bytes]
    mark: bytes
    removed: Mapping[str, bytes] = field(default_factory=dict)
    legacy: bool = False
    batch: Batch | None = None


@dataclass(frozen=True, slots=True)
class Damage:
    """Records that cannot be read, by number (both included) and time, and why."""

    first_seq: int
    last_seq: int
    span: Span
    why: str


@dataclass(frozen=True)
class Page:
    """A row of ``pages``; unpacked when asked for. Raises DamagedBatch then.

    ``before`` is the link before the first record, ``link`` the last record's.
    """

    first: int
    last: int
    span: Span
    before: bytes
    link: bytes
    marks: bytes
    heads: bytes
    body_blob: bytes
    removed_blob: bytes

    @cached_property
    def records(self) -> list[pages.PageRecord]:
        found = pages.records(self.heads)
        rising = all(before.seq < after.seq for before, after in pairwise(found))
        if not found or (found[0].seq, found[-1].seq) != (self.first, self.last) or not rising:
            raise DamagedBatch("a page's records do not fit its place")
        times = Span(min(one.start_ns for one in found), max(one.end_ns for one in found))
        if times != self.span:
            raise DamagedBatch("a page's records do not fit its time")
        if len(self.marks) != len(found) * pages.MARK_BYTES:
            raise DamagedBatch("a page's marks do not fit its records")
        return found

    @cached_property
    def body(self) -> pages.Body:
        return pages.Body(self.body_blob)

    @cached_property
    def places(self) -> dict[int, int]:
        """The place in the body of each batch, by record number."""
        batches = [record.seq for record in self.records if record.type == chain.SAMPLES]
        if self.body_blob and len(self.body.table) != len(batches):
            raise DamagedBatch("a page's samples are not those of its records")
        return {seq: place for place, seq in enumerate(batches)}

    @cached_property
    def removed(self) -> list[dict[str, bytes]]:
        """For each batch the digests of what was taken away; empty where nothing was."""
        if not self.removed_blob:
            return [{} for _ in self.places]
        return decode_removed(self.removed_blob, len(self.places))

    def fields_of(self, record: pages.PageRecord) -> Mapping[str, bytes]:
        """All fields of a record that are still there."""
        if record.type != chain.SAMPLES or not self.body_blob:
            return record.fields
        return {**record.fields, **self.body.fields[self.places[record.seq]]}

    def rows(self) -> Iterator[Row]:
        for index, record in enumerate(self.records):
            batch = record.type == chain.SAMPLES
            yield Row(
                record.seq,
                record.type,
                record.start_ns,
                record.end_ns,
                self.fields_of(record),
                self.marks[index * pages.MARK_BYTES : (index + 1) * pages.MARK_BYTES],
                self.removed[self.places[record.seq]] if batch else {},
                batch=self.body.unpacked[self.places[record.seq]] if batch and self.body_blob else None,
            )


def encode_removed(digests: list[dict[str, bytes]]) -> bytes:
    """For each batch: u8 fields (1: samples; 2: details, samples), then 32 bytes each."""
    return b"".join(bytes([len(one)]) + b"".join(one[name] for name in sorted(one)) for one in digests)


def decode_removed(blob: bytes, count: int) -> list[dict[str, bytes]]:
    """Undo ``encode_removed``; raises DamagedBatch."""
    found, at = [], 0
    for _ in range(count):
        names = {1: ("samples",), 2: ("details", "samples")}.get(blob[at] if at < len(blob) else 0)
        if names is None or at + 1 + DIGEST_BYTES * len(names) > len(blob):
            raise DamagedBatch("digests that do not fit")
        at += 1
        one = {}
        for name in names:
            one[name] = blob[at : at + DIGEST_BYTES]
            at += DIGEST_BYTES
        found.append(one)
    if at != len(blob):
        raise DamagedBatch("digests left over")
    return found


_PAGE = "SELECT first, last, start_ns, end_ns, before, link, marks, heads, body, removed FROM pages"


def _page(row: tuple[int, int, int, int, bytes, bytes, bytes, bytes, bytes, bytes]) -> Page:
    first, last, start_ns, end_ns, *blobs = row
    whole = [bytes_or_nothing(blob) for blob in blobs]
    return Page(int(first), int(last), Span(int(start_ns), int(end_ns)), *whole)


def bytes_or_nothing(blob: object) -> bytes:
    """Something else than bytes stands for a blob that cannot be unpacked."""
    return blob if isinstance(blob, bytes) else b"\0"


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise DamagedBatch("something else than bytes")
    return value


def pages_between(db: sqlite3.Connection, after_seq: int, until_seq: int) -> Iterator[Page]:
    """Pages with a record of a number above ``after_seq`` and up to ``until_seq``."""
    for row in db.execute(f"{_PAGE} WHERE last > ? AND first <= ? ORDER BY first", (after_seq, until_seq)):
        yield _page(row)


def pages_within(db: sqlite3.Connection, span: Span) -> Iterator[Page]:
    """Pages that touch a time.

    Found by the index alone: a page's row is large, and looking at each would cost more than what is wanted.
    """
    rows = db.execute(
        f"{_PAGE} WHERE first IN (SELECT first FROM pages INDEXED BY pages_by_time WHERE end_ns >= ? AND start_ns < ?)"
        " ORDER BY first",
        (span.start_ns, span.end_ns),
    )
    for row in rows:
        yield _page(row)


def legacy_rows(
    db: sqlite3.Connection, after_seq: int, until_seq: int, damage: list[Damage] | None = None
) -> Iterator[Row]:
    for seq, kind, start, end, line, rollup, body, link in db.execute(
        "SELECT * FROM records WHERE seq > ? AND seq <= ? ORDER BY seq", (after_seq, until_seq)
    ):
        try:
            if len(link) != DIGEST_BYTES:
                raise DamagedBatch("a link of the wrong length")
            fields = {"line": line.encode(), "rollup": _bytes(rollup), "body": _bytes(body)}
            yield Row(seq, kind, start, end, fields, _bytes(link), legacy=True)
        except (ValueError, TypeError, AttributeError) as error:
            if damage is None:
                raise DamagedBatch(str(error)) from error
            damage.append(Damage(seq, seq, Span(start, end), str(error)))


MALFORMED = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
)
"""What reading a record raises that somebody else wrote, or nobody."""
NO_END = (1 << 62) - 1


def walk(
    db: sqlite3.Connection, after_seq: int = 0, until_seq: int = NO_END, damage: list[Damage] | None = None
) -> Iterator[Row]:
    """Every record in the order of the chain.

    A page or row that cannot be unpacked is left out and told in ``damage``; without that list it raises DamagedBatch.
    """
    yield from legacy_rows(db, after_seq, until_seq, damage)
    paged = _paged(db, after_seq, until_seq, damage)
    yield from heapq.merge(_entries(db, after_seq, until_seq, damage), paged, key=_seq)


def _seq(row: Row) -> int:
    return row.seq


def _paged(
    db: sqlite3.Connection, after_seq: int, until_seq: int, damage: list[Damage] | None
) -> Iterator[Row]:
    for page in pages_between(db, after_seq, until_seq):
        try:
            rows = list(page.rows())
        except (DamagedBatch, ValueError) as error:
            if damage is None:
                raise DamagedBatch(str(error)) from error
            damage.append(Damage(page.first, page.last, page.span, str(error)))
            continue
        for row in rows:
            if after_seq < row.seq <= until_seq:
                yield row


def _entries(
    db: sqlite3.Connection, after_seq: int, until_seq: int, damage: list[Damage] | None
) -> Iterator[Row]:
    for seq, kind, start, end, fields, link in db.execute(
        "SELECT * FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq", (after_seq, until_seq)
    ):
        try:
            if len(link) != DIGEST_BYTES:
                raise ValueError("a link of the wrong length")
            yield Row(seq, kind, start, end, format.unpack_fields(bytes(fields)), bytes(link))
        except (ValueError, TypeError) as error:
            if damage is None:
                raise DamagedBatch(str(error)) from error
            damage.append(Damage(seq, seq, Span(start, end), str(error)))


def digests_of(secret: bytes, row: Row) -> list[tuple[str, bytes]]:
    """Names and digests of all the record's fields, removed ones included, sorted by name."""
    found = chain.digests(secret, row.seq, row.fields)
    if row.removed:
        found = sorted([*found, *row.removed.items()], key=lambda pair: pair[0].encode())
    return found


def record_digest(secret: bytes, row: Row, digests: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """The record's digest; of format 1 it is over the record as a whole. ``digests``: its fields', where known."""
    if row.legacy:
        line = row.fields["line"].decode()
        rollup, body = row.fields["rollup"], row.fields["body"]
        return legacy.digest(secret, row.seq, row.type, row.start_ns, row.end_ns, line, rollup, body)
    found = digests or digests_of(secret, row)
    return chain.record_digest(row.seq, row.type, row.start_ns, row.end_ns, found)


def link_before(db: sqlite3.Connection, seq: int) -> bytes | None:
    """The link before a record that begins a page or follows a row; None where only ``link_at`` can tell."""
    if seq <= 1:
        return chain.GENESIS
    for table, column in (("entries", "seq"), ("pages", "last"), ("records", "seq")):
        row = db.execute(f"SELECT link FROM {table} WHERE {column} = ?", (seq - 1,)).fetchone()
        if row is not None:
            return bytes(row[0])
    return None


def link_at(db: sqlite3.Connection, secret: bytes, seq: int) -> bytes | None:
    """The link of a record, None where there is no such record. Raises DamagedBatch where it cannot be computed."""
    if seq <= 0:
        return None
    known = link_before(db, seq + 1)
    if known is not None:
        return known
    row = db.execute("SELECT first, before FROM pages WHERE first <= ? ORDER BY first DESC LIMIT 1", (seq,))
    page = row.fetchone()
    if page is None:
        return None
    link, expected = bytes(page[1]), int(page[0])
    for one in walk(db, after_seq=expected - 1, until_seq=seq):
        if one.seq != expected:
            raise DamagedBatch("a record is missing")
        digest = record_digest(secret, one)
        link, expected = chain.link(link, digest), expected + 1
    return link if expected == seq + 1 else None
