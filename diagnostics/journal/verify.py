"""Does the chain hold? Recomputes every link from the first record on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from diagnostics.journal import codec, format
from diagnostics.model import BadInput, EventKind, Target


@dataclass(frozen=True, slots=True)
class Check:
    """``first_fault`` is None when the chain is whole; else the sequence number where it first fails, and why."""

    records: int
    samples: int
    first_fault: tuple[int, str] | None


def verify(path: Path) -> Check:
    """Check links, order, and that rollups are those of the samples.

    A tail cut off whole cannot be seen from the chain alone. Raises Problem when the file cannot be read at all.
    """
    if not path.exists():
        raise BadInput("journal_missing", path=str(path))
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            format.check_version(db, path)
            return _walk(db)
    except sqlite3.Error as error:
        raise format.explain(error, path) from error


def _walk(db: sqlite3.Connection) -> Check:
    secret = bytes(db.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()[0])
    previous, expected, samples = format.GENESIS, 1, 0
    targets: dict[int, Target] = {}
    for seq, kind, start, end, line, rollup, body, link in db.execute("SELECT * FROM records ORDER BY seq"):
        if seq != expected:
            return Check(expected - 1, samples, (expected, "missing record"))
        record = format.Record(seq, kind, start, end, line, bytes(rollup), bytes(body))
        previous = format.link(previous, format.digest(secret, record))
        if previous != bytes(link):
            return Check(expected - 1, samples, (seq, "link does not match the record"))
        try:
            samples += _content(record, targets)
        except (codec.DamagedBatch, ValueError, KeyError) as error:
            return Check(expected - 1, samples, (seq, str(error)))
        expected += 1
    return Check(expected - 1, samples, None)


def _content(record: format.Record, targets: dict[int, Target]) -> int:
    if record.type != format.SAMPLES:
        event = format.decode_event(record.type, record.start_ns, record.body)
        if event.kind is EventKind.TARGETS:
            number, target = format.target_of(event)
            targets[number] = target
        return 0
    batch = codec.decode_batch(codec.decompress(record.body), targets.__getitem__)
    numbers = {target: number for number, target in targets.items()}
    if codec.encode_rollups(codec.roll_up(batch), numbers.__getitem__) != record.rollup:
        raise codec.DamagedBatch("the rollups are not those of the samples")
    return len(batch)
