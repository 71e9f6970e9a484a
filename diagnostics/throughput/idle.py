"""Whether the link is idle: what this machine's counters, and where a box tells the home's, show for a few seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from diagnostics.clock import Clock, Reading, compare
from diagnostics.model import SECOND
from diagnostics.witnesses import Step

if TYPE_CHECKING:
    from diagnostics.box.reading import BoxReading

READ_S = 1.0
"""How often counters are read while watching."""


class Totals(Protocol):
    """Bytes so far. ``diagnostics.links.counters.Counters`` is one."""

    @property
    def bytes_down(self) -> int: ...
    @property
    def bytes_up(self) -> int: ...


class Meter(Protocol):
    """Turns what is read at moments one after the other into the traffic between them."""

    def step(self, now: Reading) -> Sequence[Step]:
        """What was carried since the last call; nothing where that cannot be told. Raises nothing for the network."""
        ...


class MachineMeter:
    """This machine's interface. ``read`` gives its counters, ``difference`` what lies between two of them."""

    def __init__(self, read: Callable[[], Totals | None], difference: Callable[..., Totals | None]) -> None:
        self._read = read
        self._difference = difference
        self._before: tuple[Reading, Totals] | None = None

    def step(self, now: Reading) -> Sequence[Step]:
        before, totals = self._before, self._read()
        self._before = None if totals is None else (now, totals)
        if before is None or totals is None:
            return ()
        jump, elapsed_ns = compare(before[0], now), now.mono_ns - before[0].mono_ns
        carried = self._difference(before[1], totals)
        if carried is None or elapsed_ns <= 0 or jump.slept_ns:
            return ()
        down, up = (
            round(count * 8 * SECOND / elapsed_ns) for count in (carried.bytes_down, carried.bytes_up)
        )
        return (Step(elapsed_ns, down, up),)


class HomeMeter:
    """The whole home, by the box's own counters. ``ask`` blocks for two seconds at most; None: it did not answer.

    Many boxes renew their counters every few seconds only: what they show then is the mean over that time.
    """

    def __init__(self, ask: Callable[[], BoxReading | None]) -> None:
        from diagnostics.box.counters import TrafficMeter

        self._ask = ask
        self._meter = TrafficMeter()

    def step(self, now: Reading) -> Sequence[Step]:  # noqa: ARG002 a box's reading has its own time
        reading = self._ask()
        traffic = None if reading is None else self._meter.step(reading)
        return () if traffic is None else traffic.steps


def machine_meter(interface: str) -> MachineMeter:
    """The meter of an interface of this machine."""
    from diagnostics.links.counters import difference, read_counters

    return MachineMeter(lambda: read_counters(interface), difference)


def watch(
    meters: Sequence[Meter], clock: Clock, watch_s: float, stop: threading.Event
) -> tuple[tuple[Step, ...], ...]:
    """What each meter saw in ``watch_s`` seconds, or until ``stop`` is set. Blocks so long."""
    seen: list[list[Step]] = [[] for _ in meters]
    until_ns = clock.mono_ns() + round(watch_s * SECOND)
    while True:
        for steps, meter in zip(seen, meters, strict=True):
            steps.extend(meter.step(clock.read()))
        left_s = (until_ns - clock.mono_ns()) / SECOND
        if left_s <= 0 or stop.wait(min(READ_S, left_s)):
            return tuple(tuple(steps) for steps in seen)


def busy_bps(steps: Sequence[Step]) -> int | None:
    """The mean rate of the busier direction, in bits a second; None where nothing was seen."""
    total_ns = sum(step.duration_ns for step in steps)
    if total_ns <= 0:
        return None
    down = sum(step.down_bps * step.duration_ns for step in steps)
    up = sum(step.up_bps * step.duration_ns for step in steps)
    return max(down, up) // total_ns


def busiest(seen: Sequence[Sequence[Step]]) -> int | None:
    """The highest mean rate that any of the meters saw; None where none tells."""
    return max((rate for steps in seen if (rate := busy_bps(steps)) is not None), default=None)
