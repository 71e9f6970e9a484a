"""The honesty page: everything that a reader must know before believing a figure, whomever it serves."""

from __future__ import annotations

from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.account import not_observed_by_reason
from jalerte_desktop.documents.letter import Paragraph, Table
from jalerte_desktop.documents.report.model import ReportFacts, Share
from jalerte_desktop.documents.report.paper import Block, Part
from jalerte_desktop.documents.report.sayings import date_time, length, period_words, put, share, zones
from jalerte_desktop.documents.report.sections import plain_days
from jalerte_desktop.documents.report.settings import own_thresholds, thresholds, versions
from jalerte_desktop.findings.model import total_s
from jalerte_desktop.words import figures
from jalerte_desktop.words.language import _
from jalerte_desktop.words.names import gap_name, kind_name
from jalerte_desktop.words.shape import capital

_LONGEST_GAPS = 8


def candour(facts: ReportFacts) -> tuple[Part, ...]:
    """What the figures rest on, and what they do not cover."""
    intro = Paragraph(
        _(
            "This is ordinary evidence: no certified measuring mechanism for it is known in France. What"
            " follows lets a reader judge what the figures are worth, also where it does not serve the"
            " line’s holder."
        )
    )
    parts = [
        Part(_("What the figures do not say"), (intro,)),
        Part(_("What was observed"), (_observed(facts), *_gaps(facts)), level=2),
        Part(_("Under which conditions"), (_conditions(facts),), level=2),
        Part(_("What was excluded"), (*_exclusions(facts),), level=2),
        Part(_("The whole record"), (_record(facts),), level=2),
        Part(_("Versions, servers and settings"), (versions(facts),), level=2),
    ]
    values = thresholds(facts)
    if values is not None:
        parts.append(Part(_("Thresholds in force"), (values,), level=2))
    own = own_thresholds(facts)
    if own:
        parts.append(Part(_("The holder’s own thresholds"), own, level=2))
    return tuple(parts)


def _observed(facts: ReportFacts) -> Table:
    coverage = facts.account.findings.coverage
    rows = [
        (_("Period"), period_words(facts.account.findings.span, facts.zone)),
        (
            _("Observed"),
            put(
                _("{time}, {share} of the period; every percentage here is of the observed time"),
                time=figures.duration(coverage.observed_s),
                share=share(coverage.ratio),
            ),
        ),
    ]
    rows += [
        (put(_("Not observed: {reason}"), reason=gap_name(reason)), figures.duration(seconds))
        for reason, seconds in not_observed_by_reason(coverage)
    ]
    rows.append(
        (
            _("Not observed in all"),
            put(
                _("{time}, counted neither as good nor as bad"),
                time=figures.duration(coverage.not_observed_s),
            ),
        )
    )
    return Table((), tuple(rows), (38, 62))


def _gaps(facts: ReportFacts) -> list[Block]:
    gaps = facts.account.findings.gaps
    if not gaps:
        return []
    chosen = sorted(
        sorted(gaps, key=lambda gap: -gap.span.duration_s)[:_LONGEST_GAPS], key=lambda gap: gap.span.start_ns
    )
    caption = (
        put(
            _("The {k} longest of {n} stretches not observed; the attached incidents.json has all."),
            k=len(chosen),
            n=len(gaps),
        )
        if len(gaps) > len(chosen)
        else _("Every stretch that was not observed")
    )
    rows = tuple(
        (
            date_time(gap.span.start_ns, facts.zone),
            date_time(gap.span.end_ns, facts.zone),
            figures.duration(gap.span.duration_s),
            gap_name(gap.reason),
        )
        for gap in chosen
    )
    return [
        Table((_("Start"), _("End"), _("Duration"), _("Reason")), rows, (28, 28, 14, 30), caption=caption)
    ]


def _conditions(facts: ReportFacts) -> Table:
    honesty = facts.honesty
    rows = [
        (_("On Wi-Fi"), _share(honesty.wifi)),
        (_("Through a VPN"), _share(honesty.vpn)),
        (_("While the home itself loaded the line"), _own_load(facts)),
        (_("Clock of the computer"), _clock(facts)),
    ]
    steps = honesty.clock_steps
    if steps:
        told = ", ".join(
            put(_("{at}: {step} s"), at=date_time(at, facts.zone), step=figures.number(step, 1))
            for at, step in steps[:10]
        )
        rows.append(
            (
                _("Clock changes"),
                put(
                    _("{n} in the period ({steps})"),
                    n=len(steps),
                    steps=told + (", …" if len(steps) > 10 else ""),
                ),
            )
        )
    else:
        rows.append((_("Clock changes"), _("none in the period")))
    rows.append(
        (
            _("Observer"),
            _("a single computer behind the box")
            if not facts.witnesses
            else _("this computer, and those under “Second witnesses”"),
        )
    )
    rows.append(
        (
            _("Times of this report"),
            put(_("local time, {zones}"), zones=zones(facts.account.findings.span, facts.zone)),
        )
    )
    return Table((), tuple(rows), (38, 62))


