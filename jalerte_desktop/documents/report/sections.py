"""The measured sections of a report: its pictures, speed and series, the diary, other machines' word."""

from __future__ import annotations

from datetime import date

from diagnostics.model import SECOND
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.letter import Bullets, Paragraph, Table
from jalerte_desktop.documents.report.calendar import calendar
from jalerte_desktop.documents.report.drawing import WIDTH
from jalerte_desktop.documents.report.model import CampaignFinding, ReportFacts, SpeedPoint
from jalerte_desktop.documents.report.paper import Block, Part
from jalerte_desktop.documents.report.pictures import delays, hours_of_day, loaded_delay, speed
from jalerte_desktop.documents.report.sayings import clipped, composed, ms, period_words, put
from jalerte_desktop.documents.report.strips import enlarged, worst_days
from jalerte_desktop.words import figures
from jalerte_desktop.words.diary import kind_name, whom
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.shape import capital

_CALENDAR_CELL = 23.0
_RULES = {
    "bnetza": N_("after the German regulator (Bundesnetzagentur)"),
    "rtr": N_("after the Austrian regulator (RTR)"),
    "agcom": N_("after the Italian regulator (AGCOM)"),
    "free": N_("by the holder’s own rules"),
}


def timeline(facts: ReportFacts) -> tuple[Part, ...]:
    """The period in pictures, with cuts on some of its days: what the first page has no room for."""
    coverage = facts.account.findings.coverage
    parts = [
        Part(_("The period in pictures"), ()),
        Part(_("Calendar"), (calendar(facts.days, coverage, WIDTH, _CALENDAR_CELL),), level=2),
        Part(_("At which hours"), (hours_of_day(facts),), level=2),
    ]
    times = delays(facts)
    if times is not None:
        parts.append(Part(_("Delay"), (times,), level=2))
    worst = enlarged(facts, worst_days(facts))
    return (*parts, Part(_("The worst days, hour by hour"), (worst,), level=2))


def speeds(facts: ReportFacts) -> tuple[Part, ...]:
    """Speed against the contract, response under load, series and every measurement."""
    title = _("Speed")
    if not facts.speed:
        return (Part(title, (Paragraph(_("No speed was measured in this period.")),)),)
    pictures = [picture for picture in (speed(facts), loaded_delay(facts)) if picture is not None]
    parts = [Part(title, tuple(pictures[:1]))]
    if len(pictures) > 1:
        parts.append(Part(_("Delay on a full line"), tuple(pictures[1:]), level=2))
    parts += [_campaign(found) for found in facts.campaigns]
    return tuple(parts)


def speed_list(facts: ReportFacts) -> tuple[Part, ...]:
    """Every measurement in figures; no part without any."""
    return (Part(_("Every speed measurement"), (_speed_table(facts),)),) if facts.speed else ()


def _campaign(found: CampaignFinding) -> Part:
    verdict = {
        True: _("The measured speeds keep what was promised, by these rules."),
        False: _("The measured speeds do not keep what was promised, by these rules."),
        None: _("By these rules nothing can be said yet."),
    }[found.conforming]
    counted = put(
        _(
            "Rules “{rules}”, version {version}: {accepted:measurement counts|measurements count}, {rejected}"
            " set aside."
        ),
        rules=clipped(found.rules, 60),
        version=clipped(found.version, 40),
        accepted=found.accepted,
        rejected=found.rejected,
    )
    if found.missing:
        counted += " " + put(_("{n:measurement is|measurements are} still missing."), n=found.missing)
    if found.unfinished_before:
        counted += " " + put(
            _("{n:earlier series was|earlier series were} begun on this line and not finished."),
            n=found.unfinished_before,
        )
    blocks: list[Block] = [Paragraph(f"{verdict} {counted}")]
    if found.criteria:
        blocks.append(Bullets(tuple(capital(composed(criterion)) for criterion in found.criteria)))
    warning = (
        _(
            "Ordinary evidence: the holder chose number and spacing of the measurements, after nobody’s"
            " procedure, and no regulator certified them."
        )
        if found.rules == "free"
        else _(
            "Ordinary evidence: these rules follow a procedure of another country, and no regulator certified"
            " them."
        )
    )
    blocks.append(Paragraph(warning, small=True))
    named = _(_RULES[found.rules]) if found.rules in _RULES else clipped(found.rules, 60)
    title = put(_("Series of measurements: {rules}"), rules=named)
    return Part(title, tuple(blocks), level=2)


