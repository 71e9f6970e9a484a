"""The verdict on one look: rungs like those of a recording's incidents, on a few seconds of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diagnostics.incidents.check_advice import advice_for, advice_when_well
from diagnostics.incidents.check_delay import (
    is_slow,
    over_usual_ns,
    spread_of,
)
from diagnostics.incidents.check_heard import heard_of, heavy_traffic, slow_mark_ns
from diagnostics.incidents.check_layers import layers_of
from diagnostics.incidents.check_partial import anchors_out, ipv4_out, ipv6_out, second_kind
from diagnostics.incidents.found import Judged
from diagnostics.incidents.latency_verdict import LatencyFacts, judge_latency
from diagnostics.incidents.look import (
    LOSS_DEGRADED,
    Checkup,
    Habits,
    Layer,
    Link,
    Look,
    detail_of,
    median_ns,
    minutes_of,
    tally,
)
from diagnostics.incidents.loss_verdict import LossFacts, judge_loss
from diagnostics.incidents.method import Method
from diagnostics.incidents.outage_verdict import OutageFacts, judge_outage, wifi_remarks
from diagnostics.incidents.rows import HANGS
from diagnostics.incidents.runs import STRUGGLE_NS
from diagnostics.incidents.testimony import Heard
from diagnostics.model import MILLISECOND, SECOND, Cause, Kind, Outcome, Remark, Role, Sample, Verdict

__all__ = ["Checkup", "Habits", "Layer", "Link", "judge", "judge_look"]

BEYOND_BOX = (Cause.ACCESS, Cause.ISP_CORE, Cause.UNKNOWN)
SURE_WELL, MOSTLY_WELL = 0.9, 0.7


def judge(samples: Sequence[Sample], link: Link, habits: Habits, method: Method) -> Checkup:
    """Judge what was seen without any witness but the adapter."""
    return judge_look(Look(tuple(samples), link, habits), method)


def judge_look(look: Look, method: Method) -> Checkup:
    """Judge each layer, then say which one is to blame, and what to try next: nothing that was tried already."""
    layers = layers_of(look, method)
    judged = _judge(look, heard_of(look, method), method)
    tunnel = (Remark.of("seen_through_tunnel", tunnel=look.tunnel),) if look.tunnel else ()
    short = Remark.of("short_check")
    if judged is None:
        reasons, doubts = _well(look, layers, method)
        advice = advice_when_well(look, method)
        confidence = SURE_WELL if reasons[0].code == "all_answer" else MOSTLY_WELL
        return Checkup(True, None, None, confidence, reasons, (*tunnel, *doubts, short), advice, layers)
    kind, verdict = judged
    if tunnel and verdict.cause in (Cause.ACCESS, Cause.ISP_CORE):
        verdict = Verdict(Cause.UNKNOWN, 0.4, verdict.reasons, verdict.counter_evidence)
    verdict = _restrained(verdict, look, method)
    counter = (*tunnel, *verdict.counter_evidence, short)
    advice = advice_for(verdict.cause, verdict.confidence, look, method, kind)
    return Checkup(False, kind, verdict.cause, verdict.confidence, verdict.reasons, counter, advice, layers)


def _well(
    look: Look, layers: Sequence[Layer], method: Method
) -> tuple[tuple[Remark, ...], tuple[Remark, ...]]:
    failed = any(layer.state == "failed" for layer in layers)
    doubts = [Remark.of("some_layer_fails")] if failed else []
    if look.link.by_wifi and look.link.weak(method.wifi_weak_dbm):
        doubts += [*wifi_remarks(heard_of(look, method)), Remark.of("wifi_weak")]
    if not failed:
        return (Remark.of("all_answer"),), tuple(doubts)
    pages = (Role.SYSTEM_RESOLVER, Role.WEB)
    essentials = all(one.outcome is Outcome.OK for one in look.of(*pages)) and all(map(look.of, pages))
    anchors = any(one.outcome.answered for one in look.anchors)
    return (Remark.of("essentials_answer") if essentials and anchors else _reach(look),), tuple(doubts)


def _reach(look: Look) -> Remark:
    """What shows that the line carried packets: the anchors' pings, else any other kind of probe."""
    if any(sample.outcome.answered for sample in look.anchors):
        return Remark.of("anchors_answer")
    answered = sorted({str(s.target.role) for s in second_kind(look) if s.outcome.answered})
    return Remark.of("other_probes_answered", probes=",".join(answered))


