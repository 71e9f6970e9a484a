"""The bundle's readable tables: incidents with their reasons, figures by minute, samples of the incidents.

What they name in the chain is checked: see the room's own words in ``__init__``.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from diagnostics.journal.rollups import Rollup, decode_rollups
from diagnostics.model import SECOND, Incident, Remark, Sample, Span, Target
from jalerte_desktop.documents.account import role_of
from jalerte_desktop.documents.bundle.redaction import Redaction
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.names import cause_name, kind_name
from jalerte_desktop.words.remarks import say

Ranges = tuple[tuple[int, int], ...]
_ROLLUPS = (
    "record",
    "start",
    "line",
    "role",
    "protocol",
    "address",
    "tries",
    "missed",
    "min_ms",
    "median_ms",
)
_ROLLUPS_HEAD = ",".join((*_ROLLUPS, "p95_ms", "max_ms"))
_SAMPLES_HEAD = "record,sent,line,role,protocol,address,outcome,rtt_ms,extra,detail"
_INCIDENTS = (
    "id",
    "records",
    "kind",
    "kind_words",
    "cause",
    "cause_words",
    "confidence",
    "role",
    "start",
    "end",
    "duration_s",
    "ongoing",
    "excluded",
    "reasons",
    "counter_evidence",
    "codes",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class TableFile:
    """A packed table and its number of rows below the head."""

    data: bytes
    rows: int


def incidents_json(facts: ReportFacts, references: Sequence[Ranges], language: str) -> bytes:
    """The line's incidents of the period; ``facts`` are those that the copy may tell.

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
        "incidents": [
            _incident(incident, ranges)
            for incident, ranges in zip(incidents_of(facts), references, strict=True)
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


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


def incidents_csv(facts: ReportFacts, references: Sequence[Ranges]) -> bytes:
    """The same, a row each, for a spreadsheet (UTF-8 with its mark)."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(_INCIDENTS)
    for incident, ranges in zip(incidents_of(facts), references, strict=True):
        verdict = incident.verdict
        remarks = (*verdict.reasons, *verdict.counter_evidence)
        cells = (
            incident.id,
            " ".join(f"{first}-{last}" for first, last in ranges),
            incident.kind.value,
            kind_name(incident.kind),
            verdict.cause.value,
            cause_name(verdict.cause),
            f"{verdict.confidence:g}",
            role_of(incident, incident.line.id).value,
            iso(incident.span.start_ns),
            iso(incident.span.end_ns),
            f"{incident.duration_s:.3f}",
            "yes" if incident.ongoing else "no",
            _harmless(incident.excluded or ""),
            _harmless(" ".join(map(say, verdict.reasons))),
            _harmless(" ".join(map(say, verdict.counter_evidence))),
            " ".join(remark.code for remark in remarks),
        )
        rows.writerow(cells)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _harmless(text: str) -> str:
    """No cell that a spreadsheet would take for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


class Tables:
    """Writes both packed tables while the records go by. ``targets`` are those of the journal, by number."""

    def __init__(self, targets: Mapping[int, Target], redaction: Redaction) -> None:
        self._targets = targets
        self._redaction = redaction
        self._rollups = _Packed(_ROLLUPS_HEAD)
        self._samples = _Packed(_SAMPLES_HEAD)
        self._names: dict[str, str] = {}

    def rollup(self, seq: int, start_ns: int, line: str, blob: bytes, here: bool) -> None:
        """A batch's figures; ``line`` as the copy calls it, ``here`` for the bundle's own. Raises DamagedBatch."""
        head = f"{seq},{_time(start_ns)},{line},"
        rows = decode_rollups(blob, self._targets.__getitem__).rows
        self._rollups.add([f"{head}{self._name(row.target, here)},{_figures(row)}" for row in rows])

    def samples(self, seq: int, line: str, samples: Iterable[Sample]) -> int:
        """A batch's samples of the bundle's line, with the details that the copy shows; gives how many."""
        rows = [self._sample(seq, line, sample) for sample in samples]
        self._samples.add(rows)
        return len(rows)

    def finish(self) -> tuple[TableFile, TableFile]:
        """Rollups and samples; nothing can be added afterwards."""
        return self._rollups.finish(), self._samples.finish()

    def tells(self, target: Target) -> bool:
        """Whether the tables have a row of it on the bundle's own line."""
        return target.id in self._names

    def target(self, target: Target) -> str:
        """The address as the copy may tell it, empty where it may not."""
        path = f"record:targets/{target.role}.address"
        return (
            target.address
            if self._redaction.shows(path, "record:targets.address", value=target.address)
            else ""
        )

    def _name(self, target: Target, here: bool = True) -> str:
        """Role, protocol and address; where somebody else's line was, its addresses are nobody's business."""
        if not here:
            return f"{target.role},{target.protocol},"
        if target.id not in self._names:
            self._names[target.id] = f"{target.role},{target.protocol},{_cell(self.target(target))}"
        return self._names[target.id]

    def _sample(self, seq: int, line: str, sample: Sample) -> str:
        rtt = "" if sample.rtt_ns is None else f"{sample.rtt_ns / 1e6:.2f}"
        detail = _cell(self._redaction.text("report:sample.detail", sample.detail)) if sample.detail else ""
        return (
            f"{seq},{_time(sample.sent_ns)},{line},{self._name(sample.target)},{sample.outcome.name},{rtt},"
            f"{'yes' if sample.extra else 'no'},{detail}"
        )


def _figures(row: Rollup) -> str:
    times = (row.min_ns, row.median_ns, row.p95_ns, row.max_ns)
    return f"{row.count},{row.missed}," + ",".join("" if ns is None else f"{ns / 1e6:.2f}" for ns in times)


def _time(ns: int) -> str:
    """``2026-11-17T08:12:05.1234Z``: the journal's own grid of 0.1 ms."""
    return f"{_second(ns // SECOND)}.{ns % SECOND // 100_000:04d}Z"


@lru_cache(maxsize=128)
def _second(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%S}"


def _cell(text: str) -> str:
    """One cell, on one line."""
    plain = _harmless(" ".join("".join(c if c.isprintable() else " " for c in text).split()))
    return '"' + plain.replace('"', '""') + '"' if any(mark in plain for mark in ',"') else plain


class _Packed:
    """A table that is packed as it grows."""

    def __init__(self, head: str) -> None:
        self._out = io.BytesIO()
        self._packed = gzip.GzipFile(filename="", mode="wb", compresslevel=5, fileobj=self._out, mtime=0)
        self._packed.write(head.encode() + b"\n")
        self._rows = 0

    def add(self, rows: Sequence[str]) -> None:
        self._rows += len(rows)
        if rows:
            self._packed.write("\n".join(rows).encode() + b"\n")

    def finish(self) -> TableFile:
        self._packed.close()
        return TableFile(self._out.getvalue(), self._rows)
