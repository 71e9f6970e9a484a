"""The places from which a scenario is played: home, and where else one may be. Addresses, times and names of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from diagnostics.config import Config, parse
from diagnostics.model import Protocol, Role, Target, line_id
from tests.playing.scenario import Network

RESOLVER = Target(Role.RESOLVER, Protocol.DNS, "203.0.113.53", 0, "AS64553")
WEB_CHECK = "http://check.example/generate_204"
LARGE_CHECK = "http://large.example/page"
TUNNEL = "tun0"
PEER = "10.8.0.1"
"""The other end of the tunnel, within it."""


@dataclass(frozen=True, slots=True)
class Site:
    """One network as this machine meets it. Times are usual round trips in ms: to box, first hop, and beyond it."""

    name: str
    interface: str
    gateway: str
    gateway_mac: str
    hop: str
    medium: str
    ssid: str
    box_ms: float
    hop_ms: float
    core_ms: float
    jitter: float
    """Sigma of the logarithm of a time."""

    @property
    def line_id(self) -> str:
        return line_id(self.gateway_mac, self.interface)


_WIRED = Site(
    "home", "eth0", "192.168.1.1", "02:00:00:00:00:01", "100.64.7.1", "ethernet", "", 0.5, 6, 10, 0.06
)
_ELSEWHERE: Mapping[str, Site] = {
    site.name: site
    for site in (
        Site(
            "hotspot",
            "wlan0",
            "172.20.10.1",
            "02:00:00:00:00:0a",
            "10.200.3.1",
            "wifi",
            "phone",
            4,
            45,
            52,
            0.25,
        ),
        Site("cafe", "wlan0", "10.0.0.1", "02:00:00:00:00:0b", "100.65.9.1", "wifi", "cafe", 3, 12, 18, 0.15),
        # The same address as at home, as most boxes have: only the MAC tells them apart.
        Site(
            "other-home",
            "wlan0",
            "192.168.1.1",
            "02:00:00:00:00:0c",
            "100.66.2.1",
            "wifi",
            "villa",
            3,
            9,
            14,
            0.1,
        ),
    )
}


def home(network: Network) -> Site:
    if network.medium == "ethernet":
        return _WIRED
    return replace(
        _WIRED, interface="wlan0", medium="wifi", ssid="home", box_ms=2.5, hop_ms=8, core_ms=12, jitter=0.12
    )


def elsewhere(to: str) -> Site:
    return _ELSEWHERE[to]


def anchors(network: Network) -> tuple[Target, ...]:
    return tuple(
        Target(Role.ANCHOR, Protocol.ICMP, f"203.0.113.{11 * (n + 1)}", 4, f"AS{64500 + n}")
        for n in range(network.anchors)
    )


def anchors6(network: Network) -> tuple[Target, ...]:
    if not network.ipv6:
        return ()
    return tuple(
        Target(Role.ANCHOR, Protocol.ICMP, f"2001:db8:{n + 1}::1", 6, f"AS{64500 + n}")
        for n in range(network.anchors)
    )


def config(network: Network) -> Config:
    """What the recorder goes by: default-like targets, each on a network of its own; the first line is home."""
    return replace(
        parse('[home]\nline = "first"\n', "scenario"),
        anchors=anchors(network),
        anchors6=anchors6(network),
        resolvers=(RESOLVER,),
        web_check=WEB_CHECK,
        large_check=LARGE_CHECK,
        names=("one.example", "two.example", "three.example"),
        given=(),
    )


def number_of(address: str) -> int:
    """Which of the scenario's anchors (and networks) an address belongs to; -1 for another's."""
    if address.startswith("203.0.113."):
        last = int(address.rsplit(".", 1)[1])
        return last // 11 - 1 if last % 11 == 0 else -1
    return int(address.split(":")[2]) - 1 if address.startswith("2001:db8:") else -1
