"""Whose fault slow answers were: where the delay begins, unless the household filled the line."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.incidents.found import Judged
from diagnostics.incidents.method import Method
from diagnostics.incidents.outage_verdict import traffic_remark, weak, wifi_remarks
from diagnostics.incidents.testimony import Heard
from diagnostics.model import MILLISECOND, Cause, Kind, Remark, Verdict

QUEUE_NS = 100 * MILLISECOND
"""A full queue that no counter of the home rules out may hold a delay like this steady."""
FEW_LOST = 2
"""A queue that is full drops as well as delays; a detour does not."""


@dataclass(frozen=True, slots=True)
class LatencyFacts:
    """What was seen while answers were slow: medians above the usual time, in nanoseconds, None where nothing answered.

    ``spread`` is the anchors' 90th percentile less the 10th, over the median. ``checks_ns`` is of TCP connections.
    """

    box_ns: int | None
    hop_ns: int | None
    anchors_ns: int
    worst_ns: int
    spread: float
    checks_ns: int | None = None
    lost: int = 0
    tries: int = 0
    medium: str = ""

    def judge(self, heard: Heard, method: Method) -> Judged:
        return judge_latency(self, method, heard)


def judge_latency(facts: LatencyFacts, method: Method, heard: Heard) -> Judged:
    """At the box: the home network's. Beyond: the household's own when it filled the line, else by the first hop."""
    anchors = facts.anchors_ns
    reasons = [
        Remark.of("slow_to_anchors", excess_ms=anchors / MILLISECOND, worst_ms=facts.worst_ns / MILLISECOND)
    ]
    if facts.lost:
        reasons.append(Remark.of("lost_meanwhile", missed=facts.lost, tries=facts.tries))
    if facts.box_ns is not None:
        reasons.append(Remark.of("slow_to_box", excess_ms=max(facts.box_ns, 0) / MILLISECOND))
    filled = heard.filled(method)
    if filled is not None:
        by_box = filled is heard.home
        reasons.append(traffic_remark(filled, by_box=by_box))
        counter = () if by_box else (Remark.of("traffic_may_stay_at_home"),)
        return Kind.LATENCY, Verdict(
            Cause.OWN_TRAFFIC,
            0.9 if by_box else 0.8,
            tuple(reasons),
            (*counter, Remark.of("one_machine_observes")),
        )
    if facts.box_ns is not None and facts.box_ns * 2 >= anchors:
        return _at_home(facts, method, heard, reasons)
    return Kind.LATENCY, _beyond(facts, method, heard, reasons)


def _at_home(facts: LatencyFacts, method: Method, heard: Heard, reasons: list[Remark]) -> Judged:
    counter = (Remark.of("box_may_be_busy"),)
    if facts.medium != "wifi":
        return Kind.LATENCY, Verdict(Cause.LAN, 0.7, tuple(reasons), counter)
    confidence = 0.8 if weak(heard, method) else 0.7
    return Kind.WIFI, Verdict(Cause.WIFI, confidence, (*reasons, *wifi_remarks(heard)), counter)


def _beyond(facts: LatencyFacts, method: Method, heard: Heard, reasons: list[Remark]) -> Verdict:
    counter = [Remark.of("one_machine_observes")]
    confidence = method.household
    if heard.household_out(method):
        reasons.append(Remark.of("household_ruled_out"))
        if facts.checks_ns is not None and facts.checks_ns * 2 >= facts.anchors_ns:
            reasons.append(Remark.of("checks_slow_too", excess_ms=facts.checks_ns / MILLISECOND))
            confidence = 0.8
        else:
            counter.insert(0, Remark.of("only_pings"))
    else:
        counter.insert(0, Remark.of("household_not_ruled_out"))
        loads = (load for load in (heard.home, heard.machine) if load is not None)
        breathes = facts.spread > method.traffic_steady or facts.lost >= FEW_LOST
        counted = heard.home is not None and heard.home.covered >= method.traffic_covered
        like_a_queue = not counted and facts.anchors_ns >= QUEUE_NS
        if breathes or like_a_queue or any(load.busy >= method.traffic_share for load in loads):
            # A queue that somebody at home fills is like this; or there was much traffic, before already.
            return Verdict(Cause.UNKNOWN, 0.5, tuple(reasons), tuple(counter))
        reasons.append(Remark.of("delay_steady", spread=round(facts.spread, 2)))
    if facts.box_ns is None:
        return Verdict(Cause.UNKNOWN, 0.4, tuple(reasons), (Remark.of("box_never_answers"), *counter))
    if facts.hop_ns is None:
        counter.insert(0, Remark.of("hop_never_answers"))
        return Verdict(Cause.ACCESS, min(0.5, confidence), tuple(reasons), tuple(counter))
    reasons.append(Remark.of("slow_to_hop", excess_ms=max(facts.hop_ns, 0) / MILLISECOND))
    cause = Cause.ACCESS if facts.hop_ns * 2 >= facts.anchors_ns else Cause.ISP_CORE
    return Verdict(cause, confidence, tuple(reasons), tuple(counter))
