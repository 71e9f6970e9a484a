"""The chain's end that no signature covers: whoever can write the file could have put it there, without the key.

An honest end is short: witnesses since the last minute, and what a kill left between a record and its signature; longer
where the folder of the key could not be written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from diagnostics.journal import format, store
from diagnostics.journal.seals import SignedHead, seal_of
from diagnostics.model import MINUTE, Event, EventKind, Remark

_BEFORE_NS, _AFTER_NS = 2 * MINUTE, 60 * MINUTE
"""Witnesses so near to what was signed last are the recorder's, which signs them with the next minute."""
_MOST_SEALS = 50
_LONGEST_LIST = 12


@dataclass(frozen=True, slots=True)
class Signed:
    """The newest record that a signature covers, and when it ended (UTC ns)."""

    seq: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Tail:
    """Records ``first`` to ``last``; ``since_ns`` is the first one's start (UTC), ``kinds`` their types, sorted."""

    first: int
    last: int
    since_ns: int
    kinds: tuple[str, ...]

    def remark(self) -> Remark:
        return Remark.of(
            "note_tail_unsigned",
            count=self.last - self.first + 1,
            first=self.first,
            last=self.last,
            at_ns=self.since_ns,
            kinds=", ".join(self.kinds[:_LONGEST_LIST]),
        )

    def event(self, at_ns: int) -> Event:
        """What a start chains before it signs anew, which covers these records as well."""
        return Event(
            EventKind.UNSIGNED,
            at_ns,
            {"first_seq": self.first, "last_seq": self.last, "kinds": list(self.kinds[:_LONGEST_LIST])},
        )


def signed_until(db: sqlite3.Connection, head: SignedHead | None) -> Signed | None:
    """What ``head`` or the newest seal covers, whether or not that seal holds; None where nothing was signed."""
    row = db.execute(
        "SELECT seq, end_ns FROM entries WHERE type = ? ORDER BY seq DESC LIMIT 1", (str(EventKind.SEAL),)
    ).fetchone()
    if row is None or (head is not None and head.seq >= row[0]):
        return None if head is None else Signed(head.seq, head.at_ns)
    return Signed(int(row[0]), int(row[1]))


def vouched_until(db: sqlite3.Connection, head: SignedHead, link_at: Callable[[int], bytes | None]) -> Signed:
    """What ``head``, or a seal after it that holds and is of the same key, covers: ``head`` may be an older one."""
    for seq, at_ns, fields in db.execute(
        "SELECT seq, end_ns, fields FROM entries WHERE type = ? AND seq > ? ORDER BY seq DESC LIMIT ?",
        (str(EventKind.SEAL), head.seq, _MOST_SEALS),
    ):
        try:
            seal = seal_of(format.event_of(str(EventKind.SEAL), at_ns, format.unpack_fields(fields)))
        except store.MALFORMED:
            continue
        if (seal.seq, seal.key) == (seq - 1, head.key) and seal.link == link_at(seal.seq) and seal.holds:
            return Signed(int(seq), int(at_ns))
    return Signed(head.seq, head.at_ns)


def tail(db: sqlite3.Connection, signed: Signed) -> Tail | None:
    """What comes after ``signed``; None where nothing does but the newest witnesses. Raises codec.DamagedBatch."""
    first = last = since_ns = 0
    kinds, usual = set[str](), True
    for row in store.walk(db, signed.seq):
        if not first:
            first, since_ns = row.seq, row.start_ns
        last = row.seq
        kinds.add(row.type)
        usual = usual and row.type == EventKind.WITNESS and _is_near(row.start_ns, signed.at_ns)
    return None if usual else Tail(first, last, since_ns, tuple(sorted(kinds)))


def _is_near(at_ns: int, signed_ns: int) -> bool:
    return signed_ns - _BEFORE_NS <= at_ns <= signed_ns + _AFTER_NS


def found_again(event: Event) -> Remark:
    """The remark on an event of the kind UNSIGNED. Raises KeyError or ValueError."""
    kinds = event.data["kinds"]
    if not isinstance(kinds, list):
        raise ValueError("no list of kinds")
    return Remark.of(
        "note_unsigned_found",
        at_ns=event.at_ns,
        first=int(str(event.data["first_seq"])),
        last=int(str(event.data["last_seq"])),
        kinds=", ".join(map(str, kinds)),
    )
