"""``kill -9`` of the recorder at seeded moments, on simulated time: while it stages, seals, pages, signs, removes."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from diagnostics.journal.reader import Reader
from diagnostics.journal.verify import verify
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, EventKind, Outcome
from tests.journal.honest import all_samples
from tests.recorder.simulated import told
from tests.recorder.test_loop import T0

HOUR = 3600 * SECOND
DAY = 24 * HOUR
PLACES = (
    ("", 0),
    ("BEGIN", 200),
    ("INSERT INTO staged", 100),
    ("INSERT INTO entries", 60),
    ("DELETE FROM staged", 4),
    ("DELETE FROM entries", 80),
    ("INSERT INTO pages", 1),
    ("UPDATE pages", 2),
    ("COMMIT", 150),
    ("sync", 12),
    ("kept", 12),
)
"""Where it is killed from within, the n-th time at most; or from without, at any moment."""


@pytest.fixture
def forker() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.recorder.simulated"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def killed(forker: subprocess.Popen[str], orders: dict[str, object], after_s: float) -> bool:
    """Run one until it is dead: by its own hand (True), or by ours after so long."""
    assert forker.stdin is not None
    assert forker.stdout is not None
    forker.stdin.write(json.dumps(orders) + "\n")
    forker.stdin.flush()
    pid = int(forker.stdout.readline())
    by_itself = bool(select.select([forker.stdout], [], [], after_s)[0])
    if not by_itself:
        os.kill(pid, signal.SIGKILL)  # it is not waited for before it is dead: the number is still its own
    assert forker.stdout.readline() == "dead\n"
    return by_itself


@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(0)])])
def test_killed_at_seeded_moments(tmp_path: Path, forker: subprocess.Popen[str], kills: int) -> None:
    journal, rng, wall = tmp_path / "journal.sqlite", random.Random(6), T0
    Writer(journal).close()
    reached, read = Counter[str](), 0
    given: dict[tuple[str, int], list[tuple[int, int | None]]] = {}
    for turn in range(kills):
        where, most = PLACES[turn % len(PLACES)]
        by_itself = killed(
            forker,
            {
                "home": str(tmp_path),
                "wall_ns": wall,
                "seed": rng.randrange(1 << 30),
                "where": where,
                "count": rng.randint(1, max(most, 1)),
                "before_ns": wall - DAY if rng.random() < 0.4 else 0,
            },
            # A removal comes only where something is old enough; all else comes sooner or later.
            rng.uniform(0.05, 0.6) if not where else 4 if where == "UPDATE pages" else 100,
        )
        lines, read = told(tmp_path, read)
        assert verify(journal).first_fault is None, (turn, where)
        back = all_samples(journal)
        # Nothing is invented: a sample is one that the pinger gave, with its last outcome or an earlier one.
        for target, sent_ns, outcome, rtt_ns, _at in lines:
            given.setdefault((target, sent_ns), []).append((outcome, rtt_ns))
        for one in back:
            assert (int(one.outcome), one.rtt_ns) in given[one.target.id, one.sent_ns], (turn, where)
        if lines:
            # What was sent two seconds or more before the end is there.
            wall = lines[-1][4]
            kept = {(one.target.id, one.sent_ns) for one in back}
            lost = [line for line in lines if line[1] < wall - 2 * SECOND and line[:2] not in kept]
            assert lost == [], (turn, where)
        wall = (wall // HOUR + rng.randint(2, 9)) * HOUR - 100 * SECOND
        reached[where] += by_itself
    # The places were reached, but for a removal where nothing was old enough.
    assert {where for where, count in reached.items() if count} >= {where for where, _ in PLACES} - {
        "",
        "UPDATE pages",
    }
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as db:
        counts = db.execute("SELECT count(*), sum(body = x'') FROM pages").fetchone()
    assert counts[0] > kills // 2
    assert counts[1] > 0
    with Reader(journal) as reader:
        gaps = [str(gap.data["reason"]) for gap in reader.events(EventKind.GAP)]
        recovered = list(reader.events(EventKind.RECOVERED))
    assert set(gaps) <= {"crashed", "stopped"}
    # Killed once more between the two, the time is told as stopped: nothing was left to recover then.
    assert kills // 2 <= gaps.count("crashed") <= len(recovered) <= gaps.count("crashed") + kills // 10
    check = verify(journal)
    assert (check.first_fault, check.signature) == (None, "ok")
    # Killed between a record and its signature, which the next start tells of: never more than what was in hand.
    for note in check.notes:
        values = dict(note.values)
        assert note.code == "note_unsigned_found"
        assert int(str(values["last"])) - int(str(values["first"])) < 20
    assert len(check.notes) <= kills // 4
    assert {one.outcome for one in all_samples(journal)} >= {Outcome.OK, Outcome.LOST}
