"""The alert page: what is told, what goes along, where it goes, and what came of it."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QWidget

from jalerte_desktop.window.alert_after import AfterCard
from jalerte_desktop.window.alert_dialog import AlertDialog
from jalerte_desktop.window.alert_draft import DraftCard
from jalerte_desktop.window.alert_files import FilesCard
from jalerte_desktop.window.alert_form import FormCard
from jalerte_desktop.window.alert_outbox import OutboxCard
from jalerte_desktop.window.alert_routes import RoutesCard
from jalerte_desktop.window.alert_sending import Sending
from jalerte_desktop.window.case_field import WIDEST, CaseField, FieldGrid
from jalerte_desktop.window.filing_desk import ALERT, EDIT, QUEUE, ROUTES, FilingDesk
from jalerte_desktop.window.filing_facts import Gap
from jalerte_desktop.window.filing_words import alert_sentence, gaps_markup, gaps_sentence
from jalerte_desktop.window.parts import Card, Page, button, label, limited, say
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.language import _

WIDE = 620
"""From this width on, fields stand two by two."""
SERVICE = ("alert.service_contacted", "alert.rating")


class AlertPage(Page):
    """Shows what the desk knows, and asks it. ``opened`` tells of a dialog, ``complete`` asks for a case's field."""

    opened = Signal(QDialog)
    complete = Signal(str)

    def __init__(self, desk: FilingDesk) -> None:
        super().__init__()
        self._desk = desk
        column = self.column
        self.answer = AnswerCard()
        self.form = FormCard()
        self.draft = DraftCard()
        self.files = FilesCard()
        self.service = ServiceCard(desk)
        self.routes = RoutesCard()
        self.outbox = OutboxCard()
        self.after = AfterCard()
        self.sending = Sending(desk, self)
        self._editing: DraftCard | FilesCard = self.draft
        self._of_the_draft = (self.draft, self.files, self.service)
        for card in (self.answer, self.form, *self._of_the_draft, self.routes, self.outbox, self.after):
            column.addWidget(card)
        column.addStretch(1)
        self.answer.jump.connect(self._jump)
        self.answer.begin.connect(lambda: self.complete.emit(""))
        self.answer.again.connect(desk.load)
        self.draft.show_fields.connect(self._show_fields)
        for card in (self.draft, self.files):
            card.edit.connect(lambda arguments, card=card: self._edit(card, arguments))
        self.files.opened.connect(self.opened)
        self.form.put_away.connect(desk.forget_form)
        self.routes.form.connect(self.sending.open_form)
        self.routes.copy.connect(self.sending.copy_form)
        self.routes.email.connect(self.sending.write_email)
        self.routes.registered.connect(self.sending.save_letter)
        self.routes.desk.connect(self.sending.to_desk)
        self.outbox.wanted.connect(self.sending.handle)
        self.after.share.connect(self.sending.share)
        self.after.advice.connect(self.sending.advice)
        self.sending.opened.connect(self.opened)
        self.sending.problem.connect(self._say_problem)
        desk.changed.connect(self.refresh)
        desk.refused.connect(self._refused)
        desk.case.changed.connect(self.refresh)
        self.refresh()

    # --- showing ---

    def refresh(self) -> None:
        """Show what the desk knows now."""
        desk = self._desk
        no_case = desk.case.known and not desk.case.problem and desk.case.case is None
        alert = desk.alert
        self.answer.show_alert(alert_sentence(alert, desk.problems.get(ALERT, "")), no_case)
        self.answer.show_gaps(alert.missing if alert is not None and not no_case else ())
        for card in self._of_the_draft:
            card.setVisible(alert is not None and not no_case)
        if alert is not None:
            self.draft.show_alert(alert)
            self.files.show_alert(alert)
        self.service.refresh()
        self.form.show_result(desk.form_result)
        self.routes.setVisible(not no_case)
        self.routes.show_routes(desk.routes, ROUTES in desk.known, desk.problems.get(ROUTES, ""))
        self.routes.show_form(desk.form_run is not None)
        self.outbox.setVisible(bool(desk.filings or self.outbox.problem.text()))
        self.outbox.show_filings(desk.filings, desk.receipts, QUEUE in desk.known)
        self.after.setVisible(alert is not None and not no_case)
        self._order()

    def _order(self) -> None:
        # Tab goes where the eye goes: rows that were made anew would come last.
        ordered: list[QWidget] = [
            *self.files.remove_buttons.values(),
            self.files.add_button,
            *(field.editor for field in self.service.fields.values()),
            *self.routes.buttons.values(),
            self.routes.desk_button,
            self.outbox.all_button,
            *self.outbox.buttons.values(),
            self.after.advice_button,
            self.after.share_button,
        ]
        for before, after in pairwise(ordered):
            QWidget.setTabOrder(before, after)

    def _edit(self, card: DraftCard | FilesCard, arguments: tuple[str, ...]) -> None:
        self._editing = card
        self._desk.edit(*arguments)

    def flush(self) -> None:
        """Give the desk what still stands only in the editor."""
        self.draft.commit()

    def _refused(self, name: str, sentence: str) -> None:
        if name == EDIT:
            self._editing.say_problem(sentence)
            self.ensureWidgetVisible(self._editing.problem, 0, 40)

    def _say_problem(self, sentence: str) -> None:
        """What went wrong where no dialog can say it, even before anything was ever sent."""
        self.outbox.say_problem(sentence)
        self.outbox.setVisible(bool(self._desk.filings or sentence))
        if sentence:
            # Its place is known only after the layout.
            QTimer.singleShot(0, self, lambda: self.ensureWidgetVisible(self.outbox.problem, 0, 40))

    def _jump(self, key: str) -> None:
        field = self.service.fields.get(key)
        if field is None:
            self.complete.emit(key)
            return
        field.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.ensureWidgetVisible(field, 0, 60)

    def _show_fields(self) -> None:
        if self._desk.alert is None:
            return
        dialog = AlertDialog(self._desk.alert.whole, self.window())
        dialog.complete.connect(self._jump)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        self.opened.emit(dialog)

    # --- the page's own ---

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._desk.case.load()
        self._desk.load()

    def hideEvent(self, event) -> None:
        super().hideEvent(event)
        self.flush()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        wide = self.viewport().width() >= WIDE
        self.draft.place(wide)
        self.service.place(wide)


