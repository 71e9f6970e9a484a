"""What is found, and who is blamed, for each kind of fault on a line whose truth is known."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from diagnostics.incidents.study import Study
from diagnostics.model import SECOND, Cause, Event, EventKind, Incident, Kind, Outcome, Role
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
    World,
    between,
    blocks,
    samples,
)


def study(
    world: World, seconds: int = 300, events: tuple[Event, ...] = (), **options: object
) -> tuple[Incident, ...]:
    found = Study()
    found.note(events)
    for block in blocks(samples(world, seconds, **options)):  # type: ignore[arg-type]
        found.feed(block)
    return found.incidents()


def edges_s(incident: Incident) -> tuple[float, float]:
    return (incident.span.start_ns - T0) / SECOND, (incident.span.end_ns - T0) / SECOND


def one(incidents: tuple[Incident, ...]) -> Incident:
    assert len(incidents) == 1, incidents
    return incidents[0]


def codes(remarks: object) -> set[str]:
    return {remark.code for remark in remarks}  # type: ignore[attr-defined]


@pytest.mark.parametrize("length", [2, 5, 20, 100])
def test_access_cut(length: int) -> None:
    incident = one(study(between(120.3, 120.3 + length, BEYOND_BOX)))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.ACCESS)
    start, end = edges_s(incident)
    assert start == pytest.approx(120.3, abs=0.3)
    assert end == pytest.approx(120.3 + length, abs=0.3)
    assert incident.duration_s == pytest.approx(length, abs=0.5)
    if length >= 5:
        assert incident.verdict.confidence > 0.6
        assert "other_probes_failed" in codes(incident.verdict.reasons)


def test_core_cut_when_the_first_hop_still_answers() -> None:
    incident = one(study(between(100, 130, BEYOND_HOP)))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.ISP_CORE)
    assert incident.verdict.confidence > 0.6


def test_silent_first_hop_lowers_the_confidence() -> None:
    def world(target: object, at_s: float) -> object:
        return LOST if target is HOP else between(100, 130, BEYOND_BOX)(target, at_s)  # type: ignore[arg-type]

    incident = one(study(world))  # type: ignore[arg-type]
    assert incident.verdict.cause is Cause.ACCESS
    assert incident.verdict.confidence <= 0.7
    assert "hop_never_answers" in codes(incident.verdict.counter_evidence)


def test_no_operator_is_blamed_above_the_limit_on_pings_alone() -> None:
    incident = one(study(between(121, 124, (Role.FIRST_HOP, Role.ANCHOR))))
    assert incident.verdict.confidence <= 0.6
    assert "only_pings" in codes(incident.verdict.counter_evidence)


def test_blocked_pings_with_a_working_web_are_no_outage() -> None:
    incident = one(study(between(100, 160, (Role.ANCHOR, Role.FIRST_HOP))))
    assert incident.kind is Kind.PARTIAL
    assert incident.verdict.cause is Cause.UNKNOWN


def test_silent_box_is_not_the_operator() -> None:
    incident = one(study(between(100, 130, EVERYTHING)))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.BOX)


def test_box_that_never_answered_gives_no_operator_away() -> None:
    def world(target: object, at_s: float) -> object:
        return LOST if target in (GATEWAY, HOP) else between(100, 130, EVERYTHING)(target, at_s)  # type: ignore[arg-type]

    incident = one(study(world))  # type: ignore[arg-type]
    assert incident.verdict.cause is Cause.UNKNOWN
    assert incident.verdict.confidence <= 0.6


def test_pulled_cable_is_the_local_network() -> None:
    no_route = (Outcome.SEND_ERROR, None)
    link = (
        Event(EventKind.LINK, T0 + 100 * SECOND, {"interface": "eth0", "carrier": False, "gateway": ""}),
        Event(
            EventKind.LINK,
            T0 + 130 * SECOND,
            {"interface": "eth0", "carrier": True, "gateway": "192.168.1.1"},
        ),
    )
    incident = one(study(between(100, 130, EVERYTHING, no_route), events=link))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.LAN)
    assert "carrier_lost" in codes(incident.verdict.reasons)


def test_one_dead_anchor_counts_nothing_against_the_line() -> None:
    def world(target: object, at_s: float) -> object:
        return LOST if target is ANCHORS[2] and at_s > 60 else GOOD

    incident = one(study(world))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.REMOTE)


def test_a_cut_is_found_while_one_anchor_is_dead() -> None:
    def world(target: object, at_s: float) -> object:
        return LOST if target is ANCHORS[2] and at_s > 60 else between(200, 220, BEYOND_BOX)(target, at_s)  # type: ignore[arg-type]

    outages = [i for i in study(world) if i.kind is Kind.OUTAGE]  # type: ignore[arg-type]
    assert [i.verdict.cause for i in outages] == [Cause.ACCESS]


@pytest.mark.parametrize(
    ("roles", "cause"),
    [(BEYOND_BOX, Cause.ACCESS), (BEYOND_HOP, Cause.ISP_CORE), (EVERYTHING, Cause.LAN)],
)
@pytest.mark.parametrize("share", [0.08, 0.25])
def test_loss_is_placed_where_it_begins(roles: tuple[Role, ...], cause: Cause, share: float) -> None:
    rng = random.Random(7)

    def world(target: object, at_s: float) -> object:
        lossy = (
            120 <= at_s < 420
            and target.role in roles
            and target.role in (Role.GATEWAY, Role.FIRST_HOP, Role.ANCHOR)
        )  # type: ignore[attr-defined]
        return LOST if lossy and rng.random() < share else GOOD

    losses = [i for i in study(world, 600) if i.kind is Kind.LOSS]  # type: ignore[arg-type]
    assert {i.verdict.cause for i in losses} == {cause}
    assert all(i.verdict.confidence <= 0.6 for i in losses if cause is not Cause.LAN)
    start, end = edges_s(losses[0])[0], edges_s(losses[-1])[1]
    assert start == pytest.approx(120, abs=15)
    assert end == pytest.approx(420, abs=15)


@pytest.mark.parametrize("excess", [50.0, 300.0])
@pytest.mark.parametrize(
    ("roles", "cause"), [(BEYOND_BOX, Cause.ACCESS), (BEYOND_HOP, Cause.ISP_CORE), (EVERYTHING, Cause.LAN)]
)
def test_latency_is_placed_where_it_begins(excess: float, roles: tuple[Role, ...], cause: Cause) -> None:
    incident = one(study(between(150, 210, roles, (Outcome.OK, excess))))
    # Without counters of the home, so much delay beyond the box may be a full queue, however steady.
    placed = cause if excess < 100 or cause is Cause.LAN else Cause.UNKNOWN
    assert (incident.kind, incident.verdict.cause) == (Kind.LATENCY, placed)
    assert edges_s(incident) == pytest.approx((150, 210), abs=6)
    if cause is not Cause.LAN:
        assert incident.verdict.confidence <= 0.6
        assert "household_not_ruled_out" in codes(incident.verdict.counter_evidence)


def test_answers_frozen_for_seconds_are_latency_not_an_outage() -> None:
    late = (Outcome.LATE, 1500.0)
    assert {i.kind for i in study(between(150, 210, BEYOND_BOX, late))} <= {Kind.LATENCY, Kind.DNS}


@pytest.mark.parametrize("fate", [LOST, (Outcome.REFUSED, 3.0), (Outcome.OK, 1500.0)])
def test_dead_refusing_or_slow_resolver(fate: tuple[Outcome, float | None]) -> None:
    incident = one(study(between(100, 160, (Role.SYSTEM_RESOLVER,), fate)))
    assert (incident.kind, incident.verdict.cause) == (Kind.DNS, Cause.DNS)
    assert edges_s(incident) == pytest.approx((100, 160), abs=5.5)


def test_resolver_failing_in_an_outage_is_the_outage() -> None:
    assert [i.kind for i in study(between(100, 190, BEYOND_BOX))] == [Kind.OUTAGE]


def test_checks_that_never_answered_prove_nothing() -> None:
    def world(target: object, at_s: float) -> object:
        if target.role in (Role.WEB, Role.RESOLVER, Role.SYSTEM_RESOLVER):  # type: ignore[attr-defined]
            return LOST
        return between(100, 130, BEYOND_BOX)(target, at_s)  # type: ignore[arg-type]

    incident = one(study(world))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.ACCESS)
    assert incident.verdict.confidence <= 0.6
    assert "only_pings" in codes(incident.verdict.counter_evidence)


def test_a_full_line_is_not_blamed_as_a_cut() -> None:
    rng = random.Random(2)

    def world(target: object, at_s: float) -> object:
        full = 100 <= at_s < 160 and target.role is not Role.GATEWAY  # type: ignore[attr-defined]
        return ((Outcome.LATE, 1200.0) if rng.random() < 0.4 else LOST) if full else GOOD

    assert not [i for i in study(world) if i.kind is Kind.OUTAGE and i.verdict.confidence > 0.6]  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [Role.WEB, Role.RESOLVER])
def test_a_refusal_is_an_answer_and_no_second_proof(role: Role) -> None:
    def world(target: object, at_s: float) -> object:
        if 100 <= at_s < 130 and target.role is role:  # type: ignore[attr-defined]
            return Outcome.REFUSED, 5.0
        return between(100, 130, (Role.ANCHOR, Role.FIRST_HOP))(target, at_s)  # type: ignore[arg-type]

    assert [i.kind for i in study(world)] == [Kind.PARTIAL]  # type: ignore[arg-type]


def test_a_second_box_at_home_is_not_taken_for_the_operators_router() -> None:
    inner = replace(HOP, address="192.168.0.1")
    incident = one(study(between(100, 130, BEYOND_BOX), targets=(GATEWAY, inner, *ANCHORS)))
    assert incident.verdict.confidence <= 0.6
    assert "hop_may_be_at_home" in codes(incident.verdict.counter_evidence)


def test_own_anchors_are_not_told_as_distinct_networks() -> None:
    own = tuple(replace(anchor, network="") for anchor in ANCHORS)
    incident = one(study(between(100, 130, BEYOND_BOX), targets=(GATEWAY, HOP, *own)))
    assert incident.verdict.cause is Cause.ACCESS
    assert "own_anchors_silent" in codes(incident.verdict.reasons)
    assert "own_anchors" in codes(incident.verdict.counter_evidence)


def test_a_silent_box_on_wifi_may_be_the_wifi() -> None:
    link = Event(
        EventKind.LINK,
        T0,
        {"interface": "wlan0", "carrier": True, "gateway": "192.168.1.1", "medium": "wifi"},
    )
    incident = one(study(between(100, 130, EVERYTHING), events=(link,)))
    assert incident.verdict.cause is Cause.WIFI
    assert "wifi_or_box" in codes(incident.verdict.counter_evidence)


@pytest.mark.parametrize("end_s", [200, 1000])
def test_ipv6_alone_is_told_once(end_s: int) -> None:
    six = tuple(replace(anchor, address=f"2001:db8::{n}", family=6) for n, anchor in enumerate(ANCHORS))

    def world(target: object, at_s: float) -> object:
        return LOST if target in six and 60 < at_s < end_s else GOOD

    incident = one(study(world, targets=(GATEWAY, HOP, *ANCHORS, *six)))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.IPV6)
    assert incident.ongoing is (end_s > 300)


def test_a_cut_is_found_after_the_anchors_were_changed() -> None:
    cut = between(180, 240, BEYOND_BOX)
    stream = [*samples(cut, 120), *samples(cut, 180, start_s=120, targets=(GATEWAY, HOP, *ANCHORS[1:]))]
    found = Study()
    for block in blocks(stream):
        found.feed(block)
    assert [(i.kind, i.verdict.cause) for i in found.incidents()] == [(Kind.OUTAGE, Cause.ACCESS)]


def test_a_cut_is_found_when_ipv6_is_withdrawn_with_it() -> None:
    six = tuple(replace(anchor, address=f"2001:db8::{n}", family=6) for n, anchor in enumerate(ANCHORS))
    cut = between(120, 140, BEYOND_BOX)
    stream = [
        *samples(cut, 120, targets=(GATEWAY, HOP, *ANCHORS, *six)),
        *samples(cut, 120, start_s=120),
    ]
    found = Study()
    for block in blocks(stream):
        found.feed(block)
    assert [(i.kind, i.verdict.cause) for i in found.incidents()] == [(Kind.OUTAGE, Cause.ACCESS)]


def test_a_restart_of_the_box_is_not_held_against_the_operator() -> None:
    def world(target: object, at_s: float) -> object:
        dead = 100 <= at_s < 130 or (130 <= at_s < 220 and target is not GATEWAY)
        return LOST if dead else GOOD

    silent, back = study(world)  # type: ignore[arg-type]
    assert (silent.kind, silent.verdict.cause) == (Kind.OUTAGE, Cause.BOX)
    assert edges_s(silent) == (pytest.approx(100, abs=1), pytest.approx(130, abs=1.1))
    assert (back.kind, back.verdict.cause) == (Kind.OUTAGE, Cause.ACCESS)
    assert back.span.start_ns == silent.span.end_ns
    assert back.verdict.confidence <= 0.6
    link = (
        Event(
            EventKind.LINK,
            T0 + 100 * SECOND,
            {"interface": "eth0", "carrier": False, "gateway": "192.168.1.1"},
        ),
        Event(
            EventKind.LINK,
            T0 + 102 * SECOND,
            {"interface": "eth0", "carrier": True, "gateway": "192.168.1.1"},
        ),
    )
    incident = one(study(between(100, 220, BEYOND_BOX), events=link))
    assert incident.verdict.cause is Cause.BOX
    assert "carrier_lost" in codes(incident.verdict.reasons)


def test_a_check_that_was_dead_before_is_no_second_proof() -> None:
    def world(target: object, at_s: float) -> object:
        if target.role in (Role.RESOLVER, Role.WEB) and at_s > 60:  # type: ignore[attr-defined]
            return LOST
        return between(200, 230, (Role.FIRST_HOP, Role.ANCHOR))(target, at_s)  # type: ignore[arg-type]

    outages = [i for i in study(world) if i.kind is Kind.OUTAGE]  # type: ignore[arg-type]
    assert [i.verdict.confidence <= 0.6 for i in outages] == [True]


def test_late_answers_end_an_outage() -> None:
    def world(target: object, at_s: float) -> object:
        beyond = target.role in (Role.FIRST_HOP, Role.ANCHOR)  # type: ignore[attr-defined]
        if beyond and 100 <= at_s < 104:
            return LOST
        return (Outcome.LATE, 1200.0) if beyond and 104 <= at_s < 280 else GOOD

    outages = [i for i in study(world) if i.kind is Kind.OUTAGE]  # type: ignore[arg-type]
    assert all(i.duration_s < 6 and i.verdict.confidence <= 0.6 for i in outages)


@pytest.mark.parametrize("share", [0.4, 0.6])
def test_heavy_loss_is_not_a_row_of_sure_outages(share: float) -> None:
    rng = random.Random(5)

    def world(target: object, at_s: float) -> object:
        beyond = target.role is not Role.GATEWAY  # type: ignore[attr-defined]
        return LOST if beyond and 100 <= at_s < 700 and rng.random() < share else GOOD

    found = study(world, 800)  # type: ignore[arg-type]
    assert [i for i in found if i.verdict.confidence > 0.6] == []
    assert sum(i.kind is Kind.OUTAGE for i in found) <= 2


def test_a_first_hop_silent_for_long_tells_nothing() -> None:
    def world(target: object, at_s: float) -> object:
        if target is HOP and at_s > 300:
            return LOST
        return between(2000, 2030, BEYOND_HOP)(target, at_s)  # type: ignore[arg-type]

    outages = [i for i in study(world, 2100) if i.kind is Kind.OUTAGE]  # type: ignore[arg-type]
    assert [i.verdict.confidence <= 0.7 for i in outages] == [True]
    assert "hop_never_answers" in codes(outages[0].verdict.counter_evidence)


def test_the_boxs_own_error_page_does_not_hide_a_cut() -> None:
    def world(target: object, at_s: float) -> object:
        if target.role is Role.WEB and 690 <= at_s < 700:  # type: ignore[attr-defined]
            return Outcome.PORTAL, 5.0
        return between(100, 700, BEYOND_BOX)(target, at_s)  # type: ignore[arg-type]

    outages = [i for i in study(world, 800) if i.kind is Kind.OUTAGE]  # type: ignore[arg-type]
    assert [round(i.duration_s) for i in outages] == [600]


def test_an_anchor_back_after_the_others_was_silent_only_since_then() -> None:
    def world(target: object, at_s: float) -> object:
        out = 100 <= at_s < (290 if target is ANCHORS[0] else 200)
        return LOST if out and target.role in BEYOND_BOX else GOOD  # type: ignore[attr-defined]

    partial = one(tuple(i for i in study(world) if i.kind is Kind.PARTIAL))  # type: ignore[arg-type]
    assert edges_s(partial)[0] == pytest.approx(200, abs=0.6)


def test_captive_portal_is_not_counted_against_the_line() -> None:
    def world(target: object, at_s: float) -> object:
        if target.role is Role.WEB and at_s < 100:  # type: ignore[attr-defined]
            return Outcome.PORTAL, 5.0
        return LOST if target.role is Role.ANCHOR and at_s < 100 else GOOD  # type: ignore[attr-defined]

    incident = one(study(world))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.CAPTIVE_PORTAL)


def test_two_cuts_are_two_incidents() -> None:
    def world(target: object, at_s: float) -> object:
        cut = 100 <= at_s < 105 or 110 <= at_s < 115
        return LOST if cut and target.role in BEYOND_BOX else GOOD  # type: ignore[attr-defined]

    assert [i.kind for i in study(world)] == [Kind.OUTAGE, Kind.OUTAGE]  # type: ignore[arg-type]


def test_a_cut_that_lasts_is_ongoing_and_keeps_its_id() -> None:
    stream = list(samples(between(100, 1000, BEYOND_BOX), 200))
    parts = [stream[:1000], stream]
    ids = []
    for part in parts:
        found = Study()
        for block in blocks(part):
            found.feed(block)
        incident = one(found.incidents())
        assert incident.ongoing
        ids.append(incident.id)
    assert ids[0] == ids[1]


def test_quiet_hours_under_realistic_noise() -> None:
    rng = random.Random(3)

    def world(target: object, at_s: float) -> object:
        return (Outcome.OK, 200.0) if rng.random() < 0.0005 else GOOD

    assert study(world, 6 * 3600, noise=0.001) == ()  # type: ignore[arg-type]
