"""Outages: nothing comes back from any anchor in use, try after try."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, log

from diagnostics.incidents.found import Finding, Moment
from diagnostics.incidents.outage_verdict import OutageFacts, judge_outage
from diagnostics.incidents.surroundings import Surroundings, Tally
from diagnostics.model import SECOND, Outcome, Role, Sample

STRUGGLE_NS = 900_000_000
"""A check that was answered only after this long had lost its first packet."""
EDGE_NS = SECOND
"""A check answered this close to the end was answered by the line's return."""
CHANCE = 1e-6
"""On a line that loses packets anyway, a row of misses is an outage only if chance makes it more rarely than this."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A missed try at an anchor, with what had been counted of box and first hop by then."""

    sample: Sample
    gateway: Tally
    hop: Tally


@dataclass(frozen=True, slots=True)
class Trouble:
    """What was already wrong when a run began. ``loss`` is the share lost in a loss incident, else 0."""

    loss: float = 0.0
    slow: bool = False


@dataclass(slots=True)
class Witnessed:
    """Tries at the box or the first hop during a run. The newest answers wait: they may belong to the line's return."""

    tally: Tally = field(default_factory=Tally)
    newest_answers: list[int] = field(default_factory=list)
    row: int = 0
    longest_row: int = 0
    """Misses one after the other."""

    def note(self, sample: Sample) -> None:
        if not sample.outcome.answered:
            self.tally.count(missed=True)
            self.row += 1
            self.longest_row = max(self.longest_row, self.row)
            return
        self.row = 0
        self.newest_answers.append(sample.sent_ns)
        while self.newest_answers and self.newest_answers[0] < sample.sent_ns - EDGE_NS:
            self.newest_answers.pop(0)
            self.tally.count(missed=False)

    def until(self, end_ns: int) -> Tally:
        """The tally of what was tried well before the end."""
        tally = self.tally.copy()
        tally.count_many(sum(at_ns < end_ns - EDGE_NS for at_ns in self.newest_answers), 0)
        return tally


@dataclass(slots=True)
class Run:
    """Tries that were missed since an anchor last answered, and what the others did meanwhile."""

    start: Moment
    last: Moment
    trouble: Trouble
    healthy: frozenset[Role]
    gateway_usual: bool
    hop_usual: bool
    misses: int = 0
    by_anchor: dict[str, str] = field(default_factory=dict)
    """Anchor id to network; the network is empty for an anchor of the person's own."""
    send_errors: dict[str, int] = field(default_factory=dict)
    unreachable_by: dict[str, int] = field(default_factory=dict)
    gateway: Witnessed = field(default_factory=Witnessed)
    hop: Witnessed = field(default_factory=Witnessed)
    checks_failed: set[Role] = field(default_factory=set)
    checks_answered: list[tuple[Role, int]] = field(default_factory=list)
    """Role and time of the answer."""
    portal: bool = False
    carrier_lost: bool = False
    route_lost: bool = False


