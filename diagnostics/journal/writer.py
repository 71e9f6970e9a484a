"""The one hand that writes the journal."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from diagnostics.journal import codec, format
from diagnostics.model import MINUTE, SECOND, Event, EventKind, MachineCannot, Sample, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLD_NS = 11 * SECOND
"""How long after its end a minute stays open for late answers, on the monotonic clock."""


@dataclass(frozen=True, slots=True)
class BatchKey:
    """Samples that are sealed together: one minute of wall time, one line, one clock epoch."""

    minute: int
    line: str
    offset_ns: int

    def due(self, mono_ns: int) -> bool:
        return mono_ns >= (self.minute + 1) * MINUTE - self.offset_ns + HOLD_NS


Batch = dict[tuple[str, int], Sample]


class Writer:
    """Adds samples and events. The caller holds the home's lock (``journal.lock``).

    ``stage`` makes samples survive the process; ``seal_due`` turns finished minutes into links of the chain.
    Every method raises diagnostics.model.Problem when the disk or the file refuses; nothing already written is
    touched then, and the call may be repeated.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._durable: bool | None = None
        self._db = _open(path)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        with self._problems():
            _migrate(self._db, self.path)
            self._secret = bytes(
                self._db.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()[0]
            )
            last = self._db.execute("SELECT seq, link FROM records ORDER BY seq DESC LIMIT 1").fetchone()
            self._seq, self._link = (int(last[0]), bytes(last[1])) if last else (0, format.GENESIS)
            self._numbers: dict[Target, int] = {}
            for start_ns, body in self._db.execute(
                "SELECT start_ns, body FROM records WHERE type = ? ORDER BY seq", (str(EventKind.TARGETS),)
            ):
                number, target = format.target_of(format.decode_event("targets", start_ns, body))
                self._numbers[target] = number
            self._open: dict[BatchKey, Batch] = {}
        status = self.path.stat()
        self._identity = (status.st_dev, status.st_ino)

    @contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise format.explain(error, self.path) from error

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[None]:
        """All or nothing, also for this object's own idea of the chain's end.

        ``durable`` waits for the disk: sealed minutes and events survive a power cut, not only the process.
        """
        seq, link, numbers = self._seq, self._link, dict(self._numbers)
        with self._problems():
            if durable != self._durable:
                self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._seq, self._link, self._numbers = seq, link, numbers
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def recover(self, at_ns: int) -> int | None:
        """Seal what a run that ended without a clean stop left unsealed.

        Returns the time of its last sample (UTC ns), or None when there was nothing.
        """
        with self._problems():
            rows = self._db.execute(
                "SELECT minute, line, offset_ns, body FROM staging ORDER BY id"
            ).fetchall()
        if not rows:
            return None
        targets = {number: target for target, number in self._numbers.items()}
        batches: dict[BatchKey, Batch] = {}
        damaged = 0
        for minute, line, offset_ns, body in rows:
            try:
                samples = codec.decode_batch(bytes(body), targets.__getitem__)
            except codec.DamagedBatch:
                damaged += 1
                continue
            _merge(batches.setdefault(BatchKey(minute, line, offset_ns), {}), samples)
        last = max((s.sent_ns for batch in batches.values() for s in batch.values()), default=None)
        with self._transaction(durable=True):
            for key, batch in batches.items():
                self._insert_batch(key, batch)
            self._insert_event(
                Event(EventKind.RECOVERED, at_ns, {"last_sample_ns": last, "damaged_pieces": damaged})
            )
            self._db.execute("DELETE FROM staging")
        return last

    def stage(self, line: str, samples: Iterable[Sample]) -> None:
        """Write samples so that a killed process loses none of them.

        A sample that was staged before, with the same target and time, is replaced: an answer came late.
        """
        groups: dict[BatchKey, list[Sample]] = {}
        for sample in samples:
            key = self._earlier_key(sample)
            if key is None:
                key = BatchKey(sample.sent_ns // MINUTE, line, sample.sent_ns - sample.mono_ns)
            else:
                sample = replace(sample, mono_ns=sample.sent_ns - key.offset_ns)
            groups.setdefault(key, []).append(sample)
        if not groups:
            return
        with self._transaction():
            for key, group in groups.items():
                for sample in group:
                    self._register(sample.target, sample.sent_ns)
                self._db.execute(
                    "INSERT INTO staging (minute, line, offset_ns, body) VALUES (?, ?, ?, ?)",
                    (
                        key.minute,
                        key.line,
                        key.offset_ns,
                        codec.encode_batch(group, self._numbers.__getitem__),
                    ),
                )
        for key, group in groups.items():
            _merge(self._open.setdefault(key, {}), group)

    def _earlier_key(self, sample: Sample) -> BatchKey | None:
        """Where a revised sample was staged first: it stays on that line even if the line has changed since."""
        identity = (sample.target.id, sample.sent_ns)
        return next((key for key, batch in self._open.items() if identity in batch), None)

    def append(self, event: Event) -> int:
        """Chain an event; returns its sequence number."""
        with self._transaction(durable=True):
            self._insert_event(event)
        return self._seq

    def seal_due(self, mono_ns: int) -> int:
        """Seal the minutes that are over; returns how many. Safe to call every second."""
        return self._seal([key for key in self._open if key.due(mono_ns)])

    def seal_all(self) -> int:
        """Seal everything that is staged: at a clean stop."""
        return self._seal(list(self._open))

    def _seal(self, keys: Sequence[BatchKey]) -> int:
        if not keys:
            return 0
        with self._transaction(durable=True):
            for key in keys:
                self._insert_batch(key, self._open[key])
                self._db.execute(
                    "DELETE FROM staging WHERE minute = ? AND line = ? AND offset_ns = ?",
                    (key.minute, key.line, key.offset_ns),
                )
        for key in keys:
            del self._open[key]
        return len(keys)

    def _register(self, target: Target, at_ns: int) -> None:
        if target not in self._numbers:
            number = len(self._numbers) + 1
            self._numbers[target] = number
            self._insert_event(format.target_event(number, target, at_ns))

    def _insert_batch(self, key: BatchKey, batch: Batch) -> None:
        samples = sorted(batch.values(), key=lambda sample: sample.sent_ns)
        number = self._numbers.__getitem__
        self._insert(
            format.SAMPLES,
            samples[0].sent_ns,
            samples[-1].sent_ns,
            key.line,
            codec.encode_rollups(codec.roll_up(samples), number),
            codec.compress(codec.encode_batch(samples, number)),
        )

    def _insert_event(self, event: Event) -> None:
        self._insert(str(event.kind), event.at_ns, event.at_ns, "", b"", format.encode_event(event))

    def _insert(self, kind: str, start_ns: int, end_ns: int, line: str, rollup: bytes, body: bytes) -> None:
        record = format.Record(self._seq + 1, kind, start_ns, end_ns, line, rollup, body)
        link = format.link(self._link, format.digest(self._secret, record))
        self._db.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (record.seq, kind, start_ns, end_ns, line, rollup, body, link),
        )
        self._seq, self._link = record.seq, link

    def check_in_place(self) -> None:
        """Raise MachineCannot when the file was moved, removed or replaced: what is written would be lost."""
        try:
            status = self.path.stat()
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != self._identity:
            raise MachineCannot("journal_gone", path=str(self.path))

    def close(self) -> None:
        self._db.close()


def _merge(batch: Batch, samples: Iterable[Sample]) -> None:
    for sample in samples:
        batch[(sample.target.id, sample.sent_ns)] = sample


def _open(path: Path) -> sqlite3.Connection:
    try:
        fresh = not path.exists()
        db = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
        if fresh and os.name == "posix":
            path.chmod(0o600)
    except sqlite3.Error as error:
        raise format.explain(error, path) from error
    except OSError as error:
        raise MachineCannot("journal_not_writable", path=str(path)) from error
    return db


def _migrate(db: sqlite3.Connection, path: Path) -> None:
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
