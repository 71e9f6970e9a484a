"""The link on Linux, from /proc, /sys and, for what these do not tell, rtnetlink.

The default route is that of /proc/net/route with the lowest metric. A VPN may leave it in place and still draw all
traffic (two half-defaults, or policy rules as wg-quick sets): the kernel is therefore also asked which way it would
take to an outside address, and where the interface differs its answer counts.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diagnostics.links import netlink
from diagnostics.links.route import RouteState

OUTSIDE = "198.41.0.4"
"""An address that nobody has a route of their own for (a.root-servers.net). Only looked up in the routing table."""

_FLAG_UP, _FLAG_GATEWAY, _FLAG_REJECT = 0x1, 0x2, 0x200
_FLAG_COMPLETE = 0x2
_ETHERNET = 1
_NO_LINK_LAYER = 65534


@dataclass(frozen=True, slots=True)
class DefaultRoute:
    """One default route. ``gateway`` is empty on a point-to-point link."""

    interface: str
    gateway: str
    metric: int


def parse_route(text: str) -> DefaultRoute | None:
    """The default route in a /proc/net/route: the lowest metric among those that are up, the first of equals."""
    best: DefaultRoute | None = None
    for words in _rows(text, 8):
        try:
            destination, gateway, flags, mask = (int(words[i], 16) for i in (1, 2, 3, 7))
            metric = int(words[6])
            address = socket.inet_ntoa(struct.pack("=I", gateway))
        except (ValueError, struct.error):
            continue
        if destination or mask or not flags & _FLAG_UP or flags & _FLAG_REJECT:
            continue
        if best is None or metric < best.metric:
            best = DefaultRoute(words[0], address if flags & _FLAG_GATEWAY else "", metric)
    return best


def parse_route6(text: str) -> DefaultRoute | None:
    """The default route in a /proc/net/ipv6_route."""
    best: DefaultRoute | None = None
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
        if best is None or metric < best.metric:
            best = DefaultRoute(interface, address if flags & _FLAG_GATEWAY else "", metric)
    return best


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
    if "tun_flags" in names or kind == _NO_LINK_LAYER:
        return "vpn"
    if "wireless" in names or "phy80211" in names:
        return "wifi"
    return "ethernet" if kind == _ETHERNET else "other"


class LinuxRouteReader:
    """Reads some five small files and asks the kernel once. ``root`` is where /proc and /sys are found."""

    def __init__(self, root: Path = Path("/"), *, ask_kernel: bool = True) -> None:
        self._proc = str(root / "proc/net")
        self._sys = str(root / "sys/class/net")
        self._ask_kernel = ask_kernel
        self._last = ""
        self._last_medium = ""
        self._events: socket.socket | None = None
        self._deaf = False

    def read(self) -> RouteState:
        route = parse_route(_text(f"{self._proc}/route"))
        route6 = parse_route6(_text(f"{self._proc}/ipv6_route"))
        interface, gateway = self._way_out(route)
        if not interface and route6 is not None:
            interface = route6.interface
        gateway6 = route6.gateway if route6 is not None and route6.interface == interface else ""
        if not interface:
            carrier = self._carrier(self._last) if self._last else None
            return RouteState(carrier=carrier)
        if interface != self._last or not self._last_medium:
            self._last, self._last_medium = interface, self._medium(interface)
        mac = self._mac(interface, gateway, gateway6)
        return RouteState(
            interface, gateway, mac, gateway6, self._carrier(interface), self._medium(interface)
        )

    def _way_out(self, route: DefaultRoute | None) -> tuple[str, str]:
        interface, gateway = (route.interface, route.gateway) if route is not None else ("", "")
        if self._ask_kernel:
            with contextlib.suppress(OSError):
                asked = netlink.ask_route(OUTSIDE)
                name = socket.if_indextoname(asked[0]) if asked is not None else ""
                if asked is not None and name not in ("lo", interface):
                    return name, asked[1]
        return interface, gateway

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

    def _medium(self, interface: str) -> str:
        folder = f"{self._sys}/{interface}"
        kind = _text(f"{folder}/type").strip()
        try:
            names = frozenset(os.listdir(folder))  # noqa: PTH208 read each few seconds for months
        except OSError:
            names = frozenset()
        return medium_of(int(kind) if kind.isascii() and kind.isdigit() else None, names)

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
