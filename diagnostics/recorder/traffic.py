"""Traffic steps put together into statements, and this machine's own meter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from diagnostics.clock import Reading, compare
from diagnostics.model import MINUTE, SECOND
from diagnostics.witnesses import Origin, Step, Traffic

if TYPE_CHECKING:
    from diagnostics.links.counters import Counters

QUIET_BPS = 100_000
"""Below this both ways a step says "nothing was going on"; the program's own tries stay below 20 kbit/s."""
LONGEST_QUIET_NS = 10 * MINUTE
READ_NS = 5 * SECOND
LATEST_NS = 10 * SECOND
"""Counters read further apart say nothing: the machine stood still, or slept."""
_HOLE_NS = SECOND // 10


class TrafficBook:
    """Steps of one origin, kept until their statement is due: at the minute's end, or after ten quiet minutes.

    Quiet steps in a row become one. Statements follow each other without a hole as long as the steps do. Where there
    were errors, nothing is quiet: these must be dated to the minute.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._start_ns = self._end_ns = 0
        self._steps: list[Step] = []
        self._errors = self._dropped = 0
        self._ready: list[Traffic] = []

    def add(self, start_ns: int, step: Step, errors: int = 0, dropped: int = 0) -> None:
        """Take in a step, and how many packets were broken or thrown away in it."""
        if self._steps and abs(start_ns - self._end_ns) > _HOLE_NS:
            self.cut()
        if not self._steps:
            self._start_ns = self._end_ns = start_ns
        self._end_ns += step.duration_ns
        self._errors += errors
        self._dropped += dropped
        if self._steps and _quiet(self._steps[-1]) and _quiet(step):
            step = _mean(self._steps.pop(), step)
        self._steps.append(step)

    def due(self, attending: bool) -> list[Traffic]:
        """The statements that can be made. ``attending``: something seems wrong, let nothing wait past its minute."""
        if self._steps and self._start_ns // MINUTE != self._end_ns // MINUTE:
            quiet = len(self._steps) == 1 and _quiet(self._steps[0]) and not self._errors
            if attending or not quiet or self._end_ns - self._start_ns >= LONGEST_QUIET_NS:
                self.cut()
        ready, self._ready = self._ready, []
        return ready

    def rest(self) -> list[Traffic]:
        """All that is left, at the end."""
        self.cut()
        ready, self._ready = self._ready, []
        return ready

    def cut(self) -> None:
        """What comes next does not follow what was: make a statement of that now."""
        if self._steps:
            steps = tuple(self._steps)
            self._ready.append(Traffic(self._origin, self._start_ns, steps, self._errors, self._dropped))
            self._steps = []
            self._errors = self._dropped = 0


def _quiet(step: Step) -> bool:
    return max(step.down_bps, step.up_bps) < QUIET_BPS


def _mean(one: Step, other: Step) -> Step:
    duration = one.duration_ns + other.duration_ns
    down = one.down_bps * one.duration_ns + other.down_bps * other.duration_ns
    up = one.up_bps * one.duration_ns + other.up_bps * other.duration_ns
    return Step(duration, down // duration, up // duration)


class MachineMeter:
    """This machine's counters of the physical interface, read every five seconds."""

    def __init__(self, read: Callable[[str], Counters | None]) -> None:
        self._read = read
        self._interface = ""
        self._book = TrafficBook(Origin.MACHINE)
        self._base: tuple[Reading, Counters] | None = None
        self._next_ns = 0

    def follow(self, interface: str) -> None:
        if interface and interface != self._interface:
            self._interface, self._base, self._next_ns = interface, None, 0

    def tick(self, now: Reading, attending: bool) -> list[Traffic]:
        """To be called about every second; returns what can be said."""
        if self._interface and now.mono_ns >= self._next_ns:
            self._next_ns = now.mono_ns + READ_NS
            self._look(now)
        elif self._base is not None and _interrupted(self._base[0], now):
            self._base = None
            self._book.cut()
        return self._book.due(attending)

    def rest(self, now: Reading) -> list[Traffic]:
        """The last step, and all that has not been said yet."""
        if self._base is not None and now.mono_ns > self._base[0].mono_ns:
            self._look(now)
        return self._book.rest()

    def _look(self, now: Reading) -> None:
        before, counters = self._base, self._read(self._interface)
        self._base = None if counters is None else (now, counters)
        if before is not None and _interrupted(before[0], now):
            self._book.cut()
            return
        if before is None or counters is None:
            return
        from diagnostics.links.counters import difference

        carried = difference(before[1], counters)
        elapsed_ns = now.mono_ns - before[0].mono_ns
        if carried is None or elapsed_ns <= 0:
            return
        down, up = (round(n * 8 * SECOND / elapsed_ns) for n in (carried.bytes_down, carried.bytes_up))
        step = Step(elapsed_ns, down, up)
        self._book.add(before[0].wall_ns, step, carried.errors, carried.dropped)


def _interrupted(before: Reading, now: Reading) -> bool:
    """Whether the machine slept, stood still, or had its clock set in between."""
    jump = compare(before, now)
    return bool(jump.slept_ns or jump.stepped_ns) or now.mono_ns - before.mono_ns > LATEST_NS
