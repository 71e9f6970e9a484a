"""Recordings made up for tests: a line on which things happen at known times."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from diagnostics.journal import rollups
from diagnostics.journal.blocks import Block, TargetColumn
from diagnostics.model import (
    MILLISECOND,
    SECOND,
    Line,
    Outcome,
    Protocol,
    Role,
    Sample,
    Span,
    Target,
    quantise_rtt,
    quantise_time,
)

T0 = 1_795_000_020 * SECOND
"""A whole minute in November 2026."""
OFFSET = T0 - 500 * SECOND
LINE = Line("aaaabbbbcccc", "192.168.1.1", "02:00:00:00:00:01", "eth0", home=True)
GATEWAY = Target(Role.GATEWAY, Protocol.ICMP, "192.168.1.1", 4)
HOP = Target(Role.FIRST_HOP, Protocol.ICMP, "100.64.7.1", 4)
ANCHORS = tuple(Target(Role.ANCHOR, Protocol.ICMP, f"203.0.113.{n}", 4, f"AS{n}") for n in (11, 22, 33, 44))
SYSTEM = Target(Role.SYSTEM_RESOLVER, Protocol.DNS, "system")
RESOLVER = Target(Role.RESOLVER, Protocol.DNS, "203.0.113.53")
WEB = Target(Role.WEB, Protocol.HTTP, "http://203.0.113.80/generate_204")
RTT_MS = {Role.GATEWAY: 0.5, Role.FIRST_HOP: 6.0, Role.ANCHOR: 10.0, Role.WEB: 20.0}

Fate = tuple[Outcome, float | None]
"""An outcome, and the time in ms added to the usual one (None: no answer)."""
GOOD: Fate = (Outcome.OK, 0.0)
LOST: Fate = (Outcome.LOST, None)
World = Callable[[Target, float], Fate]
"""What becomes of a try at a target, so many seconds after T0."""


def between(start_s: float, end_s: float, roles: Iterable[Role], fate: Fate = LOST) -> World:
    """From ``start_s`` to ``end_s`` every try at these roles has this fate; all else is well."""
    chosen = frozenset(roles)
    return lambda target, at_s: fate if start_s <= at_s < end_s and target.role in chosen else GOOD


BEYOND_BOX = (Role.FIRST_HOP, Role.ANCHOR, Role.SYSTEM_RESOLVER, Role.RESOLVER, Role.WEB)
BEYOND_HOP = (Role.ANCHOR, Role.SYSTEM_RESOLVER, Role.RESOLVER, Role.WEB)
EVERYTHING = (Role.GATEWAY, *BEYOND_BOX)


def samples(
    world: World,
    seconds: int,
    *,
    targets: Sequence[Target] = (GATEWAY, HOP, *ANCHORS),
    seed: int = 1,
    noise: float = 0.0,
    start_s: int = 0,
    offset_ns: int = OFFSET,
) -> Iterator[Sample]:
    """Tries once a second at each target, DNS every 5 and 10 s, the web every 5 s, in order of sending."""
    rng = random.Random(seed)
    plan = [(i / len(targets), target, 1) for i, target in enumerate(targets)]
    plan += [(0.05, SYSTEM, 5), (0.07, RESOLVER, 5), (0.09, WEB, 5)]
    plan.sort(key=lambda entry: entry[0])
    for second in range(start_s, start_s + seconds):
        for phase, target, every in plan:
            if second % every:
                continue
            at_s = second + phase + rng.random() * 0.0009
            sent = quantise_time(T0 + round(at_s * SECOND))
            outcome, extra = world(target, at_s)
            if noise and outcome is Outcome.OK and rng.random() < noise:
                outcome, extra = LOST
            rtt = None
            if extra is not None:
                usual = RTT_MS.get(target.role, 5.0)
                rtt = quantise_rtt(round((usual * rng.lognormvariate(0, 0.05) + extra) * MILLISECOND))
            yield Sample(target, sent, sent - offset_ns, outcome, rtt)


@dataclass(frozen=True)
class MadeBlock:
    """A block as the journal's reader gives them."""

    line: Line
    span: Span
    rollups: rollups.Rollups
    samples: tuple[Sample, ...]

    @property
    def columns(self) -> tuple[TargetColumn, ...]:
        return self._read.columns

    @property
    def offset_ns(self) -> int:
        return self._read.offset_ns

    @property
    def _read(self) -> Block:
        return Block(0, self.line, self.span, {}, staged=self.samples)


def blocks(stream: Iterable[Sample], line: Line = LINE, size_s: int = 60) -> list[MadeBlock]:
    """Cut a stream into blocks on a grid of ``size_s`` of wall time."""
    groups: dict[int, list[Sample]] = {}
    for sample in stream:
        groups.setdefault(sample.sent_ns // (size_s * SECOND), []).append(sample)
    return [
        MadeBlock(line, Span(group[0].sent_ns, group[-1].sent_ns), rollups.roll_up(group), tuple(group))
        for group in groups.values()
    ]
