"""The chain of a bundle: every record's digest and link, every seal, every batch's figures."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from diagnostics.journal import chain, codec, legacy, rollups, seals
from diagnostics.model import Outcome, Role, Target
from diagnostics.model import Protocol as ProbeProtocol
from jalerte_desktop.documents.bundle import records
from jalerte_desktop.documents.bundle.archive import Broken
from jalerte_desktop.documents.bundle.manifest import About, Link
from jalerte_desktop.documents.bundle.records import BundleRecord, FieldShown, WholeShown

SEAL, STAMP = "seal", "stamp"
EACH = 500
"""Progress is told every so many records."""
_SHOWN, _HIDDEN, _NO_BATCH = 2, 1, 0
_WITH_RTT = tuple(codec.HAS_RTT | flags << 4 | outcome for flags in range(4) for outcome in Outcome)
_KEYS = bytes((*_WITH_RTT, *(key ^ codec.HAS_RTT for key in _WITH_RTT)))
_ROLLUP_HEAD_BYTES, _ROLLUP_ROW_BYTES = 4, 26
_LARGEST_OLD_BATCH = 1 << 18

Verifies = Callable[[bytes, bytes, bytes], bool | None]
"""Key (32 bytes), signature (64), message → right, wrong, or None where signatures cannot be checked here."""


@dataclass(slots=True)
class Walked:
    """What the walk found, for the checks of what refers to the chain."""

    first: Link
    links: bytearray = field(default_factory=bytearray)
    batches: bytearray = field(default_factory=bytearray)
    rolled: bytearray = field(default_factory=bytearray)
    samples: int = 0
    figures: int = 0
    """How many rows the shown figures have, one for each target of a minute."""
    seal: Link | None = None
    key: bytes = b""
    """The newest seal's."""
    keys: set[bytes] = field(default_factory=set)
    unchecked: bool = False
    tokens: dict[int, str] = field(default_factory=dict)
    """The token of each outside time stamp, in base64, by the number of the record it dates."""

    @property
    def records(self) -> int:
        return len(self.batches)

    def link_at(self, seq: int) -> bytes | None:
        """The link after this record, or None where it is not in the bundle."""
        place = seq - self.first.seq
        if place == -1:
            return self.first.link
        return bytes(self.links[32 * place : 32 * place + 32]) if 0 <= place < self.records else None

    def shows_samples(self, seq: int) -> bool:
        return self._kind(self.batches, seq) == _SHOWN

    def is_batch(self, seq: int) -> bool:
        return self._kind(self.batches, seq) != _NO_BATCH

    def shows_rollup(self, seq: int) -> bool:
        return self._kind(self.rolled, seq) == _SHOWN

    def _kind(self, kinds: bytearray, seq: int) -> int:
        place = seq - self.first.seq
        return kinds[place] if 0 <= place < len(kinds) else _NO_BATCH


