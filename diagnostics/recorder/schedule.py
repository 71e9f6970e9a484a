"""When each target is tried: at fixed points of the monotonic clock, spread evenly over the second."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.model import SECOND, Target


class Schedule:
    """Target ``i`` of ``n`` is due at every whole period plus ``i/n`` of one.

    The points are absolute: a late wake-up does not move the next one, and points that went by
    (sleep, a stall) are left out rather than made up for.
    """

    def __init__(self, targets: Sequence[Target], now_ns: int, period_ns: int = SECOND) -> None:
        self.targets = tuple(targets)
        self._period_ns = period_ns
        self._step = 0
        self._skip(now_ns)

    def _at(self, step: int) -> int:
        turn, index = divmod(step, len(self.targets))
        return turn * self._period_ns + index * self._period_ns // len(self.targets)

    def _skip(self, now_ns: int) -> None:
        if self.targets:
            self._step = now_ns // self._period_ns * len(self.targets)
            while self._at(self._step) < now_ns:
                self._step += 1

    @property
    def next_ns(self) -> int | None:
        """The next point, on the monotonic clock; None without targets."""
        return self._at(self._step) if self.targets else None

    def due(self, now_ns: int) -> list[Target]:
        """The targets whose point has come, each at most once."""
        if not self.targets:
            return []
        due: list[Target] = []
        while self._at(self._step) <= now_ns:
            due.append(self.targets[self._step % len(self.targets)])
            self._step += 1
            if len(due) >= len(self.targets):
                self._skip(now_ns)
                break
        return due
