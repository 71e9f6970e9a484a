"""What goes wrong in the lab: each fault of a scenario as moves, each at its second.

Losses act on what goes up, delays on what comes down: a share is one of the tries, and a delay that of an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.network import (
    ANCHORS,
    ANCHORS6,
    ARRIVING,
    BOX,
    CORE,
    CORE6,
    INSIDE,
    NETWORKS,
    NETWORKS6,
    PINGS,
    SPEED,
    TUNNEL,
    VPN,
    Lab,
    Layout,
)
from tests.lab.servers import BOX_SERVERS, LYING_PORT, PORTAL_PORT, SLOW_PORT, SPEED_PORT, VPN_PORT, serve_box
from tests.lab.wiring import lossy
from tests.playing.faults import Fault
from tests.playing.scenario import Scenario

SPIKE_MS = 200


@dataclass(frozen=True, slots=True)
class Move:
    """Something to do at a second of the scenario; ``act`` returns when it took effect (UTC ns)."""

    at_s: float
    act: Callable[[], int]


def layout_for(scenario: Scenario) -> Layout:
    """The lab that a scenario needs."""
    kinds = {fault.what for fault in scenario.faults}
    wires = {what.removesuffix("-delay") for what in kinds if what.endswith("-delay")}
    if scenario.network.spikes:
        wires.add("access")
    return Layout(
        scenario.network,
        wires=tuple(sorted(wires)),
        tv=bool(kinds & {"home-upload", "home-download"}),
        impostors=bool(kinds & {"portal", "resolver-lies"}),
        slow_ms=max((fault.ms for fault in scenario.of_kind("resolver-slow")), default=0.0),
        speed=any(what.endswith("load") for what in kinds),
        vpn="vpn" in kinds,
    )


def settle(lab: Lab, seed: int) -> None:
    """What is so for a whole scenario, beside what the network's build does."""
    if lab.layout.network.spikes:
        lab.tell("wire-access", f"spikes {lab.layout.network.spikes} {SPIKE_MS} {seed}")


def moves(lab: Lab, fault: Fault, number: int) -> list[Move]:
    """A fault as moves; ``number`` tells it from others. Raises KeyError for what the lab cannot play."""
    return _PLAYED[fault.what](lab, fault, f"fault{number}")


Played = Callable[[Lab, Fault, str], list[Move]]


def _lasting(begin: Callable[[Lab, Fault, str], int], end: Callable[[Lab, Fault, str], int]) -> Played:
    def played(lab: Lab, fault: Fault, name: str) -> list[Move]:
        return [
            Move(fault.at_s, lambda: begin(lab, fault, name)),
            Move(fault.end_s, lambda: end(lab, fault, name)),
        ]

    return played


def _ruled(place: str, chains: Callable[[Lab, Fault], list[str]], family: str = "inet") -> Played:
    """A fault that is a table of nft rules."""
    return _lasting(
        lambda lab, fault, name: lab.rule(place, name, *chains(lab, fault), family=family),
        lambda lab, fault, name: lab.unrule(place, name, family),
    )


def _cut(place: str, interface: str, which: str = "") -> Played:
    return _lasting(
        lambda lab, fault, name: lab.cut(place, interface, name, which),
        lambda lab, fault, name: lab.unrule(place, name),
    )


# --- The line and the operator ----------------------------------------------------------------------------------


def _cut_access(lab: Lab, fault: Fault, name: str) -> int:
    at_ns = lab.cut("isp", "access", name)
    if fault.noticed:
        # The box stays as silent as without: its own "no route" must not tell more than the line does.
        lab.ip("box", "route add blackhole default metric 4000")
        lab.lose_wan()
    return at_ns


def _mend_access(lab: Lab, fault: Fault, name: str) -> int:
    if fault.noticed:
        lab.restore_wan()
        lab.ip("box", "route del blackhole default metric 4000")
    return lab.unrule("isp", name)


def _flapping(lab: Lab, fault: Fault, name: str) -> list[Move]:
    def down() -> int:
        return _cut_access(lab, fault, name)

    def up() -> int:
        return _mend_access(lab, fault, name)

    found: list[Move] = []
    for at_s in fault.turns_s():
        off = at_s < fault.end_s and (at_s - fault.at_s + 1e-9) % fault.every < fault.off
        if off is not bool(len(found) % 2):
            found.append(Move(at_s, down if off else up))
    return found


