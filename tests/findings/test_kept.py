"""What was studied is kept: the next look says the same as one that begins anew, whatever became of the file."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import diagnostics
from diagnostics.incidents.method import default_method
from diagnostics.incidents.study import Study
from diagnostics.journal.codec import Batch, DamagedBatch
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, SECOND, Event, EventKind, GapReason, Sample, Target
from diagnostics.witnesses import Origin, Step, Traffic, to_event
from jalerte_desktop.findings import feeding, kept
from jalerte_desktop.findings.feeding import feed_sealed
from jalerte_desktop.findings.kept import KeptStudy, kept_path
from jalerte_desktop.findings.live import LiveFindings
from jalerte_desktop.findings.load import load
from jalerte_desktop.findings.personal import Personal
from tests.made import BEYOND_BOX, GOOD, LINE, LOST, T0, Fate, samples

HOURS = 4
SECONDS = HOURS * 3600
OWN = Personal(thresholds=(("outage.min_span_s", 12.0),))


def world(target: Target, at: float) -> Fate:
    """Each hour a cut of twenty seconds, and one of eight that goes on over the hour's end."""
    cut = 600 <= at % 3600 < 620 or at % 3600 > 3596 or at % 3600 < 4
    return LOST if target.role in BEYOND_BOX and at > 300 and cut else GOOD


def upload(minute: int) -> Event:
    """The machine's counters: busy in every eleventh minute."""
    start = T0 + minute * MINUTE
    rate = 9_000_000 if minute % 11 == 0 else 10_000
    return to_event(Traffic(Origin.MACHINE, start, (Step(MINUTE, 10_000, rate),)), start + MINUTE + SECOND)


class Recording:
    """A journal that grows as the recorder's does."""

    def __init__(self, home: Path) -> None:
        self.path = home / "journal.sqlite"
        self._minute = 0
        with closing(Writer(self.path)) as writer:
            line = {name: getattr(LINE, name) for name in ("id", "gateway", "gateway_mac", "interface")}
            writer.append(Event(EventKind.LINE, T0, line))

    def go_on(self, minutes: int, *, leave: int = 0) -> None:
        """Record so many minutes more, and leave the last ones staged."""
        with closing(Writer(self.path)) as writer:
            writer.recover(T0 + self._minute * MINUTE)
            for minute in range(self._minute, self._minute + minutes):
                tries: list[Sample] = list(samples(world, 60, start_s=minute * 60, noise=0.002, seed=minute))
                writer.stage(LINE.id, tries)
                writer.append(upload(minute))
                if minute < self._minute + minutes - leave:
                    writer.seal_all()
        self._minute += minutes


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recording = Recording(tmp_path_factory.mktemp("recorded"))
    recording.go_on(HOURS * 60, leave=1)
    return recording.path


