"""Whether anchors are missing, and which extra tries sharpen the edges while they are.

Pure: times come in on the monotonic clock, targets go out. IPv4 and IPv6 are watched apart, since one may fail alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from diagnostics.model import MILLISECOND, SECOND, Outcome, Role, Sample, Target

OVERDUE_NS = 300 * MILLISECOND
"""A try that is unanswered for this long, and for twice the usual time, is taken for missed until the answer comes."""
NEEDED = 2
"""Anchors missed without an answer in between that make a trouble; fewer where fewer are in use."""
FAST_NS = 100 * MILLISECOND
FAST_FOR_NS = 60 * SECOND
SLOW_NS = 250 * MILLISECOND
"""How often an extra try is sent while nothing answers: at first, how long so, and from then on."""
NEAR_FOR_NS = 10 * SECOND
"""How long box and first hop get extra tries: enough to tell; many of them answer a few pings a second only."""
NEAR_EVERY = 3
DEAF_AFTER = 10
"""An anchor that was missed so often while its peers answered is not waited for."""
_REMEMBERED = 16
_SAME_NS = MILLISECOND


@dataclass(slots=True)
class _Family:
    """One address family's anchors. ``waiting`` are tries since the last answered one, the earliest first."""

    anchors: tuple[Target, ...] = ()
    waiting: list[tuple[int, str]] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)
    strikes: dict[str, int] = field(default_factory=dict)
    answered_ns: int = 0
    usual_ns: int = 0
    since_ns: int | None = None

    def live(self) -> list[Target]:
        return [t for t in self.anchors if self.strikes.get(t.address, 0) < DEAF_AFTER] or list(self.anchors)

    def sent(self, target: Target, mono_ns: int) -> None:
        if len(self.waiting) < _REMEMBERED:
            self.waiting.append((mono_ns, target.address))

    def note(self, sample: Sample) -> None:
        address = sample.target.address
        if not sample.outcome.answered:
            if sample.mono_ns > self.answered_ns:
                self.failed[address] = sample.mono_ns
            else:
                self.strikes[address] = self.strikes.get(address, 0) + 1
            return
        self.strikes[address] = 0
        if sample.outcome is Outcome.OK and sample.rtt_ns is not None:
            self.usual_ns += (sample.rtt_ns - self.usual_ns) // 16 if self.usual_ns else sample.rtt_ns
        self.answered_ns = max(self.answered_ns, sample.mono_ns)
        self.waiting = [entry for entry in self.waiting if entry[0] > self.answered_ns + _SAME_NS]
        for missed in [one for one, at_ns in self.failed.items() if at_ns <= self.answered_ns]:
            del self.failed[missed]
            self.strikes[missed] = self.strikes.get(missed, 0) + 1

    def overdue(self, now_ns: int) -> bool:
        known = self.since_ns is not None
        return bool(self.waiting) and not known and self.waiting[0][0] <= now_ns - self._patience_ns

    @property
    def _patience_ns(self) -> int:
        return max(OVERDUE_NS, 2 * self.usual_ns)

    def look(self, now_ns: int) -> bool:
        """Find out whether there is trouble now; returns whether there is none yet but may be soon."""
        live = {target.address for target in self.live()}
        before_ns = now_ns - self._patience_ns
        missed = {address for at_ns, address in self.waiting if at_ns <= before_ns} | self.failed.keys()
        missed &= live
        if len(missed) < min(NEEDED, len(live)) or not live:
            self.since_ns = None
        elif self.since_ns is None:
            self.since_ns = now_ns
        return bool(missed) and self.since_ns is None


