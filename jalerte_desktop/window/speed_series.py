"""The card of a series: what it is, how far it is, and what came out of it, criterion by criterion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMessageBox, QPushButton, QVBoxLayout, QWidget

from jalerte_desktop.window.parts import Card, button, label, problem_line, say
from jalerte_desktop.window.recorder import State
from jalerte_desktop.window.speed_facts import Criterion, Series
from jalerte_desktop.window.speed_paint import SlimBar
from jalerte_desktop.window.speed_words import day_words, hour_words, rate
from jalerte_desktop.window.tables import TableDialog, TextTable
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.campaigns import CRITERIA
from jalerte_desktop.words.figures import NO_BREAK, clock_time, local, number, short_date
from jalerte_desktop.words.language import N_, _

_DIRECTIONS = {"down": N_("received"), "up": N_("sent"), "": N_("both directions")}
_OUTCOMES = {
    True: ("✓", N_("conforming"), "accent"),
    False: ("✕", N_("not conforming"), "outage"),
    None: ("–", N_("not judged"), "soft"),
}


class SeriesCard(Card):
    """``start`` asks for the dialog, ``stop`` to end the series, ``details`` for its measurements."""

    start = Signal()
    stop = Signal()
    details = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(_("Series against the contract"))
        self._series: Series | None = None
        self._recorder = State.UNKNOWN
        self._now_ns = 0
        self._inner: QWidget | None = None
        self._shown: object = None
        self.details_button = button(_("details"), "link", 12.5)
        self.details_button.setAccessibleName(_("See its measurements"))
        self.details_button.clicked.connect(self.details)
        self.head(_("Series against the contract"), self.details_button)
        self.column.addWidget(
            label(
                _(
                    "A series measures at set times for days, and says by published rules whether your line keeps what"
                    " the contract promises."
                )
            )
        )
        self.state = label("", 16, bold=True)
        self.next = label("", tone="soft")
        self.bar = SlimBar(theme, _("Progress of the series"))
        for widget in (self.state, self.bar, self.next):
            self.column.addWidget(widget)
        self._place = QVBoxLayout()
        self.column.addLayout(self._place)
        self.warnings = label("", 12.5, tone="soft")
        self.column.addWidget(self.warnings)
        self.problem = problem_line()
        self.column.addWidget(self.problem)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.start_button = button(_("Sta&rt a series…"))
        self.start_button.clicked.connect(self.start)
        self.stop_button = button(_("En&d the series…"))
        self.stop_button.clicked.connect(self.stop)
        row.addWidget(self.start_button)
        row.addWidget(self.stop_button)
        row.addStretch(1)
        self.column.addSpacing(4)
        self.column.addLayout(row)
        self.show_series(None, 0)

    def show_series(self, series: Series | None, now_ns: int) -> None:
        self._series, self._now_ns = series, now_ns
        running = series is not None and series.state == "running"
        self.start_button.setVisible(not running)
        self.stop_button.setVisible(running)
        self.details_button.setVisible(series is not None and bool(series.tried))
        for widget in (self.state, self.bar):
            widget.setVisible(series is not None)
        self.bar.setVisible(running)
        if series is not None:
            self.state.setText(state_words(series))
            self.bar.show_share(series.counted / max(series.counted + series.missing, 1))
            self.bar.setAccessibleDescription(self.state.text())
        self._say_next()
        self.warnings.setText(
            "\n".join(series.warnings)
            if series is not None
            else _(
                "It has no certified status in France: it is ordinary evidence, with its arithmetic shown."
            )
        )
        self._show_criteria(series)

    def show_recorder(self, state: State) -> None:
        self._recorder = state
        self._say_next()

    def say_problem(self, sentence: str) -> None:
        say(self.problem, sentence)

    def _say_next(self) -> None:
        say(self.next, next_words(self._series, self._now_ns, self._recorder))

    def _show_criteria(self, series: Series | None) -> None:
        # While it runs nothing is judged: half a series says nothing.
        criteria = series.criteria if series is not None and series.complete else ()
        if (criteria, series and series.conforming) == self._shown:
            return
        self._shown = (criteria, series and series.conforming)
        if self._inner is not None:
            self._place.removeWidget(self._inner)
            self._inner.hide()
            self._inner.deleteLater()
            self._inner = None
        if criteria:
            self._inner = criteria_view(criteria)
            self._place.addWidget(self._inner)


def criteria_view(criteria: Sequence[Criterion]) -> QWidget:
    """A row for each: sign and word, what was judged, the arithmetic below."""
    inner = QWidget()
    inner.setObjectName("clear")
    grid = QGridLayout(inner)
    grid.setContentsMargins(0, 6, 0, 2)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(10)
    grid.setColumnStretch(1, 1)
    for index, one in enumerate(criteria):
        sign, word, tone = _OUTCOMES[one.conforming]
        badge = label(f"{sign}{NO_BREAK}{_(word)}", 12.5, wrap=False)
        badge.setProperty("badge", tone)
        grid.addWidget(badge, index, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        told = QVBoxLayout()
        told.setSpacing(2)
        told.addWidget(label(criterion_name(one), 14, bold=True))
        told.addWidget(label(one.arithmetic, 12.5, tone="soft"))
        grid.addLayout(told, index, 1)
    return inner


def criterion_name(one: Criterion) -> str:
    name = _(CRITERIA.get(one.name, one.name))
    name = name[:1].upper() + name[1:]
    return f"{name}, {_(_DIRECTIONS[one.direction])}" if one.direction in _DIRECTIONS else name


def state_words(series: Series) -> str:
    """How far it is, or what came out."""
    total = series.counted + series.missing
    if series.state == "running":
        return _("{n} of {total} measurements").format(n=number(series.counted), total=number(total))
    if series.state == "finished" or series.complete:
        return _complete_words(series)
    if series.state == "stopped":
        return _("Ended before it was complete: {n} of {total} measurements. Nothing is judged.").format(
            n=number(series.counted), total=number(total)
        )
    return _("It could not be completed: {n} of {total} measurements. Nothing is judged.").format(
        n=number(series.counted), total=number(total)
    )


def _complete_words(series: Series) -> str:
    judged = [one for one in series.criteria if one.conforming is not None]
    failed = sum(one.conforming is False for one in judged)
    if not judged:
        return _("Complete, but nothing could be judged.")
    if not failed:
        return _("Complete: every criterion that could be judged is met.")
    return _("Complete. Criteria not met: {n} of {total}.").format(
        n=number(failed), total=number(len(judged))
    )


def next_words(series: Series | None, now_ns: int, recorder: State) -> str:
    """What comes next, and what it waits for."""
    if series is None:
        return ""
    begun = _("Begun on {day}, by the rules “{rules}”.").format(
        day=day_words(series.started_ns), rules=series.model or series.rules
    )
    if series.state != "running" or series.next_ns is None:
        return " ".join(one for one in (begun, series.reason) if one)
    if recorder not in (State.ON, State.STARTING, State.UNKNOWN, State.DEMO):
        waits = _("Recording is off: the next measurement waits until it runs.")
    elif series.next_ns <= now_ns:
        waits = _("The next one is due now, as soon as the line is idle.")
    else:
        waits = _("Next: {day} at {time}.").format(
            day=day_words(series.next_ns), time=hour_words(series.next_ns)
        )
    rejected = sum(not one.accepted for one in series.tried)
    more = _("Not counted: {n}.").format(n=number(rejected))
    return " ".join((waits, *((more,) if rejected else ()), begun))


def series_table(series: Series, parent: Any = None) -> TableDialog:
    """Every measurement of a series, with the reasons why the chosen one does not count below."""
    names = (_("Day"), _("Time"), _("Counts"), _("Down"), _("Up"))
    rows = [
        (
            short_date(at := local(one.at_ns)),
            clock_time(at, seconds=False),
            f"✓{NO_BREAK}{_('yes')}" if one.accepted else f"✕{NO_BREAK}{_('no')}",
            rate(one.down_bps),
            rate(one.up_bps),
        )
        for one in series.tried
    ]

    def details(index: int) -> str:
        return "\n".join(series.tried[index].reasons) if index >= 0 else ""

    return TableDialog(_("Measurements of the series"), TextTable(names, rows), details, parent)


class EndQuestion(QMessageBox):
    """Asked before a series is ended: it cannot be taken up again."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("jalerte")
        self.setIcon(QMessageBox.Icon.Question)
        self.setText(_("End this series?"))
        self.setInformativeText(
            _("What was measured is kept, but nothing is judged, and the series cannot be taken up again.")
        )
        self.end_button: QPushButton = self.addButton(_("&End it"), QMessageBox.ButtonRole.DestructiveRole)
        self.stay_button: QPushButton = self.addButton(_("&Go on with it"), QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(self.stay_button)
        self.setEscapeButton(self.stay_button)
