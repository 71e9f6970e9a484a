"""The link on Linux, from /proc, /sys and, for what these do not tell, rtnetlink.

A VPN draws the traffic in one of three ways: it leaves the physical default route in place and wins by two
half-defaults or by policy rules (as wg-quick sets); it adds a default route with a lower metric; or it puts its own
in the place of the physical one and a host route for its server beside it. The kernel is asked which way it would take
to an outside address; where that is a tunnel, the physical way out is read from what is left.

IPsec without an interface of its own (xfrm policies) cannot be seen.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from diagnostics.links import netlink
from diagnostics.links.route import RouteState

OUTSIDE = "198.41.0.4"
OUTSIDE6 = "2001:503:ba3e::2:30"
"""Addresses that nobody has a route of their own for (a.root-servers.net). Only looked up in the routing table."""

_FLAG_UP, _FLAG_GATEWAY, _FLAG_REJECT = 0x1, 0x2, 0x200
_FLAG_COMPLETE = 0x2
_INTERFACE_UP = 0x1
_HOST = 0xFFFFFFFF
_SMALL, _LONE = 0xFF000000, 0xFFFFFFFE
"""Masks /8 and /31: networks that are neither everything nor a single link."""
_ETHERNET = 1
_PPP = 512
_TUNNELS = frozenset({65534, 768, 769, 776, 778, 823})
"""ARPHRD types (linux/if_arp.h): no link layer (tun, WireGuard, xfrm), IPIP, IP6IP6, SIT, GRE, GRE over IPv6."""


@dataclass(frozen=True, slots=True)
class Route:
    """One IPv4 route. Addresses are numbers; ``gateway`` is empty where the destination is on the link itself."""

    interface: str
    destination: int
    mask: int
    gateway: str
    metric: int

    def covers(self, address: str) -> bool:
        return _number(address) & self.mask == self.destination


@dataclass(frozen=True, slots=True)
class DefaultRoute:
    """One default route. ``gateway`` is empty on a point-to-point link."""

    interface: str
    gateway: str
    metric: int


def _number(address: str) -> int:
    return int.from_bytes(socket.inet_aton(address), "big")


def parse_routes(text: str) -> list[Route]:
    """The routes in a /proc/net/route that are up, the lowest metric first."""
    routes = []
    for words in _rows(text, 8):
        try:
            destination, gateway, flags, mask = (int(words[i], 16) for i in (1, 2, 3, 7))
            metric = int(words[6])
            address = socket.inet_ntoa(struct.pack("=I", gateway))
            numbers = [int.from_bytes(struct.pack("=I", number), "big") for number in (destination, mask)]
        except (ValueError, struct.error):
            continue
        if flags & _FLAG_UP and not flags & _FLAG_REJECT:
            via = address if flags & _FLAG_GATEWAY else ""
            routes.append(Route(words[0], numbers[0], numbers[1], via, metric))
    return sorted(routes, key=lambda route: route.metric)


def way_to(address: str, routes: Sequence[Route]) -> Route | None:
    """The route that the main table alone would give a packet: the longest prefix, then the lowest metric."""
    return max(
        (route for route in routes if route.covers(address)),
        key=lambda route: (route.mask, -route.metric),
        default=None,
    )


def first_beside(own: str, interface: str, routes: Sequence[Route]) -> str:
    """The first address of the network that a tunnel's own lone address lies in, by the routes into the tunnel.

    WireGuard gives an interface one address and routes the VPN's network into it; by custom the first one is the
    server's. Empty where there is no such network, or the address is our own.
    """
    inside = [
        route
        for route in routes
        if route.interface == interface and _SMALL <= route.mask < _LONE and route.covers(own)
    ]
    if not inside:
        return ""
    first = max(inside, key=lambda route: route.mask).destination + 1
    address = socket.inet_ntoa(first.to_bytes(4, "big"))
    return "" if address == own else address


def parse_routes6(text: str) -> list[DefaultRoute]:
    """The default routes in a /proc/net/ipv6_route, the lowest metric first."""
    routes = []
    for line in text.splitlines():
        words = line.split()
        try:
            destination, length, gateway, metric, flags = (int(words[i], 16) for i in (0, 1, 4, 5, 8))
            address = socket.inet_ntop(socket.AF_INET6, gateway.to_bytes(16, "big"))
            interface = words[9]
        except (ValueError, IndexError, OverflowError):
            continue
        if destination or length or not flags & _FLAG_UP or flags & _FLAG_REJECT or interface == "lo":
            continue
        routes.append(DefaultRoute(interface, address if flags & _FLAG_GATEWAY else "", metric))
    return sorted(routes, key=lambda route: route.metric)


def parse_arp(text: str) -> Iterator[tuple[str, str, str]]:
    """Interface, address and MAC of each complete entry in a /proc/net/arp."""
    for words in _rows(text, 6):
        try:
            complete = int(words[2], 16) & _FLAG_COMPLETE
        except ValueError:
            continue
        if complete and words[3].count(":") == 5 and words[3] != "00:00:00:00:00:00":
            yield words[5], words[0], words[3].lower()


def _rows(text: str, columns: int) -> Iterator[list[str]]:
    """The rows below the headline that have enough columns."""
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) >= columns:
            yield words


def medium_of(kind: int | None, names: frozenset[str]) -> str:
    """What an interface is, from its ARPHRD type and the names of its entries in /sys."""
    if kind is None:
        return ""
    if "tun_flags" in names or kind in _TUNNELS:
        return "vpn"
    if "wireless" in names or "phy80211" in names:
        return "wifi"
    return "ethernet" if kind == _ETHERNET else "other"


@dataclass(frozen=True, slots=True)
class Nature:
    """What is known of an interface for as long as it exists."""

    medium: str
    ppp: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one reading found: the routes, and which interfaces are tunnels."""

    routes: list[Route]
    routes6: list[DefaultRoute]
    tunnels: frozenset[str]

    def is_tunnel(self, interface: str) -> bool:
        return interface in self.tunnels


