"""Each report speaks one language: no English in a French one, signs with their spaces, figures with their units."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from diagnostics.config import load_thresholds
from jalerte_desktop.documents.report.compose import compose
from jalerte_desktop.documents.report.drawing import Mark
from jalerte_desktop.documents.report.glyphs import unparted
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.documents.report.paper import Attached, Codes, Settings
from tests.documents.report_examples import bad_month, empty, not_confirmed, quiet_month, year

TARGETS = (
    "anchor/icmp/203.0.113.11 (AS64496)",
    "first_hop/icmp",
    "gateway/icmp",
    "resolver/dns/203.0.113.53",
    "system_resolver/dns",
    "tcp_check/tcp/203.0.113.11 (AS64496)",
    "vpn/icmp",
    "large/http/http://check.example/large",
    "web/http/http://check.example/generate_204",
)
SETTINGS = ("targets.anchors", "home.working_hours", "method.loss.suspect")
COMMON = {"Cause", "Date", "box", "SHA-256", "[1] Autorité d’exemple", "Linux 6.8"}
"""Words that both languages share, and names."""


def untyped(facts: ReportFacts) -> ReportFacts:
    """The same with every threshold, target and setting, and without what a person typed."""
    findings = replace(facts.account.findings, exclusions=(), own_settings=SETTINGS)
    honesty = replace(
        facts.honesty, thresholds=tuple(sorted(load_thresholds().items())), targets=TARGETS, systems=()
    )
    return replace(
        facts,
        account=replace(facts.account, findings=findings),
        honesty=honesty,
        diary=(),
        campaigns=(),
        witnesses=(),
        speed=tuple(replace(point, reason="") for point in facts.speed),
        holder=type(facts.holder)(),
    )


def texts(value: object) -> Iterator[str]:
    """Every text that is read, of a paper; neither codes nor files."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Codes):
        yield value.name
    elif isinstance(value, Settings):
        yield from value.header
        yield from (cell for words, told, _key in value.rows for cell in (words, told))
    elif isinstance(value, Mark):
        yield value.words
    elif isinstance(value, Attached):
        yield value.description
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name not in ("language", "region", "mark"):
                yield from texts(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


CASES = {
    "bad": bad_month,
    "quiet": quiet_month,
    "year": lambda: year(60),
    "empty": empty,
    "not confirmed": not_confirmed,
}


def is_a_figure(text: str) -> bool:
    """Times, addresses, figures with their units: the same in both languages."""
    bare = re.sub(r"https?://\S+|\(AS\d+\)|[0-9a-f]+(?::[0-9a-f]*){2,}", "", text)
    return not re.search(
        r"[^\W\d_]{2,}", re.sub(r"(?<=\d)[\s\u00a0](?:min|ms|nats|dBm|Mbit/s)(?!\w)", "", bare)
    )


@pytest.mark.parametrize("name", CASES)
def test_no_sentence_is_the_same_in_both_languages(name: str) -> None:
    facts = untyped(CASES[name]())
    shared = set(texts(compose(facts, "fr"))) & set(texts(compose(facts, "en")))
    assert {text for text in shared if not is_a_figure(text)} <= COMMON


@pytest.mark.parametrize("name", CASES)
def test_french_signs_have_their_spaces(name: str) -> None:
    for text in texts(compose(untyped(CASES[name]()), "fr")):
        prose = re.sub(r"https?://\S+|[0-9a-f]+(?::[0-9a-f]*){2,}", "", text)
        assert not re.search(r"(?<=[^\u202f;!?(])[;!?]", prose), text
        assert not re.search(r"(?<!\u00a0):(?!\d)", prose), text
        assert not re.search(r"«(?!\u00a0)|(?<!\u00a0)»", prose), text
        assert "'" not in prose, text
        assert not re.search(r"(?<!\u00a0|\u202f)%", prose), text


@pytest.mark.parametrize("name", CASES)
def test_no_line_ends_between_a_figure_and_its_unit(name: str) -> None:
    for language in ("fr", "en"):
        for text in texts(compose(untyped(CASES[name]()), language)):
            assert not re.search(r"\d (?:ms|s|min|h|d|j|%|Mbit/s|dBm)(?!\w)", unparted(text)), text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2 h 47 min at 300 Mbit/s", "2\u00a0h\u00a047\u00a0min at 300\u00a0Mbit/s"),
        ("3\u00a0j 4\u00a0h, 12 essais", "3\u00a0j\u00a04\u00a0h, 12 essais"),
        ("90 % of 12 days, 5 dogs, 7 mins", "90\u00a0% of 12 days, 5 dogs, 7 mins"),
        ("18 fois", "18\u00a0fois"),
        ("10 November 2026 at 10:11", "10 November 2026 at 10:11"),
    ],
)
def test_only_units_are_tied_to_their_figures(text: str, kept: str) -> None:
    assert unparted(text) == kept
