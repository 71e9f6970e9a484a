"""What the evidence commands answer, whatever it is, becomes facts and words; the queue keeps order and ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as any_
from PySide6.QtCore import QObject

from diagnostics.model import SECOND, Exclusion, Span
from jalerte_desktop.findings.evidence import Backing, Sealed, read_backing
from jalerte_desktop.window.children import Caller, CommandQueue
from jalerte_desktop.window.evidence_facts import (
    StampFacts,
    VerifyFacts,
    bundle_of,
    preview_of,
    report_of,
    servers_of,
    stamps_of,
    terms_of,
    touched_of,
    verify_of,
)
from jalerte_desktop.window.evidence_words import (
    answer_of,
    damage_words,
    exclusion_head,
    removed_words,
    report_words,
    stamp_words,
    taken_words,
    touched_words,
    unreadable_words,
    verify_words,
)
from jalerte_desktop.words import language

T0 = 1_795_000_020 * SECOND
SCALARS = any_.none() | any_.booleans() | any_.integers() | any_.floats() | any_.text(max_size=8)
_KNOWN = (
    "demo out path sha256 bytes cuts cut_s coverage ratio paper left_out preview copy members name what taken_out rule"
    " count reason quiet_minutes_without_samples minutes_removed_by_age ok checked blocks samples signature fingerprint"
    " first_fault notes servers url runs country qualified terms server agreed days stamps valid at authority rooted"
    " keep_days before removed_pages ahead failed due incidents start duration_s kind cause excluded"
    " not_kept unreadable first last end fault code"
)
JSON = any_.recursive(
    SCALARS,
    lambda inner: (
        any_.lists(inner, max_size=3)
        | any_.dictionaries(any_.sampled_from(_KNOWN.split()), inner, max_size=8)
    ),
    max_leaves=25,
)


@pytest.fixture(autouse=True)
def _english(_french: None) -> None:
    language.use("en")


@given(JSON)
def test_any_answer_becomes_facts_that_can_be_said(answer):
    if (report := report_of(answer)) is not None:
        assert report_words(report).sentence
    for preview in (preview_of(answer), (bundle_of(answer) or Empty).preview):
        if preview is not None:
            assert taken_words(preview)
            assert bool(unreadable_words(preview, 2)) == bool(preview.unreadable)
            assert isinstance(preview.kinds, tuple)
    if (found := verify_of(answer)) is not None:
        assert verify_words(found, "x").sentence
    if (stamps := stamps_of(answer)) is not None:
        assert stamp_words(stamps)[0]
        assert answer_of(Backing(record=Span(T0, T0 + SECOND)), stamps)[0]
    assert touched_words(touched_of(answer))
    assert all(one.url for one in servers_of(answer))
    assert isinstance(terms_of(answer)[1], tuple)


class Empty:
    preview = None


def test_one_fault_is_told_and_what_was_not_reached_is_not_called_checked():
    told = verify_words(VerifyFacts(False, 0, 0, 0, "unchecked", "", "It was changed.", ()), "a.zip")
    assert told.tone == "outage"
    assert told.lines == ("It was changed.", "What comes after it was not looked at.")


def test_without_every_signature_nothing_is_called_whole():
    told = verify_words(VerifyFacts(False, 9, 90, 3, "unchecked", "", "", ()), "a.zip")
    assert "whole" not in told.whole
    assert "NOT checked" in told.whole


def test_a_foreign_key_is_never_called_the_own_one():
    for fingerprint, own in (("ab", "cd"), ("", ""), ("ab", "")):
        told = verify_words(VerifyFacts(True, 9, 90, 3, "ok", fingerprint, "", ()), "a.zip", own)
        assert "own key" not in told.whole


@pytest.mark.parametrize(
    "wrong",
    [{"cut_off": True}, {"unsound": "page 7"}, {"sealed": Sealed(1, "00" * 32, T0, holds=False)}],
)
def test_a_damaged_journal_is_never_ready(wrong):
    sound = {"sealed": Sealed(1, "00" * 32, T0, holds=True), "record": Span(T0, T0 + SECOND)}
    assert "ready" in answer_of(Backing(**sound), None)[0]
    assert "damaged" in answer_of(Backing(**sound | wrong), None)[0]


def test_damage_and_removal_are_told():
    told = damage_words(Backing(unsound="page 7", lost_ends=(T0,), cut_off=True))
    assert len(told) == 3
    assert "page 7" in told[1]
    assert "removed by your choice" in removed_words(Backing(removed_before_ns=T0))
    assert removed_words(Backing()) == ""


def test_a_choice_that_was_not_agreed_to_is_not_called_one():
    head, _lines = stamp_words(StampFacts("http://a/", False, (), None, False, 0, False, "", ""))
    assert "not agreed" in head


def test_a_period_over_midnight_names_both_days():
    within = exclusion_head(Exclusion(Span(T0, T0 + 60 * SECOND), "", T0))
    beyond = exclusion_head(Exclusion(Span(T0, T0 + 86_400 * SECOND), "", T0))
    assert within.count("2026") == 1
    assert beyond.count("2026") == 2


def test_what_cannot_be_read_is_a_sentence(tmp_path: Path):
    assert read_backing(tmp_path / "journal.sqlite", tmp_path) == Backing()
    (tmp_path / "journal.sqlite").write_bytes(b"no journal at all" * 100)
    told = read_backing(tmp_path / "journal.sqlite", tmp_path)
    assert told.problem
    assert "\n" not in told.problem


# --- the queue of commands ---


def printing(home: Path) -> Caller:
    code = "import sys, json; print(json.dumps(sys.argv[-2])) if sys.argv[-2] != 'bad' else sys.exit('no.')"
    return Caller(home, program=(sys.executable, "-c", code))


def test_commands_run_in_order_and_bring_their_names_back(qtbot, tmp_path: Path):
    keeper = QObject()
    queue = CommandQueue(printing(tmp_path), keeper)
    heard: list[tuple[str, object]] = []
    queue.answered.connect(lambda name, answer: heard.append((name, answer)))
    queue.refused.connect(lambda name, sentence: heard.append((name, sentence)))
    for name, word in (("a", "1"), ("b", "bad"), ("c", "3"), ("c", "3")):
        queue.ask(name, word, "--json")
    queue.ask("gone", "4", "--json")
    queue.forget("gone")
    qtbot.waitUntil(lambda: not queue.busy, timeout=20_000)
    # What was asked twice while it waited is asked once.
    assert heard == [("a", "1"), ("b", "no."), ("c", "3")]


def test_a_change_is_brought_to_its_end_and_nothing_runs_after_it(qtbot, tmp_path: Path):
    queue = CommandQueue(printing(tmp_path))
    heard: list[str] = []
    queue.answered.connect(lambda name, _answer: heard.append(name))
    queue.ask("write", "1", "--json", writes=True)
    queue.ask("read", "2", "--json")
    queue.finish(20_000)
    queue.ask("late", "3", "--json")
    assert heard == ["write"]
    assert not queue.writing


# --- what the commands say for the window ---


def said(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jalerte_desktop", "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_terms_are_told_and_nothing_is_chosen(tmp_path: Path):
    told = json.loads(
        said(tmp_path, "stamp", "choose", "--server=http://a.example/x", "--terms", "--json").stdout
    )
    assert terms_of(told)[0] == "http://a.example/x"
    assert terms_of(told)[1]
    assert not (tmp_path / "journal.sqlite").exists()
    (known, *_others) = servers_of(json.loads(said(tmp_path, "stamp", "choose", "--json").stdout))
    assert any(known.runs in line for line in known.terms)


def test_a_check_tells_how_far_it_is_beside_its_document(tmp_path: Path):
    from test_evidence_page import record

    record(tmp_path)
    told = said(tmp_path, "verify", "--progress", "--json")
    assert verify_of(json.loads(told.stdout)).first_fault == ""
    shares = [json.loads(line)["share"] for line in told.stderr.splitlines()]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
