"""The bundle's readable tables: incidents with their reasons, figures by minute, samples of the incidents.

What they name in the chain is checked: see the room's own words in ``__init__``.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from diagnostics.model import Incident, Remark, Span, Target
from jalerte_desktop.documents.account import role_of
from jalerte_desktop.documents.bundle import rows
from jalerte_desktop.documents.bundle.records import BundleRecord
from jalerte_desktop.documents.bundle.redaction import Redaction
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.names import cause_name, kind_name
from jalerte_desktop.words.remarks import say

Ranges = tuple[tuple[int, int], ...]


NOBODY = ("", "", "")
"""What stands for a number whose target nobody can tell any more."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A packed table and its number of rows below the head."""

    data: bytes
    rows: int


def incidents_told(facts: ReportFacts, references: Sequence[Ranges]) -> list[dict[str, Any]]:
    """The line's incidents as ``incidents.json`` has them; ``facts`` are those that the copy may tell."""
    return [
        _incident(incident, ranges) for incident, ranges in zip(incidents_of(facts), references, strict=True)
    ]


def incidents_json(facts: ReportFacts, told: Sequence[Mapping[str, Any]], language: str) -> bytes:
    """``told`` (``incidents_told``) with what they belong to.

    ``observed`` are the stretches that were observed, in UTC ns: what another machine compares its own with.
    """
    findings = facts.account.findings
    document = {
        "version": 1,
        "language": language,
        "line": findings.line.id,
        "period": _span(findings.span),
        "observed": [
            [span.start_ns, span.end_ns] for span in observed(findings.span, [g.span for g in findings.gaps])
        ],
        "observed_s": findings.coverage.observed_s,
        "method": findings.method,
        "incidents": told,
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


def incidents_csv(told: Iterable[Mapping[str, Any]]) -> bytes:
    """The same, a row each, for a spreadsheet (UTF-8 with its mark)."""
    return b"".join(rows.incidents_table(told))


def incidents_of(facts: ReportFacts) -> tuple[Incident, ...]:
    """The line's, excluded ones included, oldest first."""
    findings = facts.account.findings
    return tuple(incident for incident in findings.incidents if incident.line.id == findings.line.id)


def observed(span: Span, gaps: Sequence[Span]) -> tuple[Span, ...]:
    """The stretches of a period that lie in no gap."""
    found, at = [], span.start_ns
    for gap in sorted(gaps, key=lambda one: one.start_ns):
        if gap.start_ns > at:
            found.append(Span(at, min(gap.start_ns, span.end_ns)))
        at = max(at, gap.end_ns)
    if at < span.end_ns:
        found.append(Span(at, span.end_ns))
    return tuple(found)


def _incident(incident: Incident, ranges: Ranges) -> dict[str, Any]:
    verdict = incident.verdict
    return {
        "id": incident.id,
        "kind": incident.kind.value,
        "kind_words": kind_name(incident.kind),
        "cause": verdict.cause.value,
        "cause_words": cause_name(verdict.cause),
        "confidence": verdict.confidence,
        "role": role_of(incident, incident.line.id).value,
        **_span(incident.span),
        "ongoing": incident.ongoing,
        "duration_s": incident.duration_s,
        "excluded": incident.excluded,
        "reasons": [_remark(remark) for remark in verdict.reasons],
        "counter_evidence": [_remark(remark) for remark in verdict.counter_evidence],
        "records": [list(one) for one in ranges],
    }


def _remark(remark: Remark) -> dict[str, Any]:
    return {"code": remark.code, "values": dict(remark.values), "words": say(remark)}


def _span(span: Span) -> dict[str, Any]:
    return {
        "start": iso(span.start_ns),
        "end": iso(span.end_ns),
        "start_ns": span.start_ns,
        "end_ns": span.end_ns,
    }


class Tables:
    """Writes both packed tables while the records go by. ``targets`` are those of the journal, by number."""

    def __init__(self, targets: Mapping[int, Target], redaction: Redaction) -> None:
        self._targets = dict(targets)
        self._redaction = redaction
        self._rollups = _Packed(rows.ROLLUPS_HEAD)
        self._samples = _Packed(rows.SAMPLES_HEAD)
        self._addresses: dict[int, str] = {}
        self._here: dict[int, str] = {}
        self._elsewhere: dict[int, str] = {}

    def add(self, record: BundleRecord, here: bool) -> int:
        """A batch's figures and samples, as far as they are shown: how many samples. Raises DamagedBatch.

        ``here``: it is of the bundle's own line. Where somebody else's line was, its addresses are nobody's business.
        """
        self._rollups.add(rows.rollup_rows(record, self._name if here else self._name_elsewhere))
        before = self._samples.rows
        for some in rows.chunks(rows.sample_rows(record, self._name)):
            self._samples.add(some)
        return self._samples.rows - before

    def forget(self, number: int) -> None:
        """Who this number stands for cannot be vouched for: nothing is told of it, where nothing was yet."""
        if number not in self._here and number not in self._elsewhere:
            self._targets.pop(number, None)

    def finish(self) -> tuple[TableFile, TableFile]:
        """Rollups and samples; nothing can be added afterwards."""
        return self._rollups.finish(), self._samples.finish()

    def told(self) -> list[dict[str, Any]]:
        """Whom the numbers in the tables stand for, by number; with its address where a row of the own line has it."""
        return [
            {
                "number": number,
                "role": str(one.role),
                "protocol": str(one.protocol),
                **({"address": self._address(number, one)} if number in self._here else {}),
            }
            for number, one in sorted(self._targets.items())
            if number in self._here or number in self._elsewhere
        ]

    def _address(self, number: int, target: Target) -> str:
        """As the copy may tell it, empty where it may not."""
        if number not in self._addresses:
            path = f"record:targets/{target.role}.address"
            shows = self._redaction.shows(path, "record:targets.address", value=target.address)
            self._addresses[number] = target.address if shows else ""
        return self._addresses[number]

    def _name(self, number: int) -> str:
        if number not in self._here:
            one = self._targets.get(number)
            cells = (str(one.role), str(one.protocol), self._address(number, one)) if one else NOBODY
            self._here[number] = rows.target_cells(*cells)
        return self._here[number]

    def _name_elsewhere(self, number: int) -> str:
        if number not in self._elsewhere:
            one = self._targets.get(number)
            self._elsewhere[number] = rows.target_cells(
                *((str(one.role), str(one.protocol), "") if one else NOBODY)
            )
        return self._elsewhere[number]


class _Packed:
    """A table that is packed as it grows."""

    def __init__(self, head: str) -> None:
        self._out = io.BytesIO()
        self._packed = gzip.GzipFile(filename="", mode="wb", compresslevel=5, fileobj=self._out, mtime=0)
        self._packed.write(head.encode() + b"\n")
        self.rows = 0

    def add(self, rows: Sequence[str]) -> None:
        self.rows += len(rows)
        if rows:
            self._packed.write("\n".join(rows).encode() + b"\n")

    def finish(self) -> TableFile:
        self._packed.close()
        return TableFile(self._out.getvalue(), self.rows)
