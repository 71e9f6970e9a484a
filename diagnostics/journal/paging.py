"""What the writer does when an hour is over: chain its figures, repack its records; and remove what is too old."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Mapping, Sequence

from diagnostics.journal import chain, codec, format, hours, pages, rollups, store
from diagnostics.journal.hours import HourFigures, Stretch, Stretches

Insert = Callable[[str, int, int, Mapping[str, bytes]], None]
"""Chains a record of this type, start, end and fields."""


def open_hour(db: sqlite3.Connection) -> Stretches:
    """What was counted since the last hour was closed: the batches that are still rows. Damaged ones do not count."""
    found: Stretches = {}
    for start, end, blob in db.execute(
        "SELECT start_ns, end_ns, fields FROM entries WHERE type = ? ORDER BY seq", (chain.SAMPLES,)
    ):
        try:
            fields = format.unpack_fields(bytes(blob))
            line, parts = fields["line"].decode(), rollups.sort_out(codec.unpack(fields["samples"]))
            found.setdefault(line, Stretch.empty()).add(parts, start, end)
        except (ValueError, KeyError, TypeError):
            continue
    return found


def close_hour(insert: Insert, stretches: Stretches) -> None:
    """Chain the hour's figures of each line."""
    for line in sorted(stretches):
        stretch = stretches[line]
        fields = {"line": line.encode(), "rollup": stretch.rollup}
        insert(hours.HOUR, stretch.start_ns, stretch.end_ns, fields)


def close_day(db: sqlite3.Connection, insert: Insert) -> None:
    """Chain the figures of what is between the last day's record and now: of its samples, and of its hours."""
    after = db.execute("SELECT coalesce(max(seq), 0) FROM entries WHERE type = ?", (hours.DAY,)).fetchone()[0]
    days: Stretches = {}
    figures: dict[str, list[HourFigures]] = {}
    for row in store.walk(db, after_seq=int(after), damage=[]):
        if row.legacy:
            continue
        try:
            line = row.fields.get("line", b"").decode()
            if row.type == chain.SAMPLES and "samples" in row.fields:
                parts = rollups.sort_out(codec.unpack(row.fields["samples"]))
                days.setdefault(line, Stretch.empty()).add(parts, row.start_ns, row.end_ns)
            elif row.type == hours.HOUR:
                _ = list(hours.rows(row.fields["rollup"]))
                figures.setdefault(line, []).append(HourFigures(row.start_ns, row.fields["rollup"]))
        except (ValueError, KeyError, TypeError):
            continue  # a check tells of it
    for line in sorted(days):
        day = days[line]
        fields = {
            "line": line.encode(),
            "rollup": day.rollup,
            "hours": hours.encode_hours(figures.get(line, [])),
        }
        insert(hours.DAY, day.start_ns, day.end_ns, fields)


def make_page(db: sqlite3.Connection) -> None:
    """Put the rows of the types that come often into a page. Those that it would not give back stay rows."""
    marks = ", ".join("?" * len(format.PAGED))
    rows = db.execute(
        f"SELECT seq, type, start_ns, end_ns, fields, link FROM entries WHERE type IN ({marks}) ORDER BY seq",
        format.PAGED,
    ).fetchall()
    made = _packed(rows)
    if made is None:
        rows = [row for row in rows if _packed([row]) is not None]
        made = _packed(rows)
    if made is None or not rows:
        return
    records = pages.records(made.heads)
    db.execute(
        "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, x'')",
        (
            records[0].seq,
            records[-1].seq,
            min(record.start_ns for record in records),
            max(record.end_ns for record in records),
            _link_before(db, records[0].seq),
            bytes(rows[-1][5]),
            b"".join(bytes(row[5])[: pages.MARK_BYTES] for row in rows),
            made.heads,
            made.body,
        ),
    )
    db.executemany("DELETE FROM entries WHERE seq = ?", [(row[0],) for row in rows])


_Entry = tuple[int, str, int, int, bytes, bytes]


def _packed(rows: Sequence[_Entry]) -> pages.Packed | None:
    """Rows as a page; None where they would not come back from it as they are, because they are damaged."""
    try:
        records = [
            pages.PageRecord(seq, kind, start, end, format.unpack_fields(fields))
            for seq, kind, start, end, fields, _link in rows
        ]
        made = pages.pack(records)
        whole = iter(pages.Body(made.body).fields if made.body else ())
        for record, back in zip(records, pages.records(made.heads), strict=True):
            fields = {**back.fields, **(next(whole) if back.type == chain.SAMPLES else {})}
            if (*_head(record), record.fields) != (*_head(back), fields):
                return None
    except (ValueError, KeyError, TypeError, IndexError, StopIteration, struct.error):
        return None
    return made


def _head(record: pages.PageRecord) -> tuple[int, str, int, int]:
    return record.seq, record.type, record.start_ns, record.end_ns


def _link_before(db: sqlite3.Connection, seq: int) -> bytes:
    """What comes often is paged all at once, so the record before is a row, or the last of a page."""
    link = store.link_before(db, seq)
    if link is None:
        raise codec.DamagedBatch("the record before a page is missing")
    return link


def remove_next(db: sqlite3.Connection, secret: bytes, before_ns: int, after_first: int) -> int | None:
    """Take away the samples of the next page that ended before a time, leaving their digests.

    Looks at pages that begin above ``after_first``; returns where that page begins, None where there is none. A damaged
    page keeps what it has, and so does a day that has no figures yet: they are made from its samples.
    """
    row = db.execute(
        "SELECT first FROM pages WHERE first > ? AND end_ns < ?"
        " AND last < (SELECT max(seq) FROM entries WHERE type = ?) ORDER BY first LIMIT 1",
        (after_first, before_ns, hours.DAY),
    ).fetchone()
    if row is None:
        return None
    first = int(row[0])
    try:
        page = next(store.pages_between(db, first - 1, first))
        if not page.body_blob:
            return first
        digests = [
            dict(chain.digests(secret, record.seq, page.body.fields[page.places[record.seq]]))
            for record in page.records
            if record.type == chain.SAMPLES
        ]
    except codec.DamagedBatch:
        return first
    db.execute(
        "UPDATE pages SET body = x'', removed = ? WHERE first = ?", (store.encode_removed(digests), first)
    )
    return first
