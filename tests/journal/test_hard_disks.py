"""A write-ahead log cut off, readers that stay for long, and a key folder that cannot be written."""

from __future__ import annotations

import json
import multiprocessing
import random
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.synchronize import Event as Signal
from multiprocessing.synchronize import Semaphore
from pathlib import Path

import pytest

from diagnostics.journal import seals
from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, SECOND, Event, EventKind, Span
from tests.journal.honest import Story, all_samples
from tests.made import ANCHORS, GATEWAY, GOOD, LINE, OFFSET, T0, samples

WAL_HEAD, FRAME = 32, 24 + 4096


# --- the write-ahead log cut off ------------------------------------------------------------------------------------


class Noted(Writer):
    """Notes after each transaction how long the log is, and how far the chain."""

    def __init__(self, path: Path) -> None:
        self.noted: list[tuple[int, int, int]] = []
        super().__init__(path)
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.execute("PRAGMA wal_autocheckpoint = 0")

    @contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[None]:
        with super()._transaction(durable=durable):
            yield
        staged = self._db.execute("SELECT count(*) FROM staged").fetchone()[0]
        self.noted.append((_wal(self.path).stat().st_size, self._seq, staged))


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


@pytest.fixture(scope="module")
def torn(quick: Path) -> Iterator[tuple[Story, Noted]]:
    """A journal whose writer was killed with a day of it in the log alone."""
    story = Story(quick / "torn" / "journal.sqlite", 21)
    story.retention = lambda: None  # type: ignore[method-assign]
    story.days(0.3)
    story.writer.close()
    writer = Noted(story.path)
    story.writer = writer
    story.killed = story.restart = lambda: None  # type: ignore[method-assign]
    story.start()
    story.days(1.1)
    yield story, writer
    writer.close()


@pytest.mark.parametrize("cuts", [5, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(0)])])
def test_a_log_cut_anywhere_keeps_all_whole_transactions_before_the_cut(
    torn: tuple[Story, Noted], quick: Path, cuts: int
) -> None:
    story, noted = torn[0], torn[1].noted
    source = story.path
    rng = random.Random(9)
    signed = seals.read_head(source.parent / "keys")
    assert signed is not None
    size, lost = _wal(source).stat().st_size, 0
    for turn in range(cuts):
        path = quick / "cut" / source.name
        shutil.rmtree(path.parent, ignore_errors=True)
        shutil.copytree(source.parent, path.parent)
        at = rng.choice((rng.randrange(WAL_HEAD, size), rng.choice(noted)[0], rng.choice(noted)[0] - 1))
        with _wal(path).open("r+b") as opened:
            if turn % 2:
                opened.seek(at)
                byte = opened.read(1)
                opened.seek(at)
                opened.write(bytes([(byte or b"\0")[0] ^ 16]))
            else:
                opened.truncate(at)
        # A byte turned spoils the frame that it is in.
        whole_until = at if turn % 2 == 0 else WAL_HEAD + (at - WAL_HEAD) // FRAME * FRAME
        _, seq, staged = max((note for note in noted if note[0] <= whole_until), default=(0, 0, 0))
        with Reader(path) as reader:
            head = reader.head()
            assert head is not None
            if seq:
                assert head.seq == seq
                assert reader.link_at(seq) == link_of(source, seq)
                assert bool(list(reader.staged())) == bool(staged)
        before = all_samples(path)
        with closing(Writer(path)) as writer:
            writer.recover(T0 + 10 * 86400 * SECOND)
            writer.sign(T0 + 10 * 86400 * SECOND)
        check = verify(path)
        assert check.first_fault is None, (turn, at)
        assert [note.code for note in check.notes] == ["note_end_was_lost"] * (head.seq < signed.seq)
        lost += bool(check.notes)
        # An answer that came late may be back to its first word; else each is as it was.
        for one in all_samples(path):
            assert one == story.sent[one.target.id, one.sent_ns] or not one.outcome.answered
        assert len(all_samples(path)) == len(before)
    assert lost >= cuts // 2


def link_of(path: Path, seq: int) -> bytes | None:
    with Reader(path) as reader:
        return reader.link_at(seq)


