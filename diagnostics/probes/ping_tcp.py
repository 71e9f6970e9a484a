"""Ping by TCP: how long a connection to port 443 takes. For machines where ICMP is allowed in no form.

The time is the kernel's own measure of SYN to SYN-ACK (Linux: ``tcpi_rtt``), which does not depend on when
``collect`` runs. Where it is missing (a reset; other systems) the program's clock at ``collect`` stands in,
too long by the caller's delay, and the sample is flagged COARSE_CLOCK. A connection that only the kernel's
repetition of the SYN brought about stays LOST: the first one was.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import sys

from diagnostics.clock import Clock, Reading
from diagnostics.model import Flag, Outcome, Sample, Target
from diagnostics.probes import sockets
from diagnostics.probes.binding import Binding, bind, split
from diagnostics.probes.ping_flights import Flight, FlightBook

PORT = 443

_RTT_OFFSET = 68
_RETRANSMITTED_OFFSET = 100
_PENDING = frozenset(
    {errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK)}
)


class TcpPinger:
    """Connections to port 443, each closed as soon as it stands."""

    method = "tcp"

    def __init__(
        self,
        clock: Clock,
        timeout_ns: int,
        late_ns: int,
        port: int = PORT,
        *,
        binding: Binding | None = None,
    ) -> None:
        """Raises OSError where not even TCP sockets can be made."""
        self._clock = clock
        self._binding = Binding() if binding is None else binding
        self._book = FlightBook(clock, timeout_ns, late_ns)
        self._port = port
        self._open: dict[int, tuple[Flight, socket.socket]] = {}
        self._linux = sys.platform == "linux"
        try:
            socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
        except OSError as error:
            if error.errno != errno.EAFNOSUPPORT:
                raise
            socket.socket(socket.AF_INET6, socket.SOCK_STREAM).close()

    def send(self, target: Target, flags: Flag = Flag.NONE) -> None:
        interface, bare = split(target.address)
        family = sockets.family_of(bare)
        sock = None
        try:
            address = sockets.socket_address(bare, self._port)
            sock = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_STREAM)
            bind(sock, family, interface or self._binding.interface)
            sock.setblocking(False)
            # Closing with a reset leaves no TIME_WAIT entry, here or there.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))
            if self._linux:
                sockets.ask_for_errors(sock, family)
        except OSError as error:
            if sock is not None:
                sock.close()
            self._book.fail(
                self._book.depart(target, flags), Outcome.SEND_ERROR, sockets.errno_name(error.errno)
            )
            return
        flight = self._book.depart(target, flags)
        code = sock.connect_ex(address)
        if code and code not in _PENDING:
            self._finish(flight, sock, code, self._clock.read())
            sock.close()
            return
        self._open[sock.fileno()] = (flight, sock)

    def _finish(self, flight: Flight, sock: socket.socket, code: int, now: Reading) -> None:
        if code == 0:
            rtt = _kernel_rtt(sock) if self._linux else None
            if rtt is not None:
                self._book.timed_answer(flight, rtt)
            elif not self._linux and flight.outcome is not Outcome.LOST:
                self._book.answer(flight, now, None)
            return
        outcome, detail = sockets.explain(sock, code)
        if outcome is Outcome.SEND_ERROR and code == errno.ECONNREFUSED:
            if flight.outcome is not Outcome.LOST:
                self._book.answer(flight, now, None, Outcome.REFUSED, detail)
        elif code != errno.ETIMEDOUT:
            self._book.fail(flight, outcome, detail)

    def collect(self) -> list[Sample]:
        started = self._clock.mono_ns()
        for descriptor in self._decided():
            flight, sock = self._open.pop(descriptor)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._finish(flight, sock, code, self._clock.read())
            sock.close()
        gone = {id(flight) for flight in self._book.expire(started)}
        for descriptor in [number for number, (flight, _) in self._open.items() if id(flight) in gone]:
            self._open.pop(descriptor)[1].close()
        return self._book.take()

    def _decided(self) -> list[int]:
        """The connections that stand or have failed."""
        if not self._open:
            return []
        if hasattr(select, "poll"):
            poll = select.poll()
            for descriptor in self._open:
                poll.register(descriptor, select.POLLOUT)
            return [descriptor for descriptor, _ in poll.poll(0)]
        # Windows tells of a failed connection in the third set.
        _, stands, failed = select.select((), self._open, self._open, 0)
        return list(set(stands) | set(failed))

    def drain(self) -> list[Sample]:
        samples = self.collect()
        self._close_all()
        return samples

    def _close_all(self) -> None:
        for _, sock in self._open.values():
            sock.close()
        self._open.clear()

    def close(self) -> None:
        self._close_all()


def _kernel_rtt(sock: socket.socket) -> int | None:
    """The kernel's measure of SYN to SYN-ACK in nanoseconds, or None where it has none or the SYN was sent
    twice.
    """
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    except OSError:
        return None
    if len(info) < _RETRANSMITTED_OFFSET + 4:
        return None
    (rtt_us,) = struct.unpack_from("@I", info, _RTT_OFFSET)
    (retransmitted,) = struct.unpack_from("@I", info, _RETRANSMITTED_OFFSET)
    return int(rtt_us) * 1000 if rtt_us and not retransmitted else None
