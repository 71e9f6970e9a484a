"""Writes the made-up month as a recorder would have: the same chain, figures of hours and days, pages and seals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

from diagnostics.journal.hours import DAY_NS
from diagnostics.journal.minutes import PackedMinute
from diagnostics.journal.writer import Writer
from diagnostics.model import Event, EventKind
from jalerte_desktop.demo.minutes import minutes
from jalerte_desktop.demo.script import Script
from jalerte_desktop.demo.world import TARGETS


def write(path: Path, script: Script, events: Iterable[Event]) -> None:
    """Make the journal of the month. ``events`` in the order of time. Raises diagnostics.model.Problem."""
    with closing(Writer(path)) as writer:
        numbers = writer.name_targets(TARGETS, script.span.start_ns)
        sealed = minutes(script, numbers.__getitem__)
        for _day, items in groupby(_in_order(sealed, events), key=lambda item: _when(item) // DAY_NS):
            writer.add(items)
        writer.sign(script.span.end_ns)


def _in_order(sealed: Iterator[PackedMinute], events: Iterable[Event]) -> Iterator[PackedMinute | Event]:
    """A minute comes before what is said after its end."""
    waiting = iter(events)
    event = next(waiting, None)
    for minute in sealed:
        while event is not None and (
            event.at_ns < minute.span.start_ns or (event.at_ns < minute.span.end_ns and _first(event))
        ):
            yield event
            event = next(waiting, None)
        yield minute
    if event is not None:
        yield event
    yield from waiting


def _first(event: Event) -> bool:
    """A line is named before its first minute, also where that began a moment earlier."""
    return event.kind in (EventKind.LINE, EventKind.LINK, EventKind.STARTED)


def _when(item: PackedMinute | Event) -> int:
    return item.span.start_ns if isinstance(item, PackedMinute) else item.at_ns
