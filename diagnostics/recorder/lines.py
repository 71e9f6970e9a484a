"""Which line the samples belong to, from what the route reader says; and what is tried through its tunnels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from diagnostics.links.interfaces import NOTHING_TOLD, InterfaceFacts
from diagnostics.links.route import RouteState
from diagnostics.model import NO_LINE, SECOND, Event, EventKind, Line, Protocol, Role, Scalar, Target, line_id

UNDECIDED_NS = SECOND
"""How long samples wait for the gateway's MAC address before they go to no line."""
MOST_TUNNELS = 3
"""How many tunnels are tried: each costs a ping a second."""
LINK_READ_NS = 15 * SECOND
"""How old the link's speed may be when the route is read."""
FACTS = ("ssid", "network", "operator")
"""What a ``line`` event says of a line beyond its identity, where it is known."""


def gateway_of(route: RouteState) -> str:
    """The box's address: IPv4 where there is one, else IPv6 (a link-local one with its interface)."""
    if route.gateway or not route.gateway6.lower().startswith("fe80:"):
        return route.gateway or route.gateway6
    return f"{route.gateway6}%{route.interface}"


def tunnel_targets(route: RouteState, anchors: Sequence[Target]) -> tuple[Target, ...]:
    """What to try through the tunnels that are up.

    Through the one that carries everything: the first anchor of the family that it carries. Through one that carries
    some networks only: its other end, where that is known. ``anchors`` are as they are tried beside the tunnel.
    """
    if not route.tunnels:
        return ()
    targets = []
    family = 6 if route.gateway6 and not route.gateway else 4
    anchor = next((anchor for anchor in anchors if anchor.family == family), None)
    if route.tunnel and anchor is not None:
        address = f"{route.tunnel}>{anchor.address}"
        targets.append(Target(Role.VPN, anchor.protocol, address, family, anchor.network))
    protocol = anchors[0].protocol if anchors else Protocol.ICMP
    for peer in route.peers:
        if peer.partition(">")[0] != route.tunnel:
            targets.append(Target(Role.VPN, protocol, peer, 4))
    return tuple(targets[:MOST_TUNNELS])


@dataclass(slots=True)
class LinkWatch:
    """What the ends of the link agreed on: read every 15 s at most, and at once when interface or carrier changed."""

    read: Callable[[str], InterfaceFacts]
    _place: tuple[str, bool | None] = ("", None)
    _next_ns: int = 0
    _facts: InterfaceFacts = NOTHING_TOLD

    def facts(self, route: RouteState, mono_ns: int) -> InterfaceFacts:
        """The facts of the route's interface. On Wi-Fi the adapter tells rates: they change with every frame."""
        place = (route.interface, route.carrier)
        if place != self._place or mono_ns >= self._next_ns:
            self._place, self._next_ns = place, mono_ns + LINK_READ_NS
            facts = self.read(route.interface) if route.interface else NOTHING_TOLD
            self._facts = InterfaceFacts(mtu=facts.mtu) if route.medium == "wifi" else facts
        return self._facts


def _link_event(route: RouteState, facts: InterfaceFacts, wall_ns: int) -> Event:
    data: dict[str, Scalar | list[str]] = {
        "interface": route.interface,
        "gateway": gateway_of(route),
        "carrier": route.carrier,
        "medium": route.medium,
    }
    if route.tunnel:
        data["tunnel"] = route.tunnel
    if route.tunnels:
        data["tunnels"] = list(route.tunnels)
    link = {"speed_bps": facts.speed_bps, "duplex": facts.duplex, "mtu": facts.mtu}
    data |= {name: fact for name, fact in link.items() if fact is not None}
    return Event(EventKind.LINK, wall_ns, data)


def _noticed(route: RouteState) -> tuple[object, ...]:
    """What a change of makes a new ``link`` event."""
    return route.interface, gateway_of(route), route.carrier, route.tunnel, route.tunnels


