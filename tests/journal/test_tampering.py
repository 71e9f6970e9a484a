"""Whatever is changed in a journal is found; nothing is found in an honest one; what cannot be found is told here."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from diagnostics.journal import chain, format, opening, seals, store
from diagnostics.journal.seals import Sealer
from diagnostics.journal.verify import Check, verify
from diagnostics.journal.writer import Writer
from diagnostics.model import Event, EventKind, Problem
from tests.journal.honest import DAY, Story, all_samples, copy, honest, readout
from tests.journal.tampering import CHANGES, cut_after, cutting_places, tamper, without_samples

SOAK = [pytest.mark.soak, pytest.mark.timeout(0)]


@pytest.fixture(scope="module")
def stopped(quick: Path) -> Path:
    """Two days of a journal that was stopped in the regular way."""
    return honest(quick / "stopped" / "journal.sqlite", 1).path


@pytest.fixture(scope="module")
def old(quick: Path) -> Path:
    """One that was begun in format 1."""
    return honest(quick / "old" / "journal.sqlite", 3).path


@pytest.fixture
def spoilt(quick: Path) -> Callable[[Path], Path]:
    return lambda source: copy(source, quick / "spoilt")


def fault_of(path: Path) -> str:
    """Why the journal fails, empty where it holds."""
    try:
        fault = verify(path).first_fault
    except Problem as problem:
        return str(problem)
    return fault.why if fault else ""


# --- one change -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=SOAK)])
def test_any_one_change_is_found(
    stopped: Path, old: Path, spoilt: Callable[[Path], Path], count: int
) -> None:
    honestly = {source: readout(source) for source in (stopped, old)}
    missed, without_effect = [], 0
    for seed in range(count):
        source = (stopped, old)[seed % 2]
        path = spoilt(source)
        said = tamper(path, random.Random(seed))
        if fault_of(path):
            continue
        # A packed page has some bits that mean nothing: turned, every sample and figure reads as before.
        if said.startswith(("pages.heads", "pages.body")) and readout(path) == honestly[source]:
            without_effect += 1
        else:
            missed.append((seed, said))
    assert missed == []
    assert without_effect <= count // 50


@pytest.mark.parametrize("change", sorted(set(CHANGES), key=lambda one: one.__name__))
def test_each_kind_of_change_is_found(
    stopped: Path, spoilt: Callable[[Path], Path], change: Callable[[Path, random.Random], str]
) -> None:
    rng, done = random.Random(5), 0
    for _ in range(12):
        path = spoilt(stopped)
        said = change(path, rng)
        if said:
            done += 1
            packing = said.startswith(("pages.heads", "pages.body"))
            assert fault_of(path) or (packing and readout(path) == readout(stopped)), said
    assert done


def test_every_bit_of_the_signed_head_counts(stopped: Path, spoilt: Callable[[Path], Path]) -> None:
    path = spoilt(stopped)
    head = path.parent / "keys" / "head.json"
    text = head.read_bytes()
    for at in range(len(text)):
        head.write_bytes(text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
        assert fault_of(path), at
    values = json.loads(text)
    values["at_ns"] += 1
    head.write_bytes(json.dumps(values, sort_keys=True, indent=1).encode() + b"\n")
    assert "time" in fault_of(path)


# --- the end cut off ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=SOAK)])
def test_a_cut_tail_is_found_wherever_it_was_cut(
    stopped: Path, spoilt: Callable[[Path], Path], every: int
) -> None:
    with closing(sqlite3.connect(stopped)) as db:
        places = cutting_places(db)
        sealed = [seq for (seq,) in db.execute("SELECT seq FROM entries WHERE type = 'seal' ORDER BY seq")]
    chosen = sorted({*places[::every], *sealed[-3:-1], places[-1]})
    assert len(sealed) > 20
    for place in chosen:
        path = spoilt(stopped)
        with closing(sqlite3.connect(path)) as db:
            cut_after(db, place)
        assert fault_of(path).startswith("the end is missing"), place


def test_a_missing_head_is_said_and_so_is_one_of_another_key(
    stopped: Path, spoilt: Callable[[Path], Path]
) -> None:
    path = spoilt(stopped)
    head = path.parent / "keys" / "head.json"
    head.unlink()
    assert "is missing" in fault_of(path)
    check = verify(stopped)
    other = Sealer(path.parent / "other")
    other.keep(other.sign(check.records, check.head, newest_end(path)))
    shutil.copy(path.parent / "other" / "head.json", head)
    assert "another key" in fault_of(path)


def newest_end(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT end_ns FROM entries ORDER BY seq DESC LIMIT 1").fetchone()[0])


def test_a_tail_cut_to_a_seal_with_a_head_made_of_it_is_a_shorter_honest_journal(
    stopped: Path, spoilt: Callable[[Path], Path]
) -> None:
    """What cannot be found without a seal in other hands: each seal holds all that a head of its moment needs."""
    path = spoilt(stopped)
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute(
            "SELECT seq, start_ns, fields FROM entries WHERE type = 'seal' ORDER BY seq"
        ).fetchall()
        places = set(cutting_places(db))
        number, at_ns, fields = next(row for row in rows[len(rows) // 2 :] if {row[0], row[0] - 1} <= places)
        seal = seals.seal_of(format.event_of("seal", at_ns, format.unpack_fields(fields)))
        end_ns = next(row.end_ns for row in store.walk(db) if row.seq == seal.seq)
        for place in (number, seal.seq):
            cut_after(db, place)
            assert fault_of(path).startswith("the end is missing")
    Sealer(path.parent / "keys").keep(replace(seal, at_ns=end_ns))
    check = verify(path)
    assert (check.first_fault, check.records, check.notes) == (None, seal.seq, ())


def test_an_older_head_alone_is_no_fault_and_the_next_start_renews_it(quick: Path) -> None:
    """As a power cut may leave it: the file's newest state was not on the disk yet."""
    story = Story(quick / "renewed" / "journal.sqlite", 1)
    head = story.path.parent / "keys" / "head.json"
    before = head.read_bytes()
    story.days(0.2)
    story.stop()
    head.write_bytes(before)
    assert verify(story.path).first_fault is None
    Writer(story.path).close()
    with closing(Writer(story.path)) as writer:
        writer.recover(story.wall)
        writer.append(Event(EventKind.STARTED, story.wall))
    found = verify(story.path)
    assert (found.first_fault, found.notes) == (None, ())
    assert seals.read_head(head.parent).seq == found.records  # type: ignore[union-attr]