def _restrained(verdict: Verdict, look: Look, method: Method) -> Verdict:
    """What a look cannot know is not claimed: habits that nobody recorded, a line that a young box still waits for."""
    instead = {}
    if not look.of(Role.FIRST_HOP):
        instead["hop_never_answers"] = Remark.of("hop_not_tried")
    if not look.habits.known:
        instead["box_never_answers"] = Remark.of("box_silent_now")
    if not look.of(Role.GATEWAY):
        instead["box_never_answers"] = Remark.of("box_not_tried")
    answered = sorted({str(s.target.role) for s in second_kind(look) if s.outcome.answered})
    if answered:
        instead["only_pings"] = Remark.of("other_probes_answered", probes=",".join(answered))
    counter = tuple(instead.get(remark.code, remark) for remark in verdict.counter_evidence)
    confidence = verdict.confidence
    if look.box is not None and look.box_restarted and verdict.cause in (Cause.ACCESS, Cause.ISP_CORE):
        counter = (Remark.of("box_started_lately", minutes=minutes_of(look.box.boot_s)), *counter)
        confidence = min(confidence, method.blame)
    return replace(verdict, confidence=confidence, counter_evidence=counter)


def _judge(look: Look, heard: Heard, method: Method) -> Judged | None:
    portal = _portal(look, heard)
    if portal is not None:
        return portal
    anchors = look.anchors
    if anchors and not any(s.outcome.answered for s in anchors):
        return (
            _outage(look, anchors, heard, method)
            or _lying_names(look)
            or _names(look)
            or _slow_names(look, method)
            or _web(look)
        )
    return (
        ipv4_out(look, method)
        or _loss(look, anchors, heard, method)
        or _vpn(look)
        or _lying_names(look)
        or _crowded(look, heard, method)
        or _names(look)
        or _slow(look, heard, method)
        or _slow_names(look, method)
        or _large(look)
        or ipv6_out(look)
        or anchors_out(look, method)
        or _web(look)
    )


def _portal(look: Look, heard: Heard) -> Judged | None:
    """Not where the resolver alone lies, nor where the box says that its line is down: a box has pages of its own."""
    portal = [s for s in look.of(Role.WEB) if s.outcome is Outcome.PORTAL]
    if not portal or look.resolver_lies or heard.box_says_down:
        return None
    return Kind.PARTIAL, Verdict(
        Cause.CAPTIVE_PORTAL,
        0.9,
        (Remark.of("web_check_answered_by_other", tries=len(portal), detail=portal[0].detail),),
        (Remark.of("not_the_operator"),),
    )


def _outage(look: Look, anchors: Sequence[Sample], heard: Heard, method: Method) -> Judged | None:
    link, checks, hops = look.link, second_kind(look), look.of(Role.FIRST_HOP)
    errors = [s for s in anchors if s.outcome is Outcome.SEND_ERROR]
    gateway, hop = look.tally(Role.GATEWAY), look.tally(Role.FIRST_HOP)
    facts = OutageFacts(
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
        gateway=gateway,
        gateway_usually_answers=look.habits.gateway or gateway.answered > 0,
        hop=hop,
        hop_address=hops[0].target.address if hops else "",
        hop_usually_answers=look.habits.hop or hop.answered > 0,
        checks_failed=frozenset(s.target.role for s in checks if not s.outcome.answered),
        checks_answered=frozenset(s.target.role for s in checks if s.outcome.answered),
        carrier_lost=link.carrier is False,
        carrier_held=link.carrier is True,
        medium=link.medium,
        trouble_before=False,
        route_lost=not link.gateway,
    )
    kind, verdict = judge_outage(facts, method, heard)
    # Pings alone unanswered: the line carries what the person needs, where names and pages come.
    return None if kind is Kind.PARTIAL else (kind, verdict)


def _loss(look: Look, anchors: Sequence[Sample], heard: Heard, method: Method) -> Judged | None:
    missed = tally(anchors).missed
    if missed <= LOSS_DEGRADED * len(anchors):
        return None
    gateway, hop = look.tally(Role.GATEWAY), look.tally(Role.FIRST_HOP)
    facts = LossFacts(
        tries=len(anchors),
        misses=missed,
        gateway=gateway,
        hop=hop,
        gateway_usually_answers=look.habits.gateway or gateway.answered > 0,
        hop_usually_answers=look.habits.hop or hop.answered > 0,
        medium=look.link.medium,
        checks_failed=sum(
            not s.outcome.answered or (s.rtt_ns or 0) >= STRUGGLE_NS for s in second_kind(look)
        ),
    )
    kind, verdict = judge_loss(facts, method, heard)
    return _own_traffic(kind, verdict, look, heard, method) or (kind, verdict)


