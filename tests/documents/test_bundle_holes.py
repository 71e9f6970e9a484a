"""What a damaged journal still hands over: a hole that is told, and the rest, vouched for by its seals."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from diagnostics.journal.reader import Reader
from diagnostics.journal.salvage import StoredHole
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.machine_key import load_or_make
from diagnostics.model import MINUTE, SECOND, EventKind, Problem
from jalerte_desktop.documents.bundle import archive, check, manifest, records
from jalerte_desktop.documents.bundle.check import check_bundle
from jalerte_desktop.documents.bundle.contents import Bundle, Making, compose
from jalerte_desktop.documents.bundle.preview import preview_json, preview_lines
from jalerte_desktop.documents.bundle.records import BundleRecord, Hole
from jalerte_desktop.documents.bundle.redaction import COPIES
from jalerte_desktop.documents.report.facts import Sources, gather
from jalerte_desktop.words.language import speaking
from tests.documents.bundle_made import (
    BROKEN,
    WHOLE,
    alone,
    needs_openssl,
    put,
)
from tests.documents.report_journal import line_event, moment
from tests.made import BEYOND_BOX, LINE, T0, between, samples

HOURS = 6
CUT_AT_S = 5 * 3600 + 1200
"""A cut long after what is damaged: the rest must not be hidden."""
Spoil = Callable[[sqlite3.Connection, random.Random], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six hours of a line with a cut in the last; pages for all but the newest, an event in the midst of each hour."""
    path = tmp_path_factory.mktemp("whole") / "journal.sqlite"
    with closing(Writer(path)) as writer:
        writer.append(line_event())
        writer.sign(T0)
        stream = list(samples(between(CUT_AT_S, CUT_AT_S + 60, BEYOND_BOX), HOURS * 3600))
        for start in range(0, len(stream), 3000):
            piece = stream[start : start + 3000]
            writer.stage(LINE.id, piece)
            writer.seal_due(piece[-1].mono_ns)
            if start % 9000 == 0:
                data = {"synchronised": True, "offset_ms": 1.5, "error_ms": None, "source": "ntp"}
                from diagnostics.model import Event

                writer.append(Event(EventKind.CLOCK_STATE, piece[-1].sent_ns, data))
        writer.seal_all()
        writer.sign(moment(HOURS * 3600))
    return path


