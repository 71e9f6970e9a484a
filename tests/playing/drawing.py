"""Turns a scenario's draws into faults and expectations: the same seed, the same month."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

from tests.playing.faults import Fault
from tests.playing.scenario import Draw, Scenario, Unobserved

DAY_S = 86_400.0
LEAD_S = 600.0
"""Nothing happens in the first minutes: a line's usual state has to be learnt first."""
_TRIES = 50


def drawn(scenario: Scenario, seed: int, seconds: float | None = None) -> Scenario:
    """The scenario with its draws made, cut to ``seconds`` where given; itself when it has none.

    What is drawn first keeps its place: later draws keep their distance (``Draw.apart_s``) or are left out.
    """
    if not scenario.draws:
        return scenario
    length = min(scenario.seconds, seconds or scenario.seconds)
    rng = random.Random(f"{scenario.name} {seed}")
    placed: list[tuple[Fault, Draw]] = []
    for draw in scenario.draws:
        for day in range(math.ceil(length / DAY_S)):
            whole, rest = divmod(draw.per_day, 1)
            for _ in range(int(whole) + (rng.random() < rest)):
                fault = _place(draw, day, length, [fault for fault, _ in placed], rng)
                if fault is not None:
                    placed.append((fault, draw))
    placed.sort(key=lambda one: one[0].at_s)
    return replace(
        scenario,
        seconds=length,
        draws=(),
        faults=(*scenario.faults, *(fault for fault, _ in placed)),
        expects=(
            *scenario.expects,
            *(
                replace(draw.expect, start_s=fault.at_s, end_s=fault.end_s)
                for fault, draw in placed
                if draw.expect is not None
            ),
        ),
        unobserved=(
            *scenario.unobserved,
            *(
                Unobserved(fault.at_s, fault.end_s, draw.unobserved)
                for fault, draw in placed
                if draw.unobserved is not None
            ),
        ),
    )


def _place(draw: Draw, day: int, length: float, others: list[Fault], rng: random.Random) -> Fault | None:
    for _ in range(_TRIES):
        at = (day * 24 + rng.uniform(*draw.hours)) * 3600
        end = at + _between(draw.length_s, rng)
        free = all(end + draw.apart_s <= other.at_s or other.end_s + draw.apart_s <= at for other in others)
        if free and at >= LEAD_S and end + LEAD_S <= length:
            more: dict[str, Any] = {key: _between(ends, rng) for key, ends in draw.ranges.items()}
            return Fault(draw.what, round(at, 3), round(end, 3), **more)
    return None


def _between(ends: tuple[float, float], rng: random.Random) -> float:
    """Drawn evenly on a logarithmic scale: short ones are as likely as long ones."""
    low, high = ends
    return low if low == high else math.exp(rng.uniform(math.log(low), math.log(high)))
