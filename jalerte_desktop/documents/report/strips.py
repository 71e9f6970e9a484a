"""Days enlarged: what happened at which hour, and what was not observed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from diagnostics.model import MINUTE, Gap, Incident, Kind, Span
from diagnostics.working_hours import WorkingHours
from jalerte_desktop.documents.account import Account
from jalerte_desktop.documents.report.calendar import lost_share
from jalerte_desktop.documents.report.drawing import (
    WIDTH,
    Axis,
    Mark,
    Picture,
    bar,
    clock_ticks,
    legend,
    length,
    line,
    rect,
    words,
)
from jalerte_desktop.documents.report.model import Day, ReportFacts
from jalerte_desktop.documents.report.sayings import observed_words, put, share
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.language import _
from jalerte_desktop.words.names import kind_name

_SHORTEST_DAY_S = 23 * 3600
_LABEL_ROOM = 27.0
"""A cut's time is written where the next one stands at least so many points away."""


def day_strip(
    account: Account, day: Day, zone: tzinfo, width: float, height: float
) -> tuple[list[Mark], float]:
    """One day from its first to its last hour: what happened when, what was not observed; and how high it is."""
    top = 11.0
    axis = Axis(day.span.start_ns, day.span.end_ns, 0.0, width)
    marks = [rect("observed", 0, top, width, height)]
    for gap in _within(account.findings.gaps, day.span):
        marks.append(bar("not_observed", axis, gap, top, height))
    for incidents, look in (
        (account.uncertain, "uncertain"),
        (account.held_of(Kind.LOSS), "loss"),
        (account.held_of(Kind.LATENCY, Kind.SLOW), "latency"),
        (account.outages, "cut"),
    ):
        for span in _spans(incidents, day.span):
            marks.append(bar(look, axis, span, top, height))
    marks += _times(account.outages, day, zone, axis, top)
    bottom = top + height
    hours = account.findings.telework.hours
    if hours is not None:
        marks += [
            rect("working", axis.at(s.start_ns), bottom + 1.5, length(axis, s), 2)
            for s in working(hours, day.span, zone)
        ]
    for ns, moment in clock_ticks(day.span, zone, most=9):
        x = axis.at(ns)
        marks.append(line("tick", x, bottom, x, bottom + 4))
        anchor = "left" if x < 6 else "right" if x > width - 6 else "center"
        marks.append(words("axis", x, bottom + 12, _hour_words(moment, ns, day), anchor))
    return marks, bottom + 14


def _hour_words(moment: datetime, ns: int, day: Day) -> str:
    """``15 h``, ``15:45``; the day's last moment is ``24 h``."""
    if moment.minute:
        return figures.clock_time(moment, seconds=False)
    last = moment.hour == 0 and ns >= day.span.end_ns - MINUTE and ns > day.span.start_ns
    return put(_("{hour} h"), hour="24" if last else str(moment.hour))


def _times(cuts: tuple[Incident, ...], day: Day, zone: tzinfo, axis: Axis, top: float) -> list[Mark]:
    """The starts of the longest cuts, as far as they find room beside each other."""
    marks: list[Mark] = []
    taken: list[float] = []
    within = [cut for cut in cuts if day.span.start_ns <= cut.span.start_ns < day.span.end_ns]
    for cut in sorted(within, key=lambda one: (-one.duration_s, one.span.start_ns)):
        x = min(max(axis.at(cut.span.start_ns), 12.0), axis.origin + axis.length - 12)
        if all(abs(x - other) >= _LABEL_ROOM for other in taken):
            taken.append(x)
            at = figures.clock_time(local(cut.span.start_ns, zone), seconds=False)
            marks.append(words("axis", x, top - 3, at, "center"))
    return marks


def worst_days(facts: ReportFacts, most: int = 6) -> tuple[Day, ...]:
    """The days with most time without internet, the worst first."""
    struck = [day for day in facts.days if day.cuts or day.cut_s > 0]
    return tuple(sorted(struck, key=lambda day: (-day.cut_s, -day.cuts, day.day))[:most])


def day_title(day: Day) -> str:
    """What a day was, and how much of it was observed: of its part in the period, where that is not all of it."""
    what = (
        put(_("{cuts:cut|cuts}, {time} without internet"), cuts=day.cuts, time=figures.duration(day.cut_s))
        if day.cuts or day.cut_s > 0
        else _("no cut")
    )
    seen = share(1 - lost_share(day))
    if day.span.duration_s < _SHORTEST_DAY_S:
        time = figures.duration(day.span.duration_s)
        return put(_("{what}; {share} of these {time} observed"), what=what, share=seen, time=time)
    return put(_("{what}; {share} of the day observed"), what=what, share=seen)


