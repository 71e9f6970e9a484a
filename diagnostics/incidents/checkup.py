"""The verdict on one look: the ladder of ``outage_verdict``, on a few seconds of samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diagnostics.incidents.losses import judge_loss
from diagnostics.incidents.method import Method
from diagnostics.incidents.outage_verdict import OutageFacts, judge_outage
from diagnostics.incidents.surroundings import Surroundings, Tally
from diagnostics.model import MILLISECOND, SECOND, Cause, Outcome, Remark, Role, Sample, Verdict

LOSS_DEGRADED = 0.05
SLOW_NS = 300 * MILLISECOND


@dataclass(frozen=True, slots=True)
class Layer:
    """``state`` is one of ``ok degraded failed unknown``; ``detail`` says why, as data."""

    name: str
    state: str
    detail: Remark


@dataclass(frozen=True, slots=True)
class Checkup:
    """``ok`` is True when nothing is wrong now. ``cause`` is None then."""

    ok: bool
    cause: Cause | None
    confidence: float
    reasons: tuple[Remark, ...]
    counter_evidence: tuple[Remark, ...]
    advice: tuple[Remark, ...]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class Habits:
    """What an earlier recording knows: does the box usually answer, and the first hop?"""

    gateway: bool = False
    hop: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """The interface and the default route, at the end of the look."""

    interface: str
    gateway: str
    carrier: bool | None
    medium: str = ""


def judge(samples: Sequence[Sample], link: Link, habits: Habits, method: Method) -> Checkup:
    """Judge each layer, then say which one is to blame, and what to try next."""
    seen = {role: _tally(samples, role) for role in Role}
    layers = (
        _link_layer(link),
        _ping_layer("box", samples, Role.GATEWAY),
        _ping_layer("first_hop", samples, Role.FIRST_HOP),
        _ping_layer("internet", samples, Role.ANCHOR),
        _dns_layer(samples),
        _web_layer(samples),
    )
    verdict = _verdict(samples, seen, link, habits, method)
    if verdict is None:
        return Checkup(
            True,
            None,
            0.9,
            (Remark.of("all_answer"),),
            (Remark.of("short_check"),),
            (Remark.of("advise_record"),),
            layers,
        )
    counter = (*verdict.counter_evidence, Remark.of("short_check"))
    return Checkup(
        False, verdict.cause, verdict.confidence, verdict.reasons, counter, _ADVICE[verdict.cause], layers
    )


_OPERATOR = (Remark.of("advise_wait_and_record"), Remark.of("advise_call"))
_LOCAL = (Remark.of("advise_cable"), Remark.of("advise_box"))
_ADVICE: dict[Cause, tuple[Remark, ...]] = {cause: (Remark.of("advise_record"),) for cause in Cause} | {
    Cause.LAN: _LOCAL,
    Cause.WIFI: _LOCAL,
    Cause.BOX: (Remark.of("advise_box"), Remark.of("advise_cable")),
    Cause.ACCESS: _OPERATOR,
    Cause.ISP_CORE: _OPERATOR,
    Cause.DNS: (Remark.of("advise_resolver"),),
    Cause.CAPTIVE_PORTAL: (Remark.of("advise_portal"),),
    Cause.LOCAL_MACHINE: (Remark.of("advise_firewall"),),
    Cause.UNKNOWN: (Remark.of("advise_box"), Remark.of("advise_record")),
}


def _of(samples: Iterable[Sample], role: Role) -> list[Sample]:
    return [sample for sample in samples if sample.target.role is role]


def _tally(samples: Sequence[Sample], role: Role) -> Tally:
    own = _of(samples, role)
    return Tally(len(own), sum(not sample.outcome.answered for sample in own))


def _live_anchors(samples: Sequence[Sample]) -> list[Sample]:
    """Samples of the anchors that answered at all; of all of them when none did."""
    anchors = _of(samples, Role.ANCHOR)
    alive = {s.target.id for s in anchors if s.outcome.answered}
    return [s for s in anchors if s.target.id in alive] if alive else anchors


def _verdict(
    samples: Sequence[Sample], seen: dict[Role, Tally], link: Link, habits: Habits, method: Method
) -> Verdict | None:
    web = _of(samples, Role.WEB)
    portal = [s for s in web if s.outcome is Outcome.PORTAL]
    if portal:
        return Verdict(
            Cause.CAPTIVE_PORTAL,
            0.9,
            (Remark.of("web_check_answered_by_other", tries=len(portal), detail=portal[0].detail),),
            (Remark.of("not_the_operator"),),
        )
    anchors = _live_anchors(samples)
    if anchors and not any(s.outcome.answered for s in anchors):
        return _outage(samples, anchors, seen, link, habits, method)
    missed = sum(not s.outcome.answered for s in anchors)
    if missed > LOSS_DEGRADED * len(anchors):
        around = Surroundings(method, gateway=seen[Role.GATEWAY], hop=seen[Role.FIRST_HOP])
        return judge_loss(len(anchors), missed, seen[Role.GATEWAY], seen[Role.FIRST_HOP], around)
    return _names(samples) or _slow(samples, method) or _web(samples)


def _slow(samples: Sequence[Sample], method: Method) -> Verdict | None:
    """Without a usual time to compare with, only what would spoil any call counts as slow."""
    median_ns = {
        role: _median([s.rtt_ns for s in _of(samples, role) if s.outcome.answered and s.rtt_ns is not None])
        for role in (Role.GATEWAY, Role.FIRST_HOP, Role.ANCHOR)
    }
    anchors = median_ns[Role.ANCHOR]
    if anchors is None or anchors < SLOW_NS:
        return None
    box, hop = median_ns[Role.GATEWAY], median_ns[Role.FIRST_HOP]
    reasons = [Remark.of("check_slow", median_ms=anchors / MILLISECOND)]
    if box is not None and box * 2 >= anchors:
        return Verdict(Cause.LAN, 0.6, tuple(reasons), (Remark.of("box_may_be_busy"),))
    counter = (Remark.of("household_not_ruled_out"),)
    if box is None or hop is None:
        return Verdict(Cause.UNKNOWN, 0.4, tuple(reasons), counter)
    cause = Cause.ACCESS if hop * 2 >= anchors else Cause.ISP_CORE
    return Verdict(cause, min(0.5, method.household), tuple(reasons), counter)


def _median(values: list[int]) -> int | None:
    return sorted(values)[(len(values) - 1) // 2] if values else None


def _web(samples: Sequence[Sample]) -> Verdict | None:
    failed = [s for s in _of(samples, Role.WEB) if s.outcome is not Outcome.OK]
    if not failed:
        return None
    detail = failed[0].detail or failed[0].outcome.name.lower()
    return Verdict(
        Cause.REMOTE,
        0.5,
        (Remark.of("web_fails", detail=detail), Remark.of("anchors_answer")),
        (Remark.of("one_page_only"),),
    )


def _outage(
    samples: Sequence[Sample],
    anchors: Sequence[Sample],
    seen: dict[Role, Tally],
    link: Link,
    habits: Habits,
    method: Method,
) -> Verdict | None:
    errors = [s for s in anchors if s.outcome is Outcome.SEND_ERROR]
    checks = [
        s
        for s in samples
        if s.target.role in (Role.RESOLVER, Role.WEB)
        and s.outcome not in (Outcome.UNRESOLVED, Outcome.SEND_ERROR)
    ]
    hops = _of(samples, Role.FIRST_HOP)
    kind_and_verdict = judge_outage(
        OutageFacts(
            duration_s=(anchors[-1].mono_ns - anchors[0].mono_ns) / SECOND,
            anchors=len({s.target.id for s in anchors}),
            networks=len({s.target.network or s.target.address for s in anchors}),
            misses=len(anchors),
            own_anchors=any(not s.target.network for s in anchors),
            send_errors=len(errors),
            send_error=errors[0].detail if errors else "",
            unreachable_by_gateway=sum(
                s.outcome is Outcome.UNREACHABLE and s.detail.split(" ")[0] == link.gateway for s in anchors
            ),
            gateway=seen[Role.GATEWAY],
            gateway_longest_row=0,
            gateway_usually_answers=habits.gateway or seen[Role.GATEWAY].answered > 0,
            hop=seen[Role.FIRST_HOP],
            hop_address=hops[0].target.address if hops else "",
            hop_usually_answers=habits.hop or seen[Role.FIRST_HOP].answered > 0,
            checks_failed=frozenset(s.target.role for s in checks if not s.outcome.answered),
            checks_answered=frozenset(s.target.role for s in checks if s.outcome.answered),
            carrier_lost=link.carrier is False,
            carrier_held=link.carrier is True,
            medium=link.medium,
            trouble_before=False,
            route_lost=not link.gateway,
        ),
        method,
    )
    kind, verdict = kind_and_verdict
    # Pings alone unanswered: the internet works for the person.
    return None if kind != "outage" else verdict


def _names(samples: Sequence[Sample]) -> Verdict | None:
    system = _of(samples, Role.SYSTEM_RESOLVER)
    failed = [s for s in system if s.outcome is not Outcome.OK]
    if not failed:
        return None
    direct = _of(samples, Role.RESOLVER)
    detail = failed[0].detail or failed[0].outcome.name.lower()
    reasons = [Remark.of("anchors_answer"), Remark.of("names_fail", tries=len(failed), detail=detail)]
    answered = sum(s.outcome is Outcome.OK for s in direct)
    if answered:
        reasons.append(Remark.of("other_resolver_answers", answered=answered))
        return Verdict(Cause.DNS, 0.8, tuple(reasons), (Remark.of("whose_resolver"),))
    if direct:
        reasons.append(Remark.of("other_resolver_fails", failed=len(direct)))
    return Verdict(
        Cause.DNS, 0.6, tuple(reasons), (Remark.of("whose_resolver"), Remark.of("port_53_may_be_closed"))
    )


def _link_layer(link: Link) -> Layer:
    if link.carrier is False:
        return Layer("link", "failed", Remark.of("layer_link_down", interface=link.interface or "?"))
    if not link.gateway:
        return Layer("link", "failed", Remark.of("layer_no_route"))
    return Layer("link", "ok", Remark.of("layer_link", interface=link.interface, gateway=link.gateway))


def _ping_layer(name: str, samples: Sequence[Sample], role: Role) -> Layer:
    own = _live_anchors(samples) if role is Role.ANCHOR else _of(samples, role)
    if not own:
        return Layer(name, "unknown", Remark.of("layer_not_tried"))
    answered = sorted(s.rtt_ns for s in own if s.outcome.answered and s.rtt_ns is not None)
    if not answered:
        state = "unknown" if role is Role.FIRST_HOP else "failed"
        return Layer(name, state, Remark.of("layer_silent", tries=len(own)))
    missed = len(own) - len(answered)
    median_ms = answered[(len(answered) - 1) // 2] / MILLISECOND
    remark = Remark.of("layer_answers", answered=len(answered), tries=len(own), median_ms=median_ms)
    return Layer(name, "degraded" if missed > LOSS_DEGRADED * len(own) else "ok", remark)


def _dns_layer(samples: Sequence[Sample]) -> Layer:
    system = _of(samples, Role.SYSTEM_RESOLVER)
    if not system:
        return Layer("dns", "unknown", Remark.of("layer_not_tried"))
    good = [s for s in system if s.outcome is Outcome.OK]
    if not good:
        return Layer(
            "dns",
            "failed",
            Remark.of("layer_failed", detail=system[0].detail or system[0].outcome.name.lower()),
        )
    return Layer("dns", "ok", Remark.of("layer_answered_in", ms=(good[0].rtt_ns or 0) / MILLISECOND))


def _web_layer(samples: Sequence[Sample]) -> Layer:
    web = _of(samples, Role.WEB)
    if not web:
        return Layer("web", "unknown", Remark.of("layer_not_tried"))
    if web[0].outcome is Outcome.OK:
        return Layer("web", "ok", Remark.of("layer_answered_in", ms=(web[0].rtt_ns or 0) / MILLISECOND))
    if web[0].outcome is Outcome.PORTAL:
        return Layer("web", "degraded", Remark.of("layer_portal", detail=web[0].detail))
    return Layer(
        "web", "failed", Remark.of("layer_failed", detail=web[0].detail or web[0].outcome.name.lower())
    )