class OutageDetector:
    """Feeds on samples in order of sending; hands findings over when an anchor answers again, in time or late.

    Misses that turn out to be no outage are handed back, for the loss detector.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._run: Run | None = None
        self._spared: list[Miss] = []
        self.qualified = False
        """True while an outage is going on."""

    @property
    def running(self) -> bool:
        """True while anchors are missing, an outage or not yet."""
        return self._run is not None

    @property
    def start_ns(self) -> int | None:
        """Start of the outage that is going on."""
        return self._run.start.wall_ns if self._run and self.qualified else None

    def anchor_missed(self, sample: Sample, trouble: Trouble) -> None:
        at = Moment(sample.sent_ns, sample.mono_ns)
        run = self._run
        if run is None:
            run = self._run = self._begin(at, trouble)
        run.last = at
        run.misses += 1
        run.by_anchor[sample.target.id] = sample.target.network
        if sample.outcome is Outcome.SEND_ERROR:
            run.send_errors[sample.detail] = run.send_errors.get(sample.detail, 0) + 1
        elif sample.outcome is Outcome.UNREACHABLE:
            sayer = sample.detail.split(" ")[0]
            run.unreachable_by[sayer] = run.unreachable_by.get(sayer, 0) + 1
        if not self.qualified:
            self._spared.append(Miss(sample, self._around.gateway.copy(), self._around.hop.copy()))
            self.qualified = self._qualifies(run)
            if self.qualified:
                self._spared.clear()

    def _begin(self, at: Moment, trouble: Trouble) -> Run:
        """Habits and health are those of before: a long outage must not pass for one."""
        around = self._around
        return Run(
            at,
            at,
            trouble,
            around.healthy(at.wall_ns),
            around.gateway_habit.usually_answers,
            around.hop_habit.usually_answers,
            carrier_lost=around.carrier is False,
            route_lost=not around.route,
        )

    def anchor_answered(self, sample: Sample) -> tuple[Finding | None, list[Miss]]:
        """Returns the outage that this answer ends, if there was one, else the misses that were none.

        A late answer ends it when it came: it had been kept on the way until then.
        """
        if self._run is None:
            return None, []
        wait = (sample.rtt_ns or 0) if sample.outcome is Outcome.LATE and self.qualified else 0
        return self._finish(Moment(sample.sent_ns + wait, sample.mono_ns + wait))

    def cut(self) -> tuple[Finding | None, list[Miss]]:
        """The observation ends: an outage is known to last until its last miss, and no longer."""
        return self._finish(self._run.last) if self._run else (None, [])

    def ongoing(self) -> Finding | None:
        """The outage that is going on, up to its last miss."""
        if self._run is None or not self.qualified:
            return None
        return self._finding(self._run, self._run.last, ongoing=True)

    def other(self, sample: Sample) -> None:
        """Note what the box, the first hop, the resolver and the web said while anchors were missing."""
        run = self._run
        if run is None:
            return
        role = sample.target.role
        if role is Role.GATEWAY:
            run.gateway.note(sample)
        elif role is Role.FIRST_HOP:
            run.hop.note(sample)
        elif role in (Role.RESOLVER, Role.WEB):
            # The system's resolver may answer from a cache in the box: it proves nothing of the line.
            self._note_check(run, sample)

    def _note_check(self, run: Run, sample: Sample) -> None:
        role, rtt_ns = sample.target.role, sample.rtt_ns or 0
        if sample.outcome is Outcome.PORTAL:
            run.portal = True
        elif sample.outcome in (Outcome.UNRESOLVED, Outcome.SEND_ERROR):
            return  # never sent: says nothing of the line
        elif sample.outcome.answered and rtt_ns < STRUGGLE_NS:
            run.checks_answered = [*run.checks_answered[-99:], (role, sample.sent_ns + rtt_ns)]
        elif role in run.healthy:
            run.checks_failed.add(role)

    def link_changed(self) -> None:
        if self._run is not None:
            self._run.carrier_lost |= self._around.carrier is False
            self._run.route_lost |= not self._around.route

    def _qualifies(self, run: Run) -> bool:
        around, method = self._around, self._around.method
        counting = len(around.counting(run.last.wall_ns))
        missing = sum(key in around.anchors and not around.anchors[key].silent for key in run.by_anchor)
        return (
            missing >= counting
            and run.misses >= max(method.outage_min_misses, counting * method.outage_min_rounds)
            and run.misses >= _beyond_chance(run.trouble.loss)
            and run.last.mono_ns - run.start.mono_ns >= method.outage_min_span_ns
        )

    def _finish(self, end: Moment) -> tuple[Finding | None, list[Miss]]:
        run, qualified, spared = self._run, self.qualified, self._spared
        self._run, self.qualified, self._spared = None, False, []
        if run is None or not qualified:
            return None, spared
        return self._finding(run, end, ongoing=False), []

    def _finding(self, run: Run, end: Moment, *, ongoing: bool) -> Finding | None:
        if run.portal and not run.checks_failed:
            return None  # the portal detector tells this story
        answered = {role for role, at_ns in run.checks_answered if at_ns < end.wall_ns - EDGE_NS}
        facts = OutageFacts(
            duration_s=(end.mono_ns - run.start.mono_ns) / SECOND,
            anchors=len(run.by_anchor),
            networks=len({network or anchor for anchor, network in run.by_anchor.items()}),
            misses=run.misses,
            own_anchors=any(not network for network in run.by_anchor.values()),
            send_errors=sum(run.send_errors.values()),
            send_error=max(run.send_errors, key=lambda name: run.send_errors[name], default=""),
            unreachable_by_gateway=run.unreachable_by.get(self._around.gateway_address, 0),
            gateway=run.gateway.until(end.wall_ns),
            gateway_longest_row=run.gateway.longest_row,
            gateway_usually_answers=run.gateway_usual,
            hop=run.hop.until(end.wall_ns),
            hop_address=self._around.hop_address,
            hop_usually_answers=run.hop_usual,
            checks_failed=frozenset(run.checks_failed),
            checks_answered=frozenset(answered),
            carrier_lost=run.carrier_lost,
            carrier_held=self._around.carrier is True and not run.carrier_lost,
            route_lost=run.route_lost,
            medium=self._around.medium,
            trouble_before=bool(run.trouble.loss) or run.trouble.slow,
        )
        kind, verdict = judge_outage(facts, self._around.method)
        return Finding(kind, run.start, end, verdict, ongoing)


def _beyond_chance(loss: float) -> int:
    """How many misses in a row are more than the present loss explains; 0 on a line without loss."""
    return ceil(log(CHANCE) / log(min(loss, 0.95))) if loss > 0 else 0
