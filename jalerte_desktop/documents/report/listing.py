"""Every incident of the report, none left out: when, what, whose, and the arguments both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import cache
from string import ascii_uppercase

from diagnostics.model import Incident, Remark
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.account import Role
from jalerte_desktop.documents.letter import Paragraph
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.documents.report.paper import Block, IncidentRow, IncidentTable, Part
from jalerte_desktop.documents.report.sayings import length, place_words, put, role_words, roles_of, zones
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import NO_BREAK, local
from jalerte_desktop.words.language import _
from jalerte_desktop.words.names import kind_name
from jalerte_desktop.words.remarks import say
from jalerte_desktop.words.shape import capital, sentence

_OFTEN = 5
_MARKS = {
    Role.HELD: "held",
    Role.UNCERTAIN: "uncertain",
    Role.DNS: "aside",
    Role.SET_ASIDE: "aside",
    Role.EXCLUDED: "excluded",
    Role.OTHER_LINE: "aside",
}


def listing(facts: ReportFacts) -> Part:
    """The whole list, oldest first, numbered as in the attached files."""
    incidents = numbered(facts)
    title = _("Every incident")
    if not incidents:
        return Part(title, (Paragraph(_("No incident was found in this period.")),))
    roles = roles_of(facts.account)
    letters = _letters(incidents)
    saying = cache(say)
    rows = tuple(
        _row(
            number,
            incident,
            roles[incident.id],
            facts,
            lambda remark: letters.get(remark.code) or saying(remark),
        )
        for number, incident in enumerate(incidents, 1)
    )
    header = (
        _("No."),
        _("Start, end, duration"),
        _("What, where"),
        _("Arguments: + for the cause, − against it"),
    )
    blocks: list[Block] = [
        Paragraph(
            put(
                _(
                    "All {n:incident|incidents} of the period, oldest first, raw and not grouped; local"
                    " times ({zone}). The percentage is the method’s confidence in the cause, not a measured"
                    " probability. Only those marked “{held}” are held against the operator."
                ),
                n=len(incidents),
                zone=zones(facts.account.findings.span, facts.zone),
                held=role_words(Role.HELD),
            ),
            small=True,
        )
    ]
    if letters:
        told = " ".join(f"{letter} – {say(Remark(code))}" for code, letter in letters.items())
        blocks.append(
            Paragraph(put(_("Arguments met often stand as letters. {told}"), told=told), small=True)
        )
    blocks.append(IncidentTable(header, rows))
    return Part(title, tuple(blocks))


def numbered(facts: ReportFacts) -> tuple[Incident, ...]:
    """All incidents in the order of their numbers, which count from 1."""
    return tuple(sorted(facts.account.findings.incidents, key=lambda i: (i.span.start_ns, i.id)))


def _letters(incidents: tuple[Incident, ...]) -> dict[str, str]:
    """Arguments without figures that many incidents share, by code: a letter for each, the most frequent first."""
    counts = Counter(
        remark.code
        for incident in incidents
        for remark in (*incident.verdict.reasons, *incident.verdict.counter_evidence)
        if not remark.values
    )
    frequent = [
        code for code, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n >= _OFTEN
    ]
    return dict(zip(frequent, ascii_uppercase, strict=False))


def _row(
    number: int, incident: Incident, role: Role, facts: ReportFacts, saying: Callable[[Remark], str]
) -> IncidentRow:
    start, end = local(incident.span.start_ns, facts.zone), local(incident.span.end_ns, facts.zone)
    verdict = incident.verdict
    arguments = [_side("+", verdict.reasons, saying), _side("−", verdict.counter_evidence, saying)]
    if incident.excluded is not None:
        reason = clean(incident.excluded) or _("no reason given")
        arguments.insert(0, sentence(put(_("Excluded by the holder: {reason}"), reason=reason)))
    return IncidentRow(
        number=str(number),
        start=f"{figures.short_date(start)} {figures.clock_time(start)}",
        end=f"{_('going on') if incident.ongoing else _end(start, end)}, {length(incident)}",
        what=f"{capital(kind_name(incident.kind))}, {figures.percent(verdict.confidence, 0)}, {role_words(role)}",
        place=place_words(incident),
        mark=_MARKS[role],
        arguments=" ".join(side for side in arguments if side),
    )


def _side(mark: str, remarks: tuple[Remark, ...], saying: Callable[[Remark], str]) -> str:
    """The arguments of one side: the sentences, then the letters."""
    told = [saying(remark) for remark in remarks]
    letters = ", ".join(one for one in told if len(one) == 1)
    return " ".join(
        f"{mark}{NO_BREAK}{one}" for one in (*(one for one in told if len(one) > 1), letters) if one
    )


def _end(start: datetime, end: datetime) -> str:
    clock = figures.clock_time(end)
    return clock if start.date() == end.date() else f"{figures.short_date(end)[:5]} {clock}"
