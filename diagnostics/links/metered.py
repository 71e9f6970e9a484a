"""Whether an interface's traffic is metered: paid or limited by volume, as the system sees it.

- Linux: NetworkManager's word (property Metered of the device, NMMetered in its D-Bus reference, 1.48); a guess of its
  own counts, since it makes one for telephones that share their link.
- Windows: GetNetworkConnectivityHintForInterface (iphlpapi.dll, from Windows 10 2004 on). Constructed from Microsoft's
  documentation of nldef.h and netioapi.h; never run on a real Windows machine.
- macOS tells ordinary programs nothing of it.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

_MOST_DEVICES = 64
_METERED = {1: True, 2: False, 3: True, 4: False}
"""NMMetered: yes, no, guessed yes, guessed no; 0 is not known."""

_HINT = struct.Struct("<II3B")
"""NL_NETWORK_CONNECTIVITY_HINT: level, cost, then whether the limit is near, is passed, and whether it roams."""
_HINT_ROOM = 64
_UNRESTRICTED, _FIXED, _VARIABLE = 1, 2, 3
"""NL_NETWORK_CONNECTIVITY_COST_HINT."""

Hint = Callable[[str], bytes | None]


def read_metered(
    interface: str,
    platform: str = sys.platform,
    *,
    bus: str | None = None,
    hint: Hint | None = None,
) -> bool | None:
    """Whether traffic by ``interface`` is metered now; None where nobody says. Within 1.5 seconds; never raises.

    ``bus`` is another bus than the system's, in D-Bus notation; ``hint`` stands in for Windows' API in tests.
    """
    if not interface:
        return None
    if platform == "linux":
        return _network_manager(interface, bus)
    if platform == "win32":
        return parse_hint((hint or _windows)(interface))
    return None


def _network_manager(interface: str, address: str | None) -> bool | None:
    from diagnostics.links.wifi_network_manager import Bus, Refused, Unsaid

    root, name = "/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager"
    try:
        bus = Bus(address)
        try:
            listed = bus.call(root, name, "GetDevices")
            for path in listed[:_MOST_DEVICES] if isinstance(listed, list) else ():
                device = bus.properties(path, f"{name}.Device")
                # A modem's own interface (cdc-wdm0) is another than the one that carries its packets (wwan0).
                if interface in (device.get("IpInterface"), device.get("Interface")):
                    said = device.get("Metered")
                    return _METERED.get(said) if type(said) is int else None
        finally:
            bus.close()
    except (Refused, Unsaid):
        pass
    return None


def parse_hint(raw: bytes | None) -> bool | None:
    """From a NL_NETWORK_CONNECTIVITY_HINT: a fixed volume, payment by volume, a limit passed, or roaming.

    None where there is no hint, or it says that the cost is not known.
    """
    if raw is None or len(raw) < _HINT.size:
        return None
    _, cost, _, over, roaming = _HINT.unpack_from(raw)
    if cost in (_FIXED, _VARIABLE) or over or roaming:
        return True
    return False if cost == _UNRESTRICTED else None


def _windows(interface: str) -> bytes | None:
    """The structure as the system fills it; None where there is no such call, interface or answer."""
    windows: Any = ctypes
    room = ctypes.create_string_buffer(_HINT_ROOM)
    try:
        index = ctypes.c_uint32(socket.if_nametoindex(interface))
        api = windows.WinDLL("iphlpapi")
        if api.GetNetworkConnectivityHintForInterface(index, room):
            return None
    except (OSError, AttributeError, ValueError):
        return None
    return room.raw
