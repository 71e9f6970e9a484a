"""The first page: one page whatever the period, and what it says of a month, a day, two hours and a quiet line."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pikepdf
import pytest

from diagnostics.model import SECOND, Cause, Incident, Kind, Remark, Span
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.report.compose import compose
from jalerte_desktop.documents.report.days import days_of
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.documents.report.pdf import report_pdf
from jalerte_desktop.documents.report.sayings import period_words
from jalerte_desktop.words.language import speaking
from tests.documents.report_examples import (
    EXAMPLES,
    ZONE,
    bad_month,
    facts_of,
    incident,
    midnight,
    quiet_month,
)

DAY = date(2026, 11, 17)
HOUR = 3600 * SECOND


def part_of_a_day(start_hour: float, hours: float, *cuts: tuple[float, float]) -> ReportFacts:
    """So many hours of one day; cuts are (hours after the start, seconds)."""
    facts = facts_of(DAY, 1, [])
    start = midnight(DAY) + round(start_hour * HOUR)
    span = Span(start, start + round(hours * HOUR))
    found = tuple(incident(start + round(after * HOUR), seconds) for after, seconds in cuts)
    findings = facts.account.findings
    findings = replace(
        findings, span=span, record=span, incidents=found, coverage=replace(findings.coverage, span=span)
    )
    findings = replace(findings, coverage=replace(findings.coverage, observed_s=span.duration_s))
    sorted_out = account(findings)
    return replace(
        facts,
        account=sorted_out,
        days=days_of(sorted_out, ZONE),
        hours=tuple(one for one in facts.hours if start - HOUR < one.start_ns < span.end_ns),
    )


def days(count: int, cuts: int) -> ReportFacts:
    made = random.Random(count)
    first = date(2026, 9, 3)
    found = [
        incident(
            midnight(first + timedelta(days=made.randrange(count))) + made.randrange(80_000) * SECOND + n,
            round(made.lognormvariate(4.5, 1.6), 1),
            *made.choice([(Cause.ACCESS, 0.9), (Cause.ISP_CORE, 0.7), (Cause.WIFI, 0.8)]),
        )
        for n in range(cuts)
    ]
    return facts_of(first, count, found)


def longest_words(facts: ReportFacts) -> ReportFacts:
    """The same with as many long arguments as there may be, of every role, and on made-up data."""
    wordy = tuple(Remark.of("hop_may_be_at_home", address=f"203.0.113.{n}") for n in range(4))
    found = tuple(
        replace(one, verdict=replace(one.verdict, reasons=wordy, counter_evidence=wordy))
        for one in facts.account.findings.incidents
    )
    return replace(facts, account=account(replace(facts.account.findings, incidents=found)), demo=True)


CASES = {
    "ten minutes": lambda: part_of_a_day(16, 1 / 6),
    "two hours": lambda: part_of_a_day(16, 2),
    "two hours with cuts": lambda: part_of_a_day(16, 2, (0.3, 95), (1.2, 400)),
    "a day": lambda: part_of_a_day(0, 24, (8, 95), (14, 1300), (20, 30)),
    "two days": lambda: days(2, 3),
    "a week": lambda: days(7, 12),
    "a quiet month": quiet_month,
    "a month without anything": lambda: facts_of(date(2026, 10, 18), 30, []),
    "seventy quiet days": lambda: days(70, 0),
    "a month with long arguments": lambda: longest_words(bad_month()),
    "seventy days with long arguments": lambda: longest_words(days(70, 60)),
    "ninety days": lambda: days(90, 80),
    "a year": lambda: days(365, 200),
    **{name: EXAMPLES[name] for name in ("bad", "empty", "not confirmed", "demo", "hostile")},
}


def pages(content: bytes) -> list[str]:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (make test installs poppler-utils)")
    found = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True, timeout=120
    )
    return found.stdout.decode().split("\f")[:-1]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", CASES)
def test_what_comes_first_is_one_page_with_its_proof_and_nothing_goes_over_it(
    name: str, language: str
) -> None:
    facts = CASES[name]()
    first, second, *_rest = pages(report_pdf(facts, language))
    paper = compose(facts, language)
    proof = paper.front.proof.split()
    assert " ".join(proof[:3]) in " ".join(first.split())
    beginning = second.replace(paper.warning, "") if paper.warning else second
    assert beginning.split()[0] == paper.contents


def test_the_longest_cuts_stand_there_with_cause_confidence_and_the_first_argument() -> None:
    facts = bad_month()
    front = compose(facts, "en").front
    assert front.longest is not None
    lengths = sorted((cut.duration_s for cut in facts.account.outages), reverse=True)
    assert len(front.longest.rows) == 3
    longest = max(facts.account.outages, key=lambda cut: cut.duration_s)
    assert lengths[0] == longest.duration_s
    start, lasted, cause, why = front.longest.rows[0]
    assert "October" in start
    assert lasted == "55\u00a0min 40\u00a0s"
    assert cause == "Access line or beyond (confidence 70%)"
    assert why.startswith("The box answered 20 of 20 tries meanwhile.")
    with_text = pages(report_pdf(facts, "en"))[0]
    assert with_text.count("Access line or beyond") == 3


def test_a_box_that_says_its_line_was_down_is_told_before_other_arguments() -> None:
    cut = incident(midnight(DAY) + 9 * HOUR, 600)
    said = (*cut.verdict.reasons, Remark.of("box_says_line_down", times=3))
    cut = replace(cut, verdict=replace(cut.verdict, reasons=said))
    longest = compose(facts_of(DAY, 3, [cut]), "en").front.longest
    assert longest is not None
    assert longest.rows[0][3] == (
        "The box answered 20 of 20 tries meanwhile. The box itself said that its line was down (3 times)."
    )


@pytest.mark.parametrize(
    ("incidents", "title"),
    [
        (
            [incident(midnight(DAY), 900, Cause.ISP_CORE, 0.8, Kind.LATENCY)],
            "The longest degradations attributed to the operator",
        ),
        ([incident(midnight(DAY), 900, Cause.ACCESS, 0.55)], "The longest incidents of uncertain origin"),
        (
            [incident(midnight(DAY), 900, Cause.WIFI, 0.8)],
            "The longest incidents, none attributed to the operator",
        ),
    ],
)
def test_without_a_cut_the_longest_of_the_next_grave_kind_are_told(
    incidents: list[Incident], title: str
) -> None:
    front = compose(facts_of(DAY, 3, incidents), "en").front
    assert front.longest_title == title
    assert front.longest is not None
    assert len(front.longest.rows) == 1


def test_a_period_without_any_incident_has_no_list_of_the_longest() -> None:
    front = compose(facts_of(DAY, 3, []), "en").front
    assert (front.longest_title, front.longest) == ("", None)


def test_a_single_day_is_drawn_once_hour_by_hour_and_has_no_calendar() -> None:
    paper = compose(part_of_a_day(16, 2, (0.5, 60)), "en")
    assert paper.front.calendar is None
    assert paper.front.day is not None
    assert paper.front.delay is not None
    assert "The period in pictures" not in [part.title for part in paper.parts]
    assert paper.front.day_title == (
        "Tuesday 17\u00a0November\u00a02026: 1 cut, 1\u00a0min without internet; 100% of these 2\u00a0h observed"
    )
    hours = [mark.words for mark in paper.front.day.marks if mark.look == "axis"]
    assert {"16\u00a0h", "17:15", "18\u00a0h"} <= set(hours)


def test_a_quiet_month_has_its_calendar_and_delay_on_the_first_page_and_no_worst_day() -> None:
    paper = compose(quiet_month(), "en")
    assert paper.front.day is None
    assert paper.front.calendar is not None
    assert paper.front.delay is not None
    assert "The period in pictures" not in [part.title for part in paper.parts]
    assert "The period in pictures" in [part.title for part in compose(bad_month(), "en").parts]
    assert compose(bad_month(), "en").front.delay is None


def test_a_legend_names_what_is_drawn_and_nothing_else() -> None:
    def legend(facts: ReportFacts) -> list[str]:
        day = compose(facts, "en").front.day
        assert day is not None
        return [mark.words.replace("\u00a0", " ") for mark in day.marks if mark.look == "legend"]

    assert legend(part_of_a_day(20, 2)) == ["observed"]
    assert legend(part_of_a_day(16, 2)) == ["observed", "working hours"]
    assert legend(part_of_a_day(16, 2, (1, 60))) == [
        "observed",
        "cut attributed to the operator’s network",
        "working hours",
    ]


@pytest.mark.parametrize(
    ("start", "hours", "english"),
    [
        (16, 2, "17\u00a0November\u00a02026 from 16:00 to 18:00"),
        (0, 24, "17\u00a0November\u00a02026, the whole day"),
        (16, 24, "from 17\u00a0November\u00a02026 at 16:00 to 18\u00a0November\u00a02026 at 16:00"),
    ],
)
def test_a_period_of_one_day_names_it_once(start: int, hours: int, english: str) -> None:
    begin = midnight(DAY) + start * HOUR
    with speaking("en"):
        assert period_words(Span(begin, begin + hours * HOUR), ZONE) == english


def test_the_hour_in_which_the_clocks_go_back_is_not_told_as_a_time_that_ran_backwards() -> None:
    begin = midnight(date(2026, 10, 25)) + 2 * HOUR
    with speaking("en"):
        assert "at" in period_words(Span(begin, begin + 2 * HOUR), ZONE)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", ["bad", "a day", "a quiet month", "empty"])
def test_headings_go_down_by_one_level_at_most(name: str, language: str) -> None:
    """In the order of the structure tree, as a screen reader meets them."""
    with pikepdf.open(io.BytesIO(report_pdf(CASES[name](), language))) as document:
        levels = [int(kind[1:]) for kind in kinds(document.Root.StructTreeRoot) if kind[1:].isdigit()]
    assert levels[0] == 1
    assert len(levels) > 8
    assert all(after <= before + 1 for before, after in pairwise(levels))


def kinds(element: object) -> list[str]:
    """The kinds of all elements below, without their slash, in the order of the document."""
    if isinstance(element, pikepdf.Array):
        return [kind for one in element for kind in kinds(one)]
    if not isinstance(element, pikepdf.Dictionary):
        return []
    own = [str(element.S)[1:]] if "/S" in element else []
    return own + (kinds(element.K) if "/K" in element else [])


def test_each_figure_speaks_the_reports_language() -> None:
    def alts(language: str) -> list[str]:
        with pikepdf.open(io.BytesIO(report_pdf(bad_month(), language))) as document:
            return [
                str(one.Alt)
                for one in document.objects
                if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/Figure"
            ]

    french, english = alts("fr"), alts("en")
    assert len(french) == len(english) >= 7
    assert not set(french) & set(english)
