"""Connections to a server by a chosen way: the physical interface, IPv4 or IPv6, TLS always verified."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import sys
import time

from diagnostics.probes.binding import bind
from diagnostics.throughput.model import Place, SpeedFailed, Way

CONNECT_S = 4.0
RECORD_BYTES = 16384
"""Payload of a full TLS record."""
UNSENT_BYTES = 1024 * 1024
_RECORD_COST = {"TLSv1.3": 22, "TLSv1.2": 29}
"""RFC 8446, section 5.2; RFC 5246 with AES-GCM, RFC 5288."""
_TCP_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", None)


def addresses(place: Place, way: Way) -> list[tuple[int, str]]:
    """Families (4 or 6) and addresses of a place that the way allows, in the system's order.

    Raises SpeedFailed("speed_name_unknown") when there are none. The system's resolver may take its own time.
    """
    if not (place.address or place.host):
        raise SpeedFailed("speed_name_unknown", host=place.host)
    family = {4: socket.AF_INET, 6: socket.AF_INET6}.get(way.family, socket.AF_UNSPEC)
    try:
        found = socket.getaddrinfo(place.address or place.host, place.port, family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SpeedFailed("speed_name_unknown", host=place.host) from error
    known = ((6 if inet == socket.AF_INET6 else 4, str(where[0])) for inet, _, _, _, where in found)
    return list(dict.fromkeys(known))


def connect(place: Place, way: Way, timeout_s: float = CONNECT_S) -> socket.socket:
    """A connection, under TLS where the place wants it; the certificate has to name ``place.host``.

    Raises SpeedFailed: ``speed_name_unknown``, ``speed_unreachable``, ``speed_certificate``, ``speed_tls``.
    The socket keeps ``timeout_s`` as its time limit.
    """
    deadline = time.monotonic() + timeout_s
    failure: OSError | None = None
    for family, address in addresses(place, way):
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            break
        try:
            plain = _open(family, address, place.port, way.interface, left_s)
        except OSError as error:
            failure = error
            continue
        return _secured(plain, place, deadline) if place.tls else plain
    why = failure.strerror or str(failure) if failure else "timed out"
    raise SpeedFailed("speed_unreachable", host=place.host, port=place.port, why=why) from failure


def _open(family: int, address: str, port: int, interface: str, timeout_s: float) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        bind(sock, family, interface)
        sock.settimeout(timeout_s)
        sock.connect((address, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def _secured(plain: socket.socket, place: Place, deadline: float) -> socket.socket:
    try:
        plain.settimeout(max(0.1, deadline - time.monotonic()))
        return ssl.create_default_context().wrap_socket(plain, server_hostname=place.host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise SpeedFailed("speed_certificate", host=place.host, why=error.verify_message) from error
    except OSError as error:
        plain.close()
        raise SpeedFailed("speed_tls", host=place.host, why=error.strerror or str(error)) from error


def record_cost(sock: socket.socket) -> int:
    """Bytes around each full TLS record of a connection; 0 without TLS."""
    return _RECORD_COST.get(sock.version() or "", 0) if isinstance(sock, ssl.SSLSocket) else 0


def limit_unsent(sock: socket.socket) -> None:
    """Let the system hold UNSENT_BYTES at most that it has not sent yet; all it likes, where it knows no such limit."""
    if _TCP_NOTSENT_LOWAT is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, UNSENT_BYTES)


def close_at_once(sock: socket.socket) -> None:
    """Close with a reset: what lies in the buffers is thrown away, and fills the line for nobody who comes next."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    with contextlib.suppress(OSError):
        sock.close()


_NO_LINGER = struct.pack("@HH" if sys.platform == "win32" else "@ii", 1, 0)