def _own_traffic(
    kind: Kind, verdict: Verdict, look: Look, heard: Heard, method: Method
) -> tuple[Kind, Verdict] | None:
    """What begins beyond the box while the home carries much: a full line does that, and nobody's fault is sure."""
    heavy = heavy_traffic(look, heard, method)
    if heavy is None or verdict.cause not in BEYOND_BOX:
        return None
    remark, confidence, counter = heavy
    one_machine = Remark.of("one_machine_observes")
    return kind, Verdict(Cause.OWN_TRAFFIC, confidence, (remark, *verdict.reasons), (*counter, one_machine))


def _vpn(look: Look) -> Judged | None:
    """The line answers beside the tunnel, nothing comes through it.

    A far end that may never answer is not blamed by its silence alone: it is one that usually answers, or names go
    unanswered that are asked through it.
    """
    tried = look.of(Role.VPN)
    if not tried or look.tunnel or any(s.outcome.answered for s in tried):
        return None
    names_fail = look.full_tunnel and _failed_names(look)
    if not names_fail and not any(s.target.id in look.habits.tunnels for s in tried):
        return None
    reasons = [Remark.of("tunnel_silent", tries=len(tried)), _reach(look)]
    if names_fail:
        reasons.append(Remark.of("names_fail", tries=len(names_fail), detail=detail_of(names_fail[0])))
    return Kind.PARTIAL, Verdict(Cause.VPN, 0.7, tuple(reasons), (Remark.of("not_the_operator"),))


def _failed_names(look: Look) -> list[Sample]:
    """The system's tries when none was answered; one that lies did answer."""
    system = look.of(Role.SYSTEM_RESOLVER)
    good = (Outcome.OK, Outcome.PORTAL)
    return [] if any(s.outcome in good for s in system) else system


def _lying_names(look: Look) -> Judged | None:
    return _names(look) if any(s.outcome is Outcome.PORTAL for s in look.of(Role.SYSTEM_RESOLVER)) else None


def _crowded(look: Look, heard: Heard, method: Method) -> Judged | None:
    """In a queue that the home fills itself, names and pages get lost as well: that is no resolver's fault."""
    judged = _slow(look, heard, method)
    return judged if judged is not None and judged[1].cause is Cause.OWN_TRAFFIC else None


def _names(look: Look) -> Judged | None:
    lies = [s for s in look.of(Role.SYSTEM_RESOLVER) if s.outcome is Outcome.PORTAL]
    failed = _failed_names(look)
    if not lies and not failed:
        return None
    reasons = [_reach(look)]
    if lies:
        reasons.append(Remark.of("names_lie", times=len(lies), detail=lies[0].detail))
    else:
        reasons.append(Remark.of("names_fail", tries=len(failed), detail=detail_of(failed[0])))
    direct = look.of(Role.RESOLVER)
    answered = sum(s.outcome is Outcome.OK for s in direct)
    if answered:
        reasons.append(Remark.of("other_resolver_answers", answered=answered))
    elif direct:
        reasons.append(Remark.of("other_resolver_fails", failed=len(direct)))
    counter = [Remark.of("whose_resolver")]
    if not answered and not lies:
        counter.append(Remark.of("port_53_may_be_closed"))
    confidence = 0.8 if answered or lies else 0.6
    if look.full_tunnel:
        counter.insert(0, Remark.of("vpn_asks_names"))
        confidence = 0.6
    return Kind.DNS, Verdict(Cause.DNS, confidence, tuple(reasons), tuple(counter))


def _slow_names(look: Look, method: Method) -> Judged | None:
    """Every answer of the system's resolver was late, while the line is quick; one asked directly tells them apart."""
    good = [s.rtt_ns or 0 for s in look.of(Role.SYSTEM_RESOLVER) if s.outcome is Outcome.OK]
    if not good or min(good) < method.dns_slow_ns:
        return None
    slow = Remark.of("names_slow", tries=len(good), worst_ms=max(good) / MILLISECOND)
    reasons = [_reach(look), slow]
    direct = [s for s in look.of(Role.RESOLVER) if s.outcome is Outcome.OK]
    quick = sum((s.rtt_ns or 0) < method.dns_slow_ns for s in direct)
    counter = [Remark.of("whose_resolver")]
    if quick:
        reasons.append(Remark.of("other_resolver_answers", answered=quick))
    else:
        counter.append(Remark.of("port_53_may_be_closed"))
    sure = quick and len(good) > 1 and not look.full_tunnel
    return Kind.DNS, Verdict(Cause.DNS, 0.7 if sure else 0.5, tuple(reasons), tuple(counter))


