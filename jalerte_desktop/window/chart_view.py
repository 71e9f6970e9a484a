"""The day's chart as a widget: hover, keyboard cursor, marking a time, an accessible description, and its legend."""

from __future__ import annotations

import html
import textwrap

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from diagnostics.model import MINUTE, Span
from jalerte_desktop.window.chart_data import Chart
from jalerte_desktop.window.chart_marking import (
    DRAG_PIXELS,
    chart_menu,
    done_with,
    marked_span,
    marked_words,
)
from jalerte_desktop.window.chart_paint import Frame, paint_band, paint_chart
from jalerte_desktop.window.marks import Mark, mark_name
from jalerte_desktop.window.theme import Theme, font
from jalerte_desktop.words.figures import clock_time, local, number
from jalerte_desktop.words.language import _, ngettext
from jalerte_desktop.words.names import gap_name

TIP_LETTERS = 90
"""A line of a tool tip is no longer."""


def describe(chart: Chart, at_ns: int) -> str:
    """One moment of the day in words: time, state, delay, losses."""
    parts = [clock_time(local(at_ns), seconds=False)]
    band = chart.band_at(at_ns)
    column = chart.column_at(at_ns)
    if at_ns > chart.now_ns:
        parts.append(_("still to come"))
    elif band is not None and band.mark is not Mark.EXCLUDED:
        parts.append(
            mark_name(band.mark) + (f" ({gap_name(band.reason)})" if band.reason is not None else "")
        )
    elif band is None:
        parts.append(_("no measurement") if column is None else mark_name(Mark.FINE))
    if (out := chart.taken_out_at(at_ns)) is not None:
        parts.append(_("taken out of the count: {reason}").format(reason=out.reason))
    if column is not None and (band is None or band.mark is not Mark.UNOBSERVED):
        if column.median is not None and column.low is not None and column.high is not None:
            parts.append(
                _("median delay {median} ms ({low} to {high} ms)").format(
                    median=milliseconds(column.median),
                    low=milliseconds(column.low),
                    high=milliseconds(column.high),
                )
            )
        if column.lost:
            parts.append(
                ngettext("{lost} of {n} try lost", "{lost} of {n} tries lost", column.count).format(
                    lost=column.lost, n=column.count
                )
            )
    return " · ".join(parts)


def milliseconds(value: float) -> str:
    return number(value, 1 if value < 10 else 0)


def tip(words: str) -> str:
    """The same for a tool tip: lines that fit a screen, and never markup, whatever a reason holds."""
    wrapped = "\n".join(textwrap.fill(line, TIP_LETTERS) for line in words.splitlines())
    return f"<qt>{html.escape(wrapped)}</qt>".replace("\n", "<br>") if "<" in wrapped else wrapped


