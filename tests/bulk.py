"""Journals of months and years, made quickly: packed minutes are drawn from a pool and chained by the real writer.

No minute of the pool comes twice within an hour, so that nothing repeats within what is compressed together.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diagnostics.journal import chain, codec, rollups
from diagnostics.journal.codec import Batch, Column
from diagnostics.journal.hours import HOUR_NS, Stretch
from diagnostics.journal.rollups import Sorted
from diagnostics.journal.writer import Writer
from diagnostics.model import (
    MILLISECOND,
    MINUTE,
    SECOND,
    Outcome,
    Role,
    Sample,
    Target,
    quantise_rtt,
    quantise_time,
)
from tests.made import ANCHORS, GATEWAY, HOP, OFFSET, T0

SIX = (GATEWAY, HOP, *ANCHORS)
SIGMA = math.sqrt(math.log(2))
"""A log-normal jitter of mean 1 ms with this shape has a standard deviation of 1 ms."""
BASE_MS = {Role.GATEWAY: 1.0, Role.FIRST_HOP: 6.0, Role.ANCHOR: 12.0}
START = T0 // HOUR_NS * HOUR_NS


@dataclass(frozen=True, slots=True)
class Noise:
    """``late_ms``: standard deviation of how late a try is sent. ``loss``: share of tries that are lost."""

    jitter_ms: float = 1.0
    late_ms: float = 0.1
    loss: float = 0.001


@dataclass(frozen=True, slots=True)
class PooledMinute:
    """A minute of all targets, packed, as if it began at second 0."""

    columns: tuple[Column, ...]
    parts: tuple[Sorted, ...]
    ticks: tuple[int, int]
    rollup: bytes


def pool(size: int, noise: Noise, targets: Sequence[Target] = SIX, seed: int = 1) -> list[PooledMinute]:
    rng = random.Random(seed)
    number = {target: place for place, target in enumerate(targets, 1)}.__getitem__
    return [_minute(rng, noise, targets, number) for _ in range(size)]


def _minute(rng: random.Random, noise: Noise, targets: Sequence[Target], number: object) -> PooledMinute:
    samples = [
        _sample(rng, noise, target, second + place / len(targets))
        for second in range(60)
        for place, target in enumerate(targets)
    ]
    batch = codec.unpack(codec.encode_samples(samples, number)["samples"])  # type: ignore[arg-type]
    parts, ticks = tuple(rollups.sort_out(batch)), codec.ticks_of(batch)
    return PooledMinute(batch.columns, parts, (ticks[0], ticks[-1]), rollups.rollup_of(batch, parts, ticks))


def _sample(rng: random.Random, noise: Noise, target: Target, at_s: float) -> Sample:
    sent = START + quantise_time(round((at_s + abs(rng.gauss(0, noise.late_ms)) / 1000) * SECOND))
    if rng.random() < noise.loss:
        return Sample(target, sent, sent - OFFSET, Outcome.LOST)
    jitter = noise.jitter_ms * rng.lognormvariate(-SIGMA * SIGMA / 2, SIGMA)
    rtt = quantise_rtt(round((BASE_MS[target.role] + jitter) * MILLISECOND))
    return Sample(target, sent, sent - OFFSET, Outcome.OK, rtt)


class BulkWriter(Writer):
    """A writer that takes packed minutes, and does not wait for the disk."""

    def begin(self, targets: Sequence[Target] = SIX) -> None:
        with self._transaction():
            for target in targets:
                self._register(target, START)

    def add_hours(
        self, line: str, minutes: Sequence[PooledMinute], first_hour: int, count: int, seed: int = 1
    ) -> None:
        """So many hours from ``first_hour`` after ``START`` on."""
        rng = random.Random(f"{seed}/{first_hour}")
        for hour in range(first_hour, first_hour + count):
            drawn = rng.sample(minutes, 60)
            with self._transaction():
                for place, minute in enumerate(drawn):
                    self._add(line, START + hour * HOUR_NS + place * MINUTE, minute)
        self._keep_head(START + (first_hour + count) * HOUR_NS)

    def _add(self, line: str, start_ns: int, minute: PooledMinute) -> None:
        hour = start_ns // HOUR_NS
        if self._hour is not None and hour != self._hour:
            self._close_hour(self._hour, hour, start_ns)
        self._hour = hour
        batch = Batch(start_ns // SECOND, OFFSET, minute.columns)
        fields = {"samples": codec.pack(batch), "line": line.encode(), "rollup": minute.rollup}
        first, last = (start_ns + ticks * codec.TICK_NS for ticks in minute.ticks)
        self._insert(chain.SAMPLES, first, last, fields)
        self._stretches.setdefault(line, Stretch.empty()).add(minute.parts, first, last)


def make(path: Path, line: str, days: int, noise: Noise | None = None, seed: int = 1) -> int:
    """A journal of so many days of six targets at 1 Hz; returns how many samples it has."""
    minutes = pool(600, noise or Noise(), seed=seed)
    writer = BulkWriter(path)
    try:
        writer.begin()
        writer.add_hours(line, minutes, 0, 24 * days, seed)
        writer.sign(START + 24 * days * HOUR_NS)
    finally:
        writer.close()
    return 24 * days * 60 * 60 * len(SIX)
