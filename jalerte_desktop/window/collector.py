"""Keeps Python's garbage collection on the window's thread.

Python collects cycles on whichever thread happens to allocate. The reader's thread allocates most; were it to free a
widget there, Qt would crash.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 2000


class Collector(QObject):
    """From its making to ``close``, cycles are collected here and nowhere else."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """The youngest generation, and the older ones when they are due, as Python itself would."""
        due = [count > threshold for count, threshold in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        for generation in (2, 1, 0):
            if all(due[: generation + 1]):
                gc.collect(generation)
                return

    def close(self) -> None:
        self._timer.stop()
        gc.enable()
