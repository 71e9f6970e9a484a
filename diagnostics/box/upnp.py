"""Any box that is an UPnP Internet Gateway Device: state, age, address, counters and rates of its outer side.

Names are those of the standardized control protocols of 12 November 2001: WANIPConnection:1 and WANPPPConnection:1
(GetStatusInfo, table of ConnectionStatus; GetExternalIPAddress), WANCommonInterfaceConfig:1 (GetTotalBytesReceived,
GetTotalBytesSent, GetCommonLinkProperties), Layer3Forwarding:1 (GetDefaultConnectionService); version 2 of 10 September
2010 keeps them. GetAddonInfos is AVM's addition (FRITZ!Box, "WAN Common Interface Config"), with counters of 64 bits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from diagnostics.box import soap, ssdp
from diagnostics.box.local_web import LocalWeb, Request
from diagnostics.box.reading import BoxReading, address_of, public_network, rate, whole
from diagnostics.box.ssdp import Place
from diagnostics.box.xml_leaves import children, leaves
from diagnostics.clock import Clock, Reading
from diagnostics.witnesses import BoxAccount

ASK_LIMIT_S = 2.0
SEARCH_LIMIT_S = 1.5
_CALL_LIMIT_S = 0.8
_MOST_MISSES = 3
_MOST_CONNECTIONS = 3
_MOST_32 = 2**32 - 1
_CONNECTIONS = (
    "urn:schemas-upnp-org:service:WANIPConnection:",
    "urn:schemas-upnp-org:service:WANPPPConnection:",
)
_COMMON = "urn:schemas-upnp-org:service:WANCommonInterfaceConfig:"
_FORWARDING = "urn:schemas-upnp-org:service:Layer3Forwarding:"

UP = {
    "Connected": True,
    "PendingDisconnect": True,
    "Connecting": False,
    "Authenticating": False,
    "Disconnected": False,
}
"""What a ConnectionStatus says of the line. The others (Unconfigured, Disconnecting, a maker's own) say nothing."""

Search = Callable[[str, str, float], Iterator[Place]]


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the box: its type, the name the box has for it, and where its actions are called."""

    type: str
    identity: str
    place: Place


@dataclass(frozen=True, slots=True)
class Services:
    """What a description offers. ``connections`` is never empty."""

    connections: tuple[Service, ...]
    common: Service | None
    forwarding: Service | None


@dataclass(frozen=True, slots=True)
class _Counted:
    """Bytes towards the home and from it, whether the counters have 64 bits, and when they were read."""

    down: int | None
    up: int | None
    wide: bool
    at: Reading


@dataclass(frozen=True, slots=True)
class _Connection:
    """One connection's answer."""

    service: Service
    up: bool | None
    uptime_s: int | None


def read_description(document: bytes, gateway: str, place: Place) -> Services:
    """The services of the description found at ``place``. What is not on the gateway itself is left out.

    Raises ValueError for a document that is no description, or one without a connection to the internet.
    """
    found = leaves(document)
    own = f"http://{gateway}:{place.port}{place.path}"
    stated = next((leaf.text for leaf in found if leaf.path[1:] == ("URLBase",)), "")
    base = stated if ssdp.place_on(gateway, stated) is not None else own
    services = []
    for said in children(found, "service"):
        control = ssdp.place_on(gateway, _join(base, said.get("controlURL", "")))
        if control is not None:
            services.append(Service(said.get("serviceType", ""), said.get("serviceId", ""), control))
    connections = [service for service in services if service.type.startswith(_CONNECTIONS)]
    if not connections:
        raise ValueError("no connection to the internet in it")
    return Services(
        tuple(connections[:_MOST_CONNECTIONS]),
        next((service for service in services if service.type.startswith(_COMMON)), None),
        next((service for service in services if service.type.startswith(_FORWARDING)), None),
    )


def _join(base: str, path: str) -> str:
    try:
        return urljoin(base, path)
    except ValueError:
        return ""


def agreed(connections: list[_Connection]) -> _Connection:
    """What several connections say together, when the box does not tell which is the way out.

    One that is up means up; down is only believed when all say so.
    """
    up = next((connection for connection in connections if connection.up), None)
    if up is not None:
        return up
    down = all(connection.up is False for connection in connections)
    return replace(connections[0], up=False if down else None, uptime_s=None)


class Upnp:
    """A box asked over UPnP. Looks for its description again by itself when that has moved."""

    name = "upnp"

    def __init__(self, gateway: str, clock: Clock, interface: str = "", search: Search = ssdp.search) -> None:
        self._gateway = gateway
        self._clock = clock
        self._web = LocalWeb(gateway, interface=interface)
        self._search = search
        self._services: Services | None = None
        self._misses: dict[str, int] = {}
        self._link_was_up = False

    def look(self, deadline: float) -> bool:
        """Find the description. True when there is one that offers a connection to the internet."""
        self._services = None
        self._misses.clear()
        until = min(deadline, time.monotonic() + SEARCH_LIMIT_S)
        for place in self._search(self._gateway, self._web.interface, until):
            answer = self._web.at_port(place.port).ask(Request(place.path), deadline)
            try:
                if answer is not None and answer.status == 200:
                    self._services = read_description(answer.body, self._gateway, place)
                    return True
            except ValueError:
                continue
        return False

    def ask(self) -> BoxReading | None:
        """Ask for everything, in two seconds at most; None when the box does not say how its line is."""
        deadline = time.monotonic() + ASK_LIMIT_S
        if self._services is None:
            self.look(deadline)
        services = self._services
        connection = self._connection(services, deadline) if services is not None else None
        if services is None or connection is None:
            self._services = None  # restarted, perhaps, and now at another port
            return None
        counted = self._counters(services.common, deadline)
        link = self._optional(services.common, "GetCommonLinkProperties", deadline)
        told = self._optional(connection.service, "GetExternalIPAddress", deadline)
        address = address_of(told.get("NewExternalIPAddress"))
        wan_up = self._believed(connection.up, link.get("NewPhysicalLinkStatus", ""))
        account = BoxAccount(
            self.name,
            wan_up,
            uptime_s=connection.uptime_s if wan_up else None,
            network=public_network(address),
            link_down_bps=rate(link.get("NewLayer1DownstreamMaxBitRate")),
            link_up_bps=rate(link.get("NewLayer1UpstreamMaxBitRate")),
        )
        return BoxReading(account, counted.down, counted.up, address, counted.at, counted.wide)

    def _believed(self, up: bool | None, link: str) -> bool | None:
        """Whether the line is up: a physical link that went down counts, one that never was up says nothing."""
        if link == "Up":
            self._link_was_up = True
        return False if link == "Down" and self._link_was_up else up

    def _connection(self, services: Services, deadline: float) -> _Connection | None:
        connections = []
        for service in services.connections:
            said = self._call(service, "GetStatusInfo", deadline)
            if said:
                uptime = whole(said.get("NewUptime"), _MOST_32)
                connections.append(_Connection(service, UP.get(said.get("NewConnectionStatus", "")), uptime))
        if len(connections) < 2:
            return connections[0] if connections else None
        told = self._optional(services.forwarding, "GetDefaultConnectionService", deadline)
        identity = told.get("NewDefaultConnectionService", "").rpartition(",")[2].strip()
        default = [connection for connection in connections if connection.service.identity == identity]
        return default[0] if len(default) == 1 else agreed(connections)

    def _counters(self, common: Service | None, deadline: float) -> _Counted:
        said = self._optional(common, "GetAddonInfos", deadline)
        at = self._clock.read()
        for name, wide in (("NewX_AVM_DE_TotalBytes{}64", True), ("NewTotalBytes{}", False)):
            down, up = (whole(said.get(name.format(way))) for way in ("Received", "Sent"))
            if down is not None and up is not None:
                return _Counted(down, up, wide, at)
        received = self._optional(common, "GetTotalBytesReceived", deadline)
        at = self._clock.read()
        sent = self._optional(common, "GetTotalBytesSent", deadline)
        down, up = whole(received.get("NewTotalBytesReceived")), whole(sent.get("NewTotalBytesSent"))
        return _Counted(down, up, False, at)

    def _optional(self, service: Service | None, action: str, deadline: float) -> dict[str, str]:
        """The values, empty where the box has none. What it refuses, or does not answer, is soon asked no more."""
        if service is None or self._misses.get(action, 0) >= _MOST_MISSES:
            return {}
        said = self._call(service, action, deadline)
        if said is None:
            self._misses[action] = _MOST_MISSES
        elif said:
            self._misses[action] = 0
        else:
            self._misses[action] = self._misses.get(action, 0) + 1
        return said or {}

    def _call(self, service: Service, action: str, deadline: float) -> dict[str, str] | None:
        """The values; empty for no answer, or none that is understood; None where the box refuses the action."""
        try:
            request = soap.call(service.place.path, service.type, action)
            limit = min(deadline, time.monotonic() + _CALL_LIMIT_S)
            answer = self._web.at_port(service.place.port).ask(request, limit, soap.MOST_ANSWER)
            return soap.read(answer, action) if answer is not None else {}
        except soap.Refused:
            return None
        except ValueError:
            return {}


def look(gateway: str, clock: Clock, interface: str, deadline: float) -> Upnp | None:
    """The box at ``gateway``, if it answers by ``deadline`` (``time.monotonic``)."""
    box = Upnp(gateway, clock, interface)
    return box if box.look(deadline) else None
