"""Draws the window's pages into docs/img, off-screen, from made-up findings: the same pictures on every machine.

Fonts are the machine's own; the target pictures were drawn with DejaVu Sans.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "img"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["TZ"] = "Europe/Paris"
os.environ["XDG_CONFIG_HOME"] = "/home/camille/.config"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "window")]

STUB = (sys.executable, "-S", "-E", str(ROOT / "tests" / "window" / "stub_jalerte.py"))


@dataclass(frozen=True)
class Picture:
    """One picture: which findings, which appearance, which language, and what is done before it is taken."""

    name: str
    source: Callable[[], Any]
    dark: bool = False
    language: str = "fr"
    width: int = 1280
    height: int = 800
    prepare: Callable[[Any], None] = field(default=lambda _window: None)


def pictures() -> list[Picture]:
    examples: Any = import_module("window_examples")

    def quiet() -> Any:
        return examples.FixedSource(*examples.day_and_week(ongoing=False))

    def outage() -> Any:
        return examples.FixedSource(*examples.day_and_week())

    def unconfirmed() -> Any:
        return examples.FixedSource(*examples.day_and_week(ongoing=False), line=examples.UNCONFIRMED)

    return [
        Picture("home-light", quiet),
        Picture("home-dark", quiet, dark=True),
        Picture("home-outage-light", outage),
        Picture("home-outage-dark", outage, dark=True),
        Picture("home-line-question", unconfirmed),
        Picture("home-small", outage, width=900, height=600),
        Picture("home-english", outage, language="en"),
        Picture("first-run", examples.NoJournal),
        Picture("settings", quiet, prepare=lambda window: window.go(1)),
    ]


def take(picture: Picture, application: Any, folder: Path) -> None:
    examples: Any = import_module("window_examples")

    from jalerte_desktop.window.application import Speaker, contacted
    from jalerte_desktop.window.children import Caller
    from jalerte_desktop.window.main_window import MainWindow
    from jalerte_desktop.window.recorder import State
    from jalerte_desktop.window.theme import DARK, LIGHT, Theme

    speaker = Speaker()
    speaker.use(picture.language)
    theme = Theme(DARK if picture.dark else LIGHT)
    theme.apply()
    with tempfile.TemporaryDirectory() as folder_of_run:
        home = Path(folder_of_run)
        window = MainWindow(
            Caller(home, program=STUB),
            home / "journal.sqlite",
            theme,
            contacted(home / "config.toml"),
            picture.source(),
            lambda: examples.NOW,
            shown_folder="~/.local/share/jalerte",
        )
        window.settings.login_note.hide()  # it names a folder of this run
        window.resize(picture.width, picture.height)
        window.show()
        until = time.monotonic() + 20
        while window.reading is None or window.recorder.state is State.UNKNOWN:
            application.processEvents()
            if time.monotonic() > until:
                raise SystemExit(f"{picture.name}: nothing was read")
        picture.prepare(window)
        for _round in range(5):
            application.processEvents()
        window.grab().save(str(folder / f"{picture.name}.png"))
        window.shut()
        window.close()


def main() -> None:
    time.tzset()
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    FOLDER.mkdir(parents=True, exist_ok=True)
    for picture in pictures():
        take(picture, application, FOLDER)
        print(f"docs/img/{picture.name}.png")


if __name__ == "__main__":
    main()