@pytest.fixture
def journal(whole: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    shutil.copytree(whole.parent, folder)
    return folder / whole.name


def bundle_of(journal: Path, copy: str = "operator", language: str = "fr") -> Bundle:
    sources = Sources(journal, journal.parent / "files", version="0")
    with speaking(language):
        facts = gather(sources, None, None, ZoneInfo("Europe/Paris"), T0 + 10**6 * SECOND)
    key = load_or_make(journal.parent / "keys")
    making = Making(
        language, facts.made_ns, "jalerte 0", key, lambda _facts, _language: b"%PDF", lambda _k, c: c
    )
    with Reader(journal) as reader:
        return compose(reader, facts, copy, making)


def chained(bundle: Bundle) -> list[BundleRecord | Hole]:
    return list(records.read([content(bundle, records.MEMBER)]))


def content(bundle: Bundle, name: str) -> bytes:
    return next(member.data for member in bundle.members if member.name == name)


def spoilt(journal: Path, spoil: Spoil, seed: int = 1) -> None:
    with closing(sqlite3.connect(journal)) as db, db:
        spoil(db, random.Random(seed))


# --- what is damaged -------------------------------------------------------------------------------------------------


def _page(db: sqlite3.Connection, number: int = 2) -> int:
    return int(db.execute("SELECT first FROM pages ORDER BY first LIMIT 1 OFFSET ?", (number,)).fetchone()[0])


def _flip(column: str, number: int = 2, flips: int = 1) -> Spoil:
    def spoil(db: sqlite3.Connection, chance: random.Random) -> None:
        first = _page(db, number)
        blob = bytearray(db.execute(f"SELECT {column} FROM pages WHERE first = ?", (first,)).fetchone()[0])
        for _ in range(flips):
            blob[chance.randrange(len(blob))] ^= chance.randrange(1, 256)
        db.execute(f"UPDATE pages SET {column} = ? WHERE first = ?", (bytes(blob), first))

    return spoil


def _row(
    change: Callable[[bytes, random.Random], object], column: str = "fields", kind: str = "clock_state"
) -> Spoil:
    def spoil(db: sqlite3.Connection, chance: random.Random) -> None:
        seqs = [one[0] for one in db.execute("SELECT seq FROM entries WHERE type = ?", (kind,))]
        seq = seqs[len(seqs) // 2]
        blob = db.execute(f"SELECT {column} FROM entries WHERE seq = ?", (seq,)).fetchone()[0]
        db.execute(f"UPDATE entries SET {column} = ? WHERE seq = ?", (change(blob, chance), seq))

    return spoil


def _flipped(blob: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(blob))
    return blob[:place] + bytes([blob[place] ^ chance.randrange(1, 256)]) + blob[place + 1 :]


def _two(one: Spoil, other: Spoil) -> Spoil:
    def spoil(db: sqlite3.Connection, chance: random.Random) -> None:
        one(db, chance)
        other(db, chance)

    return spoil


SPOILS: dict[str, Spoil] = {
    "a page's body": _flip("body"),
    "much of a page's body": _flip("body", flips=50),
    "a page's heads": _flip("heads"),
    "a page without heads": lambda db, _: _set(db, "heads", b""),
    "a page's marks, cut": lambda db, _: _set(db, "marks", b"abc"),
    "a page's link and body": _two(_flip("link"), _flip("body")),
    "a page's link, cut, and body": _two(_flip("body"), lambda db, _: _set(db, "link", b"short")),
    "a row's fields": _row(_flipped),
    "a row's fields, cut": _row(lambda blob, _: blob[:-3]),
    "a row's link, cut": _row(lambda blob, _: blob[:31], "link"),
    "a row's link, no bytes": _row(lambda blob, _: "text", "link"),
    "a seal": _row(_flipped, kind="seal"),
    "an hour's figures": _row(_flipped, kind="hour"),
    "two pages": _two(_flip("body", 1), _flip("body", 3)),
    "the first page": _flip("body", 0),
    "a record that was taken away": lambda db, _: db.execute(
        "DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries WHERE type = 'hour' AND seq < 400)"
    ) and None,
}  # fmt: skip


def _set(db: sqlite3.Connection, column: str, value: object) -> None:
    db.execute(f"UPDATE pages SET {column} = ? WHERE first = ?", (value, _page(db)))


def test_a_target_whose_record_is_damaged_is_not_told_falsely(journal: Path, tmp_path: Path) -> None:
    """Its rows are there, without a name that nobody vouches for."""

    def spoil(db: sqlite3.Connection, _chance: random.Random) -> None:
        rows = db.execute("SELECT seq, fields FROM entries WHERE type = 'targets'").fetchall()
        seq, fields = next(one for one in rows if b"203.0.113.22" in one[1])
        db.execute(
            "UPDATE entries SET fields = ? WHERE seq = ?",
            (fields.replace(b"203.0.113.22", b"203.0.113.99"), seq),
        )

    before = len(gzip.decompress(content(bundle_of(journal), "rollups.csv.gz")).splitlines())
    spoilt(journal, spoil)
    bundle = bundle_of(journal)
    rows = gzip.decompress(content(bundle, "rollups.csv.gz"))
    assert b"203.0.113.99" not in rows
    assert b"203.0.113.99" not in content(bundle, manifest.ABOUT)
    assert len(rows.splitlines()) == before
    path = put(tmp_path, archive.write(bundle.members))
    fault = check_bundle(path).first_fault
    assert fault is not None
    assert fault.code == check.HOLE
    assert alone(path) == BROKEN


def holes_of(bundle: Bundle) -> list[Hole]:
    return [one for one in chained(bundle) if isinstance(one, Hole)]


@needs_openssl
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", SPOILS)
def test_a_damaged_journal_hands_the_rest_over_and_both_checks_tell_the_hole(
    whole: Path, journal: Path, tmp_path: Path, kind: str, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bundle_of(whole)
    spoilt(journal, SPOILS[kind], seed)
    assert verify(journal).first_fault is not None
    bundle = bundle_of(journal)
    found = chained(bundle)
    holes = holes_of(bundle)
    path = put(tmp_path, archive.write(bundle.members))
    checked = check_bundle(path)
    code = alone(path)
    said = capsys.readouterr().out
    assert holes
    assert [one.last for one in holes] == sorted(one.last for one in holes)
    # What is there is what would have been there, byte for byte, but for what the damage itself hides.
    right = {one.seq: one for one in chained(before) if isinstance(one, BundleRecord)}
    assert all(one == right[one.seq] for one in found if isinstance(one, BundleRecord))
    lost = {seq for one in holes for seq in range(one.first, one.last + 1)}
    assert {one.seq for one in found if isinstance(one, BundleRecord)} | lost == set(right)
    assert len(lost) <= 200
    # A hole's time is that of what is missing, to some minutes.
    gone = [right[seq] for seq in lost if right[seq].type == "samples"]
    for one in gone:
        assert any(
            h.start_ns - 2 * MINUTE <= one.start_ns and one.end_ns <= h.end_ns + 2 * MINUTE for h in holes
        )
    fault = checked.first_fault
    assert fault is not None
    assert (checked.ok, fault.code, fault.seq, checked.signature) == (
        False,
        check.HOLE,
        holes[0].first,
        check.OK,
    )
    assert fault.values["records"] == holes[0].last - holes[0].first + 1
    assert fault.values["holes"] == len(holes)
    assert "note_fingerprint" in [note.code for note in checked.notes]
    assert code == BROKEN
    assert "NOT COMPLETE" in said
    assert f"{holes[0].first} to {holes[0].last}" in said
    # The cut of the last hour is told, and stands on its samples.
    (incident,) = json.loads(content(bundle, "incidents.json"))["incidents"]
    assert abs(incident["start_ns"] - moment(CUT_AT_S)) < 3 * SECOND
    assert incident["records"]


def test_a_wrong_mark_or_link_beside_a_right_record_costs_nothing(journal: Path, tmp_path: Path) -> None:
    """What is stored beside a record is no part of it: the links that follow confirm the record."""
    for spoil in (_flip("marks"), _row(_flipped, "link"), _flip("before", 1)):
        spoilt(journal, spoil)
        assert verify(journal).first_fault is not None
        bundle = bundle_of(journal)
        assert holes_of(bundle) == []
        assert check_bundle(put(tmp_path, archive.write(bundle.members))).ok


@needs_openssl
@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_copy_says_what_could_not_be_read(
    journal: Path, tmp_path: Path, copy: str, language: str
) -> None:
    spoilt(journal, _flip("heads"))
    bundle = bundle_of(journal, copy, language)
    (hole,) = holes_of(bundle)
    path = put(tmp_path, archive.write(bundle.members))
    fault = check_bundle(path).first_fault
    assert fault is not None
    assert fault.code == check.HOLE
    assert alone(path) == BROKEN
    told = json.loads(content(bundle, "removed.json"))["unreadable"]
    assert [(one["first"], one["last"]) for one in told] == [(hole.first, hole.last)]
    about = json.loads(content(bundle, manifest.ABOUT))
    names = ("first", "last", "start_ns", "end_ns")
    assert about["holes"] == [{name: getattr(hole, name) for name in names}]
    assert preview_json(bundle.preview)["unreadable"] == told
    with speaking("en"):
        lines = "\n".join(preview_lines(bundle.preview))
    assert "Warning" in lines
    assert "could not be read" in lines
    assert "n’ont pas pu être lues" in _plain(content(bundle, "LISEZMOI.txt"))
    assert "could not be read" in _plain(content(bundle, "README.txt"))


def _plain(text: bytes) -> str:
    return " ".join(text.decode().split())


def test_a_hole_says_from_which_minute_to_which(journal: Path) -> None:
    spoilt(journal, _flip("heads"))
    with closing(sqlite3.connect(journal)) as db:
        start, end = db.execute(
            "SELECT start_ns, end_ns FROM pages ORDER BY first LIMIT 1 OFFSET 2"
        ).fetchone()
    (hole,) = holes_of(bundle_of(journal))
    assert abs(hole.start_ns - start) <= MINUTE
    assert abs(hole.end_ns - end) <= MINUTE


def test_a_time_that_cannot_be_is_not_believed(journal: Path) -> None:
    def spoil(db: sqlite3.Connection, _chance: random.Random) -> None:
        db.execute("UPDATE pages SET start_ns = 5, end_ns = ? WHERE first = ?", ((1 << 62), _page(db)))

    spoilt(journal, spoil)
    (hole,) = holes_of(bundle_of(journal))
    assert moment(0) <= hole.start_ns <= hole.end_ns <= moment(HOURS * 3600)
    assert hole.end_ns - hole.start_ns < 90 * MINUTE


@needs_openssl
def test_what_no_seal_vouches_for_any_more_is_left_out_and_told(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest seal is damaged: nothing behind it can be confirmed, and the bundle ends before it."""

    def spoil(db: sqlite3.Connection, chance: random.Random) -> None:
        seq, fields = db.execute("SELECT seq, fields FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        db.execute("UPDATE entries SET fields = ? WHERE seq = ?", (_flipped(fields, chance), seq))

    spoilt(journal, spoil)
    bundle = bundle_of(journal)
    assert holes_of(bundle) == []
    path = put(tmp_path, archive.write(bundle.members))
    found = check_bundle(path)
    assert found.ok
    assert "note_ends_early" in [note.code for note in found.notes]
    assert alone(path) == WHOLE
    assert "could not be read" in capsys.readouterr().out
    (told,) = json.loads(content(bundle, "removed.json"))["unreadable"]
    assert told["first"] == chained(bundle)[-1].seq + 1  # type: ignore[union-attr]


def test_the_reader_gives_the_whole_chain_where_nothing_is_damaged(whole: Path) -> None:
    with Reader(whole) as reader:
        right = list(reader.records())
        assert list(reader.holding(0, bytes(32), 1 << 60)) == right
        assert reader.known_link(right[-1].seq) == (right[-1].seq, right[-1].link)
        assert reader.known_link(0) == (0, bytes(32))


@pytest.mark.parametrize("seed", range(12))
def test_whatever_byte_of_the_tables_is_changed_what_is_handed_over_holds(
    whole: Path, journal: Path, seed: int
) -> None:
    with Reader(whole) as reader:
        right = {one.seq: one.link for one in reader.records()}
    chance = random.Random(seed)

    def spoil(db: sqlite3.Connection, _chance: random.Random) -> None:
        table, column = chance.choice(
            [("pages", name) for name in ("before", "link", "marks", "heads", "body")]
            + [("entries", name) for name in ("fields", "link")]
        )
        key = "first" if table == "pages" else "seq"
        rows = db.execute(f"SELECT {key}, {column} FROM {table}").fetchall()
        place, blob = chance.choice(rows)
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (_flipped(blob, chance), place))

    spoilt(journal, spoil)
    with Reader(journal) as reader:
        found = list(reader.holding(0, bytes(32), 1 << 60))
    held = {one.seq: one.link for one in found if not isinstance(one, StoredHole)}
    lost = {
        seq for one in found if isinstance(one, StoredHole) for seq in range(one.first_seq, one.last_seq + 1)
    }
    assert all(right[seq] == link for seq, link in held.items())
    assert held.keys() | lost == right.keys()
    assert not held.keys() & lost
    assert len(lost) <= 130


def test_a_journal_of_which_nothing_holds_is_nothing_to_hand_over(journal: Path) -> None:
    def spoil(db: sqlite3.Connection, _chance: random.Random) -> None:
        db.execute("UPDATE entries SET fields = x'00'")
        db.execute("UPDATE pages SET heads = x''")

    bundle = bundle_of(journal)
    spoilt(journal, spoil)
    assert bundle.members
    with pytest.raises(Problem):
        bundle_of(journal)


@pytest.fixture(autouse=True)
def _no_language_left_behind() -> Iterator[None]:
    with speaking("en"):
        yield


def test_a_whole_journal_has_no_hole(whole: Path, tmp_path: Path) -> None:
    bundle = bundle_of(whole)
    path = put(tmp_path, archive.write(bundle.members))
    assert check_bundle(path).ok
    assert alone(path) == WHOLE
    assert json.loads(content(bundle, "removed.json"))["unreadable"] == []


@pytest.mark.parametrize("kind", ["line", "targets", "clock_state", "seal", "hour", "samples"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_damaged_row_of_any_kind_leaves_a_bundle_that_holds(
    journal: Path, tmp_path: Path, kind: str, seed: int
) -> None:
    """Of the line itself, of a target, of a minute that lies in no page yet: what is handed over is not falsified."""
    spoilt(journal, _row(_flipped, kind=kind), seed)
    fault = check_bundle(put(tmp_path, archive.write(bundle_of(journal).members))).first_fault
    assert fault is not None
    assert fault.code == check.HOLE
