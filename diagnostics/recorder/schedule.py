"""When each target is tried: at fixed points of the monotonic clock, the anchors spread evenly over the second."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostics.model import SECOND, Role, Target


def spread(targets: Sequence[Target], period_ns: int) -> list[tuple[int, Target]]:
    """Each target's point within the period, in order.

    An edge is as sharp as the holes between the anchors' tries are small: anchors of one family are spread evenly,
    those of the other halfway between them. All others go into the middle of the largest hole that is left, as far
    from each other as can be.
    """
    anchors = [target for target in targets if target.role is Role.ANCHOR]
    families = [[t for t in anchors if t.family != 6], [t for t in anchors if t.family == 6]]
    points: list[tuple[int, Target]] = []
    for family in families:
        shift = period_ns // (2 * len(family)) if points and family else 0
        points += [(index * period_ns // len(family) + shift, t) for index, t in enumerate(family)]
    others: list[int] = []
    for target in targets:
        if target.role is not Role.ANCHOR:
            point = _middle_of_hole([at for at, _ in points], others, period_ns)
            others.append(point)
            points.append((point, target))
    return sorted(points, key=lambda entry: entry[0])


def _middle_of_hole(taken: list[int], apart_from: list[int], period_ns: int) -> int:
    if not taken:
        return 0
    taken = sorted(taken)
    holes = [
        (after - before, before + (after - before) // 2)
        for before, after in zip(taken, [*taken[1:], taken[0] + period_ns], strict=True)
    ]
    # Holes of one size differ by a nanosecond where the period cannot be divided.
    widest = max(size for size, _ in holes) - 8
    middles = [middle % period_ns for size, middle in holes if size >= widest]

    def distance(point: int) -> int:
        steps = (abs(point - other) for other in apart_from)
        return min((min(step, period_ns - step) for step in steps), default=0)

    return max(middles, key=distance)


class Schedule:
    """Each target is due once a period, at its point (see ``spread``).

    The points are absolute: a late wake-up does not move the next one, and points that went by
    (sleep, a stall) are left out rather than made up for.
    """

    def __init__(self, targets: Sequence[Target], now_ns: int, period_ns: int = SECOND) -> None:
        self.targets = tuple(targets)
        self._period_ns = period_ns
        self._points = spread(targets, period_ns)
        self._step = 0
        self._skip(now_ns)

    def _at(self, step: int) -> int:
        turn, index = divmod(step, len(self._points))
        return turn * self._period_ns + self._points[index][0]

    def _skip(self, now_ns: int) -> None:
        if self._points:
            self._step = now_ns // self._period_ns * len(self._points)
            while self._at(self._step) < now_ns:
                self._step += 1

    @property
    def next_ns(self) -> int | None:
        """The next point, on the monotonic clock; None without targets."""
        return self._at(self._step) if self._points else None

    def due(self, now_ns: int) -> list[Target]:
        """The targets whose point has come, each at most once."""
        if not self._points:
            return []
        due: list[Target] = []
        while self._at(self._step) <= now_ns:
            due.append(self._points[self._step % len(self._points)][1])
            self._step += 1
            if len(due) >= len(self._points):
                self._skip(now_ns)
                break
        return due
