"""Has what others work out of the journal kept up to date, now and then, by a process of its own.

The recorder knows nothing of it but the command. A paper that is asked for after weeks is then made in seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from diagnostics.clock import Clock
from diagnostics.model import SECOND
from diagnostics.recorder.speed_process import LEAVE_S, POLL_S, Child, end, start_process

FIRST_S = 600.0
EVERY_S = 6 * 3600.0
LONGEST_S = 1800.0
"""A process that takes longer is ended: the next one begins where it could not."""


class Refresh:
    """``start`` lets it work in a thread; an empty command does nothing."""

    def __init__(
        self, command: Sequence[str], clock: Clock, start: Callable[[Sequence[str]], Child] = start_process
    ) -> None:
        self._command = command
        self._clock = clock
        self._start = start
        self._leaving = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, first_s: float = FIRST_S, every_s: float = EVERY_S) -> None:
        if self._command and self._thread is None:
            self._thread = threading.Thread(
                target=self._work, args=(first_s, every_s), name="refresh", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """End now, within two seconds: a process that will not end is killed."""
        self._leaving.set()
        if self._thread is not None:
            self._thread.join(LEAVE_S + 2 * POLL_S)

    def _work(self, first_s: float, every_s: float) -> None:
        wait_s = first_s
        while not self._leaving.wait(wait_s):
            self._run()
            wait_s = every_s

    def _run(self) -> None:
        try:
            child = self._start(self._command)
        except OSError:
            return  # there may be no room for a process just now; the next time comes
        until_ns = self._clock.mono_ns() + round(LONGEST_S * SECOND)
        while child.ended() is None:
            if self._leaving.wait(POLL_S) or self._clock.mono_ns() >= until_ns:
                end(child, self._clock)
                return
