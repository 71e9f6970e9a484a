"""What is known of a line: which anchors count, whether box and first hop usually answer, how long that takes."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median

from diagnostics.incidents.columns import Part
from diagnostics.incidents.method import Method
from diagnostics.model import MINUTE, SECOND, Outcome, Protocol, Role, Sample


@dataclass(slots=True)
class Tally:
    """Tries and misses since the line was first seen, or over a stretch (a difference of two tallies)."""

    tries: int = 0
    missed: int = 0

    def count(self, missed: bool) -> None:
        self.tries += 1
        self.missed += missed

    def count_many(self, tries: int, missed: int) -> None:
        self.tries += tries
        self.missed += missed

    def since(self, before: Tally) -> Tally:
        """What came after ``before``; all of it, when the count began anew in between (another first hop)."""
        if self.tries < before.tries:
            return self.copy()
        return Tally(self.tries - before.tries, self.missed - before.missed)

    def copy(self) -> Tally:
        return Tally(self.tries, self.missed)

    @property
    def answered(self) -> int:
        return self.tries - self.missed

    @property
    def share_missed(self) -> float:
        return self.missed / self.tries if self.tries else 0.0


HABIT_MINUTES = 10
STILL_TRIED_NS = 3 * SECOND


class Habit:
    """Whether a target usually answers, of late: what it did in the last ten minutes in which it was tried."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, Tally]] = deque(maxlen=HABIT_MINUTES)

    def note(self, sent_ns: int, tries: int, missed: int) -> None:
        minute = sent_ns // MINUTE
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append((minute, Tally()))
        self._minutes[-1][1].count_many(tries, missed)

    @property
    def usually_answers(self) -> bool:
        """Five answers at least, and one in ten: a box that answers only now and then can still prove it lives."""
        tries = sum(tally.tries for _, tally in self._minutes)
        answered = sum(tally.answered for _, tally in self._minutes)
        return answered >= 5 and answered * 10 >= tries

    @property
    def hardly_misses(self) -> bool:
        """At most one try in thirty: then a few misses in a row say that it has fallen silent."""
        tries = sum(tally.tries for _, tally in self._minutes)
        missed = sum(tally.missed for _, tally in self._minutes)
        return tries >= 15 and missed * 30 <= tries


FIRST_ANSWERS = 10
_HOME_ADDRESSES = ("10.", "127.", "169.254.", "192.168.", *(f"172.{n}." for n in range(16, 32)))


def at_home(address: str) -> bool:
    """True for an address that is not on the internet (RFC 1918, RFC 6890): it is not beyond the line."""
    return address.startswith(_HOME_ADDRESSES)


class UsualTime:
    """A target's usual round trip: the median of the medians of its last quiet minutes.

    A few minutes of high latency do not move it, so the usual time never learns an incident.
    Its first value is the median of the first ten answers.
    """

    def __init__(self, minutes: int, min_excess_ns: int, min_excess_ratio: float) -> None:
        self._medians: deque[int] = deque(maxlen=minutes)
        self._first: list[int] = []
        self._excess = min_excess_ns, min_excess_ratio
        self.value_ns: int | None = None
        self.limit_ns: int | None = None
        """The round trip from which the target's latency is suspect."""

    def meet(self, rtt_ns: int) -> None:
        """Note an answer while there is no usual time yet."""
        self._first.append(rtt_ns)
        if len(self._first) >= FIRST_ANSWERS:
            self.learn(round(median(self._first)))
            self._first.clear()

    def learn(self, median_ns: int) -> None:
        self._medians.append(median_ns)
        ordered, half = sorted(self._medians), len(self._medians) // 2
        # By hand: this is done for each target and quiet minute of a year.
        even = len(ordered) % 2 == 0
        self.value_ns = round((ordered[half - 1] + ordered[half]) / 2) if even else ordered[half]
        least_ns, ratio = self._excess
        self.limit_ns = self.value_ns + max(least_ns, round(self.value_ns * ratio))


@dataclass(slots=True)
class AnchorState:
    """Whether an anchor counts: one that is silent while its peers answer says nothing of the line."""

    network: str
    misses_in_row: int = 0
    answers_before: int = 0
    """What all anchors had answered when the present row of misses began."""
    silent: bool = False
    tried_ns: int = 0
    silent_since: tuple[int, int] | None = None
    """Wall and monotonic time of the first miss of the present row of misses."""


