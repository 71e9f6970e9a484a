"""The chain as far as it still holds: what cannot be read, or is not what was chained, becomes a hole.

Behind a damaged record the chain goes on from a link that is stored beside a later one. Only a seal vouches for such a
link. So a hole reaches up to the first record whose link is still stored and from which on everything, up to a seal
that holds, can be read and is what was chained.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from diagnostics.journal import chain, format, seals, store
from diagnostics.model import MINUTE, EventKind, Span

_WAITING = 16
"""So many records may stand beside a damaged link: they hold where a later link confirms them."""
_NEAR_NS = 120 * MINUTE
"""A time in a damaged place is believed where it is no further than this from what was recorded beside it."""
_LINKS = (
    "SELECT seq, link FROM records WHERE seq >= ? ORDER BY seq",
    "SELECT seq, link FROM entries WHERE seq >= ? ORDER BY seq",
    "SELECT first - 1, before FROM pages WHERE first > ? ORDER BY first",
    "SELECT last, link FROM pages WHERE last >= ? ORDER BY first",
)


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One record of the chain, as a bundle hands it on.

    ``fields`` holds what is there; ``digests`` has all of them, sorted by name, also those that retention removed.
    ``whole``: of format 1, whose one digest is that of the whole record (``digests`` is empty then).
    """

    seq: int
    type: str
    start_ns: int
    end_ns: int
    fields: Mapping[str, bytes]
    digests: tuple[tuple[str, bytes], ...]
    link: bytes
    whole: bytes | None = None


@dataclass(frozen=True, slots=True)
class StoredHole:
    """Records that do not hold any more, by number (both included). ``span``: the time, as far as it is known.

    ``link`` is what the journal stores after the last; empty where nothing holds behind it, up to the journal's end.
    """

    first_seq: int
    last_seq: int
    span: Span
    link: bytes


def stored(secret: bytes, row: store.Row, before: bytes) -> StoredRecord:
    """A row with the link that follows from it. Raises what ``store.record_digest`` raises."""
    digests = () if row.legacy else tuple(store.digests_of(secret, row))
    found = store.record_digest(secret, row, digests)
    return StoredRecord(
        row.seq,
        row.type,
        row.start_ns,
        row.end_ns,
        row.fields,
        digests,
        chain.link(before, found),
        found if row.legacy else None,
    )


def begin(db: sqlite3.Connection, secret: bytes, after_seq: int) -> tuple[int, bytes]:
    """The newest record up to ``after_seq`` whose link is known, and the link; 0 and the first link where none is."""
    try:
        link = store.link_at(db, secret, after_seq)
    except store.MALFORMED:
        link = None
    if link is not None and len(link) == store.DIGEST_BYTES:
        return after_seq, link
    known = [(0, chain.GENESIS)]
    for table, seq, column in (
        ("records", "seq", "link"),
        ("entries", "seq", "link"),
        ("pages", "last", "link"),
        ("pages", "first - 1", "before"),
    ):
        row = db.execute(
            f"SELECT {seq}, {column} FROM {table} WHERE {seq} BETWEEN 1 AND ? AND typeof({column}) = 'blob'"
            f" AND length({column}) = ? ORDER BY {seq} DESC LIMIT 1",
            (after_seq, store.DIGEST_BYTES),
        ).fetchone()
        if row is not None:
            known.append((int(row[0]), bytes(row[1])))
    return max(known)


def follow(
    db: sqlite3.Connection, secret: bytes, after_seq: int, link: bytes, until_seq: int
) -> Iterator[StoredRecord | StoredHole]:
    """Records and holes behind ``after_seq``, whose link is ``link``, up to ``until_seq``.

    Where the last of them is a hole, it goes on to the seal that vouches for what follows it.
    """
    at, vouched, newest = after_seq, True, None
    until_seq = min(until_seq, _end(db))
    while at < until_seq or not vouched:
        for one in _holding(db, secret, at, link):
            yield one
            at, link, newest = one.seq, one.link, one
            vouched = vouched or one.type == EventKind.SEAL
            if at >= until_seq and vouched:
                return
        hole = _hole(db, secret, at + 1, newest)
        yield hole
        if not hole.link:
            return
        at, link, vouched = hole.last_seq, hole.link, False


