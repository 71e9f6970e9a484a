"""The evidence page over the real commands and a real journal: what a person without a terminal can do."""

from __future__ import annotations

import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Windows
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QLineEdit, QWidget
from test_window_main import assert_fits, assert_nothing_is_cut

from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, Event, EventKind, Span
from jalerte_desktop.window import theme as window_theme
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.evidence_desk import BUNDLE, LOOK, PREVIEW, REPORT, VERIFY
from jalerte_desktop.window.evidence_exclude import ExcludeDialog
from jalerte_desktop.window.evidence_page import EvidencePage
from jalerte_desktop.window.evidence_preview import BundlePreview
from jalerte_desktop.window.evidence_run import Ended
from jalerte_desktop.window.evidence_stamp_dialog import OTHER, StampDialog
from jalerte_desktop.window.evidence_witness import WitnessDialog
from jalerte_desktop.window.main_window import MainWindow
from jalerte_desktop.window.navigation import EVIDENCE
from jalerte_desktop.window.tables import TableDialog
from jalerte_desktop.words import language
from tests.made import BEYOND_HOP, LINE, T0, between, samples

pytestmark = pytest.mark.usefixtures("english")

PROGRAM = (sys.executable, "-m", "jalerte_desktop")
NOW = T0 + 400 * SECOND
PATIENT = 60_000
CUT = Span(T0 + 100 * SECOND, T0 + 160 * SECOND)


def record(folder: Path, seed: int = 1) -> None:
    """Five minutes of a line that was cut in the second one."""
    with closing(Writer(folder / "journal.sqlite")) as writer:
        line = {"id": LINE.id, "gateway": LINE.gateway, "gateway_mac": LINE.gateway_mac}
        writer.append(Event(EventKind.LINE, T0, {**line, "interface": LINE.interface}))
        made = list(samples(between(100, 160, BEYOND_HOP), 300, seed=seed))
        for at in range(0, len(made), 500):
            writer.stage(LINE.id, made[at : at + 500])
        writer.seal_all()
        writer.sign(T0 + 301 * SECOND)


@pytest.fixture
def caller(home: Path) -> Caller:
    record(home)
    return Caller(home, program=PROGRAM)


def opened(windows: Windows, qtbot) -> tuple[MainWindow, EvidencePage]:
    window = windows.open(now_ns=NOW)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.go(EVIDENCE)
    desk = window.evidence_desk
    assert desk is not None
    qtbot.waitUntil(lambda: desk.backing is not None and not desk.reading, timeout=PATIENT)
    assert window.evidence is not None
    return window, window.evidence


def done(window: MainWindow, qtbot, name: str):
    desk = window.evidence_desk
    qtbot.waitUntil(lambda: name in desk.outcomes and name not in desk.runs, timeout=PATIENT)
    return desk.outcomes[name]


@pytest.fixture
def files_opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What would be opened with the person's own programs."""
    asked: list[Path] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(Path(url.toLocalFile())))
    return asked


def chosen_file(window: MainWindow, path: Path) -> None:
    """Choose a file in the dialog that is open, as a person does."""
    dialog = window.dialog
    assert isinstance(dialog, QFileDialog)
    name = dialog.findChild(QLineEdit)
    assert name is not None
    name.setText(str(path))
    dialog.accept()


# --- the page ---


def test_the_page_is_made_only_when_it_is_wanted(windows):
    window = windows.open(now_ns=NOW)
    assert window.evidence is None
    assert window.evidence_desk is None
    assert isinstance(window.pages.widget(EVIDENCE), QWidget)


def test_it_says_what_stands_behind_the_evidence(windows, qtbot, home):
    window, page = opened(windows, qtbot)
    assert page.answer.answer.text().startswith("Sealed up to")
    backing = window.evidence_desk.backing
    with Reader(home / "journal.sqlite") as reader:
        head = reader.head()
    assert backing.sealed.sequence == head.seq
    assert backing.sealed.link == head.link.hex()
    assert backing.sealed.holds
    assert page.journal.link.text().replace(" ", "") == head.link.hex()
    assert len(backing.key) == 64
    assert page.journal.key.text().split() == [backing.key[at : at + 4] for at in range(0, 64, 4)]
    page.journal.copy.click()
    assert QGuiApplication.clipboard().text() == backing.key
    assert page.stamps.state.text() == "Nobody dates the seals."
    assert not page.journal.keeping.removed.isVisible()


