"""Which addresses are a home's own, and which this machine's own."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)
"""RFC 1918, 3927, 4193, 4291. Not 100.64.0.0/10: there, an operator's other customers may be neighbours."""
_LOOPBACK = tuple(ipaddress.ip_network(text) for text in ("127.0.0.0/8", "::1/128"))
"""RFC 1122, 4291."""


def is_private(address: Address) -> bool:
    """Whether no server in the internet has this address. An IPv4 address written as IPv6 is not looked into."""
    return any(address in network for network in _PRIVATE)


def is_private_or_loopback(address: Address) -> bool:
    """Whether only the home's own network, or this machine, can reach this address."""
    return is_private(address) or any(address in network for network in _LOOPBACK)
