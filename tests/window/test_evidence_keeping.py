"""How long samples are kept: what a choice says before it is made, what it writes, and what goes wrong with it."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as any_
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QWidget
from test_evidence_facts import JSON
from test_evidence_page import NOW, PATIENT, PROGRAM, opened, record
from test_window_main import assert_fits, assert_nothing_is_cut

from diagnostics.journal.lock import Lock
from diagnostics.journal.reader import Reader
from diagnostics.journal.retention import LEAST_DAYS, MOST_DAYS
from diagnostics.model import SECOND, EventKind, Span
from diagnostics.recorder.notes import LOCK_NAME
from jalerte_desktop.findings.evidence import Backing
from jalerte_desktop.window import theme as window_theme
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.evidence_desk import bytes_taken
from jalerte_desktop.window.evidence_facts import KeepingFacts, keeping_of
from jalerte_desktop.window.evidence_keeping_dialog import OTHER, KeepingDialog
from jalerte_desktop.window.evidence_keeping_words import (
    DAY_NS,
    OFFERED,
    YEARS,
    days_words,
    effect_of,
    goes_words,
    keeping_words,
    read_days,
    size_words,
    stays_words,
)
from jalerte_desktop.words import language
from tests.recorder.test_full_disk import needs_mount

pytestmark = pytest.mark.usefixtures("english")

FOREVER = KeepingFacts(0, "")


@pytest.fixture
def caller(home: Path) -> Caller:
    record(home)
    return Caller(home, program=PROGRAM)


def shown(windows, qtbot) -> tuple:
    """The window, its journal card's part, and the dialog behind its button."""
    window, page = opened(windows, qtbot)
    part = page.journal.keeping
    qtbot.waitUntil(part.choose.isEnabled, timeout=PATIENT)
    part.choose.click()
    dialog = window.dialog
    assert isinstance(dialog, KeepingDialog)
    return window, part, dialog


def choices_in(home: Path) -> list[object]:
    with Reader(home / "journal.sqlite") as reader:
        return [event.data["keep_days"] for event in reader.events(EventKind.RETENTION)]


# --- words ---


@given(JSON)
def test_any_answer_is_read_without_a_fault(answer):
    keeping_words(keeping_of(answer))


@given(any_.text(max_size=12) | any_.integers(-5, 10**12).map(str))
def test_only_days_that_the_command_takes_are_read(written):
    days = read_days(written)
    assert days is None or LEAST_DAYS <= days <= MOST_DAYS