def test_without_a_journal_nothing_is_offered_that_needs_one(windows, qtbot, home):
    for one in (*home.glob("journal.sqlite*"), *(home / "keys").iterdir()):
        one.unlink()
    _window, page = opened(windows, qtbot)
    assert page.answer.answer.text() == "There is no evidence yet."
    assert not page.journal.exclude_button.isEnabled()
    assert not page.witness.take.isEnabled()
    assert not (home / "journal.sqlite").exists()


def test_a_cut_tail_is_said_without_any_check(windows, qtbot, home):
    import sqlite3

    with closing(sqlite3.connect(home / "journal.sqlite")) as db, db:
        db.execute("DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)")
    _window, page = opened(windows, qtbot)
    assert "damaged" in page.answer.answer.text()
    assert "more was signed than is there" in page.journal.damage.text()


# --- the report ---


def test_a_report_is_made_saved_and_opened(windows, qtbot, home, tmp_path, files_opened):
    window, page = opened(windows, qtbot)
    seen: set[str] = set()
    desk = window.evidence_desk
    desk.progressed.connect(lambda name: seen.add(desk.runs[name].stage or ""))
    page.report.save.click()
    assert list(tmp_path.glob("*.pdf")) == []
    chosen_file(window, tmp_path / "mon rapport.pdf")
    assert page.report.running.isVisible()
    assert not page.report.save.isEnabled()
    outcome = done(window, qtbot, REPORT)
    assert outcome.ended is Ended.DONE, outcome
    assert (tmp_path / "mon rapport.pdf").read_bytes().startswith(b"%PDF-")
    assert {"study", "pages"} <= seen
    assert "1 cut attributed to the operator" in page.report.said.said.whole
    assert not page.report.running.isVisible()
    assert window.focusWidget() is page.report.files.open
    qtbot.keyClick(page.report.files.open, Qt.Key.Key_Space)
    page.report.files.folder.click()
    assert files_opened == [tmp_path / "mon rapport.pdf", tmp_path]


def test_chosen_days_are_read_or_refused_at_their_field(windows, qtbot, tmp_path):
    window, page = opened(windows, qtbot)
    choices = page.report.choices
    choices.period.buttons["dates"].click()
    choices.since.editor.put("32/11/2026")
    page.report.save.click()
    assert choices.since.problem.text()
    assert window.dialog is None
    choices.since.editor.put("2026-11-19")
    choices.until.editor.put("18/11/2026")
    page.report.save.click()
    assert choices.until.problem.text() == "The period ends before it begins."
    choices.since.editor.put("18/11/2026")
    assert choices.arguments(window.evidence_desk.record) == (
        "--since=2026-11-18",
        "--until=2026-11-19",
        "--language=en",
    )
    assert not choices.until.problem.text()


def test_the_last_month_and_the_whole_record_are_different_periods(windows, qtbot):
    _window, page = opened(windows, qtbot)
    choices = page.report.choices
    long = Span(NOW - 90 * 86_400 * SECOND, NOW)
    assert choices.arguments(long) == ("--language=en",)  # the commands' own: the last thirty days
    choices.period.buttons["all"].click()
    since, _language = choices.arguments(long)
    assert since == "--since=2026-08-20T11:13:40.000000+00:00"


def test_what_the_command_refuses_is_one_line(windows, qtbot, tmp_path):
    window, page = opened(windows, qtbot)
    page.report.make(tmp_path / "missing folder" / "r.pdf", ())
    outcome = done(window, qtbot, REPORT)
    assert outcome.ended is Ended.FAILED
    assert "missing folder" in page.report.said.sentence.text()
    assert "\n" not in page.report.said.sentence.text()
    assert not page.report.files.isVisible()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("import sys; print('x'); sys.exit(3)", "The command failed (code 3)."),
        ("print('{')", "The command gave an answer that cannot be read."),
        ("print('[1]')", "The command gave an answer that cannot be read."),
        ("raise RuntimeError('boom')", "The command failed (code 1)."),
        ("import os; os.abort()", "The command failed"),
    ],
)
def test_a_command_that_breaks_is_one_line(windows, qtbot, home, tmp_path, script, sentence):
    window, page = opened(windows, qtbot)
    window.evidence_desk._caller = Caller(home, program=(sys.executable, "-c", script))
    page.report.make(tmp_path / "r.pdf", ())
    done(window, qtbot, REPORT)
    assert page.report.said.sentence.text().startswith(sentence)


