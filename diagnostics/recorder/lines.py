"""Which line the samples belong to, from what the route reader says."""

from __future__ import annotations

from dataclasses import dataclass, field

from diagnostics.links.route import RouteState
from diagnostics.model import NO_LINE, SECOND, Event, EventKind, Line, line_id

UNDECIDED_NS = SECOND
"""How long samples wait for the gateway's MAC address before they go to no line."""


def gateway_of(route: RouteState) -> str:
    """The box's address: IPv4 where there is one, else IPv6 (a link-local one with its interface)."""
    if route.gateway or not route.gateway6.lower().startswith("fe80:"):
        return route.gateway or route.gateway6
    return f"{route.gateway6}%{route.interface}"


@dataclass(slots=True)
class LineKeeper:
    """Follows the route. Without a route the last line goes on: a pulled cable is that line's trouble.

    After a time without a route the gateway has to show its MAC address again, since another network's may bear the
    same address.
    """

    line: Line = NO_LINE
    route: RouteState = field(default_factory=RouteState)
    told: bool = False
    undecided_since: int | None = None

    def update(self, route: RouteState, wall_ns: int, mono_ns: int) -> list[Event]:
        """Take in what the route reader says; returns events for the journal."""
        events: list[Event] = []
        if route != self.route or not self.told:
            gateway = gateway_of(route)
            told_before = (self.route.interface, gateway_of(self.route), self.route.carrier)
            if (route.interface, gateway, route.carrier) != told_before or not self.told:
                self.told = True
                events.append(
                    Event(
                        EventKind.LINK,
                        wall_ns,
                        {
                            "interface": route.interface,
                            "gateway": gateway,
                            "carrier": route.carrier,
                            "medium": route.medium,
                        },
                    )
                )
            if (route.interface, gateway) != told_before[:2]:
                self.undecided_since = mono_ns
            self.route = route
        tunnel = route.medium == "vpn" or (not gateway_of(route) and route.carrier is not False)
        if route.interface and tunnel:
            # A tunnel or a point-to-point link: whatever it is, it is not the line behind the box.
            self.undecided_since = None
            return events + self._enter(Line(line_id("", route.interface), "", "", route.interface), wall_ns)
        if self.undecided_since is None or not gateway_of(route):
            return events
        if route.gateway_mac:
            self.undecided_since = None
            events += self._enter(
                Line(
                    line_id(route.gateway_mac, route.interface),
                    gateway_of(route),
                    route.gateway_mac,
                    route.interface,
                ),
                wall_ns,
            )
        elif mono_ns - self.undecided_since > UNDECIDED_NS and not self._same_place(route):
            events += self._enter(NO_LINE, wall_ns)
        return events

    def _same_place(self, route: RouteState) -> bool:
        """A box that is down shows no MAC address. Another network's, at the same address, would: soon, as a rule."""
        return (route.interface, gateway_of(route)) == (self.line.interface, self.line.gateway)

    def _enter(self, line: Line, wall_ns: int) -> list[Event]:
        if line.id == self.line.id and line.gateway == self.line.gateway:
            return []
        self.line = line
        return [
            Event(
                EventKind.LINE,
                wall_ns,
                {
                    "id": line.id,
                    "gateway": line.gateway,
                    "gateway_mac": line.gateway_mac,
                    "interface": line.interface,
                },
            )
        ]

    def waiting(self, mono_ns: int) -> bool:
        """True while it may still turn out, within a second, which line the newest samples belong to."""
        return (
            self.undecided_since is not None
            and bool(gateway_of(self.route))
            and mono_ns - self.undecided_since <= UNDECIDED_NS
        )
