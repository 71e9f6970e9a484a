"""ICMP echo on Windows through its own service. Never run on a real Windows machine.

Round-trip times are Windows' own, in whole milliseconds, and do not depend on when ``collect`` runs. The
service matches replies to requests itself. An answer later than ``late_ns`` is not waited for.
"""

from __future__ import annotations

import os

from diagnostics.clock import Clock
from diagnostics.model import MILLISECOND, Flag, Outcome, Sample, Target
from diagnostics.probes import icmp, icmp_api, sockets
from diagnostics.probes.binding import Binding, source_on, split
from diagnostics.probes.ping_flights import Flight, FlightBook


class WindowsPinger:
    """Keeps to the Pinger interface over an EchoApi."""

    method = "icmp-api"

    def __init__(
        self,
        clock: Clock,
        timeout_ns: int,
        late_ns: int,
        api: icmp_api.EchoApi | None = None,
        *,
        binding: Binding | None = None,
    ) -> None:
        """Raises OSError where the service cannot be opened."""
        self._clock = clock
        self._binding = Binding() if binding is None else binding
        self._book = FlightBook(clock, timeout_ns, late_ns)
        self._late_ms = max(late_ns // MILLISECOND, 1)
        self._cookie = os.urandom(icmp.COOKIE_BYTES)
        self._api = icmp_api.WindowsEchoApi() if api is None else api
        self._calls: list[tuple[Flight, icmp_api.EchoCall]] = []

    def send(self, target: Target, flags: Flag = Flag.NONE) -> None:
        flight = self._book.depart(target, flags)
        body = icmp.payload(self._cookie, flight.number)
        interface, bare = split(target.address)
        interface = interface or self._binding.interface
        try:
            # The service knows no interfaces; Windows sends by the one that the source address belongs to.
            source = source_on(interface, bare) if interface else ""
            self._calls.append((flight, self._api.start(bare, body, self._late_ms, source=source)))
        except OSError as error:
            self._book.fail(flight, Outcome.SEND_ERROR, sockets.errno_name(error.errno))

    def collect(self) -> list[Sample]:
        started = self._clock.mono_ns()
        pending = []
        for flight, call in self._calls:
            result = call.result()
            if result is None:
                pending.append((flight, call))
            else:
                self._settle(flight, result)
        self._calls = pending
        self._book.expire(started)
        return self._book.take()

    def _settle(self, flight: Flight, result: icmp_api.EchoResult) -> None:
        if result.status == icmp_api.SUCCESS:
            if result.address == sockets.canonical(split(flight.target.address)[1]):
                self._book.timed_answer(flight, result.rtt_ms * MILLISECOND)
        elif result.status in icmp_api.NAMES:
            if result.address and not sockets.is_own(result.address):
                detail = f"{result.address} {icmp_api.NAMES[result.status]}"
                self._book.fail(flight, Outcome.UNREACHABLE, detail)
            else:
                self._book.fail(flight, Outcome.SEND_ERROR, "EHOSTUNREACH")
        elif result.status != icmp_api.TIMED_OUT:
            self._book.fail(flight, Outcome.SEND_ERROR, icmp_api.error_of(result.status))

    def drain(self) -> list[Sample]:
        return self.collect()

    def close(self) -> None:
        self._api.close()
        self._calls.clear()
