"""Opens the window: one application, one window per home."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.demo import TitleMarks
from jalerte_desktop.window.main_window import MainWindow
from jalerte_desktop.window.preferences import Preferences
from jalerte_desktop.window.single import SingleInstance
from jalerte_desktop.window.theme import Theme, icon_path
from jalerte_desktop.words import language as words

if TYPE_CHECKING:
    from jalerte_desktop.commands.context import Home


def run_window(home: Home, language: str) -> int:
    """Show the window and stay until it is closed. Returns the exit code."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("jalerte")
    application.setDesktopFileName("jalerte")
    application.setWindowIcon(QIcon(str(icon_path("jalerte.svg"))))
    single = SingleInstance(home.folder)
    if not single.claim():
        return 0
    window = open_window(home.folder, home.journal, home.config, language, present_ns=home.present_ns)
    single.called.connect(lambda: raise_window(window))
    window.show()
    code = application.exec()
    single.release()
    return code


def open_window(
    folder: Path,
    journal: Path,
    config: Path,
    language: str,
    theme: Theme | None = None,
    present_ns: int | None = None,
) -> MainWindow:
    """The window, dressed and ready to be shown. ``present_ns``: where time stands still, in the demonstration."""
    speaker = Speaker()
    speaker.use(Preferences(folder).language or language)
    theme = theme or Theme()
    theme.apply()
    if present_ns is None:
        window = MainWindow(Caller(folder), journal, theme, config)
    else:
        window = MainWindow(Caller(folder), journal, theme, config, clock=lambda: present_ns, demo=True)
        TitleMarks(window)
    speaker.setParent(window)

    def speak(code: str) -> None:
        speaker.use(code)
        window.preferences.language = code
        window.speak_anew()

    window.language_chosen.connect(speak)
    return window


def raise_window(window: MainWindow) -> None:
    if window.isMinimized():
        window.showNormal()
    window.show()
    window.raise_()
    window.activateWindow()


class Speaker(QObject):
    """Makes our own texts, Qt's standard dialogs and the number formats speak the same language."""

    def __init__(self) -> None:
        super().__init__()
        self._translator: QTranslator | None = None

    def use(self, code: str) -> None:
        words.use(code)
        QLocale.setDefault(QLocale(code))
        application = QApplication.instance()
        assert application is not None
        if self._translator is not None:
            application.removeTranslator(self._translator)
        translator = self._translator = QTranslator(self)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if code != "en" and translator.load(f"qtbase_{code}", folder):
            application.installTranslator(translator)
