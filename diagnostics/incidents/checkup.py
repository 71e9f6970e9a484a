"""The verdict on one look: the ladder of ``outage_verdict``, on a few seconds of samples."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.incidents.check_advice import advice_for, advice_when_well
from diagnostics.incidents.check_layers import layers_of
from diagnostics.incidents.look import (
    LOSS_DEGRADED,
    Checkup,
    Habits,
    Layer,
    Link,
    Look,
    detail_of,
    median_ns,
)
from diagnostics.incidents.loss_verdict import LossFacts, judge_loss
from diagnostics.incidents.method import Method
from diagnostics.incidents.outage_verdict import OutageFacts, judge_outage, wifi_remarks
from diagnostics.incidents.rows import HANGS
from diagnostics.model import MILLISECOND, SECOND, Cause, Kind, Outcome, Remark, Role, Sample, Verdict

__all__ = ["Checkup", "Habits", "Layer", "Link", "judge", "judge_look"]

SLOW_NS = 300 * MILLISECOND
SECOND_KIND = (Role.RESOLVER, Role.WEB, Role.TCP_CHECK)
"""Other kinds of probe than pings; the system's resolver may answer from a cache."""


def judge(samples: Sequence[Sample], link: Link, habits: Habits, method: Method) -> Checkup:
    """Judge what was seen without any witness but the adapter."""
    return judge_look(Look(tuple(samples), link, habits), method)


def judge_look(look: Look, method: Method) -> Checkup:
    """Judge each layer, then say which one is to blame, and what to try next: nothing that was tried already."""
    link, layers = look.link, layers_of(look, method)
    verdict = _verdict(look, method)
    tunnel = (Remark.of("seen_through_tunnel", tunnel=look.tunnel),) if look.tunnel else ()
    short = Remark.of("short_check")
    if verdict is None:
        weak = link.by_wifi and link.weak(method.wifi_weak_dbm)
        signal = (*wifi_remarks(look.heard), Remark.of("wifi_weak")) if weak else ()
        counter = (*tunnel, *signal, short)
        advice = advice_when_well(look, method)
        return Checkup(True, None, 0.9, (Remark.of("all_answer"),), counter, advice, layers)
    if tunnel and verdict.cause in (Cause.ACCESS, Cause.ISP_CORE):
        verdict = Verdict(Cause.UNKNOWN, 0.4, verdict.reasons, verdict.counter_evidence)
    counter = (*tunnel, *verdict.counter_evidence, short)
    advice = advice_for(verdict.cause, verdict.confidence, look, method)
    return Checkup(False, verdict.cause, verdict.confidence, verdict.reasons, counter, advice, layers)


def _verdict(look: Look, method: Method) -> Verdict | None:
    portal = _portal(look)
    if portal is not None:
        return portal
    anchors = look.anchors
    if anchors and not any(s.outcome.answered for s in anchors):
        return _outage(look, anchors, method)
    return (
        _ipv4_alone_out(look, method)
        or _loss(look, anchors, method)
        or _vpn(look)
        or _names(look)
        or _slow(look, method)
        or _large(look)
        or _ipv6_alone_out(look)
        or _web(look)
    )


def _portal(look: Look) -> Verdict | None:
    portal = [s for s in look.of(Role.WEB) if s.outcome is Outcome.PORTAL]
    if not portal:
        return None
    return Verdict(
        Cause.CAPTIVE_PORTAL,
        0.9,
        (Remark.of("web_check_answered_by_other", tries=len(portal), detail=portal[0].detail),),
        (Remark.of("not_the_operator"),),
    )


def _second_kind(look: Look) -> list[Sample]:
    """Checks of another kind that were really tried."""
    untried = (Outcome.UNRESOLVED, Outcome.SEND_ERROR)
    return [s for s in look.of(*SECOND_KIND) if s.outcome not in untried]


def _outage(look: Look, anchors: Sequence[Sample], method: Method) -> Verdict | None:
    link, checks, hops = look.link, _second_kind(look), look.of(Role.FIRST_HOP)
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
    kind, verdict = judge_outage(facts, method, look.heard)
    # Pings alone unanswered: the internet works for the person.
    return None if kind is Kind.PARTIAL else verdict


def _ipv4_alone_out(look: Look, method: Method) -> Verdict | None:
    four, six = look.family(six=False), look.family(six=True)
    if four.tries == 0 or four.answered or not six.answered:
        return None
    checks = [s for s in _second_kind(look) if s.target.family != 6]
    if any(s.outcome.answered for s in checks):
        return None
    reasons, counter = [Remark.of("ipv4_silent")], [Remark.of("one_machine_observes")]
    failed = sorted({str(s.target.role) for s in checks})
    if failed:
        reasons.append(Remark.of("other_probes_failed", probes=",".join(failed)))
    else:
        counter.insert(0, Remark.of("only_pings"))
    counter.insert(0, Remark.of("box_may_translate_badly"))
    return Verdict(Cause.ACCESS, method.blame, tuple(reasons), tuple(counter))


