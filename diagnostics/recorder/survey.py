"""One look at every layer, in a few seconds: what ``check`` judges."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from diagnostics.clock import Clock
from diagnostics.config import Config
from diagnostics.links.route import RouteReader, RouteState
from diagnostics.model import SECOND, Protocol, Role, Sample, Target
from diagnostics.probes.dns import DirectDns, SystemDns
from diagnostics.probes.ping import Pinger
from diagnostics.probes.route import HopAnswer, find_first_hop
from diagnostics.probes.web import WebCheck
from diagnostics.recorder.lines import gateway_of
from diagnostics.recorder.schedule import Schedule

PERIOD_NS = SECOND // 4
ROUNDS_NS = 5 * SECOND
CHECK_LIMIT_S = 8.0


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen. ``samples`` are in order of sending; ``hop`` is the first hop that answers, or None."""

    route: RouteState
    gateway: str
    hop: str | None
    samples: tuple[Sample, ...]
    method: str


def look(
    config: Config, clock: Clock, pinger: Pinger, routes: RouteReader, remembered_hop: str | None
) -> Survey:
    """Try everything for about seven seconds, twelve at most.

    ``remembered_hop`` is the first hop that an earlier recording knew: during a cut it cannot be found anew.
    """
    route = routes.read()
    gateway = config.gateway if config.gateway != "auto" else gateway_of(route)
    checks = _Checks(config, clock)
    anchors = _anchors(config, route, pinger)
    hop = _find_hop(anchors, gateway, clock) or remembered_hop
    samples = _ping(_targets(anchors, gateway, hop, pinger), clock, pinger)
    answered_hop = hop and any(s.target.role is Role.FIRST_HOP and s.outcome.answered for s in samples)
    samples += checks.results()
    samples.sort(key=lambda sample: sample.sent_ns)
    return Survey(
        routes.read(),
        gateway,
        hop if answered_hop or hop == remembered_hop else None,
        tuple(samples),
        pinger.method,
    )


def _anchors(config: Config, route: RouteState, pinger: Pinger) -> list[Target]:
    protocol = Protocol.TCP if pinger.method == "tcp" else Protocol.ICMP
    anchors = (*config.anchors, *(config.anchors6 if route.gateway6 else ()))
    return [replace(anchor, protocol=protocol) for anchor in anchors]


def _find_hop(anchors: Sequence[Target], gateway: str, clock: Clock) -> str | None:
    family = 6 if ":" in gateway else 4
    destinations = [anchor.address for anchor in anchors if anchor.family == family]
    if not gateway or not destinations:
        return None
    answer: HopAnswer = find_first_hop(destinations, gateway=gateway, clock=clock, family=family)
    return answer.address if answer.echoes else None


def _targets(anchors: Sequence[Target], gateway: str, hop: str | None, pinger: Pinger) -> list[Target]:
    protocol = Protocol.TCP if pinger.method == "tcp" else Protocol.ICMP
    near = [
        Target(role, protocol, address, 6 if ":" in address else 4)
        for role, address in ((Role.GATEWAY, gateway), (Role.FIRST_HOP, hop))
        if address
    ]
    return [*near, *anchors]


def _ping(targets: Sequence[Target], clock: Clock, pinger: Pinger) -> list[Sample]:
    schedule = Schedule(targets, clock.mono_ns(), PERIOD_NS)
    samples: dict[tuple[str, int], Sample] = {}
    end = clock.mono_ns() + ROUNDS_NS
    # The last second only waits for answers.
    while (now := clock.mono_ns()) < end + SECOND:
        if now < end:
            for target in schedule.due(now):
                pinger.send(target)
        for sample in pinger.collect():
            samples[(sample.target.id, sample.sent_ns)] = sample
        next_ns = schedule.next_ns if now < end else now + SECOND // 20
        time.sleep(max(0, min(next_ns or end, end + SECOND) - clock.mono_ns()) / SECOND)
    for sample in pinger.collect():
        samples[(sample.target.id, sample.sent_ns)] = sample
    return list(samples.values())


class _Checks:
    """The slow checks, each once in a thread, while the pings go on."""

    def __init__(self, config: Config, clock: Clock) -> None:
        runs: list[Callable[[], Sample]] = [
            SystemDns(Target(Role.SYSTEM_RESOLVER, Protocol.DNS, "system"), config.names, clock).run,
            *(DirectDns(target, config.names, clock).run for target in config.resolvers),
            WebCheck(config.web_target, clock).run,
        ]
        self._results: list[Sample] = []
        self._threads = [threading.Thread(target=self._run, args=(run,), daemon=True) for run in runs]
        for thread in self._threads:
            thread.start()

    def _run(self, run: Callable[[], Sample]) -> None:
        self._results.append(run())

    def results(self) -> list[Sample]:
        deadline = time.monotonic() + CHECK_LIMIT_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return list(self._results)
