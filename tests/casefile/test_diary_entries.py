"""The diary: entries are added, kept as they were told, and never changed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import SECOND, BadInput, Problem
from jalerte_desktop.casefile import diary
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.casefile.diary import DiaryEntry
from tests import examples

DAY_NS = 86_400 * SECOND


@pytest.fixture
def file(tmp_path):
    with open_case_file(tmp_path / "case.sqlite", lambda: examples.NOW) as opened:
        yield opened


def a_case(file, operator="Orange"):
    return file.new("fixed-internet-cut", "FR", operator)


def refusal(entry):
    with pytest.raises(BadInput) as caught:
        diary.checked(entry, examples.NOW)
    return caught.value.remark.code


def test_an_entry_comes_back_as_it_was_told(file):
    case = a_case(file)
    told = DiaryEntry(
        "call",
        examples.NOW - DAY_NS,
        examples.NOW - DAY_NS + 600 * SECOND,
        "customer-service",
        "Ticket 4711\nOn me dit que tout va bien",
        "Un technicien passe",
        date(2026, 11, 30),
    )
    kept = diary.add(file, told)
    assert (kept.case_id, kept.added_ns) == (case.id, examples.NOW)
    for name in ("kind", "at_ns", "until_ns", "with_whom", "text", "promise", "due", "source"):
        assert getattr(kept, name) == getattr(told, name)
    assert diary.entries(file) == (kept,)


def test_entries_are_of_the_active_case_and_in_order_of_what_they_tell(file):
    assert diary.entries(file) == ()
    a_case(file)
    for days in (1, 3, 2):
        diary.add(file, DiaryEntry("note", examples.NOW - days * DAY_NS, text=f"{days}"))
    assert [entry.text for entry in diary.entries(file)] == ["3", "2", "1"]
    a_case(file, "Free")
    assert diary.entries(file) == ()


def test_without_a_case_nothing_is_kept(file):
    with pytest.raises(Problem) as caught:
        diary.add(file, DiaryEntry("call", examples.NOW))
    assert caught.value.remark.code == "no_case"


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (DiaryEntry("gossip", 0), "diary_kind"),
        (DiaryEntry("call", 10, 9), "diary_ends_before"),
        (DiaryEntry("call", examples.NOW + 1), "diary_future"),
        (DiaryEntry("call", 0, text="x" * 4001), "diary_long"),
        (DiaryEntry("call", 0, with_whom="x" * 201), "diary_long"),
        (DiaryEntry("call", 0, due=date(2026, 12, 1)), "diary_due_alone"),
    ],
)
def test_what_does_not_fit_is_refused(entry, code):
    assert refusal(entry) == code


def test_only_an_appointment_may_lie_ahead():
    ahead = DiaryEntry("appointment", examples.NOW + DAY_NS)
    assert diary.checked(ahead, examples.NOW).at_ns == ahead.at_ns


@given(st.text(max_size=400), st.text(max_size=60))
def test_no_text_can_hide_or_break_a_line_of_a_paper(text, whom):
    kept = diary.checked(DiaryEntry("note", 0, with_whom=whom, text=text), examples.NOW)
    assert "\n" not in kept.with_whom
    for character in kept.text + kept.with_whom:
        assert character == "\n" or (ord(character) >= 32 and not 0xD800 <= ord(character) < 0xE000)
