"""A pinger without a network, for tests and demonstrations: outcomes come from a function, time from a clock."""

from __future__ import annotations

from collections.abc import Callable

from diagnostics.clock import Clock
from diagnostics.model import SECOND, Flag, Outcome, Sample, Target
from diagnostics.probes.ping_flights import Flight, FlightBook

Script = Callable[[Target, int], tuple[Outcome, int | None]]
"""What becomes of a probe to a target sent at a wall-clock time, and the round-trip time in nanoseconds.

OK, LATE and REFUSED take effect when that time has passed on the clock, LOST never, the others at once.
"""


def always_ok(_target: Target, _sent_ns: int) -> tuple[Outcome, int | None]:
    """Every probe is answered after 10 ms."""
    return Outcome.OK, 10_000_000


class FakePinger:
    """Keeps to the Pinger interface. ``sent`` lists what was sent; ``closed`` tells whether it was closed."""

    def __init__(
        self,
        clock: Clock,
        script: Script = always_ok,
        *,
        method: str = "icmp-datagram",
        timeout_ns: int = SECOND,
        late_ns: int = 10 * SECOND,
    ) -> None:
        self.method = method
        self.script = script
        self.sent: list[tuple[Target, Flag, int]] = []
        self.closed = False
        self._clock = clock
        self._book = FlightBook(clock, timeout_ns, late_ns)
        self._coming: list[tuple[int, Flight, Outcome, int]] = []

    def send(self, target: Target, flags: Flag = Flag.NONE) -> None:
        flight = self._book.depart(target, flags)
        self.sent.append((target, flags, flight.sent_ns))
        outcome, rtt_ns = self.script(target, flight.sent_ns)
        if outcome.answered:
            rtt_ns = 0 if rtt_ns is None else rtt_ns
            self._coming.append((flight.sent.mono_ns + rtt_ns, flight, outcome, rtt_ns))
        elif outcome is not Outcome.LOST:
            self._book.fail(flight, outcome, "fake")

    def collect(self) -> list[Sample]:
        now = self._clock.mono_ns()
        due = [entry for entry in self._coming if entry[0] <= now]
        self._coming = [entry for entry in self._coming if entry[0] > now]
        for _, flight, outcome, rtt_ns in sorted(due, key=lambda entry: entry[0]):
            self._book.timed_answer(flight, rtt_ns, outcome)
        self._book.expire(now)
        return self._book.take()

    def drain(self) -> list[Sample]:
        samples = self.collect()
        self._coming.clear()
        return samples

    def close(self) -> None:
        self.closed = True
