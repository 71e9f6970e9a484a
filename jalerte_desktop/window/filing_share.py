"""Sharing: a text and a picture without personal data, to be copied or saved. Nothing is posted from here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QPlainTextEdit,
    QSizePolicy,
    QWidget,
)

from jalerte_desktop.window.filing_facts import sentences, text
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import Card, Dialog, button, label
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.language import _


class Picture(QWidget):
    """A picture as wide as there is room, never larger than it is."""

    def __init__(self, pixmap: QPixmap) -> None:
        super().__init__()
        self._pixmap = pixmap
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _scaled(self, width: int) -> QSize:
        whole = self._pixmap.size()
        return whole.scaled(min(width, whole.width()), whole.height(), Qt.AspectRatioMode.KeepAspectRatio)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        return self._scaled(width).height()

    def sizeHint(self) -> QSize:
        return self._scaled(560)

    def paintEvent(self, _event) -> None:
        size = self._scaled(self.width())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(0, 0, size.width(), size.height(), self._pixmap)
        painter.end()


class ShareDialog(Dialog):
    """``save`` asks for the picture as a file; ``opened`` tells of a dialog."""

    save = Signal(str)
    opened = Signal(QDialog)

    def __init__(self, answer: object, pixmap: QPixmap, parent: QWidget | None = None) -> None:
        super().__init__(_("Share"), _("A text and a picture to share"), "read", parent)
        told = answer if isinstance(answer, Mapping) else {}
        self._pixmap = pixmap
        self.resize(720, 660)
        self.setMinimumSize(400, 320)
        self.outer.addWidget(
            label(
                _(
                    "Operator, département and time without service; no name, no address. You post it yourself, or not."
                ),
                tone="soft",
            )
        )
        column = self.scrolled().column
        for warning in sentences(told.get("warnings")):
            column.addWidget(label("! " + warning))
        self.texts: dict[str, QPlainTextEdit] = {}
        self.copy_buttons: dict[str, QWidget] = {}
        for key, title in (("short", _("Short text")), ("text", _("Longer text"))):
            if said := text(told.get(key)):
                column.addWidget(self._text(key, title, said))
        if not pixmap.isNull():
            column.addWidget(self._picture(text(told.get("text"))))
        column.addStretch(1)
        self.said = label("", 12.5, tone="soft")
        self.closes(left=self.said)

    def say(self, sentence: str) -> None:
        self.said.setText(sentence)

    def _text(self, key: str, title: str, said: str) -> Card:
        card = Card(title)
        copy = self.copy_buttons[key] = button(_("Copy"), "link", 12.5)
        copy.setAccessibleName(_("Copy {name}").format(name=title))
        copy.clicked.connect(lambda: self._copy(title, said))
        card.head(title, copy)
        box = self.texts[key] = QPlainTextEdit(said)
        box.setReadOnly(True)
        box.setTabChangesFocus(True)
        box.setAccessibleName(title)
        box.setFont(font(14))
        box.setFixedHeight((4 if key == "short" else 7) * box.fontMetrics().lineSpacing() + 24)
        card.column.addWidget(box)
        return card

    def _picture(self, words: str) -> Card:
        card = Card(_("Picture"))
        card.head(_("Picture"))
        shown = Picture(self._pixmap)
        shown.setAccessibleName(_("Picture"))
        shown.setAccessibleDescription(words)
        card.column.addWidget(shown)
        row = FlowRow()
        self.save_button = button(_("&Save the picture…"))
        self.save_button.clicked.connect(self._choose)
        self.copy_picture = button(_("C&opy the picture"))
        self.copy_picture.clicked.connect(self._copy_picture)
        row.add(self.save_button)
        row.add(self.copy_picture)
        card.column.addWidget(row)
        return card

    def _copy(self, title: str, said: str) -> None:
        QGuiApplication.clipboard().setText(said)
        self.say(_("Copied: {name}").format(name=title))

    def _copy_picture(self) -> None:
        QGuiApplication.clipboard().setPixmap(self._pixmap)
        self.say(_("Copied: {name}").format(name=_("Picture")))

    def _choose(self) -> None:
        dialog = QFileDialog(self, _("Save the picture as"), str(Path.home()))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([_("Picture (*.png)"), _("Drawing (*.svg)")])
        dialog.setDefaultSuffix("png")
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix("svg" if ".svg" in chosen else "png")
        )
        dialog.accepted.connect(lambda: self.save.emit(dialog.selectedFiles()[0]))
        dialog.open()
        self.opened.emit(dialog)
