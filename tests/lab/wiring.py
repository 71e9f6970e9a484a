"""How the lab's places are tied together: links, addresses, routes, rates, and who does not answer."""

from __future__ import annotations

import subprocess

from tests.lab.network import (
    ANCHORS,
    ANCHORS6,
    ARRIVING,
    BOX,
    BOX6,
    BOX_MAC,
    CORE,
    CORE6,
    HOP,
    HOP6,
    ISP,
    ISP6,
    NETWORKS,
    NETWORKS6,
    PC,
    PINGS,
    RESOLVER,
    RESOLVER6,
    SERVICES,
    SERVICES6,
    SPEED,
    TV,
    VPN,
    WAN6,
    WEB,
    WEB6,
    Lab,
)


def wire(lab: Lab) -> None:
    """Make the namespaces, the links between them, addresses, routes and the line's rate."""
    for place in lab.places:
        subprocess.run(["ip", "netns", "add", lab.ns(place)], check=True, capture_output=True)
        lab.run(place, "sysctl", "-qw", *_settings(place))
        lab.ip(place, "link set lo up")
    lab.ip(
        "box",
        f"link add lan address {BOX_MAC} type bridge mcast_snooping 0 forward_delay 0",
        # A port that is always up, as a box's radio is: without it the bridge would wait for its own carrier.
        "link add lan-radio type veth peer name radio",
        "link set lan-radio master lan",
        *(f"link set {interface} up" for interface in ("lan", "lan-radio", "radio")),
    )
    _link(lab, "lan", ("pc", "eth0"), ("box", "lan-pc"))
    if lab.layout.tv:
        _link(lab, "", ("tv", "eth0"), ("box", "lan-tv"))
    _link(lab, "access", ("box", "wan"), ("isp", "access"))
    _link(lab, "core", ("isp", "core"), ("net", "feed"))
    _number(lab)
    if lab.layout.network.ipv6:
        _number6(lab)
    _shape(lab)
    _silence(lab)


def _settings(place: str) -> list[str]:
    settings = ["net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.accept_ra=0"]
    if place in ("box", "isp"):
        settings += ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]
    if place.startswith("wire"):
        settings.append("net.ipv6.conf.default.disable_ipv6=1")
    return settings


def _link(lab: Lab, span: str, near: tuple[str, str], far: tuple[str, str]) -> None:
    """A cable, or two with a wire of ours between."""
    if span in lab.layout.wires:
        wire = f"wire-{span}"
        _link(lab, "", near, (wire, "near"))
        _link(lab, "", (wire, "far"), far)
        lab.tool(wire, wire, "wire.py", "near", "far")
        return
    (place, interface), (peer, peer_interface) = near, far
    lab.ip(
        place,
        f"link add {interface} type veth peer name {peer_interface} netns {lab.ns(peer)}",
        f"link set {interface} up",
    )
    bridged = [f"link set {peer_interface} master lan"] if peer_interface.startswith("lan-") else []
    lab.ip(peer, *bridged, f"link set {peer_interface} up")


def _number(lab: Lab) -> None:
    homes = ("pc", "tv") if lab.layout.tv else ("pc",)
    for place, address in zip(homes, (PC, TV), strict=False):
        lab.ip(place, f"address add {address}/24 dev eth0", f"route add default via {BOX}")
    lab.ip("box", f"address add {BOX}/24 dev lan")
    lab.restore_wan()
    lab.ip("isp", f"address add {HOP}/30 dev access", f"address add {ISP}/30 dev core")
    lab.ip("net", f"address add {CORE}/30 dev feed", f"route add default via {ISP}")
    lab.ip("net", *(f"address add {address}/32 dev lo" for address in (*ANCHORS, RESOLVER, WEB, SPEED, VPN)))
    # No default route: where the operator has no route, it says that the network cannot be reached.
    lab.ip("isp", *(f"route add {network} via {CORE}" for network in (*NETWORKS, SERVICES)))
    lab.rule(
        "box",
        "nat",
        'chain post { type nat hook postrouting priority 100; oifname "wan" masquerade; }',
        family="ip",
    )


def _number6(lab: Lab) -> None:
    lab.restore_pc()
    lab.ip("box", "address add 2001:db8:1::1/64 dev lan nodad", f"address add {BOX6}/64 dev lan nodad")
    lab.ip(
        "isp",
        f"address add {HOP6}/64 dev access nodad",
        f"address add {ISP6}/64 dev core nodad",
        f"route add 2001:db8:1::/48 via {WAN6}",
    )
    lab.ip("net", f"address add {CORE6}/64 dev feed nodad", f"route add default via {ISP6}")
    lab.ip("net", *(f"address add {address}/128 dev lo nodad" for address in (*ANCHORS6, RESOLVER6, WEB6)))
    lab.ip("isp", *(f"route add {network} via {CORE6}" for network in (*NETWORKS6, SERVICES6)))


def _shape(lab: Lab) -> None:
    """The rate of the access line, and what its queues hold."""
    network = lab.layout.network
    for place, interface, mbit in (("box", "wan", network.up_mbit), ("isp", "access", network.down_mbit)):
        rate = ("rate", f"{round(mbit * 1e6)}bit", "burst", "16kb", "latency", f"{network.queue_ms:g}ms")
        lab.run(place, "tc", "qdisc", "add", "dev", interface, "root", "tbf", *rate)


def _silence(lab: Lab) -> None:
    """Who answers no pings, or no connections, and what is lost of everything."""
    network = lab.layout.network
    deaf = "chain deaf {{ type filter hook input priority 0; {} {}; }}"
    if network.box == "silent":
        lab.rule("box", "deaf", deaf.format(PINGS, "drop"))
    if network.hop == "silent":
        lab.rule("isp", "deaf", deaf.format(PINGS, "drop"))
    if network.anchors_answer == "icmp":
        lab.rule(
            "net",
            "deaf",
            "chain deaf { type filter hook input priority 0; tcp dport 443 reject with tcp reset; }",
        )
    if network.anchors_answer == "tcp":
        lab.rule("net", "deaf", deaf.format(PINGS, "drop"))
    if network.noise:
        lab.rule("isp", "noise", lossy("access", network.noise))


def lossy(interface: str, share: float) -> str:
    """A chain that drops a share of what arrives, at random."""
    return f'{ARRIVING} iifname "{interface}" numgen random mod 1000000 < {round(share * 1e6)} drop; }}'
