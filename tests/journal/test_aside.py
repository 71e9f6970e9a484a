"""What the recorder does at its start with a journal that cannot be used any more."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from diagnostics.journal import format, opening
from diagnostics.journal.aside import open_or_begin_anew, set_aside
from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.model import BadInput, EventKind, MachineCannot, Problem
from tests.journal.honest import Story, all_samples, copy, honest

NOW = 1_795_200_000 * 1_000_000_000


@pytest.fixture(scope="module")
def finished(quick: Path) -> Path:
    return honest(quick / "finished" / "journal.sqlite", 1).path


def files(path: Path) -> set[str]:
    return {one.name for one in path.parent.iterdir()}


@pytest.mark.parametrize("spoil", ["no database", "the first block", "the schema", "the log too"])
def test_a_journal_beyond_use_is_set_aside_and_recording_goes_on(
    finished: Path, quick: Path, spoil: str
) -> None:
    path = copy(finished, quick / "spoilt")
    with path.open("r+b") as opened:
        if spoil == "no database":
            opened.write(b"not a database any more, but as long as before")
        else:
            opened.seek(100)
            opened.write(random.Random(1).randbytes(3000))
    if spoil == "the log too":
        path.with_name(path.name + "-wal").write_bytes(b"of another time")
    before = path.read_bytes()
    warned: list[Problem] = []
    writer, crashed = open_or_begin_anew(path, NOW, warned.append)
    with closing(writer):
        assert crashed
        writer.sign(NOW)
    aside = path.with_name("journal.damaged-2026-11-20.sqlite")
    assert aside.read_bytes() == before
    assert [problem.remark.code for problem in warned] == ["journal_set_aside"]
    assert verify(path).first_fault is None
    assert verify(path).notes == ()
    with Reader(path) as reader:
        first = next(iter(reader.events()))
    assert (first.kind, first.data) == (EventKind.INTEGRITY, {"ok": False, "why": f"set aside: {aside.name}"})
    assert (path.parent / "keys" / "head.json.of-journal.damaged-2026-11-20").exists()
    writer, crashed = open_or_begin_anew(path, NOW, warned.append)
    writer.close()
    assert not crashed
    assert len(warned) == 1


def test_what_is_set_aside_never_replaces_anything_and_can_still_be_checked(
    finished: Path, quick: Path
) -> None:
    path = copy(finished, quick / "spoilt")
    for expected in ("journal.damaged-2026-11-20.sqlite", "journal.damaged-2026-11-20-2.sqlite"):
        shutil.copy(finished, path)
        assert set_aside(path, NOW).name == expected
    assert files(path) == {"keys", "journal.damaged-2026-11-20.sqlite", "journal.damaged-2026-11-20-2.sqlite"}
    assert len(all_samples(path.with_name("journal.damaged-2026-11-20.sqlite"))) == len(all_samples(finished))


def test_an_unfinished_log_goes_with_its_journal(quick: Path) -> None:
    story = Story(quick / "logged" / "journal.sqlite", 1)
    story.days(0.1)
    path = copy(story.path, quick / "spoilt")
    story.writer.close()
    aside = set_aside(path, NOW)
    assert files(path) == {"keys", aside.name, aside.name + "-wal", aside.name + "-shm"}
    assert {(one.target.id, one.sent_ns) for one in all_samples(aside)} == set(story.sent)


def test_a_healthy_journal_and_files_of_others_are_left_alone(finished: Path, quick: Path) -> None:
    path = copy(finished, quick / "spoilt")
    writer, crashed = open_or_begin_anew(path, NOW, pytest.fail)
    writer.close()
    assert not crashed
    assert verify(path).records == verify(finished).records
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {format.FORMAT + 1}")
    with pytest.raises(BadInput):
        open_or_begin_anew(path, NOW, pytest.fail)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA application_id = 1")
    with pytest.raises(Problem) as caught:
        open_or_begin_anew(path, NOW, pytest.fail)
    assert caught.value.remark.code == "journal_foreign"
    assert files(path) == {"keys", "journal.sqlite"}


@pytest.mark.parametrize("hold", ["BEGIN EXCLUSIVE", "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE"])
def test_a_journal_that_another_program_holds_is_not_set_aside(
    finished: Path, quick: Path, hold: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_S", 0.05)
    path = copy(finished, quick / "held")
    with closing(sqlite3.connect(path, isolation_level=None)) as backup:
        backup.executescript(hold)
        before = files(path)
        with pytest.raises(MachineCannot) as caught, ExitStack() as opened:
            opened.enter_context(closing(open_or_begin_anew(path, NOW, pytest.fail)[0])).sign(NOW)
        assert caught.value.remark.code == "journal_busy"
        assert files(path) == before
    writer, _crashed = open_or_begin_anew(path, NOW, pytest.fail)
    writer.close()
    assert verify(path).records == verify(finished).records


def test_running_out_of_memory_or_being_interrupted_is_not_the_files_fault(finished: Path) -> None:
    with closing(sqlite3.connect(finished)) as db:
        db.set_progress_handler(lambda: 1, 1)
        with pytest.raises(sqlite3.OperationalError) as interrupted:
            db.execute("SELECT count(*) FROM entries, entries").fetchone()
    for error in (interrupted.value, sqlite3.ProgrammingError("Cannot operate on a closed database.")):
        problem = format.explain(error, finished)
        assert (type(problem), problem.remark.code) == (MachineCannot, "journal_unreadable")
