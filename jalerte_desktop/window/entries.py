"""What a person types or chooses in, all with one face: ``read``, ``put``, and the signals ``left`` and ``touched``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QDate, QLocale, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPen, QPolygonF, QTextCharFormat
from PySide6.QtWidgets import (
    QCalendarWidget,
    QComboBox,
    QCompleter,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from jalerte_desktop.window.parts import button, label
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.language import _, current


class TextBox(QLineEdit):
    """One line of text."""

    left = Signal()
    touched = Signal()

    def __init__(self, longest: str = "") -> None:
        """``longest``: what the box need only be wide enough for."""
        super().__init__()
        self.setFont(font(14))
        if longest:
            self.setFixedWidth(self.fontMetrics().horizontalAdvance(longest) + 36)
        self.editingFinished.connect(self.left)
        self.textEdited.connect(self.touched)

    def read(self) -> str:
        return self.text()

    def put(self, text: str) -> None:
        self.setText(text)
        self.setCursorPosition(0)


class LinesBox(QPlainTextEdit):
    """A few lines of text; Tab leaves it."""

    left = Signal()
    touched = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFont(font(14))
        self.setTabChangesFocus(True)
        self.setFixedHeight(3 * self.fontMetrics().lineSpacing() + 24)
        self._putting = False
        self.textChanged.connect(self._changed)

    def read(self) -> str:
        return self.toPlainText()

    def put(self, text: str) -> None:
        self._putting = True
        self.setPlainText(text)
        self._putting = False

    def _changed(self) -> None:
        if not self._putting:
            self.touched.emit()

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class ChoiceBox(QComboBox):
    """One of several; each has a value and words."""

    left = Signal()
    touched = Signal()

    def __init__(self, choices: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__()
        self.setFont(font(14))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setMaxVisibleItems(16)
        for value, words in choices:
            self.addItem(words, value)
        self.activated.connect(lambda _index: self._chosen())

    def _chosen(self) -> None:
        self.touched.emit()
        self.left.emit()

    def read(self) -> str:
        return str(self.currentData() or "")

    def put(self, text: str) -> None:
        self.setCurrentIndex(max(self.findData(text), 0))

    def wheelEvent(self, event) -> None:
        # The wheel scrolls the page; it must not change an answer on its way.
        event.ignore()

    def paintEvent(self, event) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.palette().color(QPalette.ColorRole.PlaceholderText)), 1.6))
        x, y = self.width() - 16.0, self.height() / 2
        painter.drawPolyline(QPolygonF([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)]))
        painter.end()


class OperatorBox(ChoiceBox):
    """One of the operators, or any other name."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        line = self.lineEdit()
        assert line is not None
        line.setFont(font(14))
        line.setPlaceholderText(_("choose, or write its name"))
        line.textEdited.connect(lambda _text: self.touched.emit())
        line.editingFinished.connect(self.left)
        completer = QCompleter(self.model(), self)
        # In the line itself a completion would turn "SF" into "SFR", whatever the person meant.
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setCompleter(completer)
        self.offer(names)

    def offer(self, names: Sequence[str]) -> None:
        """Put other names into the list; what is written stays."""
        if names == [self.itemText(index) for index in range(self.count())]:
            return
        text = self.currentText()
        self.clear()
        self.addItems(list(names))
        self.put(text)

    def read(self) -> str:
        return self.currentText()

    def put(self, text: str) -> None:
        self.setCurrentIndex(self.findText(text, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchCaseSensitive))
        self.setEditText(text)


class DateBox(QWidget):
    """A day, written or taken from a calendar."""

    left = Signal()
    touched = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.line = TextBox("31/12/2024")
        self.line.left.connect(self.left)
        self.line.touched.connect(self.touched)
        self.calendar_button = button(_("Calendar"), "link", 12.5)
        self.calendar_button.setAccessibleName(_("Calendar: {field}").format(field=name))
        self.calendar_button.clicked.connect(self._open)
        row.addWidget(self.line)
        row.addWidget(self.calendar_button)
        row.addStretch(1)
        self.setFocusProxy(self.line)
        self.popup: QFrame | None = None
        self.calendar: QCalendarWidget | None = None

    def read(self) -> str:
        return self.line.read()

    def put(self, text: str) -> None:
        self.line.put(text)

    def _open(self) -> None:
        popup = self.popup = QFrame(self, Qt.WindowType.Popup)
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popup.setObjectName("card")
        column = QVBoxLayout(popup)
        column.setContentsMargins(8, 8, 8, 8)
        calendar = self.calendar = QCalendarWidget()
        calendar.setLocale(QLocale(current()))
        calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        calendar.setMaximumDate(QDate.currentDate())
        calendar.setMinimumSize(340, 260)
        for weekend in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            calendar.setWeekdayTextFormat(weekend, QTextCharFormat())
        for name, words in (
            ("qt_calendar_prevmonth", _("Month before")),
            ("qt_calendar_nextmonth", _("Next month")),
        ):
            arrow = calendar.findChild(QToolButton, name)
            assert arrow is not None
            arrow.setIcon(QIcon())
            arrow.setText("‹" if name.endswith("prevmonth") else "›")
            arrow.setAccessibleName(words)
        day = QDate.fromString(self.read(), "dd/MM/yyyy" if "/" in self.read() else "yyyy-MM-dd")
        if day.isValid():
            calendar.setSelectedDate(day)
        calendar.clicked.connect(self._take)
        calendar.activated.connect(self._take)
        column.addWidget(calendar)
        popup.move(self.line.mapToGlobal(self.line.rect().bottomLeft()))
        popup.show()
        calendar.setFocus()

    def _take(self, day: QDate) -> None:
        popup, self.popup = self.popup, None
        if popup is None:
            return
        popup.close()
        self.put(day.toString("dd/MM/yyyy" if current() == "fr" else "yyyy-MM-dd"))
        self.touched.emit()
        self.left.emit()


class UnitBox(QWidget):
    """A figure with its unit behind it."""

    left = Signal()
    touched = Signal()

    def __init__(self, unit: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.line = TextBox("10000.00")
        self.line.left.connect(self.left)
        self.line.touched.connect(self.touched)
        row.addWidget(self.line)
        row.addWidget(label(unit, 14, tone="soft", wrap=False))
        row.addStretch(1)
        self.setFocusProxy(self.line)

    def read(self) -> str:
        return self.line.read()

    def put(self, text: str) -> None:
        self.line.put(text)
