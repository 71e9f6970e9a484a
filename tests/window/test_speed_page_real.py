"""The speed page over the real commands: a real measurement against ``SpeedServer``, in a network of its own.

That network has its loopback and nothing else: whatever the measurement tries, nothing leaves this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Windows
from test_speed_page import PATIENT, _english, opened, settled  # noqa: F401 - the fixture speaks English here too

from diagnostics.journal.reader import Reader
from diagnostics.model import EventKind
from diagnostics.throughput.record import from_event
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.speed_run import Ended

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "jalerte_desktop")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, ...]]:
    """What a command line begins with to run in a network that has only a loopback."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    if os.geteuid() != 0:
        pytest.skip("a network of its own needs root")
    up = "ip link set lo up && echo up && exec sleep 120"
    try:
        keeper = subprocess.Popen(["unshare", "-n", "sh", "-c", up], stdout=subprocess.PIPE, text=True)
    except FileNotFoundError as missing:
        pytest.skip(f"{missing.filename} is not installed")
    try:
        assert keeper.stdout is not None
        if keeper.stdout.readline() != "up\n":
            pytest.skip("this system allows no network of its own")
        yield ("nsenter", "-t", str(keeper.pid), "-n")
    finally:
        keeper.kill()
        keeper.wait()
        if keeper.stdout is not None:
            keeper.stdout.close()


@pytest.fixture
def caller(home: Path, alone: tuple[str, ...]) -> Caller:
    return Caller(home, program=(*alone, *PROGRAM))


@pytest.fixture
def server(alone: tuple[str, ...]) -> Iterator[str]:
    """The URL of a real speed server in there."""
    process = subprocess.Popen(
        [*alone, *PROGRAM, "speed-server", "--address", "127.0.0.1", "--port", "0", "--stdin", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["urls"][0]
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def results(home: Path) -> list:
    with Reader(home / "journal.sqlite") as reader:
        return [from_event(one) for one in reader.events(EventKind.SPEED)]


def agree(page, window, qtbot, server: str) -> None:
    """As a person does: read, write the address, tick, go on."""
    page.measure.button.click()
    dialog = window.dialog
    qtbot.waitUntil(lambda: bool(dialog.buttons), timeout=PATIENT)
    dialog.buttons["http"].click()
    qtbot.keyClicks(dialog.server.editor, server)
    dialog.agree.click()
    dialog.keep.click()


def test_a_real_measurement_from_consent_to_result(windows: Windows, qtbot, home: Path, server: str) -> None:
    window, page = opened(windows, qtbot, now_ns=time.time_ns())
    desk = window.speed_desk
    seen: set[str] = set()
    desk.progressed.connect(lambda: seen.add(desk.run.phase) if desk.run is not None else None)
    agree(page, window, qtbot, server)
    qtbot.waitUntil(lambda: desk.outcome is not None, timeout=60_000)
    assert desk.outcome.ended is Ended.DONE, desk.outcome
    assert {"idle", "down", "up"} <= seen
    (kept,) = results(home)
    assert desk.outcome.result_id == kept.id
    qtbot.waitUntil(lambda: page.result.isVisible(), timeout=PATIENT)
    assert page.result.down.value.text().endswith("Mbit/s")
    # Over the loopback nothing speaks for a line, and the page says so.
    assert page.result.badge.text().startswith("◌")
    assert "only indicative" in page.answer.answer.text()
    assert page.result.reasons.text()
    settled(window, qtbot)
    assert desk.standing.agreed
    assert kept.bytes > 0
    # What never left this machine costs nothing of the month.
    assert desk.standing.used_bytes == 0


def test_stopping_a_real_measurement_keeps_its_part(windows: Windows, qtbot, home: Path, server: str) -> None:
    window, page = opened(windows, qtbot, now_ns=time.time_ns())
    desk = window.speed_desk
    agree(page, window, qtbot, server)
    # In the second direction: by then the first one's rate is known.
    qtbot.waitUntil(lambda: desk.run is not None and desk.run.moved.get("up", 0) > 0, timeout=60_000)
    page.measure.stop_button.click()
    qtbot.waitUntil(lambda: desk.outcome is not None, timeout=PATIENT)
    assert desk.outcome.ended is Ended.CANCELLED
    (kept,) = results(home)
    assert kept.cancelled
    assert kept.bytes > 0
    qtbot.waitUntil(lambda: page.result.isVisible(), timeout=PATIENT)
    assert page.result.badge.text().startswith("◐")


def test_a_server_that_is_not_there_is_one_line(windows: Windows, qtbot, home: Path, alone) -> None:
    window, page = opened(windows, qtbot, now_ns=time.time_ns())
    agree(page, window, qtbot, "http://127.0.0.1:9/")
    desk = window.speed_desk
    qtbot.waitUntil(lambda: desk.outcome is not None, timeout=60_000)
    assert desk.outcome.ended is Ended.FAILED
    assert page.measure.problem.isVisible()
    assert "\n" not in page.measure.problem.text()
    assert results(home) == []
