"""One measurement from beginning to end: choose a server, look around, idle round trips, both directions, a judgement.

Bytes are moved by other processes (``Provider.flow``); what runs here only watches. Whatever a server does, there is a
result or a SpeedFailed within seconds; what was measured before somebody said stop is kept.
"""

from __future__ import annotations

import hashlib
import ipaddress
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from diagnostics.box.adapter import Box
from diagnostics.clock import Clock
from diagnostics.links.route import RouteState
from diagnostics.model import SECOND, Remark
from diagnostics.throughput import surroundings
from diagnostics.throughput.choose import rank
from diagnostics.throughput.model import (
    Circumstances,
    Delays,
    Direction,
    Ended,
    Flow,
    FlowOrder,
    OtherTraffic,
    Server,
    SpeedFailed,
    SpeedResult,
    Tick,
    Way,
)
from diagnostics.throughput.providers import Provider
from diagnostics.throughput.round_trips import RoundTrips
from diagnostics.throughput.rules import SpeedRules
from diagnostics.throughput.validity import judge
from diagnostics.throughput.watch import TrafficWatch

BOTH = (Direction.DOWN, Direction.UP)
PAUSE_S = 0.7
"""Between the directions: the queues run empty."""
MOST_SERVERS = 3
"""So many are tried before it is given up."""


class Phase(StrEnum):
    IDLE = "idle"
    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class ServerTaken:
    """Said when a server was chosen."""

    server: Server


@dataclass(frozen=True, slots=True)
class ServerLeft:
    """Said when a server could not be used, and another one is tried."""

    server: Server
    why: Remark


