"""Ways to change a finished journal, each a single change that a seeded hand makes. They know the journal's secret.

Each returns what it did, or an empty text where there was nothing to do.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from diagnostics.journal import chain, codec, format, opening, pages, store
from diagnostics.model import Event

KEYS = {"entries": "seq", "pages": "first", "records": "seq"}
Change = Callable[[Path, random.Random], str]


def tamper(path: Path, rng: random.Random) -> str:
    """Any one change."""
    said = ""
    while not said:
        said = rng.choice(CHANGES)(path, rng)
    return said


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


def _row(db: sqlite3.Connection, rng: random.Random, but: int | None = None) -> tuple[str, int] | None:
    table = rng.choice(list(KEYS))
    keys = [row[0] for row in db.execute(f"SELECT {KEYS[table]} FROM {table}") if row[0] != but]
    return (table, rng.choice(keys)) if keys else None


def a_value(path: Path, rng: random.Random) -> str:
    """One value of one row: a bit, a letter, a number, its length or its type."""
    with closing(sqlite3.connect(path)) as db, db:
        found = _row(db, rng)
        if found is None:
            return ""
        table, key = found
        column = rng.choice(_columns(db, table))
        before = db.execute(f"SELECT {column} FROM {table} WHERE {KEYS[table]} = ?", (key,)).fetchone()[0]
        after = other(before, rng)
        try:
            db.execute(f"UPDATE {table} SET {column} = ? WHERE {KEYS[table]} = ?", (after, key))
        except sqlite3.IntegrityError:  # the number of another row, or none
            return ""
    return f"{table}.{column} of {key}" if after != before else ""


def other(value: object, rng: random.Random) -> object:
    """Another value than this, most often one bit away from it."""
    if isinstance(value, int):
        return rng.choice((value + 1, value - 1, value + rng.randrange(2, 1 << 40), -value, value ^ 1 << 33))
    if isinstance(value, str):
        at = rng.randrange(len(value) + 1)
        return rng.choice((value[:at] + "x" + value[at:], value[:at] + value[at + 1 :], value.encode()))
    assert isinstance(value, bytes)
    if value and rng.random() < 0.8:
        return flipped(value, rng)
    return rng.choice((value[:-1], value + b"\0", value.hex(), value[1:], b""))


def flipped(value: bytes, rng: random.Random) -> bytes:
    """With one bit turned."""
    changed = bytearray(value)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def the_secret(path: Path, rng: random.Random) -> str:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE meta SET value = ? WHERE key = 'secret'", (flipped(opening.secret(db), rng),))
    return "meta.secret"


def a_row_dropped(path: Path, rng: random.Random) -> str:
    with closing(sqlite3.connect(path)) as db, db:
        found = _row(db, rng)
        if found is None:
            return ""
        db.execute(f"DELETE FROM {found[0]} WHERE {KEYS[found[0]]} = ?", (found[1],))
    return f"{found[0]} without {found[1]}"


def a_row_doubled(path: Path, rng: random.Random) -> str:
    """Under the number after the last one, or under the table's own next number."""
    with closing(sqlite3.connect(path)) as db, db:
        found = _row(db, rng)
        if found is None:
            return ""
        table, key = found
        last = db.execute(f"SELECT max({KEYS[table]}) FROM {table}").fetchone()[0]
        number = rng.choice((opening.end(db)[0], last)) + 1
        taken = db.execute(f"SELECT 1 FROM {table} WHERE {KEYS[table]} = ?", (number,)).fetchone()
        if taken:
            return ""
        named = ", ".join(_columns(db, table)[1:])
        db.execute(
            f"INSERT INTO {table} SELECT ?, {named} FROM {table} WHERE {KEYS[table]} = ?", (number, key)
        )
    return f"{table}: {key} once more as {number}"


def two_swapped(path: Path, rng: random.Random) -> str:
    """Two rows change places: all they hold, or all but their links."""
    with closing(sqlite3.connect(path)) as db, db:
        first = _row(db, rng)
        if first is None:
            return ""
        table, key = first
        others = [row[0] for row in db.execute(f"SELECT {KEYS[table]} FROM {table}") if row[0] != key]
        named = [name for name in _columns(db, table)[1:] if name != "link" or rng.random() < 0.5]
        twin = rng.choice(others) if others else key
        select = f"SELECT {', '.join(named)} FROM {table} WHERE {KEYS[table]} = ?"
        one, two = (db.execute(select, (number,)).fetchone() for number in (key, twin))
        if one == two:
            return ""
        update = f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in named)} WHERE {KEYS[table]} = ?"
        db.execute(update, (*one, twin))
        db.execute(update, (*two, key))
    return f"{table}: {key} and {twin} swapped"


def a_signed_head(path: Path, rng: random.Random) -> str:
    head = path.parent / "keys" / "head.json"
    before = head.read_bytes()
    values = json.loads(before)
    name = rng.choice(list(values))
    values[name] = other(values[name], rng)
    if isinstance(values[name], bytes):
        return ""
    written = json.dumps(values, sort_keys=True, indent=1).encode() + b"\n"
    head.write_bytes(rng.choice((flipped(before, rng), written, before[:-1], before + b" ", b"")))
    return f"head.json, {name}" if head.read_bytes() != before else ""


def a_cut_tail(path: Path, rng: random.Random) -> str:
    with closing(sqlite3.connect(path)) as db:
        place = rng.choice(cutting_places(db))
        cut_after(db, place)
    return f"cut after {place}"


