"""ICMP echo on Linux: unprivileged datagram sockets, or raw ones, with the kernel's receive stamps.

Datagram sockets are allowed by ``net.ipv4.ping_group_range`` (for both families); the kernel then chooses the
identifier and hands us only what answers it. Raw sockets see every ICMP packet of the machine: a filter in
the kernel lets replies and errors through, identifier and cookie tell which are ours.
"""

from __future__ import annotations

import socket
import struct

from diagnostics.clock import Reading
from diagnostics.probes import icmp, sockets
from diagnostics.probes.ping_flights import Flight
from diagnostics.probes.ping_icmp import MOST_PACKETS, IcmpPinger

_RAW_LEVEL = 255
_ICMP_FILTER = 1
_ICMP6_FILTER = 1
_WANTED = {4: (0, 3, 11, 12), 6: (1, 3, 4, 129)}


class DatagramPinger(IcmpPinger):
    """Echo over datagram ICMP sockets: no privilege, the kernel sorts the replies."""

    method = "icmp-datagram"

    def _open(self, family: int) -> socket.socket:
        if family == 4:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
        else:
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6)
        sockets.ask_for_errors(sock, family)
        sock.setsockopt(socket.SOL_SOCKET, sockets.SO_TIMESTAMPNS, 1)
        return sock

    def _packet(self, flight: Flight, family: int) -> bytes:
        body = icmp.payload(self._cookie, flight.number)
        return icmp.echo_request(family, 0, flight.sequence, body, summed=False)

    def _read(self, sock: socket.socket, family: int, now: Reading) -> None:
        try:
            packet, ancillary, _, source = sock.recvmsg(256, 128)
        except OSError:
            return
        message = icmp.parse(family, packet)
        if isinstance(message, icmp.EchoReply):
            self._on_reply(message, source[0], now, sockets.kernel_stamp(ancillary))

    def _drain_errors(self, sock: socket.socket, /) -> bool:
        """Read the error queue; True if there was something in it."""
        some = False
        for _ in range(MOST_PACKETS):
            queued = sockets.read_error(sock)
            if queued is None:
                break
            some = True
            self._on_error(queued)
        return some

    def _on_error(self, queued: sockets.QueuedError) -> None:
        family = sockets.family_of(queued.destination)
        # What comes back of our packet begins at its ICMP header.
        if len(queued.packet) < icmp.HEADER.size or not queued.name:
            return
        kind, _, _, _, sequence = icmp.HEADER.unpack_from(queued.packet)
        if kind == icmp.ECHO_REQUEST[family]:
            body = queued.packet[icmp.HEADER.size :]
            self._failed(sequence, body, queued.destination, queued.sayer, queued.name, queued.code)


class RawPinger(IcmpPinger):
    """Echo over raw sockets, where datagram ones are switched off and CAP_NET_RAW is held."""

    method = "icmp-raw"

    def _open(self, family: int) -> socket.socket:
        if family == 4:
            sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            blocked = 0xFFFFFFFF
            for kind in _WANTED[4]:
                blocked &= ~(1 << kind)
            sock.setsockopt(_RAW_LEVEL, _ICMP_FILTER, struct.pack("@I", blocked))
        else:
            sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            words = [0xFFFFFFFF] * 8
            for kind in _WANTED[6]:
                words[kind >> 5] &= ~(1 << (kind & 31))
            sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("@8I", *words))
        sock.setsockopt(socket.SOL_SOCKET, sockets.SO_TIMESTAMPNS, 1)
        return sock

    def _packet(self, flight: Flight, family: int) -> bytes:
        body = icmp.payload(self._cookie, flight.number)
        # For ICMPv6 the kernel sums, since it alone knows the source address that enters the sum.
        return icmp.echo_request(family, self._identifier, flight.sequence, body, summed=family == 4)

    def _read(self, sock: socket.socket, family: int, now: Reading) -> None:
        try:
            packet, ancillary, _, source = sock.recvmsg(512, 128)
        except OSError:
            return
        self._on_any(packet, family, source[0], now, sockets.kernel_stamp(ancillary))
