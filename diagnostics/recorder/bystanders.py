"""Those who can say something while one look goes on: the Wi-Fi adapter, and the box itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from diagnostics.clock import Clock
from diagnostics.links.route import RouteState
from diagnostics.witnesses import BoxAccount, Step, Wifi

LIMIT_S = 14.0
"""From the question on: a box is looked for and asked in fourteen seconds at most, an adapter in three."""
SHORTEST_S = 2.0
"""Between two readings of the box's counters: over less, a single packet is a rate."""


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


@dataclass(frozen=True, slots=True)
class BoxSaid:
    """The box's newest account, and what it counted of the home's traffic between two answers."""

    account: BoxAccount
    home: Step | None = None


def ask_box(route: RouteState, gateway: str, clock: Clock, ended: threading.Event) -> BoxSaid | None:
    """What the box says of its line, asked at once and again when the look has ended; None where it says nothing."""
    from diagnostics.box.adapter import find_box
    from diagnostics.box.counters import TrafficMeter

    box = find_box(gateway, clock, route.interface) if gateway else None
    first = box.ask() if box is not None else None
    if box is None or first is None:
        return None
    began = time.monotonic()
    ended.wait(LIMIT_S)
    time.sleep(max(0.0, began + SHORTEST_S - time.monotonic()))
    meter, second = TrafficMeter(), box.ask()
    if second is None:
        return BoxSaid(first.account)
    meter.step(first)
    traffic = meter.step(second)
    return BoxSaid(second.account, traffic.steps[0] if traffic is not None else None)


class Bystanders:
    """Asks both in the background from the start; ``wifi`` and ``box`` wait for what is still to come.

    ``box`` is given what is set when the look has ended.
    """

    def __init__(
        self,
        adapter: Callable[[], Wifi | None],
        box: Callable[[threading.Event], BoxSaid | None],
        limit_s: float = LIMIT_S,
    ) -> None:
        self._deadline = time.monotonic() + limit_s
        self._wifi: list[Wifi | None] = []
        self._box: list[BoxSaid | None] = []
        self._ended = threading.Event()
        self._threads = (
            threading.Thread(target=lambda: self._wifi.append(adapter()), daemon=True),
            threading.Thread(target=lambda: self._box.append(box(self._ended)), daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def wifi(self) -> Wifi | None:
        self._wait(0)
        return self._wifi[0] if self._wifi else None

    def box(self) -> BoxSaid | None:
        """To be called when the look has ended: the box is asked a second time then."""
        self._ended.set()
        self._wait(1)
        return self._box[0] if self._box else None

    def _wait(self, place: int) -> None:
        self._threads[place].join(max(0.0, self._deadline - time.monotonic()))
