"""The shipped rule sets: every file is read strictly, every value has its source, every word is known."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.campaigns.allowed import allowed
from diagnostics.campaigns.days import Days
from diagnostics.campaigns.grid import Grid
from diagnostics.campaigns.model import Promise
from diagnostics.campaigns.rules import RULE_SETS, Fitness, load_rules, parse, with_own
from diagnostics.campaigns.spaced import Spaced
from diagnostics.model import BadInput, Remark
from diagnostics.shipped import read_shipped
from diagnostics.throughput.model import Direction
from diagnostics.throughput.terms import load_terms
from jalerte_desktop.words import language
from jalerte_desktop.words.campaigns import CRITERIA, RULE_SUMMARIES
from jalerte_desktop.words.remarks import known_codes, say

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "resources/campaigns").glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_file_is_understood(path: Path) -> None:
    rules = parse(path.read_text("utf-8"), path.stem)
    assert path.stem in (rules.id, f"{rules.id}-{rules.version}")
    for dated in (*rules.facts, *rules.criteria):
        assert date(2026, 1, 1) <= dated.checked_on
        assert dated.confidence == "own" or re.search(r"https?://|BEREC|Allgemeinverfügung", dated.source)
    assert rules.statements
    assert {*rules.statements} <= known_codes()
    assert {criterion.id for criterion in rules.criteria} <= set(CRITERIA)


def test_every_set_that_the_command_offers_is_there() -> None:
    assert set(RULE_SETS) == {path.stem for path in FILES if "-" not in path.stem} == set(RULE_SUMMARIES)


def test_the_german_set_is_as_published() -> None:
    rules = load_rules("bnetza")
    assert isinstance(rules.shape, Days)
    shape = rules.shape
    assert (shape.measurements, shape.days, shape.per_day, shape.within_days) == (30, 3, 10, 14)
    assert (shape.free_days_between, shape.spacing_s, shape.pause_after, shape.pause_s) == (1, 300, 5, 10800)
    assert rules.fitness.cable
    assert rules.fitness.link_speed
    assert rules.fitness.tunnel == "none"
    assert [
        (criterion.promise, criterion.of_promise_percent, criterion.share_percent, criterion.days)
        for criterion in rules.criteria
    ] == [(Promise.MAXIMUM, 90, 0, 2), (Promise.NORMAL, 100, 90, 0), (Promise.MINIMUM, 100, 0, 2)]
    assert all(criterion.directions == (Direction.DOWN, Direction.UP) for criterion in rules.criteria)


def test_the_austrian_set_is_as_published() -> None:
    rules = load_rules("rtr")
    assert isinstance(rules.shape, Days)
    shape = rules.shape
    assert (shape.measurements, shape.days, shape.within_days, shape.spacing_s, shape.span_s) == (
        18, 3, 14, 900, 7200,
    )  # fmt: skip
    assert rules.fitness.cpu_percent == 80


def test_the_italian_set_is_as_published() -> None:
    rules = load_rules("agcom")
    assert isinstance(rules.shape, Grid)
    assert (rules.shape.measurements, rules.shape.every_s, rules.shape.retry_s) == (96, 900, 172800)
    assert [(one.id, one.share_percent) for one in rules.criteria] == [("minimum", 95), ("delay", 95)]


def test_what_is_known_from_memory_is_marked_as_such() -> None:
    assert {name: load_rules(name).weakest for name in RULE_SETS} == {
        "bnetza": "T", "rtr": "M", "agcom": "T", "free": "own",
    }  # fmt: skip
    assert not load_rules("free").sources
    assert all(not source.startswith("own") for name in RULE_SETS for source in load_rules(name).sources)


GOOD = read_shipped("campaigns/bnetza.toml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("format = 1", "format = 2"),
        ("format = 1", "format = true"),
        ("format = 1", "format = 1\nextra = 1"),
        ('shape = "days"', 'shape = "weeks"'),
        ('id = "bnetza"', 'id = "../bnetza"'),
        ('version = "2026-11-22.1"', 'version = "1"'),
        ("value = 30", "value = 31"),
        ("value = 30", "value = -30"),
        ("value = 30", 'value = "30"'),
        ("value = 30", "value = 30.0"),
        ('name = "days"', 'name = "day"'),
        ('name = "days"', 'name = "measurements"'),
        ("value = [[8, 23]]", "value = [[23, 8]]"),
        ("value = [[8, 23]]", "value = []"),
        ("value = [[8, 23]]", "value = [[8, 23, 24]]"),
        ("value = [[8, 23]]", "value = [[8, 10]]"),
        ("checked_on = 2026-11-22", 'checked_on = "2026-11-22"'),
        ("checked_on = 2026-11-22", "checked_on = 2026-11-22T00:00:00"),
        ('confidence = "V"', 'confidence = "sure"'),
        ('confidence = "V"', 'confidence = "own"'),
        ('source = "https://www.breitbandmessung.de/desktop-app"', 'source = ""'),
        ('kind = "days_reached"', 'kind = "days_lost"'),
        ("of_promise_percent = 90", "of_promise_percent = 900"),
        ("of_promise_percent = 90", "share_percent = 90"),
        ('promise = "maximum"', 'promise = "delay"'),
        ('directions = ["down", "up"]', 'directions = ["down", "down"]'),
        ('directions = ["down", "up"]', "directions = []"),
        ('tunnel"\nvalue = "none"', 'tunnel"\nvalue = "some"'),
        ("value = false", "value = 0"),
        ('statements = ["', 'statements = [7, "'),
        ("[[criteria]]", "[[criterion]]"),
        ("[[criteria]]", "[[criteria"),
    ],
)
def test_what_is_not_understood_is_refused(old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(ValueError, match="bnetza: "):
        parse(GOOD.replace(old, new, 1), "bnetza")


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_a_damaged_file_is_refused_or_understood_and_nothing_else(noise: str, at: int, cut: int) -> None:
    with suppress(ValueError):
        parse(GOOD[:at] + noise + GOOD[at + cut :], "x")


def test_a_version_that_is_not_shipped_cannot_be_judged_by() -> None:
    assert load_rules("bnetza", load_rules("bnetza").version) == load_rules("bnetza")
    for version in ("2020-01-01.1", "../../speed", "x" * 500):
        with pytest.raises(BadInput, match="campaign_rules_gone"):
            load_rules("bnetza", version)
    for name in ("", "france", "../speed", "bnetza-2026-11-22.1"):
        with pytest.raises(BadInput, match="campaign_rules_unknown"):
            load_rules(name)


def test_only_the_free_set_takes_numbers_of_ones_own() -> None:
    own = with_own(load_rules("free"), 5, 600)
    assert isinstance(own.shape, Spaced)
    assert (own.measurements, own.shape.spacing_s, own.most_tries) == (5, 600, 15)
    assert with_own(load_rules("bnetza"), None, None) == load_rules("bnetza")
    for count, spacing in ((0, None), (-3, None), (100_000, None), (None, 0), (None, 10), (None, 1 << 40)):
        with pytest.raises(BadInput):
            with_own(load_rules("free"), count, spacing)
    with pytest.raises(BadInput, match="campaign_not_free"):
        with_own(load_rules("agcom"), 10, None)


def test_ndt7_is_refused_where_its_spacing_would_be_broken() -> None:
    ndt7 = load_terms()["ndt7"]
    for name in ("bnetza", "rtr", "agcom"):
        remark = allowed(load_rules(name), ndt7)
        assert remark is not None
        assert remark.code == "campaign_terms_least"
    free = load_rules("free")
    hourly = allowed(with_own(free, 4, 3600), ndt7)
    assert hourly is not None
    assert hourly.code == "campaign_terms_mean"
    assert allowed(with_own(free, 12, 6 * 3600), ndt7) is None
    assert "36" in say(allowed(load_rules("bnetza"), ndt7) or Remark.of(""))


def test_a_provider_whose_results_are_indicative_serves_the_free_set_alone() -> None:
    speedtest = load_terms()["speedtest-cli"]
    refused = allowed(load_rules("rtr"), speedtest)
    assert refused is not None
    assert refused.code == "campaign_provider_indicative"
    assert allowed(with_own(load_rules("free"), 4, 6 * 3600), speedtest) is None


@pytest.mark.parametrize("name", RULE_SETS)
def test_ones_own_server_serves_every_set(name: str) -> None:
    assert allowed(load_rules(name), load_terms()["http"]) is None


@pytest.mark.parametrize("code", ["fr", "en"])
def test_every_code_of_the_campaigns_has_words(code: str) -> None:
    language.use(code)
    used = set()
    for path in (ROOT / "diagnostics/campaigns").glob("*.py"):
        used |= set(re.findall(r'"(campaign_\w+)"', path.read_text("utf-8")))
    problems = {
        found
        for path in (ROOT / "diagnostics/campaigns").glob("*.py")
        for found in re.findall(r'BadInput\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    assert used - problems <= known_codes()


def test_the_pages_table_of_facts_names_every_value() -> None:
    page = (ROOT / "docs/campaigns.md").read_text("utf-8")
    named = {fact.name for name in RULE_SETS for fact in load_rules(name).facts}
    assert {field.name for field in fields(Fitness)} <= named
    assert {name for name in named if f"`{name}`" not in page} == set()
