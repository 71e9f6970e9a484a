"""Children that last: the form that is open with us, a sending, and the one that sends what waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from jalerte_desktop.window.children import Caller, Command, sentence_of
from jalerte_desktop.words.language import _

LARGEST_ANSWER = 8 << 20
AGAIN_MS = 60_000
FINISH_MS = 3000


@dataclass(frozen=True, slots=True)
class FormResult:
    """What the assisted form told at its end; ``problem`` where it told nothing."""

    answer: object = None
    problem: str = ""


class FormRun(QObject):
    """``ended`` comes once. It lasts as long as the person needs."""

    ended = Signal(object)

    def __init__(self, caller: Caller, *arguments: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._over = False
        self._process = caller.process(("alert", "open", *arguments, "--json"), self)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._error)

    def start(self) -> None:
        self._process.start()

    def finish(self) -> None:
        """The window closes, and the form with it; what it has done until then is kept."""
        self._over = True
        _end(self._process, self._process.terminate, self._process.kill)

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        out = bytes(self._process.readAllStandardOutput().data())
        errors = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        if status != QProcess.ExitStatus.NormalExit or code != 0:
            self._end(FormResult(problem=sentence_of(errors, code)))
            return
        try:
            if len(out) > LARGEST_ANSWER:
                raise ValueError
            self._end(FormResult(json.loads(out.decode("utf-8", "replace"))))
        except (ValueError, RecursionError):
            self._end(FormResult(problem=_("The command gave an answer that cannot be read.")))

    def _error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            why = self._process.errorString()
            self._end(FormResult(problem=_("The program could not be started: {why}").format(why=why)))

    def _end(self, result: FormResult) -> None:
        if not self._over:
            self._over = True
            self.ended.emit(result)


class UnhurriedCommand(Command):
    """A command that sends: a slow line may need an hour for a photo, and breaking it off would leave nobody sure."""

    def start(self) -> UnhurriedCommand:
        self._process.start()
        self._process.closeWriteChannel()
        return self


class QueueWatch(QObject):
    """Sends what waits while the window is open: one child, never two. ``told`` when it said something, or ended."""

    told = Signal()

    def __init__(self, caller: Caller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._caller = caller
        self._process: QProcess | None = None
        self._closed = False
        self._rest = QTimer(self, interval=AGAIN_MS)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self.told)

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Begin, unless it runs; one that has just ended is not begun again at once."""
        if self._process is not None or self._closed or self._rest.isActive():
            return
        self._begin()

    def again(self) -> None:
        """Begin even if it has just ended: there is something new to send."""
        self._rest.stop()
        self.start()

    def _begin(self) -> None:
        process = self._process = self._caller.process(
            ("alert", "queue", "run", "--watch", "--stdin", "--json"), self
        )
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._error)
        process.start()

    def stop(self) -> None:
        """Nothing waits any more: let it end."""
        if self._process is not None:
            self._process.closeWriteChannel()

    def _read(self) -> None:
        """What it says is only that something moved: the queue itself is asked then."""
        moved = False
        while self._process is not None and self._process.canReadLine():
            line = bytes(self._process.readLine(LARGEST_ANSWER).data())
            moved = moved or b'"event": "filing"' in line
        if moved:
            self.told.emit()

    def _error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._ended()

    def _ended(self, *_result: object) -> None:
        self._read()
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        if not self._closed:
            self._rest.start()

    def finish(self) -> None:
        """Closing its standard input ends it; what it is sending, it brings to an end."""
        self._closed = True
        self._rest.stop()
        process = self._process
        if process is None:
            return
        _end(process, process.closeWriteChannel, process.terminate, process.kill)


def _end(process: QProcess, *asks: Callable[[], object]) -> None:
    """Ask, insist, force; each may take so long at most."""
    for ask in asks:
        if process.state() == QProcess.ProcessState.NotRunning:
            return
        ask()
        process.waitForFinished(FINISH_MS)
