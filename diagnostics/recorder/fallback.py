"""Which anchors are tried by TCP connections, because pings to them are filtered on the way.

Pure: samples and times of the monotonic clock come in. IPv4 and IPv6 are decided apart, and a changed line begins anew
with pings. Once an anchor has answered a ping on a line, the silence of pings is a trouble and never a filter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from diagnostics.model import SECOND, Protocol, Role, Sample, Target

SURE_NS = 20 * SECOND
"""How long pings have to be missed since the line was entered."""
ENOUGH_MISSES = 20
"""So many pings have to be missed that were sent after a TCP check was answered: where a cut has just ended, a check
may be answered a moment before the first ping."""
AGAIN_NS = 600 * SECOND
"""How often a round of pings finds out whether they are answered after all."""


@dataclass(slots=True)
class _Family:
    """One address family on the present line. ``again_ns``: when to ping again; None while pings are in use."""

    first_ns: int | None = None
    open_ns: int | None = None
    misses: int = 0
    heard: bool = False
    again_ns: int | None = None

    def missed(self, sample: Sample) -> None:
        if self.first_ns is None:
            self.first_ns = sample.mono_ns
        if self.open_ns is not None and sample.mono_ns > self.open_ns:
            self.misses += 1
        if self.misses >= ENOUGH_MISSES and sample.mono_ns - self.first_ns >= SURE_NS:
            self.again_ns = sample.mono_ns + AGAIN_NS


class Fallback:
    """Follows anchors and TCP checks. ``able``: there is a way to try anchors by TCP beside pings."""

    def __init__(self, able: bool) -> None:
        self._able = able
        self._line: str | None = None
        self._from_ns = 0
        self._families: dict[int, _Family] = {}

    def enter(self, line: str, mono_ns: int) -> None:
        """The line in use is this one. Another one than before begins anew."""
        if line != self._line:
            self._line, self._from_ns = line, mono_ns
            self._families.clear()

    def forget(self, until_ns: int) -> None:
        """Nobody was looking: what was counted, and what is sent before ``until_ns``, decides nothing."""
        self._from_ns = until_ns
        for number, family in self._families.items():
            if not family.heard and family.again_ns is None:
                self._families[number] = _Family()

    def note(self, sample: Sample) -> None:
        """Learn from an anchor's or a TCP check's sample; others are passed over."""
        target = sample.target
        if not self._able or sample.mono_ns < self._from_ns:
            return
        if target.role is Role.TCP_CHECK and sample.outcome.answered:
            family = self._families.setdefault(target.family, _Family())
            if family.open_ns is None:
                family.open_ns = sample.mono_ns
        elif target.role is Role.ANCHOR and target.protocol is Protocol.ICMP:
            family = self._families.setdefault(target.family, _Family())
            if sample.outcome.answered:
                family.heard, family.again_ns = True, None
            elif not family.heard and family.again_ns is None:
                family.missed(sample)

    def strays(self, sample: Sample) -> bool:
        """Whether this is a ping to an anchor that is tried by TCP: its silence says nothing of the line."""
        target = sample.target
        return target.role is Role.ANCHOR and target.protocol is Protocol.ICMP and self._by_tcp(target)

    def apply(self, anchors: Iterable[Target]) -> list[Target]:
        """The anchors as they are to be tried now."""
        return [replace(a, protocol=Protocol.TCP) if self._by_tcp(a) else a for a in anchors]

    def pings_due(self, targets: Iterable[Target], now_ns: int) -> list[Target]:
        """Pings that find out whether they are answered by now: a round every ten minutes."""
        due = {n for n, one in self._families.items() if one.again_ns is not None and one.again_ns <= now_ns}
        if not due:
            return []
        for number in due:
            self._families[number].again_ns = now_ns + AGAIN_NS
        return [
            replace(target, protocol=Protocol.ICMP)
            for target in targets
            if target.role is Role.ANCHOR and target.family in due
        ]

    def _by_tcp(self, target: Target) -> bool:
        family = self._families.get(target.family)
        return family is not None and family.again_ns is not None
