"""The standing of measuring (``findings/speed.py``), read on a thread of its own: the screen never waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal, Slot

from diagnostics.model import Problem
from jalerte_desktop.findings.speed import Standing, read_standing
from jalerte_desktop.words.errors import say_problem


class _Worker(QObject):
    read = Signal(object)

    def __init__(self, journal: Path, config: Path, clock: Callable[[], int]) -> None:
        super().__init__()
        self._journal, self._config, self._clock = journal, config, clock

    @Slot()
    def work(self) -> None:
        try:
            self.read.emit(read_standing(self._journal, self._config, self._clock()))
        except Exception as error:  # a fault of ours must be seen, and must not end the thread
            why = f"{type(error).__name__}: {error}"
            problem = Problem("journal_unreadable", path=str(self._journal), why=why)
            self.read.emit(Standing(problem=say_problem(problem)))


class StandingReader(QObject):
    """``ready`` brings each standing; a request while one is under way is answered by another reading after it."""

    ready = Signal(object)
    _request = Signal()

    def __init__(
        self,
        journal: Path,
        config: Path,
        clock: Callable[[], int] = time.time_ns,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._busy = self._again = self._closed = False
        self._thread = QThread()
        self._worker = _Worker(journal, config, clock)
        self._worker.moveToThread(self._thread)
        self._request.connect(self._worker.work)
        self._worker.read.connect(self._arrived)

    def request(self) -> None:
        if self._closed:
            return
        if self._busy:
            self._again = True
            return
        if not self._thread.isRunning():
            # Only whoever looks at the page pays for the thread.
            self._thread.start()
        self._busy = True
        self._request.emit()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._worker.read.disconnect(self._arrived)
        self._thread.quit()
        self._thread.wait()

    @Slot(object)
    def _arrived(self, standing: Standing) -> None:
        self._busy = False
        self.ready.emit(standing)
        if self._again:
            self._again = False
            self.request()
