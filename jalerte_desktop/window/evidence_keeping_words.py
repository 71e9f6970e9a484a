"""How long samples are kept, what the journal takes, what a choice would do: in words, as plain functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime

from diagnostics.journal.retention import LEAST_DAYS, MOST_DAYS
from diagnostics.model import SECOND, Span
from jalerte_desktop.findings.evidence import Backing
from jalerte_desktop.window.case_diary_words import day_of, read_day, shown_day
from jalerte_desktop.window.evidence_facts import KeepingFacts
from jalerte_desktop.window.evidence_words import Said
from jalerte_desktop.window.filing_words import size
from jalerte_desktop.words.figures import NO_BREAK, number
from jalerte_desktop.words.language import _, ngettext

DAY_NS = 86_400 * SECOND
YEARS = {731: 2, 1096: 3, 1827: 5}
"""Days that hold so many years, whatever leap days lie in them."""
OFFERED = (0, LEAST_DAYS, *YEARS)
"""Days to choose from; 0 keeps everything."""
YEAR_MB = 250
"""What a year takes as a rule (docs/guide.md; measured in docs/journal.md)."""
PACE_AFTER_DAYS = 14
"""A younger record says little of a year: what every journal takes at its beginning would count too much."""


def days_words(days: int) -> str:
    """``400 days``, ``2 years``; 0 is everything."""
    if not days:
        return _("Everything")
    if days in YEARS:
        return ngettext("{n} year", "{n} years", YEARS[days]).format(n=YEARS[days])
    return ngettext("{n} day", "{n} days", days).format(n=number(days))


def read_days(written: str) -> int | None:
    """A number of days that may be chosen, None for anything else."""
    digits = "".join(written.split())
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        return None
    return int(digits) if LEAST_DAYS <= int(digits) <= MOST_DAYS else None


def range_words() -> str:
    return _("A number of days from {least} to {most}.").format(
        least=number(LEAST_DAYS), most=number(MOST_DAYS)
    )


# --- what is so ---


def keeping_words(keeping: KeepingFacts | None) -> str:
    """The choice that stands."""
    if keeping is None:
        return _("One moment.")
    if not keeping.days:
        return _("For ever: nothing is removed.")
    day = read_day(keeping.before)
    if day is None:
        return _("For {days}.").format(days=days_words(keeping.days))
    return _("For {days}. Samples before {day} were asked to go; they do while the recorder runs.").format(
        days=days_words(keeping.days), day=shown_day(day)
    )


def size_words(taken_bytes: int | None, record: Span | None, thinned: bool) -> str:
    """What the journal takes on this computer, and what a year adds. ``thinned``: samples were removed already."""
    if taken_bytes is None:
        return ""
    takes = _("The journal takes {size} on this computer.").format(size=size(taken_bytes))
    days = 0.0 if record is None else (record.end_ns - record.start_ns) / DAY_NS
    if thinned:
        growth = _("What is removed leaves room that is used again: the file does not become smaller.")
    elif days >= PACE_AFTER_DAYS:
        growth = _("At this pace a year takes some {size}.").format(size=_rounded(taken_bytes / days * 365))
    else:
        growth = _("A year of samples takes some {size} as a rule.").format(size=_rounded(YEAR_MB * 1e6))
    return f"{takes} {growth}"


def _rounded(count: float) -> str:
    """A size in whole megabytes, of which only the first two figures are known."""
    megabytes = max(count / 1e6, 1)
    step = 10 ** max(0, math.floor(math.log10(megabytes)) - 1)
    return f"{number(round(megabytes / step) * step)}{NO_BREAK}{_('MB')}"


def kept_words(keeping: KeepingFacts) -> Said:
    """What came of a choice."""
    if not keeping.days:
        return Said("✓", _("Every sample is kept from now on."), "fine")
    return Said("✓", _("Samples are now kept for {days}.").format(days=days_words(keeping.days)), "fine")


# --- what a choice would do ---


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows from a choice. ``agree``: it has to be agreed to first. ``new``: it is not what stands already."""

    lines: tuple[str, ...]
    agree: bool
    new: bool


def effect_of(days: int, keeping: KeepingFacts | None, backing: Backing, now_ns: int) -> Effect:
    """What keeping so many days (0: everything) does, today and later."""
    if keeping is not None and days == keeping.days:
        return Effect((_("This is so already."),), agree=False, new=False)
    if not days:
        lines = [_("Nothing more is removed from now on.")]
        if backing.removed_before_ns is not None:
            lines.append(_("What was removed does not come back."))
        return Effect(tuple(lines), agree=False, new=True)
    return Effect(_removal_lines(days, backing, now_ns), agree=True, new=True)


def _removal_lines(days: int, backing: Backing, now_ns: int) -> tuple[str, ...]:
    later = _(
        "Afterwards what became too old goes by itself, about once a month, and you are not asked again."
    )
    record = backing.record
    if record is None:
        return (later,)
    before_ns = (now_ns // DAY_NS - days) * DAY_NS
    oldest_ns = max(record.start_ns, backing.removed_before_ns or 0)
    if before_ns <= oldest_ns:
        return (
            _("Nothing goes today: the oldest samples are of {day}, and go after {last}.").format(
                day=day_of(oldest_ns), last=day_of(oldest_ns + days * DAY_NS)
            ),
            later,
        )
    gone = -(-(min(before_ns, record.end_ns) - oldest_ns) // DAY_NS)
    return (
        ngettext(
            "{n} day of samples goes now: everything before {day}.",
            "{n} days of samples go now: everything before {day}.",
            gone,
        ).format(n=number(gone), day=shown_day(_utc_day(before_ns))),
        later,
    )


def _utc_day(at_ns: int) -> date:
    return datetime.fromtimestamp(at_ns // SECOND, UTC).date()


def goes_words() -> tuple[str, ...]:
    """What a removal takes."""
    return (
        _("Each single try, with its time and its delay, by whole days (UTC)."),
        _(
            "The incidents of those days can then no longer be worked out: they leave your lists, and that time counts"
            " as not observed. Save a report or an evidence bundle of it first."
        ),
    )


def stays_words() -> tuple[str, ...]:
    """What no removal takes."""
    return (
        _(
            "The figures of every minute, hour and day, what the recorder noted, and what you took out of the count."
        ),
        _("Every seal and digest: the journal can be checked as before."),
        _("The incidents in the papers that you have made."),
    )
