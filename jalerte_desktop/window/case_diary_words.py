"""What the diary says, and days and times as a person writes and reads them, as plain functions."""

from __future__ import annotations

from datetime import date, datetime, time

from diagnostics.model import SECOND
from jalerte_desktop.window.filing_facts import DiaryFacts
from jalerte_desktop.words.diary import kind_name, whom
from jalerte_desktop.words.figures import NO_BREAK, clock_time, local, short_date
from jalerte_desktop.words.language import _, current
from jalerte_desktop.words.shape import capital

# --- days and hours ---


def shown_day(day: date) -> str:
    return f"{day:%d/%m/%Y}" if current() == "fr" else day.isoformat()


def day_of(ns: int) -> str:
    return shown_day(local(ns).date())


def last_day_of(end_ns: int) -> str:
    """The last day that a period touches: its end at midnight is the day before's."""
    return shown_day(local(end_ns - SECOND).date())


def read_day(written: str) -> date | None:
    """A day from "31/12/2024" or "2024-12-31"; None for anything else."""
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(written.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def read_time(written: str) -> time | None:
    """A time of day from "16:02", "16 h 02" or "16h"; None for anything else."""
    parts = written.strip().lower().replace("h", ":").replace(NO_BREAK, "").replace(" ", "").split(":")
    try:
        hour, minute = (int(parts[0]), int(parts[1] or 0)) if len(parts) == 2 else (-1, 0)
        return time(hour, minute)
    except ValueError:
        return None


def when(ns: int) -> str:
    """A day and a time."""
    return f"{day_of(ns)}, {clock_time(local(ns), seconds=False)}"


# --- entries ---


def diary_head(one: DiaryFacts) -> str:
    """Kind, with whom, when."""
    parts = [capital(kind_name(one.kind)), whom(one.with_whom)]
    return " · ".join(part for part in parts if part)


def diary_when(one: DiaryFacts) -> str:
    at = local(one.at_ns)
    return f"{short_date(at)} {clock_time(at, seconds=False)}"


def promise_words(one: DiaryFacts, today: date) -> str:
    """What was promised, and whether its day is over."""
    if not one.promise:
        return ""
    if one.due is None:
        return _("Promised: {promise}").format(promise=one.promise)
    words = (
        _("Promised for {day}: {promise}")
        if one.due >= today
        else _("Promised for {day}, which is over: {promise}")
    )
    return words.format(day=shown_day(one.due), promise=one.promise)
