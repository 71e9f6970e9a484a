"""The one hand that writes the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from diagnostics.journal import (
    chain,
    codec,
    format,
    legacy,
    opening,
    paging,
    rollups,
    seals,
    store,
    unsigned,
)
from diagnostics.journal.hours import DAY_NS, HOUR_NS, Stretch
from diagnostics.journal.minutes import Batch, BatchKey, PackedMinute
from diagnostics.journal.seals import Sealer, SignedHead
from diagnostics.model import (
    MINUTE,
    Event,
    EventKind,
    MachineCannot,
    Problem,
    Sample,
    Scalar,
    Span,
    Target,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Writer:
    """Adds samples and events. The caller holds the home's lock (``journal.lock``).

    ``stage`` makes samples survive the process; ``seal_due`` turns finished minutes into links of the chain.
    When an hour is over its figures are chained, its records repacked and the chain signed; the newest link is signed
    and kept apart at each minute, and at each event but those that witnesses tell.

    Every method raises diagnostics.model.Problem when the disk or the file refuses; nothing already written is touched
    then, and the call may be repeated. A signature that cannot be made refuses nothing: ``unsigned`` says why.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unsigned: Problem | None = None
        self._sealer = Sealer(path.parent / "keys")
        self._durable: bool | None = None
        self._end_ns = 0
        self._stale = False
        self._db = opening.connect(path)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        with self._problems():
            opening.migrate(self._db, self.path)
            self._secret = opening.secret(self._db)
            self._seq, self._link = opening.end(self._db)
            self._numbers = {target: number for number, target in opening.targets(self._db)}
            self._named = opening.targets_named(self._db)
            self._stretches = paging.open_hour(self._db)
            self._hour = opening.hour_of_rows(self._db)
            self._removal = opening.removal(self._db)
            self._open: dict[BatchKey, Batch] = {}
        status = self.path.stat()
        self._identity = (status.st_dev, status.st_ino)

    @contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise format.explain(error, self.path) from error
        except codec.DamagedBatch as error:
            raise format.Damaged("journal_damaged", path=str(self.path)) from error

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[None]:
        """All or nothing, also for this object's own idea of the chain's end.

        ``durable`` waits for the disk: sealed minutes and events survive a power cut, not only the process.
        """
        seq, link, numbers, named = self._seq, self._link, dict(self._numbers), self._named
        hour, removal = self._hour, self._removal
        with self._problems():
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if self._stale:
                self._stretches, self._stale = paging.open_hour(self._db), False
            if durable != self._durable:
                self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._seq, self._link, self._numbers, self._named = seq, link, numbers, named
                self._hour, self._removal = hour, removal
                self._stale = True  # to be read again when the disk answers, which now it may not
                if self._db.in_transaction:
                    with suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")
                raise

    def recover(self, at_ns: int) -> int | None:
        """Seal what a run that ended without a clean stop left unsealed, and say so where the journal's end is missing.

        Returns the time of the last such sample (UTC ns), or None when there was nothing.
        """
        self._compare_head(at_ns)
        with self._problems():
            rows = self._db.execute(
                "SELECT minute, line, offset_ns, fields FROM staged ORDER BY id"
            ).fetchall()
            old = self._db.execute("SELECT minute, line, offset_ns, body FROM staging ORDER BY id").fetchall()
        if not rows and not old:
            return None
        targets = {number: target for target, number in self._numbers.items()}
        batches: dict[BatchKey, Batch] = {}
        damaged = 0
        for decode, pieces in ((legacy.decode_batch, old), (_decode, rows)):
            for minute, line, offset_ns, blob in pieces:
                try:
                    samples = decode(bytes(blob), targets.__getitem__)
                except codec.DamagedBatch:
                    damaged += 1
                    continue
                _merge(batches.setdefault(BatchKey(minute, line, offset_ns), {}), samples)
        last = max((s.sent_ns for batch in batches.values() for s in batch.values()), default=None)
        with self._transaction(durable=True):
            for key in sorted(batches, key=lambda one: one.minute):
                self._insert_batch(key, batches[key])
            self._insert_event(
                Event(EventKind.RECOVERED, at_ns, {"last_sample_ns": last, "damaged_pieces": damaged})
            )
            self._db.execute("DELETE FROM staged")
            self._db.execute("DELETE FROM staging")
        self._keep_head()
        return last

    def _compare_head(self, at_ns: int) -> None:
        """Chain that the end is missing, where the signed head says that there was more."""
        try:
            head = seals.read_head(self._sealer.folder)
        except ValueError:
            head = None
        if head is not None and not head.holds:
            head = None
        with self._problems():
            if head is None:
                # A new one is written at once: without a word in the chain nobody would know of the old one's end.
                lost = opening.sealed_once(self._db)
            else:
                lost = self._link_of(head.seq) != head.link
        if lost:
            data: dict[str, Scalar] = {
                "head_seq": head.seq if head else 0,
                "head_link": head.link.hex() if head else "",
                "found_seq": self._seq,
            }
            self.append(Event(EventKind.HEAD_LOST, at_ns, data))
        elif head is not None:
            self._tell_unsigned(head, at_ns)

    def _tell_unsigned(self, head: SignedHead, at_ns: int) -> None:
        """Chain which records no signature covers, before the next one does."""
        try:
            with self._problems():
                found = unsigned.tail(self._db, unsigned.vouched_until(self._db, head, self._link_of))
        except format.Damaged:
            return  # such records are for the check to name
        if found is not None:
            self.append(found.event(at_ns))

    def _link_of(self, seq: int) -> bytes | None:
        try:
            return store.link_at(self._db, self._secret, seq)
        except codec.DamagedBatch:
            return None

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
        named = any(sample.target not in self._numbers for group in groups.values() for sample in group)
        # A target's name is chained, and signed at once: it must not be lost where its signature is not.
        with self._transaction(durable=named):
            for key, group in groups.items():
                for sample in group:
                    self._register(sample.target, sample.sent_ns)
                fields = format.pack_fields(codec.encode_samples(group, self._numbers.__getitem__))
                self._db.execute(
                    "INSERT INTO staged (minute, line, offset_ns, fields) VALUES (?, ?, ?, ?)",
                    (key.minute, key.line, key.offset_ns, fields),
                )
        if named:
            self._keep_head()
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
            seq = self._seq
        if event.kind is EventKind.RETENTION:
            self._removal = opening.removal(self._db)
        if event.kind is not EventKind.WITNESS:
            self._keep_head()
        return seq

    def name_targets(self, targets: Iterable[Target], at_ns: int) -> Mapping[Target, int]:
        """Give these targets numbers, where they have none yet; returns the number of every target."""
        with self._transaction():
            for target in targets:
                self._register(target, at_ns)
        return dict(self._numbers)

    def add(self, items: Iterable[Event | PackedMinute]) -> None:
        """Chain what is packed already, in one go that does not wait for the disk: made-up records, many at once."""
        with self._transaction():
            for item in items:
                if isinstance(item, Event):
                    self._insert_event(item)
                else:
                    self._insert_minute(item)
        self._keep_head()

    def sign(self, at_ns: int) -> None:
        """Chain a seal: the newest link, signed. At the start of a run and at its end; each hour it comes by itself."""
        with self._transaction(durable=True):
            self._insert_seal(at_ns)
        self._keep_head()

    def seal_due(self, mono_ns: int) -> int:
        """Seal the minutes that are over; returns how many. Safe to call every second.

        In between, one page after the other loses its samples where a signed retention asks for it.
        """
        due = [key for key in self._open if key.due(mono_ns)]
        if due:
            return self._seal(due)
        if self._removal.pending and self.unsigned is None:
            self._remove_next()
        return 0

    def seal_all(self) -> int:
        """Seal everything that is staged: at a clean stop."""
        return self._seal(list(self._open))

    def _seal(self, keys: Sequence[BatchKey]) -> int:
        if not keys:
            return 0
        with self._transaction(durable=True):
            for key in sorted(keys, key=lambda one: one.minute):
                self._insert_batch(key, self._open[key])
                self._db.execute(
                    "DELETE FROM staged WHERE minute = ? AND line = ? AND offset_ns = ?",
                    (key.minute, key.line, key.offset_ns),
                )
        for key in keys:
            del self._open[key]
        self._keep_head()
        return len(keys)

    def _remove_next(self) -> None:
        removal = self._removal
        with self._transaction():
            first = paging.remove_next(self._db, self._secret, removal.before_ns, removal.after_first)
        self._removal = opening.Removal() if first is None else replace(removal, after_first=first)

    def _register(self, target: Target, at_ns: int) -> None:
        if target not in self._numbers:
            self._named += 1
            self._numbers[target] = self._named
            self._insert_event(format.target_event(self._named, target, at_ns))

    def _insert_batch(self, key: BatchKey, batch: Batch) -> None:
        samples = sorted(batch.values(), key=lambda sample: sample.sent_ns)
        fields = codec.encode_samples(samples, self._numbers.__getitem__)
        packed = codec.unpack(fields["samples"])
        parts = rollups.sort_out(packed)
        fields |= {"line": key.line.encode(), "rollup": rollups.rollup_of(packed, parts)}
        span = Span(samples[0].sent_ns, samples[-1].sent_ns)
        self._insert_minute(PackedMinute(key.line, span, fields, parts))

    def _insert_minute(self, minute: PackedMinute) -> None:
        start_ns, end_ns = minute.span.start_ns, minute.span.end_ns
        hour = start_ns // HOUR_NS
        if self._hour is not None and hour != self._hour:
            self._close_hour(self._hour, hour, start_ns // MINUTE * MINUTE)
        self._hour = hour
        self._insert(chain.SAMPLES, start_ns, end_ns, minute.fields)
        self._stretches.setdefault(minute.line, Stretch.empty()).add(minute.parts, start_ns, end_ns)

    def _close_hour(self, hour: int, next_hour: int, at_ns: int) -> None:
        paging.close_hour(self._insert, self._stretches)
        self._stretches = {}
        if hour * HOUR_NS // DAY_NS != next_hour * HOUR_NS // DAY_NS:
            paging.close_day(self._db, self._insert)
        paging.make_page(self._db)
        renewed = opening.renewal(self._db, at_ns)
        if renewed is not None:
            self._insert_event(renewed)
            self._removal = opening.removal(self._db)
        self._insert_seal(at_ns)

    def _insert_event(self, event: Event) -> None:
        self._insert(str(event.kind), event.at_ns, event.at_ns, format.event_fields(event))

    def _insert_seal(self, at_ns: int) -> None:
        head = self._signed(at_ns)
        if head is not None and head.seq:
            self._insert_event(seals.event(head))

    def _signed(self, at_ns: int) -> SignedHead | None:
        try:
            head = self._sealer.sign(self._seq, self._link, at_ns)
        except Problem as problem:
            self.unsigned = problem
            return None
        self.unsigned = None
        return head

    def _keep_head(self) -> None:
        """Sign the newest link with its record's time, which a check compares: the signature does not cover it."""
        head = self._signed(self._end_ns) if self._seq else None
        if head is None:
            return
        try:
            self._sealer.keep(head)
        except Problem as problem:
            self.unsigned = problem

    def _insert(self, kind: str, start_ns: int, end_ns: int, fields: Mapping[str, bytes]) -> None:
        seq = self._seq + 1
        digest = chain.record_digest(seq, kind, start_ns, end_ns, chain.digests(self._secret, seq, fields))
        link = chain.link(self._link, digest)
        self._db.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)",
            (seq, kind, start_ns, end_ns, format.pack_fields(fields), link),
        )
        self._seq, self._link, self._end_ns = seq, link, end_ns

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


def _decode(blob: bytes, target: Callable[[int], Target]) -> list[Sample]:
    """Staged samples, from their packed fields. Raises DamagedBatch."""
    try:
        return codec.decode_samples(format.unpack_fields(blob), target)
    except ValueError as error:
        raise codec.DamagedBatch(str(error)) from error


def _merge(batch: Batch, samples: Iterable[Sample]) -> None:
    for sample in samples:
        batch[(sample.target.id, sample.sent_ns)] = sample
