"""What pressing a button of the alert page starts: commands, and the dialogs over what they answer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QPixmap
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

from jalerte_desktop.window.alert_outbox import CANCEL, LEFT, NOT_LEFT, NUMBER, RETRY, SAVE, SHOW
from jalerte_desktop.window.filing_advice import AdviceDialog
from jalerte_desktop.window.filing_desk import DIARY, QUEUE, RECEIPTS, FilingDesk
from jalerte_desktop.window.filing_dialogs import (
    EML,
    PREPARE,
    AskDialog,
    DeskDialog,
    EmailDialog,
    NumberDialog,
)
from jalerte_desktop.window.filing_facts import FilingFacts, ReceiptFacts, RouteFacts, part, text, words
from jalerte_desktop.window.filing_preview import PreviewDialog
from jalerte_desktop.window.filing_share import ShareDialog
from jalerte_desktop.window.filing_shown import shown_of
from jalerte_desktop.words.language import _

AGREE, LETTER, LOOK, CHANGE, ACCOUNT, ADVICE, SHARE, PICTURE, PROOF = (
    "agree",
    "letter",
    "look",
    "change",
    "account",
    "advice",
    "share",
    "picture",
    "proof",
)
_ENDINGS = {
    "text/html": ".html",
    "text/plain": ".txt",
    "application/json": ".json",
    "application/pdf": ".pdf",
}


def open_file(path: Path) -> None:
    """With the program that the person's system has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


