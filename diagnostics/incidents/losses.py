"""Loss: a share of tries missed that is more than chance, found by a cumulative sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log

from diagnostics.incidents.found import Finding, Moment
from diagnostics.incidents.method import Method
from diagnostics.incidents.outages import Miss
from diagnostics.incidents.surroundings import Surroundings, Tally
from diagnostics.model import Cause, Kind, Remark, Verdict

FEW_TRIES = 3


@dataclass(slots=True)
class Stretch:
    """A suspicion since its first miss: what was tried and missed, up to its last miss."""

    start: Moment
    last: Moment
    tries: int = 0
    misses: int = 0
    tries_at_last: int = 0
    by_anchor: dict[str, int] = field(default_factory=dict)
    gateway_before: Tally = field(default_factory=Tally)
    hop_before: Tally = field(default_factory=Tally)
    gateway_at_last: Tally = field(default_factory=Tally)
    hop_at_last: Tally = field(default_factory=Tally)


class LossDetector:
    """Page's cumulative sum of log-likelihood ratios, "suspect" against "usual" loss.

    It rises by ``ln(suspect/usual)`` at each miss, falls a little at each answer and never below zero. Past ``alarm``
    there is an incident since the sum last left zero; when the sum of the opposite test passes ``clear``, it ended at
    the last miss. How long it takes to an alarm, true or false, is tabled in ``docs/method.md``.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        method = around.method
        self._up = log(method.loss_suspect / method.loss_usual)
        self._down = log((1 - method.loss_suspect) / (1 - method.loss_usual))
        self._sum = 0.0
        self._quiet = 0.0
        self._stretch: Stretch | None = None
        self.alarmed = False

    @property
    def share(self) -> float:
        """The share lost in the incident that is going on, 0 without one."""
        return self._stretch.misses / self._stretch.tries if self.alarmed and self._stretch else 0.0

    def missed(self, miss: Miss) -> None:
        """Note a miss; it may be told some tries later than it happened."""
        sample = miss.sample
        at = Moment(sample.sent_ns, sample.mono_ns)
        if self._stretch is None:
            self._stretch = Stretch(at, at, gateway_before=miss.gateway, hop_before=miss.hop)
        stretch = self._stretch
        stretch.tries += 1
        stretch.misses += 1
        stretch.start = min(stretch.start, at, key=lambda moment: moment.mono_ns)
        stretch.last = max(stretch.last, at, key=lambda moment: moment.mono_ns)
        stretch.tries_at_last = stretch.tries
        stretch.by_anchor[sample.target.id] = stretch.by_anchor.get(sample.target.id, 0) + 1
        stretch.gateway_at_last, stretch.hop_at_last = miss.gateway, miss.hop
        self._sum += self._up
        self._quiet = max(0.0, self._quiet - self._up)
        if self._sum >= self._around.method.loss_alarm and not self.alarmed:
            if _one_anchor(stretch, self._around.method, len(self._around.counting(sample.sent_ns))):
                self._reset()
            else:
                self.alarmed = True

    def answered(self, count: int = 1) -> Finding | None:
        """Note ``count`` answers in a row; returns the incident that they end, if there is one."""
        stretch = self._stretch
        if stretch is None:
            return None
        stretch.tries += count
        if self.alarmed:
            self._quiet -= count * self._down
            if self._quiet < self._around.method.loss_clear:
                return None
            finding = self._finding(ongoing=False)
            self._reset()
            return finding
        self._sum += count * self._down
        if self._sum <= 0:
            self._reset()
        return None

    def cut(self) -> Finding | None:
        finding = self._finding(ongoing=False) if self.alarmed else None
        self._reset()
        return finding

    def ongoing(self) -> Finding | None:
        return self._finding(ongoing=True) if self.alarmed else None

    def _reset(self) -> None:
        self._sum = self._quiet = 0.0
        self._stretch, self.alarmed = None, False

    def _finding(self, *, ongoing: bool) -> Finding:
        stretch = self._stretch
        assert stretch is not None
        verdict = judge_loss(
            stretch.tries_at_last,
            stretch.misses,
            stretch.gateway_at_last.since(stretch.gateway_before),
            stretch.hop_at_last.since(stretch.hop_before),
            self._around,
        )
        return Finding(Kind.LOSS, stretch.start, stretch.last, verdict, ongoing)


def _one_anchor(stretch: Stretch, method: Method, counting: int) -> bool:
    worst = max(stretch.by_anchor.values())
    return counting > 1 and worst >= method.loss_one_anchor_share * stretch.misses


def judge_loss(tries: int, misses: int, gateway: Tally, hop: Tally, around: Surroundings) -> Verdict:
    """Where the loss begins is whose it is; the household's own traffic is never ruled out here."""
    method = around.method
    share = misses / tries
    reasons = [Remark.of("loss_to_anchors", share=round(share, 4), tries=tries, missed=misses)]
    counter = [Remark.of("household_not_ruled_out"), Remark.of("one_machine_observes")]
    if not around.gateway_habit.usually_answers or gateway.tries < FEW_TRIES:
        silent = "box_tried_little" if around.gateway_habit.usually_answers else "box_never_answers"
        return Verdict(Cause.UNKNOWN, 0.4, tuple(reasons), (Remark.of(silent), *counter))
    gateway_remark = Remark.of(
        "loss_to_box", share=round(gateway.share_missed, 4), tries=gateway.tries, missed=gateway.missed
    )
    if gateway.missed >= 2 and gateway.share_missed >= share / 2:
        return Verdict(Cause.LAN, 0.8, (*reasons, gateway_remark), (Remark.of("box_may_drop_pings"),))
    reasons.append(gateway_remark)
    if not around.hop_habit.usually_answers or not hop.tries:
        counter.insert(0, Remark.of("hop_never_answers"))
        return Verdict(Cause.ACCESS, min(0.5, method.household), tuple(reasons), tuple(counter))
    reasons.append(
        Remark.of("loss_to_hop", share=round(hop.share_missed, 4), tries=hop.tries, missed=hop.missed)
    )
    cause = Cause.ACCESS if hop.missed and hop.share_missed >= share / 2 else Cause.ISP_CORE
    return Verdict(cause, method.household, tuple(reasons), tuple(counter))
