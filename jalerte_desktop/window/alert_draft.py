"""The alert's words: which period, the description with its counter, what the check remarks."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout

from jalerte_desktop.window.case_diary_words import day_of, last_day_of, read_day
from jalerte_desktop.window.case_field import WIDEST, Captioned
from jalerte_desktop.window.entries import DateBox, LinesBox
from jalerte_desktop.window.filing_facts import AlertFacts
from jalerte_desktop.window.filing_words import counter, period_arguments
from jalerte_desktop.window.parts import Card, button, clear, label, problem_line, say
from jalerte_desktop.words.figures import number
from jalerte_desktop.words.language import _

MOST_TEXT = 20_000


class DescriptionBox(LinesBox):
    """The free text: as high as a letter's paragraph."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(200)
        self.setMaximumHeight(260)

    def read(self) -> str:
        """As it stands: ``toPlainText`` would turn every no-break space into a plain one."""
        return self.document().toRawText().replace("\u2029", "\n").replace("\u2028", "\n")


class DraftCard(Card):
    """``edit`` with the arguments that the command takes; ``show_fields`` asks for the whole form."""

    edit = Signal(tuple)
    show_fields = Signal()

    def __init__(self) -> None:
        super().__init__(_("What the alert says"))
        self._given = ""
        self._days = ("", "")
        self._limit: int | None = None
        self._lost = ""
        self.fields_button = button(_("see every field"), "link", 12.5)
        self.fields_button.clicked.connect(self.show_fields)
        self.head(_("What the alert says"), self.fields_button)
        self.since = Captioned(_("From"), _("First day of the period"), DateBox(_("First day of the period")))
        self.until = Captioned(
            _("Up to and with"), _("Last day of the period"), DateBox(_("Last day of the period"))
        )
        self._period = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._period.setSpacing(24)
        for one in (self.since, self.until):
            one.setMaximumWidth(WIDEST // 2)
            one.editor.left.connect(self._period_left)
            self._period.addWidget(one, 1)
        self._period.addStretch(0)
        self.column.addLayout(self._period)
        self.column.addSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(16)
        caption = label(_("&Description"), wrap=False)
        head.addWidget(caption, 1)
        self.counter = label("", 12.5, tone="soft", wrap=False)
        head.addWidget(self.counter)
        self.column.addLayout(head)
        self.editor = DescriptionBox()
        self.editor.setAccessibleName(_("Description"))
        caption.setBuddy(self.editor)
        self.editor.textChanged.connect(self._count)
        self.editor.left.connect(self.commit)
        self.column.addWidget(self.editor)
        self.over = problem_line(12.5)
        self.column.addWidget(self.over)
        foot = QHBoxLayout()
        foot.setSpacing(16)
        self.whose = label("", 12.5, tone="soft")
        foot.addWidget(self.whose, 1)
        self.take_back = button(_("take my words back"), "link", 12.5)
        self.take_back.clicked.connect(self._take_back)
        self.take_back.hide()
        self.redraft = button(_("draft it again"), "link", 12.5)
        self.redraft.clicked.connect(self._redraft)
        foot.addWidget(self.take_back)
        foot.addWidget(self.redraft)
        self.column.addLayout(foot)
        self.problem = problem_line(12.5)
        self.column.addWidget(self.problem)
        self._remarks = QVBoxLayout()
        self._remarks.setSpacing(4)
        self.remarks: list[str] = []
        self.column.addLayout(self._remarks)

    def place(self, wide: bool) -> None:
        """The two days side by side, or one above the other."""
        self._period.setDirection(
            QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        )

    def show_alert(self, alert: AlertFacts) -> None:
        """What somebody is typing stays."""
        self._limit = alert.limit
        if self.editor.read() == self._given:
            if alert.description != self._given:
                self.editor.put(alert.description)
            self._given = self.editor.read()
        days = (
            day_of(alert.start_ns) if alert.start_ns is not None else "",
            last_day_of(alert.end_ns) if alert.end_ns is not None else "",
        )
        if (self.since.editor.read(), self.until.editor.read()) == self._days:
            self.since.editor.put(days[0])
            self.until.editor.put(days[1])
            self._days = days
        self.redraft.setVisible(alert.own_words)
        if alert.own_words:
            self.take_back.hide()
        self.whose.setText(
            _("These are your words.")
            if alert.own_words
            else _("Drafted from what was measured. Change it as you like.")
        )
        self._count()
        self._say_remarks(list(alert.warnings))

    def say_problem(self, sentence: str) -> None:
        say(self.problem, sentence)

    def commit(self) -> None:
        """Give on what stands in the editor, if it is new."""
        text = self.editor.read()
        if text == self._given:
            return
        if len(text) > MOST_TEXT:
            words = _("A text of more than {limit} characters is not kept: shorten it.")
            self.say_problem(words.format(limit=number(MOST_TEXT)))
            return
        self._given = text
        self.say_problem("")
        self.edit.emit((f"--description={text}",))

    def _count(self) -> None:
        words, over = counter(self.editor.read(), self._limit)
        self.counter.setText(words)
        say(self.over, over)
        self.editor.setAccessibleDescription(f"{words} {over}".strip())

    def _redraft(self) -> None:
        self.commit()
        self._lost = self.editor.read()
        self.take_back.setVisible(bool(self._lost))
        self.edit.emit(("--redraft",))

    def _take_back(self) -> None:
        self.take_back.hide()
        self.editor.put(self._lost)
        self.commit()

    def _period_left(self) -> None:
        written = (self.since.editor.read(), self.until.editor.read())
        if written == self._days:
            return
        days = [read_day(one) for one in written]
        for field, day in zip((self.since, self.until), days, strict=True):
            field.say_problem("" if day else _("Write the day as 31/12/2024 or 2024-12-31."))
        if days[0] is None or days[1] is None:
            return
        if days[0] > days[1]:
            self.until.say_problem(_("The period ends before it begins."))
            return
        self._days = written
        self.say_problem("")
        self.edit.emit(period_arguments(days[0], days[1]))

    def _say_remarks(self, remarks: list[str]) -> None:
        if remarks == self.remarks:
            return
        self.remarks = remarks
        clear(self._remarks)
        if remarks:
            self._remarks.addSpacing(6)
            self._remarks.addWidget(label(_("Please note"), 14, bold=True))
        for one in remarks:
            self._remarks.addWidget(label("– " + one, 12.5))
