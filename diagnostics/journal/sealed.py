"""Blocks out of the file: sealed ones from rows and pages in the order of the chain, and staged ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from diagnostics.journal import chain, codec, format, legacy, opening, store
from diagnostics.journal.blocks import Block, Source
from diagnostics.model import SECOND, Event, EventKind, GapReason, Line, Sample, Span, Target


class Blocks:
    """Reads them; ``line`` knows a line by its id. Remembers what had to be left out."""

    def __init__(
        self, db: sqlite3.Connection, targets: Mapping[int, Target], line: Callable[[str], Line]
    ) -> None:
        self._db = db
        self._targets = targets
        self._line = line
        self._gaps: dict[int, Event] = {}
        self._before_ns = opening.removal(db).before_ns
        self._last_day = opening.last_day(db)

    def sealed(self, after_seq: int = 0, until_seq: int = store.NO_END) -> Iterator[Block]:
        """Sealed blocks in the order in which they were sealed. What cannot be read is left out."""
        for seq, start, end, line, rollup, body in self._db.execute(
            "SELECT seq, start_ns, end_ns, line, rollup, body FROM records"
            " WHERE type = 'samples' AND seq > ? AND seq <= ? ORDER BY seq",
            (after_seq, until_seq),
        ):
            fields = {"body": bytes(body)}
            yield self._block(seq, start, end, line, bytes(rollup), Given(fields), legacy=True)
        for page in store.pages_between(self._db, after_seq, until_seq):
            for block in self._page_blocks(page):
                if after_seq < block.seq <= until_seq:
                    yield block
        for seq, start, end, blob in self._db.execute(
            "SELECT seq, start_ns, end_ns, fields FROM entries WHERE type = ? AND seq > ? AND seq <= ? ORDER BY seq",
            (chain.SAMPLES, after_seq, until_seq),
        ):
            try:
                fields = format.unpack_fields(blob)
                line, rollup = fields["line"].decode(), fields["rollup"]
            except (ValueError, KeyError, TypeError):
                self._gaps[seq] = _gap(Span(start, end + SECOND), GapReason.DAMAGED)
                continue
            yield self._block(seq, start, end, line, rollup, Given(fields))

    def _page_blocks(self, page: store.Page) -> Iterator[Block]:
        try:
            records = [one for one in page.records if one.type == chain.SAMPLES]
            _ = page.places, [(one.fields["line"].decode(), one.fields["rollup"]) for one in records]
        except (ValueError, KeyError):
            self._gaps[page.first] = _gap(
                Span(page.span.start_ns, page.span.end_ns + SECOND), GapReason.DAMAGED
            )
            return
        if records and (not page.body_blob or self._to_be_removed(page)):
            self._gaps[page.first] = _gap(
                Span(records[0].start_ns, records[-1].end_ns + SECOND), GapReason.REMOVED
            )
            return
        for one in records:
            yield self._block(
                one.seq,
                one.start_ns,
                one.end_ns,
                one.fields["line"].decode(),
                one.fields["rollup"],
                _Paged(page, page.places[one.seq]),
            )

    def _to_be_removed(self, page: store.Page) -> bool:
        """Asked to go, and not gone yet: left out at once, so that no study knows more than a later one."""
        return page.span.end_ns < self._before_ns and page.last < self._last_day

    def _block(
        self,
        seq: int,
        start_ns: int,
        end_ns: int,
        line: str,
        rollup: bytes,
        source: Source,
        *,
        legacy: bool = False,
    ) -> Block:
        return Block(
            seq, self._line(line), Span(start_ns, end_ns), self._targets, rollup, source, legacy=legacy
        )

    def gaps(self, after_seq: int = 0) -> tuple[Event, ...]:
        """What ``sealed`` left out so far, as events of the kind GAP: damaged, or removed by age."""
        return tuple(gap for first, gap in sorted(self._gaps.items()) if first > after_seq)

    def staged(self) -> list[Block]:
        """What is not sealed yet, as blocks of the same kind, in the order of recording."""
        groups: dict[tuple[int, str, int], dict[tuple[str, int], Sample]] = {}
        target = self._targets.__getitem__
        for table, column, decode in (
            ("staging", "body", legacy.decode_batch),
            ("staged", "fields", _decode_staged),
        ):
            for minute, line, offset, blob in self._db.execute(
                f"SELECT minute, line, offset_ns, {column} FROM {table} ORDER BY id"
            ):
                try:
                    samples = decode(bytes(blob), target)
                except codec.DamagedBatch:
                    continue  # the next recorder counts it when it recovers the rest
                batch = groups.setdefault((minute, line, offset), {})
                batch.update(((sample.target.id, sample.sent_ns), sample) for sample in samples)
        blocks = []
        for (_, line, _), batch in groups.items():
            ordered = tuple(sorted(batch.values(), key=lambda sample: sample.sent_ns))
            span = Span(ordered[0].sent_ns, ordered[-1].sent_ns)
            blocks.append(Block(0, self._line(line), span, {}, staged=ordered))
        return blocks


@dataclass(frozen=True, slots=True)
class Given:
    """A source whose packed fields are there already."""

    given: Mapping[str, bytes]

    def fields(self) -> Mapping[str, bytes]:
        return self.given

    def batch(self) -> codec.Batch:
        return codec.unpack(self.given["samples"])


@dataclass(frozen=True, slots=True)
class _Paged:
    page: store.Page
    place: int

    def fields(self) -> Mapping[str, bytes]:
        return self.page.body.fields[self.place]

    def batch(self) -> codec.Batch:
        return self.page.body.unpacked[self.place]


def _gap(span: Span, reason: GapReason) -> Event:
    return Event(EventKind.GAP, span.end_ns, {"start_ns": span.start_ns, "reason": str(reason)})


def _decode_staged(blob: bytes, target: Callable[[int], Target]) -> list[Sample]:
    try:
        return codec.decode_samples(format.unpack_fields(blob), target)
    except ValueError as error:
        raise codec.DamagedBatch(str(error)) from error
