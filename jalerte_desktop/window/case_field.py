"""One field of the case: its label, what one types in, a line of help, a quiet mark once saved, or why it was not."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from jalerte_desktop.window.case_words import (
    Entry,
    choices_of,
    entry_of,
    field_help,
    field_label,
    field_name,
    shown,
    unit_of,
)
from jalerte_desktop.window.entries import ChoiceBox, DateBox, LinesBox, OperatorBox, TextBox, UnitBox
from jalerte_desktop.window.parts import label, say
from jalerte_desktop.words.language import _

Editor = TextBox | LinesBox | ChoiceBox | OperatorBox | DateBox | UnitBox
WIDEST = 944
"""No wider, however wide the window is: a short answer in a long box looks as if something were missing."""
LONGEST = {"person.postcode": "0000 0000", "person.phone": "+33 0 00 00 00 00 00"}


class Captioned(QWidget):
    """A label above, an entry, help below, and a place for what went wrong."""

    def __init__(self, caption: str, name: str, editor: Editor, help_words: str = "") -> None:
        super().__init__()
        self.editor = editor
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        self.caption = label(caption)
        self.caption.setBuddy(editor)
        self.mark = label("", 12.5, tone="soft", wrap=False)
        self.mark.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        head.addWidget(self.caption, 1)
        head.addWidget(self.mark)
        column.addLayout(head)
        column.addWidget(editor)
        self.help = label(help_words, 12.5, tone="soft")
        self.problem = label("", 12.5, tone="outage")
        for below in (self.help, self.problem):
            column.addWidget(below)
            below.setVisible(bool(below.text()))
        column.addStretch(1)
        # What has the focus is what a screen reader asks.
        self._speaker = editor.focusProxy() or editor
        self._speaker.setAccessibleName(name)
        self._describe()

    def say_problem(self, sentence: str) -> None:
        say(self.problem, sentence)
        self.mark.setText("")
        self._describe()

    def _describe(self) -> None:
        said = (self.problem.text(), self.mark.text(), self.help.text())
        self._speaker.setAccessibleDescription(" ".join(one for one in said if one))


class CaseField(Captioned):
    """Tells ``changed`` when the person leaves it with something new in it, or tries a refused value again."""

    changed = Signal(str, str)

    def __init__(self, key: str) -> None:
        unit = unit_of(key)
        name = f"{field_name(key)} ({unit})" if unit else field_name(key)
        super().__init__(field_label(key), name, editor_for(key), field_help(key))
        self.key = key
        self._given = self.editor.read()
        self.editor.left.connect(lambda: self.commit(again=True))
        self.editor.touched.connect(self._touched)

    def commit(self, again: bool = False) -> None:
        """Give on what is written here, if it is new. ``again``: even if it was refused as it stands."""
        text = self.editor.read()
        if text != self._given or (again and self.problem.text()):
            self._given = text
            self.changed.emit(self.key, text)

    def show_value(self, value: str, force: bool = False) -> None:
        """Show what is stored; what somebody is typing stays, unless another case is shown."""
        text = shown(self.key, value)
        if force or self.editor.read() == self._given:
            if text != self.editor.read():
                self.editor.put(text)
            self._given = text
            self.say_problem("") if force else None

    def show_refusal(self, typed: str, sentence: str) -> None:
        """Say why ``typed`` was not taken. On a page made anew, the text comes back too."""
        if self.editor.read() == self._given != typed:
            self.editor.put(typed)
            self._given = typed
        self.say_problem(sentence)

    def say_saved(self) -> None:
        self.say_problem("")
        self.mark.setText(_("✓ saved"))
        self._describe()

    def _touched(self) -> None:
        if self.mark.text():
            self.mark.setText("")
            self._describe()


def editor_for(key: str) -> Editor:
    entry = entry_of(key)
    if entry is Entry.CHOICE:
        box = ChoiceBox(choices_of(key))
        if key.startswith("alert."):
            box.setMaximumWidth(220)
        return box
    if entry is Entry.OPERATOR:
        return OperatorBox()
    if entry is Entry.LINES:
        return LinesBox()
    if entry is Entry.DATE:
        return DateBox(field_name(key))
    if unit := unit_of(key):
        return UnitBox(unit)
    return TextBox(LONGEST.get(key, ""))


class FieldGrid(QWidget):
    """Fields side by side where there is room, one below the other where there is none."""

    def __init__(self, fields: Sequence[CaseField]) -> None:
        super().__init__()
        self.setObjectName("clear")
        self._fields = fields
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 4, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(14)
        self._columns = 0
        self.place(1)

    def place(self, columns: int) -> None:
        """In one column or in two."""
        if columns == self._columns:
            return
        self._columns = columns
        row = column = 0
        for field in self._fields:
            whole = field.key == "case.impact"
            if whole and column:
                row, column = row + 1, 0
            self._grid.addWidget(field, row, column, 1, columns if whole else 1)
            column += columns if whole else 1
            if column >= columns:
                row, column = row + 1, 0
        for number in range(2):
            self._grid.setColumnStretch(number, 1 if number < columns else 0)
