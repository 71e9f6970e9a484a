"""A journal with a place that cannot be read, a home that cannot be written: said beside what came of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from test_evidence_page import PATIENT, PROGRAM, bundle, done, opened, record, texts

from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, Event, EventKind
from jalerte_desktop.documents.bundle import check
from jalerte_desktop.window import theme as window_theme
from jalerte_desktop.window.children import Caller
from jalerte_desktop.window.evidence_desk import BUNDLE, LOOK, PREVIEW, REPORT, VERIFY
from jalerte_desktop.window.evidence_facts import (
    HOLE,
    PreviewFacts,
    UnreadableFacts,
    VerifyFacts,
    bundle_of,
    preview_of,
    report_of,
    verify_of,
)
from jalerte_desktop.window.evidence_preview import BundlePreview
from jalerte_desktop.window.evidence_run import Ended, Outcome
from jalerte_desktop.window.evidence_words import report_words, unreadable_words, verify_words
from tests.made import T0

pytestmark = pytest.mark.usefixtures("english")

AT = ("2026-11-22T08:00:00+00:00", "2026-11-22T08:42:00+00:00")
WHY = "/home/x/case.sqlite cannot be written (read-only file system)."
SENTENCE = "The bundle is intact as it was signed, but 3 records could already not be read."
HOLED = VerifyFacts(False, 9, 90, 14, "ok", "ab", SENTENCE, ("Compare the key.",), HOLE)


@pytest.fixture
def caller(home: Path) -> Caller:
    record(home)
    return Caller(home, program=PROGRAM)


def spoil(home: Path) -> None:
    """One record is no longer what was chained; a seal behind it holds."""
    with closing(sqlite3.connect(home / "journal.sqlite")) as db, db:
        assert db.execute("UPDATE entries SET end_ns = end_ns + 1000000 WHERE seq = 4").rowcount == 1


def preview(*unreadable: UnreadableFacts) -> PreviewFacts:
    return PreviewFacts("public", False, 9, (), (), 0, 0, unreadable)


def warned(whole) -> list[str]:
    """What stands there in the tone of a warning."""
    return [one.text() for one in whole.findChildren(QLabel) if one.property("tone") == "loss"]


# --- a home that cannot be written ---


def report_answer(**more: object) -> dict[str, object]:
    return {"out": "/tmp/r.pdf", "cuts": 1, "cut_s": 60, "paper": None, **more}


def test_a_report_that_the_case_could_not_keep_is_saved_and_says_so():
    told = report_words(report_of(report_answer(not_kept=WHY)))
    assert (told.sign, told.tone) == ("✓", "fine")
    assert told.warnings == (f"It was not kept in the case. {WHY}",)
    assert WHY in told.whole
    # There is a case: to say that there is none would be wrong.
    assert "no case" not in told.whole
    without = report_words(report_of(report_answer(not_kept=None)))
    assert without.warnings == ()
    assert "There is no case" in without.whole


def test_the_cards_show_what_was_not_kept_beside_the_success(windows, qtbot):
    window, page = opened(windows, qtbot)
    desk = window.evidence_desk
    shown = {"copy": "public", "members": [], "taken_out": [], "unreadable": []}
    desk.outcomes[REPORT] = Outcome(Ended.DONE, report_answer(not_kept=WHY))
    desk.outcomes[BUNDLE] = Outcome(Ended.DONE, {"path": "/tmp/b.zip", "not_kept": WHY, "preview": shown})
    page.refresh()
    for card in (page.report, page.bundle):
        assert card.said.sentence.text().endswith("is saved.")
        (line,) = warned(card.said)
        assert "not kept in the case" in line
        assert WHY.replace(" ", "") in line.replace("\u200b", "").replace(" ", "")
        assert WHY in card.said.accessibleName()
    assert bundle_of(desk.outcomes[BUNDLE].answer).not_kept == WHY


# --- what the journal could not give ---


def test_each_place_is_told_with_its_time_and_many_are_counted():
    place = UnreadableFacts(120, 142, *AT)
    (line,) = unreadable_words(preview(place), 6)
    assert line == (
        "Minutes from 2026-11-22, 09:00 to 2026-11-22, 09:42 could not be read in the journal (23 records): they are"
        " not in the bundle."
    )
    (short,) = unreadable_words(preview(UnreadableFacts(4, 4, AT[0], AT[0])), 6)
    assert short.startswith("The minute of 2026-11-22, 09:00 could not be read in the journal (1 record)")
    (unknown,) = unreadable_words(preview(UnreadableFacts(120, 142, "1970-01-01T00:00:00+00:00", "")), 6)
    assert unknown.startswith("Records 120 to 142 of the journal could not be read")
    assert unreadable_words(preview(*[place] * 9), 6)[6:] == ("and 3 more",)
    assert unreadable_words(preview(), 6) == ()


def test_a_bundle_with_another_hole_than_was_shown_is_another_one():
    place = UnreadableFacts(120, 142, *AT)
    assert preview(place).kinds != preview().kinds
    assert preview(place).kinds == preview(place).kinds


def test_a_damaged_place_is_shown_before_the_bundle_is_written_and_after(windows, qtbot, home, tmp_path):
    spoil(home)
    window, page = opened(windows, qtbot)
    page.bundle.copies.buttons["public"].click()
    page.bundle.look.click()
    qtbot.waitUntil(lambda: isinstance(window.dialog, BundlePreview), timeout=PATIENT)
    (place,) = preview_of(window.evidence_desk.outcomes[PREVIEW].answer).unreadable
    assert (place.first, place.last) == (4, 4)
    dialog = window.dialog
    (warning,) = warned(dialog)
    assert "A part of the journal is damaged" in warning
    qtbot.waitUntil(lambda: "could not be read in the journal (1 record)" in texts(dialog), timeout=PATIENT)
    # Before all else, also where it is read out.
    assert dialog.area.accessibleDescription().startswith("A part of the journal is damaged")
    page.bundle.write(tmp_path / "b.zip")
    assert done(window, qtbot, BUNDLE).ended is Ended.DONE
    assert page.bundle.said.sentence.text() == "The bundle is saved."
    (line,) = warned(page.bundle.said)
    assert "could not be read in the journal (1 record)" in line
    assert "not quite" not in page.bundle.said.said.whole


# --- the check ---


def test_the_code_is_the_one_that_the_check_gives():
    assert HOLE == check.HOLE


def test_a_bundle_with_a_hole_is_neither_whole_nor_forged():
    told = verify_words(HOLED, "a.zip", "ab")
    assert told.sentence == "“a.zip” is as it was signed, but not complete."
    assert (told.sign, told.tone) == ("◐", "loss")
    assert told.lines[0] == SENTENCE
    assert "not looked at" not in told.whole
    assert "own key" in told.whole
    assert told.lines[-1] == "Compare the key."


def test_without_its_signature_a_bundle_with_a_hole_is_not_said_to_be_signed():
    unsure = VerifyFacts(False, 9, 90, 14, "unchecked", "ab", SENTENCE, (), HOLE)
    told = verify_words(unsure, "a.zip", "ab")
    assert told.tone == "loss"
    assert "as it was signed" not in told.sentence
    assert "own key" not in told.whole
    assert "NOT checked" in told.whole


@pytest.mark.parametrize("code", ["bundle_link", "bundle_hole_unsealed", "journal", ""])
def test_every_other_fault_stays_what_it_is(code: str):
    told = verify_words(VerifyFacts(False, 9, 90, 14, "ok", "ab", "It was changed.", (), code), "a.zip")
    assert told.sentence == "“a.zip” is NOT as it was made."
    assert told.tone == "outage"


def test_notes_are_told_whatever_was_found():
    notes = ("No signature covers the newest records yet.", "The time stamp of record 9 is not valid.")
    for found in (
        VerifyFacts(True, 9, 90, 0, "ok", "ab", "", notes),
        VerifyFacts(False, 9, 90, 0, "unchecked", "ab", "", notes),
        VerifyFacts(False, 9, 90, 0, "ok", "ab", "It was changed.", notes, "journal"),
        VerifyFacts(False, 0, 0, 0, "unchecked", "", "It was changed.", notes, "journal"),
    ):
        assert verify_words(found, "").lines[-2:] == notes


def test_such_a_bundle_is_checked_by_the_card_and_is_no_witness(windows, qtbot, home, tmp_path):
    spoil(home)
    window, page = opened(windows, qtbot)
    holed = tmp_path / "troué.zip"
    bundle(windows, qtbot, window, page, holed)
    page.verify.check(holed)
    assert verify_of(done(window, qtbot, VERIFY).answer).fault == HOLE
    said = page.verify.said
    assert said.sentence.text() == "“troué.zip” is as it was signed, but not complete."
    assert said.sign.property("tone") == "loss"
    assert "could already not be read in places" in said.said.whole
    page.witness.look_at(holed)
    dialog = window.dialog
    done(window, qtbot, LOOK)
    assert not dialog.take.isEnabled()
    assert dialog.problem.text() == "Only a whole bundle can be taken in."
    assert dialog.problem.isVisible()


def test_records_that_no_signature_covers_are_told_by_the_card(windows, qtbot, home):
    head = home / "keys" / "head.json"
    signed = head.read_bytes()
    with closing(Writer(home / "journal.sqlite")) as writer:
        data = {"synchronised": True, "offset_ms": 1.5, "error_ms": None, "source": "ntp"}
        writer.append(Event(EventKind.CLOCK_STATE, T0 + 302 * SECOND, data))
    head.write_bytes(signed)  # as somebody without the key would leave it
    window, page = opened(windows, qtbot)
    page.verify.own.click()
    done(window, qtbot, VERIFY)
    words = "No signature covers the newest records yet"
    qtbot.waitUntil(lambda: words in texts(page.verify.said).replace("\u200b", ""), timeout=PATIENT)


def test_what_a_check_said_is_not_cut_with_large_letters(windows, qtbot, home, tmp_path, monkeypatch):
    monkeypatch.setattr(window_theme, "POINTS_PER_PIXEL", window_theme.POINTS_PER_PIXEL * 1.5)
    spoil(home)
    window, page = opened(windows, qtbot)
    bundle(windows, qtbot, window, page, tmp_path / "b.zip")
    page.witness.look_at(tmp_path / "b.zip")
    dialog = window.dialog
    done(window, qtbot, LOOK)

    def whole() -> bool:
        said = [one for one in dialog.said.findChildren(QLabel) if one.isVisible() and one.wordWrap()]
        return len(said) > 3 and all(one.height() >= one.heightForWidth(one.width()) - 1 for one in said)

    # Lines come into sight, and letters that grew make them break anew, until all has found its place.
    qtbot.waitUntil(whole, timeout=20_000)
