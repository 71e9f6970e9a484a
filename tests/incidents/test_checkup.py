"""The verdict on one look, on samples of a few seconds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from diagnostics.incidents.check_advice import advice_for
from diagnostics.incidents.checkup import Checkup, Habits, Link, judge, judge_look
from diagnostics.incidents.look import Look
from diagnostics.incidents.method import default_method
from diagnostics.model import Cause, Kind, Outcome, Protocol, Remark, Role, Target
from diagnostics.witnesses import BoxAccount, Wifi, WifiState
from tests.made import (
    ANCHORS,
    BEYOND_BOX,
    BEYOND_HOP,
    EVERYTHING,
    GATEWAY,
    GOOD,
    HOP,
    LOST,
    Fate,
    World,
    between,
    samples,
)

LINK = Link("eth0", "192.168.1.1", True, "ethernet")


def look(roles: tuple[Role, ...], fate: Fate = LOST, link: Link = LINK, habits: Habits = Habits()) -> Checkup:  # noqa: B008
    return judge(list(samples(between(0, 60, roles, fate), 6)), link, habits, default_method())


def states(checkup: Checkup) -> dict[str, str]:
    return {layer.name: layer.state for layer in checkup.layers}


def test_all_is_well() -> None:
    checkup = look(())
    assert (checkup.ok, checkup.cause) == (True, None)
    assert set(states(checkup).values()) == {"ok"}
    assert checkup.advice


@pytest.mark.parametrize(
    ("roles", "cause"),
    [(BEYOND_BOX, Cause.ACCESS), (BEYOND_HOP, Cause.ISP_CORE), ((Role.SYSTEM_RESOLVER,), Cause.DNS)],
)
def test_the_first_layer_that_fails_is_to_blame(roles: tuple[Role, ...], cause: Cause) -> None:
    checkup = look(roles)
    assert (checkup.ok, checkup.cause) == (False, cause)
    assert checkup.reasons
    assert checkup.counter_evidence
    assert checkup.advice


def test_a_silent_box_is_blamed_only_when_it_usually_answers() -> None:
    assert look(EVERYTHING).cause is Cause.UNKNOWN
    assert look(EVERYTHING, habits=Habits(gateway=True, hop=True)).cause is Cause.BOX


def test_no_link_is_the_local_network() -> None:
    checkup = look(EVERYTHING, (Outcome.SEND_ERROR, None), Link("eth0", "", False))
    assert checkup.cause is Cause.LAN
    assert states(checkup)["link"] == "failed"


def test_a_portal() -> None:
    checkup = look((Role.WEB,), (Outcome.PORTAL, 5.0))
    assert checkup.cause is Cause.CAPTIVE_PORTAL
    assert states(checkup)["web"] == "degraded"


def test_a_web_page_that_fails_alone_is_said() -> None:
    checkup = look((Role.WEB,))
    assert (checkup.ok, checkup.cause) == (False, Cause.REMOTE)


def test_slow_answers_are_not_all_well() -> None:
    checkup = look(BEYOND_HOP, (Outcome.OK, 800.0))
    assert (checkup.ok, checkup.cause) == (False, Cause.ISP_CORE)
    assert checkup.confidence <= 0.6


def test_blocked_pings_alone_are_no_trouble() -> None:
    assert look((Role.ANCHOR, Role.FIRST_HOP)).ok


# --- what witnesses and other kinds of probe add -----------------------------------------------------------------

TCP = Target(Role.TCP_CHECK, Protocol.TCP, "203.0.113.11", 4, "AS11")
LARGE = Target(Role.LARGE, Protocol.HTTP, "http://203.0.113.81/large")
SIX = tuple(Target(Role.ANCHOR, Protocol.ICMP, f"2001:db8:{n}::1", 6, f"AS{n}") for n in (11, 22, 33))
TUNNEL = Target(Role.VPN, Protocol.ICMP, "wg0>203.0.113.11", 4)
WELL = between(0, 0, ())
WIFI = Link(
    "wlan0",
    "192.168.1.1",
    True,
    "wifi",
    Wifi(WifiState.CONNECTED, "wlan0", signal_dbm=-60, tx_bps=400_000_000, frequency_mhz=5220),
)
WEAK = replace(
    WIFI, wifi=Wifi(WifiState.CONNECTED, "wlan0", signal_dbm=-84, tx_bps=6_500_000, frequency_mhz=2437)
)


USED = Habits(gateway=True, hop=True)


def seen(
    world: World,
    *,
    link: Link = LINK,
    extra: tuple[Target, ...] = (),
    habits: Habits = USED,
    **more: Any,
) -> Checkup:
    stream = list(samples(world, 6, targets=(GATEWAY, HOP, *ANCHORS, *extra)))
    return judge_look(Look(tuple(stream), link, habits, **more), default_method())


def fates(**by_role: Fate) -> World:
    return lambda target, _at: by_role.get(target.role.name.lower(), GOOD)


def some_lost(*roles: Role) -> World:
    """A third of the tries at these roles is lost."""
    return lambda target, at: (
        LOST if target.role in roles and (int(at * 10) + len(target.address)) % 3 == 0 else GOOD
    )


def codes(remarks: tuple[Remark, ...]) -> set[str]:
    return {remark.code for remark in remarks}


def detail_codes(checkup: Checkup) -> dict[str, str]:
    return {layer.name: layer.detail.code for layer in checkup.layers}


def advice(checkup: Checkup) -> set[str]:
    return codes(checkup.advice)


def test_loss_at_the_box_is_the_wifis_on_wifi_and_the_cables_on_a_cable() -> None:
    everything = some_lost(*EVERYTHING)
    assert seen(everything, link=WEAK).cause is Cause.WIFI
    assert seen(everything, link=WEAK).confidence > seen(everything, link=WIFI).confidence
    assert seen(everything).cause is Cause.LAN


def test_a_weak_signal_alone_is_no_trouble_but_is_said() -> None:
    checkup = seen(between(0, 0, ()), link=WEAK)
    assert checkup.ok
    assert states(checkup)["wifi"] == "degraded"
    assert {"wifi_weak", "wifi_signal"} <= codes(checkup.counter_evidence)
    assert "advise_nearer" in advice(checkup)
    assert "wifi" not in states(seen(between(0, 0, ())))


def test_no_wifi_at_all() -> None:
    link = Link("wlan0", "", None, "wifi", Wifi(WifiState.NOT_CONNECTED, "wlan0"))
    checkup = seen(between(0, 9, EVERYTHING, (Outcome.SEND_ERROR, None)), link=link)
    assert checkup.cause is Cause.WIFI
    assert states(checkup)["wifi"] == "failed"


def test_a_box_that_says_its_line_is_down_makes_it_stronger() -> None:
    silent_hop = [
        one for one in samples(between(0, 9, BEYOND_BOX), 6) if one.target.role is not Role.FIRST_HOP
    ]
    without = judge(silent_hop, LINK, Habits(gateway=True), default_method())
    down = judge_look(
        Look(tuple(silent_hop), LINK, Habits(gateway=True), BoxAccount("upnp", False)), default_method()
    )
    up = judge_look(
        Look(tuple(silent_hop), LINK, Habits(gateway=True), BoxAccount("upnp", True)), default_method()
    )
    assert without.cause is down.cause is Cause.ACCESS
    assert down.confidence > without.confidence
    assert "box_says_line_down" in codes(down.reasons)
    assert "box_says_line_up" in codes(up.counter_evidence)
    assert states(down)["box_line"] == "failed"
    assert states(up)["box_line"] == "ok"
    assert "box_line" not in states(without)


def test_a_connection_to_port_443_is_a_second_kind_of_probe() -> None:
    only = [
        one
        for one in samples(
            between(0, 9, (*BEYOND_BOX, Role.TCP_CHECK)), 6, targets=(GATEWAY, HOP, *ANCHORS, TCP)
        )
        if one.target.role in (Role.GATEWAY, Role.FIRST_HOP, Role.ANCHOR, Role.TCP_CHECK)
    ]
    checkup = judge(only, LINK, Habits(gateway=True, hop=True), default_method())
    assert checkup.confidence > 0.6
    assert states(checkup)["connections"] == "failed"
    pings = [one for one in only if one.target.role is not Role.TCP_CHECK]
    assert judge(pings, LINK, Habits(gateway=True, hop=True), default_method()).confidence <= 0.6


def test_connections_that_work_while_pings_fail_are_no_trouble() -> None:
    assert seen(between(0, 9, (Role.ANCHOR, Role.FIRST_HOP)), extra=(TCP,)).ok


def large(outcome: Outcome, detail: str, web: Fate = GOOD) -> Checkup:
    stream = samples(fates(large=(outcome, None), web=web), 6, targets=(GATEWAY, HOP, *ANCHORS, LARGE))
    told = [replace(one, detail=detail) if one.target.role is Role.LARGE else one for one in stream]
    return judge(told, LINK, Habits(), default_method())


def test_large_packets_that_hang_alone() -> None:
    checkup = large(Outcome.LOST, "large-hangs")
    assert (checkup.ok, checkup.cause) == (False, Cause.MTU)
    assert checkup.confidence <= 0.6
    assert "advise_mtu" in advice(checkup)
    assert states(checkup)["large"] == "failed"


def test_a_large_page_that_fails_otherwise_says_nothing_of_packets() -> None:
    assert large(Outcome.LOST, "no-connection").ok
    assert large(Outcome.REFUSED, "404").ok
    assert large(Outcome.LOST, "large-hangs", web=LOST).cause is Cause.REMOTE


def test_one_kind_of_address_alone() -> None:
    def world(dead: int) -> World:
        return lambda target, _at: (
            LOST if (6 if ":" in target.address else 4) == dead and target.role is Role.ANCHOR else GOOD
        )

    six = seen(world(6), extra=SIX)
    assert (six.ok, six.cause) == (False, Cause.IPV6)
    assert "advise_ipv6_off" in advice(six)

    def four_out(target: Target, _at: float) -> Fate:
        return (
            LOST
            if ":" not in target.address.removeprefix("http:") and target.role is not Role.GATEWAY
            else GOOD
        )

    four = seen(four_out, extra=SIX)
    assert (four.ok, four.cause) == (False, Cause.ACCESS)
    assert four.confidence <= 0.6
    assert "ipv4_silent" in codes(four.reasons)
    assert seen(world(4), extra=SIX).ok  # names and pages still come over IPv4: only pings are dropped


def test_a_lying_resolver_is_no_portal() -> None:
    stream = [
        replace(one, detail="example.org 192.168.1.1") if one.target.role is Role.SYSTEM_RESOLVER else one
        for one in samples(fates(system_resolver=(Outcome.PORTAL, 3.0)), 6)
    ]
    checkup = judge(stream, LINK, Habits(), default_method())
    assert (checkup.ok, checkup.cause) == (False, Cause.DNS)
    assert "names_lie" in codes(checkup.reasons)
    assert states(checkup)["dns"] == "degraded"
    both = seen(fates(system_resolver=(Outcome.PORTAL, 3.0), web=(Outcome.PORTAL, 3.0)))
    assert (both.kind, both.cause) == (Kind.DNS, Cause.DNS)  # the page that came is where the wrong name led
    assert detail_codes(both)["web"] == "layer_wrong_page"
    lie: Fate = (Outcome.PORTAL, 3.0)
    portal = seen(fates(system_resolver=lie, resolver=lie, web=lie))
    assert (portal.kind, portal.cause) == (Kind.PARTIAL, Cause.CAPTIVE_PORTAL)
    assert detail_codes(portal)["web"] == "layer_portal"


def test_a_tunnel_that_carries_nothing() -> None:
    dead = between(0, 9, (Role.VPN, Role.SYSTEM_RESOLVER))
    checkup = seen(dead, extra=(TUNNEL,), tunnels=("wg0",), full_tunnel="wg0")
    assert (checkup.kind, checkup.cause) == (Kind.PARTIAL, Cause.VPN)
    assert states(checkup)["vpn"] == "failed"
    assert "advise_vpn" in advice(checkup)
    well = seen(WELL, extra=(TUNNEL,), tunnels=("wg0",), full_tunnel="wg0")
    assert well.ok
    assert states(well)["vpn"] == "ok"


def test_a_far_end_that_may_never_answer_is_not_blamed_by_its_silence_alone() -> None:
    silent = between(0, 9, (Role.VPN,))
    unknown = seen(silent, extra=(TUNNEL,), tunnels=("wg0",))
    assert unknown.ok
    assert states(unknown)["vpn"] == "unknown"
    habits = Habits(gateway=True, hop=True, known=True, tunnels=frozenset({TUNNEL.id}))
    known = seen(silent, extra=(TUNNEL,), tunnels=("wg0",), habits=habits)
    assert known.cause is Cause.VPN
    assert states(known)["vpn"] == "failed"


def test_a_resolver_that_fails_while_the_tunnel_answers_is_the_resolvers() -> None:
    checkup = seen(
        between(0, 9, (Role.SYSTEM_RESOLVER,)), extra=(TUNNEL,), tunnels=("wg0",), full_tunnel="wg0"
    )
    assert checkup.cause is Cause.DNS
    assert "vpn_asks_names" in codes(checkup.counter_evidence)


def test_slow_up_to_the_box_is_the_wifis_on_wifi() -> None:
    slow = between(0, 9, EVERYTHING, (Outcome.OK, 600.0))
    assert seen(slow, link=WIFI).cause is Cause.WIFI
    assert seen(slow).cause is Cause.LAN


# --- advice ----------------------------------------------------------------------------------------------------------

CABLES = {"advise_cable"}
RESTARTS = {"advise_box", "advise_box_line", "advise_box_mtu"}


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("link", [LINK, WIFI, WEAK, replace(LINK, medium="")])
@pytest.mark.parametrize("confidence", [0.4, 0.9])
def test_nothing_is_advised_that_was_tried(cause: Cause, link: Link, confidence: float) -> None:
    method = default_method()
    for box in (None, BoxAccount("upnp", True, boot_s=100), BoxAccount("upnp", True, boot_s=90_000)):
        for tried in (False, True):
            look = Look((), link, box=box, cable_tried=tried)
            steps = [remark.code for remark in advice_for(cause, confidence, look, method)]
            assert steps
            assert len(set(steps)) == len(steps)
            if tried or link.medium != "wifi":
                assert not CABLES & set(steps)
            if box is not None and box.boot_s == 100:
                assert not RESTARTS & set(steps)
            if link.medium == "wifi":
                assert "advise_other_cable" not in steps


def test_the_wifi_is_ruled_out_before_a_doubtful_line_is_blamed() -> None:
    look = Look((), WIFI)
    assert advice_for(Cause.ACCESS, 0.5, look, default_method())[0].code == "advise_cable"
    sure = [one.code for one in advice_for(Cause.ACCESS, 0.9, look, default_method())]
    assert "advise_cable" not in sure


@pytest.mark.parametrize("cause", [Cause.ACCESS, Cause.ISP_CORE])
@pytest.mark.parametrize("recording", [False, True])
@pytest.mark.parametrize("confidence", [0.5, 0.9])
@pytest.mark.parametrize("kind", [None, *Kind])
def test_no_step_contradicts_another(
    cause: Cause, recording: bool, confidence: float, kind: Kind | None
) -> None:
    look = Look((), LINK, recording=recording)
    steps = {one.code for one in advice_for(cause, confidence, look, default_method(), kind)}
    leave_on, start = (
        {"advise_record", "advise_keep_recording"},
        {"advise_record_start", "advise_start_recording"},
    )
    assert bool(steps & leave_on) is recording
    assert bool(steps & start) is not recording
    assert not ("advise_operator_alone" in steps and RESTARTS & steps)
    outage = {"advise_keep_recording", "advise_start_recording", "advise_call"}
    assert kind in (None, Kind.OUTAGE) or not outage & steps


def test_a_crowded_band_is_named() -> None:
    assert "advise_band" in {r.code for r in advice_for(Cause.WIFI, 0.9, Look((), WEAK), default_method())}
    assert "advise_band" not in {
        r.code for r in advice_for(Cause.WIFI, 0.9, Look((), WIFI), default_method())
    }
