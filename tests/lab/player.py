"""Plays a scenario on a real network: the recorder in the pc, each fault at its time, what the journal says of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jalerte_desktop.findings.load import load
from tests.lab.faults import Move, layout_for, moves, settle
from tests.lab.network import Lab, build
from tests.playing.scenario import Played, Scenario, Turn

_building = threading.Semaphore(1)
"""Labs are built and taken away one after the other: they would only wait for each other's locks in the kernel."""
_STARTED_WITHIN_S = 20.0
WIDTH = 21
"""How many labs stand side by side. Each needs some 40 MB and, once it records, a few percent of a core at most."""


def play_all(scenarios: Sequence[Scenario], folder: Path, width: int = WIDTH) -> list[Played]:
    """Play scenarios side by side, the longest first; returns them in the order given. Raises as ``play`` does."""
    with ThreadPoolExecutor(width) as pool:
        order = sorted(range(len(scenarios)), key=lambda number: -scenarios[number].seconds)
        running = {
            number: pool.submit(play, scenarios[number], folder / scenarios[number].name) for number in order
        }
        return [running[number].result() for number in range(len(scenarios))]


def play(scenario: Scenario, folder: Path) -> Played:
    """Play one scenario in ``folder``; it takes as long as the scenario, and some seconds more.

    Raises RuntimeError when the network or the recorder cannot be brought up. Nothing is left behind in any case.
    """
    name = f"{os.getpid()}-{re.sub('[^a-z0-9]', '', scenario.name.lower())[:24]}-{threading.get_native_id()}"
    context = build(name, folder, layout_for(scenario))
    with _building:
        lab = context.__enter__()
    try:
        return _Run(lab, scenario, folder / "home").played()
    finally:
        with _building:
            context.__exit__(None, None, None)


class _Run:
    """One recording. Second 0 is when the recorder says that it records; what is so from second 0 on is so before."""

    def __init__(self, lab: Lab, scenario: Scenario, home: Path) -> None:
        self._lab = lab
        self._scenario = scenario
        self._home = home
        self._turns: list[Turn] = []
        self._start_ns = 0
        self._recorder: subprocess.Popen[bytes] | None = None

    def played(self) -> Played:
        lab, scenario = self._lab, self._scenario
        lab.config(self._home)
        lab.allow_datagram(True)
        settle(lab, scenario.seed)
        plan = self._plan()
        for move in plan:
            if move.at_s <= 0:
                move.act()
        try:
            self._record()
            self._start_ns, start = time.time_ns(), time.monotonic()
            for move in plan:
                if move.at_s > 0:
                    time.sleep(max(0.0, start + move.at_s - time.monotonic()))
                    self._turns.append(Turn(move.at_s, move.act()))
            time.sleep(max(0.0, start + scenario.seconds - time.monotonic()))
        finally:
            self._stop()
        return self._told()

    def _plan(self) -> list[Move]:
        """All moves that come before the recording's end, in order."""
        plan: list[Move] = []
        for number, fault in enumerate(self._scenario.faults):
            if fault.what == "recorder-stops":
                plan += [Move(fault.at_s, self._stop), Move(fault.end_s, self._record)]
            else:
                plan += moves(self._lab, fault, number)
        return sorted((one for one in plan if one.at_s < self._scenario.seconds), key=lambda one: one.at_s)

    def _record(self) -> int:
        """Start the recorder; returns when it said that it records (UTC ns)."""
        output = self._home / "record.log"
        with output.open("ab") as words, self._complaints.open("ab") as complaints:
            said = words.tell()
            command = self._lab.jalerte(self._home, "record")
            self._recorder = self._lab.start(
                "pc", *command, stdout=words, stderr=complaints, stdin=subprocess.DEVNULL
            )
        deadline = time.monotonic() + _STARTED_WITHIN_S
        while output.stat().st_size <= said:
            if self._recorder.poll() is not None or time.monotonic() > deadline:
                raise self._failed("the recorder did not start")
            time.sleep(0.01)
        return time.time_ns()

    @property
    def _complaints(self) -> Path:
        return self._home / "record-errors.log"

    def _failed(self, what: str) -> RuntimeError:
        said = self._complaints.read_text("utf-8", "replace")[-2000:]
        return RuntimeError(f"{self._scenario.name}: {what}: {said}")

    def _stop(self) -> int:
        """Stop the recorder as a person does; returns when it was told to (UTC ns)."""
        recorder, self._recorder = self._recorder, None
        at_ns = time.time_ns()
        if recorder is not None:
            recorder.send_signal(signal.SIGTERM)
            try:
                recorder.wait(20)
            except subprocess.TimeoutExpired:
                recorder.kill()
                recorder.wait()
                raise self._failed("the recorder did not stop") from None
            if recorder.returncode != 0:
                raise self._failed(f"the recorder ended with {recorder.returncode}")
        return at_ns

    def _told(self) -> Played:
        findings = load(self._home / "journal.sqlite")
        return Played(
            self._scenario,
            "lab",
            self._scenario.seed,
            self._start_ns,
            findings.incidents,
            findings.coverage,
            findings.line.id,
            tuple(self._turns),
        )
