"""A damaged place is told of, and hides nothing else."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, SECOND, Event, EventKind, Gap, GapReason, Kind, Problem, Sample, Span
from jalerte_desktop.findings import load
from jalerte_desktop.findings.model import Findings
from tests.journal.honest import all_samples, copy
from tests.journal.tampering import flipped
from tests.made import ANCHORS, BEYOND_BOX, GATEWAY, GOOD, LINE, LOST, OFFSET, T0, samples

SECONDS = 12_000
CUTS = ((600, 660), (5000, 5060), (11_500, 11_560))
"""Seconds after T0: in the first page, in the second, and in what is still rows."""


@pytest.fixture(scope="module")
def whole(quick: Path) -> Path:
    path = quick / "whole" / "journal.sqlite"
    path.parent.mkdir()
    facts = {"gateway": LINE.gateway, "gateway_mac": LINE.gateway_mac, "interface": LINE.interface}
    with closing(Writer(path)) as writer:
        writer.append(Event(EventKind.LINE, T0, {"id": LINE.id, **facts}))
        writer.append(Event(EventKind.LINE_HOME, T0, {"id": LINE.id, "home": True, "by": "person"}))
        minute = []
        for sample in samples(
            lambda aim, at: LOST if any(a <= at < b for a, b in CUTS) and aim.role in BEYOND_BOX else GOOD,
            SECONDS,
            targets=(GATEWAY, *ANCHORS[:2]),
        ):
            if minute and sample.sent_ns // MINUTE != minute[0].sent_ns // MINUTE:
                writer.stage(LINE.id, minute)
                writer.seal_due(minute[-1].sent_ns - OFFSET + 75 * SECOND)
                minute = []
            minute.append(sample)
        writer.stage(LINE.id, minute)
        writer.seal_all()
        writer.sign(minute[-1].sent_ns)
    return path


@pytest.fixture
def path(whole: Path, quick: Path) -> Path:
    return copy(whole, quick / "spoilt")


def spoil(path: Path, sql: str, *arguments: object) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(sql, arguments).rowcount == 1


def starts(found: Findings) -> list[int]:
    assert {incident.kind for incident in found.incidents} <= {Kind.OUTAGE}
    return [round((incident.span.start_ns - T0) / SECOND) for incident in found.incidents]


def damaged(found: Findings) -> list[Gap]:
    return [gap for gap in found.gaps if gap.reason is GapReason.DAMAGED]


def page_of(path: Path, at_s: float) -> tuple[int, Span]:
    at_ns = T0 + round(at_s * SECOND)
    with closing(sqlite3.connect(path)) as db:
        row = db.execute(
            "SELECT first, start_ns, end_ns FROM pages WHERE start_ns <= ? AND end_ns >= ?", (at_ns, at_ns)
        ).fetchone()
    return row[0], Span(row[1], row[2])


def test_undamaged_it_shows_three_cuts_and_no_gap(path: Path) -> None:
    found = load.load(path)
    assert starts(found) == pytest.approx([cut for cut, _ in CUTS], abs=1)
    assert damaged(found) == []
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM pages").fetchone()[0] == 3


@pytest.mark.parametrize("column", ["heads", "body"])
@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_page_is_a_gap_and_the_rest_is_as_before(
    whole: Path, path: Path, column: str, seed: int
) -> None:
    before, rng = load.load(path), random.Random(seed)
    path.with_name("study.kept").unlink(missing_ok=True)
    first, span = page_of(path, 5000)
    with closing(sqlite3.connect(path)) as db:
        blob = db.execute(f"SELECT {column} FROM pages WHERE first = ?", (first,)).fetchone()[0]
    # The middle third is overwritten, as a bad block would: no packing survives that.
    third = len(blob) // 3
    spoil(
        path,
        f"UPDATE pages SET {column} = ? WHERE first = ?",
        blob[:third] + rng.randbytes(third) + blob[2 * third :],
        first,
    )
    fault = verify(path).first_fault
    assert fault is not None
    assert first <= fault.seq < first + 200
    assert fault.at_ns is not None
    assert span.start_ns - MINUTE <= fault.at_ns <= span.end_ns
    found = load.load(path)
    assert starts(found) == pytest.approx([CUTS[0][0], CUTS[2][0]], abs=1)
    assert [found.incidents[0], found.incidents[1]] == [before.incidents[0], before.incidents[2]]
    gaps = damaged(found)
    if column == "heads":
        (gap,) = gaps
        assert gap.span.start_ns == pytest.approx(span.start_ns, abs=2 * SECOND)
        assert gap.span.end_ns == pytest.approx(span.end_ns, abs=3 * SECOND)
    # Quiet minutes are told by their figures, which are not in the body; the cut's is a gap.
    assert any(gap.span.start_ns <= T0 + 5010 * SECOND < gap.span.end_ns for gap in gaps)
    assert all(
        span.start_ns - SECOND <= gap.span.start_ns < gap.span.end_ns <= span.end_ns + 3 * SECOND
        for gap in gaps
    )
    assert all_readable(path) == [
        one for one in all_samples(whole) if not span.start_ns <= one.sent_ns <= span.end_ns
    ]


def all_readable(path: Path) -> list[Sample]:
    found: list[Sample] = []
    with Reader(path) as reader:
        for block in reader.blocks():
            try:
                found += block.samples
            except Problem:
                continue
    return found


@pytest.mark.parametrize("seed", range(24))
def test_one_turned_bit_anywhere_hides_no_more_than_its_page(path: Path, seed: int) -> None:
    """Whatever is wrong with one blob: reading goes on, and what lies elsewhere is as before."""
    rng = random.Random(seed)
    column = rng.choice(("heads", "body", "marks", "before", "link", "removed", "fields", "row_link"))
    with closing(sqlite3.connect(path)) as db:
        if column in ("fields", "row_link"):
            column = column.removeprefix("row_")
            keys = [
                one[0]
                for one in db.execute("SELECT seq FROM entries WHERE type IN ('samples', 'seal', 'day')")
            ]
            table, name = "entries", "seq"
        else:
            keys = [one[0] for one in db.execute("SELECT first FROM pages")]
            table, name = "pages", "first"
        key = rng.choice(keys)
        blob = db.execute(f"SELECT {column} FROM {table} WHERE {name} = ?", (key,)).fetchone()[0]
    changed = flipped(blob, rng) if blob else b"\1"
    spoil(path, f"UPDATE {table} SET {column} = ? WHERE {name} = ?", changed, key)
    found = load.load(path)
    # One page or row at most is gone, with the cut in it.
    assert len(starts(found)) >= len(CUTS) - 1
    with Reader(path) as reader:
        for step in ("minute", "hour", "day"):
            list(reader.rollups(step, Span(0, 1 << 61)))
        reader.columns(GATEWAY.id, Span(0, 1 << 61))


@pytest.mark.parametrize("blob", [b"", b"\0", b"\xff" * 40, b"\4line\2\0\0\0ab", b"text"])
@pytest.mark.parametrize("kind", ["samples", "targets", "line", "seal"])
def test_a_damaged_row_is_survived_by_readers_and_by_the_recorder(path: Path, kind: str, blob: bytes) -> None:
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT seq FROM entries WHERE type = ? ORDER BY seq", (kind,)).fetchall()
    seq = rows[len(rows) // 2][0]
    spoil(path, "UPDATE entries SET fields = ? WHERE seq = ?", blob, seq)
    found = load.load(path)
    assert verify(path).first_fault is not None
    if kind == "samples":
        (gap,) = damaged(found)
        assert gap.span.duration_s == pytest.approx(60, abs=3)
        assert len(found.incidents) == 3
    goes_on(path)


def goes_on(path: Path) -> None:
    """A recorder opens it, seals over hours and days, stops, and starts again; what it adds is read back."""
    start = T0 + (SECONDS + 600) * SECOND
    for turn in range(2):
        new: list[Sample] = []
        with closing(Writer(path)) as writer:
            writer.recover(start)
            for hour in range(26):
                at = start + (turn * 40 + hour) * 3600 * SECOND
                minute = list(samples(lambda _aim, _at: GOOD, 2, start_s=(at - T0) // SECOND))
                writer.stage(LINE.id, minute)
                writer.seal_due(minute[-1].sent_ns - OFFSET + 75 * SECOND)
                new += minute
            writer.seal_all()
            writer.sign(start)
        assert all_readable(path)[-len(new) :] == new


@pytest.mark.parametrize("seed", range(16))
def test_a_destroyed_block_of_the_file_gives_what_can_be_read_or_one_clear_problem(
    path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    place = rng.randrange(path.stat().st_size // 4096)
    with path.open("r+b") as opened:
        opened.seek(place * 4096)
        opened.write(rng.choice((bytes(4096), rng.randbytes(4096))))
    said = []
    for look in (load.load, verify, all_readable, goes_on):
        try:
            look(path)
        except Problem as problem:
            said.append(problem.remark.code)
    assert set(said) <= {"journal_damaged", "journal_foreign"}
