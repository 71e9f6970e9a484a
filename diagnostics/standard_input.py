"""The end of standard input: how a program that started one of ours asks it to stop, on every system."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable


def when_closed(act: Callable[[], None]) -> None:
    """Call ``act`` once, from a thread of its own, when standard input ends or cannot be read. What comes is dropped.

    Not by way of ``sys.stdin``: its buffer's lock, held while waiting, would not let the program end.
    """

    def wait() -> None:
        try:
            while sys.stdin is not None and os.read(sys.stdin.fileno(), 4096):
                pass
        except (OSError, ValueError):
            pass
        act()

    threading.Thread(target=wait, name="standard input", daemon=True).start()
