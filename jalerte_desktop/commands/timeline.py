"""``jalerte timeline``: the samples, or their minute summaries, written to a file."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from diagnostics.journal.blocks import Block
from diagnostics.journal.reader import Reader
from diagnostics.journal.rollups import Rollup
from diagnostics.journal.spans import RollupRow, Step
from diagnostics.model import MILLISECOND, SECOND, BadInput, Event, EventKind, MachineCannot, Span
from diagnostics.witnesses import BoxAccount, Traffic, Wifi, from_event
from jalerte_desktop.commands.arguments import add_json, add_period, output_file, period
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.language import _, ngettext

MOST_COLUMNS = 100_000
Row = dict[str, str | int | float | None]

SAMPLE_FIELDS = ("time", "line", "role", "protocol", "address", "outcome", "rtt_ms", "detail", "flags")
ROLLUP_FIELDS = (
    "start",
    "line",
    "role",
    "protocol",
    "address",
    "count",
    "missed",
    "min_ms",
    "median_ms",
    "p95_ms",
    "max_ms",
)


WITNESS_FIELDS = (
    "time",
    "source",
    "start",
    "seconds",
    "down_bps",
    "up_bps",
    "errors",
    "dropped",
    *dict.fromkeys(name for kind in (Wifi, BoxAccount) for name in kind.__slots__),
)
"""``source`` is ``machine`` or ``home`` (a counter's mean rates from ``start`` on), ``wifi`` or ``box``."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_period(parser)
    parser.add_argument("--format", choices=("csv", "json", "parquet"), required=True)
    parser.add_argument("--out", metavar="F", required=True, type=Path, help=_("the file to write"))
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--rollups",
        nargs="?",
        choices=[str(step) for step in Step],
        const=str(Step.MINUTE),
        help=_(
            "figures of each minute, hour or day (UTC) instead of single samples; minutes when nothing is said"
        ),
    )
    what.add_argument(
        "--columns",
        type=int,
        metavar="N",
        help=_("the whole period in N columns for each target, from the figures of the hours"),
    )
    what.add_argument(
        "--witnesses", action="store_true", help=_("what box, Wi-Fi and traffic counters said instead")
    )
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    since, until = period(arguments, context.now_ns)
    if arguments.columns is not None and not 1 <= arguments.columns <= MOST_COLUMNS:
        raise BadInput("too_many_columns", most=MOST_COLUMNS)
    with Reader(context.home.journal) as reader, output_file(arguments.out) as path:
        if arguments.witnesses:
            fields, rows = WITNESS_FIELDS, _witness_rows(reader.events(EventKind.WITNESS), since, until)
        elif arguments.columns is not None:
            fields, rows = ROLLUP_FIELDS, _column_rows(reader, _span(reader, since, until), arguments.columns)
        elif arguments.rollups in (Step.HOUR, Step.DAY):
            rows = _step_rows(reader.rollups(arguments.rollups, _span(reader, since, until)))
            fields = ROLLUP_FIELDS
        else:
            fields = ROLLUP_FIELDS if arguments.rollups else SAMPLE_FIELDS
            rows = _within(reader.blocks(), _rollup_rows if arguments.rollups else _sample_rows, since, until)
        count = _WRITERS[arguments.format](path, fields, rows)
    if context.json:
        context.print_json({"path": str(arguments.out), "rows": count, "format": arguments.format})
    else:
        context.say(
            ngettext("{n} row written to {path}.", "{n} rows written to {path}.", count).format(
                n=count, path=arguments.out
            )
        )
    return 0


def _within(blocks: Iterable[Block], make: Any, since: int | None, until: int | None) -> Iterator[Row]:
    for block in blocks:
        if since is not None and block.span.end_ns < since:
            continue
        if until is not None and block.span.start_ns >= until:
            continue
        yield from make(block, since if since is not None else 0, until if until is not None else 1 << 63)


def _sample_rows(block: Block, since: int, until: int) -> Iterator[Row]:
    for sample in block.samples:
        if since <= sample.sent_ns < until:
            yield {
                "time": iso(sample.sent_ns, "microseconds"),
                "line": block.line.id,
                "role": str(sample.target.role),
                "protocol": str(sample.target.protocol),
                "address": sample.target.address,
                "outcome": sample.outcome.name.lower(),
                "rtt_ms": None if sample.rtt_ns is None else sample.rtt_ns / MILLISECOND,
                "detail": sample.detail,
                "flags": int(sample.flags),
            }


def _rollup_rows(block: Block, since: int, until: int) -> Iterator[Row]:
    for row in block.rollups.rows:
        yield _figures(block.span.start_ns, block.line.id, row)


def _step_rows(rows: Iterable[RollupRow]) -> Iterator[Row]:
    for row in rows:
        yield _figures(row.start_ns, row.line_id, row.rollup)


