"""What the speed page shows and asks for, by commands in child processes. Outlives the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from jalerte_desktop.findings.speed import Standing
from jalerte_desktop.window.case_desk import CaseDesk
from jalerte_desktop.window.children import Caller, CommandQueue
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
_CHANGES = {CHOOSE, SCHEDULE, START, STOP}
"""After these all is read anew."""
_RESULTS, _COMPARED, _CAMPAIGN, _SERIES = "results", "compare", "campaign", "series"
_READS = {
    _RESULTS: ("speed", "--results", "--since", SINCE),
    _COMPARED: ("speed", "--compare"),
    _CAMPAIGN: ("campaign", "status"),
    _SERIES: ("campaign", "result"),
}


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
        self._closed = False
        self._queue = CommandQueue(caller, self, beside=True)
        self._queue.answered.connect(self._answered)
        self._queue.refused.connect(self._refused)
        self._queue.went_on.connect(self._went_on)
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
        return self._queue.busy

    def load(self) -> None:
        """Read everything anew."""
        self.case.load()
        self._reader.request()
        self._load_results()

    def watch(self, on: bool) -> None:
        """While the page is seen, look now and then whether the recorder measured something."""
        self._timer.start() if on and not self._closed else self._timer.stop()

    def _load_results(self) -> None:
        self._read(_RESULTS)
        self._read(_COMPARED)
        if self._journal.exists():
            self._read(_CAMPAIGN)

    def _read(self, name: str) -> None:
        self._queue.ask(name, *_READS[name], "--json")

    def _answered(self, name: str, answer: object) -> None:
        if name in _READS:
            self._take(name, answer)
            self.problems.pop(name, None)
            return
        self.answered.emit(name, answer)
        if name in _CHANGES:
            self._reader.request()
            self._load_results()

    def _refused(self, name: str, sentence: str) -> None:
        if name in _READS:
            self.problems[name] = sentence
        else:
            self.refused.emit(name, sentence)

    def _went_on(self, name: str) -> None:
        if name in _READS:
            self.changed.emit()

    def _take(self, name: str, answer: object) -> None:
        if name == _RESULTS:
            self.known = True
            self.results, self.held = results_of(answer)
        elif name == _COMPARED:
            self.sides, self.verdict = comparison_of(answer)
        elif name == _SERIES:
            self.series = series_of(answer)
        elif isinstance(answer, dict) and answer.get("campaign") is not None:
            self._read(_SERIES)
        else:
            self.series = None

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

    def ask(self, name: str, *arguments: str) -> None:
        """Run a command; ``answered`` or ``refused`` comes with that name."""
        self._queue.ask(name, *arguments, "--json", writes=name in _CHANGES)

    def choose(self, provider: str, server: str) -> None:
        """Keep whom to measure with; the person has agreed to the terms."""
        servers = (f"--server={server}",) if server else ()
        self.ask(CHOOSE, "speed", "--choose", f"--provider={provider}", *servers, "--agree")

    def schedule(self, per_day: str, monthly_gb: str) -> None:
        """Keep how often and how much may be measured; the command judges what was typed."""
        wanted = (f"--per-day={per_day}", f"--monthly-gb={monthly_gb}")
        self.ask(SCHEDULE, "speed", "--choose", *wanted)

    def start_series(self, rules: str) -> None:
        """Begin a series; the person has confirmed what has to hold."""
        self.ask(START, "campaign", "start", f"--rules={rules}", "--confirm")

    def stop_series(self) -> None:
        self.ask(STOP, "campaign", "stop")

    def finish(self) -> None:
        """Nothing goes on after this; a running measurement is stopped and what it measured is kept."""
        if self._closed:
            return
        self._closed = True
        self._timer.stop()
        if self.run is not None:
            self.run.finish(FINISH_MS)
        self._queue.finish()
        self._reader.close()
