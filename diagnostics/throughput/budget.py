"""The data budget: what this month has cost, what one more measurement will, and whether it may.

Counted are payload bytes, as results state them; with headers the line carries some 4 % more.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from diagnostics.model import SECOND, Event, EventKind, Remark
from diagnostics.throughput.choice import Choice
from diagnostics.throughput.model import Direction, Ended, Flow, SpeedResult
from diagnostics.throughput.rules import SpeedRules
from diagnostics.throughput.schedule import local_moment

LAST_RESULTS = 5
"""So many of the newest results say what the next one will cost."""


class Basis(StrEnum):
    """What an estimate rests on."""

    RESULTS = "results"
    """The last measurements with this provider on this line."""
    LINK = "link"
    """The rate of this machine's own link, for the longest time: the line may be much slower."""
    ASSUMED = "assumed"
    """Nothing is known: a link of 1 Gbit/s is assumed."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a measurement will cost, in payload bytes. ``usual_bytes`` is the median where there are results."""

    high_bytes: int
    usual_bytes: int
    basis: Basis


@dataclass(frozen=True, slots=True)
class Wanted:
    """What limits a measurement beforehand: ``longest_s`` is for each direction, ``most_bytes`` for all of it."""

    directions: tuple[Direction, ...] = (Direction.DOWN, Direction.UP)
    longest_s: float | None = None
    most_bytes: int | None = None


ALL = Wanted()


def month_of(now_ns: int, zone: tzinfo | None) -> tuple[int, int]:
    """The local calendar month of a moment: its start, and the next one's (UTC ns). ``zone`` None: this system's."""
    day = datetime.fromtimestamp(now_ns // SECOND, UTC).astimezone(zone).date().replace(day=1)
    after = day.replace(year=day.year + 1, month=1) if day.month == 12 else day.replace(month=day.month + 1)
    return local_moment(day, 0, zone), local_moment(after, 0, zone)


def used(events: Iterable[Event], now_ns: int, zone: tzinfo | None) -> int:
    """Payload bytes of this local calendar month's measurements: cancelled, failed and rejected ones too, those that
    stayed within the home not.

    ``events`` of other kinds are passed over; a newer version's results count by what they cost all the same.
    """
    start_ns, end_ns = month_of(now_ns, zone)
    total = 0
    for event in events:
        inside = event.data.get("circumstances.at_home") or event.data.get("circumstances.loopback")
        if event.kind is EventKind.SPEED and start_ns <= event.at_ns < end_ns and not inside:
            cost = event.data.get("bytes")
            total += max(0, cost) if isinstance(cost, int) else 0
    return total


def estimate(
    results: Iterable[SpeedResult],
    provider: str,
    line_id: str,
    rules: SpeedRules,
    link_bps: int | None = None,
    wanted: Wanted = ALL,
) -> Estimate:
    """What the next measurement with a provider on a line will cost.

    ``results`` in the journal's order; those broken off are no guide. Without any: the longest time in each direction
    at ``link_bps``, the rate of this machine's own link (None: not known).
    """
    costs = [_cost(one, wanted) for one in results if _telling(one, provider, line_id)][-LAST_RESULTS:]
    if costs:
        usual, high, basis = round(statistics.median(costs)), max(costs), Basis.RESULTS
    else:
        seconds = len(wanted.directions) * (wanted.longest_s or rules.longest_s)
        usual = high = round(seconds * (link_bps or rules.assumed_bps) / 8)
        basis = Basis.LINK if link_bps else Basis.ASSUMED
    if wanted.most_bytes is not None:
        usual, high = min(usual, wanted.most_bytes), min(high, wanted.most_bytes)
    return Estimate(high, usual, basis)


def _cost(result: SpeedResult, wanted: Wanted) -> int:
    """What a measurement would have cost, had it been limited so."""
    flows = [flow for flow in (result.down, result.up) if flow is not None]
    spared = sum(
        flow.bytes - (_within(flow, wanted.longest_s) if flow.direction in wanted.directions else 0)
        for flow in flows
    )
    return max(0, result.bytes - spared)


def _within(flow: Flow, longest_s: float | None) -> int:
    """The bytes of a flow in another longest time: one that had not settled would go on as long as it may."""
    if longest_s is None or flow.duration_ns <= 0:
        return flow.bytes
    share = longest_s * SECOND / flow.duration_ns
    return round(flow.bytes * share) if share < 1 or flow.ended is Ended.TIME else flow.bytes


def _telling(result: SpeedResult, provider: str, line_id: str) -> bool:
    flows = (result.down, result.up)
    around = result.circumstances
    if around.at_home or around.loopback:
        return False  # it was not the line that set the rate
    if result.provider != provider or around.line_id != line_id or result.cancelled:
        return False
    return all(flow is not None and flow.ended in (Ended.STEADY, Ended.TIME) for flow in flows)


def most_bytes(choice: Choice, used_bytes: int) -> int:
    """What is left of the month: the hard limit of one measurement, which is cut there."""
    return max(0, choice.cap_bytes - used_bytes)


def allow(choice: Choice, used_bytes: int, cost: Estimate, rules: SpeedRules) -> Remark | None:
    """Why one more measurement may not be made; None when it may.

    Where only the link's rate is known, what is left is tried with, down to ``least_bytes``: the hard limit holds.
    """
    left = most_bytes(choice, used_bytes)
    needed = cost.usual_bytes if cost.basis is Basis.RESULTS else min(cost.usual_bytes, rules.least_bytes)
    if left >= needed and left > 0:
        return None
    return Remark.of("held_cap", used_bytes=used_bytes, cap_bytes=choice.cap_bytes, cost_bytes=max(needed, 0))
