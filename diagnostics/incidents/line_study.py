"""All detectors of one line, fed together in order of time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Protocol

from diagnostics.incidents.anchors import SilentAnchors
from diagnostics.incidents.found import Finding
from diagnostics.incidents.latencies import LatencyDetector
from diagnostics.incidents.losses import LossDetector
from diagnostics.incidents.method import Method
from diagnostics.incidents.names import DnsDetector, PortalDetector
from diagnostics.incidents.outages import Miss, OutageDetector, Trouble
from diagnostics.incidents.surroundings import Surroundings
from diagnostics.model import MINUTE, Role, Sample, Target

HEAVY_LOSS = 0.1
"""With so many packets lost, resolvers fail too: that is the loss's."""


class RollupRow(Protocol):
    """One target's figures over a block, times in nanoseconds (``journal.codec.Rollup`` is one)."""

    @property
    def target(self) -> Target: ...
    @property
    def count(self) -> int: ...
    @property
    def missed(self) -> int: ...
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
        self.found: list[Finding] = []
        self._start_detectors()

    def _start_detectors(self) -> None:
        self._outage = OutageDetector(self.around)
        self._loss = LossDetector(self.around)
        self._latency = LatencyDetector(self.around)
        self._dns = DnsDetector(self.around)
        self._portal = PortalDetector()
        self._silent = SilentAnchors(self.around)
        self._held_back: dict[str, list[Miss]] = {}
        self._lossy: tuple[float, int] = (0.0, 0)

    def feed(self, sample: Sample) -> None:
        """Note one sample; samples come in order of sending."""
        self.around.note(sample, in_run=self._outage.running)
        role = sample.target.role
        if role is Role.ANCHOR:
            self._feed_anchor(sample)
        else:
            self._outage.other(sample)
        if role in (Role.SYSTEM_RESOLVER, Role.RESOLVER):
            excused = self._outage.qualified or self._loss.share > HEAVY_LOSS
            self._keep(self._dns.feed(sample, excused=excused))
        elif role is Role.WEB:
            if not self._outage.qualified:
                # During a cut a box may answer with a page of its own: that is no portal.
                self._keep(self._portal.feed(sample))
        else:
            self._keep(self._latency.feed(sample))

    def _feed_anchor(self, sample: Sample) -> None:
        counts = self.around.note_anchor(sample)
        for told in self._silent.feed(sample):
            self._keep(told)
        if sample.outcome.answered:
            finding, spared = self._outage.anchor_answered(sample)
            if finding is not None:
                self._keep(finding)
                self._silent.not_before(finding.end)
            self._hold_back(spared)
            for miss in self._held_back.pop(sample.target.id, ()):
                self._loss.missed(miss)
            self._keep(self._loss.answered())
        elif counts:
            was_out = self._outage.qualified
            self._outage.anchor_missed(sample, self._trouble(sample.mono_ns))
            if self._outage.qualified and not was_out and self._outage.start_ns is not None:
                self._keep(self._dns.outage_began(self._outage.start_ns))
                self._keep(self._loss.cut())
                self._keep(self._latency.cut())

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

    def link(self, *, carrier: bool | None, route: bool, medium: str) -> None:
        """What the interface and the route table say from now on."""
        self.around.carrier, self.around.route = carrier, route
        self.around.medium = medium or self.around.medium
        self._outage.link_changed()

    def end_block(self, rows: Iterable[RollupRow]) -> None:
        """A block is complete: learn the usual times from it, unless something was wrong."""
        if self._latency.rising or self._outage.qualified or self._loss.alarmed:
            return
        self.around.learn(
            (row.target.id, row.median_ns)
            for row in rows
            if row.target.role in (Role.GATEWAY, Role.FIRST_HOP, Role.ANCHOR)
            and row.median_ns is not None
            and row.missed * 2 < row.count
        )

    def skim(self, rows: tuple[RollupRow, ...], end_ns: int) -> bool:
        """Take a whole quiet block by its figures; False, with nothing changed, when its samples have to be fed."""
        if not self._calm() or not all(self._quiet(row) for row in rows):
            return False
        self._latency.quiet()
        answers = 0
        for row in rows:
            role, address = row.target.role, row.target.address
            if role is Role.GATEWAY:
                self.around.note_gateway(address, end_ns, row.count, row.missed)
            elif role is Role.FIRST_HOP:
                self.around.note_hop(address, end_ns, row.count, row.missed)
            elif role is Role.ANCHOR:
                self.around.anchors[row.target.id].tried_ns = end_ns
                answers += row.count
            elif not row.missed:
                self.around.health[role] = None
                self.around.resolved = self.around.resolved or role is not Role.WEB
        self._keep(self._loss.answered(answers))
        self.end_block(rows)
        return True

    def _calm(self) -> bool:
        return not (
            self._outage.running
            or self._latency.rising
            or self._portal.open
            or self._dns.suspicious
            or any(state.misses_in_row for state in self.around.anchors.values())
        )

    def _quiet(self, row: RollupRow) -> bool:
        role = row.target.role
        if row.missed or row.max_ns is None:
            return row.missed == row.count and self._silent_as_ever(role)
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
        return role is not Role.SYSTEM_RESOLVER or row.max_ns < self.around.method.dns_slow_ns

    def _silent_as_ever(self, role: Role) -> bool:
        """A box or first hop that does not answer anyway, a direct resolver that is closed: nothing new."""
        if role is Role.GATEWAY:
            return self.around.gateway.tries > 0 and not self.around.gateway_habit.usually_answers
        if role is Role.FIRST_HOP:
            return self.around.hop.tries > 0 and not self.around.hop_habit.usually_answers
        return role is Role.RESOLVER and self.around.health.get(role, 0) is not None

    def cut(self) -> None:
        """The observation ends here: everything that lasts is closed, and what is known of the line is kept."""
        finding, spared = self._outage.cut()
        self._keep(finding)
        self._hold_back(spared)
        for miss in sorted(chain(*self._held_back.values()), key=lambda miss: miss.sample.sent_ns):
            self._loss.missed(miss)
        for found in (
            self._loss.cut(),
            self._latency.cut(),
            self._dns.cut(),
            self._portal.cut(),
            *self._silent.cut(),
        ):
            self._keep(found)
        self._start_detectors()

    def ongoing(self) -> list[Finding]:
        """What lasts at the last sample fed."""
        candidates = (
            self._outage.ongoing(),
            self._loss.ongoing(),
            self._latency.ongoing(),
            self._dns.ongoing(),
            self._portal.ongoing(),
            *self._silent.ongoing(),
        )
        return [finding for finding in candidates if finding]

    def _keep(self, finding: Finding | None) -> None:
        if finding is not None:
            self.found.append(finding)