def walk(
    walked: Walked,
    found: Iterable[BundleRecord],
    about: About,
    verifies: Verifies,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Follow the chain from ``about.first`` on, filling ``walked``; raises Broken at the first record that fails."""
    if about.first.seq < 1 or (about.first.seq == 1 and about.first.link != chain.GENESIS):
        raise Broken("bundle_first", seq=about.first.seq)
    previous, expected, at_ns = about.first.link, about.first.seq, 0
    for record in found:
        at_ns = record.start_ns
        if record.seq != expected:
            raise Broken("bundle_gap", seq=expected, at_ns=at_ns, found=record.seq)
        previous = chain.link(previous, record.digest())
        if record.link != previous:
            raise Broken("bundle_link", seq=record.seq, at_ns=at_ns)
        walked.links += previous
        try:
            _content(record, walked, verifies)
        except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
            raise Broken("bundle_content", seq=record.seq, at_ns=at_ns, why=str(error)[:200]) from error
        expected += 1
        if progress is not None and not walked.records % EACH:
            progress(walked.records, max(about.last.seq - about.first.seq + 1, walked.records))
    _end(walked, about, previous, at_ns)


def _end(walked: Walked, about: About, last: bytes, at_ns: int) -> None:
    seq = walked.first.seq + walked.records - 1
    if (about.last.seq, about.last.link) != (seq, last):
        raise Broken("bundle_end", seq=about.last.seq, at_ns=at_ns, found=seq)
    if about.seal != walked.seal:
        raise Broken("bundle_seal", seq=about.seal.seq if about.seal else seq, at_ns=at_ns)
    if (about.counts.get("records"), about.counts.get("samples")) != (walked.records, walked.samples):
        raise Broken("bundle_counts", member="bundle.json")


def _content(record: BundleRecord, walked: Walked, verifies: Verifies) -> None:
    batch = rolled = _NO_BATCH
    if record.type == chain.SAMPLES:
        batch, rolled, count = _whole_batch(record) if record.whole is not None else _batch(record)
        walked.samples += count
        walked.figures += _rows(record)
    elif record.type == SEAL:
        _seal(record, walked, verifies)
    elif record.type == STAMP:
        _stamp(record, walked)
    walked.batches.append(batch)
    walked.rolled.append(rolled)


def _batch(record: BundleRecord) -> tuple[int, int, int]:
    """Whether samples and figures are shown, and how many samples; raises ValueError where they do not agree."""
    samples, rollup = record.fields.get("samples"), record.fields.get("rollup")
    if samples is None or rollup is None:
        raise ValueError("a batch without samples or figures")
    rolled = _SHOWN if isinstance(rollup, FieldShown) else _HIDDEN
    if not isinstance(samples, FieldShown):
        return _HIDDEN, rolled, 0
    batch = codec.unpack(samples.value)
    if not all(map(_makes_sense, batch.columns)):
        raise ValueError("no samples")
    if isinstance(rollup, FieldShown) and rollups.rollup_of(batch) != rollup.value:
        raise ValueError("the figures are not those of the samples")
    return _SHOWN, rolled, sum(column.count for column in batch.columns)


def _makes_sense(column: codec.Column) -> bool:
    """As ``codec.decode_samples`` asks, without making the samples: somebody may have packed very many."""
    answered = sum(map(column.keys.count, _WITH_RTT))
    phases = codec.words("H", column.phases)
    return (
        not column.keys.translate(None, _KEYS)
        and answered * 4 == len(column.rtts)
        and (not phases or max(phases) < codec.TICKS)
    )


def _whole_batch(record: BundleRecord) -> tuple[int, int, int]:
    whole = record.whole
    if not isinstance(whole, WholeShown):
        return _HIDDEN, _HIDDEN, 0
    samples = legacy.decode_batch(legacy.decompress(whole.body, _LARGEST_OLD_BATCH), _any_target)
    figures = rollups.encode_rollups(rollups.roll_up(samples), lambda target: int(target.address))
    if figures != whole.rollup:
        raise ValueError("the figures are not those of the samples")
    return _SHOWN, _SHOWN, len(samples)


def _rows(record: BundleRecord) -> int:
    shown = record.fields.get("rollup")
    blob = b""
    if isinstance(record.whole, WholeShown):
        blob = record.whole.rollup
    elif isinstance(shown, FieldShown):
        blob = shown.value
    return max(len(blob) - _ROLLUP_HEAD_BYTES, 0) // _ROLLUP_ROW_BYTES


def _any_target(number: int) -> Target:
    """Who was tried says nothing about whether figures and samples agree, and may have been taken out."""
    return Target(Role.ANCHOR, ProbeProtocol.ICMP, str(number), 4, "")


def _seal(record: BundleRecord, walked: Walked, verifies: Verifies) -> None:
    seq, link = _number(_value(record, "seq")), records.unhex(_value(record, "link"), 32)
    key, signature = records.unhex(_value(record, "key"), 32), records.unhex(_value(record, "signature"), 64)
    if seq != record.seq - 1 or link != walked.link_at(seq):
        raise ValueError("a seal of something else")
    right = verifies(key, signature, seals.message(seq, link))
    if right is False:
        raise Broken("bundle_seal_signature", seq=record.seq, at_ns=record.start_ns)
    walked.unchecked |= right is None
    walked.seal, walked.key = Link(seq, link), key
    walked.keys.add(key)


def _stamp(record: BundleRecord, walked: Walked) -> None:
    seq, link = _number(_value(record, "seq")), records.unhex(_value(record, "link"), 32)
    known = walked.link_at(seq)
    if seq >= record.seq or (known is not None and known != link):
        raise ValueError("the time stamp is of another chain")
    token = _value(record, "token")
    if not isinstance(token, str):
        raise ValueError("a time stamp without its token")
    walked.tokens[seq] = token


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
