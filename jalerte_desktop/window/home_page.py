"""The home page: is the line all right, and what now?"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from diagnostics.model import Span
from jalerte_desktop.window.chart_card import ChartCard
from jalerte_desktop.window.digest import figures_of, line_words, suggestion_of
from jalerte_desktop.window.home_cards import (
    Banner,
    FigureCard,
    FirstRunCard,
    LineQuestion,
    NextCard,
    StateCard,
)
from jalerte_desktop.window.incidents_card import IncidentsCard, merged_rows_of
from jalerte_desktop.window.parts import button
from jalerte_desktop.window.reader import Reading
from jalerte_desktop.window.recorder import State
from jalerte_desktop.window.sentences import Sentence
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _

SPACE = 14
NARROW = 760
"""Below this width the incidents and the suggestion stand one above the other."""
VERY_NARROW = 640
"""Below this one the four figures stand two by two; so they do where letters are too large for four."""


class HomePage(QScrollArea):
    """Shows what it is given; asks through its cards' signals."""

    start_recording = Signal()

    def __init__(self, theme: Theme, folder: str, contacts: Sequence[str]) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        inner.setObjectName("page")
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(24, 18, 24, 16)
        self.column.setSpacing(SPACE)

        self.notice = Banner(_("Recording has stopped by itself."))
        self.restart = button(_("&Restart"), "primary")
        self.notice.add(self.restart)
        self.state = StateCard(theme)
        self.question = LineQuestion()
        self.first_run = FirstRunCard(folder, contacts)
        self.figures = [FigureCard() for _number in range(4)]
        self.chart = ChartCard(theme)
        self.incidents = IncidentsCard()
        self.next = NextCard()

        self._grid = QGridLayout()
        self._grid.setSpacing(SPACE)
        self._placed = 0
        self._place_figures(4)
        self._lower = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._lower.setSpacing(SPACE)
        self._lower.addWidget(self.incidents, 646)
        self._lower.addWidget(self.next, 396)
        self.record = QWidget()
        self.record.setObjectName("clear")
        record = QVBoxLayout(self.record)
        record.setContentsMargins(0, 0, 0, 0)
        record.setSpacing(SPACE)
        record.addLayout(self._grid)
        record.addWidget(self.chart, 1)
        record.addLayout(self._lower, 1)
        for widget in (self.notice, self.state, self.question, self.first_run):
            self.column.addWidget(widget)
        self.column.addWidget(self.record, 1)
        self.column.addStretch(0)
        self.setWidget(inner)

        for absent in (self.notice, self.question, self.first_run, self.record):
            absent.hide()
        self.chart.view.marked.connect(self._marked)
        self.state.start.connect(self.start_recording)
        self.first_run.start.connect(self.start_recording)
        self.restart.clicked.connect(self.start_recording)

    def show_reading(self, reading: Reading, sentence: Sentence, recorder: State, message: str) -> None:
        """Bring every card up to date."""
        findings = reading.findings
        never_recorded = findings is None and reading.problem is None
        first_run = never_recorded and recorder in (State.OFF, State.DIED)
        self.notice.setVisible(recorder is State.DIED)
        self.notice.say(message)
        self.state.setVisible(not first_run)
        self.state.say(sentence, offer_start=recorder is State.OFF and findings is not None)
        self.first_run.setVisible(first_run)
        self.record.setVisible(findings is not None)
        if findings is None:
            self.question.hide()
            return
        for card, figure in zip(self.figures, figures_of(findings, reading.at_ns), strict=True):
            card.say(figure)
        self._place_figures(self._columns())
        self.question.setVisible(findings.line.home is None and bool(findings.line.id))
        self.question.ask(findings.line.interface, findings.line.gateway)
        self.chart.show_chart(reading.chart, line_words(findings))
        self.incidents.show_rows(merged_rows_of(findings, reading.at_ns))
        recording = recorder in (State.ON, State.STARTING, State.UNKNOWN, State.DEMO)
        self.next.say(suggestion_of(findings, recording))

    def _marked(self, mark: Span | None) -> None:
        if mark is not None:
            # What can be done with it stands below the chart; where is known only after the layout.
            QTimer.singleShot(0, self, lambda: self.ensureWidgetVisible(self.chart.marking, 0, 8))

    def _columns(self) -> int:
        margins = self.column.contentsMargins()
        widest = max(card.least_width for card in self.figures)
        wanted = 4 * widest + 3 * SPACE + margins.left() + margins.right()
        return 4 if self.viewport().width() >= max(VERY_NARROW, wanted) else 2

    def _place_figures(self, columns: int) -> None:
        if columns == self._placed:
            return
        self._placed = columns
        for index, card in enumerate(self.figures):
            self._grid.addWidget(card, index // columns, index % columns)
        for column in range(4):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._place_figures(self._columns())
        across = self.viewport().width() >= NARROW
        direction = QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom
        if self._lower.direction() != direction:
            self._lower.setDirection(direction)

    def minimumSizeHint(self) -> QSize:
        return QSize(380, 280)
