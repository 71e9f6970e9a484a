"""A letter, saved where the person says."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

from jalerte_desktop.window.alert_dialog import warning_texts
from jalerte_desktop.window.children import Caller, Command
from jalerte_desktop.words.language import _, ngettext

LETTERS = ".pdf", ".docx"


class Papers(QObject):
    """``busy`` while a command runs; ``failed`` with a sentence (empty when a new try begins)."""

    busy = Signal(bool)
    failed = Signal(str)
    opened = Signal(QDialog)

    def __init__(self, caller: Caller, window: QWidget) -> None:
        super().__init__(window)
        self._caller = caller
        self._window = window

    def write_letter(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        dialog = QFileDialog(self._window, _("Save the letter as"), folder or str(Path.home()))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([_("PDF document (*.pdf)"), _("Word document (*.docx)")])
        dialog.selectFile(_("complaint") + ".pdf")
        dialog.setDefaultSuffix("pdf")
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix("docx" if ".docx" in chosen else "pdf")
        )
        dialog.accepted.connect(lambda: self.save_letter(Path(dialog.selectedFiles()[0])))
        self._open(dialog)

    def save_letter(self, path: Path) -> None:
        if path.suffix.lower() not in LETTERS:
            path = path.with_name(path.name + ".pdf")
        # The dialog has asked already whether an existing file may be replaced.
        force = ("--force",) if path.exists() else ()
        self._run(
            lambda answer: self._offer_to_open(path, answer),
            *("letter", "complaint", "--out", str(path), *force, "--json"),
        )

    def _run(self, done, *arguments: str) -> None:
        self.failed.emit("")
        self.busy.emit(True)
        command = Command(self._caller, *arguments, parent=self)
        command.done.connect(lambda _answer: self.busy.emit(False))
        command.done.connect(done)
        command.failed.connect(self._not_done)
        command.start()

    def _not_done(self, sentence: str) -> None:
        self.busy.emit(False)
        self.failed.emit(sentence)

    def _offer_to_open(self, path: Path, answer: object) -> None:
        box = QMessageBox(self._window)
        box.setWindowTitle(_("The letter"))
        box.setText(_("The letter is saved."))
        box.setInformativeText("\n\n".join([str(path), *letter_remarks(answer)]))
        open_it = box.addButton(_("&Open"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(_("&Close"), QMessageBox.ButtonRole.RejectRole)
        open_it.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))))
        self._open(box)

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        self.opened.emit(dialog)


def letter_remarks(answer: object) -> list[str]:
    """What to know before signing: it is a draft, what is left blank, and the command's own warnings."""
    known = answer if isinstance(answer, dict) else {}
    remarks = [_("It is a draft: read it through before you sign it.")]
    if blanks := len(known.get("blanks") or []):
        remarks.append(
            ngettext(
                "{n} blank is left for you to fill.", "{n} blanks are left for you to fill.", blanks
            ).format(n=blanks)
        )
    return remarks + warning_texts(known)
