"""Writes the made-up month as a recorder would have: the same chain, figures of hours and days, pages and seals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

from diagnostics.journal import chain
from diagnostics.journal.hours import DAY_NS, HOUR_NS, Stretch
from diagnostics.journal.writer import Writer
from diagnostics.model import Event, EventKind, Target
from jalerte_desktop.demo.minutes import Minute, minutes
from jalerte_desktop.demo.script import Script
from jalerte_desktop.demo.world import TARGETS


def write(path: Path, script: Script, events: Iterable[Event]) -> None:
    """Make the journal of the month. ``events`` in the order of time. Raises diagnostics.model.Problem."""
    with closing(_MonthWriter(path)) as writer:
        writer.name_targets(script.span.start_ns)
        sealed = minutes(script, writer.number)
        for _day, items in groupby(_in_order(sealed, events), key=lambda item: _when(item) // DAY_NS):
            writer.write(items)
        writer.sign(script.span.end_ns)


def _in_order(sealed: Iterator[Minute], events: Iterable[Event]) -> Iterator[Minute | Event]:
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


def _when(item: Minute | Event) -> int:
    return item.span.start_ns if isinstance(item, Minute) else item.at_ns


class _MonthWriter(Writer):
    """Takes minutes that are packed already, a day in one transaction."""

    def name_targets(self, at_ns: int) -> None:
        with self._transaction():
            for target in TARGETS:
                self._register(target, at_ns)

    def number(self, target: Target) -> int:
        return self._numbers[target]

    def write(self, items: Iterable[Minute | Event]) -> None:
        with self._transaction():
            for item in items:
                if isinstance(item, Event):
                    self._insert_event(item)
                else:
                    self._insert_minute(item)

    def _insert_minute(self, minute: Minute) -> None:
        start_ns, end_ns = minute.span.start_ns, minute.span.end_ns
        hour = start_ns // HOUR_NS
        if self._hour is not None and hour != self._hour:
            self._close_hour(self._hour, hour, start_ns)
        self._hour = hour
        self._insert(chain.SAMPLES, start_ns, end_ns, minute.fields)
        self._stretches.setdefault(minute.line, Stretch.empty()).add(minute.parts, start_ns, end_ns)
