"""One look at every layer, in a few seconds: what ``check`` judges."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from diagnostics.clock import Clock
from diagnostics.config import Config
from diagnostics.links.counters import Counters, difference, read_counters
from diagnostics.links.route import RouteReader, RouteState
from diagnostics.model import MILLISECOND, SECOND, Outcome, Protocol, Role, Sample, Target
from diagnostics.probes.binding import Binding
from diagnostics.probes.ping import Pinger
from diagnostics.probes.route import HopAnswer, find_first_hop
from diagnostics.probes.tcp_check import TcpCheck
from diagnostics.recorder.lines import gateway_of, tunnel_targets
from diagnostics.recorder.plans import make_plans
from diagnostics.recorder.schedule import Schedule
from diagnostics.witnesses import Step

PERIOD_NS = SECOND // 4
ROUNDS_NS = 5 * SECOND
CHECK_LIMIT_S = 8.0
AGAIN_NS = SECOND // 2
"""A resolver that took so long, or failed, is asked once more: a packet may be lost, a name far to fetch."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen. ``samples`` are in order of sending; ``hop`` is the first hop that answers, or None.

    ``tunnel`` names the tunnel that the samples went through, because nothing gets out beside it; empty as a rule.
    ``machine`` is what this computer's interface carried meanwhile; None where the system does not tell.
    """

    route: RouteState
    gateway: str
    hop: str | None
    samples: tuple[Sample, ...]
    method: str
    tunnel: str = ""
    machine: Step | None = None


def look(
    config: Config,
    clock: Clock,
    pinger: Pinger,
    routes: RouteReader,
    remembered_hop: str | None,
    binding: Binding,
) -> Survey:
    """Try everything for about seven seconds, twelve at most, and two more beneath a tunnel.

    ``remembered_hop`` is the first hop that an earlier recording knew: during a cut it cannot be found anew.
    ``binding`` is the pinger's.
    """
    route = routes.read()
    gateway = config.gateway if config.gateway != "auto" else gateway_of(route)
    anchors = _anchors(config, route, pinger)
    tunnel = _bind(binding, route, anchors, clock, pinger)
    meter = _Meter(route.interface, clock)
    checks = _Checks(config, anchors, clock, binding)
    hop = _find_hop(anchors, gateway, clock, binding) or remembered_hop
    through = () if tunnel else tunnel_targets(route, anchors)
    samples = _ping([*_targets(anchors, gateway, hop, pinger), *through], clock, pinger)
    answered_hop = hop and any(s.target.role is Role.FIRST_HOP and s.outcome.answered for s in samples)
    samples += checks.results()
    samples.sort(key=lambda sample: sample.sent_ns)
    return Survey(
        routes.read(),
        gateway,
        hop if answered_hop or hop == remembered_hop else None,
        tuple(samples),
        pinger.method,
        tunnel,
        meter.step(),
    )


def _bind(
    binding: Binding, route: RouteState, anchors: Sequence[Target], clock: Clock, pinger: Pinger
) -> str:
    """Keep to the physical interface beneath a tunnel, unless anchors answer through the tunnel alone: then it is
    named, since nothing can be said of the line.
    """
    if not route.tunnel:
        return ""
    if not route.interface or not binding.possible(route.interface):
        return route.tunnel
    for interface in (route.interface, ""):
        binding.interface = interface
        if _any_answers(anchors, clock, pinger):
            return "" if interface else route.tunnel
    binding.interface = route.interface
    return ""


def _any_answers(anchors: Sequence[Target], clock: Clock, pinger: Pinger) -> bool:
    start = clock.mono_ns()
    for anchor in anchors:
        pinger.send(anchor)
    while clock.mono_ns() < start + SECOND:
        if any(sample.outcome.answered and _since(start, sample) for sample in pinger.collect()):
            return True
        time.sleep(0.02)
    return False


def _since(start_ns: int, sample: Sample) -> bool:
    """Whether it was sent since then. Samples' times are rounded to 0.1 ms."""
    return sample.mono_ns >= start_ns - MILLISECOND // 10


def _anchors(config: Config, route: RouteState, pinger: Pinger) -> list[Target]:
    protocol = Protocol.TCP if pinger.method == "tcp" else Protocol.ICMP
    # IPv6 is often shut off beside a tunnel that draws IPv4: that says nothing of the line.
    with6 = route.gateway6 and not (route.tunnel and route.gateway)
    anchors = (*config.anchors, *(config.anchors6 if with6 else ()))
    return [replace(anchor, protocol=protocol) for anchor in anchors]


def _find_hop(anchors: Sequence[Target], gateway: str, clock: Clock, binding: Binding) -> str | None:
    family = 6 if ":" in gateway else 4
    destinations = [anchor.address for anchor in anchors if anchor.family == family]
    if not gateway or not destinations:
        return None
    answer: HopAnswer = find_first_hop(
        destinations, gateway=gateway, clock=clock, family=family, interface=binding.interface
    )
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
    start = clock.mono_ns()
    schedule = Schedule(targets, start, PERIOD_NS)
    samples: dict[tuple[str, int], Sample] = {}
    end = start + ROUNDS_NS
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
    return [sample for sample in samples.values() if _since(start, sample)]


class _Meter:
    """This machine's counters of one interface, read at the beginning and at the end."""

    def __init__(self, interface: str, clock: Clock) -> None:
        self._interface, self._clock = interface, clock
        self._start_ns, self._start = clock.mono_ns(), self._read()

    def _read(self) -> Counters | None:
        return read_counters(self._interface) if self._interface else None

    def step(self) -> Step | None:
        now_ns, now = self._clock.mono_ns(), self._read()
        carried = difference(self._start, now) if self._start is not None and now is not None else None
        elapsed_ns = now_ns - self._start_ns
        if carried is None or elapsed_ns <= 0:
            return None
        down, up = (
            round(count * 8 * SECOND / elapsed_ns) for count in (carried.bytes_down, carried.bytes_up)
        )
        return Step(elapsed_ns, down, up)


class _Checks:
    """The slow checks, each in a thread, while the pings go on: once each, connections to every anchor."""

    def __init__(self, config: Config, anchors: Sequence[Target], clock: Clock, binding: Binding) -> None:
        plans = make_plans(config, clock, binding)
        runs = [plan.check.run for plan in plans if not isinstance(plan.check, TcpCheck)]
        runs += [TcpCheck((anchor,), clock, binding=binding).run for anchor in anchors]
        self._results: list[Sample] = []
        self._threads = [threading.Thread(target=self._run, args=(run,), daemon=True) for run in runs]
        for thread in self._threads:
            thread.start()

    def _run(self, run: Callable[[], Sample | None]) -> None:
        sample = run()
        if sample is None:
            return
        self._results.append(sample)
        good = sample.outcome in (Outcome.OK, Outcome.PORTAL) and (sample.rtt_ns or 0) < AGAIN_NS
        if sample.target.role is Role.SYSTEM_RESOLVER and not good and (second := run()) is not None:
            self._results.append(second)

    def results(self) -> list[Sample]:
        deadline = time.monotonic() + CHECK_LIMIT_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return list(self._results)
