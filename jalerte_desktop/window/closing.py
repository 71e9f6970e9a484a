"""What happens to the recorder when the window closes."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from jalerte_desktop.words.language import _


class Leave(StrEnum):
    """What closing has to do first."""

    NOTHING = "nothing"
    ASK = "ask"
    HAND_OVER = "hand_over"
    STOP = "stop"


def leave(running: bool, held: bool, background: bool, keep: bool | None) -> Leave:
    """``held``: it would end with the window. ``background``: the window once left it running.

    A recorder that somebody else started, at login or by hand, is not the window's to stop.
    """
    if not running or not (held or background):
        return Leave.NOTHING
    if keep is None:
        return Leave.ASK if held else Leave.NOTHING
    if keep:
        return Leave.HAND_OVER if held else Leave.NOTHING
    return Leave.STOP


class KeepQuestion(QMessageBox):
    """Asked once; the answer stands in the settings from then on. ``answer`` is None when the person stays."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("jalerte")
        self.setIcon(QMessageBox.Icon.Question)
        self.setText(_("Go on recording in the background?"))
        self.setInformativeText(
            _("An outage is only proved while recording is on. You can change your mind in the settings.")
        )
        self.keep_button: QPushButton = self.addButton(
            _("&Go on recording"), QMessageBox.ButtonRole.AcceptRole
        )
        self.stop_button: QPushButton = self.addButton(
            _("&Stop recording"), QMessageBox.ButtonRole.DestructiveRole
        )
        self.stay_button: QPushButton = self.addButton(_("&Cancel"), QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.keep_button)
        self.setEscapeButton(self.stay_button)

    @property
    def answer(self) -> bool | None:
        if self.clickedButton() is self.keep_button:
            return True
        return False if self.clickedButton() is self.stop_button else None
