"""Plays days: the recorder runs around everything that happens; steady minutes between are copies of recorded ones.

Chance losses and late answers (``noise`` and ``spikes`` of the scenario) are strewn into the copies.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from diagnostics.incidents.study import Study
from diagnostics.journal import rollups
from diagnostics.journal.blocks import Block, TargetColumn
from diagnostics.model import (
    MILLISECOND,
    MINUTE,
    SECOND,
    Event,
    EventKind,
    Line,
    Outcome,
    Sample,
    Span,
    quantise_rtt,
)
from diagnostics.witnesses import Origin, Step, Traffic, to_event
from tests.playing.recording import Opened, Recording
from tests.playing.scenario import Played, Scenario
from tests.playing.world import SPIKE_MS

STEADY = frozenset({"anchor-dead", "network-out", "vpn"})
"""Faults whose effect is the same in each minute."""
NEAR_S = 90.0
"""So close to a change every minute is recorded."""
PATTERN_MINUTES = 8
SETTLED_MINUTES = 12
"""A state is copied once it has been recorded for so long; the last minutes of that are the pattern."""
_STUDIED = (EventKind.LINK, EventKind.GAP, EventKind.WITNESS)


@dataclass(frozen=True)
class Minute:
    """A block of samples, as the journal's reader gives them."""

    line: Line
    span: Span
    rollups: rollups.Rollups
    recorded: tuple[Sample, ...]
    shift_ns: int = 0
    moved_offset_ns: int = 0

    @property
    def columns(self) -> tuple[TargetColumn, ...]:
        return self._read.columns

    @property
    def offset_ns(self) -> int:
        return self._read.offset_ns

    @property
    def _read(self) -> Block:
        return Block(0, self.line, self.span, {}, staged=self.samples)

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """The recorded minute's samples, moved to this minute's time."""
        if not self.shift_ns:
            return self.recorded
        shift, offset = self.shift_ns, self.moved_offset_ns
        return tuple(
            Sample(
                s.target,
                s.sent_ns + shift,
                s.sent_ns + shift - offset,
                s.outcome,
                s.rtt_ns,
                s.detail,
                s.flags,
            )
            for s in self.recorded
        )


