"""The real recorder started on a journal that was destroyed: one line says so, and it records."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from tests.lab.network import Lab, build, missing

pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(missing()), reason=missing() or "the lab is possible")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with build(f"{os.getpid()}-d", tmp_path_factory.mktemp("servers")) as built:
        yield built


def test_it_sets_the_journal_aside_and_records(lab: Lab, tmp_path: Path) -> None:
    lab.config(tmp_path)
    lab.run("pc", *lab.jalerte(tmp_path, "record", "--for", "2"))
    journal = tmp_path / "journal.sqlite"
    with journal.open("r+b") as opened:
        opened.seek(100)
        opened.write(b"\xff" * 4000)
    said = subprocess.run(
        ["ip", "netns", "exec", lab.ns("pc"), *lab.jalerte(tmp_path, "record", "--for", "3")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    (aside,) = tmp_path.glob("journal.damaged-*.sqlite")
    (line,) = [one for one in said.stderr.splitlines() if "journal" in one]
    assert aside.name in line
    assert verify(journal).first_fault is None
    with Reader(journal) as reader:
        assert sum(len(block.samples) for block in reader.blocks()) > 5
