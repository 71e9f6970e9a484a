"""The evidence page: hand it over, have it checked, and see what stands behind it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QDialog, QWidget

from jalerte_desktop.window.evidence_bundle import BundleCard
from jalerte_desktop.window.evidence_desk import BUNDLE, DATE, PREVIEW, REPORT, VERIFY, EvidenceDesk
from jalerte_desktop.window.evidence_exclude import ExcludeDialog
from jalerte_desktop.window.evidence_journal import JournalCard
from jalerte_desktop.window.evidence_report import ReportCard
from jalerte_desktop.window.evidence_stamps import StampsCard
from jalerte_desktop.window.evidence_verify import VerifyCard
from jalerte_desktop.window.evidence_witness import WitnessCard
from jalerte_desktop.window.evidence_words import answer_of
from jalerte_desktop.window.parts import Card, Page, label
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _

VERY_NARROW = 560
"""Below this width the days of a period stand one above the other."""
ROOM = 130
"""So much is kept in sight above and below what has the focus: a result stands above its buttons."""


class EvidencePage(Page):
    """Shows what the desk knows, and asks it. ``opened`` tells of a dialog."""

    opened = Signal(QDialog)

    def __init__(self, desk: EvidenceDesk, theme: Theme) -> None:
        super().__init__()
        self._desk = desk
        self._followed: QWidget | None = None
        self.answer = AnswerCard()
        self.report = ReportCard(desk, theme)
        self.bundle = BundleCard(desk, theme)
        self.verify = VerifyCard(desk, theme)
        self.witness = WitnessCard(desk, theme)
        self.stamps = StampsCard(desk, theme)
        self.journal = JournalCard(desk, theme)
        self.column.addWidget(self.answer)
        for card in (self.report, self.bundle, self.verify, self.witness, self.stamps):
            card.opened.connect(self.opened)
            self.column.addWidget(card)
        self.column.addWidget(self.journal)
        self.column.addStretch(1)
        self.journal.exclude.connect(self._exclude)
        self.journal.opened.connect(self.opened)
        desk.changed.connect(self.refresh)
        desk.progressed.connect(self._progressed)
        self.refresh()

    def refresh(self) -> None:
        """Show what the desk knows now."""
        desk = self._desk
        self.answer.say(*answer_of(desk.backing, desk.stamps))
        for card in (self.report, self.bundle, self.verify, self.witness, self.stamps):
            card.refresh()
        self.journal.show_backing(desk.backing)
        # Where things will stand is known only after the layout.
        QTimer.singleShot(0, self, self._follow)

    def _follow(self) -> None:
        """Keep in sight what has the focus now: how far it is, then what it came to."""
        focused: QWidget | None = self.window().focusWidget()
        if focused is self._followed or focused is None or not self.inner.isAncestorOf(focused):
            return
        self._followed = focused
        self.ensureWidgetVisible(focused, 0, ROOM)

    def _progressed(self, name: str) -> None:
        run = self._desk.runs.get(name)
        row = {
            REPORT: self.report.running,
            PREVIEW: self.bundle.running,
            BUNDLE: self.bundle.running,
            VERIFY: self.verify.running,
            DATE: self.stamps.running,
        }.get(name)
        if row is not None:
            row.show_run(run)

    def _exclude(self) -> None:
        dialog = ExcludeDialog(self._desk, parent=self.window())
        dialog.open()
        self.opened.emit(dialog)

    # --- the page's own ---

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._desk.load()
        self._desk.watch(True)

    def hideEvent(self, event) -> None:
        super().hideEvent(event)
        self._desk.watch(False)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        for card in (self.report, self.bundle):
            card.choices.place(self.viewport().width() >= VERY_NARROW)


class AnswerCard(Card):
    """The page's one sentence."""

    def __init__(self) -> None:
        super().__init__(_("Can it be handed over?"))
        self.answer = label(size=22, bold=True)
        self.explanation = label(tone="soft")
        self.column.setSpacing(4)
        self.column.addWidget(self.answer)
        self.column.addWidget(self.explanation)
        self.column.setContentsMargins(18, 18, 18, 18)

    def say(self, answer: str, explanation: str) -> None:
        self.answer.setText(answer)
        self.explanation.setText(explanation)
        self.explanation.setVisible(bool(explanation))
        self.setAccessibleDescription(f"{answer} {explanation}".strip())
