"""Calendar days and hours where the line is; and chance that stays the same for the same seed."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta

from diagnostics.campaigns.model import Zone
from diagnostics.model import SECOND


def day_of(ns: int, zone: Zone) -> date:
    """The local calendar day of a moment."""
    return datetime.fromtimestamp(ns // SECOND, UTC).astimezone(zone).date()


def at_hour(day: date, hour: int, zone: Zone) -> int:
    """When the local clock shows that hour (0–24) of that day; a skipped hour comes out as the one after it."""
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return round(datetime.combine(day, time(hour), zone).timestamp()) * SECOND


def chance(*parts: object) -> float:
    """A number from 0 up to 1, the same for the same parts."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)
