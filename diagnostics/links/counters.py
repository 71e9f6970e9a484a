"""What an interface has carried so far: by psutil, on Linux from the kernel's files."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diagnostics.links.interfaces import system_name

_WRAP = 2**32


@dataclass(frozen=True, slots=True)
class Counters:
    """Totals since the interface came up. ``index`` is the system's number for it: another one, another interface.

    ``dropped`` and ``errors`` count packets of both directions.
    """

    index: int
    bytes_down: int
    bytes_up: int
    packets_down: int
    packets_up: int
    errors: int = 0
    dropped: int = 0


def read_counters(interface: str, source: Callable[[str], Any] | None = None) -> Counters | None:
    """The counters of an interface now; None when there is no such interface, or the system does not tell.

    ``source`` stands in for the system in tests: psutil's words for one interface, or None. Never raises.
    """
    try:
        found = (source or _system)(system_name(interface))
        if found is None:
            return None
        return Counters(
            _index(interface),
            found.bytes_recv,
            found.bytes_sent,
            found.packets_recv,
            found.packets_sent,
            found.errin + found.errout,
            found.dropin + found.dropout,
        )
    except (OSError, RuntimeError, ValueError, AttributeError):
        return None


def difference(before: Counters, after: Counters) -> Counters | None:
    """What was carried between two readings; None when the counters began anew in between.

    Some drivers count bytes in 32 bits: a byte counter that goes back by more than half of these, while no packet
    counter goes back, has wrapped. Read often enough: one wrap is seen, two are not.
    """
    if before.index != after.index:
        return None
    packets_down = after.packets_down - before.packets_down
    packets_up = after.packets_up - before.packets_up
    down = _grown(before.bytes_down, after.bytes_down)
    up = _grown(before.bytes_up, after.bytes_up)
    if down is None or up is None or packets_down < 0 or packets_up < 0:
        return None
    return Counters(
        after.index,
        down,
        up,
        packets_down,
        packets_up,
        max(0, after.errors - before.errors),
        max(0, after.dropped - before.dropped),
    )


def _grown(before: int, after: int) -> int | None:
    if after >= before:
        return after - before
    wrapped = before < _WRAP and before - after > _WRAP // 2
    return after + _WRAP - before if wrapped else None


def _index(interface: str) -> int:
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return 0


def _system(name: str, platform: str = sys.platform) -> Any:
    if platform == "linux":
        from diagnostics.links.linux_interfaces import carried

        return carried(name)
    import psutil

    # Its own guess at wraps keeps a memory, and takes a replaced interface for a wrap.
    return psutil.net_io_counters(pernic=True, nowrap=False).get(name)
