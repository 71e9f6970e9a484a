"""``jalerte incidents``: what went wrong, whose fault it was, and how much was observed."""

from __future__ import annotations

import argparse

from diagnostics.model import Incident
from jalerte_desktop.commands.arguments import add_json, add_period, period
from jalerte_desktop.commands.context import Context
from jalerte_desktop.commands.described import coverage_json, incident_json, line_json
from jalerte_desktop.findings.model import Findings
from jalerte_desktop.words.figures import clock_time, day, duration, iso, local, number, percent
from jalerte_desktop.words.language import _, ngettext
from jalerte_desktop.words.names import cause_name, gap_name, kind_name
from jalerte_desktop.words.remarks import say


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
                "seal": findings.seal and {"sequence": findings.seal.sequence, "link": findings.seal.link},
                "incidents": [incident_json(incident) for incident in findings.incidents],
                "coverage": coverage_json(findings.coverage),
                "exclusions": [
                    {"start": iso(e.span.start_ns), "end": iso(e.span.end_ns), "reason": e.reason}
                    for e in findings.exclusions
                ],
            }
        )
        return 0
    for text in describe(findings):
        context.say(text)
    return 0


def describe(findings: Findings) -> list[str]:
    """The findings as lines of text for a terminal."""
    lines: list[str] = []
    shown_day = ""
    for incident in findings.incidents:
        start = local(incident.span.start_ns)
        if day(start) != shown_day:
            shown_day = day(start)
            lines += ["", shown_day]
        lines += _incident(incident)
    if not findings.incidents:
        lines.append(_("No incident in this period."))
    lines.append("")
    count = len(findings.outages)
    lines.append(
        ngettext("{n} outage, {time} in all", "{n} outages, {time} in all", count).format(
            n=count, time=duration(findings.outage_s)
        )
    )
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
    verdict = incident.verdict
    length = _("going on for {time}") if incident.ongoing else "{time}"
    lines = [
        _("  {start}  {kind}, {length}: {cause} (confidence {confidence})").format(
            start=clock_time(local(incident.span.start_ns)),
            kind=kind_name(incident.kind),
            length=length.format(time=duration(incident.duration_s)),
            cause=cause_name(verdict.cause),
            confidence=number(verdict.confidence, 2),
        )
    ]
    lines += [f"      + {say(remark)}" for remark in verdict.reasons]
    lines += [f"      − {say(remark)}" for remark in verdict.counter_evidence]
    if incident.excluded is not None:
        lines.append(_("      Taken out of the count: {reason}").format(reason=incident.excluded))
    return lines


def _moment(ns: int) -> str:
    moment = local(ns)
    return f"{moment:%d/%m} {clock_time(moment)}"
