"""What a box said at one moment, and how the facts in it are read: whole numbers, the public address's network."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diagnostics.clock import Reading
from diagnostics.witnesses import BoxAccount

MOST = 2**64 - 1
"""The largest number a counter of a box can hold."""


@dataclass(frozen=True, slots=True)
class BoxReading:
    """One answer of a box.

    ``down_bytes`` and ``up_bytes`` are its counters of the outer side, towards the home and from it, read at ``at``;
    None where it has none; ``wide`` when they are known to have more than 32 bits. ``external_address`` is the whole
    public address: for telling lines apart while the program runs, never for the journal (``account.network`` is).
    """

    account: BoxAccount
    down_bytes: int | None
    up_bytes: int | None
    external_address: str | None
    at: Reading
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """A box that was recognised and tells nothing without a password, which is never asked for."""

    adapter: str


def address_of(text: object) -> str | None:
    """An IP address in its usual spelling; None for anything else, and for 0.0.0.0 and ::, which mean "none"."""
    if not isinstance(text, str) or len(text) > 64:
        return None
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)


def public_network(address: str | None) -> str | None:
    """The network of a public address: its /24, or its /48 for IPv6; never the address itself.

    None for what is no public address: private (RFC 1918), shared by an operator (RFC 6598), link-local,
    documentation, multicast and the like.
    """
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if not found.is_global or found.is_multicast:
        return None
    return str(ipaddress.ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))


def whole(value: object, most: int = MOST) -> int | None:
    """A number from 0 to ``most``, given as a number or as its decimal digits; None for anything else."""
    if isinstance(value, str):
        text = value.strip()
        if not text.isascii() or not text.isdigit() or len(text) > 20:
            return None
        value = int(text)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= most else None


def rate(value: object, unit: int = 1) -> int | None:
    """A link's rate in bits a second, stated in ``unit`` of them; None for 0, which boxes say when they do not know."""
    number = whole(value, MOST // unit)
    return number * unit if number else None


def json_object(document: bytes) -> Mapping[str, Any] | None:
    """The JSON object in ``document``, or the first one of a list of them; None where there is none."""
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list):
        found = found[0] if found else None
    return found if isinstance(found, dict) else None


def member(found: object, *names: str) -> Any:
    """What lies in nested objects under ``names``, a list standing for its first entry; None where the way ends."""
    for name in names:
        if isinstance(found, list):
            found = found[0] if found else None
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
