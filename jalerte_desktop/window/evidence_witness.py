"""The second witness: another machine's bundle, checked and shown before it is taken in."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from jalerte_desktop.findings.evidence import Backing, Witness
from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import TextBox
from jalerte_desktop.window.evidence_desk import IMPORT, LOOK, EvidenceDesk
from jalerte_desktop.window.evidence_facts import verify_of
from jalerte_desktop.window.evidence_parts import RunRow, SaidView, open_dialog
from jalerte_desktop.window.evidence_run import Ended, Outcome
from jalerte_desktop.window.evidence_verify import check_said, verified
from jalerte_desktop.window.evidence_words import between, groups
from jalerte_desktop.window.parts import Card, Dialog, button, clear, label
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import breakable

LONGEST_NAME = 60


class WitnessCard(Card):
    """``opened`` tells of a dialog."""

    opened = Signal(QDialog)

    def __init__(self, desk: EvidenceDesk, theme: Theme) -> None:
        super().__init__(_("Second witness"))
        self._desk, self._theme = desk, theme
        self._shown: tuple[Witness, ...] | None = None
        self.head(_("Second witness"))
        self.column.addWidget(
            label(
                _(
                    "Another computer that records the same line, or a neighbour’s, can say the same independently."
                    " Have it make a bundle, and take that in here: the next report sets its cuts beside yours."
                )
            )
        )
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self.column.addLayout(self._rows)
        row = QHBoxLayout()
        self.take = button(_("&Take in a bundle…"))
        self.take.clicked.connect(self._choose)
        row.addWidget(self.take)
        row.addStretch(1)
        self.column.addLayout(row)

    def refresh(self) -> None:
        backing = self._desk.backing
        witnesses = backing.witnesses if backing is not None else ()
        self.take.setEnabled(_recorded(backing))
        if witnesses == self._shown:
            return
        self._shown = witnesses
        clear(self._rows)
        for one in witnesses:
            self._rows.addWidget(_row(one))
        if not witnesses:
            self._rows.addWidget(
                label(_("None yet: your machine is the only one that observes."), tone="soft")
            )

    def _choose(self) -> None:
        dialog = open_dialog(self.window(), _("The other machine’s bundle"))
        dialog.accepted.connect(lambda: self.look_at(Path(dialog.selectedFiles()[0])))
        dialog.open()
        self.opened.emit(dialog)

    def look_at(self, bundle: Path) -> None:
        """Check it, and ask whether it is to be taken in."""
        dialog = WitnessDialog(self._desk, self._theme, bundle, self.window())
        dialog.open()
        self.opened.emit(dialog)


def _recorded(backing: Backing | None) -> bool:
    return backing is not None and backing.record is not None


def _row(one: Witness) -> QWidget:
    frame = QWidget()
    frame.setObjectName("clear")
    column = QVBoxLayout(frame)
    column.setContentsMargins(0, 2, 0, 2)
    column.setSpacing(2)
    column.addWidget(label(breakable(one.name) or _("without a name"), bold=True))
    told = _("{period} · key {key}…").format(
        period=between(one.span.start_ns, one.span.end_ns), key=groups(one.key[:16])
    )
    column.addWidget(label(told, 12.5, tone="soft"))
    return frame


class WitnessDialog(Dialog):
    """Checks the bundle at once; only one that is whole can be taken in. Closes once it is kept."""

    def __init__(self, desk: EvidenceDesk, theme: Theme, bundle: Path, parent: QWidget | None = None) -> None:
        super().__init__(_("Second witness"), _("Take in this bundle?"), "asks", parent)
        self._desk, self._bundle = desk, bundle
        self.resize(640, 500)
        self.setMinimumSize(400, 320)
        self._area = self.scrolled(_("Second witness"))
        column = self._area.column
        column.addWidget(label(breakable(str(bundle)), 12.5, tone="soft"))
        self.running = RunRow(theme, _("Progress of the check"), _("Checking…"))
        self.running.stop.clicked.connect(self._stop)
        self.said = SaidView()
        column.addWidget(self.running)
        column.addWidget(self.said)
        self.name = Captioned(
            _("What to call that machine in your papers"),
            _("What to call that machine in your papers"),
            TextBox(),
            _("Whoever reads the report sees it: “neighbour, 2nd floor” says more than a name."),
        )
        line = self.name.editor
        assert isinstance(line, TextBox)
        line.setMaxLength(LONGEST_NAME)
        column.addWidget(self.name)
        column.addStretch(1)
        self.take = self.asks(_("&Take it in"), self._take)
        desk.progressed.connect(self._progressed)
        desk.ended.connect(self._ended)
        self.finished.connect(self._stop)
        desk.run(LOOK, bundle.name, "verify", "--progress", *verified(bundle))
        self._show(None)
        self.running.stop.setFocus()

    def _show(self, outcome: Outcome | None) -> None:
        runs = self._desk.runs
        self.running.show_run(runs.get(LOOK) or runs.get(IMPORT))
        found = verify_of(outcome.answer) if outcome is not None and outcome.ended is Ended.DONE else None
        if outcome is not None:
            self.said.say(check_said(outcome, self._bundle.name, self._desk))
        whole = found is not None and found.ok
        self.say_problem("" if found is None or whole else _("Only a whole bundle can be taken in."))
        self.take.setEnabled(whole and not runs)
        self.name.setEnabled(whole)

    def _progressed(self, name: str) -> None:
        if name in (LOOK, IMPORT):
            self.running.show_run(self._desk.runs.get(name))

    def _ended(self, name: str, outcome: Outcome) -> None:
        if not self.isVisible():
            return
        if name == LOOK:
            self._show(outcome)
            found = self.name.editor if self.take.isEnabled() else self.said
            found.setFocus()
            # Where it stands is known only after the layout.
            QTimer.singleShot(0, self, lambda: self._area.ensureWidgetVisible(found))
        elif name == IMPORT:
            self._show(None)
            if outcome.ended is Ended.DONE:
                self.accept()
                return
            self.say_problem(outcome.problem or _("Stopped: nothing was kept."))
            self.take.setEnabled(True)
            self.take.setFocus()

    def _take(self) -> None:
        self.say_problem("")
        self.take.setEnabled(False)
        named = " ".join(self.name.editor.read().split())
        self._desk.run(
            IMPORT, self._bundle.name, "journal", "import", *verified(self._bundle), f"--name={named}"
        )
        self.running.show_run(self._desk.runs.get(IMPORT))

    def _stop(self) -> None:
        for name in (LOOK, IMPORT):
            self._desk.stop(name)
