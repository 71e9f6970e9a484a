"""How long samples are kept: asked for by the person, chained, and done page by page; figures and digests stay."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from diagnostics.journal import retention
from diagnostics.journal.hours import DAY_NS
from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, Event, EventKind, GapReason, Span
from jalerte_desktop.__main__ import main
from tests import bulk
from tests.made import ANCHORS, LINE


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("three") / "journal.sqlite"
    bulk.make(path, LINE.id, 3)
    return path.parent


@pytest.fixture
def home(tmp_path: Path, three_days: Path) -> Path:
    return Path(shutil.copytree(three_days, tmp_path / "home"))


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("JALERTE_LANG", "en")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--home", str(home), *words])
        out, err = capsys.readouterr()
        return code, out, err

    return command


def remove(journal: Path) -> int:
    """What the recorder does between two minutes, until nothing is left to do."""
    with closing(Writer(journal)) as writer:
        for tries in range(1000):
            writer.seal_due(0)
            if not writer._removal.pending:
                return tries
    raise AssertionError("never done")


def test_all_is_kept_until_the_person_says_otherwise(home: Path, run: Run) -> None:
    code, out, _ = run("journal", "retention", "--json")
    assert (code, json.loads(out)["keep_days"]) == (0, None)
    with closing(Writer(home / "journal.sqlite")) as writer:
        writer.seal_due(0)
        assert not writer._removal.pending


@pytest.mark.parametrize("days", ["0", "-5", "399", "99999999"])
def test_what_is_younger_than_a_year_is_never_removed(run: Run, days: str) -> None:
    code, _, err = run("journal", "retention", "--keep-days", days, "--yes")
    assert (code, len(err.strip().splitlines())) == (2, 1)
    assert json.loads(run("journal", "retention", "--json")[1])["keep_days"] is None


def test_without_a_yes_nothing_changes(run: Run) -> None:
    assert run("journal", "retention", "--keep-days", "400")[0] == 2
    assert json.loads(run("journal", "retention", "--json")[1])["keep_days"] is None


def test_a_choice_is_chained_and_can_be_taken_back(home: Path, run: Run) -> None:
    assert run("journal", "retention", "--keep-days", "500", "--yes")[0] == 0
    assert json.loads(run("journal", "retention", "--json")[1])["keep_days"] == 500
    assert run("journal", "retention", "--keep-all")[0] == 0
    with Reader(home / "journal.sqlite") as reader:
        kept = [event.data["keep_days"] for event in reader.events(EventKind.RETENTION)]
    assert kept == [500, 0]
    assert verify(home / "journal.sqlite").first_fault is None


def test_old_samples_go_and_everything_else_stays(home: Path, run: Run) -> None:
    journal = home / "journal.sqlite"
    before = bulk.START // DAY_NS * DAY_NS + DAY_NS
    whole = Span(bulk.START, bulk.START + 3 * DAY_NS)
    with Reader(journal) as reader:
        figures = {step: list(reader.rollups(step, whole)) for step in ("minute", "hour", "day")}
    with closing(Writer(journal)) as writer:
        writer.append(Event(EventKind.RETENTION, whole.end_ns, {"keep_days": 400, "before_ns": before}))
    assert remove(journal) > 3
    check = verify(journal)
    assert check.first_fault is None
    with Reader(journal) as reader:
        assert {step: list(reader.rollups(step, whole)) for step in figures} == figures
        left = reader.columns(ANCHORS[0].id, whole)
        assert left is not None
        # The page that reaches over the day's end stays whole.
        assert before - 3600 * SECOND <= left.times_ns[0] < before + SECOND
        assert len(list(reader.sealed())) == 60 * (3 * 24) - 60 * reader.pages_without_samples()
        gaps = reader.gaps()
        assert {gap.data["reason"] for gap in gaps} == {str(GapReason.REMOVED)}
    shown = json.loads(run("journal", "retention", "--json")[1])
    assert shown["removed_pages"] == len(gaps) > 0
    assert remove(journal) >= 0
    assert verify(journal) == check


def test_a_renewal_goes_no_further_than_the_days_that_were_recorded() -> None:
    choice = retention.chosen(400, 1000 * DAY_NS)
    assert retention.renewed(choice, 29, 1029 * DAY_NS) is None
    following = retention.renewed(choice, 30, 1030 * DAY_NS)
    assert following is not None
    assert retention.read(following) == (400, 630 * DAY_NS)
    leap = retention.renewed(choice, 30, 9999 * DAY_NS)
    assert leap is not None
    assert retention.read(leap) == (400, 631 * DAY_NS)
    assert retention.renewed(retention.chosen(0, 1000 * DAY_NS), 500, 2000 * DAY_NS) is None
