"""Draws the day's chart with QPainter: scale, ribbon, median, bands with their patterns, the mark for now."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF, QRegion

from diagnostics.model import Span
from jalerte_desktop.window.chart_data import Chart, Column, Strip, strips_of
from jalerte_desktop.window.marks import Mark, colour_of
from jalerte_desktop.window.theme import Scheme, font
from jalerte_desktop.words.figures import number
from jalerte_desktop.words.language import _

LEFT, RIGHT, TOP, BOTTOM = 34, 8, 24, 20


@dataclass(frozen=True, slots=True)
class Frame:
    """Where in the widget the plot lies, and how time and delay become pixels."""

    plot: QRect
    chart: Chart

    @classmethod
    def within(cls, area: QRect, chart: Chart) -> Frame:
        return cls(area.adjusted(LEFT, TOP, -RIGHT, -BOTTOM), chart)

    def x(self, at_ns: int) -> float:
        day = self.chart.day
        return self.plot.left() + (at_ns - day.start_ns) / (day.end_ns - day.start_ns) * self.plot.width()

    def y(self, ms: float) -> float:
        share = min(ms / self.chart.ceiling_ms, 1.0)
        return self.plot.top() + (1 - share) * self.plot.height()

    def time(self, x: float) -> int:
        day = self.chart.day
        share = (x - self.plot.left()) / max(1, self.plot.width())
        return day.start_ns + round(min(max(share, 0.0), 1.0) * (day.end_ns - day.start_ns))

    def strips(self) -> list[Strip]:
        return strips_of(self.chart.bands, self.x, self.plot.left(), self.plot.left() + self.plot.width())


def paint_chart(
    painter: QPainter, frame: Frame, scheme: Scheme, cursor_ns: int | None = None, marked: Span | None = None
) -> None:
    """The whole chart, without its legend."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    strips = frame.strips()
    _paint_scale(painter, frame, scheme)
    _paint_series(painter, frame, scheme, strips)
    for strip in strips:
        area = QRect(strip.left, frame.plot.top(), strip.right - strip.left, frame.plot.height())
        paint_band(painter, area, strip.mark, scheme)
    _paint_signs(painter, frame, scheme, strips)
    _paint_now(painter, frame, scheme)
    if marked is not None:
        _paint_marked(painter, frame, scheme, marked)
    if cursor_ns is not None:
        painter.setPen(QPen(QColor(scheme.text), 1))
        x = round(frame.x(cursor_ns)) + 0.5
        painter.drawLine(QLineF(x, frame.plot.top(), x, frame.plot.bottom() + 1))


def _paint_marked(painter: QPainter, frame: Frame, scheme: Scheme, marked: Span) -> None:
    """What the person marked: a wash between two lines with feet, so that it is seen without colour too."""
    left, right = round(frame.x(marked.start_ns)), round(frame.x(marked.end_ns))
    right = max(right, left + 2)
    wash = QColor(scheme.accent)
    wash.setAlphaF(0.18)
    top, bottom = frame.plot.top(), frame.plot.bottom() + 1
    painter.fillRect(QRect(left, top, right - left, bottom - top), wash)
    painter.setPen(QPen(QColor(scheme.accent), 2))
    for x, foot in ((left, 5), (right, -5)):
        painter.drawLine(QLineF(x, top - 2, x, bottom + 2))
        for y in (top - 2, bottom + 2):
            painter.drawLine(QLineF(x, y, x + foot, y))


def _paint_scale(painter: QPainter, frame: Frame, scheme: Scheme) -> None:
    plot = frame.plot
    painter.setFont(font(12.5))
    small = painter.font()
    small.setPointSizeF(small.pointSizeF() * 0.84)
    painter.setFont(small)
    metrics = QFontMetricsF(small)
    for step in range(5):
        ms = frame.chart.ceiling_ms * step / 4
        y = round(frame.y(ms)) + 0.5
        painter.setPen(QPen(QColor(scheme.line), 1))
        painter.drawLine(QLineF(plot.left(), y, plot.left() + plot.width(), y))
        painter.setPen(QColor(scheme.soft))
        text = number(ms, 0 if ms == int(ms) else 1)
        painter.drawText(
            QPointF(plot.left() - 6 - metrics.horizontalAdvance(text), y + metrics.ascent() / 2 - 1), text
        )
    unit = _("ms")
    painter.drawText(QPointF(plot.left() - 6 - metrics.horizontalAdvance(unit), plot.top() - 10), unit)
    last_right = -1.0
    for tick in frame.chart.ticks:
        text = _("{hour}:00").format(hour=tick.hour)
        wide = metrics.horizontalAdvance(text)
        left = min(max(frame.x(tick.at_ns) - wide / 2, 0.0), plot.left() + plot.width() + RIGHT - wide)
        if left > last_right + 6:
            painter.drawText(QPointF(left, plot.bottom() + 6 + metrics.ascent()), text)
            last_right = left + wide


def _paint_series(painter: QPainter, frame: Frame, scheme: Scheme, strips: list[Strip]) -> None:
    """Ribbon and median, kept out of every stretch that was not observed."""
    plot = frame.plot
    allowed = QRegion(plot.adjusted(0, -1, 0, 2))
    for strip in strips:
        if strip.mark is Mark.UNOBSERVED:
            allowed -= QRegion(strip.left, plot.top() - 2, strip.right - strip.left, plot.height() + 6)
    painter.save()
    painter.setClipRegion(allowed)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(scheme.ribbon))
    for run in frame.chart.runs:
        painter.drawPolygon(_ribbon(run, frame))
    pen = QPen(QColor(scheme.accent), 1.6)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for run in frame.chart.runs:
        painter.drawPath(_median(run, frame))
    painter.restore()


