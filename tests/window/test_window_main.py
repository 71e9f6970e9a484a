"""The window as a person meets it: real widgets, real child processes, findings from memory."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
import window_examples as examples
from conftest import calls
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QLabel,
    QMessageBox,
    QToolTip,
    QWidget,
)

from diagnostics.model import SECOND, BadInput
from jalerte_desktop.window.alert_dialog import AlertDialog
from jalerte_desktop.window.closing import KeepQuestion, Leave, leave
from jalerte_desktop.window.main_window import ALERT
from jalerte_desktop.window.recorder import State
from jalerte_desktop.window.tables import TableDialog
from jalerte_desktop.window.theme import DARK, LIGHT, Theme, high_contrast
from jalerte_desktop.words import language

LEFT = Qt.MouseButton.LeftButton


def live(**more) -> examples.FixedSource:
    return examples.FixedSource(*examples.day_and_week(), **more)


def pid_of(home: Path) -> int | None:
    try:
        return int((home / "recorder.pid").read_text())
    except FileNotFoundError:
        return None


# --- showing ---


def test_the_home_page_answers_in_one_sentence(windows):
    window = windows.open()
    assert window.home.state.answer.text().startswith("Coupure depuis 3")
    assert window.home.state.isVisible()
    assert not window.home.first_run.isVisible()
    assert not window.home.question.isVisible()
    assert [card.value.text() for card in window.home.figures][:2] == ["8", "3"]
    assert len(window.home.incidents.views) == 9


def test_it_is_shown_before_anything_was_read(windows, qtbot):
    window = windows.open(wait=False)
    assert window.isVisible()
    assert window.home.state.answer.text() == "Lecture du journal…"
    qtbot.waitUntil(lambda: window.reading is not None)


def test_the_first_run_explains_and_starts_nothing(windows, qtbot, home):
    window = windows.open(examples.NoJournal())
    qtbot.waitUntil(lambda: window.recorder.state is State.OFF)
    assert window.home.first_run.isVisible()
    assert not window.home.state.isVisible()
    words = " ".join(one.text() for one in window.home.first_run.findChildren(QLabel))
    assert str(home) in words
    for who in ("1.1.1.1", "port 443", "OpenDNS", "robots.txt", "UPnP"):
        assert who in words, who
    assert not [call for call in calls(home) if call.startswith("record")]


def test_the_first_runs_button_starts_the_recorder(windows, qtbot, home):
    window = windows.open(examples.NoJournal())
    qtbot.waitUntil(lambda: window.home.first_run.isVisible())
    window.home.first_run.button.click()
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    assert "record --stdin" in calls(home)
    assert window.home.state.answer.text() == "L’enregistrement démarre."
    assert window.preferences.recording_wanted is True
    with qtbot.waitSignal(window.recorder.stopped):
        window.stop_recording()
    assert window.preferences.recording_wanted is False


def test_what_was_wanted_starts_again_with_the_window_once(windows, qtbot, home):
    (home / "window.ini").write_text("[General]\nrecording_wanted=true\n", "utf-8")
    window = windows.open(examples.NoJournal())
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    os.kill(pid_of(home), signal.SIGKILL)
    qtbot.waitUntil(lambda: window.recorder.state is State.DIED)
    assert window.home.notice.isVisible()
    with qtbot.waitSignal(window.reader.ready):
        window.read()
    assert [call for call in calls(home) if call.startswith("record")] == ["record --stdin"]
    (home / "recorder.pid").unlink()
    window.home.restart.click()
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    with qtbot.waitSignal(window.recorder.stopped):
        window.recorder.stop()


def test_a_journal_that_cannot_be_read_is_said_in_words(windows, qtbot):
    class Damaged(examples.NoJournal):
        def refresh(self, since_ns, until_ns):
            raise BadInput("journal_damaged", path="/x/journal.sqlite")

    window = windows.open(Damaged())
    assert window.home.state.answer.text() == "Le journal ne peut pas être lu."
    assert "/x/journal.sqlite" in window.home.state.explanation.text()
    assert not window.home.first_run.isVisible()


def test_a_fault_of_ours_does_not_end_the_reading(windows, qtbot):
    class Broken(examples.NoJournal):
        def refresh(self, since_ns, until_ns):
            raise ZeroDivisionError("oops")

    window = windows.open(Broken())
    assert "ZeroDivisionError" in window.home.state.explanation.text()


def test_readings_follow_the_clock(windows, qtbot):
    source = live()
    window = windows.open(source)
    qtbot.waitUntil(lambda: len(source.asked) >= 2, timeout=6000)
    assert all(until == examples.NOW for _since, until in source.asked)
    assert window.reading is not None


def test_the_list_is_not_rebuilt_without_need(windows, qtbot):
    window = windows.open()
    first = window.home.incidents.views[0]
    with qtbot.waitSignal(window.reader.ready):
        window.read()
    assert window.home.incidents.views[0] is first


# --- the line ---


@pytest.mark.parametrize(("pressed", "asked"), [("yes", ""), ("no", " --not-home")])
def test_the_question_about_the_line_is_answered_by_a_command(windows, qtbot, home, pressed, asked):
    window = windows.open(live(line=examples.UNCONFIRMED))
    assert window.home.question.isVisible()
    getattr(window.home.question, pressed).click()
    qtbot.waitUntil(lambda: f"line confirm {examples.HOME.id}{asked}" in calls(home))


def test_a_line_command_that_fails_is_one_sentence(windows, qtbot, home):
    (home / "fail").write_text("Aucune ligne.", "utf-8")
    window = windows.open(live(line=examples.UNCONFIRMED))
    window.home.question.yes.click()
    qtbot.waitUntil(lambda: window.settings.line_problem.text() == "Aucune ligne.")
    with qtbot.waitSignal(window.reader.ready):
        window.read()
    assert window.home.question.words.text() == "Aucune ligne."


def test_the_lines_name_is_given_in_the_settings(windows, qtbot, home):
    window = windows.open()
    window.go(1)
    assert window.settings.name.text() == "Maison"
    window.settings.name.clear()
    qtbot.keyClicks(window.settings.name, "-Chez nous")
    qtbot.keyClick(window.settings.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: f"line name --id {examples.HOME.id} -- -Chez nous" in calls(home))


# --- the two buttons ---


def test_the_alerts_button_leads_to_its_page(windows, qtbot, home):
    window = windows.open()
    assert window.alert is None
    window.home.next.alert_button.click()
    assert window.pages.currentIndex() == ALERT
    assert window.nav[ALERT].isChecked()
    qtbot.waitUntil(lambda: "alert preview --json" in calls(home))


def test_the_alert_is_shown_field_by_field_and_copied(windows, qtbot):
    window = windows.open()
    window.go(ALERT)
    qtbot.waitUntil(lambda: window.filing.alert is not None)
    window.alert._show_fields()
    dialog = window.dialog
    assert isinstance(dialog, AlertDialog)
    texts = [one.text() for one in dialog.findChildren(QLabel)]
    assert "Exemple Télécom" in texts
    assert "– person.postcode" in texts
    assert "<b>nom</b>" in texts
    assert dialog.description.toPlainText() == "Huit coupures en sept jours."
    dialog.copy_buttons[0].click()
    assert QGuiApplication.clipboard().text() == "Huit coupures en sept jours."
    dialog.reject()
    qtbot.waitUntil(lambda: window.dialog is None)


def test_what_goes_wrong_with_a_paper_stands_on_the_card(windows, qtbot, home):
    (home / "fail").write_text("Il manque le dossier : créez-le.\n", "utf-8")
    window = windows.open()
    window.papers.save_letter(home / "lettre.pdf")
    qtbot.waitUntil(lambda: window.home.next.problem.isVisible())
    assert window.home.next.problem.text() == "Il manque le dossier : créez-le."
    (home / "fail").unlink()
    window.papers.save_letter(home / "lettre.pdf")
    assert not window.home.next.problem.isVisible()
    qtbot.waitUntil(lambda: window.dialog is not None)
    window.dialog.reject()


def test_the_letter_is_saved_where_the_person_says(windows, qtbot, home, tmp_path):
    window = windows.open()
    window.home.next.letter_button.click()
    assert isinstance(window.dialog, QFileDialog)
    window.dialog.reject()
    target = tmp_path / "ma lettre.pdf"
    window.papers.save_letter(target)
    qtbot.waitUntil(lambda: isinstance(window.dialog, QMessageBox))
    assert target.exists()
    assert str(target) in window.dialog.informativeText()
    assert "2 blancs" in window.dialog.informativeText()
    assert "Ligne non confirmée." in window.dialog.informativeText()
    assert f"letter complaint --out {target} --json" in calls(home)
    window.dialog.reject()


def test_a_letter_without_a_known_ending_becomes_a_pdf(windows, qtbot, tmp_path):
    window = windows.open()
    window.papers.save_letter(tmp_path / "lettre")
    qtbot.waitUntil(lambda: window.dialog is not None)
    assert (tmp_path / "lettre.pdf").exists()
    window.dialog.reject()


# --- tables ---


def test_the_chart_has_a_table_behind_it(windows, qtbot):
    window = windows.open()
    window.home.chart.table_button.click()
    assert isinstance(window.dialog, TableDialog)
    assert window.dialog.model.rowCount() > 500
    window.dialog.accept()


def test_the_whole_list_of_incidents(windows, qtbot):
    window = windows.open()
    window.home.incidents.all_button.click()
    dialog = window.dialog
    assert isinstance(dialog, TableDialog)
    assert dialog.model.rowCount() == 9
    assert "Réserve" in dialog.details.toPlainText()
    dialog.accept()


def test_more_incidents_than_the_card_shows_are_announced(windows, qtbot):
    start = examples.local_day(examples.NOW).start_ns
    many = [examples.incident(start + n * 10 * examples.MINUTE, 20) for n in range(50)]
    window = windows.open(examples.FixedSource(many))
    texts = [one.text() for one in window.home.incidents.findChildren(QLabel)]
    assert "30 autres dans la liste complète." in texts
    window.home.incidents.all_button.click()
    assert window.dialog.model.rowCount() == 50
    window.dialog.accept()


# --- keyboard and accessibility ---


def test_the_chart_is_read_by_keyboard(windows, qtbot):
    chart = windows.open().home.chart.view
    chart.setFocus()
    qtbot.keyClick(chart, Qt.Key.Key_End)
    assert chart.accessibleDescription().startswith("16:04 · coupure")
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert chart.accessibleDescription().startswith("16:03")
    qtbot.keyClick(chart, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert chart.accessibleDescription().startswith("15:53 · normal")
    qtbot.keyClick(chart, Qt.Key.Key_PageDown)
    assert chart.accessibleDescription().startswith("16:03")
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert chart.accessibleDescription().startswith("16:04")
    qtbot.keyClick(chart, Qt.Key.Key_Home)
    assert chart.accessibleDescription().startswith("00:00")
    qtbot.keyClick(chart, Qt.Key.Key_Escape)
    assert chart.cursor_ns is None


def test_the_chart_tells_what_is_under_the_pointer(windows, qtbot):
    chart = windows.open().home.chart.view
    point = QPoint(round(chart.frame().x(examples.NOW - 3600 * SECOND)) + 1, chart.frame().plot.center().y())
    QApplication.sendEvent(chart, QHelpEvent(QEvent.Type.ToolTip, point, chart.mapToGlobal(point)))
    assert re.match(r"15:0\d · normal · délai médian 1\d", QToolTip.text())
    outside = QPoint(2, 2)
    QApplication.sendEvent(chart, QHelpEvent(QEvent.Type.ToolTip, outside, chart.mapToGlobal(outside)))
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_incidents_are_walked_with_the_arrows(windows, qtbot):
    card = windows.open().home.incidents
    card.views[0].setFocus()
    qtbot.waitUntil(lambda: card.views[0].hasFocus())
    qtbot.keyClick(card.views[0], Qt.Key.Key_Down)
    assert card.views[1].hasFocus()
    qtbot.keyClick(card.views[1], Qt.Key.Key_Up)
    assert card.views[0].hasFocus()
    assert "confiance 0,90" in card.views[0].accessibleName()
    assert "Réserve" in card.views[0].accessibleName()


def test_tab_reaches_everything_and_everything_has_a_name(windows, qtbot):
    window = windows.open(live(line=examples.UNCONFIRMED))
    for page in (0, 1):
        window.go(page)
        window.nav[0].setFocus()
        seen: list[QWidget] = []
        while (now := window.focusWidget()) not in seen:
            seen.append(now)
            qtbot.keyClick(now, Qt.Key.Key_Tab)
        buttons = [one for one in window.findChildren(QAbstractButton) if one.isVisible() and one.isEnabled()]
        assert set(buttons) <= set(seen)
        for widget in seen:
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            named = text or widget.accessibleName() or widget is window.settings.name
            assert named, widget
        if page == 0:
            assert window.home.chart.view in seen


def test_shortcuts_change_the_page(windows, qtbot):
    window = windows.open()
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.currentIndex() == 1
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.currentIndex() == 0


def assert_nothing_is_cut(area) -> None:
    QApplication.processEvents()
    assert area.widget().width() <= area.viewport().width()
    assert_fits(area.widget())


def assert_fits(whole: QWidget) -> None:
    """Every label and button has the room that its words need."""
    for one in whole.findChildren(QLabel):
        if not one.isVisible():
            continue
        if one.wordWrap():
            assert one.height() >= one.heightForWidth(one.width()) - 1, one.text()
            if one.textFormat() == Qt.TextFormat.PlainText:
                longest = max(
                    one.fontMetrics().horizontalAdvance(word) for word in re.split(r"[ /-]", one.text())
                )
                assert longest <= one.width(), one.text()
        else:
            assert one.width() >= one.sizeHint().width() or one.toolTip(), one.text()
    for one in whole.findChildren(QAbstractButton):
        if one.isVisible():
            assert one.width() >= one.minimumSizeHint().width(), one.text()


@pytest.mark.parametrize(("width", "height"), [(640, 400), (900, 600), (1280, 800), (2560, 1600)])
@pytest.mark.parametrize("code", ["fr", "en"])
def test_no_text_is_cut_at_any_size(windows, qtbot, width, height, code):
    language.use(code)
    window = windows.open(live(line=examples.UNCONFIRMED))
    window.resize(width, height)
    for page in (0, 1):
        window.go(page)
        QApplication.processEvents()
        assert (window.width(), window.height()) == (width, height)
        assert_nothing_is_cut(window.pages.currentWidget())
    first = windows.open(examples.NoJournal())
    first.resize(width, height)
    qtbot.waitUntil(lambda: first.home.first_run.isVisible())
    QApplication.processEvents()
    assert_nothing_is_cut(first.home)


# --- settings ---


def test_recording_from_login_on_is_agreed_to_and_taken_back(windows, qtbot):
    window = windows.open()
    window.go(1)
    box = window.settings.login
    assert not box.isChecked()
    qtbot.mouseClick(box, LEFT, pos=QPoint(12, box.height() // 2))
    assert window.entry.on
    assert box.isChecked()
    window.entry.path.unlink()
    window.go(1)
    assert not box.isChecked()
    qtbot.mouseClick(box, LEFT, pos=QPoint(12, box.height() // 2))
    qtbot.mouseClick(box, LEFT, pos=QPoint(12, box.height() // 2))
    assert not window.entry.path.exists()


def test_an_entry_that_cannot_be_written_is_said(windows, qtbot, tmp_path):
    window = windows.open()
    window.go(1)
    (tmp_path / "config").write_text("in the way")
    box = window.settings.login
    qtbot.mouseClick(box, LEFT, pos=QPoint(12, box.height() // 2))
    assert not box.isChecked()
    assert "n’a pas pu être modifiée" in window.settings.login_note.text()


def test_the_recorder_is_paused_and_resumed(windows, qtbot, home):
    window = windows.open(examples.NoJournal())
    qtbot.waitUntil(lambda: window.recorder.state is State.OFF)
    window.go(1)
    assert window.settings.recording.text() == "L’enregistrement est arrêté."
    window.settings.switch.click()
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    with qtbot.waitSignal(window.recorder.stopped):
        window.settings.switch.click()
    assert pid_of(home) is None


def test_another_language_at_once(windows, qtbot):
    window = windows.open()

    def speak(code: str) -> None:
        language.use(code)
        window.speak_anew()

    window.language_chosen.connect(speak)
    window.go(1)
    window.settings.languages["en"].click()
    assert window.pages.currentIndex() == 1
    assert window.settings.recording.text() == "Recording is on."
    window.go(0)
    assert window.home.state.answer.text().startswith("Outage for 3")


# --- dark, light, contrast ---


def test_the_appearance_follows_and_paints_anew(windows, qtbot, theme):
    window = windows.open()
    light = window.grab().toImage().pixelColor(200, 8)
    theme.force(DARK)
    dark = window.grab().toImage().pixelColor(200, 8)
    theme.force(LIGHT)
    assert light.lightness() > 200
    assert dark.lightness() < 60


def test_the_system_decides_where_nothing_is_forced(qapp, monkeypatch):
    theme = Theme()
    assert theme.scheme in (LIGHT, DARK)
    other = DARK if theme.scheme == LIGHT else LIGHT
    monkeypatch.setattr(theme, "_of_system", lambda: other)
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Unknown)
    assert theme.scheme == other
    assert other.card in qapp.styleSheet()
    qapp.setStyleSheet("")


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK, high_contrast(LIGHT), high_contrast(DARK)])
def test_text_can_be_read(scheme):
    for ground in (scheme.card, scheme.page):
        assert contrast(scheme.text, ground) >= 7
        assert contrast(scheme.soft, ground) >= 4.5
        assert contrast(scheme.accent, ground) >= 4.5
    assert contrast(scheme.soft, scheme.chosen) >= 4.5
    assert contrast(scheme.on_accent, scheme.accent) >= 4.5
    for colour in (scheme.outage, scheme.loss, scheme.latency, scheme.fine, scheme.unobserved):
        assert contrast(colour, scheme.card) >= 4.5


# --- closing ---


@pytest.mark.parametrize(
    ("running", "held", "background", "keep", "what"),
    [
        (False, False, True, False, Leave.NOTHING),
        (True, False, False, False, Leave.NOTHING),
        (True, False, False, None, Leave.NOTHING),
        (True, True, False, None, Leave.ASK),
        (True, False, True, None, Leave.NOTHING),
        (True, True, False, True, Leave.HAND_OVER),
        (True, False, True, True, Leave.NOTHING),
        (True, True, False, False, Leave.STOP),
        (True, False, True, False, Leave.STOP),
    ],
)
def test_what_closing_does(running, held, background, keep, what):
    assert leave(running, held, background, keep) is what


def recording_window(windows, qtbot, home):
    window = windows.open(examples.NoJournal())
    qtbot.waitUntil(lambda: window.recorder.state is State.OFF)
    window.start_recording()
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    return window


def test_closing_asks_once_and_stops_when_told_so(windows, qtbot, home):
    window = recording_window(windows, qtbot, home)
    window.close()
    assert isinstance(window.dialog, KeepQuestion)
    assert window.isVisible()
    window.dialog.stop_button.click()
    qtbot.waitUntil(lambda: not window.isVisible())
    qtbot.waitUntil(lambda: pid_of(home) is None)
    assert window.preferences.keep_recording is False


def test_closing_goes_on_in_the_background_when_told_so(windows, qtbot, home):
    window = recording_window(windows, qtbot, home)
    first = pid_of(home)
    window.close()
    window.dialog.keep_button.click()
    qtbot.waitUntil(lambda: pid_of(home) not in (None, first), timeout=10_000)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert window.preferences.keep_recording is True
    second = windows.open(examples.NoJournal())
    qtbot.waitUntil(lambda: second.recorder.state is State.ON)
    assert not second.recorder.held
    second.close()
    assert not second.isVisible()
    assert pid_of(home) is not None
    os.kill(pid_of(home), signal.SIGTERM)
    qtbot.waitUntil(lambda: pid_of(home) is None)


def test_staying_changes_nothing(windows, qtbot, home):
    window = recording_window(windows, qtbot, home)
    window.close()
    window.dialog.stay_button.click()
    assert window.isVisible()
    assert window.preferences.keep_recording is None
    assert pid_of(home) is not None
    with qtbot.waitSignal(window.recorder.stopped):
        window.recorder.stop()


def test_a_background_recorder_is_stopped_at_closing_once_that_is_wanted(windows, qtbot, home):
    (home / "window.ini").write_text("[General]\nkeep_recording=true\n", "utf-8")
    window = recording_window(windows, qtbot, home)
    assert not window.recorder.held
    qtbot.waitUntil(lambda: pid_of(home) is not None)
    window.go(1)
    assert window.settings.keep.isChecked()
    window.preferences.keep_recording = False
    window.recorder.ask()
    qtbot.waitUntil(lambda: window.recorder.state is State.ON)
    window.close()
    qtbot.waitUntil(lambda: pid_of(home) is None, timeout=10_000)
    qtbot.waitUntil(lambda: not window.isVisible())


def test_a_window_without_recorder_just_closes(windows, qtbot):
    window = windows.open(examples.NoJournal())
    qtbot.waitUntil(lambda: window.recorder.state is State.OFF)
    window.close()
    assert not window.isVisible()
