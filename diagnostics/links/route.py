"""The machine's own link: which physical interface the way out takes, through which gateway, and what tunnels there
are. One file a system.
"""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RouteState:
    """The physical way out, also while a tunnel draws the traffic. Text is empty where there is nothing, or nothing is
    known.

    ``gateway`` is empty too on a point-to-point link; ``gateway6`` is on the same interface, and often link-local: to
    send to it, add ``%interface``. ``gateway_mac`` is in lower case with colons. ``carrier`` is
    None where the system does not tell; without a default route it is that of the interface that last had one.
    ``medium`` is one of ``ethernet wifi vpn other`` or empty.

    ``tunnel`` is the tunnel that carries traffic to the outside at present (for IPv4, or for IPv6 where there is no
    IPv4). ``tunnels`` are all tunnels that are up, also those that carry some networks only. ``peers`` says who is at
    the other end of each, as ``interface>address``, where that is known.
    """

    interface: str = ""
    gateway: str = ""
    gateway_mac: str = ""
    gateway6: str = ""
    carrier: bool | None = None
    medium: str = ""
    tunnel: str = ""
    tunnels: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()


class RouteReader(Protocol):
    """Reads the state, and may tell when it is worth reading again."""

    def read(self) -> RouteState:
        """The state now. Never raises: what cannot be read is empty."""
        ...

    def events(self) -> socket.socket | None:
        """A non-blocking socket that becomes readable when something changes; None where the caller has to poll."""
        ...

    def changed(self) -> bool:
        """Empty that socket; True if anything was in it, or was lost."""
        ...

    def close(self) -> None: ...


def open_route_reader(platform: str = sys.platform) -> RouteReader:
    """The reader for this system; one that knows nothing where there is none."""
    if platform == "linux":
        from diagnostics.links.linux import LinuxRouteReader

        return LinuxRouteReader()
    if platform == "darwin":
        from diagnostics.links.macos import MacRouteReader

        return MacRouteReader()
    if platform == "win32":
        from diagnostics.links.windows import WindowsRouteReader

        return WindowsRouteReader()
    from diagnostics.links.null import NullRouteReader

    return NullRouteReader()
