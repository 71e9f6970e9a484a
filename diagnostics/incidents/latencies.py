"""Latency: the time to the anchors stays far above its own usual value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from diagnostics.incidents.found import Finding, Moment
from diagnostics.incidents.surroundings import Surroundings
from diagnostics.model import MILLISECOND, Cause, Kind, Remark, Role, Sample, Verdict

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

    def feed(self, sample: Sample) -> Finding | None:
        """Note an answer from the box, the first hop or an anchor; returns the incident that just ended, if any."""
        stage = _STAGE.get(sample.target.role)
        if stage is None or sample.rtt_ns is None or not sample.outcome.answered:
            return None
        usual = self._around.usual_ns(sample.target.id)
        if usual is None:
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
        window.excess[stage].append(sample.rtt_ns - usual)
        limit = self._around.limit_ns(sample.target.id)
        window.over += stage == 2 and limit is not None and sample.rtt_ns > limit
        return finding

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
            for kept, new in zip(rise.excess, window.excess, strict=True):
                kept.extend(new[: max(0, 2000 - len(kept))])
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
        return Finding(
            Kind.LATENCY,
            rise.start,
            rise.end,
            judge_latency(rise.excess, rise.worst_ns, self._around),
            ongoing,
        )


def judge_latency(
    excess: tuple[Iterable[int], Iterable[int], Iterable[int]], worst_ns: int, around: Surroundings
) -> Verdict:
    """Where the delay begins is whose it is; the household's own traffic is never ruled out here."""
    box, hop, anchors = (round(median(values)) if (values := list(stage)) else None for stage in excess)
    assert anchors is not None
    method = around.method
    reasons = [
        Remark.of("slow_to_anchors", excess_ms=anchors / MILLISECOND, worst_ms=worst_ns / MILLISECOND),
    ]
    counter = [Remark.of("household_not_ruled_out"), Remark.of("one_machine_observes")]
    if box is None:
        return Verdict(Cause.UNKNOWN, 0.4, tuple(reasons), (Remark.of("box_never_answers"), *counter))
    reasons.append(Remark.of("slow_to_box", excess_ms=max(box, 0) / MILLISECOND))
    if box * 2 >= anchors:
        return Verdict(Cause.LAN, 0.7, tuple(reasons), (Remark.of("box_may_be_busy"),))
    if hop is None:
        counter.insert(0, Remark.of("hop_never_answers"))
        return Verdict(Cause.ACCESS, min(0.5, method.household), tuple(reasons), tuple(counter))
    reasons.append(Remark.of("slow_to_hop", excess_ms=max(hop, 0) / MILLISECOND))
    cause = Cause.ACCESS if hop * 2 >= anchors else Cause.ISP_CORE
    return Verdict(cause, method.household, tuple(reasons), tuple(counter))
