"""The rate of the cable that this computer hangs on, as it is now."""

from __future__ import annotations

from contextlib import closing


def cable_bps() -> int | None:
    """Bits a second of the interface that leads out; None where that is no cable, or its rate is not known."""
    from diagnostics.links.interfaces import read_interface
    from diagnostics.links.route import open_route_reader

    with closing(open_route_reader()) as reader:
        route = reader.read()
    if route.medium != "ethernet" or not route.interface:
        return None
    return read_interface(route.interface).speed_bps or None
