"""The chain of a bundle: every record's digest and link, every seal, every batch's figures."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from diagnostics.journal import chain, codec, legacy, rollups, seals
from diagnostics.model import Outcome
from jalerte_desktop.documents.bundle import records, rows
from jalerte_desktop.documents.bundle.archive import Broken
from jalerte_desktop.documents.bundle.hidden import Hidden, hidden_of
from jalerte_desktop.documents.bundle.manifest import About, Link
from jalerte_desktop.documents.bundle.records import BundleRecord, FieldShown, Hole, WholeHidden, WholeShown

SEAL, STAMP, STARTED = "seal", "stamp", "started"
MADE_UP = "made_up"
"""The field that marks a demonstration's records."""
EACH = 500
"""Progress is told every so many records."""
MOST_LOST = 1 << 20
"""So many records may lie in holes: about two years."""
_MOST_SORTS = 10_000
"""So many types and names of fields: the program has some hundreds."""
_UNREADABLE, _SHOWN, _HIDDEN, _NO_BATCH = 3, 2, 1, 0
_WITH_RTT = tuple(codec.HAS_RTT | flags << 4 | outcome for flags in range(4) for outcome in Outcome)
_KEYS = bytes((*_WITH_RTT, *(key ^ codec.HAS_RTT for key in _WITH_RTT)))

Verifies = Callable[[bytes, bytes, bytes], bool | None]
"""Key (32 bytes), signature (64), message → right, wrong, or None where signatures cannot be checked here."""


@dataclass(slots=True)
class Walked:
    """What the walk found, for the checks of what refers to the chain."""

    first: Link
    links: bytearray = field(default_factory=bytearray)
    batches: bytearray = field(default_factory=bytearray)
    samples: int = 0
    holes: list[Hole] = field(default_factory=list)
    lost: int = 0
    """How many records lie in holes."""
    vouched: bool = True
    """False behind a hole, until a seal vouches for the link that follows it."""
    seal: Link | None = None
    key: bytes = b""
    """The newest seal's."""
    keys: set[bytes] = field(default_factory=set)
    unchecked: bool = False
    tokens: dict[int, set[str]] = field(default_factory=dict)
    """The tokens of outside time stamps, in base64, by the number of the record that they date."""
    hidden: Hidden = field(default_factory=Hidden)
    made_up: bool = False
    """Whether a record bears the demonstration's mark."""
    started: bool = False
    """Whether a start of the program is there, which would bear it."""
    end_ns: int = 0
    """Of the last record."""

    @property
    def records(self) -> int:
        """How many are there."""
        return len(self.batches) - self.lost

    @property
    def next(self) -> int:
        """The number behind the newest."""
        return self.first.seq + len(self.batches)

    def link_at(self, seq: int) -> bytes | None:
        """The link after this record, or None where it is not in the bundle."""
        place = seq - self.first.seq
        if place == -1:
            return self.first.link
        found = bytes(self.links[32 * place : 32 * place + 32]) if 0 <= place < len(self.batches) else b""
        return found if any(found) else None

    def is_lost(self, seq: int) -> bool:
        return self._kind(seq) == _UNREADABLE

    def leave_out(self, hole: Hole) -> None:
        """Raises Broken for a hole that none can be."""
        if not self.vouched:
            raise Broken("bundle_hole_unsealed", seq=self.holes[-1].first, at_ns=self.holes[-1].start_ns)
        count = hole.last - hole.first + 1
        if self.lost + count > MOST_LOST:
            raise Broken("bundle_hole_large", seq=hole.first, at_ns=hole.start_ns, count=count)
        self.links += bytes(32 * (count - 1)) + hole.link
        self.batches += bytes([_UNREADABLE]) * count
        self.holes.append(hole)
        self.lost += count
        self.vouched = False

    def shows_samples(self, seq: int) -> bool:
        return self._kind(seq) == _SHOWN

    def is_batch(self, seq: int) -> bool:
        return self._kind(seq) in (_SHOWN, _HIDDEN)

    def _kind(self, seq: int) -> int:
        place = seq - self.first.seq
        return self.batches[place] if 0 <= place < len(self.batches) else _NO_BATCH


