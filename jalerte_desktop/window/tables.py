"""The same facts as tables: the day minute by minute behind the chart, and the whole list of incidents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QTableView,
    QVBoxLayout,
)

from diagnostics.model import MINUTE, Span
from jalerte_desktop.findings.model import Findings
from jalerte_desktop.window.chart_data import Chart
from jalerte_desktop.window.chart_view import milliseconds
from jalerte_desktop.window.incidents_card import exclude_words, rows_of
from jalerte_desktop.window.marks import Mark, mark_name
from jalerte_desktop.window.parts import button, label
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.figures import clock_time, day, local
from jalerte_desktop.words.language import _
from jalerte_desktop.words.names import gap_name

Texts = tuple[str, ...]


class TextTable(QAbstractTableModel):
    """Rows of texts under named columns."""

    def __init__(self, names: Sequence[str], rows: Sequence[Texts]) -> None:
        super().__init__()
        self._names = tuple(names)
        self.rows = tuple(rows)

    def rowCount(self, parent: QModelIndex | Any = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | Any = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._names)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
            Qt.ItemDataRole.ToolTipRole,
        ):
            return self.rows[index.row()][index.column()]
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._names[section]
        return None


class TableDialog(QDialog):
    """A table in a window of its own; ``details`` gives the text below it for the chosen row."""

    def __init__(
        self, title: str, model: TextTable, details: Callable[[int], str] | None = None, parent: Any = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(820, 560)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        column.addWidget(label(title, 16, bold=True))
        self.model = model
        self.view = QTableView()
        self.view.setModel(model)
        self.view.setAccessibleName(title)
        self.view.setFont(font(12.5))
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(30)
        header = self.view.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setFont(font(12.5, bold=True))
        header.setHighlightSections(False)
        header.setResizeContentsPrecision(60)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        column.addWidget(self.view, 1)
        self.details: QPlainTextEdit | None = None
        if details is not None:
            text = self.details = QPlainTextEdit()
            text.setReadOnly(True)
            text.setTabChangesFocus(True)
            text.setAccessibleName(_("Details"))
            text.setFont(font(14))
            text.setMaximumHeight(150)
            column.addWidget(text)
            self.view.selectionModel().currentRowChanged.connect(
                lambda current, _previous: text.setPlainText(details(current.row()))
            )
        self.foot = row = QHBoxLayout()
        row.addStretch(1)
        self.close_button = button(_("&Close"))
        self.close_button.clicked.connect(self.accept)
        row.addWidget(self.close_button)
        column.addLayout(row)
        if model.rows:
            self.view.selectRow(0)
        self.view.setFocus()


def minute_rows(chart: Chart) -> list[Texts]:
    """Every minute of the day that was observed or not, up to now; a stretch without measurement is one row."""
    rows: list[Texts] = []
    at_ns, end_ns = chart.day.start_ns, min(chart.now_ns, chart.day.end_ns)
    while at_ns < end_ns:
        band = chart.band_at(at_ns)
        column = chart.column_at(at_ns)
        start = clock_time(local(at_ns), seconds=False)
        if column is None:
            # Up to the next minute that was measured, or the next state.
            later = [one.start_ns for one in chart.columns if one.start_ns > at_ns]
            later += [
                one.span.start_ns // MINUTE * MINUTE for one in chart.bands if one.span.start_ns > at_ns
            ]
            later = [moment for moment in later if moment > at_ns]
            if band is not None:
                later.append(max(at_ns + MINUTE, -(-band.span.end_ns // MINUTE) * MINUTE))
            until = min([*later, end_ns])
            state = _("no measurement") if band is None else mark_name(band.mark)
            if band is not None and band.reason is not None:
                state += f" ({gap_name(band.reason)})"
            until_text = clock_time(local(until), seconds=False)
            rows.append((f"{start}–{until_text}" if until - at_ns > MINUTE else start, state, "", "", "", ""))
            at_ns = until
            continue
        worst = _state_of_minute(chart, at_ns)
        rows.append(
            (
                start,
                worst,
                "" if column.median is None else milliseconds(column.median),
                "" if column.low is None else milliseconds(column.low),
                "" if column.high is None else milliseconds(column.high),
                f"{column.lost} / {column.count}",
            )
        )
        at_ns = column.start_ns + MINUTE
    return rows


def _state_of_minute(chart: Chart, start_ns: int) -> str:
    touching = [
        band.mark
        for band in chart.bands
        if band.span.start_ns < start_ns + MINUTE and band.span.end_ns > start_ns
    ]
    return ", ".join(dict.fromkeys(mark_name(mark) for mark in touching)) or mark_name(Mark.FINE)


def day_table(chart: Chart, parent: Any = None) -> TableDialog:
    names = (_("Time"), _("State"), _("Median (ms)"), _("Lowest (ms)"), _("Highest (ms)"), _("Lost / tried"))
    title = _("Measurements of {day}").format(day=day(local(chart.day.start_ns)))
    return TableDialog(title, TextTable(names, minute_rows(chart)), parent=parent)


def incident_table(
    findings: Findings, now_ns: int, exclude: Callable[[Span], None], parent: Any = None
) -> TableDialog:
    """``exclude`` is asked to take the chosen incident's time out of the count; the table closes then."""
    rows = rows_of(findings, now_ns)
    names = (_("Day"), _("Time"), _("Duration"), _("What"), _("Where"), _("Confidence"))
    today = _("today")
    texts = [
        (row.day or today, row.time, row.lasted, row.kind, row.badge, row.sure.rsplit(" ", 1)[-1])
        for row in rows
    ]

    def details(index: int) -> str:
        return (
            "\n".join(part for part in (rows[index].reasons, rows[index].reserve) if part)
            if index >= 0
            else ""
        )

    dialog = TableDialog(_("Incidents of the last 7 days"), TextTable(names, texts), details, parent)
    offer = button(exclude_words())
    offer.setEnabled(bool(rows))

    def chosen() -> None:
        index = dialog.view.currentIndex().row()
        if index >= 0:
            dialog.accept()
            exclude(rows[index].span)

    offer.clicked.connect(chosen)
    dialog.foot.insertWidget(0, offer)
    return dialog
