"""The case page: who the person is, and what the operator promised. Each answer is saved when its field is left."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QWidget,
)

from jalerte_desktop.window.case_desk import CaseDesk
from jalerte_desktop.window.case_diary import DiaryCard
from jalerte_desktop.window.case_field import WIDEST, Captioned, CaseField, FieldGrid
from jalerte_desktop.window.case_words import (
    GROUPS,
    OPERATOR,
    case_words,
    country_choices,
    field_label,
    missing_lists,
    missing_markup,
    missing_sentence,
    operator_names,
    problem_choices,
    refusal_words,
)
from jalerte_desktop.window.entries import ChoiceBox, OperatorBox
from jalerte_desktop.window.filing_desk import FilingDesk
from jalerte_desktop.window.home_cards import Banner
from jalerte_desktop.window.parts import Card, Page, button, label, limited, rule
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.language import _

TWO_COLUMNS = 620
"""From this width on, fields stand two by two."""


class CasePage(Page):
    """Shows what the desk knows, and gives it what is typed. ``opened`` tells of a dialog."""

    opened = Signal(QDialog)

    def __init__(self, desk: CaseDesk, filing: FilingDesk) -> None:
        super().__init__()
        self._desk = desk
        self._shown_id = ""
        self._another = False
        self._jump: str | None = None
        self.fields: dict[str, CaseField] = {}
        column = self.column
        column.addWidget(label(_("Case file"), 22, bold=True))
        self.wait = label(_("One moment."), tone="soft")
        self.trouble = Banner(_("The case file cannot be read."))
        self.retry = button(_("Tr&y again"))
        self.retry.clicked.connect(desk.load)
        self.trouble.add(self.retry)
        self.new = NewCaseCard()
        self.new.wanted.connect(self._create)
        self.new.cancelled.connect(lambda: self._offer_another(False))
        self.summary = SummaryCard()
        self.summary.jump.connect(self.jump)
        self.summary.another.connect(lambda: self._offer_another(True))
        for widget in (self.wait, self.trouble, self.new, self.summary):
            column.addWidget(widget)
        self.cards = self._cards()
        self.diary = DiaryCard(filing)
        self.diary.opened.connect(self.opened)
        self.cards.append(self.diary)
        for card in self.cards:
            column.addWidget(card)
        column.addStretch(1)
        desk.changed.connect(self.refresh)
        desk.saved.connect(self._saved)
        desk.refused.connect(self._refused)
        desk.created.connect(self._created)
        desk.not_created.connect(self._not_created)
        for key, refusal in desk.refusals.items():
            self.fields[key].show_refusal(refusal.typed, refusal.sentence)
        self.refresh()

    def _cards(self) -> list[Card]:
        cards: list[Card] = []
        self._grids = []
        for group in GROUPS:
            title = _(group.title)
            if group.part:
                card = cards[-1]
                card.column.addSpacing(6)
                card.column.addWidget(rule())
                card.column.addSpacing(4)
            else:
                card = Card(title)
                cards.append(card)
            card.head(title)
            if group.help:
                card.column.addWidget(label(_(group.help), 12.5, tone="soft"))
            fields = [self.fields.setdefault(key, CaseField(key)) for key in group.keys]
            for field in fields:
                field.changed.connect(self._desk.save)
            grid = FieldGrid(fields)
            self._grids.append(grid)
            card.column.addLayout(limited(grid, WIDEST))
        return cards

    # --- what the desk knows ---

    def refresh(self) -> None:
        """Show the case, the question for a first one, or why there is none to show."""
        case, desk = self._desk.case, self._desk
        self.wait.setVisible(not desk.known)
        self.trouble.setVisible(bool(desk.problem))
        self.trouble.say(desk.problem)
        first = desk.known and not desk.problem and case is None
        self.new.setVisible(first or self._another)
        self.new.show_kind(first=not self._another)
        for widget in (self.summary, *self.cards):
            widget.setVisible(case is not None and not self._another)
        if case is None:
            if first and self._jump is not None:
                self._jump = None
                self.new.operator.editor.setFocus()
            return
        editor = self.fields[OPERATOR].editor
        assert isinstance(editor, OperatorBox)
        editor.offer(operator_names(case.country))
        other = bool(self._shown_id) and case.id != self._shown_id
        self._shown_id = case.id
        for key, field in self.fields.items():
            if other or not (desk.pending(key) or key in desk.refusals):
                field.show_value(case.fields.get(key, ""), force=other)
        self.summary.show_case(case_words(case), missing_lists(case))
        if self._jump is not None and self.isVisible():
            self.jump(self._jump)

    def jump(self, key: str) -> None:
        """Go to a field, as soon as there is one ("": the first that a paper lacks)."""
        if self._desk.case is None:
            self._jump = key
            self.refresh()
            return
        self._jump = None
        if not key:
            missing = missing_lists(self._desk.case)
            key = missing[0][1][0] if missing else "person.name"
        field = self.fields[key]
        field.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.ensureWidgetVisible(field, 0, 60)

    def flush(self) -> None:
        """Give the desk what still stands only in a field."""
        for field in self.fields.values():
            field.commit()

    def _saved(self, key: str) -> None:
        if not self._desk.pending(key):
            self.fields[key].say_saved()

    def _refused(self, key: str) -> None:
        refusal = self._desk.refusals[key]
        self.fields[key].show_refusal(refusal.typed, refusal.sentence)

    # --- a first case, or another one ---

    def _offer_another(self, offered: bool) -> None:
        self._another = offered
        self.refresh()
        if offered:
            self.new.operator.editor.put(self.fields[OPERATOR].editor.read())
            self.new.problem.editor.setFocus()
            self.verticalScrollBar().setValue(0)

    def _create(self, problem: str, country: str, operator: str) -> None:
        self.flush()
        self._desk.create(problem, country, operator)

    def _created(self) -> None:
        self._another = False
        self.new.free()
        self.refresh()
        if self.isVisible():
            self.fields["person.name"].editor.setFocus()
            self.verticalScrollBar().setValue(0)

    def _not_created(self, sentence: str) -> None:
        self.new.free()
        self.new.operator.say_problem(refusal_words(sentence, OPERATOR))

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        columns = 2 if self.viewport().width() >= TWO_COLUMNS else 1
        for grid in self._grids:
            grid.place(columns)
        self.new.place(columns)


class SummaryCard(Card):
    """Which case this is, and what the papers lack. ``jump`` names a field ("": the first missing one)."""

    jump = Signal(str)
    another = Signal()

    def __init__(self) -> None:
        super().__init__(_("Your case"))
        self.another_button = button(_("open another case"), "link", 12.5)
        self.another_button.clicked.connect(self.another)
        self.head(_("Your case"), self.another_button)
        self.words = label("", 16, bold=True)
        self.column.addWidget(self.words)
        self.missing = [self._missing_label() for _number in range(2)]
        for one in self.missing:
            self.column.addWidget(one)
        self.complete = label(_("The alert and the letter have all that they need from you."))
        self.column.addWidget(self.complete)
        row = QHBoxLayout()
        self.next = button(_("Fi&ll in what is missing"))
        self.next.clicked.connect(lambda: self.jump.emit(""))
        row.addWidget(self.next)
        row.addStretch(1)
        self.column.addLayout(row)
        self.column.addWidget(label(privacy_words(), 12.5, tone="soft"))

    def _missing_label(self) -> QLabel:
        result = label()
        result.setTextFormat(Qt.TextFormat.RichText)
        result.setFont(font(14))
        result.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        result.linkActivated.connect(self.jump)
        return result

    def show_case(self, words: str, missing: list[tuple[str, list[str]]]) -> None:
        self.words.setText(words)
        for place, one in enumerate(self.missing):
            one.setVisible(place < len(missing))
            if place < len(missing):
                one.setText(missing_markup(*missing[place]))
                one.setAccessibleName(missing_sentence(*missing[place]))
        self.complete.setVisible(not missing)
        self.next.setVisible(bool(missing))


class NewCaseCard(Card):
    """What goes wrong, where, with whom: all that a case needs to begin."""

    wanted = Signal(str, str, str)
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__(_("A new case"))
        self.column.setSpacing(12)
        self.column.addWidget(label(_("Begin your case with three answers"), 16, bold=True))
        self.words = label("", tone="soft")
        self.column.addWidget(self.words)
        self.problem = Captioned(_("What goes wrong"), _("What goes wrong"), ChoiceBox(problem_choices()))
        self.country = Captioned(_("Country"), _("Country"), ChoiceBox(country_choices()))
        self.operator = Captioned(field_label(OPERATOR), field_label(OPERATOR), OperatorBox())
        self._parts = (self.problem, self.operator, self.country)
        answers = QWidget()
        answers.setObjectName("clear")
        self._grid = QGridLayout(answers)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(14)
        self.column.addLayout(limited(answers, WIDEST))
        row = QHBoxLayout()
        row.setSpacing(8)
        self.button = button(_("Create the case &file"), "primary")
        self.button.clicked.connect(self._create)
        self.cancel = button(_("Ca&ncel"))
        self.cancel.clicked.connect(self.cancelled)
        row.addWidget(self.button)
        row.addWidget(self.cancel)
        row.addStretch(1)
        self.column.addLayout(row)
        self.column.addWidget(label(privacy_words(), 12.5, tone="soft"))
        self.country.editor.left.connect(self._offer)
        self.operator.editor.touched.connect(lambda: self.operator.say_problem(""))
        self._offer()
        self.place(1)

    def place(self, columns: int) -> None:
        for index, part in enumerate(self._parts):
            self._grid.addWidget(part, index // columns, index % columns)
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def show_kind(self, first: bool) -> None:
        """Is it the first case, or one after another?"""
        self.cancel.setVisible(not first)
        self.words.setText(
            _("They decide what the alert and the letter are about.")
            if first
            else _("The case before is closed and kept. What it says of yourself comes along.")
        )

    def free(self) -> None:
        self.button.setEnabled(True)

    def _offer(self) -> None:
        editor = self.operator.editor
        assert isinstance(editor, OperatorBox)
        editor.offer(operator_names(self.country.editor.read()))

    def _create(self) -> None:
        operator = self.operator.editor.read().strip()
        if not operator:
            self.operator.say_problem(_("Choose your operator, or write its name."))
            self.operator.editor.setFocus()
            return
        self.operator.say_problem("")
        self.button.setEnabled(False)
        self.wanted.emit(self.problem.editor.read(), self.country.editor.read(), operator)


def privacy_words() -> str:
    return _("All this stays on this computer; nothing is sent to anybody.")
