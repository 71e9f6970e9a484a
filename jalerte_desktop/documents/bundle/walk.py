"""The pass over the chain for a bundle: which records, which of them whole, and what the tables take from them."""

from __future__ import annotations

import base64
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diagnostics.journal.codec import DamagedBatch
from diagnostics.journal.reader import Reader
from diagnostics.journal.salvage import StoredHole, StoredRecord
from diagnostics.model import MINUTE, Event, EventKind, Incident, Problem, Span
from diagnostics.stamps.model import Stamp
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.hidden import Hidden, hidden_of
from jalerte_desktop.documents.bundle.manifest import Link
from jalerte_desktop.documents.bundle.records import BundleRecord, FieldShown, Hole, WholeShown
from jalerte_desktop.documents.bundle.shown import SAMPLES, Shower
from jalerte_desktop.documents.bundle.tables import Ranges, Tables

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

AROUND_NS = 2 * MINUTE
"""So much before and after an incident is shown with its samples."""
LATE_NS = 5 * MINUTE
"""Minutes are sealed some seconds after their end: so long after the period's end none of its own can come any more."""
MOST_MORE = 5000
"""So many records more at most, for an outside time stamp to cover the whole period."""
_EACH = 500


@dataclass(frozen=True, slots=True)
class _Shown:
    """A batch of an incident's time: ``place`` counts all batches, so that one in between is noticed."""

    seq: int
    place: int
    start_ns: int
    end_ns: int


@dataclass(slots=True)
class Walked:
    """What the pass brings together. ``first`` has the link before the first record, ``last`` the one after the last;

    ``seal`` is what the newest seal signs. ``gone``: batches of incidents whose samples are not there any more.
    ``holes``: what could not be read; one without a link is none of the bundle's, which ends before it.
    """

    first: Link | None = None
    last: Link | None = None
    seal: Link | None = None
    records: int = 0
    samples: int = 0
    gone: list[int] = field(default_factory=list)
    holes: list[StoredHole] = field(default_factory=list)
    hidden: Hidden = field(default_factory=Hidden)
    end_ns: int = 0
    """Of the last record."""
    _batches: int = 0
    _shown: list[_Shown] = field(default_factory=list)

    def references(self, incidents: Sequence[Incident]) -> tuple[Ranges, ...]:
        """For each incident the ranges of batches that it stands on."""
        return tuple(self._ranges(around(incident)) for incident in incidents)

    def _ranges(self, span: Span) -> Ranges:
        ranges: list[tuple[int, int]] = []
        last = -1
        for one in self._shown:
            if one.start_ns < span.end_ns and one.end_ns >= span.start_ns:
                if ranges and one.place == last + 1:
                    ranges[-1] = ranges[-1][0], one.seq
                else:
                    ranges.append((one.seq, one.seq))
                last = one.place
        return tuple(ranges)


def around(incident: Incident) -> Span:
    """The time whose samples an incident shows."""
    return Span(incident.span.start_ns - AROUND_NS, incident.span.end_ns + AROUND_NS)


def range_of(reader: Reader, span: Span, key: str, dated: Sequence[Stamp] = ()) -> tuple[int, int]:
    """The number before the first record, and the last one's.

    From the first that touches the period (from the very first, where nothing was measured before) to the first seal
    after the last that does; and on to the first link of ``dated``, where that is near. The newest seal
    is one of ``key`` (hexadecimal), which signs the bundle: after a change of keys that may be far.
    Raises Problem("bundle_nothing") for an empty journal, Problem("bundle_new_key") where that key sealed nothing yet.
    """
    head, recorded = reader.head(), reader.record_span()
    if head is None:
        raise Problem("bundle_nothing")
    after = 0
    if recorded is not None and recorded.start_ns < span.start_ns:
        after = reader.seq_before(span.start_ns)
        # What cannot be read may be of the period, whatever its times.
        expected = after + 1
        for row in reader.rows(after, head.seq):
            if row.end_ns >= span.start_ns or row.seq != expected:
                break
            expected += 1
        after = expected - 1
    last = until = 0
    for record in reader.rows(max(after, reader.seq_before(span.end_ns) - 1), head.seq):
        if record.start_ns < span.end_ns and record.end_ns >= span.start_ns:
            last, until = record.seq, 0
        elif record.type == EventKind.SEAL and record.end_ns >= span.end_ns and not until:
            until = record.seq
        if until and record.start_ns > span.end_ns + LATE_NS:
            break
    until = until or head.seq
    stamped = sorted(one.seq for one in dated if one.seq >= last)
    if stamped and until < stamped[0] <= min(head.seq, until + MOST_MORE):
        until = stamped[0]
    return after, _to_own_seal(reader, after, until, key)


def _to_own_seal(reader: Reader, after: int, until: int, key: str) -> int:
    newest = key
    for event in reader.events(EventKind.SEAL):
        seq = _whole(event, "seq") + 1
        if after < seq <= until:
            newest = str(event.data.get("key"))
        elif seq > until and key in (newest, event.data.get("key")):
            return until if newest == key else seq
    if newest != key:
        raise Problem("bundle_new_key")
    return until


def dated_links(reader: Reader, roots: Sequence[Certificate] = ()) -> tuple[Stamp, ...]:
    """The journal's time stamps that hold, in its order: anybody who may write the file may have added others.

    ``roots`` as in ``diagnostics.stamps.record.stamps_of``. Raises what the reader raises.
    """
    from diagnostics.stamps.record import kept_stamps, stamps_of

    kept = list(kept_stamps(reader.events(EventKind.STAMP)))
    return tuple(one for one, fact in zip(kept, stamps_of(reader, roots), strict=True) if fact.valid)


