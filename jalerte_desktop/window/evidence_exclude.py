"""Takes a period out of the count: from when to when, why, and which incidents would no longer count."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from diagnostics.model import MINUTE, Span
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.window.case_diary_words import read_day, read_time, shown_day
from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import DateBox, LinesBox, TextBox
from jalerte_desktop.window.evidence_desk import EXCLUDE, EvidenceDesk
from jalerte_desktop.window.evidence_facts import touched_of
from jalerte_desktop.window.evidence_words import touched_words
from jalerte_desktop.window.parts import Dialog, clear, label
from jalerte_desktop.words.figures import local, number
from jalerte_desktop.words.language import _, ngettext
from jalerte_desktop.words.shape import breakable

LOOK_AFTER_MS = 400
LONGEST_REASON = 500
"""Characters that the command takes."""
FEW_LEFT = 60
"""From so many on it is told how many characters are left."""


class Reason(Captioned):
    """Why, in a few words: they become one line."""

    def __init__(self) -> None:
        super().__init__(
            _("Reason"), _("Reason"), LinesBox(), _("A few words, for example: the box was moved.")
        )
        self.editor.touched.connect(self._count)

    @property
    def words(self) -> str:
        """As it is kept and printed: one line, without control characters."""
        return clean(self.editor.read())

    @property
    def fits(self) -> bool:
        return 0 < len(self.words) <= LONGEST_REASON

    def _count(self) -> None:
        """Say how many characters are left where they are few, or that there are too many."""
        left = LONGEST_REASON - len(self.words)
        too_long = ngettext(
            "The reason is {n} character too long: shorten it to {limit}.",
            "The reason is {n} characters too long: shorten it to {limit}.",
            -left,
        ).format(n=number(-left), limit=number(LONGEST_REASON))
        self.say_problem(too_long if left < 0 else "")
        self.help.setVisible(left >= 0)
        if 0 <= left < FEW_LEFT:
            self.mark.setText(
                ngettext("{n} character left", "{n} characters left", left).format(n=number(left))
            )
            self._describe()


class ExcludeDialog(Dialog):
    """Closes once the command has kept it. The button waits until the incidents were shown and a reason was given."""

    def __init__(self, desk: EvidenceDesk, span: Span | None = None, parent: QWidget | None = None) -> None:
        """``span``: what is proposed, rounded outwards to whole minutes."""
        super().__init__(
            _("Take out of the count"), _("Which period shall not count, and why?"), "asks", parent
        )
        self._desk = desk
        self._asked = ""
        self._seen: tuple[str, str] | None = None
        """The period whose incidents stand here; ``_looked``: the one that they were asked for."""
        self._looked: tuple[str, str] | None = None
        self.resize(640, 560)
        self.setMinimumSize(400, 340)
        self._area = self.scrolled()
        column = self._area.column
        column.setSpacing(10)
        column.addWidget(
            label(
                _(
                    "For works at home, a move, a test of yours. Nothing is deleted; the period and your reason stay"
                    " printed in your papers. This cannot be taken back."
                ),
                tone="soft",
            )
        )
        now = desk.clock()
        span = span or Span(now - 60 * MINUTE, now)
        start, end = local(span.start_ns // MINUTE * MINUTE), local(-(-span.end_ns // MINUTE) * MINUTE)
        self.first = Captioned(_("From"), _("First day"), DateBox(_("First day")))
        self.from_time = Captioned(_("Time"), _("Time of the beginning"), TextBox("00:00 00"))
        self.last = Captioned(_("Up to"), _("Last day"), DateBox(_("Last day")))
        self.to_time = Captioned(_("Time"), _("Time of the end"), TextBox("00:00 00"))
        for field, text in (
            (self.first, shown_day(start.date())),
            (self.from_time, f"{start:%H:%M}"),
            (self.last, shown_day(end.date())),
            (self.to_time, f"{end:%H:%M}"),
        ):
            field.editor.put(text)
            field.editor.touched.connect(self._touched)
        self.reason = Reason()
        self.reason.editor.touched.connect(self._explained)
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(8)
        for place, one in enumerate((self.first, self.from_time, self.last, self.to_time)):
            grid.addWidget(one, place // 2, place % 2)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addWidget(self.reason)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(3)
        column.addLayout(self._lines)
        column.addStretch(1)
        self.summary = label("", bold=True)
        self.outer.addWidget(self.summary)
        self.keep = self.asks(_("&Take it out of the count"), self._keep)
        self._timer = QTimer(self, interval=LOOK_AFTER_MS)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        desk.answered.connect(self._answered)
        desk.refused.connect(self._refused)
        self.reason.editor.setFocus()
        self._touched()

    def period(self) -> tuple[str, str] | None:
        """Beginning and end as the command takes them; None where one cannot be read, which is said at its field."""
        no_day = _("Write the day as 31/12/2024 or 2024-12-31.")
        moments: list[datetime] = []
        for day_field, time_field in ((self.first, self.from_time), (self.last, self.to_time)):
            day, hour = read_day(day_field.editor.read()), read_time(time_field.editor.read())
            day_field.say_problem("" if day else no_day)
            time_field.say_problem("" if hour else _("Write the time as 16:02."))
            if day is not None and hour is not None:
                moments.append(datetime.combine(day, hour))
        if len(moments) < 2:
            return None
        if moments[0] >= moments[1]:
            self.last.say_problem(_("The period ends before it begins."))
            return None
        return moments[0].isoformat("T", "minutes"), moments[1].isoformat("T", "minutes")

    def _touched(self) -> None:
        self._seen = None
        self._tell((_("Looking which incidents lie in it…"),))
        self._timer.start()
        self._ready()

    def _look(self) -> None:
        self.say_problem("")
        self._looked = self.period()
        if self._looked is None:
            self._tell(())
            return
        self._asked = self._desk.look_at(*self._looked)

    def _tell(self, lines: tuple[str, ...]) -> None:
        """The first line stands above the buttons, in sight whatever is scrolled."""
        clear(self._lines)
        for line in lines[1:]:
            self._lines.addWidget(label(breakable(line)))
        self.summary.setText(breakable(lines[0]) if lines else "")
        # What has the focus when it is read is the button.
        self.keep.setAccessibleDescription(" ".join(lines))

    def _explained(self) -> None:
        self._ready()
        if self.reason.problem.text():
            # Where it stands is known only after the layout.
            QTimer.singleShot(0, self, lambda: self._area.ensureWidgetVisible(self.reason.problem, 0, 4))

    def _ready(self) -> None:
        self.keep.setEnabled(self._seen is not None and self.reason.fits)

    def _keep(self) -> None:
        if self._seen is None or self._seen != self.period() or not self.reason.fits:
            return
        self.say_problem("")
        self.keep.setEnabled(False)
        self._desk.exclude(*self._seen, self.reason.words)

    def _answered(self, name: str, answer: object) -> None:
        if name == self._asked and not self._timer.isActive():
            self._seen = self._looked
            self._tell(touched_words(touched_of(answer)))
            self._ready()
        elif name == EXCLUDE and self.isVisible():
            self.accept()

    def _refused(self, name: str, sentence: str) -> None:
        if name == self._asked:
            self._tell(())
        if name in (self._asked, EXCLUDE):
            self.say_problem(sentence)
            self._ready()