class Trouble:
    """Follows the anchors' tries. ``next_ns`` says when it wants to be asked for ``extras``; None in quiet times."""

    def __init__(self) -> None:
        self.next_ns: int | None = None
        self.alarm = False
        """Whether other kinds of probe shall look as well."""
        self._families: dict[int, _Family] = {}
        self._near: tuple[Target, ...] = ()
        self._turn = 0
        self._uneasy = self._ask_near = False

    def follow(self, targets: Sequence[Target]) -> None:
        """These are tried from now on."""
        anchors = [target for target in targets if target.role is Role.ANCHOR]
        self._near = tuple(t for t in targets if t.role in (Role.GATEWAY, Role.FIRST_HOP))
        families = {}
        for number in sorted({target.family for target in anchors}):
            families[number] = self._families.get(number, _Family())
            families[number].anchors = tuple(t for t in anchors if t.family == number)
        self._families = families

    def forget(self) -> None:
        """Nobody was looking: what is under way says nothing."""
        for family in self._families.values():
            family.waiting.clear()
            family.failed.clear()
            family.since_ns = None
        self.next_ns, self.alarm = None, False
        self._uneasy = self._ask_near = False

    def sent(self, target: Target, mono_ns: int) -> None:
        if target.role is Role.ANCHOR and target.family in self._families:
            self._families[target.family].sent(target, mono_ns)

    def note(self, sample: Sample) -> None:
        if sample.target.role is Role.ANCHOR and sample.target.family in self._families:
            self._families[sample.target.family].note(sample)

    def overdue(self, now_ns: int) -> bool:
        """Whether answers should be read and judged now: some are not known of that should be there."""
        return any(family.overdue(now_ns) for family in self._families.values())

    def look(self, now_ns: int) -> None:
        """Judge what is known now."""
        doubts = [family.look(now_ns) for family in self._families.values()]
        self.alarm = bool(self._troubled(now_ns))
        before, self._uneasy = self._uneasy, self.alarm or any(doubts)
        # How box and first hop do is best known from the first moment on: in a short cut there is no other.
        self._ask_near = self._uneasy and not before
        if not self._uneasy:
            self.next_ns = None
        elif self._ask_near:
            self.next_ns = now_ns
        elif not self.alarm:
            self.next_ns = now_ns + FAST_NS
        elif self.next_ns is None or self.next_ns <= now_ns:
            self.next_ns = self._next_after(now_ns)

    def _troubled(self, now_ns: int) -> list[_Family]:
        """The families to look closer at. One that fails alone is looked at for a minute: it may be so for weeks."""
        troubled = [family for family in self._families.values() if family.since_ns is not None]
        if len(troubled) == len(self._families):
            return troubled
        return [family for family in troubled if self._lasts(family, now_ns) < FAST_FOR_NS]

    @staticmethod
    def _lasts(family: _Family, now_ns: int) -> int:
        return now_ns - (now_ns if family.since_ns is None else family.since_ns)

    def _longest(self, families: Iterable[_Family], now_ns: int) -> int:
        return max((self._lasts(family, now_ns) for family in families), default=0)

    def _next_after(self, now_ns: int) -> int:
        if self._longest(self._troubled(now_ns), now_ns) < FAST_FOR_NS:
            return (now_ns // FAST_NS + 1) * FAST_NS
        # Between the points of a schedule of four anchors.
        return (now_ns - SLOW_NS // 2) // SLOW_NS * SLOW_NS + SLOW_NS * 3 // 2

    def extras(self, now_ns: int) -> list[Target]:
        """What to send now beside the schedule: an anchor, and now and then the box or the first hop with it."""
        if self.next_ns is None or now_ns < self.next_ns:
            return []
        self.next_ns = self._next_after(now_ns)
        if self._ask_near:
            self._ask_near = False
            return list(self._near)
        if not self.alarm:
            return []
        troubled = self._troubled(now_ns)
        rows = [family.live() for family in troubled]
        if not rows:
            return []
        self._turn += 1
        row = rows[self._turn % len(rows)]
        chosen = [row[self._turn // len(rows) % len(row)]]
        if self._near and not self._turn % NEAR_EVERY and self._longest(troubled, now_ns) < NEAR_FOR_NS:
            chosen.append(self._near[self._turn // NEAR_EVERY % len(self._near)])
        return chosen
