"""A full disk, a full folder of keys, a disk that fails: not observed, told once, and recording goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from diagnostics.journal import seals
from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.model import SECOND, EventKind
from tests.journal.honest import all_samples
from tests.recorder.simulated import told

SOAK = [pytest.mark.soak, pytest.mark.timeout(0)]


def cannot_mount() -> str:
    """Why no small disk can be made here; empty where one can."""
    try:
        command = ["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if tried.returncode == 0 else tried.stderr.strip() or "no mount namespace"


needs_mount = pytest.mark.skipif(bool(cannot_mount()), reason=cannot_mount() or "a small disk can be made")


def recorded(where: str, folder: Path, seed: int) -> tuple[Path, list[dict[str, Any]]]:
    """The journal of a run with two full spells, and the spells."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.recorder.full_disk", where, str(folder), str(seed)]
    if where != "limit":
        command = ["unshare", "-m", *command]
    said = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    assert said.returncode == 0, said.stderr[-2000:]
    return folder / "copy" / "journal.sqlite", json.loads(said.stdout)


def holds(journal: Path, folder: Path) -> None:
    """The chain verifies to its end, and nothing was invented."""
    check = verify(journal)
    assert (check.first_fault, check.signature) == (None, "ok")
    # A disk that takes the record may have no room for its signature: that is told.
    assert {note.code for note in check.notes} <= {"note_tail_unsigned", "note_unsigned_found"}
    given: dict[tuple[str, int], list[tuple[int, int | None]]] = {}
    for target, sent_ns, outcome, rtt_ns, _at in told(folder / "log")[0]:
        given.setdefault((target, sent_ns), []).append((outcome, rtt_ns))
    for one in all_samples(journal):
        assert (int(one.outcome), one.rtt_ns) in given[one.target.id, one.sent_ns]


@pytest.mark.parametrize(
    ("where", "seeds"),
    [
        pytest.param("home", range(5), marks=needs_mount),
        ("limit", range(5, 8)),
        pytest.param("home", range(10, 60), marks=[needs_mount, *SOAK]),
        pytest.param("limit", range(60, 80), marks=SOAK),
    ],
)
def test_a_full_or_failing_disk_is_not_observed_and_recording_goes_on(
    tmp_path: Path, where: str, seeds: range
) -> None:
    found = 0
    for seed in seeds:
        folder = tmp_path / str(seed)
        journal, spells = recorded(where, folder, seed)
        holds(journal, folder)
        with Reader(journal) as reader:
            gaps = [
                (int(str(gap.data["start_ns"])), gap.at_ns)
                for gap in reader.events(EventKind.GAP)
                if gap.data["reason"] == "disk_full"
            ]
        sent = sorted(one.sent_ns for one in all_samples(journal))
        # What is missing for two seconds or more is a gap; and where there is a gap the disk was full.
        for before, after in pairwise(sent):
            if after - before > 2 * SECOND:
                assert any(start <= before + SECOND and after - SECOND <= end for start, end in gaps), seed
        spans = [(int(str(one["start_ns"])), int(str(one["end_ns"]))) for one in spells]
        for start, end in gaps:
            assert any(a - 3 * SECOND <= start and end <= b + 3 * SECOND for a, b in spans), seed
        for (start, end), spell in zip(spans, spells, strict=True):
            if end - start > 60 * SECOND:
                assert spell["warnings"], seed
            assert set(spell["warnings"]) <= {"disk_full", "disk_error", "home_not_writable"}, seed
            # Told once for each time that samples begin to be lost, and where only sealing fails; not at each try.
            assert len(spell["warnings"]) <= 12, seed
            assert any(end < at < end + 5 * SECOND for at in sent), seed
        found += len(gaps)
    assert found >= len(seeds)


@needs_mount
@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(10, 30), marks=SOAK)])
def test_a_full_folder_of_keys_costs_no_sample(tmp_path: Path, seeds: range) -> None:
    for seed in seeds:
        folder = tmp_path / str(seed)
        journal, spells = recorded("keys", folder, seed)
        holds(journal, folder)
        assert "home_not_writable" in [spell["unsigned"] for spell in spells]
        assert all(spell["warnings"] in ([], ["home_not_writable"]) for spell in spells)
        sent = sorted(one.sent_ns for one in all_samples(journal))
        assert max(after - before for before, after in pairwise(sent)) <= 2 * SECOND
        head = seals.read_head(journal.parent / "keys")
        assert head is not None
        assert head.seq == verify(journal).records
