"""From the facts of a report to its words and pictures, in one language."""

from __future__ import annotations

from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.report.attached import days_csv, hours_csv, incidents_csv, incidents_json
from jalerte_desktop.documents.report.candour import candour
from jalerte_desktop.documents.report.front import front, told_at_once
from jalerte_desktop.documents.report.listing import listing
from jalerte_desktop.documents.report.method import method, verifying
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.documents.report.paper import Attached, Paper
from jalerte_desktop.documents.report.sayings import clipped, date_time, period_words, put
from jalerte_desktop.documents.report.sections import diary, speed_list, speeds, timeline, witnesses
from jalerte_desktop.words.choices import choice_name
from jalerte_desktop.words.language import _, speaking

_REGIONS = {"fr": "FR", "en": "GB"}


def compose(facts: ReportFacts, language: str) -> Paper:
    """The report of these facts in "fr" or "en". No operator or contract is named for a line that is not confirmed."""
    with speaking(language):
        title = _("Measurements of an internet line")
        return Paper(
            language=language,
            region=_REGIONS[language],
            title=title,
            subtitle=period_words(facts.account.findings.span, facts.zone),
            who=_who(facts),
            warning=_("Made-up demonstration data") if facts.demo else "",
            footer=_footer(facts),
            contents=_("Contents"),
            front=front(facts),
            parts=(
                *(() if told_at_once(facts) else timeline(facts)),
                *speeds(facts),
                *diary(facts),
                *witnesses(facts),
                *candour(facts),
                method(facts),
                *verifying(facts),
                *speed_list(facts),
                listing(facts),
            ),
            attached=attached(facts),
            made_ns=facts.made_ns,
        )


def attached(facts: ReportFacts) -> tuple[Attached, ...]:
    """The files within the PDF; descriptions in the active language."""
    return (
        Attached(
            "incidents.json",
            "application/json",
            _("Every incident with its arguments"),
            incidents_json(facts),
        ),
        Attached("incidents.csv", "text/csv", _("Every incident"), incidents_csv(facts)),
        Attached("days.csv", "text/csv", _("Figures by day"), days_csv(facts)),
        Attached("hours.csv", "text/csv", _("Figures by hour"), hours_csv(facts)),
    )


def _who(facts: ReportFacts) -> tuple[str, ...]:
    """Line and operator, where the line is confirmed; else that it is not, and nothing more."""
    if not facts.account.findings.confirmed:
        return (_("Line not confirmed: no operator is named."),)
    holder = facts.holder
    technology = choice_name(holder.technology)
    line = " · ".join(clipped(text) for text in (holder.operator, holder.offer, technology) if clean(text))
    person = [clipped(holder.name)] if clean(holder.name) else []
    if clean(holder.line_number):
        person.append(put(_("line {number}"), number=clipped(holder.line_number, 40)))
    if clean(holder.customer_number):
        person.append(put(_("customer no. {number}"), number=clipped(holder.customer_number, 40)))
    found = tuple(text for text in (line, " · ".join(person)) if text)
    return found or (_("Line confirmed by its holder; the operator was not given."),)


def _footer(facts: ReportFacts) -> str:
    evidence = facts.evidence
    made = put(
        _("jalerte {version}, made {at}"),
        version=clipped(facts.version, 40),
        at=date_time(facts.made_ns, facts.zone),
    )
    if evidence is None:
        return made
    seal = put(_("link {n}, SHA-256 {link}…"), n=evidence.sequence, link=clean(evidence.link)[:12])
    key = put(_("key {key}…"), key=clean(evidence.key)[:12]) if evidence.key else _("not signed")
    return f"{made} · {seal} · {key}"
