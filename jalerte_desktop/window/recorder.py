"""The recorder's process as the window sees it: start, stop, hand over, notice its death; never an own restart."""

from __future__ import annotations

import os
import signal
import time
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from diagnostics.model import SECOND
from jalerte_desktop.window.children import Caller, Command, not_started, sentence_of
from jalerte_desktop.words.language import _

FRESH_NS = 15 * SECOND
"""A journal that grew this recently has a recorder: no need to ask."""
ASK_EVERY_MS = 10_000
STOP_PATIENCE_MS = 8_000


class State(StrEnum):
    UNKNOWN = "unknown"
    OFF = "off"
    STARTING = "starting"
    ON = "on"
    STOPPING = "stopping"
    DIED = "died"
    """It ended although nobody asked it to; ``RecorderControl.message`` says what is known."""
    DEMO = "demo"
    """Made-up data are shown as if they had just been recorded; there is no recorder."""


class RecorderControl(QObject):
    """``changed`` follows each change of ``state``.

    A recorder that ends with the window is held by its standard input; one that outlives it is started detached.
    One that somebody else started (at login, in a terminal) is only found, and asked to stop by its process id.
    """

    changed = Signal()
    stopped = Signal()

    def __init__(self, caller: Caller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._caller = caller
        self.state = State.UNKNOWN
        self.message = ""
        self.pid: int | None = None
        self._held: QProcess | None = None
        self._detached_log: Path | None = None
        self._asking: Command | None = None
        self._ended_ns = 0
        self._started_ns = 0
        self._then_detached = False
        self._closed = False
        self._ask_timer = QTimer(self, interval=ASK_EVERY_MS)
        self._ask_timer.timeout.connect(self.ask)
        self._stop_timer = QTimer(self, singleShot=True, interval=STOP_PATIENCE_MS)
        self._stop_timer.timeout.connect(self._stop_took_too_long)

    @property
    def running(self) -> bool:
        return self.state in (State.ON, State.STARTING, State.STOPPING)

    @property
    def held(self) -> bool:
        """Does it end with this window?"""
        return self._held is not None

    # --- what the journal and `status` tell ---

    def observe(self, newest_ns: int | None, now_ns: int) -> None:
        """The journal reaches ``newest_ns``: is somebody writing it?"""
        fresh = newest_ns is not None and newest_ns > max(now_ns - FRESH_NS, self._ended_ns)
        if fresh:
            self._ask_timer.stop()
            arrived = self.state is State.STARTING and (newest_ns or 0) >= self._started_ns
            if arrived or self.state in (State.UNKNOWN, State.OFF, State.DIED):
                self._become(State.ON)
        elif self._held is None and not self._ask_timer.isActive():
            self._ask_timer.start()
            self.ask()

    def ask(self) -> None:
        """Ask ``status``, unless the answer is on its way, or the window is going."""
        if self._asking is not None or self._closed:
            return
        self._asking = Command(self._caller, "status", "--json", parent=self)
        self._asking.done.connect(self._told)
        self._asking.failed.connect(self._not_told)
        self._asking.start()

    def _told(self, answer: object) -> None:
        self._asking = None
        recorder = answer.get("recorder", {}) if isinstance(answer, dict) else {}
        running = recorder.get("running") is True
        pid = recorder.get("pid")
        self.pid = pid if running and isinstance(pid, int) else None
        if self.state is State.STOPPING:
            if self._held is None and not running:
                self._end()
            elif self._held is None:
                QTimer.singleShot(300, self.ask)
        elif running:
            self._become(State.ON)
        elif self._held is None:
            self._absent()

    def _not_told(self, _sentence: str) -> None:
        self._asking = None
        if self.state is State.UNKNOWN:
            self._become(State.OFF)

    def _absent(self) -> None:
        if self.state is State.STARTING and time.time_ns() - self._started_ns < 10 * SECOND:
            return
        if self.state in (State.ON, State.STARTING):
            self._ended_ns = time.time_ns()
            self._become(State.DIED, self._last_words())
        elif self.state is State.UNKNOWN:
            self._become(State.OFF)

    def _last_words(self) -> str:
        try:
            text = self._detached_log.read_text("utf-8", "replace") if self._detached_log is not None else ""
        except OSError:
            text = ""
        return sentence_of(text, 1) if text.strip() else ""

    # --- start and stop ---

    def start(self, outlive_window: bool) -> None:
        if self.running:
            return
        self._started_ns = time.time_ns()
        self._become(State.STARTING)
        if outlive_window:
            self._start_detached()
            return
        process = self._caller.process(["record", "--stdin"], self)
        self._held = process
        process.setStandardOutputFile(QProcess.nullDevice())
        process.finished.connect(self._held_finished)
        process.errorOccurred.connect(self._held_error)
        process.start()

    def _start_detached(self) -> None:
        process = self._caller.process(["record"])
        self._detached_log = self._caller.home / "recorder.log"
        try:
            self._caller.home.mkdir(parents=True, exist_ok=True)
            self._detached_log.unlink(missing_ok=True)
        except OSError:
            self._detached_log = None
        process.setStandardInputFile(QProcess.nullDevice())
        process.setStandardOutputFile(QProcess.nullDevice())
        log = str(self._detached_log) if self._detached_log is not None else QProcess.nullDevice()
        process.setStandardErrorFile(log)
        if process.startDetached():
            self._ask_timer.start()
        else:
            self._become(State.DIED, not_started(process))

    def stop(self) -> None:
        """Ask it to stop cleanly; ``stopped`` follows, also when it was not running."""
        if self._held is not None:
            self._become(State.STOPPING)
            self._stop_timer.start()
            self._held.closeWriteChannel()
        elif self.running:
            self._become(State.STOPPING)
            self._stop_timer.start()
            self._ask_then_terminate()
        else:
            self.stopped.emit()

    def hand_over(self) -> None:
        """From a recorder that ends with the window to one that outlives it; ``stopped`` follows once that is done."""
        if self._held is None:
            self.stopped.emit()
            return
        self._then_detached = True
        self.stop()

    def _ask_then_terminate(self) -> None:
        # The id may be old: it is asked for anew before a signal is sent to anybody.
        if self._asking is not None:
            self._asking.stop()
        self._asking = Command(self._caller, "status", "--json", parent=self)
        self._asking.done.connect(self._terminate_told)
        self._asking.failed.connect(self._not_told)
        self._asking.start()

    def _terminate_told(self, answer: object) -> None:
        recorder = answer.get("recorder", {}) if isinstance(answer, dict) else {}
        pid = recorder.get("pid")
        if recorder.get("running") is True and isinstance(pid, int) and pid > 1:
            try:
                os.kill(pid, signal.SIGTERM)
            except OSError as error:
                self._asking = None
                self._become(
                    State.ON, _("The recorder could not be stopped: {why}").format(why=error.strerror)
                )
                self._stop_timer.stop()
                self.stopped.emit()
                return
        self._told(answer)

    def _stop_took_too_long(self) -> None:
        if self._held is not None:
            self._held.terminate()
            return
        if self.state is State.STOPPING:
            self._become(State.ON, _("The recorder did not stop in time."))
            self.stopped.emit()

    def _held_finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        process, self._held = self._held, None
        if process is None:
            return
        errors = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
        process.deleteLater()
        if self.state is State.STOPPING:
            self._end()
        else:
            self._ended_ns = time.time_ns()
            self._become(State.DIED, sentence_of(errors, code) if errors.strip() or code else "")

    def _held_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._held is not None:
            why = not_started(self._held)
            self._held.deleteLater()
            self._held = None
            self._become(State.DIED, why)

    def _end(self) -> None:
        self._ended_ns = time.time_ns()
        self._stop_timer.stop()
        self.pid = None
        if self._then_detached:
            self._then_detached = False
            self._started_ns = time.time_ns()
            self._become(State.STARTING)
            self._start_detached()
        else:
            self._become(State.OFF)
        self.stopped.emit()

    def _become(self, state: State, message: str = "") -> None:
        if (state, message) != (self.state, self.message):
            self.state, self.message = state, message
            self.changed.emit()

    def close(self) -> None:
        """The window is going: ask nothing more."""
        self._closed = True
        self._ask_timer.stop()
        self._stop_timer.stop()
        if self._asking is not None:
            self._asking.stop()
            self._asking = None
