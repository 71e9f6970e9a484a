"""Commands as child processes: the only way in which the window does anything but look."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from jalerte_desktop.words.language import _, current

PATIENCE_MS = 90_000


@dataclass(frozen=True, slots=True)
class Caller:
    """How commands are called: on which data, and by which program (tests put a stand-in there)."""

    home: Path
    program: tuple[str, ...] = field(default=(sys.executable, "-P", "-m", "jalerte_desktop"))

    def line(self, arguments: Sequence[str]) -> list[str]:
        return [*self.program, "--home", str(self.home), *arguments]

    def process(self, arguments: Sequence[str], parent: QObject | None = None) -> QProcess:
        """A process that is ready to start, and speaks the window's language."""
        process = QProcess(parent)
        program, *rest = self.line(arguments)
        process.setProgram(program)
        process.setArguments(rest)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("JALERTE_LANG", current())
        environment.insert("PYTHONUTF8", "1")
        process.setProcessEnvironment(environment)
        return process


class Command(QObject):
    """One command from start to end: ``done`` with its JSON (or None), or ``failed`` with a sentence.

    ``unhurried``: it may take as long as it needs; else it is stopped after ``PATIENCE_MS``.
    """

    done = Signal(object)
    failed = Signal(str)
    largest_answer: int | None = None
    """Bytes; a larger answer is not read."""

    def __init__(
        self, caller: Caller, *arguments: str, unhurried: bool = False, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._wants_json = "--json" in arguments
        self._unhurried = unhurried
        self._over = False
        self._late = False
        self._process = caller.process(arguments, self)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._error)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._too_long)

    def start(self) -> Command:
        if not self._unhurried:
            self._patience.start(PATIENCE_MS)
        self._process.start()
        self._process.closeWriteChannel()
        return self

    def wait(self, patience_ms: int) -> None:
        """Wait here until it has ended and told so; given up on after that time."""
        if not self._over and not self._process.waitForFinished(patience_ms):
            self.stop()

    def stop(self) -> None:
        """Give up on it; nothing is signalled any more."""
        self._over = True
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(2000)

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        out = bytes(self._process.readAllStandardOutput().data())
        errors = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        if self._late:
            self._end(failure=_("The command took too long and was stopped."))
            return
        if status != QProcess.ExitStatus.NormalExit or code != 0:
            self._end(failure=sentence_of(errors, code))
            return
        if not self._wants_json:
            self._end(result=None)
            return
        try:
            if self.largest_answer is not None and len(out) > self.largest_answer:
                raise ValueError
            result = json.loads(out.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            self._end(failure=_("The command gave an answer that cannot be read."))
            return
        self._end(result=result)

    def _error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end(failure=not_started(self._process))

    def _too_long(self) -> None:
        self._late = True
        self._process.kill()

    def _end(self, result: Any = None, failure: str = "") -> None:
        if self._over:
            return
        self._over = True
        self._patience.stop()
        if failure:
            self.failed.emit(failure)
        else:
            self.done.emit(result)
        self.deleteLater()


@dataclass(frozen=True, slots=True)
class _Job:
    name: str
    arguments: tuple[str, ...]
    writes: bool
    about: str


class CommandQueue(QObject):
    """Commands, each under a name: one after the other, or, with ``beside``, each at once beside the others.

    ``answered`` and ``refused`` bring back the name and, last, what it was about, for whoever wants it. ``went_on``
    follows with the name, once the next one has begun.
    """

    answered = Signal(str, object, str)
    refused = Signal(str, str, str)
    went_on = Signal(str)

    def __init__(
        self,
        caller: Caller,
        parent: QObject | None = None,
        *,
        beside: bool = False,
        unhurried: bool = False,
    ) -> None:
        super().__init__(parent)
        self._caller, self._beside, self._unhurried = caller, beside, unhurried
        self._waiting: deque[_Job] = deque()
        self._running: dict[QObject, _Job] = {}
        self._closed = False

    @property
    def busy(self) -> bool:
        """Is an answer on its way?"""
        return bool(self._running)

    @property
    def writing(self) -> bool:
        """Is a change on its way?"""
        return any(job.writes for job in self._jobs())

    def pending(self, name: str) -> bool:
        """Is something of this name on its way?"""
        return any(job.name == name for job in self._jobs())

    def ask(self, name: str, *arguments: str, writes: bool = False, about: str = "") -> None:
        """Run a command in its turn.

        A reading one that waits already is not asked for twice; one that runs already (``beside``) is run once more
        after that, since it may have been too early.
        """
        job = _Job(name, arguments, writes, about)
        if self._closed or (not writes and job in self._waiting):
            return
        self._waiting.append(job)
        self._next()

    def forget(self, name: str) -> None:
        """Nobody waits any more for what is asked under this name."""
        self._waiting = deque(job for job in self._waiting if job.name != name)

    def finish(self, patience_ms: int = 0) -> None:
        """Let what changes something come to its end, so long at most; nothing runs after this."""
        until = time.monotonic() + patience_ms / 1000
        while self.writing and self._running and (left_s := until - time.monotonic()) > 0:
            running = sorted(self._running, key=lambda one: not self._running[one].writes)[0]
            assert isinstance(running, Command)
            running.wait(round(left_s * 1000))
            if running in self._running:
                break
        self._closed = True
        self._waiting.clear()
        for running in list(self._running):
            assert isinstance(running, Command)
            running.stop()
        self._running.clear()

    def _jobs(self) -> list[_Job]:
        return [*self._running.values(), *self._waiting]

    def _next(self) -> None:
        while not self._closed and (job := self._due()) is not None:
            self._waiting.remove(job)
            self._begin(job)

    def _due(self) -> _Job | None:
        """What may begin now."""
        if not self._beside:
            return self._waiting[0] if self._waiting and not self._running else None
        return next((job for job in self._waiting if job.writes or job not in self._running.values()), None)

    def _begin(self, job: _Job) -> None:
        command = Command(self._caller, *job.arguments, unhurried=self._unhurried, parent=self)
        self._running[command] = job
        # No lambdas here: they would keep this object alive until its own child is being deleted.
        command.done.connect(self._done)
        command.failed.connect(self._failed)
        command.start()

    def _done(self, answer: object) -> None:
        if (job := self._running.pop(self.sender(), None)) is not None:
            self.answered.emit(job.name, answer, job.about)
            self._go_on(job)

    def _failed(self, sentence: str) -> None:
        if (job := self._running.pop(self.sender(), None)) is not None:
            self.refused.emit(job.name, sentence, job.about)
            self._go_on(job)

    def _go_on(self, job: _Job) -> None:
        # Whoever was answered may have asked for the next one.
        self._next()
        self.went_on.emit(job.name)


def not_started(process: QProcess) -> str:
    """Why a process could not begin."""
    return _("The program could not be started: {why}").format(why=process.errorString())


def sentence_of(errors: str, code: int) -> str:
    """What a command said on its error output, as one sentence; never a traceback."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    if not lines or any(line.startswith("Traceback (") for line in lines):
        return _("The command failed (code {code}).").format(code=code)
    return lines[-1].removeprefix("jalerte: ")