def _whole(event: Event, name: str) -> int:
    value = event.data.get(name)
    return value if isinstance(value, int) else -1


def windows_of(incidents: Sequence[Incident]) -> tuple[Span, ...]:
    """The times whose samples are shown, in order; none overlap."""
    found: list[Span] = []
    for span in sorted(map(around, incidents), key=lambda one: one.start_ns):
        if found and span.start_ns <= found[-1].end_ns:
            found[-1] = Span(found[-1].start_ns, max(found[-1].end_ns, span.end_ns))
        else:
            found.append(span)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Walk:
    """One pass. ``line_id`` is the bundle's line."""

    reader: Reader
    shower: Shower
    tables: Tables
    line_id: str
    windows: tuple[Span, ...]

    def records(
        self, after: int, until: int, walked: Walked, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[BundleRecord | Hole]:
        """The records one after the other, holes included; ``walked`` and the tables are filled as they pass.

        Where nothing holds behind a hole, the bundle ends before it. Raises Problem("block_damaged") and what the
        reader raises.
        """
        after, before = self.reader.known_link(after)
        for stored in self.reader.holding(after, before, until):
            if isinstance(stored, StoredHole):
                walked.holes.append(stored)
                self._forget(stored)
                if not stored.link:
                    return
                walked.first = walked.first or Link(stored.first_seq, before)
                walked.last = Link(stored.last_seq, stored.link)
                walked._batches += 1
                span = stored.span
                yield Hole(stored.first_seq, stored.last_seq, span.start_ns, span.end_ns, stored.link)
                continue
            walked.first = walked.first or Link(stored.seq, before)
            walked.last = Link(stored.seq, stored.link)
            walked.records += 1
            walked.end_ns = stored.end_ns
            if stored.type == SAMPLES:
                record = self._batch(stored, walked)
            else:
                record = self.shower.show(stored, whole=False)
                if stored.type == EventKind.SEAL:
                    walked.seal = _sealed(record) or walked.seal
            walked.hidden.update(hidden_of(record))
            yield record
            if progress is not None and not walked.records % _EACH:
                progress(walked.records, max(until - after, walked.records))

    def _forget(self, hole: StoredHole) -> None:
        """What is still read there of targets is not what was chained."""
        first, last = hole.first_seq, hole.last_seq
        for event in self.reader.events(EventKind.TARGETS, after_seq=first - 1, until_seq=last):
            self.tables.forget(_whole(event, "number"))

    def _batch(self, stored: StoredRecord, walked: Walked) -> BundleRecord:
        ours = stored.fields["line"].decode() == self.line_id
        whole = ours and self._within(stored)
        record = self.shower.show(stored, whole)
        shows = shows_samples(record)
        try:
            walked.samples += self.tables.add(record, ours)
        except (DamagedBatch, ValueError, KeyError) as error:
            raise Problem("block_damaged", seq=stored.seq) from error
        if whole and not shows:
            walked.gone.append(stored.seq)
        if whole:
            walked._shown.append(_Shown(stored.seq, walked._batches, stored.start_ns, stored.end_ns))
        walked._batches += 1
        return record

    def _within(self, stored: StoredRecord) -> bool:
        """Whether it touches one of the windows."""
        place = bisect_right(self.windows, stored.end_ns, key=lambda window: window.start_ns)
        return place > 0 and self.windows[place - 1].end_ns > stored.start_ns


def shows_samples(record: BundleRecord) -> bool:
    """Whether a batch is there with its samples."""
    return isinstance(record.whole, WholeShown) or isinstance(record.fields.get("samples"), FieldShown)


def _sealed(record: BundleRecord) -> Link | None:
    seq, link = record.fields.get("seq"), record.fields.get("link")
    if not isinstance(seq, FieldShown) or not isinstance(link, FieldShown):
        return None
    return Link(int(seq.value), bytes.fromhex(link.value.decode().strip('"')))


def line_before(reader: Reader, at_ns: int) -> str:
    """The line that was in use at that time."""
    line = ""
    for event in reader.events(EventKind.LINE):
        if event.at_ns > at_ns:
            break
        line = str(event.data.get("id") or "")
    return line


def stamps_of(
    reader: Reader, dated: Sequence[Stamp], first: Link, last: Link, holes: Sequence[StoredHole] = ()
) -> tuple[Member, ...]:
    """The first of ``dated`` for each link that is in the bundle: the answer, and the 32 bytes it dates.

    Where the bundle's own records tell of stamps of a link, it is one of those.
    """
    told: dict[int, set[str]] = {}
    for event in reader.events(EventKind.STAMP, until_seq=last.seq):
        told.setdefault(_whole(event, "seq"), set()).add(str(event.data.get("token")))
    found: dict[int, Stamp] = {}
    for stamp in dated:
        within = first.seq <= stamp.seq <= last.seq
        lost = any(one.first_seq <= stamp.seq <= one.last_seq for one in holes)
        token = base64.b64encode(stamp.token).decode()
        if within and not lost and token in told.get(stamp.seq, (token,)):
            found.setdefault(stamp.seq, stamp)
    return tuple(
        Member(f"stamps/{seq:08d}.{kind}", content)
        for seq, stamp in sorted(found.items())
        for kind, content in (("tsr", stamp.token), ("link", stamp.link))
    )


def joined(numbers: Sequence[int]) -> list[list[int]]:
    """Rising numbers as ranges, both ends included."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges
