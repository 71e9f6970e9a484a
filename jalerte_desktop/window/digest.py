"""The figures and the one suggestion of the home page, as plain functions over the findings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from diagnostics.model import Incident, Kind, Span
from jalerte_desktop.findings.blame import is_operators
from jalerte_desktop.findings.model import Findings, total_s
from jalerte_desktop.window.chart_data import local_day
from jalerte_desktop.window.marks import Fault, fault_of
from jalerte_desktop.words.figures import NO_BREAK, clock_time, day, duration, local, number, percent
from jalerte_desktop.words.language import _, ngettext

SOLID_OUTAGES = 3
SOLID_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True)
class Figure:
    value: str
    caption: str


def figures_of(findings: Findings, now_ns: int) -> tuple[Figure, ...]:
    """Outages in the week, outages today, the longest, and how much was observed.

    Where working hours are set, the minutes lost in them stand second, and the longest outage leaves.
    """
    today = local_day(now_ns)
    of_today = [outage for outage in findings.outages if outage.span.end_ns > today.start_ns]
    week = Figure(
        number(len(findings.outages)),
        ngettext("outage in 7 days", "outages in 7 days", len(findings.outages))
        + _in_brackets(findings.outage_s),
    )
    today_figure = Figure(
        number(len(of_today)),
        ngettext("outage today", "outages today", len(of_today)) + _in_brackets(_seconds(of_today, today)),
    )
    working_lost = findings.telework.working_lost
    if working_lost is None:
        return week, today_figure, _longest(findings.outages), _observed(findings)
    return week, _lost(len(working_lost)), today_figure, _observed(findings)


def _lost(minutes: int) -> Figure:
    """Minutes in which a call would have broken up, whoever's fault it was."""
    value = duration(minutes * 60) if minutes else f"0{NO_BREAK}min"
    caption = ngettext(
        "lost for calls in your working hours, in 7 days",
        "lost for calls in your working hours, in 7 days",
        minutes,
    )
    return Figure(value, caption)


def _seconds(outages: list[Incident], day_span: Span) -> float:
    """Their time within the day."""
    result = 0.0
    for outage in outages:
        part = outage.span.clip(day_span)
        if part is not None:
            result += outage.duration_s if part == outage.span else part.duration_s
    return result


def _in_brackets(seconds: float) -> str:
    return f" ({unbroken(duration(seconds))})" if seconds > 0 else ""


def unbroken(words: str) -> str:
    """Words that stay on one line."""
    return words.replace(" ", NO_BREAK)


def _longest(outages: tuple[Incident, ...]) -> Figure:
    longest = max(outages, key=lambda outage: outage.duration_s, default=None)
    if longest is None:
        return Figure(duration(0), _("the longest outage"))
    start = local(longest.span.start_ns)
    return Figure(
        duration(longest.duration_s),
        _("the longest outage: {day}, {time}").format(
            day=day(start, year=False), time=clock_time(start, seconds=False)
        ),
    )


def _observed(week: Findings) -> Figure:
    """The share observed of the week, or since the record began."""
    if week.record is not None and week.record.start_ns > week.span.start_ns:
        since = Span(week.record.start_ns, week.span.end_ns)
        missed = sum(part.duration_s for gap in week.gaps if (part := gap.span.clip(since)) is not None)
        ratio = 1 - missed / since.duration_s if since.duration_s > 0 else 0.0
        start = local(week.record.start_ns)
        same_day = local_day(week.span.end_ns).start_ns <= week.record.start_ns
        when = clock_time(start, seconds=False) if same_day else day(start, year=False)
        return Figure(percent(max(0.0, ratio)), _("of the time observed since {start}").format(start=when))
    return Figure(percent(week.coverage.ratio), _("of the time observed in 7 days"))


class Step(StrEnum):
    """What the home page suggests, most pressing first."""

    START = "start"
    CONFIRM = "confirm"
    ELSEWHERE = "elsewhere"
    ALERT = "alert"
    AT_HOME = "at_home"
    GO_ON = "go_on"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Suggestion:
    step: Step
    bold: str
    words: str


def suggestion_of(findings: Findings, recording: bool) -> Suggestion:
    """One suggestion from the week's findings."""
    if not recording:
        return Suggestion(
            Step.START,
            _("Start recording:"),
            _("an outage that was not recorded cannot be shown to anybody."),
        )
    if findings.line.home is None:
        return Suggestion(
            Step.CONFIRM, _("Say whether this is your line:"), _("until then, no paper names an operator.")
        )
    if findings.line.home is False:
        return Suggestion(
            Step.ELSEWHERE,
            _("You are on another line:"),
            _("nothing counts against your operator from here."),
        )
    outages = findings.outages
    theirs = [outage for outage in outages if is_operators(outage)]
    if len(theirs) >= SOLID_OUTAGES or total_s(theirs) >= SOLID_SECONDS:
        return Suggestion(
            Step.ALERT,
            _("Your case stands on measurements:"),
            ngettext(
                "{n} outage in 7 days on the operator’s side ({time}).",
                "{n} outages in 7 days on the operator’s side ({time}).",
                len(theirs),
            ).format(n=len(theirs), time=unbroken(duration(total_s(theirs))))
            + " "
            + _("You can prepare the alert, or write to customer service."),
        )
    at_home = [one for one in findings.counted if fault_of(one.verdict.cause) is Fault.HOME]
    if len(at_home) > len(theirs):
        return Suggestion(
            Step.AT_HOME,
            _("Look at home first:"),
            ngettext(
                "{n} incident in 7 days comes from your own equipment.",
                "{n} incidents in 7 days come from your own equipment.",
                len(at_home),
            ).format(n=len(at_home))
            + " "
            + _("A cable in place of the Wi-Fi will tell more."),
        )
    if any(incident.kind is Kind.OUTAGE for incident in findings.counted) or findings.counted:
        return Suggestion(
            Step.GO_ON,
            _("Go on recording:"),
            _("a few more days make the case stronger. You can already prepare the papers."),
        )
    return Suggestion(Step.NOTHING, _("Nothing to do:"), _("no incident in 7 days. Let it record."))


def line_words(findings: Findings) -> str:
    """The line in use, for the chart's corner: operator, name, interface."""
    line = findings.line
    if not line.id:
        return ""
    parts = [part for part in (line.operator if line.home else None, line.name) if part]
    if not parts:
        parts.append(
            _("line not confirmed")
            if line.home is None
            else _("home line")
            if line.home
            else _("another line")
        )
    elif line.home is None:
        parts.append(_("line not confirmed"))
    parts.append(line.interface)
    return f"{NO_BREAK}· ".join(part for part in parts if part)
