"""A time is marked on the day's chart and taken out of the count; what was taken out is seen there, with its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
import window_examples as examples
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QHelpEvent, QImage, QPainter, QTextDocument
from PySide6.QtWidgets import QApplication, QMenu, QToolTip
from test_window_main import assert_nothing_is_cut

from diagnostics.model import MINUTE, SECOND, Exclusion, Gap, GapReason, Span
from jalerte_desktop.findings.model import Findings
from jalerte_desktop.window import theme as window_theme
from jalerte_desktop.window.chart_data import Chart, chart_of, local_day
from jalerte_desktop.window.chart_marking import done_with, marked_span
from jalerte_desktop.window.chart_paint import Frame, paint_chart
from jalerte_desktop.window.chart_view import ChartView, describe, legend, tip
from jalerte_desktop.window.evidence_exclude import ExcludeDialog
from jalerte_desktop.window.marks import Mark
from jalerte_desktop.window.tables import minute_rows
from jalerte_desktop.window.theme import DARK, LIGHT, Scheme
from jalerte_desktop.words import language
from jalerte_desktop.words.figures import local

HOUR = 60 * MINUTE
MIDNIGHT = local_day(examples.NOW).start_ns
REASON = "Travaux chez moi"
OUT = Span(MIDNIGHT + 9 * HOUR, MIDNIGHT + 10 * HOUR)


@pytest.fixture(autouse=True)
def _english(_french: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """English words stand in these tests: they are those of the code."""
    language.use("en")
    monkeypatch.setenv("JALERTE_LANG", "en")


class Taken(examples.FixedSource):
    """Answers with a period that was taken out."""

    def refresh(self, since_ns: int, until_ns: int) -> Findings | None:
        return with_exclusion(super().refresh(since_ns, until_ns), OUT)


def with_exclusion(found: Findings, span: Span, reason: str = REASON) -> Findings:
    touched = tuple(
        replace(one, excluded=reason) if one.span.clip(span) is not None else one for one in found.incidents
    )
    return replace(found, incidents=touched, exclusions=(Exclusion(span, reason, examples.NOW),))


def chart(*exclusions: Span, gaps: tuple[Gap, ...] = (), incidents=None) -> Chart:
    found = examples.findings(examples.day_and_week()[0] if incidents is None else incidents, gaps)
    for span in exclusions:
        found = with_exclusion(found, span)
    return chart_of(found, examples.NOW)


def at(hour: float) -> int:
    return MIDNIGHT + round(hour * 3600) * SECOND


def point(view: ChartView, hour: float) -> QPoint:
    frame = view.frame()
    assert frame is not None
    return QPoint(round(frame.x(at(hour))), frame.plot.center().y())


def drag(qtbot, view: ChartView, first: float, last: float) -> None:
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=point(view, first))
    for share in (0.3, 0.7, 1.0):
        qtbot.mouseMove(view, point(view, first + (last - first) * share))
        QApplication.processEvents()
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=point(view, last))


def near(moment_ns: int, hour: float) -> bool:
    """Within what one pixel of the chart stands for."""
    return abs(moment_ns - at(hour)) <= 3 * MINUTE


def menu_of(view: ChartView, reason: QContextMenuEvent.Reason, hour: float = 0) -> QMenu:
    where = point(view, hour)
    QApplication.sendEvent(view, QContextMenuEvent(reason, where, view.mapToGlobal(where)))
    return next(one for one in view.findChildren(QMenu) if one.isVisible())


def dialog_of(window) -> ExcludeDialog:
    assert isinstance(window.dialog, ExcludeDialog)
    return window.dialog


# --- what can be marked ---


@given(st.integers(-30 * 60, 30 * 60), st.integers(-30 * 60, 30 * 60), st.integers(0, 59))
def test_a_mark_is_whole_minutes_of_what_has_been(one, other, odd):
    today = chart(incidents=())
    first, last = (MIDNIGHT + minutes * MINUTE + odd * SECOND for minutes in (one, other))
    span = marked_span(today, first, last)
    first, last = sorted((first, last))
    if first >= today.now_ns or last < MIDNIGHT:
        assert span is None
        return
    assert span == marked_span(today, last, first)
    assert max(first, MIDNIGHT) - MINUTE < span.start_ns <= max(first, MIDNIGHT)
    assert MIDNIGHT <= span.start_ns < span.end_ns <= today.now_ns
    assert (span.start_ns - MIDNIGHT) % MINUTE == 0
    assert span.end_ns == today.now_ns or (span.end_ns - MIDNIGHT) % MINUTE == 0
    assert span.end_ns == today.now_ns or last < span.end_ns <= last + MINUTE


# --- with the mouse ---


def test_a_time_is_dragged_over_and_leads_to_the_dialog(windows, qtbot):
    window = windows.open()
    card = window.home.chart
    assert not card.marking.isVisible()
    drag(qtbot, card.view, 10, 12)
    mark = card.view.mark
    assert near(mark.start_ns, 10)
    assert near(mark.end_ns, 12)
    assert card.marking.isVisible()
    assert card.marking.words.text().startswith("Marked: ")
    card.marking.take.click()
    dialog = dialog_of(window)
    since, until = dialog.period()
    assert (since, until) == (dialog_time(mark.start_ns), dialog_time(mark.end_ns))
    assert not dialog.keep.isEnabled()
    dialog.reject()
    assert card.view.mark == mark


def dialog_time(ns: int) -> str:
    return f"{local(ns):%Y-%m-%dT%H:%M}"


def test_dragged_backwards_and_beyond_now_it_ends_at_now(windows, qtbot):
    view = windows.open().home.chart.view
    drag(qtbot, view, 20, 15)
    assert near(view.mark.start_ns, 15)
    assert view.mark.end_ns == examples.NOW
    drag(qtbot, view, 18, 22)
    assert view.mark is None


def test_a_click_is_no_mark_and_drops_the_one_there_is(windows, qtbot):
    card = windows.open().home.chart
    qtbot.mouseClick(card.view, Qt.MouseButton.LeftButton, pos=point(card.view, 9))
    assert card.view.mark is None
    assert near(card.view.cursor_ns, 9)
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mouseClick(card.view, Qt.MouseButton.LeftButton, shift, point(card.view, 11))
    assert near(card.view.mark.start_ns, 9)
    assert near(card.view.mark.end_ns, 11)
    qtbot.mouseClick(card.view, Qt.MouseButton.LeftButton, pos=point(card.view, 14))
    assert card.view.mark is None
    assert not card.marking.isVisible()


def test_the_pointer_tells_that_one_can_mark(windows, qtbot):
    view = windows.open().home.chart.view
    where = point(view, 10)
    QApplication.sendEvent(view, QHelpEvent(QEvent.Type.ToolTip, where, view.mapToGlobal(where)))
    assert "Drag across the chart to mark a time." in QToolTip.text()
    drag(qtbot, view, 10, 12)
    QApplication.sendEvent(view, QHelpEvent(QEvent.Type.ToolTip, where, view.mapToGlobal(where)))
    assert "Drag across" not in QToolTip.text()


def test_the_menu_offers_the_mark_or_the_incident_under_the_pointer(windows, qtbot):
    window = windows.open()
    view = window.home.chart.view
    mouse = QContextMenuEvent.Reason.Mouse
    # The cut from 9:15 to 9:18, then a quiet time, then one still to come.
    menu = menu_of(view, mouse, 9.28)
    first, second = (one.text() for one in menu.actions())
    assert first == "Take 09:15–09:18 (outage) out of the count…"
    assert second.startswith("Begin a mark at 09:1")
    menu.actions()[0].trigger()
    assert dialog_of(window).period() == ("2026-11-18T09:15", "2026-11-18T09:19")
    window.dialog.reject()
    menu.close()
    menu = menu_of(view, mouse, 12)
    assert [one.text()[:15] for one in menu.actions()] == ["Begin a mark at"]
    menu.actions()[0].trigger()
    menu.close()
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=point(view, 12.5))
    assert near(view.mark.start_ns, 12)
    assert near(view.mark.end_ns, 12.5)
    menu = menu_of(view, mouse, 3)
    take, drop = menu.actions()
    take.trigger()
    assert dialog_of(window).period()[0] == dialog_time(view.mark.start_ns)
    window.dialog.reject()
    drop.trigger()
    menu.close()
    assert view.mark is None
    where = point(view, 20)
    QApplication.sendEvent(view, QContextMenuEvent(mouse, where, view.mapToGlobal(where)))
    assert not [one for one in view.findChildren(QMenu) if one.isVisible()]


# --- by keyboard ---


def test_a_time_is_marked_by_keyboard_alone(windows, qtbot):
    window = windows.open()
    view = window.home.chart.view
    view.setFocus()
    for key in (Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_Space, Qt.Key.Key_PageUp, Qt.Key.Key_Left):
        qtbot.keyClick(view, key)
    assert view.mark == Span(at(15) + 43 * MINUTE, at(15) + 55 * MINUTE)
    assert "Marked: 15:43–15:55 (12\u00a0min)" in view.accessibleDescription()
    qtbot.keyClick(view, Qt.Key.Key_Space)
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.mark.end_ns == at(15) + 55 * MINUTE
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert dialog_of(window).period() == ("2026-11-18T15:43", "2026-11-18T15:55")
    window.dialog.reject()
    menu = menu_of(view, QContextMenuEvent.Reason.Keyboard)
    assert menu.actions()[0].text() == "Take 15:43–15:55 out of the count…"
    menu.close()
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.mark is None
    assert view.cursor_ns is not None
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.cursor_ns is None


def test_the_focus_goes_back_to_the_chart_when_the_mark_is_dropped(windows, qtbot):
    window = windows.open()
    card = window.home.chart
    drag(qtbot, card.view, 10, 12)
    card.marking.forget.setFocus()
    qtbot.keyClick(card.marking.forget, Qt.Key.Key_Space)
    assert card.view.mark is None
    assert window.focusWidget() is card.view


# --- a chart that is read anew ---


def test_another_reading_keeps_the_mark_and_what_was_taken_out_drops_it(windows, qtbot):
    view = windows.open().home.chart.view
    view.put_mark(Span(at(9.25), at(9.5)))
    view.show_chart(chart())
    assert view.mark is not None
    view.show_chart(chart(OUT))
    assert view.mark is None
    # Within what was out before, a mark stays: another reason may be added.
    view.put_mark(Span(at(9.25), at(9.5)))
    view.show_chart(chart(OUT))
    assert view.mark is not None


def test_the_next_day_has_no_mark_of_the_day_before():
    tomorrow = chart_of(examples.findings(now_ns=examples.NOW + 12 * HOUR), examples.NOW + 12 * HOUR)
    assert done_with(Span(at(9), at(10)), chart(), tomorrow)
    assert not done_with(Span(at(9), at(10)), chart(), chart())


# --- what was taken out ---


def test_what_was_taken_out_is_told_with_its_reason_everywhere(windows, qtbot):
    window = windows.open(Taken(*examples.day_and_week()))
    view = window.home.chart.view
    assert describe(view.chart, at(9.5)).startswith("09:30 · taken out of the count: Travaux chez moi · ")
    where = point(view, 9.5)
    QApplication.sendEvent(view, QHelpEvent(QEvent.Type.ToolTip, where, view.mapToGlobal(where)))
    assert REASON in QToolTip.text()
    assert Mark.EXCLUDED in [mark for mark, _words in legend(view.chart)]
    assert "taken out of the count" in window.home.chart.legend.accessibleName()
    row = next(row for row in minute_rows(view.chart) if row[0] == "09:30")
    assert row[1] == "taken out of the count"
    assert describe(view.chart, at(10.5)).startswith("10:30 · normal")


def test_not_observed_stays_so_and_is_told_to_be_out_too():
    asleep = Gap(Span(at(9.5), at(11)), GapReason.ASLEEP)
    today = chart(OUT, gaps=(asleep,))
    assert today.band_at(at(9.75)).mark is Mark.UNOBSERVED
    assert describe(today, at(9.75)).endswith("taken out of the count: Travaux chez moi")
    assert "taken out" not in describe(today, at(10.5))


def test_an_incident_that_is_out_is_out_beyond_the_period_that_touches_it():
    cut = examples.incident(at(9) + 50 * MINUTE, 20 * 60)
    today = chart(OUT, incidents=(cut,))
    assert today.band_at(at(10) + 5 * MINUTE).mark is Mark.EXCLUDED
    assert "taken out of the count" in describe(today, at(10) + 5 * MINUTE)
    assert today.band_at(at(10) + 11 * MINUTE) is None


def drawn(today: Chart, scheme: Scheme, marked: Span | None = None) -> tuple[QImage, Frame]:
    frame = Frame.within(QRect(0, 0, 1000, 190), today)
    image = QImage(1000, 190, QImage.Format.Format_RGB32)
    image.fill(QColor(scheme.card))
    painter = QPainter(image)
    paint_chart(painter, frame, scheme, None, marked)
    painter.end()
    return image, frame


def changed(one: QImage, other: QImage, frame: Frame) -> list[int]:
    """The pixels across in which two pictures of the plot differ."""
    plot = frame.plot
    return [
        x
        for x in range(plot.left(), plot.right())
        if any(one.pixel(x, y) != other.pixel(x, y) for y in range(plot.top(), plot.bottom()))
    ]


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_it_is_drawn_over_its_time_only_and_the_line_shows_through(qapp, scheme):
    plain, frame = drawn(chart(incidents=()), scheme)
    struck, _frame = drawn(chart(OUT, incidents=()), scheme)
    left, right = frame.x(OUT.start_ns), frame.x(OUT.end_ns)
    columns = changed(plain, struck, frame)
    assert abs(columns[0] - left) < 2
    assert abs(columns[-1] - right) < 2
    inside = {
        struck.pixelColor(x, y).name()
        for x in range(round(left) + 2, round(right) - 2)
        for y in range(frame.plot.top() + 1, frame.plot.bottom())
    }
    # Hatched: what lies between the lines is not covered. Nothing of it has an outage's colour.
    assert len(inside) > 4
    assert scheme.outage not in inside


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_mark_is_drawn_over_its_time_only(qapp, scheme):
    plain, frame = drawn(chart(incidents=()), scheme)
    marked, _frame = drawn(chart(incidents=()), scheme, Span(at(12), at(13)))
    columns = changed(plain, marked, frame)
    assert abs(columns[0] - frame.x(at(12))) < 2
    assert abs(columns[-1] - frame.x(at(13))) < 2


PRINTED = st.characters(exclude_categories=("C", "Z")) | st.just(" ")


@given(
    st.text(PRINTED, max_size=60) | st.sampled_from(["<b>fett</b>", "a <img src=x> b", "1 < 2 & 3", "<br>"])
)
def test_a_reason_is_never_markup_in_a_tool_tip(reason):
    words = tip(reason)
    if "<" not in words:
        assert words.split() == reason.split()
        return
    shown = QTextDocument()
    shown.setHtml(words)
    assert shown.toPlainText().split() == reason.split()


def test_a_long_reason_is_broken_into_lines():
    assert max(len(line) for line in tip("mot " * 120).splitlines()) <= 90


# --- for everybody ---


@pytest.mark.parametrize(
    ("width", "height", "large"),
    [(640, 400, False), (900, 600, False), (1280, 800, False), (900, 600, True), (1280, 800, True)],
)
def test_nothing_is_cut_while_something_is_marked(windows, qtbot, monkeypatch, width, height, large):
    if large:
        monkeypatch.setattr(window_theme, "POINTS_PER_PIXEL", window_theme.POINTS_PER_PIXEL * 1.5)
    window = windows.open(Taken(*examples.day_and_week()))
    window.resize(width, height)
    QApplication.processEvents()
    window.home.chart.view.put_mark(Span(at(11), at(12)))
    qtbot.waitUntil(lambda: assert_nothing_is_cut(window.home), timeout=10_000)
    row, view = window.home.chart.marking, window.home.viewport()
    top = row.mapTo(view, QPoint(0, 0)).y()
    assert top >= 0
    assert top + row.height() <= view.height()
