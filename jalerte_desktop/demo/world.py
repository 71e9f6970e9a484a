"""The made-up line: what is tried, and what becomes of a try while something is wrong.

No real company or person: addresses and AS numbers are those kept for documentation (RFC 5737, 3849, 5398), and the
MAC address's (RFC 7042).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from diagnostics.model import (
    MILLISECOND,
    SECOND,
    Line,
    Outcome,
    Protocol,
    Role,
    Sample,
    Target,
    line_id,
    quantise_rtt,
    quantise_time,
)
from jalerte_desktop.demo.script import What

GATEWAY_ADDRESS, MAC = "192.168.1.1", "00:00:5e:00:53:01"
CABLE = Line(line_id(MAC, "eth0"), GATEWAY_ADDRESS, MAC, "eth0", home=True)
WIFI = Line(line_id(MAC, "wlan0"), GATEWAY_ADDRESS, MAC, "wlan0", home=True)
NETWORK = "192.0.2.0/24"

GATEWAY = Target(Role.GATEWAY, Protocol.ICMP, GATEWAY_ADDRESS, 4)
FIRST_HOP = Target(Role.FIRST_HOP, Protocol.ICMP, "198.51.100.1", 4)
ANCHORS = (
    Target(Role.ANCHOR, Protocol.ICMP, "203.0.113.11", 4, "AS64496"),
    Target(Role.ANCHOR, Protocol.ICMP, "203.0.113.22", 4, "AS64497"),
    Target(Role.ANCHOR, Protocol.ICMP, "203.0.113.33", 4, "AS64498"),
    Target(Role.ANCHOR, Protocol.ICMP, "2001:db8::44", 6, "AS64499"),
)
PINGED = (GATEWAY, FIRST_HOP, *ANCHORS)
SYSTEM = Target(Role.SYSTEM_RESOLVER, Protocol.DNS, "system")
RESOLVER = Target(Role.RESOLVER, Protocol.DNS, "203.0.113.53")
WEB = Target(Role.WEB, Protocol.HTTP, "http://check.example/generate_204")
LARGE = "http://check.example/large"
CONNECTION = Target(Role.TCP_CHECK, Protocol.TCP, ANCHORS[0].address, 4, ANCHORS[0].network)
TARGETS = (*PINGED, SYSTEM, RESOLVER, WEB, CONNECTION)

_USUAL_MS = {
    GATEWAY: 0.6,
    FIRST_HOP: 4.2,
    **dict(zip(ANCHORS, (8.7, 11.9, 17.4, 9.8), strict=True)),
    SYSTEM: 4.9,
    RESOLVER: 9.1,
    WEB: 26.0,
    CONNECTION: 9.0,
}
_CHECKS = ((SYSTEM, 5, 5, 0.05), (RESOLVER, 10, 5, 0.57), (WEB, 30, 5, 0.31), (CONNECTION, 30, 5, 0.74))
"""A check, every how many seconds, how often while pings miss, when within the second."""
_DEAD = frozenset({What.CUT, What.WAITING, What.RESTART})
_NEAR = (Role.GATEWAY, Role.SYSTEM_RESOLVER)
_BY_CHANCE_LOST, _BY_CHANCE_LATE = 0.00003, 0.002


@dataclass(frozen=True, slots=True)
class State:
    """What holds at one moment: at most one trouble, by cable or by Wi-Fi."""

    what: What | None = None
    strength: float = 1.0
    wifi: bool = False

    @property
    def dead(self) -> bool:
        return self.what in _DEAD


def tries(second_ns: int, state: State, offset_ns: int, chance: random.Random) -> Iterator[Sample]:
    """The tries of one second, in order. ``offset_ns``: wall clock less monotonic clock."""
    number = second_ns // SECOND
    plan = [(place / len(PINGED), target) for place, target in enumerate(PINGED)]
    plan += [
        (phase, target)
        for target, usual_s, alarmed_s, phase in _CHECKS
        if number % (alarmed_s if state.dead else usual_s) == 0
    ]
    slow_ms = _slowness(state, chance)
    for phase, target in sorted(plan, key=lambda one: one[0]):
        sent = quantise_time(second_ns + round((phase + chance.random() * 0.0008) * SECOND))
        outcome, rtt_ms = _fate(target, state, slow_ms, chance)
        rtt = None if rtt_ms is None else quantise_rtt(round(rtt_ms * MILLISECOND))
        yield Sample(target, sent, sent - offset_ns, outcome, rtt)


def _slowness(state: State, chance: random.Random) -> float:
    """How many milliseconds a full network or line adds in this second."""
    if state.what is What.CROWDED:
        return state.strength * chance.lognormvariate(4.2, 0.25)
    if state.what is What.UPLOAD:
        return chance.lognormvariate(5.0, 0.2)
    return 0.0


def _fate(
    target: Target, state: State, slow_ms: float, chance: random.Random
) -> tuple[Outcome, float | None]:
    role = target.role
    if state.dead and (role is not Role.GATEWAY or state.what is What.RESTART):
        return (Outcome.UNRESOLVED if role is Role.WEB else Outcome.LOST), None
    if state.what is What.NAMES and role is Role.SYSTEM_RESOLVER:
        return Outcome.REFUSED, 5.0
    if state.what is What.NAMES and role is Role.WEB:
        return Outcome.UNRESOLVED, None
    usual = _USUAL_MS[target] * chance.lognormvariate(0, 0.06) + (2.0 if state.wifi else 0.0)
    lost = _BY_CHANCE_LOST
    if state.what is What.WEAK_WIFI:
        lost = 0.09
        usual += chance.expovariate(1 / 18)
    elif slow_ms and role not in _NEAR and (role is not Role.FIRST_HOP or state.what is What.UPLOAD):
        lost = 0.004
        usual += slow_ms * chance.lognormvariate(0, 0.08)
    if chance.random() < lost:
        return Outcome.LOST, None
    if chance.random() < _BY_CHANCE_LATE:
        usual += chance.uniform(4, 20)
    return Outcome.OK, usual
