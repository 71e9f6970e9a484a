"""What the speed page shows and asks for, by commands in child processes. Outlives the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from jalerte_desktop.findings.speed import Standing
from jalerte_desktop.window.case_desk import CaseDesk
from jalerte_desktop.window.children import Caller, Command
from jalerte_desktop.window.speed_facts import (
    HeldFacts,
    ResultFacts,
    Series,
    SideFacts,
    comparison_of,
    results_of,
    series_of,
)
from jalerte_desktop.window.speed_run import Outcome, SpeedRun
from jalerte_desktop.window.speed_standing import StandingReader

LOOK_EVERY_MS = 10_000
FINISH_MS = 6_000
SINCE = "92d"
"""So far back measurements are shown: all that were ever made would be too many to read each time."""

TERMS, CHOOSE, SCHEDULE, RULES, START, STOP = "terms", "choose", "schedule", "rules", "start", "stop"
"""The names of what is asked for, as ``answered`` and ``refused`` bring them back."""


@dataclass(frozen=True, slots=True)
class _Job:
    name: str
    arguments: tuple[str, ...]
    reads: bool = False
    changes: bool = False


class SpeedDesk(QObject):
    """``changed``: there is something new to show. ``progressed``: the running measurement went on.

    ``known`` once results were read. ``run`` is the measurement under way, ``outcome`` how the last one ended.
    ``problems`` holds a sentence for each thing that could not be read. ``answered`` and ``refused`` bring back what
    was asked for, by its name.
    """

    changed = Signal()
    progressed = Signal()
    answered = Signal(str, object)
    refused = Signal(str, str)

    def __init__(
        self,
        caller: Caller,
        journal: Path,
        config: Path,
        case: CaseDesk,
        clock: Callable[[], int] = time.time_ns,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._caller = caller
        self._journal = journal
        self._jobs: dict[QObject, _Job] = {}
        self._again: set[str] = set()
        self._closed = False
        self.clock = clock
        self.case = case
        self.known = False
        self.results: tuple[ResultFacts, ...] = ()
        self.held: tuple[HeldFacts, ...] = ()
        self.sides: tuple[SideFacts, ...] = ()
        self.verdict: tuple[str, ...] = ()
        self.series: Series | None = None
        self.standing: Standing | None = None
        self.run: SpeedRun | None = None
        self.outcome: Outcome | None = None
        self.problems: dict[str, str] = {}
        case.changed.connect(self.changed)
        self._reader = StandingReader(journal, config, clock, self)
        self._reader.ready.connect(self._stands)
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self._reader.request)

    # --- reading ---

    @property
    def reading(self) -> bool:
        """Is an answer on its way?"""
        return bool(self._jobs)

    def load(self) -> None:
        """Read everything anew."""
        self.case.load()
        self._reader.request()
        self._load_results()

    def watch(self, on: bool) -> None:
        """While the page is seen, look now and then whether the recorder measured something."""
        self._timer.start() if on and not self._closed else self._timer.stop()

    def _load_results(self) -> None:
        self._read("results", "speed", "--results", "--since", SINCE)
        self._read("compare", "speed", "--compare")
        if self._journal.exists():
            self._read("campaign", "campaign", "status")

    def _read(self, name: str, *arguments: str) -> None:
        """Run a reading command; asked for again meanwhile, it runs once more afterwards."""
        if self._closed:
            return
        if any(job.name == name for job in self._jobs.values()):
            self._again.add(name)
            return
        self._start(_Job(name, arguments, reads=True))

    def _start(self, job: _Job) -> None:
        command = Command(self._caller, *job.arguments, "--json", parent=self)
        self._jobs[command] = job
        # No lambdas here: they would keep this object alive until its own child is being deleted.
        command.done.connect(self._done)
        command.failed.connect(self._failed)
        command.start()

    def _done(self, answer: object) -> None:
        job = self._jobs.pop(self.sender(), None)
        if job is None:
            return
        if not job.reads:
            self.answered.emit(job.name, answer)
            if job.changes:
                self._reader.request()
                self._load_results()
            return
        take = {
            "results": self._results_read,
            "compare": self._compared,
            "campaign": self._status_read,
            "series": self._series_read,
        }[job.name]
        take(answer)
        self._over(job, "")

    def _failed(self, sentence: str) -> None:
        job = self._jobs.pop(self.sender(), None)
        if job is not None and job.reads:
            self._over(job, sentence)
        elif job is not None:
            self.refused.emit(job.name, sentence)

    def _over(self, job: _Job, problem: str) -> None:
        self.problems.pop(job.name, None)
        if problem:
            self.problems[job.name] = problem
        if job.name in self._again:
            self._again.discard(job.name)
            self._start(job)
        self.changed.emit()

    def _results_read(self, answer: object) -> None:
        self.known = True
        self.results, self.held = results_of(answer)

    def _compared(self, answer: object) -> None:
        self.sides, self.verdict = comparison_of(answer)

    def _status_read(self, answer: object) -> None:
        begun = answer.get("campaign") if isinstance(answer, dict) else None
        if begun is None:
            self.series = None
        else:
            self._read("series", "campaign", "result")

    def _series_read(self, answer: object) -> None:
        self.series = series_of(answer)

    def _stands(self, standing: Standing) -> None:
        before, self.standing = self.standing, standing
        if before is not None and before.mark != standing.mark:
            self._load_results()
        if before != standing:
            self.changed.emit()

    # --- measuring ---

    def measure(self, *arguments: str) -> None:
        """Begin a measurement, unless one is under way."""
        if self.run is not None or self._closed:
            return
        self.outcome = None
        run = self.run = SpeedRun(self._caller, *arguments, parent=self)
        run.changed.connect(self.progressed)
        run.ended.connect(self._ended)
        run.start()
        self.changed.emit()

    def stop(self) -> None:
        if self.run is not None:
            self.run.stop()

    def _ended(self, outcome: Outcome) -> None:
        run, self.run = self.run, None
        self.outcome = outcome
        if run is not None:
            run.deleteLater()
        self._reader.request()
        self._load_results()
        self.changed.emit()

    # --- deciding ---

    def ask(self, name: str, *arguments: str, changes: bool = False) -> None:
        """Run a command; ``answered`` or ``refused`` comes with that name. ``changes``: all is read anew then."""
        if not self._closed:
            self._start(_Job(name, arguments, changes=changes))

    def choose(self, provider: str, server: str) -> None:
        """Keep whom to measure with; the person has agreed to the terms."""
        servers = (f"--server={server}",) if server else ()
        self.ask(CHOOSE, "speed", "--choose", f"--provider={provider}", *servers, "--agree", changes=True)

    def schedule(self, per_day: str, monthly_gb: str) -> None:
        """Keep how often and how much may be measured; the command judges what was typed."""
        wanted = (f"--per-day={per_day}", f"--monthly-gb={monthly_gb}")
        self.ask(SCHEDULE, "speed", "--choose", *wanted, changes=True)

    def start_series(self, rules: str) -> None:
        """Begin a series; the person has confirmed what has to hold."""
        self.ask(START, "campaign", "start", f"--rules={rules}", "--confirm", changes=True)

    def stop_series(self) -> None:
        self.ask(STOP, "campaign", "stop", changes=True)

    def finish(self) -> None:
        """Nothing goes on after this; a running measurement is stopped and what it measured is kept."""
        if self._closed:
            return
        self._closed = True
        self._timer.stop()
        if self.run is not None:
            self.run.finish(FINISH_MS)
        for command in list(self._jobs):
            assert isinstance(command, Command)
            command.stop()
        self._jobs.clear()
        self._reader.close()
