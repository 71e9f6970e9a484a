"""The link on Windows, by ctypes from iphlpapi.dll. Never run on a real Windows machine.

Constructed from Microsoft's documentation of GetBestRoute, GetIpForwardTable, GetIpNetTable (MIB_IPFORWARDROW,
MIB_IPFORWARDTABLE, MIB_IPNETTABLE), if_indextoname and ConvertInterfaceLuidToNameA. IPv4 only; neither the carrier nor
a tunnel's peer is told; there are no events: the caller polls.

A tunnel is told by the kind in its name (``ppp tunnel iftype53``: the last is what WireGuard's adapter calls itself),
or by two half-defaults. One that bears the name of a cable and replaces the default route is taken for a cable: its
gateway is no known one then, and the line is not home.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from diagnostics.links.route import RouteState

OUTSIDE = "198.41.0.4"
"""An address that nobody has a route of their own for. Only looked up in the routing table."""

_ROW = struct.Struct("<III4sI9I")
_ENTRY = struct.Struct("<II8s4sI")
_DIRECT = 3
_USABLE = (3, 4)
_INSUFFICIENT_BUFFER = 122
_MOST_BYTES = 1 << 22
_HALF, _HOST = 0x80000000, 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the routing table. ``gateway`` is empty where the destination is on the link itself."""

    index: int
    destination: int
    mask: int
    gateway: str
    metric: int


class RouteApi(Protocol):
    """What the system tells, as bytes, so that tests can put fixtures in its place."""

    def best_route(self, address: str) -> bytes:
        """A MIB_IPFORWARDROW, or nothing where there is no route."""
        ...

    def routes(self) -> bytes:
        """A MIB_IPFORWARDTABLE, or nothing."""
        ...

    def neighbours(self) -> bytes:
        """A MIB_IPNETTABLE, or nothing."""
        ...

    def interface_name(self, index: int) -> str: ...


def read_route(raw: bytes) -> tuple[int, str] | None:
    """Interface index and gateway (empty when the address is on the link itself) from a MIB_IPFORWARDROW."""
    if len(raw) < _ROW.size:
        return None
    row = _row(raw, 0)
    return row.index, row.gateway


def _row(raw: bytes, offset: int) -> Route:
    fields = _ROW.unpack_from(raw, offset)
    destination, mask = (socket.ntohl(number) for number in fields[:2])
    hop, index, kind = fields[3], fields[4], fields[5]
    gateway = socket.inet_ntoa(hop)
    via = "" if kind == _DIRECT or gateway == "0.0.0.0" else gateway
    return Route(int(index), destination, mask, via, int(fields[9]))


def read_table(raw: bytes) -> list[Route]:
    """The routes in a MIB_IPFORWARDTABLE, the lowest metric first."""
    if len(raw) < 4:
        return []
    (count,) = struct.unpack_from("<I", raw)
    rows = [_row(raw, 4 + number * _ROW.size) for number in range(min(count, (len(raw) - 4) // _ROW.size))]
    return sorted(rows, key=lambda row: row.metric)


def beneath_tunnel(routes: Sequence[Route], tunnels: frozenset[int]) -> tuple[int, str] | None:
    """Interface index and gateway of the physical way out, from what a tunnel has left of the routes."""
    plain = [route for route in routes if route.gateway and route.index not in tunnels]
    for mask in (0, _HOST):
        for route in plain:
            if route.mask == mask:
                return route.index, route.gateway
    return None


def read_neighbours(raw: bytes) -> Iterator[tuple[int, str, str]]:
    """Interface index, address and MAC of each dynamic or static entry in a MIB_IPNETTABLE."""
    if len(raw) < 4:
        return
    (count,) = struct.unpack_from("<I", raw)
    for number in range(min(count, (len(raw) - 4) // _ENTRY.size)):
        index, length, mac, address, kind = _ENTRY.unpack_from(raw, 4 + number * _ENTRY.size)
        if length == 6 and kind in _USABLE:
            yield index, socket.inet_ntoa(address), mac[:6].hex(":")


def medium_of(name: str) -> str:
    """What an interface is, by the kind of name that Windows derives from it, such as ``wireless_32768``."""
    kind = name.rpartition("_")[0]
    known = {"ethernet": "ethernet", "wireless": "wifi", "ppp": "vpn", "tunnel": "vpn", "iftype53": "vpn"}
    return known.get(kind, "other") if name else ""


class WindowsRouteReader:
    """Raises nothing where the system does not answer: the state is empty then."""

    def __init__(self, api: RouteApi | None = None) -> None:
        self._api: RouteApi = WindowsRouteApi() if api is None else api

    def read(self) -> RouteState:
        route = read_route(self._api.best_route(OUTSIDE))
        routes = read_table(self._api.routes())
        tunnels = self._tunnels({row.index for row in routes} | ({route[0]} if route else set()), routes)
        names = tuple(sorted(self._name(index) for index in tunnels))
        tunnel = ""
        if route is not None and route[0] in tunnels:
            tunnel = self._name(route[0])
            route = beneath_tunnel(routes, tunnels)
        if route is None:
            return RouteState(tunnel=tunnel, tunnels=names)
        index, gateway = route
        name = self._name(index)
        mac = ""
        for where, address, found in read_neighbours(self._api.neighbours()) if gateway else ():
            if (where, address) == (index, gateway):
                mac = found
        return RouteState(name, gateway, mac, "", None, medium_of(name), tunnel, names)

    def _name(self, index: int) -> str:
        return self._api.interface_name(index) or f"interface_{index}"

    def _tunnels(self, indexes: set[int], routes: Sequence[Route]) -> frozenset[int]:
        halves = {route.index for route in routes if route.mask == _HALF and route.destination in (0, _HALF)}
        return frozenset(halves | {index for index in indexes if medium_of(self._name(index)) == "vpn"})

    def events(self) -> socket.socket | None:
        return None

    def changed(self) -> bool:
        return False

    def close(self) -> None:
        pass


class WindowsRouteApi:
    """The system itself. Raises OSError elsewhere than on Windows."""

    def __init__(self) -> None:
        if os.name != "nt":
            raise OSError("iphlpapi is Windows only")
        windows: Any = ctypes
        self._api = windows.WinDLL("iphlpapi")

    def best_route(self, address: str) -> bytes:
        row = ctypes.create_string_buffer(_ROW.size)
        destination = struct.unpack("<I", socket.inet_aton(address))[0]
        failed = self._api.GetBestRoute(ctypes.c_uint32(destination), ctypes.c_uint32(0), row)
        return b"" if failed else row.raw

    def routes(self) -> bytes:
        return self._table("GetIpForwardTable")

    def neighbours(self) -> bytes:
        return self._table("GetIpNetTable")

    def _table(self, function: str) -> bytes:
        size = ctypes.c_uint32(4096)
        for _ in range(3):
            table = ctypes.create_string_buffer(min(size.value, _MOST_BYTES))
            code = getattr(self._api, function)(table, ctypes.byref(size), 0)
            if code == 0:
                return table.raw
            if code != _INSUFFICIENT_BUFFER:
                break
        return b""

    def interface_name(self, index: int) -> str:
        try:
            return socket.if_indextoname(index)
        except OSError:
            return ""
