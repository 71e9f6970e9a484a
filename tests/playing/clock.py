"""The clocks of a scenario: they move when told to."""

from __future__ import annotations

from diagnostics.clock import Reading
from diagnostics.model import SECOND


class PlayClock:
    """Keeps to the Clock's interface. ``true_ns`` is time since the scenario's start, sleep included."""

    def __init__(self, start_ns: int, mono_ns: int) -> None:
        self.true_ns = 0
        self._wall_ns = start_ns
        self._mono_ns = mono_ns
        self._boot_ns = mono_ns + 3600 * SECOND

    @property
    def true_s(self) -> float:
        return self.true_ns / SECOND

    def read(self) -> Reading:
        return Reading(self._wall_ns, self._mono_ns, self._boot_ns)

    def mono_ns(self) -> int:
        return self._mono_ns

    def advance(self, ns: int) -> None:
        self.sleep(ns)
        self._mono_ns += ns

    def sleep(self, ns: int) -> None:
        """Only monotonic time stands still."""
        self.true_ns += ns
        self._wall_ns += ns
        self._boot_ns += ns

    def step(self, ns: int) -> None:
        """Somebody sets the wall clock."""
        self._wall_ns += ns