# --- readers --------------------------------------------------------------------------------------------------------


def write(writer: Writer, minutes: range) -> None:
    """As the recorder does: every second staged, minutes sealed, hours paged."""
    for minute in minutes:
        batch = list(samples(lambda _aim, _at: GOOD, 60, start_s=minute * 60, targets=(GATEWAY, ANCHORS[0])))
        for second in range(0, 60, 20):
            part = [
                one for one in batch if second <= (one.sent_ns - T0) // SECOND - minute * 60 < second + 20
            ]
            writer.stage(LINE.id, part)
        writer.seal_due(batch[-1].sent_ns - OFFSET + 75 * SECOND)


def test_a_reader_that_stays_for_long_does_not_hold_the_writer_up(quick: Path) -> None:
    path = quick / "held" / "journal.sqlite"
    path.parent.mkdir()
    with closing(Writer(path)) as writer:
        write(writer, range(3))
        with Reader(path) as reader:
            head, before = reader.head(), [block.samples for block in reader.blocks()]
            write(writer, range(3, 150))
            writer.append(Event(EventKind.STOPPED, T0 + 150 * MINUTE, {"reason": "asked"}))
            assert _wal(path).stat().st_size > 1000 * 4096
            assert reader.head() == head
            assert [block.samples for block in reader.blocks()] == before
        write(writer, range(150, 153))
        writer.seal_all()
    assert not _wal(path).exists()
    assert verify(path).first_fault is None
    assert len({one.sent_ns // MINUTE for one in all_samples(path)}) == 153


def look(path: Path, stop: Signal, looked: Semaphore, said: multiprocessing.Queue[str]) -> None:
    """Read everything again and again; ``looked`` is told of each time, ``said`` what went wrong."""
    try:
        while not stop.is_set():
            with Reader(path) as reader:
                seqs = [block.seq for block in reader.sealed() if block.samples]
                assert seqs == sorted(seqs)
                list(reader.events())
                list(reader.rollups("minute", Span(0, 1 << 61)))
            assert verify(path).first_fault is None
            looked.release()
        said.put("")
    except BaseException as error:  # noqa: BLE001, RUF100 said in the test's own process
        said.put(repr(error))


def test_four_processes_that_read_all_the_time(quick: Path) -> None:
    path = quick / "read" / "journal.sqlite"
    path.parent.mkdir()
    context = multiprocessing.get_context("spawn")
    stop, said, looked = context.Event(), context.Queue(), context.Semaphore(0)
    with closing(Writer(path)) as writer:
        write(writer, range(2))
        readers = [context.Process(target=look, args=(path, stop, looked, said)) for _ in range(4)]
        for one in readers:
            one.start()
        try:
            minute = 2
            for _ in range(12):
                while not looked.acquire(block=False):
                    write(writer, range(minute, minute + 1))
                    minute += 1
                    assert minute < 20_000
        finally:
            stop.set()
        assert [said.get(timeout=60) for _ in readers] == [""] * 4
        for one in readers:
            one.join(60)
        writer.seal_all()
    assert verify(path).first_fault is None


# --- keys -----------------------------------------------------------------------------------------------------------


def test_a_head_that_cannot_be_written_stops_nothing_and_is_told(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = quick / "keyless" / "journal.sqlite"
    path.parent.mkdir()
    with closing(Writer(path)) as writer:
        write(writer, range(2))
        writer.sign(T0)
        kept = json.loads((path.parent / "keys" / "head.json").read_bytes())
        with monkeypatch.context() as patched:
            patched.setattr(seals.os, "fsync", _no_room)
            write(writer, range(2, 70))
            assert writer.unsigned is not None
            assert writer.unsigned.remark.code == "home_not_writable"
            assert json.loads((path.parent / "keys" / "head.json").read_bytes()) == kept
            assert verify(path).first_fault is None
        write(writer, range(70, 72))
        assert writer.unsigned is None
        writer.seal_all()
    check = verify(path)
    assert (check.first_fault, check.notes) == (None, ())
    assert list((path.parent / "keys").glob("head.json.*")) == []
    assert seals.read_head(path.parent / "keys").seq == check.records  # type: ignore[union-attr]


def _no_room(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")
