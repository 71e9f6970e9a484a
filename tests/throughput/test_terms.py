"""What providers ask for, and what the person is told of it."""

from __future__ import annotations

import random
import re
import tomllib
from dataclasses import fields
from datetime import date, timedelta

import pytest

from diagnostics.shipped import read_shipped
from diagnostics.throughput.providers import PROVIDERS
from diagnostics.throughput.terms import Spacing, Terms, load_terms, needs_agreement
from jalerte_desktop.words import language, speed_terms
from jalerte_desktop.words.speed_terms import terms_words


def test_every_provider_has_its_terms_and_no_other() -> None:
    assert tuple(load_terms()) == PROVIDERS


def test_the_file_holds_every_field_and_nothing_that_nobody_reads() -> None:
    known = {field.name for field in fields(Terms)} - {"version"} | {"terms"}
    for entry in tomllib.loads(read_shipped("providers.toml"))["providers"]:
        assert set(entry) | {"spacing"} == known, entry["id"]
        assert isinstance(entry["terms"], date)
        assert isinstance(entry["checked_on"], date)


@pytest.mark.parametrize("terms", load_terms().values(), ids=lambda terms: terms.id)
def test_the_facts_are_of_their_kind(terms: Terms) -> None:
    assert terms.published in ("no", "aggregated", "public", "unknown")
    assert terms.kept in ("for_ever", "unknown")
    assert terms.commercial in ("none_known", "personal", "contribution")
    assert terms.automation in ("free", "spaced", "unknown")
    assert terms.confidence in ("verified", "known")
    assert terms.sees
    assert all(link.startswith("https://") for link in (*terms.policies, terms.about))
    assert terms.source
    # An agreement must never be to a text of the future.
    assert date.fromisoformat(terms.version) <= date.fromisoformat(terms.checked_on) + timedelta(days=365)
    # Whoever has a say in unattended use has a spacing.
    assert (terms.spacing is None) == (terms.automation == "free")


def test_ndt7_asks_for_random_times_six_hours_apart() -> None:
    terms = load_terms()["ndt7"]
    assert terms.spacing == Spacing(21600, 2160, 54000)
    assert terms.least_unattended_s == 2160
    assert (terms.a_day_unattended, terms.a_day_attended) == (4, 40)
    assert terms.published == "public"


def test_times_are_drawn_from_an_exponential_distribution_that_is_cut_off() -> None:
    chance = random.Random(4)
    drawn = [load_terms()["ndt7"].spacing.draw(chance) for _ in range(20_000)]  # type: ignore[union-attr]
    assert min(drawn) == 2160
    assert max(drawn) == 54000
    # Cut off below at a tenth of the mean and above at two and a half: the mean of what is left, by calculation.
    assert sum(drawn) / len(drawn) == pytest.approx(2160 + 21600 * (0.904837 - 0.082085), rel=0.02)
    assert len(set(drawn)) > 15_000


def test_cloudflare_is_left_in_peace_between_two() -> None:
    assert load_terms()["cloudflare"].gap_s == 600
    assert load_terms()["cloudflare"].least_unattended_s == 3600


def test_whoever_names_a_server_knows_whom_it_reaches() -> None:
    assert not needs_agreement("http", servers_given=True)
    assert not needs_agreement("iperf3", servers_given=True)
    assert needs_agreement("http", servers_given=False)
    assert needs_agreement("iperf3", servers_given=False)


@pytest.mark.parametrize("provider", ["ndt7", "speedtest-cli", "cloudflare"])
def test_others_are_agreed_to_in_any_case(provider: str) -> None:
    assert needs_agreement(provider, servers_given=True)
    assert needs_agreement(provider, servers_given=False)


@pytest.mark.parametrize("terms", load_terms().values(), ids=lambda terms: terms.id)
def test_every_code_has_words_and_every_link_is_told(terms: Terms) -> None:
    language.use("en")
    told = terms_words(terms)
    assert all(sentence and not re.search(r"[{}]", sentence) for sentence in told)
    seen = next(sentence for sentence in told if sentence.startswith("The other side sees"))
    assert seen.count(",") >= len([code for code in terms.sees if code != "unencrypted"]) - 1
    assert all(code == "unencrypted" or code in speed_terms.SEES for code in terms.sees)
    for link in (*terms.policies, terms.about):
        assert any(link in sentence for sentence in told)


def test_ndt7_is_told_with_its_publication_its_one_connection_and_its_rhythm() -> None:
    language.use("en")
    told = " ".join(terms_words(load_terms()["ndt7"]))
    assert "publishes all of it, your public IP address included" in told
    assert "one connection only" in told
    assert "36\u202fmin at least" in told or "36\u00a0min at least" in told
    assert "At most 4 scheduled measurements a day, and 40 started by you." in told


def test_speedtest_cli_is_told_to_be_unmaintained_and_indicative() -> None:
    language.use("en")
    told = " ".join(terms_words(load_terms()["speedtest-cli"]))
    assert "not been maintained since 2021" in told
    assert "always marked indicative" in told