def test_a_long_run_is_stopped_and_nothing_is_left(windows, qtbot, home, tmp_path):
    window, page = opened(windows, qtbot)
    told = '{"event": "stage", "stage": "study"}'
    waits = f"import sys, time; print({told!r}, file=sys.stderr, flush=True); time.sleep(90)"
    window.evidence_desk._caller = Caller(home, program=(sys.executable, "-c", waits))
    page.report.make(tmp_path / "r.pdf", ())
    qtbot.waitUntil(lambda: page.report.running.phase.text().startswith("Studying"), timeout=PATIENT)
    assert window.focusWidget() is page.report.running.stop
    # Everything else stays usable meanwhile.
    assert page.verify.own.isEnabled()
    qtbot.keyClick(page.report.running.stop, Qt.Key.Key_Space)
    assert done(window, qtbot, REPORT).ended is Ended.STOPPED
    assert page.report.said.sentence.text() == "Stopped: nothing was written."
    assert window.focusWidget() is page.report.save
    assert list(tmp_path.glob("*.pdf")) == []


def test_closing_the_window_ends_what_runs(windows, qtbot, home, tmp_path):
    window, page = opened(windows, qtbot)
    window.evidence_desk._caller = Caller(home, program=(sys.executable, "-c", "import time; time.sleep(90)"))
    page.report.make(tmp_path / "r.pdf", ())
    run = window.evidence_desk.runs[REPORT]
    qtbot.waitUntil(lambda: run._process.processId() > 0)
    window.shut()
    assert run._process.processId() == 0


# --- the bundle, and its check ---


def bundle(windows, qtbot, window: MainWindow, page: EvidencePage, path: Path, copy: str = "public") -> None:
    page.bundle.copies.buttons[copy].click()
    page.bundle.look.click()
    qtbot.waitUntil(lambda: isinstance(window.dialog, BundlePreview), timeout=PATIENT)
    page.bundle.write(path)
    assert done(window, qtbot, BUNDLE).ended is Ended.DONE


def test_nothing_is_written_before_the_preview_and_the_yes(windows, qtbot, tmp_path):
    window, page = opened(windows, qtbot)
    assert not page.bundle.look.isEnabled()
    page.bundle.copies.buttons["public"].click()
    assert "who or where you are" in page.bundle.hint.text()
    page.bundle.look.click()
    qtbot.waitUntil(lambda: isinstance(window.dialog, BundlePreview), timeout=PATIENT)
    told = window.dialog.area.accessibleDescription()
    assert "first steps of the way out" in told.lower() or "addresses" in told.lower()
    assert "signature" in told
    window.dialog.later.click()
    assert BUNDLE not in window.evidence_desk.outcomes
    assert list(tmp_path.rglob("*.zip")) == []
    assert page.bundle.said.said is None


def test_a_bundle_is_saved_as_it_was_shown(windows, qtbot, tmp_path):
    window, page = opened(windows, qtbot)
    desk, seen = window.evidence_desk, set()
    desk.progressed.connect(lambda name: seen.add((name, desk.runs[name].stage)))
    bundle(windows, qtbot, window, page, tmp_path / "preuves.zip")
    # Steps that come together are told as one, the newest.
    assert {(PREVIEW, "pages"), (BUNDLE, "pages")} <= seen
    with zipfile.ZipFile(tmp_path / "preuves.zip") as archive:
        names = archive.namelist()
        removed = archive.read("removed.json")
    shown = window.evidence_desk.outcomes[PREVIEW].answer["preview"]
    assert [one["name"] for one in shown["members"]] == names
    assert b'"copy": "public"' in removed
    assert "not quite" not in page.bundle.said.said.whole
    page.bundle.inside.click()
    assert isinstance(window.dialog, BundlePreview)
    assert not window.dialog.save.isVisible()


