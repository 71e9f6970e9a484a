"""The diary on the case page: what happened between the person and others, newest first, and adding to it."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QVBoxLayout

from jalerte_desktop.window.case_diary_words import diary_head, diary_when, promise_words, when
from jalerte_desktop.window.filing_desk import ADD, DIARY, FilingDesk
from jalerte_desktop.window.filing_facts import DiaryFacts
from jalerte_desktop.window.parts import Card, button, clear, label, rule
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.language import _, ngettext
from jalerte_desktop.words.shape import breakable

SHOWN = 6


class DiaryCard(Card):
    """``opened`` tells of a dialog."""

    opened = Signal(QDialog)

    def __init__(self, desk: FilingDesk) -> None:
        super().__init__(_("Diary"))
        self._desk = desk
        self._all = False
        self._shown: object = None
        self.all_button = button(_("see the whole diary"), "link", 12.5)
        self.all_button.clicked.connect(self._show_all)
        self.head(_("Diary"), self.all_button)
        self.column.addWidget(
            label(
                _(
                    "Each call, letter, visit or promise, with its day: what was said counts when it was noted."
                ),
                12.5,
                tone="soft",
            )
        )
        row = QHBoxLayout()
        self.add_button = button(_("Add an en&try…"))
        self.add_button.clicked.connect(self.add)
        row.addWidget(self.add_button)
        row.addStretch(1)
        self.column.addLayout(row)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self.column.addLayout(self._rows)
        desk.changed.connect(self.refresh)
        desk.answered.connect(self._answered)
        self.refresh()

    def refresh(self) -> None:
        """Show what the desk knows."""
        entries, known = self._desk.diary, DIARY in self._desk.known
        problem = self._desk.problems.get(DIARY, "")
        shown = (entries, known, problem, self._all)
        if shown == self._shown:
            return
        self._shown = shown
        clear(self._rows)
        self.all_button.setVisible(len(entries) > SHOWN and not self._all)
        if problem or not entries:
            words = problem or (_("Nothing is noted yet.") if known else _("One moment."))
            self._rows.addWidget(label(words, tone="outage" if problem else "soft"))
        today = local(self._desk.clock()).date()
        for place, one in enumerate(entries if self._all else entries[:SHOWN]):
            if place:
                self._rows.addWidget(rule())
            self._rows.addWidget(DiaryRow(one, today))
        if (more := len(entries) - SHOWN) > 0 and not self._all:
            self._rows.addWidget(
                label(ngettext("{n} older one.", "{n} older ones.", more).format(n=more), 12.5, tone="soft")
            )

    def add(self) -> None:
        from jalerte_desktop.window.case_diary_dialog import EntryDialog

        dialog = EntryDialog(self._desk, self.window())
        dialog.open()
        self.opened.emit(dialog)

    def _show_all(self) -> None:
        self._all = True
        self.refresh()
        self.add_button.setFocus()

    def _answered(self, name: str, _answer: object) -> None:
        if name == ADD:
            self._desk.load(DIARY)


class DiaryRow(QFrame):
    """One entry."""

    def __init__(self, one: DiaryFacts, today: date) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(3)
        column.addWidget(label(diary_when(one), 12.5, tone="soft"))
        column.addWidget(label(diary_head(one), 14, bold=True))
        if one.until_ns is not None:
            column.addWidget(label(_("Until {when}").format(when=when(one.until_ns)), 12.5, tone="soft"))
        if one.text:
            column.addWidget(label(breakable(one.text)))
        if promised := promise_words(one, today):
            column.addWidget(label(breakable(promised)))
        if one.source == "filing":
            column.addWidget(label(_("Put here when something was sent."), 12.5, tone="soft"))
