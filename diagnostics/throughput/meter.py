"""When a rate is known: what of the start is discarded, between which moments it is taken, and when to stop.

1. *The start* is cut by the marginal standard error rule (MSER; White, "An effective truncation heuristic for bias
   reduction in simulation output", Simulation 69:6, 1997) over batches of a tenth of a second: of all cuts in the first
   half, the one that makes the standard error of the mean of the rest least.
2. *The edges.* TCP hands over in order: while a lost segment is sent again, what came after it is held back, and then
   comes at once. The line was full all the time, the count was not. So the rate is taken between two moments at which
   nothing was held back: those in the first and in the last third of the window at which the count stands highest above
   its own regression line. Both edges are chosen alike, so that the choice favours neither a higher nor a lower rate.
3. *The error* is half the difference between the rates before and after such a moment in the middle third; or, where
   that is more than what is held back can explain, how far the plain mean over the whole window lies away.
4. *The swing* is half the 95 % interval of the mean over half seconds, as if these knew nothing of each other. It says
   little of a line whose bytes are held back, and much of one that really swings; so a rate with a wide swing is never
   taken for settled, and one that was stopped by time is told with the larger of error and swing.
5. *Settled* is a rate whose error is small, and that stayed the same for a while.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from diagnostics.model import MILLISECOND, SECOND
from diagnostics.throughput.model import CURVE_NS
from diagnostics.throughput.rules import SpeedRules

LEAST_CUT_NS = 300 * MILLISECOND
"""So much of the start never counts: slow start, and what a shaper's bucket held."""
SWING_NS = 500 * MILLISECOND
_NORMAL_95 = 1.96
LEAST_READINGS = 9
"""In the window: below, its thirds hold too few moments to choose from."""

HELD_BACK_SHARE = 0.05
"""By so much the plain mean may differ because of what was held back at an edge; seen: 4 % at 20 Mbit/s in 4 s."""

Reading = tuple[int, int]
"""Monotonic nanoseconds, payload bytes so far."""


@dataclass(frozen=True, slots=True)
class Measured:
    """``bps`` within the window that begins ``ramp_ns`` after the start; None before there is a window.

    ``error`` and ``swing`` as the module says, as shares of ``bps``.
    """

    bps: int | None
    ramp_ns: int
    error: float | None
    swing: float | None


