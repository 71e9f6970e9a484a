"""A kept study never knows more than the journal, and a folder from somebody else runs nothing."""

from __future__ import annotations

import hmac
import pickle
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from diagnostics.incidents.method import default_method
from diagnostics.journal.reader import Reader
from diagnostics.model import GapReason
from jalerte_desktop.findings import kept
from jalerte_desktop.findings.load import load
from tests import bulk
from tests.made import LINE


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.sqlite"
    minutes = bulk.pool(60, bulk.Noise())
    with closing(bulk.Writer(path)) as writer:
        writer.name_targets(bulk.SIX, bulk.START)
        writer.add(bulk.hours_of(LINE.id, minutes, 0, 5))
    return path


def damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        first = db.execute("SELECT first FROM pages ORDER BY first LIMIT 1 OFFSET 1").fetchone()[0]
        db.execute("UPDATE pages SET heads = x'0102' WHERE first = ?", (first,))


def test_damage_that_came_later_is_told_though_a_study_was_kept(journal: Path) -> None:
    assert {gap.reason for gap in load(journal).gaps} == set()
    assert kept.kept_path(journal).exists()
    damage(journal)
    assert GapReason.DAMAGED in {gap.reason for gap in load(journal).gaps}


class Runs:
    """Pickled, it asks for a command to be run when it is unpacked."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, (f"touch {self.proof}",)


class Starts:
    """The same, by a function of the program's own."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[object, tuple[list[str]]]:
        from diagnostics.recorder.speed_process import start_process

        return start_process, (["touch", str(self.proof)],)


@pytest.mark.parametrize("trap", [Runs, Starts])
def test_a_file_that_the_folders_own_journal_vouches_for_runs_nothing(
    journal: Path, tmp_path: Path, trap: type[Runs | Starts]
) -> None:
    load(journal)
    path, proof = kept.kept_path(journal), tmp_path / "proof"
    blob = path.read_bytes()
    start = len(kept.MAGIC) + 32
    body = zlib.compress(pickle.dumps(trap(proof)), 1)
    forged = blob[start : kept._BODY_AT] + body
    with Reader(journal) as reader:
        key = reader.derived_key(b"study")
        path.write_bytes(kept.MAGIC + hmac.digest(key, forged, "sha256") + forged)
        file = kept.KeptStudy(reader, default_method())
        assert file._authentic() is not None
        assert file.load() is None
    assert load(journal).sample_count > 100_000
    assert not proof.exists()
