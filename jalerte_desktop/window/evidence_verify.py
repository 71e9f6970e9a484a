"""The card that checks a bundle, or this journal: how far it is, and what was found, in words."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog

from jalerte_desktop.window.evidence_desk import VERIFY, EvidenceDesk
from jalerte_desktop.window.evidence_facts import verify_of
from jalerte_desktop.window.evidence_parts import RunRow, SaidView, focused, open_dialog, problem_said
from jalerte_desktop.window.evidence_run import Ended, Outcome
from jalerte_desktop.window.evidence_words import Said, verify_words
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import Card, button, label
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _


class VerifyCard(Card):
    """``opened`` tells of a dialog. A bundle may be dropped here, too."""

    opened = Signal(QDialog)

    def __init__(self, desk: EvidenceDesk, theme: Theme) -> None:
        super().__init__(_("Check"))
        self._desk = desk
        self.head(_("Check"))
        self.setAcceptDrops(True)
        self.column.addWidget(
            label(
                _(
                    "Is it still as it was made? Every record, figure and signature is computed again; the first minute"
                    " that does not fit is named."
                )
            )
        )
        row = FlowRow()
        self.own = button(_("Check this &journal"))
        self.own.clicked.connect(lambda: self.check(None))
        self.bundle = button(_("Check a &bundle…"))
        self.bundle.clicked.connect(self._choose)
        for one in (self.own, self.bundle):
            row.add(one)
        self.column.addWidget(row)
        self.running = RunRow(theme, _("Progress of the check"), _("Checking…"))
        self.running.stop.clicked.connect(lambda: desk.stop(VERIFY))
        self.said = SaidView()
        for widget in (self.running, self.said):
            self.column.addWidget(widget)

    def _choose(self) -> None:
        dialog = open_dialog(self.window(), _("Which bundle?"))
        dialog.accepted.connect(lambda: self.check(Path(dialog.selectedFiles()[0])))
        dialog.open()
        self.opened.emit(dialog)

    def check(self, bundle: Path | None) -> None:
        """Check this file; None: the own journal. Nothing is written by it."""
        self._desk.run(VERIFY, bundle.name if bundle else "", "verify", "--progress", *verified(bundle))
        self.running.stop.setFocus()

    def refresh(self) -> None:
        run, outcome = self._desk.runs.get(VERIFY), self._desk.outcomes.get(VERIFY)
        waited = focused(self.running.stop)
        self.running.show_run(run)
        for one in (self.own, self.bundle):
            one.setEnabled(run is None)
        self.said.say(
            None if outcome is None else check_said(outcome, self._desk.subjects.get(VERIFY, ""), self._desk)
        )
        if waited and run is None:
            self.said.setFocus()

    # --- dropping ---

    def dragEnterEvent(self, event) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()) and self.bundle.isEnabled():
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.check(paths[0])


def verified(bundle: Path | None) -> tuple[str, ...]:
    """The argument that names the file: absolute, since its name may begin with a dash."""
    return () if bundle is None else (str(bundle.absolute()),)


def check_said(outcome: Outcome, subject: str, desk: EvidenceDesk) -> Said:
    """How a check ended, in words."""
    found = verify_of(outcome.answer) if outcome.ended is Ended.DONE else None
    if outcome.ended is Ended.STOPPED:
        return Said("◐", _("Stopped: not all was checked."), "loss")
    if found is None:
        return problem_said(outcome.problem or _("The command gave an answer that cannot be read."))
    return verify_words(found, subject, desk.backing.key if desk.backing is not None else "")
