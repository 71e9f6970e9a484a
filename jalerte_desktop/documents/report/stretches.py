"""Stretches of time laid over each other. Lists of them are in order, apart from each other, and hold no empty one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from diagnostics.model import SECOND, Coverage, Span


def union(spans: Iterable[Span], bridge_ns: int = 0) -> list[Span]:
    """All of these spans as stretches; those no further apart than ``bridge_ns`` become one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start_ns):
        if span.start_ns >= span.end_ns:
            continue
        if merged and span.start_ns <= merged[-1].end_ns + bridge_ns:
            if span.end_ns > merged[-1].end_ns:
                merged[-1] = Span(merged[-1].start_ns, span.end_ns)
        else:
            merged.append(span)
    return merged


def overlap(ones: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What lies in both."""
    return [part for _, part in _overlaps(ones, others)]


def without(ones: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What lies in ``ones`` and not in ``others``."""
    left: list[Span] = []
    at = 0
    for one in ones:
        start = one.start_ns
        while at < len(others) and others[at].end_ns <= start:
            at += 1
        for other in others[at:]:
            if other.start_ns >= one.end_ns:
                break
            if other.start_ns > start:
                left.append(Span(start, other.start_ns))
            start = max(start, other.end_ns)
        if start < one.end_ns:
            left.append(Span(start, one.end_ns))
    return left


def seconds(spans: Iterable[Span]) -> float:
    """How long they are together."""
    return sum(span.end_ns - span.start_ns for span in spans) / SECOND


def seconds_by_part(parts: Sequence[Span], spans: Sequence[Span]) -> list[float]:
    """How many seconds of ``spans`` lie in each part."""
    sums = [0] * len(parts)
    for place, piece in _overlaps(parts, spans):
        sums[place] += piece.end_ns - piece.start_ns
    return [total / SECOND for total in sums]


def observed(coverage: Coverage) -> list[Span]:
    """The stretches that a coverage says were observed."""
    return without([coverage.span], union(gap.span for gap in coverage.gaps))


def _overlaps(ones: Sequence[Span], others: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """What lies in both, each piece with the place of the one that it lies in."""
    i = j = 0
    while i < len(ones) and j < len(others):
        one, other = ones[i], others[j]
        start, end = max(one.start_ns, other.start_ns), min(one.end_ns, other.end_ns)
        if start < end:
            yield i, Span(start, end)
        if one.end_ns <= other.end_ns:
            i += 1
        else:
            j += 1
