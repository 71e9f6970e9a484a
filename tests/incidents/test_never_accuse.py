"""No operator is blamed, or not above the limit, for what only looks like a fault of the line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from zlib import crc32

import pytest

from diagnostics.incidents.study import Study
from diagnostics.model import (
    SECOND,
    Cause,
    Event,
    Flag,
    Incident,
    Kind,
    Outcome,
    Protocol,
    Role,
    Sample,
    Target,
)
from diagnostics.witnesses import BoxAccount, Origin, Step, Traffic, Wifi, WifiState, to_event
from tests.incidents.test_ladder import codes, one
from tests.incidents.test_partial import BOTH, SIX, refused_by, tried
from tests.incidents.test_testimony import MBIT, queue, steady, study, traffic, wifi_link
from tests.made import (
    ANCHORS,
    BEYOND_BOX,
    BEYOND_HOP,
    EVERYTHING,
    GATEWAY,
    GOOD,
    HOP,
    LOST,
    T0,
    Fate,
    World,
    between,
    blocks,
    samples,
)

TCP_OVER_IPV4 = Target(Role.TCP_CHECK, Protocol.TCP, "203.0.113.11", 4, "AS11")
TCP_OVER_IPV6 = Target(Role.TCP_CHECK, Protocol.TCP, "2001:db8:11::1", 6, "AS11")
LIMIT = 0.6


def found_in(stream: Iterable[Sample], *events: Event) -> tuple[Incident, ...]:
    found = Study()
    found.note(events)
    for block in blocks(sorted(stream, key=lambda sample: sample.sent_ns)):
        found.feed(block)
    return found.incidents()


def blamed(incidents: Iterable[Incident]) -> list[Incident]:
    return [one for one in incidents if one.verdict.cause in (Cause.ACCESS, Cause.ISP_CORE)]


def instead_of_lost(
    world: World, outcome: Outcome, detail: str, roles: Iterable[Role] = EVERYTHING, **options: object
) -> list[Sample]:
    """Five minutes in which what this world loses, of these roles, comes to another end."""
    return [
        replace(sample, outcome=outcome, detail=detail)
        if sample.outcome is Outcome.LOST and sample.target.role in roles
        else sample
        for sample in samples(world, 300, **options)  # type: ignore[arg-type]
    ]


def silent(which: Iterable[Target], start_s: float, end_s: float = 300) -> World:
    chosen = frozenset(which)
    return lambda target, at_s: LOST if start_s <= at_s < end_s and target in chosen else GOOD


def by_chance(share: float, start_s: float, end_s: float, roles: Iterable[Role]) -> World:
    """Each try at these roles is lost with this chance, drawn from its target and time."""
    chosen = frozenset(roles)

    def world(target: Target, at_s: float) -> Fate:
        drawn = crc32(f"{target.address} {at_s:.3f}".encode()) % 1000
        return LOST if start_s <= at_s < end_s and target.role in chosen and drawn < share * 1000 else GOOD

    return world


def connections(lost: tuple[float, float], every: int = 5) -> list[Sample]:
    """TCP checks of five minutes, lost from … to … seconds."""
    return [
        tried(TCP_OVER_IPV4, at + 0.4, Outcome.LOST if lost[0] <= at < lost[1] else Outcome.OK)
        for at in range(2, 300, every)
    ]


def home_step(start_s: float, end_s: float, down: float = 0.02, up: float = 0.02) -> tuple[float, Traffic]:
    """One long step of the box's counters, told at its end; rates in Mbit/s."""
    step = Step(round((end_s - start_s) * SECOND), round(down * MBIT), round(up * MBIT))
    return end_s + 0.5, Traffic(Origin.HOME, T0 + round(start_s * SECOND), (step,))


# --- this machine ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["ENOBUFS", "EHOSTUNREACH", "EINVAL", "ENOKEY", "EHOSTDOWN", "EPERM"])
def test_tries_that_never_left_are_this_machines_whatever_the_error(error: str) -> None:
    cut = between(120, 160, BEYOND_BOX)
    incident = one(found_in(instead_of_lost(cut, Outcome.SEND_ERROR, error, (Role.ANCHOR, Role.FIRST_HOP))))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.LOCAL_MACHINE)


def test_an_own_firewall_that_forbids_some_networks_is_this_machines() -> None:
    incident = one(found_in(instead_of_lost(silent(ANCHORS[:2], 100), Outcome.SEND_ERROR, "EPERM")))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.LOCAL_MACHINE)


