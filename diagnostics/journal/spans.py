"""Figures and tries of a span of time, read without going through the chain: for drawing, exporting and reports."""

from __future__ import annotations

import sqlite3
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from operator import le

from diagnostics.journal import chain, codec, format, hours, legacy, rollups, store
from diagnostics.journal.blocks import OUTCOME_OF_KEY, TargetColumn, bases_of, rtts_of, times_of
from diagnostics.journal.codec import Column, DamagedBatch
from diagnostics.journal.hours import DAY, DAY_NS, HOUR, HOUR_NS, HourFigures, Stretch
from diagnostics.journal.rollups import NONE, Rollup
from diagnostics.model import MINUTE, Sample, Span, Target


class Step(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


LONGEST_NS = {Step.MINUTE: MINUTE, Step.HOUR: HOUR_NS, Step.DAY: DAY_NS}


@dataclass(frozen=True, slots=True)
class RollupRow:
    """One target's figures over one minute, hour or day (UTC) of one line; ``start_ns`` is the step's own start.

    A step that was told in two parts (the clock was set back, or the recorder began anew) comes as two rows.
    """

    start_ns: int
    line_id: str
    rollup: Rollup


@dataclass(frozen=True, slots=True)
class Stored:
    """An open journal: its database, its targets by number."""

    db: sqlite3.Connection
    targets: Mapping[int, Target]

    def number(self, target_id: str) -> int | None:
        return next((number for number, one in self.targets.items() if one.id == target_id), None)


def figures(stored: Stored, step: Step, span: Span, line_id: str | None) -> Iterator[RollupRow]:
    """Figures of the steps that touch ``span``, of one line or (None) of all; each step's rows oldest first."""
    found = {Step.MINUTE: _minutes, Step.HOUR: _hours, Step.DAY: _days}[step](stored, span)
    for start_ns, line, blob in found:
        start = start_ns // LONGEST_NS[step] * LONGEST_NS[step]
        if line_id not in (None, line) or start >= span.end_ns or start + LONGEST_NS[step] <= span.start_ns:
            continue
        try:
            rows = rollups.decode_rollups(blob, stored.targets.__getitem__).rows
        except DamagedBatch:
            continue
        for rollup in rows:
            yield RollupRow(start, line, rollup)


_Packed = tuple[int, str, bytes]
"""Start, line, packed rollup."""


def _minutes(stored: Stored, span: Span) -> Iterator[_Packed]:
    """Of batches in the order of the chain."""
    for start, line, rollup in stored.db.execute(
        "SELECT start_ns, line, rollup FROM records WHERE type = 'samples' AND end_ns >= ? AND start_ns < ?"
        " ORDER BY seq",
        (span.start_ns, span.end_ns),
    ):
        yield start, line, bytes(rollup)
    for page in _readable(stored.db, span):
        for one in page.records:
            if one.type == chain.SAMPLES:
                yield one.start_ns, one.fields["line"].decode(), one.fields["rollup"]
    for start, _end, fields in _entries(stored.db, chain.SAMPLES, span):
        yield start, fields["line"].decode(), fields["rollup"]


def _hours(stored: Stored, span: Span) -> Iterator[_Packed]:
    """Of closed days from their records, of the open day from its hours, of the open hour from its samples."""
    yield from _legacy(stored, span, HOUR_NS)
    for _start, _end, fields in _entries(stored.db, DAY, span):
        line = fields["line"].decode()
        for figures in _split(fields["hours"]):
            yield figures.start_ns, line, figures.rollup
    for line, one in _open_hours(stored.db, span):
        yield one.start_ns, line, one.rollup


def _open_hours(db: sqlite3.Connection, span: Span) -> Iterator[tuple[str, HourFigures]]:
    """What no day's record holds yet."""
    last_day = db.execute("SELECT coalesce(max(seq), 0) FROM entries WHERE type = ?", (DAY,)).fetchone()[0]
    for start, _end, fields in _entries(db, HOUR, span, int(last_day)):
        yield fields["line"].decode(), HourFigures(start, fields["rollup"])
    for line, stretch in _open_hour(db, span).items():
        yield line, HourFigures(stretch.start_ns, stretch.rollup)


def _open_hour(db: sqlite3.Connection, span: Span) -> dict[str, Stretch]:
    found: dict[str, Stretch] = {}
    for start, end, fields in _entries(db, chain.SAMPLES, span):
        try:
            parts = rollups.sort_out(codec.unpack(fields["samples"]))
        except DamagedBatch:
            continue
        found.setdefault(fields["line"].decode(), Stretch.empty()).add(parts, start, end)
    return found


def _days(stored: Stored, span: Span) -> Iterator[_Packed]:
    """Of closed days; the open one has none yet."""
    yield from _legacy(stored, span, DAY_NS)
    for start, _end, fields in _entries(stored.db, DAY, span):
        yield start, fields["line"].decode(), fields["rollup"]


def _legacy(stored: Stored, span: Span, length_ns: int) -> Iterator[_Packed]:
    """Records of format 1 have no figures of hours and days: they are made from the samples."""
    groups: dict[tuple[str, int], list[Sample]] = {}
    for start, line, body in stored.db.execute(
        "SELECT start_ns, line, body FROM records WHERE type = 'samples' AND end_ns >= ? AND start_ns < ?",
        (span.start_ns - length_ns, span.end_ns + length_ns),
    ):
        batch = legacy.decode_batch(legacy.decompress(bytes(body)), stored.targets.__getitem__)
        groups.setdefault((line, start // length_ns), []).extend(batch)
    numbers = {target: number for number, target in stored.targets.items()}
    for (line, place), samples in sorted(groups.items(), key=lambda item: item[0][1]):
        together = rollups.roll_up(samples)._replace(longest_gap_ns=0)
        yield place * length_ns, line, rollups.encode_rollups(together, numbers.__getitem__)


_NAMED = {chain.SAMPLES: ("samples", "rollup"), HOUR: ("rollup",), DAY: ("rollup", "hours")}
"""The fields without which a row is damaged, beside its line."""


def _entries(
    db: sqlite3.Connection, kind: str, span: Span, after_seq: int = 0
) -> Iterator[tuple[int, int, dict[str, bytes]]]:
    """Rows that touch the span; damaged ones are left out, as pages are."""
    for start, end, blob in db.execute(
        "SELECT start_ns, end_ns, fields FROM entries WHERE type = ? AND end_ns >= ? AND start_ns < ? AND seq > ?"
        " ORDER BY seq",
        (kind, span.start_ns, span.end_ns, after_seq),
    ):
        try:
            fields = format.unpack_fields(bytes(blob))
            fields["line"].decode()
        except (ValueError, TypeError, KeyError):
            continue
        if all(name in fields for name in _NAMED[kind]):
            yield start, end, fields


def _split(blob: bytes) -> list[HourFigures]:
    try:
        return list(hours.split_hours(blob))
    except (ValueError, LookupError, struct.error):
        return []


def _readable(db: sqlite3.Connection, span: Span) -> Iterator[store.Page]:
    """Pages that touch the span; damaged ones are left out (a study tells of them)."""
    for page in store.pages_within(db, span):
        try:
            _ = page.places
        except DamagedBatch:
            continue
        yield page


# --- single tries -------------------------------------------------------------------------------------------------


def tries(stored: Stored, target_id: str, span: Span, line_id: str | None = None) -> TargetColumn | None:
    """All tries at one target that were sealed and sent within the span; None for an unknown target."""
    number = stored.number(target_id)
    if number is None:
        return None
    times, rtts, outcomes, edges = array("q"), array("q"), bytearray(), [0]
    for part in _parts(stored, number, span, line_id):
        times.extend(times_of(part.bases, part.column))
        rtts.extend(rtts_of(part.column, part.least))
        outcomes += part.column.keys.translate(OUTCOME_OF_KEY)
        for size in part.sizes:
            edges.append(edges[-1] + size)
    for sample in _legacy_samples(stored, target_id, span, line_id):
        times.append(sample.sent_ns)
        rtts.append(-1 if sample.rtt_ns is None else sample.rtt_ns)
        outcomes.append(int(sample.outcome) | sample.flags << 4)
        edges.append(len(times))
    found = TargetColumn(stored.targets[number], times, rtts, bytes(outcomes))
    # Within a batch tries stand in their order; only a clock that was set back puts batches out of theirs.
    rising = all(times[edge - 1] <= times[edge] for edge in edges[1:-1] if 0 < edge < len(times))
    return _within(found, span, rising)


@dataclass(frozen=True, slots=True)
class _Part:
    """A target's tries of one or more batches: the first second of each try's batch, the least round trip's place on
    the grid (None: not known), how many tries each batch has."""

    bases: bytes
    column: Column
    least: int | None
    sizes: Sequence[int]


def _parts(stored: Stored, number: int, span: Span, line_id: str | None) -> Iterator[_Part]:
    """The target's tries of the pages and rows that touch the span."""
    for page in store.pages_within(stored.db, span):
        try:
            yield from _paged(page, number, line_id)
        except DamagedBatch:
            continue  # a study tells of it
    for _start, _end, fields in _entries(stored.db, chain.SAMPLES, span):
        if line_id is None or fields["line"] == line_id.encode():
            batch = codec.unpack(fields["samples"])
            for column in batch.columns:
                if column.number == number:
                    yield _one(batch.base_s, column)


def _one(base_s: int, column: Column) -> _Part:
    return _Part(bases_of(base_s, len(column.keys)), column, None, (len(column.keys),))


def _paged(page: store.Page, number: int, line_id: str | None) -> Iterator[_Part]:
    column = page.body.column(number) if page.body_blob else None
    if column is None:
        return
    batches = [one for one in page.records if one.type == chain.SAMPLES] if line_id else []
    if {one.fields["line"].decode() for one in batches} <= {line_id}:
        bases, sizes = page.body.bases(number)
        yield _Part(bases, column, page.body.least(number), sizes)
        return
    for one, (base_s, part) in zip(batches, page.body.of_target(number), strict=True):
        if part is not None and one.fields["line"].decode() == line_id:
            yield _one(base_s, part)


def _legacy_samples(stored: Stored, target_id: str, span: Span, line_id: str | None) -> Iterator[Sample]:
    for line, body in stored.db.execute(
        "SELECT line, body FROM records WHERE type = 'samples' AND end_ns >= ? AND start_ns < ? ORDER BY seq",
        (span.start_ns, span.end_ns),
    ):
        if line_id in (None, line):
            batch = legacy.decode_batch(legacy.decompress(bytes(body)), stored.targets.__getitem__)
            yield from (sample for sample in batch if sample.target.id == target_id)


def _within(column: TargetColumn, span: Span, rising: bool) -> TargetColumn:
    """In order of time, and of the span alone."""
    times = column.times_ns
    if rising:
        first, last = bisect_left(times, span.start_ns), bisect_left(times, span.end_ns)
        return TargetColumn(
            column.target, times[first:last], column.rtt_ns[first:last], column.outcomes[first:last]
        )
    order = sorted(
        (i for i, at in enumerate(times) if span.start_ns <= at < span.end_ns), key=times.__getitem__
    )
    return TargetColumn(
        column.target,
        array("q", [times[i] for i in order]),
        array("q", [column.rtt_ns[i] for i in order]),
        bytes(column.outcomes[i] for i in order),
    )


# --- a long time in few columns -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overview:
    """One target's long time in equal columns: counts and misses added up, the least and the most round trip (ns) of
    the hours that began in each, and the medians of those hours' medians and 95th percentiles; -1 where nothing was
    answered. ``starts_ns`` are where the columns begin."""

    target: Target
    starts_ns: array[int]
    counts: array[int]
    missed: array[int]
    min_ns: array[int]
    median_ns: array[int]
    p95_ns: array[int]
    max_ns: array[int]


def overview(
    stored: Stored, target_id: str, span: Span, columns: int, line_id: str | None = None
) -> Overview | None:
    """A target's hours gathered into so many columns; None for an unknown target. For spans of weeks and more."""
    number = stored.number(target_id)
    if number is None or columns < 1 or span.end_ns <= span.start_ns:
        return None
    width = span.end_ns - span.start_ns
    starts = [span.start_ns + width * i // columns for i in range(columns + 1)]
    begun, *values = _hour_columns(stored, number, span, line_id)
    gathered = []
    first = bisect_left(begun, span.start_ns)
    for end_ns in starts[1:]:
        last = bisect_left(begun, end_ns, first)
        gathered.append(_gathered(values, first, last) if first < last else _NOTHING)
        first = last
    made = [array("q", column) for column in zip(*gathered, strict=True)]
    return Overview(stored.targets[number], array("q", starts[:-1]), *made)


def _hour_columns(stored: Stored, number: int, span: Span, line_id: str | None) -> Sequence[Sequence[int]]:
    """Start, count, missed, min, median, p95, max (10 µs) of each hour of a target, as columns, oldest first."""
    found: list[array[int]] = [array("q"), *(array("I") for _ in range(6))]
    for _start, _end, fields in _entries(stored.db, DAY, span):
        if line_id is None or fields["line"] == line_id.encode():
            table = hours.decode_hours(fields["hours"], number)
            if table is not None:
                for column, values in zip(found, (table.starts_ns, *table.values), strict=True):
                    column.extend(values)
    loose = [*_legacy(stored, span, HOUR_NS)]
    loose += [(one.start_ns, line, one.rollup) for line, one in _open_hours(stored.db, span)]
    for start_ns, line, rollup in loose:
        for row in hours.rows(rollup) if line_id in (None, line) else ():
            if row[0] == number:
                for column, value in zip(found, (start_ns, *row[1:]), strict=True):
                    column.append(value)
    starts = found[0]
    if all(map(le, starts, islice(starts, 1, None))):
        return found
    order = sorted(range(len(starts)), key=starts.__getitem__)
    return [[column[place] for place in order] for column in found]


_NOTHING = (0, 0, -1, -1, -1, -1)


def _gathered(values: Sequence[Sequence[int]], first: int, last: int) -> tuple[int, ...]:
    """One column of an overview, of the hours from ``first`` up to ``last``."""
    counts, missed, least, median, p95, most = (column[first:last] for column in values)
    tries, misses = sum(counts), sum(missed)
    if NONE in least:
        answered = [i for i, value in enumerate(least) if value != NONE]
        if not answered:
            return (tries, misses, -1, -1, -1, -1)
        least, median, p95, most = ([column[i] for i in answered] for column in (least, median, p95, most))
    middle = (len(least) - 1) // 2
    return (
        tries,
        misses,
        min(least) * codec.FINE_NS,
        sorted(median)[middle] * codec.FINE_NS,
        sorted(p95)[middle] * codec.FINE_NS,
        max(most) * codec.FINE_NS,
    )
