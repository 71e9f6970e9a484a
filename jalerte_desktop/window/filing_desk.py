"""What the alert page and the diary show and ask for, by commands, one child process at a time. Outlives the pages."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from jalerte_desktop.window.case_desk import CaseDesk
from jalerte_desktop.window.children import Caller, CommandQueue
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
from jalerte_desktop.window.filing_run import FormResult, FormRun, QueueWatch
from jalerte_desktop.words.language import _

FINISH_MS = 10_000
FIRST_LOOK_MS = 4000
"""So long after its start the window looks whether something waits to be sent: it must not delay the start."""
ALERT, ROUTES, QUEUE, RECEIPTS, DIARY = "alert", "routes", "queue", "receipts", "diary"
NEW, EDIT, ADD = "new", "edit", "diary-add"
_READS = {
    ALERT: ("alert", "preview"),
    ROUTES: ("alert", "routes"),
    QUEUE: ("alert", "queue"),
    RECEIPTS: ("alert", "receipts"),
    DIARY: ("diary", "list"),
}


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
        self._closed = False
        self._queue = CommandQueue(caller, self)
        self._sendings = CommandQueue(caller, self, beside=True, unhurried=True)
        for queue in (self._queue, self._sendings):
            queue.answered.connect(self._answered)
            queue.refused.connect(self._refused)
            queue.went_on.connect(self._went_on)
        self.clock = clock
        self.case = case
        self.known: set[str] = set()
        self.problems: dict[str, str] = {}
        self.alert: AlertFacts | None = None
        self.routes: tuple[RouteFacts, ...] = ()
        self.filings: tuple[FilingFacts, ...] = ()
        self.receipts: tuple[ReceiptFacts, ...] = ()
        self.diary: tuple[DiaryFacts, ...] = ()
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
        return self._queue.busy or self._sendings.busy

    @property
    def leaving(self) -> bool:
        """Is something being sent at this moment?"""
        sending = self.watch.running and any(one.state == "sending" for one in self.filings)
        return self._sendings.busy or sending

    def load(self, *names: str) -> None:
        """Read these anew; without names everything that the alert page shows."""
        for name in names or (ALERT, ROUTES, QUEUE, RECEIPTS):
            self._queue.ask(name, *_READS[name], "--json")

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
        if (self.alert is None or not self.alert.draft) and not self._queue.pending(NEW):
            self._queue.ask(NEW, "alert", "new", "--json", writes=True)
        self._queue.ask(EDIT, "alert", "edit", *arguments, "--json", writes=True)

    def ask(self, name: str, *arguments: str, writes: bool = False) -> None:
        """Run a command; ``answered`` or ``refused`` comes with that name. ``writes``: it changes the case file."""
        self._queue.ask(name, *arguments, "--json", writes=writes)

    def send(self, name: str, *arguments: str) -> None:
        """The same for a command that sends, behind which nothing waits.

        It takes its time: a slow line may need an hour for a photo, and breaking it off would leave nobody sure.
        """
        self._sendings.ask(name, *arguments, "--json", writes=True)

    # --- the form that opens with us ---

    def open_form(self, *arguments: str) -> None:
        """Open the assisted form in a process and window of its own, unless one is open."""
        if self.form_run is not None or self._closed:
            return
        self.form_result = None
        run = self.form_run = FormRun(self._caller, *arguments, parent=self)
        run.done.connect(self._form_done)
        run.failed.connect(self._form_failed)
        run.start()
        self.changed.emit()

    def forget_form(self) -> None:
        """The person has seen what the form did."""
        self.form_result = None
        self.changed.emit()

    def _form_done(self, answer: object) -> None:
        self._form_ended(FormResult(answer))

    def _form_failed(self, sentence: str) -> None:
        self._form_ended(FormResult(problem=sentence))

    def _form_ended(self, result: FormResult) -> None:
        self.form_run, self.form_result = None, result
        self.load(QUEUE, RECEIPTS, DIARY)
        self.changed.emit()

    # --- what commands bring back ---

    def _answered(self, name: str, answer: object) -> None:
        if name in _READS:
            self._take(name, answer)
            return
        if name in (NEW, EDIT):
            self._take(ALERT, answer)
        self.answered.emit(name, answer)

    def _refused(self, name: str, sentence: str) -> None:
        if name not in _READS:
            self.refused.emit(EDIT if name == NEW else name, sentence)
            return
        self.known.add(name)
        self.problems[name] = sentence
        if name == ALERT:
            self.alert = None

    def _went_on(self) -> None:
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
        until = time.monotonic() + FINISH_MS / 1000
        self._queue.finish(FINISH_MS)
        self._closed = True
        self._sendings.finish(round((until - time.monotonic()) * 1000))
        self.watch.finish()
        if self.form_run is not None:
            self.form_run.finish()
