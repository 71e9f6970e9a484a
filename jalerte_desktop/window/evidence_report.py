"""The report's card: of which period, in which language; then how far it is, and what it says."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout

from jalerte_desktop.window.evidence_desk import REPORT, EvidenceDesk
from jalerte_desktop.window.evidence_facts import report_of
from jalerte_desktop.window.evidence_parts import (
    FileButtons,
    PaperChoices,
    RunRow,
    SaidView,
    dated_name,
    focused,
    problem_said,
    save_dialog,
    saving,
    stopped_said,
)
from jalerte_desktop.window.evidence_run import Ended
from jalerte_desktop.window.evidence_words import report_words
from jalerte_desktop.window.parts import Card, button, label
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _


class ReportCard(Card):
    """``opened`` tells of a dialog."""

    opened = Signal(QDialog)

    def __init__(self, desk: EvidenceDesk, theme: Theme) -> None:
        super().__init__(_("Report"))
        self._desk = desk
        self.head(_("Report"))
        self.column.addWidget(
            label(
                _(
                    "A PDF for whoever was not there: one page that tells it at a glance, then every incident, what was"
                    " not observed, and how to check it. It is saved on this computer; nothing is sent."
                )
            )
        )
        self.choices = PaperChoices(desk.clock)
        self.column.addWidget(self.choices)
        row = QHBoxLayout()
        self.save = button(_("Save the rep&ort…"), "primary")
        self.save.clicked.connect(self._ask_where)
        row.addWidget(self.save)
        row.addStretch(1)
        self.column.addLayout(row)
        self.running = RunRow(theme, _("Progress of the report"), _("Beginning…"))
        self.running.stop.clicked.connect(lambda: desk.stop(REPORT))
        self.said = SaidView()
        self.files = FileButtons(opens=True)
        for one in (self.running, self.said, self.files):
            self.column.addWidget(one)

    def _ask_where(self) -> None:
        arguments = self.choices.arguments(self._desk.record)
        if arguments is None:
            return
        name = dated_name(_("report"), self._desk.clock(), ".pdf")
        dialog = save_dialog(self.window(), _("Save the report as"), _("PDF document (*.pdf)"), name)
        dialog.accepted.connect(lambda: self.make(Path(dialog.selectedFiles()[0]), arguments))
        dialog.open()
        self.opened.emit(dialog)

    def make(self, path: Path, arguments: tuple[str, ...]) -> None:
        """Write it there; the person has said where."""
        self._desk.run(REPORT, str(path), "report", "--progress", *arguments, *saving(path, ".pdf"))
        self.running.stop.setFocus()

    def refresh(self) -> None:
        run, outcome = self._desk.runs.get(REPORT), self._desk.outcomes.get(REPORT)
        waited = focused(self.running.stop)
        self.running.show_run(run)
        self.save.setEnabled(run is None)
        told = report_of(outcome.answer) if outcome is not None and outcome.ended is Ended.DONE else None
        if outcome is None:
            self.said.say(None)
        elif outcome.ended is Ended.STOPPED:
            self.said.say(stopped_said())
        elif told is None:
            self.said.say(
                problem_said(outcome.problem or _("The command gave an answer that cannot be read."))
            )
        else:
            self.said.say(report_words(told))
        self.files.show_file(told.path if told is not None else "")
        if waited and run is None:
            (self.files.open if told is not None else self.save).setFocus()
