"""The schedule: how many measurements a day, and how much data a month. The command judges what is typed."""

from __future__ import annotations

import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from jalerte_desktop.findings.speed import Standing
from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import UnitBox
from jalerte_desktop.window.parts import Card, button, label, limited, say
from jalerte_desktop.window.recorder import State
from jalerte_desktop.words.language import _, current

PER_DAY, MONTHLY = "speed.per_day", "speed.monthly_gb"


class ScheduleCard(Card):
    """``keep`` hands over what was typed: measurements a day, and gigabytes a month."""

    keep = Signal(str, str)

    def __init__(self) -> None:
        super().__init__(_("Schedule"))
        self.head(_("Schedule"))
        self._standing: Standing | None = None
        self._recorder = State.UNKNOWN
        self.words = label("")
        self.column.addWidget(self.words)
        self.per_day = Captioned(
            _("Measurements a day (0 to 24)"), _("Measurements a day (0 to 24)"), UnitBox(_("a day"))
        )
        self.monthly = Captioned(
            _("Data limit in a month"), _("Data limit in a month, in gigabytes"), UnitBox(_("GB a month"))
        )
        self._fields = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._fields.setSpacing(20)
        for one in (self.per_day, self.monthly):
            self._fields.addWidget(one, 1)
            one.editor.touched.connect(self._touched)
        fields = QWidget()
        fields.setObjectName("clear")
        fields.setLayout(self._fields)
        self._fields.setContentsMargins(0, 4, 0, 0)
        self.column.addLayout(limited(fields, 560))
        self.fixed = label("", 12.5, tone="soft")
        self.problem = label("", 14, tone="outage")
        foot = QHBoxLayout()
        foot.setSpacing(12)
        self.save = button(_("Sa&ve the schedule"))
        self.save.clicked.connect(self._save)
        self.saved = label("", 12.5, tone="soft")
        foot.addWidget(self.save)
        foot.addWidget(self.saved, 1)
        below = QVBoxLayout()
        below.setSpacing(8)
        for widget in (self.fixed, self.problem):
            widget.hide()
            below.addWidget(widget)
        below.addLayout(foot)
        self.column.addLayout(below)
        self._typed = False

    def place(self, wide: bool) -> None:
        """The two fields side by side, or one above the other."""
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        self._fields.setDirection(direction)

    def show_standing(self, standing: Standing | None) -> None:
        """Show what is kept; what somebody is typing stays."""
        before, self._standing = self._standing, standing
        possible = standing is not None and bool(standing.provider)
        for one, key in ((self.per_day, PER_DAY), (self.monthly, MONTHLY)):
            one.setEnabled(possible and standing is not None and key not in standing.fixed)
        self.save.setEnabled(possible and standing is not None and not {PER_DAY, MONTHLY} <= standing.fixed)
        if standing is not None and not self._typed and (before is None or before != standing):
            self.per_day.editor.put(str(standing.per_day))
            self.monthly.editor.put(gigabytes(standing.cap_bytes))
        named = [key.partition(".")[2] for key in (PER_DAY, MONTHLY) if standing and key in standing.fixed]
        self.fixed.setText(
            _("Decided by config.toml, under [speed]: {keys}.").format(keys=", ".join(named)) if named else ""
        )
        self.fixed.setVisible(bool(named))
        self.words.setText(schedule_words(standing, self._recorder))

    def show_recorder(self, state: State) -> None:
        self._recorder = state
        self.words.setText(schedule_words(self._standing, state))

    def say_kept(self) -> None:
        self._typed = False
        self.problem.hide()
        self.saved.setText(_("✓ saved"))

    def say_problem(self, sentence: str) -> None:
        self.saved.setText("")
        say(self.problem, sentence)

    def _touched(self) -> None:
        self._typed = True
        self.saved.setText("")

    def _save(self) -> None:
        self.say_problem("")
        self.keep.emit(plain(self.per_day.editor.read()), plain(self.monthly.editor.read()))


def schedule_words(standing: Standing | None, recorder: State) -> str:
    """What happens without a hand; that it waits while the recorder does not run."""
    if standing is None:
        return _("One moment.")
    if not standing.provider:
        return _("First choose with whom to measure, by “Measure now”.")
    if not standing.per_day:
        return _("Nothing is measured by itself: each measurement is started by you.")
    said = _("Measurements are spread over the day, the evening included, and wait until the line is idle.")
    if recorder not in (State.ON, State.STARTING, State.UNKNOWN, State.DEMO):
        said += " " + _("Recording is off: scheduled measurements wait until it runs.")
    return said


def gigabytes(count: int) -> str:
    """As it is typed again: without grouping, with the language's comma."""
    text = f"{count / 1e9:.3f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if current() == "fr" else text


def plain(typed: str) -> str:
    """Without the spaces that group figures; the command takes a comma too."""
    return re.sub(r"[ \u00a0\u202f]", "", typed.replace("\0", ""))
