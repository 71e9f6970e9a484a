"""Which network and operator a line belongs to, found out in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue

from diagnostics.probes.public_address import PublicNetwork

REFRESH_S = 6 * 3600.0
RETRY_S = 1800.0
CHANGED_S = 60.0
"""How soon to ask again when the way changed while the answer was under way: it may be another line's."""


class IdentityWatch:
    """Asks when a line is entered, every half hour until there is an answer, and then every six hours.

    ``learn`` blocks for a bounded time and raises nothing. ``now`` counts seconds.
    """

    def __init__(
        self, learn: Callable[[], PublicNetwork | None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._learn = learn
        self._now = now
        self._place = ("", "")
        self._due: dict[str, float] = {}
        self._learnt: SimpleQueue[tuple[str, Mapping[str, str]]] = SimpleQueue()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self, line: str, way: str) -> None:
        if (line, way) == self._place:
            return
        self._place = (line, way)
        if self._thread is None:
            if not line:
                return
            self._thread = threading.Thread(target=self._work, name="line identity", daemon=True)
            self._thread.start()
        self._wake.set()

    def collect(self) -> list[tuple[str, Mapping[str, str]]]:
        learnt: list[tuple[str, Mapping[str, str]]] = []
        while True:
            try:
                learnt.append(self._learnt.get_nowait())
            except Empty:
                return learnt

    def _work(self) -> None:
        while True:
            place = self._place
            wait_s = self._due.get(place[0], 0.0) - self._now() if place[0] else None
            if wait_s is None or wait_s > 0:
                self._wake.wait(wait_s)
                self._wake.clear()
                continue
            self._ask(place)

    def _ask(self, place: tuple[str, str]) -> None:
        network = self._learn()
        if place != self._place:
            self._due[place[0]] = self._now() + CHANGED_S
            return
        self._due[place[0]] = self._now() + (RETRY_S if network is None else REFRESH_S)
        if network is not None:
            self._learnt.put((place[0], {"network": network.prefix, "operator": network.operator}))
