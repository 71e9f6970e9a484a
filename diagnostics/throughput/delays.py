"""Round trips to the server while nothing, or a flow, fills the line: how long, and how many are lost.

Runs in a thread of the process that conducts a measurement, which is not the one that moves the bytes. The server's
address is pinged ten times a second with the kernel's receive stamps; where it answers no ping, or this machine may
send none, TCP handshakes with the server's own port stand in, five a second. One method serves all phases of a
measurement, so that they can be compared.
"""

from __future__ import annotations

import math
import statistics
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from diagnostics.clock import Clock
from diagnostics.model import (
    MILLISECOND,
    SECOND,
    BadInput,
    MachineCannot,
    Outcome,
    Role,
    Sample,
    Target,
)
from diagnostics.model import Protocol as ProbeProtocol
from diagnostics.probes import ping
from diagnostics.probes.binding import Binding
from diagnostics.probes.ping import Pinger
from diagnostics.throughput.model import DelayMethod, Delays, Place, Way
from diagnostics.throughput.reach import first_address

ADDRESS_S = 3.0
"""How long the search for the server's address may take."""
TRIAL_NS = 600 * MILLISECOND
"""A server that answers no ping in this time is tried by TCP."""
RESENT_NS = SECOND
"""A handshake that took so long came about by a second SYN (RFC 6298): the first was lost."""
_SLACK_NS = SECOND // 5


@dataclass(frozen=True, slots=True)
class _Manner:
    """How one method goes about it. A try is lost after ``timeout_ns``; ``bytes`` is a try's cost on the wire."""

    period_ns: int
    timeout_ns: int
    poll_s: float
    bytes: int


