"""A result with nothing wrong may speak for the line; each single trouble keeps it from that, and says so."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import MILLISECOND, SECOND, Remark
from diagnostics.throughput import compare, validity
from diagnostics.throughput.model import (
    Circumstances,
    Counted,
    Ended,
    Flow,
    Medium,
    OtherTraffic,
    SpeedResult,
)
from diagnostics.throughput.record import from_event, to_event
from diagnostics.throughput.rules import default_rules
from diagnostics.throughput.validity import REASONS, judge
from diagnostics.witnesses import Wifi, WifiState
from jalerte_desktop.words import language, remarks
from tests.throughput.results import CLEAN, around, delays

RULES = default_rules()
Change = Callable[[SpeedResult], SpeedResult]


def medium(**changes: object) -> Change:
    return lambda r: around(r, medium=replace(r.circumstances.medium, **changes))  # type: ignore[arg-type]  # a test's own


def place(**changes: object) -> Change:
    return lambda r: around(r, **changes)


def flow_of(way: str, **changes: object) -> Change:
    def change(result: SpeedResult) -> SpeedResult:
        flow: Flow | None = getattr(result, way)
        return result if flow is None else replace(result, **{way: replace(flow, **changes)})  # type: ignore[arg-type]  # a test's own

    return change


def others(way: str, **rates: int) -> Change:
    def change(result: SpeedResult) -> SpeedResult:
        other: OtherTraffic = getattr(result.circumstances, way)
        return around(result, **{way: replace(other, **rates)})

    return change


def both_ways(code: str, make: Callable[[str], Change]) -> list[tuple[str, Change]]:
    return [(code, make(way)) for way in ("down", "up")]


TROUBLES: list[tuple[str, Change]] = [
    ("speed_wifi", medium(kind="wifi", wifi=Wifi(WifiState.CONNECTED, "wlan0", ssid="Home"))),
    ("speed_tunnel", place(tunnel="tun0", beside_tunnel=False)),
    ("speed_loopback", place(loopback=True)),
    ("speed_server_at_home", place(at_home=True)),
    ("speed_no_line", place(line_id="", line_home=None)),
    ("speed_half_duplex", medium(duplex="half")),
    ("speed_busy_machine", place(cpu_share=0.8)),
    ("speed_far", lambda r: replace(r, server=replace(r.server, distance_ms=60.1))),
    ("speed_stopped", lambda r: replace(r, cancelled=True)),
    *both_ways("speed_cable_limits", lambda way: flow_of(way, bps=920_000_000)),
    *both_ways("speed_other_machine", lambda way: others(way, machine_bps=60_000_000)),
    *both_ways("speed_other_home", lambda way: others(way, home_bps=150_000_000)),
    *both_ways("speed_other_reverse", lambda way: others(way, reverse_home_bps=100_000_000)),
    *both_ways("speed_other_reverse", lambda way: others(way, reverse_machine_bps=100_000_000)),
    *both_ways(
        "speed_streams_lost",
        lambda way: flow_of(way, failure=Remark.of("speed_refused", host="speed.example", status=503)),
    ),
    *both_ways("speed_busy_engine", lambda way: flow_of(way, engine_share=0.97)),
    *both_ways("speed_unsettled", lambda way: flow_of(way, ended=Ended.TIME, error=0.08)),
    *both_ways("speed_capped", lambda way: flow_of(way, ended=Ended.CAP)),
    *both_ways("speed_cancelled", lambda way: flow_of(way, ended=Ended.CANCELLED)),
    *both_ways("speed_failed", lambda way: flow_of(way, ended=Ended.FAILED, bps=None)),
    *both_ways("speed_failed", lambda way: flow_of(way, bps=None)),
    *both_ways("speed_counted_sent", lambda way: flow_of(way, counted=Counted.SENT)),
]
NAMES = [f"{code}-{number}" for number, (code, _) in enumerate(TROUBLES)]


def codes(said: tuple[Remark, ...]) -> set[str]:
    return {remark.code for remark in said}


def reasons(result: SpeedResult, **options: bool) -> set[str]:
    return codes(judge(result, RULES, **options)[1]) & REASONS


def test_a_result_with_nothing_wrong_may_speak() -> None:
    indicative, said = judge(CLEAN, RULES)
    assert not indicative
    assert codes(said) == {"speed_family", "speed_counted_received", "speed_counted_acknowledged"}


@pytest.mark.parametrize(("code", "change"), TROUBLES, ids=NAMES)
def test_each_trouble_alone_keeps_it_from_speaking(code: str, change: Change) -> None:
    indicative, said = judge(change(CLEAN), RULES)
    assert indicative
    assert codes(said) & REASONS == {code}


def test_what_the_provider_and_an_empty_result_say() -> None:
    assert reasons(CLEAN, label_indicative=True) == {"speed_provider_indicative"}
    assert reasons(replace(CLEAN, down=None, up=None)) == {"speed_nothing"}
    assert reasons(replace(CLEAN, up=None)) == set()


def test_every_reason_is_reached() -> None:
    assert {code for code, _ in TROUBLES} | {"speed_provider_indicative", "speed_nothing"} == REASONS


# These change the same fact as another of the list, so that only one of both can be so.
_EXCLUSIVE = ("speed_wifi", "speed_failed", "speed_unsettled", "speed_capped", "speed_stopped")
APART = [change for code, change in TROUBLES if code not in _EXCLUSIVE]


def apply(changes: list[Change], numbers: set[int]) -> SpeedResult:
    result = CLEAN
    for number in sorted(numbers):
        result = changes[number](result)
    return result


@given(st.sets(st.integers(0, len(APART) - 1)), st.integers(0, len(APART) - 1))
def test_more_trouble_takes_no_reason_away(some: set[int], more: int) -> None:
    assert reasons(apply(APART, some)) <= reasons(apply(APART, some | {more}))


@given(st.sets(st.integers(0, len(TROUBLES) - 1), min_size=1))
def test_whatever_comes_together_it_stays_indicative(some: set[int]) -> None:
    assert judge(apply([change for _, change in TROUBLES], some), RULES)[0]


@given(st.integers(1, 900_000_000), st.integers(0, 2_000_000_000), st.integers(0, 2_000_000_000))
def test_more_of_others_never_makes_it_better(own: int, one: int, more: int) -> None:
    base = flow_of("down", bps=own)(CLEAN)
    for code, name in (("speed_other_machine", "machine_bps"), ("speed_other_home", "home_bps")):
        less, much = (code in reasons(others("down", **{name: bps})(base)) for bps in (one, one + more))
        assert less <= much


def test_small_traffic_of_others_is_let_pass_and_a_box_counts_coarsely() -> None:
    few = flow_of("down", bps=2_000_000)(CLEAN)
    assert reasons(others("down", machine_bps=500_000, home_bps=500_000)(few)) == set()
    # Of 300 Mbit/s: 4.8 and 9.1 % of the whole.
    assert reasons(others("down", machine_bps=15_000_000)(CLEAN)) == set()
    assert reasons(others("down", home_bps=30_000_000)(CLEAN)) == set()
    assert reasons(others("down", machine_bps=17_000_000)(CLEAN)) == {"speed_other_machine"}
    assert reasons(others("down", home_bps=35_000_000)(CLEAN)) == {"speed_other_home"}


def test_the_rate_of_others_is_named_with_its_direction() -> None:
    said = judge(others("down", machine_bps=100_000_000)(CLEAN), RULES)[1][0]
    assert said == Remark.of("speed_other_machine", direction="down", rate_bps=100_000_000, share=0.25)
    with language.speaking("en"):
        assert remarks.say(said).startswith(
            "Other programs on this computer moved 100.0 Mbit/s of incoming traffic meanwhile, 25.0% of"
        )


def test_what_waits_in_a_long_queue_is_nobody_elses() -> None:
    # 100 Mbit/s up, three seconds of window, 300 ms of queue, a quarter of it: 2.5 Mbit/s may be the queue's growth.
    queued = replace(CLEAN, loaded_up=delays(300))
    assert reasons(others("up", machine_bps=7_000_000)(queued)) == set()
    assert reasons(others("up", machine_bps=12_000_000)(CLEAN)) == {"speed_other_machine"}
    assert reasons(others("up", machine_bps=60_000_000)(queued)) == {"speed_other_machine"}
    assert reasons(others("down", machine_bps=60_000_000)(replace(CLEAN, loaded_down=delays(300)))) == {
        "speed_other_machine"
    }


NOTES: list[tuple[str, Change]] = [
    ("speed_line_not_confirmed", place(line_home=None)),
    ("speed_line_not_home", place(line_home=False)),
    ("speed_beside_tunnel", place(tunnel="tun0", beside_tunnel=True)),
    ("speed_metered", place(metered=True)),
    ("speed_clock_free", place(clock_synchronised=False)),
    ("speed_clock_off", place(clock_error_ms=6000.0)),
    ("speed_machine_unknown", place(down=OtherTraffic(None, 0))),
    ("speed_home_unknown", place(up=OtherTraffic(0, None))),
    ("speed_cpu_unknown", place(cpu_share=None)),
    ("speed_distance_unknown", lambda r: replace(r, server=replace(r.server, distance_ms=None))),
    ("speed_one_stream", flow_of("up", streams=1)),
    ("speed_swung", flow_of("down", ended=Ended.TIME, error=0.02)),
    ("speed_counted_server", flow_of("up", counted=Counted.SERVER)),
    ("speed_counted_reported", flow_of("down", counted=Counted.REPORTED)),
]


@pytest.mark.parametrize(("code", "change"), NOTES, ids=[code for code, _ in NOTES])
def test_a_note_alone_keeps_nothing_from_speaking(code: str, change: Change) -> None:
    indicative, said = judge(change(CLEAN), RULES)
    assert not indicative
    assert code in codes(said)
    assert code not in codes(judge(CLEAN, RULES)[1])


def test_wifi_says_what_the_radio_did_and_whether_it_has_a_name() -> None:
    radio = Wifi(WifiState.CONNECTED, "wlan0", None, None, True, signal_dbm=-61, tx_bps=433_000_000)
    said = judge(medium(kind="wifi", speed_bps=None, duplex=None, wifi=radio)(CLEAN), RULES)[1]
    assert Remark.of("speed_wifi_radio", signal_dbm=-61, speed_bps=433_000_000) in said
    assert "speed_wifi_unnamed" in codes(said)
    assert "speed_wifi_unnamed" in codes(judge(medium(kind="wifi", wifi=None)(CLEAN), RULES)[1])


def test_reasons_come_before_notes() -> None:
    said = judge(
        place(loopback=True, metered=True, line_home=None)(others("up", machine_bps=10**9)(CLEAN)), RULES
    )[1]
    ranks = [remark.code not in REASONS for remark in said]
    assert ranks == sorted(ranks)
    assert sum(not rank for rank in ranks) == 2


def test_a_result_that_knows_nothing_is_judged_all_the_same() -> None:
    bare = replace(CLEAN, circumstances=Circumstances(), idle=None, loaded_down=None, loaded_up=None)
    assert reasons(bare) == {"speed_no_line"}
    tun = replace(
        bare, circumstances=Circumstances(Medium("vpn", "tun0", 10_000_000), tunnel="tun0", line_id="x")
    )
    assert reasons(tun) == {"speed_tunnel"}


def test_judging_survives_being_kept() -> None:
    result = medium(kind="wifi", wifi=Wifi(WifiState.CONNECTED, "wlan0", signal_dbm=-70, tx_bps=10**8))(
        others("up", home_bps=80_000_000)(CLEAN)
    )
    indicative, said = judge(result, RULES)
    kept = replace(result, indicative=indicative, notes=said)
    assert from_event(to_event(kept)) == kept


@pytest.mark.parametrize("spoken", ["en", "fr"])
def test_every_code_has_words_that_take_their_figures(spoken: str) -> None:
    source = inspect.getsource(validity) + inspect.getsource(compare)
    used = set(re.findall(r'"(speed_\w+)"', source))
    assert used <= remarks.known_codes()
    with language.speaking(spoken):
        for _, change in TROUBLES + NOTES:
            for remark in judge(change(CLEAN), RULES, label_indicative=True)[1]:
                said = remarks.say(remark)
                assert "{" not in said
                assert "_" not in said


def test_the_window_of_a_flow_without_length_is_no_trouble() -> None:
    flat = flow_of("up", duration_ns=SECOND, ramp_ns=SECOND + MILLISECOND)(CLEAN)
    assert reasons(flat) == set()


def test_a_rate_that_built_up_no_queue_is_told() -> None:
    flat = replace(CLEAN, loaded_down=delays(CLEAN.idle.median_ms + 0.5))
    assert "speed_not_filled" in codes(judge(flat, RULES)[1])
    assert "speed_not_filled" not in codes(judge(replace(CLEAN, loaded_down=delays(80)), RULES)[1])


@pytest.mark.parametrize(
    ("bps", "told"), [(94_100_000, True), (94_900_000, True), (95_640_000, False), (60_000_000, False)]
)
def test_a_rate_like_that_of_a_slower_cable_is_told(bps: int, told: bool) -> None:
    found = judge(flow_of("down", bps=bps)(CLEAN), RULES)
    assert ("speed_looks_like" in codes(found[1])) is told
