"""Finds the address of a box's UPnP description: SSDP, searched at the gateway itself and in the home's network.

UPnP Device Architecture 1.0, section 1.3: M-SEARCH to 239.255.255.250:1900; 1.1, section 1.3.2, also to one machine.
Only the gateway's own answers count: any machine at home can answer a search.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from diagnostics.box.local_web import bind_to, read_head, time_left

GROUP = "239.255.255.250"
PORT = 1900
MOST_LOCATIONS = 4
_MOST_ANSWERS = 200
SEARCHED = (
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
)
_PATH = re.compile(r"/[!-~]*")


@dataclass(frozen=True, slots=True)
class Place:
    """A page on the gateway: port and path with its query."""

    port: int
    path: str


def place_on(gateway: str, url: str) -> Place | None:
    """Where ``url`` points to on the gateway; None where it points elsewhere, or is no plain ``http`` address."""
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return None
    if parts.scheme != "http" or parts.hostname != gateway or parts.username is not None:
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(port, path) if _PATH.fullmatch(path) and len(path) <= 512 else None


def location(datagram: bytes, gateway: str) -> Place | None:
    """The description's place in an answer to a search; None where there is none on the gateway."""
    try:
        status, headers = read_head(datagram)
    except ValueError:
        return None
    return place_on(gateway, headers.get("location", "")) if status == 200 else None


def message(host: str, target: str) -> bytes:
    """A search for ``target``, to be answered within a second."""
    lines = (
        "M-SEARCH * HTTP/1.1",
        f"HOST: {host}:{PORT}",
        'MAN: "ssdp:discover"',
        "MX: 1",
        f"ST: {target}",
        "",
        "",
    )
    return "\r\n".join(lines).encode("ascii")


def search(gateway: str, interface: str, deadline: float) -> Iterator[Place]:
    """The places that the gateway at an IPv4 address names, each once, until ``deadline`` (``time.monotonic``)."""
    seen: set[Place] = set()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            bind_to(sock, interface)
            _send(sock, gateway, interface)
            for _ in range(_MOST_ANSWERS):
                sock.settimeout(time_left(deadline))
                try:
                    datagram, sender = sock.recvfrom(4096)
                except ConnectionError:
                    continue  # Windows tells so that an earlier search found a closed port.
                found = location(datagram, gateway) if sender[0] == gateway else None
                if found is not None and found not in seen:
                    seen.add(found)
                    yield found
                    if len(seen) == MOST_LOCATIONS:
                        return
    except OSError:
        return


def _send(sock: socket.socket, gateway: str, interface: str) -> None:
    """Search at the gateway, and among all on its network: some boxes answer but one of both."""
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)  # the gateway is one step away
    sock.setsockopt(
        socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(_own_address(gateway, interface))
    )
    sent = 0
    for host in (gateway, GROUP):
        for target in SEARCHED:
            try:
                sock.sendto(message(host, target), (host, PORT))
                sent += 1
            except OSError:
                break  # no way to the group is no reason not to listen to the gateway
    if not sent:
        raise OSError("nothing could be sent")


def _own_address(gateway: str, interface: str) -> str:
    """The address of this machine on the gateway's network. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        bind_to(probe, interface)
        probe.connect((gateway, PORT))
        return str(probe.getsockname()[0])
