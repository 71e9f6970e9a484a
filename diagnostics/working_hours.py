"""A person's working hours, as ``home.working_hours`` writes them: ``Mon-Fri 09:00-18:00``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from diagnostics.model import SECOND

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES

_DAY = f"(?:{'|'.join(DAYS)})"
_HOUR = r"(?:[01]\d|2[0-3]):[0-5]\d"
_ENTRY = re.compile(rf"({_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*) ({_HOUR})-({_HOUR}|24:00)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The minutes of a week that count as work. ``week`` has bit *n* set for the minute *n* after Monday 00:00, local.

    A minute counts by what the local clock shows in it: an hour that the clock skips is none, one that it
    repeats is two. Entries may overlap; a minute counts once.
    """

    entries: tuple[str, ...]
    week: int

    def contain(self, ns: int, zone: tzinfo | None = None) -> bool:
        """Whether a moment (wall clock, UTC ns) lies within them, on the clock of ``zone`` (None: this system's)."""
        moment = datetime.fromtimestamp(ns // SECOND, UTC).astimezone(zone)
        return bool(self.week >> (moment.weekday() * DAY_MINUTES + moment.hour * 60 + moment.minute) & 1)


def parse_working_hours(entries: Iterable[str]) -> WorkingHours:
    """Read the entries. Hours that end before they begin go on into the next day; ``Fri-Mon`` goes over the weekend.

    Days may be written in small letters or capitals: ``entries`` of what is returned has them as ``DAYS`` does. Raises
    ValueError, with the entry as its text, for one that is not understood or holds no time at all.
    """
    week, kept = 0, []
    for entry in entries:
        found = _ENTRY.fullmatch(entry)
        if found is None:
            raise ValueError(entry)
        start, end = _minute(found[2]), _minute(found[3])
        length = (end - start) % DAY_MINUTES if end != DAY_MINUTES else DAY_MINUTES - start
        if not length:
            raise ValueError(entry)
        # Letters are in the days alone.
        kept.append(re.sub(_DAY, lambda day: day[0].capitalize(), entry, flags=re.IGNORECASE))
        for day in _days(found[1].title()):
            week |= _stretch(day * DAY_MINUTES + start, length)
    return WorkingHours(tuple(kept), week)


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _days(text: str) -> list[int]:
    days = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        start = DAYS.index(first)
        count = (DAYS.index(last or first) - start) % 7 + 1
        days += [(start + n) % 7 for n in range(count)]
    return days


def _stretch(start: int, length: int) -> int:
    """So many minutes from ``start`` on; past Sunday's end they go on on Monday."""
    bits = ((1 << length) - 1) << start
    return (bits & ((1 << WEEK_MINUTES) - 1)) | (bits >> WEEK_MINUTES)