def _lose_networks(lab: Lab, fault: Fault, name: str) -> int:
    """The operator has no default route: without one of its own it says "network unreachable"."""
    return lab.ip("isp", *(f"route del {network}" for network, _ in _routes(lab, fault)))


def _regain_networks(lab: Lab, fault: Fault, name: str) -> int:
    return lab.ip("isp", *(f"route add {network} via {via}" for network, via in _routes(lab, fault)))


def _routes(lab: Lab, fault: Fault) -> list[tuple[str, str]]:
    routes = [(NETWORKS[number], CORE) for number in fault.which]
    if lab.layout.network.ipv6:
        routes += [(NETWORKS6[number], CORE6) for number in fault.which]
    return routes


def _kill_anchors(lab: Lab, fault: Fault, name: str) -> int:
    """Nobody has the address any more: the last router drops what comes for it."""
    return lab.ip("net", *(f"address del {address} dev lo" for address in _anchors(lab, fault)))


def _revive_anchors(lab: Lab, fault: Fault, name: str) -> int:
    return lab.ip("net", *(f"address add {address} dev lo nodad" for address in _anchors(lab, fault)))


def _anchors(lab: Lab, fault: Fault) -> list[str]:
    addresses = [f"{ANCHORS[number]}/32" for number in fault.which]
    if lab.layout.network.ipv6:
        addresses += [f"{ANCHORS6[number]}/128" for number in fault.which]
    return addresses


def _limit(lab: Lab, fault: Fault, name: str) -> int:
    place = {"box": "box", "hop": "isp", "anchor": "net"}[fault.where]
    targets = [f"ip daddr {ANCHORS[number]} " for number in fault.which] if fault.where == "anchor" else [""]
    rate = f"{max(1, round(fault.per_s * 60))}/minute burst {max(1, round(fault.per_s))} packets"
    rules = " ".join(f"{target}{PINGS} limit rate over {rate} drop;" for target in targets)
    return lab.rule(place, name, f"chain limited {{ type filter hook input priority 0; {rules} }}")


def _unlimit(lab: Lab, fault: Fault, name: str) -> int:
    return lab.unrule({"box": "box", "hop": "isp", "anchor": "net"}[fault.where], name)


# --- The home ---------------------------------------------------------------------------------------------------


def _unplug(lab: Lab, fault: Fault, name: str) -> int:
    """The other end of the pc's cable goes down: the pc's own loses its carrier and nothing else."""
    place, interface = ("wire-lan", "near") if "lan" in lab.layout.wires else ("box", "lan-pc")
    return lab.ip(place, f"link set {interface} down")


def _plug(lab: Lab, fault: Fault, name: str) -> int:
    place, interface = ("wire-lan", "near") if "lan" in lab.layout.wires else ("box", "lan-pc")
    return lab.ip(place, f"link set {interface} up")


def _shut(lab: Lab, fault: Fault, name: str) -> int:
    return lab.ip("pc", "link set eth0 down")


def _open(lab: Lab, fault: Fault, name: str) -> int:
    lab.ip("pc", "link set eth0 up")
    return lab.restore_pc()


def _box_restart(lab: Lab, fault: Fault, name: str) -> list[Move]:
    ports = ["lan-pc", "lan-tv"] if lab.layout.tv else ["lan-pc"]

    def off() -> int:
        at_ns = lab.ip("box", *(f"link set {port} down" for port in ports))
        lab.cut("isp", "access", name)
        lab.lose_wan()
        lab.end(*BOX_SERVERS)
        return at_ns

    def on() -> int:
        serve_box(lab)
        return lab.ip("box", *(f"link set {port} up" for port in ports))

    def in_sync() -> int:
        lab.restore_wan()
        return lab.unrule("isp", name)

    return [Move(at_s, act) for at_s, act in zip(fault.turns_s(), (off, on, in_sync), strict=True)]


def _delay(lab: Lab, fault: Fault, name: str) -> int:
    lab.tell(f"wire-{fault.what.removesuffix('-delay')}", f"delay {fault.ms:g}")
    return time.time_ns()


def _undelay(lab: Lab, fault: Fault, name: str) -> int:
    lab.tell(f"wire-{fault.what.removesuffix('-delay')}", "delay 0")
    return time.time_ns()


def _fill(lab: Lab, fault: Fault, name: str) -> int:
    who, direction = fault.what.split("-")
    lab.tool(
        name,
        {"own": "pc", "home": "tv"}[who],
        "traffic.py",
        direction.removesuffix("load"),
        SPEED,
        str(SPEED_PORT),
    )
    return time.time_ns()


