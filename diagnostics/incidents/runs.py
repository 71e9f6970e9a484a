"""One run of missed tries, and what box, first hop and checks did meanwhile."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import ceil, log

from diagnostics.incidents.found import Moment
from diagnostics.incidents.outage_verdict import OutageFacts
from diagnostics.incidents.surroundings import Surroundings, Tally, at_home
from diagnostics.model import SECOND, Outcome, Role, Sample

STRUGGLE_NS = 900_000_000
"""A check that was answered only after this long had lost its first packet."""
EDGE_NS = SECOND
"""A check answered this close to the end was answered by the line's return."""
CHANCE = 1e-6
"""On a line that loses packets anyway, a row of misses says something only if chance makes it more rarely than this."""
RECENT = 64


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
    newest_answers: deque[int] = field(default_factory=deque)
    row: int = 0
    """Misses one after the other, up to now."""
    row_start: Moment | None = None
    late: Moment | None = None
    """When a late answer came, with nothing missed since."""

    def note(self, sample: Sample) -> None:
        if sample.outcome is Outcome.LATE:
            wait = sample.rtt_ns or 0
            self.late = Moment(sample.sent_ns + wait, sample.mono_ns + wait)
        elif not sample.outcome.answered and self.late and sample.mono_ns >= self.late.mono_ns:
            self.late = None
        if not sample.outcome.answered:
            if not self.row:
                self.row_start = Moment(sample.sent_ns, sample.mono_ns)
            self.tally.count(missed=True)
            self.row += 1
            return
        self.row = 0
        self.newest_answers.append(sample.sent_ns)
        while self.newest_answers[0] < sample.sent_ns - EDGE_NS:
            self.newest_answers.popleft()
            self.tally.count(missed=False)

    def until(self, end_ns: int) -> Tally:
        """The tally of what was tried well before the end."""
        tally = self.tally.copy()
        tally.count_many(sum(at_ns < end_ns - EDGE_NS for at_ns in self.newest_answers), 0)
        return tally

    def all(self) -> Tally:
        """The tally, the newest answers included."""
        tally = self.tally.copy()
        tally.count_many(len(self.newest_answers), 0)
        return tally

    def alive(self) -> bool:
        return bool(self.newest_answers) or self.tally.answered > 0

    def without_row(self) -> Witnessed:
        """As it was before the present row of misses."""
        return Witnessed(
            Tally(self.tally.tries - self.row, self.tally.missed - self.row), self.newest_answers
        )

    def only_row(self) -> Witnessed:
        """The present row of misses alone."""
        return Witnessed(Tally(self.row, self.row), row=self.row, row_start=self.row_start)


