"""What the computer's own cable can show of a promised speed: beyond that, no measurement speaks against the line.

A cable's rate is that of its frames; what TCP carries over it is less (``validity.PAYLOAD_SHARE``). A rate that nearly
fills the cable only says that the line is at least as fast.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.campaigns.model import Promise, Promised
from diagnostics.campaigns.rules import Criterion, Rules
from diagnostics.model import Remark
from diagnostics.throughput.model import Direction, Medium, SpeedResult
from diagnostics.throughput.rules import default_rules
from diagnostics.throughput.validity import PAYLOAD_SHARE


@dataclass(frozen=True, slots=True)
class Need:
    """The payload rate in bits a second that a criterion asks for in one direction."""

    criterion: Criterion
    direction: Direction
    bps: int


def carries_bps(speed_bps: int) -> int:
    """What TCP can carry over a cable of that rate, in payload bits a second."""
    return round(PAYLOAD_SHARE * speed_bps)


def needed_bps(criterion: Criterion, promise: int) -> int:
    """What a measurement has to reach to meet the criterion."""
    return -(-promise * criterion.of_promise_percent // 100)


def needs(rules: Rules, promised: Promised) -> tuple[Need, ...]:
    """What the criteria ask for, wherever a rate was promised."""
    return tuple(
        Need(criterion, direction, needed_bps(criterion, promise))
        for criterion in rules.criteria
        for direction in criterion.directions
        if (promise := promised.rate(criterion.promise, direction)) is not None
    )


def beyond(rules: Rules, promised: Promised, speed_bps: int) -> tuple[Need, ...]:
    """What a cable of that rate cannot show."""
    return tuple(need for need in needs(rules, promised) if need.bps > carries_bps(speed_bps))


def shows_nothing(rules: Rules, promised: Promised, speed_bps: int) -> Remark | None:
    """Says that nothing of what was promised could be judged over that cable; None when something could."""
    wanted = needs(rules, promised)
    delay = promised.delay_ms is not None and any(one.promise is Promise.DELAY for one in rules.criteria)
    if not wanted or delay or len(beyond(rules, promised, speed_bps)) < len(wanted):
        return None
    least = min(need.bps for need in wanted)
    return Remark.of(
        "campaign_link_slow", speed_bps=speed_bps, rate_bps=carries_bps(speed_bps), best_bps=least
    )


def slowest_bps(results: Iterable[SpeedResult]) -> int | None:
    """The rate of the slowest cable that was used; None where no rate is known."""
    known = [rate for result in results if (rate := _rate(result.circumstances.medium)) is not None]
    return min(known, default=None)


def filled(result: SpeedResult, direction: Direction) -> bool:
    """Whether the measured rate nearly filled the cable, which then may have been what limited it."""
    flow, rate = result.flow(direction), _rate(result.circumstances.medium)
    if flow is None or flow.bps is None or rate is None:
        return False
    return flow.bps >= default_rules().link_share * carries_bps(rate)


def _rate(medium: Medium) -> int | None:
    return medium.speed_bps or None if medium.kind == "ethernet" else None