def test_what_is_offered_is_what_the_command_takes_and_is_as_long_as_it_says():
    assert all(not days or LEAST_DAYS <= days <= MOST_DAYS for days in OFFERED)
    # Of n years that follow each other at most one in four, rounded up, is a leap year.
    assert all(days == years * 365 + -(-years // 4) for days, years in YEARS.items())
    assert [days_words(days) for days in OFFERED] == [
        "Everything",
        "400 days",
        "2 years",
        "3 years",
        "5 years",
    ]
    assert read_days("1 000") == 1000


def test_what_goes_now_is_counted_in_days_of_record():
    now = 2000 * DAY_NS + 5 * 3600 * SECOND
    old = Backing(record=Span(1000 * DAY_NS, now))
    told = effect_of(400, FOREVER, old, now)
    assert told.agree
    assert told.lines[0] == "600 days of samples go now: everything before 1974-05-20."
    again = effect_of(400, FOREVER, Backing(record=old.record, removed_before_ns=1599 * DAY_NS), now)
    assert again.lines[0].startswith("1 day of samples goes now")


def test_a_young_record_loses_nothing_today_and_it_is_said_when():
    now = 1100 * DAY_NS
    told = effect_of(400, FOREVER, Backing(record=Span(1000 * DAY_NS, now)), now)
    assert told.agree
    assert (
        told.lines[0] == "Nothing goes today: the oldest samples are of 1972-09-27, and go after 1973-11-01."
    )


def test_keeping_everything_needs_no_yes_and_brings_nothing_back():
    standing = KeepingFacts(400, "2026-01-01")
    told = effect_of(0, standing, Backing(removed_before_ns=DAY_NS), NOW)
    assert (told.agree, told.new) == (False, True)
    assert told.lines[1] == "What was removed does not come back."
    assert not effect_of(0, FOREVER, Backing(), NOW).new
    assert not effect_of(400, standing, Backing(), NOW).new


def test_the_size_is_told_with_what_a_year_adds():
    month = Span(0, 30 * DAY_NS)
    assert "At this pace a year takes some 300\u00a0MB." in size_words(24_657_534, month, thinned=False)
    assert "takes some 250\u00a0MB as a rule" in size_words(24_657_534, Span(0, 2 * DAY_NS), thinned=False)
    assert "does not become smaller" in size_words(24_657_534, month, thinned=True)
    assert size_words(None, month, thinned=False) == ""


def test_the_log_beside_the_journal_is_counted(tmp_path):
    journal = tmp_path / "journal.sqlite"
    assert bytes_taken(journal) is None
    journal.write_bytes(b"x" * 10)
    assert bytes_taken(journal) == 10
    (tmp_path / "journal.sqlite-wal").write_bytes(b"x" * 5)
    assert bytes_taken(journal) == 15


# --- choosing ---


def test_nothing_is_chosen_from_the_start(windows, qtbot, home):
    _window, page = opened(windows, qtbot)
    part = page.journal.keeping
    qtbot.waitUntil(lambda: part.state.text() == "For ever: nothing is removed.", timeout=PATIENT)
    assert part.takes.text().startswith("The journal takes ")
    assert not part.removed.isVisible()
    assert part.state.text() in page.journal.accessibleDescription()
    assert choices_in(home) == []


def test_samples_are_kept_as_chosen_after_a_yes(windows, qtbot, home):
    _window, part, dialog = shown(windows, qtbot)
    assert dialog.choices.value == "0"
    assert not dialog.keep.isEnabled()
    assert not dialog.agree.isVisible()
    dialog.choices.buttons["400"].click()
    for line in (*goes_words(), *stays_words()):
        assert line in dialog.area.accessibleDescription()
        assert line in dialog.agree.accessibleDescription()
    assert not dialog.keep.isEnabled()
    dialog.agree.click()
    assert dialog.keep.isEnabled()
    # A yes to one choice is none to another.
    dialog.choices.buttons["731"].click()
    assert not dialog.agree.isChecked()
    assert not dialog.keep.isEnabled()
    dialog.agree.click()
    assert choices_in(home) == []
    dialog.keep.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=PATIENT)
    assert choices_in(home) == [731]
    assert part.said.said.whole == "Samples are now kept for 2 years."
    assert part.state.text().startswith("For 2 years. Samples before ")
    part.choose.click()
    again = part._desk.parent().dialog
    assert again.choices.value == "731"
    again.choices.buttons["0"].click()
    assert not again.agree.isVisible()
    again.keep.click()
    qtbot.waitUntil(lambda: not again.isVisible(), timeout=PATIENT)
    assert choices_in(home) == [731, 0]
    assert part.state.text() == "For ever: nothing is removed."


def test_another_number_is_refused_at_its_field_or_kept(windows, qtbot, home):
    _window, _part, dialog = shown(windows, qtbot)
    dialog.choices.buttons[OTHER].click()
    assert dialog.days.isVisible()
    qtbot.keyClicks(dialog.days.editor, "399")
    assert dialog.days.problem.text() == "A number of days from 400 to 36,500."
    assert not dialog.agree.isVisible()
    assert not dialog.keep.isEnabled()
    dialog.days.editor.selectAll()
    qtbot.keyClicks(dialog.days.editor, "1000")
    assert not dialog.days.problem.text()
    dialog.agree.click()
    dialog.keep.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=PATIENT)
    assert choices_in(home) == [1000]


def test_it_is_chosen_by_keyboard_alone(windows, qtbot, home):
    _window, part, dialog = shown(windows, qtbot)
    everything = dialog.choices.buttons["0"]
    dialog.activateWindow()
    qtbot.waitUntil(everything.hasFocus)
    qtbot.keyClick(everything, Qt.Key.Key_Right)
    assert dialog.choices.value == "400"
    # An arrow chooses as a click does.
    assert dialog.agree.isVisible()
    seen: list[QWidget] = []
    while dialog.focusWidget() not in seen:
        seen.append(dialog.focusWidget())
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
    assert dialog.agree in seen
    for one in seen:
        assert one.accessibleName() or (isinstance(one, QAbstractButton) and one.text()), one
    qtbot.keyClick(dialog.agree, Qt.Key.Key_Space)
    qtbot.keyClick(dialog.keep, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=PATIENT)
    assert choices_in(home) == [400]
    assert part.choose.isEnabled()


def test_cancelled_nothing_is_written(windows, qtbot, home):
    _window, part, dialog = shown(windows, qtbot)
    dialog.choices.buttons["400"].click()
    dialog.agree.click()
    dialog.cancel.click()
    assert not part._desk.choosing
    assert choices_in(home) == []


def test_while_it_is_written_that_is_seen_and_the_dialog_may_close(windows, qtbot, home):
    window, part, dialog = shown(windows, qtbot)
    go = home / "go"
    waits = (
        "import pathlib, sys, time\n"
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)\n"
        'print(\'{"keep_days": 400, "before": "2025-10-14", "removed_pages": 0}\')'
    )
    window.evidence_desk._queue._caller = Caller(home, program=(sys.executable, "-c", waits))
    dialog.choices.buttons["400"].click()
    dialog.agree.click()
    dialog.keep.click()
    assert dialog.bar.isVisible()
    assert not dialog.keep.isEnabled()
    assert not dialog.choices.isEnabled()
    dialog.cancel.click()
    assert part.bar.isVisible()
    assert not part.choose.isEnabled()
    go.touch()
    qtbot.waitUntil(lambda: part.said.isVisible(), timeout=PATIENT)
    assert part.said.said.whole == "Samples are now kept for 400 days."
    assert not part.bar.isVisible()
    assert part.choose.isEnabled()