class AnswerCard(Card):
    """The page's one sentence, and what is missing. ``jump`` names a field, ``begin`` wants a case."""

    jump = Signal(str)
    begin = Signal()
    again = Signal()

    def __init__(self) -> None:
        super().__init__(_("The alert"))
        self._first = ""
        self.column.setContentsMargins(18, 18, 18, 18)
        self.answer = label(size=22, bold=True)
        self.explanation = label(tone="soft")
        self.missing = QLabel()
        self.missing.setTextFormat(Qt.TextFormat.RichText)
        self.missing.setFont(font(14))
        self.missing.setWordWrap(True)
        self.missing.setMinimumWidth(1)
        self.missing.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        self.missing.linkActivated.connect(self.jump)
        for one in (self.answer, self.explanation, self.missing):
            self.column.addWidget(one)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.fill_in = button(_("Fi&ll in what is missing"))
        self.fill_in.clicked.connect(lambda: self.jump.emit(self._first))
        self.begin_button = button(_("Begin your case &file"), "primary")
        self.begin_button.clicked.connect(self.begin)
        self.again_button = button(_("Tr&y again"))
        self.again_button.clicked.connect(lambda: self.again.emit())
        for pressed in (self.fill_in, self.begin_button, self.again_button):
            pressed.hide()
            row.addWidget(pressed)
        row.addStretch(1)
        self.column.addLayout(row)

    def show_alert(self, said: tuple[str, str], no_case: bool) -> None:
        answer, explanation = said
        if no_case:
            answer = _("Your case comes first.")
            explanation = _("Three answers are enough to begin: what goes wrong, where, and with whom.")
        self.answer.setText(answer)
        say(self.explanation, explanation)
        self.begin_button.setVisible(no_case)
        self.again_button.setVisible(not no_case and answer == _("There is no alert to show yet."))
        self.setAccessibleDescription(f"{answer} {explanation}".strip())

    def show_gaps(self, gaps: tuple[Gap, ...]) -> None:
        self._first = next((gap.key for gap in gaps if gap.key), "")
        self.missing.setVisible(bool(gaps))
        self.missing.setText(gaps_markup(gaps) if gaps else "")
        self.missing.setAccessibleName(gaps_sentence(gaps) if gaps else "")
        self.fill_in.setVisible(bool(self._first))


class ServiceCard(Card):
    """Was customer service asked, and how was it? Both are the person's answers: nothing stands there before."""

    def __init__(self, desk: FilingDesk) -> None:
        super().__init__(_("Customer service"))
        self._desk = desk
        self.head(_("Customer service"))
        self.fields = {key: CaseField(key) for key in SERVICE}
        for field in self.fields.values():
            field.changed.connect(desk.case.save)
        self._grid = FieldGrid(tuple(self.fields.values()))
        self.column.addLayout(limited(self._grid, WIDEST))
        desk.case.saved.connect(self._saved)
        desk.case.refused.connect(self._refused)

    def refresh(self) -> None:
        known = self._desk.case.case
        for key, field in self.fields.items():
            if known is not None and not self._desk.case.pending(key):
                field.show_value(known.fields.get(key, ""))

    def place(self, wide: bool) -> None:
        self._grid.place(2 if wide else 1)

    def _saved(self, key: str) -> None:
        if key in self.fields and not self._desk.case.pending(key):
            self.fields[key].say_saved()

    def _refused(self, key: str) -> None:
        if key in self.fields:
            refusal = self._desk.case.refusals[key]
            self.fields[key].show_refusal(refusal.typed, refusal.sentence)
