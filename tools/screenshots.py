"""Draws the window's pages into docs/img, off-screen, from made-up findings: the same pictures on every machine.

Fonts are the machine's own; the target pictures were drawn with DejaVu Sans.
"""

from __future__ import annotations

import os
import subprocess
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

REAL = (sys.executable, "-m", "jalerte_desktop")
STUB = (sys.executable, "-S", "-E", str(ROOT / "tests" / "window" / "stub_jalerte.py"))
SPEED_STUB = (sys.executable, str(ROOT / "tests" / "window" / "stub_speed.py"))


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
    case: tuple[str, ...] | None = None
    """The case's fields ("key=value") that real commands write before; None: no commands but the stand-in's."""
    fill: Callable[[Path], None] | None = None
    """Puts measurements, and what commands say of them, into the home; then the speed page's stand-in is called."""
    part: Callable[[Any], Any] = field(default=lambda window: window)
    """What of the window is drawn: all of it, or a dialog."""


PERSON = (
    "person.name=Camille Exemple",
    "person.profile=individual",
    "person.address=12 rue des Essais",
    "person.city=Lyon",
    "person.phone=0639980012",
    "line.technology=fibre",
    "line.number=04 65 71 00 12",
    "contract.offer=Série limitée fibre",
    "contract.monthly_price_eur=25.99",
    "contract.started_on=2024-03-31",
    "contract.download_max_bps=500M",
    "contract.upload_max_bps=500M",
    "case.impact=Deux journées de télétravail perdues.",
    "alert.service_contacted=yes",
)


def fill_case(home: Path, fields: tuple[str, ...]) -> None:
    """Real commands, on a folder of this run: none of them uses the network."""
    new = ("new", "--problem=fixed-internet-cut", "--country=FR", "--operator=Sosh")
    for arguments in (new, *(("set", *one.split("=", 1)) for one in fields)) if fields else ():
        subprocess.run(
            [*REAL, "--home", str(home), "case", *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=True,
            stdout=subprocess.DEVNULL,
        )


def wait_for(reached: Callable[[], bool], patience_s: float = 20) -> None:
    from PySide6.QtWidgets import QApplication

    until = time.monotonic() + patience_s
    while not reached():
        QApplication.processEvents()
        if time.monotonic() > until:
            raise SystemExit("a picture could not be prepared")


def show_case(window: Any) -> None:
    window.go(2)
    wait_for(lambda: window.desk.known)
    window.pages.setFocus()


def refuse_postcode(window: Any) -> None:
    show_case(window)
    for key, typed in (("person.email", "camille@example.org"), ("person.postcode", "6900")):
        window.case.jump(key)
        window.case.fields[key].editor.put(typed)
        window.case.fields[key].commit()
        wait_for(lambda: not window.desk.writing)
    window.case.verticalScrollBar().setValue(0)


def show_speed(window: Any) -> None:
    window.go(3)
    desk = window.speed_desk
    wait_for(lambda: desk.standing is not None and desk.known and window.desk.known and not desk.reading)
    window.pages.setFocus()


def show_alert(window: Any) -> None:
    window.go(4)
    wait_for(lambda: window.desk.known and len(window.filing.known) >= 4 and not window.filing.busy)
    window.pages.setFocus()


def show_preview(window: Any) -> None:
    filing: Any = import_module("filing_examples")
    show_alert(window)
    window.alert.sending._show(filing.SHOWN)
    window.dialog.more.click()


def show_diary(window: Any) -> None:
    window.go(2)
    wait_for(lambda: window.desk.known and "diary" in window.filing.known and not window.filing.busy)
    window.pages.setFocus()


def pictures() -> list[Picture]:
    examples: Any = import_module("window_examples")
    speed: Any = import_module("speed_examples")
    filing: Any = import_module("filing_examples")

    def measured(home: Path) -> None:
        begun, made = speed.series(examples.NOW, 2, 14)
        choice = speed.chosen(examples.NOW - 5 * speed.DAY)
        results = [*speed.week(examples.NOW), *made]
        speed.fill(home, examples.NOW, results, speed.holding(examples.NOW), begun, choice)
        speed.answers(home, examples.NOW)

    def not_measured(home: Path) -> None:
        speed.fill(home, examples.NOW)
        speed.answers(home, examples.NOW)

    def alerting(home: Path) -> None:
        fill_case(home, PERSON)
        filing.answers(home, **filing.OUTBOX, **filing.DIARY)

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
        Picture("case-light", quiet, prepare=show_case, case=PERSON),
        Picture("case-dark", quiet, dark=True, prepare=refuse_postcode, case=PERSON),
        Picture("case-english", quiet, language="en", height=1240, prepare=refuse_postcode, case=PERSON),
        Picture("case-new", quiet, prepare=show_case, case=()),
        Picture("speed-light", quiet, height=1000, prepare=show_speed, fill=measured),
        Picture("speed-dark", quiet, dark=True, height=1000, prepare=show_speed, fill=measured),
        Picture("speed-english", quiet, language="en", height=1960, prepare=show_speed, fill=measured),
        Picture("speed-first", quiet, prepare=show_speed, fill=not_measured),
        Picture("alert-light", quiet, height=1200, prepare=show_alert, fill=alerting),
        Picture("alert-dark", quiet, dark=True, height=1200, prepare=show_alert, fill=alerting),
        Picture("alert-english", quiet, language="en", height=2600, prepare=show_alert, fill=alerting),
        Picture("alert-small", quiet, width=600, height=380, prepare=show_alert, fill=alerting),
        Picture(
            "alert-preview", quiet, prepare=show_preview, fill=alerting, part=lambda window: window.dialog
        ),
        Picture("case-diary", quiet, height=2000, prepare=show_diary, fill=alerting),
    ]