def test_without_keys_nothing_is_signed_and_a_cut_before_the_first_seal_cannot_be_told(
    stopped: Path, spoilt: Callable[[Path], Path]
) -> None:
    path = spoilt(stopped)
    shutil.rmtree(path.parent / "keys")
    with closing(sqlite3.connect(path)) as db:
        first = db.execute("SELECT min(seq) FROM entries WHERE type = 'seal'").fetchone()[0]
        cut_after(db, first - 1)
    check = verify(path)
    assert (check.first_fault, check.signature, check.seals) == (None, "unchecked", 0)


@pytest.mark.parametrize("text", [None, b"", b"{}", b"\xff\xfe", "another"])
def test_a_head_that_was_taken_away_or_spoilt_is_told_of_after_the_next_start(
    stopped: Path, spoilt: Callable[[Path], Path], text: bytes | str | None
) -> None:
    """A restart must not hide a cut tail: it writes a new head, and chains that the old one was gone."""
    path = spoilt(stopped)
    head = path.parent / "keys" / "head.json"
    with closing(sqlite3.connect(path)) as db:
        places = cutting_places(db)
        cut_after(db, places[len(places) // 2])
    if isinstance(text, str):
        head.write_bytes(head.read_bytes().replace(b'"seq": ', b'"seq": 9'))
    elif text is None:
        head.unlink()
    else:
        head.write_bytes(text)
    with closing(Writer(path)) as writer:
        writer.recover(1_800_000_000_000_000_000)
        writer.sign(1_800_000_000_000_000_000)
    check = verify(path)
    assert check.first_fault is None
    assert [note.code for note in check.notes] == ["note_head_was_missing"]


def test_a_tail_cut_before_a_start_is_chained(stopped: Path, spoilt: Callable[[Path], Path]) -> None:
    path = spoilt(stopped)
    before = verify(path)
    with closing(sqlite3.connect(path)) as db:
        place = cutting_places(db)[-40]
        cut_after(db, place)
    with closing(Writer(path)) as writer:
        writer.recover(1_800_000_000_000_000_000)
    check = verify(path)
    assert check.first_fault is None
    (note,) = check.notes
    assert note.code == "note_end_was_lost"
    told = dict(note.values)
    assert (told["seq"], told["head_seq"]) == (place, before.records)


# --- by somebody who has the file's secret --------------------------------------------------------------------------


def remade(path: Path, change: Callable[[store.Row, dict[str, bytes]], None], seal: str) -> None:
    """The chain made anew from the first record on, with one change in it.

    ``seal``: old seals are ``kept`` as they were, ``dropped``, or ``forged`` with another machine's key, head and all.
    """
    other_key = Sealer(path.parent / "forger")
    with closing(sqlite3.connect(path)) as db, db:
        secret = opening.secret(db)
        rows = [row for row in store.walk(db) if not (seal == "dropped" and row.type == "seal")]
        db.execute("DELETE FROM entries")
        db.execute("DELETE FROM pages")
        link = chain.GENESIS
        for seq, row in enumerate(rows, 1):
            fields = dict(row.fields)
            change(row, fields)
            if row.type == "seal" and seal == "forged":
                fields = format.event_fields(seals.event(other_key.sign(seq - 1, link, row.start_ns)))
            found = chain.digests(secret, seq, fields)
            link = chain.link(link, chain.record_digest(seq, row.type, row.start_ns, row.end_ns, found))
            packed = format.pack_fields(fields)
            values = (seq, row.type, row.start_ns, row.end_ns, packed, link)
            db.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", values)
        if seal == "forged":
            other_key.keep(other_key.sign(len(rows), link, rows[-1].end_ns))


def unchanged(_row: store.Row, _fields: dict[str, bytes]) -> None: ...


def first_of(kind: str, name: str) -> Callable[[store.Row, dict[str, bytes]], None]:
    """Turn a bit of this field of the first such record."""
    done: list[int] = []

    def change(row: store.Row, fields: dict[str, bytes]) -> None:
        if row.type == kind and not done:
            done.append(row.seq)
            fields[name] = fields[name][:-1] + bytes([fields[name][-1] ^ 1])

    return change


def test_the_chain_can_be_remade_as_rows_when_nothing_is_changed(
    stopped: Path, spoilt: Callable[[Path], Path]
) -> None:
    """What the next tests rest on: it is the change that is found."""
    path = spoilt(stopped)
    remade(path, unchanged, "kept")
    assert verify(path) == verify(stopped)


@pytest.mark.parametrize(
    ("kind", "name", "why"),
    [
        ("samples", "samples", "the figures are not those of the samples"),
        ("samples", "rollup", "the figures are not those of the samples"),
        ("hour", "rollup", "the hour's figures are not those of its samples"),
        ("day", "rollup", "the day's figures are not those of its samples"),
        ("day", "hours", "the day's hours are not those that were recorded"),
    ],
)
@pytest.mark.parametrize("seal", ["kept", "dropped"])
def test_figures_changed_with_the_chain_remade_are_found(
    stopped: Path, spoilt: Callable[[Path], Path], kind: str, name: str, why: str, seal: str
) -> None:
    path = spoilt(stopped)
    remade(path, first_of(kind, name), seal)
    assert fault_of(path) == why


def test_an_event_changed_with_the_chain_remade_is_found_by_seals_or_by_the_head(
    stopped: Path, spoilt: Callable[[Path], Path]
) -> None:
    path = spoilt(stopped)
    remade(path, first_of("exclusion", "since_ns"), "kept")
    assert fault_of(path) == "a seal of something else"
    path = spoilt(stopped)
    remade(path, first_of("exclusion", "since_ns"), "dropped")
    assert fault_of(path).startswith("the end is missing")


def test_a_seal_left_out_is_found(stopped: Path, spoilt: Callable[[Path], Path]) -> None:
    path = spoilt(stopped)
    remade(path, unchanged, "dropped")
    assert fault_of(path)


def test_all_signed_anew_with_another_key_shows_only_in_the_fingerprint(
    stopped: Path, spoilt: Callable[[Path], Path]
) -> None:
    """What cannot be found here: the fingerprint in a letter, or an outside time stamp, tells."""
    path, before = spoilt(stopped), verify(stopped)
    remade(path, first_of("exclusion", "since_ns"), "forged")
    assert "link" in fault_of(path)
    shutil.copy(path.parent / "forger" / "head.json", path.parent / "keys" / "head.json")
    check = verify(path)
    assert check.first_fault is None
    assert check.key != before.key
    assert check.head != before.head


# --- removal --------------------------------------------------------------------------------------------------------


def with_retention(path: Path, days: float) -> Story:
    story = Story(path, 1)
    story.days(days)
    story.writer.seal_all()
    return story


def test_retention_removes_old_samples_and_the_chain_holds(quick: Path) -> None:
    story = with_retention(quick / "retained" / "journal.sqlite", 2.5)
    before = all_samples(story.path)
    before_ns = story.wall - DAY
    story.tell(EventKind.RETENTION, before_ns=before_ns, keep_days=400)
    for _ in range(200):
        story.writer.seal_due(story.wall - story.offset)
    story.stop()
    after = all_samples(story.path)
    assert len(after) < len(before)
    assert [one for one in before if one.sent_ns >= before_ns] == [
        one for one in after if one.sent_ns >= before_ns
    ]
    assert set(after) <= set(before)
    assert verify(story.path).first_fault is None


def test_removal_beyond_what_retention_says_is_found(quick: Path) -> None:
    story = with_retention(quick / "beyond" / "journal.sqlite", 2.2)
    story.tell(EventKind.RETENTION, before_ns=story.wall - 400 * DAY, keep_days=400)
    story.stop()
    assert verify(story.path).first_fault is None
    with closing(sqlite3.connect(story.path)) as db, db:
        first = db.execute("SELECT min(first) FROM pages").fetchone()[0]
        without_samples(db, first)
    assert fault_of(story.path) == "samples are missing, and no retention says so"


# --- honest journals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [range(10), pytest.param(range(10, 110), marks=SOAK)])
def test_nothing_is_found_in_honest_journals_and_nothing_is_invented(quick: Path, seeds: range) -> None:
    for seed in seeds:
        story = honest(quick / "honest" / f"{seed}" / "journal.sqlite", seed)
        check: Check = verify(story.path)
        assert check.first_fault is None, seed
        assert (check.notes, check.signature) == ((), "ok"), seed
        back = all_samples(story.path)
        assert all(story.sent[one.target.id, one.sent_ns] == one for one in back), seed
        removed = [one for one in readout(story.path) if isinstance(one, Event) and one.data.get("reason")]
        if not removed:
            assert len(back) == len(story.sent), seed
        shutil.rmtree(story.path.parent)


def test_an_empty_journal_holds(quick: Path) -> None:
    path = quick / "empty" / "journal.sqlite"
    path.parent.mkdir()
    with closing(Writer(path)) as writer:
        writer.recover(1)
        writer.sign(1)
    assert fault_of(path) == ""


def test_a_file_without_tables_is_no_journal_yet(quick: Path) -> None:
    """As a recorder leaves it that is killed while it makes the file; the next one goes on from there."""
    path = quick / "begun" / "journal.sqlite"
    path.parent.mkdir()
    path.touch()
    with pytest.raises(Problem) as caught:
        verify(path)
    assert caught.value.remark.code == "journal_missing"
    Writer(path).close()
    assert fault_of(path) == ""


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO entries SELECT -3, type, start_ns, end_ns, fields, link FROM entries WHERE type = 'day' LIMIT 1",
        "INSERT INTO entries SELECT (1 << 62) + 5, type, start_ns, end_ns, fields, link FROM entries LIMIT 1",
        "INSERT INTO records VALUES (-7, 'samples', 0, 1, '', x'', x'', x'')",
        "INSERT INTO pages SELECT -9, -8, start_ns, end_ns, before, link, marks, heads, body, removed FROM pages"
        " LIMIT 1",
        "UPDATE entries SET start_ns = 'abc' WHERE seq = (SELECT max(seq) FROM entries)",
        "UPDATE pages SET last = 'abc'",
        "DELETE FROM meta",
    ],
)
def test_rows_beside_the_chain_and_of_other_types_are_faults(tmp_path: Path, statement: str) -> None:
    """Rows that no walk ever meets could still be read as figures."""
    path = tmp_path / "journal.sqlite"
    honest(path, 4)
    assert verify(path).first_fault is None
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)
    assert verify(path).first_fault is not None
