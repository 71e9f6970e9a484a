"""What resolvers answered lately, and whether the system's own tells something else. Shared by DNS checks; no probe.

Many names have other addresses for each who asks (content delivery networks): only *canaries*, names whose addresses
are published and stay for years, can show a changed answer, and addresses that no public name has.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Mapping, Sequence

from diagnostics.model import SECOND

LATELY_NS = 600 * SECOND
MOST_NAMES = 64
MOST_ADDRESSES = 32
NOT_PUBLIC = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
    )
)
"""This host, private (RFC 1918), loopback, link-local: IANA's registry of special-purpose addresses (RFC 6890).
Shared (RFC 6598) and documentation addresses are left out: too strange to be called a lie, or used in laboratories."""


class AnswerMemory:
    """Addresses that resolvers asked directly gave for a name. For use by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, dict[str, int]] = {}

    def keep(self, name: str, addresses: Sequence[str], mono_ns: int) -> None:
        with self._lock:
            if name not in self._answers and len(self._answers) >= MOST_NAMES:
                return
            kept = self._answers.setdefault(name, {})
            for address in addresses[:MOST_ADDRESSES]:
                kept[address] = mono_ns
            for old in [one for one, at_ns in kept.items() if at_ns < mono_ns - LATELY_NS]:
                del kept[old]
            for spare in sorted(kept, key=kept.__getitem__)[:-MOST_ADDRESSES]:
                del kept[spare]

    def lately(self, name: str, mono_ns: int) -> frozenset[str]:
        """What was answered in the last ten minutes; empty when nobody was asked, or nobody answered."""
        with self._lock:
            kept = self._answers.get(name, {})
            return frozenset(one for one, at_ns in kept.items() if at_ns >= mono_ns - LATELY_NS)


def is_public(address: str) -> bool:
    """False for an address that cannot be a public server's. True for what is no IPv4 address."""
    try:
        read = ipaddress.IPv4Address(address)
    except ValueError:
        return True
    return not any(read in network for network in NOT_PUBLIC)


def lie(
    name: str,
    answer: Sequence[str],
    canaries: Mapping[str, Sequence[str]],
    directly: frozenset[str],
) -> str:
    """The address that shows that ``answer`` was changed on the way; empty when nothing does.

    A public name without any public address; or a canary without any of its published addresses, while others were
    asked directly and gave none of these addresses either.
    """
    if not answer:
        return ""
    if not any(is_public(address) for address in answer):
        return answer[0]
    published = canaries.get(name, ())
    if not published or not directly:
        return ""
    return "" if set(answer) & (directly | set(published)) else answer[0]