# --- what goes wrong ---


def refused(qtbot, part, dialog: KeepingDialog) -> str:
    dialog.choices.buttons["400"].click()
    dialog.agree.click()
    dialog.keep.click()
    qtbot.waitUntil(lambda: dialog.problem.isVisible(), timeout=PATIENT)
    sentence = dialog.problem.text()
    assert "\n" not in sentence
    assert dialog.isVisible()
    assert dialog.keep.isEnabled()
    assert not dialog.bar.isVisible()
    assert part.said.said.sentence == sentence
    assert part.said.said.sign == "!"
    return sentence


def test_a_journal_that_another_program_holds(windows, qtbot, home):
    _window, part, dialog = shown(windows, qtbot)
    with closing(sqlite3.connect(home / "journal.sqlite", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        assert "is held by another program" in refused(qtbot, part, dialog)
        db.execute("ROLLBACK")
    dialog.keep.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=PATIENT)
    assert choices_in(home) == [400]


def test_a_recorder_that_does_not_answer(windows, qtbot, home):
    _window, part, dialog = shown(windows, qtbot)
    with Lock(home / LOCK_NAME):
        assert "does not answer" in refused(qtbot, part, dialog)
    assert choices_in(home) == []


@needs_mount
def test_a_full_disk(windows, qtbot, home):
    """The real command, over a copy of the home on a disk of its own without any room."""
    window, part, dialog = shown(windows, qtbot)
    command = (
        "import shutil, subprocess, sys\n"
        "from pathlib import Path\n"
        "from tests.recorder.full_disk import fill, mount\n"
        "home = Path(sys.argv[2])\n"
        "kept = home.with_name('kept')\n"
        "shutil.copytree(home, kept)\n"
        "mount(home)\n"
        "shutil.copytree(kept, home, dirs_exist_ok=True)\n"
        "fill(home, 0)\n"
        "sys.exit(subprocess.call([sys.executable, '-m', 'jalerte_desktop', *sys.argv[1:]]))\n"
    )
    window.evidence_desk._queue._caller = Caller(
        home, program=("unshare", "-m", sys.executable, "-c", command)
    )
    assert "disk is full" in refused(qtbot, part, dialog).lower()
    assert choices_in(home) == []


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("import sys; sys.exit(3)", "The command failed (code 3)."),
        ("print('[1]')", "The command gave an answer that cannot be read."),
        ("raise RuntimeError('boom')", "The command failed (code 1)."),
    ],
)
def test_a_command_that_breaks_is_one_sentence(windows, qtbot, home, script, sentence):
    window, part, dialog = shown(windows, qtbot)
    window.evidence_desk._queue._caller = Caller(home, program=(sys.executable, "-c", script))
    assert refused(qtbot, part, dialog) == sentence


def test_without_a_journal_nothing_is_offered(windows, qtbot, home):
    for one in (*home.glob("journal.sqlite*"), *(home / "keys").iterdir()):
        one.unlink()
    _window, page = opened(windows, qtbot)
    assert page.journal.keeping.state.text() == "Nothing is recorded yet."
    assert not page.journal.keeping.choose.isEnabled()
    assert not page.journal.keeping._desk.keeping_problem
    assert not (home / "journal.sqlite").exists()


# --- for everybody ---


@pytest.mark.parametrize(("width", "height"), [(400, 340), (700, 640)])
@pytest.mark.parametrize("code", ["fr", "en"])
@pytest.mark.parametrize("large", [False, True], ids=["", "large"])
def test_nothing_is_cut(windows, qtbot, monkeypatch, width, height, code, large):
    language.use(code)
    monkeypatch.setenv("JALERTE_LANG", code)
    if large:
        monkeypatch.setattr(window_theme, "POINTS_PER_PIXEL", window_theme.POINTS_PER_PIXEL * 1.5)
        width, height = 800, 600
    window, part, dialog = shown(windows, qtbot)
    window.resize(900, 600)
    for value in ("400", OTHER):
        dialog.choices.buttons[value].click()
        dialog.resize(width, height)
        qtbot.waitUntil(lambda: assert_fits(dialog), timeout=PATIENT)
        assert dialog.area.widget().width() <= dialog.area.viewport().width()
    dialog.reject()
    qtbot.waitUntil(lambda: assert_nothing_is_cut(window.evidence), timeout=PATIENT)
    assert part.isVisible()
