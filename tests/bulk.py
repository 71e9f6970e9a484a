"""Journals of months and years, made quickly: packed minutes are drawn from a pool and chained by the real writer.

No minute of the pool comes twice within an hour, so that nothing repeats within what is compressed together.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from diagnostics.journal import codec, rollups
from diagnostics.journal.codec import Batch, Column
from diagnostics.journal.hours import HOUR_NS
from diagnostics.journal.minutes import PackedMinute
from diagnostics.journal.rollups import Sorted
from diagnostics.journal.writer import Writer
from diagnostics.model import (
    MILLISECOND,
    MINUTE,
    SECOND,
    Outcome,
    Role,
    Sample,
    Span,
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


def hours_of(
    line: str, minutes: Sequence[PooledMinute], first_hour: int, count: int, seed: int = 1
) -> Iterator[PackedMinute]:
    """So many hours from ``first_hour`` after ``START`` on."""
    rng = random.Random(f"{seed}/{first_hour}")
    for hour in range(first_hour, first_hour + count):
        for place, minute in enumerate(rng.sample(minutes, 60)):
            yield _placed(line, START + hour * HOUR_NS + place * MINUTE, minute)


def _placed(line: str, start_ns: int, minute: PooledMinute) -> PackedMinute:
    batch = Batch(start_ns // SECOND, OFFSET, minute.columns)
    fields = {"samples": codec.pack(batch), "line": line.encode(), "rollup": minute.rollup}
    first, last = (start_ns + ticks * codec.TICK_NS for ticks in minute.ticks)
    return PackedMinute(line, Span(first, last), fields, minute.parts)


def make(path: Path, line: str, days: int, noise: Noise | None = None, seed: int = 1) -> int:
    """A journal of so many days of six targets at 1 Hz; returns how many samples it has."""
    minutes = pool(600, noise or Noise(), seed=seed)
    with closing(Writer(path)) as writer:
        writer.name_targets(SIX, START)
        for day in range(days):
            writer.add(hours_of(line, minutes, 24 * day, 24, seed))
        writer.sign(START + 24 * days * HOUR_NS)
    return 24 * days * 60 * 60 * len(SIX)
