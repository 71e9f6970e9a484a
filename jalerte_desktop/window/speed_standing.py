"""The standing of measuring (``findings/speed.py``), read on a thread of its own: the screen never waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from diagnostics.model import Problem
from jalerte_desktop.findings.speed import Standing, read_standing
from jalerte_desktop.window.background import BackgroundReader
from jalerte_desktop.words.errors import say_problem


class StandingReader(BackgroundReader):
    """``ready`` brings each standing."""

    def __init__(
        self,
        journal: Path,
        config: Path,
        clock: Callable[[], int] = time.time_ns,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(lambda: _standing(journal, config, clock()), parent)


def _standing(journal: Path, config: Path, now_ns: int) -> Standing:
    try:
        return read_standing(journal, config, now_ns)
    except Exception as error:  # a fault of ours must be seen, and must not end the thread
        why = f"{type(error).__name__}: {error}"
        problem = Problem("journal_unreadable", path=str(journal), why=why)
        return Standing(problem=say_problem(problem))
