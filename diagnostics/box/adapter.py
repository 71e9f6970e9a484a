"""One interface for all boxes, and the search for the way that this one answers."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from diagnostics.box import bbox, freebox, livebox, upnp
from diagnostics.box.local_web import LocalWeb
from diagnostics.box.reading import BoxReading, Closed
from diagnostics.clock import Clock
from diagnostics.home_networks import is_private_or_loopback

__all__ = ["Box", "BoxReading", "Found", "find_box", "is_at_home", "look_for_box"]

FIND_LIMIT_S = 5.0
_OWN_INTERFACES = (bbox.look, livebox.look, freebox.look)


class Box(Protocol):
    """A box that answers."""

    @property
    def name(self) -> str:
        """How it is asked: ``upnp``, ``bbox``, ``livebox``, ``freebox``."""
        ...

    def ask(self) -> BoxReading | None:
        """What it says now. Blocks two seconds at most; None when it did not answer. Raises nothing for the network."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave. ``closed`` names interfaces that were recognised and want a password."""

    box: Box | None
    closed: tuple[str, ...] = ()


def is_at_home(gateway: str) -> bool:
    """Whether ``gateway`` is a private IPv4 address: a box at home, not a router of the operator's."""
    try:
        address = ipaddress.IPv4Address(gateway)
    except ValueError:
        return False
    return is_private_or_loopback(address)


def find_box(gateway: str, clock: Clock, interface: str = "") -> Box | None:
    """The box at ``gateway``, asked in the best way it offers; None while there is none: to be called again later.

    UPnP is tried first, then the interfaces of single makers; one that tells counters is preferred. Blocks for
    at most seven seconds, raises nothing for network errors. ``interface`` is the way to the box, where a tunnel could
    be taken instead. Only the gateway itself is asked, and only when it has a private IPv4 address.
    """
    return look_for_box(gateway, clock, interface).box


def look_for_box(gateway: str, clock: Clock, interface: str = "") -> Found:
    """Like ``find_box``, with the names of what was recognised and is closed."""
    if not is_at_home(gateway):
        return Found(None)
    deadline = time.monotonic() + FIND_LIMIT_S
    web = LocalWeb(gateway, interface=interface)
    ways: list[Callable[[], Box | Closed | None]] = [lambda: upnp.look(gateway, clock, interface, deadline)]
    ways += [lambda look=look: look(web, clock, deadline) for look in _OWN_INTERFACES]  # type: ignore[misc]  # a default binds it
    first: Box | None = None
    closed: list[str] = []
    for way in ways:
        if time.monotonic() >= deadline:
            break
        box = way()
        if isinstance(box, Closed):
            closed.append(box.adapter)
            continue
        reading = box.ask() if box is not None else None
        if box is None or reading is None:
            continue
        if reading.down_bytes is not None and reading.up_bytes is not None:
            return Found(box, tuple(closed))
        first = first or box
    return Found(first, tuple(closed))
