"""The made-up speed measurements: two a day, and a series that judges them; below what was promised in the evening."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from diagnostics.campaigns import record as campaign_record
from diagnostics.campaigns.model import Campaign, Due, Promised, Rates
from diagnostics.campaigns.plan import next_due
from diagnostics.campaigns.rules import load_rules
from diagnostics.model import MINUTE, SECOND, Event, EventKind
from diagnostics.throughput import choice as choices
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
from diagnostics.throughput.record import to_event
from diagnostics.throughput.rules import default_rules
from diagnostics.throughput.terms import load_terms
from diagnostics.witnesses import Origin, Step, Traffic
from diagnostics.witnesses import to_event as said
from jalerte_desktop.demo.script import DAY, HOUR, SEED, Script, What
from jalerte_desktop.demo.world import CABLE

DOWN_BPS, UP_BPS = 500_000_000, 250_000_000
"""What the contract promises at most."""
PROMISED = Promised(Rates(DOWN_BPS, 400_000_000, 200_000_000), Rates(UP_BPS, 200_000_000, 100_000_000))
PROVIDER = "http"
SERVER = Server("http://speed.example/", "Exemple", 8.9, "203.0.113.80", 4)
CAMPAIGN = "demo00000000"
RULES = "free"
_CAMPAIGN_BACK = 11
_TOOK_NS = 19 * SECOND
_FLOW_S = 8


def events(script: Script) -> list[Event]:
    """The choice, the measurements and the series, in the order of time."""
    chance = random.Random(f"{SEED} speeds")
    terms = load_terms()[PROVIDER].version
    choice = choices.Choice(PROVIDER, (SERVER.url,), terms, 2, 50_000_000_000)
    start = script.span.start_ns
    results = [_result(script, at, chance) for at in _moments(script, chance) if not _hindered(script, at)]
    campaign = [*_campaign(script, chance)]
    results += [one for one in campaign if isinstance(one, SpeedResult)]
    told = [choices.to_event(choice, start + 5 * MINUTE)]
    told += [one for one in campaign if isinstance(one, Event)]
    for result in results:
        told += [to_event(result), *_carried(result)]
    return sorted(told, key=lambda event: event.at_ns)


def _moments(script: Script, chance: random.Random) -> Iterator[int]:
    """One in the morning or afternoon, one in the evening."""
    for back in range(script.span.end_ns // DAY - script.span.start_ns // DAY, -1, -1):
        for hour, hours in ((13, 5), (20, 2)):
            at = script.at(back, hour) + chance.randrange(hours * HOUR // SECOND) * SECOND
            if script.span.start_ns + HOUR < at < script.span.end_ns - HOUR:
                yield at


def _campaign(script: Script, chance: random.Random) -> Iterator[Event | SpeedResult]:
    """A series by the program's own rules, followed as its plan says."""
    rules, begun_ns = load_rules(RULES), script.at(_CAMPAIGN_BACK, 8, 5)
    if begun_ns < script.span.start_ns + HOUR:
        return
    begun = Campaign(
        CAMPAIGN,
        rules.id,
        rules.version,
        PROVIDER,
        begun_ns,
        servers=(SERVER.url,),
        line=CABLE.id,
        promised=PROMISED,
        confirmed=rules.statements,
    )
    yield Event(EventKind.CAMPAIGN, begun_ns, campaign_record.started(begun))
    made: list[SpeedResult] = []
    now = begun_ns
    while now < script.span.end_ns - HOUR:
        following = next_due(rules, begun, made, now, script.zone)
        if not isinstance(following, Due):
            return
        now = max(now, following.at_ns)
        if _hindered(script, now):
            now += 5 * MINUTE
            continue
        made.append(replace(_result(script, now, chance), campaign=CAMPAIGN))
        yield made[-1]
        now += MINUTE


def _hindered(script: Script, at_ns: int) -> bool:
    """Nothing is measured while the line is down, used by Wi-Fi, or filled."""
    near = MINUTE * 3
    troubles = [one.span for one in script.troubles if one.what is not What.CROWDED]
    return any(one.start_ns - near < at_ns < one.end_ns + near for one in (*troubles, *script.wifi))


def _result(script: Script, at_ns: int, chance: random.Random) -> SpeedResult:
    crowded = any(one.span.start_ns <= at_ns < one.span.end_ns for one in script.of(What.CROWDED))
    busy = script.at(0, 19) % DAY <= at_ns % DAY <= script.at(0, 23) % DAY
    share = chance.uniform(0.2, 0.36) if crowded else chance.uniform(0.42, 0.7) if busy else 0.86
    down = round(DOWN_BPS * share * chance.uniform(0.97, 1.04))
    up = round(UP_BPS * min(1.0, share * 1.15) * chance.uniform(0.9, 0.96))
    idle = 8.9 + (70 if crowded else 0)
    flows = (_flow(Direction.DOWN, down, chance), _flow(Direction.UP, up, chance))
    quiet = OtherTraffic(40_000, 0, 20_000, 0)
    return SpeedResult(
        id=f"demo{at_ns // SECOND:x}",
        at_ns=at_ns,
        provider=PROVIDER,
        server=SERVER,
        down=flows[0],
        up=flows[1],
        idle=_delays(idle, chance),
        loaded_down=_delays(idle + chance.uniform(14, 40), chance),
        loaded_up=_delays(idle + chance.uniform(20, 60), chance),
        circumstances=Circumstances(
            medium=Medium("ethernet", CABLE.interface, 1_000_000_000, "full"),
            down=quiet,
            up=quiet,
            cpu_share=round(chance.uniform(0.1, 0.3), 2),
            line_id=CABLE.id,
            line_home=True,
            clock_synchronised=True,
            clock_error_ms=14.0,
            metered=False,
        ),
        bytes=sum(flow.bytes for flow in flows),
        indicative=False,
        scheduled=True,
        version=default_rules().version,
        duration_ns=_TOOK_NS,
    )


def _flow(direction: Direction, bps: int, chance: random.Random) -> Flow:
    step = bps * CURVE_NS // (8 * SECOND)
    steps = _FLOW_S * SECOND // CURVE_NS
    curve = tuple(
        round(step * min(1.0, 0.15 + number / 9) * chance.uniform(0.96, 1.04)) for number in range(steps)
    )
    counted = Counted.RECEIVED if direction is Direction.DOWN else Counted.ACKNOWLEDGED
    return Flow(
        direction,
        bps,
        counted,
        sum(curve),
        SECOND,
        _FLOW_S * SECOND,
        SECOND,
        Ended.STEADY,
        4,
        0.008,
        curve,
        engine_share=0.3,
    )


def _delays(median_ms: float, chance: random.Random) -> Delays:
    median = round(median_ms * chance.uniform(0.95, 1.05), 2)
    return Delays(DelayMethod.TCP, 40, 0, round(median - 0.8, 2), median, round(median * 1.3, 2))


def _carried(result: SpeedResult) -> Iterator[Event]:
    """What the counters saw of it."""
    assert result.down is not None
    assert result.up is not None
    length = _FLOW_S * SECOND
    steps = (
        Step(length, round((result.down.bps or 0) * 1.04), 6_000_000),
        Step(length, 4_000_000, round((result.up.bps or 0) * 1.04)),
    )
    for origin in (Origin.HOME, Origin.MACHINE):
        yield said(Traffic(origin, result.at_ns + SECOND, steps), result.at_ns + SECOND + 2 * length)
