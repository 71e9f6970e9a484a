"""Time stands still in the demonstration: it is always the end of the made-up month."""

from __future__ import annotations

from diagnostics.clock import Reading, SystemClock


class DemoClock:
    """Keeps to the Clock's interface. Wall-clock time is ``end_ns`` (UTC ns) for ever; monotonic time goes on."""

    def __init__(self, end_ns: int) -> None:
        self._end_ns = end_ns
        self._clock = SystemClock()

    def read(self) -> Reading:
        return Reading(self._end_ns, self._clock.mono_ns(), None)

    def mono_ns(self) -> int:
        return self._clock.mono_ns()
