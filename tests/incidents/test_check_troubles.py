"""One look again: some of the internet silent, slow answers, the home's own traffic, and what cannot be known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnostics.incidents.checkup import Habits, judge
from diagnostics.incidents.method import default_method
from diagnostics.model import SECOND, Cause, Kind, Outcome, Protocol, Role, Target
from diagnostics.witnesses import BoxAccount, Step
from tests.incidents.test_checkup import (
    LINK,
    SIX,
    TCP,
    WELL,
    advice,
    codes,
    detail_codes,
    fates,
    seen,
    some_lost,
    states,
)
from tests.made import (
    ANCHORS,
    BEYOND_BOX,
    BEYOND_HOP,
    EVERYTHING,
    GATEWAY,
    GOOD,
    HOP,
    LOST,
    SYSTEM,
    WEB,
    Fate,
    World,
    between,
    samples,
)

# --- some of the internet -------------------------------------------------------------------------------------------

CONNECTIONS = tuple(replace(one, role=Role.TCP_CHECK, protocol=Protocol.TCP) for one in (*ANCHORS, *SIX))


def silent(*addresses: str, fate: Fate = LOST) -> World:
    return lambda target, _at: fate if target.address in addresses else GOOD


def test_ipv4_out_is_seen_though_names_and_pages_come_over_ipv6() -> None:
    four = {one.address for one in ANCHORS} | {"203.0.113.53"}
    page = Target(Role.WEB, Protocol.HTTP, "http://check.example.net/generate_204")
    stream = [
        replace(one, target=page) if one.target.role is Role.WEB else one
        for one in samples(silent(*four), 6, targets=(GATEWAY, *ANCHORS, *SIX, *CONNECTIONS))
    ]
    checkup = judge(stream, LINK, Habits(), default_method())
    assert (checkup.ok, checkup.kind, checkup.cause) == (False, Kind.PARTIAL, Cause.ACCESS)
    assert checkup.confidence <= 0.6
    assert states(checkup)["internet"] == "degraded"
    (internet,) = [layer.detail for layer in checkup.layers if layer.name == "internet"]
    assert (internet["answered"], internet["tries"]) == (18, 42)
    assert (internet["silent"], internet["anchors"]) == (4, 7)


def test_one_far_end_and_one_network() -> None:
    one = seen(silent("203.0.113.22"), extra=CONNECTIONS[:4])
    assert (one.ok, one.kind, one.cause) == (False, Kind.PARTIAL, Cause.REMOTE)
    assert "one_anchor_silent" in codes(one.reasons)
    assert states(one)["connections"] == "degraded"
    two = seen(silent("203.0.113.22", "203.0.113.33"), extra=CONNECTIONS[:4])
    assert (two.cause, two.confidence) == (Cause.ISP_CORE, 0.5)
    stream = [
        replace(one, detail="198.18.0.1 net-unreachable") if one.target.address == "203.0.113.22" else one
        for one in samples(silent("203.0.113.22", fate=(Outcome.UNREACHABLE, None)), 6)
    ]
    refused = judge(stream, LINK, Habits(), default_method())
    assert (refused.cause, refused.confidence) == (Cause.ISP_CORE, 0.6)
    assert "network_refused" in codes(refused.reasons)


def test_an_anchor_that_only_leaves_pings_alone_is_no_trouble() -> None:
    checkup = seen(lambda target, _at: LOST if target == ANCHORS[1] else GOOD, extra=CONNECTIONS[:4])
    assert checkup.ok


def test_every_layer_answers_is_said_only_when_it_does() -> None:
    assert codes(seen(WELL, extra=(TCP,)).reasons) == {"all_answer"}
    pings = seen(between(0, 9, (Role.ANCHOR, Role.FIRST_HOP)), extra=(TCP,))
    assert pings.ok
    assert "all_answer" not in codes(pings.reasons)


@pytest.mark.parametrize("names", ["GOOD", "LOST"])
def test_where_pings_are_filtered_names_and_pages_are_looked_at_all_the_same(names: str) -> None:
    """Nothing is said to answer that did not."""
    more = (*CONNECTIONS[:4], SYSTEM, WEB)
    well = seen(fates(anchor=LOST), extra=more)
    assert (well.ok, codes(well.reasons)) == (True, {"other_probes_answered"})
    no_page = (Outcome.UNRESOLVED, None)
    broken = seen(
        fates(anchor=LOST, web=no_page, system_resolver=LOST if names == "LOST" else GOOD), extra=more
    )
    assert not broken.ok
    assert broken.cause is (Cause.DNS if names == "LOST" else Cause.REMOTE)
    assert "other_probes_answered" in codes(broken.reasons)
    assert not {"anchors_answer", "essentials_answer"} & codes(broken.reasons)


# --- slow answers, and who fills the line -----------------------------------------------------------------------------

USUAL = {one.id: 10_000_000 for one in ANCHORS} | {GATEWAY.id: 500_000, HOP.id: 6_000_000}
KNOWN = Habits(gateway=True, hop=True, known=True, usual_ns=USUAL)
LATER = between(0, 9, (Role.FIRST_HOP, Role.ANCHOR), (Outcome.OK, 100.0))
BUSY, IDLE = Step(6 * SECOND, 300_000, 9_500_000), Step(6 * SECOND, 20_000, 30_000)


def test_a_hundred_milliseconds_over_the_usual_time_are_told() -> None:
    slow = seen(LATER, habits=KNOWN)
    assert (slow.ok, slow.kind, slow.cause) == (False, Kind.LATENCY, Cause.ACCESS)
    assert slow.confidence <= 0.6
    assert (states(slow)["box"], states(slow)["first_hop"], states(slow)["internet"]) == (
        "ok",
        "degraded",
        "degraded",
    )
    assert seen(LATER).ok  # nobody knows what is usual
    satellite = replace(KNOWN, usual_ns=dict.fromkeys(USUAL, 600_000_000))
    far = seen(between(0, 9, BEYOND_BOX, (Outcome.OK, 600.0)), habits=satellite)
    assert far.ok
    assert states(far)["internet"] == "ok"


def test_a_slow_line_is_no_fine_layer() -> None:
    slow = seen(
        between(0, 9, (Role.FIRST_HOP, Role.ANCHOR, Role.TCP_CHECK), (Outcome.OK, 350.0)), extra=(TCP,)
    )
    assert (slow.ok, slow.kind) == (False, Kind.LATENCY)
    assert {states(slow)[name] for name in ("first_hop", "internet", "connections")} == {"degraded"}


@pytest.mark.parametrize("world", [LATER, some_lost(Role.FIRST_HOP, Role.ANCHOR)])
@pytest.mark.parametrize("counter", ["home", "machine"])
def test_the_homes_own_traffic(world: World, counter: str) -> None:
    checkup = seen(world, habits=KNOWN, **{counter: BUSY})
    assert (checkup.ok, checkup.cause) == (False, Cause.OWN_TRAFFIC)
    assert checkup.confidence <= 0.6
    (said,) = [one for one in checkup.reasons if one.code == f"traffic_now_{counter}"]
    assert (said["direction"], said["rate_bps"]) == ("up", 9_500_000)
    assert ("traffic_may_stay_at_home" in codes(checkup.counter_evidence)) is (counter == "machine")
    assert seen(world, habits=KNOWN, **{counter: IDLE}).cause is not Cause.OWN_TRAFFIC
    much_more = replace(
        KNOWN, most_home=Step(SECOND, 0, 500_000_000), most_machine=Step(SECOND, 0, 500_000_000)
    )
    assert seen(world, habits=much_more, **{counter: BUSY}).cause is not Cause.OWN_TRAFFIC


def test_the_boxs_counters_overrule_this_machines() -> None:
    checkup = seen(LATER, habits=KNOWN, home=IDLE, machine=BUSY)  # a copy to another computer at home
    assert checkup.cause is Cause.ACCESS


def test_a_recording_of_a_quiet_line_does_not_hide_the_direction() -> None:
    quiet = replace(KNOWN, most_home=Step(SECOND, 100_000, 100_000))
    checkup = seen(LATER, habits=quiet, home=BUSY)
    (said,) = [one for one in checkup.reasons if one.code == "home_traffic"]
    assert (said["direction"], said["rate_bps"]) == ("up", 9_500_000)


def test_nobody_is_told_to_pause_what_the_box_says_is_not_there() -> None:
    assert "advise_pause" in advice(seen(LATER, habits=KNOWN))
    assert "advise_pause" not in advice(seen(LATER, habits=KNOWN, home=IDLE))


def test_lost_pings_beside_connections_that_came_are_told_as_such() -> None:
    lossy = seen(some_lost(Role.FIRST_HOP, Role.ANCHOR), extra=(TCP,), home=IDLE)
    assert "other_probes_answered" in codes(lossy.counter_evidence)
    assert "only_pings" not in codes(lossy.counter_evidence)


def test_a_name_lost_in_the_homes_own_queue_is_not_the_resolvers() -> None:
    def queue(target: Target, at: float) -> Fate:
        return LOST if target.role is Role.SYSTEM_RESOLVER else LATER(target, at)

    assert seen(queue, habits=KNOWN, home=BUSY).cause is Cause.OWN_TRAFFIC
    assert seen(queue, habits=KNOWN, home=IDLE).cause is Cause.DNS


def test_much_traffic_alone_is_no_trouble() -> None:
    assert seen(WELL, habits=KNOWN, home=BUSY).ok
    assert seen(WELL, home=BUSY).ok


def test_a_queue_is_told_without_a_recording_too() -> None:
    queue = between(0, 9, (Role.FIRST_HOP, Role.ANCHOR), (Outcome.OK, 250.0))
    crowded = seen(queue, home=BUSY)
    assert crowded.cause is Cause.OWN_TRAFFIC
    assert {states(crowded)[name] for name in ("first_hop", "internet")} == {"degraded"}
    assert seen(queue, home=IDLE).ok


def test_a_slow_resolver() -> None:
    slow = seen(fates(system_resolver=(Outcome.OK, 1500.0)))
    assert (slow.ok, slow.kind, slow.cause) == (False, Kind.DNS, Cause.DNS)
    assert "names_slow" in codes(slow.reasons)
    assert states(slow)["dns"] == "degraded"
    once = seen(
        lambda target, at: (Outcome.OK, 1500.0) if target.role is Role.SYSTEM_RESOLVER and at < 4 else GOOD
    )
    assert once.ok  # asked again, it was quick


# --- what a look cannot know ------------------------------------------------------------------------------------------


def test_a_router_that_was_not_tried_is_not_said_to_be_silent() -> None:
    stream = [one for one in samples(between(0, 9, BEYOND_BOX), 6) if one.target.role is not Role.FIRST_HOP]
    checkup = judge(stream, LINK, Habits(), default_method())
    assert "hop_not_tried" in codes(checkup.counter_evidence)
    assert "hop_never_answers" not in codes(checkup.counter_evidence)
    everything = judge(list(samples(between(0, 9, EVERYTHING), 6)), LINK, Habits(), default_method())
    assert "box_silent_now" in codes(everything.counter_evidence)
    known = judge(list(samples(between(0, 9, EVERYTHING), 6)), LINK, Habits(known=True), default_method())
    assert "box_never_answers" in codes(known.counter_evidence)


@pytest.mark.parametrize("roles", [BEYOND_BOX, BEYOND_HOP])
def test_a_connection_some_minutes_old_is_only_told(roles: tuple[Role, ...]) -> None:
    old, young = (
        seen(between(0, 9, roles), box=BoxAccount("upnp", True, uptime_s=age)) for age in (90_000, 240)
    )
    assert replace(young, layers=()) == replace(old, layers=())
    assert detail_codes(young)["box_line"] == "layer_box_line_young"
    assert "box_line_restarted" not in codes(young.reasons)


def test_a_box_that_has_just_started_waits_for_its_line() -> None:
    checkup = seen(between(0, 9, BEYOND_BOX), box=BoxAccount("upnp", False, boot_s=120))
    assert checkup.cause is Cause.ACCESS
    assert checkup.confidence <= 0.6
    assert "box_started_lately" in codes(checkup.counter_evidence)


def test_the_cables_rate_is_said_and_a_poor_one_advised() -> None:
    good = replace(LINK, speed_bps=1_000_000_000, duplex="full", mtu=1500)
    assert "layer_cable" in detail_codes(seen(WELL, link=good)).values()
    assert not {"advise_slow_cable", "advise_half_duplex"} & advice(seen(WELL, link=good))
    assert "advise_slow_cable" in advice(seen(WELL, link=replace(good, speed_bps=100_000_000)))
    half = seen(WELL, link=replace(good, duplex="half"))
    assert "advise_half_duplex" in advice(half)
    assert states(half)["link"] == "degraded"
