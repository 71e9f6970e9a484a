"""What the speed page draws by hand: the gauge beside the answer, the live curve, slim bars."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QProgressBar, QWidget

from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.language import _

Points = Sequence[tuple[float, int]]
GAP = 28
"""Between the two directions, in the figures and in the curve below them."""


class Gauge(QWidget):
    """An arc that is filled as far as the promise was kept; empty where nothing is compared. It judges nothing."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._ratio: float | None = None
        self.setFixedSize(46, 46)
        theme.changed.connect(self.update)

    def show_ratio(self, ratio: float | None) -> None:
        self._ratio = ratio
        self.update()

    def paintEvent(self, _event) -> None:
        scheme = self._theme.scheme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        arc = QRectF(6, 8, 34, 34)
        pen = QPen(QColor(scheme.line), 5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        # Sixteenths of a degree; from lower left over the top to lower right.
        painter.drawArc(arc, 210 * 16, -240 * 16)
        if self._ratio is not None:
            pen.setColor(QColor(scheme.accent))
            painter.setPen(pen)
            painter.drawArc(arc, 210 * 16, round(-240 * 16 * min(max(self._ratio, 0.02), 1.0)))
        else:
            pen.setColor(QColor(scheme.soft))
            pen.setWidth(3)
            painter.setPen(pen)
            painter.drawLine(arc.center(), arc.center() + QPointF(-9, 4))
        painter.end()


class LiveCurve(QWidget):
    """Both directions while they are measured: incoming a line with its ground filled, outgoing a broken line."""

    HEIGHT = 56

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._down: Points = ()
        self._up: Points = ()
        self._seconds = 10.0
        self.setFixedHeight(self.HEIGHT)
        self.setAccessibleName(_("Rate during the measurement"))
        theme.changed.connect(self.update)

    def show_curves(self, down: Points, up: Points, seconds: float) -> None:
        """``seconds``: how long one direction takes at most, half of the width."""
        self._down, self._up, self._seconds = tuple(down), tuple(up), max(seconds, 1.0)
        self.update()

    def paintEvent(self, _event) -> None:
        scheme = self._theme.scheme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot = QRectF(0.5, 2.5, self.width() - 1.0, self.height() - 4.0)
        painter.setPen(QPen(QColor(scheme.line), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        half = (plot.width() - GAP) / 2
        for points, left, filled in (
            (self._down, plot.left(), True),
            (self._up, plot.left() + half + GAP, False),
        ):
            self._draw(painter, points, QRectF(left, plot.top(), half, plot.height()), filled)
        painter.end()

    def _draw(self, painter: QPainter, points: Points, box: QRectF, filled: bool) -> None:
        top = max((bps for _at, bps in points), default=0)
        if not top:
            return
        line = QPolygonF(
            [
                QPointF(
                    box.left() + min(at / self._seconds, 1.0) * box.width(),
                    box.bottom() - bps / (top * 1.08) * box.height(),
                )
                for at, bps in points
            ]
        )
        if filled:
            ground = QPolygonF(line)
            ground.append(QPointF(line.last().x(), box.bottom()))
            ground.append(QPointF(line.first().x(), box.bottom()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.scheme.ribbon))
            painter.drawPolygon(ground)
        pen = QPen(QColor(self._theme.scheme.accent), 2)
        if not filled:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)


class SlimBar(QProgressBar):
    """How far something is, in thousandths; the words stand beside it."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.setRange(0, 1000)
        self.setTextVisible(False)
        self.setFixedHeight(8)
        theme.changed.connect(self._dress)
        self._dress()

    def show_share(self, share: float) -> None:
        self.setValue(round(1000 * min(max(share, 0.0), 1.0)))

    def _dress(self) -> None:
        scheme = self._theme.scheme
        self.setStyleSheet(
            f"QProgressBar {{ background: {scheme.line}; border: none; border-radius: 4px; }}"
            f"QProgressBar::chunk {{ background: {scheme.accent}; border-radius: 4px; }}"
        )
