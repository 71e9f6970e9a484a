"""The sentence for each state, and what stands under it."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
import window_examples as examples

from diagnostics.model import SECOND, Cause, Kind, Problem, Verdict
from diagnostics.witnesses import BoxAccount
from jalerte_desktop.findings.model import BoxSaid
from jalerte_desktop.findings.now import state_now
from jalerte_desktop.window import sentences
from jalerte_desktop.window.marks import Mark, badge_tone, fault_of, mark_name, sign_of
from jalerte_desktop.words import language

NB, NN = "\u00a0", "\u202f"


def sentence(
    *incidents, running: bool = True, now_ns: int = examples.NOW, newest_ns: int | None = None, **more
):
    found = examples.findings(incidents, now_ns=now_ns, newest_ns=newest_ns)
    return sentences.state_sentence(state_now(found, now_ns, running), now_ns, **more)


def going_on(cause: Cause, kind: Kind = Kind.OUTAGE, seconds: int = 185, confidence: float = 0.97):
    return examples.incident(
        examples.NOW - seconds * SECOND,
        seconds,
        replace(examples.ACCESS, cause=cause, confidence=confidence),
        kind,
        ongoing=True,
    )


def test_the_sentence_of_the_picture():
    said = sentence(going_on(Cause.ACCESS))
    assert said.mark is Mark.OUTAGE
    assert said.answer == f"Coupure depuis 3{NB}min{NB}: la box répond, la ligne non."
    assert said.explanation == (
        "Panne côté opérateur, très probable (confiance 0,97, 2 raisons, 1 réserve). "
        f"Rien à faire de votre côté{NN}; tout est enregistré."
    )


@pytest.mark.parametrize("code", ["fr", "en"])
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_and_kind_has_its_words(code, kind, cause):
    language.use(code)
    said = sentence(going_on(cause, kind))
    for text in (said.answer, said.explanation):
        assert text
        assert "{" not in text
        assert text[0] in string.ascii_uppercase + "É"
        assert text.endswith(".")
    assert sign_of(cause, 0.9)
    assert badge_tone(cause, 0.9) in ("outage", "soft", "accent")
    assert (sign_of(cause, 0.6), badge_tone(cause, 0.6)) == ("?", "soft")


def test_all_is_well_since_the_last_incident():
    past = examples.incident(examples.NOW - 7200 * SECOND, 3600)
    said = sentence(past)
    assert (said.mark, said.answer) == (Mark.FINE, f"Tout va bien{NB}: la ligne répond.")
    assert said.explanation == f"Rien à signaler depuis 1{NB}h."
    assert sentence().explanation == "Rien à signaler."


def test_not_observed_is_never_fine_nor_an_outage():
    off = sentence(running=False, newest_ns=examples.NOW - 600 * SECOND)
    assert off.mark is Mark.UNOBSERVED
    assert "jamais comme une coupure" in off.explanation
    stale = sentence(newest_ns=examples.NOW - 600 * SECOND)
    assert stale.mark is Mark.UNOBSERVED
    assert "15:5" in stale.explanation
    assert sentence(running=False, newest_ns=examples.NOW).mark is Mark.UNOBSERVED


def test_a_recorder_that_was_just_started():
    said = sentence(newest_ns=examples.NOW - 600 * SECOND, starting=True)
    assert said == sentences.starting_sentence()


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.97, "très probable"), (0.7, "probable"), (0.65, "plutôt probable")],
)
def test_how_sure(value, words):
    assert sentences.likelihood(value) == words


def test_an_unknown_cause_blames_nobody():
    said = sentence(going_on(Cause.UNKNOWN, confidence=0.3))
    assert said.explanation.startswith("Cause non établie (confiance 0,30")
    assert "opérateur" not in said.explanation


@pytest.mark.parametrize("cause", [Cause.ACCESS, Cause.ISP_CORE])
def test_what_is_only_possible_accuses_nobody(cause):
    said = sentence(going_on(cause, confidence=0.6))
    assert said.answer == f"Coupure depuis 3{NB}min."
    assert said.explanation.startswith(f"Cause possible{NB}: ")
    assert "Panne côté" not in said.explanation
    assert "Rien à faire" not in said.explanation
    assert badge_tone(cause, 0.61) == "outage"


@pytest.mark.parametrize(
    ("cause", "kind", "confidence", "answer", "advice"),
    [
        (Cause.DNS, Kind.DNS, 0.9, "la ligne, elle, répond", "ou le vôtre"),
        (Cause.LOCAL_MACHINE, Kind.OUTAGE, 0.9, "ne laisse rien sortir", "pare-feu"),
        (Cause.WIFI, Kind.WIFI, 0.9, "Wi-Fi", "câble"),
        (Cause.VPN, Kind.PARTIAL, 0.9, "rien ne passe par le VPN", "sans le VPN"),
        (Cause.OWN_TRAFFIC, Kind.LATENCY, 0.9, "le foyer lui-même", "transfert"),
        (Cause.MTU, Kind.PARTIAL, 0.8, "les grandes restent bloquées", "Redémarrez la box"),
        (Cause.IPV6, Kind.PARTIAL, 0.6, "IPv6 ne répond pas", "coupez IPv6"),
        (Cause.ISP_CORE, Kind.PARTIAL, 0.6, "hors d’atteinte", "Tout est enregistré"),
        (Cause.REMOTE, Kind.PARTIAL, 0.6, "un serveur lointain", "votre ligne fonctionne"),
    ],
)
def test_each_cause_has_its_own_sentence_and_advice(cause, kind, confidence, answer, advice):
    said = sentence(going_on(cause, kind, confidence=confidence))
    assert answer in said.answer
    assert advice in said.explanation
    assert "Panne côté opérateur" not in said.explanation


def test_what_the_box_says_stands_under_a_line_that_is_well():
    account = BoxAccount("upnp", True, 7500, None, None, 10**9, None)
    found = replace(examples.findings(), box=BoxSaid(account, examples.NOW - 60 * SECOND))
    said = sentences.state_sentence(state_now(found, examples.NOW, True), examples.NOW)
    assert said.explanation.replace(NB, " ").replace(NN, " ") == (
        "Rien à signaler. La box (UPnP) a dit à 16:04 : ligne établie depuis 2 h 5 min, 1 000 Mbit/s en réception."
    )


def test_one_reason_and_no_reserve():
    verdict = Verdict(Cause.WIFI, 0.8, examples.LOCAL.reasons[:1], ())
    incident = examples.incident(examples.NOW, 10, verdict)
    assert sentences.verdict_sentence(incident) == "Panne chez vous, probable (confiance 0,80, 1 raison)."


@pytest.mark.parametrize(
    ("seconds", "words"), [(8, "8 s"), (59, "59 s"), (60, "1 min"), (185, "3 min"), (3660, "1 h 1 min")]
)
def test_durations_stay_calm(seconds, words):
    assert sentences.rough_duration(seconds).replace(NB, " ") == words


def test_english():
    language.use("en")
    assert sentence(going_on(Cause.BOX)).answer == f"Outage for 3{NB}min: the box does not answer."


def test_every_mark_has_a_word():
    assert len({mark_name(mark) for mark in Mark}) == len(Mark)
    assert {fault_of(cause) for cause in Cause}


def test_a_record_that_cannot_be_read_is_no_outage():
    said = sentences.problem_sentence(str(Problem("journal_damaged", path="x")))
    assert said.mark is Mark.OTHER
