"""Clocks of the tests' own."""

from __future__ import annotations

from diagnostics.clock import Reading, SystemClock
from diagnostics.model import SECOND


class ManualClock:
    """Stands still until told to go on."""

    def __init__(self, wall_ns: int = 1_700_000_000 * SECOND, mono_ns: int = 5_000 * SECOND) -> None:
        self.wall_ns, self.mono = wall_ns, mono_ns

    def read(self) -> Reading:
        return Reading(self.wall_ns, self.mono, None)

    def mono_ns(self) -> int:
        return self.mono

    def advance(self, ns: int) -> None:
        self.wall_ns += ns
        self.mono += ns

    def step(self, ns: int) -> None:
        """Somebody sets the wall clock."""
        self.wall_ns += ns


class SteppedClock(SystemClock):
    """The machine's clocks, with a wall clock that can be set for this program alone."""

    def __init__(self) -> None:
        super().__init__()
        self.step_ns = 0

    def read(self) -> Reading:
        reading = super().read()
        return Reading(reading.wall_ns + self.step_ns, reading.mono_ns, reading.boot_ns)
