"""The book of probes under way: numbering, timing, and what becomes of each. No sockets; shared by all ping
methods.

A probe is reported once when it is answered, refused, reported unreachable or lost. A *lost* one may be
reported once more, when an answer (LATE) or an ICMP error (UNREACHABLE, SEND_ERROR: a router or this machine
gives up on ARP only after some three seconds) comes within ``late_ns``; one reported unreachable may still
turn out to be answered. A revision has the target and the ``sent_ns`` of what it replaces.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from diagnostics.clock import Clock, Reading
from diagnostics.model import MILLISECOND, Flag, Outcome, Sample, Target, quantise_rtt, quantise_time

COARSE_NS = MILLISECOND
"""Wall and monotonic clock may drift apart by this much while a probe is under way before kernel stamps are
distrusted.
"""

_GRID_NS = 100_000


@dataclass(slots=True)
class Flight:
    """One probe under way. ``sent`` is exact, ``sent_ns`` and ``mono_ns`` are as reported."""

    target: Target
    flags: Flag
    number: int
    sent: Reading
    sent_ns: int
    mono_ns: int
    outcome: Outcome | None = None

    @property
    def sequence(self) -> int:
        """The 16 bits that an ICMP header has room for."""
        return self.number & 0xFFFF


def measure(sent: Reading, now: Reading, stamp_ns: int | None) -> tuple[int, Flag]:
    """The round-trip time in nanoseconds, and COARSE_CLOCK where it had to be taken from the program's own
    clock.

    ``stamp_ns`` is the kernel's wall-clock receive stamp. It is mapped to the monotonic clock by the offsets
    between the two clocks at sending and at reading, on the straight line between them (NTP slews evenly).
    Where the offsets differ by more than 1 ms the wall clock was set meanwhile, and the moment of reading
    counts instead.
    """
    elapsed = now.mono_ns - sent.mono_ns
    if stamp_ns is None or abs(now.offset_ns - sent.offset_ns) > COARSE_NS:
        return max(elapsed, 0), Flag.COARSE_CLOCK
    arrived = stamp_ns - sent.wall_ns
    whole = now.wall_ns - sent.wall_ns
    rtt = arrived * elapsed // whole if whole > 0 else arrived
    if not -COARSE_NS <= rtt <= elapsed + COARSE_NS:
        return max(elapsed, 0), Flag.COARSE_CLOCK
    return max(rtt, 0), Flag.NONE


class FlightBook:
    """All probes of one pinger, from sending until ``late_ns`` later.

    ``undecided`` counts those of which nothing is known yet, ``duplicates`` second answers.
    """

    def __init__(self, clock: Clock, timeout_ns: int, late_ns: int, first_number: int = 1) -> None:
        self._clock = clock
        self._timeout_ns = timeout_ns
        self._late_ns = late_ns
        self._number = first_number
        self._by_sequence: dict[int, Flight] = {}
        self._waiting: deque[Flight] = deque()
        self._remembered: deque[Flight] = deque()
        self._keys: set[tuple[str, int]] = set()
        self._samples: list[Sample] = []
        self.undecided = 0
        self.duplicates = 0

    def depart(self, target: Target, flags: Flag) -> Flight:
        """Open a probe, reading the clock: to be called right before sending.

        No two probes remembered for one address have the same ``sent_ns``: the later is moved on by steps of
        0.1 ms.
        """
        sent = self._clock.read()
        sent_ns = quantise_time(sent.wall_ns)
        while (target.address, sent_ns) in self._keys:
            sent_ns += _GRID_NS
        self._keys.add((target.address, sent_ns))
        flight = Flight(target, flags, self._number, sent, sent_ns, quantise_time(sent.mono_ns))
        self._number += 1
        self.undecided += 1
        self._by_sequence[flight.sequence] = flight
        self._waiting.append(flight)
        self._remembered.append(flight)
        return flight

    def find(self, sequence: int, number: int | None = None) -> Flight | None:
        """The remembered probe with this sequence, and with this number where it is known."""
        flight = self._by_sequence.get(sequence)
        if flight is None or (number is not None and flight.number != number):
            return None
        return flight

    def answer(
        self,
        flight: Flight,
        now: Reading,
        stamp_ns: int | None,
        outcome: Outcome = Outcome.OK,
        detail: str = "",
    ) -> None:
        """An answer came; ``outcome`` is OK, or REFUSED. The first one counts."""
        rtt, coarse = measure(flight.sent, now, stamp_ns)
        self.timed_answer(flight, rtt, outcome, detail, coarse)

    def timed_answer(
        self,
        flight: Flight,
        rtt_ns: int,
        outcome: Outcome = Outcome.OK,
        detail: str = "",
        coarse: Flag = Flag.NONE,
    ) -> None:
        """As ``answer``, where the caller knows the round-trip time."""
        if flight.outcome in (Outcome.OK, Outcome.LATE, Outcome.REFUSED):
            self.duplicates += 1
            return
        if rtt_ns > self._late_ns:
            return
        if flight.outcome is Outcome.LOST or rtt_ns > self._timeout_ns:
            outcome = Outcome.LATE
        self._report(flight, outcome, quantise_rtt(rtt_ns), detail, coarse)

    def fail(self, flight: Flight, outcome: Outcome, detail: str) -> None:
        """An error about the probe came, or it could not be sent. What is known already is not overwritten."""
        if flight.outcome in (None, Outcome.LOST):
            self._report(flight, outcome, None, detail, Flag.NONE)

    def expire(self, mono_ns: int) -> list[Flight]:
        """Declare lost what has had no answer for ``timeout_ns`` at ``mono_ns``; returns what was forgotten
        for good.
        """
        waiting = self._waiting
        while waiting and (
            waiting[0].outcome is not None or mono_ns - waiting[0].sent.mono_ns > self._timeout_ns
        ):
            flight = waiting.popleft()
            if flight.outcome is None:
                self._report(flight, Outcome.LOST, None, "", Flag.NONE)
        forgotten = []
        while self._remembered and mono_ns - self._remembered[0].sent.mono_ns > self._late_ns:
            flight = self._remembered.popleft()
            forgotten.append(flight)
            self._keys.discard((flight.target.address, flight.sent_ns))
            if self._by_sequence.get(flight.sequence) is flight:
                del self._by_sequence[flight.sequence]
        return forgotten

    def take(self) -> list[Sample]:
        """What became final, or was revised, since the last call."""
        samples, self._samples = self._samples, []
        return samples

    def _report(
        self, flight: Flight, outcome: Outcome, rtt_ns: int | None, detail: str, coarse: Flag
    ) -> None:
        if flight.outcome is None:
            self.undecided -= 1
        flight.outcome = outcome
        flags = flight.flags | coarse if coarse else flight.flags
        self._samples.append(
            Sample(flight.target, flight.sent_ns, flight.mono_ns, outcome, rtt_ns, detail, flags)
        )
