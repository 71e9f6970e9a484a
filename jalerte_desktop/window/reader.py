"""Reads the journal on a thread of its own, so that the screen never waits for the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QThread, Signal, Slot

from diagnostics.model import SECOND, Problem
from jalerte_desktop.findings.model import Findings
from jalerte_desktop.window.chart_data import Chart, chart_of, local_day

if TYPE_CHECKING:
    from jalerte_desktop.findings.personal import Personal

DAYS = 7


class Source(Protocol):
    def refresh(self, since_ns: int, until_ns: int) -> Findings | None: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read at ``at_ns``: the findings of the week, and the chart of today. None while there is no journal."""

    at_ns: int
    findings: Findings | None = None
    chart: Chart | None = None
    problem: Problem | None = None


def live_source(journal: Path) -> Source:
    # Dear imports, made on the reader's own thread.
    from jalerte_desktop.findings.live import LiveFindings

    return LiveFindings(journal, _personal(journal.with_name("config.toml")))


def _personal(path: Path) -> Personal | None:
    """The working hours of the configuration beside the journal; a file that cannot be read sets none."""
    from diagnostics.config import load
    from jalerte_desktop.findings.personal import personal_of

    try:
        return personal_of(load(path))
    except Problem:
        return None


def week_start(now_ns: int) -> int:
    """Midnight, six days ago: today and the six days before it."""
    return local_day(
        local_day(now_ns).start_ns - (DAYS - 1) * 24 * 3600 * SECOND + 12 * 3600 * SECOND
    ).start_ns


class _Worker(QObject):
    read = Signal(object)

    def __init__(self, journal: Path, source: Callable[[Path], Source], clock: Callable[[], int]) -> None:
        super().__init__()
        self._journal = journal
        self._open = source
        self._clock = clock
        self._source: Source | None = None

    @Slot()
    def work(self) -> None:
        now_ns = self._clock()
        try:
            self.read.emit(self._reading(now_ns))
        except Problem as problem:
            self._source = None
            self.read.emit(Reading(now_ns, problem=problem))
        except Exception as error:  # a fault of ours must be seen, and must not end the thread
            own = Problem(
                "journal_unreadable", path=str(self._journal), why=f"{type(error).__name__}: {error}"
            )
            self.read.emit(Reading(now_ns, problem=own))

    def _reading(self, now_ns: int) -> Reading:
        if self._source is None:
            self._source = self._open(self._journal)
        findings = self._source.refresh(week_start(now_ns), now_ns)
        if findings is None:
            return Reading(now_ns)
        return Reading(now_ns, findings, chart_of(findings, now_ns))


class Reader(QObject):
    """``ready`` brings each reading; a request while one is under way is dropped."""

    ready = Signal(object)
    _request = Signal()

    def __init__(
        self,
        journal: Path,
        source: Callable[[Path], Source] = live_source,
        clock: Callable[[], int] = time.time_ns,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._busy = False
        self._thread = QThread()
        self._worker = _Worker(journal, source, clock)
        self._worker.moveToThread(self._thread)
        self._request.connect(self._worker.work)
        self._worker.read.connect(self._arrived)
        self._thread.start()

    def request(self) -> None:
        if not self._busy:
            self._busy = True
            self._request.emit()

    def close(self) -> None:
        self._worker.read.disconnect(self._arrived)
        self._thread.quit()
        self._thread.wait()

    @Slot(object)
    def _arrived(self, reading: Reading) -> None:
        self._busy = False
        self.ready.emit(reading)
