"""ICMP echo on macOS, over unprivileged datagram sockets. Written from documents; never run on a real Mac.

Unlike Linux, macOS leaves the identifier to us, hands over the IPv4 header, and may hand over packets meant
for others. The receive stamp is a ``struct timeval``: microseconds. Sources: icmp(4) and setsockopt(2) of
macOS, ``bsd/sys/socket.h`` of its kernel.
"""

from __future__ import annotations

import socket
import struct

from diagnostics.clock import Reading
from diagnostics.model import SECOND
from diagnostics.probes import icmp, sockets
from diagnostics.probes.ping_flights import Flight
from diagnostics.probes.ping_icmp import IcmpPinger

SO_TIMESTAMP = 0x0400
SCM_TIMESTAMP = 0x02
SOL_SOCKET = 0xFFFF

_TIMEVAL = struct.Struct("=qi")


def read_stamp(ancillary: sockets.Ancillary) -> int | None:
    """The receive stamp in nanoseconds of wall-clock time, to the microsecond, or None where there is none."""
    for level, kind, data in ancillary:
        if (level, kind) == (SOL_SOCKET, SCM_TIMESTAMP) and len(data) >= _TIMEVAL.size:
            seconds, microseconds = _TIMEVAL.unpack_from(data)
            return int(seconds) * SECOND + int(microseconds) * 1000
    return None


class MacPinger(IcmpPinger):
    """Echo over datagram ICMP sockets as macOS has them."""

    method = "icmp-datagram"

    def _open(self, family: int) -> socket.socket:
        if family == 4:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
        else:
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6)
        sock.setsockopt(SOL_SOCKET, SO_TIMESTAMP, 1)
        return sock

    def _packet(self, flight: Flight, family: int) -> bytes:
        body = icmp.payload(self._cookie, flight.number)
        return icmp.echo_request(family, self._identifier, flight.sequence, body, summed=family == 4)

    def _read(self, sock: socket.socket, family: int, now: Reading) -> None:
        try:
            packet, ancillary, _, source = sock.recvmsg(512, 128)
        except OSError:
            return
        self._on_any(packet, family, source[0], now, read_stamp(ancillary))
