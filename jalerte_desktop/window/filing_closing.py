"""Closing the window while a form is open with us: the person is asked, for what stands in the form would be lost."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from jalerte_desktop.words.language import _


class FormQuestion(QMessageBox):
    """Calls ``agreed`` where the form may go too."""

    def __init__(self, parent: QWidget, agreed: Callable[[], None]) -> None:
        super().__init__(parent)
        self.setWindowTitle("jalerte")
        self.setIcon(QMessageBox.Icon.Question)
        self.setText(_("The form is still open. Close it too?"))
        self.setInformativeText(_("What was put into it and not sent would be lost."))
        self.close_button: QPushButton = self.addButton(
            _("Close the &form too"), QMessageBox.ButtonRole.DestructiveRole
        )
        self.stay_button: QPushButton = self.addButton(_("&Cancel"), QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.stay_button)
        self.setEscapeButton(self.stay_button)
        self.close_button.clicked.connect(lambda: agreed())
