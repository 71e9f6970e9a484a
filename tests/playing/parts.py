"""The recorder's parts on a made-up world: pinger, checks, routes, first hop."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from diagnostics.links.route import RouteState
from diagnostics.model import (
    MILLISECOND,
    SECOND,
    Flag,
    Outcome,
    Protocol,
    Role,
    Sample,
    Target,
    quantise_rtt,
    quantise_time,
)
from diagnostics.probes.ping_flights import Flight, FlightBook
from diagnostics.recorder.checks import Pace, Plan, is_good
from tests.playing.clock import PlayClock
from tests.playing.told import Told
from tests.playing.world import LATEST_S, PING_LIMIT_S, Fate, World

HOP_LOOK_S = 0.4
"""How long it takes to find the first hop."""
LIMITS_S = {
    Role.SYSTEM_RESOLVER: 3.0,
    Role.RESOLVER: 2.0,
    Role.WEB: 4.0,
    Role.TCP_CHECK: 2.0,
    Role.LARGE: 6.0,
}
"""After how long a check gives up."""


class PlayPinger:
    """Keeps to the recorder's Pinger interface."""

    method = "icmp-datagram"

    def __init__(self, clock: PlayClock, world: World) -> None:
        self._clock = clock
        self._world = world
        self._book = FlightBook(clock, round(PING_LIMIT_S * SECOND), round(LATEST_S * SECOND))
        self._coming: list[tuple[int, Flight, Fate]] = []
        self.sent = 0

    def send(self, target: Target, flags: Flag = Flag.NONE) -> None:
        self.sent += 1
        flight = self._book.depart(target, flags)
        fate = self._world.ping(target, self._clock.true_s)
        if fate.outcome is Outcome.SEND_ERROR:
            self._book.fail(flight, fate.outcome, fate.detail)
        elif fate.outcome is not Outcome.LOST:
            self._coming.append((flight.sent.mono_ns + round(fate.ms * MILLISECOND), flight, fate))

    def collect(self) -> list[Sample]:
        now = self._clock.mono_ns()
        due = [entry for entry in self._coming if entry[0] <= now]
        self._coming = [entry for entry in self._coming if entry[0] > now]
        for at_ns, flight, fate in sorted(due, key=lambda entry: entry[0]):
            if fate.outcome.answered:
                self._book.timed_answer(flight, at_ns - flight.sent.mono_ns, fate.outcome, fate.detail)
            else:
                self._book.fail(flight, fate.outcome, fate.detail)
        self._book.expire(now)
        return self._book.take()

    def drain(self) -> list[Sample]:
        samples = self.collect()
        self._coming.clear()
        return samples

    def close(self) -> None: ...


@dataclass
class _Running:
    """A plan, its pace, what it tries in turn, and its run under way: when that ends and what comes of it."""

    pace: Pace
    targets: Iterator[Target]
    was_good: bool = True
    started_ns: int = 0
    ends_ns: int = 0
    sample: Sample | None = None


Ask = Callable[[Target, float], Fate]


