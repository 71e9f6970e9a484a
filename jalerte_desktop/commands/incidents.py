"""``jalerte incidents``: what went wrong, whose fault it was, and how much was observed."""

from __future__ import annotations

import argparse

from diagnostics.config import load_thresholds
from diagnostics.incidents.merged import MergedIncident
from diagnostics.model import Incident
from jalerte_desktop.commands.arguments import add_json, add_period, period
from jalerte_desktop.commands.context import Context
from jalerte_desktop.commands.described import (
    calls_of,
    cause_words,
    coverage_json,
    incident_json,
    line_json,
    merged_json,
    own_thresholds_json,
    telework_json,
)
from jalerte_desktop.findings.model import Findings, Seal, total_s
from jalerte_desktop.findings.personal import OwnThresholds
from jalerte_desktop.words.figures import clock_time, day, duration, iso, local, number, percent
from jalerte_desktop.words.language import _, ngettext
from jalerte_desktop.words.names import gap_name, kind_name
from jalerte_desktop.words.remarks import say
from jalerte_desktop.words.thresholds import thresholds_told
from jalerte_desktop.words.views import row_words


def configure(parser: argparse.ArgumentParser) -> None:
    add_period(parser)
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    findings = context.findings(*period(arguments, context.now_ns))
    if context.json:
        context.print_json(
            {
                "since": iso(findings.span.start_ns),
                "until": iso(findings.span.end_ns),
                "line": line_json(findings.line),
                "method": findings.method,
                "seal": findings.seal and _seal_json(findings.seal),
                "incidents": [incident_json(incident) for incident in findings.incidents],
                "merged": [merged_json(merged) for merged in findings.merged],
                "coverage": coverage_json(findings.coverage),
                "telework": telework_json(findings.telework),
                "own_thresholds": own_thresholds_json(findings.own),
                "exclusions": [
                    {
                        "start": iso(e.span.start_ns),
                        "end": iso(e.span.end_ns),
                        "reason": e.reason,
                        "declared": iso(e.declared_ns),
                    }
                    for e in findings.exclusions
                ],
            }
        )
        return 0
    for text in describe(findings):
        context.say(text)
    return 0


def _seal_json(seal: Seal) -> dict[str, object]:
    """The newest link and the key's fingerprint, as every paper prints them; ``key`` is null where none is known."""
    return {
        "sequence": seal.sequence,
        "link": seal.link,
        "at": iso(seal.at_ns),
        "key": seal.key or None,
    }


def describe(findings: Findings) -> list[str]:
    """The findings as lines of text for a terminal."""
    lines: list[str] = []
    shown_day = ""
    by_id = {incident.id: incident for incident in findings.incidents}
    for merged in findings.merged:
        start = local(merged.span.start_ns)
        if day(start) != shown_day:
            shown_day = day(start)
            lines += ["", shown_day]
        raw = [by_id[key] for key in merged.incidents]
        lines += _incident(raw[0]) if len(raw) == 1 else _several(merged, raw)
    if not findings.incidents:
        lines.append(_("No incident in this period."))
    lines.append("")
    count = len(findings.outages)
    lines.append(
        ngettext("{n} outage, {time} in all", "{n} outages, {time} in all", count).format(
            n=count, time=duration(findings.outage_s)
        )
    )
    lines.append(calls_of(findings.telework))
    if findings.own is not None:
        lines.append(_own(findings.own, findings.line.id))
    coverage = findings.coverage
    lines.append(
        _("Observed: {share} of the period ({time}).").format(
            share=percent(coverage.ratio), time=duration(coverage.observed_s)
        )
    )
    for gap in coverage.gaps:
        lines.append(
            _("  not observed from {start} to {end}: {reason}").format(
                start=_moment(gap.span.start_ns), end=_moment(gap.span.end_ns), reason=gap_name(gap.reason)
            )
        )
    if not findings.confirmed:
        lines.append(_("The line is not confirmed as yours at home: “jalerte line confirm” does that."))
    return lines


def _incident(incident: Incident) -> list[str]:
    lines = [
        _("  {start}  {kind}, {length}: {cause} (confidence {confidence})").format(
            start=clock_time(local(incident.span.start_ns)),
            kind=kind_name(incident.kind),
            length=_length(incident),
            cause=cause_words(incident.verdict.cause, incident.verdict.confidence),
            confidence=number(incident.verdict.confidence, 2),
        )
    ]
    return lines + _arguments(incident)


def _several(merged: MergedIncident, raw: list[Incident]) -> list[str]:
    """Incidents that follow each other closely: one line for all, one that names each, the arguments of the longest."""
    longest = max(raw, key=lambda incident: incident.duration_s)
    head = _("  {start}  {kind}, {length}: {cause} (confidence {confidence} at least)").format(
        start=clock_time(local(merged.span.start_ns)),
        kind=kind_name(merged.kind),
        length=row_words(merged.count, merged.span.duration_s, merged.total_s),
        cause=cause_words(merged.cause, merged.confidence),
        confidence=number(merged.confidence, 2),
    )
    each = " · ".join(
        f"{clock_time(local(incident.span.start_ns))} ({_length(incident)})" for incident in raw
    )
    return [head, f"      {each}", _("      The longest:"), *_arguments(longest)]


def _length(incident: Incident) -> str:
    length = _("going on for {time}") if incident.ongoing else "{time}"
    return length.format(time=duration(incident.duration_s))


def _arguments(incident: Incident) -> list[str]:
    lines = [f"      + {say(remark)}" for remark in incident.verdict.reasons]
    lines += [f"      − {say(remark)}" for remark in incident.verdict.counter_evidence]
    if incident.excluded is not None:
        lines.append(_("      Taken out of the count: {reason}").format(reason=incident.excluded))
    return lines


def _own(own: OwnThresholds, line_id: str) -> str:
    """The count by the person's own thresholds, which stands beside the default one and replaces nothing."""
    outages = own.outages_of(line_id)
    counted = [i for i in own.incidents if i.line.id == line_id and i.excluded is None]
    return _(
        "With thresholds of your own ({thresholds}): {n} incidents, of which {outages} outages ({time} in all)."
        " The default ones stay what counts."
    ).format(
        thresholds=thresholds_told(own.thresholds, load_thresholds()),
        n=number(len(counted)),
        outages=number(len(outages)),
        time=duration(total_s(outages)),
    )


def _moment(ns: int) -> str:
    moment = local(ns)
    return f"{moment:%d/%m} {clock_time(moment)}"
