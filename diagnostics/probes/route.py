"""The first hop beyond the box: whoever says "time exceeded" to a packet that may take two hops.

Without special rights on Linux: ICMP errors about what a datagram ICMP or UDP socket sent are read from its error
queue. Elsewhere, and where that gives nothing, from an ICMP socket that sees them as packets. Windows: its echo
service. Where the network is so short that a destination itself answers at two hops (a lab), that is the first hop.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnostics.clock import Clock
from diagnostics.model import SECOND
from diagnostics.probes import icmp, sockets
from diagnostics.probes.binding import bind, source_on

if TYPE_CHECKING:
    from diagnostics.probes.icmp_api import EchoApi, EchoResult

HOPS = 2
MOST_DESTINATIONS = 3
_PAUSE_S = 0.01
_GRACE_NS = 150_000_000
"""How long to wait for the other answers once there is one."""
_FIRST_PORT = 33434
_IPPROTO_ICMP = {4: socket.IPPROTO_ICMP, 6: socket.IPPROTO_ICMPV6}
_INET = {4: socket.AF_INET, 6: socket.AF_INET6}

_Said = dict[str, str]
"""Who answered, by destination."""


@dataclass(frozen=True, slots=True)
class HopAnswer:
    """``address``: the first hop, None when nobody said anything. ``echoes``: whether it answers ping, None when
    that could not be tried."""

    address: str | None
    echoes: bool | None


def find_first_hop(
    destinations: Sequence[str],
    *,
    gateway: str,
    clock: Clock,
    timeout_s: float = 1.0,
    family: int = 4,
    interface: str = "",
) -> HopAnswer:
    """Find the first hop beyond ``gateway`` towards up to three destinations, and whether it answers a plain ping.

    Sends one packet to each, and as many again where the first kind brings nothing. Blocks for at most
    ``timeout_s`` to find it and ``timeout_s`` to ping it. Network errors do not raise: nothing is found then.
    An answer by the gateway itself is passed over. Where destinations disagree, most of them decide. All leaves by
    ``interface``, or as the system chooses where that is empty.
    """
    wanted = [
        address
        for address in dict.fromkeys(sockets.canonical(address) for address in destinations)
        if sockets.family_of(address) == family
    ][:MOST_DESTINATIONS]
    if sys.platform == "win32":
        return find_with_api(wanted, gateway, clock, timeout_s, interface=interface)
    said: _Said = {}
    ways = _ways(sys.platform)
    start = clock.mono_ns()
    for number, way in enumerate(ways, 1):
        limit = start + int(timeout_s * SECOND) * number // len(ways)
        with suppress(OSError):
            said = way(wanted, family, interface, clock, limit)
        address = choose(wanted, said, gateway)
        if address is not None:
            return HopAnswer(address, _echoes(address, family, interface, clock, timeout_s))
    return HopAnswer(None, None)


def choose(destinations: Sequence[str], said: _Said, gateway: str) -> str | None:
    """The hop that most destinations lie behind; the earlier destination decides a tie."""
    hops = [said[address] for address in destinations if address in said]
    counted = Counter(hop for hop in hops if hop != sockets.canonical(gateway))
    return max(counted, key=lambda hop: counted[hop], default=None)


_Way = Callable[[Sequence[str], int, str, Clock, int], _Said]


def _ways(platform: str) -> list[_Way]:
    return [_by_icmp_errors, _by_udp_errors] if platform == "linux" else [_by_packets]


def _by_icmp_errors(
    destinations: Sequence[str], family: int, interface: str, clock: Clock, limit_ns: int
) -> _Said:
    """Echo requests from a datagram ICMP socket. Raises OSError where that is not allowed."""
    with socket.socket(_INET[family], socket.SOCK_DGRAM, _IPPROTO_ICMP[family]) as sock:
        cookie = os.urandom(icmp.COOKIE_BYTES)
        _prepare(sock, family, interface, errors=True)
        for number, address in enumerate(destinations, 1):
            packet = icmp.echo_request(family, 0, number, icmp.payload(cookie, number), summed=False)
            _send(sock, packet, sockets.socket_address(address))
        return _listen(sock, family, cookie, None, destinations, clock, limit_ns)


def _by_udp_errors(
    destinations: Sequence[str], family: int, interface: str, clock: Clock, limit_ns: int
) -> _Said:
    """UDP packets to ports that nobody listens on, as traceroute sends them."""
    with socket.socket(_INET[family], socket.SOCK_DGRAM) as sock:
        _prepare(sock, family, interface, errors=True)
        for number, address in enumerate(destinations):
            _send(sock, b"jalerte", sockets.socket_address(address, _FIRST_PORT + number))
        return _listen(sock, family, b"", None, destinations, clock, limit_ns)


def _by_packets(
    destinations: Sequence[str], family: int, interface: str, clock: Clock, limit_ns: int
) -> _Said:
    """Echo requests from an ICMP socket that sees errors as packets: datagram on macOS, else raw."""
    sock, _ = _icmp_socket(family, (socket.SOCK_RAW, socket.SOCK_DGRAM))
    with sock:
        cookie, identifier = os.urandom(icmp.COOKIE_BYTES), int.from_bytes(os.urandom(2), "big")
        _prepare(sock, family, interface, errors=False)
        for number, address in enumerate(destinations, 1):
            body = icmp.payload(cookie, number)
            packet = icmp.echo_request(family, identifier, number, body, summed=family == 4)
            _send(sock, packet, sockets.socket_address(address))
        return _listen(sock, family, cookie, identifier, destinations, clock, limit_ns)


def _icmp_socket(family: int, kinds: Sequence[socket.SocketKind]) -> tuple[socket.socket, socket.SocketKind]:
    """The first kind of ICMP socket that is allowed. Raises OSError where none is."""
    refused: OSError | None = None
    for kind in kinds:
        try:
            return socket.socket(_INET[family], kind, _IPPROTO_ICMP[family]), kind
        except OSError as error:
            refused = error
    assert refused is not None
    raise refused


def _prepare(sock: socket.socket, family: int, interface: str, *, errors: bool) -> None:
    bind(sock, family, interface)
    sock.setblocking(False)
    if family == 6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, HOPS)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, HOPS)
    if errors:
        sockets.ask_for_errors(sock, family)


def _send(sock: socket.socket, packet: bytes, address: sockets.SocketAddress) -> None:
    # An ICMP error about the packet before makes the next sendto fail once in its place.
    for _ in range(2):
        try:
            sock.sendto(packet, address)
            return
        except OSError:
            continue


def _listen(
    sock: socket.socket,
    family: int,
    cookie: bytes,
    identifier: int | None,
    destinations: Sequence[str],
    clock: Clock,
    limit_ns: int,
) -> _Said:
    """Gather who says what about our packets, until all is known, or the time is over."""
    said: _Said = {}
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    while len(said) < len(destinations):
        left_ns = limit_ns - clock.mono_ns()
        if left_ns <= 0:
            break
        events = poll.poll(left_ns / 1_000_000)
        event = events[0][1] if events else 0
        heard = _queued(sock) if event & select.POLLERR else None
        if heard is None and event & select.POLLIN:
            heard = _received(sock, family, cookie, identifier)
        if heard is not None and heard[0] in destinations and heard[0] not in said:
            said[heard[0]] = heard[1]
            limit_ns = min(limit_ns, clock.mono_ns() + _GRACE_NS)
    return said


def _queued(sock: socket.socket) -> tuple[str, str] | None:
    """Destination and sayer of a queued error that tells of the second hop."""
    error = sockets.read_error(sock)
    if error is None or not error.sayer:
        return None
    arrived = error.name == "port-unreachable" and error.sayer == error.destination
    return (error.destination, error.sayer) if error.ttl_exceeded or arrived else None


def _received(
    sock: socket.socket, family: int, cookie: bytes, identifier: int | None
) -> tuple[str, str] | None:
    """Destination and sayer of a packet that tells of the second hop."""
    try:
        packet, source = sock.recvfrom(512)
    except OSError:
        return None
    message = icmp.parse_packet(family, packet)
    sayer = sockets.canonical(source[0])
    if isinstance(message, icmp.EchoReply):
        quoted = icmp.read_payload(message.payload)
        return (sayer, sayer) if quoted is not None and quoted[0] == cookie else None
    if message is None or not message.ttl_exceeded or message.identifier != identifier:
        return None
    return socket.inet_ntop(_INET[family], message.destination), sayer


def _echoes(address: str, family: int, interface: str, clock: Clock, timeout_s: float) -> bool | None:
    """Whether ``address`` answers one of two plain pings; None where that cannot be tried."""
    try:
        sock, kind = _icmp_socket(family, (socket.SOCK_DGRAM, socket.SOCK_RAW))
    except OSError:
        return None
    cookie, identifier = os.urandom(icmp.COOKIE_BYTES), int.from_bytes(os.urandom(2), "big")
    summed = family == 4 and not (kind == socket.SOCK_DGRAM and sys.platform == "linux")
    with sock:
        try:
            bind(sock, family, interface)
        except OSError:
            return None
        sock.setblocking(False)
        for number in (1, 2):
            body = icmp.payload(cookie, number)
            packet = icmp.echo_request(family, identifier, number, body, summed=summed)
            _send(sock, packet, sockets.socket_address(address))
            limit_ns = clock.mono_ns() + int(timeout_s * SECOND) // 2
            if _listen(sock, family, cookie, None, [address], clock, limit_ns):
                return True
    return False


def find_with_api(
    destinations: Sequence[str],
    gateway: str,
    clock: Clock,
    timeout_s: float,
    api: EchoApi | None = None,
    interface: str = "",
) -> HopAnswer:
    """As ``find_first_hop``, over Windows' echo service. Never run on a real Windows machine."""
    from diagnostics.probes import icmp_api

    try:
        api = icmp_api.WindowsEchoApi() if api is None else api
    except OSError:
        return HopAnswer(None, None)
    try:
        results = _ask(api, destinations, HOPS, clock, timeout_s, interface)
        said = {
            destination: result.address
            for destination, result in results.items()
            if result.status in (icmp_api.TTL_EXPIRED, icmp_api.SUCCESS) and result.address
        }
        address = choose(destinations, said, gateway)
        if address is None:
            return HopAnswer(None, None)
        answer = _ask(api, [address], 128, clock, timeout_s, interface).get(address)
        return HopAnswer(address, answer is not None and answer.status == icmp_api.SUCCESS)
    finally:
        api.close()


def _ask(
    api: EchoApi, addresses: Sequence[str], ttl: int, clock: Clock, timeout_s: float, interface: str
) -> dict[str, EchoResult]:
    """Ping each address once; what is known when all have answered or the time is over."""
    limit_ns = clock.mono_ns() + int(timeout_s * SECOND)
    calls = {}
    for address in addresses:
        try:
            source = source_on(interface, address) if interface else ""
            where = sockets.canonical(address)
            calls[address] = api.start(where, b"jalerte", int(timeout_s * 1000), ttl, source=source)
        except OSError:
            continue
    results: dict[str, EchoResult] = {}
    while True:
        for address, call in calls.items():
            result = call.result()
            if result is not None:
                results[address] = result
        if len(results) == len(calls) or clock.mono_ns() >= limit_ns:
            return results
        time.sleep(_PAUSE_S)