Step = ServerTaken | ServerLeft | Phase | Tick
Say = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Orders:
    """What to measure, and what it may cost. ``family`` as in ``Way``; ``longest_ns`` holds for each direction."""

    servers: tuple[str, ...]
    directions: tuple[Direction, ...] = BOTH
    family: int = 0
    streams: int | None = None
    longest_ns: int | None = None
    most_bytes: int | None = None
    campaign: str = ""
    scheduled: bool = False
    label_indicative: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a measurement, injected. ``find_box`` gets gateway and interface, and may block for seconds."""

    clock: Clock
    route: RouteState
    journal: Path | None
    find_box: Callable[[str, str], Box | None]
    sources: surroundings.Sources = surroundings.SYSTEM


def measure(
    provider: Provider, orders: Orders, around: Around, rules: SpeedRules, say: Say, stop: threading.Event
) -> SpeedResult:
    """One measurement. Raises SpeedFailed when nothing came of it, BadInput for a server that cannot be read.

    Stopped before anything was measured, it raises SpeedFailed("speed_stopped_early").
    """
    beneath = Way(around.route.interface if around.route.tunnel else "", orders.family)
    candidates = rank(provider, provider.servers(orders.servers, beneath), beneath)
    box = _BoxSearch(around, wanted=any(not _is_loopback(server.address) for server in candidates))
    left: list[ServerLeft] = []
    spent = 0
    tried = candidates[:MOST_SERVERS]
    for server in tried:
        if stop.is_set():
            break
        attempt = _Attempt(provider, server, orders, around, rules, say, stop, spent)
        try:
            result = attempt.run(box)
        except SpeedFailed as failed:
            left.append(ServerLeft(server, failed.remark))
            if len(left) < len(tried):
                say(left[-1])
            spent = attempt.spent
            continue
        return _judged(result, provider, left, orders, rules)
    if stop.is_set():
        raise SpeedFailed("speed_stopped_early")
    raise SpeedFailed(left[-1].why.code, **dict(left[-1].why.values))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


class _BoxSearch:
    """Looks for the box while other things are done; it may take seven seconds."""

    def __init__(self, around: Around, *, wanted: bool) -> None:
        self._found: Box | None = None
        self._around = around
        self._thread = threading.Thread(target=self._look, name="box search", daemon=True)
        if wanted and around.route.gateway:
            self._thread.start()

    def _look(self) -> None:
        route = self._around.route
        self._found = self._around.find_box(route.gateway, route.interface if route.tunnel else "")

    @property
    def found(self) -> Box | None:
        return self._found


class _Attempt:
    """The measurement against one server. ``spent`` is what it cost, in payload bytes, also when it failed."""

    def __init__(
        self,
        provider: Provider,
        server: Server,
        orders: Orders,
        around: Around,
        rules: SpeedRules,
        say: Say,
        stop: threading.Event,
        spent: int,
    ) -> None:
        self._provider, self._server, self._orders = provider, server, orders
        self._around, self._rules, self._say, self._stop = around, rules, say, stop
        self.spent = spent

    def run(self, box: _BoxSearch) -> SpeedResult:
        """Raises SpeedFailed when nothing was measured."""
        around, orders = self._around, self._orders
        began = around.clock.read()
        way = surroundings.way_for(self._server.address, around.route, orders.family, around.sources)
        if not way.family and self._server.family:
            way = replace(way, family=self._server.family)
        server = self._provider.greet(self._server, way)
        self._say(ServerTaken(server))
        circumstances = surroundings.look(server.address, way, around.route, around.journal, around.sources)
        with RoundTrips(self._provider.place(server), way, around.clock) as trips:
            self._say(Phase.IDLE)
            idle_from = around.clock.mono_ns()
            self._stop.wait(self._rules.idle_s)
            idle_until = around.clock.mono_ns()
            with_box = None if circumstances.at_home or circumstances.loopback else box.found
            watch = TrafficWatch(circumstances.medium.interface, family=way.family or 4, box=with_box)
            watch.start()
            try:
                flows = {flow.direction: flow for flow in self._flows(server, way)}
                if self._stop.is_set():
                    trips.close()  # nobody waits for answers any more
                idle = trips.between(idle_from, idle_until)
                loaded = {
                    direction: delays
                    for direction, flow in flows.items()
                    if (delays := trips.between(flow.counted_from_mono_ns, flow.end_mono_ns)).sent
                }
                circumstances = self._completed(circumstances, watch, flows)
            finally:
                watch.close()
            self.spent += trips.bytes
        took_ns = around.clock.mono_ns() - began.mono_ns
        return self._result(began.wall_ns, took_ns, server, flows, idle, loaded, circumstances)

    def _flows(self, server: Server, way: Way) -> Iterator[Flow]:
        left = len(self._orders.directions)
        for direction in self._orders.directions:
            first = left == len(self._orders.directions)
            if self._stop.is_set() or (not first and self._stop.wait(PAUSE_S)):
                return
            self._say(Phase(direction))
            flow = self._provider.flow(server, self._order(direction, way, left), self._say, self._stop)
            self.spent += flow.bytes
            if flow.ended is Ended.FAILED and flow.bps is None and first and flow.failure is not None:
                raise SpeedFailed(flow.failure.code, **dict(flow.failure.values))
            yield flow
            left -= 1

    def _order(self, direction: Direction, way: Way, left: int) -> FlowOrder:
        """What one direction may take; ``left`` of them share what is left of the data limit."""
        orders, rules = self._orders, self._rules
        most = None if orders.most_bytes is None else max(1, (orders.most_bytes - self.spent) // left)
        return FlowOrder(
            direction,
            way,
            orders.streams or rules.streams,
            orders.longest_ns or round(rules.longest_s * SECOND),
            most,
        )

    def _completed(
        self, circumstances: Circumstances, watch: TrafficWatch, flows: dict[Direction, Flow]
    ) -> Circumstances:
        seen = {direction: watch.other(flow) for direction, flow in flows.items() if flow.duration_ns}
        if circumstances.loopback:  # its counters count everything both ways
            seen = {way: OtherTraffic(other.machine_bps, other.home_bps) for way, other in seen.items()}
        return replace(
            circumstances,
            down=seen.get(Direction.DOWN, circumstances.down),
            up=seen.get(Direction.UP, circumstances.up),
            cpu_share=watch.cpu_share([flow for flow in flows.values() if flow.duration_ns]),
        )

    def _result(
        self,
        at_ns: int,
        took_ns: int,
        server: Server,
        flows: dict[Direction, Flow],
        idle: Delays,
        loaded: dict[Direction, Delays],
        circumstances: Circumstances,
    ) -> SpeedResult:
        if not any(flow.bytes for flow in flows.values()):
            failures = [flow.failure for flow in flows.values() if flow.failure is not None]
            raise (
                SpeedFailed(failures[0].code, **dict(failures[0].values))
                if failures
                else SpeedFailed("speed_stopped_early")
            )
        orders = self._orders
        known = [ms for ms in (server.distance_ms, idle.min_ms) if ms is not None]
        server = replace(server, distance_ms=min(known, default=None))
        name = f"{circumstances.line_id}|{self._provider.id}|{server.url}|{at_ns}"
        return SpeedResult(
            id=hashlib.sha256(name.encode()).hexdigest()[:12],
            at_ns=at_ns,
            provider=self._provider.id,
            server=server,
            down=flows.get(Direction.DOWN),
            up=flows.get(Direction.UP),
            idle=idle if idle.sent else None,
            loaded_down=loaded.get(Direction.DOWN),
            loaded_up=loaded.get(Direction.UP),
            circumstances=circumstances,
            bytes=self.spent,
            indicative=True,
            campaign=orders.campaign,
            scheduled=orders.scheduled,
            cancelled=self._stop.is_set(),
            version=self._rules.version,
            duration_ns=took_ns,
        )


def _judged(
    result: SpeedResult, provider: Provider, left: Sequence[ServerLeft], orders: Orders, rules: SpeedRules
) -> SpeedResult:
    indicative, notes = judge(result, rules, label_indicative=orders.label_indicative)
    replaced = tuple(
        Remark.of("speed_server_replaced", server=entry.server.url, why=entry.why.code) for entry in left
    )
    return replace(result, indicative=indicative, notes=(*notes, *provider.weaknesses, *replaced))
