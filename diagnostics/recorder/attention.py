"""Whether the line behaves unusually, so that witnesses are asked more often: a cheap guess that blames nobody.

Pure. Every three seconds the anchors' median times are compared with their usual ones.
"""

from __future__ import annotations

from diagnostics.model import MILLISECOND, SECOND, Outcome, Role, Sample

WINDOW_NS = 3 * SECOND
EXCESS_NS = 20 * MILLISECOND
"""Slower than usual by this and by a third of it: a little less than what the method calls slow."""
MISSES = 2
"""Missed tries in one window that call for attention; those of anchors that are altogether silent beside others are not
counted: one may be so for weeks."""
HOLD_NS = 30 * SECOND
"""How long attention lasts after the last reason for it."""
_LEARN = 16
_LEARN_SLOW = 256
"""Windows over which the usual time is learnt; a slow line is taken for usual after some ten minutes."""


class Attention:
    """Takes in the anchors' samples; ``active`` may be asked at any time. Extra tries count as the others do."""

    def __init__(self) -> None:
        self._usual: dict[str, int] = {}
        self._times: dict[str, list[int]] = {}
        self._missed: dict[str, int] = {}
        self._ends_ns = 0
        self._until_ns = 0

    def note(self, sample: Sample) -> None:
        if sample.target.role is not Role.ANCHOR:
            return
        if sample.outcome is Outcome.OK and sample.rtt_ns is not None:
            self._times.setdefault(sample.target.address, []).append(sample.rtt_ns)
        else:
            address = sample.target.address
            self._missed[address] = self._missed.get(address, 0) + 1

    def active(self, now_ns: int) -> bool:
        """Whether something seems wrong, or seemed so until a moment ago."""
        if now_ns >= self._ends_ns:
            self._ends_ns = now_ns + WINDOW_NS
            if self._losing() or self._slow():
                self._until_ns = now_ns + HOLD_NS
            self._times.clear()
            self._missed.clear()
        return now_ns < self._until_ns

    def _losing(self) -> bool:
        counted = [n for address, n in self._missed.items() if address in self._times or not self._times]
        return sum(counted) >= MISSES

    def _slow(self) -> bool:
        slow = 0
        for address, times in self._times.items():
            times.sort()
            median = times[len(times) // 2]
            usual = self._usual.setdefault(address, median)
            excess = median - usual
            late = excess > max(EXCESS_NS, usual // 3)
            slow += late
            self._usual[address] = usual + excess // (_LEARN_SLOW if late else _LEARN)
        return slow * 2 > len(self._times)
