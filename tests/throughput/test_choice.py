"""What the person decided: file and journal together, terms that were read, and choices that are none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.config import Config, parse
from diagnostics.model import BadInput, Event, EventKind
from diagnostics.throughput.choice import (
    Agreement,
    Choice,
    check_servers,
    from_event,
    read_choice,
    stays_home,
    to_event,
    usable,
)
from diagnostics.throughput.terms import load_terms

READ = Choice("ndt7", (), "2026-11-22", 4, 20_000_000_000)
OWN = Choice("http", ("http://192.168.1.20:8989/",), "", 0, 5_000_000_000)


def config(text: str = "") -> Config:
    return parse(text, "config.toml")


def chosen(*choices: Choice) -> list[Event]:
    return [to_event(choice, 100 + number) for number, choice in enumerate(choices)]


def problem(choice: Choice | None) -> str:
    with pytest.raises(BadInput) as caught:
        usable(choice)
    return caught.value.remark.code


def test_nothing_is_chosen_before_somebody_does() -> None:
    assert read_choice(config(), []) is None
    assert problem(None) == "speed_no_provider"


def test_the_newest_choice_holds() -> None:
    assert read_choice(config(), chosen(OWN, READ)) == replace(READ, at_ns=101)


def test_a_choice_can_be_taken_back() -> None:
    assert read_choice(config(), chosen(READ, replace(READ, provider="", terms=""))) is None


def test_the_file_alone_is_a_choice_with_the_usual_limit_and_no_schedule() -> None:
    found = read_choice(config('[speed]\nprovider = "http"\nservers = ["http://a.example/"]'), [])
    assert found == Choice("http", ("http://a.example/",), "", 0, 50_000_000_000)


def test_the_file_wins_for_the_keys_it_sets_and_for_no_others() -> None:
    found = read_choice(config("[speed]\nper_day = 2\nmonthly_gb = 1.5"), chosen(READ))
    assert found == Choice("ndt7", (), "2026-11-22", 2, 1_500_000_000, 100)
    assert read_choice(config("[speed]\nper_day = 0"), chosen(READ)) == replace(READ, per_day=0, at_ns=100)
    found = read_choice(config("[speed]\nservers = []"), chosen(OWN))
    assert found is not None
    assert found.servers == ()


def test_another_provider_in_the_file_gets_neither_the_servers_nor_the_agreement_of_the_first() -> None:
    found = read_choice(
        config('[speed]\nprovider = "speedtest-cli"'), chosen(replace(OWN, terms="2026-11-22"))
    )
    assert found is not None
    assert (found.servers, found.terms) == ((), "")
    assert problem(found) == "speed_terms_unread"


def test_an_agreement_outlives_a_change_to_another_provider_and_back() -> None:
    found = read_choice(config('[speed]\nprovider = "ndt7"'), chosen(READ, OWN))
    assert found is not None
    assert found.terms == "2026-11-22"


def test_an_agreement_to_another_provider_changes_nothing_of_the_choice() -> None:
    chose = replace(OWN, per_day=4)
    agreed = to_event(Agreement("ndt7", "2026-11-22"), 500)
    assert read_choice(config(), [*chosen(chose), agreed]) == replace(chose, at_ns=100)
    assert read_choice(config(), [agreed]) is None
    other = read_choice(config('[speed]\nprovider = "ndt7"'), [*chosen(chose), agreed])
    assert other is not None
    assert (other.terms, other.servers, other.per_day, other.at_ns) == ("2026-11-22", (), 4, 100)


@pytest.mark.parametrize("name", ["ndt7", "speedtest-cli", "cloudflare"])
def test_terms_have_to_be_read_and_newer_ones_again(name: str) -> None:
    present = load_terms()[name].version
    choice = Choice(name, ("https://named.example/",), present, 0, 1)
    assert usable(choice) == choice
    assert problem(replace(choice, terms="")) == "speed_terms_unread"
    assert problem(replace(choice, terms="2020-01-01")) == "speed_terms_unread"


def test_one_s_own_server_needs_no_agreement_but_has_to_be_named() -> None:
    assert usable(OWN) == OWN
    assert problem(replace(OWN, servers=())) == "speed_server_missing"


def test_an_unknown_provider_is_said() -> None:
    assert problem(replace(OWN, provider="fast.com")) == "speed_provider_unknown"


@pytest.mark.parametrize(
    ("servers", "code"),
    [(["http://a/"] * 21, "speed_servers_many"), (["http://" + "a" * 294], "speed_server_long"),
     (["http://a\udcff/"], "speed_server_bad"), (["http://a\n/"], "speed_server_bad")],
)  # fmt: skip
def test_servers_that_no_event_keeps_are_bad_input(servers: list[str], code: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_servers(servers)
    assert caught.value.remark.code == code
    with pytest.raises(ValueError, match=r"."):
        from_event(to_event(replace(OWN, servers=tuple(servers)), 1))


@pytest.mark.parametrize(
    ("provider", "servers", "inside"),
    [
        ("http", ("http://192.168.1.20:8989/",), True),
        ("http", ("http://10.0.0.1/", "http://[fd00::1]:8989/", "http://127.0.0.1:1/"), True),
        ("http", ("http://172.32.0.1/",), False),
        ("http", ("http://[2001:db8::1]/",), False),
        ("http", ("http://[::ffff:8.8.8.8]/",), False),
        ("http", ("http://nas.local/",), False),
        ("http", ("http://192.168.1.20:8989/", "http://a.example/"), False),
        ("http", ("ftp://192.168.1.20/",), False),
        ("iperf3", ("192.168.1.20:5201",), True),
        ("iperf3", ("iperf3://[::1]:5201",), True),
        ("iperf3", ("ping.example",), False),
        ("http", (), False),
        ("ndt7", (), False),
        ("speedtest-cli", (), False),
        ("cloudflare", (), False),
        ("unheard-of", ("http://127.0.0.1/",), False),
    ],
)
def test_only_literal_addresses_of_homes_stay_home(
    provider: str, servers: tuple[str, ...], inside: bool
) -> None:
    assert stays_home(Choice(provider, servers, "", 0, 1)) is inside


# --- as events ------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(categories=("L", "N", "P")), max_size=300)
choices = st.builds(
    Choice,
    texts,
    st.lists(texts, max_size=20).map(tuple),
    st.sampled_from(["", "2026-11-22"]),
    st.integers(0, 24),
    st.integers(0, 10**15),
    st.just(7),
)


@given(choices)
def test_a_choice_comes_back_as_it_was(choice: Choice) -> None:
    assert from_event(to_event(choice, 7)) == choice


@given(texts.filter(bool))
def test_an_agreement_comes_back_as_it_was(provider: str) -> None:
    agreement = Agreement(provider, "2026-11-22")
    assert from_event(to_event(agreement, 7)) == agreement


@pytest.mark.parametrize(
    "data",
    [{"agreed": "ndt7"}, {"agreed": "ndt7", "terms": ""}, {"agreed": "", "terms": "2026-11-22"},
     {"agreed": 1, "terms": "2026-11-22"}, {"agreed": "ndt7", "terms": "now"},
     {"agreed": "ndt7", "terms": "2026-11-22", "per_day": 9}],
)  # fmt: skip
def test_what_is_no_agreement_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_event(Event(EventKind.SPEED_CHOICE, 2, data))


@pytest.mark.parametrize(
    "change",
    [
        {"provider": None}, {"provider": "x" * 301}, {"provider": "a\nb"}, {"provider": "\ud800"},
        {"servers": "http://a.example/"}, {"servers": [1]}, {"servers": ["x"] * 21}, {"servers": None},
        {"terms": "yesterday"}, {"terms": "2026-11-22\n"}, {"terms": "٢٠٢٦-11-22"},
        {"per_day": 25}, {"per_day": -1}, {"per_day": True}, {"per_day": 1.0}, {"per_day": "4"},
        {"monthly_bytes": -1}, {"monthly_bytes": 10**16}, {"monthly_bytes": float("nan")},
        {"more": 1},
    ],
)  # fmt: skip
def test_what_is_no_choice_is_refused_and_passed_over(change: dict[str, object]) -> None:
    good = to_event(OWN, 1)
    bad = Event(EventKind.SPEED_CHOICE, 2, {**good.data, **change})
    with pytest.raises(ValueError, match=r"."):
        from_event(bad)
    assert read_choice(config(), [good, bad]) == replace(OWN, at_ns=1)


def test_a_key_that_is_missing_is_no_choice() -> None:
    data = dict(to_event(OWN, 1).data)
    del data["terms"]
    with pytest.raises(ValueError, match="keys"):
        from_event(Event(EventKind.SPEED_CHOICE, 1, data))


# --- the file -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "per_day = 25", "per_day = -1", "per_day = true", "per_day = 2.0", 'per_day = "4"', "monthly_gb = -1",
        "monthly_gb = nan", "monthly_gb = inf", "monthly_gb = true", "monthly_gb = 2000000", "metered = 1",
        'metered = "yes"',
    ],
)  # fmt: skip
def test_values_that_mean_nothing_are_refused(line: str) -> None:
    with pytest.raises(BadInput) as caught:
        config(f"[speed]\n{line}")
    assert caught.value.remark.code == "config_bad_value"


def test_the_file_s_keys_are_read() -> None:
    found = config("[speed]\nper_day = 24\nmonthly_gb = 0.5\nmetered = true")
    assert (found.speed_per_day, found.speed_monthly_gb, found.speed_metered) == (24, 0.5, True)
    assert "speed.metered" in found.given
