"""The advice sheet: short, in two languages, with what comes next and from when."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.casefile.fields import COUNTRIES
from jalerte_desktop.filing import routing
from jalerte_desktop.filing.advice import advice, months_later
from jalerte_desktop.words.errors_filing import say_remark
from jalerte_desktop.words.language import speaking
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS, marie

TODAY = date(2026, 11, 22)


def sheet(case=MARIE, diary=(), today=TODAY):
    return advice(case, tuple(diary), today, PARIS)


def written(day, whom="customer-service", kind="letter"):
    return DiaryEntry(kind, examples.at(f"{day} 10:00:00"), with_whom=whom)


def dates(found, channel):
    step = next(step for step in found.next if step.route.channel == channel)
    return {remark.code: remark["date"] for remark in step.dates}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("problem", list(knowledge.problems()))
def test_every_problem_has_a_short_sheet_in_both_languages(problem, language):
    with speaking(language):
        for country in COUNTRIES:
            found = sheet(replace(MARIE, problem=problem, country=country))
            for part in (found.now, found.note, found.keep, found.avoid):
                assert 1 <= len(part) <= 4
                for line in part:
                    assert line.endswith(".")
                    assert len(line) <= 140
            assert found.next
            assert all(step.route.takes for step in found.next)


@pytest.mark.parametrize("problem", list(knowledge.problems()))
def test_french_is_set_as_french(problem):
    with speaking("fr"):
        found = sheet(replace(MARIE, problem=problem))
    facts = [fact.text for fact in found.facts]
    for line in (*found.now, *found.note, *found.keep, *found.avoid, *facts):
        assert "'" not in line
        for mark in (" ;", " !", " ?", " :", "« ", " »", " %", " €"):
            assert mark not in line, line


def test_the_dates_are_counted_from_the_first_written_complaint():
    calls = [DiaryEntry("call", examples.at("2026-10-01 10:00:00"), with_whom="customer-service")]
    assert sheet(diary=calls).undated
    found = sheet(diary=[*calls, written("2026-11-10"), written("2026-11-03")])
    assert not found.undated
    assert dates(found, "consumer-service") == {"next_opens": "2026-12-03"}
    assert dates(found, "mediator") == {"next_opens_silent": "2027-01-03", "next_closes": "2027-11-03"}
    assert dates(found, "jalerte") == {}


def test_a_letter_to_the_second_level_opens_the_mediator():
    found = sheet(diary=[written("2026-08-31"), written("2026-10-31", "consumer-service", "email")])
    assert dates(found, "mediator") == {
        "next_opens_silent": "2026-10-31",
        "next_opens_second": "2026-11-30",
        "next_closes": "2027-08-31",
    }


def test_the_day_of_a_letter_is_the_persons_own():
    late = DiaryEntry("letter", examples.at("2026-11-03 23:30:00"), with_whom="customer-service")
    assert dates(sheet(diary=[late]), "consumer-service") == {"next_opens": "2026-12-04"}


def test_a_time_limit_that_is_over_says_so_and_comes_last():
    found = sheet(diary=[written("2024-01-10")])
    assert [step.route.channel for step in found.next if step.over] == ["mediator"]
    assert found.next[-1].route.channel == "mediator"
    assert dates(found, "mediator") == {"next_over": "2025-01-10"}
    on_the_day = sheet(diary=[written("2024-01-10")], today=date(2025, 1, 10))
    assert not [step for step in on_the_day.next if step.over]
    assert "next_closes" in dates(on_the_day, "mediator")


def test_what_is_over_comes_after_what_is_not_whatever_its_order(monkeypatch):
    found = routing.routes("fixed-internet-cut", "FR", "individual", TODAY)
    monkeypatch.setattr("jalerte_desktop.filing.advice.routes", lambda *_given: found[::-1])
    order = [step.route.channel for step in sheet(diary=[written("2024-01-10")]).next]
    assert order == ["consumer-service", "jalerte", "customer-service", "mediator"]


@pytest.mark.parametrize(("language", "said"), [("fr", "10/01/2025"), ("en", "10 Jan 2025")])
def test_dates_are_said_as_the_language_writes_them(language, said):
    with speaking(language):
        step = sheet(diary=[written("2024-01-10")]).next[-1]
        assert said in say_remark(step.dates[0]).replace("\u00a0", " ")
        old = next(fact for fact in sheet(today=date(2029, 1, 1)).facts)
        assert "2026-11-22" not in say_remark(old.doubts[0])


@pytest.mark.parametrize(
    "problem", ["mobile", "fixed-telephone", "fibre-connection", "billing", "fixed-internet-cut"]
)
def test_who_pays_for_a_service_is_told_that_refunds_lapse(problem):
    assert any("34-2" in fact.text for fact in sheet(replace(MARIE, problem=problem)).facts)


def test_the_court_may_be_gone_to_without_a_conciliator_who_is_free():
    with speaking("en"):
        assert any("no conciliator is free within three months" in fact.text for fact in sheet().facts)


def test_a_professional_is_not_sent_to_the_mediator_nor_told_consumers_law():
    case = replace(marie(person__profile="company"), problem="termination")
    found = sheet(case)
    assert "mediator" not in {step.route.channel for step in found.next}
    private = sheet(replace(MARIE, problem="termination"))
    assert len(found.facts) < len(private.facts)


def test_facts_are_of_the_country_and_of_their_time():
    assert sheet(replace(MARIE, country="CH")).facts == ()
    court = [fact.text for fact in sheet().facts if "50" in fact.text]
    assert len(court) == 1
    assert not [fact.text for fact in sheet(today=date(2026, 2, 1)).facts if "50" in fact.text]
    for fact in sheet(today=date(2029, 1, 1)).facts:
        assert {doubt.code for doubt in fact.doubts} == {"doubt_old"}
        assert "{" not in say_remark(fact.doubts[0])


@given(st.dates(date(1970, 1, 1), date(2200, 1, 1)), st.integers(0, 48))
def test_months_later_keeps_the_day_or_takes_the_months_last(day, months):
    later = months_later(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and later.day >= 28)
