"""What stands behind the evidence: newest seal, fingerprint, damage, how long it is kept, what does not count."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from diagnostics.model import Exclusion
from jalerte_desktop.findings.evidence import Backing
from jalerte_desktop.window.evidence_desk import EvidenceDesk
from jalerte_desktop.window.evidence_keeping import KeepingPart
from jalerte_desktop.window.evidence_words import (
    damage_words,
    exclusion_head,
    groups,
    seal_words,
)
from jalerte_desktop.window.parts import Card, button, clear, label, rule
from jalerte_desktop.window.theme import Theme, font
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import breakable

SHOWN = 50


class JournalCard(Card):
    """``exclude`` asks for the dialog that takes a period out of the count; ``opened`` tells of another one."""

    exclude = Signal()
    opened = Signal(QDialog)

    def __init__(self, desk: EvidenceDesk, theme: Theme) -> None:
        super().__init__(_("Journal"))
        self.head(_("Journal"))
        self._key = ""
        self._shown: tuple[Exclusion, ...] | None = None
        self.seal = self._fact(_("Newest seal"))
        self.link = label("", 12.5, tone="soft")
        self.link.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.column.addWidget(self.link)
        self.key = self._fact(_("Fingerprint of this machine’s key, to be read aloud"))
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPointSizeF(font(14).pointSizeF())
        self.key.setFont(fixed)
        self.key.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.copy = button(_("Cop&y the fingerprint"))
        self.copy.clicked.connect(self._copy)
        self.copied = label("", 12.5, tone="soft")
        row.addWidget(self.copy)
        row.addWidget(self.copied, 1)
        self.column.addLayout(row)
        self.damage = self._fact(_("Damage"))
        self._part()
        self.keeping = KeepingPart(desk, theme)
        self.keeping.opened.connect(self.opened)
        self.column.addWidget(self.keeping)
        self._part()
        self.column.addWidget(label(_("Taken out of the count"), bold=True))
        self.column.addWidget(
            label(
                _("Taking out deletes nothing: the period and your reason stay printed in your papers."),
                12.5,
                tone="soft",
            )
        )
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self.column.addLayout(self._rows)
        foot = QHBoxLayout()
        self.exclude_button = button(_("Take a period o&ut of the count…"))
        self.exclude_button.clicked.connect(self.exclude)
        foot.addWidget(self.exclude_button)
        foot.addStretch(1)
        self.column.addLayout(foot)

    def _fact(self, name: str):
        caption = label(name, 12.5, tone="soft")
        caption.setContentsMargins(0, 6, 0, 0)
        self.column.addWidget(caption)
        value = label("–")
        self.column.addWidget(value)
        return value

    def _part(self) -> None:
        """A line between two parts, with room around it."""
        self.column.addSpacing(4)
        self.column.addWidget(rule())
        self.column.addSpacing(4)

    def show_backing(self, backing: Backing | None) -> None:
        """None: nothing was read yet."""
        self.keeping.refresh()
        self.exclude_button.setEnabled(backing is not None and backing.record is not None)
        if backing is None:
            return
        sealed = backing.sealed
        self.seal.setText(seal_words(backing))
        self.seal.setProperty("tone", "outage" if sealed is not None and not sealed.holds else "")
        self.seal.style().polish(self.seal)
        self.link.setText(groups(sealed.link) if sealed is not None else "")
        self.link.setVisible(sealed is not None)
        self._key = backing.key
        self.key.setText(groups(backing.key) or "–")
        self.copy.setVisible(bool(backing.key))
        self.damage.setText("\n".join(damage_words(backing)))
        damaged = backing.cut_off or bool(backing.unsound) or bool(backing.lost_ends)
        self.damage.setProperty("tone", "outage" if damaged else "")
        self.damage.style().polish(self.damage)
        self.setAccessibleDescription(" ".join((self.seal.text(), self.damage.text(), self.keeping.spoken())))
        if backing.taken_out != self._shown:
            self._shown = backing.taken_out
            clear(self._rows)
            for one in reversed(backing.taken_out[-SHOWN:]):
                self._rows.addWidget(_row(one))
            if not backing.taken_out:
                self._rows.addWidget(label(_("Nothing: everything counts."), tone="soft"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._key)
        self.copied.setText(_("✓ copied"))


def _row(one: Exclusion) -> QWidget:
    frame = QWidget()
    frame.setObjectName("clear")
    column = QVBoxLayout(frame)
    column.setContentsMargins(0, 2, 0, 2)
    column.setSpacing(2)
    column.addWidget(label(exclusion_head(one)))
    column.addWidget(label(breakable(one.reason), 12.5, tone="soft"))
    return frame
