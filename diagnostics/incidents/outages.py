"""Outages: nothing comes back from any anchor in use, try after try."""

from __future__ import annotations

from diagnostics.incidents.found import Finding, Moment
from diagnostics.incidents.runs import Miss, Run, Trouble, beyond_chance
from diagnostics.incidents.surroundings import Surroundings
from diagnostics.model import Kind, Outcome, Role, Sample

SILENT_ROW = 3
"""A box that usually answers and missed so many tries in a row has fallen silent."""


class OutageDetector:
    """Feeds on samples in order of sending; puts what it finds into ``found``.

    Misses that turn out to be no outage are handed back, for the loss detector. When the box falls silent during an
    outage, or comes back before the internet does, that is another phase, and a finding of its own.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._run: Run | None = None
        self._silent_phase: Run | None = None
        """The phase before the present one, in which the box was silent; the box may still prove to have come back."""
        self._spared: list[Miss] = []
        self.found: list[Finding] = []
        self.qualified = False
        """True while an outage is going on."""

    @property
    def running(self) -> bool:
        """True while anchors are missing, an outage or not yet."""
        return self._run is not None

    @property
    def start_ns(self) -> int | None:
        """Start of the present phase of the outage that is going on."""
        return self._run.start.wall_ns if self._run and self.qualified else None

    def anchor_missed(self, sample: Sample, trouble: Trouble) -> None:
        if self._run is None:
            self._run = Run.begin(Moment(sample.sent_ns, sample.mono_ns), trouble, self._around)
        self._run.miss(sample)
        self._run.never_answered |= self._around.never_answered(sample.target.protocol)
        if not self.qualified:
            if not sample.extra:
                self._spared.append(Miss(sample, self._around.gateway.copy(), self._around.hop.copy()))
            self.qualified = self._qualifies(self._run)
            if self.qualified:
                self._spared.clear()

    def anchor_answered(self, sample: Sample) -> list[Miss]:
        """An answer ends the outage, if there is one; returns the misses before it that were none.

        A late answer ends it when it came: it had been kept on the way until then.
        """
        if self._run is None:
            return []
        wait = (sample.rtt_ns or 0) if sample.outcome is Outcome.LATE and self.qualified else 0
        return self._finish(Moment(sample.sent_ns + wait, sample.mono_ns + wait))

    def cut(self) -> list[Miss]:
        """The observation ends: an outage is known to last until its last miss, and no longer."""
        return self._finish(self._run.last) if self._run else []

    def ongoing(self) -> list[Finding]:
        """The outage that is going on, up to its last miss."""
        if self._run is None or not self.qualified:
            return []
        whole = self._silent_phase or self._run
        end = self._run.last
        facts = whole.facts(end, self._around, box_came_back=False, box_fell_silent=False)
        return [Finding(Kind.OUTAGE, whole.start, end, facts, ongoing=True)]

    def other(self, sample: Sample) -> None:
        """Note what the box, the first hop and the checks said while anchors were missing."""
        run = self._run
        if run is None:
            return
        role = sample.target.role
        if role is Role.GATEWAY:
            run.gateway.note(sample)
            if sample.outcome is not Outcome.LATE:
                # A late answer was held back on the way; the next in time shows that the box is there.
                self._follow_box(run, Moment(sample.sent_ns, sample.mono_ns), sample.outcome.answered)
        elif role is Role.FIRST_HOP:
            run.hop.note(sample)
        elif role in (Role.RESOLVER, Role.WEB) or (role is Role.TCP_CHECK and sample.target.family != 6):
            # The system's resolver may answer from a cache in the box: it proves nothing of the line.
            run.check(sample)

    def link_changed(self) -> None:
        for run in (self._run, self._silent_phase):
            if run is not None and (run.box_silent or run is self._run):
                run.carrier_lost |= self._around.carrier is False
                run.route_lost |= not self._around.route

    # --- phases: the box answers, or does not ------------------------------------------------------------------------

    def _follow_box(self, run: Run, at: Moment, answered: bool) -> None:
        """Tell the phases apart. Only a box that hardly ever misses a ping says something by a few misses."""
        if not run.gateway_steady:
            return
        lasting = self._around.method.phase_min_ns
        if answered and self._silent_phase is not None:
            if self.qualified and at.mono_ns - run.start.mono_ns >= lasting:
                # The box is back for good, the internet is not.
                self._emit(self._silent_phase, run.start, box_came_back=True)
                self._silent_phase = None
        elif answered and run.box_silent:
            at = min(at, run.gateway.late or at, key=lambda moment: moment.mono_ns)
            self._silent_phase = run
            self._run = run.phase(at, self._around, box_silent=False)
            self._run.gateway.newest_answers.append(at.wall_ns)
        elif not answered and run.gateway.row >= SILENT_ROW and not run.box_silent:
            start = run.gateway.row_start
            if start is not None and at.mono_ns - start.mono_ns >= lasting:
                self._fell_silent(run, start)

    def _fell_silent(self, run: Run, start: Moment) -> None:
        if self._silent_phase is not None:
            # It answered once or twice only: the same silence goes on.
            self._run, self._silent_phase = self._rejoin(self._silent_phase, run), None
            return
        lasted = start.mono_ns - run.start.mono_ns
        if self.qualified and run.gateway.alive() and lasted >= self._around.method.phase_min_ns:
            later = run.phase(start, self._around, box_silent=True)
            later.gateway, run.gateway = run.gateway.only_row(), run.gateway.without_row()
            self._emit(run, start, box_fell_silent=True)
            self._run = later
        else:
            run.box_silent = True

    @staticmethod
    def _rejoin(before: Run, after: Run) -> Run:
        """Two pieces of one phase."""
        before.last = after.last
        before.misses += after.misses
        before.gateway.tally.count_many(after.gateway.tally.tries, after.gateway.tally.missed)
        before.gateway.row = after.gateway.row
        before.hop.tally.count_many(after.hop.all().tries, after.hop.all().missed)
        before.checks_failed |= after.checks_failed
        before.checks_answered.extend(after.checks_answered)
        before.carrier_lost |= after.carrier_lost
        before.route_lost |= after.route_lost
        return before

    # --- beginning and end ------------------------------------------------------------------------------------------

    def _qualifies(self, run: Run) -> bool:
        around, method = self._around, self._around.method
        counting = len(around.counting(run.last.wall_ns))
        missing = sum(key in around.anchors and not around.anchors[key].silent for key in run.by_anchor)
        return (
            missing >= counting
            and run.misses >= max(method.outage_min_misses, counting * method.outage_min_rounds)
            and run.misses >= beyond_chance(run.trouble.loss)
            and run.last.mono_ns - run.start.mono_ns >= method.outage_min_span_ns
        )

    def _finish(self, end: Moment) -> list[Miss]:
        run, qualified, spared = self._run, self.qualified, self._spared
        before = self._silent_phase
        self._run, self._silent_phase, self.qualified, self._spared = None, None, False, []
        if run is None or not qualified:
            return spared
        # A box that came back together with the internet had no phase of its own.
        self._emit(before or run, end)
        return []

    def _emit(
        self, run: Run, end: Moment, *, box_came_back: bool = False, box_fell_silent: bool = False
    ) -> None:
        if end.mono_ns > run.start.mono_ns:
            facts = run.facts(end, self._around, box_came_back=box_came_back, box_fell_silent=box_fell_silent)
            self.found.append(Finding(Kind.OUTAGE, run.start, end, facts))
