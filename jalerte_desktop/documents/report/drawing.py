"""What pictures are made of: rectangles, lines, signs and words at places in points, each with a named look.

The looks (colour and pattern) stand in ``resources/report/pictures.typ``; nothing here is a bitmap.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from diagnostics.model import MINUTE, SECOND, Span
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import NO_BREAK, local

WIDTH = 493.0
"""The text's width on the page, in points."""
HOUR = 60 * MINUTE
_FEW_DAYS = 3
_TICK_MINUTES = (5, 15, 30, 60, 180, 360, 720)
LEAST = 0.8
"""What lasted some seconds only still gets a mark of so many points."""
_HATCH_FROM = 4.0
"""Narrower marks are drawn full: a pattern would not be seen in them."""
_THIN, _BROAD = frozenset("fijlrt’.,:;!| ()\u00a0\u202f"), frozenset("mwMW")
_SIGNS = frozenset({"accepted", "rejected", "indicative", "idle", "loaded_down", "loaded_up"})


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing drawn. ``shape``: ``rect``, ``line``, ``sign``, ``words`` or ``path``; x grows to the right, y down.

    A line goes from (x, y) by (width, height). A sign stands with its middle at (x, y), a word's base line at y;
    ``anchor`` (``left center right``) says which part of the words is at x. A path goes through ``points``.
    """

    shape: str
    look: str
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    words: str = ""
    anchor: str = ""
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A vector picture, in points. ``alt`` tells its content to who cannot see it; ``caption`` stands below."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    alt: str
    caption: str


def rect(look: str, x: float, y: float, width: float, height: float) -> Mark:
    return Mark("rect", look, _r(x), _r(y), _r(width), _r(height))


def line(look: str, x: float, y: float, to_x: float, to_y: float) -> Mark:
    return Mark("line", look, _r(x), _r(y), _r(to_x - x), _r(to_y - y))


def sign(look: str, x: float, y: float) -> Mark:
    return Mark("sign", look, _r(x), _r(y))


def words(look: str, x: float, y: float, text: str, anchor: str = "left") -> Mark:
    """Words stay on one line whatever they hold."""
    return Mark("words", look, _r(x), _r(y), words=text.replace(" ", NO_BREAK), anchor=anchor)


def path(look: str, points: list[tuple[float, float]]) -> Mark:
    return Mark("path", look, points=tuple((_r(x), _r(y)) for x, y in points))


def _r(value: float) -> float:
    return round(value, 2)


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from ``low`` to ``high`` over ``length`` points from ``origin``; ``length`` may be negative (upwards)."""

    low: float
    high: float
    origin: float
    length: float

    def at(self, value: float) -> float:
        """Where a value stands; values beyond the ends stand at the ends."""
        part = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return self.origin + min(1.0, max(0.0, part)) * self.length


def ticks(most: float, about: int = 4) -> tuple[float, ...]:
    """Round values from 0 up to the first that is not below ``most``."""
    if most <= 0 or not math.isfinite(most):
        return (0.0, 1.0)
    raw = most / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    count = math.ceil(most / step - 1e-9)
    return tuple(round(n * step, 9) for n in range(count + 1))


def tick_words(value: float) -> str:
    """A tick's value with as many decimals as it needs."""
    decimals = 0 if float(value).is_integer() else 1 if float(value * 10).is_integer() else 2
    return figures.number(value, decimals)


def time_marks(span: Span, zone: tzinfo, axis: Axis, top: float, bottom: float, most: int = 9) -> list[Mark]:
    """Vertical lines at local midnights with their days below, at most ``most``; at hours in a span of few days."""
    if span.duration_s < _FEW_DAYS * 86_400:
        return _hour_marks(span, zone, axis, top, bottom)
    first = local(span.start_ns, zone)
    days = max(1, math.ceil(span.duration_s / 86_400))
    step = next((n for n in (1, 2, 3, 5, 7, 14, 30, 61, 92, 183) if days / n <= most), 366)
    marks: list[Mark] = []
    moment = datetime(first.year, first.month, first.day, tzinfo=zone)
    while (ns := round(moment.timestamp()) * SECOND) < span.end_ns:
        if ns >= span.start_ns:
            x = axis.at(ns)
            marks += [
                line("grid", x, top, x, bottom),
                words("axis", x, bottom + 9, short_day(moment), _anchor(x)),
            ]
        moment = moment + timedelta(days=step)
    return marks


def _hour_marks(span: Span, zone: tzinfo, axis: Axis, top: float, bottom: float) -> list[Mark]:
    marks: list[Mark] = []
    for ns, moment in clock_ticks(span, zone, most=9):
        x = axis.at(ns)
        midnight = moment.hour == moment.minute == 0
        name = short_day(moment) if midnight else figures.clock_time(moment, seconds=False)
        marks += [line("grid", x, top, x, bottom), words("axis", x, bottom + 9, name, _anchor(x))]
    return marks


def _anchor(x: float) -> str:
    """Words at the page's edge stand on this side of it."""
    return "right" if x > WIDTH - 12 else "center"


def clock_ticks(span: Span, zone: tzinfo, most: int) -> list[tuple[int, datetime]]:
    """Round moments of the local clock within a span (ends included), about ``most`` of them."""
    minutes = next((m for m in _TICK_MINUTES if span.duration_s / 60 / m <= most), _TICK_MINUTES[-1])
    quarter = 5 * MINUTE
    found = []
    for ns in range(-(-span.start_ns // quarter) * quarter, span.end_ns + 1, quarter):
        moment = local(ns, zone)
        if (moment.hour * 60 + moment.minute) % minutes == 0:
            found.append((ns, moment))
    return found


def value_marks(values: tuple[float, ...], axis: Axis, left: float, right: float) -> list[Mark]:
    """Horizontal lines at values, with their figures to the left."""
    marks: list[Mark] = []
    for value in values:
        y = axis.at(value)
        marks += [
            line("grid", left, y, right, y),
            words("axis", left - 4, y + 2.4, tick_words(value), "right"),
        ]
    return marks


def short_day(moment: datetime) -> str:
    """``17/11`` or ``17 Nov``."""
    return figures.plain_date(moment.date())[:-5]


def words_width(text: str, size: float = 7.5) -> float:
    """About how wide a text is set, in points: nearer to it than the count of its letters."""
    return size * sum(0.3 if c in _THIN else 0.85 if c in _BROAD else 0.51 for c in text)


def legend(entries: Iterable[tuple[str, str]], top: float) -> tuple[list[Mark], float]:
    """What the looks mean, side by side from ``top`` on, in as many rows as they need; and where the legend ends."""
    marks: list[Mark] = []
    x = 0.0
    for look, name in entries:
        wide = 16 + words_width(name)
        if x and x + wide > WIDTH:
            x, top = 0.0, top + 12
        y, depth = (top + 7.5, 2.0) if look == "working" else (top + 4, 7.0)
        marks.append(sign(look, x + 6, top + 7.5) if look in _SIGNS else rect(look, x, y, 12, depth))
        marks.append(words("legend", x + 16, top + 10, name))
        x += wide + 14
    return marks, top + 14


def bar(look: str, axis: Axis, span: Span, top: float, height: float) -> Mark:
    """A stretch of time along an axis, at least as wide as can be seen."""
    width = max(LEAST, length(axis, span))
    full = f"{look}_thin" if width < _HATCH_FROM and look != "uncertain" else look
    return rect(full, axis.at(span.start_ns), top, width, height)


def length(axis: Axis, span: Span) -> float:
    """How long a stretch of time is along an axis, in points."""
    return axis.at(span.end_ns) - axis.at(span.start_ns)
