"""The journal's file: its tables, and how records lie in them. Documented in ``docs/journal.md``."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Mapping
from pathlib import Path

from diagnostics.model import BadInput, Event, EventKind, MachineCannot, Problem, Role, Target
from diagnostics.model import Protocol as ProbeProtocol

FORMAT = 2
APPLICATION_ID = 0x6A616C72

_SCHEMA_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    line TEXT NOT NULL,
    rollup BLOB NOT NULL,
    body BLOB NOT NULL,
    link BLOB NOT NULL
);
CREATE INDEX events ON records (type, seq) WHERE type <> 'samples';
CREATE TABLE staging (
    id INTEGER PRIMARY KEY,
    minute INTEGER NOT NULL,
    line TEXT NOT NULL,
    offset_ns INTEGER NOT NULL,
    body BLOB NOT NULL
);
"""
_SCHEMA_2 = """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    fields BLOB NOT NULL,
    link BLOB NOT NULL
);
CREATE INDEX entries_by_type ON entries (type, seq);
CREATE TABLE pages (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    before BLOB NOT NULL,
    link BLOB NOT NULL,
    marks BLOB NOT NULL,
    heads BLOB NOT NULL,
    body BLOB NOT NULL,
    removed BLOB NOT NULL
);
CREATE INDEX pages_by_time ON pages (end_ns, start_ns);
CREATE TABLE staged (
    id INTEGER PRIMARY KEY,
    minute INTEGER NOT NULL,
    line TEXT NOT NULL,
    offset_ns INTEGER NOT NULL,
    fields BLOB NOT NULL
);
"""
MIGRATIONS: tuple[str, ...] = (_SCHEMA_1, _SCHEMA_2)
PAGED = ("samples", "witness")
"""The types of records that are put into pages: those that come by the minute. All others stay rows."""


def pack_fields(fields: Mapping[str, bytes]) -> bytes:
    """A record's fields one after the other, by rising name: u8 length and name, u32 length and value."""
    return b"".join(
        struct.pack("<B", len(label := name.encode()))
        + label
        + struct.pack("<I", len(fields[name]))
        + fields[name]
        for name in sorted(fields, key=str.encode)
    )


def unpack_fields(blob: bytes) -> dict[str, bytes]:
    """Undo ``pack_fields``; raises ValueError, also for names out of order or twice."""
    fields: dict[str, bytes] = {}
    at, last = 0, None
    try:
        while at < len(blob):
            size = blob[at]
            label = blob[at + 1 : at + 1 + size]
            at += 1 + size
            (length,) = struct.unpack_from("<I", blob, at)
            at += 4
            if at + length > len(blob) or (last is not None and label <= last):
                raise ValueError("fields that do not fit")
            fields[label.decode()] = blob[at : at + length]
            at, last = at + length, label
    except struct.error as error:
        raise ValueError(str(error)) from error
    return fields


def event_fields(event: Event) -> dict[str, bytes]:
    """Each key of the event's data with its value as canonical JSON (sorted keys, no spaces, UTF-8)."""
    return {
        name: json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        for name, value in event.data.items()
    }


def event_of(kind: str, at_ns: int, fields: Mapping[str, bytes]) -> Event:
    """Undo ``event_fields``; raises ValueError for an unknown kind, or what is no JSON."""
    inner = b",".join(json.dumps(name).encode() + b":" + value for name, value in fields.items())
    return Event(EventKind(kind), at_ns, json.loads(b"{" + inner + b"}"))


def decode_event(kind: str, at_ns: int, body: bytes) -> Event:
    """An event of format 1: its data is one JSON object."""
    return Event(EventKind(kind), at_ns, json.loads(body))


def target_event(number: int, target: Target, at_ns: int) -> Event:
    """The event that gives a target its number: batches name targets by number only."""
    return Event(
        EventKind.TARGETS,
        at_ns,
        {
            "number": number,
            "role": str(target.role),
            "protocol": str(target.protocol),
            "address": target.address,
            "family": target.family,
            "network": target.network,
        },
    )


def target_of(event: Event) -> tuple[int, Target]:
    data = event.data
    return int(str(data["number"])), Target(
        Role(str(data["role"])),
        ProbeProtocol(str(data["protocol"])),
        str(data["address"]),
        int(str(data["family"])),
        str(data["network"]),
    )


class Damaged(Problem):
    """The file is no journal, or cannot be read any more."""


def check_version(db: sqlite3.Connection, path: Path) -> int:
    """The file's format; raises BadInput for a newer one, Damaged for a file of another program."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    application = int(db.execute("PRAGMA application_id").fetchone()[0])
    if version and application != APPLICATION_ID:
        raise Damaged("journal_foreign", path=str(path))
    if version > FORMAT:
        raise BadInput("journal_newer", path=str(path), found=version, known=FORMAT)
    return version


def stand_in(db: sqlite3.Connection) -> None:
    """Give a reader of an older file the tables that it has not: empty, and in this connection only."""
    for statement in filter(str.strip, _SCHEMA_2.split(";")):
        if "CREATE TABLE" in statement:
            db.execute(statement.replace("CREATE TABLE", "CREATE TEMP TABLE"))


_NOT_THE_FILE = (
    "SQLITE_NOMEM",
    "SQLITE_INTERRUPT",
    "SQLITE_MISUSE",
    "SQLITE_ABORT",
    "SQLITE_NOLFS",
    "SQLITE_AUTH",
)


def explain(error: sqlite3.Error, path: Path) -> Problem:
    """Say an SQLite error in the person's terms: Damaged only where the file itself is at fault."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return MachineCannot("disk_full", path=str(path))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")):
        return MachineCannot("journal_busy", path=str(path))
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return MachineCannot("journal_not_writable", path=str(path))
    if name.startswith("SQLITE_IOERR"):
        return MachineCannot("disk_error", path=str(path), why=name)
    if not name or name.startswith(_NOT_THE_FILE):
        return MachineCannot("journal_unreadable", path=str(path), why=str(error))
    # What is left is a file that is no database any more, or one without our tables, columns or keys.
    return Damaged("journal_damaged", path=str(path))
