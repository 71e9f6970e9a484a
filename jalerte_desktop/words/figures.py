"""Numbers, durations, dates and times as the reader's language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo

from jalerte_desktop.words.language import _, current

NARROW_SPACE = "\u202f"
NO_BREAK = "\u00a0"
MINUS = "\u2212"

_FRENCH_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_FRENCH_MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENGLISH_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def local(ns: int, zone: tzinfo | None = None) -> datetime:
    """Wall-clock nanoseconds as a local (or ``zone``) time, microseconds kept."""
    return (
        datetime.fromtimestamp(ns // 1_000_000_000, UTC)
        .replace(microsecond=ns // 1000 % 1_000_000)
        .astimezone(zone)
    )


def number(value: float, decimals: int = 0) -> str:
    """``1 234,5`` in French, ``1,234.5`` in English."""
    text = f"{value:,.{decimals}f}"
    if current() == "fr":
        text = text.replace(",", NARROW_SPACE).replace(".", ",")
    return text.replace("-", MINUS)


def percent(ratio: float, decimals: int = 1) -> str:
    """A share from 0 to 1 as a percentage. Never rounds a lack away: 0.9999 stays below 100 %."""
    value = ratio * 100
    shown = round(value, decimals)
    if shown >= 100 > value:
        shown = 100 - 10.0**-decimals
    if shown <= 0 < value:
        shown = 10.0**-decimals
    return number(shown, decimals) + (NO_BREAK + "%" if current() == "fr" else "%")


def duration(seconds: float) -> str:
    """``0,8 s``, ``20 s``, ``2 min 8 s``, ``1 h 12 min``, ``3 j 4 h``: the two largest units that matter."""
    gap = NO_BREAK
    if seconds < 0.95:
        return f"{number(max(seconds, 0.1) if seconds > 0 else 0, 1 if seconds > 0 else 0)}{gap}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{gap}s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes}{gap}min" + (f" {rest}{gap}s" if rest else "")
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours}{gap}h" + (f" {rest}{gap}min" if rest else "")
    days, rest = divmod(round(seconds / 3600), 24)
    return f"{days}{gap}{_('d')}" + (f" {rest}{gap}h" if rest else "")


def clock_time(moment: datetime, seconds: bool = True) -> str:
    """``16:02:07``, or ``16:02``."""
    return moment.strftime("%H:%M:%S" if seconds else "%H:%M")


def day(moment: datetime, weekday: bool = True, year: bool = True) -> str:
    """``mardi 17 novembre 2026`` or ``Tuesday 17 November 2026``."""
    french = current() == "fr"
    days, months = (_FRENCH_DAYS, _FRENCH_MONTHS) if french else (_ENGLISH_DAYS, _ENGLISH_MONTHS)
    number_of_day = "1er" if french and moment.day == 1 else str(moment.day)
    parts = [days[moment.weekday()]] if weekday else []
    parts += [number_of_day, months[moment.month - 1]]
    if year:
        parts.append(str(moment.year))
    return NO_BREAK.join(parts[-3:]) if not weekday else parts[0] + " " + NO_BREAK.join(parts[1:])


def short_date(moment: datetime) -> str:
    """``17/11/2026``, the same in both languages (day first)."""
    return moment.strftime("%d/%m/%Y")


def plain_date(day: date) -> str:
    """``01/11/2026`` in French, ``1 Nov 2026`` in English, where no order of digits is everybody's."""
    if current() == "fr":
        return day.strftime("%d/%m/%Y")
    return NO_BREAK.join((str(day.day), _ENGLISH_MONTHS[day.month - 1][:3], str(day.year)))


def iso(ns: int, precision: str = "milliseconds") -> str:
    """ISO 8601 in UTC with offset: what JSON and evidence tables carry."""
    return local(ns, UTC).isoformat(timespec=precision)


def zone_name(moment: datetime) -> str:
    """``UTC+1``, or ``UTC`` at no offset: what a paper must say beside local times."""
    offset = moment.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset is not None else 0
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else MINUS
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")
