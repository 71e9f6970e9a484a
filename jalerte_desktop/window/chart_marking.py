"""A stretch of the day that the person marks on the chart, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from diagnostics.model import MINUTE, Span
from jalerte_desktop.window.chart_data import Chart
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.marks import Mark, mark_name
from jalerte_desktop.window.parts import button, label
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.figures import clock_time, duration, local
from jalerte_desktop.words.language import _

DRAG_PIXELS = 4
"""A press that moves less is a click."""


def marked_span(chart: Chart, one_ns: int, other_ns: int) -> Span | None:
    """The whole minutes from one moment to the other, both included; nothing of them lies ahead of now.

    None where nothing is left: what is still to come cannot be marked.
    """
    first, last = sorted((one_ns, other_ns))
    start_ns = max(first // MINUTE * MINUTE, chart.day.start_ns)
    end_ns = min((last // MINUTE + 1) * MINUTE, chart.day.end_ns, chart.now_ns)
    return Span(start_ns, end_ns) if start_ns < end_ns else None


def done_with(marked: Span, before: Chart | None, now: Chart | None) -> bool:
    """Has a mark had its day on a chart that was read anew: by another day, or since it was taken out just now?"""
    if now is None or marked.start_ns < now.day.start_ns:
        return True
    return _is_out(now, marked) and not (before is not None and _is_out(before, marked))


def _is_out(chart: Chart, marked: Span) -> bool:
    return any(
        one.span.start_ns <= marked.start_ns and marked.end_ns <= one.span.end_ns for one in chart.taken_out
    )


def times(span: Span) -> str:
    """``14:05–14:30``"""
    start, end = (clock_time(local(at_ns), seconds=False) for at_ns in (span.start_ns, span.end_ns))
    return f"{start}–{end}"


def marked_words(span: Span) -> str:
    return _("Marked: {times} ({time})").format(times=times(span), time=duration(span.duration_s))


def offer_words(span: Span, what: str = "") -> str:
    """The menu's words for taking that time out; ``what``: the incident whose time it is."""
    named = f"{times(span)} ({what})" if what else times(span)
    return _("Take {times} out of the count…").format(times=named)


def chart_menu(
    parent: QWidget,
    chart: Chart,
    at_ns: int,
    marked: Span | None,
    exclude: Callable[[Span], None],
    begin: Callable[[int], None],
    drop: Callable[[], None],
) -> QMenu:
    """What can be done with the mark, else at that moment: an incident's time can be taken out without marking it."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setFont(font(14))
    if marked is not None:
        menu.addAction(offer_words(marked)).triggered.connect(lambda: exclude(marked))
        menu.addAction(_("Drop the mark")).triggered.connect(drop)
        return menu
    band = chart.band_at(at_ns)
    if band is not None and band.mark not in (Mark.UNOBSERVED, Mark.EXCLUDED):
        menu.addAction(offer_words(band.span, mark_name(band.mark))).triggered.connect(
            lambda: exclude(band.span)
        )
    moment = clock_time(local(at_ns), seconds=False)
    menu.addAction(_("Begin a mark at {time}").format(time=moment)).triggered.connect(lambda: begin(at_ns))
    return menu


class MarkRow(FlowRow):
    """Under the chart while something is marked: what, and what to do with it."""

    exclude = Signal()
    drop = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.words = label("", 12.5, bold=True, wrap=False)
        self.words.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.take = button(_("&Take this time out of the count…"), size=12.5)
        self.take.clicked.connect(self.exclude)
        self.forget = button(_("drop the mark"), "link", 12.5)
        self.forget.clicked.connect(self.drop)
        for one in (self.words, self.take, self.forget):
            self.add(one)
        self.hide()

    def show_mark(self, marked: Span | None) -> None:
        self.setVisible(marked is not None)
        words = "" if marked is None else marked_words(marked)
        self.words.setText(words)
        self.take.setAccessibleDescription(words)