def one_day(facts: ReportFacts, day: Day, height: float = 30.0) -> Picture:
    """One day enlarged, with its legend."""
    marks, bottom = day_strip(facts.account, day, facts.zone, WIDTH, height)
    keys, bottom = strip_legend(facts, (day,), bottom)
    return Picture(WIDTH, bottom, (*marks, *keys), _days_alt(facts, (day,)), "")


def enlarged(facts: ReportFacts, days: tuple[Day, ...]) -> Picture:
    """The worst days below each other, in the order of the calendar."""
    marks: list[Mark] = []
    y = 0.0
    for day in sorted(days, key=lambda one: one.day):
        marks.append(words("strip_title", 0, y + 9, figures.day(local(day.span.start_ns, facts.zone))))
        marks.append(words("strip_note", WIDTH, y + 9, day_title(day), "right"))
        strip, height = day_strip(facts.account, day, facts.zone, WIDTH, 18)
        marks += [_moved(mark, y + 11) for mark in strip]
        y += height + 16
    keys, y = strip_legend(facts, days, y - 4)
    coverage = facts.account.findings.coverage
    caption = put(
        _(
            "The days with most time without internet, hour by hour (local time); the times above are the"
            " starts of the longest cuts. Very short cuts are drawn wider than they were."
        )
    )
    return Picture(
        WIDTH,
        y,
        (*marks, *keys),
        _days_alt(facts, days),
        f"{caption} {observed_words(coverage.observed_s, coverage.ratio)}",
    )


def strip_legend(facts: ReportFacts, days: Sequence[Day], top: float) -> tuple[list[Mark], float]:
    """What is drawn in the strips of these days, and nothing else."""
    account, hours = facts.account, facts.account.findings.telework.hours
    slow = account.held_of(Kind.LATENCY, Kind.SLOW)
    entries = [
        ("observed", _("observed"), any(lost_share(day) < 1 for day in days)),
        ("cut", _("cut attributed to the operator’s network"), _in(account.outages, days)),
        ("loss", kind_name(Kind.LOSS), _in(account.held_of(Kind.LOSS), days)),
        ("latency", ", ".join(dict.fromkeys(kind_name(one.kind) for one in slow)), _in(slow, days)),
        ("uncertain", _("origin uncertain"), _in(account.uncertain, days)),
        ("not_observed", _("not observed"), any(_within(account.findings.gaps, day.span) for day in days)),
        (
            "working",
            _("working hours"),
            hours is not None and any(working(hours, day.span, facts.zone) for day in days),
        ),
    ]
    return legend([(look, name) for look, name, drawn in entries if drawn], top)


def _in(incidents: Iterable[Incident], days: Sequence[Day]) -> bool:
    return any(one.span.clip(day.span) for one in incidents for day in days)


def _days_alt(facts: ReportFacts, days: Sequence[Day]) -> str:
    told = [
        put(
            _("{day}: {what}, starting at {times}."),
            day=figures.day(local(day.span.start_ns, facts.zone)),
            what=day_title(day),
            times=", ".join(
                figures.clock_time(local(cut.span.start_ns, facts.zone), seconds=False)
                for cut in facts.account.outages
                if cut.span.clip(day.span)
            ),
        )
        for day in sorted(days, key=lambda one: one.day)
    ]
    return " ".join(told)[:2000]


def working(hours: WorkingHours, span: Span, zone: tzinfo) -> list[Span]:
    """The stretches of the working hours within a span, by quarters of an hour."""
    found: list[Span] = []
    step = 15 * MINUTE
    for at in range(span.start_ns, span.end_ns, step):
        if hours.contain(at, zone):
            if found and found[-1].end_ns == at:
                found[-1] = Span(found[-1].start_ns, at + step)
            else:
                found.append(Span(at, at + step))
    return found


def _spans(incidents: Iterable[Incident], span: Span) -> list[Span]:
    return [part for incident in incidents if (part := incident.span.clip(span))]


def _within(gaps: Iterable[Gap], span: Span) -> list[Span]:
    return [part for gap in gaps if (part := gap.span.clip(span))]


def _moved(mark: Mark, down: float) -> Mark:
    return replace(mark, y=round(mark.y + down, 2))
