"""What leaves, before it leaves: whom it goes to, what it says, and on demand every byte of it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFontDatabase, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from jalerte_desktop.window.filing_shown import Shown
from jalerte_desktop.window.filing_words import size
from jalerte_desktop.window.parts import Card, Dialog, button, label
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import breakable

LONGEST_LINE = 2000
"""Characters; a longer line is shown in several, since a text view would take minutes for it."""


class PreviewDialog(Dialog):
    """``agreed`` with the SHA-256 of what was shown. Nothing is sent by showing it."""

    agreed = Signal(str)

    def __init__(self, shown: Shown, may_send: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(_("What leaves"), shown.title, "read", parent)
        self._shown, self._may_send = shown, may_send
        self.resize(760, 640)
        self.setMinimumSize(400, 320)
        self.outer.addWidget(label(_("To: {whom}").format(whom=shown.whom)))
        self.area = self.scrolled(read=_("What leaves"))
        column = self.area.column
        if shown.warnings:
            column.addWidget(_card(_("Please note"), shown.warnings))
        column.addWidget(self._summary())
        if shown.attachments:
            column.addWidget(_card(_("Attachments"), shown.attachments))
        column.addWidget(self._bytes())
        column.addStretch(1)
        self.leaving = label(
            _(
                "It is leaving now. On a bad line this takes a while: you may close this,"
                " the page tells how it went."
            ),
            14,
        )
        self.leaving.hide()
        self.outer.addWidget(self.leaving)
        self.later = button(_("Not &now") if may_send else _("&Close"))
        self.later.clicked.connect(self.reject)
        self.send = button(_("&Send"), "primary")
        self.send.clicked.connect(self._agree)
        self.send.setVisible(may_send)
        self.foot(self.later, self.send)

    def say_problem(self, sentence: str) -> None:
        """It did not go: say why, and let them try again."""
        self._say_leaving(False)
        super().say_problem(sentence)
        self.send.setEnabled(True)

    def _agree(self) -> None:
        # Only what was really shown: the button is there before the window is.
        if self.isVisible():
            self.send.setEnabled(False)
            self.problem.hide()
            self._say_leaving(True)
            self.agreed.emit(self._shown.sha256)

    def _say_leaving(self, leaving: bool) -> None:
        self.leaving.setVisible(leaving)
        # "Not now" would promise that it stays.
        self.later.setText(_("&Close") if leaving or not self._may_send else _("Not &now"))

    def _summary(self) -> QWidget:
        card = Card(_("What it says"))
        card.head(_("What it says"))
        for name, value in self._shown.summary:
            if name:
                card.column.addWidget(label(name, 12.5, tone="soft"))
            card.column.addWidget(label(breakable(value) or "–"))
        return card

    def _bytes(self) -> QWidget:
        card = Card(_("Byte for byte"))
        self.more = button(_("show"), "link", 12.5)
        self.more.setAccessibleName(_("Show byte for byte what leaves"))
        self.more.clicked.connect(self._toggle)
        card.head(_("Byte for byte"), self.more)
        for name, value in self._shown.facts:
            said = _("{name}: {value}").format(name=name, value=breakable(value))
            card.column.addWidget(label(said, 12.5, tone="soft"))
        # In groups: one long word would not fit a small window.
        digest = " ".join(self._shown.sha256[at : at + 8] for at in range(0, len(self._shown.sha256), 8))
        self.digest = label(f"{size(self._shown.bytes)} · SHA-256 {digest}", 12.5, tone="soft")
        self.digest.setAccessibleName(f"SHA-256 {self._shown.sha256}")
        card.column.addWidget(self.digest)
        self.bytes = QPlainTextEdit()
        self.bytes.setReadOnly(True)
        self.bytes.setTabChangesFocus(True)
        self.bytes.setAccessibleName(_("Byte for byte what leaves"))
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPointSizeF(font(12.5).pointSizeF())
        self.bytes.setFont(fixed)
        self.bytes.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.bytes.setMinimumHeight(260)
        self.bytes.hide()
        card.column.addWidget(self.bytes)
        self.broken = label(_("Long lines go on below, marked with ↩: what leaves has no break there."), 12.5)
        self.broken.hide()
        card.column.addWidget(self.broken)
        return card

    def _toggle(self) -> None:
        hidden = self.bytes.isHidden()
        if hidden and not self.bytes.toPlainText():
            self.bytes.setPlainText(in_lines(self._shown.content))
        self.bytes.setVisible(hidden)
        self.broken.setVisible(hidden and "↩" in self.bytes.toPlainText())
        self.more.setText(_("hide") if hidden else _("show"))
        if hidden:
            # Its place is known only after the layout.
            QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(self.bytes, 0, 40))


def in_lines(content: str) -> str:
    """The same with over-long lines broken for showing, each break marked."""
    if all(len(line) <= LONGEST_LINE for line in content.split("\n")):
        return content
    return "\n".join(
        "↩\n".join(line[at : at + LONGEST_LINE] for at in range(0, max(len(line), 1), LONGEST_LINE))
        for line in content.split("\n")
    )


def _card(title: str, lines: tuple[str, ...]) -> Card:
    card = Card(title)
    card.column.setSpacing(4)
    card.head(title)
    for line in lines:
        card.column.addWidget(label("– " + line))
    return card
