"""Some of the internet works: one kind of address, one network, small packets only, all but the VPN."""

from __future__ import annotations

import pytest

from diagnostics.incidents.study import Study
from diagnostics.model import (
    SECOND,
    Cause,
    Event,
    EventKind,
    Flag,
    Incident,
    Kind,
    Outcome,
    Protocol,
    Role,
    Sample,
    Target,
)
from tests.incidents.test_ladder import codes, edges_s, one, study
from tests.made import ANCHORS, GATEWAY, GOOD, HOP, LOST, OFFSET, RESOLVER, SYSTEM, T0, WEB, blocks, samples

SIX = tuple(Target(Role.ANCHOR, Protocol.ICMP, f"2001:db8:{n}::1", 6, f"AS{n}") for n in (11, 22, 33))
BOTH = (GATEWAY, HOP, *ANCHORS, *SIX)
LARGE = Target(Role.LARGE, Protocol.HTTP, "http://203.0.113.80/large")
TUNNEL = Target(Role.VPN, Protocol.ICMP, "tun0>203.0.113.11", 4)


def tried(target: Target, at_s: float, outcome: Outcome, detail: str = "") -> Sample:
    sent = T0 + round(at_s * 10_000) * 100_000
    rtt = 20_000_000 if outcome.answered else None
    return Sample(target, sent, sent - OFFSET, outcome, rtt, detail)


def study_of(
    extra: list[Sample], *events: Event, world: object = lambda _target, _at: GOOD
) -> tuple[Incident, ...]:
    """A good line of five minutes (or another), with these tries added."""
    stream = sorted([*samples(world, 300), *extra], key=lambda sample: sample.sent_ns)  # type: ignore[arg-type]
    found = Study()
    found.note(events)
    for block in blocks(stream):
        found.feed(block)
    return found.incidents()


def out(family: int, start_s: float, end_s: float) -> object:
    def world(target: Target, at_s: float) -> object:
        four = target.family == 4 and target.role is not Role.GATEWAY
        four = four or target.role in (Role.RESOLVER, Role.WEB)
        hit = four if family == 4 else target.family == 6
        return LOST if start_s <= at_s < end_s and hit else GOOD

    return world


def test_ipv6_alone() -> None:
    incident = one(study(out(6, 120, 180), targets=BOTH))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.IPV6)
    assert edges_s(incident) == (pytest.approx(120, abs=1), pytest.approx(180, abs=1.1))


def test_ipv4_alone_is_the_access_but_not_above_the_limit() -> None:
    incident = one(study(out(4, 120, 180), targets=BOTH))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.ACCESS)
    assert incident.verdict.confidence <= 0.6
    assert "ipv4_silent" in codes(incident.verdict.reasons)


def refused_by(sayer: str, which: tuple[Target, ...]) -> tuple[Incident, ...]:
    stream = []
    for sample in samples(lambda target, at: LOST if target in which and 100 <= at < 200 else GOOD, 300):
        if sample.outcome is Outcome.LOST:
            sample = Sample(
                sample.target,
                sample.sent_ns,
                sample.mono_ns,
                Outcome.UNREACHABLE,
                None,
                f"{sayer} net-unreachable",
            )
        stream.append(sample)
    found = Study()
    for block in blocks(stream):
        found.feed(block)
    return found.incidents()


@pytest.mark.parametrize("count", [1, 2])
def test_networks_that_a_router_on_the_way_refuses(count: int) -> None:
    incident = one(refused_by("100.64.7.1", ANCHORS[:count]))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.ISP_CORE)
    assert incident.verdict.confidence <= 0.6


def test_one_silent_anchor_is_its_own_trouble() -> None:
    def world(target: object, at_s: float) -> object:
        return LOST if target is ANCHORS[1] and 100 <= at_s < 200 else GOOD

    incident = one(study(world))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.REMOTE)
    from_the_box = one(refused_by("192.168.1.1", ANCHORS[:1]))
    assert from_the_box.verdict.cause is Cause.BOX


def test_large_packets_that_hang() -> None:
    tries = [tried(LARGE, at, Outcome.OK) for at in (5, 65)]
    tries += [tried(LARGE, at, Outcome.LOST, "large-hangs") for at in (125, 130, 140, 160)]
    tries += [tried(LARGE, 201, Outcome.OK)]
    incident = one(study_of(tries))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.MTU)
    assert edges_s(incident) == (125, 201)


@pytest.mark.parametrize(
    "tries",
    [
        [tried(LARGE, 125, Outcome.LOST, "large-hangs"), tried(LARGE, 130, Outcome.OK)],
        [tried(LARGE, at, Outcome.LOST, "no-connection") for at in (125, 130, 140)],
        [tried(LARGE, at, Outcome.REFUSED, "http-500") for at in (125, 130, 140)],
    ],
)
def test_a_large_page_that_fails_otherwise_says_nothing(tries: list[Sample]) -> None:
    assert study_of(tries) == ()


def test_a_large_page_during_an_outage_is_the_outages() -> None:
    def world(target: object, at_s: float) -> object:
        return LOST if 120 <= at_s < 160 and target.role is not Role.GATEWAY else GOOD  # type: ignore[attr-defined]

    tries = [tried(LARGE, at, Outcome.LOST, "large-hangs") for at in (119, 125, 130, 140)]
    assert one(study_of([tried(LARGE, 5, Outcome.OK), *tries], world=world)).kind is Kind.OUTAGE


def tunnel_up(at_s: float = 0.0) -> Event:
    data = {
        "interface": "eth0",
        "carrier": True,
        "gateway": "192.168.1.1",
        "medium": "ethernet",
        "tunnel": "tun0",
    }
    return Event(EventKind.LINK, T0 + round(at_s * SECOND), data)


