"""Loss: a share of tries missed that is more than chance, found by a cumulative sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log

from diagnostics.incidents.found import Finding, Moment
from diagnostics.incidents.loss_verdict import LossFacts, shared_loss
from diagnostics.incidents.runs import Miss
from diagnostics.incidents.surroundings import Surroundings, Tally
from diagnostics.model import Kind

FEW = 2
LUCK = log(0.01)
"""Anchors that lost nothing by better luck than one in a hundred were not on the way that loses."""


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
    anchors: int = 0
    """How many were in use."""
    slow_misses: int = 0
    checks_failed: int = 0


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
        self._since = 0
        """Answers since the last miss, up to which the sums are counted: as one number, many make what each would."""
        self._stretch: Stretch | None = None
        self.alarmed = False

    @property
    def share(self) -> float:
        """The share lost in the incident that is going on, 0 without one."""
        return self._stretch.misses / self._stretch.tries if self.alarmed and self._stretch else 0.0

    @property
    def suspected(self) -> float:
        """The share lost since the present suspicion began, before it is an incident as well; 0 without one."""
        stretch = self._stretch
        return stretch.misses / stretch.tries if stretch and stretch.misses >= FEW else 0.0

    @property
    def open(self) -> bool:
        """True since the first miss of a suspicion, which may be no more than chance."""
        return self._stretch is not None

    def check_failed(self) -> None:
        """A check of another kind than ping was lost, or had to be sent again."""
        if self._stretch is not None:
            self._stretch.checks_failed += 1

    def missed(self, miss: Miss, *, slow: bool) -> None:
        """Note a miss; it may be told some tries later than it happened. ``slow``: answers are late at this time."""
        sample = miss.sample
        at = Moment(sample.sent_ns, sample.mono_ns)
        if self._stretch is None:
            self._stretch = Stretch(at, at, gateway_before=miss.gateway, hop_before=miss.hop)
        stretch = self._stretch
        stretch.tries += 1
        stretch.misses += 1
        stretch.slow_misses += slow
        stretch.start = min(stretch.start, at, key=lambda moment: moment.mono_ns)
        stretch.last = max(stretch.last, at, key=lambda moment: moment.mono_ns)
        stretch.tries_at_last = stretch.tries
        stretch.anchors = max(stretch.anchors, len(self._around.counting(sample.sent_ns)))
        stretch.by_anchor[sample.target.id] = stretch.by_anchor.get(sample.target.id, 0) + 1
        stretch.gateway_at_last, stretch.hop_at_last = miss.gateway, miss.hop
        self._sum = self._lowered(0) + self._up
        self._quiet = max(0.0, self._quiet_after(0) - self._up)
        self._since = 0
        if self._sum >= self._around.method.loss_alarm and not self.alarmed:
            if self._one_anchors(stretch):
                self._reset()
            else:
                self.alarmed = True

    def ends_within(self, answers: int) -> bool:
        """True when the incident that is going on ends with so many more answers or fewer."""
        return self.alarmed and self._quiet_after(answers) >= self._around.method.loss_clear

    def answered(self, count: int = 1) -> Finding | None:
        """Note ``count`` answers in a row; returns the incident that they end, if there is one.

        What is found depends on what else was known at its end: several that ``ends_within`` have to be noted singly.
        """
        stretch = self._stretch
        if stretch is None:
            return None
        stretch.tries += count
        ended, over = self.ends_within(count), not self.alarmed and self._lowered(count) <= 0
        self._since += count
        finding = self._finding(ongoing=False) if ended else None
        if ended or over:
            self._reset()
        return finding

    def _lowered(self, answers: int) -> float:
        """The sum after so many more answers; in an incident it stays."""
        return self._sum if self.alarmed else self._sum + (self._since + answers) * self._down

    def _quiet_after(self, answers: int) -> float:
        """The opposite test's sum after so many more answers; outside an incident nought."""
        return self._quiet - (self._since + answers) * self._down if self.alarmed else 0.0

    def cut(self) -> Finding | None:
        finding = self._finding(ongoing=False) if self.alarmed else None
        self._reset()
        return finding

    def ongoing(self) -> Finding | None:
        return self._finding(ongoing=True) if self.alarmed else None

    def _reset(self) -> None:
        self._sum = self._quiet = 0.0
        self._since = 0
        self._stretch, self.alarmed = None, False

    def _one_anchors(self, stretch: Stretch) -> bool:
        """True when one anchor lost nearly all of it, or when what its peers lost is no more than usual."""
        method, counting = self._around.method, stretch.anchors
        worst = max(stretch.by_anchor.values())
        if counting < 2:
            return False
        by_family = {":" in key: misses for key, misses in stretch.by_anchor.items()}
        if len(by_family) == 1 and True in by_family and self._around.has_four():
            return True  # of IPv6 alone: no loss of the line's
        # Anchors that lost nothing, and would have lost some if the line did.
        spared = counting - len(stretch.by_anchor)
        each = stretch.tries / counting
        share = min(0.99, stretch.misses / max(1.0, each * len(stretch.by_anchor)))
        if spared > 0 and spared * each * log(1 - share) < LUCK:
            return True
        peers = Tally(stretch.tries * (counting - 1) // counting, stretch.misses - worst)
        unusual = peers.missed >= FEW and shared_loss(peers, method.loss_suspect, method.loss_usual) > 0
        return worst >= method.loss_one_anchor_share * stretch.misses or not unusual

    def _finding(self, *, ongoing: bool) -> Finding | None:
        stretch = self._stretch
        assert stretch is not None
        if self._one_anchors(stretch):
            return None
        around = self._around
        facts = LossFacts(
            tries=stretch.tries_at_last,
            misses=stretch.misses,
            gateway=stretch.gateway_at_last.since(stretch.gateway_before),
            hop=stretch.hop_at_last.since(stretch.hop_before),
            gateway_usually_answers=around.gateway_habit.usually_answers,
            hop_usually_answers=around.hop_habit.usually_answers,
            medium=around.medium,
            while_slow=stretch.slow_misses * 2 > stretch.misses,
            checks_failed=stretch.checks_failed,
        )
        return Finding(Kind.LOSS, stretch.start, stretch.last, facts, ongoing)
