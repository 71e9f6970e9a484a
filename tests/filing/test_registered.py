"""The registered letter: the complaint as it lies on disk or composed anew, and the tracking number afterwards."""

import hashlib
import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import SECOND, BadInput, Problem
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.model import PaperFile
from jalerte_desktop.commands._papers import frozen
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.letter_pdf import letter_pdf
from jalerte_desktop.filing.registered import PROBLEMS, clean_tracking, registered_letter, s10_check_digit
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.errors_filing import say_remark
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS, complaint, marie

HELD = account(examples.ordinary())


def registered(case=MARIE, sorted_out=HELD, papers=()):
    return registered_letter(case, sorted_out, tuple(papers), examples.NOW, PARIS)


def codes(one):
    return {remark.code for remark in one.steps}


def a_paper(path, content, sorted_out=HELD, case=MARIE, made_ns=examples.NOW - 5):
    """The frozen complaint whose file is ``path``."""
    letter = complaint(case)
    path.write_bytes(content)
    file = PaperFile(str(path), hashlib.sha256(content).hexdigest(), len(content))
    text = json.dumps(asdict(letter), ensure_ascii=False)
    paper = frozen("complaint", letter.template, made_ns, sorted_out, text, (file,))
    return replace(paper, id="feed", case_id=case.id)


def test_without_a_letter_one_is_composed():
    one = registered()
    assert one.envelope.channel == "registered"
    assert one.envelope.content == letter_pdf(complaint())
    assert (one.paper_id, one.letter) == ("", complaint())
    assert one.envelope.destination == "Orange – Service clients, TSA 90017, 59878 Lille Cedex 9"
    assert one.envelope.facts["recipient"].split("\n")[-1] == "59878 Lille Cedex 9"
    assert one.envelope.facts["address_known"] == "yes"
    assert "doubt_operators_address" in codes(one)


def test_the_newest_unchanged_letter_of_the_case_is_taken_byte_for_byte(tmp_path):
    old = a_paper(tmp_path / "old.pdf", b"%PDF-1.7 old", made_ns=examples.NOW - 9)
    new = a_paper(tmp_path / "new.PDF", b"%PDF-1.7 new")
    one = registered(papers=(replace(old, id="old"), new))
    assert one.envelope.content == b"%PDF-1.7 new"
    assert (one.paper_id, one.letter, one.envelope.facts["letter"]) == ("feed", None, "feed")
    assert "numéro de l’envoi" in one.blanks


@pytest.mark.parametrize(
    "what", ["changed", "gone", "docx", "other case", "other line", "unconfirmed", "a folder"]
)
def test_any_doubt_about_it_and_it_is_composed_anew(tmp_path, what):
    path = tmp_path / ("l.docx" if what == "docx" else "l.pdf")
    paper = a_paper(path, b"%PDF-1.7 kept")
    if what == "changed":
        path.write_bytes(b"%PDF-1.7 kept ")
    elif what in ("gone", "a folder"):
        path.unlink()
        if what == "a folder":
            path.mkdir()
    elif what == "other case":
        paper = replace(paper, case_id="other")
    elif what == "other line":
        paper = replace(paper, line_id="other")
    elif what == "unconfirmed":
        paper = replace(paper, line_confirmed=False)
    one = registered(papers=(paper,))
    assert one.paper_id == ""
    assert one.envelope.content == letter_pdf(complaint())


@pytest.mark.parametrize(
    "changed",
    [
        {"contract__operator": "Free"},
        {"person__name": "Paul Durand"},
        {"person__address": "1 rue Neuve"},
        {"contract__customer_number": "C-7"},
    ],
)
def test_a_letter_in_other_words_about_the_person_is_composed_anew(tmp_path, changed):
    paper = a_paper(tmp_path / "l.pdf", b"%PDF-1.7 kept")
    case = marie(**changed)
    one = registered(case, papers=(replace(paper, case_id=case.id),))
    assert one.paper_id == ""
    assert one.envelope.content == letter_pdf(complaint(case))


def test_a_letter_of_another_period_or_with_other_incidents_is_composed_anew(tmp_path):
    paper = a_paper(tmp_path / "l.pdf", b"%PDF-1.7 kept")
    findings = HELD.findings
    longer = replace(findings, span=replace(findings.span, end_ns=findings.span.end_ns + SECOND))
    first = findings.incidents[0]
    grown = replace(
        findings, incidents=(replace(first, duration_s=first.duration_s + 1), *findings.incidents[1:])
    )
    more = replace(findings, incidents=(*findings.incidents, examples.incident("2026-11-03 03:00:00")))
    for other in (longer, grown, more):
        assert registered(sorted_out=account(other), papers=(paper,)).paper_id == ""
    assert registered(papers=(paper,)).paper_id == "feed"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '"abc"', "{}", '{"recipient": "abc"}', "[" * 100_000, '{"recipient": [1]}'],
)
def test_a_frozen_text_that_is_no_letter_is_not_believed(tmp_path, text):
    paper = replace(a_paper(tmp_path / "l.pdf", b"%PDF-1.7 kept"), text=text)
    one = registered(papers=(paper,))
    assert one.paper_id == ""
    assert one.envelope.destination.startswith("Orange – Service clients")