def _slow(look: Look, heard: Heard, method: Method) -> Judged | None:
    anchors, usual = look.of(Role.ANCHOR), look.habits.usual_ns
    if not is_slow(anchors, usual, method, slow_mark_ns(look, method)):
        return None
    usual_known = any(s.target.id in usual for s in anchors)
    kind, verdict = _above_usual(look, heard, method) if usual_known else _above_mark(look, heard, method)
    own = _own_traffic(kind, verdict, look, heard, method)
    if own is not None:
        return own
    return kind, replace(verdict, confidence=min(verdict.confidence, method.household))


def _above_usual(look: Look, heard: Heard, method: Method) -> Judged:
    anchors = look.of(Role.ANCHOR)
    times = [s.rtt_ns for s in anchors if s.outcome.answered and s.rtt_ns is not None]
    seen = tally(look.anchors)
    facts = LatencyFacts(
        box_ns=over_usual_ns(look, Role.GATEWAY),
        hop_ns=over_usual_ns(look, Role.FIRST_HOP),
        anchors_ns=over_usual_ns(look, Role.ANCHOR) or 0,
        worst_ns=max(times, default=0),
        spread=spread_of(anchors),
        checks_ns=over_usual_ns(look, Role.TCP_CHECK),
        lost=seen.missed,
        tries=seen.tries,
        medium=look.link.medium,
    )
    return judge_latency(facts, method, heard)


def _above_mark(look: Look, heard: Heard, method: Method) -> Judged:
    """Without a usual time to compare with: where most of the time goes."""
    anchors = median_ns(look.of(Role.ANCHOR)) or 0
    box, hop = median_ns(look.of(Role.GATEWAY)), median_ns(look.of(Role.FIRST_HOP))
    reasons = [Remark.of("check_slow", median_ms=anchors / MILLISECOND)]
    for code, found in (("check_slow_box", box), ("check_slow_hop", hop)):
        if found is not None:
            reasons.append(Remark.of(code, median_ms=found / MILLISECOND))
    if box is not None and box * 2 >= anchors:
        busy = (Remark.of("box_may_be_busy"),)
        if look.link.by_wifi:
            return Kind.WIFI, Verdict(Cause.WIFI, 0.6, (*reasons, *wifi_remarks(heard)), busy)
        return Kind.LATENCY, Verdict(Cause.LAN, 0.6, tuple(reasons), busy)
    usual = Remark.of("usual_time_unknown")
    out = heard.household_out(method)
    if out:
        reasons.append(Remark.of("household_ruled_out"))
    counter = (usual,) if out else (Remark.of("household_not_ruled_out"), usual)
    if box is None or hop is None:
        return Kind.LATENCY, Verdict(Cause.UNKNOWN, 0.4, tuple(reasons), counter)
    cause = Cause.ACCESS if hop * 2 >= anchors else Cause.ISP_CORE
    return Kind.LATENCY, Verdict(cause, min(0.5, method.household), tuple(reasons), counter)


def _large(look: Look) -> Judged | None:
    """Small answers come, a large one hangs, and the small web page does not."""
    large = look.of(Role.LARGE)
    hung = [s for s in large if s.outcome is Outcome.LOST and s.detail == HANGS]
    if not hung or len(hung) < len(large) or any(s.outcome is not Outcome.OK for s in look.of(Role.WEB)):
        return None
    counter = (Remark.of("one_page_only"), Remark.of("where_packets_vanish_unknown"))
    return Kind.PARTIAL, Verdict(Cause.MTU, 0.6, (Remark.of("large_hung"), _reach(look)), counter)


def _web(look: Look) -> Judged | None:
    failed = [s for s in look.of(Role.WEB) if s.outcome is not Outcome.OK]
    if not failed:
        return None
    reasons = (Remark.of("web_fails", detail=detail_of(failed[0])), _reach(look))
    return Kind.PARTIAL, Verdict(Cause.REMOTE, 0.5, reasons, (Remark.of("one_page_only"),))
