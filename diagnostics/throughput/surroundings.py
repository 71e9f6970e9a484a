"""Under which circumstances a measurement is made: read once, before it. Sends nothing."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from diagnostics.home_networks import Address, is_private
from diagnostics.links.interfaces import InterfaceFacts, read_interface, system_name
from diagnostics.links.metered import read_metered
from diagnostics.links.route import RouteState
from diagnostics.model import Line, Problem, line_id
from diagnostics.probes import binding
from diagnostics.probes.clock_sync import ClockState, read_clock_state
from diagnostics.throughput.model import Circumstances, Medium, Way
from diagnostics.witnesses import Wifi


def read_networks() -> Mapping[str, tuple[str, ...]]:
    """Each interface's addresses with their prefix, such as ``192.168.1.10/24``. Raises nothing.

    Interfaces bear the names that the system gives them; on Windows these are those that people see.
    """
    import psutil

    try:
        listed = psutil.net_if_addrs()
    except (OSError, RuntimeError):
        return {}
    return {
        name: tuple(
            text for entry in entries if (text := _with_prefix(entry.family, entry.address, entry.netmask))
        )
        for name, entries in listed.items()
    }


def _with_prefix(family: int, address: str, mask: str | None) -> str:
    """An address with the length of its network; empty for another kind of address.

    Windows tells no masks for IPv6: networks with hosts have 64 bits there (RFC 4291, 2.5.1).
    """
    if family not in (socket.AF_INET, socket.AF_INET6):
        return ""
    bare = address.partition("%")[0]
    if mask is None:
        return f"{bare}/{64 if family == socket.AF_INET6 else 32}"
    try:
        return f"{bare}/{int(ipaddress.ip_address(mask)).bit_count()}"
    except ValueError:
        return ""


def read_wifi(interface: str) -> Wifi:
    """What the radio does now, asked in a way that brings up no question for the right to the location."""
    from diagnostics.links.wifi import open_wifi_reader

    reader = open_wifi_reader(identity=False)
    try:
        return reader.read(interface)
    finally:
        reader.close()


def read_medium(interface: str, platform: str = sys.platform) -> str:
    """What another interface than the route's is, as ``RouteState.medium``; empty where the system is not asked."""
    if platform == "linux":
        from diagnostics.links.linux import medium_of as linux_medium

        folder = Path("/sys/class/net", interface)
        try:
            kind = int(folder.joinpath("type").read_text("ascii"))
            return linux_medium(kind, frozenset(entry.name for entry in folder.iterdir()))
        except (OSError, ValueError):
            return ""
    if platform == "win32":
        from diagnostics.links.windows import medium_of as windows_medium

        return windows_medium(interface)
    return ""


def read_lines(journal: Path) -> Mapping[str, Line]:
    """The lines that a journal knows, by id; none where there is no journal, or it cannot be read."""
    from diagnostics.journal.reader import Reader

    try:
        with Reader(journal) as reader:
            return reader.lines
    except (Problem, OSError):
        return {}


@dataclass(frozen=True, slots=True)
class Sources:
    """Where everything comes from; tests put their own in its place."""

    source_on: Callable[[str, str], str] = binding.source_on
    possible: Callable[[str], bool] = binding.possible
    networks: Callable[[], Mapping[str, tuple[str, ...]]] = read_networks
    interface: Callable[[str], InterfaceFacts] = read_interface
    medium: Callable[[str], str] = read_medium
    wifi: Callable[[str], Wifi] = read_wifi
    clock: Callable[[], ClockState] = read_clock_state
    metered: Callable[[str], bool | None] = read_metered
    lines: Callable[[Path], Mapping[str, Line]] = read_lines
    name: Callable[[str], str] = system_name


SYSTEM = Sources()


def way_for(address: str, route: RouteState, family: int = 0, sources: Sources = SYSTEM) -> Way:
    """How a measurement against ``address`` should leave the machine.

    By the physical interface where that is known, can be bound to and reaches the address: then a VPN does not come
    between. As the system does where the server is this machine itself, another network card reaches it, or the
    network it is in lies behind a tunnel. Never raises.
    """
    free = Way("", family)
    found = _parse(address)
    if found is None or not route.interface:
        return free
    chosen = _source(sources, "", address)
    bound = _source(sources, route.interface, address)
    if found.is_loopback or chosen == address.partition("%")[0] or not bound:
        return free
    networks = sources.networks()
    others = _interfaces(networks, chosen) if chosen else set()
    if chosen != bound and not _is_tunnel(route, others):
        return free
    if chosen != bound and is_private(found) and not _on_link(networks, sources.name(route.interface), found):
        return free
    return Way(route.interface, family) if sources.possible(route.interface) else free


