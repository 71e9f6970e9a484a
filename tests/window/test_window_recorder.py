"""Starting, stopping, handing over and losing the recorder's process. Real processes, no network."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import calls

from diagnostics.model import SECOND
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.recorder import RecorderControl, State


@pytest.fixture
def control(qtbot, caller) -> Iterator[RecorderControl]:
    control = RecorderControl(caller)
    yield control
    if control.held:
        with qtbot.waitSignal(control.stopped):
            control.stop()
    control.close()


@pytest.fixture(autouse=True)
def _no_process_is_left(home: Path) -> Iterator[None]:
    yield
    if (pid := pid_of(home)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def pid_of(home: Path) -> int | None:
    try:
        return int((home / "recorder.pid").read_text())
    except FileNotFoundError:
        return None


def fresh(control: RecorderControl) -> None:
    now = time.time_ns()
    control.observe(now, now)


def test_with_nothing_written_status_is_asked(qtbot, control, home):
    control.observe(None, time.time_ns())
    qtbot.waitUntil(lambda: control.state is State.OFF)
    assert calls(home) == ["status --json"]


def test_a_window_that_is_going_asks_nothing_more(qtbot, control, home):
    control.close()
    control.observe(None, time.time_ns())
    control.ask()
    assert control._asking is None
    assert calls(home) == []


def test_a_journal_that_grows_needs_no_question(control, home):
    fresh(control)
    assert control.state is State.ON
    assert calls(home) == []


def test_a_held_recorder_ends_with_its_standard_input(qtbot, control, home):
    control.start(outlive_window=False)
    assert (control.state, control.held) == (State.STARTING, True)
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    fresh(control)
    assert control.state is State.ON
    with qtbot.waitSignal(control.stopped):
        control.stop()
    assert (control.state, control.held, pid_of(home)) == (State.OFF, False, None)
    assert calls(home) == ["record --stdin"]


def test_what_was_written_before_the_end_proves_nothing(qtbot, control, home):
    control.start(outlive_window=False)
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    written = time.time_ns()
    with qtbot.waitSignal(control.stopped):
        control.stop()
    control.observe(written, time.time_ns())
    assert control.state is State.OFF


def test_a_death_is_told_and_nothing_is_restarted(qtbot, control, home):
    control.start(outlive_window=False)
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    fresh(control)
    os.kill(pid_of(home), signal.SIGKILL)
    qtbot.waitUntil(lambda: control.state is State.DIED)
    control.observe(None, time.time_ns())
    qtbot.waitUntil(lambda: "status --json" in calls(home))
    assert control.state is State.DIED
    assert calls(home).count("record --stdin") == 1


def test_a_recorder_that_cannot_start_says_why(qtbot, control, home):
    (home / "fail").write_text("Cet ordinateur ne peut pas envoyer de ping.", "utf-8")
    control.start(outlive_window=False)
    qtbot.waitUntil(lambda: control.state is State.DIED)
    assert control.message == "Cet ordinateur ne peut pas envoyer de ping."


def test_it_can_be_started_again_by_hand(qtbot, control, home):
    (home / "fail").write_text("non", "utf-8")
    control.start(outlive_window=False)
    qtbot.waitUntil(lambda: control.state is State.DIED)
    (home / "fail").unlink()
    control.start(outlive_window=False)
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    fresh(control)
    assert (control.state, control.message) == (State.ON, "")


def test_a_detached_recorder_is_found_and_stopped_by_its_id(qtbot, control, home):
    control.start(outlive_window=True)
    assert not control.held
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    fresh(control)
    with qtbot.waitSignal(control.stopped, timeout=10_000):
        control.stop()
    assert (control.state, pid_of(home)) == (State.OFF, None)
    assert calls(home)[0] == "record"


def test_a_detached_one_that_dies_leaves_its_last_words(qtbot, control, home):
    (home / "fail").write_text("Le disque est plein.", "utf-8")
    control.start(outlive_window=True)
    qtbot.waitUntil(lambda: (home / "recorder.log").exists() and (home / "recorder.log").stat().st_size > 0)
    control._started_ns -= 11 * SECOND
    control.observe(None, time.time_ns())
    control.ask()
    qtbot.waitUntil(lambda: control.state is State.DIED)
    assert control.message == "Le disque est plein."


def test_handing_over_leaves_a_recorder_that_outlives_the_window(qtbot, control, home):
    control.start(outlive_window=False)
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    first = pid_of(home)
    fresh(control)
    with qtbot.waitSignal(control.stopped):
        control.hand_over()
    assert not control.held
    qtbot.waitUntil(lambda: pid_of(home) not in (None, first))
    assert os.getsid(pid_of(home)) != os.getsid(0)


def test_stopping_what_does_not_run(qtbot, control):
    with qtbot.waitSignal(control.stopped):
        control.stop()


def test_a_foreign_recorder_is_found_by_status(qtbot, control, home):
    (home / "recorder.pid").write_text(str(os.getppid()))
    control.observe(None, time.time_ns())
    qtbot.waitUntil(lambda: control.state is State.ON)
    (home / "recorder.pid").unlink()
    control.ask()
    qtbot.waitUntil(lambda: control.state is State.DIED)


def test_a_program_that_is_not_there(qtbot, home):
    control = RecorderControl(Caller(home, program=("/nowhere/jalerte",)))
    control.start(outlive_window=False)
    qtbot.waitUntil(lambda: control.state is State.DIED)
    assert "n’a pas pu démarrer" in control.message
    control.start(outlive_window=True)
    assert control.state is State.DIED
