"""Which interface a probe leaves by: the physical one while a tunnel draws the traffic, or a tunnel itself.

Shared by all probes; itself no probe. How each system is told:

- Linux: ``SO_BINDTODEVICE`` (socket(7)); since Linux 5.7 any user may set it on a socket that has no interface yet, so
  a socket is opened anew when the interface changes. What is bound takes the routes of that interface only.
- macOS: ``IP_BOUND_IF`` and ``IPV6_BOUND_IF`` (netinet/in.h), by the interface's number. Never run on a real Mac.
- Windows: ``IP_UNICAST_IF`` and ``IPV6_UNICAST_IF`` (ws2ipdef.h), by number, in network order for IPv4 and in the
  machine's for IPv6, as Microsoft documents. Never run on a real Windows machine.

Binding the source address instead is no way out where this is refused: Linux routes by the destination, so that the
packet would go into the tunnel with a foreign source.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from collections.abc import Callable

SIGN = ">"
"""Between interface and address of a target that is tried through that interface: ``tun0>192.0.2.1``."""

GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.EADDRNOTAVAIL})
"""What sending says once the interface that a socket is bound to no longer exists."""

_MAC_BOUND_IF, _MAC_BOUND_IF6 = 25, 125
_WINDOWS_UNICAST_IF = 31
_NAME_BYTES = 15


def split(address: str) -> tuple[str, str]:
    """Interface and bare address of a target's address; the interface is empty where none is named."""
    before, sign, after = address.partition(SIGN)
    return (before, after) if sign else ("", address)


def bind(sock: socket.socket, family: int, interface: str, platform: str = sys.platform) -> None:
    """Let what ``sock`` sends leave by ``interface`` alone; to be called before it is used. Nothing for an empty one.

    Raises OSError where this is not allowed or there is no such interface: nothing may be sent then, since it would
    take another way.
    """
    if not interface:
        return
    if platform == "linux":
        name = interface.encode("utf-8", "surrogateescape")
        if len(name) > _NAME_BYTES or b"\0" in name:
            raise OSError(errno.ENODEV, "no such interface")
        option = getattr(socket, "SO_BINDTODEVICE", 25)
        sock.setsockopt(socket.SOL_SOCKET, option, name + b"\0")
        return
    index = _index(interface)
    if platform == "darwin":
        level, option = (
            (socket.IPPROTO_IPV6, _MAC_BOUND_IF6) if family == 6 else (socket.IPPROTO_IP, _MAC_BOUND_IF)
        )
        sock.setsockopt(level, option, struct.pack("=I", index))
    elif platform == "win32":
        if family == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, _WINDOWS_UNICAST_IF, struct.pack("=I", index))
        else:
            sock.setsockopt(socket.IPPROTO_IP, _WINDOWS_UNICAST_IF, struct.pack("!I", index))
    else:
        raise OSError(errno.ENOSYS, "binding to an interface is not known here")


def _index(interface: str) -> int:
    """Raises OSError where there is no such interface."""
    try:
        return socket.if_nametoindex(interface)
    except (OSError, ValueError) as error:
        raise OSError(errno.ENODEV, "no such interface") from error


def possible(interface: str) -> bool:
    """Whether a socket can be bound to ``interface`` now. Sends nothing."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            bind(sock, 4, interface)
    except OSError:
        return False
    return True


class Binding:
    """The interface that probes leave by, empty where the system chooses.

    One object for all probes of a process: whoever watches the route sets ``interface``, from any thread; each probe
    reads it when it opens a socket or sends. ``possible`` tells whether an interface can be bound to.
    """

    __slots__ = ("interface", "possible")

    def __init__(self, interface: str = "", possible: Callable[[str], bool] = possible) -> None:
        self.interface = interface
        self.possible = possible


def source_on(interface: str, address: str) -> str:
    """The address from which this machine would send to ``address`` by ``interface``; sends nothing. Raises OSError."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        bind(sock, 6 if ":" in address else 4, interface)
        sock.connect((address.partition("%")[0], 9))
        return str(sock.getsockname()[0]).partition("%")[0]
