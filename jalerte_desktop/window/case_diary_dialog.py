"""A new entry of the diary: what it was, when, with whom, what was said and promised."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QGridLayout, QWidget

from jalerte_desktop.window.case_diary_words import read_day, read_time, shown_day
from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import ChoiceBox, DateBox, LinesBox, TextBox
from jalerte_desktop.window.filing_desk import ADD, FilingDesk
from jalerte_desktop.window.parts import Dialog
from jalerte_desktop.words.diary import KINDS, STEPS, kind_name, whom
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.language import _
from jalerte_desktop.words.shape import capital

OTHER = "other"
TWO_COLUMNS = 520


class DueBox(DateBox):
    """A day to come."""

    def _open(self) -> None:
        super()._open()
        if self.calendar is not None:
            self.calendar.setMaximumDate(QDate.currentDate().addYears(5))


class EntryDialog(Dialog):
    """Closes once the command has kept the entry; what the command refuses is said here."""

    def __init__(self, desk: FilingDesk, parent: QWidget | None = None) -> None:
        super().__init__(_("Diary"), _("What happened?"), "asks", parent)
        self._desk = desk
        self.resize(620, 580)
        self.setMinimumSize(400, 320)
        now = local(desk.clock())
        self.kind = Captioned(
            _("What it was"),
            _("What it was"),
            ChoiceBox((one, capital(kind_name(one))) for one in KINDS),
        )
        self.day = Captioned(_("Day"), _("Day"), DateBox(_("Day")))
        self.day.editor.put(shown_day(now.date()))
        self.hour = Captioned(_("Time"), _("Time"), TextBox("00:00 00"))
        self.hour.editor.put(f"{now:%H:%M}")
        known = [("", _("nobody, or not given")), *((one, capital(whom(one))) for one in STEPS)]
        self.whom = Captioned(
            _("With whom"), _("With whom"), ChoiceBox([*known, (OTHER, _("Somebody else…"))])
        )
        self.other = Captioned(_("Name"), _("Name of whom it was with"), TextBox())
        self.text = Captioned(_("What was said or done"), _("What was said or done"), LinesBox())
        self.promise = Captioned(
            _("What was promised"), _("What was promised"), TextBox(), _("Leave it empty where nothing was.")
        )
        self.due = Captioned(
            _("For which day"), _("For which day it was promised"), DueBox(_("For which day"))
        )
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(12)
        self.scrolled().column.addLayout(self._grid)
        self.keep = self.asks(_("&Add to the diary"), self._keep)
        self.whom.editor.touched.connect(self._show)
        self.promise.editor.touched.connect(self._show)
        desk.answered.connect(self._answered)
        desk.refused.connect(self._refused)
        self._place(2)
        self._show()

    def _place(self, columns: int) -> None:
        row = column = 0
        for one in (self.kind, self.whom, self.other, self.day, self.hour, self.text, self.promise, self.due):
            whole = one in (self.text, self.promise, self.other)
            if whole and column:
                row, column = row + 1, 0
            self._grid.addWidget(one, row, column, 1, columns if whole else 1)
            column += columns if whole else 1
            if column >= columns:
                row, column = row + 1, 0
        for number in range(2):
            self._grid.setColumnStretch(number, 1 if number < columns else 0)
        self._grid.setRowStretch(row + 1, 1)

    def _show(self) -> None:
        self.other.setVisible(self.whom.editor.read() == OTHER)
        self.due.setVisible(bool(self.promise.editor.read().strip()))

    def arguments(self) -> tuple[str, ...] | None:
        """What the command takes; None where a day or a time cannot be read, which is said at its field."""
        day, hour = read_day(self.day.editor.read()), read_time(self.hour.editor.read())
        promise, due_text = self.promise.editor.read().strip(), self.due.editor.read().strip()
        due = read_day(due_text) if promise and due_text else None
        no_day = _("Write the day as 31/12/2024 or 2024-12-31.")
        self.day.say_problem("" if day else no_day)
        self.hour.say_problem("" if hour else _("Write the time as 16:02."))
        self.due.say_problem(no_day if promise and due_text and due is None else "")
        if day is None or hour is None or self.due.problem.text():
            return None
        whom = self.whom.editor.read()
        whom = self.other.editor.read().strip() if whom == OTHER else whom
        told = {
            "--at": datetime.combine(day, hour).isoformat(timespec="minutes"),
            "--with": whom,
            "--text": self.text.editor.read().strip(),
            "--promise": promise,
            "--due": due.isoformat() if due else "",
        }
        # With "=": what a person types may begin with a dash.
        return (self.kind.editor.read(), *(f"{name}={value}" for name, value in told.items() if value))

    def _keep(self) -> None:
        arguments = self.arguments()
        if arguments is None:
            return
        self.say_problem("")
        self.keep.setEnabled(False)
        self._desk.ask(ADD, "diary", "add", *arguments, writes=True)

    def _answered(self, name: str, _answer: object) -> None:
        if name == ADD:
            self.accept()

    def _refused(self, name: str, sentence: str) -> None:
        if name == ADD:
            self.say_problem(sentence)
            self.keep.setEnabled(True)

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self.kind.editor.setFocus()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._place(2 if self.width() >= TWO_COLUMNS else 1)