def _end(db: sqlite3.Connection) -> int:
    found = [
        db.execute(f"SELECT max({column}) FROM {table}").fetchone()[0]
        for table, column in (("records", "seq"), ("entries", "seq"), ("pages", "last"))
    ]
    return max((int(one) for one in found if one is not None), default=0)


def _holding(db: sqlite3.Connection, secret: bytes, after_seq: int, link: bytes) -> Iterator[StoredRecord]:
    """Records one behind the other, each confirmed by its own link or by a later one's; ends with the last such."""
    waiting: list[StoredRecord] = []
    expected = after_seq + 1
    try:
        for row in store.walk(db, after_seq, damage=[]):
            if row.seq != expected or len(waiting) == _WAITING:
                return
            one = stored(secret, row, link)
            waiting.append(one)
            link, expected = one.link, expected + 1
            if row.mark and link.startswith(row.mark):
                yield from waiting
                waiting.clear()
    except store.MALFORMED:
        return


def _hole(db: sqlite3.Connection, secret: bytes, first: int, before: StoredRecord | None) -> StoredHole:
    fails = first
    for seq, link in _links(db, first):
        # What lies between a link and the record that fails behind it leads no further than that link did.
        if seq < fails - 1:
            continue
        fails, behind = _up_to_a_seal(db, secret, seq, link)
        if not fails:
            return StoredHole(first, seq, _span(db, first, seq, before, behind), link)
    last = max(_end(db), first)
    return StoredHole(first, last, _span(db, first, last, before, None), b"")


def _links(db: sqlite3.Connection, first: int) -> Iterator[tuple[int, bytes]]:
    """Every link that is stored for a record from this number on, as the records' numbers rise."""

    def of(sql: str) -> Iterator[tuple[int, bytes]]:
        for seq, link in db.execute(sql, (first,)):
            if isinstance(seq, int) and isinstance(link, bytes) and len(link) == store.DIGEST_BYTES:
                yield seq, link

    return heapq.merge(*map(of, _LINKS))


def _up_to_a_seal(
    db: sqlite3.Connection, secret: bytes, after_seq: int, link: bytes
) -> tuple[int, StoredRecord | None]:
    """0 and the first record behind this link, where all up to a seal holds; else the first record that fails."""
    at, behind = after_seq, None
    for one in _holding(db, secret, after_seq, link):
        behind = behind or one
        if one.type == EventKind.SEAL and _seals(one, link):
            return 0, behind
        at, link = one.seq, one.link
    return at + 1, None


def _seals(record: StoredRecord, before: bytes) -> bool:
    try:
        head = seals.seal_of(format.event_of(record.type, record.start_ns, record.fields))
    except store.MALFORMED:
        return False
    return (head.seq, head.link) == (record.seq - 1, before) and head.holds


def _span(
    db: sqlite3.Connection, first: int, last: int, before: StoredRecord | None, behind: StoredRecord | None
) -> Span:
    """From the first to the last time that is known of these records, or from one neighbour to the other."""
    beside = [one.end_ns for one in (before,) if one] + [one.start_ns for one in (behind,) if one]
    known = list(beside[:1])
    for sql in (
        "SELECT start_ns, end_ns FROM records WHERE seq BETWEEN :first AND :last",
        "SELECT start_ns, end_ns FROM entries WHERE seq BETWEEN :first AND :last",
        "SELECT start_ns, end_ns FROM pages WHERE first BETWEEN :first AND :last AND last <= :last",
        "SELECT end_ns, end_ns FROM pages WHERE first < :first AND last BETWEEN :first AND :last",
    ):
        for pair in db.execute(sql, {"first": first, "last": last}):
            known += [one for one in pair if isinstance(one, int) and _believed(one, beside)]
    known += beside[1:] if len(known) < 2 else []
    return Span(min(known, default=0), max(known, default=0))


def _believed(at_ns: int, beside: list[int]) -> bool:
    return not beside or min(beside) - _NEAR_NS <= at_ns <= max(beside) + _NEAR_NS
