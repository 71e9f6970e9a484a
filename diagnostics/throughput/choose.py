"""The choice of a server: the nearest one that answers, by TCP handshakes with all candidates at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from diagnostics.model import Problem
from diagnostics.throughput.model import Server, Way
from diagnostics.throughput.providers import Provider
from diagnostics.throughput.reach import TRY_S, find_addresses, handshake_ms

MOST_CANDIDATES = 10
TRIES = 3
"""Handshakes with each; the least counts, since only delays add to the true distance."""


def rank(provider: Provider, servers: Sequence[Server], way: Way, *, most_s: float = 3.0) -> list[Server]:
    """All ``servers``, the nearest first, with ``distance_ms``, ``address`` and ``family`` of what answered.

    The first ten are tried. Those that did not answer within ``most_s``, whose address cannot be read, or that were not
    tried, come last in their given order, their ``distance_ms`` None. Returns within ``most_s`` and raises nothing for
    what the network does; a look-up that hangs is left behind in its thread.
    """
    deadline = time.monotonic() + most_s
    trials = [_Trial(provider, server, way, deadline) for server in servers[:MOST_CANDIDATES]]
    for trial in trials:
        trial.start()
    found = [trial.result() for trial in trials]
    found += [replace(server, distance_ms=None) for server in servers[MOST_CANDIDATES:]]
    return sorted(
        found, key=lambda server: float("inf") if server.distance_ms is None else server.distance_ms
    )


class _Trial:
    """One candidate, tried in a thread of its own until ``deadline`` on ``time.monotonic``."""

    def __init__(self, provider: Provider, server: Server, way: Way, deadline: float) -> None:
        self._provider, self._server, self._way = provider, server, way
        self._deadline = deadline
        self._done = threading.Event()
        self._best: tuple[float, int, str] | None = None
        self._silent: tuple[int, str] | None = None

    def start(self) -> None:
        try:
            threading.Thread(target=self._run, name="speed-choice", daemon=True).start()
        except RuntimeError:  # no more threads to be had
            self._done.set()

    def result(self) -> Server:
        """What is known when the trial or its time is over."""
        self._done.wait(max(0, self._deadline - time.monotonic()))
        best = self._best
        if best is None:
            family, address = self._silent or (0, "")
            return replace(self._server, distance_ms=None, family=family, address=address)
        return replace(self._server, distance_ms=round(best[0], 2), family=best[1], address=best[2])

    def _run(self) -> None:
        try:
            place = self._provider.place(self._server)
            found = find_addresses(place, self._way, self._left())
            if place.port == 0:
                self._silent = found[0] if found else None  # nobody may knock there
                return
            # A second round for those that only a lost packet kept silent.
            for family, address in found * 2:
                if self._try(family, address, place.port):
                    for _ in range(TRIES - 1):
                        self._try(family, address, place.port)
                    return
        except Problem:
            pass
        finally:
            self._done.set()

    def _try(self, family: int, address: str, port: int) -> bool:
        limit_s = min(TRY_S, self._left())
        if limit_s <= 0:
            return False
        took_ms = handshake_ms(family, address, port, self._way.interface, limit_s)
        if took_ms is None:
            return False
        if self._best is None or took_ms < self._best[0]:
            self._best = took_ms, family, address
        return True

    def _left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())
