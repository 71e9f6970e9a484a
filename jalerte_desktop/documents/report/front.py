"""The first page: what a person at a call centre has to grasp in ten seconds."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from diagnostics.incidents.method import default_method
from diagnostics.incidents.telework import default_call_limits
from diagnostics.model import Incident, Kind, Remark
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.account import longest
from jalerte_desktop.documents.letter import Table
from jalerte_desktop.documents.report.calendar import MONTHS_UP_TO, calendar
from jalerte_desktop.documents.report.drawing import WIDTH
from jalerte_desktop.documents.report.model import Day, ReportFacts
from jalerte_desktop.documents.report.paper import Figure, Front
from jalerte_desktop.documents.report.pictures import delays
from jalerte_desktop.documents.report.sayings import (
    cause_words,
    date_time,
    length,
    place_words,
    put,
    share,
)
from jalerte_desktop.documents.report.strips import day_title, one_day, worst_days
from jalerte_desktop.documents.reserves import ENOUGH_OBSERVED
from jalerte_desktop.findings.model import total_within_s
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import NO_BREAK, local
from jalerte_desktop.words.language import _
from jalerte_desktop.words.names import kind_name
from jalerte_desktop.words.remarks import say
from jalerte_desktop.words.shape import capital
from jalerte_desktop.words.views import working_hours_words

_NARROW = 232.0
_CELLS, _LOWEST, _STRIP = 162.0, 19.0, 42.0
"""Heights in points: of the calendar's weeks together, of a week at least, of a day enlarged."""
_HIGHEST = 27.0
_LONGEST = 3
"""So many incidents are told singly at most."""
_SAYS_MUCH = frozenset({"box_says_line_down", "box_says_unreachable", "household_ruled_out", "wifi_signal"})
_MOST_TOLD = 4
"""Other causes named on the first page; the list has all."""


def front(facts: ReportFacts) -> Front:
    """The first page of these facts, in the active language."""
    account = facts.account
    coverage = account.findings.coverage
    shown = _shown_day(facts)
    wide = len(facts.days) > MONTHS_UP_TO
    title, told = _longest(facts)
    mark, sentence = _sentence(facts)
    return Front(
        mark=mark,
        sentence=sentence,
        explanation=_explanation(facts),
        figures=(*_cut_figures(facts), _working(facts), _observed(facts)),
        day_title=_day_title(facts, shown) if shown else "",
        day=one_day(facts, shown, _STRIP) if shown else None,
        calendar_title=_("Day by day"),
        calendar=(
            calendar(facts.days, coverage, WIDTH if wide else _NARROW, _cell(facts.days))
            if len(facts.days) > 1
            else None
        ),
        wide=wide,
        verdict_title=_("Whose fault?"),
        verdict=_verdict(facts),
        delay_title=_("Delay"),
        delay=delays(facts) if told_at_once(facts) else None,
        longest_title=title,
        longest=told,
        proof=_proof(facts),
    )


def told_at_once(facts: ReportFacts) -> bool:
    """Whether the first page shows the period whole: a single day, or days without a cut."""
    return len(facts.days) == 1 or not worst_days(facts, 1)


def _shown_day(facts: ReportFacts) -> Day | None:
    """The worst day; a period of a single one, whatever it was."""
    worst = worst_days(facts, 1)
    if worst:
        return worst[0]
    return facts.days[0] if len(facts.days) == 1 else None


def _day_title(facts: ReportFacts, day: Day) -> str:
    name = figures.day(local(day.span.start_ns, facts.zone))
    if len(facts.days) == 1:
        return capital(put(_("{day}: {what}"), day=name, what=day_title(day)))
    return put(_("Worst day: {day} – {what}"), day=name, what=day_title(day))


def _cell(days: tuple[Day, ...]) -> float:
    """The height of a day in the calendar: less where there are many weeks."""
    weeks = len({day.day - timedelta(days=day.day.weekday()) for day in days})
    return max(_LOWEST, min(_HIGHEST, _CELLS / max(1, weeks)))


