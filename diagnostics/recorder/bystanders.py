"""Those who can say something while one look goes on: the Wi-Fi adapter, and the box itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from diagnostics.clock import Clock
from diagnostics.links.route import RouteState
from diagnostics.witnesses import BoxAccount, Wifi

LIMIT_S = 12.0
"""From the question on: a box is looked for and asked in ten seconds at most, an adapter in three."""


def ask_adapter(route: RouteState) -> Wifi | None:
    """What the radio of the way out does; None on a way that is known to be none."""
    if route.medium not in ("wifi", ""):
        return None
    from diagnostics.links.wifi import open_wifi_reader

    reader = open_wifi_reader(identity=False)
    try:
        return reader.read(route.interface)
    finally:
        reader.close()


def ask_box(route: RouteState, gateway: str, clock: Clock) -> BoxAccount | None:
    """What the box says of its line; None where it has no way of saying it."""
    from diagnostics.box.adapter import find_box

    box = find_box(gateway, clock, route.interface) if gateway else None
    reading = box.ask() if box is not None else None
    return reading.account if reading is not None else None


class Bystanders:
    """Asks both in the background from the start; ``wifi`` and ``box`` wait for what is still to come."""

    def __init__(
        self,
        adapter: Callable[[], Wifi | None],
        box: Callable[[], BoxAccount | None],
        limit_s: float = LIMIT_S,
    ) -> None:
        self._deadline = time.monotonic() + limit_s
        self._wifi: list[Wifi | None] = []
        self._box: list[BoxAccount | None] = []
        self._threads = (
            threading.Thread(target=lambda: self._wifi.append(adapter()), daemon=True),
            threading.Thread(target=lambda: self._box.append(box()), daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def wifi(self) -> Wifi | None:
        self._wait(0)
        return self._wifi[0] if self._wifi else None

    def box(self) -> BoxAccount | None:
        self._wait(1)
        return self._box[0] if self._box else None

    def _wait(self, place: int) -> None:
        self._threads[place].join(max(0.0, self._deadline - time.monotonic()))