def take(picture: Picture, application: Any, folder: Path) -> None:
    examples: Any = import_module("window_examples")

    from jalerte_desktop.window.application import Speaker
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
        if picture.case is not None:
            fill_case(home, picture.case)
        if picture.fill is not None:
            picture.fill(home)
        stub = STUB if picture.fill is None else SPEED_STUB
        window = MainWindow(
            Caller(home, program=stub if picture.case is None else REAL),
            home / "journal.sqlite",
            theme,
            home / "config.toml",
            picture.source(),
            lambda: examples.NOW,
            shown_folder="~/.local/share/jalerte",
        )
        window.settings.login_note.hide()  # it names a folder of this run
        window.resize(picture.width, picture.height)
        window.show()
        wait_for(lambda: window.reading is not None and window.recorder.state is not State.UNKNOWN)
        picture.prepare(window)
        for _round in range(5):
            application.processEvents()
        picture.part(window).grab().save(str(folder / f"{picture.name}.png"))
        window.shut()
        window.close()


def show_evidence(window: Any) -> None:
    window.go(5)
    desk = window.evidence_desk
    wait_for(lambda: desk.backing is not None and not desk.reading)
    window.evidence.bundle.copies.buttons["public"].click()
    window.pages.setFocus()


def take_demo(application: Any, folder: Path) -> None:
    """Home and evidence in the demonstration: the real window over the made-up data, by the real commands."""
    examples: Any = import_module("window_examples")

    from jalerte_desktop.commands.context import Home
    from jalerte_desktop.demo.folder import ensure
    from jalerte_desktop.window.application import open_window
    from jalerte_desktop.window.theme import DARK, LIGHT, Theme

    def grab(widget: Any, name: str) -> None:
        for _round in range(5):
            application.processEvents()
        widget.grab().save(str(folder / f"{name}.png"))
        print(f"docs/img/{name}.png")

    with tempfile.TemporaryDirectory() as folder_of_run:
        home = Home(ensure(Path(folder_of_run), examples.NOW, "demo", days=8))
        theme = Theme(LIGHT)
        window: Any = open_window(home.folder, home.journal, home.config, "fr", theme, home.present_ns)
        window.resize(1280, 900)
        window.show()
        wait_for(lambda: window.reading is not None and window.reading.findings is not None)
        grab(window, "demo")
        window.resize(1280, 2000)
        show_evidence(window)
        grab(window, "evidence-light")
        theme.force(DARK)
        grab(window, "evidence-dark")
        theme.force(LIGHT)
        window.evidence.bundle.look.click()
        wait_for(lambda: window.evidence.bundle.dialog is not None, 120)
        grab(window.evidence.bundle.dialog, "evidence-preview")
        window.evidence.bundle.dialog.reject()
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
    take_demo(application, FOLDER)


if __name__ == "__main__":
    main()
