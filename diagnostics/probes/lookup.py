"""The system's name look-up, bounded in time. Shared by the DNS check and the web check; itself no probe.

``getaddrinfo`` blocks for as long as the C library sees fit (glibc: 5 s a try, two tries, each server: 10 to 30 s) and
cannot be called off. So it runs in a daemon thread, never more than one for each ``BoundedLookup``.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from diagnostics.clock import Clock
from diagnostics.probes import sockets

TIMEOUT = "timeout"
BUSY = "earlier-query-hangs"


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up gave. ``error`` is empty on success; else TIMEOUT, BUSY, an EAI name or an errno's name.

    ``done_ns`` is when it ended, on the monotonic clock.
    """

    addresses: tuple[str, ...]
    error: str
    done_ns: int


def resolve(name: str, family: int) -> tuple[tuple[str, ...], str]:
    """Ask the system, blocking. Family 0 takes both; addresses come in the system's order of preference."""
    inet = {4: socket.AF_INET, 6: socket.AF_INET6}.get(family, socket.AF_UNSPEC)
    try:
        rows = socket.getaddrinfo(name, None, inet, socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == getattr(socket, "EAI_SYSTEM", None):
            return (), "EAI_SYSTEM"
        return (), _EAI_NAMES.get(error.errno or 0, f"EAI_{error.errno}")
    except UnicodeError:
        return (), "EAI_NONAME"
    except OSError as error:
        return (), sockets.errno_name(error.errno)
    return tuple(dict.fromkeys(str(row[4][0]) for row in rows)), ""


_EAI_NAMES = {value: name for name, value in vars(socket).items() if name.startswith("EAI_")}


class _Query:
    def __init__(self, ask: Callable[[], tuple[tuple[str, ...], str]], clock: Clock) -> None:
        self._ask, self._clock = ask, clock
        self.done = threading.Event()
        self.found: Found | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name="lookup", daemon=True).start()

    def _run(self) -> None:
        try:
            addresses, error = self._ask()
            self.found = Found(addresses, error, self._clock.mono_ns())
        finally:
            self.done.set()


class BoundedLookup:
    """Looks names up, one at a time, waiting no longer than it is told to."""

    def __init__(
        self, clock: Clock, resolve: Callable[[str, int], tuple[tuple[str, ...], str]] = resolve
    ) -> None:
        self._clock = clock
        self._resolve = resolve
        self._query: _Query | None = None

    def ask(self, name: str, family: int, timeout_s: float) -> Found:
        """Look ``name`` up in at most ``timeout_s``.

        An earlier query that still hangs is waited for first, its answer thrown away; if it does not end in time the
        error is BUSY: in all that time the system's resolver answered nothing.
        """
        deadline = time.monotonic() + timeout_s
        if self._query is not None and not self._query.done.wait(timeout_s):
            return self._none(BUSY)
        query = _Query(lambda: self._resolve(name, family), self._clock)
        waited = self._query is not None
        self._query = query
        try:
            query.start()
        except RuntimeError:  # no more threads to be had
            self._query = None
            return self._none("EAGAIN")
        if not query.done.wait(max(deadline - time.monotonic(), 0)):
            return self._none(BUSY if waited else TIMEOUT)
        self._query = None
        return query.found or self._none("EAI_FAIL")

    def _none(self, error: str) -> Found:
        return Found((), error, self._clock.mono_ns())
