"""The files that go along with the alert: added by a dialog or dropped, each with its size, each removable."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from jalerte_desktop.window.filing_facts import AlertFacts, AttachmentFacts
from jalerte_desktop.window.filing_words import FILES, size
from jalerte_desktop.window.parts import Card, button, clear, label, problem_line, say
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import breakable


def kind_of(path: Path) -> str:
    """What a file most likely is."""
    return "photo" if (mimetypes.guess_type(path.name)[0] or "").startswith("image/") else "other"


class FilesCard(Card):
    """``edit`` with the arguments that the command takes; ``opened`` tells of a dialog."""

    edit = Signal(tuple)
    opened = Signal(QDialog)

    def __init__(self) -> None:
        super().__init__(_("What goes along"))
        self.head(_("What goes along"))
        self.setAcceptDrops(True)
        self._shown: tuple[object, ...] | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self.remove_buttons: dict[str, QWidget] = {}
        self.column.addLayout(self._rows)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.add_button = button(_("&Add files…"))
        self.add_button.clicked.connect(self._choose)
        row.addWidget(self.add_button)
        row.addWidget(
            label(_("or drop them here. A copy is kept; yours is not touched."), 12.5, tone="soft"), 1
        )
        self.column.addLayout(row)
        self.problem = problem_line(12.5)
        self.column.addWidget(self.problem)

    def show_alert(self, alert: AlertFacts) -> None:
        shown = (alert.attachments, alert.letters)
        if shown == self._shown:
            return
        self._shown = shown
        focused = next((name for name, one in self.remove_buttons.items() if one.hasFocus()), None)
        clear(self._rows)
        self.remove_buttons = {}
        for one in alert.attachments:
            self._rows.addWidget(self._row(one))
        for path in alert.letters:
            words = _("{name} – the newest letter of your case goes along by itself").format(
                name=Path(path).name
            )
            self._rows.addWidget(label(words, 14))
        if not alert.attachments and not alert.letters:
            self._rows.addWidget(
                label(_("Nothing yet: photos of the box’s lights, of a bill, a letter."), tone="soft")
            )
        if focused is not None:
            self.add_button.setFocus()

    def say_problem(self, sentence: str) -> None:
        say(self.problem, sentence)

    def add(self, paths: Sequence[Path]) -> None:
        """Ask for these files to go along; those of one kind together."""
        self.say_problem("")
        for kind in ("photo", "other"):
            chosen = [path for path in paths if kind_of(path) == kind]
            if chosen:
                self.edit.emit((*(f"--attach={path}" for path in chosen), f"--kind={kind}"))

    def _row(self, one: AttachmentFacts) -> QWidget:
        frame = QFrame()
        across = QHBoxLayout(frame)
        across.setContentsMargins(0, 3, 0, 3)
        across.setSpacing(12)
        across.addWidget(label(breakable(one.name), 14), 1)
        told = f"{_(FILES.get(one.kind, one.kind))}, {size(one.bytes)}"
        across.addWidget(label(told, 12.5, tone="soft", wrap=False))
        remove = self.remove_buttons[one.name] = button(_("take out"), "link", 12.5)
        remove.setAccessibleName(_("Take out {name}").format(name=one.name))
        remove.clicked.connect(lambda: self.edit.emit((f"--detach={one.name}",)))
        across.addWidget(remove)
        return frame

    def _choose(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        dialog = QFileDialog(self.window(), _("Files that go along"), folder or str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.accepted.connect(lambda: self.add([Path(one) for one in dialog.selectedFiles()]))
        dialog.open()
        self.opened.emit(dialog)

    # --- dropping ---

    def dragEnterEvent(self, event) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.add(paths)