@dataclass(slots=True)
class LineKeeper:
    """Follows the physical route. Without a route the last line goes on: a pulled cable is that line's trouble.

    After a time without a route the gateway has to show its MAC address again, since another network's may bear the
    same address. What goes through a tunnel is a line of its own, without a box: it is never the home's.
    """

    line: Line = NO_LINE
    route: RouteState = field(default_factory=RouteState)
    link: InterfaceFacts = NOTHING_TOLD
    told: bool = False
    undecided_since: int | None = None
    astray: bool = False
    facts: dict[str, dict[str, str]] = field(default_factory=dict)

    def update(
        self,
        route: RouteState,
        wall_ns: int,
        mono_ns: int,
        *,
        bound: bool = True,
        link: InterfaceFacts = NOTHING_TOLD,
    ) -> list[Event]:
        """Take in what the route reader says; returns events for the journal.

        ``bound``: what is measured goes by the physical interface, and not through a tunnel that draws all.
        ``link``: the facts of the route's interface.
        """
        events: list[Event] = []
        place, before = (route.interface, gateway_of(route)), (self.route.interface, gateway_of(self.route))
        if (_noticed(route), link) != (_noticed(self.route), self.link) or not self.told:
            self.told, self.link = True, link
            events.append(_link_event(route, link, wall_ns))
        if place != before or (self.astray and not _tunnel_of(route, bound)):
            self.undecided_since = mono_ns
        self.route = route
        tunnel = _tunnel_of(route, bound)
        self.astray = bool(tunnel)
        if tunnel:
            self.undecided_since = None
            return events + self._enter(Line(line_id("", tunnel), "", "", tunnel), wall_ns)
        if self.undecided_since is None or not gateway_of(route):
            return events
        if route.gateway_mac:
            self.undecided_since = None
            name = line_id(route.gateway_mac, route.interface)
            line = Line(name, gateway_of(route), route.gateway_mac, route.interface)
            events += self._enter(line, wall_ns)
        elif mono_ns - self.undecided_since > UNDECIDED_NS and not self._same_place(route):
            events += self._enter(NO_LINE, wall_ns)
        return events

    def learn(self, line: str, facts: Mapping[str, str], wall_ns: int) -> list[Event]:
        """Something beyond its identity (see FACTS) came to be known of a line: an event, if that is new.

        What is learnt of another line than the present one is remembered, and told when that one comes back.
        """
        known = self.facts.setdefault(line, {})
        new = {name: facts[name] for name in FACTS if facts.get(name) and facts[name] != known.get(name)}
        known.update(new)
        return [self._line_event(wall_ns)] if new and line and line == self.line.id else []

    def hear(self, said: Iterable[Event]) -> list[Event]:
        """Learn the name of the Wi-Fi network from what the adapter says."""
        events: list[Event] = []
        for event in said:
            wifi = event.data if event.data.get("source") == "wifi" else {}
            ssid = str(wifi.get("ssid") or "")
            if ssid and wifi.get("interface") == self.line.interface and self.line.gateway_mac:
                events += self.learn(self.line.id, {"ssid": ssid}, event.at_ns)
        return events

    def _same_place(self, route: RouteState) -> bool:
        """A box that is down shows no MAC address. Another network's, at the same address, would: soon, as a rule."""
        return (route.interface, gateway_of(route)) == (self.line.interface, self.line.gateway)

    def _enter(self, line: Line, wall_ns: int) -> list[Event]:
        if line.id == self.line.id and line.gateway == self.line.gateway:
            return []
        self.line = line
        return [self._line_event(wall_ns)]

    def _line_event(self, wall_ns: int) -> Event:
        line = self.line
        data: dict[str, Scalar | list[str]] = {
            "id": line.id,
            "gateway": line.gateway,
            "gateway_mac": line.gateway_mac,
            "interface": line.interface,
        }
        return Event(EventKind.LINE, wall_ns, data | self.facts.get(line.id, {}))

    def waiting(self, mono_ns: int) -> bool:
        """True while it may still turn out, within a second, which line the newest samples belong to."""
        return (
            self.undecided_since is not None
            and bool(gateway_of(self.route))
            and mono_ns - self.undecided_since <= UNDECIDED_NS
        )


def _tunnel_of(route: RouteState, bound: bool) -> str:
    """The interface of the tunnel (or of a link without a gateway) that samples go through; empty for none.

    While the cable is out, what a tunnel would do with them matters to nobody.
    """
    if route.tunnel and not bound and route.carrier is not False:
        return route.tunnel
    without_box = not gateway_of(route) and route.carrier is not False
    return route.interface if route.medium == "vpn" or without_box else ""
