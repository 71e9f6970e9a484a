"""Every threshold and every key of the configuration has words and a unit, in both languages."""

from __future__ import annotations

import re

import pytest

from diagnostics.config import KNOWN_KEYS, load_thresholds
from jalerte_desktop.words import thresholds
from jalerte_desktop.words.language import speaking


def test_every_threshold_of_the_method_has_words_and_no_other() -> None:
    assert list(thresholds.THRESHOLDS) == list(load_thresholds())


def test_every_key_of_the_configuration_has_words_and_no_other() -> None:
    keys = {f"{section}.{key}" for section, known in KNOWN_KEYS.items() for key in known}
    assert set(thresholds.SETTINGS) == keys


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_two_thresholds_say_the_same_and_none_says_its_key(language: str) -> None:
    with speaking(language):
        told = [thresholds.threshold_name(key) for key in thresholds.THRESHOLDS]
    assert len(set(told)) == len(told)
    assert not any(re.search(r"\w_\w|\w\.\w", words) for words in told)


@pytest.mark.parametrize("key", load_thresholds())
def test_a_unit_is_that_of_the_key(key: str) -> None:
    unit = thresholds.THRESHOLDS[key].unit
    ends = {"_s": "s", "_ms": "ms", "_mbps": "Mbit/s", "_dbm": "dBm", "_minutes": "min"}
    expected = [told for end, told in ends.items() if key.endswith(end)]
    if expected:
        assert unit == expected[0]
    if key.endswith(("misses", "failures", "windows", "answers")):
        assert unit is thresholds.Unit.COUNT
    if unit is thresholds.Unit.SHARE:
        assert 0 < load_thresholds()[key] <= 1


@pytest.mark.parametrize(
    ("key", "value", "french", "english"),
    [
        ("loss.usual", 0.002, "0,2\u00a0%", "0.2%"),
        ("loss.suspect", 0.03, "3\u00a0%", "3%"),
        ("loss.alarm", 14.0, "14\u00a0nats", "14\u00a0nats"),
        ("dns.slow_ms", 1000.0, "1\u202f000\u00a0ms", "1,000\u00a0ms"),
        ("outage.min_rounds", 1.5, "1,5\u00a0fois", "1.5\u00a0times"),
        ("outage.min_misses", 3, "3", "3"),
        ("wifi.weak_dbm", -75, "\u221275\u00a0dBm", "\u221275\u00a0dBm"),
        ("traffic.busy_mbps", 0.5, "0,5\u00a0Mbit/s", "0.5\u00a0Mbit/s"),
        ("another.versions", 0.25, "0,25", "0.25"),
    ],
)
def test_a_value_has_its_unit_and_the_readers_figures(
    key: str, value: float, french: str, english: str
) -> None:
    with speaking("fr"):
        assert thresholds.threshold_value(key, value) == french
    with speaking("en"):
        assert thresholds.threshold_value(key, value) == english


def test_a_threshold_of_ones_own_stands_beside_the_default_one_in_words() -> None:
    own = (("loss.suspect", 0.02), ("outage.min_span_s", 20.0))
    with speaking("en"):
        told = thresholds.thresholds_told(own, load_thresholds())
    assert told == (
        "Loss: share of the tries lost that is suspicious (“loss.suspect”): 2% instead of 3% · "
        "Cut: from the first missed try to the last, at least (“outage.min_span_s”): 20\u00a0s instead of 1\u00a0s"
    )


def test_a_key_that_is_not_known_stays_as_it_is() -> None:
    assert thresholds.setting_name("later.key") == "later.key"
    assert thresholds.threshold_name("later.key") == "later.key"
    with speaking("en"):
        assert thresholds.setting_name("targets.anchors") == "reference servers (“targets.anchors”)"
        assert thresholds.setting_name("method.dns.slow_ms").endswith("(“method.dns.slow_ms”)")
