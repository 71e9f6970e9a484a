"""How long samples are kept, and what the journal takes: a part of the journal's card."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from jalerte_desktop.window.evidence_desk import EvidenceDesk
from jalerte_desktop.window.evidence_keeping_dialog import KeepingDialog
from jalerte_desktop.window.evidence_keeping_words import keeping_words, kept_words, size_words
from jalerte_desktop.window.evidence_parts import SaidView, problem_said
from jalerte_desktop.window.evidence_words import removed_words
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import button, label
from jalerte_desktop.window.speed_paint import SlimBar
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import breakable


class KeepingPart(QWidget):
    """``opened`` tells of a dialog."""

    opened = Signal(QDialog)

    def __init__(self, desk: EvidenceDesk, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("clear")
        self._desk, self._theme = desk, theme
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(_("How long samples are kept"), bold=True))
        self.state = label()
        self.takes = label("", 12.5, tone="soft")
        self.removed = label("", 12.5, tone="soft")
        for text in (self.state, self.takes, self.removed):
            column.addWidget(text)
        row = FlowRow()
        self.choose = button(_("Choose how &long…"))
        self.choose.clicked.connect(self._choose)
        row.add(self.choose)
        column.addWidget(row)
        self.working = label(_("Keeping your choice…"), tone="soft")
        self.bar = SlimBar(theme, _("Keeping your choice…"))
        self.bar.setRange(0, 0)
        self.said = SaidView()
        for below in (self.working, self.bar, self.said):
            column.addWidget(below)

    def refresh(self) -> None:
        """Show what the desk knows now."""
        desk, backing = self._desk, self._desk.backing
        recorded = backing is not None and backing.record is not None
        thinned = backing is not None and backing.removed_before_ns is not None
        if not recorded:
            self.state.setText(_("Nothing is recorded yet."))
        else:
            self.state.setText(breakable(desk.keeping_problem or keeping_words(desk.keeping)))
        self.takes.setText(
            size_words(desk.taken_bytes, backing.record if backing is not None else None, thinned)
        )
        self.takes.setVisible(bool(self.takes.text()))
        self.removed.setText(removed_words(backing) if backing is not None else "")
        self.removed.setVisible(thinned)
        self.choose.setEnabled(recorded and desk.keeping is not None and not desk.choosing)
        for shown in (self.working, self.bar):
            shown.setVisible(desk.choosing)
        if desk.chosen is None:
            self.said.say(None)
        elif isinstance(desk.chosen, str):
            self.said.say(problem_said(desk.chosen))
        else:
            self.said.say(kept_words(desk.chosen))
        self.choose.setAccessibleDescription(f"{self.state.text()} {self.takes.text()}".strip())

    def spoken(self) -> str:
        """What a screen reader says of it with the card."""
        return " ".join(one.text() for one in (self.state, self.removed) if one.text())

    def _choose(self) -> None:
        dialog = KeepingDialog(self._desk, self._theme, self.window())
        dialog.open()
        self.opened.emit(dialog)
