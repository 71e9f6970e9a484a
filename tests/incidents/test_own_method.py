"""Thresholds of a person's own: read strictly, put in the right places, and never in the defaults'."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.config import load_thresholds, parse
from diagnostics.incidents.method import default_method
from diagnostics.incidents.own_method import field_of, own_method
from diagnostics.model import MILLISECOND, SECOND, BadInput

DEFAULTS = load_thresholds()


def test_every_threshold_has_a_place_of_its_own() -> None:
    places = [field_of(key)[0] for key in DEFAULTS]
    assert len(set(places)) == len(places)
    assert set(places) == {field.name for field in fields(default_method())} - {"version"}


@pytest.mark.parametrize("key", sorted(DEFAULTS))
def test_the_default_put_in_its_place_changes_nothing(key: str) -> None:
    assert own_method([(key, DEFAULTS[key])], default_method()) == default_method()


def test_units_are_those_of_the_file() -> None:
    own = own_method([("observation.gap_s", 7.5), ("dns.slow_ms", 800)], default_method())
    assert (own.gap_ns, own.dns_slow_ns) == (7.5 * SECOND, 800 * MILLISECOND)
    assert default_method().gap_ns == 5 * SECOND


@pytest.mark.parametrize(
    "text",
    [
        "loss.suspect = 0.02",
        '"loss.suspect" = 0.02',
        "[method.loss]\nsuspect = 0.02",
        "loss = { suspect = 0.02 }",
    ],
)
def test_names_may_be_written_as_toml_allows(text: str) -> None:
    config = parse(f"[method]\n{text}", "config.toml")
    assert config.own_thresholds == (("loss.suspect", 0.02),)
    assert config.given == ("method.loss.suspect",)


@pytest.mark.parametrize(
    "text",
    [
        "loss.suspekt = 0.02",
        "suspect = 0.02",
        "calls.delay_ms = 200",
        "merged.gap_s = 10",
        'loss.suspect = "0.02"',
        "loss.suspect = 0",
        "loss.suspect = 1.5",
        "loss.suspect = nan",
        "loss.suspect = true",
        "loss.suspect = 0.001",
        "loss.usual = 0.05",
        "outage.min_misses = 2.5",
        "outage.min_misses = 0",
        "outage.min_misses = 100000",
        "dns.slow_ms = inf",
        "dns.slow_ms = -5",
        "dns.slow_ms = []",
        "loss = 5",
    ],
)
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(f"[method]\n{text}", "config.toml")
    assert str(refused.value.remark["key"]).startswith("method.")


@given(st.dictionaries(st.sampled_from(sorted(DEFAULTS)), st.floats() | st.integers(), max_size=3))
def test_whatever_is_written_is_taken_or_refused(own: dict[str, float]) -> None:
    text = "\n".join(f"{key} = {value!r}" for key, value in own.items())
    try:
        config = parse(f"[method]\n{text}", "config.toml")
    except BadInput:
        return
    method = own_method(config.own_thresholds, default_method())
    assert all(abs(getattr(method, field_of(key)[0])) > 0 for key in own)