def test_a_route_over_ipv4_that_this_machine_lost_is_its_own() -> None:
    four = silent((GATEWAY, HOP, *ANCHORS), 120, 180)
    incident = one(found_in(instead_of_lost(four, Outcome.SEND_ERROR, "ENETUNREACH", targets=BOTH)))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.LOCAL_MACHINE)


# --- the home network ------------------------------------------------------------------------------------------------


def test_ipv4_dead_up_to_the_box_is_nobodys() -> None:
    def world(target: Target, at_s: float) -> Fate:
        over_ipv4 = target.family == 4 or target.role in (Role.RESOLVER, Role.WEB)
        return LOST if 120 <= at_s < 180 and over_ipv4 else GOOD

    incident = one(study(world, targets=BOTH))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.UNKNOWN)
    assert "box_and_line_both" in codes(incident.verdict.counter_evidence)


def test_a_box_that_forbids_some_networks_is_the_boxs() -> None:
    detail = "192.168.1.1 admin-prohibited"
    incident = one(found_in(instead_of_lost(silent(ANCHORS[:2], 100), Outcome.UNREACHABLE, detail)))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.BOX)


def test_a_second_box_at_home_that_refuses_a_network_is_no_router_of_the_operators() -> None:
    incident = one(refused_by("192.168.0.1", ANCHORS[:1]))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.BOX)


def test_anchors_that_heavy_loss_at_home_silences_for_a_while_are_no_network_out() -> None:
    lossy = by_chance(0.85, 60, 300, EVERYTHING)
    found = study(lossy, targets=BOTH)
    assert blamed(found) == []
    assert Cause.LAN in {incident.verdict.cause for incident in found}


def test_a_radio_link_gone_for_a_moment_in_which_the_box_was_tried_once_is_the_wifis() -> None:
    incident = one(study(between(120.05, 121.55, EVERYTHING), events=(wifi_link(),)))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.WIFI)


def test_a_lucky_answer_of_the_box_over_wifi_blames_nobody_above_the_limit() -> None:
    def world(target: Target, at_s: float) -> Fate:
        return LOST if 120 <= at_s < 121.6 and not (target is GATEWAY and at_s < 121) else GOOD

    lucky = replace(tried(GATEWAY, 120.5, Outcome.OK), flags=Flag.EXTRA)
    incident = one(found_in([*samples(world, 300), lucky], wifi_link()))
    assert incident.verdict.confidence <= LIMIT
    assert "box_tells_little" in codes(incident.verdict.counter_evidence)


def test_a_cut_while_the_wifi_was_weak_and_moving_is_not_blamed_above_the_limit() -> None:
    def seen(at_s: int, point: str) -> Event:
        weak = Wifi(WifiState.CONNECTED, "wlan0", "chez-moi", f"02:00:00:00:00:{point}", signal_dbm=-84)
        return to_event(weak, T0 + at_s * SECOND)

    stream = [*samples(between(120, 122.2, BEYOND_BOX), 300), *connections((120, 122), every=2)]
    moved = (seen(60, "10"), seen(119, "10"), seen(121, "11"), seen(130, "11"))
    incident = one(found_in(stream, wifi_link(), *moved))
    assert incident.verdict.confidence <= LIMIT
    assert {"wifi_moved", "wifi_signal"} <= codes(incident.verdict.counter_evidence)


def test_packets_lost_over_weak_wifi_are_nobodys_when_the_box_was_hardly_tried() -> None:
    weak = Wifi(WifiState.CONNECTED, "wlan0", "chez-moi", "02:00:00:00:00:10", signal_dbm=-88)
    lossy = by_chance(0.33, 120, 130, BEYOND_BOX)
    incident = one(study(lossy, (60, weak), (120, weak), (125, weak), events=(wifi_link(),)))
    assert (incident.kind, incident.verdict.cause) == (Kind.LOSS, Cause.UNKNOWN)


# --- far ends and kinds of address -----------------------------------------------------------------------------------


def test_a_far_network_silent_over_both_kinds_of_address_is_still_one() -> None:
    six = Target(Role.ANCHOR, Protocol.ICMP, "2001:db8:11::1", 6, ANCHORS[0].network)
    targets = (GATEWAY, HOP, *ANCHORS, six, *SIX[1:])
    incident = one(study(silent((ANCHORS[0], six), 100, 200), targets=targets))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.REMOTE)


