"""``kill -9`` of the real recorder: what it wrote is readable, and at most two seconds are lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.model import SECOND
from tests.lab.network import Lab, build, missing

pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(missing()), reason=missing() or "the lab is possible")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with build(f"{os.getpid()}-k", tmp_path_factory.mktemp("servers")) as built:
        yield built


def kill_after(lab: Lab, home: Path, seconds: float) -> int:
    """Record for so long after the first word, then kill; returns the time of the kill (Unix ns)."""
    recorder = lab.start("pc", *lab.jalerte(home, "record"), stdout=subprocess.PIPE)
    assert recorder.stdout is not None
    recorder.stdout.readline()
    time.sleep(seconds)
    recorder.send_signal(signal.SIGKILL)
    killed = time.time_ns()
    recorder.communicate()
    return killed


@pytest.mark.parametrize(
    ("ping_allowed", "kills"),
    [(True, 6), (False, 6), pytest.param(True, 100, marks=[pytest.mark.soak, pytest.mark.timeout(0)])],
)
def test_killed_at_seeded_moments(lab: Lab, tmp_path: Path, ping_allowed: bool, kills: int) -> None:
    lab.config(tmp_path)
    lab.allow_datagram(ping_allowed)
    journal, rng = tmp_path / "journal.sqlite", random.Random(11)
    for _ in range(kills):
        killed = kill_after(lab, tmp_path, rng.uniform(0.3, 4))
        assert verify(journal).first_fault is None
        with Reader(journal) as reader:
            span = reader.record_span()
        assert span is not None
        assert killed - (span.end_ns - SECOND) <= 2 * SECOND
    recorded = json.loads(lab.run("pc", *lab.jalerte(tmp_path, "incidents", "--json")))
    assert recorded["incidents"] == []
    lab.run("pc", *lab.jalerte(tmp_path, "record", "--for", "2"))
    recorded = json.loads(lab.run("pc", *lab.jalerte(tmp_path, "incidents", "--json")))
    assert {gap["reason"] for gap in recorded["coverage"]["not_observed"]} <= {"crashed"}
    assert verify(journal).first_fault is None


def test_a_second_recorder_is_refused_in_one_line(lab: Lab, tmp_path: Path) -> None:
    lab.config(tmp_path)
    first = lab.start(
        "pc", *lab.jalerte(tmp_path, "record", "--stdin"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert first.stdout is not None
    first.stdout.readline()
    second = subprocess.run(
        ["ip", "netns", "exec", lab.ns("pc"), *lab.jalerte(tmp_path, "record", "--for", "1")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert len(second.stderr.splitlines()) == 1
    # The first one goes on, takes a note by its socket, and stops when its standard input is closed.
    lab.run("pc", *lab.jalerte(tmp_path, "line", "name", "Maison"))
    first.communicate(timeout=20)
    assert first.returncode == 0
    shown = json.loads(lab.run("pc", *lab.jalerte(tmp_path, "line", "show", "--json")))
    assert [line["name"] for line in shown["lines"]] == ["Maison"]