def _speed_table(facts: ReportFacts) -> Table:
    """Without the columns that would say the same in every row, or nothing."""
    providers = {clipped(point.provider, 60) for point in facts.speed}
    remarks = [_speed_remark(point) for point in facts.speed]
    header = [
        _("Date"),
        _("Download"),
        _("Upload"),
        _("Delay at rest"),
        _("Delay, downloading"),
        _("Delay, uploading"),
    ]
    widths = [18, 11, 11, 13, 16, 15]
    caption = _("Speeds in Mbit/s of payload, delays in ms.")
    if len(providers) > 1:
        header.append(_("Measured with"))
        widths.append(17)
    else:
        caption += " " + put(_("Measured with: {provider}."), provider=min(providers))
    if any(remarks):
        header.append(_("Remark"))
        widths.append(28)
    rows = tuple(
        (
            *_speed_row(point, facts),
            *([clipped(point.provider, 60)] if len(providers) > 1 else []),
            *([remark] if any(remarks) else []),
        )
        for point, remark in zip(facts.speed, remarks, strict=True)
    )
    return Table(tuple(header), rows, tuple(widths), right=(1, 2, 3, 4, 5), caption=caption)


def _speed_remark(point: SpeedPoint) -> str:
    remarks = []
    if point.accepted is False:
        remarks.append(
            put(_("not counted: {reason}"), reason=composed(point.reason))
            if point.reason
            else _("not counted")
        )
    elif point.reason:
        remarks.append(composed(point.reason))
    if point.indicative:
        remarks.append(_("indicative only"))
    return ", ".join(remarks)


def _speed_row(point: SpeedPoint, facts: ReportFacts) -> tuple[str, ...]:
    at = local(point.at_ns, facts.zone)
    return (
        f"{figures.short_date(at)} {figures.clock_time(at, seconds=False)}",
        _mega(point.download_bps),
        _mega(point.upload_bps),
        ms(point.idle_ms),
        ms(point.loaded_down_ms),
        ms(point.loaded_up_ms),
    )


def _mega(bps: float | None) -> str:
    return "–" if bps is None else figures.number(bps / 1e6, 0 if bps >= 1e8 else 1)


def diary(facts: ReportFacts) -> tuple[Part, ...]:
    """The exchanges, as the holder noted them; no part without any."""
    if not facts.diary:
        return ()
    header = (_("Date"), _("Kind"), _("With"), _("What was said"), _("Promised"))
    rows = tuple(_entry(entry, facts) for entry in facts.diary)
    note = Paragraph(
        _(
            "As the holder of the line noted them, from three months before the period to three months after"
            " it; jalerte has verified nothing of it."
        ),
        small=True,
    )
    return (Part(_("Exchanges"), (note, Table(header, rows, (16, 16, 15, 34, 25)))),)


def _entry(entry: DiaryEntry, facts: ReportFacts) -> tuple[str, ...]:
    at = local(entry.at_ns, facts.zone)
    promise = clean(entry.promise)
    if entry.due is not None:
        promise = put(
            _("{promise} (by {day})"), promise=promise.rstrip(". "), day=figures.plain_date(entry.due)
        )
    kind = capital(kind_name(clean(entry.kind)))
    if entry.until_ns is not None and entry.until_ns > entry.at_ns:
        lasted = figures.duration((entry.until_ns - entry.at_ns) / SECOND).replace(" ", figures.NO_BREAK)
        kind = f"{kind} ({lasted})"
    return (
        f"{figures.short_date(at)} {figures.clock_time(at, seconds=False)}",
        kind,
        capital(whom(clean(entry.with_whom))),
        clean(entry.text),
        promise,
    )


def witnesses(facts: ReportFacts) -> tuple[Part, ...]:
    """What other machines' evidence packages say of the same time; no part without any."""
    if not facts.witnesses:
        return ()
    header = (
        _("Witness"),
        _("Observed"),
        _("Our cuts it saw"),
        _("Not seen by it"),
        _("While it did not observe"),
        _("Seen by it alone"),
    )
    rows = tuple(
        (
            put(_("{name} (key {key}…)"), name=clipped(one.name), key=clean(one.key)[:16]),
            period_words(one.span, facts.zone),
            *(figures.number(n) for n in (one.confirmed, one.not_seen, one.not_observed, one.alone)),
        )
        for one in facts.witnesses
    )
    note = Paragraph(
        _("Other machines recorded the same line at the same time; how many cuts they confirm."), small=True
    )
    table = Table(header, rows, (24, 28, 12, 12, 14, 12), right=(2, 3, 4, 5))
    return (Part(_("Second witnesses"), (note, table)),)


def plain_days(days: tuple[date, ...], most: int = 30) -> str:
    """The days by name, or the first and the last where they are many."""
    if len(days) > most:
        return put(
            _("{n} days from {first} to {last}"),
            n=len(days),
            first=figures.plain_date(days[0]),
            last=figures.plain_date(days[-1]),
        )
    return ", ".join(figures.plain_date(day) for day in days)
