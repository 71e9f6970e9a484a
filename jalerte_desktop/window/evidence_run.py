"""A command that takes its time: it tells how far it is, and can be stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from jalerte_desktop.window.children import Caller, not_started, sentence_of
from jalerte_desktop.words.language import _

LARGEST_ANSWER = 16 << 20
MOST_LINES = 200
FORCE_MS = 3000
FAILED_WITH_ANSWER = 1
"""A check that finds something wrong ends with 1, and its answer says what."""


class Ended(Enum):
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its answer, or a sentence of what went wrong."""

    ended: Ended
    answer: object = None
    problem: str = ""


class LongRun(QObject):
    """``arguments`` have ``--json``. ``progressed`` at each step, ``ended`` once, with an Outcome.

    ``stage`` and ``share`` (0 to 1) are what it told last; None where it does not tell.
    """

    progressed = Signal()
    ended = Signal(object)

    def __init__(self, caller: Caller, *arguments: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stage: str | None = None
        self.share: float | None = None
        self.stopping = False
        self._over = False
        self._errors: list[str] = []
        self._out = bytearray()
        self._process = caller.process(arguments, self)
        self._process.readyReadStandardOutput.connect(self._read_answer)
        self._process.readyReadStandardError.connect(self._read_lines)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._error)

    def start(self) -> None:
        self._process.start()
        self._process.closeWriteChannel()

    def stop(self) -> None:
        """Ask it to end; by force where it does not listen. What it writes is there whole, or not at all."""
        if self._over or self.stopping:
            return
        self.stopping = True
        self._process.terminate()
        QTimer.singleShot(FORCE_MS, self, self._process.kill)
        self.progressed.emit()

    def finish(self) -> None:
        """The window closes: it ends with it, and nothing is told any more."""
        self._over = True
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.terminate()
            if not self._process.waitForFinished(FORCE_MS // 3):
                self._process.kill()
                self._process.waitForFinished(FORCE_MS)

    def _read_answer(self) -> None:
        self._out += bytes(self._process.readAllStandardOutput().data())
        if len(self._out) > LARGEST_ANSWER:
            self._out.clear()
            self._process.kill()

    def _read_lines(self) -> None:
        moved = False
        self._process.setReadChannel(QProcess.ProcessChannel.StandardError)
        while self._process.canReadLine():
            line = bytes(self._process.readLine().data()).decode("utf-8", "replace").strip()
            if not self._took_step(line):
                self._keep(line)
                continue
            moved = True
        if moved and not self._over:
            self.progressed.emit()

    def _took_step(self, line: str) -> bool:
        """Was the line a step, as lines of JSON tell them?"""
        if not line.startswith("{"):
            return False
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            return False
        if not isinstance(told, dict) or "event" not in told:
            return False
        stage, share = told.get("stage"), told.get("share")
        if isinstance(stage, str):
            self.stage = stage
        if isinstance(share, (int, float)) and not isinstance(share, bool):
            self.share = min(max(float(share), 0.0), 1.0)
        return True

    def _keep(self, line: str) -> None:
        self._errors.append(line)
        del self._errors[:-MOST_LINES]

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_lines()
        self._read_answer()
        self._keep(bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace").strip())
        # What had been written whole before it was told to stop is done.
        if status == QProcess.ExitStatus.NormalExit and code in (0, FAILED_WITH_ANSWER):
            try:
                self._end(Outcome(Ended.DONE, json.loads(self._out.decode("utf-8", "replace"))))
                return
            except (ValueError, RecursionError):
                if not code:
                    self._end(
                        Outcome(Ended.FAILED, problem=_("The command gave an answer that cannot be read."))
                    )
                    return
        if self.stopping:
            self._end(Outcome(Ended.STOPPED))
        else:
            self._end(Outcome(Ended.FAILED, problem=sentence_of("\n".join(self._errors), code)))

    def _error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end(Outcome(Ended.FAILED, problem=not_started(self._process)))

    def _end(self, outcome: Outcome) -> None:
        if not self._over:
            self._over = True
            self.ended.emit(outcome)
