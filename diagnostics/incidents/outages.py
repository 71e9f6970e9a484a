"""Outages: every anchor in use misses, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from diagnostics.incidents.found import Finding, Moment
from diagnostics.incidents.outage_verdict import OutageFacts, judge_outage
from diagnostics.incidents.surroundings import Surroundings, Tally
from diagnostics.model import SECOND, Outcome, Role, Sample

STRUGGLE_NS = 900_000_000
"""A check that was answered only after this long had lost its first packet."""
EDGE_NS = SECOND
"""A check answered this close to the end was answered by the line's return."""


LATE_SHARE = 4
"""With more than one answer in four late, a full queue explains the silence better than a cut."""
SPARED_LIMIT = 1000
"""Losses remembered in a run that is no outage: only one in which most answers come late gets that long."""


@dataclass(slots=True)
class Witnessed:
    """Tries at the box or the first hop during a run. The newest answers wait: they may belong to the line's return."""

    tally: Tally = field(default_factory=Tally)
    newest_answers: list[int] = field(default_factory=list)

    def note(self, sample: Sample) -> None:
        if not sample.outcome.answered:
            self.tally.count(missed=True)
            return
        self.newest_answers.append(sample.sent_ns)
        self._settle(sample.sent_ns)

    def _settle(self, end_ns: int) -> None:
        while self.newest_answers and self.newest_answers[0] < end_ns - EDGE_NS:
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
    misses: int = 0
    late: int = 0
    by_anchor: dict[str, str] = field(default_factory=dict)
    """Anchor id to network; the network is empty for an anchor of the person's own."""
    send_errors: dict[str, int] = field(default_factory=dict)
    unreachable_by: dict[str, int] = field(default_factory=dict)
    gateway: Witnessed = field(default_factory=Witnessed)
    gateway_send_errors: int = 0
    hop: Witnessed = field(default_factory=Witnessed)
    checks_failed: set[Role] = field(default_factory=set)
    checks_answered: list[tuple[Role, int]] = field(default_factory=list)
    """Role and time of the answer."""
    portal: bool = False
    carrier_lost: bool = False
    route_lost: bool = False


class OutageDetector:
    """Feeds on samples in order of sending; hands findings over when an anchor answers again.

    ``on_spared`` gets the misses that turned out to be no outage, for the loss detector.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._run: Run | None = None
        self._spared: list[Sample] = []
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

    def anchor_missed(self, sample: Sample) -> None:
        at = Moment(sample.sent_ns, sample.mono_ns)
        run = self._run
        if run is None:
            run = self._run = Run(at, at)
            run.carrier_lost = self._around.carrier is False
            run.route_lost = not self._around.route
        run.last = at
        run.misses += 1
        run.late += sample.outcome is Outcome.LATE
        run.by_anchor[sample.target.id] = sample.target.network
        if sample.outcome is Outcome.SEND_ERROR:
            run.send_errors[sample.detail] = run.send_errors.get(sample.detail, 0) + 1
        elif sample.outcome is Outcome.UNREACHABLE:
            sayer = sample.detail.split(" ")[0]
            run.unreachable_by[sayer] = run.unreachable_by.get(sayer, 0) + 1
        if not self.qualified:
            if sample.outcome is not Outcome.LATE:
                self._spared = [*self._spared[1 - SPARED_LIMIT :], sample]
            self.qualified = self._qualifies(run)
            if self.qualified:
                self._spared.clear()

    def anchor_answered(self, sample: Sample) -> tuple[Finding | None, list[Sample]]:
        """Returns the outage that this answer ends, if there was one, else the misses that were none."""
        if self._run is None:
            return None, []
        return self._finish(Moment(sample.sent_ns, sample.mono_ns))

    def cut(self) -> tuple[Finding | None, list[Sample]]:
        """The observation ends: an outage is known to last until its last miss, and no longer."""
        return self._finish(self._run.last) if self._run else (None, [])

    def ongoing(self) -> Finding | None:
        """The outage that is going on, up to its last miss."""
        return (
            self._finding(self._run, self._run.last, ongoing=True) if self._run and self.qualified else None
        )

    def other(self, sample: Sample) -> None:
        """Note what the box, the first hop, the resolver and the web said while anchors were missing."""
        run = self._run
        if run is None:
            return
        role = sample.target.role
        if role is Role.GATEWAY:
            run.gateway.note(sample)
            run.gateway_send_errors += sample.outcome is Outcome.SEND_ERROR
        elif role is Role.FIRST_HOP:
            run.hop.note(sample)
        elif sample.outcome is Outcome.PORTAL:
            run.portal = True
        elif role is not Role.SYSTEM_RESOLVER and sample.outcome is not Outcome.UNRESOLVED:
            # The system's resolver may answer from a cache in the box: it proves nothing of the line.
            if not sample.outcome.answered or (sample.rtt_ns or 0) >= STRUGGLE_NS:
                if role in self._around.proved:
                    run.checks_failed.add(role)
            else:
                run.checks_answered = [
                    *run.checks_answered[-99:],
                    (role, sample.sent_ns + (sample.rtt_ns or 0)),
                ]

    def link_changed(self) -> None:
        if self._run is not None:
            self._run.carrier_lost |= self._around.carrier is False
            self._run.route_lost |= not self._around.route

    def _qualifies(self, run: Run) -> bool:
        method, counting = self._around.method, len(self._around.counting)
        missing = sum(not self._around.anchors[key].silent for key in run.by_anchor)
        return (
            missing >= counting
            and run.misses >= max(method.outage_min_misses, counting * method.outage_min_rounds)
            and run.last.mono_ns - run.start.mono_ns >= method.outage_min_span_ns
            and run.late * LATE_SHARE <= run.misses
        )

    def _finish(self, end: Moment) -> tuple[Finding | None, list[Sample]]:
        run, qualified, spared = self._run, self.qualified, self._spared
        self._run, self.qualified, self._spared = None, False, []
        if run is None or not qualified:
            return None, spared
        return self._finding(run, end, ongoing=False), []

    def _finding(self, run: Run, end: Moment, *, ongoing: bool) -> Finding | None:
        if run.portal:
            return None  # the portal detector tells this story
        answered = {role for role, at_ns in run.checks_answered if at_ns < end.wall_ns - EDGE_NS}
        facts = OutageFacts(
            duration_s=(end.mono_ns - run.start.mono_ns) / 1e9,
            anchors=len(run.by_anchor),
            networks=len({network or anchor for anchor, network in run.by_anchor.items()}),
            misses=run.misses,
            late=run.late,
            own_anchors=any(not network for network in run.by_anchor.values()),
            send_errors=sum(run.send_errors.values()),
            send_error=max(run.send_errors, key=lambda name: run.send_errors[name], default=""),
            unreachable_by_gateway=run.unreachable_by.get(self._around.gateway_address, 0),
            gateway=run.gateway.until(end.wall_ns),
            gateway_send_errors=run.gateway_send_errors,
            gateway_usually_answers=self._around.gateway.usually_answers,
            hop=run.hop.until(end.wall_ns),
            hop_address=self._around.hop_address,
            hop_usually_answers=self._around.hop.usually_answers,
            checks_failed=frozenset(run.checks_failed),
            checks_answered=frozenset(answered),
            carrier_lost=run.carrier_lost,
            carrier_held=self._around.carrier is True and not run.carrier_lost,
            medium=self._around.medium,
            route_lost=run.route_lost,
        )
        kind, verdict = judge_outage(facts, self._around.method)
        return Finding(kind, run.start, end, verdict, ongoing)