class Sending(QObject):
    """``opened`` tells of a dialog, ``problem`` of what went wrong where no dialog can say it ("" when all is well)."""

    opened = Signal(QDialog)
    problem = Signal(str)

    def __init__(self, desk: FilingDesk, page: QWidget, opener: Callable[[Path], None] = open_file) -> None:
        super().__init__(page)
        self._desk, self._page = desk, page
        self.opener = opener
        self._asking: AskDialog | None = None
        self._preview: PreviewDialog | None = None
        self._shared: ShareDialog | None = None
        self._sent = ""
        self._refusal = ""
        self._path: Path | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._done: dict[str, Callable[[object], None]] = {
            PREPARE: self._prepared,
            EML: self._drafted,
            LETTER: self._letter_saved,
            LOOK: self._looked,
            AGREE: self._agreed,
            CHANGE: self._changed,
            "number": self._numbered,
            ACCOUNT: self._account_read,
            ADVICE: self._advised,
            SHARE: self._shared_made,
            PICTURE: self._picture_saved,
            PROOF: self._changed,
        }
        desk.answered.connect(self._answered)
        desk.refused.connect(self._refused)
        desk.changed.connect(self._follow)

    # --- forms ---

    def open_form(self, name: str) -> None:
        self._desk.open_form(f"--form={name}")

    def copy_form(self, name: str) -> None:
        self._desk.open_form(f"--form={name}", "--copy")

    # --- what the program sends after a yes, or writes for the person to send ---

    def write_email(self, route: RouteFacts) -> None:
        self._ask(EmailDialog(route, self._page.window()), "email")
        self._desk.ask(ACCOUNT, "alert", "mail", "show")

    def to_desk(self) -> None:
        self._ask(DeskDialog(self._page.window()), "desk")

    def _ask(self, dialog: AskDialog, channel: str) -> None:
        def go(name: str, arguments: tuple[str, ...]) -> None:
            if name == EML:
                self._path = self._new_file(".eml")
                self._desk.ask(
                    EML, "alert", "send", f"--via={channel}", *arguments, f"--eml={self._path}", writes=True
                )
            else:
                self._desk.ask(
                    PREPARE, "alert", "send", f"--via={channel}", *arguments, "--prepare", writes=True
                )

        dialog.wanted.connect(go)
        self._asking = dialog
        dialog.finished.connect(self._asked)
        self._open(dialog)

    def _asked(self, _result: int) -> None:
        self._asking = None

    def _account_read(self, answer: object) -> None:
        if isinstance(self._asking, EmailDialog):
            self._asking.allow_sending(text(part(answer, "account").get("sender")))

    def _prepared(self, answer: object) -> None:
        self._desk.load(QUEUE)
        if self._asking is not None:
            self._asking.accept()
            self._show(answer)
        # Else they have cancelled meanwhile: it stays in the outbox, where they can read it.

    def _drafted(self, _answer: object) -> None:
        self._desk.load(QUEUE)
        if self._asking is not None:
            self._asking.accept()
            if self._path is not None:
                self.opener(self._path)

    def _show(self, answer: object) -> None:
        shown = shown_of(answer)
        if shown is None:
            self.problem.emit(_("The command gave an answer that cannot be read."))
            return
        dialog = PreviewDialog(shown, shown.state == "prepared", self._page.window())
        dialog.agreed.connect(lambda digest: self._agree(shown.filing, digest))
        self._preview = dialog
        dialog.finished.connect(self._preview_over)
        self._open(dialog)

    def _preview_over(self, _result: int) -> None:
        self._preview = None

    def _agree(self, filing: str, digest: str) -> None:
        self._sent, self._refusal = filing, ""
        self._desk.send(AGREE, "alert", "send", filing, f"--yes={digest}")

    def _agreed(self, _answer: object) -> None:
        self._sent = ""
        if self._preview is not None:
            self._preview.accept()
        self._moved()

    def _follow(self) -> None:
        """After a yes that did not end well: the outbox knows whether it left."""
        if not self._sent or not self._refusal or self._desk.busy:
            return
        found = next((one for one in self._desk.filings if one.id == self._sent), None)
        refusal, self._sent, self._refusal = self._refusal, "", ""
        stayed = found is None or found.state == "prepared"
        if self._preview is None:
            # They closed it meanwhile.
            self.problem.emit(refusal if stayed else "")
        elif stayed:
            self._preview.say_problem(refusal)
        else:
            # Its row says what became of it.
            self._preview.accept()

    # --- the registered letter ---

    def save_letter(self, _route: RouteFacts) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        dialog = QFileDialog(
            self._page.window(), _("Save the registered letter as"), folder or str(Path.home())
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([_("PDF document (*.pdf)")])
        dialog.selectFile(_("registered letter") + ".pdf")
        dialog.setDefaultSuffix("pdf")
        dialog.accepted.connect(lambda: self.save_letter_as(Path(dialog.selectedFiles()[0])))
        self._open(dialog)

    def save_letter_as(self, path: Path) -> None:
        self.problem.emit("")
        self._path = path
        # The dialog has asked already whether an existing file may be replaced.
        force = ("--force",) if path.exists() else ()
        self._desk.ask(LETTER, "alert", "send", "--via=registered", f"--out={path}", *force, writes=True)

    def _letter_saved(self, answer: object) -> None:
        path, shown = self._path, shown_of(answer)
        self._desk.load(QUEUE)
        box = QMessageBox(self._page.window())
        box.setWindowTitle(_("Registered letter"))
        box.setText(_("The letter is saved. You post it yourself."))
        steps = shown.advice if shown is not None else ()
        box.setInformativeText("\n\n".join([str(path), *(f"– {one}" for one in steps)]))
        if path is not None:
            open_it = box.addButton(_("&Open"), QMessageBox.ButtonRole.AcceptRole)
            open_it.clicked.connect(lambda: self.opener(path))
        box.addButton(_("&Close"), QMessageBox.ButtonRole.RejectRole)
        self._open(box)

    # --- the outbox ---

    def handle(self, what: str, one: FilingFacts) -> None:
        """Do what a button of the outbox asks for."""
        self.problem.emit("")
        queue = {
            CANCEL: ("cancel", one.id),
            RETRY: ("retry", one.id),
            LEFT: ("settle", one.id, "sent"),
            NOT_LEFT: ("settle", one.id, "not-sent"),
        }
        if what in queue:
            self._desk.ask(CHANGE, "alert", "queue", *queue[what], writes=True)
        elif what == SHOW:
            self._desk.ask(LOOK, "alert", "send", one.id, "--prepare")
        elif what == NUMBER:
            self._number(one)
        elif what == SAVE:
            proof = next((each for each in self._desk.receipts if each.filing == one.id and each.bytes), None)
            if proof is not None:
                self._save_proof(proof)

    def _number(self, one: FilingFacts) -> None:
        dialog = NumberDialog(one.channel, self._page.window())
        dialog.wanted.connect(
            lambda name, arguments: self._desk.ask(
                name, "alert", "receipts", "add", one.id, *arguments, writes=True
            )
        )
        self._asking = dialog
        dialog.finished.connect(self._asked)
        self._open(dialog)

    def _numbered(self, answer: object) -> None:
        if self._asking is not None:
            self._asking.accept()
        self.problem.emit(words(answer.get("doubt")) if isinstance(answer, dict) else "")
        self._moved()

    def _save_proof(self, proof: ReceiptFacts) -> None:
        dialog = QFileDialog(self._page.window(), _("Save the proof as"), str(Path.home()))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        ending = _ENDINGS.get(proof.media_type.split(";")[0].strip(), "")
        dialog.selectFile(_("receipt") + ending)
        dialog.accepted.connect(lambda: self.save_proof_as(proof.id, Path(dialog.selectedFiles()[0])))
        self._open(dialog)

    def save_proof_as(self, receipt: str, path: Path) -> None:
        force = ("--force",) if path.exists() else ()
        self._desk.ask(PROOF, "alert", "receipts", "show", receipt, f"--out={path}", *force)

    def _looked(self, answer: object) -> None:
        self._show(answer)

    def _changed(self, answer: object) -> None:
        if part(answer, "filing").get("state") == "waiting":
            self._desk.watch.again()
        self._moved()

    def _moved(self) -> None:
        self._desk.load(QUEUE, RECEIPTS, DIARY)

    # --- afterwards ---

    def advice(self) -> None:
        self._desk.ask(ADVICE, "alert", "advice")

    def _advised(self, answer: object) -> None:
        self._open(AdviceDialog(answer, self._page.window()))

    def share(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="jalerte-")
        self._desk.ask(SHARE, "alert", "share", f"--out={Path(self._folder.name) / 'share.png'}", "--force")

    def _shared_made(self, answer: object) -> None:
        pixmap = QPixmap()
        if self._folder is not None:
            pixmap.load(str(Path(self._folder.name) / "share.png"))
            self._folder.cleanup()
            self._folder = None
        dialog = self._shared = ShareDialog(answer, pixmap, self._page.window())
        dialog.opened.connect(self.opened)
        dialog.save.connect(self._save_picture)
        dialog.finished.connect(self._share_over)
        self._open(dialog)

    def _save_picture(self, path: str) -> None:
        self._desk.ask(PICTURE, "alert", "share", f"--out={path}", "--force")

    def _picture_saved(self, answer: object) -> None:
        if self._shared is not None:
            path = text(part(answer, "picture").get("path"))
            self._shared.say(_("Saved: {path}").format(path=path))

    def _share_over(self, _result: int) -> None:
        self._shared = None

    # --- what commands bring back ---

    def _answered(self, name: str, answer: object) -> None:
        if name in self._done:
            self._done[name](answer)

    def _refused(self, name: str, sentence: str) -> None:
        if name == AGREE:
            self._refusal = sentence
            self._desk.load(QUEUE, RECEIPTS)
        elif name in (PREPARE, EML, "number") and self._asking is not None:
            self._asking.say_problem(sentence)
        elif name == PICTURE and self._shared is not None:
            self._shared.say(sentence)
        elif name in self._done and name != ACCOUNT:
            self.problem.emit(sentence)

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        self.opened.emit(dialog)

    def _new_file(self, ending: str) -> Path:
        """A name of our own in the home's folder of files."""
        folder = self._desk.files
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = 1
        while (path := folder / f"alerte-{number}{ending}").exists():
            number += 1
        return path
