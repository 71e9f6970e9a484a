"""Drives the form's page: looks, asks the filling for the one next thing, does it, waits for the form, looks again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl, Signal

from diagnostics.model import Problem, Remark
from jalerte_desktop.filing.fill_report import Stop, Wait
from jalerte_desktop.filing.page import Action, Press, Search
from jalerte_desktop.window.webform_actions import call, one_result, sends, steps_of
from jalerte_desktop.window.webform_browser import WORLD, FormPage
from jalerte_desktop.window.webform_reading import (
    PageState,
    Round,
    Seen,
    results_of,
    round_of,
    seen_of,
    state_of,
)

if TYPE_CHECKING:
    from jalerte_desktop.filing.filler import Filling

TICK_MS = 60
IDLE_TICK_MS = 300
"""While the person reads and answers, a look now and then is enough."""
SILENT_S = 20.0
"""A page that does not answer its own browser for so long counts as gone."""
WAITED_S = 30.0
"""So long the filling may wait for something that the page does not bring."""
SEARCHED_S = 20.0
"""So long a searching list may look for its results."""


class Driver(QObject):
    """One filling of one form. ``moved`` follows each look and each thing done; ``stopped`` comes when there is nothing
    more to do by itself, again whenever that changes; ``broke`` carries a Problem.

    With ``attended`` what the person has touched is left alone, and the page is looked at again when it asks for
    something else. ``automatic``: press the form's own button for the next step where the filling says so; else that
    waits in ``held`` for ``go_on``.
    """

    moved = Signal()
    stopped = Signal()
    broke = Signal(object)

    def __init__(
        self,
        page: FormPage,
        filling: Filling,
        send_words: tuple[str, ...],
        *,
        attended: bool,
        automatic: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(page)
        self.page, self.filling = page, filling
        self.automatic = automatic
        self.stop: Stop | None = None
        self.held: Press | None = None
        self.seen: Seen | None = None
        self._send_words, self._attended, self._clock = send_words, attended, clock
        self._token = self._home = ""
        self._signature: tuple[object, ...] = ()
        self._script: list[str] = []
        self._search: Search | None = None
        self._asked = 0
        self._asked_s: float | None = None
        self._done_s = self._looked_s = clock()
        self._waiting_s: float | None = None
        self._ended = False
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        page.refused.connect(self._stay)
        page.broke.connect(self._break)

    def open(self, url: QUrl) -> None:
        """Load the form and begin."""
        self._rest()
        self._home = url.toString()
        self.page.load(url)
        self._timer.start()

    def begin_again(self, filling: Filling, url: QUrl) -> None:
        """From the first page, with nothing filled in yet."""
        self.filling = filling
        self._token, self.seen = "", None
        self.open(url)

    def fill(self) -> None:
        """Look at the page as it is now and fill in what is to be filled in, also where it was left before."""
        self._rest()
        self._timer.start()

    def go_on(self) -> None:
        """Press the button that was held back."""
        held, self.held = self.held, None
        if held is not None:
            self._do(held)
            self._timer.start()

    def end(self) -> None:
        """Do nothing any more."""
        self._ended = True
        self._timer.stop()

    # --- the round ---

    def _rest(self) -> None:
        self.stop = self.held = self._search = None
        self._script.clear()
        self._waiting_s = None
        self._signature = ()
        self._work()

    def _work(self) -> None:
        self._done_s = self._clock()
        self._timer.setInterval(TICK_MS)

    def _ask(self, script: str, then: Callable[[object], None]) -> None:
        """One question at a time: an answer that comes too late is none."""
        self._asked += 1
        number = self._asked
        self._asked_s = self._clock()

        def answered(answer: object) -> None:
            if number == self._asked and not self._ended:
                self._asked_s = None
                then(answer)

        self.page.runJavaScript(script, WORLD, answered)

    def _tick(self) -> None:
        if self._asked_s is not None:
            # A document that gives way to another takes the answer with it.
            if self._clock() - self._asked_s > SILENT_S:
                self._asked_s = None
                self._asked += 1
            return
        self._ask(call("state"), self._state)

    def _state(self, answer: object) -> None:
        state = state_of(answer)
        if state is None:
            if self._clock() - self._done_s > 3 * SILENT_S and self.stop is None:
                self._gave_nothing()
            return
        if state.token != self._token:
            self._new_document(state)
        waited_s = self._clock() - self._done_s
        match round_of(state, waited_s, self._attended):
            case Round.UNANSWERED:
                if self.stop is None:
                    self._stop_here(Stop("stuck", Remark.of("webform_no_answer")))
            case Round.OVER:
                self._go_on(state)
            case Round.UNDER_WAY:
                pass

    def _new_document(self, state: PageState) -> None:
        """Whatever was being done belonged to the page before."""
        self._token = state.token
        self._script.clear()
        self._search = self.held = None
        self._work()
        if self.stop is not None:
            self._waiting_s = None

    def _go_on(self, state: PageState) -> None:
        if self._script:
            self._ask(self._script.pop(0), self._did)
        elif self._search is not None:
            self._ask(call("results", self._search.control.handle), self._found)
        elif self._worth_a_look(state):
            self._ask(call("snapshot"), self._look)

    def _worth_a_look(self, state: PageState) -> bool:
        """While at work, always; while stopped, waiting or held back, only at a page that is another than before."""
        if self.seen is None:
            return True
        unchanged = state.changes == self.seen.changes and self._signature != ()
        if self.stop is not None or self.held is not None:
            return self._attended and not unchanged
        if self._waiting_s is None or not unchanged:
            return True
        return self._clock() - self._looked_s > 0.5

    def _look(self, answer: object) -> None:
        seen = seen_of(answer)
        if seen is None:
            return
        self._looked_s = self._clock()
        signature = (self._token, *seen.signature)
        same = signature == self._signature
        self.seen, self._signature = seen, signature
        if (self.stop is not None or self.held is not None) and same:
            self.moved.emit()
            return
        if self.stop is not None or self.held is not None:
            self.stop = self.held = None
            self._work()
        self._decide(seen)

    def _decide(self, seen: Seen) -> None:
        wanted = self.filling.next(seen.page)
        if isinstance(wanted, Stop):
            self._stop_here(wanted)
        elif isinstance(wanted, Wait):
            if self._waiting_s is None:
                self._waiting_s = self._clock()
            elif self._clock() - self._waiting_s > WAITED_S:
                self._stop_here(Stop("stuck", wanted.why))
        elif isinstance(wanted, Press) and sends(wanted.control, self._send_words):
            # The filling never asks for this; nothing but the person may ever send.
            self._stop_here(Stop("send", Remark.of("webform_sends")))
        elif isinstance(wanted, Press) and not self.automatic and seen.page.fields:
            self._waiting_s = None
            self.held = wanted
            self._timer.setInterval(IDLE_TICK_MS)
        else:
            self._waiting_s = None
            if not (self._attended and wanted.control.name in seen.by_person):
                self._do(wanted)
        self.moved.emit()

    # --- doing ---

    def _do(self, action: Action) -> None:
        self._work()
        if isinstance(action, Search):
            self._search = action
        try:
            self._script = steps_of(action)
        except OSError as error:
            self._break(Problem("webform_attachment", why=error.strerror or str(error)))
            return
        if self._script:
            self._ask(self._script.pop(0), self._did)

    def _did(self, answer: object) -> None:
        """One step was done; what became of it shows at the next look."""
        if answer != '"done"':
            self._script.clear()
            self._search = None
        self._done_s = self._clock()
        if self._script and self._search is None:
            self._ask(self._script.pop(0), self._did)

    def _found(self, answer: object) -> None:
        found, search = results_of(answer), self._search
        if search is None or found is None:
            self._search = None
            return
        waiting, labels = found
        if waiting and self._clock() - self._done_s < SEARCHED_S:
            return
        self._search = None
        index = None if waiting else one_result(labels, search.wanted)
        if index is None:
            self._ask(call("closeSearch", search.control.handle), self._did)
        else:
            self._ask(call("takeResult", search.control.handle, index, labels[index]), self._did)

    # --- ends ---

    def _stop_here(self, stop: Stop) -> None:
        self.stop = stop
        self._waiting_s = None
        self._timer.setInterval(IDLE_TICK_MS)
        self.moved.emit()
        self.stopped.emit()

    def _gave_nothing(self) -> None:
        if self.seen is None:
            self._break(Problem("webform_unreachable", url=self._home, why="timeout"))
        else:
            self._stop_here(Stop("stuck", Remark.of("webform_no_answer")))

    def _stay(self, url: QUrl) -> None:
        """The page wanted to leave the form's site and did not."""
        if self.seen is None:
            self._break(Problem("webform_moved", url=self._home, host=url.host()))
            return
        self.page.runJavaScript(call("stay"), WORLD)
        self._stop_here(Stop("unknown-page", Remark.of("webform_elsewhere", host=url.host())))

    def _break(self, problem: Problem) -> None:
        self._script.clear()
        self._search = None
        self.broke.emit(problem)