def cutting_places(db: sqlite3.Connection) -> list[int]:
    """Each record after which the chain can be cut off without cutting a page in two, but the newest."""
    inside = {
        number for first, last in db.execute("SELECT first, last FROM pages") for number in range(first, last)
    }
    paged = {number for (number,) in db.execute("SELECT seq FROM entries")}
    lasts = {number for (number,) in db.execute("SELECT last FROM pages")}
    old = {number for (number,) in db.execute("SELECT seq FROM records")}
    return sorted((paged | lasts | old) - inside - {opening.end(db)[0]})


def cut_after(db: sqlite3.Connection, seq: int) -> None:
    with db:
        for table, column in (("entries", "seq"), ("pages", "last"), ("records", "seq")):
            db.execute(f"DELETE FROM {table} WHERE {column} > ?", (seq,))


def a_sample_in_a_page(path: Path, rng: random.Random) -> str:
    """A page unpacked, one field of one of its records changed, packed anew; with fitting marks, or not."""
    with closing(sqlite3.connect(path)) as db, db:
        firsts = [one[0] for one in db.execute("SELECT first FROM pages WHERE body <> x'' ORDER BY first")]
        if not firsts:
            return ""
        page = next(store.pages_between(db, (first := rng.choice(firsts)) - 1, first))
        whole = [replace(one, fields=dict(page.fields_of(one))) for one in page.records]
        place = rng.randrange(len(whole))
        name = rng.choice([one for one, value in whole[place].fields.items() if value])
        changed = dict(whole[place].fields)
        changed[name] = (
            _other_sample(changed[name], rng) if name == "samples" else flipped(changed[name], rng)
        )
        whole[place] = replace(whole[place], fields=changed)
        try:
            made = pages.pack(whole)
        except ValueError:
            return ""
        db.execute("UPDATE pages SET heads = ?, body = ? WHERE first = ?", (made.heads, made.body, first))
        if rng.random() < 0.5:
            marks = b"".join(_links(db, whole, page.before))
            db.execute("UPDATE pages SET marks = ? WHERE first = ?", (marks, first))
    return f"page {first}: {name} of record {whole[place].seq}"


def _links(db: sqlite3.Connection, records: Iterable[pages.PageRecord], link: bytes) -> Iterable[bytes]:
    secret = opening.secret(db)
    for one in records:
        found = chain.digests(secret, one.seq, one.fields)
        link = chain.link(link, chain.record_digest(one.seq, one.type, one.start_ns, one.end_ns, found))
        yield link[: pages.MARK_BYTES]


def _other_sample(packed: bytes, rng: random.Random) -> bytes:
    """One try of a batch changed: its time, its outcome, its round trip; or taken out, or there twice."""
    batch = codec.unpack(packed)
    at = rng.randrange(len(batch.columns))
    column = batch.columns[at]
    parts = [name for name in ("seconds", "phases", "keys", "rtts") if getattr(column, name)]
    name = rng.choice([*parts, "out", "twice"])
    if name in ("out", "twice"):
        times = 0 if name == "out" else 2
        rtts = column.rtts[:4] * times if column.keys[0] & codec.HAS_RTT else b""
        skip = 4 if column.keys[0] & codec.HAS_RTT else 0
        column = replace(
            column,
            seconds=column.seconds[:1] * times + column.seconds[1:],
            phases=column.phases[:2] * times + column.phases[2:],
            keys=column.keys[:1] * times + column.keys[1:],
            rtts=rtts + column.rtts[skip:],
        )
    else:
        column = replace(column, **{name: flipped(getattr(column, name), rng)})
    return codec.pack(replace(batch, columns=(*batch.columns[:at], column, *batch.columns[at + 1 :])))


def samples_without_retention(path: Path, rng: random.Random) -> str:
    """A page's samples replaced by their digests, as retention does, where nothing in the chain allows it."""
    with closing(sqlite3.connect(path)) as db, db:
        allowed = max((int(str(event.data["before_ns"])) for event in retentions(db)), default=0)
        firsts = [
            page.first
            for page in store.pages_between(db, 0, store.NO_END)
            if page.body_blob
            and any(one.end_ns >= allowed for one in page.records if one.type == chain.SAMPLES)
        ]
        if not firsts:
            return ""
        first = rng.choice(firsts)
        without_samples(db, first)
    return f"page {first} without samples"


def retentions(db: sqlite3.Connection) -> Iterator[Event]:
    for at_ns, fields in db.execute("SELECT start_ns, fields FROM entries WHERE type = 'retention'"):
        yield format.event_of("retention", at_ns, format.unpack_fields(fields))


def without_samples(db: sqlite3.Connection, first: int) -> None:
    """Take a page's samples out as ``paging.remove_next`` does."""
    page = next(store.pages_between(db, first - 1, first))
    digests = [
        dict(chain.digests(opening.secret(db), one.seq, page.body.fields[page.places[one.seq]]))
        for one in page.records
        if one.type == chain.SAMPLES
    ]
    blob = store.encode_removed(digests)
    db.execute("UPDATE pages SET body = x'', removed = ? WHERE first = ?", (blob, first))


CHANGES: tuple[Change, ...] = (
    *[a_value] * 8,
    the_secret,
    a_row_dropped,
    a_row_doubled,
    two_swapped,
    a_signed_head,
    a_cut_tail,
    a_sample_in_a_page,
    a_sample_in_a_page,
    samples_without_retention,
)
