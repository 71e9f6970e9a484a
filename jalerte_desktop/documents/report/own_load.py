"""How long the home's own traffic filled the line, by the box's counters or, where it has none, by this machine's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from diagnostics.incidents.method import Method
from diagnostics.model import SECOND, Span
from diagnostics.witnesses import Origin, Traffic
from jalerte_desktop.documents.report.model import Share
from jalerte_desktop.documents.report.stretches import overlap, seconds, union, without

HOLE_NS = SECOND
"""Statements closer to each other than this follow one another."""


@dataclass(frozen=True, slots=True)
class _Step:
    span: Span
    down_bps: int
    up_bps: int


@dataclass(slots=True)
class _Counter:
    """What one counter told: the stretches it speaks of, and its steps that are busy enough to be looked at."""

    told: list[Span] = field(default_factory=list)
    busy: list[_Step] = field(default_factory=list)


def own_load(statements: Iterable[Traffic], observed: Sequence[Span], method: Method) -> Share:
    """The share of the observed time that can be told, in which a direction carried what the method calls busy.

    That is ``traffic_busy_bps`` at least, and ``traffic_busy_ratio`` of the most that the line was seen to carry that
    way in this time. The second highest step is the most: one alone may be a counter's mistake. The statements are
    taken one by one; only busy steps are kept.
    """
    counters = {origin: _Counter() for origin in Origin}
    for statement in statements:
        _note(counters[statement.origin], statement, method)
    told: list[Span] = []
    full: list[Span] = []
    # The box counts this machine's traffic too: where it speaks, nobody else is asked.
    for origin in (Origin.HOME, Origin.MACHINE):
        counter = counters[origin]
        speaks = overlap(observed, without(union(counter.told), told))
        full += overlap(_full(counter, observed, method), speaks)
        told = union([*told, *speaks])
    told_s = seconds(told)
    return Share(seconds(union(full)) / told_s if told_s else None, told_s)


def _note(counter: _Counter, statement: Traffic, method: Method) -> None:
    start = at = statement.start_ns
    for step in statement.steps:
        end = at + step.duration_ns
        if max(step.down_bps, step.up_bps) >= method.traffic_busy_bps:
            counter.busy.append(_Step(Span(at, end), step.down_bps, step.up_bps))
        at = end
    last = counter.told[-1] if counter.told else None
    if last is not None and last.start_ns <= start <= last.end_ns + HOLE_NS:
        counter.told[-1] = Span(last.start_ns, max(last.end_ns, at))
    elif at > start:
        counter.told.append(Span(start, at))


def _full(counter: _Counter, observed: Sequence[Span], method: Method) -> list[Span]:
    """The stretches in which this counter says that the line was full."""
    counter.busy.sort(key=lambda step: step.span.start_ns)
    seen = _touching(counter.busy, observed)
    down = _limit((step.down_bps for step in seen), method)
    up = _limit((step.up_bps for step in seen), method)
    return union(step.span for step in seen if step.down_bps >= down or step.up_bps >= up)


def _touching(steps: Sequence[_Step], stretches: Sequence[Span]) -> list[_Step]:
    found = []
    at = 0
    for step in steps:
        while at < len(stretches) and stretches[at].end_ns <= step.span.start_ns:
            at += 1
        if at < len(stretches) and stretches[at].start_ns < step.span.end_ns:
            found.append(step)
    return found


def _limit(rates: Iterable[int], method: Method) -> float:
    best = second = 0
    for rate in rates:
        if rate > best:
            best, second = rate, best
        elif rate > second:
            second = rate
    return max(method.traffic_busy_bps, second * method.traffic_busy_ratio)