def _longest(facts: ReportFacts) -> tuple[str, Table | None]:
    """The longest incidents of the gravest kind there is, each with its cause and the first arguments for it."""
    account = facts.account
    poor = tuple(one for one in account.held if one.kind is not Kind.OUTAGE)
    for title, incidents in (
        (_("The longest cuts attributed to the operator"), account.outages),
        (_("The longest degradations attributed to the operator"), poor),
        (_("The longest incidents of uncertain origin"), account.uncertain),
        (_("The longest incidents, none attributed to the operator"), (*account.set_aside, *account.dns)),
    ):
        if incidents:
            chosen = sorted(incidents, key=lambda one: (-one.duration_s, one.span.start_ns))[:_LONGEST]
            header = (_("Start"), _("Duration"), _("Cause"), _("Why"))
            rows = tuple(_told(one, facts) for one in chosen)
            return title, Table(header, rows, (23, 11, 24, 42))
    return "", None


def _told(incident: Incident, facts: ReportFacts) -> tuple[str, ...]:
    verdict = incident.verdict
    confidence = figures.percent(verdict.confidence, 0)
    return (
        date_time(incident.span.start_ns, facts.zone),
        length(incident),
        put(
            _("{what} (confidence {share})"),
            what=capital(
                place_words(incident)
                if incident.kind is Kind.OUTAGE
                else put(_("{kind}: {place}"), kind=kind_name(incident.kind), place=place_words(incident))
            ),
            share=confidence,
        ),
        " ".join(say(remark) for remark in _telling(verdict.reasons)),
    )


