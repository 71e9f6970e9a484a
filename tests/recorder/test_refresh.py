"""The study is kept up to date by a process of its own, which never holds the recorder up."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from diagnostics.clock import SystemClock
from diagnostics.recorder.refresh import Refresh
from diagnostics.recorder.speed_process import LEAVE_S, Child, start_process


class Started:
    """Starts real processes, and remembers them."""

    def __init__(self, wanted: int) -> None:
        self.children: list[Child] = []
        self.enough = threading.Event()
        self._wanted = wanted

    def __call__(self, command: tuple[str, ...]) -> Child:
        child = start_process(command)
        self.children.append(child)
        if len(self.children) >= self._wanted:
            self.enough.set()
        return child


def test_it_runs_again_and_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = (sys.executable, "-c", f"open({str(log)!r}, 'a').write('x')")
    started = Started(3)
    refresh = Refresh(command, SystemClock(), started)
    refresh.start(0.01, 0.01)
    assert started.enough.wait(30)
    refresh.close()
    assert log.read_text() >= "xx"


def test_a_process_that_hangs_is_ended_at_once_when_the_recorder_ends() -> None:
    started = Started(1)
    refresh = Refresh((sys.executable, "-c", "import time; time.sleep(600)"), SystemClock(), started)
    refresh.start(0.01, 600)
    assert started.enough.wait(30)
    began = time.monotonic()
    refresh.close()
    assert time.monotonic() - began < LEAVE_S + 2
    assert started.children[0].ended() is not None


def test_without_a_command_or_a_program_nothing_happens() -> None:
    idle = Refresh((), SystemClock())
    idle.start(0, 0)
    idle.close()
    missing = Refresh(("/nonexistent/program",), SystemClock())
    missing.start(0, 600)
    missing.close()
