"""Some of the internet is silent in one look: one kind of address, one network, one far end."""

from __future__ import annotations

from diagnostics.incidents.anchors import NO_ROUTE
from diagnostics.incidents.found import Judged
from diagnostics.incidents.look import Look, family_of
from diagnostics.incidents.method import Method
from diagnostics.model import Cause, Kind, Outcome, Remark, Role, Sample, Verdict

SECOND_KIND = (Role.RESOLVER, Role.WEB, Role.TCP_CHECK)
"""Other kinds of probe than pings; the system's resolver may answer from a cache."""

Anchors = dict[str, list[Sample]]
"""Pings by address."""


def second_kind(look: Look) -> list[Sample]:
    """Checks of another kind that were really tried."""
    untried = (Outcome.UNRESOLVED, Outcome.SEND_ERROR)
    return [s for s in look.of(*SECOND_KIND) if s.outcome not in untried]


def silent_anchors(look: Look) -> Anchors:
    """The anchors that answered nothing while others did; neither pings nor a connection."""
    took = {s.target.address for s in look.of(Role.TCP_CHECK) if s.outcome.answered}
    found = {
        address: tries
        for address, tries in _by_address(look.of(Role.ANCHOR)).items()
        if address not in took and not any(s.outcome.answered for s in tries)
    }
    return found if len(found) < len(_by_address(look.of(Role.ANCHOR))) else {}


def _by_address(samples: list[Sample]) -> Anchors:
    found: Anchors = {}
    for sample in samples:
        found.setdefault(sample.target.address, []).append(sample)
    return found


def _family_silent(look: Look, family: int) -> bool:
    """No ping and no check over this kind of address was answered, and some were over the other."""
    anchors = look.of(Role.ANCHOR)
    own = [s for s in anchors if family_of(s) == family]
    others = [s for s in anchors if family_of(s) != family]
    if len(_by_address(own)) < 2 or any(s.outcome.answered for s in own):
        return False
    if any(s.outcome.answered for s in second_kind(look) if family_of(s) == family):
        return False
    return any(s.outcome.answered for s in others)


def ipv4_out(look: Look, method: Method) -> Judged | None:
    """IPv4 alone is dead: no far end is to blame, and few things at home can do that."""
    if not _family_silent(look, 4):
        return None
    tries = [s for s in look.of(Role.ANCHOR) if family_of(s) == 4]
    errors = [s for s in tries if s.outcome is Outcome.SEND_ERROR]
    reasons, counter = [Remark.of("ipv4_silent")], [Remark.of("one_machine_observes")]
    if len(errors) * 2 > len(tries):
        cause = Cause.WIFI if look.link.by_wifi else Cause.LAN
        reasons.append(Remark.of("no_way_out", error=errors[0].detail, tries=len(errors)))
        return Kind.PARTIAL, Verdict(cause, min(0.5, method.blame), tuple(reasons), tuple(counter))
    failed = sorted({str(s.target.role) for s in second_kind(look) if family_of(s) == 4})
    if failed:
        reasons.append(Remark.of("other_probes_failed", probes=",".join(failed)))
    else:
        counter.insert(0, Remark.of("only_pings"))
    counter.insert(0, Remark.of("box_may_translate_badly"))
    return Kind.PARTIAL, Verdict(Cause.ACCESS, method.blame, tuple(reasons), tuple(counter))


def ipv6_out(look: Look) -> Judged | None:
    """IPv6 alone is dead: not counted, since everything goes over IPv4 then."""
    if not _family_silent(look, 6):
        return None
    verdict = Verdict(Cause.IPV6, 0.6, (Remark.of("ipv6_silent"),), (Remark.of("not_counted"),))
    return Kind.PARTIAL, verdict


def anchors_out(look: Look, method: Method) -> Judged | None:
    """One far end, or several of them, silent while the others answer: as ``anchors.py`` tells it of a recording."""
    silent = silent_anchors(look)
    # A kind of address over which connections or names do come only drops pings.
    works = {family_of(s) for s in second_kind(look) if s.outcome.answered}
    for family in (4, 6):
        own = {a for a, tries in _by_address(look.of(Role.ANCHOR)).items() if family_of(tries[0]) == family}
        if family in works and own <= silent.keys():
            silent = {address: tries for address, tries in silent.items() if address not in own}
    if not silent:
        return None
    others = Remark.of("other_anchors_answer")
    refusals = [s for tries in silent.values() for s in tries if _no_way(s, look.link.gateway)]
    if refusals:
        first = refusals[0]
        reason = Remark.of(
            "network_refused",
            address=first.target.address,
            by=first.detail.partition(" ")[0],
            times=sum(s.target.address == first.target.address for s in refusals),
        )
        counter = (Remark.of("router_may_be_far"), Remark.of("networks_out", networks=len(silent)))
        return Kind.PARTIAL, Verdict(Cause.ISP_CORE, 0.6, (reason, others), counter)
    if len(silent) == 1:
        reason = Remark.of("one_anchor_silent", address=next(iter(silent)))
        return Kind.PARTIAL, Verdict(Cause.REMOTE, 0.6, (reason, others), (Remark.of("not_counted"),))
    tried = any(s.target.address in silent for s in look.of(Role.TCP_CHECK))
    reasons = [Remark.of("several_anchors_silent", anchors=len(silent)), others]
    if tried:
        reasons.append(Remark.of("other_probes_failed", probes=str(Role.TCP_CHECK)))
    far = Remark.of("far_networks_may_share_a_fault")
    doubts = (far,) if tried else (far, Remark.of("only_pings"))
    return Kind.PARTIAL, Verdict(Cause.ISP_CORE, min(0.5, method.blame), tuple(reasons), doubts)


def _no_way(sample: Sample, gateway: str) -> bool:
    """Somebody else than the box or the anchor itself says that there is no way to its network."""
    if sample.outcome is not Outcome.UNREACHABLE:
        return False
    sayer, _, what = sample.detail.partition(" ")
    return what in NO_ROUTE and sayer not in (gateway, sample.target.address)