def test_a_tunnel_whose_far_end_is_gone_is_the_vpns_names_included() -> None:
    through = [tried(TUNNEL, at + 0.5, LOST[0] if 120 <= at < 180 else Outcome.OK) for at in range(1, 300)]

    def world(target: object, at_s: float) -> object:
        return LOST if target is SYSTEM and 120 <= at_s < 180 else GOOD

    incident = one(study_of(through, tunnel_up(), world=world))
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.VPN)
    assert edges_s(incident) == (pytest.approx(120.5), pytest.approx(180.5))


def test_a_tunnel_that_never_answered_says_nothing() -> None:
    assert study_of([tried(TUNNEL, at + 0.5, Outcome.LOST) for at in range(1, 300)], tunnel_up()) == ()


def test_a_cut_with_a_tunnel_up_is_told_once() -> None:
    def world(target: object, at_s: float) -> object:
        return LOST if 120 <= at_s < 160 and target.role is not Role.GATEWAY else GOOD  # type: ignore[attr-defined]

    through = [tried(TUNNEL, at + 0.5, LOST[0] if 119 < at < 160 else Outcome.OK) for at in range(1, 300)]
    incident = one(study_of(through, tunnel_up(), world=world))
    assert (incident.kind, incident.verdict.cause) == (Kind.OUTAGE, Cause.ACCESS)


def test_a_resolver_that_lies_is_told_with_its_answer() -> None:
    def world(target: object, at_s: float) -> object:
        return (Outcome.PORTAL, None) if target is SYSTEM and 120 <= at_s < 180 else GOOD

    stream = [
        Sample(s.target, s.sent_ns, s.mono_ns, s.outcome, s.rtt_ns, "dns.google 192.168.1.1")
        if s.outcome is Outcome.PORTAL
        else s
        for s in samples(world, 300)  # type: ignore[arg-type]
    ]
    found = Study()
    for block in blocks(stream):
        found.feed(block)
    incident = one(found.incidents())
    assert (incident.kind, incident.verdict.cause) == (Kind.DNS, Cause.DNS)
    (remark,) = (r for r in incident.verdict.reasons if r.code == "names_lie")
    assert remark["detail"] == "dns.google 192.168.1.1"


def test_names_that_lie_in_a_portal_are_the_portals() -> None:
    def world(target: object, at_s: float) -> object:
        hit = target in (SYSTEM, WEB, RESOLVER) and 100 <= at_s < 220
        return (Outcome.PORTAL, None) if hit else GOOD

    assert [(i.kind, i.verdict.cause) for i in study(world)] == [(Kind.PARTIAL, Cause.CAPTIVE_PORTAL)]  # type: ignore[arg-type]


def test_the_page_that_a_wrong_name_leads_to_is_no_portal() -> None:
    def world(target: object, at_s: float) -> object:
        hit = target in (SYSTEM, WEB) and 100 <= at_s < 220
        return (Outcome.PORTAL, None) if hit else GOOD

    assert [(i.kind, i.verdict.cause) for i in study(world)] == [(Kind.DNS, Cause.DNS)]  # type: ignore[arg-type]


def test_anchors_that_never_answer_pings_are_no_outage_while_checks_are_answered() -> None:
    assert study(lambda target, _at: LOST if target.role is Role.ANCHOR else GOOD) == ()


def test_extra_tries_sharpen_edges_and_count_for_no_loss() -> None:
    cut = (130.0, 132.2)

    def world(target: object, at_s: float) -> object:
        return LOST if cut[0] <= at_s < cut[1] and target.role is not Role.GATEWAY else GOOD  # type: ignore[attr-defined]

    extra = [
        Sample(ANCHORS[n % 4], s.sent_ns, s.mono_ns, s.outcome, s.rtt_ns, "", Flag.EXTRA)
        for n in range(10)
        for s in [
            tried(ANCHORS[n % 4], 131.3 + n / 10, Outcome.LOST if 131.3 + n / 10 < cut[1] else Outcome.OK)
        ]
    ]
    incident = one(study_of(extra, world=world))
    assert edges_s(incident) == (pytest.approx(130, abs=0.34), pytest.approx(132.2, abs=0.11))
    lost_extras = [
        Sample(ANCHORS[0], s.sent_ns, s.mono_ns, s.outcome, s.rtt_ns, "", Flag.EXTRA)
        for s in (tried(ANCHORS[0], 100 + n / 5, Outcome.LOST) for n in range(200))
    ]
    assert study_of(lost_extras) == ()


def test_a_silence_ends_with_the_last_try_also_in_a_minute_taken_by_its_figures() -> None:
    def world(target: Target, at_s: float) -> object:
        return LOST if target.family == 6 and at_s >= 60 else GOOD

    stream = [
        s for s in samples(world, 300, targets=BOTH) if s.target.family != 6 or s.sent_ns < T0 + 125 * SECOND
    ]  # type: ignore[arg-type]
    found = Study()
    for block in blocks(stream):
        found.feed(block)
    incident = one(found.incidents())
    assert incident.verdict.cause is Cause.IPV6
    assert edges_s(incident)[1] == pytest.approx(125, abs=1.5)


def test_names_that_every_resolver_gets_wrong_are_a_portals_though_its_page_was_not_seen() -> None:
    def world(target: object, at_s: float) -> object:
        return (Outcome.PORTAL, None) if target in (SYSTEM, RESOLVER) and 100 <= at_s < 160 else GOOD

    incident = one(study(world))  # type: ignore[arg-type]
    assert (incident.kind, incident.verdict.cause) == (Kind.PARTIAL, Cause.CAPTIVE_PORTAL)
    assert "other_resolver_lies" in codes(incident.verdict.reasons)