@dataclass
class Memory:
    """Keeps to what the recorder wants of a journal's writer; minutes are taken out when they are over."""

    events: list[Event] = field(default_factory=list)
    unsigned: None = None
    _open: dict[tuple[int, str], dict[tuple[str, int], Sample]] = field(default_factory=dict)

    def stage(self, line: str, samples: Iterable[Sample]) -> None:
        for sample in samples:
            identity = (sample.target.id, sample.sent_ns)
            place = (sample.sent_ns // MINUTE, line)
            batch = next((held for held in self._open.values() if identity in held), None)
            if batch is None:
                batch = self._open.setdefault(place, {})
            batch[identity] = sample

    def sign(self, at_ns: int) -> None:
        """Nothing is kept, so that nothing is sealed."""

    def append(self, event: Event) -> int:
        self.events.append(event)
        return len(self.events)

    def take(self, before_ns: int, line: Line) -> list[Minute]:
        """The minutes that ended before a time, in order; they are forgotten here."""
        places = sorted(place for place in self._open if (place[0] + 1) * MINUTE <= before_ns)
        minutes = []
        for place in places:
            samples = tuple(sorted(self._open.pop(place).values(), key=lambda sample: sample.sent_ns))
            # A clock epoch is a block of its own in the journal.
            for epoch in dict.fromkeys(sample.sent_ns - sample.mono_ns for sample in samples):
                part = tuple(s for s in samples if s.sent_ns - s.mono_ns == epoch)
                span = Span(part[0].sent_ns, part[-1].sent_ns)
                minutes.append(Minute(line, span, rollups.roll_up(part), part))
        return minutes

    def take_events(self) -> list[Event]:
        events = [event for event in self.events if event.kind in _STUDIED]
        self.events.clear()
        return events

    def seal_due(self, mono_ns: int) -> int:
        return 0

    def seal_all(self) -> int:
        return 0

    def check_in_place(self) -> None: ...

    def close(self) -> None: ...


class _Days:
    def __init__(self, scenario: Scenario, seed: int, start_ns: int) -> None:
        self.scenario = scenario
        self.start_ns = start_ns
        self._memory = Memory()
        self.recording = Recording(scenario, seed, start_ns, self._open_writer)
        self._world = self.recording.world
        home = self._world.home
        self.line = Line(home.line_id, home.gateway, home.gateway_mac, home.interface, home=True)
        self._rng = random.Random(f"{scenario.name} {seed} copies")
        self._patterns: dict[object, list[Minute]] = {}
        self._settled: list[Minute] = []
        self._copied = 0
        self.study = Study()

    def _open_writer(self, _now_ns: int) -> Opened:
        return self._memory, None, False, (self.line.id,)  # type: ignore[return-value]  # it writes nothing

    def go(self) -> None:
        clock, end_s = self.recording.clock, self.scenario.seconds
        running = False
        while clock.true_s < end_s:
            from_s = clock.true_s
            to_s = min(from_s + (MINUTE - clock.read().wall_ns % MINUTE) / SECOND, end_s)
            state = self._state(from_s, to_s)
            pattern = self._patterns.get(state) if state is not None else None
            if pattern is not None:
                if running:
                    self.recording.stop()
                    self._give(clock.read().wall_ns + MINUTE)
                    running = False
                self._copy(pattern, to_s)
                continue
            if not running:
                self.recording.begin()
                running = True
            self._world.noisy = state is None or state in self._patterns
            self.recording.run_to(to_s)
            # What is late comes within eleven seconds: a minute is complete a minute later.
            done = self._give(clock.read().wall_ns - MINUTE)
            self._learn(state, done)
        self.recording.stop()
        self._give(clock.read().wall_ns + MINUTE)

    def _state(self, from_s: float, to_s: float) -> object:
        """What is the same throughout a minute and around it; None when something happens, or chance rules."""
        if any(from_s - NEAR_S <= turn <= to_s + NEAR_S for turn in self._world.turns_s if turn > 0):
            return None
        now = self._world.now(from_s)
        return now if all(fault.what in STEADY for fault in now.faults) else None

    def _learn(self, state: object, minutes: list[Minute]) -> None:
        """Keep the newest minutes of a state until they are enough for a pattern."""
        if state is None:
            self._settled.clear()
            return
        self._settled += [minute for minute in minutes if minute.span.duration_s > 55]
        if len(self._settled) >= SETTLED_MINUTES:
            self._patterns[state] = self._settled[-PATTERN_MINUTES:]
            self._settled = []

    def _give(self, before_ns: int) -> list[Minute]:
        """Let the study have what is complete."""
        self.study.note(self._memory.take_events())
        minutes = self._memory.take(before_ns, self.line)
        for minute in minutes:
            self.study.feed(minute)
        return minutes

    def _copy(self, pattern: Sequence[Minute], to_s: float) -> None:
        clock = self.recording.clock
        reading = clock.read()
        model = pattern[self._copied % len(pattern)]
        self._copied += 1
        shift = reading.wall_ns // MINUTE * MINUTE - model.span.start_ns // MINUTE * MINUTE
        # The offset of the clocks must stay on the recorder's grid, and the same until the machine sleeps.
        offset = reading.offset_ns // 100_000 * 100_000
        copy = replace(
            model,
            span=Span(model.span.start_ns + shift, model.span.end_ns + shift),
            shift_ns=shift,
            moved_offset_ns=offset,
        )
        self.study.note(self._traffic(reading.wall_ns, clock.true_s, to_s))
        self.study.feed(self._strewn(copy))
        self.recording.skip_to(to_s)

    def _traffic(self, wall_ns: int, from_s: float, to_s: float) -> list[Event]:
        told = self.recording.told
        origins = [Origin.MACHINE, Origin.HOME] if self.scenario.network.igd else [Origin.MACHINE]
        length = round((to_s - from_s) * SECOND)
        return [
            to_event(
                Traffic(origin, wall_ns, (Step(length, *told.traffic(origin, from_s, to_s)),)),
                wall_ns + length,
            )
            for origin in origins
        ]

    def _strewn(self, minute: Minute) -> Minute:
        """The minute with its share of chance losses and late answers."""
        network, count = self.scenario.network, len(minute.recorded)
        lost = self._hits(count, network.noise)
        late = self._hits(count, network.spikes) - lost
        if not lost and not late:
            return minute
        samples = list(minute.samples)
        for n in lost:
            if samples[n].outcome is Outcome.OK:
                samples[n] = replace(samples[n], outcome=Outcome.LOST, rtt_ns=None)
        for n in late:
            rtt = samples[n].rtt_ns
            if samples[n].outcome is Outcome.OK and rtt is not None:
                samples[n] = replace(samples[n], rtt_ns=quantise_rtt(rtt + round(SPIKE_MS * MILLISECOND)))
        strewn = tuple(samples)
        return Minute(minute.line, minute.span, rollups.roll_up(strewn), strewn)

    def _hits(self, count: int, share: float) -> set[int]:
        """Which of ``count`` tries chance meets, each with probability ``share``."""
        hits: set[int] = set()
        at = -1
        while share > 0:
            # The distance to the next hit is geometric: drawn at once, most minutes need one draw.
            at += 1 + int(self._rng.expovariate(1.0) / share)
            if at >= count:
                break
            hits.add(at)
        return hits


def play_long(scenario: Scenario, seed: int, start_ns: int) -> Played:
    """Play a scenario of days on the home line. Leaves no journal; what is studied is the same."""
    days = _Days(scenario, seed, start_ns)
    days.go()
    end_ns = days.recording.clock.read().wall_ns
    return Played(
        scenario,
        "simulator",
        seed,
        start_ns,
        days.study.incidents(),
        days.study.coverage(days.line.id, Span(start_ns, end_ns)),
        days.line.id,
        tuple(days.recording.turns),
    )
