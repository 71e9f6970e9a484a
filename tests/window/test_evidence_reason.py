"""Why a period does not count: one line as the command takes it, never cut behind somebody's back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as any_
from test_evidence_page import CUT, PATIENT, PROGRAM, opened, record

from diagnostics.recorder import notes
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.evidence_exclude import LONGEST_REASON

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def caller(home: Path) -> Caller:
    record(home)
    return Caller(home, program=PROGRAM)


@pytest.fixture
def dialog(windows, qtbot):
    window, _page = opened(windows, qtbot)
    window.exclude(CUT)
    window.dialog.reason.editor.setPlainText("The box was moved.")
    qtbot.waitUntil(window.dialog.keep.isEnabled, timeout=PATIENT)
    return window.dialog


@given(any_.text(max_size=40))
def test_what_is_handed_to_the_command_is_one_line(typed: str):
    assert notes.is_one_line(clean(typed))


def test_the_limit_is_the_commands():
    assert LONGEST_REASON == notes.LONGEST_REASON


def test_few_characters_left_are_counted_as_one_types(dialog):
    reason = dialog.reason
    for length, said in (
        (LONGEST_REASON - 60, ""),
        (LONGEST_REASON - 59, "59 characters left"),
        (LONGEST_REASON - 1, "1 character left"),
        (LONGEST_REASON, "0 characters left"),
    ):
        reason.editor.setPlainText("a" * length)
        assert reason.mark.text() == said
        assert said in reason.editor.accessibleDescription()
        assert not reason.problem.isVisible()
        assert dialog.keep.isEnabled()


def test_a_reason_that_is_too_long_waits_and_nothing_of_it_is_cut(dialog):
    reason = dialog.reason
    reason.editor.setPlainText("a" * (LONGEST_REASON + 3))
    assert not dialog.keep.isEnabled()
    assert reason.problem.isVisible()
    assert reason.problem.text() == "The reason is 3 characters too long: shorten it to 500."
    assert reason.problem.text() in reason.editor.accessibleDescription()
    assert reason.mark.text() == ""
    assert len(reason.editor.read()) == LONGEST_REASON + 3
    reason.editor.setPlainText("a" * LONGEST_REASON)
    assert dialog.keep.isEnabled()
    assert not reason.problem.isVisible()


def test_what_cannot_be_seen_is_taken_out_and_the_command_takes_the_rest(dialog, qtbot):
    desk = dialog._desk
    # Escape, bell, a mark that turns the reading around, a line's end that is none of a keyboard's.
    dialog.reason.editor.setPlainText("The\x1b box\x07 was\u202e\nmoved.\u2028")
    assert dialog.reason.words == "The box was moved."
    dialog.keep.click()
    qtbot.waitUntil(lambda: bool(desk.backing.taken_out), timeout=PATIENT)
    assert desk.backing.taken_out[0].reason == "The box was moved."


def test_only_what_can_be_seen_is_a_reason(dialog):
    dialog.reason.editor.setPlainText("\x1b\x07 \u202e\n")
    assert not dialog.keep.isEnabled()
