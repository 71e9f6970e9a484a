"""The pass over the chain for a bundle: which records, which of them whole, and what the tables take from them."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from diagnostics.journal.chain import GENESIS
from diagnostics.journal.codec import DamagedBatch, decode_samples
from diagnostics.journal.legacy import decode_batch, decompress
from diagnostics.journal.reader import Reader, StoredRecord
from diagnostics.model import MINUTE, Event, EventKind, Incident, Problem, Sample, Span, Target
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.manifest import Link
from jalerte_desktop.documents.bundle.records import BundleRecord, FieldShown, WholeShown
from jalerte_desktop.documents.bundle.shown import SAMPLES, Shower
from jalerte_desktop.documents.bundle.tables import Ranges, Tables

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
    """

    first: Link | None = None
    last: Link | None = None
    seal: Link | None = None
    records: int = 0
    samples: int = 0
    gone: list[int] = field(default_factory=list)
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


def range_of(reader: Reader, span: Span, key: str) -> tuple[int, int]:
    """The number before the first record, and the last one's.

    From the first that touches the period (from the very first, where nothing was measured before) to the first seal
    after the last that does; and on to the first link with an outside time stamp, where that is near. The newest seal
    is one of ``key`` (hexadecimal), which signs the bundle: after a change of keys that may be far.
    Raises Problem("bundle_nothing") for an empty journal, Problem("bundle_new_key") where that key sealed nothing yet.
    """
    head, recorded = reader.head(), reader.record_span()
    if head is None:
        raise Problem("bundle_nothing")
    after = 0
    if recorded is not None and recorded.start_ns < span.start_ns:
        after = reader.seq_before(span.start_ns)
        touching = (one.seq for one in reader.records(after, head.seq) if one.end_ns >= span.start_ns)
        after = next(touching, after + 1) - 1
    last = until = 0
    for record in reader.records(max(after, reader.seq_before(span.end_ns) - 1), head.seq):
        if record.start_ns < span.end_ns and record.end_ns >= span.start_ns:
            last, until = record.seq, 0
        elif record.type == EventKind.SEAL and record.end_ns >= span.end_ns and not until:
            until = record.seq
        if until and record.start_ns > span.end_ns + LATE_NS:
            break
    until = until or head.seq
    stamped = sorted(seq for event in reader.events(EventKind.STAMP) if (seq := _whole(event, "seq")) >= last)
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
    """One pass. ``line_id`` is the bundle's line, ``called`` what the copy calls it."""

    reader: Reader
    shower: Shower
    tables: Tables
    targets: Mapping[int, Target]
    line_id: str
    called: str
    windows: tuple[Span, ...]

    def records(
        self, after: int, until: int, walked: Walked, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[BundleRecord]:
        """The records one after the other; ``walked`` and the tables are filled as they pass.

        Raises Problem("block_damaged") and what the reader raises.
        """
        before = (self.reader.link_at(after) or GENESIS) if after else GENESIS
        for stored in self.reader.records(after, until):
            walked.first = walked.first or Link(stored.seq, before)
            walked.last = Link(stored.seq, stored.link)
            walked.records += 1
            if stored.type == SAMPLES:
                yield self._batch(stored, walked)
            else:
                record = self.shower.show(stored, whole=False)
                if stored.type == EventKind.SEAL:
                    walked.seal = _sealed(record) or walked.seal
                yield record
            if progress is not None and not walked.records % _EACH:
                progress(walked.records, max(until - after, walked.records))

    def _batch(self, stored: StoredRecord, walked: Walked) -> BundleRecord:
        ours = stored.fields["line"].decode() == self.line_id
        whole = ours and self._within(stored)
        record = self.shower.show(stored, whole)
        called = self.called if ours else record.shown_line
        rollup = _shown_rollup(record)
        try:
            samples = self._samples(record)
            if rollup is not None:
                self.tables.rollup(stored.seq, stored.start_ns, called, rollup, ours)
        except DamagedBatch as error:
            raise Problem("block_damaged", seq=stored.seq) from error
        if samples is not None:
            walked.samples += self.tables.samples(stored.seq, called, samples)
        elif whole:
            walked.gone.append(stored.seq)
        if whole:
            walked._shown.append(_Shown(stored.seq, walked._batches, stored.start_ns, stored.end_ns))
        walked._batches += 1
        return record

    def _within(self, stored: StoredRecord) -> bool:
        """Whether it touches one of the windows."""
        place = bisect_right(self.windows, stored.end_ns, key=lambda window: window.start_ns)
        return place > 0 and self.windows[place - 1].end_ns > stored.start_ns

    def _samples(self, record: BundleRecord) -> list[Sample] | None:
        """The samples that the copy shows of a batch; None where it shows none."""
        if isinstance(record.whole, WholeShown):
            return decode_batch(decompress(record.whole.body), self.targets.__getitem__)
        if not isinstance(record.fields.get("samples"), FieldShown):
            return None
        values = {name: one.value for name, one in record.fields.items() if isinstance(one, FieldShown)}
        return decode_samples(values, self.targets.__getitem__)


def _shown_rollup(record: BundleRecord) -> bytes | None:
    if isinstance(record.whole, WholeShown):
        return record.whole.rollup
    found = record.fields.get("rollup")
    return found.value if isinstance(found, FieldShown) else None


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


def stamps_of(reader: Reader, first: Link, last: Link) -> tuple[Member, ...]:
    """Each outside time stamp of a link that is in the bundle: the answer, and the 32 bytes it dates."""
    found: dict[int, tuple[bytes, bytes]] = {}
    # Two may date one link: what the bundle's own records tell goes before what came after them.
    for event in (*reader.events(EventKind.STAMP), *reader.events(EventKind.STAMP, until_seq=last.seq)):
        seq = _whole(event, "seq")
        try:
            token = base64.b64decode(str(event.data.get("token")), validate=True)
            link = bytes.fromhex(str(event.data.get("link")))
        except (binascii.Error, ValueError):
            continue
        if first.seq <= seq <= last.seq:
            found[seq] = token, link
    return tuple(
        Member(f"stamps/{seq:08d}.{kind}", content)
        for seq, pair in sorted(found.items())
        for kind, content in zip(("tsr", "link"), pair, strict=True)
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
