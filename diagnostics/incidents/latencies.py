"""Latency: the time to the anchors stays far above its own usual value."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from diagnostics.incidents.columns import Part
from diagnostics.incidents.found import Finding, Moment
from diagnostics.incidents.latency_verdict import LatencyFacts
from diagnostics.incidents.surroundings import Surroundings
from diagnostics.model import MILLISECOND, SECOND, Kind, Outcome, Role, Sample, Span

_STAGE = {Role.GATEWAY: 0, Role.FIRST_HOP: 1, Role.ANCHOR: 2}


@dataclass(slots=True)
class Window:
    """Round trips above the usual value over one window, by stage: box, first hop, anchors."""

    index: int
    first: Moment
    last: Moment
    excess: tuple[list[int], list[int], list[int]] = field(default_factory=lambda: ([], [], []))
    over: int = 0


@dataclass(slots=True)
class Rise:
    """Windows in a row that are too slow."""

    start: Moment
    end: Moment
    windows: int = 0
    below: int = 0
    opened: bool = False
    worst_ns: int = 0
    excess: tuple[list[int], list[int], list[int]] = field(default_factory=lambda: ([], [], []))
    slow: list[Span] = field(default_factory=list)
    """The slow windows; those side by side are joined."""
    checks: list[int] = field(default_factory=list)
    """Round trips of checks of another kind above their usual value."""
    lost: int = 0
    tries: int = 0

    def add_slow(self, span: Span) -> None:
        if self.slow and span.start_ns - self.slow[-1].end_ns < SECOND:
            self.slow[-1] = Span(self.slow[-1].start_ns, span.end_ns)
        elif len(self.slow) < MOST:
            self.slow.append(span)
        else:
            self.slow[-1] = Span(self.slow[-1].start_ns, span.end_ns)


JITTER_NS = 10 * MILLISECOND
"""What answers spread anyway."""
MOST = 2000
"""Round trips, or stretches, kept of one incident; of a longer one the first."""


class LatencyDetector:
    """Windows on a fixed grid of wall time; the median of each is held against the usual time plus the limit.

    Late answers count with their time, lost ones not at all. Windows without any answer change nothing.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._window: Window | None = None
        self._rise: Rise | None = None

    @property
    def rising(self) -> bool:
        """True while windows are too slow: nothing may be learnt then."""
        return self._rise is not None or (self._window is not None and self._window.over > 0)

    @property
    def risen(self) -> bool:
        """True while a latency incident is going on."""
        return self._rise is not None and self._rise.opened

    def check(self, sample: Sample) -> None:
        """Note a TCP connection: slow by as much, it is a second kind of probe that says the same."""
        if sample.outcome not in (Outcome.OK, Outcome.REFUSED) or sample.rtt_ns is None:
            return
        usual = self._around.usual_ns(sample.target.id)
        if self._rise is not None and usual is not None and len(self._rise.checks) < MOST:
            self._rise.checks.append(sample.rtt_ns - usual)

    def feed(self, sample: Sample) -> Finding | None:
        """Note a try at the box, the first hop or an anchor; returns the incident that just ended, if any."""
        stage = _STAGE.get(sample.target.role)
        if self._rise is not None and stage == 2 and not sample.extra:
            self._rise.tries += 1
            self._rise.lost += not sample.outcome.answered
        if stage is None or sample.rtt_ns is None or not sample.outcome.answered:
            return None
        usual = self._around.usual.get(sample.target.id)
        if usual is None or usual.value_ns is None:
            self._around.meet(sample.target.id, sample.rtt_ns)
            return None
        index = sample.sent_ns // self._around.method.latency_window_ns
        at = Moment(sample.sent_ns, sample.mono_ns)
        finding = None
        if self._window is not None and self._window.index != index:
            finding = self._close_window()
        if self._window is None:
            self._window = Window(index, at, at)
        window = self._window
        window.last = at
        window.excess[stage].append(sample.rtt_ns - usual.value_ns)
        window.over += stage == 2 and usual.limit_ns is not None and sample.rtt_ns > usual.limit_ns
        return finding

    def pass_over(self, parts: Iterable[Part], offset_ns: int) -> None:
        """Take tries of which none was above the limit, while nothing was rising: only the last window is open then."""
        timed = [(_STAGE[part.role], part) for part in parts if part.answers and part.role in _STAGE]
        answered: list[tuple[int, int, int]] = []
        if not timed:
            return
        width = self._around.method.latency_window_ns
        start = max(_last_answer_ns(part) for _, part in timed) // width * width
        for stage, part in timed:
            times, rtts = part.column.times_ns, part.column.rtt_ns
            usual = self._around.usual_ns(part.key) or 0
            first = bisect_left(times, start, part.start, part.end)
            answered += [
                (times[at], stage, rtts[at] - usual) for at in range(first, part.end) if rtts[at] >= 0
            ]
        answered.sort(key=lambda one: one[0])
        at, last = (Moment(one[0], one[0] - offset_ns) for one in (answered[0], answered[-1]))
        if self._window is None or self._window.index != start // width:
            self._window = Window(start // width, at, last)
        self._window.last = last
        for _, stage, excess in answered:
            self._window.excess[stage].append(excess)

    def quiet(self) -> None:
        """A whole minute went by without a single answer above the limit, and none was rising before."""
        if self._window is not None:
            self._close_window()

    def cut(self) -> Finding | None:
        if self._window is not None:
            finding = self._close_window()
            if finding is not None:
                return finding
        rise, self._rise = self._rise, None
        return self._finding(rise, ongoing=False) if rise and rise.opened else None

    def ongoing(self) -> Finding | None:
        return self._finding(self._rise, ongoing=True) if self._rise and self._rise.opened else None

    def _close_window(self) -> Finding | None:
        window, self._window = self._window, None
        assert window is not None
        anchors = window.excess[2]
        if not anchors:
            return None
        method = self._around.method
        slow = window.over * 2 > len(anchors)
        if slow:
            rise = self._rise
            if rise is None:
                rise = self._rise = Rise(window.first, window.last)
            rise.windows += 1
            rise.below = 0
            rise.end = window.last
            rise.worst_ns = max(rise.worst_ns, round(median(anchors)))
            rise.add_slow(Span(window.first.wall_ns, window.last.wall_ns + 1))
            for kept, new in zip(rise.excess, window.excess, strict=True):
                kept.extend(new[: max(0, MOST - len(kept))])
            rise.opened = rise.opened or rise.windows >= method.latency_open_windows
        elif self._rise is not None:
            if not self._rise.opened:
                self._rise = None
                return None
            self._rise.below += 1
            if self._rise.below >= method.latency_close_windows:
                rise, self._rise = self._rise, None
                return self._finding(rise, ongoing=False)
        return None

    def _finding(self, rise: Rise, *, ongoing: bool) -> Finding:
        facts = LatencyFacts(
            box_ns=_median(rise.excess[0]),
            hop_ns=_median(rise.excess[1]),
            anchors_ns=round(median(rise.excess[2])),
            worst_ns=rise.worst_ns,
            spread=spread(rise.excess[2]),
            checks_ns=_median(rise.checks),
            lost=rise.lost,
            tries=rise.tries,
            medium=self._around.medium,
        )
        return Finding(Kind.LATENCY, rise.start, rise.end, facts, ongoing, tuple(rise.slow))


def _last_answer_ns(part: Part) -> int:
    place = part.end - 1
    while part.column.rtt_ns[place] < 0:
        place -= 1
    return part.column.times_ns[place]


def _median(values: list[int]) -> int | None:
    return round(median(values)) if values else None


def spread(values: list[int]) -> float:
    """The 90th percentile less the 10th, beyond the usual jitter, over the median: small for a detour."""
    ordered = sorted(values)
    middle = median(ordered)
    if len(ordered) < 2 or middle <= 0:
        return 0.0
    width = ordered[len(ordered) * 9 // 10] - ordered[len(ordered) // 10]
    return max(0, width - JITTER_NS) / middle