@pytest.fixture
def journal(recorded: Path, tmp_path: Path) -> Path:
    """A copy of the recording for one test, nothing kept yet."""
    shutil.copytree(recorded.parent, tmp_path / "home")
    path = tmp_path / "home" / recorded.name
    for own in (False, True):
        kept_path(path, own=own).unlink(missing_ok=True)
    return path


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many blocks were fed since the last time this was asked."""
    count = 0
    feed = Study.feed

    def counted(self: Study, block: object) -> None:
        nonlocal count
        count += 1
        feed(self, block)  # type: ignore[arg-type]

    def told() -> int:
        nonlocal count
        was, count = count, 0
        return was

    monkeypatch.setattr(Study, "feed", counted)
    return told


def test_the_second_look_feeds_only_what_is_not_sealed_and_says_the_same(
    journal: Path, fed: Callable[[], int]
) -> None:
    first = load(journal)
    assert fed() == HOURS * 60
    assert len(first.outages) >= HOURS
    assert load(journal) == first
    assert fed() == 1
    assert stat.S_IMODE(kept_path(journal).stat().st_mode) == 0o600
    assert sorted(path.name for path in journal.parent.glob("*study*")) == ["study.kept"]


def test_own_thresholds_are_kept_beside_and_mixed_up_with_nothing(
    journal: Path, fed: Callable[[], int]
) -> None:
    plain, both = load(journal), load(journal, personal=OWN)
    assert fed() == 2 * HOURS * 60 + 1
    assert both.incidents == plain.incidents
    assert both.own is not None
    assert 0 < len(both.own.outages_of(LINE.id)) < len(plain.outages)
    assert load(journal, personal=OWN) == both
    assert fed() == 2
    other = Personal(thresholds=(("outage.min_span_s", 25.0),))
    third = load(journal, personal=other).own
    assert third is not None
    assert third.incidents != both.own.incidents
    assert fed() == 1 + HOURS * 60
    shutil.copy(kept_path(journal, own=True), kept_path(journal))
    assert load(journal) == plain


few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(st.lists(st.tuples(st.integers(1, 45), st.integers(0, 1)), min_size=2, max_size=5))
def test_looking_in_between_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, int]]
) -> None:
    """Looks while the recording grows, each kept, against one look at the end."""
    recording = Recording(tmp_path_factory.mktemp("grows"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "WORTH_KEEPING", 1)
        patch.setattr(feeding, "_RECORDS", 7)
        for minutes, leave in pieces:
            recording.go_on(minutes, leave=min(leave, minutes - 1))
            found = load(recording.path)
    assert kept_path(recording.path).exists()
    kept_path(recording.path).unlink()
    assert load(recording.path) == found
    whole = found.record
    assert whole is not None
    live = LiveFindings(recording.path).refresh(whole.start_ns, whole.end_ns)
    assert live is not None
    assert live.incidents == found.incidents


def spoil(path: Path, change: Callable[[bytearray], object]) -> None:
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("place", [0, 20, 50, 90, 115, 150, -1])
def test_a_damaged_file_is_never_unpacked(
    journal: Path, fed: Callable[[], int], monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    first = load(journal)
    spoil(kept_path(journal), lambda data: data.__setitem__(place, data[place] ^ 1))
    monkeypatch.setattr(pickle, "loads", lambda _: pytest.fail("unpacked"))
    fed()
    assert load(journal) == first
    assert fed() == HOURS * 60


@pytest.mark.parametrize("data", [b"", b"jalerte study 1\n", b"\0" * 5000, pickle.dumps(print)])
def test_anything_else_in_its_place_is_ignored_and_replaced(
    journal: Path, fed: Callable[[], int], data: bytes
) -> None:
    first = load(journal)
    kept_path(journal).write_bytes(data)
    assert load(journal) == first
    fed()
    assert load(journal) == first
    assert fed() == 1


def test_a_file_cut_short_or_far_too_long_is_ignored(journal: Path) -> None:
    first = load(journal)
    spoil(kept_path(journal), lambda data: data.__delitem__(slice(200, None)))
    assert load(journal) == first
    with kept_path(journal).open("ab") as file:
        file.truncate(1 << 34)
    assert load(journal) == first


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_in_its_place_is_not_waited_for(journal: Path) -> None:
    os.mkfifo(kept_path(journal))
    assert load(journal).outages


def test_another_journals_file_is_foreign(journal: Path, tmp_path: Path, fed: Callable[[], int]) -> None:
    other = Recording(tmp_path)
    other.go_on(200)
    found = load(other.path)
    load(journal)
    shutil.copy(kept_path(journal), kept_path(other.path))
    fed()
    assert load(other.path) == found
    assert fed() == 200


def test_a_journal_that_lost_its_end_is_studied_anew(tmp_path: Path, fed: Callable[[], int]) -> None:
    recording = Recording(tmp_path)
    recording.go_on(200)
    early = recording.path.read_bytes()
    recording.go_on(190)
    load(recording.path)
    recording.path.write_bytes(early)
    fed()
    found = load(recording.path)
    assert fed() == 200
    kept_path(recording.path).unlink(missing_ok=True)
    assert load(recording.path) == found


def test_another_version_of_the_program_studies_anew(
    journal: Path, fed: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(journal)
    monkeypatch.setattr(diagnostics, "__version__", "9.9.9")
    fed()
    assert load(journal) == first
    assert fed() == HOURS * 60


def test_after_retention_nothing_that_was_kept_is_believed(journal: Path, fed: Callable[[], int]) -> None:
    load(journal)
    with closing(Writer(journal)) as writer:
        data = {"before_ns": T0, "keep_days": 30}
        writer.append(Event(EventKind.RETENTION, T0 + SECONDS * SECOND, data))
    fed()
    load(journal)
    assert fed() >= HOURS * 60


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_said(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> tuple[int, str]:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    assert load(journal).outages
    assert not kept_path(journal).exists()


def test_a_folder_in_its_place_is_left_alone(journal: Path) -> None:
    kept_path(journal).mkdir()
    assert load(journal).outages
    assert kept_path(journal).is_dir()
    assert not list(journal.parent.glob(".study-*"))


def test_too_large_a_study_is_not_kept(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", 500)
    assert load(journal).outages
    assert not kept_path(journal).exists()


def test_two_processes_at_once_both_leave_a_valid_file(journal: Path, fed: Callable[[], int]) -> None:
    look = (
        "import sys, pathlib; from jalerte_desktop.findings.load import load; load(pathlib.Path(sys.argv[1]))"
    )
    both = [subprocess.Popen([sys.executable, "-c", look, str(journal)]) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    fed()
    assert load(journal).outages
    assert fed() == 1


def test_progress_rises_to_one(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "_RECORDS", 40)
    told: list[float] = []
    load(journal, progress=told.append)
    assert len(told) > 5
    assert told == sorted(told)
    assert told[-1] == 1
    assert told[0] < 0.2
    told.clear()
    load(journal, progress=told.append)
    assert told == []


def test_what_is_kept_knows_nothing_of_staged_blocks(journal: Path) -> None:
    found = load(journal)
    with Reader(journal) as reader:
        begun = KeptStudy(reader, default_method()).load()
        assert begun is not None
        study, seq = begun
        assert seq == reader.head().seq  # type: ignore[union-attr]
        assert found.record is not None
        assert study.last_sample_ns is not None
        assert study.last_sample_ns < found.record.end_ns - 50 * SECOND


def test_witnesses_of_long_ago_are_heard_though_only_the_newest_are_kept(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noted all at once, the newest statements would push out those that the first incidents need."""
    from diagnostics.incidents import testimony

    usual = load(journal).incidents
    kept_path(journal).unlink()
    monkeypatch.setattr(testimony, "KEPT", 30)
    monkeypatch.setattr(feeding, "_RECORDS", 20)
    assert load(journal).incidents == usual


class Nothing:
    """A source whose fields are gone."""

    def fields(self) -> dict[str, bytes]:
        return {}

    def batch(self) -> Batch:
        raise DamagedBatch("gone")


def test_a_block_that_cannot_be_unpacked_is_a_gap_and_the_rest_is_told(journal: Path) -> None:
    whole, broken = Study(), Study()
    with Reader(journal) as reader:
        feed_sealed(reader, [(whole, 0)])
        for block in reader.sealed():
            if block.span.start_ns < T0 + 610 * SECOND < block.span.end_ns:
                block = replace(block, source=Nothing())
            feeding.feed([broken], block)
        record = reader.record_span()
    assert record is not None
    assert len(broken.incidents()) == len(whole.incidents()) - 1
    gaps = broken.coverage(LINE.id, record).gaps
    assert [gap.reason for gap in gaps][:1] == [GapReason.DAMAGED]
