"""A walk through the chain that recomputes everything: from any place where no hour is open, to any other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from diagnostics.journal import chain, codec, format, hours, legacy, rollups, seals, store, unsigned
from diagnostics.journal.hours import HourFigures, Stretch, Stretches
from diagnostics.journal.seals import SignedHead
from diagnostics.journal.store import Damage, Row
from diagnostics.model import SECOND, EventKind, Remark, Target

_STEP = 2000
"""So many records between two words of progress."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the journal first fails: the record's number, its time (UTC ns; None where it has none), and why."""

    seq: int
    at_ns: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The newest samples that were removed: when they ended, their record, when it began (UTC ns)."""

    until_ns: int
    seq: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Part:
    """What a walk found between two records, both included. ``link`` is the last one's.

    ``keys`` that signed, in the order of their first seal; ``refused``: a signature did not hold. ``removal`` is the
    time before which the newest signed retention allows samples to be missing, ``removed`` the newest that are.
    ``head_link`` and ``head_end_ns`` are link and end of the record that was asked for, empty where it is not in this
    part.
    """

    first: int
    last: int
    link: bytes
    samples: int
    seals: int
    keys: tuple[bytes, ...]
    refused: bool
    fault: Fault | None
    notes: tuple[Remark, ...]
    removal: int
    removed: Removed | None
    head_link: bytes
    head_end_ns: int


class Fails(Exception):
    """This record is the first that fails."""


@dataclass
class Walk:
    """Goes through the chain from record ``first`` on, before which stands ``link`` and no figures are open."""

    db: sqlite3.Connection
    first: int
    link: bytes
    targets: dict[int, Target]
    head_seq: int = 0
    head_link: bytes = b""
    head_end_ns: int = 0
    signed: int = store.NO_END
    """No retention after this record counts: no signature covers it."""
    expected: int = 0
    samples: int = 0
    seals: int = 0
    keys: list[bytes] = field(default_factory=list)
    refused: bool = False
    at_ns: int | None = None
    hour: Stretches = field(default_factory=dict)
    day: Stretches = field(default_factory=dict)
    figures: dict[str, list[HourFigures]] = field(default_factory=dict)
    removed: Removed | None = None
    removal: int = 0
    notes: list[Remark] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.expected = self.first

    def through(self, secret: bytes, until_seq: int, progress: Callable[[int], None]) -> Part:
        """Check the records up to ``until_seq`` or the first that fails. ``progress`` hears how many are done."""
        fault, damage = None, list[Damage]()
        try:
            pages = _Pages(self.db, self.first, until_seq)
            for row in store.walk(self.db, self.first - 1, until_seq, damage):
                if row.seq != self.expected:
                    self._hole(damage)
                self._one(secret, row, pages)
                if row.seq % _STEP == 0:
                    progress(row.seq - self.first)
            if damage:
                self._hole(damage)
            pages.done()
        except (Fails, *store.MALFORMED) as error:
            fault = Fault(self.expected, self.at_ns, str(error))
        return Part(
            self.first,
            self.expected - 1,
            self.link,
            self.samples,
            self.seals,
            tuple(self.keys),
            self.refused,
            fault,
            tuple(self.notes),
            self.removal,
            self.removed,
            self.head_link,
            self.head_end_ns,
        )

    def _hole(self, damage: list[Damage]) -> None:
        """The next record is not there: because it cannot be read, or not at all."""
        for one in damage:
            if one.first_seq <= self.expected <= one.last_seq:
                self.at_ns = one.span.start_ns
                raise Fails(one.why)
        raise Fails("a record is missing, or there twice")

    def _one(self, secret: bytes, row: Row, pages: _Pages) -> None:
        self.at_ns = row.start_ns
        pages.begin(row.seq, self.link)
        digest = store.record_digest(secret, row)
        link = chain.link(self.link, digest)
        if not link.startswith(row.mark):
            raise Fails("the link does not match the record")
        pages.end(row.seq, link)
        self._content(row)
        self.link = link
        self.expected += 1
        if row.seq == self.head_seq:
            self.head_link, self.head_end_ns = link, row.end_ns

    def _content(self, row: Row) -> None:
        if row.type == chain.SAMPLES:
            self._batch(row)
        elif row.type == hours.HOUR:
            self._hour(row)
        elif row.type == hours.DAY:
            self._day(row)
        else:
            self._event(row)

    # --- samples and figures --------------------------------------------------------------------------------------

    def _batch(self, row: Row) -> None:
        if row.legacy:
            target = self.targets.__getitem__
            samples = legacy.decode_batch(legacy.decompress(row.fields["body"]), target)
            numbers = {one: number for number, one in self.targets.items()}
            figures = rollups.encode_rollups(rollups.roll_up(samples), numbers.__getitem__)
            if figures != row.fields["rollup"]:
                raise Fails("the figures are not those of the samples")
            self.samples += len(samples)
            return
        if "samples" not in row.fields:
            self._without_samples(row)
            return
        batch = row.batch or codec.unpack(row.fields["samples"])
        ticks = codec.ticks_of(batch)
        parts = rollups.sort_out(batch)
        if rollups.rollup_of(batch, parts, ticks) != row.fields["rollup"]:
            raise Fails("the figures are not those of the samples")
        base_ns = batch.base_s * SECOND
        if (row.start_ns - base_ns, row.end_ns - base_ns) != (
            ticks[0] * codec.TICK_NS,
            ticks[-1] * codec.TICK_NS,
        ):
            raise Fails("the times are not those of the samples")
        if any(column.number not in self.targets for column in batch.columns):
            raise Fails("a target that was never named")
        if "details" in row.fields:
            codec.decode_samples(row.fields, self.targets.__getitem__)
        self.samples += sum(len(column.keys) for column in batch.columns)
        line = row.fields["line"].decode()
        self.hour.setdefault(line, Stretch.empty()).add(parts, row.start_ns, row.end_ns)

    def _without_samples(self, row: Row) -> None:
        if "samples" not in row.removed:
            raise Fails("samples are missing, and nothing stands in their place")
        if self.removed is None or row.end_ns >= self.removed.until_ns:
            self.removed = Removed(row.end_ns, row.seq, row.start_ns)
        line = row.fields["line"].decode()
        self.hour.setdefault(line, Stretch.empty()).incomplete = True

    def _hour(self, row: Row) -> None:
        line = row.fields["line"].decode()
        stretch = self.hour.pop(line, Stretch.empty())
        if not stretch.incomplete and not _same(stretch, row):
            raise Fails("the hour's figures are not those of its samples")
        self.figures.setdefault(line, []).append(HourFigures(row.start_ns, row.fields["rollup"]))
        self.day.setdefault(line, Stretch.empty()).merge(stretch)

    def _day(self, row: Row) -> None:
        line = row.fields["line"].decode()
        stretch = self.day.pop(line, Stretch.empty())
        if not stretch.incomplete and not _same(stretch, row):
            raise Fails("the day's figures are not those of its samples")
        if row.fields["hours"] != hours.encode_hours(self.figures.pop(line, [])):
            raise Fails("the day's hours are not those that were recorded")

    # --- events ---------------------------------------------------------------------------------------------------

    def _event(self, row: Row) -> None:
        event = (
            format.decode_event(row.type, row.start_ns, row.fields["body"])
            if row.legacy
            else format.event_of(row.type, row.start_ns, row.fields)
        )
        if event.kind is EventKind.TARGETS:
            format.target_of(event)
        elif event.kind is EventKind.SEAL:
            self._seal(seals.seal_of(event), row.seq)
        elif event.kind is EventKind.RETENTION:
            before_ns = int(str(event.data["before_ns"]))
            self.removal = max(self.removal, before_ns if row.seq <= self.signed else 0)
        elif event.kind is EventKind.UNSIGNED:
            self.notes.append(unsigned.found_again(event))
        elif event.kind is EventKind.HEAD_LOST and not event.data["head_seq"]:
            found = int(str(event.data["found_seq"]))
            self.notes.append(Remark.of("note_head_was_missing", at_ns=event.at_ns, seq=found))
        elif event.kind is EventKind.HEAD_LOST:
            self.notes.append(
                Remark.of(
                    "note_end_was_lost",
                    at_ns=event.at_ns,
                    seq=int(str(event.data["found_seq"])),
                    head_seq=int(str(event.data["head_seq"])),
                )
            )

    def _seal(self, head: SignedHead, seq: int) -> None:
        if head.seq != seq - 1 or head.link != self.link:
            raise Fails("a seal of something else")
        if not head.holds:
            self.refused = True
            raise Fails("the signature does not hold")
        if self.keys and head.key != self.keys[-1]:
            self.notes.append(Remark.of("note_key_changed", at_ns=head.at_ns, seq=seq))
        if head.key not in self.keys:
            self.keys.append(head.key)
        self.seals += 1


def _same(stretch: Stretch, row: Row) -> bool:
    return (stretch.rollup, stretch.start_ns, stretch.end_ns) == (
        row.fields["rollup"],
        row.start_ns,
        row.end_ns,
    )


class _Pages:
    """What the table of pages says beside the records in them: it is compared when their numbers come by."""

    def __init__(self, db: sqlite3.Connection, first_seq: int, until_seq: int) -> None:
        self._by_first: dict[int, bytes] = {}
        self._by_last: dict[int, bytes] = {}
        for first, last, before, link in db.execute(
            "SELECT first, last, before, link FROM pages WHERE last >= ? AND first <= ?",
            (first_seq, until_seq),
        ):
            self._by_first[int(first)] = store.bytes_or_nothing(before)
            self._by_last[int(last)] = store.bytes_or_nothing(link)

    def begin(self, seq: int, before: bytes) -> None:
        known = self._by_first.pop(seq, None)
        if known is not None and known != before:
            raise Fails("the link before a page is not the record's before it")

    def end(self, seq: int, link: bytes) -> None:
        known = self._by_last.pop(seq, None)
        if known is not None and known != link:
            raise Fails("a page's link is not its last record's")

    def done(self) -> None:
        if self._by_first or self._by_last:
            raise Fails("a page without records")