def _telling(reasons: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """The first argument, and the next that says most to who knows nothing of networks."""
    rest = sorted(reasons[1:], key=lambda remark: remark.code not in _SAYS_MUCH)
    return (*reasons[:1], *rest[:1])


def cut_s(facts: ReportFacts) -> float:
    """Seconds without internet through cuts held against the operator, within the period."""
    return total_within_s(facts.account.outages, facts.account.findings.span)


def _sentence(facts: ReportFacts) -> tuple[str, str]:
    account = facts.account
    if _nothing_observed(facts):
        return "unknown", _("Nothing was observed in this period: this report says nothing of the line.")
    if account.outages:
        return "bad", put(
            _("{n:cut|cuts} attributed to the operator’s network, {time} in all."),
            n=len(account.outages),
            time=figures.duration(cut_s(facts)),
        )
    if account.held:
        return "bad", put(
            _(
                "No cut, but {n:degradation|degradations} attributed to the operator’s network: {time} of"
                " poor service."
            ),
            n=len(account.held),
            time=figures.duration(total_within_s(account.held, account.findings.span)),
        )
    if account.uncertain:
        return "unknown", put(
            _("{n:incident|incidents} of uncertain origin; nothing is attributed to the operator’s network."),
            n=len(account.uncertain),
        )
    sure = account.findings.coverage.ratio >= ENOUGH_OBSERVED and not account.excluded
    return "fine" if sure else "unknown", _("Nothing in this period is attributed to the operator’s network.")


def _explanation(facts: ReportFacts) -> str:
    account = facts.account
    if not account.findings.confirmed:
        return _("The line is not confirmed as the holder’s: no operator is named.")
    parts = [put(_("{n} attributed to the operator"), n=len(account.held))]
    if account.uncertain:
        parts.append(put(_("{n} uncertain"), n=len(account.uncertain)))
    if account.set_aside:
        parts.append(put(_("{n} with another cause"), n=len(account.set_aside)))
    if account.dns:
        parts.append(put(_("{n} of names not resolved (DNS)"), n=len(account.dns)))
    if account.excluded:
        parts.append(put(_("{n} excluded by the holder"), n=len(account.excluded)))
    if account.other_line:
        parts.append(put(_("{n} on another line"), n=len(account.other_line)))
    counted = len(account.findings.incidents)
    if not counted:
        return ""
    return put(_("Of {n:incident|incidents} in all: {parts}."), n=counted, parts=", ".join(parts))


def _cut_figures(facts: ReportFacts) -> tuple[Figure, Figure]:
    cuts = facts.account.outages
    note = put(_("the longest: {time}"), time=length(longest(cuts))) if cuts else ""
    counted = put(_("{n:cut attributed|cuts attributed} to the operator"), n=len(cuts)).split(" ", 1)[1]
    if not cuts and _nothing_observed(facts):
        return Figure("–", counted), Figure("–", _("without internet in all"))
    return (
        Figure(figures.number(len(cuts)), counted, note),
        Figure(figures.duration(cut_s(facts)), _("without internet in all")),
    )


def _working(facts: ReportFacts) -> Figure:
    hours = facts.account.findings.telework.hours
    lost = [day.working_minutes_lost for day in facts.days if day.working_minutes_lost is not None]
    if hours is None or not lost:
        return Figure("–", _("of working time lost"), _("no working hours are given here"))
    note = working_hours_words(hours.entries)
    if sum(lost):
        least = figures.duration(default_call_limits().lost_minute_s)
        note = put(_("{hours}; every minute cut for {least} or more"), hours=note, least=least)
    else:
        return Figure(
            "–" if _nothing_observed(facts) else put(_("{n} min"), n=0), _("of working time lost"), note
        )
    return Figure(figures.duration(60 * sum(lost)), _("of working time lost"), note)


def _nothing_observed(facts: ReportFacts) -> bool:
    return facts.account.findings.coverage.observed_s <= 0


def _observed(facts: ReportFacts) -> Figure:
    coverage = facts.account.findings.coverage
    return Figure(
        share(coverage.ratio),
        _("of the period observed"),
        put(_("not observed: {time}"), time=figures.duration(coverage.not_observed_s)),
    )


def _verdict(facts: ReportFacts) -> tuple[str, ...]:
    """The count argued: what is held against the operator and why, what is not, and what speaks against it."""
    account = facts.account
    lines = []
    if account.held:
        lines.append(
            put(
                _(
                    "Attributed to the operator: {incidents}. The equipment at home still answered, a second"
                    " kind of probe suffered too, and the confidence is above {limit}."
                ),
                incidents=_held(facts),
                limit=figures.percent(default_method().blame, 0),
            )
        )
        lines += _reserve(account.held)
    if account.uncertain:
        lines.append(
            put(_("Uncertain origin, not counted: {n:incident|incidents}."), n=len(account.uncertain))
        )
    causes = [f"{cause_words(cause)}{NO_BREAK}{figures.number(n)}" for cause, n in account.set_aside_by_cause]
    if len(causes) > _MOST_TOLD:
        causes = [*causes[:_MOST_TOLD], "…"]
    if causes:
        lines.append(
            put(
                _("Other causes, not counted: {n:incident|incidents} ({causes})."),
                n=len(account.set_aside),
                causes=", ".join(causes),
            )
        )
    if account.dns:
        lines.append(
            put(_("Names not resolved (DNS), counted apart: {n:incident|incidents}."), n=len(account.dns))
        )
    if account.excluded:
        lines.append(
            put(
                _("Excluded by the holder, with the reason: {n:incident|incidents}."), n=len(account.excluded)
            )
        )
    if not lines:
        return (_("There is no incident to attribute to anybody."),)
    return tuple(lines)


def _held(facts: ReportFacts) -> str:
    """The cuts, and beside them what was only slow or lossy: the first page counts the cuts."""
    account, span = facts.account, facts.account.findings.span
    poor = tuple(one for one in account.held if one.kind is not Kind.OUTAGE)
    told = []
    if account.outages:
        time = figures.duration(cut_s(facts))
        told.append(put(_("{n:cut|cuts} ({time})"), n=len(account.outages), time=time))
    if poor:
        kinds = ", ".join(dict.fromkeys(kind_name(one.kind) for one in poor))
        time = figures.duration(total_within_s(poor, span))
        told.append(
            put(
                _("{n:degradation|degradations} ({kinds}, {time} in all)"),
                n=len(poor),
                kinds=kinds,
                time=time,
            )
        )
    return ", ".join(told)


def _reserve(held: tuple[Incident, ...]) -> list[str]:
    """The argument against that is met most often."""
    counts = Counter(remark.code for incident in held for remark in incident.verdict.counter_evidence)
    if not counts:
        return []
    code, n = min(counts.items(), key=lambda item: (-item[1], item[0]))
    remark = next(r for i in held for r in i.verdict.counter_evidence if r.code == code)
    return [
        put(
            _("The most frequent reserve ({n} of {all}): “{reserve}”"),
            n=n,
            all=len(held),
            reserve=say(remark),
        )
    ]


def _proof(facts: ReportFacts) -> str:
    evidence = facts.evidence
    if evidence is None:
        return _("The record was not sealed yet. Ordinary evidence; no certified mechanism.")
    return put(
        _(
            "Sealed record: link no. {n}, {at}, SHA-256 {link}… “How to check this report” says how to"
            " verify it. Ordinary evidence; no certified mechanism."
        ),
        n=evidence.sequence,
        at=date_time(evidence.at_ns, facts.zone),
        link=clean(evidence.link)[:16],
    )
