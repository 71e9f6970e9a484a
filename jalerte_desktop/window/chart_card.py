"""The card around the day's chart: heading, line, table button, legend."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from diagnostics.model import Span
from jalerte_desktop.window.chart_data import Chart
from jalerte_desktop.window.chart_marking import MarkRow
from jalerte_desktop.window.chart_view import ChartView, Legend
from jalerte_desktop.window.parts import Card, ElidedLabel, button
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.figures import day, local
from jalerte_desktop.words.language import _


class ChartCard(Card):
    """``show_table`` asks for the same as a table, ``exclude`` for a period to be taken out of the count."""

    show_table = Signal()
    exclude = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__(_("Today"))
        self.line = ElidedLabel(12.5, bold=True)
        self.table_button = button(_("see as a table"), "link", 12.5)
        self.table_button.clicked.connect(self.show_table)
        self.heading = self.head(_("Today"), self.line, self.table_button)
        self.view = ChartView(theme)
        self.legend = Legend(theme)
        self.marking = MarkRow()
        self.view.marked.connect(self._marked)
        self.view.exclude.connect(self.exclude)
        self.marking.exclude.connect(lambda: self.exclude.emit(self.view.mark))
        self.marking.drop.connect(lambda: self.view.put_mark(None))
        self.column.addWidget(self.view, 1)
        self.column.addWidget(self.marking)
        self.column.addWidget(self.legend)
        self.column.setContentsMargins(18, 14, 18, 12)

    def show_chart(self, chart: Chart | None, line: str) -> None:
        if chart is not None:
            self.heading.say(_("Today, {day}").format(day=day(local(chart.day.start_ns), year=False)))
        self.line.say(line)
        self.view.show_chart(chart)
        self.legend.show_chart(chart)
        self.table_button.setEnabled(chart is not None)

    def _marked(self, mark: Span | None) -> None:
        focused: QWidget | None = self.window().focusWidget()
        if mark is None and focused is not None and self.marking.isAncestorOf(focused):
            # The button that had the focus goes out of sight.
            self.view.setFocus()
        self.marking.show_mark(mark)
