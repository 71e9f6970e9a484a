"""The card of outside time stamps: who dates the seals, which days are dated, what failed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QVBoxLayout

from jalerte_desktop.window.evidence_desk import CHOOSE, DATE, EvidenceDesk
from jalerte_desktop.window.evidence_parts import RunRow, SaidView, focused, problem_said
from jalerte_desktop.window.evidence_run import Ended
from jalerte_desktop.window.evidence_stamp_dialog import StampDialog
from jalerte_desktop.window.evidence_words import Said, stamp_words
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import Card, button, clear, label
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import breakable


class StampsCard(Card):
    """``opened`` tells of a dialog."""

    opened = Signal(QDialog)

    def __init__(self, desk: EvidenceDesk, theme: Theme) -> None:
        super().__init__(_("Date from outside"))
        self._desk = desk
        self._shown: tuple[str, ...] = ()
        self._problem = ""
        self.head(_("Date from outside"))
        self.column.addWidget(
            label(
                _(
                    "The seals show that nothing was changed since; they do not show when. A time-stamp server dates"
                    " them: it gets a number of 32 bytes, never a measurement. Off until you choose one."
                )
            )
        )
        self.state = label("", bold=True)
        self.column.addWidget(self.state)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(3)
        self.column.addLayout(self._lines)
        row = FlowRow()
        self.choose = button(_("Choose &who dates them…"))
        self.choose.clicked.connect(self._choose)
        self.now = button(_("Have the newest seal &dated now"))
        self.now.clicked.connect(self._date)
        self.nobody = button(_("Ask nobody any more"))
        self.nobody.clicked.connect(self._take_back)
        for one in (self.choose, self.now, self.nobody):
            row.add(one)
        self.column.addWidget(row)
        self.running = RunRow(theme, _("Progress of the time stamp"), _("Asking the time-stamp server…"))
        self.running.stop.clicked.connect(lambda: desk.stop(DATE))
        self.said = SaidView()
        for widget in (self.running, self.said):
            self.column.addWidget(widget)
        desk.refused.connect(self._refused)

    def refresh(self) -> None:
        desk = self._desk
        run, outcome = desk.runs.get(DATE), desk.outcomes.get(DATE)
        head, lines = stamp_words(desk.stamps)
        if desk.stamps_problem:
            head, lines = desk.stamps_problem, ()
        self.state.setText(breakable(head))
        if lines != self._shown:
            self._shown = lines
            clear(self._lines)
            for line in lines:
                self._lines.addWidget(label(breakable(line), 12.5, tone="soft"))
        chosen = desk.stamps is not None and desk.stamps.agreed
        self.now.setVisible(chosen)
        self.now.setEnabled(run is None)
        self.nobody.setVisible(chosen)
        waited = focused(self.running.stop)
        self.running.show_run(run)
        if run is not None:
            self._problem = ""
        if self._problem:
            self.said.say(problem_said(self._problem))
        elif outcome is None or run is not None:
            self.said.say(None)
        elif outcome.ended is Ended.DONE:
            made = isinstance(outcome.answer, dict) and outcome.answer.get("made") is True
            words = _("The newest seal is dated.") if made else _("The newest seal was dated already.")
            self.said.say(Said("✓", words, "fine"))
        elif outcome.ended is Ended.STOPPED:
            self.said.say(Said("◐", _("Stopped: nothing was kept."), "loss"))
        else:
            self.said.say(problem_said(outcome.problem))
        if waited and run is None:
            self.now.setFocus()

    def _choose(self) -> None:
        self._problem = ""
        dialog = StampDialog(self._desk, self.window())
        dialog.open()
        self.opened.emit(dialog)

    def _date(self) -> None:
        # Whom it asks, and what that sees, was agreed to when it was chosen.
        self._desk.run(DATE, "", "stamp", "now")
        self.running.stop.setFocus()

    def _take_back(self) -> None:
        self._problem = ""
        self._desk.choose("")
        self.choose.setFocus()

    def _refused(self, name: str, sentence: str) -> None:
        if name == CHOOSE:
            self._problem = sentence
            self.refresh()