def _ribbon(run: tuple[Column, ...], frame: Frame) -> QPolygonF:
    upper = [QPointF(frame.x(column.middle_ns), frame.y(column.high or 0)) for column in run]
    lower = [QPointF(frame.x(column.middle_ns), frame.y(column.low or 0)) for column in reversed(run)]
    return QPolygonF(upper + lower)


def _median(run: tuple[Column, ...], frame: Frame) -> QPainterPath:
    points = [QPointF(frame.x(column.middle_ns), frame.y(column.median or 0)) for column in run]
    path = QPainterPath(points[0])
    if len(points) == 1:
        path.lineTo(points[0] + QPointF(1, 0))
    for point in points[1:]:
        path.lineTo(point)
    return path


def paint_band(painter: QPainter, area: QRect, mark: Mark, scheme: Scheme) -> None:
    """One state's pattern with a thin edge. The legend uses it too."""
    colour = QColor(colour_of(mark, scheme))
    painter.save()
    painter.setClipRect(area)
    wash = QColor(colour)
    wash.setAlphaF(0.10 if mark is not Mark.UNOBSERVED else 0.0)
    painter.fillRect(area, wash)
    pen = QPen(colour, 1)
    painter.setPen(pen)
    left, top, right, bottom = area.left(), area.top(), area.left() + area.width(), area.top() + area.height()
    if mark is Mark.OUTAGE:
        painter.setPen(QPen(colour, 1.6))
        painter.drawLines(
            [QLineF(left, y, right, y - area.width()) for y in range(top, bottom + area.width() + 6, 6)]
        )
    elif mark is Mark.LOSS:
        _paint_dots(painter, area, colour)
    elif mark is Mark.LATENCY:
        _paint_waves(painter, area)
    elif mark is Mark.OTHER:
        painter.drawLines([QLineF(x + 0.5, top, x + 0.5, bottom) for x in range(left + 3, right, 4)])
    elif mark is Mark.EXCLUDED:
        _paint_struck(painter, area, colour)
    else:
        lines = QColor(colour)
        lines.setAlphaF(0.75)
        painter.setPen(QPen(lines, 1))
        painter.drawLines([QLineF(left, y + 0.5, right, y + 0.5) for y in range(top + 3, bottom - 1, 4)])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if area.width() > 2:
        painter.drawRect(QRectF(left + 0.5, top + 0.5, area.width() - 1, area.height() - 1))
    else:
        painter.fillRect(area, colour)
    painter.restore()


def _paint_struck(painter: QPainter, area: QRect, colour: QColor) -> None:
    """Thin lines falling to the right, far apart: what was measured below them stays to be seen."""
    lines = QColor(colour)
    lines.setAlphaF(0.7)
    painter.setPen(QPen(lines, 1))
    left, right = area.left(), area.left() + area.width()
    bottom = area.top() + area.height()
    painter.drawLines(
        [QLineF(left, y, right, y + area.width()) for y in range(area.top() - area.width(), bottom, 8)]
    )


def _paint_dots(painter: QPainter, area: QRect, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for row, y in enumerate(range(area.top() + 3, area.bottom() + 4, 5)):
        for x in range(area.left() + 3 + (row % 2) * 3, area.right() + 4, 6):
            painter.drawEllipse(QPointF(x, y), 1.1, 1.1)


def _paint_waves(painter: QPainter, area: QRect) -> None:
    """Rows of chevrons: the shape of a delay that goes up and down."""
    for y in range(area.top() + 4, area.bottom() + 8, 8):
        path = QPainterPath(QPointF(area.left(), y))
        for step, x in enumerate(range(area.left() + 4, area.right() + 8, 4)):
            path.lineTo(QPointF(x, y - 4 if step % 2 == 0 else y))
        painter.drawPath(path)


def _paint_signs(painter: QPainter, frame: Frame, scheme: Scheme, strips: list[Strip]) -> None:
    """A cross above each outage, so that a narrow one is found too; one for several that stand close."""
    painter.setPen(QPen(QColor(scheme.outage), 2))
    last = -100.0
    for strip in strips:
        x, y = (strip.left + strip.right) / 2, frame.plot.top() - 9
        if strip.mark is Mark.OUTAGE and x - last >= 12:
            painter.drawLine(QLineF(x - 3, y - 3, x + 3, y + 3))
            painter.drawLine(QLineF(x - 3, y + 3, x + 3, y - 3))
            last = x


def _paint_now(painter: QPainter, frame: Frame, scheme: Scheme) -> None:
    chart, plot = frame.chart, frame.plot
    if not chart.day.start_ns <= chart.now_ns < chart.day.end_ns:
        return
    x = round(frame.x(chart.now_ns)) + 0.5
    pen = QPen(QColor(scheme.text), 1)
    pen.setDashPattern([4, 2])
    painter.setPen(pen)
    painter.drawLine(QLineF(x, plot.top() - 4, x, plot.bottom() + 1))
    small = font(12.5)
    small.setPointSizeF(small.pointSizeF() * 0.88)
    painter.setFont(small)
    text = _("now")
    wide = QFontMetricsF(small).horizontalAdvance(text)
    fits = x + 5 + wide < plot.left() + plot.width()
    painter.drawText(QPointF(x + 5 if fits else x - 5 - wide, plot.top() + 8), text)
