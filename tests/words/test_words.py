"""Every code has words, in both languages, and figures are written as the language writes them."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import jalerte_desktop
from diagnostics.model import Cause, GapReason, Kind, Problem, Remark
from jalerte_desktop.words import errors, errors_filing, errors_papers, figures, language, names, remarks

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("code", ["fr", "en"])
def test_every_remark_in_the_code_has_words(code: str) -> None:
    language.use(code)
    used = set()
    for path in (ROOT / "diagnostics").rglob("*.py"):
        used |= set(re.findall(r'Remark\.of\(\s*"(\w+)"', path.read_text("utf-8")))
    assert used
    # A problem that is told as a fact of a result has its sentence among the problems.
    assert used <= remarks.known_codes() | set(errors.sentences())


@pytest.mark.parametrize("room", ["filing", "commands", "window"])
def test_every_remark_of_filing_has_words(room: str) -> None:
    used = set()
    for path in (ROOT / "jalerte_desktop" / room).rglob("*.py"):
        used |= set(re.findall(r'Remark\.of\(\s*"(\w+)"', path.read_text("utf-8")))
    known = set(errors_papers.WARNINGS) | set(errors_filing.REMARKS) | set(errors.sentences())
    assert used <= known | remarks.known_codes()


@pytest.mark.parametrize("code", ["fr", "en"])
def test_every_problem_in_the_code_has_words(code: str) -> None:
    language.use(code)
    used = set()
    for room in ("diagnostics", "jalerte_desktop"):
        for path in (ROOT / room).rglob("*.py"):
            used |= set(
                re.findall(
                    r'(?:Problem|BadInput|MachineCannot|Damaged|SpeedFailed)\(\s*"(\w+)"',
                    path.read_text("utf-8"),
                )
            )
    assert used
    assert used <= set(errors.sentences())


@pytest.mark.parametrize("code", ["fr", "en"])
def test_kinds_causes_and_gaps_have_names(code: str) -> None:
    language.use(code)
    assert all(names.kind_name(kind) for kind in Kind)
    assert all(names.cause_name(cause) and names.cause_short(cause) for cause in Cause)
    assert all(names.gap_name(reason) for reason in GapReason)


def test_a_remark_with_figures() -> None:
    remark = Remark.of("loss_to_anchors", share=0.0312, tries=2400, missed=75)
    assert remarks.say(remark) == "3,1\u00a0% des essais vers les repères ont été perdus (75 sur 2\u202f400)."
    with language.speaking("en"):
        assert remarks.say(remark) == "3.1% of the tries to the anchors were lost (75 of 2,400)."


@pytest.mark.parametrize(
    ("code", "tries", "words"),
    [("fr", 1, "(1 essai)"), ("fr", 2, "(2 essais)"), ("fr", 1200, "(1\u202f200 essais)"), ("en", 1, "(1 try)"),
     ("en", 0, "(0 tries)"), ("en", 1200, "(1,200 tries)")],
)  # fmt: skip
def test_a_word_agrees_with_its_number(code: str, tries: int, words: str) -> None:
    with language.speaking(code):
        assert words in remarks.say(Remark.of("tunnel_silent", tries=tries))


@pytest.mark.parametrize(
    "code",
    ["EPERM", "EACCES", "ENETDOWN", "ENOBUFS", "ETIMEDOUT", "EAI_NONAME", "EAI_FAIL", "EAI_SYSTEM", "EAI_AGAIN",
     "ENETUNREACH", "EHOSTUNREACH", "ECONNRESET", "no-answer", "large-hangs", "no-connection", "servfail", "rcode-7",
     "192.168.1.1 host-unreachable", "200", "204 with a body", "302 http://portal.example/"],
)  # fmt: skip
@pytest.mark.parametrize("spoken", ["fr", "en"])
def test_people_read_words_and_no_codes(spoken: str, code: str) -> None:
    with language.speaking(spoken):
        said = remarks.say(Remark.of("names_fail", tries=2, detail=code))
    assert code not in said
    assert not re.search(r"[A-Z]{4,}|_", said), said


def test_a_page_in_place_of_the_empty_answer_is_said() -> None:
    said = remarks.say(Remark.of("web_check_answered_by_other", tries=1, detail="200"))
    assert "(1 fois\u00a0: une page au lieu d’une réponse vide)" in said


def test_a_wrong_answer_is_kept_as_it_was() -> None:
    said = remarks.say(Remark.of("names_lie", times=3, detail="k.root-servers.net 192.0.2.7"))
    assert "(k.root-servers.net 192.0.2.7)" in said


def test_a_problem_is_one_line_whatever_it_names() -> None:
    problem = Problem("config_unreadable", path="a\nb", why="c\nd")
    assert len(errors.say_problem(problem).splitlines()) == 1


@pytest.mark.parametrize(
    ("seconds", "french"),
    [
        (0, "0 s"), (0.04, "0,1 s"), (0.8, "0,8 s"), (20, "20 s"), (59.6, "1 min"), (128, "2 min 8 s"),
        (3599.6, "1 h"), (4320, "1 h 12 min"), (86399, "1 j"), (273600, "3 j 4 h"),
    ],
)  # fmt: skip
def test_durations(seconds: float, french: str) -> None:
    text = figures.duration(seconds)
    assert text.replace("\u00a0", " ") == french
    assert not re.search(r"\d (?=\w)", text), "a figure and its unit may not be parted"


@given(st.floats(0, 1))
def test_a_share_is_never_rounded_to_all_or_nothing(ratio: float) -> None:
    text = figures.percent(ratio)
    assert (text == "100,0\u00a0%") == (ratio == 1)
    assert (text == "0,0\u00a0%") == (ratio == 0)


def test_numbers_days_and_zones() -> None:
    moment = datetime(2026, 11, 1, 16, 2, 7, tzinfo=timezone(timedelta(hours=1)))
    assert figures.number(1234.5, 1) == "1\u202f234,5"
    assert figures.number(-3) == "\u22123"
    assert figures.day(moment) == "dimanche 1er\u00a0novembre\u00a02026"
    assert figures.zone_name(moment) == "UTC+1"
    assert figures.zone_name(moment.astimezone(UTC)) == "UTC"
    with language.speaking("en"):
        assert figures.number(1234.5, 1) == "1,234.5"
        assert figures.day(moment) == "Sunday 1\u00a0November\u00a02026"


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "fr"), ({"LANG": "C.UTF-8"}, "fr"), ({"LANG": "en_GB.UTF-8"}, "en"), ({"LANG": "de_DE.UTF-8"}, "fr"),
        ({"LANG": "en_GB", "JALERTE_LANG": "fr"}, "fr"), ({"LC_ALL": "fr_FR", "LANG": "en_GB"}, "fr"),
    ],
)  # fmt: skip
def test_the_preferred_language(environment: dict[str, str], code: str) -> None:
    assert language.preferred(environment) == code


def test_the_version_stands_in_one_place_and_in_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert jalerte_desktop.__version__ == project["version"]
