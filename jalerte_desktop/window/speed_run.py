"""One measurement as the window sees it: a child process that tells how it goes, a line of JSON for each step."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from jalerte_desktop.window.children import Caller, not_started, sentence_of
from jalerte_desktop.window.speed_facts import each, figure, result_of, texts, whole
from jalerte_desktop.words.language import _

COMMAND = ("speed", "--stdin", "--progress")
MOST_LINE = 1 << 20
MOST_POINTS = 1200
STOP_PATIENCE_MS = 15_000
PHASES = ("idle", "down", "up")


class Ended(StrEnum):
    """How a measurement came to its end."""

    DONE = "done"
    CANCELLED = "cancelled"
    """Broken off: what was measured until then is kept."""
    HELD = "held"
    """It may not begin now."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``words`` say why, when it was held or failed; ``reason`` is a hold's code. ``result_id``: what was kept."""

    ended: Ended
    words: str = ""
    reason: str = ""
    result_id: str = ""


class SpeedRun(QObject):
    """``changed`` follows every step, ``ended`` comes once. Closing its standard input stops the measurement."""

    changed = Signal()
    ended = Signal(object)

    def __init__(
        self,
        caller: Caller,
        *arguments: str,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._phase_s = clock()
        self._buffer = b""
        self._told: Outcome | None = None
        self._over = False
        self.stopping = False
        self.begun = False
        self.phase = ""
        self.server = ""
        self.distance_ms: float | None = None
        self.usual_bytes = 0
        self.most_bytes = 0
        self.notes: tuple[str, ...] = ()
        self.moved: dict[str, int] = {}
        self.bps: dict[str, int] = {}
        self.curves: dict[str, list[tuple[float, int]]] = {"down": [], "up": []}
        """For each direction: seconds since that direction began, and the rate."""
        self._process = caller.process((*COMMAND, *arguments), self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._error)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._process.kill)

    def start(self) -> SpeedRun:
        self._process.start()
        return self

    @property
    def seconds_in_phase(self) -> float:
        return max(0.0, self._clock() - self._phase_s)

    @property
    def bytes(self) -> int:
        """Payload bytes moved so far, both directions."""
        return sum(self.moved.values())

    def stop(self) -> None:
        """Ask it to end; what it measured is kept. It is ended by force when it does not listen."""
        if self._over or self.stopping:
            return
        self.stopping = True
        self._patience.start(STOP_PATIENCE_MS)
        self._process.closeWriteChannel()
        self.changed.emit()

    def finish(self, patience_ms: int) -> None:
        """The window closes: stop it, and wait here so long at most for what it measured to be kept."""
        if self._over:
            return
        self._over = True
        self._process.closeWriteChannel()
        if self._process.state() != QProcess.ProcessState.NotRunning and not self._process.waitForFinished(
            patience_ms
        ):
            self._process.kill()
            self._process.waitForFinished(2000)

    # --- what it tells ---

    def _read(self) -> None:
        self._buffer += bytes(self._process.readAllStandardOutput().data())
        *lines, self._buffer = self._buffer.split(b"\n")
        if len(self._buffer) > MOST_LINE:
            self._buffer = b""
        for line in lines:
            try:
                said = json.loads(line.decode("utf-8", "replace"))
            except (ValueError, RecursionError):
                continue
            if isinstance(said, Mapping):
                self._hear(said)
        if lines and not self._over:
            self.changed.emit()

    def _hear(self, said: Mapping[str, Any]) -> None:
        hear = {
            "begin": self._begin,
            "server": self._server,
            "server_left": self._server_left,
            "phase": self._phase,
            "rate": self._rate,
            "held": self._held,
            "failed": self._failed,
            "completed": self._completed,
            "cancelled": self._completed,
        }.get(str(said.get("event")))
        if hear is not None:
            hear(said)

    def _begin(self, said: Mapping[str, Any]) -> None:
        self.begun = True
        self.usual_bytes, self.most_bytes = (
            whole(said.get("usual_bytes")) or 0,
            whole(said.get("most_bytes")) or 0,
        )
        self.notes = texts(said.get("notes"))

    def _server(self, said: Mapping[str, Any]) -> None:
        self.server = str(said.get("name") or said.get("server") or "")
        self.distance_ms = figure(said.get("distance_ms"))

    def _server_left(self, said: Mapping[str, Any]) -> None:
        why = said.get("why")
        if isinstance(why, str) and why not in self.notes:
            self.notes = (*self.notes, why)

    def _phase(self, said: Mapping[str, Any]) -> None:
        phase = str(said.get("phase"))
        if phase in PHASES:
            self.phase = phase
            self._phase_s = self._clock()
            if phase in self.curves:
                # Another server after one that failed begins anew.
                self.curves[phase] = []

    def _rate(self, said: Mapping[str, Any]) -> None:
        direction, bps = str(said.get("direction")), whole(said.get("bps"))
        if direction not in self.curves or bps is None:
            return
        self.bps[direction] = bps
        self.moved[direction] = whole(said.get("bytes")) or 0
        if len(self.curves[direction]) < MOST_POINTS:
            self.curves[direction].append((self.seconds_in_phase, bps))

    def _held(self, said: Mapping[str, Any]) -> None:
        self._told = Outcome(Ended.HELD, str(said.get("words") or ""), str(said.get("reason") or ""))

    def _failed(self, said: Mapping[str, Any]) -> None:
        self._told = Outcome(Ended.FAILED, str(said.get("problem") or ""))

    def _completed(self, said: Mapping[str, Any]) -> None:
        ended = Ended.DONE if said.get("event") == "completed" else Ended.CANCELLED
        found = each([said.get("result")], result_of)
        self._told = Outcome(ended, result_id=found[0].id if found else "")

    # --- its end ---

    def _finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        self._read()
        if self._told is not None:
            self._end(self._told)
            return
        errors = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        if self.stopping:
            self._end(Outcome(Ended.CANCELLED))
        elif code != 0 or errors.strip():
            self._end(Outcome(Ended.FAILED, sentence_of(errors, code)))
        else:
            self._end(Outcome(Ended.FAILED, _("The measuring program ended without a result.")))

    def _error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end(Outcome(Ended.FAILED, not_started(self._process)))

    def _end(self, outcome: Outcome) -> None:
        if self._over:
            return
        self._over = True
        self._patience.stop()
        self.ended.emit(outcome)
