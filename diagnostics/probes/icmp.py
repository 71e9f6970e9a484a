"""ICMP packets as bytes: building echo requests, reading what comes back. Pure functions, no sockets.

Nothing here raises on foreign bytes: what cannot be read is None. Formats: RFC 792 (ICMP), RFC 4443 (ICMPv6).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

ECHO_REQUEST = {4: 8, 6: 128}
ECHO_REPLY = {4: 0, 6: 129}
TIME_EXCEEDED = {4: 11, 6: 3}

HEADER = struct.Struct("!BBHHH")
_NUMBER = struct.Struct("!Q")
COOKIE_BYTES = 8
_FILL = b"jalerte connectivity check, one a second"
"""Brings the payload to the 56 bytes of an ordinary ping, and tells whoever looks at it what it is."""
PAYLOAD_BYTES = COOKIE_BYTES + _NUMBER.size + len(_FILL)

_CODES_4 = {
    0: "net-unreachable",
    1: "host-unreachable",
    2: "protocol-unreachable",
    3: "port-unreachable",
    4: "fragmentation-needed",
    5: "source-route-failed",
    6: "net-unknown",
    7: "host-unknown",
    9: "net-prohibited",
    10: "host-prohibited",
    11: "net-unreachable-for-service",
    12: "host-unreachable-for-service",
    13: "admin-prohibited",
    14: "precedence-violation",
    15: "precedence-cutoff",
}
_CODES_6 = {
    0: "net-unreachable",
    1: "admin-prohibited",
    2: "beyond-scope",
    3: "host-unreachable",
    4: "port-unreachable",
    5: "source-policy-failed",
    6: "reject-route",
}


@dataclass(frozen=True, slots=True)
class EchoReply:
    """An echo reply. ``payload`` is what the answerer sent back, possibly cut short."""

    identifier: int
    sequence: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class ErrorAbout:
    """An ICMP error about an echo request. ``destination`` is the packed address that the request went to."""

    name: str
    ttl_exceeded: bool
    destination: bytes
    identifier: int
    sequence: int
    payload: bytes


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    total += total >> 16
    return ~total & 0xFFFF


def payload(cookie: bytes, number: int) -> bytes:
    """What an echo request of ours carries: the process's secret, and a number never used twice."""
    return cookie + _NUMBER.pack(number) + _FILL


def read_payload(data: bytes) -> tuple[bytes, int] | None:
    """The cookie and the number, or None where ``data`` is too short to hold them."""
    if len(data) < COOKIE_BYTES + _NUMBER.size:
        return None
    return data[:COOKIE_BYTES], int(_NUMBER.unpack_from(data, COOKIE_BYTES)[0])


def echo_request(family: int, identifier: int, sequence: int, body: bytes, *, summed: bool) -> bytes:
    """An echo request. ``summed`` is False where the kernel fills in the checksum itself."""
    kind = ECHO_REQUEST[family]
    if not summed:
        return HEADER.pack(kind, 0, 0, identifier, sequence) + body
    total = checksum(HEADER.pack(kind, 0, 0, identifier, sequence) + body)
    return HEADER.pack(kind, 0, total, identifier, sequence) + body


def error_name(family: int, kind: int, code: int) -> str:
    """The name of an ICMP error's type and code, such as ``net-unreachable``."""
    if kind == TIME_EXCEEDED[family]:
        return "ttl-exceeded"
    if family == 4 and kind == 3:
        return _CODES_4.get(code, f"unreachable-{code}")
    if family == 6 and kind == 1:
        return _CODES_6.get(code, f"unreachable-{code}")
    return f"icmp-{kind}-{code}"


def strip_ipv4(packet: bytes) -> bytes | None:
    """What an IPv4 packet carries, or None. Raw sockets, and macOS's datagram ones, hand over the IP header
    too.
    """
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return None
    length = (packet[0] & 15) * 4
    if length < 20 or len(packet) < length:
        return None
    return packet[length:]


def parse(family: int, message: bytes) -> EchoReply | ErrorAbout | None:
    """Read an ICMP message without its IP header: a reply, an error about an echo request, or None for all
    else.
    """
    if len(message) < HEADER.size:
        return None
    kind, code, _, identifier, sequence = HEADER.unpack_from(message)
    if kind == ECHO_REPLY[family]:
        if code:
            return None
        return EchoReply(identifier, sequence, message[HEADER.size :])
    is_error = kind in (3, 11, 12) if family == 4 else kind in (1, 3, 4)
    return _error(family, kind, code, message[HEADER.size :]) if is_error else None


def parse_packet(family: int, packet: bytes) -> EchoReply | ErrorAbout | None:
    """As ``parse``, for sockets that hand over the IPv4 header too: no message we read begins like one."""
    body = strip_ipv4(packet) if family == 4 and packet[:1] >= b"\x40" else packet
    return parse(family, body) if body is not None else None


def _error(family: int, kind: int, code: int, quoted: bytes) -> ErrorAbout | None:
    if family == 4:
        inner = strip_ipv4(quoted)
        if inner is None or quoted[9] != 1:
            return None
        destination = quoted[16:20]
    else:
        # An echo request of ours has no extension headers, so what is quoted has none either.
        if len(quoted) < 40 or quoted[0] >> 4 != 6 or quoted[6] != 58:
            return None
        destination, inner = quoted[24:40], quoted[40:]
    if len(inner) < HEADER.size:
        return None
    inner_kind, _, _, identifier, sequence = HEADER.unpack_from(inner)
    if inner_kind != ECHO_REQUEST[family]:
        return None
    name = error_name(family, kind, code)
    exceeded = kind == TIME_EXCEEDED[family]
    return ErrorAbout(name, exceeded, destination, identifier, sequence, inner[HEADER.size :])
