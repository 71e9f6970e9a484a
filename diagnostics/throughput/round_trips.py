"""The round trips of one measurement, delays and responsiveness together, to one and the same address."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType

from diagnostics.clock import Clock
from diagnostics.throughput.delays import DelayWatch
from diagnostics.throughput.model import Delays, Place, Way
from diagnostics.throughput.responsiveness import ResponsivenessWatch


class RoundTrips:
    """Measures from ``start`` to ``close``; a context manager that does both. Raises nothing for the network.

    ``between`` is asked for each phase once that is over, from any thread; it returns within 3.2 s of the phase's end.
    """

    def __init__(self, place: Place, way: Way, clock: Clock) -> None:
        self._place, self._way, self._clock = place, way, clock
        self._delays = DelayWatch(place, way, clock)
        self._responsiveness: ResponsivenessWatch | None = None

    def start(self) -> None:
        """Begin; comes back once it is settled how (see ``DelayWatch.start``): phases begin after that."""
        self._delays.start()
        if self._delays.address is not None:
            family, address = self._delays.address
            place, way = replace(self._place, address=address), replace(self._way, family=family)
            self._responsiveness = ResponsivenessWatch(place, way, self._clock)
            self._responsiveness.start()

    def between(self, start_mono_ns: int, end_mono_ns: int) -> Delays:
        """The round trips begun in [start, end), on the monotonic clock, with ``rpm`` where it could be measured."""
        delays = self._delays.between(start_mono_ns, end_mono_ns)
        if self._responsiveness is None:
            return delays
        return replace(delays, rpm=self._responsiveness.between(start_mono_ns, end_mono_ns))

    @property
    def bytes(self) -> int:
        """What all this has cost so far, both directions together, roughly."""
        return self._delays.bytes + (self._responsiveness.bytes if self._responsiveness else 0)

    def close(self) -> None:
        """Send nothing more; ``between`` still tells what is known."""
        if self._responsiveness is not None:
            self._responsiveness.close()
        self._delays.close()

    def __enter__(self) -> RoundTrips:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
