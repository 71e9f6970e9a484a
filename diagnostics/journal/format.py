"""The journal's file: tables, records, and the chain that seals them. Documented in ``docs/journal.md``."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path

from diagnostics.model import BadInput, Event, EventKind, MachineCannot, Problem, Role, Target
from diagnostics.model import Protocol as ProbeProtocol

FORMAT = 1
APPLICATION_ID = 0x6A616C72
SAMPLES = "samples"
GENESIS = b"\0" * 32

SCHEMA = """
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
MIGRATIONS: tuple[str, ...] = (SCHEMA,)


@dataclass(frozen=True, slots=True)
class Record:
    """One link of the chain. ``line`` is a line's id, empty for events and where no line was known."""

    seq: int
    type: str
    start_ns: int
    end_ns: int
    line: str
    rollup: bytes
    body: bytes


def salt(secret: bytes, seq: int) -> bytes:
    """A record's salt: without it, a digest left behind by redaction could be guessed from few possible contents."""
    return hmac.digest(secret, struct.pack("<q", seq), "sha256")[:16]


def digest(secret: bytes, record: Record) -> bytes:
    """SHA-256 over the salt and every field of the record, each with its length."""
    kind, line = record.type.encode(), record.line.encode()
    return hashlib.sha256(
        b"".join(
            (
                salt(secret, record.seq),
                struct.pack("<qqqI", record.seq, record.start_ns, record.end_ns, len(kind)),
                kind,
                struct.pack("<I", len(line)),
                line,
                struct.pack("<I", len(record.rollup)),
                record.rollup,
                struct.pack("<I", len(record.body)),
                record.body,
            )
        )
    ).digest()


def link(previous: bytes, record_digest: bytes) -> bytes:
    """The next link of the chain."""
    return hashlib.sha256(previous + record_digest).digest()


def encode_event(event: Event) -> bytes:
    """An event's data as canonical JSON (sorted keys, no spaces, UTF-8)."""
    return json.dumps(dict(event.data), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def decode_event(kind: str, at_ns: int, body: bytes) -> Event:
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


def explain(error: sqlite3.Error, path: Path) -> Problem:
    """Say an SQLite error in the person's terms."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return MachineCannot("disk_full", path=str(path))
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return MachineCannot("journal_not_writable", path=str(path))
    if name.startswith("SQLITE_IOERR"):
        return MachineCannot("disk_error", path=str(path), why=name)
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return Damaged("journal_damaged", path=str(path))
    return Damaged("journal_unreadable", path=str(path), why=str(error))
