"""The little of Linux's rtnetlink that is needed: asking for one route, for neighbours, for the other ends of tunnels,
and hearing of changes.

Formats: linux/netlink.h, linux/rtnetlink.h, linux/neighbour.h, linux/if_addr.h. Parsers never raise on foreign bytes.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ROUTE = struct.Struct("=BBBBBBBBI")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_ADDRESS = struct.Struct("=BBBBi")

_NEWROUTE, _GETROUTE = 24, 26
_NEWNEIGH, _GETNEIGH = 28, 30
_NEWADDR, _GETADDR = 20, 22
_DONE, _ERROR = 3, 2
_REQUEST, _DUMP = 1, 0x300
_RTA_DST, _RTA_OIF, _RTA_GATEWAY = 1, 4, 5
_NDA_DST, _NDA_LLADDR = 1, 2
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_USABLE = 0x02 | 0x04 | 0x08 | 0x10 | 0x80
"""Neighbour states in which the address is known: reachable, stale, delay, probe, permanent."""

_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
"""Changes of links, and of IPv4 and IPv6 addresses and routes."""

_INET = {4: socket.AF_INET, 6: socket.AF_INET6}
_WAIT_S = 0.2


@dataclass(frozen=True, slots=True)
class Message:
    kind: int
    body: bytes


def messages(data: bytes) -> Iterator[Message]:
    """The messages in one read from a netlink socket."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _, _, _ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size or offset + length > len(data):
            return
        yield Message(kind, data[offset + _HEADER.size : offset + length])
        offset += (length + 3) & ~3


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes behind a message's fixed part, by type; the last of a type counts."""
    found: dict[int, bytes] = {}
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size or offset + length > len(data):
            break
        found[kind & 0x3FFF] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3
    return found


def read_route(data: bytes) -> tuple[int, str] | None:
    """Interface index and gateway (perhaps empty) in the answer to a route request; None where there is no route."""
    for message in messages(data):
        if message.kind != _NEWROUTE or len(message.body) < _ROUTE.size:
            continue
        found = attributes(message.body[_ROUTE.size :])
        index = found.get(_RTA_OIF, b"")
        if len(index) == 4:
            return struct.unpack("=i", index)[0], _address(found.get(_RTA_GATEWAY, b""))
    return None


def read_neighbours(data: bytes) -> Iterator[tuple[int, str, str]]:
    """Interface index, address and MAC of each usable neighbour in a dump."""
    for message in messages(data):
        if message.kind != _NEWNEIGH or len(message.body) < _NEIGHBOUR.size:
            continue
        _, index, state, _, _ = _NEIGHBOUR.unpack_from(message.body)
        found = attributes(message.body[_NEIGHBOUR.size :])
        address, mac = _address(found.get(_NDA_DST, b"")), found.get(_NDA_LLADDR, b"")
        if state & _USABLE and address and len(mac) == 6:
            yield index, address, mac.hex(":")


def read_ends(data: bytes) -> Iterator[tuple[int, str, str]]:
    """Interface index, own and the other end's IPv4 address in a dump of addresses.

    The other end's is the peer address of a point-to-point link; in a subnet, by custom, its first address; empty
    where there is neither.
    """
    for message in messages(data):
        if message.kind != _NEWADDR or len(message.body) < _ADDRESS.size:
            continue
        family, length, _, _, index = _ADDRESS.unpack_from(message.body)
        found = attributes(message.body[_ADDRESS.size :])
        address = found.get(_IFA_ADDRESS, b"")
        own = found.get(_IFA_LOCAL, address)
        if family != socket.AF_INET or len(address) != 4 or len(own) != 4:
            continue
        if address == own and length < 31:
            mask = 0xFFFFFFFF << 32 - length & 0xFFFFFFFF
            address = ((int.from_bytes(own, "big") & mask) + 1).to_bytes(4, "big")
        yield index, _address(own), _address(address) if address != own else ""


def _address(packed: bytes) -> str:
    family = {4: socket.AF_INET, 16: socket.AF_INET6}.get(len(packed))
    return socket.inet_ntop(family, packed) if family is not None else ""


def ask_route(destination: str) -> tuple[int, str] | None:
    """Which way the kernel would send a packet to ``destination``, rules and VPNs included. Sends nothing out.

    None where there is no route. Raises OSError where netlink cannot be asked.
    """
    family = 6 if ":" in destination else 4
    packed = socket.inet_pton(_INET[family], destination)
    attribute = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(packed), _RTA_DST) + packed
    body = _ROUTE.pack(_INET[family], len(packed) * 8, 0, 0, 0, 0, 0, 0, 0) + attribute
    return read_route(_ask(_GETROUTE, _REQUEST, body))


def ask_mac(index: int, address: str) -> str:
    """The MAC of a neighbour, or nothing. Raises OSError where netlink cannot be asked."""
    family = 6 if ":" in address else 4
    data = _ask(_GETNEIGH, _REQUEST | _DUMP, _NEIGHBOUR.pack(_INET[family], 0, 0, 0, 0))
    for where, neighbour, mac in read_neighbours(data):
        if (where, neighbour) == (index, address):
            return mac
    return ""


def ask_ends() -> dict[int, tuple[str, str]]:
    """Own and the other end's IPv4 address by interface index; the first of several. Raises OSError."""
    ends: dict[int, tuple[str, str]] = {}
    for index, own, other in read_ends(
        _ask(_GETADDR, _REQUEST | _DUMP, _ADDRESS.pack(socket.AF_INET, 0, 0, 0, 0))
    ):
        ends.setdefault(index, (own, other))
    return ends


def _ask(kind: int, flags: int, body: bytes) -> bytes:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.settimeout(_WAIT_S)
        sock.bind((0, 0))
        sock.send(_HEADER.pack(_HEADER.size + len(body), kind, flags, 1, 0) + body)
        data = sock.recv(65536)
        answer = data
        while (
            flags & _DUMP and data and not any(message.kind in (_DONE, _ERROR) for message in messages(data))
        ):
            data = sock.recv(65536)
            answer += data
        return answer


def open_events() -> socket.socket:
    """A non-blocking socket that hears of changes. Raises OSError."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    try:
        sock.setblocking(False)
        sock.bind((0, _GROUPS))
    except OSError:
        sock.close()
        raise
    return sock