def test_ipv6_that_dies_and_then_loses_its_route_is_ipv6_alone() -> None:
    """With some noise, so that every minute is looked at try by try."""
    stream = [
        sample
        for sample in samples(silent(SIX, 100), 300, targets=BOTH, noise=0.01)
        if sample.target.family != 6 or sample.sent_ns < T0 + 160 * SECOND
    ]
    incident = one(found_in(stream))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.IPV6)


@pytest.mark.parametrize(
    "which", [pytest.param(SIX, id="all of IPv6"), pytest.param(ANCHORS[:2], id="two networks")]
)
def test_a_few_seconds_in_which_some_anchors_are_silent_are_no_loss(which: tuple[Target, ...]) -> None:
    assert study(silent(which, 100, 104), targets=BOTH if which is SIX else (GATEWAY, HOP, *ANCHORS)) == ()


def test_far_ends_gone_to_pings_and_tcp_are_no_cut_while_web_and_names_work() -> None:
    stream = [*samples(silent(ANCHORS, 100, 160), 300), *connections((100, 160))]
    incident = one(found_in(stream))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.UNKNOWN)


def test_tcp_that_never_worked_over_ipv4_proves_no_cut_fed_or_skimmed() -> None:
    cut = samples(between(430, 450, BEYOND_HOP), 600, targets=BOTH)
    stream = [sample for sample in cut if sample.target.role not in (Role.WEB, Role.RESOLVER)]
    stream += [tried(TCP_OVER_IPV6, at + 0.45, Outcome.OK) for at in range(1, 600, 20)]
    stream += [tried(TCP_OVER_IPV4, at + 0.4, Outcome.LOST) for at in (431, 441)]
    skimmed, fed = Study(), Study()
    for block in blocks(sorted(stream, key=lambda sample: sample.sent_ns)):
        skimmed.feed(block)
        fed.feed(replace(block, rollups=block.rollups._replace(longest_gap_ns=1 << 62)))
    incident = one(skimmed.incidents())
    assert "only_pings" in codes(incident.verdict.counter_evidence)
    assert incident.verdict == one(fed.incidents()).verdict


# --- the household ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step_s", [90, 120])
def test_a_short_upload_within_a_counters_long_step_is_no_quiet_home(step_s: int) -> None:
    """A line that carries 10 Mbit/s upwards, full for a quarter of a minute; the box's figure is a mean over more."""
    said = [home_step(at, at + 5, up=10 if at < 15 else 0.02) for at in range(5, 120, 5)]
    said += [home_step(120, 120 + step_s, up=10 * 15 / step_s), home_step(120 + step_s, 300)]
    incident = one(study(queue(130, 145), *said))
    assert (incident.kind, incident.verdict.cause) == (Kind.LATENCY, Cause.UNKNOWN)
    assert "household_not_ruled_out" in codes(incident.verdict.counter_evidence)


def test_an_upload_of_a_few_seconds_within_a_counters_long_step_rules_no_household_out() -> None:
    said = [home_step(at, at + 20, up=10 if at < 45 else 0.02) for at in range(5, 125, 20)]
    said += [home_step(125, 145, up=10 * 3.9 / 20), *(home_step(at, at + 20) for at in range(145, 300, 20))]
    incident = one(study(between(131, 134.5, BEYOND_BOX), *said))
    assert incident.verdict.confidence <= LIMIT
    assert "household_ruled_out" not in codes(incident.verdict.reasons)


def test_packets_lost_under_traffic_that_went_on_before_are_nobodys() -> None:
    lossy = by_chance(0.08, 100, 300, BEYOND_BOX)
    incident = one(study(lossy, *traffic(Origin.HOME, (0, 300), down=40)))
    assert (incident.kind, incident.verdict.cause) == (Kind.LOSS, Cause.UNKNOWN)


def test_a_box_that_knows_no_other_word_than_down_proves_nothing() -> None:
    def world(target: Target, at_s: float) -> Fate:
        return LOST if target.role is Role.FIRST_HOP else between(120, 160, BEYOND_BOX)(target, at_s)

    always = [(at + 0.2, BoxAccount("upnp", False)) for at in range(0, 300, 5)]
    incident = one(study(world, *always))
    assert incident.verdict == one(study(world)).verdict


def test_counters_of_the_home_that_speak_of_a_moment_alone_count_for_none() -> None:
    glimpse = Traffic(Origin.HOME, T0 + 135 * SECOND, (Step(5 * SECOND, 20_000, 20_000),))
    incident = one(study(steady(130, 190, 280.0), (141, glimpse)))
    assert (incident.kind, incident.verdict.cause) == (Kind.LATENCY, Cause.UNKNOWN)
