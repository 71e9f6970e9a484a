"""From the journal into studies: the sealed part, in the order of the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from diagnostics.incidents.study import Study
from diagnostics.journal.blocks import Block
from diagnostics.journal.format import Damaged
from diagnostics.journal.reader import Reader
from diagnostics.model import SECOND, Event, EventKind, GapReason, Scalar, Span

TOLD = (EventKind.LINK, EventKind.GAP, EventKind.WITNESS)
_RECORDS = 1500
"""So many records are taken at a time, events before blocks: witnesses are kept for a while only (``Testimony``)."""

Progress = Callable[[float], None]
"""Told from time to time how much is done, between 0 and 1."""


def head_of(reader: Reader) -> int:
    """The newest record's number, 0 for an empty journal."""
    head = reader.head()
    return head.seq if head else 0


def feed_sealed(
    reader: Reader,
    studies: Sequence[tuple[Study, int]],
    progress: Progress | None = None,
    each: Callable[[Block], None] | None = None,
) -> int:
    """Feed each study what was sealed after the record up to which it was fed; returns how many blocks were new.

    What cannot be read becomes a gap. ``each`` is called with every block. Raises diagnostics.model.Problem when the
    journal as a whole cannot be read.
    """
    end, count = head_of(reader), 0
    marks = sorted({min(seq, end) for _, seq in studies} | {end})
    told: set[Span] = set()
    for stage, until in pairwise(marks):
        behind = [study for study, seq in studies if seq <= stage]
        for after in range(stage, until, _RECORDS):
            last = min(after + _RECORDS, until)
            note(behind, reader.events(*TOLD, after_seq=after, until_seq=last))
            for block in reader.sealed(after_seq=after, until_seq=last):
                feed(behind, block)
                count += 1
                if each is not None:
                    each(block)
            _note_gaps(behind, reader, told)
            if progress is not None:
                progress((last - marks[0]) / (end - marks[0]))
    return count


def feed(studies: Iterable[Study], block: Block) -> None:
    """Feed a block; one that cannot be unpacked becomes a gap."""
    for study in studies:
        try:
            study.feed(block)
        except Damaged:
            end_ns = block.span.end_ns + SECOND
            data: dict[str, Scalar | list[str]] = {
                "start_ns": block.span.start_ns,
                "reason": str(GapReason.DAMAGED),
            }
            study.note([Event(EventKind.GAP, end_ns, data)])


def note(studies: Iterable[Study], events: Iterable[Event]) -> None:
    listed = list(events)
    for study in studies:
        study.note(listed)


def _note_gaps(studies: Iterable[Study], reader: Reader, told: set[Span]) -> None:
    """Note what the reader left out, each gap once."""
    for gap in reader.gaps():
        span = Span(int(str(gap.data["start_ns"])), gap.at_ns)
        if span not in told:
            told.add(span)
            note(studies, [gap])
