"""The window over the real program: real commands, real journal, in a network namespace without a way out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtNetwork import QLocalSocket

from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.main_window import MainWindow
from jalerte_desktop.window.recorder import State
from jalerte_desktop.window.single import socket_name
from jalerte_desktop.window.theme import Theme

PROGRAM = (sys.executable, "-m", "jalerte_desktop")
LEFT = Qt.MouseButton.LeftButton


def alone_possible() -> bool:
    unshare = shutil.which("unshare")
    return (
        unshare is not None and subprocess.run([unshare, "-n", "true"], capture_output=True).returncode == 0
    )


@pytest.fixture
def alone(home: Path) -> Caller:
    """Commands that cannot reach any network: nothing may leave this machine in a test."""
    if not alone_possible():
        pytest.skip("needs unshare and the right to make a network namespace")
    return Caller(home, program=("unshare", "-n", *PROGRAM))


@pytest.fixture
def window(qtbot, alone: Caller, theme: Theme) -> Iterator[MainWindow]:
    window = MainWindow(alone, alone.home / "journal.sqlite", theme, alone.home / "config.toml")
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.recorder.state is State.OFF, timeout=60_000)
    yield window
    if window.recorder.held:
        with qtbot.waitSignal(window.recorder.stopped, timeout=60_000):
            window.recorder.stop()
    window.shut()


@pytest.mark.lab
def test_from_first_run_to_the_first_measurements_and_back(window, qtbot, home):
    assert window.home.first_run.isVisible()
    qtbot.mouseClick(window.home.first_run.button, LEFT)
    qtbot.waitUntil(lambda: window.recorder.state is State.ON, timeout=30_000)
    qtbot.waitUntil(lambda: window.home.record.isVisible(), timeout=30_000)
    assert window.reading.findings is not None
    with qtbot.waitSignal(window.recorder.stopped, timeout=60_000):
        window.stop_recording()
    assert window.recorder.state is State.OFF
    assert window.home.state.button.isVisible()
    assert (home / "journal.sqlite").exists()


@pytest.mark.lab
def test_real_commands_fail_in_one_sentence(window, qtbot):
    window.papers.save_letter(window._caller.home / "lettre.pdf")
    qtbot.waitUntil(lambda: bool(window.home.next.problem.text()), timeout=60_000)
    assert "Traceback" not in window.home.next.problem.text()
    assert "\n" not in window.home.next.problem.text()


def launch(home: Path, **more: str) -> subprocess.Popen[str]:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "JALERTE_LANG": "fr"} | more
    return subprocess.Popen(
        [*PROGRAM, "--home", str(home)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def answers(home: Path) -> bool:
    connection = QLocalSocket()
    connection.connectToServer(socket_name(home))
    return connection.waitForConnected(200)


def test_a_second_launch_shows_the_first_window_and_ends(qtbot, home):
    first = launch(home)
    try:
        qtbot.waitUntil(lambda: Path(socket_name(home)).exists(), timeout=60_000)
        second = launch(home)
        output, _none = second.communicate(timeout=60)
        assert (second.returncode, output) == (0, "")
        assert first.poll() is None
    finally:
        first.terminate()
        output, _none = first.communicate(timeout=60)
    assert "Traceback" not in output
    assert not (home / "journal.sqlite").exists()
    # What a killed window leaves behind does not keep the next one from opening.
    third = launch(home)
    try:
        qtbot.waitUntil(lambda: answers(home), timeout=60_000)
    finally:
        third.terminate()
        third.communicate(timeout=60)


def test_without_a_display_it_says_so(home):
    bare = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    result = subprocess.run(
        [*PROGRAM, "--home", str(home)],
        env=bare | {"JALERTE_LANG": "en"},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert result.returncode == 3
    assert result.stderr.count("\n") == 1
