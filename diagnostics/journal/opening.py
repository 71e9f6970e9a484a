"""Opening a journal for writing: make or migrate the file, and read where the chain stands."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from diagnostics.journal import chain, format, retention
from diagnostics.journal.hours import DAY, DAY_NS, HOUR_NS
from diagnostics.model import Event, EventKind, MachineCannot, Target

BUSY_S = 5.0
"""How long another program's hold on the file is waited for."""


def connect(path: Path) -> sqlite3.Connection:
    try:
        fresh = not path.exists()
        db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S, check_same_thread=False)
        if fresh and os.name == "posix":
            path.chmod(0o600)
    except sqlite3.Error as error:
        raise format.explain(error, path) from error
    except OSError as error:
        raise MachineCannot("journal_not_writable", path=str(path)) from error
    return db


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring the file to this version's format; an older file is copied beside itself first."""
    version = format.check_version(db, path)
    db.execute("PRAGMA journal_mode = WAL")
    if version == format.FORMAT:
        return
    if version == 0 and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise format.Damaged("journal_foreign", path=str(path))
    if version:
        with closing(sqlite3.connect(path.with_suffix(f".v{version}.backup"))) as backup:
            db.backup(backup)
    db.execute("BEGIN IMMEDIATE")
    try:
        for script in format.MIGRATIONS[version:]:
            for statement in filter(str.strip, script.split(";")):
                db.execute(statement)
        if not version:
            db.execute("INSERT INTO meta VALUES ('secret', ?)", (secrets.token_bytes(32),))
        db.execute(f"PRAGMA application_id = {format.APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {format.FORMAT}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@dataclass(frozen=True, slots=True)
class Removal:
    """Which samples are too old to keep: of pages that ended before a time, and begin above a record's number."""

    before_ns: int = 0
    after_first: int = 0

    @property
    def pending(self) -> bool:
        return self.before_ns > 0


def retention_choice(db: sqlite3.Connection) -> tuple[Event, int] | None:
    """The newest choice of what is kept, and how many days were recorded since. Raises ValueError."""
    kind = str(EventKind.RETENTION)
    row = db.execute(
        "SELECT seq, start_ns, fields FROM entries WHERE type = ? ORDER BY seq DESC LIMIT 1", (kind,)
    ).fetchone()
    if row is None:
        return None
    days = db.execute(
        "SELECT count(DISTINCT start_ns / ?) FROM entries WHERE type = ? AND seq > ?", (DAY_NS, DAY, row[0])
    ).fetchone()
    return format.event_of(kind, row[1], format.unpack_fields(bytes(row[2]))), int(days[0])


def removal(db: sqlite3.Connection) -> Removal:
    """What the newest retention asks for; looked at again from the first page on, which costs little."""
    try:
        choice = retention_choice(db)
        return Removal() if choice is None else Removal(retention.read(choice[0])[1])
    except ValueError:
        return Removal()  # nothing is removed by what cannot be read


def last_day(db: sqlite3.Connection) -> int:
    """The number of the newest day's record, 0 without any."""
    return int(db.execute("SELECT coalesce(max(seq), 0) FROM entries WHERE type = ?", (DAY,)).fetchone()[0])


def renewal(db: sqlite3.Connection, now_ns: int) -> Event | None:
    """The next retention, where one is due."""
    try:
        choice = retention_choice(db)
        return None if choice is None else retention.renewed(*choice, now_ns)
    except ValueError:
        return None


def secret(db: sqlite3.Connection) -> bytes:
    """The journal's secret, that salts are drawn from."""
    return bytes(db.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()[0])


def end(db: sqlite3.Connection) -> tuple[int, bytes]:
    """The newest record's number and link."""
    found = [(0, chain.GENESIS)]
    for table, column in (("records", "seq"), ("entries", "seq"), ("pages", "last")):
        row = db.execute(f"SELECT {column}, link FROM {table} ORDER BY {column} DESC LIMIT 1").fetchone()
        if row is not None:
            found.append((int(row[0]), bytes(row[1])))
    return max(found)


def sealed_once(db: sqlite3.Connection) -> bool:
    """Whether a signature is in the chain."""
    found = db.execute("SELECT 1 FROM entries WHERE type = ? LIMIT 1", (str(EventKind.SEAL),)).fetchone()
    return found is not None


def hour_of_rows(db: sqlite3.Connection) -> int | None:
    row = db.execute(
        "SELECT start_ns FROM entries WHERE type = ? ORDER BY seq DESC LIMIT 1", (chain.SAMPLES,)
    ).fetchone()
    return None if row is None else int(row[0]) // HOUR_NS


def targets(db: sqlite3.Connection) -> Iterator[tuple[int, Target]]:
    """Numbers and targets. One that cannot be read any more is left out, with the samples that name it."""
    kind = str(EventKind.TARGETS)
    for at_ns, body in db.execute(
        "SELECT start_ns, body FROM records WHERE type = ? AND type <> 'samples' ORDER BY seq", (kind,)
    ):
        with suppress(ValueError, KeyError, TypeError):
            yield format.target_of(format.decode_event(kind, at_ns, body))
    for at_ns, fields in db.execute(
        "SELECT start_ns, fields FROM entries WHERE type = ? ORDER BY seq", (kind,)
    ):
        with suppress(ValueError, KeyError, TypeError):
            yield format.target_of(format.event_of(kind, at_ns, format.unpack_fields(fields)))


def targets_named(db: sqlite3.Connection) -> int:
    """How many numbers were given to targets, whether or not all can still be read."""
    kind = str(EventKind.TARGETS)
    counts = [
        db.execute(f"SELECT count(*) FROM {table} WHERE type = ?", (kind,)).fetchone()[0]
        for table in ("records", "entries")
    ]
    return max(int(sum(counts)), max((number for number, _target in targets(db)), default=0))