def tunnels_among(natures: dict[str, Nature], routes: Sequence[Route]) -> frozenset[str]:
    """The interfaces that are tunnels.

    PPP is one when it runs over another interface, which the host route to its server shows (L2TP, PPTP, SSTP);
    else it is the line itself (PPPoE from this machine, a mobile modem).
    """
    plain = {name for name, nature in natures.items() if nature.medium != "vpn" and not nature.ppp}
    over = any(route.mask == _HOST and route.gateway and route.interface in plain for route in routes)
    return frozenset(
        name for name, nature in natures.items() if nature.medium == "vpn" or (nature.ppp and over)
    )


class LinuxRouteReader:
    """Reads some small files and asks the kernel once, or a few times when there are tunnels. ``root`` is where /proc
    and /sys are found.
    """

    def __init__(self, root: Path = Path("/"), *, ask_kernel: bool = True) -> None:
        self._proc = str(root / "proc/net")
        self._sys = str(root / "sys/class/net")
        self._ask_kernel = ask_kernel
        self._natures: dict[str, tuple[int, Nature]] = {}
        self._last = ("", "")
        self._events: socket.socket | None = None
        self._deaf = False

    def read(self) -> RouteState:
        natures = self._look_at_interfaces()
        routes = parse_routes(_text(f"{self._proc}/route"))
        routes6 = parse_routes6(_text(f"{self._proc}/ipv6_route"))
        seen = _Seen(routes, routes6, tunnels_among(natures, routes))
        out, gateway = self._way_out(seen)
        tunnel = out if seen.is_tunnel(out) else ""
        interface, gateway = self._physical(seen) if tunnel else (out, gateway)
        physical6 = [route for route in routes6 if not seen.is_tunnel(route.interface)]
        if not interface and physical6:
            interface = physical6[0].interface
        gateway6 = next((route.gateway for route in physical6 if route.interface == interface), "")
        if seen.tunnels and not tunnel:
            out6 = self._ask(OUTSIDE6)[0]
            if seen.is_tunnel(out6):
                # What goes by IPv6 goes into the tunnel: there is no IPv6 on the line that could be tried.
                gateway6 = ""
                tunnel = "" if out else out6
        up = tuple(name for name in sorted(seen.tunnels) if name == tunnel or self._is_up(name))
        peers = self._peers(up, routes) if up else ()
        if not interface:
            carrier = self._carrier(self._last[0]) if self._last[0] else None
            return RouteState(carrier=carrier, tunnel=tunnel, tunnels=up, peers=peers)
        self._last = (interface, gateway)
        mac = self._mac(interface, gateway, gateway6)
        medium = natures[interface].medium if interface in natures else ""
        carrier = self._carrier(interface)
        return RouteState(interface, gateway, mac, gateway6, carrier, medium, tunnel, up, peers)

    def _look_at_interfaces(self) -> dict[str, Nature]:
        """What each interface is; the files of each are read when it first appears."""
        try:
            with os.scandir(self._sys) as entries:
                found = {entry.name: entry.inode() for entry in entries}
        except OSError:
            found = {}
        natures: dict[str, tuple[int, Nature]] = {}
        for name, number in found.items():
            known = self._natures.get(name)
            # An interface of the same name that was made anew has another number in /sys.
            if known is None or known[0] != number or not known[1].medium:
                known = (number, self._nature(name))
            natures[name] = known
        self._natures = natures
        return {name: nature for name, (_, nature) in natures.items()}

    def _nature(self, interface: str) -> Nature:
        folder = f"{self._sys}/{interface}"
        kind = _text(f"{folder}/type").strip()
        number = int(kind) if kind.isascii() and kind.isdigit() else None
        try:
            names = frozenset(os.listdir(folder))  # noqa: PTH208 read when an interface appears
        except OSError:
            names = frozenset()
        if "brport" in names:
            # A virtual machine's end of a bridge.
            return Nature("other", False)
        return Nature(medium_of(number, names), number == _PPP)

    def _way_out(self, seen: _Seen) -> tuple[str, str]:
        """Interface and gateway of what goes to the outside by IPv4: the kernel's word, else the main table's."""
        route = way_to(OUTSIDE, seen.routes)
        listed = (route.interface, route.gateway) if route is not None else ("", "")
        asked = self._ask(OUTSIDE)
        return asked if asked[0] not in ("", "lo", listed[0]) else listed

    def _ask(self, destination: str) -> tuple[str, str]:
        """Interface and gateway that the kernel would take; empty where it does not tell, or knows no way."""
        if self._ask_kernel:
            with contextlib.suppress(OSError):
                asked = netlink.ask_route(destination)
                if asked is not None:
                    return socket.if_indextoname(asked[0]), asked[1]
        return "", ""

    def _physical(self, seen: _Seen) -> tuple[str, str]:
        """Interface and gateway beneath a tunnel, from what the tunnel has left of the routes."""
        plain = [route for route in seen.routes if not seen.is_tunnel(route.interface)]
        for route in plain:
            if not route.mask:
                return route.interface, route.gateway
        hosts = [(route.interface, route.gateway) for route in plain if route.mask == _HOST and route.gateway]
        if hosts:
            return self._last if self._last in hosts else hosts[0]
        interface, gateway = self._last
        near = (route.mask and not route.gateway and route.interface == interface for route in plain)
        return self._last if gateway and any(near) else ("", "")

    def _is_up(self, interface: str) -> bool:
        try:
            return bool(int(_text(f"{self._sys}/{interface}/flags"), 16) & _INTERFACE_UP)
        except ValueError:
            return False

    def _peers(self, tunnels: Sequence[str], routes: Sequence[Route]) -> tuple[str, ...]:
        if not self._ask_kernel:
            return ()
        peers = []
        with contextlib.suppress(OSError):
            ends = netlink.ask_ends()
            for name in tunnels:
                with contextlib.suppress(OSError):
                    own, peer = ends.get(socket.if_nametoindex(name), ("", ""))
                    peer = peer or (first_beside(own, name, routes) if own else "")
                    peers += [f"{name}>{peer}"] if peer else []
        return tuple(peers)

    def _mac(self, interface: str, gateway: str, gateway6: str) -> str:
        if gateway:
            for where, address, mac in parse_arp(_text(f"{self._proc}/arp")):
                if (where, address) == (interface, gateway):
                    return mac
        elif gateway6 and self._ask_kernel:
            with contextlib.suppress(OSError):
                return netlink.ask_mac(socket.if_nametoindex(interface), gateway6)
        return ""

    def _carrier(self, interface: str) -> bool | None:
        # The file cannot be read while the interface is switched off.
        carrier = _text(f"{self._sys}/{interface}/carrier").strip()
        if carrier in ("0", "1"):
            return carrier == "1"
        state = _text(f"{self._sys}/{interface}/operstate").strip()
        return False if state in ("down", "lowerlayerdown", "notpresent") else None

    def events(self) -> socket.socket | None:
        if self._events is None and not self._deaf:
            try:
                self._events = netlink.open_events()
            except OSError:
                self._deaf = True
        return self._events

    def changed(self) -> bool:
        some = False
        while self._events is not None:
            try:
                self._events.recv(65536)
            except BlockingIOError:
                break
            except OSError as error:
                # ENOBUFS: more happened than there was room for.
                some = True
                if error.errno != errno.ENOBUFS:
                    break
            some = True
        return some

    def close(self) -> None:
        if self._events is not None:
            self._events.close()
            self._events = None
        self._deaf = True


def _text(path: str) -> str:
    """A small file's text, by the shortest way: this is read each few seconds for months."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return ""
    try:
        content = b""
        while chunk := os.read(descriptor, 65536):
            content += chunk
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return content.decode("ascii", "replace")
