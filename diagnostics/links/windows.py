"""The link on Windows, by ctypes from iphlpapi.dll. Never run on a real Windows machine.

Constructed from Microsoft's documentation of GetBestRoute, GetIpNetTable (MIB_IPFORWARDROW, MIB_IPNETTABLE) and
if_indextoname. IPv4 only; the carrier is not told; there are no events: the caller polls.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from typing import Any, Protocol

from diagnostics.links.route import RouteState

OUTSIDE = "198.41.0.4"
"""An address that nobody has a route of their own for. Only looked up in the routing table."""

_ROW = struct.Struct("<III4sI9I")
_ENTRY = struct.Struct("<II8s4sI")
_DIRECT = 3
_USABLE = (3, 4)
_INSUFFICIENT_BUFFER = 122


class RouteApi(Protocol):
    """What the system tells, as bytes, so that tests can put fixtures in its place."""

    def best_route(self, address: str) -> bytes:
        """A MIB_IPFORWARDROW, or nothing where there is no route."""
        ...

    def neighbours(self) -> bytes:
        """A MIB_IPNETTABLE, or nothing."""
        ...

    def interface_name(self, index: int) -> str: ...


def read_route(raw: bytes) -> tuple[int, str] | None:
    """Interface index and gateway (empty when the address is on the link itself) from a MIB_IPFORWARDROW."""
    if len(raw) < _ROW.size:
        return None
    fields = _ROW.unpack_from(raw)
    hop, index, kind = fields[3], fields[4], fields[5]
    gateway = socket.inet_ntoa(hop)
    return int(index), "" if kind == _DIRECT or gateway == "0.0.0.0" else gateway


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
    known = {"ethernet": "ethernet", "wireless": "wifi", "ppp": "vpn", "tunnel": "vpn"}
    return known.get(kind, "other") if name else ""


class WindowsRouteReader:
    """Raises nothing where the system does not answer: the state is empty then."""

    def __init__(self, api: RouteApi | None = None) -> None:
        self._api: RouteApi = WindowsRouteApi() if api is None else api

    def read(self) -> RouteState:
        route = read_route(self._api.best_route(OUTSIDE))
        if route is None:
            return RouteState()
        index, gateway = route
        name = self._api.interface_name(index) or f"interface_{index}"
        mac = ""
        for where, address, found in read_neighbours(self._api.neighbours()) if gateway else ():
            if (where, address) == (index, gateway):
                mac = found
        return RouteState(name, gateway, mac, "", None, medium_of(name))

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

    def neighbours(self) -> bytes:
        size = ctypes.c_uint32(4096)
        for _ in range(3):
            table = ctypes.create_string_buffer(size.value)
            code = self._api.GetIpNetTable(table, ctypes.byref(size), 0)
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