class ChartView(QWidget):
    """Left and right move the cursor by a minute, with Shift or Page Up and Down by ten; Home, End, Escape.

    A time is marked by dragging, or from Space to Space; a click with Shift moves its end. ``marked`` tells of each
    change, with None where there is no mark any more; ``exclude`` asks for a time to be taken out of the count.
    """

    marked = Signal(object)
    exclude = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.chart: Chart | None = None
        self.cursor_ns: int | None = None
        self.mark: Span | None = None
        self._begun_ns: int | None = None
        """Where the mark began that follows the keyboard's cursor."""
        self._pressed: QPoint | None = None
        self._dragging = False
        theme.changed.connect(self.update)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(
            _("Chart of the day. The arrow keys move through it; Space begins and ends a mark.")
        )

    def sizeHint(self) -> QSize:
        return QSize(640, 168)

    def show_chart(self, chart: Chart | None) -> None:
        before, self.chart = self.chart, chart
        if self.mark is not None and done_with(self.mark, before, chart):
            self.put_mark(None)
        self.update()

    def put_mark(self, mark: Span | None) -> None:
        """Mark this time; None: no time."""
        if mark is None:
            self._begun_ns = None
        if mark != self.mark:
            self.mark = mark
            self.marked.emit(mark)
            self._describe(self.cursor_ns)
            self.update()

    def begin_mark(self, at_ns: int) -> None:
        """Begin a mark there; it follows the cursor until Space is pressed again, or to the next click."""
        if self.chart is None or marked_span(self.chart, at_ns, at_ns) is None:
            return
        self._begun_ns = at_ns // MINUTE * MINUTE
        self._move(at_ns)

    def frame(self) -> Frame | None:
        return None if self.chart is None else Frame.within(self.rect(), self.chart)

    def paintEvent(self, _event) -> None:
        painter = QPainter(self)
        frame = self.frame()
        if frame is not None:
            paint_chart(painter, frame, self._theme.scheme, self.cursor_ns, self.mark)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.scheme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
        painter.end()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._tell(event.pos(), event.globalPos())
            return True
        return super().event(event)

    def _tell(self, position: QPoint, on_screen: QPoint) -> None:
        frame = self.frame()
        if frame is None or not frame.plot.contains(position):
            QToolTip.hideText()
            return
        area = QRect(position.x() - 1, frame.plot.top(), 3, frame.plot.height())
        words = describe(frame.chart, frame.time(position.x()))
        if self.mark is None:
            words += "\n" + _("Drag across the chart to mark a time.")
        QToolTip.showText(on_screen, tip(words), self, area)

    # --- marking with the mouse ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        frame, position = self.frame(), event.position().toPoint()
        if event.button() != Qt.MouseButton.LeftButton or frame is None:
            super().mousePressEvent(event)
            return
        at_ns = frame.time(position.x())
        from_ns = self._begun_ns if self._begun_ns is not None else self.cursor_ns
        if from_ns is not None and (
            self._begun_ns is not None or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            self.put_mark(marked_span(frame.chart, from_ns, at_ns))
            self._begun_ns = None
            return
        self._pressed = position
        self.put_mark(None)
        self._move(at_ns if at_ns < frame.chart.now_ns else None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        frame, position = self.frame(), event.position().toPoint()
        if self._pressed is None or frame is None:
            super().mouseMoveEvent(event)
            return
        self._dragging = self._dragging or abs(position.x() - self._pressed.x()) >= DRAG_PIXELS
        if not self._dragging:
            return
        self.cursor_ns = None
        self.put_mark(marked_span(frame.chart, frame.time(self._pressed.x()), frame.time(position.x())))
        words = "" if self.mark is None else marked_words(self.mark)
        QToolTip.showText(event.globalPosition().toPoint(), words, self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragging = None, False

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        frame, chart = self.frame(), self.chart
        if frame is None or chart is None:
            return
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            at_ns, on_screen = frame.time(event.pos().x()), event.globalPos()
        else:
            at_ns = self.mark.start_ns if self.mark is not None else self.cursor_ns or chart.now_ns - 1
            on_screen = self.mapToGlobal(QPoint(round(frame.x(at_ns)), frame.plot.center().y()))
        if self.mark is None and marked_span(chart, at_ns, at_ns) is None:
            return
        QToolTip.hideText()
        menu = chart_menu(
            self,
            chart,
            at_ns,
            self.mark,
            self.exclude.emit,
            self.begin_mark,
            lambda: self.put_mark(None),
        )
        menu.popup(on_screen)

    # --- by keyboard ---

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.chart is not None and event.key() == Qt.Key.Key_Space:
            self._space()
            return
        if self.mark is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.exclude.emit(self.mark)
            return
        step = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        moves = {
            Qt.Key.Key_Left: -step,
            Qt.Key.Key_Right: step,
            Qt.Key.Key_PageUp: -10,
            Qt.Key.Key_PageDown: 10,
        }
        key = Qt.Key(event.key())
        if self.chart is None or key not in (*moves, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Escape):
            super().keyPressEvent(event)
            return
        if key == Qt.Key.Key_Escape:
            if self.mark is not None:
                self.put_mark(None)
                return
            if self.cursor_ns is None:
                super().keyPressEvent(event)
                return
            self._move(None)
        elif key == Qt.Key.Key_Home:
            self._move(self.chart.day.start_ns)
        elif key == Qt.Key.Key_End:
            self._move(self.chart.now_ns)
        else:
            start = self.chart.now_ns if self.cursor_ns is None else self.cursor_ns
            self._move(start + moves[key] * MINUTE)

    def _space(self) -> None:
        assert self.chart is not None
        if self._begun_ns is not None:
            self._begun_ns = None
            return
        self.begin_mark(self.chart.now_ns - 1 if self.cursor_ns is None else self.cursor_ns)

    def _move(self, at_ns: int | None) -> None:
        """Put the cursor there, and tell whoever sees or hears."""
        chart = self.chart
        assert chart is not None
        if at_ns is not None:
            latest = min(chart.now_ns, chart.day.end_ns) - 1
            at_ns = max(chart.day.start_ns, min(at_ns, latest) // MINUTE * MINUTE)
        self.cursor_ns = at_ns
        if at_ns is not None and self._begun_ns is not None:
            self.put_mark(marked_span(chart, self._begun_ns, at_ns))
        words = self._describe(at_ns)
        frame = self.frame()
        if at_ns is None or frame is None:
            QToolTip.hideText()
        else:
            point = QPoint(round(frame.x(at_ns)), frame.plot.top())
            QToolTip.showText(self.mapToGlobal(point), tip(words), self)
        self.update()

    def _describe(self, at_ns: int | None) -> str:
        """Tell a screen reader of that moment and of the mark; returns the words."""
        parts = [describe(self.chart, at_ns)] if self.chart is not None and at_ns is not None else []
        if self.mark is not None:
            parts.append(marked_words(self.mark))
        words = "\n".join(parts)
        self.setAccessibleDescription(words)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        return words

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        QToolTip.hideText()
        self.update()

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        self.update()


class Legend(QWidget):
    """The patterns that occur that day, and no others."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._entries: list[tuple[Mark, str]] = []
        theme.changed.connect(self.update)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_chart(self, chart: Chart | None) -> None:
        self._entries = [] if chart is None else legend(chart)
        self.setAccessibleName(", ".join(words for _mark, words in self._entries))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self._height_for(max(self.width(), 200)))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self._height_for(max(self.width(), 200)))

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def _places(self, width: int) -> list[tuple[int, int, Mark, str]]:
        metrics = self._metrics()
        x = y = 0
        places = []
        for mark, words in self._entries:
            wide = 22 + metrics.horizontalAdvance(words)
            if x and x + wide > width:
                x, y = 0, y + 20
            places.append((x, y, mark, words))
            x += wide + 16
        return places

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(font(12.5))

    def _height_for(self, width: int) -> int:
        places = self._places(width)
        return 20 + (places[-1][1] if places else 0)

    def paintEvent(self, _event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(12.5))
        scheme = self._theme.scheme
        for x, y, mark, words in self._places(self.width()):
            if mark is Mark.FINE:
                painter.setPen(QPen(QColor(scheme.accent), 2))
                painter.drawLine(x, y + 11, x + 18, y + 11)
            else:
                paint_band(painter, QRect(x, y + 4, 18, 12), mark, scheme)
            painter.setPen(QColor(scheme.soft))
            painter.drawText(QPoint(x + 22, y + 15), words)
        painter.end()


def legend(chart: Chart) -> list[tuple[Mark, str]]:
    """Which marks the legend explains, with their words; FINE stands for the median's line."""
    entries: list[tuple[Mark, str]] = []
    for mark in chart.marks:
        words = mark_name(mark)
        if mark is Mark.UNOBSERVED and len(chart.gap_reasons) == 1:
            words += f" ({gap_name(chart.gap_reasons[0])})"
        entries.append((mark, words))
    if chart.runs:
        entries.append((Mark.FINE, _("median delay, and its range")))
    return entries