def test_whole_and_broken_bundles_are_told_apart(windows, qtbot, tmp_path):
    window, page = opened(windows, qtbot)
    good, bad = tmp_path / "bon.zip", tmp_path / "cassé.zip"
    bundle(windows, qtbot, window, page, good)
    page.verify.check(good)
    assert done(window, qtbot, VERIFY).ended is Ended.DONE
    assert page.verify.said.sentence.text() == "“bon.zip” is whole, as it was made."
    assert "this machine’s own key" in page.verify.said.said.whole
    content = bytearray(good.read_bytes())
    content[len(content) // 2] ^= 1
    bad.write_bytes(content)
    page.verify.bundle.click()
    chosen_file(window, bad)
    done(window, qtbot, VERIFY)
    assert page.verify.said.sentence.text() == "“cassé.zip” is NOT as it was made."
    assert page.verify.said.sign.property("tone") == "outage"
    assert "was changed" in page.verify.said.said.whole
    assert "signature" not in page.verify.said.said.whole
    assert window.focusWidget() is page.verify.said


def test_a_changed_journal_is_told_with_its_first_minute(windows, qtbot, home):
    import sqlite3

    window, page = opened(windows, qtbot)
    page.verify.own.click()
    done(window, qtbot, VERIFY)
    assert page.verify.said.sentence.text() == "This journal is whole, as it was recorded."
    with closing(sqlite3.connect(home / "journal.sqlite")) as db, db:
        db.execute("UPDATE entries SET end_ns = end_ns + 1000000 WHERE seq = 4")
    page.verify.own.click()
    done(window, qtbot, VERIFY)
    assert page.verify.said.sentence.text() == "This journal is NOT as it was recorded."
    assert "(record 4)" in page.verify.said.said.lines[0]
    assert page.verify.said.said.lines[0].startswith("Minute of ")


# --- the second witness ---


def test_another_machines_bundle_becomes_a_witness_only_after_a_yes(windows, qtbot, home, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    record(other, seed=2)
    window, page = opened(windows, qtbot)
    desk = window.evidence_desk
    run = Caller(other, program=PROGRAM).process(
        ["bundle", "--for=operator", "--yes", f"--out={tmp_path / 'voisin.zip'}", "--json"]
    )
    run.start()
    assert run.waitForFinished(PATIENT)
    page.witness.look_at(tmp_path / "voisin.zip")
    dialog = window.dialog
    assert isinstance(dialog, WitnessDialog)
    assert not dialog.take.isEnabled()
    done(window, qtbot, LOOK)
    assert dialog.take.isEnabled()
    assert dialog.focusWidget() is dialog.name.editor
    with Reader(home / "journal.sqlite") as reader:
        assert not list(reader.events(EventKind.SECOND_WITNESS))
    dialog.name.editor.put("Neighbour, 2nd floor")
    dialog.take.click()
    qtbot.waitUntil(lambda: bool(desk.backing.witnesses), timeout=PATIENT)
    assert window.dialog is None
    (witness,) = desk.backing.witnesses
    assert witness.name == "Neighbour, 2nd floor"
    assert witness.key != desk.backing.key


def test_the_own_bundle_is_refused_as_a_witness_in_one_line(windows, qtbot, tmp_path):
    window, page = opened(windows, qtbot)
    bundle(windows, qtbot, window, page, tmp_path / "mien.zip")
    page.witness.look_at(tmp_path / "mien.zip")
    dialog = window.dialog
    done(window, qtbot, LOOK)
    dialog.take.click()
    qtbot.waitUntil(lambda: dialog.problem.isVisible(), timeout=PATIENT)
    assert "this very machine" in dialog.problem.text()
    assert window.evidence_desk.backing.witnesses == ()


# --- taking out of the count ---


def test_a_period_is_taken_out_after_its_incidents_were_shown(windows, qtbot, home):
    window, page = opened(windows, qtbot)
    desk = window.evidence_desk
    window.exclude(CUT)
    dialog = window.dialog
    assert isinstance(dialog, ExcludeDialog)
    dialog.reason.editor.setPlainText("The box was\nmoved.")
    assert not dialog.keep.isEnabled()
    qtbot.waitUntil(dialog.keep.isEnabled, timeout=PATIENT)
    assert "1 incident would no longer count" in dialog.keep.accessibleDescription()
    assert dialog.summary.text() == "1 incident would no longer count:"
    qtbot.waitUntil(lambda: "– 2026-" in texts(dialog), timeout=PATIENT)
    dialog.reason.editor.setPlainText("  ")
    assert not dialog.keep.isEnabled()
    dialog.reason.editor.setPlainText("The box was\nmoved.")
    dialog.keep.click()
    qtbot.waitUntil(lambda: bool(desk.backing.taken_out), timeout=PATIENT)
    assert window.dialog is None
    (one,) = desk.backing.taken_out
    assert one.reason == "The box was moved."
    assert one.span.start_ns <= CUT.start_ns
    assert one.span.end_ns >= CUT.end_ns
    qtbot.waitUntil(lambda: "The box was moved." in texts(page.journal), timeout=PATIENT)


def test_another_period_is_shown_anew_before_it_can_be_taken_out(windows, qtbot):
    window, _page = opened(windows, qtbot)
    window.exclude(CUT)
    dialog = window.dialog
    dialog.reason.editor.setPlainText("A test of mine.")
    qtbot.waitUntil(dialog.keep.isEnabled, timeout=PATIENT)
    dialog.to_time.editor.selectAll()
    qtbot.keyClicks(dialog.to_time.editor, "00:00")
    assert not dialog.keep.isEnabled()
    qtbot.waitUntil(lambda: bool(dialog.last.problem.text()), timeout=PATIENT)
    assert not dialog.keep.isEnabled()
    dialog.keep.click()
    assert window.evidence_desk.backing.taken_out == ()


def test_an_incident_leads_to_the_dialog_with_its_time(windows, qtbot):
    window = windows.open(now_ns=None)
    row = window.home.incidents.views[0]
    (action,) = row.actions()
    action.trigger()
    dialog = window.dialog
    assert isinstance(dialog, ExcludeDialog)
    assert dialog.period() is not None
    dialog.reject()
    window.home.incidents.show_all.emit()
    table = window.dialog
    assert isinstance(table, TableDialog)
    offer = table.foot.itemAt(0).widget()
    assert isinstance(offer, QAbstractButton)
    offer.click()
    assert isinstance(window.dialog, ExcludeDialog)


# --- who dates the seals ---


def test_nobody_is_asked_before_the_person_agrees(windows, qtbot, home):
    window, page = opened(windows, qtbot)
    desk = window.evidence_desk
    page.stamps.choose.click()
    dialog = window.dialog
    assert isinstance(dialog, StampDialog)
    qtbot.waitUntil(lambda: dialog.server.editor.count() > 2, timeout=PATIENT)
    assert dialog.url == ""
    assert not dialog.agree.isEnabled()
    dialog.server.editor.put(dialog.server.editor.itemData(1))
    dialog.server.editor.left.emit()
    assert "public address" in dialog.area.accessibleDescription()
    assert not dialog.agree.isChecked()
    assert not dialog.keep.isEnabled()
    dialog.agree.click()
    assert dialog.keep.isEnabled()
    # Another server: what was agreed to for one is not agreed to for another.
    dialog.server.editor.put(OTHER)
    dialog.server.editor.left.emit()
    assert not dialog.keep.isEnabled()
    dialog.address.editor.put("ftp://nowhere")
    dialog.address.editor.left.emit()
    qtbot.waitUntil(lambda: bool(dialog.problem.text()), timeout=PATIENT)
    assert not dialog.agree.isEnabled()
    dialog.address.editor.put("http://127.0.0.1:9/tsr")
    dialog.address.editor.left.emit()
    qtbot.waitUntil(dialog.agree.isEnabled, timeout=PATIENT)
    assert "127.0.0.1" in dialog.area.accessibleDescription()
    with Reader(home / "journal.sqlite") as reader:
        assert not list(reader.events(EventKind.STAMP_CHOICE))
    dialog.agree.click()
    dialog.keep.click()
    qtbot.waitUntil(lambda: desk.stamps is not None and desk.stamps.agreed, timeout=PATIENT)
    assert window.dialog is None
    assert desk.stamps.server == "http://127.0.0.1:9/tsr"
    assert page.stamps.now.isVisible()
    # Nobody listens there: told in one line.
    page.stamps.now.click()
    qtbot.waitUntil(lambda: page.stamps.said.isVisible(), timeout=PATIENT)
    assert "127.0.0.1 could not be reached" in page.stamps.said.sentence.text()
    page.stamps.nobody.click()
    qtbot.waitUntil(lambda: not desk.stamps.agreed, timeout=PATIENT)
    assert page.stamps.state.text() == "Nobody dates the seals."


# --- for everybody ---


def texts(whole: QWidget) -> str:
    from PySide6.QtWidgets import QLabel

    return "\n".join(one.text() for one in whole.findChildren(QLabel) if one.isVisible())


@pytest.mark.parametrize(("width", "height"), [(600, 380), (800, 600), (1280, 800)])
@pytest.mark.parametrize("code", ["fr", "en"])
def test_no_text_is_cut_at_any_size(windows, qtbot, width, height, code, monkeypatch):
    language.use(code)
    monkeypatch.setenv("JALERTE_LANG", code)
    window, page = opened(windows, qtbot)
    page.report.choices.period.buttons["dates"].click()
    page.bundle.copies.buttons["arcep"].click()
    window.resize(width, height)
    qtbot.waitUntil(lambda: page.widget().width() <= page.viewport().width())
    assert_nothing_is_cut(page)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every letter half as large again."""
    monkeypatch.setattr(window_theme, "POINTS_PER_PIXEL", window_theme.POINTS_PER_PIXEL * 1.5)


@pytest.mark.usefixtures("large")
def test_dialogs_fit_with_large_letters(windows, qtbot):
    window, page = opened(windows, qtbot)
    window.resize(800, 600)
    qtbot.waitUntil(lambda: page.widget().width() <= page.viewport().width())
    key = page.journal.key
    # Letters that grew make lines break anew, and a bar come or go, until all has found its place.
    qtbot.waitUntil(lambda: assert_nothing_is_cut(page), timeout=PATIENT)
    assert key.text()
    window.exclude(CUT)
    qtbot.waitUntil(lambda: bool(window.dialog.keep.accessibleDescription()), timeout=PATIENT)
    assert_fits(window.dialog)
    window.dialog.reject()
    page.stamps.choose.click()
    assert_fits(window.dialog)


def test_everything_can_be_reached_and_is_named(windows, qtbot):
    window, page = opened(windows, qtbot)
    page.bundle.copies.buttons["public"].click()
    wanted = [
        one
        for one in page.findChildren(QWidget)
        if one.isVisible() and one.isEnabled() and one.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    for one in wanted:
        words = one.accessibleName() or (one.text() if isinstance(one, QAbstractButton) else "")
        assert words, one
    page.report.save.setFocus()
    reached: set[QWidget] = set()
    for _step in range(120):
        focused = window.focusWidget()
        assert focused is not None
        reached.add(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    missing = [
        one for one in wanted if isinstance(one, QAbstractButton) and one not in reached and not grouped(one)
    ]
    assert missing == []


def grouped(one: QAbstractButton) -> bool:
    """Of a group of choices only the chosen one is reached by Tab; arrows go to the others."""
    return one.isCheckable() and not one.isChecked()


def test_another_language_keeps_what_was_found(windows, qtbot):
    window, page = opened(windows, qtbot)
    page.verify.own.click()
    done(window, qtbot, VERIFY)
    window.speak_anew()
    assert window.evidence is not page
    assert window.evidence.verify.said.said is not None


def test_its_key_leads_to_the_page(windows, qtbot):
    window = windows.open(now_ns=NOW)
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.currentWidget() is window.evidence
    assert window.nav[EVIDENCE].isChecked()
