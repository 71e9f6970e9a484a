"""The stamp desk: knows when the newest seal is to be dated from outside, and has a process of its own do it.

It asks nobody and writes no event itself: the process hands the stamp to the recorder. Where no server was agreed to
it does not even run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnostics.clock import Clock
from diagnostics.config import Config
from diagnostics.journal.reader import Reader
from diagnostics.model import MINUTE, SECOND, Event, EventKind, Problem
from diagnostics.recorder.speed_process import LEAVE_S, POLL_S, Child, end, start_process
from diagnostics.stamps import tries
from diagnostics.stamps.plan import Known, due_at
from diagnostics.stamps.record import KINDS, kept_stamps, read_choice, seals_of

LOOK_S = 60.0
"""How often the clock is looked at: sleep, and a clock that was set, are noticed so."""
LONGEST_S = 60.0
"""The process bounds itself at ten seconds for the network; one that takes so long hangs."""
REREAD_NS = 10 * MINUTE
"""How often the journal is looked into for a new seal."""
BROKEN_S = 600.0

Handler = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class StampParts:
    """What a desk is put together from. ``command`` makes one stamp; empty: none are made.

    ``broken`` is told when the desk itself fails, for no reason of the machine's; it goes on later.
    """

    clock: Clock
    home: Path
    journal: Path
    config: Config
    command: Sequence[str]
    start: Callable[[Sequence[str]], Child] = start_process
    broken: Callable[[Exception], None] = lambda _error: None


class StampDesk:
    """One desk. ``start`` lets it work in a thread of its own; ``step`` is one look."""

    def __init__(self, parts: StampParts) -> None:
        self._parts = parts
        self._wake = threading.Event()
        self._leaving = False
        self._thread: threading.Thread | None = None
        self._known = Known("", None, None)
        self._choices: list[Event] = []
        self._read_seq = 0
        """Up to which record the journal was read."""
        self._read_ns: int | None = None
        """When it was read; None: it is to be read again at once."""

    # --- from outside ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, where a server was agreed to; else the first note that agrees to one begins it (``listening``)."""
        if not self._parts.command:
            return
        try:
            with Reader(self._parts.journal) as reader:
                choice = read_choice(self._parts.config, reader.events(EventKind.STAMP_CHOICE))
        except Problem:
            return
        if choice.usable:
            self._begin()

    def listening(self, handler: Handler) -> Handler:
        """The handler of the recorder's socket, with the desk hearing what comes in of its own kinds."""

        def handle(message: Mapping[str, Any]) -> Mapping[str, Any]:
            answer = handler(message)
            if message.get("op") == "note" and message.get("kind") in (
                EventKind.STAMP,
                EventKind.STAMP_CHOICE,
            ):
                self._read_ns = None
                self._wake.set()
                self._begin()
            return answer

        return handle

    def _begin(self) -> None:
        if self._thread is None and self._parts.command and not self._leaving:
            self._thread = threading.Thread(target=self._work, name="stamp desk", daemon=True)
            self._thread.start()

    def leave(self) -> None:
        """Ask a running process to end, and end. Returns at once; ``left`` says when that is done."""
        self._leaving = True
        self._wake.set()

    @property
    def left(self) -> bool:
        return self._thread is None or not self._thread.is_alive()

    def close(self) -> None:
        """End now, within two seconds: a process that will not end is killed."""
        self.leave()
        if self._thread is not None:
            self._thread.join(LEAVE_S + 2 * POLL_S)

    def _work(self) -> None:
        while not self._leaving:
            try:
                wait_s = self.step()
            except Exception as error:
                # What is broken must not end the recording, nor fall silent for ever.
                self._parts.broken(error)
                wait_s = BROKEN_S
            if not self._leaving:
                self._wake.wait(wait_s)
            self._wake.clear()

    # --- one look -------------------------------------------------------------------------------------------------

    def step(self) -> float:
        """Do what is due; returns after how many seconds to look again. Blocks while a process runs."""
        now_ns = self._now()
        try:
            if self._read_ns is None or not self._read_ns <= now_ns < self._read_ns + REREAD_NS:
                self._read(now_ns)
        except Problem:
            # The journal cannot be read just now; the recorder says so.
            return LOOK_S
        at_ns = due_at(self._known, now_ns)
        if at_ns is None:
            return LOOK_S
        if at_ns > now_ns:
            return min(LOOK_S, (at_ns - now_ns) / SECOND)
        self._make(now_ns)
        return 0.0 if self._leaving else LOOK_S

    def _now(self) -> int:
        return self._parts.clock.read().wall_ns

    def _read(self, now_ns: int) -> None:
        """Read what was added to the journal since the last time."""
        seal, stamp = self._known.seal, self._known.stamp
        with Reader(self._parts.journal) as reader:
            head = reader.head()
            for event in reader.events(*KINDS, after_seq=self._read_seq):
                if event.kind is EventKind.STAMP_CHOICE:
                    self._choices.append(event)
                seal = next(seals_of([event]), seal)
                stamp = next(kept_stamps([event]), stamp)
        self._read_seq = head.seq if head is not None else 0
        self._read_ns = now_ns
        server = read_choice(self._parts.config, self._choices).usable
        self._known = Known(server, seal, stamp, tries.load(self._parts.home))

    def _make(self, now_ns: int) -> None:
        """Have one stamp made. What went wrong is kept by the process, or here where it could not."""
        home, server = self._parts.home, self._known.server
        before = tries.load(home)
        failure = self._run()
        self._read_ns = None
        if failure and not self._leaving and tries.load(home) == before:
            tries.add(home, server, now_ns, failure, "")

    def _run(self) -> str:
        """Run the process. Returns an empty text when it ended well, else the code of what happened."""
        try:
            child = self._parts.start(self._parts.command)
        except OSError:
            return "stamp_process"
        clock = self._parts.clock
        until_ns = clock.mono_ns() + round(LONGEST_S * SECOND)
        patience = threading.Event()
        while (code := child.ended()) is None:
            if self._leaving or clock.mono_ns() >= until_ns:
                end(child, clock)
                return "stamp_process"
            patience.wait(POLL_S)
        return "stamp_process" if code else ""
