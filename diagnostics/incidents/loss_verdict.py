"""Whose fault a loss was: where it begins is whose it is, unless the household filled the line."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from diagnostics.incidents.found import Judged
from diagnostics.incidents.method import Method
from diagnostics.incidents.outage_verdict import traffic_remark, troubled_wifi, wifi_remarks
from diagnostics.incidents.surroundings import Tally
from diagnostics.incidents.testimony import NOTHING_HEARD, Heard
from diagnostics.model import Cause, Kind, Remark, Verdict

FEW_TRIES = 3
TEN_TO_ONE = log(10)
"""What lies between two readings of a tally before one of them is taken for right."""
HUNDRED_TO_ONE = log(100)
"""… and before it is taken for sure enough to blame an operator."""
FEW_MISSES = 2
FEW_ERRORS = 3
"""Fewer broken packets may come from a plug that was pulled."""
MUCH_BPS = 1_000_000
"""Traffic below this, without a delay, overflows no line."""
QUEUE_LOSS = 0.05
"""A queue that overflows drops no more than this, as a rule: the senders slow down."""


@dataclass(frozen=True, slots=True)
class LossFacts:
    """What was seen during one loss. ``gateway`` and ``hop`` are tallies of the same stretch.

    ``while_slow``: most misses fell into a latency incident. ``checks_failed`` counts checks of another kind than ping
    that were lost, or had to be sent again.
    """

    tries: int
    misses: int
    gateway: Tally
    hop: Tally
    gateway_usually_answers: bool
    hop_usually_answers: bool
    medium: str = ""
    while_slow: bool = False
    checks_failed: int = 0

    @property
    def share(self) -> float:
        return self.misses / self.tries if self.tries else 0.0

    def judge(self, heard: Heard, method: Method) -> Judged | None:
        """None for a few packets lost while answers are slow for the same reason: the latency tells it."""
        kind, verdict = judge_loss(self, method, heard)
        if self.while_slow and (
            verdict.cause is Cause.OWN_TRAFFIC
            or (self.share <= QUEUE_LOSS and not heard.household_out(method) and _beyond_box(verdict.cause))
        ):
            return None
        return kind, verdict


def _beyond_box(cause: Cause) -> bool:
    return cause in (Cause.ACCESS, Cause.ISP_CORE, Cause.UNKNOWN)


def judge_loss(facts: LossFacts, method: Method, heard: Heard = NOTHING_HEARD) -> Judged:
    """At the box: the home network's. Beyond: the household's own when it filled the line, else by the first hop."""
    share, gateway, hop = facts.share, facts.gateway, facts.hop
    reasons = [Remark.of("loss_to_anchors", share=round(share, 4), tries=facts.tries, missed=facts.misses)]
    one_machine = Remark.of("one_machine_observes")
    if not facts.gateway_usually_answers or gateway.tries < FEW_TRIES:
        silent = "box_tried_little" if facts.gateway_usually_answers else "box_never_answers"
        counter = (Remark.of(silent), Remark.of("household_not_ruled_out"), one_machine)
        return Kind.LOSS, Verdict(Cause.UNKNOWN, 0.4, tuple(reasons), counter)
    reasons.append(
        Remark.of(
            "loss_to_box", share=round(gateway.share_missed, 4), tries=gateway.tries, missed=gateway.missed
        )
    )
    home = shared_loss(gateway, share, method.loss_usual)
    if gateway.missed >= FEW_MISSES and home > 0:
        return _at_home(facts, method, heard, reasons)
    if home > -TEN_TO_ONE or (facts.medium == "wifi" and troubled_wifi(heard, method)):
        doubts = (Remark.of("box_tells_little", tries=gateway.tries), one_machine)
        return Kind.LOSS, Verdict(Cause.UNKNOWN, 0.4, tuple(reasons), doubts)
    filled = heard.filled(method)
    if filled is not None:
        by_box = filled is heard.home
        reasons.append(traffic_remark(filled, by_box=by_box))
        doubt = () if by_box else (Remark.of("traffic_may_stay_at_home"),)
        verdict = Verdict(Cause.OWN_TRAFFIC, 0.75 if by_box else 0.7, tuple(reasons), (*doubt, one_machine))
        return Kind.LOSS, verdict
    return Kind.LOSS, _beyond(facts, hop, method, heard, reasons)


def _at_home(facts: LossFacts, method: Method, heard: Heard, reasons: list[Remark]) -> Judged:
    if facts.medium != "wifi":
        if heard.interface_errors >= FEW_ERRORS:
            reasons = [*reasons, Remark.of("interface_errors", errors=heard.interface_errors)]
            return Kind.LOSS, Verdict(Cause.LAN, 0.9, tuple(reasons), (Remark.of("box_may_drop_pings"),))
        return Kind.LOSS, Verdict(Cause.LAN, 0.8, tuple(reasons), (Remark.of("box_may_drop_pings"),))
    confidence = 0.9 if troubled_wifi(heard, method) else 0.8
    return Kind.WIFI, Verdict(
        Cause.WIFI, confidence, (*reasons, *wifi_remarks(heard)), (Remark.of("box_may_drop_pings"),)
    )


def _beyond(facts: LossFacts, hop: Tally, method: Method, heard: Heard, reasons: list[Remark]) -> Verdict:
    counter = [Remark.of("one_machine_observes")]
    confidence = method.household
    if heard.household_out(method):
        reasons.append(Remark.of("household_ruled_out"))
        sure = shared_loss(facts.gateway, facts.share, method.loss_usual) <= -HUNDRED_TO_ONE
        if facts.checks_failed and sure:
            reasons.append(Remark.of("checks_failed_too", times=facts.checks_failed))
            confidence = 0.8
        elif facts.checks_failed:
            counter.insert(0, Remark.of("box_tells_little", tries=facts.gateway.tries))
        else:
            counter.insert(0, Remark.of("only_pings"))
    else:
        counter.insert(0, Remark.of("household_not_ruled_out"))
        loads = [load for load in (heard.home, heard.machine) if load is not None]
        busy = any(
            load.busy >= method.traffic_share and max(load.down_bps, load.up_bps) >= MUCH_BPS
            for load in loads
        )
        if facts.while_slow or busy:
            # Lost and late at once is what a full queue does as well.
            return Verdict(Cause.UNKNOWN, 0.5, tuple(reasons), tuple(counter))
    if not facts.hop_usually_answers or not hop.tries:
        counter.insert(0, Remark.of("hop_never_answers"))
        return Verdict(Cause.ACCESS, min(0.5, confidence), tuple(reasons), tuple(counter))
    reasons.append(
        Remark.of("loss_to_hop", share=round(hop.share_missed, 4), tries=hop.tries, missed=hop.missed)
    )
    shared = shared_loss(hop, facts.share, method.loss_usual)
    if abs(shared) < TEN_TO_ONE:
        counter.insert(0, Remark.of("hop_tells_little", tries=hop.tries))
        return Verdict(Cause.ACCESS, min(0.5, confidence), tuple(reasons), tuple(counter))
    return Verdict(Cause.ACCESS if shared > 0 else Cause.ISP_CORE, confidence, tuple(reasons), tuple(counter))


def shared_loss(tally: Tally, share: float, usual: float) -> float:
    """How far a tally speaks for losing ``share`` of its tries as the anchors do, against losing the usual share.

    The logarithm of the likelihood ratio (Neyman and Pearson 1933) of independent losses, in nats; 0 says nothing.
    """
    share = min(max(share, 2 * usual), 0.99)
    return tally.missed * log(share / usual) + tally.answered * log((1 - share) / (1 - usual))
