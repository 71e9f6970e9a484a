"""The speed page as a person meets it: real widgets, a measurement played from a script, commands that are real."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
import speed_examples as examples
from conftest import Windows, calls
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from test_window_main import assert_nothing_is_cut
from window_examples import NOW

from diagnostics.config import load
from diagnostics.journal.reader import Reader
from diagnostics.model import EventKind
from diagnostics.throughput.choice import read_choice
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.main_window import CASE, SPEED, MainWindow
from jalerte_desktop.window.recorder import State
from jalerte_desktop.window.speed_consent import ConsentDialog
from jalerte_desktop.window.speed_page import SpeedPage
from jalerte_desktop.window.speed_run import Ended
from jalerte_desktop.window.speed_series import EndQuestion
from jalerte_desktop.window.speed_series_dialog import SeriesDialog
from jalerte_desktop.window.tables import TableDialog
from jalerte_desktop.words import language

STUB = (sys.executable, str(Path(__file__).with_name("stub_speed.py")))
PATIENT = 20_000


@pytest.fixture(autouse=True)
def _english(_french: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """English words stand in these tests: they are those of the code."""
    language.use("en")
    monkeypatch.setenv("JALERTE_LANG", "en")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))


@pytest.fixture
def caller(home: Path) -> Caller:
    return Caller(home, program=STUB)


def opened(windows: Windows, qtbot, now_ns: int | None = None) -> tuple[MainWindow, SpeedPage]:
    window = windows.open(now_ns=now_ns)
    window.activateWindow()
    window.go(SPEED)
    settled(window, qtbot)
    assert window.speed is not None
    return window, window.speed


def settled(window: MainWindow, qtbot) -> None:
    desk = window.speed_desk
    qtbot.waitUntil(
        lambda: desk.standing is not None and not desk.reading and window.desk.known, timeout=PATIENT
    )


def measured_home(home: Path, *lines: dict, **more) -> None:
    """A home with some measurements, a choice, and a script for the next one."""
    examples.fill(
        home,
        NOW,
        examples.week(NOW),
        examples.holding(NOW),
        choice=examples.chosen(NOW - examples.DAY),
        **more,
    )
    examples.answers(home, NOW)
    if lines:
        examples.script(home, *lines)


def measurements(home: Path) -> list[str]:
    return [one for one in calls(home) if one.startswith("speed --stdin --progress")]


# --- before anything ---


def test_the_empty_page_says_so_and_measures_nothing(windows, qtbot, home):
    window, page = opened(windows, qtbot)
    assert page.answer.answer.text() == "Nothing has been measured yet."
    assert page.measure.button.isVisible()
    assert "50" in page.measure.cost.text()
    assert not page.result.isVisible()
    assert not page.list.isVisible()
    assert not page.schedule.save.isEnabled()
    assert measurements(home) == []
    assert not window.speed_desk.problems
    assert not (home / "journal.sqlite").exists()


def test_the_page_is_made_only_when_it_is_wanted(windows, home):
    window = windows.open()
    assert window.speed is None
    assert not [call for call in calls(home) if call.startswith(("speed", "campaign"))]


def test_the_case_page_and_the_speed_page_do_not_change_places(windows, qtbot):
    window, page = opened(windows, qtbot)
    window.go(CASE)
    assert window.pages.currentWidget() is window.case
    window.go(SPEED)
    assert window.pages.currentWidget() is page
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.currentWidget() is window.case
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.currentWidget() is page


# --- the first measurement: who sees what ---


def consent(window: MainWindow, page: SpeedPage, qtbot) -> ConsentDialog:
    page.measure.button.click()
    assert isinstance(window.dialog, ConsentDialog)
    dialog = window.dialog
    qtbot.waitUntil(lambda: bool(dialog.buttons), timeout=PATIENT)
    return dialog


def test_nothing_is_chosen_ticked_or_contacted_before_the_person_agrees(windows, qtbot, home):
    window, page = opened(windows, qtbot)
    dialog = consent(window, page, qtbot)
    assert set(dialog.buttons) == {"http", "ndt7", "iperf3", "speedtest-cli", "cloudflare"}
    assert not any(one.isChecked() for one in dialog.buttons.values())
    assert not dialog.agree.isChecked()
    assert not dialog.keep.isEnabled()
    dialog.buttons["ndt7"].click()
    assert "public IP address" in dialog.area.accessibleDescription()
    assert not dialog.keep.isEnabled()
    dialog.agree.click()
    assert dialog.keep.isEnabled()
    dialog.buttons["cloudflare"].click()
    assert not dialog.agree.isChecked()
    assert not dialog.keep.isEnabled()
    dialog.cancel.click()
    assert measurements(home) == []
    assert not [call for call in calls(home) if "--choose" in call]


def test_agreeing_keeps_the_choice_and_measures(windows, qtbot, home):
    result = examples.result("new", NOW)
    examples.script(home, examples.BEGIN, examples.SERVER, examples.completed(result))
    window, page = opened(windows, qtbot)
    dialog = consent(window, page, qtbot)
    dialog.buttons["http"].click()
    dialog.agree.click()
    assert not dialog.keep.isEnabled()
    qtbot.keyClicks(dialog.server.editor, "http://127.0.0.1:8989/")
    assert dialog.keep.isEnabled()
    dialog.keep.click()
    qtbot.waitUntil(lambda: window.speed_desk.outcome is not None, timeout=PATIENT)
    assert window.speed_desk.outcome.ended is Ended.DONE
    assert len(measurements(home)) == 1
    with Reader(home / "journal.sqlite") as reader:
        kept = read_choice(load(home / "config.toml"), reader.events(EventKind.SPEED_CHOICE))
    assert (kept.provider, kept.servers) == ("http", ("http://127.0.0.1:8989/",))
    settled(window, qtbot)
    assert window.speed_desk.standing.agreed


def test_an_address_that_the_command_refuses_is_said_in_the_dialog(windows, qtbot, home):
    window, page = opened(windows, qtbot)
    dialog = consent(window, page, qtbot)
    dialog.buttons["http"].click()
    dialog.agree.click()
    qtbot.keyClicks(dialog.server.editor, "ftp://nowhere")
    dialog.keep.click()
    qtbot.waitUntil(lambda: dialog.problem.isVisible(), timeout=PATIENT)
    assert dialog.isVisible()
    assert dialog.keep.isEnabled()
    assert measurements(home) == []
    dialog.reject()


def test_the_provider_of_the_configuration_is_the_only_one_offered(windows, qtbot, home):
    (home / "config.toml").write_text('[speed]\nprovider = "cloudflare"\n', "utf-8")
    window, page = opened(windows, qtbot)
    dialog = consent(window, page, qtbot)
    assert set(dialog.buttons) == {"cloudflare"}
    assert dialog.fixed.isVisible()
    dialog.reject()


# --- while it runs ---


def test_a_measurement_is_seen_while_it_runs(windows, qtbot, home):
    down = examples.rates("down", 290_000_000, 30)
    measured_home(
        home,
        examples.BEGIN,
        examples.SERVER,
        {"event": "phase", "phase": "idle"},
        {"event": "phase", "phase": "down"},
        *down,
        {"wait": "go"},
        {"event": "phase", "phase": "up"},
        *examples.rates("up", 96_000_000, 20),
        examples.completed(examples.result("new", NOW)),
    )
    window, page = opened(windows, qtbot)
    page.measure.button.click()
    desk = window.speed_desk
    qtbot.waitUntil(lambda: desk.run is not None and len(desk.run.curves["down"]) == 30, timeout=PATIENT)
    qtbot.waitUntil(lambda: page.measure.down.text() != "–")
    assert page.measure.stop_button.isVisible()
    assert not page.measure.button.isVisible()
    assert page.measure.phase.text() == "Receiving as fast as the line can…"
    assert page.measure.server.text() == "Server: Paris · 6.8\u00a0ms away"
    assert 120 <= page.measure.bar.value() < 1000
    assert "moved" in page.measure.moved.text()
    # Nothing is locked meanwhile.
    window.go(CASE)
    window.go(SPEED)
    page.list.all_button.click()
    assert isinstance(window.dialog, TableDialog)
    window.dialog.accept()
    (home / "go").touch()
    qtbot.waitUntil(lambda: desk.run is None, timeout=PATIENT)
    assert desk.outcome.ended is Ended.DONE
    assert page.measure.button.isVisible()
    assert not page.measure.problem.isVisible()


def test_stopping_says_so_and_keeps_the_part(windows, qtbot, home):
    measured_home(
        home,
        examples.BEGIN,
        {"event": "phase", "phase": "down"},
        {"wait": "stop"},
        {"wait": "go"},
        examples.completed(examples.part("new", NOW), "cancelled"),
    )
    window, page = opened(windows, qtbot)
    page.measure.button.click()
    desk = window.speed_desk
    qtbot.waitUntil(lambda: desk.run is not None and desk.run.phase == "down", timeout=PATIENT)
    page.measure.stop_button.click()
    assert page.measure.phase.text() == "Stopping…"
    assert not page.measure.stop_button.isEnabled()
    (home / "go").touch()
    qtbot.waitUntil(lambda: desk.run is None, timeout=PATIENT)
    assert desk.outcome.ended is Ended.CANCELLED
    assert (
        page.measure.notice.text()
        == "Stopped. What was measured until then is kept, as a part of a measurement."
    )
    assert not page.measure.problem.isVisible()


def test_a_program_that_does_not_listen_is_ended(windows, qtbot, home, monkeypatch):
    monkeypatch.setattr("jalerte_desktop.window.speed_run.STOP_PATIENCE_MS", 200)
    measured_home(home, examples.BEGIN, {"wait": "never"})
    window, page = opened(windows, qtbot)
    page.measure.button.click()
    qtbot.waitUntil(
        lambda: window.speed_desk.run is not None and window.speed_desk.run.begun, timeout=PATIENT
    )
    page.measure.stop_button.click()
    qtbot.waitUntil(lambda: window.speed_desk.run is None, timeout=PATIENT)
    assert page.measure.notice.text() == "Stopped. Nothing had been measured yet."


def test_closing_the_window_stops_a_measurement_and_waits_for_its_part(windows, qtbot, home):
    measured_home(home, examples.BEGIN, {"wait": "stop"}, {"stderr": "ended by itself"})
    window, page = opened(windows, qtbot)
    page.measure.button.click()
    desk = window.speed_desk
    qtbot.waitUntil(lambda: desk.run is not None and desk.run.begun, timeout=PATIENT)
    process = desk.run._process
    began = time.monotonic()
    window.shut()
    assert process.exitStatus() == process.ExitStatus.NormalExit
    assert process.exitCode() == 0
    assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([{"event": "failed", "problem": "No server answered."}, {"exit": 1}], "No server answered."),
        ([{"stderr": "jalerte: The journal is locked."}, {"exit": 2}], "The journal is locked."),
        ([{"stderr": "Traceback (most recent call last):"}, {"exit": 1}], "The command failed (code 1)."),
        ([{"exit": 0}], "The measuring program ended without a result."),
        (
            [{"raw": "{{{"}, {"raw": "[1]"}, {"raw": '{"event": 7}'}],
            "The measuring program ended without a result.",
        ),
        ([{"raw": "x" * 3_000_000}, {"exit": 3}], "The command failed (code 3)."),
    ],
)
def test_what_goes_wrong_is_one_line_in_the_page(windows, qtbot, home, lines, words):
    measured_home(home, *lines)
    window, page = opened(windows, qtbot)
    page.measure.button.click()
    qtbot.waitUntil(lambda: window.speed_desk.outcome is not None, timeout=PATIENT)
    assert page.measure.problem.text() == words
    assert page.measure.problem.isVisible()
    assert page.measure.button.isEnabled()


def test_a_paid_link_is_measured_only_when_asked_again(windows, qtbot, home):
    held = {"event": "held", "words": "The link is paid by volume.", "reason": "metered", "at": "x"}
    measured_home(home, held, {"exit": 1})
    window, page = opened(windows, qtbot)
    page.measure.button.click()
    qtbot.waitUntil(lambda: page.measure.anyway.isVisible(), timeout=PATIENT)
    assert page.measure.notice.text() == "Not measured. The link is paid by volume."
    examples.script(home, examples.BEGIN, examples.completed(examples.result("new", NOW)))
    page.measure.anyway.click()
    assert not page.measure.anyway.isVisible()
    qtbot.waitUntil(lambda: window.speed_desk.run is None, timeout=PATIENT)
    assert measurements(home)[-1] == "speed --stdin --progress --metered"


def test_another_language_does_not_stop_a_measurement(windows, qtbot, home):
    measured_home(home, examples.BEGIN, {"event": "phase", "phase": "down"}, {"wait": "go"})
    window, page = opened(windows, qtbot)
    page.measure.button.click()
    run = window.speed_desk.run
    qtbot.waitUntil(lambda: run.phase == "down", timeout=PATIENT)
    language.use("fr")
    window.speak_anew()
    assert window.speed is not page
    assert window.speed_desk.run is run
    qtbot.waitUntil(lambda: window.speed.measure.stop_button.isVisible())
    (home / "go").touch()
    qtbot.waitUntil(lambda: window.speed_desk.run is None, timeout=PATIENT)


# --- what was measured ---


def test_results_are_shown_with_their_worth(windows, qtbot, home):
    measured_home(home)
    _window, page = opened(windows, qtbot)
    assert "287" in page.answer.answer.text()
    assert "of 300 promised" in page.answer.answer.text()
    assert page.result.down.value.text() == "287\u00a0Mbit/s"
    assert page.result.grade.value.text() == "A"
    assert "bytes received here" in page.result.down.toolTip()
    assert page.result.down.accessibleDescription() == page.result.down.toolTip()
    assert page.result.badge.text() == "✓\u00a0speaks for the line"
    assert len(page.list.views) == 8
    assert [row.badge[0] for row in page.list.rows] == ["✓", "‖", "◐", "◌", "◌", "✓", "‖", "✓"]


def test_a_figure_s_method_is_read_by_keyboard_too(windows, qtbot, home):
    measured_home(home)
    _window, page = opened(windows, qtbot)
    page.result.down.setFocus()
    qtbot.waitUntil(page.result.down.hasFocus)
    assert "bytes received here" in page.result.hint.text()
    page.result.grade.setFocus()
    assert "A+" in page.result.hint.text()


def test_the_whole_list_has_the_reasons_below(windows, qtbot, home):
    measured_home(home)
    window, page = opened(windows, qtbot)
    page.list.all_button.click()
    dialog = window.dialog
    assert isinstance(dialog, TableDialog)
    assert dialog.model.rowCount() == 8
    dialog.view.selectRow(1)
    assert "To be tried again" in dialog.details.toPlainText()
    dialog.accept()


def test_rows_are_walked_with_the_arrows_and_not_rebuilt_without_need(windows, qtbot, home):
    measured_home(home)
    _window, page = opened(windows, qtbot)
    first = page.list.views[0]
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Down)
    assert page.list.views[1].hasFocus()
    page.refresh()
    assert page.list.views[0] is first
    assert page.list.views[1].hasFocus()


def test_the_promised_speeds_are_asked_for_where_they_are_not_known(windows, qtbot, home):
    measured_home(home)
    examples.answers(home, NOW, case={**examples.CASE, "fields": {}})
    window, page = opened(windows, qtbot)
    assert page.answer.fill_in.isVisible()
    page.answer.fill_in.click()
    assert window.pages.currentWidget() is window.case


def test_what_the_recorder_measures_appears(windows, qtbot, home):
    examples.fill(home, NOW, examples.week(NOW)[:1], choice=examples.chosen(NOW - 4 * examples.DAY))
    window, page = opened(windows, qtbot)
    assert len(page.list.views) == 1
    examples.write(home, [examples.to_event(examples.result("new", NOW))])
    window.speed_desk._timer.timeout.emit()
    qtbot.waitUntil(lambda: len(page.list.views) == 2, timeout=PATIENT)


def test_a_journal_that_cannot_be_read_is_one_line(windows, qtbot, home):
    (home / "journal.sqlite").write_bytes(b"not a journal" * 400)
    _window, page = opened(windows, qtbot)
    assert page.answer.problem.isVisible()
    assert "\n" not in page.answer.problem.text()
    assert page.measure.button.isVisible()


# --- the schedule ---


def test_the_schedule_is_kept_and_what_is_refused_is_said(windows, qtbot, home):
    measured_home(home)
    _window, page = opened(windows, qtbot)
    assert page.schedule.per_day.editor.read() == "4"
    line = page.schedule.per_day.editor.line
    line.selectAll()
    qtbot.keyClicks(line, "25")
    page.schedule.save.click()
    qtbot.waitUntil(lambda: page.schedule.problem.isVisible(), timeout=PATIENT)
    assert page.schedule.per_day.editor.read() == "25"
    line.selectAll()
    qtbot.keyClicks(line, "6")
    page.schedule.save.click()
    qtbot.waitUntil(lambda: page.schedule.saved.text() == "✓ saved", timeout=PATIENT)
    assert not page.schedule.problem.isVisible()
    with Reader(home / "journal.sqlite") as reader:
        kept = read_choice(load(home / "config.toml"), reader.events(EventKind.SPEED_CHOICE))
    assert (kept.provider, kept.per_day, kept.cap_bytes) == ("ndt7", 6, 50_000_000_000)
    assert kept.terms


def test_a_key_of_the_configuration_file_cannot_be_changed_here(windows, qtbot, home):
    (home / "config.toml").write_text("[speed]\nper_day = 2\n", "utf-8")
    measured_home(home)
    _window, page = opened(windows, qtbot)
    assert page.schedule.per_day.editor.read() == "2"
    assert not page.schedule.per_day.isEnabled()
    assert page.schedule.monthly.isEnabled()
    assert "per_day" in page.schedule.fixed.text()


def test_without_a_recorder_the_schedule_waits_and_nothing_is_blocked(windows, qtbot, home):
    measured_home(home)
    window, page = opened(windows, qtbot)
    window.recorder.state = State.OFF
    window.recorder.changed.emit()
    assert "wait until it runs" in page.schedule.words.text()
    assert page.measure.button.isEnabled()
    assert page.schedule.save.isEnabled()
    assert page.series.start_button.isEnabled()


# --- the series ---


def test_a_series_is_started_with_its_statements_confirmed(windows, qtbot, home):
    now = time.time_ns()
    examples.fill(
        home, now, choice=examples.chosen(now - examples.DAY, "http", ("http://speed.example.net/",))
    )
    window, page = opened(windows, qtbot, now_ns=now)
    page.series.start_button.click()
    dialog = window.dialog
    assert isinstance(dialog, SeriesDialog)
    qtbot.waitUntil(lambda: dialog.chosen is not None, timeout=PATIENT)
    assert dialog.chosen.id == "bnetza"
    assert "network cable" in dialog.statements.text()
    assert "No promised speed" in dialog.promised.text()
    assert "30 measurements" in dialog.cost.text()
    assert "no certified status" in dialog.warnings.text()
    assert not dialog.start.isEnabled()
    dialog.confirm.click()
    dialog.rules.editor.put("free")
    dialog.rules.editor.touched.emit()
    assert not dialog.confirm.isChecked()
    dialog.confirm.click()
    dialog.start.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=PATIENT)
    assert "campaign start --rules=free --confirm --json" in calls(home)
    qtbot.waitUntil(lambda: page.series.stop_button.isVisible(), timeout=PATIENT)
    assert page.series.state.text().startswith("0 of ")
    page.series.stop_button.click()
    question = window.dialog
    assert isinstance(question, EndQuestion)
    question.end_button.click()
    qtbot.waitUntil(lambda: page.series.start_button.isVisible(), timeout=PATIENT)
    assert "Ended before it was complete" in page.series.state.text()


def test_a_series_that_the_terms_do_not_allow_is_refused_in_the_dialog(windows, qtbot, home):
    now = time.time_ns()
    examples.fill(home, now, choice=examples.chosen(now - examples.DAY))
    window, page = opened(windows, qtbot, now_ns=now)
    page.series.start_button.click()
    dialog = window.dialog
    qtbot.waitUntil(lambda: dialog.chosen is not None, timeout=PATIENT)
    dialog.confirm.click()
    dialog.start.click()
    qtbot.waitUntil(lambda: dialog.problem.isVisible(), timeout=PATIENT)
    assert "ndt7" in dialog.problem.text()
    assert dialog.isVisible()
    dialog.reject()


def test_going_on_with_a_series_ends_nothing(windows, qtbot, home):
    begun, _made = examples.series(NOW, 2, 14)
    measured_home(home, begun=begun)
    window, page = opened(windows, qtbot)
    page.series.stop_button.click()
    window.dialog.stay_button.click()
    assert "campaign stop --json" not in calls(home)
    assert page.series.stop_button.isVisible()


def test_a_finished_series_shows_every_criterion_with_its_arithmetic(windows, qtbot, home):
    begun, made = examples.series(NOW, 20)
    examples.fill(home, NOW, made, begun=begun, choice=examples.chosen(begun.started_ns))
    examples.answers(home, NOW)
    window, page = opened(windows, qtbot)
    assert page.series.state.text() == "Complete. Criteria not met: 1 of 6."
    texts = [one.text() for one in page.series.findChildren(QWidget) if hasattr(one, "text")]
    assert texts.count("✕\u00a0not conforming") == 1
    assert texts.count("✓\u00a0conforming") == 5
    assert any("0 of 30 measurements" in one for one in texts)
    assert "no certified status" in page.series.warnings.text()
    page.series.details_button.click()
    assert window.dialog.model.rowCount() == 30
    window.dialog.accept()


# --- keyboard, names, sizes ---


def test_tab_reaches_everything_and_everything_has_a_name(windows, qtbot, home):
    begun, _made = examples.series(NOW, 20)
    measured_home(home, begun=begun)
    window, page = opened(windows, qtbot)
    window.nav[0].setFocus()
    seen: list[QWidget] = []
    while (now := window.focusWidget()) not in seen:
        seen.append(now)
        qtbot.keyClick(now, Qt.Key.Key_Tab)
    buttons = [one for one in page.findChildren(QAbstractButton) if one.isVisible() and one.isEnabled()]
    assert set(buttons) <= set(seen)
    assert {*page.result.tiles, *page.list.views} <= set(seen)
    for widget in seen:
        assert (widget.text() if isinstance(widget, QAbstractButton) else "") or widget.accessibleName(), (
            widget
        )
    # From top to bottom.
    order = [
        seen.index(one)
        for one in (page.measure.button, page.result.down, page.list.views[0], page.schedule.save)
    ]
    assert order == sorted(order)


@pytest.mark.parametrize(("width", "height"), [(640, 400), (900, 600), (1280, 800), (2560, 1600)])
@pytest.mark.parametrize("code", ["fr", "en"])
def test_no_text_is_cut_at_any_size(windows, qtbot, home, width, height, code):
    language.use(code)
    begun, made = examples.series(NOW, 20)
    examples.fill(
        home, NOW, [*examples.week(NOW), *made[:30]], examples.holding(NOW), begun, examples.chosen(NOW)
    )
    examples.answers(home, NOW)
    window, page = opened(windows, qtbot)
    window.resize(width, height)
    QApplication.processEvents()
    assert (window.width(), window.height()) == (width, height)
    # What stands otherwise in a narrow page asks for its place in a second round.
    qtbot.waitUntil(lambda: page.widget().width() <= page.viewport().width())
    assert_nothing_is_cut(page)