def _stop_filling(lab: Lab, fault: Fault, name: str) -> int:
    lab.end(name)
    return time.time_ns()


# --- Names, pages, tunnels --------------------------------------------------------------------------------------


def _redirected(match: str, port: int) -> str:
    return f'iifname "lan" {match} redirect to :{port};'


def _to_resolver(port: int) -> Callable[[Lab, Fault], list[str]]:
    """Questions to the box's resolver go to another one of its."""

    def chains(lab: Lab, fault: Fault) -> list[str]:
        asked = f"ip daddr {BOX} meta l4proto {{ udp, tcp }} th dport 53"
        return [f"chain pre {{ type nat hook prerouting priority -100; {_redirected(asked, port)} }}"]

    return chains


def _portal(lab: Lab, fault: Fault) -> list[str]:
    names = _redirected("meta l4proto { udp, tcp } th dport 53", LYING_PORT)
    pages = _redirected(f"ip daddr != {BOX} tcp dport 80", PORTAL_PORT)
    return [f"chain pre {{ type nat hook prerouting priority -100; {names} {pages} }}"]


def _raise_tunnel(lab: Lab, fault: Fault, name: str) -> int:
    """Up as a VPN's program would have it: its own packets by the old way, two halves of everything else inside.

    A full tunnel brings its own resolver.
    """
    lab.tool(name, "pc", "tunnel.py", "near", VPN, str(VPN_PORT))
    inside = (INSIDE,) if fault.mode == "split" else (INSIDE, "0.0.0.0/1", "128.0.0.0/1")
    if fault.mode == "full":
        lab.resolver(TUNNEL)
    return lab.ip(
        "pc",
        f"route replace {VPN}/32 via {BOX} dev eth0",
        "address add 10.66.0.2/32 dev tun0",
        "link set tun0 up mtu 1400",
        *(f"route replace {network} dev tun0" for network in inside),
    )


def _lower_tunnel(lab: Lab, fault: Fault, name: str) -> int:
    lab.end(name)
    lab.resolver(BOX)
    return lab.ip("pc", f"route del {VPN}/32 via {BOX} dev eth0")


_PLAYED: dict[str, Played] = {
    "access-cut": _lasting(_cut_access, _mend_access),
    "core-cut": _cut("isp", "core"),
    "cable-out": _lasting(_unplug, _plug),
    "interface-down": _lasting(_shut, _open),
    "box-hangs": _cut("box", "wan"),
    "box-restart": _box_restart,
    "network-out": _lasting(_lose_networks, _regain_networks),
    "anchor-dead": _lasting(_kill_anchors, _revive_anchors),
    "ipv4-out": _cut("isp", "access", "meta nfproto ipv4"),
    "ipv6-out": _cut("isp", "access", "meta nfproto ipv6"),
    "lan-loss": _ruled("box", lambda lab, fault: [lossy("lan", fault.share)]),
    "access-loss": _ruled("isp", lambda lab, fault: [lossy("access", fault.share)]),
    "core-loss": _ruled("net", lambda lab, fault: [lossy("feed", fault.share)]),
    "lan-delay": _lasting(_delay, _undelay),
    "access-delay": _lasting(_delay, _undelay),
    "core-delay": _lasting(_delay, _undelay),
    "flapping": _flapping,
    "resolver-dead": _ruled(
        "box",
        lambda lab, fault: [
            f'{ARRIVING} iifname "lan" ip daddr {BOX} meta l4proto {{ udp, tcp }} th dport 53 drop; }}'
        ],
    ),
    "resolver-slow": _ruled("box", _to_resolver(SLOW_PORT), "ip"),
    "resolver-lies": _ruled("box", _to_resolver(LYING_PORT), "ip"),
    "portal": _ruled("box", _portal, "ip"),
    "own-upload": _lasting(_fill, _stop_filling),
    "own-download": _lasting(_fill, _stop_filling),
    "home-upload": _lasting(_fill, _stop_filling),
    "home-download": _lasting(_fill, _stop_filling),
    "large-lost": _ruled(
        "isp",
        lambda lab, fault: [
            f'{ARRIVING} iifname {{ "access", "core" }} meta length > 1400 drop; }}',
        ],
    ),
    "rate-limit": _lasting(_limit, _unlimit),
    "vpn": _lasting(_raise_tunnel, _lower_tunnel),
    "vpn-server-dead": _ruled("net", lambda lab, fault: [f"{ARRIVING} udp dport {VPN_PORT} drop; }}"]),
}