class Meter:
    """Fed with totals in order of time, at least ten times a second."""

    def __init__(self, start_mono_ns: int) -> None:
        self.start_ns = start_mono_ns
        self._readings: list[Reading] = [(start_mono_ns, 0)]
        self._lately: deque[tuple[int, Measured]] = deque()

    def feed(self, mono_ns: int, total: int) -> None:
        """Take in a reading; one that goes back in time is ignored, one that goes back in bytes is a standstill."""
        last_ns, last = self._readings[-1]
        if mono_ns > last_ns:
            self._readings.append((mono_ns, max(total, last)))

    @property
    def duration_ns(self) -> int:
        return self._readings[-1][0] - self.start_ns

    @property
    def bytes(self) -> int:
        return self._readings[-1][1]

    def curve(self) -> tuple[int, ...]:
        """Bytes in each tenth of a second; the last step may be shorter. Their sum is ``bytes``."""
        steps = -(-self.duration_ns // CURVE_NS)
        edges = [min(self.start_ns + step * CURVE_NS, self._readings[-1][0]) for step in range(steps + 1)]
        totals = [round(total) for total in totals_at(self._readings, edges)]
        return tuple(after - before for before, after in pairwise(totals))

    def measured(self) -> Measured:
        """What is known so far."""
        edges = range(self.start_ns, self._readings[-1][0] + 1, CURVE_NS)
        batches = [after - before for before, after in pairwise(totals_at(self._readings, edges))]
        cut = cut_of(batches)
        if cut is None:
            return Measured(None, self.duration_ns, None, None)
        from_ns = self.start_ns + cut * CURVE_NS
        window = [reading for reading in self._readings if reading[0] >= from_ns]
        found = rate_of(window)
        if found is None:
            return Measured(None, cut * CURVE_NS, None, None)
        return Measured(round(found[0]), cut * CURVE_NS, found[1], self._swing(from_ns))

    def _swing(self, from_ns: int) -> float | None:
        end_ns = self._readings[-1][0]
        count = (end_ns - from_ns) // SWING_NS
        edges = [end_ns - SWING_NS * left for left in range(count, -1, -1)]
        return swing_of([after - before for before, after in pairwise(totals_at(self._readings, edges))])

    def settled(self, rules: SpeedRules) -> bool:
        """Whether more bytes would tell nothing more; to be asked after each reading."""
        now_ns = self._readings[-1][0]
        measured = self.measured()
        self._lately.append((now_ns, measured))
        while self._lately[0][0] < now_ns - rules.hold_s * SECOND:
            self._lately.popleft()
        return (
            self.duration_ns >= rules.shortest_s * SECOND
            and bool(measured.bps)
            and measured.swing is not None
            and measured.swing <= rules.settled_swing
            and all(_agrees(earlier, measured, rules.settled_error) for _, earlier in self._lately)
        )


def _agrees(earlier: Measured, now: Measured, error: float) -> bool:
    return (
        earlier.bps is not None
        and earlier.error is not None
        and now.bps is not None
        and earlier.error <= error
        and abs(earlier.bps - now.bps) <= error * now.bps
    )


def cut_of(batches: Sequence[float]) -> int | None:
    """How many batches at the start do not count (MSER); None while there are too few of them to tell."""
    count = len(batches)
    least = LEAST_CUT_NS // CURVE_NS
    latest = count // 2
    if latest < least:
        return None
    best, best_cut = math.inf, least
    total = squares = 0.0
    for index in range(count - 1, least - 1, -1):
        total += batches[index]
        squares += batches[index] ** 2
        size = count - index
        if index <= latest:
            # Squared standard error of the mean of what is left, times a constant.
            error = max(squares - total**2 / size, 0.0) / size**2
            if error <= best:
                best, best_cut = error, index
    return best_cut


def rate_of(window: Sequence[Reading]) -> tuple[float, float] | None:
    """Bits a second within a window and its error as a share; None where the window is too short or nothing moved."""
    count = len(window)
    if count < LEAST_READINGS or window[-1][1] <= window[0][1]:
        return None
    above = _above_line(window)
    third = count // 3
    first = max(range(third), key=above.__getitem__)
    middle = max(range(third, count - third), key=above.__getitem__)
    last = max(range(count - third, count), key=above.__getitem__)
    whole = _bps(window[first], window[last])
    if whole <= 0:
        return None
    halves = _bps(window[first], window[middle]), _bps(window[middle], window[last])
    error = abs(halves[0] - halves[1]) / 2 / whole
    away = abs(_bps(window[0], window[-1]) - whole) / whole
    return whole, error if away <= HELD_BACK_SHARE else max(error, away)


def swing_of(batches: Sequence[float]) -> float | None:
    """Half the 95 % interval of their mean, as a share of it; None for fewer than three, or where nothing moved."""
    count, total = len(batches), sum(batches)
    if count < 3 or total <= 0:
        return None
    mean = total / count
    variance = sum((value - mean) ** 2 for value in batches) / (count - 1)
    return _NORMAL_95 * math.sqrt(variance / count) / mean


def _above_line(window: Sequence[Reading]) -> list[float]:
    """How far each total lies above the regression line of all."""
    start_ns, start = window[0]
    points = [((at_ns - start_ns) / SECOND, total - start) for at_ns, total in window]
    mean_time = sum(time for time, _ in points) / len(points)
    mean_total = sum(total for _, total in points) / len(points)
    slope = sum((time - mean_time) * (total - mean_total) for time, total in points) / sum(
        (time - mean_time) ** 2 for time, _ in points
    )
    return [total - mean_total - slope * (time - mean_time) for time, total in points]


def _bps(before: Reading, after: Reading) -> float:
    return (after[1] - before[1]) * 8 * SECOND / (after[0] - before[0])


def totals_at(readings: Sequence[Reading], edges: Sequence[int]) -> list[float]:
    """The total at each of some ascending times, by straight lines between readings; the last one's after its end."""
    found: list[float] = []
    place = 0
    for edge in edges:
        while place + 1 < len(readings) and readings[place + 1][0] <= edge:
            place += 1
        at_ns, total = readings[place]
        if place + 1 < len(readings):
            next_ns, next_total = readings[place + 1]
            found.append(total + (next_total - total) * (edge - at_ns) / (next_ns - at_ns))
        else:
            found.append(float(total))
    return found