def look(
    address: str,
    way: Way,
    route: RouteState,
    journal: Path | None = None,
    sources: Sources = SYSTEM,
) -> Circumstances:
    """All circumstances but other traffic and the processors, for a server at ``address`` reached by ``way``.

    ``journal`` is the file that knows which line is home. Never raises; what cannot be read is not known. Takes ten
    seconds at most, mostly none.
    """
    found = _parse(address)
    networks = sources.networks()
    interface = way.interface or _chosen_interface(address, route, networks, sources)
    tunnelled = interface in _tunnels(route)
    clock = sources.clock()
    line = line_id("", interface) if tunnelled else _line(route, interface)
    own = found is not None and _source(sources, "", address) == address.partition("%")[0]
    return Circumstances(
        medium=_medium(interface, route, sources, tunnelled=tunnelled),
        tunnel=interface if tunnelled else route.tunnel,
        beside_tunnel=bool(route.tunnel) and not tunnelled,
        line_id=line,
        line_home=_home(journal, line, sources),
        at_home=found is not None
        and not tunnelled
        and _at_home(found, route, networks, sources.name(interface)),
        loopback=own or (found is not None and found.is_loopback),
        clock_synchronised=clock.synchronised,
        clock_error_ms=clock.error_ms,
        metered=sources.metered(interface),
    )


def _parse(address: str) -> Address | None:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _source(sources: Sources, interface: str, address: str) -> str:
    """The address that packets to ``address`` would bear; empty where there is no way. No name is ever looked up."""
    if _parse(address) is None:
        return ""
    try:
        return sources.source_on(interface, address)
    except (OSError, ValueError):
        return ""


def _interfaces(networks: Mapping[str, tuple[str, ...]], source: str) -> set[str]:
    """The interfaces that have this address, by the system's names."""
    return {name for name, own in networks.items() if any(o.partition("/")[0] == source for o in own)}


def _tunnels(route: RouteState) -> frozenset[str]:
    return frozenset(name for name in (route.tunnel, *route.tunnels) if name)


def _is_tunnel(route: RouteState, interfaces: set[str]) -> bool:
    """Whether the system's choice is a tunnel; where its name cannot be told, one that draws all is it."""
    return bool(_tunnels(route) & interfaces) or (bool(route.tunnel) and not interfaces)


def _chosen_interface(
    address: str, route: RouteState, networks: Mapping[str, tuple[str, ...]], sources: Sources
) -> str:
    """The interface that the system takes of itself, by the route's names; where that cannot be told, the way out."""
    chosen = _source(sources, "", address)
    found = _interfaces(networks, chosen) if chosen else set()
    for name in (route.interface, *sorted(_tunnels(route))):
        if name and sources.name(name) in found:
            return name
    return min(found) if found else route.tunnel or route.interface


def _medium(interface: str, route: RouteState, sources: Sources, *, tunnelled: bool) -> Medium:
    if not interface:
        return Medium()
    kind = route.medium if interface == route.interface else sources.medium(interface)
    if tunnelled:
        return Medium("vpn", interface)
    if kind == "wifi":
        return Medium(kind, interface, wifi=sources.wifi(interface))
    facts = sources.interface(interface)
    return Medium(kind, interface, facts.speed_bps, facts.duplex)


def _line(route: RouteState, interface: str) -> str:
    known = bool(route.gateway_mac) and interface in ("", route.interface)
    return line_id(route.gateway_mac, route.interface) if known else ""


def _home(journal: Path | None, line: str, sources: Sources) -> bool | None:
    if journal is None or not line:
        return None
    known = sources.lines(journal).get(line)
    return known.home if known is not None else None


def _on_link(networks: Mapping[str, tuple[str, ...]], interface: str, address: Address) -> bool:
    """Whether the interface reaches the address without a gateway."""
    for own in networks.get(interface, ()):
        try:
            network = ipaddress.ip_interface(own).network
        except ValueError:
            continue
        if network.version == address.version and address in network:
            return True
    return False


def _at_home(
    found: Address, route: RouteState, networks: Mapping[str, tuple[str, ...]], interface: str
) -> bool:
    """Whether the server is in the home's own network: the box, or a neighbour with an address for homes.

    An IPv6 neighbour is at home whatever its address: those of homes are public too.
    """
    if found in (_parse(route.gateway), _parse(route.gateway6)):
        return True
    if not is_private(found) and found.version == 4:
        return False
    return found.is_link_local or _on_link(networks, interface, found)
