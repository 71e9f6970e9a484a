"""The journal at scale: its size, a day's raw tries, a year in 2,000 columns, against DuckDB and Parquet.

    benchmarks/journal.py [DAYS]     a year by default: some minutes to make it; 250 MB in the temporary folder

Six targets at 1 Hz with a log-normal jitter of mean and standard deviation 1 ms, tries sent late by 0.1 ms or so, one
in a thousand lost. DuckDB and Parquet get the same tries of one target (time, round trip, outcome), as the journal
tells them, packed as well as they can. Each reading is the best of five, in this process, the file in the system's
cache. Then the whole check, and the size for other noise. `benchmarks/journal.py --of JOURNAL` tells the size of a real
recording: of its pages and what is always a row, without the open hour.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from diagnostics.journal.hours import DAY_NS
from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.model import Span
from tests import bulk
from tests.made import ANCHORS, LINE

COLUMNS = 2000
PARQUET = {
    "compression": "zstd",
    "compression_level": 9,
    "use_dictionary": ["rtt_us", "outcome"],
    "column_encoding": {"time_ns": "DELTA_BINARY_PACKED"},
}
SECONDS_A_YEAR = 365 * 86_400
LIMIT_BYTES = 1.6
OTHER_NOISE = {
    "late by 0.3 ms": bulk.Noise(late_ms=0.3),
    "jitter 3 ms": bulk.Noise(jitter_ms=3.0),
    "1 % lost": bulk.Noise(loss=0.01),
}


def size_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def best_ms(work: Callable[[], object], times: int = 5) -> float:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found) * 1000


def line(what: str, ours: float, others: dict[str, float], unit: str, limit: str = "") -> None:
    beside = ", ".join(
        f"{name} {value:.3g} {unit} (ratio {ours / value:.2f})" for name, value in others.items()
    )
    print(f"{what:<44} {ours:8.3g} {unit}  {limit:<10} {beside}")


def main() -> None:
    if sys.argv[1:2] == ["--of"]:
        of_recording(Path(sys.argv[2]))
        return
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 365
    with tempfile.TemporaryDirectory(prefix="jalerte-bench-") as name:
        folder = Path(name)
        path = folder / "journal.sqlite"
        began = time.perf_counter()
        samples = bulk.make(path, LINE.id, days)
        print(f"{days} days, {samples:,} tries of six targets, made in {time.perf_counter() - began:.0f} s")
        whole = Span(bulk.START, bulk.START + days * DAY_NS)
        parquet, duck = columns_of_one(path, whole, folder)
        ours = size_of(path) / samples
        tries = samples / len(bulk.SIX)
        others = {"Parquet": parquet.stat().st_size / tries, "DuckDB": duck.stat().st_size / tries}
        line("bytes a try, all told", ours, others, "B", f"≤ {LIMIT_BYTES}")
        print(f"{'six targets for a year':<44} {ours * 6 * SECONDS_A_YEAR / 1e6:8.0f} MB  ≤ 303")
        reading(path, parquet, duck, whole)
        began = time.perf_counter()
        check = verify(path)
        took = time.perf_counter() - began
        assert check.first_fault is None, check.first_fault
        print(f"{'the whole check':<44} {took:8.1f} s   ≤ 60 for a year: {took / days * 365:.0f} s a year")
        other_sizes(folder)


def columns_of_one(path: Path, whole: Span, folder: Path) -> tuple[Path, Path]:
    """One target's tries as Parquet (zstd) and in DuckDB."""
    import duckdb
    import pyarrow
    from pyarrow import parquet

    file, schema = (
        folder / "one.parquet",
        pyarrow.schema(
            [("time_ns", pyarrow.int64()), ("rtt_us", pyarrow.int32()), ("outcome", pyarrow.int8())]
        ),
    )
    with Reader(path) as reader, parquet.ParquetWriter(file, schema, **PARQUET) as writer:
        for start in range(whole.start_ns, whole.end_ns, DAY_NS):
            found = reader.columns(ANCHORS[0].id, Span(start, start + DAY_NS))
            assert found is not None
            micros = array("i", [-1 if rtt < 0 else rtt // 1000 for rtt in found.rtt_ns])
            columns = [
                pyarrow.array(found.times_ns, pyarrow.int64()),
                pyarrow.array(micros, pyarrow.int32()),
                pyarrow.array(list(found.outcomes), pyarrow.int8()),
            ]
            writer.write_table(pyarrow.table(columns, schema=schema))
    duck = folder / "one.duckdb"
    with duckdb.connect(str(duck)) as db:
        db.execute(f"CREATE TABLE tries AS SELECT * FROM '{file}' ORDER BY time_ns")
    return file, duck


def reading(path: Path, file: Path, duck: Path, whole: Span) -> None:
    import duckdb
    from pyarrow import parquet

    middle = whole.start_ns + (whole.end_ns - whole.start_ns) // 2 // DAY_NS * DAY_NS
    day = Span(middle, middle + DAY_NS)
    width = (whole.end_ns - whole.start_ns) // COLUMNS
    within = f"time_ns >= {day.start_ns} AND time_ns < {day.end_ns}"
    gathered = (
        f"SELECT (time_ns - {whole.start_ns}) // {width} AS place, count(*), count(*) FILTER (outcome <> 0),"
        " min(rtt_us), median(rtt_us), quantile_cont(rtt_us, 0.95), max(rtt_us) FROM {} GROUP BY place ORDER BY place"
    )

    def our_day() -> int:
        with Reader(path) as reader:
            found = reader.columns(ANCHORS[0].id, day)
            assert found is not None
            return len(found.times_ns)

    def our_year() -> int:
        with Reader(path) as reader:
            found = reader.overview(ANCHORS[0].id, whole, COLUMNS)
            assert found is not None
            return sum(found.counts)

    with duckdb.connect(str(duck), read_only=True) as db:
        filters = [("time_ns", ">=", day.start_ns), ("time_ns", "<", day.end_ns)]
        line(
            "a day's raw tries of one target",
            best_ms(our_day),
            {
                "Parquet": best_ms(lambda: parquet.read_table(file, filters=filters)),
                "DuckDB": best_ms(lambda: db.sql(f"SELECT * FROM tries WHERE {within}").to_arrow_table()),
            },
            "ms",
            "≤ 30",
        )
        line(
            f"the whole time in {COLUMNS} columns",
            best_ms(our_year),
            {
                "Parquet": best_ms(lambda: db.execute(gathered.format(f"'{file}'")).fetchall(), 2),
                "DuckDB": best_ms(lambda: db.execute(gathered.format("tries")).fetchall(), 2),
            },
            "ms",
            "≤ 20",
        )


def other_sizes(folder: Path) -> None:
    for number, (name, noise) in enumerate(OTHER_NOISE.items()):
        path = folder / str(number) / "journal.sqlite"
        path.parent.mkdir()
        samples = bulk.make(path, LINE.id, 10, noise)
        print(f"{'bytes a try, ' + name:<44} {size_of(path) / samples:8.3g} B   ≤ {LIMIT_BYTES}")


def of_recording(path: Path) -> None:
    """What a real recording takes: a page's part of each try, and all rows that stay (events, seals, days)."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        packed, first, last = db.execute(
            "SELECT sum(length(heads) + length(body) + length(marks) + 96), min(start_ns), max(end_ns) FROM pages"
        ).fetchone()
        rows = db.execute(
            "SELECT sum(length(fields) + length(link) + 40) FROM entries WHERE type <> 'samples' AND end_ns <= ?",
            (last,),
        ).fetchone()[0]
    with Reader(path) as reader:
        tries = sum(row.rollup.count for row in reader.rollups("hour", Span(first, last)))
        targets = {row.rollup.target.id for row in reader.rollups("hour", Span(first, last))}
    print(f"{(last - first) / 3.6e12:.2f} h, {tries:,} tries of {len(targets)} targets in pages")
    print(f"{'bytes a try in pages':<44} {packed / tries:8.3g} B")
    print(f"{'with all rows that stay':<44} {(packed + rows) / tries:8.3g} B   ≤ {LIMIT_BYTES}")


if __name__ == "__main__":
    main()
