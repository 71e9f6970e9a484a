"""The report's figures as files: incidents as JSON and CSV, days and hours as CSV. Times are UTC, ISO 8601.

The report holds them within the PDF. Codes, figures and names of columns are the same in every language; the sentences
of ``incidents.json`` are in the report's.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from diagnostics.model import Incident, Remark, Scalar
from jalerte_desktop.documents.account import Role
from jalerte_desktop.documents.report.listing import numbered
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.documents.report.sayings import place_words, role_words, roles_of
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.language import current
from jalerte_desktop.words.names import gap_name, kind_name
from jalerte_desktop.words.remarks import say


def incidents_json(facts: ReportFacts) -> bytes:
    """Every incident with its number, role and arguments: codes with figures, and words in the active language."""
    findings, roles = facts.account.findings, roles_of(facts.account)
    told = [
        _incident(number, incident, roles[incident.id]) for number, incident in enumerate(numbered(facts), 1)
    ]
    document = {
        "language": current(),
        "since": iso(findings.span.start_ns),
        "until": iso(findings.span.end_ns),
        "method": findings.method,
        "line_confirmed": findings.confirmed,
        "demo": facts.demo,
        "coverage": {
            "observed_s": round(findings.coverage.observed_s, 3),
            "not_observed_s": round(findings.coverage.not_observed_s, 3),
            "not_observed": [
                {
                    "start": iso(gap.span.start_ns),
                    "end": iso(gap.span.end_ns),
                    "reason": gap.reason.value,
                    "reason_words": gap_name(gap.reason),
                }
                for gap in findings.gaps
            ],
        },
        "incidents": told,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def incidents_csv(facts: ReportFacts) -> bytes:
    """A row for each incident, with the codes of its arguments."""
    roles = roles_of(facts.account)
    rows = (
        (
            number,
            one.id,
            one.line.id,
            one.kind.value,
            one.verdict.cause.value,
            one.verdict.confidence,
            roles[one.id].value,
            iso(one.span.start_ns),
            "" if one.ongoing else iso(one.span.end_ns),
            round(one.duration_s, 4),
            " ".join(remark.code for remark in one.verdict.reasons),
            " ".join(remark.code for remark in one.verdict.counter_evidence),
            one.excluded or "",
        )
        for number, one in enumerate(numbered(facts), 1)
    )
    names = "number id line kind cause confidence role start end duration_s reasons counter_evidence excluded"
    return _csv(names.split(), rows)


def days_csv(facts: ReportFacts) -> bytes:
    """A row for each local day of the period; cuts are those held against the operator."""
    rows = (
        (
            day.day.isoformat(),
            iso(day.span.start_ns),
            iso(day.span.end_ns),
            round(day.observed_s, 3),
            day.cuts,
            round(day.cut_s, 3),
            day.incidents,
            "" if day.working_minutes_lost is None else day.working_minutes_lost,
        )
        for day in facts.days
    )
    return _csv(
        ["day", "start", "end", "observed_s", "cuts", "cut_s", "incidents", "working_minutes_lost"], rows
    )


def hours_csv(facts: ReportFacts) -> bytes:
    """A row for each hour: tries of the reference servers, missed ones, median and 95th percentile in ms."""
    rows = (
        (iso(one.start_ns, "seconds"), one.tries, one.missed, _figure(one.median_ms), _figure(one.p95_ms))
        for one in facts.hours
    )
    return _csv(["start", "tries", "missed", "median_ms", "p95_ms"], rows)


def _incident(number: int, one: Incident, role: Role) -> dict[str, object]:
    return {
        "number": number,
        "id": one.id,
        "line": one.line.id,
        "kind": one.kind.value,
        "kind_words": kind_name(one.kind),
        "cause": one.verdict.cause.value,
        "cause_words": place_words(one),
        "confidence": one.verdict.confidence,
        "role": role.value,
        "role_words": role_words(role),
        "start": iso(one.span.start_ns),
        "end": None if one.ongoing else iso(one.span.end_ns),
        "duration_s": round(one.duration_s, 4),
        "reasons": [_remark(remark) for remark in one.verdict.reasons],
        "counter_evidence": [_remark(remark) for remark in one.verdict.counter_evidence],
        "excluded": one.excluded,
    }


def _remark(remark: Remark) -> dict[str, object]:
    return {"code": remark.code, "values": dict(remark.values), "words": say(remark)}


def _figure(value: float | None) -> float | str:
    return "" if value is None else round(value, 2)


def _csv(names: Sequence[str], rows: Iterable[Sequence[Scalar]]) -> bytes:
    """Comma, quotes where needed, CR LF (RFC 4180). A text that a spreadsheet would calculate gets an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _harmless(cell: Scalar) -> Scalar:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
