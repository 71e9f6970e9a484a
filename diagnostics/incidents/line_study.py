"""All detectors of one line, fed together in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Protocol

from diagnostics.incidents.anchors import SilentAnchors
from diagnostics.incidents.columns import Part
from diagnostics.incidents.found import Finding, Moment
from diagnostics.incidents.latencies import LatencyDetector
from diagnostics.incidents.losses import LossDetector
from diagnostics.incidents.method import Method
from diagnostics.incidents.names import DnsDetector, PortalDetector
from diagnostics.incidents.outages import OutageDetector
from diagnostics.incidents.rows import LargeDetector, TunnelDetector
from diagnostics.incidents.runs import STRUGGLE_NS, Miss, Trouble
from diagnostics.incidents.surroundings import Surroundings
from diagnostics.incidents.telework import CallStudy
from diagnostics.model import MINUTE, Outcome, Role, Sample, Target

ROUNDS = 2
"""Anchors may differ by so many tries in one block, by where it begins and ends."""
HEAVY_LOSS = 0.1
"""With so many packets lost, resolvers fail too: that is the loss's."""

_SECOND_KINDS = (Role.RESOLVER, Role.WEB, Role.TCP_CHECK)
"""Checks of another kind than ping, of the line itself."""


class RollupRow(Protocol):
    """One target's figures over a block, times in nanoseconds (``journal.codec.Rollup`` is one)."""

    @property
    def target(self) -> Target: ...
    @property
    def count(self) -> int: ...
    @property
    def missed(self) -> int: ...
    @property
    def min_ns(self) -> int | None: ...
    @property
    def median_ns(self) -> int | None: ...
    @property
    def max_ns(self) -> int | None: ...


