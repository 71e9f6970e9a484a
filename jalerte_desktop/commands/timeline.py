"""``jalerte timeline``: the samples, or their minute summaries, written to a file."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from diagnostics.journal.reader import Block, Reader
from diagnostics.model import MILLISECOND, MachineCannot
from jalerte_desktop.commands.arguments import add_json, add_period, output_file, period
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.language import _, ngettext

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


def configure(parser: argparse.ArgumentParser) -> None:
    add_period(parser)
    parser.add_argument("--format", choices=("csv", "json", "parquet"), required=True)
    parser.add_argument("--out", metavar="F", required=True, type=Path, help=_("the file to write"))
    parser.add_argument(
        "--rollups", action="store_true", help=_("minute summaries instead of single samples")
    )
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    since, until = period(arguments, context.now_ns)
    fields = ROLLUP_FIELDS if arguments.rollups else SAMPLE_FIELDS
    make = _rollup_rows if arguments.rollups else _sample_rows
    with Reader(context.home.journal) as reader, output_file(arguments.out) as path:
        rows = _within(reader.blocks(), make, since, until)
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
    def ms(value: int | None) -> float | None:
        return None if value is None else value / MILLISECOND

    for row in block.rollups.rows:
        yield {
            "start": iso(block.span.start_ns),
            "line": block.line.id,
            "role": str(row.target.role),
            "protocol": str(row.target.protocol),
            "address": row.target.address,
            "count": row.count,
            "missed": row.missed,
            "min_ms": ms(row.min_ns),
            "median_ms": ms(row.median_ns),
            "p95_ms": ms(row.p95_ns),
            "max_ms": ms(row.max_ns),
        }


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
        **dict.fromkeys(("count", "missed", "flags"), pyarrow.int64()),
        **dict.fromkeys(("rtt_ms", "min_ms", "median_ms", "p95_ms", "max_ms"), pyarrow.float64()),
    }
    schema = pyarrow.schema([(field, types.get(field, pyarrow.string())) for field in fields])
    table = pyarrow.table(columns, schema=schema)
    parquet.write_table(table, path, compression="zstd")
    return int(table.num_rows)


_WRITERS = {"csv": _write_csv, "json": _write_json, "parquet": _write_parquet}