@dataclass(slots=True)
class Run:
    """Tries that were missed since an anchor last answered, and what the others did meanwhile."""

    start: Moment
    last: Moment
    trouble: Trouble
    healthy: frozenset[Role]
    gateway_usual: bool
    gateway_steady: bool
    hop_usual: bool
    never_answered: bool = False
    """Anchors were tried in a way in which none has ever answered on this line: nothing has stopped working."""
    misses: int = 0
    by_anchor: dict[str, str] = field(default_factory=dict)
    """Anchor id to network; the network is empty for an anchor of the person's own."""
    send_errors: dict[str, int] = field(default_factory=dict)
    unreachable_by: dict[str, int] = field(default_factory=dict)
    gateway: Witnessed = field(default_factory=Witnessed)
    hop: Witnessed = field(default_factory=Witnessed)
    checks_failed: set[Role] = field(default_factory=set)
    checks_answered: deque[tuple[Role, int]] = field(default_factory=lambda: deque(maxlen=100))
    """Role and time of the answer."""
    portal: bool = False
    carrier_lost: bool = False
    route_lost: bool = False
    box_silent: bool = False
    after_silence: bool = False
    """The box was silent until this run's start: it is a later phase of the same outage."""
    recent: deque[Sample] = field(default_factory=lambda: deque(maxlen=RECENT))

    @classmethod
    def begin(cls, at: Moment, trouble: Trouble, around: Surroundings) -> Run:
        """Habits and health are those of before: a long outage must not pass for one."""
        return cls(
            at,
            at,
            trouble,
            around.healthy(at.wall_ns),
            around.gateway_habit.usually_answers,
            around.gateway_habit.hardly_misses,
            around.hop_habit.usually_answers,
            carrier_lost=around.carrier is False,
            route_lost=not around.route,
        )

    def phase(self, at: Moment, around: Surroundings, *, box_silent: bool) -> Run:
        """A later phase of the same run, from ``at`` on. Habits and health stay those of before the outage."""
        later = Run(
            at,
            max(at, self.last, key=lambda moment: moment.mono_ns),
            self.trouble,
            self.healthy,
            self.gateway_usual,
            self.gateway_steady,
            self.hop_usual,
            # A box that answers has a link, whatever was last told of it.
            carrier_lost=box_silent and around.carrier is False,
            route_lost=box_silent and not around.route,
            box_silent=box_silent,
            after_silence=self.box_silent,
            never_answered=self.never_answered,
        )
        later.by_anchor = dict(self.by_anchor)
        for sample in self.recent:
            if sample.mono_ns >= at.mono_ns:
                later.miss(sample)
        return later

    def miss(self, sample: Sample) -> None:
        """Note a missed try at an anchor."""
        self.last = Moment(sample.sent_ns, sample.mono_ns)
        self.recent.append(sample)
        self.misses += 1
        self.by_anchor[sample.target.id] = sample.target.network
        if sample.outcome is Outcome.SEND_ERROR:
            self.send_errors[sample.detail] = self.send_errors.get(sample.detail, 0) + 1
        elif sample.outcome is Outcome.UNREACHABLE:
            sayer = sample.detail.split(" ")[0]
            self.unreachable_by[sayer] = self.unreachable_by.get(sayer, 0) + 1

    def check(self, sample: Sample) -> None:
        """Note what a check (resolver asked directly, web, TCP) did."""
        role, rtt_ns = sample.target.role, sample.rtt_ns or 0
        if role is Role.RESOLVER and at_home(sample.target.address):
            return  # it may answer from memory, like the system's own
        if sample.outcome is Outcome.PORTAL:
            self.portal = True
        elif sample.outcome in (Outcome.UNRESOLVED, Outcome.SEND_ERROR):
            return  # never sent: says nothing of the line
        elif sample.outcome.answered and rtt_ns < STRUGGLE_NS:
            self.checks_answered.append((role, sample.sent_ns + rtt_ns))
        elif role in self.healthy:
            self.checks_failed.add(role)

    def facts(
        self, end: Moment, around: Surroundings, *, box_came_back: bool, box_fell_silent: bool
    ) -> OutageFacts:
        """What the ladder wants to know. Another phase follows when ``box_came_back`` or ``box_fell_silent``."""
        answered = {role for role, at_ns in self.checks_answered if at_ns < end.wall_ns - EDGE_NS}
        return OutageFacts(
            duration_s=(end.mono_ns - self.start.mono_ns) / SECOND,
            anchors=len(self.by_anchor),
            networks=len({network or anchor for anchor, network in self.by_anchor.items()}),
            misses=self.misses,
            own_anchors=any(not network for network in self.by_anchor.values()),
            send_errors=sum(self.send_errors.values()),
            send_error=max(self.send_errors, key=lambda name: self.send_errors[name], default=""),
            unreachable_by_gateway=self.unreachable_by.get(around.gateway_address, 0),
            # Of a box that missed nothing, an answer near the end is none of the line's return.
            gateway=self.gateway.all()
            if box_came_back or not self.gateway.tally.missed
            else self.gateway.until(end.wall_ns),
            gateway_usually_answers=self.gateway_usual,
            hop=self.hop.until(end.wall_ns),
            hop_address=around.hop_address,
            hop_usually_answers=self.hop_usual,
            checks_failed=frozenset(self.checks_failed),
            checks_answered=frozenset(answered),
            carrier_lost=self.carrier_lost,
            carrier_held=around.carrier is True and not self.carrier_lost,
            route_lost=self.route_lost,
            medium=around.medium,
            trouble_before=bool(self.trouble.loss) or self.trouble.slow,
            portal=self.portal,
            never_answered=self.never_answered,
            box_came_back=box_came_back,
            box_fell_silent=box_fell_silent,
            after_box_silence=self.after_silence,
        )


def beyond_chance(loss: float) -> int:
    """How many misses in a row are more than a share lost explains; 0 where nothing is lost."""
    return ceil(log(CHANCE) / log(min(loss, 0.95))) if loss > 0 else 0
