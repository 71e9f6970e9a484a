"""What happens in the made-up month, as times: the same troubles on the same days before its end, each time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from diagnostics.model import MINUTE, SECOND, Span

SEED = "a bad line"
DAYS = 30
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_CALM_NS = 20 * MINUTE
"""So far from each other, and from the month's ends, troubles are."""


class What(StrEnum):
    """What goes wrong. Each has one fate for every kind of try, see ``world``."""

    CUT = "cut"
    """The operator's line is dead: the box answers, nothing beyond it does."""
    CROWDED = "crowded"
    """The operator's network is full: slow beyond the first hop."""
    WEAK_WIFI = "weak_wifi"
    NAMES = "names"
    """The operator's resolver fails."""
    UPLOAD = "upload"
    """The household fills its own line."""
    RESTART = "restart"
    """Somebody restarts the box: it is silent."""
    WAITING = "waiting"
    """The box runs again, its line not yet."""
    ASLEEP = "asleep"
    """The computer sleeps: nothing is observed."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that goes wrong. ``strength`` scales what has a size."""

    what: What
    span: Span
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Script:
    """The whole month: ``troubles`` in order and apart; ``wifi`` is when the line was used by Wi-Fi, not by cable."""

    span: Span
    zone: tzinfo | None
    troubles: tuple[Trouble, ...]
    wifi: tuple[Span, ...]
    excluded: tuple[Span, ...]

    def day(self, back: int) -> date:
        """The local day so many days before that of the month's end."""
        return _local(self.span.end_ns, self.zone).date() - timedelta(back)

    def at(self, back: int, hour: int, minute: int = 0, second: int = 0) -> int:
        """A local time of that day, in UTC ns."""
        return _at(self.day(back), time(hour, minute, second), self.zone)

    def of(self, what: What) -> list[Trouble]:
        return [one for one in self.troubles if one.what is what]


def script(end_ns: int, days: int = DAYS, zone: tzinfo | None = None) -> Script:
    """The month that ends then. ``days`` fewer: its last days. ``zone`` None: the system's own."""
    span = Span(end_ns - days * DAY, end_ns)
    month = Script(span, zone, (), (), ())
    # All is drawn whatever the length: the last days are the same in a short month.
    planned = sorted((*_written(month), *_drawn(month)), key=lambda one: one.span.start_ns)
    kept: list[Trouble] = []
    for one in planned:
        follows = bool(kept) and one.what is What.WAITING and kept[-1].what is What.RESTART
        free_from = kept[-1].span.end_ns + _CALM_NS if kept else span.start_ns + 2 * HOUR
        if follows or (one.span.start_ns >= free_from and one.span.end_ns <= end_ns - _CALM_NS):
            kept.append(one)
    evening = Span(month.at(15, 19, 20), month.at(15, 21, 40))
    works = Span(month.at(12, 9, 30), month.at(12, 11))
    inside = [one for one in (evening, works) if one.start_ns > span.start_ns]
    return Script(
        span,
        zone,
        tuple(kept),
        tuple(one for one in inside if one is evening),
        tuple(one for one in inside if one is works),
    )


def _written(month: Script) -> list[Trouble]:
    """The days on which something of its own happens, and the cut of the last hours."""

    def from_to(what: What, back: int, start: tuple[int, ...], end: tuple[int, ...]) -> Trouble:
        return Trouble(what, Span(month.at(back, *start), month.at(back, *end)))

    last = month.span.end_ns - 2 * HOUR - 13 * MINUTE
    return [
        from_to(What.ASLEEP, 24, (0, 41, 7), (6, 52, 31)),
        from_to(What.CUT, 20, (13, 38, 12), (16, 24, 47)),
        from_to(What.NAMES, 17, (11, 40, 3), (12, 3, 30)),
        from_to(What.WEAK_WIFI, 15, (19, 40), (21, 5)),
        from_to(What.CUT, 12, (10, 11, 25), (10, 24, 50)),
        from_to(What.UPLOAD, 9, (20, 42), (21, 24)),
        from_to(What.CUT, 6, (8, 19, 33), (9, 56, 8)),
        from_to(What.RESTART, 3, (18, 12, 9), (18, 13, 41)),
        from_to(What.WAITING, 3, (18, 13, 41), (18, 14, 26)),
        Trouble(What.CUT, Span(last, last + 97 * SECOND)),
    ]


def _drawn(month: Script) -> list[Trouble]:
    """A cut most mornings, a full network most evenings."""
    chance = random.Random(SEED)
    troubles = []
    for back in range(DAYS, 0, -1):
        at = month.at(back, 9) + chance.randrange(3 * HOUR // SECOND) * SECOND
        length = round(min(240.0, 35 + chance.expovariate(1 / 60)))
        if chance.random() < 0.75 and back not in (20, 17, 12, 6):
            troubles.append(Trouble(What.CUT, Span(at, at + length * SECOND)))
        at = month.at(back, 20) + chance.randrange(40) * MINUTE
        length = chance.randrange(35, 80)
        strength = chance.choice((0.8, 1.0, 1.4))
        if chance.random() < 0.7 and back not in (15, 9):
            troubles.append(Trouble(What.CROWDED, Span(at, at + length * MINUTE), strength))
    return troubles


def _at(day: date, clock: time, zone: tzinfo | None) -> int:
    return round(datetime.combine(day, clock, zone).timestamp()) * SECOND


def _local(at_ns: int, zone: tzinfo | None) -> datetime:
    moment = datetime.fromtimestamp(at_ns // SECOND, zone)
    return moment if zone else moment.astimezone()
