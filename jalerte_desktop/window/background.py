"""Reads on a thread of its own what would make the screen wait."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal, Slot


class _Worker(QObject):
    done = Signal(object)

    def __init__(self, read: Callable[[], object]) -> None:
        super().__init__()
        self._read = read

    @Slot()
    def work(self) -> None:
        self.done.emit(self._read())


class BackgroundReader(QObject):
    """``ready`` brings what ``read`` gives; a request while it works is answered by another reading after it.

    ``read`` raises nothing: what went wrong is part of what it gives.
    """

    ready = Signal(object)
    _request = Signal()

    def __init__(self, read: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._busy = self._again = self._closed = False
        self._thread = QThread()
        self._worker = _Worker(read)
        self._worker.moveToThread(self._thread)
        self._request.connect(self._worker.work)
        self._worker.done.connect(self._arrived)

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
        self._worker.done.disconnect(self._arrived)
        self._thread.quit()
        self._thread.wait()

    @Slot(object)
    def _arrived(self, found: object) -> None:
        self._busy = False
        self.ready.emit(found)
        if self._again:
            self._again = False
            self.request()
