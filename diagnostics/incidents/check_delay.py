"""Slow answers in one look: against the usual times where a recording knows them, else against a fixed mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diagnostics.incidents.look import Look, median, median_ns
from diagnostics.incidents.method import Method
from diagnostics.model import MILLISECOND, Role, Sample

SLOW_NS = 300 * MILLISECOND
"""Without a usual time to compare with, only what would spoil any call counts as slow."""
CROWDED_NS = 100 * MILLISECOND
"""… and with much traffic of the home's own, what a queue does."""
PAGE_TRIPS = 2
"""A page takes so many round trips at least: one to connect, one to fetch."""


def excess_ns(samples: Sequence[Sample], usual_ns: Mapping[str, int]) -> int | None:
    """How much slower than usual the answers were, in the median over the targets whose usual time is known."""
    over = [median_of - usual for median_of, usual in _known(samples, usual_ns)]
    return median(over)


def is_slow(
    samples: Sequence[Sample], usual_ns: Mapping[str, int], method: Method, mark_ns: int = SLOW_NS
) -> bool:
    """Whether most targets answer late: above their own usual time as in an incident, or from ``mark_ns`` on."""
    known = _known(samples, usual_ns)
    if known:
        least, ratio = method.latency_min_excess_ns, method.latency_min_excess_ratio
        late = sum(median_of > usual + max(least, round(usual * ratio)) for median_of, usual in known)
        return late * 2 > len(known)
    found = median_ns(samples)
    return found is not None and found >= mark_ns


def _known(samples: Sequence[Sample], usual_ns: Mapping[str, int]) -> list[tuple[int, int]]:
    """Median and usual time of each target that has both."""
    targets: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.target.id in usual_ns:
            targets.setdefault(sample.target.id, []).append(sample)
    found = []
    for key, tries in targets.items():
        middle = median_ns(tries)
        if middle is not None:
            found.append((middle, usual_ns[key]))
    return found


def over_usual_ns(look: Look, role: Role) -> int | None:
    """Time above the usual one; the time itself where no usual one is known; None where nothing answered."""
    samples = look.of(role)
    over = excess_ns(samples, look.habits.usual_ns)
    return median_ns(samples) if over is None else over


def spread_of(samples: Sequence[Sample]) -> float:
    """The 90th percentile less the 10th, over the median; 0 of nothing."""
    times = sorted(s.rtt_ns for s in samples if s.outcome.answered and s.rtt_ns is not None)
    if not times:
        return 0.0
    tenth = (len(times) - 1) // 10
    return (times[-1 - tenth] - times[tenth]) / max(times[(len(times) - 1) // 2], 1)
