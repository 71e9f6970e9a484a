"""The first hop beyond the box, looked for in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable

from diagnostics.probes.route import HopAnswer

RETRY_S = 60.0
REFRESH_S = 600.0


class HopWatch:
    """Looks when told to, again every minute until there is one, and then every ten minutes.

    A first hop that was found stays until another is found for the same gateway: a line that is cut shows none.
    """

    def __init__(self, find: Callable[[str], HopAnswer]) -> None:
        self._find = find
        self._gateway = ""
        self._hop: str | None = None
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self, gateway: str) -> None:
        if gateway != self._gateway:
            self._gateway, self._hop = gateway, None
        if not gateway:
            return
        self._wake.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="first hop", daemon=True)
            self._thread.start()

    def found(self) -> str | None:
        return self._hop

    def _work(self) -> None:
        while True:
            self._wake.wait(RETRY_S if self._hop is None else REFRESH_S)
            self._wake.clear()
            gateway = self._gateway
            answer = self._find(gateway)
            if gateway == self._gateway and answer.address and answer.echoes:
                self._hop = answer.address
