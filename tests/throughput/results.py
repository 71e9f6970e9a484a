"""Made-up results of measurements for tests: nothing wrong with them but what a test asks for."""

from __future__ import annotations

from dataclasses import replace

from diagnostics.model import MILLISECOND, SECOND
from diagnostics.throughput.model import (
    CURVE_NS,
    Circumstances,
    Counted,
    DelayMethod,
    Delays,
    Direction,
    Ended,
    Flow,
    Medium,
    OtherTraffic,
    Server,
    SpeedResult,
)
from diagnostics.throughput.rules import default_rules

AT_NS = 1_795_000_000 * SECOND


def steady(direction: Direction, bps: int = 300_000_000, seconds: int = 4, ramp_ns: int = SECOND) -> Flow:
    """A flow of one rate from its first moment on."""
    step = bps * CURVE_NS // (8 * SECOND)
    curve = (step,) * (seconds * 10)
    counted = Counted.RECEIVED if direction is Direction.DOWN else Counted.ACKNOWLEDGED
    return Flow(
        direction, bps, counted, sum(curve), 0, seconds * SECOND, ramp_ns, Ended.STEADY, 4, 0.004, curve,
        engine_share=0.3,
    )  # fmt: skip


def delays(median_ms: float) -> Delays:
    return Delays(DelayMethod.ICMP, 40, 0, median_ms - 1, median_ms, median_ms + 2)


QUIET = OtherTraffic(0, 0)
CLEAN = SpeedResult(
    id="a1",
    at_ns=AT_NS,
    provider="http",
    server=Server("http://speed.example.net/", "example", 8.0, "192.0.2.1", 4),
    down=steady(Direction.DOWN),
    up=steady(Direction.UP, 100_000_000),
    idle=delays(8),
    loaded_down=delays(20),
    loaded_up=delays(30),
    circumstances=Circumstances(
        medium=Medium("ethernet", "eth0", 1_000_000_000, "full"),
        down=QUIET,
        up=QUIET,
        cpu_share=0.2,
        line_id="0123456789ab",
        line_home=True,
        clock_synchronised=True,
        clock_error_ms=20.0,
        metered=False,
    ),
    bytes=200_000_000,
    indicative=False,
    version=default_rules().version,
)
"""A result that may speak for the line."""

WINDOW_NS = 3 * SECOND
TENTH = 100 * MILLISECOND


def around(result: SpeedResult, **changes: object) -> SpeedResult:
    """The result in other circumstances."""
    return replace(result, circumstances=replace(result.circumstances, **changes))  # type: ignore[arg-type]  # a test's own
