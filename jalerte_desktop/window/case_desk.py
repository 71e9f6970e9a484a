"""Reads and writes the case by commands, one child process at a time, in the order in which they were asked for."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from diagnostics.model import Problem
from jalerte_desktop.window.case_words import CaseFacts, facts_of, refusal_words, sent
from jalerte_desktop.window.children import Caller, CommandQueue
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.language import _

FINISH_MS = 10_000
_SHOW, _NEW = "show", "new"
"""Names of what is asked; every other one is the field that is set."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was typed, and why the command did not take it."""

    typed: str
    sentence: str


class CaseDesk(QObject):
    """Lives as long as the window, so that a page made anew (another language) loses nothing.

    ``case`` is None until read, and while there is none; ``problem`` says why it could not be read.
    """

    changed = Signal()
    saved = Signal(str)
    refused = Signal(str)
    created = Signal()
    not_created = Signal(str)
    written = Signal()
    """Nothing is left to write."""

    def __init__(self, caller: Caller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = CommandQueue(caller, self)
        self._queue.answered.connect(self._answered)
        self._queue.refused.connect(self._failed)
        self._queue.went_on.connect(self._went_on)
        self.case: CaseFacts | None = None
        self.known = False
        self.problem = ""
        self.refusals: dict[str, Refusal] = {}

    @property
    def writing(self) -> bool:
        return self._queue.writing

    def pending(self, key: str) -> bool:
        """Is a value of this field on its way?"""
        return self._queue.pending(key)

    def load(self) -> None:
        self._queue.ask(_SHOW, "case", "show", "--json")

    def create(self, problem: str, country: str, operator: str) -> None:
        # With "=": what a person types may begin with a dash.
        answers = (f"--problem={problem}", f"--country={country}", f"--operator={operator}")
        self._queue.ask(_NEW, "case", "new", "--json", *answers, writes=True)

    def save(self, key: str, typed: str) -> None:
        """Write one field; of several values that wait for the same field, only the last is written."""
        self._queue.forget(key)
        self._queue.ask(key, "case", "set", "--json", "--", key, sent(key, typed), writes=True, about=typed)

    def finish(self) -> None:
        """Write what still waits before the program ends; for this the caller waits, a few seconds at most."""
        self._queue.finish(FINISH_MS)

    def _answered(self, name: str, answer: object, typed: str) -> None:
        case = facts_of(answer)
        if case is None:
            self._failed(name, _("The command gave an answer that cannot be read."), typed)
            return
        if name == _NEW:
            self.refusals.clear()
        self.refusals.pop(name, None)
        self.case, self.known, self.problem = case, True, ""
        self.changed.emit()
        if name == _NEW:
            self.created.emit()
        elif name != _SHOW:
            self.saved.emit(name)

    def _failed(self, name: str, sentence: str, typed: str) -> None:
        if name == _SHOW:
            self._not_loaded(sentence)
        elif name == _NEW:
            self.not_created.emit(sentence)
        else:
            self.refusals[name] = Refusal(typed, refusal_words(sentence, name))
            self.refused.emit(name)

    def _went_on(self, name: str) -> None:
        if name != _SHOW and not self.writing:
            self.written.emit()

    def _not_loaded(self, sentence: str) -> None:
        # The command has no other way of saying that there is no case; it speaks our language.
        none_yet = sentence == say_problem(Problem("no_case"))
        self.case, self.known = None, True
        self.problem = "" if none_yet else sentence
        self.changed.emit()
