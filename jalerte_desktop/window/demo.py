"""The demonstration in the window: what marks every page and dialog, and the recorder that is not there."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.parts import ElidedLabel, button, label
from jalerte_desktop.window.recorder import RecorderControl, State
from jalerte_desktop.words.language import _

OPENING_MS = 30_000
"""So long the button waits: the month may have to be made first."""


def made_up() -> str:
    """What stands on every page."""
    return _("Made-up demonstration data")


class DemoRecorder(RecorderControl):
    """Keeps to RecorderControl's interface: nothing is asked and nothing started."""

    def __init__(self, caller: Caller, parent: QObject | None = None) -> None:
        super().__init__(caller, parent)
        self.state = State.DEMO

    def observe(self, newest_ns: int | None, now_ns: int) -> None: ...

    def ask(self) -> None: ...

    def start(self, outlive_window: bool) -> None: ...

    def stop(self) -> None:
        self.stopped.emit()

    def hand_over(self) -> None:
        self.stopped.emit()


class DemoStrip(QFrame):
    """Above every page: what this is, and how one leaves."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__()
        self.setObjectName("demo")
        self.setAccessibleName(made_up())
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 7, 16, 7)
        row.setSpacing(14)
        self.title = label(made_up(), 14, bold=True, wrap=False)
        self.words = ElidedLabel()
        self.words.say(
            _("Nothing here was measured, nothing leaves. To leave the demonstration, close this window.")
        )
        self.leave = button(_("Leave the demonstration"), "link", 12.5)
        self.leave.clicked.connect(window.close)
        row.addWidget(self.title)
        row.addWidget(self.words, 1)
        row.addWidget(self.leave)


def under_strip(inner: QWidget, window: QMainWindow) -> QWidget:
    """The window's content with the strip above it."""
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(DemoStrip(window))
    column.addWidget(inner, 1)
    return whole


class TitleMarks(QObject):
    """Says in the title of every window and dialog, once it is shown, that the data are made up."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            mark, title = made_up(), watched.windowTitle()
            if title and mark not in title:
                watched.setWindowTitle(f"{title} – {mark}")
        return False


def open_demo(caller: Caller, pressed: QPushButton) -> None:
    """Open the demonstration in a window and a process of its own."""
    if caller.process(["--demo"]).startDetached():
        pressed.setEnabled(False)
        QTimer.singleShot(OPENING_MS, pressed, lambda: pressed.setEnabled(True))
