"""The clocks: wall time for the reader, monotonic time for durations, boot time to notice sleep."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reading:
    """The three clocks read together, in nanoseconds. ``boot_ns`` goes on during sleep; None where there is none."""

    wall_ns: int
    mono_ns: int
    boot_ns: int | None

    @property
    def offset_ns(self) -> int:
        """What to add to a monotonic time to get wall time."""
        return self.wall_ns - self.mono_ns


READ_LIMIT_NS = 100_000
"""Two clocks read further apart than this are read again."""


class Clock(Protocol):
    """Where the time comes from; tests put their own in its place."""

    def read(self) -> Reading: ...

    def mono_ns(self) -> int: ...


class SystemClock:
    """The machine's clocks."""

    def __init__(self) -> None:
        self._boot_id: int | None = getattr(time, "CLOCK_BOOTTIME", None)

    def mono_ns(self) -> int:
        return time.monotonic_ns()

    def read(self) -> Reading:
        """Read all clocks: the others between two readings of the monotonic one, again if something came in between."""
        for tries_left in (2, 1, 0):
            before = time.monotonic_ns()
            wall = time.time_ns()
            boot = time.clock_gettime_ns(self._boot_id) if self._boot_id is not None else None
            width = time.monotonic_ns() - before
            if width < READ_LIMIT_NS or not tries_left:
                break
        return Reading(wall, before + width // 2, boot)


SLEEP_LIMIT_NS = 1_000_000_000
STEP_LIMIT_NS = 200_000_000


@dataclass(frozen=True, slots=True)
class Jump:
    """What happened to the clocks between two readings: time slept and wall-clock step, both 0 in the usual case."""

    slept_ns: int
    stepped_ns: int


def compare(before: Reading, after: Reading) -> Jump:
    """Tell sleep from a clock step.

    Sleep moves boot time against monotonic time; a step moves wall time against boot time. Slewing by NTP
    (at most 500 µs a second) stays below the step limit when readings are taken at least once a minute. Where there is
    no boot clock, a forward jump of the wall clock is taken for sleep: not observed, rather than observed wrongly.
    """
    wall, mono = after.wall_ns - before.wall_ns, after.mono_ns - before.mono_ns
    if before.boot_ns is None or after.boot_ns is None:
        jump = wall - mono
        if jump >= SLEEP_LIMIT_NS:
            return Jump(jump, 0)
        return Jump(0, jump if abs(jump) >= STEP_LIMIT_NS else 0)
    boot = after.boot_ns - before.boot_ns
    slept, stepped = boot - mono, wall - boot
    return Jump(slept if slept >= SLEEP_LIMIT_NS else 0, stepped if abs(stepped) >= STEP_LIMIT_NS else 0)
