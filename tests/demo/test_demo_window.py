"""The demonstration in the window: marked on every page and dialog, and nothing in it starts anything."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from jalerte_desktop.commands.context import Home
from jalerte_desktop.window.application import open_window
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.demo import DemoStrip, made_up
from jalerte_desktop.window.main_window import MainWindow
from jalerte_desktop.window.navigation import PAGES, SETTINGS
from jalerte_desktop.window.recorder import State
from jalerte_desktop.window.theme import LIGHT, Theme

os.environ["QT_QPA_PLATFORM"] = "offscreen"
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def window(qtbot, made: Path, tmp_path: Path) -> Iterator[MainWindow]:
    shutil.copytree(made / "demo", tmp_path / "demo")
    home = Home(tmp_path / "demo")
    window = open_window(home.folder, home.journal, home.config, "fr", Theme(LIGHT), home.present_ns)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.reading is not None, timeout=30_000)
    yield window
    window.shut()


def test_every_page_says_that_the_data_are_made_up(window: MainWindow, qtbot) -> None:
    for page in range(PAGES):
        window.go(page)
        (strip,) = window.findChildren(DemoStrip)
        assert strip.isVisible()
        assert strip.title.text() == made_up()
        assert window.pages.currentIndex() == page
    window.speak_anew()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(DemoStrip)), timeout=5000)
    assert made_up() in window.windowTitle()


def test_a_dialog_says_it_in_its_title(window: MainWindow, qtbot) -> None:
    window._show_incidents()
    assert window.dialog is not None
    assert made_up() in window.dialog.windowTitle()
    window.dialog.close()


def test_the_record_is_shown_as_of_its_end_without_a_recorder(window: MainWindow, qtbot) -> None:
    assert window.recorder.state is State.DEMO
    assert window.home.record.isVisible()
    assert window.reading.findings.outages
    window.start_recording()
    window._tick()
    qtbot.wait(50)
    assert window.recorder.state is State.DEMO
    assert not window.recorder.running


def test_nothing_to_start_record_or_log_in_with(window: MainWindow, tmp_path: Path) -> None:
    window.go(SETTINGS)
    settings = window.settings
    for absent in (settings.switch, settings.keep, settings.login, settings.login_note, settings.demo):
        assert not absent.isVisible()
    assert not window.home.notice.isVisible()
    assert not (tmp_path / "config" / "autostart").exists()


def test_leaving_closes_the_window(window: MainWindow, qtbot) -> None:
    (strip,) = window.findChildren(DemoStrip)
    qtbot.mouseClick(strip.leave, Qt.MouseButton.LeftButton)
    assert not window.isVisible()


def test_the_settings_open_the_demonstration_in_a_process_of_its_own(qtbot, tmp_path: Path) -> None:
    told = tmp_path / "told"
    stub = tmp_path / "stub.py"
    stub.write_text(
        "import pathlib, sys\n"
        f"told = pathlib.Path({str(told)!r})\n"
        "if '--demo' in sys.argv:\n"
        "    told.with_suffix('.part').write_text(' '.join(sys.argv[1:]))\n"
        "    told.with_suffix('.part').rename(told)\n"
        "print('{}')\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    caller = Caller(home, program=(sys.executable, "-S", "-E", str(stub)))
    window = MainWindow(caller, home / "journal.sqlite", Theme(LIGHT), home / "config.toml")
    qtbot.addWidget(window)
    window.show()
    window.go(SETTINGS)
    window.settings.demo.click()
    qtbot.waitUntil(told.exists, timeout=20_000)
    assert told.read_text() == f"--home {home} --demo"
    assert not window.settings.demo.isEnabled()
    assert window.findChildren(DemoStrip) == []
    window.shut()
