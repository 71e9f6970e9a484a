"""The journal keeps what it was given, in order, sealed, and survives bad days."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from diagnostics.journal import format
from diagnostics.journal.lock import Held, Lock, is_held
from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.model import (
    MILLISECOND,
    SECOND,
    BadInput,
    Event,
    EventKind,
    MachineCannot,
    Outcome,
    Problem,
    Sample,
    Span,
)
from tests.made import ANCHORS, LINE, OFFSET, T0, between, samples


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    with closing(Writer(path)) as opened:
        yield opened


def made(seconds: int = 200) -> list[Sample]:
    return list(samples(between(100, 120, [ANCHORS[0].role]), seconds))


def record(writer: Writer, stream: list[Sample]) -> None:
    """Stage a second at a time, as the recorder does, and seal what is due."""
    second: list[Sample] = []
    for sample in stream:
        if second and sample.sent_ns // SECOND != second[0].sent_ns // SECOND:
            writer.stage(LINE.id, second)
            writer.seal_due(sample.mono_ns)
            second = []
        second.append(sample)
    writer.stage(LINE.id, second)


def read(path: Path) -> list[Sample]:
    with Reader(path) as reader:
        return [sample for block in reader.blocks() for sample in block.samples]


def test_what_was_staged_and_sealed_is_read_back(path: Path, writer: Writer) -> None:
    stream = made()
    record(writer, stream)
    assert read(path) == stream
    with Reader(path) as reader:
        assert [block.seq > 0 for block in reader.blocks()] == [True, True, True, False]
        assert reader.record_span() == Span(stream[0].sent_ns, stream[-1].sent_ns + SECOND)
    writer.seal_all()
    assert read(path) == stream
    assert verify(path).first_fault is None
    assert verify(path).samples == len(stream)


def test_a_late_answer_replaces_the_loss_even_across_the_minute(path: Path, writer: Writer) -> None:
    sent = T0 + 59 * SECOND
    lost = Sample(ANCHORS[0], sent, sent - OFFSET, Outcome.LOST)
    writer.stage(LINE.id, [lost])
    later = Sample(ANCHORS[0], sent + 5 * SECOND, sent + 5 * SECOND - OFFSET, Outcome.OK, 10 * MILLISECOND)
    late = replace(lost, outcome=Outcome.LATE, rtt_ns=4900 * MILLISECOND, mono_ns=lost.mono_ns + 100_000)
    writer.stage("another", [later, late])
    expected = [replace(late, mono_ns=lost.mono_ns), later]
    assert read(path) == expected
    writer.seal_all()
    assert read(path) == expected
    with Reader(path) as reader:
        assert [block.line.id for block in reader.blocks()] == [LINE.id, "another"]


def test_nothing_staged_is_lost_without_a_clean_stop(path: Path, writer: Writer) -> None:
    stream = made(90)
    record(writer, stream)
    writer.close()
    with closing(Writer(path)) as again:
        assert again.recover(T0 + 1000 * SECOND) == stream[-1].sent_ns
        assert again.recover(T0 + 1000 * SECOND) is None
    assert read(path) == stream
    with Reader(path) as reader:
        assert [e.data["last_sample_ns"] for e in reader.events(EventKind.RECOVERED)] == [stream[-1].sent_ns]
        assert list(reader.staged()) == []
    assert verify(path).first_fault is None


def test_a_damaged_piece_does_not_hide_the_rest(path: Path, writer: Writer) -> None:
    record(writer, made(5))
    writer.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE staged SET fields = x'00' WHERE id = (SELECT min(id) FROM staged)")
    with closing(Writer(path)) as again:
        again.recover(T0)
    with Reader(path) as reader:
        assert [e.data["damaged_pieces"] for e in reader.events(EventKind.RECOVERED)] == [1]
    assert len(read(path)) > 20


def test_names_and_home_marks_of_lines(path: Path, writer: Writer) -> None:
    line = {
        "id": LINE.id,
        "gateway": LINE.gateway,
        "gateway_mac": LINE.gateway_mac,
        "interface": LINE.interface,
    }
    writer.append(Event(EventKind.LINE, T0, line))
    with Reader(path) as reader:
        assert reader.lines == {LINE.id: replace(LINE, home=None)}
    writer.append(Event(EventKind.LINE_NAMED, T0, {"id": LINE.id, "name": "Maison"}))
    writer.append(Event(EventKind.LINE_HOME, T0, {"id": LINE.id, "home": True, "by": "person"}))
    writer.append(Event(EventKind.LINE, T0 + 5, line))
    with Reader(path) as reader:
        assert reader.lines == {LINE.id: replace(LINE, name="Maison", home=True)}


def test_a_full_disk_is_told_and_leaves_what_was_there(path: Path, writer: Writer) -> None:
    stream = made(30)
    record(writer, stream)
    writer._db.execute(f"PRAGMA max_page_count = {writer._db.execute('PRAGMA page_count').fetchone()[0]}")
    extra = [replace(s, detail="x" * 1900) for s in samples(between(0, 0, ()), 30, start_s=30)]
    with pytest.raises(MachineCannot) as caught:
        writer.stage(LINE.id, extra)
    assert caught.value.remark.code == "disk_full"
    assert read(path)[: len(stream)] == stream
    writer._db.execute("PRAGMA max_page_count = 1073741823")
    writer.stage(LINE.id, extra)
    writer.seal_all()
    assert verify(path).first_fault is None


def test_journals_of_others_are_refused_and_left_alone(path: Path) -> None:
    def refused(code: str) -> None:
        before = path.read_bytes()
        for opening in (Writer, Reader):
            with pytest.raises(Problem) as caught:
                opening(path)
            assert caught.value.remark.code == code
        assert path.read_bytes() == before

    path.write_bytes(b"not a database, but long enough to look like one" * 100)
    refused("journal_damaged")
    path.unlink()
    Writer(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {format.FORMAT + 1}")
    refused("journal_newer")
    path.unlink()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE recipes (name)")
        db.execute("PRAGMA user_version = 1")
    refused("journal_foreign")


def test_no_journal_is_bad_input(path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        Reader(path)
    assert caught.value.remark.code == "journal_missing"


def test_the_journal_is_its_owners_only(path: Path, writer: Writer) -> None:
    assert path.stat().st_mode & 0o077 == 0


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "recorder.lock"
    assert not is_held(lock)
    with Lock(lock):
        assert is_held(lock)
        with pytest.raises(Held) as caught:
            Lock(lock)
        assert caught.value.pid is not None
    assert not is_held(lock)
    Lock(lock).release()


@pytest.mark.parametrize(
    "data",
    [
        {"since_ns": "1", "until_ns": T0, "reason": "x"},
        {"since_ns": T0, "until_ns": 1.5, "reason": "x"},
        {"since_ns": T0, "until_ns": T0, "reason": "x"},
        {"since_ns": None, "until_ns": T0, "reason": "x"},
        {"until_ns": T0, "reason": "x"},
    ],
)
def test_an_exclusion_that_cannot_be_understood_is_never_passed_over(
    path: Path, data: dict[str, str | int | float | None]
) -> None:
    with closing(Writer(path)) as writer:
        writer.append(Event(EventKind.EXCLUSION, T0, data))
    with Reader(path) as reader, pytest.raises(format.Damaged) as caught:
        reader.exclusions()
    assert caught.value.remark.code == "journal_damaged"


@pytest.mark.parametrize("home", ["true", "false", 1, None, "nothing"])
def test_a_home_mark_that_cannot_be_understood_confirms_nothing(path: Path, home: str | int | None) -> None:
    gateway = {"gateway": "192.0.2.1", "gateway_mac": "02:00:00:00:00:01", "interface": "eth0"}
    mark = {} if home == "nothing" else {"home": home}
    with closing(Writer(path)) as writer:
        writer.append(Event(EventKind.LINE, T0, {"id": LINE.id, **gateway}))
        writer.append(Event(EventKind.LINE_HOME, T0, {"id": LINE.id, "home": True}))
        writer.append(Event(EventKind.LINE_HOME, T0, {"id": LINE.id, **mark}))
    with Reader(path) as reader:
        assert reader.lines[LINE.id].home is None