class LineStudy:
    """Feeds samples to the detectors and gathers what they find in ``found``.

    A block in which nothing happened changes the detectors in a way that its rollups alone tell: ``skim`` does just
    what feeding all its samples would have done, in a hundredth of the time.
    """

    def __init__(self, method: Method) -> None:
        self.around = Surroundings(method)
        self.calls = CallStudy()
        self.found: list[Finding] = []
        self._start_detectors()

    def _start_detectors(self) -> None:
        self._outage = OutageDetector(self.around)
        self._loss = LossDetector(self.around)
        self._latency = LatencyDetector(self.around)
        self._dns = DnsDetector(self.around)
        self._portal = PortalDetector()
        self._large = LargeDetector(self.around)
        self._tunnel = TunnelDetector(self.around)
        self._silent = SilentAnchors(self.around)
        self._held_back: dict[str, list[Miss]] = {}
        self._lossy: tuple[float, int] = (0.0, 0)

    def feed(self, sample: Sample) -> None:
        """Note one sample; samples come in order of sending."""
        self.calls.feed(sample)
        self.around.note(sample, in_run=self._outage.running)
        role = sample.target.role
        if role is Role.ANCHOR:
            self._feed_anchor(sample)
            self._keep(self._latency.feed(sample))
            return
        self._outage.other(sample)
        self._gather()
        if role in (Role.GATEWAY, Role.FIRST_HOP):
            self._keep(self._latency.feed(sample))
        else:
            self._feed_check(sample)

    def _feed_check(self, sample: Sample) -> None:
        role, out = sample.target.role, self._outage.qualified
        excused = out or self._loss.share > HEAVY_LOSS
        if role in (Role.SYSTEM_RESOLVER, Role.RESOLVER):
            through_tunnel = role is Role.SYSTEM_RESOLVER and self.around.tunnel and self._tunnel.suspicious
            excused = excused or through_tunnel or self._silent.ipv4_out
            if self._portal.open:
                self._dns.portal_open()
            self._keep(self._dns.feed(sample, excused=excused, loss=self._loss.suspected))
            if self._dns.lies:
                # The page that came in the web check's place is where the wrong name led.
                self._portal.forget()
        elif role is Role.WEB and not out and not self._dns.lies:
            # During a cut a box may answer with a page of its own: that is no portal.
            self._keep(self._portal.feed(sample))
            if self._portal.open:
                self._dns.portal_open()
        elif role is Role.LARGE:
            self._keep(self._large.feed(sample, excused=excused))
        elif role is Role.VPN:
            was = self._tunnel.suspicious
            self._keep(self._tunnel.feed(sample, excused=self._outage.running))
            if self.around.tunnel and self._tunnel.suspicious and not was:
                self._dns.forget()
        if role in _SECOND_KINDS:
            self._silent.check(sample)
            lost = not sample.outcome.answered or (sample.rtt_ns or 0) >= STRUGGLE_NS
            if lost and sample.outcome not in (Outcome.SEND_ERROR, Outcome.UNRESOLVED, Outcome.PORTAL):
                self._loss.check_failed()
        if role is Role.TCP_CHECK:
            self._latency.check(sample)

    def _feed_anchor(self, sample: Sample) -> None:
        counts = self.around.note_anchor(sample)
        was_four_out = self._silent.ipv4_out
        for told in self._silent.feed(sample):
            self._keep(told)
        if self._silent.ipv4_out and not was_four_out:
            self._dns.forget()
        if sample.outcome.answered:
            was_out = self._outage.qualified
            spared = self._outage.anchor_answered(sample)
            self._gather()
            if was_out and self.found:
                self._silent.not_before(self.found[-1].end)
            self._hold_back(spared)
            for miss in self._held_back.pop(sample.target.id, ()):
                self._loss.missed(miss, slow=self._latency.risen)
            self._keep(self._loss.answered())
        elif counts:
            was_out = self._outage.qualified
            self._outage.anchor_missed(sample, self._trouble(sample.mono_ns))
            if self._outage.qualified and not was_out and self._outage.start_ns is not None:
                self._keep(self._dns.outage_began(self._outage.start_ns))
                self._keep(self._loss.cut())
                self._keep(self._latency.cut())
                self._large.forget()
                self._tunnel.forget()

    def _gather(self) -> None:
        if self._outage.found:
            self.found += self._outage.found
            self._outage.found.clear()

    def _trouble(self, mono_ns: int) -> Trouble:
        """What is wrong besides: the loss of the last minute, and slow answers."""
        if self._loss.alarmed:
            self._lossy = (self._loss.share, mono_ns + MINUTE)
        share, until_ns = self._lossy
        return Trouble(share if mono_ns < until_ns else 0.0, self._latency.rising)

    def _hold_back(self, misses: Iterable[Miss]) -> None:
        """A miss counts as loss once its anchor answers again: one that falls silent for good loses nothing.

        Several anchors that go silent together (a network out of reach, IPv6) would otherwise look like heavy loss.
        """
        for miss in misses:
            self._held_back.setdefault(miss.sample.target.id, []).append(miss)
        anchors = self.around.anchors
        for key in [key for key in self._held_back if key not in anchors or anchors[key].silent]:
            del self._held_back[key]

    def link(self, *, carrier: bool | None, route: bool, medium: str, tunnel: bool) -> None:
        """What the interface and the route table say from now on."""
        self.around.carrier, self.around.route, self.around.tunnel = carrier, route, tunnel
        self.around.medium = medium or self.around.medium
        self._outage.link_changed()

    def end_block(self, rows: Iterable[RollupRow]) -> None:
        """A block is complete: learn the usual times from it, unless something was wrong."""
        if self._latency.rising or self._outage.qualified or self._loss.alarmed:
            return
        self.around.learn(
            (row.target.id, row.median_ns)
            for row in rows
            if row.target.role in (Role.GATEWAY, Role.FIRST_HOP, Role.ANCHOR, Role.TCP_CHECK)
            and row.median_ns is not None
            and row.missed * 2 < row.count
        )

    def skim(self, rows: tuple[RollupRow, ...], end: Moment) -> bool:
        """Take a whole quiet block by its figures; False, with nothing changed, when its samples have to be fed."""
        if not self._calm() or not all(self._quiet(row) for row in rows) or _stopped(rows):
            return False
        anchors = [row for row in rows if row.target.role is Role.ANCHOR]
        if self.ends_a_loss(sum(row.count - row.missed for row in anchors)):
            return False
        if not self.calls.skim(rows, end.wall_ns):
            return False
        self._latency.quiet()
        answers, dead, end_ns = 0, list[str](), end.wall_ns
        for row in rows:
            role, address = row.target.role, row.target.address
            if role is Role.GATEWAY:
                self.around.note_gateway(address, end_ns, row.count, row.missed)
            elif role is Role.FIRST_HOP:
                self.around.note_hop(address, end_ns, row.count, row.missed)
            elif role is Role.ANCHOR:
                state = self.around.anchors[row.target.id]
                state.tried_ns = end_ns
                if row.missed:
                    state.misses_in_row += row.count
                    dead.append(row.target.id)
                else:
                    answers += row.count
            elif not row.missed and not (role is Role.TCP_CHECK and row.target.family == 6):
                self.around.health[role] = None
                if role in _SECOND_KINDS:
                    self._silent.check_answered(row.target)
                if role in (Role.SYSTEM_RESOLVER, Role.RESOLVER):
                    self.around.resolved = True
                elif role is Role.LARGE:
                    self.around.large_seen = True
                elif role is Role.VPN:
                    seen = self.around.tunnel_answers
                    seen[row.target.id] = seen.get(row.target.id, 0) + row.count
        if dead:
            self._silent.skim(dead, end)
        self._keep(self._loss.answered(answers))
        self.end_block(rows)
        return True

    def may_pass(self, live: Iterable[str], silent: set[str]) -> bool:
        """True when ``pass_over`` could be called: ``live`` anchors answer, ``silent`` ones go on being silent."""
        anchors = self.around.anchors
        return (
            self._calm()
            and not any(anchors[key].misses_in_row for key in live)
            and all(anchors[key].silent and anchors[key].silent_since for key in silent)
            and self._silent.may_pass(silent)
            and self.calls.may_pass(silent)
        )

    def ends_a_loss(self, answers: int) -> bool:
        """True when so many answers of anchors, or the first of them, end an incident: these have to be fed."""
        return self._loss.ends_within(answers)

    def pass_over(self, parts: Sequence[Part], offset_ns: int) -> None:
        """Take tries in which nothing happened, of all targets between two moments: as if each had been fed.

        Between them no loss may end (``ends_a_loss``).
        """
        anchors = []
        for part in parts:
            role, address = part.role, part.column.target.address
            if role is Role.ANCHOR:
                anchors.append(part)
                if not part.answers:
                    self._silent.pass_over(part, offset_ns)
            elif role is Role.GATEWAY:
                self.around.note_gateway(address, part.last_ns, part.tries, part.tries - part.answers)
            elif role is Role.FIRST_HOP:
                self.around.note_hop(address, part.last_ns, part.tries, part.tries - part.answers)
            else:
                self._pass_over_check(part.column.target, part.tries)
        if anchors:
            self.around.pass_over(anchors)
            self.calls.pass_over(anchors)
            self._keep(self._loss.answered(sum(part.answers for part in anchors)))
        self._latency.pass_over(parts, offset_ns)

    def _pass_over_check(self, target: Target, answers: int) -> None:
        role, around = target.role, self.around
        if not (role is Role.TCP_CHECK and target.family == 6):
            around.health[role] = None
        if role in (Role.SYSTEM_RESOLVER, Role.RESOLVER):
            around.resolved = True
        if role is Role.SYSTEM_RESOLVER:
            self._dns.forget()
        elif role is Role.WEB:
            self._portal.forget()
        elif role is Role.LARGE:
            around.large_seen = True
        elif role is Role.VPN:
            around.tunnel_answers[target.id] = around.tunnel_answers.get(target.id, 0) + answers
        if role in _SECOND_KINDS:
            self._silent.check_answered(target)

    def _calm(self) -> bool:
        return not (
            self._outage.running
            or self._latency.rising
            or self._portal.open
            or self._dns.suspicious
            or self._large.suspicious
            or self._tunnel.suspicious
            or self._held_back
            or any(state.misses_in_row and not state.silent for state in self.around.anchors.values())
        )

    def _quiet(self, row: RollupRow) -> bool:
        role = row.target.role
        if row.missed or row.max_ns is None:
            return row.missed == row.count and self._silent_as_ever(row.target)
        if role is Role.ANCHOR:
            limit = self.around.limit_ns(row.target.id)
            return row.target.id in self.around.anchors and limit is not None and row.max_ns <= limit
        if role is Role.GATEWAY:
            return (
                row.target.address == self.around.gateway_address
                and self.around.usual_ns(row.target.id) is not None
            )
        if role is Role.FIRST_HOP:
            return (
                row.target.address == self.around.hop_address
                and self.around.usual_ns(row.target.id) is not None
            )
        if role in _SECOND_KINDS and row.max_ns >= STRUGGLE_NS and self._loss.open:
            return False
        return role is not Role.SYSTEM_RESOLVER or row.max_ns < self.around.method.dns_slow_ns

    def _silent_as_ever(self, target: Target) -> bool:
        """A box or hop that does not answer anyway, a dead anchor, a resolver that is closed: nothing new."""
        role = target.role
        if role is Role.ANCHOR:
            state = self.around.anchors.get(target.id)
            return state is not None and state.silent
        if role is Role.GATEWAY:
            return self.around.gateway.tries > 0 and not self.around.gateway_habit.usually_answers
        if role is Role.FIRST_HOP:
            return self.around.hop.tries > 0 and not self.around.hop_habit.usually_answers
        return role is Role.RESOLVER and self.around.health.get(role, 0) is not None

    def cut(self) -> None:
        """The observation ends here: everything that lasts is closed, and what is known of the line is kept."""
        self.calls.cut()
        spared = self._outage.cut()
        self._gather()
        self._hold_back(spared)
        for miss in sorted(chain(*self._held_back.values()), key=lambda miss: miss.sample.sent_ns):
            self._loss.missed(miss, slow=self._latency.risen)
        for found in (
            self._loss.cut(),
            self._latency.cut(),
            self._dns.cut(),
            self._portal.cut(),
            self._large.cut(),
            self._tunnel.cut(),
            *self._silent.cut(),
        ):
            self._keep(found)
        for state in self.around.anchors.values():
            state.silent_since = None  # of a silence that goes on, what was not observed is not known
        self._start_detectors()

    def ongoing(self) -> list[Finding]:
        """What lasts at the last sample fed."""
        candidates = (
            *self._outage.ongoing(),
            self._loss.ongoing(),
            self._latency.ongoing(),
            self._dns.ongoing(),
            self._portal.ongoing(),
            self._large.ongoing(),
            self._tunnel.ongoing(),
            *self._silent.ongoing(),
        )
        return [finding for finding in candidates if finding]

    def _keep(self, finding: Finding | None) -> None:
        if finding is not None:
            self.found.append(finding)


def _stopped(rows: Iterable[RollupRow]) -> bool:
    """True when a silent anchor was tried less than the others: when it was tried last, only its samples tell."""
    anchors = [row for row in rows if row.target.role is Role.ANCHOR]
    most = max((row.count for row in anchors), default=0)
    return any(row.missed and row.count + ROUNDS < most for row in anchors)
