"""The speed page: do I get what I pay for?"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout

from jalerte_desktop.window.parts import Card, Page, button, label, problem_line, say
from jalerte_desktop.window.recorder import RecorderControl
from jalerte_desktop.window.speed_compare import CompareCard
from jalerte_desktop.window.speed_consent import ConsentDialog
from jalerte_desktop.window.speed_desk import SCHEDULE, STOP, SpeedDesk
from jalerte_desktop.window.speed_list import ListCard, measurements_table, rows_of
from jalerte_desktop.window.speed_measure import MeasureCard
from jalerte_desktop.window.speed_paint import Gauge
from jalerte_desktop.window.speed_result import ResultCard
from jalerte_desktop.window.speed_schedule import ScheduleCard
from jalerte_desktop.window.speed_series import EndQuestion, SeriesCard, series_table
from jalerte_desktop.window.speed_series_dialog import SeriesDialog
from jalerte_desktop.window.speed_words import SpeedAnswer, answer_of, promises_of
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _

VERY_NARROW = 640
"""Below this width the result's four figures stand two by two, and fields one above the other."""


class SpeedPage(Page):
    """Shows what the desk knows, and asks it. ``opened`` tells of a dialog, ``complete`` asks for a case's field."""

    opened = Signal(QDialog)
    complete = Signal(str)

    def __init__(self, desk: SpeedDesk, theme: Theme, recorder: RecorderControl) -> None:
        super().__init__()
        self._desk = desk
        self._recorder = recorder
        column = self.column
        self.answer = AnswerCard(theme)
        self.measure = MeasureCard(theme)
        self.result = ResultCard()
        self.list = ListCard()
        self.compare = CompareCard(theme)
        self.schedule = ScheduleCard()
        self.series = SeriesCard(theme)
        for card in (
            self.answer,
            self.measure,
            self.result,
            self.list,
            self.compare,
            self.schedule,
            self.series,
        ):
            column.addWidget(card)
        column.addStretch(1)
        self.answer.fill_in.clicked.connect(lambda: self.complete.emit("contract.download_normal_bps"))
        self.measure.measure.connect(self._measure)
        self.measure.stop.connect(desk.stop)
        self.measure.change.connect(lambda: self._consent(measure=False))
        self.list.show_all.connect(self._show_all)
        self.schedule.keep.connect(desk.schedule)
        self.series.start.connect(self._start_series)
        self.series.stop.connect(self._end_series)
        self.series.details.connect(self._show_series)
        desk.changed.connect(self.refresh)
        desk.progressed.connect(self.measure.step)
        desk.answered.connect(self._answered)
        desk.refused.connect(self._refused)
        recorder.changed.connect(self._show_recorder)
        self._show_recorder()
        self.refresh()

    # --- showing ---

    def refresh(self) -> None:
        """Show what the desk knows now."""
        desk = self._desk
        fields = desk.case.case.fields if desk.case.case is not None else {}
        problem = next(iter(desk.problems.values()), "")
        if desk.standing is not None and desk.standing.problem:
            problem = desk.standing.problem
        self.answer.show_answer(answer_of(desk.results, promises_of(fields)) if desk.known else None, problem)
        self.measure.show_standing(desk.standing)
        self.measure.show_run(desk.run)
        self.measure.show_outcome(desk.outcome)
        newest = next((one for one in reversed(desk.results) if one.measured), None)
        self.result.setVisible(newest is not None and desk.run is None)
        if newest is not None:
            self.result.show_result(newest)
        self.list.setVisible(bool(desk.results or desk.held))
        self.list.show_rows(rows_of(desk.results, desk.held))
        self.compare.show_sides(desk.sides, desk.verdict)
        self.schedule.show_standing(desk.standing)
        self.series.show_series(desk.series, desk.clock())

    def _show_recorder(self) -> None:
        self.schedule.show_recorder(self._recorder.state)
        self.series.show_recorder(self._recorder.state)

    def _answered(self, name: str, _answer: object) -> None:
        if name == SCHEDULE:
            self.schedule.say_kept()

    def _refused(self, name: str, sentence: str) -> None:
        if name == SCHEDULE:
            self.schedule.say_problem(sentence)
        elif name == STOP:
            self.series.say_problem(sentence)

    # --- asking ---

    def _measure(self, metered: bool) -> None:
        standing = self._desk.standing
        if standing is not None and standing.agreed:
            self._desk.measure(*(("--metered",) if metered else ()))
        else:
            self._consent(measure=True)

    def _consent(self, measure: bool) -> None:
        dialog = ConsentDialog(self._desk, measure, self.window())
        if measure:
            dialog.chosen.connect(self._desk.measure)
        self._open(dialog)

    def _start_series(self) -> None:
        self.series.say_problem("")
        standing = self._desk.standing
        if standing is None or not standing.agreed:
            self._consent(measure=False)
            return
        dialog = SeriesDialog(self._desk, self.window())
        dialog.complete.connect(self.complete)
        self._open(dialog)

    def _end_series(self) -> None:
        self.series.say_problem("")
        question = EndQuestion(self)
        question.finished.connect(
            lambda _result: (
                self._desk.stop_series() if question.clickedButton() is question.end_button else None
            )
        )
        self._open(question)

    def _show_series(self) -> None:
        if self._desk.series is not None:
            self._open(series_table(self._desk.series, self.window()))

    def _show_all(self) -> None:
        self._open(measurements_table(self._desk.results, self._desk.held, self.window()))

    def _open(self, dialog: QDialog) -> None:
        dialog.open()
        self.opened.emit(dialog)

    # --- the page's own ---

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._desk.load()
        self._desk.watch(True)

    def hideEvent(self, event) -> None:
        super().hideEvent(event)
        self._desk.watch(False)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        wide = self.viewport().width() >= VERY_NARROW
        self.result.place(4 if wide else 2)
        for card in (self.measure, self.list, self.schedule):
            card.place(wide)


class AnswerCard(Card):
    """The page's one sentence."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(_("Do I get what I pay for?"))
        row = QHBoxLayout()
        row.setSpacing(16)
        self.gauge = Gauge(theme)
        row.addWidget(self.gauge, 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(4)
        self.answer = label(size=22, bold=True)
        self.explanation = label(tone="soft")
        words.addWidget(self.answer)
        words.addWidget(self.explanation)
        row.addLayout(words, 1)
        self.fill_in = button(_("&Fill in the promised speeds"))
        self.fill_in.hide()
        row.addWidget(self.fill_in, 0, Qt.AlignmentFlag.AlignVCenter)
        self.column.addLayout(row)
        self.problem = problem_line()
        self.column.addWidget(self.problem)
        self.column.setContentsMargins(18, 18, 18, 18)

    def show_answer(self, said: SpeedAnswer | None, problem: str) -> None:
        """None: nothing was read yet."""
        said = said or SpeedAnswer(_("Reading what was measured…"), "")
        self.gauge.show_ratio(said.ratio)
        self.answer.setText(said.answer)
        say(self.explanation, said.explanation)
        self.fill_in.setVisible(said.wants_promise)
        say(self.problem, problem)
        self.setAccessibleDescription(
            " ".join(one for one in (said.answer, said.explanation, problem) if one)
        )
