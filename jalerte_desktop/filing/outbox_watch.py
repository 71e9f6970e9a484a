"""Waiting between two rounds of delivery: until something is due, the way out changes, or it is told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from diagnostics.journal.lock import Held
from diagnostics.model import SECOND, Problem

_BUSY_S = 2.0
_SHORTEST_S = 1.0


def watch(
    deliver: Callable[[], int | None],
    wake: Callable[[], None],
    way_out: Callable[[], tuple[str, ...]],
    now_ns: Callable[[], int],
    stop: threading.Event,
    look_s: float = 5.0,
    longest_s: float = 30.0,
) -> None:
    """Deliver again and again until ``stop`` is set.

    ``deliver`` makes one round and gives when the next is due (UTC ns; None: nothing waits), or raises Held while
    another process delivers; a case file that is busy is waited for, too. ``way_out`` names the default route, ()
    where there is none; it is looked at every
    ``look_s``, and when another has come ``wake`` makes due what waits for a line. After ``longest_s`` a round is made
    whatever the clock says: it may have been set, and another program may have added something.
    """
    known = way_out()
    while not stop.is_set():
        try:
            due_ns = deliver()
            pause_s = longest_s if due_ns is None else (due_ns - now_ns()) / SECOND
        except Held:
            pause_s = _BUSY_S
        except Problem as problem:
            if problem.remark.code != "case_busy":
                raise
            pause_s = _BUSY_S
        until = time.monotonic() + min(max(pause_s, _SHORTEST_S), longest_s)
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            stop.wait(min(left, look_s))
            found = way_out()
            if found and found != known:
                known = found
                wake()
                break
            known = found
