"""Children that last: the form that is open with us, and the one that sends what waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from jalerte_desktop.window.children import Caller, Command

LARGEST_ANSWER = 8 << 20
AGAIN_MS = 60_000
FINISH_MS = 3000


@dataclass(frozen=True, slots=True)
class FormResult:
    """What the assisted form told at its end; ``problem`` where it told nothing."""

    answer: object = None
    problem: str = ""


class FormRun(Command):
    """The assisted form. It lasts as long as the person needs, and ends with its standard input."""

    largest_answer = LARGEST_ANSWER

    def __init__(self, caller: Caller, *arguments: str, parent: QObject | None = None) -> None:
        super().__init__(caller, "alert", "open", *arguments, "--json", parent=parent)

    def start(self) -> FormRun:
        self._process.start()
        return self

    def finish(self) -> None:
        """The window closes, and the form with it; what it has done until then is kept."""
        self._over = True
        _end(self._process, self._process.terminate, self._process.kill)


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
