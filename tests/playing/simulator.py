"""Plays a scenario on virtual time: the real recorder on a made-up world, a real journal, the real study of it."""

from __future__ import annotations

import random
from pathlib import Path

from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND
from jalerte_desktop.findings.load import load
from tests.playing.drawing import drawn
from tests.playing.long_play import play_long
from tests.playing.recording import Opened, Recording, own_zone
from tests.playing.scenario import Played, Scenario

T0_NS = 1_795_000_020 * SECOND
"""A whole minute in November 2026."""
LONG_S = 3 * 3600.0
"""Longer scenarios are played with their quiet minutes copied (``long_play``)."""


def play(scenario: Scenario, folder: Path, seed: int | None = None, seconds: float | None = None) -> Played:
    """Play a scenario with a seed (its own by default), its journal in ``folder``.

    ``seconds`` shortens a scenario whose faults are drawn.
    """
    seed = scenario.seed if seed is None else seed
    scenario = drawn(scenario, seed, seconds)
    start_ns = scenario.starts_ns
    if start_ns is None:
        # Anywhere within a minute: a fault must not always meet the schedule at the same point.
        start_ns = T0_NS + random.Random(f"{scenario.name} {seed}").randrange(600_000) * (SECOND // 10_000)
    if scenario.seconds > LONG_S:
        return play_long(scenario, seed, start_ns)
    journal = folder / f"{scenario.name}-{seed}.sqlite"
    with own_zone(scenario.zone):
        recording = Recording(scenario, seed, start_ns, lambda now_ns: _open(journal, now_ns))
        recording.begin()
        recording.run_to(scenario.seconds)
        recording.stop()
        findings = load(journal)
    home = next((line.id for line in findings.lines if line.home), "")
    return Played(
        scenario,
        "simulator",
        seed,
        start_ns,
        findings.incidents,
        findings.coverage,
        home,
        tuple(recording.turns),
    )


def _open(journal: Path, now_ns: int) -> Opened:
    writer = Writer(journal)
    crashed = writer.recover(now_ns) is not None
    with Reader(journal) as reader:
        span = reader.record_span()
        homes = [line.id for line in reader.lines.values() if line.home is not None]
    return writer, span.end_ns if span else None, crashed, homes
