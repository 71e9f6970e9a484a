"""A recorder on simulated time that a test may kill at any moment: what it sent is in a log that outlives it.

Run as a program it waits for one JSON object a line on standard input, forks a recorder for each, and prints its
process id: starting Python anew for each kill would take most of the time.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from diagnostics.config import parse
from diagnostics.journal import opening, seals
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import MILLISECOND, SECOND, Event, EventKind, Flag, Outcome, Sample, Target
from diagnostics.probes.fake import FakePinger
from diagnostics.recorder.loop import Recorder
from diagnostics.recorder.parts import Identity, Parts
from tests.recorder.test_loop import CONFIG, HandClock, Heard, Hop, NoChecks, Routes

LOG = "sent.log"
Line = tuple[str, int, int, int | None, int]
"""Target, time sent, outcome, round trip (ns), and the simulated time at which the pinger handed it over."""


class TellingPinger:
    """Writes every sample down before handing it on: a killed process leaves no doubt of what it had."""

    method = "icmp-datagram"

    def __init__(self, clock: HandClock, log: Path, rng: random.Random) -> None:
        self._clock = clock
        self._inner = FakePinger(clock, lambda _target, _at: self._fate(rng))
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @staticmethod
    def _fate(rng: random.Random) -> tuple[Outcome, int | None]:
        chance = rng.random()
        if chance < 0.02:
            return Outcome.LOST, None
        return Outcome.OK, (1500 if chance < 0.03 else rng.randrange(5, 50)) * MILLISECOND

    def send(self, target: Target, flags: Flag = Flag.NONE) -> None:
        self._inner.send(target, flags)

    def collect(self) -> list[Sample]:
        return self._told(self._inner.collect())

    def drain(self) -> list[Sample]:
        return self._told(self._inner.drain())

    def close(self) -> None:
        os.close(self._log)

    def _told(self, samples: list[Sample]) -> list[Sample]:
        lines: list[Line] = [
            (one.target.id, one.sent_ns, int(one.outcome), one.rtt_ns, self._clock.wall) for one in samples
        ]
        os.write(self._log, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        return samples


def told(home: Path, after: int = 0) -> tuple[list[Line], int]:
    """What was handed over, in order, from this byte of the log on; and where to go on the next time."""
    log = home / LOG
    text = log.read_bytes()[after:] if log.exists() else b""
    return [tuple(json.loads(line)) for line in text.splitlines()], after + len(text)


class Simulated:
    """The real recorder and writer, everything around them made of hand."""

    def __init__(self, home: Path, wall_ns: int, seed: int, log: Path | None = None) -> None:
        self.clock = HandClock()
        self.clock.wall = wall_ns
        self.warnings: list[str] = []
        self.pinger = TellingPinger(self.clock, (log or home) / LOG, random.Random(seed))
        journal = home / "journal.sqlite"
        self.writer = Writer(journal)
        crashed = self.writer.recover(wall_ns) is not None
        with Reader(journal) as reader:
            span = reader.record_span()
        parts = Parts(
            clock=self.clock,
            pinger=self.pinger,
            checks=NoChecks(),
            routes=Routes(),
            hops=Hop(),
            clock_state=lambda: {"synchronised": True},
            route_every_ns=5 * SECOND,
            witnesses=Heard(),
            warn=lambda problem: self.warnings.append(problem.remark.code),
        )
        self.recorder = Recorder(self.writer, parse(CONFIG, "config.toml"), parts, Identity("0", "m", "test"))
        self.recorder.start(span.end_ns if span else None, crashed, ())

    def run(self, seconds: float) -> None:
        end = self.clock.mono + round(seconds * SECOND)
        while self.clock.mono < end:
            wait = min(round(self.recorder.until_next_s() * SECOND), end - self.clock.mono)
            self.clock.advance(max(wait, MILLISECOND))
            self.recorder.step()

    def stop(self) -> None:
        self.recorder.stop()
        self.writer.close()
        self.pinger.close()


# --- killed from within ---------------------------------------------------------------------------------------------


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(where: str, count: int) -> None:
    """Kill this process the ``count``-th time that it comes here.

    ``where``: the beginning of an SQL statement, or ``sync`` (a signed head is written and not yet in its place), or
    ``kept`` (it is, and nothing has come after).
    """
    left = [count]

    def here(*_: object) -> None:
        left[0] -= 1
        if not left[0]:
            _die()

    if where == "sync":
        sync = os.fsync
        seals.os.fsync = lambda descriptor: (sync(descriptor), here())  # type: ignore[assignment]
    elif where == "kept":
        keep = seals.Sealer.keep
        seals.Sealer.keep = lambda self, head: (keep(self, head), here())[0]  # type: ignore[method-assign, func-returns-value]
    elif where:
        connect: Callable[[Path], sqlite3.Connection] = opening.connect

        def traced(path: Path) -> sqlite3.Connection:
            db = connect(path)
            db.set_trace_callback(lambda sql: here() if sql.startswith(where) else None)
            return db

        opening.connect = traced


def _record(home: Path, wall_ns: int, seed: int, where: str, count: int, before_ns: int) -> None:
    die_at(where, count)
    simulated = Simulated(home, wall_ns, seed)
    if before_ns:
        data = {"before_ns": before_ns, "keep_days": 400}
        with contextlib.suppress(Exception):
            simulated.writer.append(Event(EventKind.RETENTION, wall_ns, data))
    while True:
        simulated.run(10)


def main() -> None:
    for line in sys.stdin:
        orders = json.loads(line)
        child = os.fork()
        if not child:
            _record(Path(orders.pop("home")), **orders)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("dead", flush=True)


if __name__ == "__main__":
    main()
