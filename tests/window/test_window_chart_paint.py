"""What is really drawn, pixel by pixel."""

from __future__ import annotations

import pytest
import window_examples as examples
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from diagnostics.model import MINUTE, Gap, GapReason, Kind, Span
from jalerte_desktop.window.chart_data import chart_of, local_day
from jalerte_desktop.window.chart_paint import Frame, paint_band, paint_chart
from jalerte_desktop.window.marks import Mark
from jalerte_desktop.window.theme import DARK, LIGHT, Scheme

SIZE = QRect(0, 0, 1000, 190)


def drawn(incidents, gaps, scheme: Scheme = LIGHT, now_ns: int = examples.NOW) -> tuple[QImage, Frame]:
    frame = Frame.within(SIZE, chart_of(examples.findings(incidents, gaps, now_ns=now_ns), now_ns))
    image = QImage(SIZE.size(), QImage.Format.Format_RGB32)
    image.fill(QColor(scheme.card))
    painter = QPainter(image)
    paint_chart(painter, frame, scheme)
    painter.end()
    return image, frame


def colours(image: QImage, left: int, right: int, frame: Frame) -> set[str]:
    return {
        image.pixelColor(x, y).name()
        for x in range(left, right)
        for y in range(frame.plot.top() + 1, frame.plot.bottom())
    }


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_nothing_is_drawn_across_a_gap(qapp, scheme):
    incidents, gaps = examples.day_and_week()
    image, frame = drawn(incidents, gaps, scheme)
    left, right = int(frame.x(gaps[0].span.start_ns)) + 1, int(frame.x(gaps[0].span.end_ns)) - 1
    inside = colours(image, left, right, frame)
    assert scheme.ribbon not in inside
    assert scheme.accent not in inside
    beside = colours(image, right + 4, right + 60, frame)
    assert scheme.ribbon in beside
    assert scheme.accent in beside


@pytest.mark.parametrize("seconds", [45, 90, 600])
def test_nor_across_a_short_one(qapp, seconds):
    start = local_day(examples.NOW).start_ns + 600 * MINUTE + 11 * 1_000_000_000
    gap = Gap(Span(start, start + seconds * 1_000_000_000), GapReason.STALLED)
    image, frame = drawn((), (gap,))
    strip = next(strip for strip in frame.strips() if strip.mark is Mark.UNOBSERVED)
    inside = colours(image, strip.left, strip.right, frame)
    assert LIGHT.ribbon not in inside
    assert LIGHT.accent not in inside


def test_nothing_is_drawn_after_now(qapp):
    incidents, gaps = examples.day_and_week(ongoing=False)
    image, frame = drawn(incidents, gaps)
    right_of_word = int(frame.x(examples.NOW)) + 90
    assert colours(image, right_of_word, frame.plot.right(), frame) <= {LIGHT.card, LIGHT.line}


def test_patterns_differ_without_their_colour(qapp):
    """Seen in grey, no two states look the same."""
    prints = set()
    grey = Scheme(
        **{name: getattr(LIGHT, name) for name in Scheme.__slots__}
        | dict.fromkeys(("outage", "loss", "latency", "unobserved", "accent"), "#555555")
    )
    for mark in (Mark.OUTAGE, Mark.LOSS, Mark.LATENCY, Mark.OTHER, Mark.UNOBSERVED):
        image = QImage(60, 60, QImage.Format.Format_RGB32)
        image.fill(QColor("#ffffff"))
        painter = QPainter(image)
        paint_band(painter, QRect(0, 0, 60, 60), mark, grey)
        painter.end()
        dark = tuple(image.pixelColor(x, y).lightness() < 170 for x in range(4, 56) for y in range(4, 56))
        assert any(dark)
        assert not all(dark)
        prints.add(dark)
    assert len(prints) == 5


@pytest.mark.parametrize("kind", [Kind.OUTAGE, Kind.LOSS, Kind.LATENCY, Kind.DNS])
def test_an_incident_of_seconds_can_be_seen(qapp, kind):
    start = local_day(examples.NOW).start_ns + 600 * MINUTE
    _image, frame = drawn([examples.incident(start, 10, kind=kind)], ())
    strips = frame.strips()
    assert len(strips) == 1
    assert strips[0].right - strips[0].left == 4


def test_the_scale_holds_at_an_empty_day_and_in_no_room(qapp):
    image, _frame = drawn((), (), now_ns=local_day(examples.NOW).start_ns)
    assert not image.isNull()
    tiny = Frame.within(QRect(0, 0, 20, 20), chart_of(examples.findings(), examples.NOW))
    painter = QPainter(image)
    paint_chart(painter, tiny, LIGHT)
    painter.end()