def _figures(start_ns: int, line_id: str, row: Rollup) -> Row:
    return {
        "start": iso(start_ns),
        "line": line_id,
        "role": str(row.target.role),
        "protocol": str(row.target.protocol),
        "address": row.target.address,
        "count": row.count,
        "missed": row.missed,
        "min_ms": _ms(row.min_ns),
        "median_ms": _ms(row.median_ns),
        "p95_ms": _ms(row.p95_ns),
        "max_ms": _ms(row.max_ns),
    }


def _column_rows(reader: Reader, span: Span, columns: int) -> Iterator[Row]:
    """All lines together: a line's own figures are those of its hours."""
    for target in reader.targets:
        found = reader.overview(target.id, span, columns)
        for place in range(columns if found else 0):
            assert found is not None
            if found.counts[place]:
                times = [
                    None if column[place] < 0 else column[place]
                    for column in (found.min_ns, found.median_ns, found.p95_ns, found.max_ns)
                ]
                yield _figures(
                    found.starts_ns[place],
                    "",
                    Rollup(target, found.counts[place], found.missed[place], *times),
                )


def _span(reader: Reader, since: int | None, until: int | None) -> Span:
    """The period asked for; where a side is left open, to the record's."""
    whole = reader.record_span() or Span(0, 0)
    return Span(whole.start_ns if since is None else since, whole.end_ns if until is None else until)


def _ms(value: int | None) -> float | None:
    return None if value is None else value / MILLISECOND


def _witness_rows(events: Iterable[Event], since: int | None, until: int | None) -> Iterator[Row]:
    """A row for each statement, for traffic one for each step; those that touch the period, as they were recorded.

    Packets with errors and dropped ones are of a whole statement: they stand in its last row.
    """
    first, last = since if since is not None else 0, until if until is not None else 1 << 63
    for event in events:
        statement = from_event(event)
        if isinstance(statement, Traffic):
            start_ns = statement.start_ns
            for number, step in enumerate(statement.steps, 1):
                counted = statement if number == len(statement.steps) else None
                end_ns = start_ns + step.duration_ns
                if start_ns < last and end_ns > first:
                    yield _filled(
                        time=iso(end_ns),
                        source=str(statement.origin),
                        start=iso(start_ns),
                        seconds=step.duration_ns / SECOND,
                        down_bps=step.down_bps,
                        up_bps=step.up_bps,
                        errors=counted.errors if counted else None,
                        dropped=counted.dropped if counted else None,
                    )
                start_ns = end_ns
        elif statement is not None and first <= event.at_ns < last:
            source = "wifi" if isinstance(statement, Wifi) else "box"
            said = {name: getattr(statement, name) for name in statement.__slots__}
            yield _filled(time=iso(event.at_ns), source=source, **said)


def _filled(**said: str | int | float | None) -> Row:
    return dict.fromkeys(WITNESS_FIELDS) | said


def _write_csv(path: Path, fields: tuple[str, ...], rows: Iterable[Row]) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        count = 0
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _write_json(path: Path, fields: tuple[str, ...], rows: Iterable[Row]) -> int:
    with path.open("w", encoding="utf-8") as file:
        file.write('{"rows": [')
        count = 0
        for row in rows:
            file.write(("," if count else "") + "\n" + json.dumps(row, ensure_ascii=False))
            count += 1
        file.write("\n]}\n")
    return count


def _write_parquet(path: Path, fields: tuple[str, ...], rows: Iterable[Row]) -> int:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MachineCannot("parquet_missing") from error
    columns: dict[str, list[Any]] = {field: [] for field in fields}
    for row in rows:
        for field in fields:
            columns[field].append(row[field])
    types = {
        **dict.fromkeys(("count", "missed", "flags", *_WHOLE), pyarrow.int64()),
        "identity_refused": pyarrow.bool_(),
        "wan_up": pyarrow.bool_(),
        "seconds": pyarrow.float64(),
        **dict.fromkeys(("rtt_ms", "min_ms", "median_ms", "p95_ms", "max_ms"), pyarrow.float64()),
    }
    schema = pyarrow.schema([(field, types.get(field, pyarrow.string())) for field in fields])
    table = pyarrow.table(columns, schema=schema)
    parquet.write_table(table, path, compression="zstd")
    return int(table.num_rows)


_WHOLE = (
    "down_bps",
    "up_bps",
    "errors",
    "dropped",
    "frequency_mhz",
    "channel",
    "signal_dbm",
    "rx_bps",
    "tx_bps",
    "retries",
    "failed",
    "connected_s",
    "uptime_s",
    "boot_s",
    "link_down_bps",
    "link_up_bps",
)
"""Columns of whole numbers among the witnesses'."""

_WRITERS = {"csv": _write_csv, "json": _write_json, "parquet": _write_parquet}
