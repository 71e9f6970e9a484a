"""The alert's free text: fits, whole sentences, honest."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diagnostics.model import Cause, Coverage, Gap, GapReason, Kind, Span
from jalerte_desktop.casefile.model import NO_CASE
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.french import local
from jalerte_desktop.filing.description import SHORTEST, describe, length
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS, marie


def described(case=MARIE, findings=None, limit=2000):
    return describe(case, account(findings or examples.ordinary()), limit, PARIS)


def plain(text):
    return text.replace("\u202f", " ").replace("\u00a0", " ")


incidents = st.builds(
    examples.incident,
    start=st.integers(0, 20 * 86_400).map(lambda s: str(local(examples.PERIOD.start_ns + s * 10**9))[:19]),
    seconds=st.floats(0.2, 5e6),
    cause=st.sampled_from(list(Cause)),
    confidence=st.floats(0, 1),
    kind=st.sampled_from(list(Kind)),
    line=st.sampled_from([examples.HOME, examples.OTHER]),
    ongoing=st.booleans(),
    excluded=st.none() | st.just("travaux"),
)
gaps = st.builds(
    lambda day, hours, reason: Gap(
        Span(
            examples.PERIOD.start_ns + day * 86_400 * 10**9,
            examples.PERIOD.start_ns + (day * 24 + hours) * 3600 * 10**9,
        ),
        reason,
    ),
    day=st.integers(0, 20),
    hours=st.integers(1, 24),
    reason=st.sampled_from(list(GapReason)),
)
everything = st.builds(
    examples.findings,
    incidents=st.lists(incidents, max_size=40, unique_by=lambda i: i.id),
    gaps=st.lists(gaps, max_size=6, unique_by=lambda g: g.span.start_ns),
    line=st.sampled_from(
        [examples.HOME, replace(examples.HOME, home=None), replace(examples.HOME, home=False)]
    ),
    method=st.text(max_size=80),
    span=st.sampled_from(
        [
            examples.PERIOD,
            Span(examples.at("2025-10-01 00:00:00"), examples.NOW),
            Span(examples.at("2024-01-01 00:00:00"), examples.NOW),
            Span(examples.at("2026-11-22 08:00:00"), examples.NOW),
        ]
    ),
)


def test_the_seal_and_the_key_stand_in_the_text_in_groups():
    signed = examples.findings(
        examples.two_cuts_a_day(2), seal=replace(examples.SEAL, key="0123456789abcdef" * 4)
    )
    link = "9f86 d081 884c 7d65"
    assert plain(described(findings=signed).text).endswith(
        f"Dernier scellé du relevé : n° 4812, {link}… ; clé de l’ordinateur : 0123 4567 89ab cdef…"
    )
    unsigned = plain(described().text)
    assert unsigned.endswith(f"Dernier scellé du relevé : n° 4812, {link}…")
    assert "scellé" not in described(findings=examples.findings(seal=None)).text


@settings(deadline=None)
@given(
    findings=everything, limit=st.integers(SHORTEST, 2500), impact=st.text(max_size=400), known=st.booleans()
)
@example(findings=examples.findings(examples.two_cuts_a_day(14)), limit=SHORTEST, impact="", known=True)
def test_it_fits_and_no_sentence_is_cut(findings, limit, impact, known):
    case = marie(case__impact=impact) if known else NO_CASE
    found = describe(case, account(findings), limit, PARIS)
    assert length(found.text) <= limit
    assert len(found.text) <= limit
    for paragraph in found.text.split("\n"):
        assert paragraph[-1] in ".!?…"
    whole = describe(case, account(findings), 10**6, PARIS)
    sentences = set(re.split(r"(?<=[.!?…])[ \n]", whole.text))
    for sentence in re.split(r"(?<=[.!?…])[ \n]", found.text):
        assert sentence in sentences or "Dates et heures" in sentence or "autre" in sentence
    assert whole.listed == whole.listable
    assert 0 <= found.listed <= found.listable
    assert "observée" in found.text
    if not findings.confirmed:
        assert "Ligne non confirmée" in found.text


def test_it_says_how_many_how_long_when_and_what_is_not_counted():
    text = plain(described().text)
    assert "27 coupures attribuées au réseau de l’opérateur, 32 min 24 s au total" in text
    assert "le 08/11 à 09:12:05 (20 s), 15:30:41 (2 min 8 s)" in text
    assert "Dates et heures locales (UTC+1)" in text
    assert "observée 97,9 % du temps" in text
    assert "1 épisode de pertes de données (5 min)" in text
    assert "1 autre incident, d’origine incertaine, n’est pas compté" in text
    assert "3 incidents dus à une autre cause ne sont pas comptés (Wi-Fi du domicile 2, box 1)" in text
    assert "J’ai exclu 1 incident" in text
    assert "1 panne de noms (DNS)" in text
    assert "preuve ordinaire" in text
    assert "indépendant de l’Arcep et des opérateurs" in text


def test_a_long_list_says_how_many_it_leaves_out():
    many = [examples.incident(f"2026-11-{d:02d} {h:02d}:15:00") for d in range(2, 22) for h in range(24)]
    found = described(findings=examples.findings(many))
    assert found.listable == 480
    assert 20 < found.listed < 100
    assert f"… et {480 - found.listed} autres." in plain(found.text)
    assert length(found.text) > 1900, "the room is used"


def test_nothing_to_hold_is_said_so():
    assert "aucune coupure attribuée au réseau de l’opérateur" in plain(
        described(findings=examples.findings()).text
    )


def test_a_time_without_observation_is_no_fine_time():
    span = examples.PERIOD
    blind = examples.findings(gaps=[Gap(span, GapReason.STOPPED)])
    blind = replace(blind, coverage=Coverage(span, 0.0, blind.gaps))
    text = plain(described(findings=blind).text)
    assert "n’a pas été observée" in text
    assert "aucune coupure" not in text
    assert "observée 0,0 % du temps" in text


def test_uncertain_incidents_are_not_in_the_headline():
    found = examples.findings([examples.incident("2026-11-10 08:00:00", confidence=0.6)])
    text = plain(described(findings=found).text)
    assert "aucune coupure attribuée" in text
    assert "d’origine incertaine, n’est pas compté" in text
    assert "Dates et heures" not in text


def test_an_unconfirmed_line_names_nobody():
    line = replace(examples.UNCONFIRMED, operator="Orange")
    text = described(findings=examples.findings(examples.two_cuts_a_day(line=line), line=line)).text
    assert text.startswith("Ligne non confirmée")
    assert "Orange" not in text


def test_a_period_over_new_year_writes_the_years():
    span = Span(examples.at("2025-12-20 00:00:00"), examples.at("2026-01-10 00:00:00"))
    found = examples.findings([examples.incident("2025-12-31 08:00:00")], span=span)
    assert "le 31/12/2025 à 09:00:00" in plain(described(findings=found).text)


def test_no_total_exceeds_the_period_that_it_is_set_beside():
    span = Span(examples.at("2026-11-22 07:00:00"), examples.at("2026-11-22 09:00:00"))
    cut = examples.incident("2026-11-20 12:00:00", 3 * 86_400)
    slow = examples.incident("2026-11-21 12:00:00", 86_400, kind=Kind.LOSS)
    text = plain(described(findings=examples.findings([cut, slow], span=span)).text)
    assert "1 coupure attribuée au réseau de l’opérateur, 2 h dans cette période." in text
    assert "(3 j, en partie hors de la période)" in text
    assert "pertes de données (2 h)" in text
    within = plain(
        described(findings=examples.findings([examples.incident("2026-11-22 08:00:00")], span=span)).text
    )
    assert "période" not in within


def test_what_lasts_is_said_to_last():
    found = examples.findings([examples.incident("2026-11-22 08:50:00", 600, ongoing=True)])
    assert "(au moins 10 min, en cours)" in plain(described(findings=found).text)


def test_a_period_within_a_day_is_told_by_the_hour():
    span = Span(examples.at("2026-11-22 08:00:00"), examples.NOW)
    found = examples.findings([examples.incident("2026-11-22 08:30:00")], span=span)
    assert plain(described(findings=found).text).startswith("Le 22/11/2026 de 09:00 à 10:00, ma connexion")


def test_too_small_a_limit_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="300"):
        described(limit=SHORTEST - 1)


def test_length_counts_as_a_form_does():
    assert length("a\nb") == 4
    assert length("🎉") == 2
