"""What is known of an interface besides the route through it: by psutil, on Linux from the kernel's files.

Its medium is ``RouteState.medium``.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

_MEGABIT = 1_000_000
_NOT_KNOWN = 65535
"""What drivers say for "unknown", cut to 16 bits."""


@dataclass(frozen=True, slots=True)
class InterfaceFacts:
    """``speed_bps`` is the negotiated rate, nominal on virtual interfaces; ``mtu`` in bytes.

    None where the system does not tell.
    """

    speed_bps: int | None = None
    duplex: Literal["full", "half"] | None = None
    mtu: int | None = None


NOTHING_TOLD = InterfaceFacts()


def read_interface(interface: str, source: Callable[[str], Any] | None = None) -> InterfaceFacts:
    """The facts of an interface now; nothing told when there is none of this name.

    ``source`` stands in for the system in tests: psutil's words for one interface, or None. Never raises.
    """
    try:
        found = (source or _system)(system_name(interface))
        if found is None:
            return NOTHING_TOLD
        speed = found.speed if 0 < found.speed < _NOT_KNOWN else 0
        # psutil.NIC_DUPLEX_HALF and NIC_DUPLEX_FULL
        duplex: Literal["full", "half"] | None = {1: "half", 2: "full"}.get(int(found.duplex))  # type: ignore[assignment]  # mypy widens the values to str
        return InterfaceFacts(speed * _MEGABIT or None, duplex, found.mtu if found.mtu > 0 else None)
    except (OSError, RuntimeError, ValueError, TypeError, AttributeError):
        return NOTHING_TOLD


def _system(name: str, platform: str = sys.platform) -> Any:
    if platform == "linux":
        from diagnostics.links.linux_interfaces import negotiated

        return negotiated(name)
    import psutil

    return psutil.net_if_stats().get(name)


def system_name(interface: str, platform: str = sys.platform) -> str:
    """The name under which psutil knows an interface. Only on Windows it is another than the route's.

    There, psutil uses the name that people see ("Wi-Fi"), the route ``wireless_32768``.
    """
    return _alias(interface) if platform == "win32" else interface


def _alias(interface: str) -> str:
    """Constructed from Microsoft's documentation of netioapi.h; never run on a real Windows machine."""
    windows: Any = ctypes
    luid = ctypes.c_uint64()
    alias = ctypes.create_unicode_buffer(257)
    try:
        api = windows.WinDLL("iphlpapi")
        if api.ConvertInterfaceNameToLuidA(interface.encode("ascii", "replace"), ctypes.byref(luid)):
            return interface
        if api.ConvertInterfaceLuidToAlias(ctypes.byref(luid), alias, ctypes.c_size_t(257)):
            return interface
    except (OSError, AttributeError):
        return interface
    return alias.value
