"""Journals for the tests of the report: a line of some minutes with a cut, and whatever events a test adds."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, Event, EventKind, Line, Scalar
from tests.made import BEYOND_BOX, LINE, T0, World, between, samples

CUT_AT_S, CUT_S, LENGTH_S = 100, 20, 200
DIGEST = "ab" * 32


def moment(second: float) -> int:
    """So many seconds after the record's start, UTC ns."""
    return T0 + round(second * SECOND)


def event(kind: EventKind, second: float, **data: Scalar | list[str]) -> Event:
    return Event(kind, moment(second), data)


def line_event(line: Line = LINE, second: float = 0) -> Event:
    return event(
        EventKind.LINE,
        second,
        id=line.id,
        gateway=line.gateway,
        gateway_mac=line.gateway_mac,
        interface=line.interface,
    )


def write_journal(
    path: Path, events: Iterable[Event] = (), world: World | None = None, seconds: int = LENGTH_S
) -> Path:
    """A journal of the line in use, confirmed as home, with one access cut unless another world is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    world = world or between(CUT_AT_S, CUT_AT_S + CUT_S, BEYOND_BOX)
    with closing(Writer(path)) as writer:
        writer.append(line_event())
        writer.append(event(EventKind.LINE_HOME, 0, id=LINE.id, home=True))
        stream = list(samples(world, seconds))
        for start in range(0, len(stream), 500):
            writer.stage(LINE.id, stream[start : start + 500])
        writer.seal_all()
        for one in events:
            writer.append(one)
    return path