def _ipv6_alone_out(look: Look) -> Verdict | None:
    four, six = look.family(six=False), look.family(six=True)
    if six.tries == 0 or six.answered or not four.answered:
        return None
    return Verdict(Cause.IPV6, 0.6, (Remark.of("ipv6_silent"),), (Remark.of("not_counted"),))


def _loss(look: Look, anchors: Sequence[Sample], method: Method) -> Verdict | None:
    missed = sum(not s.outcome.answered for s in anchors)
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
        checks_failed=sum(not s.outcome.answered for s in _second_kind(look)),
    )
    return judge_loss(facts, method, look.heard)[1]


def _vpn(look: Look) -> Verdict | None:
    """The line answers beside the tunnel, nothing comes through it."""
    tried = look.of(Role.VPN)
    if not tried or look.tunnel or any(s.outcome.answered for s in tried):
        return None
    reasons = (Remark.of("tunnel_silent", tries=len(tried)), Remark.of("anchors_answer"))
    return Verdict(Cause.VPN, 0.7, reasons, (Remark.of("not_the_operator"),))


def _names(look: Look) -> Verdict | None:
    system, direct = look.of(Role.SYSTEM_RESOLVER), look.of(Role.RESOLVER)
    failed = [s for s in system if s.outcome is not Outcome.OK]
    if not failed:
        return None
    reasons = [Remark.of("anchors_answer")]
    lies = [s for s in failed if s.outcome is Outcome.PORTAL]
    if lies:
        reasons.append(Remark.of("names_lie", times=len(lies), detail=lies[0].detail))
    else:
        reasons.append(Remark.of("names_fail", tries=len(failed), detail=detail_of(failed[0])))
    answered = sum(s.outcome is Outcome.OK for s in direct)
    if answered:
        reasons.append(Remark.of("other_resolver_answers", answered=answered))
    elif direct:
        reasons.append(Remark.of("other_resolver_fails", failed=len(direct)))
    counter = [Remark.of("whose_resolver")]
    if not answered and not lies:
        counter.append(Remark.of("port_53_may_be_closed"))
    return Verdict(Cause.DNS, 0.8 if answered or lies else 0.6, tuple(reasons), tuple(counter))


def _slow(look: Look, method: Method) -> Verdict | None:
    """Without a usual time to compare with, only what would spoil any call counts as slow."""
    anchors = median_ns(look.of(Role.ANCHOR))
    if anchors is None or anchors < SLOW_NS:
        return None
    box, hop = median_ns(look.of(Role.GATEWAY)), median_ns(look.of(Role.FIRST_HOP))
    reasons = [Remark.of("check_slow", median_ms=anchors / MILLISECOND)]
    if box is not None and box * 2 >= anchors:
        busy = (Remark.of("box_may_be_busy"),)
        if look.link.by_wifi:
            return Verdict(Cause.WIFI, 0.6, (*reasons, *wifi_remarks(look.heard)), busy)
        return Verdict(Cause.LAN, 0.6, tuple(reasons), busy)
    counter = (Remark.of("household_not_ruled_out"),)
    if box is None or hop is None:
        return Verdict(Cause.UNKNOWN, 0.4, tuple(reasons), counter)
    cause = Cause.ACCESS if hop * 2 >= anchors else Cause.ISP_CORE
    return Verdict(cause, min(0.5, method.household), tuple(reasons), counter)


def _large(look: Look) -> Verdict | None:
    """Small answers come, a large one hangs, and the small web page does not."""
    large = look.of(Role.LARGE)
    hung = [s for s in large if s.outcome is Outcome.LOST and s.detail == HANGS]
    if not hung or len(hung) < len(large) or any(s.outcome is not Outcome.OK for s in look.of(Role.WEB)):
        return None
    counter = (Remark.of("one_page_only"), Remark.of("where_packets_vanish_unknown"))
    reasons = (Remark.of("large_hangs", times=len(hung)), Remark.of("anchors_answer"))
    return Verdict(Cause.MTU, 0.6, reasons, counter)


def _web(look: Look) -> Verdict | None:
    failed = [s for s in look.of(Role.WEB) if s.outcome is not Outcome.OK]
    if not failed:
        return None
    reasons = (Remark.of("web_fails", detail=detail_of(failed[0])), Remark.of("anchors_answer"))
    return Verdict(Cause.REMOTE, 0.5, reasons, (Remark.of("one_page_only"),))
