"""Reads and writes the case by commands, one child process at a time, in the order in which they were asked for."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from diagnostics.model import Problem
from jalerte_desktop.window.case_words import CaseFacts, facts_of, refusal_words, sent
from jalerte_desktop.window.children import Caller, Command
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.language import _

FINISH_S = 10


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was typed, and why the command did not take it."""

    typed: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Job:
    arguments: tuple[str, ...]
    done: Callable[[CaseFacts], None]
    failed: Callable[[str], None]
    key: str = ""
    writes: bool = True


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
        self._caller = caller
        self._waiting: deque[_Job] = deque()
        self._job: _Job | None = None
        self._command: Command | None = None
        self._closed = False
        self.case: CaseFacts | None = None
        self.known = False
        self.problem = ""
        self.refusals: dict[str, Refusal] = {}

    @property
    def writing(self) -> bool:
        return any(job.writes for job in self._jobs())

    def pending(self, key: str) -> bool:
        """Is a value of this field on its way?"""
        return any(job.key == key for job in self._jobs())

    def load(self) -> None:
        if not any(job.arguments[1] == "show" for job in self._waiting):
            self._ask(_Job(("case", "show", "--json"), self._loaded, self._not_loaded, writes=False))

    def create(self, problem: str, country: str, operator: str) -> None:
        # With "=": what a person types may begin with a dash.
        arguments = ("case", "new", "--json", f"--problem={problem}", f"--country={country}")
        self._ask(_Job((*arguments, f"--operator={operator}"), self._made, self.not_created.emit))

    def save(self, key: str, typed: str) -> None:
        """Write one field; of several values that wait for the same field, only the last is written."""
        self._waiting = deque(job for job in self._waiting if job.key != key)
        arguments = ("case", "set", "--json", "--", key, sent(key, typed))
        self._ask(
            _Job(
                arguments,
                lambda case: self._kept(key, case),
                lambda sentence: self._not_kept(key, typed, sentence),
                key,
            )
        )

    def finish(self) -> None:
        """Write what still waits before the program ends; for this the caller waits, a few seconds at most."""
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

    def _jobs(self) -> list[_Job]:
        return [*([self._job] if self._job else []), *self._waiting]

    def _ask(self, job: _Job) -> None:
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
        command.done.connect(self._answered)
        # No lambda here: it would keep this object alive until its own child is being deleted, and take it along.
        command.failed.connect(self._failed)
        command.start()

    def _answered(self, answer: object) -> None:
        case = facts_of(answer)
        if case is None:
            self._failed(_("The command gave an answer that cannot be read."))
        else:
            self._over(lambda job: job.done(case))

    def _failed(self, sentence: str) -> None:
        self._over(lambda job: job.failed(sentence))

    def _over(self, tell: Callable[[_Job], None]) -> None:
        job, self._job, self._command = self._job, None, None
        assert job is not None
        tell(job)
        if self._job is None:
            self._next()
        if job.writes and not self.writing:
            self.written.emit()

    def _loaded(self, case: CaseFacts) -> None:
        self.case, self.known, self.problem = case, True, ""
        self.changed.emit()

    def _not_loaded(self, sentence: str) -> None:
        # The command has no other way of saying that there is no case; it speaks our language.
        none_yet = sentence == say_problem(Problem("no_case"))
        self.case, self.known = None, True
        self.problem = "" if none_yet else sentence
        self.changed.emit()

    def _made(self, case: CaseFacts) -> None:
        self.refusals.clear()
        self._loaded(case)
        self.created.emit()

    def _kept(self, key: str, case: CaseFacts) -> None:
        self.refusals.pop(key, None)
        self._loaded(case)
        self.saved.emit(key)

    def _not_kept(self, key: str, typed: str, sentence: str) -> None:
        self.refusals[key] = Refusal(typed, refusal_words(sentence, key))
        self.refused.emit(key)
