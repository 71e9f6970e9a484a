"""Whose fault an outage was: the ladder from this machine outwards, argued both ways."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.incidents.method import Method
from diagnostics.incidents.surroundings import Tally
from diagnostics.model import Cause, Kind, Remark, Role, Verdict

NO_WAY_OUT = frozenset({"ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "ENODEV", "ENXIO", "EAFNOSUPPORT"})
FORBIDDEN = frozenset({"EPERM", "EACCES"})
HOME_NETWORK = "192.168."
"""Where homes number their own devices, and operators do not: a first hop there may be a second box at home."""
FEW_TRIES = 3
SHORT_S = 30.0
"""The household's own traffic may fill a line; it does not silence everything for longer than this."""


@dataclass(frozen=True, slots=True)
class OutageFacts:
    """What was seen during one outage. ``checks_*`` name the checks (resolver, web) that failed or were answered."""

    duration_s: float
    anchors: int
    networks: int
    misses: int
    own_anchors: bool
    send_errors: int
    send_error: str
    unreachable_by_gateway: int
    gateway: Tally
    gateway_longest_row: int
    gateway_usually_answers: bool
    hop: Tally
    hop_address: str
    hop_usually_answers: bool
    checks_failed: frozenset[Role]
    checks_answered: frozenset[Role]
    carrier_lost: bool
    carrier_held: bool
    route_lost: bool
    medium: str
    trouble_before: bool


def judge_outage(facts: OutageFacts, method: Method) -> tuple[Kind, Verdict]:
    """Climb the ladder: own machine, link, box, access, core. The first rung that failed is the cause."""
    for rung in (_pings_only, _own_machine, _link, _box_restart, _box):
        judged = rung(facts)
        if judged is not None:
            return judged
    return Kind.OUTAGE, _operator(facts, method)


def _anchors(facts: OutageFacts) -> Remark:
    if facts.own_anchors:
        return Remark.of("own_anchors_silent", anchors=facts.anchors, tries=facts.misses)
    return Remark.of("anchors_silent", anchors=facts.anchors, networks=facts.networks, tries=facts.misses)


def _pings_only(facts: OutageFacts) -> tuple[Kind, Verdict] | None:
    if not facts.checks_answered or facts.checks_failed - facts.checks_answered:
        return None
    # Somebody on the way drops pings, but the internet works: no outage for the person.
    return Kind.PARTIAL, Verdict(
        Cause.UNKNOWN,
        0.3,
        (_anchors(facts),),
        (Remark.of("other_probes_answered", probes=_roles(facts.checks_answered)),),
    )


def _own_machine(facts: OutageFacts) -> tuple[Kind, Verdict] | None:
    if facts.send_errors * 2 <= facts.misses or facts.send_error not in FORBIDDEN:
        return None
    return Kind.OUTAGE, Verdict(
        Cause.LOCAL_MACHINE,
        0.9,
        (Remark.of("sending_forbidden", error=facts.send_error, tries=facts.send_errors),),
        (Remark.of("not_the_operator"),),
    )


def _link(facts: OutageFacts) -> tuple[Kind, Verdict] | None:
    no_way_out = facts.send_errors * 2 > facts.misses and facts.send_error in NO_WAY_OUT
    if not (facts.carrier_lost or facts.route_lost or no_way_out):
        return None
    reasons = []
    if facts.carrier_lost:
        reasons.append(Remark.of("carrier_lost"))
    if facts.route_lost:
        reasons.append(Remark.of("route_lost"))
    if no_way_out:
        reasons.append(Remark.of("no_way_out", error=facts.send_error, tries=facts.send_errors))
    confidence = 0.9 if facts.carrier_lost or (facts.route_lost and no_way_out) else 0.75
    if _alive(facts.gateway):
        return None  # the link came back before the internet did: see the next rung
    return Kind.OUTAGE, Verdict(
        Cause.LAN, confidence, (*reasons, _anchors(facts)), (Remark.of("box_restart_looks_alike"),)
    )


def _box_restart(facts: OutageFacts) -> tuple[Kind, Verdict] | None:
    """The box fell silent, or the link to it, and answered again before the internet did: a restart looks like that."""
    interrupted = facts.carrier_lost or facts.route_lost or facts.gateway_longest_row >= FEW_TRIES
    if not interrupted or not _alive(facts.gateway):
        return None
    reasons = [
        Remark.of("box_came_back_first", missed=facts.gateway.missed, answered=facts.gateway.answered),
        _anchors(facts),
    ]
    if facts.carrier_lost:
        reasons.insert(0, Remark.of("carrier_lost"))
    counter = (Remark.of("line_may_have_failed_too"), Remark.of("one_machine_observes"))
    return Kind.OUTAGE, Verdict(Cause.BOX, 0.6, tuple(reasons), counter)


