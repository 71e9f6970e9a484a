"""What several kinds of probe need of sockets: addresses, error names, Linux's time stamps and error queue.

No probe lives here, and nothing here sends anything.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from dataclasses import dataclass

from diagnostics.model import SECOND, Outcome
from diagnostics.probes import icmp

# Python has no names for these Linux constants.
SO_TIMESTAMPNS = 35
IP_RECVERR = 11
IPV6_RECVERR = 25
MSG_ERRQUEUE = 0x2000

_LONG_STAMP = struct.Struct("@qq")
_SHORT_STAMP = struct.Struct("@ii")
_EXTENDED_ERROR = struct.Struct("@IBBBBII")
_ORIGIN_ICMP = (2, 3)

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
Ancillary = list[tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True)
class QueuedError:
    """One entry of a socket's error queue.

    ``name`` is the ICMP code's name, empty where no ICMP message lies behind it; ``sayer`` is then empty too.
    ``packet`` is what of our own packet came back; ``destination`` is where that went, ``port`` included.
    """

    code: int
    name: str
    ttl_exceeded: bool
    sayer: str
    destination: str
    port: int
    packet: bytes


def errno_name(code: int | None) -> str:
    """``ENETUNREACH`` for 101; the number as text where it has no name."""
    return "EUNKNOWN" if code is None else errno.errorcode.get(code, str(code))


def family_of(address: str) -> int:
    """4 or 6, by the address's look."""
    return 6 if ":" in address else 4


def socket_address(address: str, port: int = 0) -> SocketAddress:
    """The form that sendto wants, without any name look-up. Raises OSError(EINVAL) when it is no IP address."""
    bare, _, zone = address.partition("%")
    try:
        if family_of(bare) == 4 and not zone:
            socket.inet_pton(socket.AF_INET, bare)
            return (bare, port)
        socket.inet_pton(socket.AF_INET6, bare)
    except (OSError, ValueError) as error:
        raise OSError(errno.EINVAL, "not an IP address") from error
    if not zone:
        return (bare, port, 0, 0)
    return (bare, port, 0, int(zone) if zone.isdigit() else socket.if_nametoindex(zone))


def canonical(address: str) -> str:
    """The one way to write an address, without its zone; two texts of one address become equal."""
    bare = address.partition("%")[0]
    if family_of(bare) == 4:
        return bare
    try:
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, bare))
    except (OSError, ValueError):
        return bare


def source_for(address: str, port: int = 9) -> str:
    """The address this machine would send from; sends nothing. Raises OSError, say ENETUNREACH, when it
    cannot.
    """
    inet = socket.AF_INET6 if family_of(address) == 6 else socket.AF_INET
    with socket.socket(inet, socket.SOCK_DGRAM) as probe:
        probe.connect(socket_address(address, port))
        return canonical(str(probe.getsockname()[0]))


def is_own(address: str) -> bool:
    """Whether an address belongs to this machine: what is sent to it leaves from it."""
    try:
        return source_for(address) == canonical(address)
    except OSError:
        return False


def ask_for_errors(sock: socket.socket, family: int) -> None:
    """Let ICMP errors about what ``sock`` sends come to its error queue (Linux)."""
    if family == 6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def kernel_stamp(ancillary: Ancillary) -> int | None:
    """The kernel's receive stamp, in nanoseconds of wall-clock time, or None where there is none."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            layout = _LONG_STAMP if len(data) >= _LONG_STAMP.size else _SHORT_STAMP
            if len(data) >= layout.size:
                seconds, nanoseconds = layout.unpack_from(data)
                return int(seconds) * SECOND + int(nanoseconds)
    return None


def queued_error(packet: bytes, ancillary: Ancillary, name: object) -> QueuedError | None:
    """Read one entry of the error queue (``struct sock_extended_err``), or None where it holds no such thing."""
    for level, kind, data in ancillary:
        six = (level, kind) == (socket.IPPROTO_IPV6, IPV6_RECVERR)
        if not six and (level, kind) != (socket.IPPROTO_IP, IP_RECVERR):
            continue
        if len(data) < _EXTENDED_ERROR.size:
            return None
        code, origin, icmp_kind, icmp_code, _, _, _ = _EXTENDED_ERROR.unpack_from(data)
        destination, port = _name(name)
        if origin not in _ORIGIN_ICMP:
            return QueuedError(code, "", False, "", destination, port, packet)
        family = 6 if origin == 3 else 4
        return QueuedError(
            code,
            icmp.error_name(family, icmp_kind, icmp_code),
            icmp_kind == icmp.TIME_EXCEEDED[family],
            _offender(data[_EXTENDED_ERROR.size :]),
            destination,
            port,
            packet,
        )
    return None


def _name(name: object) -> tuple[str, int]:
    if isinstance(name, tuple) and len(name) >= 2 and isinstance(name[0], str) and isinstance(name[1], int):
        return canonical(name[0]), name[1]
    return "", 0


def _offender(data: bytes) -> str:
    """The address in a ``struct sockaddr_in`` or ``sockaddr_in6``, or nothing."""
    if len(data) < 2:
        return ""
    (family,) = struct.unpack_from("@H", data)
    if family == socket.AF_INET and len(data) >= 8:
        return socket.inet_ntop(socket.AF_INET, data[4:8])
    if family == socket.AF_INET6 and len(data) >= 24:
        return socket.inet_ntop(socket.AF_INET6, data[8:24])
    return ""


def read_error(sock: socket.socket) -> QueuedError | None:
    """Take one entry from the error queue of a non-blocking socket; None when it is empty or unreadable.

    An error that is only noted in the socket, without an entry, is cleared too.
    """
    try:
        packet, ancillary, _, name = sock.recvmsg(512, 512, MSG_ERRQUEUE)
    except OSError:
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return None
    return queued_error(packet, ancillary, name)


def explain(sock: socket.socket, code: int | None) -> tuple[Outcome, str]:
    """Whose error it is that a system call on ``sock`` gave: the outcome, and its detail.

    UNREACHABLE where an ICMP message from another machine, or from the destination itself, lies behind it (told on
    Linux, after ``ask_for_errors``); else SEND_ERROR.
    """
    if sys.platform == "linux":
        sock.setblocking(False)
        queued = read_error(sock)
        sayer = queued.sayer if queued is not None else ""
        if queued is not None and sayer and (sayer == queued.destination or not is_own(sayer)):
            return Outcome.UNREACHABLE, f"{sayer} {queued.name}"
    return Outcome.SEND_ERROR, errno_name(code)