class PlayChecks:
    """The checks at the pace of ``recorder.checks``, on virtual time: no threads."""

    def __init__(self, plans: Sequence[Plan], anchors: Sequence[Target], clock: PlayClock, ask: Ask) -> None:
        self._clock = clock
        self._ask = ask
        self._all = [_Running(Pace(plan), itertools.cycle(_targets(plan, anchors))) for plan in plans]
        self._seen_ns = clock.mono_ns()
        self._started = False

    def start(self) -> None:
        self._started = True
        self._seen_ns = self._clock.mono_ns()

    def alarm(self, active: bool) -> None:
        for one in self._all:
            one.pace.alarm(active, self._clock.mono_ns() / SECOND)

    def collect(self) -> list[Sample]:
        """What was done since the last call."""
        now, done = self._clock.mono_ns(), list[Sample]()
        while self._started and (one := self._next(now)) is not None:
            if one.sample is None:
                self._begin(one, now)
            else:
                done.append(one.sample)
                self._end(one)
        self._seen_ns = now
        return done

    def stop(self) -> None:
        self._started = False

    def _next(self, now: int) -> _Running | None:
        """Whose turn is earliest: to end, or to begin."""
        due = [
            (one.ends_ns if one.sample is not None else self._due_ns(one), n)
            for n, one in enumerate(self._all)
        ]
        at, number = min(due, default=(now + 1, 0))
        return self._all[number] if at <= now else None

    def _due_ns(self, one: _Running) -> int:
        at_s, _ = one.pace.due
        return max(self._seen_ns, round(at_s * SECOND) if at_s > 0 else 0)

    def _begin(self, one: _Running, now: int) -> None:
        start = self._due_ns(one)
        extra = one.pace.due[1]
        reading = self._clock.read()
        target = next(one.targets)
        fate = self._ask(target, self._clock.true_s - (now - start) / SECOND)
        answered = fate.outcome.answered or fate.outcome is Outcome.PORTAL
        rtt = quantise_rtt(round(fate.ms * MILLISECOND)) if answered else None
        lasts = round(fate.ms * MILLISECOND)
        if fate.outcome is Outcome.LOST or fate.outcome is Outcome.UNRESOLVED:
            lasts = round(LIMITS_S[target.role] * SECOND)
        sent = quantise_time(reading.wall_ns - (now - start))
        one.started_ns, one.ends_ns = start, start + max(lasts, MILLISECOND)
        flags = Flag.EXTRA if extra else Flag.NONE
        one.sample = Sample(target, sent, quantise_time(start), fate.outcome, rtt, fate.detail, flags)

    def _end(self, one: _Running) -> None:
        assert one.sample is not None
        good = is_good(one.sample)
        one.pace.done(one.started_ns / SECOND, one.ends_ns / SECOND, good)
        if one.was_good and not good:
            for other in self._all:
                if other is not one:
                    other.pace.poke()
        one.was_good, one.sample = good, None


def _targets(plan: Plan, anchors: Sequence[Target]) -> tuple[Target, ...]:
    """What a plan tries in turn: the connection to an anchor, each one of its family; all else the same each time."""
    target = plan.check.target
    if target.role is not Role.TCP_CHECK:
        return (target,)
    return tuple(
        replace(one, role=Role.TCP_CHECK, protocol=Protocol.TCP)
        for one in anchors
        if one.family == target.family
    )


@dataclass
class PlayRoutes:
    clock: PlayClock
    told: Told

    def read(self) -> RouteState:
        return self.told.route(self.clock.true_s)


@dataclass
class PlayHops:
    """Finds the hop of the network that one is in, when that answers pings and the line carries something."""

    clock: PlayClock
    world: World
    _gateway: str = ""
    _hop: str | None = None
    _from_ns: int = 0

    def look(self, gateway: str) -> None:
        if gateway != self._gateway:
            self._gateway, self._hop = gateway, None
        self._from_ns = self.clock.mono_ns() + round(HOP_LOOK_S * SECOND)

    def found(self) -> str | None:
        if self._hop is None and self._gateway and self.clock.mono_ns() >= self._from_ns:
            site = self.world.now(self.clock.true_s).site
            if site is not None and site.gateway == self._gateway:
                hop = Target(Role.FIRST_HOP, Protocol.ICMP, site.hop, 4)
                if self.world.ping(hop, self.clock.true_s).outcome is Outcome.OK:
                    self._hop = site.hop
            self._from_ns = self.clock.mono_ns() + 60 * SECOND
        return self._hop


def ask_of(world: World) -> Ask:
    """How each kind of check is tried."""

    def ask(target: Target, at_s: float) -> Fate:
        limit_s = LIMITS_S[target.role]
        if target.role is Role.SYSTEM_RESOLVER:
            return world.system_dns(at_s, limit_s)
        if target.role is Role.RESOLVER:
            return world.direct_dns(target, at_s, limit_s)
        if target.role is Role.TCP_CHECK:
            return world.tcp(target, at_s, limit_s)
        return (
            world.large(target, at_s, limit_s)
            if target.role is Role.LARGE
            else world.web(target, at_s, limit_s)
        )

    return ask
