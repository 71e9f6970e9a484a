"""The same samples give the same incidents, in whatever order they came and wherever the recording was broken off."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.incidents.study import Study
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, SECOND, Cause, Event, EventKind, Kind, Outcome, Role, Sample
from diagnostics.witnesses import Origin, Step, Traffic, to_event
from tests.made import BEYOND_BOX, EVERYTHING, GOOD, LINE, LOST, T0, World, samples

SECONDS = 420
Found = list[tuple[str, Kind, int, int, float, Cause]]

faults = st.lists(
    st.tuples(
        st.floats(70, SECONDS - 10),
        st.floats(1.5, 60),
        st.sampled_from([BEYOND_BOX, EVERYTHING, (Role.ANCHOR,), (Role.SYSTEM_RESOLVER,)]),
        st.sampled_from([LOST, LOST, (Outcome.OK, 120.0)]),
    ),
    max_size=4,
)


def world_of(chosen: Sequence[tuple[float, float, tuple[Role, ...], tuple[Outcome, float | None]]]) -> World:
    def world(target: object, at_s: float) -> tuple[Outcome, float | None]:
        for start, length, roles, fate in chosen:
            if start <= at_s < start + length and target.role in roles:  # type: ignore[attr-defined]
                return fate
        return GOOD

    return world


def record(stream: Sequence[Sample], events: Sequence[Event], breaks: Sequence[int]) -> Found:
    """Stage what comes as the recorder does, a second at a time, killed and begun anew at ``breaks``; then study."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        writer = Writer(path)
        writer.append(
            Event(
                EventKind.LINE,
                T0,
                {"id": LINE.id, "gateway": LINE.gateway, "gateway_mac": "", "interface": "eth0"},
            )
        )
        waiting = sorted(events, key=lambda event: event.at_ns)
        for index in range(0, len(stream), 7):
            piece = stream[index : index + 7]
            newest = max(sample.sent_ns for sample in stream[: index + 7][-60:])
            while waiting and waiting[0].at_ns <= newest:
                writer.append(waiting.pop(0))
            writer.stage(LINE.id, piece)
            writer.seal_due(newest - (piece[0].sent_ns - piece[0].mono_ns))
            if any(index <= at < index + 7 for at in breaks):
                writer.close()
                writer = Writer(path)
                writer.recover(newest)
        for event in waiting:
            writer.append(event)
        writer.seal_all()
        writer.close()
        with closing(Reader(path)) as reader:
            study = Study()
            study.note(reader.events(EventKind.LINK, EventKind.GAP, EventKind.WITNESS))
            for block in reader.blocks():
                study.feed(block)
            return [
                (i.id, i.kind, i.span.start_ns, i.span.end_ns, i.duration_s, i.verdict.cause)
                for i in study.incidents()
            ]


def upload(start_s: int) -> list[Event]:
    """The machine's counters: one busy minute, quiet ones around."""
    events = []
    for minute in range(SECONDS // 60):
        rate = 9_000_000 if start_s // 60 == minute else 10_000
        steps = (Step(MINUTE, 10_000, rate),)
        start = T0 + minute * MINUTE
        events.append(to_event(Traffic(Origin.MACHINE, start, steps), start + MINUTE + SECOND))
    return events


few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(faults, st.integers(0, SECONDS - 1), st.integers(0, 2**32))
def test_any_order_of_arrival_within_five_seconds(chosen, busy: int, seed: int) -> None:  # type: ignore[no-untyped-def]
    stream = list(samples(world_of(chosen), SECONDS))
    rng = random.Random(seed)
    arrival = sorted(stream, key=lambda sample: sample.sent_ns + rng.randrange(5 * SECOND))
    events = upload(busy)
    assert record(arrival, events, ()) == record(stream, events, ())


@few
@given(faults, st.integers(0, SECONDS - 1), st.lists(st.integers(0, SECONDS * 6), min_size=1, max_size=3))
def test_broken_off_anywhere_and_resumed_from_the_journal(chosen, busy: int, breaks: list[int]) -> None:  # type: ignore[no-untyped-def]
    stream, events = list(samples(world_of(chosen), SECONDS)), upload(busy)
    assert record(stream, events, breaks) == record(stream, events, ())