def _box(facts: OutageFacts) -> tuple[Kind, Verdict] | None:
    if not facts.gateway_usually_answers or facts.unreachable_by_gateway or not facts.gateway.tries:
        return None
    if _alive(facts.gateway):
        return None
    if facts.gateway.answered:
        return Kind.OUTAGE, Verdict(
            Cause.UNKNOWN,
            0.4,
            (
                _anchors(facts),
                Remark.of("box_answers_badly", tries=facts.gateway.tries, missed=facts.gateway.missed),
            ),
            (Remark.of("box_and_line_both"),),
        )
    reasons = [Remark.of("box_silent", tries=facts.gateway.tries)]
    if facts.carrier_held:
        reasons.append(Remark.of("carrier_held"))
    reasons.append(_anchors(facts))
    if facts.medium == "wifi":
        return Kind.OUTAGE, Verdict(Cause.LAN, 0.5, tuple(reasons), (Remark.of("wifi_or_box"),))
    confidence = 0.65 if facts.carrier_held else 0.5
    return Kind.OUTAGE, Verdict(
        Cause.BOX, confidence, tuple(reasons), (Remark.of("switch_or_cable_looks_alike"),)
    )


def _operator(facts: OutageFacts, method: Method) -> Verdict:
    hop_alive, hop_known = _alive(facts.hop), facts.hop_usually_answers and facts.hop.tries > 0
    box_proved = _alive(facts.gateway) or facts.unreachable_by_gateway > 0
    if not box_proved and not hop_alive:
        return Verdict(
            Cause.UNKNOWN,
            0.4,
            (_anchors(facts),),
            (Remark.of("box_never_answers"), *_second_kind_missing(facts)),
        )
    reasons: list[Remark] = []
    counter: list[Remark] = []
    if _alive(facts.gateway):
        reasons.append(Remark.of("box_answers", tries=facts.gateway.tries, answered=facts.gateway.answered))
    if facts.unreachable_by_gateway:
        reasons.append(Remark.of("box_says_unreachable", times=facts.unreachable_by_gateway))
    reasons.append(_anchors(facts))
    cause, confidence = Cause.ACCESS, 0.9
    if hop_alive:
        cause = Cause.ISP_CORE
        reasons.append(Remark.of("hop_answers", address=facts.hop_address, answered=facts.hop.answered))
    elif hop_known:
        reasons.append(Remark.of("hop_silent", address=facts.hop_address, tries=facts.hop.tries))
    else:
        confidence = method.inseparable
        counter.append(Remark.of("hop_never_answers"))
    if hop_alive and facts.hop.tries < FEW_TRIES:
        confidence = min(confidence, method.blame)
        counter.append(Remark.of("hop_tried_little", tries=facts.hop.tries))
    if facts.hop_address.startswith(HOME_NETWORK):
        confidence = min(confidence, method.blame)
        counter.append(Remark.of("hop_may_be_at_home", address=facts.hop_address))
    if facts.checks_failed:
        reasons.append(Remark.of("other_probes_failed", probes=_roles(facts.checks_failed)))
    else:
        confidence = min(confidence, method.blame)
        counter.append(Remark.of("only_pings"))
    if facts.trouble_before and facts.duration_s < SHORT_S:
        confidence = min(confidence, method.household)
        counter.append(Remark.of("trouble_before"))
    if facts.own_anchors:
        counter.append(Remark.of("own_anchors"))
    if facts.networks < 3:
        confidence = min(confidence, method.blame if facts.networks < 2 else 0.8)
        counter.append(Remark.of("few_networks", networks=facts.networks))
    if facts.checks_answered:
        confidence = min(confidence, method.blame)
        counter.append(Remark.of("other_probes_answered", probes=_roles(facts.checks_answered)))
    counter.append(Remark.of("one_machine_observes"))
    return Verdict(cause, round(confidence, 2), tuple(reasons), tuple(counter))


def _second_kind_missing(facts: OutageFacts) -> tuple[Remark, ...]:
    return () if facts.checks_failed else (Remark.of("only_pings"),)


def _alive(tally: Tally) -> bool:
    return tally.answered > 0 and tally.answered * 2 >= tally.tries


def _roles(roles: frozenset[Role]) -> str:
    return ",".join(sorted(roles))
