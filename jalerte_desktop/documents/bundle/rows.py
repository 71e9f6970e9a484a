"""How a row of the bundle's readable tables is written: one home, for whoever makes a bundle and whoever checks one.

Everything in a row is worked out from the records as the bundle shows them, and from whom the numbers of targets stand
for. So a check can write each row anew and compare it, byte for byte.
"""

from __future__ import annotations

import csv
import io
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from diagnostics.journal import chain, codec, legacy
from diagnostics.journal.codec import HAS_RTT, TICK_NS, TICKS, Batch, DamagedBatch
from diagnostics.model import SECOND, Flag, Outcome, Role, Sample, Target
from diagnostics.model import Protocol as ProbeProtocol
from jalerte_desktop.documents.bundle.records import BundleRecord, FieldShown, WholeShown

ROLLUPS_HEAD = "record,start,line,role,protocol,address,tries,missed,min_ms,median_ms,p95_ms,max_ms"
SAMPLES_HEAD = "record,sent,line,role,protocol,address,outcome,rtt_ms,extra,detail"
INCIDENTS_HEAD = (
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
LARGEST_OLD_BATCH = 1 << 18
"""So many bytes may a batch of format 1 unpack to."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NONE = 0xFFFFFFFF
_GAP_BYTES = 4
_FIGURES = struct.Struct("<HIIIIII")
_DETAIL = struct.Struct("<HHH")
_UNITS_A_MS = 100
_NAMES = {int(outcome): outcome.name for outcome in Outcome}
_CHUNK = 1000

Name = Callable[[int], str]
"""The cells ``role,protocol,address`` of a target's number (``target_cells``)."""


def target_cells(role: str, protocol: str, address: str) -> str:
    """``address`` as the copy may tell it, empty where it may not."""
    return f"{cell(role)},{cell(protocol)},{cell(address)}"


def line_of(record: BundleRecord) -> str:
    """A batch's line as the bundle calls it: by a letter where its id was taken out."""
    if isinstance(record.whole, WholeShown):
        return record.whole.line
    shown = record.fields.get("line")
    return shown.value.decode() if isinstance(shown, FieldShown) else record.shown_line


def rollup_rows(record: BundleRecord, name: Name) -> list[str]:
    """A batch's figures, a row each target; none where they are not shown. Raises DamagedBatch."""
    blob = _shown(record, "rollup")
    if record.type != chain.SAMPLES or blob is None:
        return []
    head = f"{record.seq},{_time(record.start_ns)},{cell(line_of(record))},"
    try:
        found = list(_FIGURES.iter_unpack(blob[_GAP_BYTES:]))
    except struct.error as error:
        raise DamagedBatch(str(error)) from error
    return [
        f"{head}{name(number)},{tries},{missed},{_units(least)},{_units(median)},{_units(p95)},{_units(most)}"
        if least != _NONE
        else f"{head}{name(number)},{tries},{missed},,,,"
        for number, tries, missed, least, median, p95, most in found
    ]


def sample_rows(record: BundleRecord, name: Name) -> Iterator[str]:
    """A batch's samples in the order of sending, with the details that are shown; none where they are not shown.

    Raises DamagedBatch. Holds no more than some numbers for each sample at a time.
    """
    if record.type != chain.SAMPLES:
        return
    line = cell(line_of(record))
    if isinstance(record.whole, WholeShown):
        for one in legacy.decode_batch(legacy.decompress(record.whole.body, LARGEST_OLD_BATCH), number_only):
            yield _row(record.seq, line, name(int(one.target.address)), one)
        return
    samples = _shown(record, "samples")
    if samples is None:
        return
    batch, details = codec.unpack(samples), _details(_shown(record, "details") or b"")
    yield from _packed_rows(record.seq, line, batch, details, name)


def number_only(number: int) -> Target:
    """A stand-in for the target of this number, where only the number counts: it stands in ``address``."""
    return Target(Role.ANCHOR, ProbeProtocol.ICMP, str(number), 4, "")


def chunks(rows: Iterable[str]) -> Iterator[list[str]]:
    """Rows by the thousand."""
    waiting = iter(rows)
    while some := list(islice(waiting, _CHUNK)):
        yield some


def _shown(record: BundleRecord, name: str) -> bytes | None:
    if isinstance(record.whole, WholeShown):
        return record.whole.rollup if name == "rollup" else None
    found = record.fields.get(name)
    return found.value if isinstance(found, FieldShown) else None


def _packed_rows(seq: int, line: str, batch: Batch, details: Mapping[int, str], name: Name) -> Iterator[str]:
    ticks, keys, rtts, owners = array("q"), bytearray(), array("q"), array("H")
    starts = []
    for place, column in enumerate(batch.columns):
        starts.append(len(ticks))
        phases = codec.words("H", column.phases)
        ticks.extend(second * TICKS + phase for second, phase in zip(column.seconds, phases, strict=True))
        keys += column.keys
        steps = iter(codec.rtts_of(column.rtts))
        try:
            rtts.extend(next(steps) if key & HAS_RTT else -1 for key in column.keys)
        except RuntimeError as error:  # from the generator: the answers ended
            raise DamagedBatch("fewer times than answers") from error
        owners.extend([place] * column.count)
    names = [name(column.number) for column in batch.columns]
    seconds = [f"{_second(batch.base_s + second)}." for second in range(max(ticks, default=0) // TICKS + 1)]
    said = {key: _outcome(key & 15, key >> 4) for key in set(keys)}
    for at in sorted(range(len(ticks)), key=ticks.__getitem__):
        owner, tick, rtt = owners[at], ticks[at], rtts[at]
        outcome, extra = said[keys[at]]
        detail = cell(details.get(owner << 16 | at - starts[owner], "")) if details else ""
        yield (
            f"{seq},{seconds[tick // TICKS]}{tick % TICKS:04d}Z,{line},{names[owner]},{outcome},"
            f"{_ms(rtt) if rtt >= 0 else ''},{extra},{detail}"
        )


def _row(seq: int, line: str, cells: str, sample: Sample) -> str:
    """The same of a single sample."""
    outcome, extra = _outcome(sample.outcome, sample.flags)
    rtt = "" if sample.rtt_ns is None else _ms(sample.rtt_ns)
    return f"{seq},{_time(sample.sent_ns)},{line},{cells},{outcome},{rtt},{extra},{cell(sample.detail)}"


def _outcome(outcome: int, flags: int) -> tuple[str, str]:
    return _NAMES[outcome], "yes" if flags & Flag.EXTRA else "no"


def _details(blob: bytes) -> dict[int, str]:
    """The texts by column (the upper bits) and try (the lower 16): see ``docs/journal.md``, "Batch"."""
    found: dict[int, str] = {}
    at = 0
    while at < len(blob):
        try:
            place, index, size = _DETAIL.unpack_from(blob, at)
        except struct.error as error:
            raise DamagedBatch(str(error)) from error
        at += _DETAIL.size
        if at + size > len(blob):
            raise DamagedBatch("a detail runs over the end")
        if size:
            found[place << 16 | index] = blob[at : at + size].decode("utf-8")
        at += size
    return found


@lru_cache(maxsize=1 << 14)
def _units(value: int) -> str:
    """10 µs as milliseconds."""
    return f"{value / _UNITS_A_MS:.2f}"


@lru_cache(maxsize=1 << 14)
def _ms(ns: int) -> str:
    return f"{ns / 1e6:.2f}"


def _time(ns: int) -> str:
    """``2026-11-17T08:12:05.1234Z``: the journal's own grid of 0.1 ms."""
    return f"{_second(ns // SECOND)}.{ns % SECOND // TICK_NS:04d}Z"


@lru_cache(maxsize=128)
def _second(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%S}"


def cell(text: str) -> str:
    """One cell, on one line, that no spreadsheet takes for a formula."""
    if not text or text.isalnum():
        return text
    plain = _harmless(" ".join("".join(c if c.isprintable() else " " for c in text).split()))
    return '"' + plain.replace('"', '""') + '"' if any(mark in plain for mark in ',"') else plain


def _harmless(text: str) -> str:
    """No cell that a spreadsheet would take for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


def incidents_table(incidents: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """``incidents.csv`` of the incidents in ``incidents.json``, row by row: UTF-8 with its mark, for a spreadsheet.

    Raises KeyError, TypeError, ValueError or AttributeError for what is no incident of ours.
    """
    yield b"\xef\xbb\xbf" + _csv(INCIDENTS_HEAD)
    for one in incidents:
        yield _csv(_incident(one))


def _csv(cells: Iterable[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode()


def _incident(one: Mapping[str, Any]) -> tuple[str, ...]:
    remarks = (*one["reasons"], *one["counter_evidence"])
    return (
        one["id"],
        " ".join(f"{first}-{last}" for first, last in one["records"]),
        one["kind"],
        one["kind_words"],
        one["cause"],
        one["cause_words"],
        f"{one['confidence']:g}",
        one["role"],
        one["start"],
        one["end"],
        f"{one['duration_s']:.3f}",
        "yes" if one["ongoing"] else "no",
        _harmless(one["excluded"] or ""),
        _harmless(" ".join(remark["words"] for remark in one["reasons"])),
        _harmless(" ".join(remark["words"] for remark in one["counter_evidence"])),
        " ".join(remark["code"] for remark in remarks),
    )
