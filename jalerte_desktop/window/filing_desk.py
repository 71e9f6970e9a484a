"""What the alert page and the diary show and ask for, by commands, one child process at a time. Outlives the pages."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from jalerte_desktop.window.case_desk import CaseDesk
from jalerte_desktop.window.children import Caller, Command
from jalerte_desktop.window.filing_facts import (
    AlertFacts,
    DiaryFacts,
    FilingFacts,
    ReceiptFacts,
    RouteFacts,
    alert_of,
    diary_of,
    filings_of,
    receipts_of,
    routes_of,
)
from jalerte_desktop.window.filing_run import FormResult, FormRun, QueueWatch, UnhurriedCommand
from jalerte_desktop.words.language import _

FINISH_S = 10
FIRST_LOOK_MS = 4000
"""So long after its start the window looks whether something waits to be sent: it must not delay the start."""
ALERT, ROUTES, QUEUE, RECEIPTS, DIARY = "alert", "routes", "queue", "receipts", "diary"
EDIT, ADD = "edit", "diary-add"
_READS = {
    ALERT: ("alert", "preview"),
    ROUTES: ("alert", "routes"),
    QUEUE: ("alert", "queue"),
    RECEIPTS: ("alert", "receipts"),
    DIARY: ("diary", "list"),
}


@dataclass(frozen=True, slots=True)
class _Job:
    name: str
    arguments: tuple[str, ...]
    writes: bool = False


class FilingDesk(QObject):
    """``changed``: something new to show. ``answered`` and ``refused`` bring back what was asked for, by its name.

    ``known`` holds the names of what was read; ``problems`` a sentence for each that could not be. ``form_run`` is the
    form that is open with us, ``form_result`` what the last one left.
    """

    changed = Signal()
    answered = Signal(str, object)
    refused = Signal(str, str)

    def __init__(
        self,
        caller: Caller,
        case: CaseDesk,
        clock: Callable[[], int] = time.time_ns,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._caller = caller
        self._waiting: deque[_Job] = deque()
        self._job: _Job | None = None
        self._command: Command | None = None
        self._closed = False
        self.clock = clock
        self.case = case
        self.known: set[str] = set()
        self.problems: dict[str, str] = {}
        self.alert: AlertFacts | None = None
        self.routes: tuple[RouteFacts, ...] = ()
        self.filings: tuple[FilingFacts, ...] = ()
        self.receipts: tuple[ReceiptFacts, ...] = ()
        self.diary: tuple[DiaryFacts, ...] = ()
        self._sendings: dict[QObject, str] = {}
        self.form_run: FormRun | None = None
        self.form_result: FormResult | None = None
        self.watch = QueueWatch(caller, self)
        self.watch.told.connect(self._queue_moved)
        self.files = caller.home / "files"
        case.saved.connect(self._case_saved)
        case.created.connect(self.load)
        QTimer.singleShot(FIRST_LOOK_MS, self, self._first_look)

    # --- reading ---

    @property
    def busy(self) -> bool:
        """Is an answer on its way?"""
        return self._job is not None or bool(self._sendings)

    @property
    def leaving(self) -> bool:
        """Is something being sent at this moment?"""
        sending = self.watch.running and any(one.state == "sending" for one in self.filings)
        return bool(self._sendings) or sending

    @property
    def writing(self) -> bool:
        """Is a change on its way?"""
        return any(job.writes for job in self._jobs())

    def load(self, *names: str) -> None:
        """Read these anew; without names everything that the alert page shows."""
        for name in names or (ALERT, ROUTES, QUEUE, RECEIPTS):
            if not any(job.name == name for job in self._waiting):
                self._add(_Job(name, (*_READS[name], "--json")))

    def _first_look(self) -> None:
        # Without a case file nothing can wait.
        if QUEUE not in self.known and (self._caller.home / "case.sqlite").exists():
            self.load(QUEUE)

    def _case_saved(self, _key: str) -> None:
        """What the case says goes into the alert; only where that has been shown."""
        if ALERT in self.known:
            self.load(ALERT, ROUTES)

    def _queue_moved(self) -> None:
        self.load(QUEUE, RECEIPTS)

    # --- changing and asking ---

    def edit(self, *arguments: str) -> None:
        """Change the draft, which is begun where there is none yet."""
        if (self.alert is None or not self.alert.draft) and not any(
            job.name == "new" for job in self._jobs()
        ):
            self._add(_Job("new", ("alert", "new", "--json"), writes=True))
        self._add(_Job(EDIT, ("alert", "edit", *arguments, "--json"), writes=True))

    def ask(self, name: str, *arguments: str, writes: bool = False) -> None:
        """Run a command; ``answered`` or ``refused`` comes with that name. ``writes``: it changes the case file."""
        self._add(_Job(name, (*arguments, "--json"), writes))

    def send(self, name: str, *arguments: str) -> None:
        """The same for a command that sends: it takes its time, and nothing waits behind it."""
        if self._closed:
            return
        command = UnhurriedCommand(self._caller, *arguments, "--json", parent=self)
        self._sendings[command] = name
        command.done.connect(self._sent)
        command.failed.connect(self._not_sent)
        command.start()

    def _sent(self, answer: object) -> None:
        name = self._sendings.pop(self.sender(), None)
        if name is not None:
            self.answered.emit(name, answer)
            self.changed.emit()

    def _not_sent(self, sentence: str) -> None:
        name = self._sendings.pop(self.sender(), None)
        if name is not None:
            self.refused.emit(name, sentence)
            self.changed.emit()

    # --- the form that opens with us ---

    def open_form(self, *arguments: str) -> None:
        """Open the assisted form in a process and window of its own, unless one is open."""
        if self.form_run is not None or self._closed:
            return
        self.form_result = None
        run = self.form_run = FormRun(self._caller, *arguments, parent=self)
        run.ended.connect(self._form_ended)
        run.start()
        self.changed.emit()

    def forget_form(self) -> None:
        """The person has seen what the form did."""
        self.form_result = None
        self.changed.emit()

    def _form_ended(self, result: FormResult) -> None:
        run, self.form_run = self.form_run, None
        self.form_result = result
        if run is not None:
            run.deleteLater()
        self.load(QUEUE, RECEIPTS, DIARY)
        self.changed.emit()

    # --- one after the other ---

    def _jobs(self) -> list[_Job]:
        return [*([self._job] if self._job else []), *self._waiting]

    def _add(self, job: _Job) -> None:
        if self._closed:
            return
        self._waiting.append(job)
        if self._job is None:
            self._next()

    def _next(self) -> None:
        if not self._waiting or self._closed:
            return
        self._job = self._waiting.popleft()
        command = self._command = Command(self._caller, *self._job.arguments, parent=self)
        # No lambdas here: they would keep this object alive until its own child is being deleted.
        command.done.connect(self._done)
        command.failed.connect(self._failed)
        command.start()

    def _done(self, answer: object) -> None:
        job, self._job, self._command = self._job, None, None
        assert job is not None
        if job.name in _READS:
            self._take(job.name, answer)
        else:
            if job.name in ("new", EDIT):
                self._take(ALERT, answer)
            self.answered.emit(job.name, answer)
        self._go_on()

    def _failed(self, sentence: str) -> None:
        job, self._job, self._command = self._job, None, None
        assert job is not None
        if job.name in _READS:
            self.known.add(job.name)
            self.problems[job.name] = sentence
            if job.name == ALERT:
                self.alert = None
        else:
            self.refused.emit(EDIT if job.name == "new" else job.name, sentence)
        self._go_on()

    def _go_on(self) -> None:
        if self._job is None:
            self._next()
        self.changed.emit()

    def _take(self, name: str, answer: object) -> None:
        self.known.add(name)
        self.problems.pop(name, None)
        if name == ALERT:
            self.alert = alert_of(answer)
            if self.alert is None:
                self.problems[ALERT] = _("The command gave an answer that cannot be read.")
        elif name == ROUTES:
            self.routes = routes_of(answer)
        elif name == QUEUE:
            self.filings = filings_of(answer)
            if any(one.waits for one in self.filings):
                self.watch.start()
            else:
                self.watch.stop()
        elif name == RECEIPTS:
            self.receipts = receipts_of(answer)
        else:
            self.diary = diary_of(answer)

    def finish(self) -> None:
        """What was changed is kept before the program ends; for this the caller waits, a few seconds at most."""
        until = time.monotonic() + FINISH_S
        while self.writing and self._command is not None:
            job = self._job
            self._command.wait(max(0, round((until - time.monotonic()) * 1000)))
            if self._job is job:
                break
        self._closed = True
        self._waiting.clear()
        if self._command is not None:
            self._command.stop()
        for sending in list(self._sendings):
            assert isinstance(sending, Command)
            sending.wait(max(0, round((until - time.monotonic()) * 1000)))
        self._sendings.clear()
        self.watch.finish()
        if self.form_run is not None:
            self.form_run.finish()
