"""The demonstration's folder: made once, kept a week, never in the place of anything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests_demo_helpers import tree

from diagnostics.journal.reader import Reader
from diagnostics.model import BadInput, EventKind
from jalerte_desktop.demo import folder as folders
from jalerte_desktop.demo.folder import MARK, demo_folder, ensure, read_mark
from jalerte_desktop.demo.script import DAY, HOUR
from jalerte_desktop.findings.load import load

NOW_NS = 1_795_000_020 * 10**9


def test_it_is_made_once_and_kept_for_a_week(tmp_path: Path) -> None:
    told: list[str] = []
    made = ensure(tmp_path, NOW_NS, "test", lambda: told.append("one moment"), days=1)
    assert made == tmp_path / "demo"
    assert read_mark(made).end_ns == NOW_NS // HOUR * HOUR
    before = tree(made)
    for later in (HOUR, 6 * DAY):
        assert ensure(tmp_path, NOW_NS + later, "test", lambda: told.append("again"), days=1) == made
    assert tree(made) == before
    assert told == ["one moment"]
    ensure(tmp_path, NOW_NS + 8 * DAY, "test", lambda: told.append("anew"), days=1)
    assert read_mark(made).end_ns == (NOW_NS + 8 * DAY) // HOUR * HOUR
    assert told == ["one moment", "anew"]
    assert [one.name for one in tmp_path.iterdir()] == ["demo"]


def test_another_version_makes_it_anew(tmp_path: Path) -> None:
    made = ensure(tmp_path, NOW_NS, "test", days=1)
    (made / MARK).write_text(json.dumps({"version": folders.VERSION + 1, "end_ns": NOW_NS}))
    ensure(tmp_path, NOW_NS, "test", days=1)
    assert read_mark(made).version == folders.VERSION


@pytest.mark.parametrize("left", ["journal.sqlite", MARK])
def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path: Path, left: str) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / left).write_text("mine")
    with pytest.raises(BadInput) as caught:
        ensure(tmp_path, NOW_NS, "test", days=1)
    assert caught.value.remark.code == "demo_folder_taken"
    assert (tmp_path / "demo" / left).read_text() == "mine"


def test_a_month_that_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "make", full)
    with pytest.raises(folders.MachineCannot) as caught:
        ensure(tmp_path, NOW_NS, "test")
    assert caught.value.remark.code == "demo_not_made"
    assert list(tmp_path.iterdir()) == []


def test_who_is_second_takes_what_the_first_has_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = folders.make

    def slower(folder: Path, *rest: object) -> None:
        really(folder, *rest)
        (tmp_path / "demo").mkdir()
        (tmp_path / "demo" / "first").write_text("here before")

    monkeypatch.setattr(folders, "make", slower)
    ensure(tmp_path, NOW_NS, "test", days=1)
    assert [one.name for one in tmp_path.iterdir()] == ["demo"]


def test_the_home_of_the_demonstration_is_its_own_demonstration(made: Path) -> None:
    assert demo_folder(made) == made / "demo"
    assert demo_folder(made / "demo") == made / "demo"


def test_the_journal_says_itself_that_it_is_made_up_and_reads_as_one(made: Path) -> None:
    journal = made / "demo" / "journal.sqlite"
    with Reader(journal) as reader:
        (started,) = reader.events(EventKind.STARTED)
        assert started.data["made_up"] is True
        clocks = list(reader.events(EventKind.CLOCK_STATE))
        assert all(clock.data["made_up"] is True for clock in clocks)
        assert len(clocks) >= 48
        assert not reader.staged()
    found = load(journal)
    assert found.confirmed
    assert found.coverage.ratio > 0.999
    assert len(found.outages) >= 3
    assert found.telework.working_lost is None
