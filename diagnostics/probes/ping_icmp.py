"""What all pingers on ICMP sockets share: one socket a family and interface for all targets, sending, collecting,
telling whose it is.

``ping_linux`` and ``ping_macos`` say how a socket is opened and read on their system.
"""

from __future__ import annotations

import errno
import os
import select
import socket
from dataclasses import dataclass

from diagnostics.clock import Clock, Reading
from diagnostics.model import Flag, Outcome, Sample, Target
from diagnostics.probes import icmp, sockets
from diagnostics.probes.binding import GONE, Binding, bind, split
from diagnostics.probes.ping_flights import Flight, FlightBook

_RECEIVE_BUFFER = 256 * 1024
MOST_PACKETS = 1024
"""What one ``collect`` reads at most, so that a flood cannot hold the caller."""
_MOST_SOCKETS = 12
"""Interfaces come and go under new names: the oldest socket is closed when there are more."""


@dataclass(frozen=True, slots=True)
class _Place:
    """An address as sendto, and as comparing, want it. ``interface`` is empty unless the target names one."""

    interface: str
    where: sockets.SocketAddress
    family: int
    canonical: str


class IcmpPinger:
    """Opens sockets on demand, sends, collects. Subclasses fill in ``_open``, ``_packet``, ``_read``,
    ``_drain_errors``.
    """

    method = ""

    def __init__(
        self,
        clock: Clock,
        timeout_ns: int,
        late_ns: int,
        first_number: int = 1,
        *,
        binding: Binding | None = None,
    ) -> None:
        """Raises OSError where this kind of socket is not allowed."""
        self._clock = clock
        self._binding = Binding() if binding is None else binding
        self._book = FlightBook(clock, timeout_ns, late_ns, first_number)
        self._cookie = os.urandom(icmp.COOKIE_BYTES)
        self._identifier = int.from_bytes(os.urandom(2), "big")
        self._sockets: dict[tuple[int, str], socket.socket] = {}
        self._opened: dict[int, tuple[int, socket.socket]] = {}
        self._poll = select.poll()
        self._places: dict[str, _Place] = {}
        try:
            self._socket(4, "")
        except OSError as error:
            if error.errno != errno.EAFNOSUPPORT:
                raise
            self._socket(6, "")

    def _open(self, family: int) -> socket.socket:
        """A new socket with receive stamps switched on. Raises OSError where it is not allowed."""
        raise NotImplementedError

    def _packet(self, flight: Flight, family: int) -> bytes:
        raise NotImplementedError

    def _read(self, sock: socket.socket, family: int, now: Reading) -> None:
        """Take one packet from a socket that has one."""
        raise NotImplementedError

    def _socket(self, family: int, interface: str) -> socket.socket:
        """The socket that sends by ``interface``. Raises OSError where there can be none."""
        sock = self._sockets.get((family, interface))
        if sock is None:
            sock = self._open(family)
            try:
                bind(sock, family, interface)
                sock.setblocking(False)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            except OSError:
                sock.close()
                raise
            while len(self._sockets) >= _MOST_SOCKETS:
                self._drop(next(key for key in self._sockets if key[1]))
            self._sockets[family, interface] = sock
            self._opened[sock.fileno()] = (family, sock)
            self._poll.register(sock, select.POLLIN)
        return sock

    def _drop(self, key: tuple[int, str]) -> None:
        sock = self._sockets.pop(key)
        self._poll.unregister(sock)
        del self._opened[sock.fileno()]
        sock.close()

    def _place(self, address: str) -> _Place:
        """Raises OSError when ``address`` is none."""
        place = self._places.get(address)
        if place is None:
            interface, bare = split(address)
            where = sockets.socket_address(bare)
            place = _Place(interface, where, sockets.family_of(bare), sockets.canonical(bare))
            # A zone's number belongs to an interface that may be replaced by another of the same name.
            if "%" not in address:
                self._places[address] = place
        return place

    def send(self, target: Target, flags: Flag = Flag.NONE) -> None:
        try:
            place = self._place(target.address)
            interface = place.interface or self._binding.interface
            sock = self._socket(place.family, interface)
        except OSError as error:
            failed = self._book.depart(target, flags)
            self._book.fail(failed, Outcome.SEND_ERROR, sockets.errno_name(error.errno))
            return
        flight = self._book.depart(target, flags)
        packet = self._packet(flight, place.family)
        # An ICMP error about an earlier probe makes the next sendto fail in its place, once for each error.
        for attempt in range(4):
            try:
                sock.sendto(packet, place.where)
                return
            except OSError as error:
                if interface and error.errno in GONE and not attempt:
                    # There may be another interface of the same name by now.
                    self._drop((place.family, interface))
                    try:
                        sock = self._socket(place.family, interface)
                    except OSError as refused:
                        self._book.fail(flight, Outcome.SEND_ERROR, sockets.errno_name(refused.errno))
                        return
                elif not self._drain_errors(sock) and attempt:
                    self._book.fail(flight, Outcome.SEND_ERROR, sockets.errno_name(error.errno))
                    return
        self._book.fail(flight, Outcome.SEND_ERROR, "EAGAIN")

    def _drain_errors(self, _sock: socket.socket, /) -> bool:
        """Read the error queue, where the system has one; True if there was something in it."""
        return False

    def _on_any(self, packet: bytes, family: int, source: str, now: Reading, stamp_ns: int | None) -> None:
        """A packet came from a socket that also sees what is not for us, with its IP header or without."""
        message = icmp.parse_packet(family, packet)
        if message is None or message.identifier != self._identifier:
            return
        if isinstance(message, icmp.EchoReply):
            self._on_reply(message, source, now, stamp_ns)
            return
        inet = socket.AF_INET if family == 4 else socket.AF_INET6
        destination = socket.inet_ntop(inet, message.destination)
        sayer = sockets.canonical(source)
        self._failed(message.sequence, message.payload, destination, sayer, message.name, errno.EHOSTUNREACH)

    def _failed(self, sequence: int, body: bytes, destination: str, sayer: str, name: str, code: int) -> None:
        """An ICMP error about an echo request to ``destination`` came from ``sayer``."""
        number = None
        quoted = icmp.read_payload(body)
        if quoted is not None:
            if quoted[0] != self._cookie:
                return
            number = quoted[1]
        flight = self._book.find(sequence, number)
        if flight is None or self._canonical(flight) != destination:
            return
        if sockets.is_own(sayer):
            # No answer to ARP, or a firewall of our own: nothing left this machine.
            self._book.fail(flight, Outcome.SEND_ERROR, sockets.errno_name(code))
        else:
            self._book.fail(flight, Outcome.UNREACHABLE, f"{sayer} {name}")

    def _canonical(self, flight: Flight) -> str:
        place = self._places.get(flight.target.address)
        return sockets.canonical(split(flight.target.address)[1]) if place is None else place.canonical

    def _on_reply(self, reply: icmp.EchoReply, source: str, now: Reading, stamp_ns: int | None) -> None:
        quoted = icmp.read_payload(reply.payload)
        if quoted is None or quoted[0] != self._cookie:
            return
        flight = self._book.find(reply.sequence, quoted[1])
        if flight is not None and self._canonical(flight) == source:
            self._book.answer(flight, now, stamp_ns)

    def collect(self) -> list[Sample]:
        started = self._clock.mono_ns()
        for _ in range(MOST_PACKETS):
            events = self._poll.poll(0)
            if not events:
                break
            now = self._clock.read()
            for descriptor, event in events:
                family, sock = self._opened[descriptor]
                if event & select.POLLERR:
                    self._drain_errors(sock)
                if event & select.POLLIN:
                    self._read(sock, family, now)
            # What else may lie there is nothing that anybody waits for: it is read next time.
            if not self._book.undecided:
                break
        self._book.expire(started)
        return self._book.take()

    def drain(self) -> list[Sample]:
        return self.collect()

    def close(self) -> None:
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()
        self._opened.clear()
        self._poll = select.poll()
