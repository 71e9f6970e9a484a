"""The check of the file at the recorder's start: quick enough to be made each time, beside the recording."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue

from diagnostics.journal import chain, codec, hours, opening, store
from diagnostics.journal.walk import Walk
from diagnostics.model import Event, EventKind


def fault_of(path: Path) -> str:
    """What is wrong with the file, or with the chain since the last whole day; empty where nothing is.

    SQLite looks at its own structure, and everything since the last day's record is recomputed. The whole chain is
    ``verify``'s.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            found = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
            if found != "ok":
                return found[:200]
            db.execute("BEGIN")
            return _newest(db)
    except (sqlite3.Error, codec.DamagedBatch, ValueError, KeyError) as error:
        return str(error)[:200]


def _newest(db: sqlite3.Connection) -> str:
    row = db.execute(
        "SELECT seq, link FROM entries WHERE type = ? ORDER BY seq DESC LIMIT 1", (hours.DAY,)
    ).fetchone()
    seq, link = (int(row[0]), bytes(row[1])) if row else (0, chain.GENESIS)
    walk = Walk(db, seq + 1, link, dict(opening.targets(db)))
    part = walk.through(opening.secret(db), store.NO_END, lambda _done: None)
    return "" if part.fault is None else f"{part.fault.seq}: {part.fault.why}"[:200]


class FileWatch:
    """Checks once, in a thread; ``collect`` hands the finding over as an event of the kind ``integrity``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: SimpleQueue[str] = SimpleQueue()

    def start(self) -> None:
        threading.Thread(target=self._work, name="file check", daemon=True).start()

    def collect(self, wall_ns: int) -> list[Event]:
        try:
            why = self._found.get_nowait()
        except Empty:
            return []
        return [Event(EventKind.INTEGRITY, wall_ns, {"ok": not why, "why": why})]

    def _work(self) -> None:
        self._found.put(fault_of(self._path))
