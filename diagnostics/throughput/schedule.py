"""When the next scheduled measurement is due: spread over the day and its evening, each machine at times of its own.

The day without its first and last quarter of an hour is mapped onto a scale on which the evening has the share of it
that is due to it. Measurements lie evenly on that scale, from a starting point drawn for the machine and the day, and
each is then moved by a little draw of its own. So the count of a day and of its evening, and the least distance, hold
by construction, and no minute is likelier than its neighbours.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from diagnostics.model import MINUTE, SECOND

if TYPE_CHECKING:
    from diagnostics.throughput.terms import Spacing

EVENING_FROM_H, EVENING_TO_H = 18, 23
"""The hours in which lines are fullest."""
APART_NS = 30 * MINUTE
"""No two scheduled measurements lie nearer to each other."""
MARGIN_NS = 15 * MINUTE
"""Kept free on both sides of midnight, so that two days keep their distance."""
LATE_NS = 15 * MINUTE
"""What is later than this was missed, and is not caught up."""
MOST_MOVED_NS = 30 * MINUTE
_UNIT = 1 << 32
_DAY_NS = 24 * 60 * MINUTE
_LONG_AGO_NS = 60 * _DAY_NS
"""Draws are not followed from further back."""


def next_due(
    per_day: int,
    last_ns: int,
    now_ns: int,
    zone: tzinfo | None,
    seed: bytes,
    spacing: Spacing | None = None,
) -> int | None:
    """When the next measurement is due (UTC ns); in the past by LATE_NS at most, and None for ``per_day`` 0.

    ``last_ns``: the last one that was made or given up; before the first, when the schedule began. What came between it
    and now and was missed is not caught up. ``zone`` None: this system's. ``seed`` is the machine's own: the same
    arguments give the same answer.
    """
    if per_day <= 0:
        return None
    last_ns = min(last_ns, now_ns)
    if spacing is not None:
        return _next_drawn(per_day, last_ns, now_ns, seed, spacing)
    soonest_ns = last_ns + APART_NS
    return next(
        max(moment, soonest_ns)
        for moment in _from(_day_of(now_ns, zone) - timedelta(days=1), per_day, zone, seed)
        if moment > last_ns and max(moment, soonest_ns) >= now_ns - LATE_NS
    )


def _from(day: date, per_day: int, zone: tzinfo | None, seed: bytes) -> Iterator[int]:
    while True:
        yield from moments(day, per_day, zone, seed)
        day += timedelta(days=1)


def moments(day: date, per_day: int, zone: tzinfo | None, seed: bytes) -> tuple[int, ...]:
    """The moments of a local day at which measurements are due, in order.

    A third of them, rounded up, fall between 18 and 23 h. One a day falls there on every third day or so.
    """
    start, end = local_moment(day, 0, zone), local_moment(day + timedelta(days=1), 0, zone)
    last = end - MARGIN_NS
    dusk, night = local_moment(day, EVENING_FROM_H, zone), min(local_moment(day, EVENING_TO_H, zone), last)
    stretches = ((start + MARGIN_NS, dusk), (dusk, night), (night, last))
    evening = math.ceil(per_day / 3)
    if per_day == 1:
        evening = int(_drawn(seed, day, "evening", 3) == 0)
    rest = per_day - evening
    length = [stop - begin for begin, stop in stretches]
    outside = length[0] + length[2]
    before = rest * _UNIT * length[0] // outside
    scale = (before, evening * _UNIT, rest * _UNIT - before)
    nearest = min(
        length[1] // evening if evening else _DAY_NS,
        outside // rest if rest else _DAY_NS,
    )
    most_moved = max(0, min((nearest - APART_NS) // 2, MOST_MOVED_NS))
    first = _drawn(seed, day, "start", _UNIT)
    found = []
    for number in range(per_day):
        place = first + number * _UNIT
        which = 0
        while place >= scale[which]:
            place -= scale[which]
            which += 1
        begin, stop = stretches[which]
        moment = begin + (stop - begin) * place // scale[which]
        moved = moment + _drawn(seed, day, f"moved {number}", 2 * most_moved + 1) - most_moved
        found.append(_folded(moved, begin, stop))
    return tuple(found)


def _folded(moment: int, begin: int, stop: int) -> int:
    """What was moved over an edge comes back by as much: each stretch keeps its number."""
    if moment < begin:
        moment = 2 * begin - moment
    elif moment >= stop:
        moment = 2 * stop - 1 - moment
    return min(max(moment, begin), stop - 1)


def _next_drawn(per_day: int, last_ns: int, now_ns: int, seed: bytes, spacing: Spacing) -> int:
    """Draws after each other from the last measurement on: missed ones are drawn past, not caught up.

    Who wants fewer a day than the rule would give gets waits that are longer in proportion.
    """
    import random

    stretch = max(1.0, _DAY_NS / SECOND / per_day / spacing.mean_s)
    moment = last_ns + max(0, now_ns - last_ns) // _LONG_AGO_NS * _LONG_AGO_NS
    while True:
        wait_s = spacing.draw(random.Random(b"%b|%d" % (seed, moment))) * stretch
        moment += round(wait_s * SECOND)
        if moment >= now_ns - LATE_NS:
            return moment


def within_limit(due_ns: int, made_ns: Sequence[int], a_day: int) -> int:
    """``due_ns``, or later where a provider takes ``a_day`` measurements in 24 hours at most (0: no limit is known).

    ``made_ns``: when the provider was measured with, in order.
    """
    return max(due_ns, made_ns[-a_day] + _DAY_NS) if 0 < a_day <= len(made_ns) else due_ns


def local_moment(day: date, hour: int, zone: tzinfo | None) -> int:
    """The moment (UTC ns) at which a local day comes to an hour; where clocks skip it, when they skip."""
    naive = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 its zone comes next
    aware = naive.astimezone() if zone is None else naive.replace(tzinfo=zone)
    return round(aware.astimezone(UTC).timestamp()) * SECOND


def _day_of(ns: int, zone: tzinfo | None) -> date:
    return datetime.fromtimestamp(ns // SECOND, UTC).astimezone(zone).date()


def _drawn(seed: bytes, day: date | None, what: str, below: int) -> int:
    """A whole number from 0 to below ``below``, the same for the same machine, day and purpose."""
    digest = hashlib.sha256(b"%b|%b|%b" % (seed, str(day).encode(), what.encode())).digest()
    return int.from_bytes(digest[:16]) % below