@dataclass
class Surroundings:
    """The memory of one line that all detectors share. Outlives gaps in the observation."""

    method: Method
    gateway: Tally = field(default_factory=Tally)
    hop: Tally = field(default_factory=Tally)
    gateway_habit: Habit = field(default_factory=Habit)
    hop_habit: Habit = field(default_factory=Habit)
    gateway_address: str = ""
    hop_address: str = ""
    anchors: dict[str, AnchorState] = field(default_factory=dict)
    usual: dict[str, UsualTime] = field(default_factory=dict)
    carrier: bool | None = None
    medium: str = ""
    route: bool = True
    tunnel: bool = False
    """A VPN carries the way out: the system's resolver goes through it, the other tries do not."""
    anchor_answers: int = 0
    answering: set[Protocol] = field(default_factory=set)
    """The ways by which some anchor has answered on this line."""
    large_seen: bool = False
    """A large answer has come whole on this line."""
    tunnel_answers: dict[str, int] = field(default_factory=dict)
    """Answers through each tunnel so far."""
    resolved: bool = False
    """Some resolver has answered on this line."""
    health: dict[Role, int | None] = field(default_factory=dict)
    """Checks that were ever answered; since when they fail outside runs of misses, None if they do not."""
    _swept_ns: int = 0

    def note(self, sample: Sample, *, in_run: bool) -> None:
        """Keep account of one sample. Anchors are judged in ``note_anchor``."""
        missed = sample.outcome is not Outcome.OK
        role = sample.target.role
        if missed and sample.extra and role in (Role.GATEWAY, Role.FIRST_HOP):
            return  # sent because others were missing: no measure of how much is lost
        if role is Role.GATEWAY:
            self.note_gateway(sample.target.address, sample.sent_ns, 1, missed)
        elif role is Role.FIRST_HOP:
            self.note_hop(sample.target.address, sample.sent_ns, 1, missed)
        elif role is not Role.ANCHOR and not (role is Role.TCP_CHECK and sample.target.family == 6):
            if not missed:
                self.resolved = self.resolved or role in (Role.SYSTEM_RESOLVER, Role.RESOLVER)
            if sample.outcome.answered:
                self.health[role] = None
            elif not in_run and role in self.health:
                self.health[role] = self.health[role] or sample.sent_ns

    def healthy(self, now_ns: int) -> frozenset[Role]:
        """The checks that worked until now: only their failure says something. Some seconds may be of the same cut."""
        return frozenset(
            role for role, since in self.health.items() if since is None or now_ns - since <= STILL_TRIED_NS
        )

    def note_gateway(self, address: str, sent_ns: int, tries: int, missed: int) -> None:
        self.gateway_address = address
        self.gateway.count_many(tries, missed)
        self.gateway_habit.note(sent_ns, tries, missed)

    def note_hop(self, address: str, sent_ns: int, tries: int, missed: int) -> None:
        if address != self.hop_address:
            # Another first hop has habits of its own.
            self.hop, self.hop_habit, self.hop_address = Tally(), Habit(), address
        self.hop.count_many(tries, missed)
        self.hop_habit.note(sent_ns, tries, missed)

    def note_anchor(self, sample: Sample) -> bool:
        """Keep account of an anchor's sample; returns whether the anchor counts."""
        self._sweep(sample.sent_ns)
        state = self.anchors.get(sample.target.id)
        if state is None:
            state = self.anchors[sample.target.id] = AnchorState(
                sample.target.network or sample.target.address
            )
        state.tried_ns = sample.sent_ns
        if sample.outcome.answered:
            self.anchor_answers += 1
            self.answering.add(sample.target.protocol)
            if state.misses_in_row:
                state.misses_in_row = 0
                state.silent, state.silent_since = False, None
            return True
        if sample.extra:
            return not state.silent
        if state.silent and state.silent_since is None:
            state.silent_since = (sample.sent_ns, sample.mono_ns)
        if not state.misses_in_row:
            state.answers_before = self.anchor_answers
            state.silent_since = (sample.sent_ns, sample.mono_ns)
        state.misses_in_row += 1
        if (
            state.misses_in_row >= self.method.dead_after_misses
            and self.anchor_answers - state.answers_before >= self.method.dead_peer_answers
        ):
            state.silent = True
        return not state.silent

    def in_order(self, start_ns: int) -> bool:
        """False when the clock was set back to ``start_ns``."""
        return start_ns >= self._swept_ns

    def pass_over(self, parts: Sequence[Part]) -> None:
        """Keep account of the anchors' tries in which nothing happened: as if each had been noted."""
        for part in parts:
            state = self.anchors[part.key]
            state.tried_ns = part.last_ns
            if part.answers:
                self.anchor_answers += part.answers
                self.answering.add(part.column.target.protocol)
            else:
                state.misses_in_row += part.tries
        times = sorted(chain(*(part.column.times_ns[part.start : part.end] for part in parts)))
        place, gap_ns = 0, self.method.gap_ns
        while (place := bisect_left(times, self._swept_ns + gap_ns, place)) < len(times):
            self._swept_ns = times[place]

    def never_answered(self, protocol: Protocol) -> bool:
        """No anchor has answered in this way on this line yet."""
        return protocol not in self.answering

    def _sweep(self, now_ns: int) -> None:
        """Forget the anchors that are no longer tried (another configuration, no more IPv6): nobody waits for them."""
        if abs(now_ns - self._swept_ns) < self.method.gap_ns:
            return
        fresh_ns = self._swept_ns
        self._swept_ns = now_ns
        self.anchors = {key: state for key, state in self.anchors.items() if state.tried_ns >= fresh_ns}

    def counting(self, now_ns: int) -> list[AnchorState]:
        """The anchors that count and are being tried."""
        return [
            state
            for state in self.anchors.values()
            if not state.silent and abs(now_ns - state.tried_ns) <= STILL_TRIED_NS
        ]

    def has_four(self) -> bool:
        """True when anchors are tried over IPv4."""
        return any(":" not in key for key in self.anchors)

    def usual_ns(self, target_id: str) -> int | None:
        usual = self.usual.get(target_id)
        return usual.value_ns if usual else None

    def _usual(self, target_id: str) -> UsualTime:
        known = self.usual.get(target_id)
        if known is None:
            method = self.method
            known = self.usual[target_id] = UsualTime(
                method.latency_usual_minutes, method.latency_min_excess_ns, method.latency_min_excess_ratio
            )
        return known

    def meet(self, target_id: str, rtt_ns: int) -> None:
        """Note an answer of a target whose usual time is not known yet."""
        self._usual(target_id).meet(rtt_ns)

    def learn(self, medians: Iterable[tuple[str, int]]) -> None:
        """Learn the usual times from a minute without incident."""
        for target_id, median_ns in medians:
            self._usual(target_id).learn(median_ns)

    def limit_ns(self, target_id: str) -> int | None:
        """The round trip from which a target's latency is suspect, or None while its usual time is not known."""
        usual = self.usual.get(target_id)
        return usual.limit_ns if usual else None
