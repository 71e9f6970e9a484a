"""The process that makes one scheduled measurement: started, looked after, and ended when it will not end itself."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol

from diagnostics.clock import Clock
from diagnostics.model import SECOND

POLL_S = 0.2
"""How often it is looked after."""
LEAVE_S = 1.5
"""So long it may take to end when it is asked to."""


class Child(Protocol):
    """A process that measures."""

    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        ...

    def ask_to_end(self) -> None:
        """Close its standard input."""
        ...

    def kill(self) -> None: ...


def start_process(command: Sequence[str]) -> Child:
    """The real thing. Raises OSError."""
    import subprocess

    # A session of its own: Ctrl+C in the terminal is the recorder's to hear, which then closes the pipe.
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return _Process(process)


class _Process:
    def __init__(self, process: Any) -> None:
        self._process = process

    def ended(self) -> int | None:
        code: int | None = self._process.poll()
        if code is not None:
            self.ask_to_end()
        return code

    def ask_to_end(self) -> None:
        if not self._process.stdin.closed:
            self._process.stdin.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.ask_to_end()


def end(child: Child, clock: Clock) -> None:
    """Ask it to end, and kill it when it has not after LEAVE_S. Blocks so long."""
    child.ask_to_end()
    until_ns = clock.mono_ns() + round(LEAVE_S * SECOND)
    patience = threading.Event()
    while child.ended() is None:
        if clock.mono_ns() >= until_ns:
            child.kill()
            return
        patience.wait(POLL_S / 4)
