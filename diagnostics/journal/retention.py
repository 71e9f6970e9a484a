"""Removal by age: which samples are no longer kept. Figures, events and every digest stay.

A choice is an event of the kind ``retention``; what it asks for is done page by page (``paging.remove_next``). While it
stands, the recorder chains another one each time that thirty more days have become too old.
"""

from __future__ import annotations

from diagnostics.journal.hours import DAY_NS
from diagnostics.model import Event, EventKind

LEAST_DAYS = 400
"""Claims on a telecom operator lapse after a year (CPCE, L. 34-2): what is younger is not removed."""
MOST_DAYS = 36_500
_STEP_DAYS = 30


def chosen(keep_days: int, now_ns: int) -> Event:
    """The event of a choice made now: keep so many days, 0 for all. Days are those of UTC.

    Raises ValueError for less than ``LEAST_DAYS``.
    """
    if keep_days and not LEAST_DAYS <= keep_days <= MOST_DAYS:
        raise ValueError("a number of days out of range")
    before_ns = max((now_ns // DAY_NS - keep_days) * DAY_NS, 0) if keep_days else 0
    return Event(EventKind.RETENTION, now_ns, {"keep_days": keep_days, "before_ns": before_ns})


def read(event: Event) -> tuple[int, int]:
    """Days to keep (0: all), and the time before which samples go (UTC ns). Raises ValueError."""
    keep_days, before_ns = event.data.get("keep_days"), event.data.get("before_ns")
    for value in (keep_days, before_ns):
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
            raise ValueError("not a retention")
    return int(str(keep_days)), int(str(before_ns))


def renewed(choice: Event, days_since: int, now_ns: int) -> Event | None:
    """The event that follows a choice, None while too little has become too old since.

    ``days_since`` counts the days recorded since the choice or its last renewal, and one renewal goes no further than
    they do: a clock that is years ahead for a moment removes nothing. Raises ValueError for what is no choice.
    """
    keep_days, before_ns = read(choice)
    if not keep_days or days_since < _STEP_DAYS:
        return None
    before_ns = min(read(chosen(keep_days, now_ns))[1], before_ns + (days_since + 1) * DAY_NS)
    if before_ns <= read(choice)[1]:
        return None
    return Event(EventKind.RETENTION, now_ns, {"keep_days": keep_days, "before_ns": before_ns})