def _share(told: Share) -> str:
    if told.ratio is None:
        return _("not known: nothing told it")
    return put(
        _("{share} of the {time} of which it is known"),
        share=share(told.ratio),
        time=figures.duration(told.told_s),
    )


def _own_load(facts: ReportFacts) -> str:
    honesty = facts.honesty
    told = _share(honesty.own_load)
    if honesty.own_load.ratio is None or honesty.own_load_every <= 1:
        return told
    return told + put(_(" (looked at in one hour out of {n})"), n=honesty.own_load_every)


def _clock(facts: ReportFacts) -> str:
    honesty = facts.honesty
    if not honesty.clock_states:
        return _("not known: its state was never told")
    words = put(
        _("synchronised at {n} of {all} hourly checks"),
        n=honesty.clock_synchronised,
        all=honesty.clock_states,
    )
    if honesty.clock_worst_ms is None:
        return words
    return words + put(_(", at worst {ms} ms off"), ms=figures.number(honesty.clock_worst_ms, 1))


def _exclusions(facts: ReportFacts) -> list[Block]:
    findings, account = facts.account.findings, facts.account
    within = [one for one in findings.exclusions if one.span.clip(findings.span)]
    if not within:
        return [Paragraph(_("The holder excluded nothing."))]
    rows = tuple(
        (
            date_time(one.span.start_ns, facts.zone),
            date_time(one.span.end_ns, facts.zone),
            clean(one.reason) or _("no reason given"),
            date_time(one.declared_ns, facts.zone),
        )
        for one in within
    )
    told = [
        f"{capital(kind_name(i.kind))}, {date_time(i.span.start_ns, facts.zone)} ({length(i)})"
        for i in account.excluded[:8]
    ]
    words = put(
        _(
            "Excluded stretches stay recorded, and their incidents stay in the list: {n:incident|incidents},"
            " {time} in all."
        ),
        n=len(account.excluded),
        time=figures.duration(total_s(account.excluded)),
    )
    if told:
        words += " " + " · ".join(told) + (" · …" if len(account.excluded) > 8 else ".")
    return [
        Table((_("Start"), _("End"), _("Reason"), _("Declared")), rows, (24, 24, 28, 24)),
        Paragraph(words, small=True),
    ]


def _record(facts: ReportFacts) -> Table:
    findings, honesty = facts.account.findings, facts.honesty
    outside = (
        put(
            _("{n:incident|incidents} on this line, of which {cuts:cut|cuts}"),
            n=honesty.outside_incidents,
            cuts=honesty.outside_cuts,
        )
        if honesty.outside_incidents
        else _("none")
    )
    coverage = (
        _("there is nothing outside") if honesty.outside_coverage is None else share(honesty.outside_coverage)
    )
    rows = [
        (_("Whole record"), period_words(findings.record, facts.zone) if findings.record else _("no record")),
        (_("Measurements in the record"), figures.number(findings.sample_count)),
        (_("Outside the chosen period: observed"), coverage),
        (_("Outside the chosen period: incidents"), outside),
        (_("Incidents seen on other lines, not counted"), figures.number(len(facts.account.other_line))),
        (
            _("Days whose measurements were removed by age"),
            plain_days(honesty.removed_days) if honesty.removed_days else _("none"),
        ),
    ]
    if honesty.left_out:
        rows.append(
            (
                _("Damaged or missing entries of the record"),
                put(_("{n}; their facts are in no figure"), n=honesty.left_out),
            )
        )
    if facts.evidence is not None and facts.evidence.lost_tails:
        rows.append(
            (
                _("The record’s end was found missing"),
                ", ".join(date_time(at, facts.zone) for at in facts.evidence.lost_tails[:10]),
            )
        )
    if facts.evidence is not None and facts.evidence.false_stamps:
        rows.append(
            (
                _("Outside time stamps that are not valid"),
                put(_("{n}; they date nothing"), n=len(facts.evidence.false_stamps)),
            )
        )
    return Table((), tuple(rows), (38, 62))
