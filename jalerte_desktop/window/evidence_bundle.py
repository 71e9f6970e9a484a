"""The bundle's card: for whom, of which period; first what would be in it, then saved, as it was shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout

from jalerte_desktop.window.evidence_desk import BUNDLE, PREVIEW, EvidenceDesk
from jalerte_desktop.window.evidence_facts import BundleFacts, PreviewFacts, bundle_of, preview_of
from jalerte_desktop.window.evidence_parts import (
    DATES,
    Choices,
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
from jalerte_desktop.window.evidence_preview import BundlePreview
from jalerte_desktop.window.evidence_run import Ended
from jalerte_desktop.window.evidence_words import (
    COPIES,
    COPY_HINTS,
    TOLD_AT_MOST,
    Said,
    demo_words,
    not_kept_words,
    unreadable_words,
    written_size,
)
from jalerte_desktop.window.parts import Card, button, label
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import capital


class BundleCard(Card):
    """``opened`` tells of a dialog."""

    opened = Signal(QDialog)

    def __init__(self, desk: EvidenceDesk, theme: Theme) -> None:
        super().__init__(_("Evidence bundle"))
        self._desk = desk
        self._asked: tuple[str, ...] = ()
        self._period = ""
        self.dialog: BundlePreview | None = None
        self.head(_("Evidence bundle"))
        self.column.addWidget(
            label(
                _(
                    "One file with everything that is needed to check it: the report, the incidents, the measurements,"
                    " seals and signatures. What each reader need not know is taken out; you see what, before it is"
                    " saved."
                )
            )
        )
        self.column.addWidget(label(_("For whom?"), bold=True))
        self.copies = Choices(_("For whom"), ((one, capital(_(words))) for one, words in COPIES.items()))
        self.copies.chosen.connect(self._say_hint)
        self.column.addWidget(self.copies)
        self.hint = label("", 12.5, tone="soft")
        self.column.addWidget(self.hint)
        self.choices = PaperChoices(desk.clock)
        self.column.addWidget(self.choices)
        row = QHBoxLayout()
        self.look = button(_("See what is &in it…"), "primary")
        self.look.clicked.connect(self._look)
        row.addWidget(self.look)
        row.addStretch(1)
        self.column.addLayout(row)
        self.running = RunRow(theme, _("Progress of the bundle"), _("Putting the bundle together…"))
        self.running.stop.clicked.connect(self._stop)
        self.said = SaidView()
        self.files = FileButtons(opens=False)
        self.inside = button(_("See what is in it"))
        self.inside.clicked.connect(self._show_written)
        self.files.add(self.inside)
        for one in (self.running, self.said, self.files):
            self.column.addWidget(one)
        desk.ended.connect(self._ended)
        self._say_hint()

    def _say_hint(self) -> None:
        copy = self.copies.value
        self.hint.setText(_(COPY_HINTS[copy]) if copy else _("Choose one: it decides what is taken out."))
        self.look.setEnabled(bool(copy) and not self._busy)

    @property
    def _busy(self) -> bool:
        return PREVIEW in self._desk.runs or BUNDLE in self._desk.runs

    def _look(self) -> None:
        """Ask what would be in it. The end is fixed here, so that what is saved is what was shown."""
        record = self._desk.record
        chosen = self.choices.arguments(record)
        if chosen is None:
            return
        fixed: tuple[str, ...] = ()
        if self.choices.period.value != DATES and record is not None:
            fixed = (f"--until={iso(record.end_ns, 'microseconds')}",)
        self._asked = (f"--for={self.copies.value}", *chosen, *fixed)
        self._period = self.choices.words(record)
        self._desk.outcomes.pop(BUNDLE, None)
        self._desk.run(PREVIEW, self._period, "bundle", "--progress", *self._asked, "--preview")
        self.running.stop.setFocus()

    def _stop(self) -> None:
        for name in (PREVIEW, BUNDLE):
            self._desk.stop(name)

    def _ended(self, name: str, _outcome: object) -> None:
        if name == PREVIEW and (preview := self._previewed()) is not None and self._asked:
            dialog = self.dialog = BundlePreview(preview, self._period, parent=self.window())
            dialog.agreed.connect(self._ask_where)
            dialog.open()
            self.opened.emit(dialog)

    def _previewed(self) -> PreviewFacts | None:
        outcome = self._desk.outcomes.get(PREVIEW)
        return preview_of(outcome.answer) if outcome is not None and outcome.ended is Ended.DONE else None

    def _ask_where(self) -> None:
        if self.dialog is None:
            return
        name = dated_name(_("evidence"), self._desk.clock(), ".zip")
        dialog = save_dialog(self.dialog, _("Save the bundle as"), _("Evidence bundle (*.zip)"), name)
        dialog.accepted.connect(lambda: self.write(Path(dialog.selectedFiles()[0])))
        dialog.open()

    def write(self, path: Path) -> None:
        """Write what was shown; the person has seen it and said where."""
        if self.dialog is not None:
            self.dialog.accept()
            self.dialog = None
        words = ("bundle", "--progress", *self._asked, "--yes", *saving(path, ".zip"))
        self._desk.run(BUNDLE, str(path), *words)
        self.running.stop.setFocus()

    def _show_written(self) -> None:
        told = self._written()
        if told is not None and told.preview is not None:
            dialog = BundlePreview(told.preview, self._period, may_save=False, parent=self.window())
            dialog.open()
            self.opened.emit(dialog)

    def _written(self) -> BundleFacts | None:
        outcome = self._desk.outcomes.get(BUNDLE)
        return bundle_of(outcome.answer) if outcome is not None and outcome.ended is Ended.DONE else None

    def refresh(self) -> None:
        desk = self._desk
        run = desk.runs.get(BUNDLE) or desk.runs.get(PREVIEW)
        waited = focused(self.running.stop)
        self.running.show_run(run)
        self.look.setEnabled(bool(self.copies.value) and run is None)
        written = self._written()
        self.said.say(self._said(written))
        self.files.show_file(written.path if written is not None else "")
        if waited and run is None:
            (self.files.folder if written is not None else self.look).setFocus()

    def _said(self, written: BundleFacts | None) -> Said | None:
        outcome = self._desk.outcomes.get(BUNDLE) or self._desk.outcomes.get(PREVIEW)
        if outcome is None or self._busy:
            return None
        if outcome.ended is Ended.STOPPED:
            return stopped_said()
        if written is None:
            if outcome.ended is Ended.DONE and self._previewed() is not None:
                return None
            return problem_said(outcome.problem or _("The command gave an answer that cannot be read."))
        lines = [written.path, written_size(written.bytes, written.sha256)]
        warnings = not_kept_words(written.not_kept)
        if written.preview is not None:
            warnings += unreadable_words(written.preview, TOLD_AT_MOST)
        shown = self._previewed()
        if shown is not None and written.preview is not None and shown.kinds != written.preview.kinds:
            lines.append(
                _("It is not quite what was shown: the journal went on. Look again at what is in it.")
            )
        if written.preview is not None and written.preview.demo:
            lines.append(demo_words())
        return Said("✓", _("The bundle is saved."), "fine", tuple(lines), warnings)
