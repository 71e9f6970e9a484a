"""The link on macOS, from the output of its own commands. Never run on a real Mac.

Constructed from the manual pages route(8), netstat(1), arp(8), ifconfig(8), networksetup(8). A routing socket
(route(4)) tells of changes, so the commands run seldom; the list of hardware ports is read once. Where a tunnel draws
the traffic, the physical way out is the default route that is left for another interface, or the host route to the
VPN's server. A Mac has tunnel interfaces of its own without an IPv4 route: those are not counted. No peer is told.
"""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diagnostics.links.route import RouteState

OUTSIDE = "198.41.0.4"
"""An address that nobody has a route of their own for (a.root-servers.net). Only looked up in the routing table."""

_TUNNELS = ("utun", "ipsec", "ppp", "tun", "tap", "gif", "stf")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)

Run = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Row:
    """One IPv4 route as netstat shows it. ``gateway`` is empty where it is no address."""

    destination: str
    gateway: str
    flags: str
    interface: str


def run(command: Sequence[str]) -> str:
    """A command's standard output; empty when it fails or takes more than two seconds."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=2, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")


def parse_route(text: str) -> tuple[str, str]:
    """Interface and gateway from ``route -n get ADDRESS``; empty without a route."""
    fields = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip()] = value.strip()
    gateway = fields.get("gateway", "").partition("%")[0]
    # On a point-to-point link the "gateway" is the interface itself.
    return fields.get("interface", ""), gateway if re.fullmatch(r"[0-9a-fA-F.:]+", gateway) else ""


def parse_table(text: str) -> list[Row]:
    """The routes in ``netstat -rn -f inet``, in its order. Columns differ between versions: the headline tells."""
    rows: list[Row] = []
    column = -1
    for line in text.splitlines():
        words = line.split()
        if words[:3] == ["Destination", "Gateway", "Flags"]:
            column = words.index("Netif") if "Netif" in words else -1
        elif 3 <= column < len(words):
            gateway = words[1] if _ADDRESS.fullmatch(words[1]) else ""
            rows.append(Row(words[0], gateway, words[2], words[column]))
    return rows


def is_tunnel(interface: str) -> bool:
    """Whether an interface's name is that of a tunnel."""
    return interface.startswith(_TUNNELS)


def beneath_tunnel(rows: Sequence[Row]) -> tuple[str, str]:
    """Interface and gateway of the physical way out, from what a tunnel has left of the routes; empty for none."""
    plain = [row for row in rows if row.gateway and not is_tunnel(row.interface)]
    defaults = [row for row in plain if row.destination == "default"]
    hosts = [row for row in plain if "H" in row.flags and "G" in row.flags]
    for row in (*defaults, *hosts):
        return row.interface, row.gateway
    return "", ""


def parse_arp(text: str, address: str, interface: str) -> str:
    """The MAC from ``arp -n ADDRESS``. macOS leaves leading zeros out: they are put back."""
    for found in re.finditer(r"\((\S+)\) at ([0-9a-fA-F:]+) on (\S+)", text):
        parts = found[2].lower().split(":")
        if (
            (found[1], found[3]) == (address, interface)
            and len(parts) == 6
            and all(len(part) < 3 for part in parts)
        ):
            return ":".join(part.zfill(2) for part in parts)
    return ""


def parse_carrier(text: str) -> bool | None:
    """From ``ifconfig INTERFACE``: its ``status`` line, which point-to-point interfaces lack."""
    found = re.search(r"^\s*status: (\S+)", text, re.MULTILINE)
    return None if found is None else found[1] == "active"


def parse_ports(text: str) -> dict[str, str]:
    """Interface to port name, from ``networksetup -listallhardwareports``."""
    pairs = re.findall(r"Hardware Port: ([^\n]*)\nDevice: (\S+)", text)
    return {device: port for port, device in pairs}


def medium_of(interface: str, ports: dict[str, str]) -> str:
    """What an interface is, by the name of its port."""
    if is_tunnel(interface):
        return "vpn"
    port = ports.get(interface, "").lower()
    if port in ("wi-fi", "airport"):
        return "wifi"
    if "ethernet" in port or "lan" in port or "thunderbolt" in port:
        return "ethernet"
    return "other" if interface else ""


class MacRouteReader:
    """``run`` runs a command and returns its output."""

    def __init__(self, run: Run = run) -> None:
        self._run = run
        self._ports: dict[str, str] | None = None
        self._events: socket.socket | None = None

    def read(self) -> RouteState:
        out, gateway = parse_route(self._run(["route", "-n", "get", OUTSIDE]))
        out6, gateway6 = parse_route(self._run(["route", "-n", "get", "-inet6", "default"]))
        rows = parse_table(self._run(["netstat", "-rn", "-f", "inet"]))
        tunnel = next((name for name in (out, "" if out else out6) if is_tunnel(name)), "")
        interface, gateway = beneath_tunnel(rows) if is_tunnel(out) else (out, gateway)
        if not interface and not is_tunnel(out6):
            interface = out6
        if out6 != interface:
            gateway6 = ""
        tunnels = tuple(sorted({row.interface for row in rows if is_tunnel(row.interface)} | {tunnel} - {""}))
        if not interface:
            return RouteState(tunnel=tunnel, tunnels=tunnels)
        mac = parse_arp(self._run(["arp", "-n", gateway]), gateway, interface) if gateway else ""
        carrier = parse_carrier(self._run(["ifconfig", interface]))
        if self._ports is None:
            self._ports = parse_ports(self._run(["networksetup", "-listallhardwareports"]))
        medium = medium_of(interface, self._ports)
        return RouteState(interface, gateway, mac, gateway6, carrier, medium, tunnel, tunnels)

    def events(self) -> socket.socket | None:
        family = getattr(socket, "AF_ROUTE", None)
        if self._events is None and family is not None:
            try:
                self._events = socket.socket(family, socket.SOCK_RAW, 0)
                self._events.setblocking(False)
            except OSError:
                self._events = None
        return self._events

    def changed(self) -> bool:
        some = False
        while self._events is not None:
            try:
                self._events.recv(4096)
            except BlockingIOError:
                break
            except OSError:
                return True
            some = True
        return some

    def close(self) -> None:
        if self._events is not None:
            self._events.close()
            self._events = None
