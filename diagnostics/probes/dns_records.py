"""Asking a DNS server for the records of one name (RFC 1035, RFC 3596). Shared code; itself no probe.

For looking things up; the DNS check, which judges resolvers, has its own.
"""

from __future__ import annotations

import ipaddress
import re
import struct

A, PTR, AAAA = 1, 12, 28
MOST_BYTES = 4096

_CNAME = 5
_IN = 1
_RESPONSE, _TRUNCATED, _RECURSE, _RCODE = 0x8000, 0x0200, 0x0100, 0x000F
_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_MOST_RECORDS = 64
_MOST_ALIASES = 8
_LABEL = re.compile(rb"[a-z0-9_-]{1,63}")


def question(name: str, kind: int) -> bytes:
    """The question section. Raises ValueError when ``name`` is no DNS name."""
    labels = name.rstrip(".").lower().encode("ascii").split(b".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"not a DNS name: {name!r}")
    encoded = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if len(encoded) > 255:
        raise ValueError(f"too long for a DNS name: {name!r}")
    return encoded + struct.pack("!HH", kind, _IN)


def query(identifier: int, asked: bytes) -> bytes:
    return _HEADER.pack(identifier, _RECURSE, 1, 0, 0, 0) + asked


def reverse_name(address: str) -> str:
    """The name whose PTR record names an address."""
    return ipaddress.ip_address(address).reverse_pointer


def read(data: bytes, identifier: int, asked: bytes) -> tuple[str, ...] | None:
    """The records that answer our question, aliases followed: addresses, or names in lower case. Never raises.

    None when the data is no answer to it; empty where the answer is that there is nothing, or cannot be read.
    """
    if len(data) < _HEADER.size:
        return None
    got, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    end = _HEADER.size + len(asked)
    if got != identifier or not flags & _RESPONSE or questions != 1:
        return None
    if data[_HEADER.size : end].lower() != asked:
        return None
    if flags & (_TRUNCATED | _RCODE):
        return ()
    (kind,) = struct.unpack_from("!H", asked, len(asked) - 4)
    found: dict[str, list[str]] = {}
    aliases: dict[str, str] = {}
    offset = end
    for _ in range(min(answers, _MOST_RECORDS)):
        owner, offset = _name(data, offset)
        if offset < 0 or offset + _RECORD.size > len(data):
            return ()
        record, klass, _, length = _RECORD.unpack_from(data, offset)
        start, offset = offset + _RECORD.size, offset + _RECORD.size + length
        if offset > len(data):
            return ()
        if not owner or klass != _IN:
            continue
        if record == kind:
            value = _value(data, start, length, kind)
            if value:
                found.setdefault(owner, []).append(value)
        elif record == _CNAME:
            aliases[owner] = _name(data, start)[0]
    name = _name(asked, 0)[0]
    for _ in range(_MOST_ALIASES):
        if name in found or name not in aliases:
            break
        name = aliases[name]
    return tuple(found.get(name, ()))


def _value(data: bytes, start: int, length: int, kind: int) -> str:
    if kind == PTR:
        return _name(data, start)[0]
    if length != (4 if kind == A else 16):
        return ""
    return str(ipaddress.ip_address(data[start : start + length]))


def _name(data: bytes, offset: int) -> tuple[str, int]:
    """The name at ``offset``, and where it ends: -1 where it does not. Empty for one that is none to be trusted.

    Pointers must lead backwards, so nothing here goes round in circles.
    """
    labels: list[bytes] = []
    end = -1
    size = 0
    limit = offset
    while 0 <= offset < len(data):
        length = data[offset]
        if length >= 0xC0:
            if offset + 1 >= len(data):
                return "", -1
            end = offset + 2 if end < 0 else end
            offset = (length & 0x3F) << 8 | data[offset + 1]
            if offset >= limit:
                return "", end
            limit = offset
        elif length >= 0x40:
            return "", -1
        elif not length:
            end = offset + 1 if end < 0 else end
            good = bool(labels) and all(_LABEL.fullmatch(label) for label in labels)
            return (b".".join(labels).decode("ascii") if good else ""), end
        else:
            label = data[offset + 1 : offset + 1 + length].lower()
            size += 1 + length
            if len(label) < length or size > 254:
                return "", end if size > 254 else -1
            labels.append(label)
            offset += 1 + length
    return "", -1
