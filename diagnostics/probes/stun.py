"""STUN's Binding request and response (RFC 8489), as far as one's own address needs it. Itself no probe."""

from __future__ import annotations

import ipaddress
import struct

TRANSACTION_BYTES = 12

_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_COOKIE = 0x2112A442
_REQUEST, _SUCCESS = 0x0001, 0x0101
_XOR_MAPPED_ADDRESS = 0x0020
_IPV4, _IPV6 = 1, 2
_MOST_ATTRIBUTES = 32


def request(transaction: bytes) -> bytes:
    """A Binding request without attributes. ``transaction`` is twelve random bytes."""
    return _HEADER.pack(_REQUEST, 0, _COOKIE, transaction)


def read_address(data: bytes, transaction: bytes) -> str | None:
    """The XOR-MAPPED-ADDRESS of a success response to our request; None for all else. Never raises.

    A MAPPED-ADDRESS in the clear is not taken: routers that "help" rewrite addresses in packets.
    """
    if len(data) < _HEADER.size:
        return None
    kind, length, cookie, answered = _HEADER.unpack_from(data)
    if (kind, cookie, answered) != (_SUCCESS, _COOKIE, transaction) or length != len(data) - _HEADER.size:
        return None
    offset = _HEADER.size
    for _ in range(_MOST_ATTRIBUTES):
        if offset + _ATTRIBUTE.size > len(data):
            return None
        attribute, size = _ATTRIBUTE.unpack_from(data, offset)
        value = data[offset + _ATTRIBUTE.size : offset + _ATTRIBUTE.size + size]
        if len(value) < size:
            return None
        if attribute == _XOR_MAPPED_ADDRESS:
            return _unmask(value, transaction)
        offset += _ATTRIBUTE.size + (size + 3 & ~3)
    return None


def _unmask(value: bytes, transaction: bytes) -> str | None:
    bytes_of = {_IPV4: 4, _IPV6: 16}.get(value[1] if len(value) > 1 else 0, 0)
    if not bytes_of or len(value) != 4 + bytes_of:
        return None
    mask = (struct.pack("!I", _COOKIE) + transaction)[:bytes_of]
    plain = bytes(one ^ other for one, other in zip(value[4:], mask, strict=True))
    return str(ipaddress.ip_address(plain))