def test_a_letter_only_about_a_fixed_line(tmp_path):
    for problem in knowledge.problems():
        case = replace(MARIE, problem=problem)
        if problem in PROBLEMS:
            assert registered(case).envelope.facts["step"] == "customer-service"
        else:
            with pytest.raises(Problem) as refused:
                registered(case)
            assert refused.value.remark.code == "registered_other_problem"


@pytest.mark.parametrize("country", ["BE", "CH", "LU"])
def test_abroad_no_letter_goes_to_the_french_company_of_that_name(country):
    one = registered(replace(MARIE, country=country))
    assert one.envelope.destination == ""
    assert not any("Lille" in line for line in one.letter.recipient)


def test_a_letter_that_holds_what_is_no_longer_counted_is_not_sent(tmp_path):
    paper = a_paper(tmp_path / "l.pdf", b"%PDF-1.7 kept")
    fewer = account(examples.findings(examples.two_cuts_a_day(3)))
    assert registered(sorted_out=fewer, papers=(paper,)).paper_id == ""


@pytest.mark.parametrize("operator", ["SFR", "Réseau du Village", None])
def test_an_unknown_address_is_owned_up_to(operator):
    one = registered(marie(contract__operator=operator))
    assert one.envelope.destination == ""
    assert one.envelope.facts["address_known"] == "no"
    assert one.steps[0].code == "registered_no_address"
    assert any("adresse" in blank for blank in one.blanks)


def test_a_checked_address_needs_no_warning():
    one = registered(marie(contract__operator="Bouygues Telecom"))
    assert not {"doubt_operators_address", "registered_no_address"} & codes(one)


def test_the_sheet_says_what_to_do_and_what_to_keep():
    said = [say_remark(step) for step in registered().steps]
    assert len(said) == 6
    assert all("{" not in line for line in said)
    assert codes(registered()) >= {
        "registered_post",
        "registered_online",
        "registered_keep",
        "registered_number",
    }


@pytest.mark.parametrize("home", [None, False])
def test_no_letter_leaves_for_an_unconfirmed_line(home):
    line = replace(examples.HOME, home=home)
    unsure = account(examples.findings(examples.two_cuts_a_day(line=line), line=line))
    with pytest.raises(Problem) as refused:
        registered(sorted_out=unsure)
    assert refused.value.remark.code == "registered_unconfirmed"


def test_nothing_held_makes_no_letter():
    with pytest.raises(Problem) as refused:
        registered(sorted_out=account(examples.findings()))
    assert refused.value.remark.code == "nothing_held"


@pytest.mark.parametrize(
    ("typed", "number", "kind", "doubted"),
    [
        ("RB123456785GB", "RB123456785GB", "s10", False),
        (" rb 123 456 785 gb ", "RB123456785GB", "s10", False),
        ("RB123456784GB", "RB123456784GB", "s10", True),
        ("1A 123 456 7890 1", "1A12345678901", "laposte", False),
        ("2C.123.456-7890\u00a01", "2C12345678901", "laposte", False),
        ("LRE-2026-00042", "LRE202600042", "other", False),
        ("6A123456789012", "6A123456789012", "other", False),
    ],
)  # fmt: skip
def test_tracking_numbers(typed, number, kind, doubted):
    found = clean_tracking(typed)
    assert (found.number, found.kind, found.doubt is not None) == (number, kind, doubted)
    if found.doubt:
        assert number in say_remark(found.doubt)


@given(st.integers(0, 99_999_999), st.from_regex(r"[A-Z]{2}", fullmatch=True), st.integers(0, 9))
def test_exactly_one_check_digit_adds_up(serial, letters, digit):
    text = f"{serial:08d}"
    right = s10_check_digit(text)
    assert 0 <= right <= 9
    found = clean_tracking(f"{letters}{text}{digit}FR")
    assert found.kind == "s10"
    assert (found.doubt is None) == (digit == right)


@given(st.integers(0, 99_999_999), st.integers(0, 7), st.integers(1, 9))
def test_one_mistyped_digit_is_noticed(serial, place, by):
    text = f"{serial:08d}"
    wrong = text[:place] + str((int(text[place]) + by) % 10) + text[place + 1 :]
    if s10_check_digit(text) != 5:
        # 5 stands for two remainders: there a mistake may pass.
        assert s10_check_digit(wrong) != s10_check_digit(text)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_cleaned_or_refused_in_one_line(text):
    found = _cleaned(text)
    if isinstance(found, BadInput):
        assert found.remark.code == "tracking_bad"
        assert len(say_problem(found).splitlines()) == 1
    else:
        assert clean_tracking(found.number) == found
        assert found.number.isascii()
        assert found.number.isalnum()
        assert 4 <= len(found.number) <= 40


def _cleaned(text):
    try:
        return clean_tracking(text)
    except BadInput as refused:
        return refused
