"""The figures and the suggestion of the home page."""

from __future__ import annotations

from dataclasses import replace

import pytest
import window_examples as examples

from diagnostics.model import MINUTE, SECOND, Gap, GapReason, Kind, Span
from diagnostics.working_hours import parse_working_hours
from jalerte_desktop.window.chart_data import local_day
from jalerte_desktop.window.digest import Step, figures_of, line_words, suggestion_of
from jalerte_desktop.window.reader import week_start

WEEK = Span(week_start(examples.NOW), examples.NOW)
MIDNIGHT = local_day(examples.NOW).start_ns


def week(*incidents, **more):
    return examples.findings(incidents, span=WEEK, **more)


def plain(words: str) -> str:
    return words.replace("\u00a0", " ")


def test_a_bad_week():
    incidents, gaps = examples.day_and_week()
    figures = figures_of(week(*incidents, gaps=gaps), examples.NOW)
    assert [figure.value.replace("\u00a0", " ") for figure in figures] == ["8", "3", "34 min", "96,1 %"]
    assert [plain(figure.caption) for figure in figures] == [
        "coupures en 7 jours (1 h 7 min)",
        "coupures aujourd’hui (8 min 25 s)",
        "la plus longue coupure, mardi 17 novembre à 21:04",
        "du temps observé sur 7 jours",
    ]


def test_a_quiet_week():
    figures = figures_of(week(), examples.NOW)
    assert [plain(figure.value) for figure in figures] == ["0", "0", "0 s", "100 %".replace("100", "100,0")]
    assert figures[0].caption == "coupure en 7 jours"


def test_an_outage_over_midnight_counts_its_part_of_today():
    night = examples.incident(MIDNIGHT - 10 * MINUTE, 900)
    figures = figures_of(week(night), examples.NOW)
    assert plain(figures[1].caption) == "coupure aujourd’hui (5 min)"
    assert plain(figures[0].caption) == "coupure en 7 jours (15 min)"


def test_losses_are_no_outages():
    figures = figures_of(week(examples.incident(MIDNIGHT, 60, kind=Kind.LOSS)), examples.NOW)
    assert figures[0].value == "0"


def test_the_share_is_over_the_record_where_that_is_shorter():
    record = Span(MIDNIGHT + 600 * MINUTE, examples.NOW)
    before = Gap(Span(WEEK.start_ns, record.start_ns), GapReason.NOT_STARTED)
    pause = Gap(
        Span(record.start_ns + 60 * MINUTE, record.start_ns + 96 * MINUTE + 30 * SECOND), GapReason.STOPPED
    )
    share = figures_of(week(gaps=(before, pause), record=record), examples.NOW)[3]
    assert plain(share.value) == "90,0 %"
    assert share.caption == "du temps observé depuis 10:00"


def some(number: int, verdict=examples.ACCESS, seconds: float = 60):
    return [examples.incident(MIDNIGHT + n * 30 * MINUTE, seconds, verdict) for n in range(number)]


@pytest.mark.parametrize(
    ("findings", "recording", "step"),
    [
        (week(), False, Step.START),
        (week(line=examples.UNCONFIRMED), True, Step.CONFIRM),
        (week(line=replace(examples.HOME, home=False)), True, Step.ELSEWHERE),
        (week(), True, Step.NOTHING),
        (week(*some(3)), True, Step.ALERT),
        (week(*some(1, seconds=1900)), True, Step.ALERT),
        (week(*some(1)), True, Step.GO_ON),
        (week(*some(3, examples.LOCAL)), True, Step.AT_HOME),
        (week(*some(4, replace(examples.ACCESS, confidence=0.6))), True, Step.GO_ON),
        (week(examples.incident(MIDNIGHT, 9, kind=Kind.LOSS, verdict=examples.CORE)), True, Step.GO_ON),
    ],
)
def test_the_suggestion(findings, recording, step):
    suggestion = suggestion_of(findings, recording)
    assert suggestion.step is step
    assert suggestion.bold
    assert suggestion.words.endswith(".")


def test_excluded_outages_make_no_case():
    excluded = [replace(outage, excluded="travaux") for outage in some(5)]
    assert suggestion_of(week(*excluded), True).step is Step.NOTHING


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (examples.HOME, "Maison · eth0"),
        (replace(examples.HOME, operator="Exemple", name=""), "Exemple · eth0"),
        (replace(examples.HOME, operator="Exemple", home=None), "Maison · ligne non confirmée · eth0"),
        (examples.UNCONFIRMED, "ligne non confirmée · eth0"),
        (replace(examples.HOME, home=False, name=""), "autre ligne · eth0"),
        (replace(examples.HOME, id=""), ""),
    ],
)
def test_the_line_names_no_operator_before_it_is_confirmed(line, words):
    assert plain(line_words(week(line=line))) == words


def test_minutes_lost_in_working_hours_stand_second_where_hours_are_set():
    hours = parse_working_hours(["Mon-Fri 09:00-18:00"])
    incidents, gaps = examples.day_and_week()
    figures = figures_of(week(*incidents, gaps=gaps, hours=hours), examples.NOW)
    assert [plain(figure.value) for figure in figures] == ["8", "18 min", "3", "96,1 %"]
    assert plain(figures[1].caption) == "perdues pour les appels pendant vos heures de travail, en 7 jours"
    none = figures_of(week(hours=hours), examples.NOW)[1]
    assert (plain(none.value), none.caption.split()[0]) == ("0 min", "perdue")
    one = figures_of(week(examples.incident(MIDNIGHT + 600 * MINUTE, 20), hours=hours), examples.NOW)[1]
    assert (plain(one.value), one.caption.split()[0]) == ("1 min", "perdue")
