"""The calendar of a report: each day's cuts by colour, figure or size, and what was not observed of it ruled."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby

from diagnostics.model import Coverage
from jalerte_desktop.documents.report.drawing import Mark, Picture, rect, words, words_width
from jalerte_desktop.documents.report.model import Day
from jalerte_desktop.documents.report.sayings import observed_words, put
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import NO_BREAK
from jalerte_desktop.words.language import _, current

LEVELS_S = (60.0, 600.0, 3600.0)
"""Up to a minute, ten minutes, an hour, and more: the four shades of a day with cuts."""
MONTHS_UP_TO = 70
"""So many days at most are drawn as weeks below each other; more as weeks side by side."""
_FROM_SHARE = 0.02
"""A smaller share that was not observed is not drawn: it would not be seen."""
_HIDDEN_FROM = 0.5
"""From this share on the ruled part would run through the day's number."""
_ROOM = 45.0
"""Cells wider than this, in points, hold a duration in full."""
_SQUARE = 15.0
"""The side of a day where weeks stand side by side, at most."""
_DARK = 3
"""Shades from this on take light words."""

_WEEKDAYS = {
    "fr": ("lu", "ma", "me", "je", "ve", "sa", "di"),
    "en": ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"),
}
_MONTHS = {
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def calendar(days: tuple[Day, ...], coverage: Coverage, width: float, cell_height: float) -> Picture:
    """The days of the period, ``width`` points wide. ``cell_height`` is of a day in a short period alone."""
    weeks = _weeks(days)
    short = len(days) <= MONTHS_UP_TO
    marks, height = _below(weeks, width, cell_height) if short else _beside(weeks, width)
    legend, height = _legend(height, width, short)
    return Picture(width, height, (*marks, *legend), _alt(days), _caption(coverage))


def level(cut_s: float, cuts: int) -> int:
    """0 for a day without cuts, else 1 to 4."""
    if not cuts and cut_s <= 0:
        return 0
    return 1 + sum(cut_s > limit for limit in LEVELS_S)


def lost_share(day: Day) -> float:
    """The share of a day's part in the period that was not observed."""
    whole = day.span.duration_s
    return 1 - min(1.0, max(0.0, day.observed_s / whole)) if whole > 0 else 1.0


def brief(seconds: float) -> str:
    """A duration for a small place: ``28 s``, ``48 min``, ``1 h 29``."""
    if seconds < 60:
        return figures.duration(seconds)
    hours, minutes = divmod(max(1, round(seconds / 60)), 60)
    return f"{hours}{NO_BREAK}h{NO_BREAK}{minutes:02d}" if hours else f"{minutes}{NO_BREAK}min"


def _weeks(days: tuple[Day, ...]) -> list[tuple[date, list[Day]]]:
    """The days by weeks, each with its Monday."""
    found = groupby(days, key=lambda day: day.day - timedelta(days=day.day.weekday()))
    return [(monday, list(week)) for monday, week in found]


def _below(weeks: list[tuple[date, list[Day]]], width: float, cell_height: float) -> tuple[list[Mark], float]:
    """Seven columns; weeks below each other, as on a wall calendar."""
    left, top = 34.0, 12.0
    cell = (width - left) / 7
    marks = [
        words("axis", left + (n + 0.5) * cell, top - 4, name, "center")
        for n, name in enumerate(_WEEKDAYS[current()])
    ]
    for row, (_monday, week) in enumerate(weeks):
        y = top + row * (cell_height + 2)
        marks.append(
            words(
                "axis",
                left - 4,
                y + cell_height / 2 + 2,
                _month_of(week, weeks[row - 1][1] if row else None),
                "right",
            )
        )
        for day in week:
            x = left + day.day.weekday() * cell
            marks += _cell(day, x, y, cell - 2, cell_height)
    return marks, top + len(weeks) * (cell_height + 2)


def _month_of(week: list[Day], before: list[Day] | None) -> str:
    """The month of the week's first day, where it is not that of the week before."""
    new = before is None or week[0].day.month != before[0].day.month
    return _MONTHS[current()][week[0].day.month - 1] if new else ""


def _number(day: date) -> str:
    """The day; the first of a month with its name, since a week seldom begins with it."""
    return f"1{NO_BREAK}{_MONTHS[current()][day.month - 1]}" if day.day == 1 else str(day.day)


def _cell(day: Day, x: float, y: float, width: float, height: float) -> list[Mark]:
    shade, lost = level(day.cut_s, day.cuts), lost_share(day)
    light = shade >= _DARK
    if lost >= 1:
        marks = [rect("not_observed", x, y, width, height)]
    else:
        marks = [rect(f"day{shade}", x, y, width, height)]
        if lost > _FROM_SHARE:
            depth = max(2.0, lost * height)
            marks.append(rect("not_observed", x, y + height - depth, width, depth))
    if lost > _HIDDEN_FROM:
        marks.append(rect("clear", x + 1.5, y + 1.5, 21 if day.day.day == 1 else 9.5, 7.5))
    marks.append(words("day_light" if light else "day", x + 2.5, y + 7, _number(day.day)))
    if shade:
        room = width > _ROOM
        time = figures.duration(day.cut_s) if room else brief(day.cut_s)
        look = ("cell_large" if room else "cell") + ("_light" if light else "")
        marks.append(words(look, x + width - 2.5, y + (height / 2 + 5 if room else 15.5), time, "right"))
    return marks


def _beside(weeks: list[tuple[date, list[Day]]], width: float) -> tuple[list[Mark], float]:
    """Weeks side by side; the shade's inner square grows, since colour alone must not tell."""
    left, top = 18.0, 12.0
    size = min(_SQUARE, (width - left) / max(1, len(weeks)))
    marks = [
        words("axis", left - 4, top + (n + 0.75) * size, name, "right")
        for n, name in enumerate(_WEEKDAYS[current()])
        if n in (0, 2, 4, 6)
    ]
    named = -4
    for column, (_monday, week) in enumerate(weeks):
        x = left + column * size
        first = next((day.day for day in week if day.day.day == 1), week[0].day if column == 0 else None)
        if first is not None and column - named >= 2:
            named = column
            marks.append(words("axis", x, top - 4, _MONTHS[current()][first.month - 1]))
        for day in week:
            marks += _square(day, x, top + day.day.weekday() * size, size - 1.2)
    return marks, top + 7 * size


def _square(day: Day, x: float, y: float, size: float) -> list[Mark]:
    shade, lost = level(day.cut_s, day.cuts), lost_share(day)
    if lost >= 1:
        return [rect("not_observed", x, y, size, size)]
    marks = [rect("day0", x, y, size, size)]
    if lost > 0.25:
        depth = lost * size
        marks.append(rect("not_observed", x, y + size - depth, size, depth))
    if shade:
        inner = size * (0.4, 0.6, 0.8, 1.0)[shade - 1]
        margin = (size - inner) / 2
        marks.append(rect(f"day{shade}", x + margin, y + margin, inner, inner))
    return marks


def _legend(top: float, width: float, short: bool) -> tuple[list[Mark], float]:
    entries = (
        ("day0", _("no cut")),
        ("day1", _("up to 1 min")),
        ("day2", _("up to 10 min")),
        ("day3", _("up to 1 h")),
        ("day4", _("more")),
        ("not_observed", _("not observed")),
    )
    marks: list[Mark] = []
    narrow = width < 330
    x, y = 0.0, top + 7
    for n, (look, name) in enumerate(entries):
        if narrow and n == 3:
            x, y = 0.0, y + 12
        if short or look in ("day0", "not_observed"):
            marks.append(rect(look, x, y, 9, 7))
        else:
            marks += [rect("day0", x, y - 1, 9, 9)]
            inner = 9 * (0.4, 0.6, 0.8, 1.0)[int(look[-1]) - 1]
            marks.append(rect(look, x + (9 - inner) / 2, y - 1 + (9 - inner) / 2, inner, inner))
        marks.append(words("legend", x + 12, y + 6, name))
        x += 28 + words_width(name)
    return marks, y + 11


def _caption(coverage: Coverage) -> str:
    return (
        put(
            _(
                "Each day of the period: time without internet through cuts attributed to the operator’s"
                " network (local days). The ruled part of a day was not observed and says nothing."
            )
        )
        + " "
        + observed_words(coverage.observed_s, coverage.ratio)
    )


def _alt(days: tuple[Day, ...]) -> str:
    struck = [day for day in days if level(day.cut_s, day.cuts)]
    unseen = sum(1 for day in days if lost_share(day) >= 1)
    told = put(
        _("Calendar of {days:day|days}: cuts on {struck:day|days}, {unseen:day|days} not observed at all."),
        days=len(days),
        struck=len(struck),
        unseen=unseen,
    )
    worst = sorted(struck, key=lambda day: (-day.cut_s, day.day))[:5]
    if not worst:
        return told
    named = ", ".join(f"{figures.plain_date(day.day)} ({figures.duration(day.cut_s)})" for day in worst)
    return told + " " + put(_("The worst: {days}."), days=named)