# Full queues of several seconds are met on slow lines: an answer out of one is late, not lost.
# Bytes: an echo request and its reply; SYN, SYN-ACK, ACK and reset. With their IP headers.
_MANNERS = {
    DelayMethod.ICMP: _Manner(SECOND // 10, 3 * SECOND, 0.02, 2 * 60),
    DelayMethod.TCP: _Manner(SECOND // 5, 2 * SECOND, 0.005, 60 + 60 + 52 + 40),
}
_LOST_HERE = frozenset({"ENOBUFS", "EHOSTUNREACH"})
"""Errors of sending that are losses: this machine's own queue was full; the neighbour no longer answers."""


class OpenPinger(Protocol):
    """As ``diagnostics.probes.ping.open_pinger``."""

    def __call__(self, clock: Clock, *, timeout_ns: int, late_ns: int, binding: Binding) -> Pinger: ...


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one try. ``rtt_ns`` None and not lost: refused, an answer that tells no time."""

    lost: bool
    rtt_ns: int | None = None


def fate_of(sample: Sample, method: DelayMethod) -> Fate | None:
    """What a sample says of a try; None where nothing left this machine, which is no loss on the way."""
    if sample.outcome is Outcome.SEND_ERROR and sample.detail not in _LOST_HERE:
        return None
    if sample.outcome is Outcome.REFUSED:
        return Fate(lost=False)
    if sample.outcome is not Outcome.OK or sample.rtt_ns is None:
        return Fate(lost=True)
    if method is DelayMethod.TCP and sample.rtt_ns >= RESENT_NS:
        return Fate(lost=True)
    return Fate(lost=False, rtt_ns=sample.rtt_ns)


def summed_up(method: DelayMethod, fates: Iterable[Fate]) -> Delays:
    """The figures of one phase. ``p95_ms`` is the nearest-rank percentile: the least value that at least 95 % of the
    round trips do not exceed.
    """
    fates = list(fates)
    times = sorted(fate.rtt_ns / 1e6 for fate in fates if fate.rtt_ns is not None)
    lost = sum(fate.lost for fate in fates)
    if not times:
        return Delays(method, len(fates), lost)
    return Delays(
        method,
        len(fates),
        lost,
        round(times[0], 2),
        round(statistics.median(times), 2),
        round(nearest_rank(times, 95), 2),
    )


def nearest_rank(ordered: Sequence[float], percent: int) -> float:
    """The percentile of at least one value, in ascending order; ``percent`` 1–100."""
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


@dataclass(slots=True)
class _Try:
    sent_mono_ns: int
    decided: bool = False
    fate: Fate | None = None


class DelayWatch:
    """Measures round trips to one place from ``start`` to ``close``. Raises nothing for what the network does.

    ``method``, ``address`` (family and address, None where the place has none of the way's family) and ``bytes`` (spent
    so far, packet headers included, roughly) are settled once ``start`` has returned.
    """

    def __init__(
        self, place: Place, way: Way, clock: Clock, *, open_pinger: OpenPinger = ping.open_pinger
    ) -> None:
        self._place, self._way, self._clock = place, way, clock
        self._open_pinger = open_pinger
        self._binding = Binding(way.interface)
        self._stop, self._settled = threading.Event(), threading.Event()
        self._changed = threading.Condition()
        self._tries: list[_Try] = []
        self._tried_before = 0
        self._thread: threading.Thread | None = None
        self.method = DelayMethod.TCP
        self.address: tuple[int, str] | None = None

    def start(self) -> None:
        """Begin, and come back once the method is settled: a round trip with a server that answers pings, else 0.6 s,
        plus what the look-up of its name takes (together 3.6 s at most).
        """
        self._thread = threading.Thread(target=self._run, name="speed-delays", daemon=True)
        self._thread.start()
        self._settled.wait(ADDRESS_S + TRIAL_NS / SECOND + 1)

    def between(self, start_mono_ns: int, end_mono_ns: int) -> Delays:
        """What became of the tries sent in [start, end). Tries that are still open are waited for, until a second (TCP:
        two) after ``end``; those whose fate is not known even then, or at ``close``, are left out.
        """
        end_mono_ns = min(end_mono_ns, self._clock.mono_ns())
        deadline_ns = end_mono_ns + _MANNERS[self.method].timeout_ns + _SLACK_NS
        with self._changed:
            while (
                self._running()
                and self._clock.mono_ns() < deadline_ns
                and not all(one.decided for one in self._sent_in(start_mono_ns, end_mono_ns))
            ):
                self._changed.wait(0.1)
            known = [one.fate for one in self._sent_in(start_mono_ns, end_mono_ns) if one.decided]
        return summed_up(self.method, (fate for fate in known if fate is not None))

    @property
    def bytes(self) -> int:
        with self._changed:
            here = len(self._tries) * _MANNERS[self.method].bytes
        return self._tried_before * _MANNERS[DelayMethod.ICMP].bytes + here

    def close(self) -> None:
        """Send nothing more; what is known stays. Takes a second at most."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(1)

    def _running(self) -> bool:
        return self._thread is not None and self._thread.is_alive() and not self._stop.is_set()

    def _sent_in(self, start_ns: int, end_ns: int) -> list[_Try]:
        return [one for one in self._tries if start_ns <= one.sent_mono_ns < end_ns]

    def _run(self) -> None:
        try:
            self.address = first_address(self._place, self._way, ADDRESS_S)
            if self.address is not None and not self._by_icmp(*self.address) and self._place.port:
                self._by_tcp(*self.address)
        finally:
            self._settled.set()
            with self._changed:
                self._changed.notify_all()

    def _by_icmp(self, family: int, address: str) -> bool:
        """Ping until the end; False when no ping is answered at first, or none may be sent."""
        timeout_ns = _MANNERS[DelayMethod.ICMP].timeout_ns
        try:
            pinger = self._open_pinger(
                self._clock, timeout_ns=timeout_ns, late_ns=timeout_ns, binding=self._binding
            )
        except (MachineCannot, BadInput, OSError):
            return False
        with closing(pinger):
            if pinger.method == "tcp":  # to a port that is not the server's
                return False
            self.method = DelayMethod.ICMP
            target = Target(Role.ANCHOR, ProbeProtocol.ICMP, address, family)
            give_up_ns = self._clock.mono_ns() + TRIAL_NS
            self._follow(pinger, target, lambda: self._any_answer() or self._clock.mono_ns() >= give_up_ns)
            if not self._any_answer():
                self.method = DelayMethod.TCP
                with self._changed:
                    self._tried_before, self._tries = len(self._tries), []
                return False
            self._settled.set()
            self._follow(pinger, target, lambda: False)
        return True

    def _by_tcp(self, family: int, address: str) -> None:
        from diagnostics.probes.ping_tcp import TcpPinger

        timeout_ns = _MANNERS[DelayMethod.TCP].timeout_ns
        try:
            pinger = TcpPinger(self._clock, timeout_ns, timeout_ns, self._place.port, binding=self._binding)
        except OSError:
            return
        with closing(pinger):
            self._settled.set()
            self._follow(pinger, Target(Role.ANCHOR, ProbeProtocol.TCP, address, family), lambda: False)

    def _any_answer(self) -> bool:
        return any(one.fate is not None and one.fate.rtt_ns is not None for one in self._tries)

    def _follow(self, pinger: Pinger, target: Target, enough: Callable[[], bool]) -> None:
        manner = _MANNERS[self.method]
        due_ns = self._clock.mono_ns()
        while not self._stop.is_set() and not enough():
            now_ns = self._clock.mono_ns()
            if now_ns >= due_ns:
                with self._changed:
                    self._tries.append(_Try(now_ns))
                pinger.send(target)
                # After a pause, what was missed is not made up for in a burst.
                due_ns = max(due_ns + manner.period_ns, now_ns + manner.period_ns // 2)
            self._take(pinger.collect())
            self._stop.wait(min(manner.poll_s, max(0, due_ns - self._clock.mono_ns()) / SECOND))

    def _take(self, samples: Sequence[Sample]) -> None:
        if not samples:
            return
        with self._changed:
            for sample in samples:
                # Samples' times are rounded to 0.1 ms; tries lie much further apart.
                place = bisect_right(
                    self._tries, sample.mono_ns + MILLISECOND // 10, key=lambda one: one.sent_mono_ns
                )
                if place:
                    one = self._tries[place - 1]
                    one.decided, one.fate = True, fate_of(sample, self.method)
            self._changed.notify_all()
