"""Which measurements count: one reason for each that does not, derived from what was kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnostics.campaigns import accept as accepting
from diagnostics.campaigns.accept import accept, review, unfit
from diagnostics.campaigns.model import Campaign, Promised, Rates
from diagnostics.campaigns.rules import Rules
from diagnostics.model import MINUTE, Remark
from diagnostics.throughput.model import (
    Circumstances,
    Direction,
    Ended,
    Medium,
    OtherTraffic,
    Server,
    SpeedResult,
)
from diagnostics.throughput.validity import REASONS
from jalerte_desktop.words import language
from jalerte_desktop.words.remarks import say
from tests.campaigns.measured import LINE, PARIS, campaign, flow, good, measured, ns, rules

BNETZA = rules("bnetza")
FREE = rules("free")
T0 = ns("2026-11-23 09:00")
BEGUN = campaign(BNETZA, T0 - MINUTE)


def codes(result: SpeedResult, *earlier: SpeedResult, by: Rules = BNETZA, of: Campaign = BEGUN) -> list[str]:
    return [remark.code for remark in accept(by, of, earlier, result, PARIS)]


def at(minute: float, **changes: object) -> SpeedResult:
    return measured(T0 + round(minute * MINUTE), **changes)


def under(**changes: object) -> SpeedResult:
    return at(0, circumstances=replace(good(), **changes))  # type: ignore[arg-type]


def test_a_good_measurement_counts() -> None:
    assert codes(at(0)) == []


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (under(medium=Medium("wifi", "wlan0")), "campaign_wifi"),
        (under(medium=Medium()), "campaign_medium_unknown"),
        (under(medium=Medium("other", "wwan0")), "campaign_no_cable"),
        (under(medium=Medium("ethernet", "eth0", 100_000_000)), "campaign_link_slow"),
        (under(medium=Medium("ethernet", "eth0", None)), "campaign_link_unknown"),
        (under(medium=Medium("vpn", "tun0")), "campaign_tunnel"),
        (under(tunnel="tun0"), "campaign_tunnel"),
        (under(tunnel="tun0", beside_tunnel=True), "campaign_tunnel"),
        (under(cpu_share=0.81), "campaign_cpu"),
        (under(down=OtherTraffic(home_bps=100_000_000)), "campaign_other_traffic"),
        (under(up=OtherTraffic(machine_bps=30_000_000, home_bps=30_000_000)), "campaign_other_traffic"),
        (under(line_id=""), "campaign_line_unknown"),
        (under(line_id="another"), "campaign_other_line"),
        (under(line_home=False), "campaign_not_home"),
        (under(at_home=True), "campaign_server_at_home"),
        (under(loopback=True), "campaign_server_at_home"),
        (at(0, provider="ndt7"), "campaign_other_provider"),
        (at(0, cancelled=True), "campaign_cancelled"),
        (at(0, up=None), "campaign_direction_missing"),
        (measured(T0, down=None), "campaign_direction_missing"),
        (at(0, indicative=True, notes=(Remark.of("speed_far"),)), "campaign_indicative"),
        (at(0, indicative=True, notes=(Remark.of("speed_unheard_of"),)), "campaign_indicative"),
        (at(0, scheduled=False), "campaign_by_hand"),
    ],
)
def test_each_reason_is_told_alone(result: SpeedResult, code: str) -> None:
    assert codes(result) == [code]


def test_a_reason_that_the_rules_judge_by_facts_of_their_own_rejects_nothing_by_itself() -> None:
    """A busy computer at the very limit, or a cable that is full: the measurement counts."""
    for code in accepting.LEAST | accepting.OWN_FACTS:
        assert codes(at(0, indicative=True, notes=(Remark.of(code),))) == [], code
    mixed = (Remark.of("speed_cable_limits"), Remark.of("speed_far"))
    assert codes(at(0, indicative=True, notes=mixed)) == ["campaign_indicative"]


def test_every_reason_of_a_measurement_was_thought_of() -> None:
    """A new one is refused until somebody sorts it in here."""
    refused = {
        "speed_half_duplex", "speed_provider_indicative", "speed_other_reverse", "speed_streams_lost",
        "speed_busy_engine", "speed_far", "speed_unsettled", "speed_capped", "speed_counted_sent",
    }  # fmt: skip
    assert accepting.LEAST | accepting.OWN_FACTS <= REASONS
    assert refused >= REASONS - accepting.LEAST - accepting.OWN_FACTS


def test_a_cable_that_can_show_something_of_what_was_promised_is_taken() -> None:
    """90 % of 1 Gbit/s is less than what TCP carries over 1 Gbit/s; 300 Mbit/s are more than 100 can show."""
    promised = Promised(Rates(maximum=10**9), Rates(maximum=700_000_000, minimum=90_000_000))
    hundred = replace(good(), medium=Medium("ethernet", "eth0", 100_000_000))
    assert unfit(BNETZA, promised, LINE, good()) == []
    assert unfit(BNETZA, promised, LINE, hundred) == [], "the least upload can be shown"
    only = Promised(Rates(maximum=10**9))
    (slow,) = unfit(BNETZA, only, LINE, hundred)
    assert (slow.code, slow["rate_bps"], slow["best_bps"]) == ("campaign_link_slow", 94_000_000, 900_000_000)
    (slow,) = unfit(rules("rtr"), only, LINE, good())
    assert (slow.code, slow["rate_bps"], slow["best_bps"]) == ("campaign_link_slow", 940_000_000, 10**9)
    assert unfit(rules("agcom"), replace(only, delay_ms=50), LINE, hundred) == [], "a delay needs no rate"
    assert unfit(BNETZA, Promised(), LINE, hundred) == []


def test_a_flow_that_failed_half_way_is_no_measurement() -> None:
    broken = at(0, down=flow(Direction.DOWN, 500_000_000, Ended.FAILED))
    assert codes(broken) == ["campaign_direction_missing"]
    assert codes(at(0, down=flow(Direction.DOWN, 500_000_000, Ended.TIME))) == []


def test_limits_hold_from_above_and_not_at_them() -> None:
    assert codes(under(cpu_share=0.80)) == []
    assert codes(under(down=OtherTraffic(machine_bps=500_000))) == []
    slow = at(0, down=flow(Direction.DOWN, 9_500_000))
    edge = replace(slow, circumstances=replace(good(), down=OtherTraffic(home_bps=500_000)))
    assert codes(edge) == []
    beyond = replace(slow, circumstances=replace(good(), down=OtherTraffic(home_bps=500_001)))
    assert codes(beyond) == ["campaign_other_traffic"]


def test_a_confirmed_line_is_not_needed_but_a_denied_one_is_refused() -> None:
    assert codes(under(line_home=None)) == []


def test_the_first_measurement_names_the_line_where_none_was_known() -> None:
    begun = replace(BEGUN, line="")
    first = at(0)
    other = at(10, circumstances=replace(good(), line_id="another"))
    assert codes(first, of=begun) == []
    assert codes(other, first, of=begun) == ["campaign_other_line"]


def test_the_servers_that_were_chosen_hold() -> None:
    begun = replace(BEGUN, servers=("http://server.example",))
    assert codes(at(0), of=begun) == []
    assert codes(at(0, server=Server("http://other.example/")), of=begun) == ["campaign_other_server"]


def test_rests_between_measurements() -> None:
    five = [at(6 * n) for n in range(5)]
    assert codes(at(4.9), at(0)) == ["campaign_too_soon"]
    assert codes(at(5), at(0)) == []
    assert codes(at(24 + 179), *five) == ["campaign_too_soon"]
    assert codes(at(24 + 180), *five) == []


def test_ten_a_day_and_a_day_between() -> None:
    ten = [at(6 * n) for n in range(5)] + [at(240 + 6 * n) for n in range(5)]
    assert codes(at(500), *ten) == ["campaign_enough_today"]
    assert codes(at(24 * 60), *ten) == ["campaign_day_too_soon"]
    assert codes(at(48 * 60), *ten) == []
    assert codes(at(14 * 24 * 60), *ten) == ["campaign_outside_window"]
    assert codes(at(13 * 24 * 60), *ten) == []


def test_after_the_end_nothing_counts() -> None:
    begun = replace(BEGUN, stopped_ns=T0)
    assert codes(at(0), of=begun) == ["campaign_over"]


def test_the_free_set_takes_wifi_and_what_goes_beside_a_tunnel() -> None:
    begun = campaign(FREE, T0 - MINUTE)
    assert codes(under(medium=Medium("wifi", "wlan0")), by=FREE, of=begun) == []
    assert codes(under(tunnel="tun0", beside_tunnel=True), by=FREE, of=begun) == []
    assert codes(under(tunnel="tun0"), by=FREE, of=begun) == ["campaign_tunnel"]
    assert codes(at(0, indicative=True), by=FREE, of=begun) == []


def test_a_rejected_measurement_delays_none() -> None:
    """Rests count between measurements that count."""
    wifi = at(0, circumstances=replace(good(), medium=Medium("wifi", "wlan0")))
    found = review(BNETZA, BEGUN, [at(1), wifi], T0 + 60 * MINUTE, PARIS)
    assert [one.accepted for one in found.measured] == [False, True]
    assert found.missing == 29


def test_other_measurements_do_not_belong_to_the_series() -> None:
    found = review(BNETZA, BEGUN, [at(0, campaign=""), at(1, campaign="other")], T0, PARIS)
    assert found.measured == ()


def test_what_hinders_is_known_before_measuring() -> None:
    wifi = replace(good(), medium=Medium("wifi", "wlan0"))
    assert [remark.code for remark in unfit(BNETZA, BEGUN.promised, BEGUN.line, wifi)] == ["campaign_wifi"]
    assert unfit(BNETZA, BEGUN.promised, BEGUN.line, good()) == []
    nothing = unfit(BNETZA, BEGUN.promised, BEGUN.line, Circumstances())
    assert {remark.code for remark in nothing} == {"campaign_medium_unknown", "campaign_line_unknown"}


def test_reasons_are_told_with_their_figures() -> None:
    with language.speaking("en"):
        (soon,) = accept(BNETZA, BEGUN, [at(0)], at(2), PARIS)
        assert say(soon) == ("Too soon: it began 2 minutes after the measurement before; 5 are asked for.")
        (slow,) = accept(BNETZA, BEGUN, [], under(medium=Medium("ethernet", "eth0", 100_000_000)), PARIS)
        assert say(slow) == (
            "This computer’s cable runs at 100 Mbit/s and carries 94.0 Mbit/s at most: none of the promised speeds"
            " could be judged over it, the least of which asks for 200.0 Mbit/s."
        )
