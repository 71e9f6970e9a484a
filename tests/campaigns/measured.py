"""Made-up measurements, and a machine that follows a plan: what the campaigns' tests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from diagnostics.campaigns.model import Campaign, Due, Next, Promised, Rates, Zone
from diagnostics.campaigns.plan import next_due
from diagnostics.campaigns.rules import Rules, load_rules
from diagnostics.model import MINUTE, SECOND
from diagnostics.throughput.model import (
    Circumstances,
    Counted,
    DelayMethod,
    Delays,
    Direction,
    Ended,
    Flow,
    Medium,
    Server,
    SpeedResult,
)

PARIS = ZoneInfo("Europe/Paris")
LINE = "0123456789ab"
PROMISED = Promised(
    Rates(maximum=700_000_000, normal=500_000_000, minimum=300_000_000),
    Rates(maximum=400_000_000, normal=300_000_000, minimum=200_000_000),
    delay_ms=50,
)


def ns(text: str, zone: Zone = PARIS) -> int:
    """A local time such as ``2026-11-23 09:00`` in UTC ns."""
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * SECOND


def local(at_ns: int, zone: Zone = PARIS) -> datetime:
    return datetime.fromtimestamp(at_ns // SECOND, zone)


def campaign(rules: Rules, started_ns: int, **changes: object) -> Campaign:
    made = Campaign(
        "c0ffee00c0ffee", rules.id, rules.version, "http", started_ns, line=LINE, promised=PROMISED
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def flow(direction: Direction, bps: int | None, ended: Ended = Ended.STEADY) -> Flow:
    return Flow(direction, bps, Counted.RECEIVED, 100_000_000, 0, 8 * SECOND, SECOND, ended)


def good() -> Circumstances:
    return Circumstances(
        medium=Medium("ethernet", "eth0", 1_000_000_000, "full"),
        cpu_share=0.2,
        line_id=LINE,
        line_home=True,
    )


def measured(
    at_ns: int, down: Flow | int | None = 800_000_000, up: Flow | int | None = 450_000_000, **changes: object
) -> SpeedResult:
    """A measurement of the campaign under good circumstances."""
    result = SpeedResult(
        id=f"m{at_ns}",
        at_ns=at_ns,
        provider="http",
        server=Server("http://server.example/"),
        down=down if isinstance(down, Flow) else flow(Direction.DOWN, down),
        up=up if isinstance(up, Flow) else flow(Direction.UP, up),
        idle=Delays(DelayMethod.TCP, 10, 0, 9.0, 12.0, 20.0),
        loaded_down=None,
        loaded_up=None,
        circumstances=good(),
        bytes=200_000_000,
        indicative=False,
        campaign="c0ffee00c0ffee",
        scheduled=True,
    )
    return replace(result, **changes)  # type: ignore[arg-type]


def follow(
    rules: Rules,
    begun: Campaign,
    measure: Callable[[int], SpeedResult] = measured,
    *,
    awake: Callable[[int], bool] = lambda _at_ns: True,
    zone: Zone = PARIS,
    late_ns: int = 0,
    days: int = 40,
) -> tuple[list[SpeedResult], Next, int]:
    """Do as the plan says, looking every minute or when something is due: the measurements, the end, and its time.

    ``awake`` says whether the machine runs at a moment; ``late_ns`` is how long it waits for an idle line.
    """
    results: list[SpeedResult] = []
    now = begun.started_ns
    while now < begun.started_ns + days * 24 * 60 * MINUTE:
        if not awake(now):
            now += 10 * MINUTE
            continue
        following = next_due(rules, begun, results, now, zone)
        if not isinstance(following, Due):
            return results, following, now
        if following.at_ns > now:
            now = following.at_ns if awake(following.at_ns) else now + 10 * MINUTE
            continue
        results.append(measure(now + late_ns))
        now += late_ns + 40 * SECOND
    return results, following, now


def rules(name: str) -> Rules:
    return load_rules(name)
