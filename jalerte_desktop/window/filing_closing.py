"""Closing the window while a form is open with us, or something leaves: the person is asked what would be lost."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from jalerte_desktop.window.filing_desk import FilingDesk
from jalerte_desktop.words.language import _


class ClosingQuestion(QMessageBox):
    """Calls ``agreed`` where the window may close all the same; nothing is chosen beforehand but to stay."""

    def __init__(
        self, parent: QWidget, question: str, lost: str, close: str, agreed: Callable[[], None]
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("jalerte")
        self.setIcon(QMessageBox.Icon.Question)
        self.setText(question)
        self.setInformativeText(lost)
        self.close_button: QPushButton = self.addButton(close, QMessageBox.ButtonRole.DestructiveRole)
        self.stay_button: QPushButton = self.addButton(_("&Cancel"), QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.stay_button)
        self.setEscapeButton(self.stay_button)
        self.close_button.clicked.connect(lambda: agreed())


def closing_question(desk: FilingDesk, parent: QWidget, agreed: Callable[[], None]) -> ClosingQuestion | None:
    """What to ask before the window closes; None where nothing would be lost."""
    if desk.form_run is not None:
        return ClosingQuestion(
            parent,
            _("The form is still open. Close it too?"),
            _("What was put into it and not sent would be lost."),
            _("Close the &form too"),
            agreed,
        )
    if desk.leaving:
        return ClosingQuestion(
            parent,
            _("Something is leaving at this moment. Close all the same?"),
            _("Broken off in the middle, nobody could say whether it left: better wait until it has."),
            _("Close all the &same"),
            agreed,
        )
    return None
