"""The window's tests draw off-screen, in Paris, in French unless they say otherwise."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import window_examples as examples
from PySide6.QtWidgets import QApplication

from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.main_window import MainWindow
from jalerte_desktop.window.theme import LIGHT, Theme
from jalerte_desktop.words import language

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["TZ"] = "Europe/Paris"
time.tzset()

ROOT = Path(__file__).resolve().parents[2]
STUB = (sys.executable, "-S", "-E", str(Path(__file__).with_name("stub_jalerte.py")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What the off-screen platform cannot do is no fault of the window's."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(autouse=True)
def _french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = language.current()
    language.use("fr")
    # A window that the last test left must not be freed on the next one's reading thread.
    gc.collect()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("JALERTE_LANG", "fr")
    yield
    language.use(before)


@pytest.fixture
def english(_french: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """English words, those of the code, here and in the real commands that a test starts."""
    language.use("en")
    monkeypatch.setenv("JALERTE_LANG", "en")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "données à moi"
    folder.mkdir()
    return folder


@pytest.fixture
def caller(home: Path) -> Caller:
    """Calls a stand-in of the program; what it was asked stands in ``calls``."""
    return Caller(home, program=STUB)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    theme = Theme(LIGHT)
    theme.apply()
    yield theme
    qapp.setStyleSheet("")


def calls(home: Path) -> list[str]:
    """What the stand-in was asked, oldest first."""
    path = home / "calls"
    return path.read_text("utf-8").splitlines() if path.exists() else []


class Windows:
    """Opens main windows over example findings, and shuts them."""

    def __init__(self, qtbot, caller: Caller, theme: Theme) -> None:
        self.qtbot, self.caller, self.theme = qtbot, caller, theme
        self.opened: list[MainWindow] = []

    def open(self, source=None, now_ns: int | None = None, wait: bool = True) -> MainWindow:
        now_ns = examples.NOW if now_ns is None else now_ns
        source = source or examples.FixedSource(*examples.day_and_week())
        window = MainWindow(
            self.caller,
            self.caller.home / "journal.sqlite",
            self.theme,
            self.caller.home / "config.toml",
            source,
            lambda: now_ns,
        )
        self.opened.append(window)
        self.qtbot.addWidget(window)
        window.show()
        self.qtbot.waitExposed(window)
        if wait:
            self.qtbot.waitUntil(lambda: window.reading is not None)
        return window


@pytest.fixture
def windows(qtbot, caller: Caller, theme: Theme) -> Iterator[Windows]:
    opener = Windows(qtbot, caller, theme)
    yield opener
    for window in opener.opened:
        window.shut()