def walk(
    walked: Walked,
    found: Iterable[BundleRecord | Hole],
    about: About,
    verifies: Verifies,
    follow: Callable[[BundleRecord], None],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Follow the chain from ``about.first`` on, filling ``walked``; raises Broken at the first record that fails.

    ``follow`` is told each record that was found right.
    """
    if about.first.seq < 1 or (about.first.seq == 1 and about.first.link != chain.GENESIS):
        raise Broken("bundle_first", seq=about.first.seq)
    previous, at_ns = about.first.link, 0
    for record in found:
        at_ns, seq = record.start_ns, record.first if isinstance(record, Hole) else record.seq
        if seq != walked.next:
            raise Broken("bundle_gap", seq=walked.next, at_ns=at_ns, found=seq)
        if isinstance(record, Hole):
            walked.leave_out(record)
            previous = record.link
            continue
        previous = chain.link(previous, record.digest())
        if record.link != previous:
            raise Broken("bundle_link", seq=record.seq, at_ns=at_ns)
        walked.links += previous
        walked.end_ns = record.end_ns
        try:
            _content(record, walked, verifies)
            follow(record)
        except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
            raise Broken("bundle_content", seq=record.seq, at_ns=at_ns, why=str(error)[:200]) from error
        if progress is not None and not walked.records % EACH:
            progress(walked.records, max(about.last.seq - about.first.seq + 1, walked.records))
    _end(walked, about, previous, at_ns)


def _end(walked: Walked, about: About, last: bytes, at_ns: int) -> None:
    seq = walked.next - 1
    if not walked.vouched:
        raise Broken("bundle_hole_unsealed", seq=walked.holes[-1].first, at_ns=walked.holes[-1].start_ns)
    if (about.last.seq, about.last.link) != (seq, last):
        raise Broken("bundle_end", seq=about.last.seq, at_ns=at_ns, found=seq)
    if about.seal != walked.seal:
        raise Broken("bundle_seal", seq=about.seal.seq if about.seal else seq, at_ns=at_ns)
    if (about.counts.get("records"), about.counts.get("samples")) != (walked.records, walked.samples):
        raise Broken("bundle_counts", member="bundle.json")
    if about.holes != tuple((one.first, one.last, one.start_ns, one.end_ns) for one in walked.holes):
        raise Broken("bundle_holes_differ", member="bundle.json")


def _content(record: BundleRecord, walked: Walked, verifies: Verifies) -> None:
    batch = _NO_BATCH
    walked.hidden.update(hidden_of(record))
    if len(walked.hidden) > _MOST_SORTS:
        raise ValueError("too many names of fields")
    if MADE_UP in record.fields:
        walked.made_up |= _value(record, MADE_UP) is True
    walked.started |= record.type == STARTED and not isinstance(record.whole, WholeHidden)
    if record.type == chain.SAMPLES:
        batch, count = _whole_batch(record) if record.whole is not None else _batch(record)
        walked.samples += count
    elif record.type == SEAL:
        _seal(record, walked, verifies)
    elif record.type == STAMP:
        _stamp(record, walked)
    walked.batches.append(batch)


def _batch(record: BundleRecord) -> tuple[int, int]:
    """Whether samples are shown, and how many; raises ValueError where they and the figures do not agree."""
    samples, rollup = record.fields.get("samples"), record.fields.get("rollup")
    if samples is None or rollup is None:
        raise ValueError("a batch without samples or figures")
    if not isinstance(samples, FieldShown):
        return _HIDDEN, 0
    batch = codec.unpack(samples.value)
    if not all(map(_makes_sense, batch.columns)):
        raise ValueError("no samples")
    if isinstance(rollup, FieldShown) and rollups.rollup_of(batch) != rollup.value:
        raise ValueError("the figures are not those of the samples")
    return _SHOWN, sum(column.count for column in batch.columns)


def _makes_sense(column: codec.Column) -> bool:
    """As ``codec.decode_samples`` asks, without making the samples: somebody may have packed very many."""
    answered = sum(map(column.keys.count, _WITH_RTT))
    phases = codec.words("H", column.phases)
    return (
        not column.keys.translate(None, _KEYS)
        and answered * 4 == len(column.rtts)
        and (not phases or max(phases) < codec.TICKS)
    )


def _whole_batch(record: BundleRecord) -> tuple[int, int]:
    whole = record.whole
    if not isinstance(whole, WholeShown):
        return _HIDDEN, 0
    # Who was tried says nothing about whether figures and samples agree, and may have been taken out.
    samples = legacy.decode_batch(legacy.decompress(whole.body, rows.LARGEST_OLD_BATCH), rows.number_only)
    figures = rollups.encode_rollups(rollups.roll_up(samples), lambda target: int(target.address))
    if figures != whole.rollup:
        raise ValueError("the figures are not those of the samples")
    return _SHOWN, len(samples)


def _seal(record: BundleRecord, walked: Walked, verifies: Verifies) -> None:
    seq, link = _number(_value(record, "seq")), records.unhex(_value(record, "link"), 32)
    key, signature = records.unhex(_value(record, "key"), 32), records.unhex(_value(record, "signature"), 64)
    if seq != record.seq - 1 or link != walked.link_at(seq):
        raise ValueError("a seal of something else")
    right = verifies(key, signature, seals.message(seq, link))
    if right is False:
        raise Broken("bundle_seal_signature", seq=record.seq, at_ns=record.start_ns)
    walked.unchecked |= right is None
    walked.seal, walked.key, walked.vouched = Link(seq, link), key, True
    walked.keys.add(key)


def _stamp(record: BundleRecord, walked: Walked) -> None:
    seq, link = _number(_value(record, "seq")), records.unhex(_value(record, "link"), 32)
    known = walked.link_at(seq)
    if seq >= record.seq or (known is not None and known != link):
        raise ValueError("the time stamp is of another chain")
    token = _value(record, "token")
    if not isinstance(token, str):
        raise ValueError("a time stamp without its token")
    walked.tokens.setdefault(seq, set()).add(token)


def _value(record: BundleRecord, name: str) -> Any:
    """An event's field; raises ValueError where it is not shown or not there."""
    if isinstance(record.whole, WholeShown):
        return records.parse(record.whole.body).get(name)
    found = record.fields.get(name)
    if not isinstance(found, FieldShown):
        raise ValueError(f"“{name}” is not shown")
    return records.parse(found.value)


def _number(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("no number of a record")
    return value
