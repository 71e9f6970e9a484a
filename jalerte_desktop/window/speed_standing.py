"""What was decided about measuring and what the month has cost, read on a thread of its own: the screen never waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal, Slot

from diagnostics.model import BadInput, EventKind, Problem
from jalerte_desktop.words.errors import say_problem


@dataclass(frozen=True, slots=True)
class Standing:
    """``provider`` is empty where none was chosen; ``agreed``: it may be used as it stands. Sizes in payload bytes.

    ``usual_bytes`` is what the last measurements with that provider cost, None where nothing tells; then one takes
    ``most_bytes`` at most. ``fixed`` names the keys that the configuration file decides. ``mark`` changes whenever the
    journal has more to tell of speed. ``problem`` says why something could not be read.
    """

    provider: str = ""
    servers: tuple[str, ...] = ()
    agreed: bool = False
    per_day: int = 0
    cap_bytes: int = 0
    used_bytes: int = 0
    usual_bytes: int | None = None
    most_bytes: int = 0
    fixed: frozenset[str] = frozenset()
    mark: tuple[int, int] = (0, 0)
    problem: str = ""


def read_standing(journal: Path, config: Path, now_ns: int) -> Standing:
    """Read configuration and journal; what cannot be read becomes the standing's ``problem``."""
    try:
        return _read(journal, config, now_ns)
    except Problem as problem:
        return Standing(problem=say_problem(problem))


def _read(journal: Path, config: Path, now_ns: int) -> Standing:
    # Dear imports, made on the reader's own thread.
    from diagnostics.config import load
    from diagnostics.journal.reader import Reader
    from diagnostics.throughput.budget import Basis, estimate, used
    from diagnostics.throughput.choice import read_choice, usable
    from diagnostics.throughput.record import from_event
    from diagnostics.throughput.rules import default_rules

    settings, events = load(config), []
    if journal.exists():
        with Reader(journal) as reader:
            events = list(
                reader.events(
                    EventKind.SPEED, EventKind.SPEED_CHOICE, EventKind.SPEED_HELD, EventKind.CAMPAIGN
                )
            )
    mark = (len(events), events[-1].at_ns if events else 0)
    fixed = frozenset(settings.given)
    choice = read_choice(settings, events)
    rules = default_rules()
    month = used(events, now_ns, None)
    if choice is None:
        return Standing(cap_bytes=round(rules.monthly_gb * 1e9), used_bytes=month, fixed=fixed, mark=mark)
    results = []
    for event in events:
        if event.kind is EventKind.SPEED:
            try:
                results.append(from_event(event))
            except ValueError:
                continue  # a newer version's
    line = next((one.circumstances.line_id for one in reversed(results)), "")
    cost = estimate(results, choice.provider, line, rules)
    try:
        usable(choice)
        agreed = True
    except BadInput:
        agreed = False
    known = cost.basis is Basis.RESULTS
    return Standing(
        provider=choice.provider,
        servers=choice.servers,
        agreed=agreed,
        per_day=choice.per_day,
        cap_bytes=choice.cap_bytes,
        used_bytes=month,
        usual_bytes=cost.usual_bytes if known else None,
        most_bytes=cost.high_bytes,
        fixed=fixed,
        mark=mark,
    )


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
