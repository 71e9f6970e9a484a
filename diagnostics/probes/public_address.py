"""The network and the operator of the line's public address, for telling lines apart. No web request is made.

Asked are, in this order, until one answers: OpenDNS, whose own resolver tells who asks it (``myip.opendns.com``; any
other resolver in its place, say one that a router puts there, knows no such name), and a STUN server (RFC 8489). The
address's name is then asked of a resolver, and its ending looked up in ``resources/networks.toml``. Only the network
(a /24 or /48) leaves this module. A private, shared (RFC 6598) or reserved address is no answer.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from diagnostics.probes import dns_records, sockets, stun
from diagnostics.probes.binding import Binding, bind
from diagnostics.shipped import read_shipped

DNS_PORT = 53
RESEND_S = 0.7
_PREFIX = {4: 24, 6: 48}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to ask for one's own address. ``kind`` is ``dns`` or ``stun``.

    ``host`` is an address; for STUN it may be a name, looked up with the resolver. ``question`` is asked of DNS.
    """

    via: str
    kind: str
    host: str
    port: int
    question: str = ""


@dataclass(frozen=True, slots=True)
class Networks:
    """What ``resources/networks.toml`` holds: servers in order, and operators by the endings of their lines' names."""

    servers: tuple[Server, ...]
    operators: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PublicNetwork:
    """``operator`` and ``suffix`` are empty when not known. ``via`` names the server that told the address."""

    prefix: str
    operator: str
    via: str
    suffix: str


def load_networks() -> Networks:
    """Read the shipped data."""
    raw = tomllib.loads(read_shipped("networks.toml"))
    servers = (
        Server(entry["via"], entry["kind"], entry["value"], entry["port"], entry.get("question", ""))
        for entry in raw["servers"]
    )
    return Networks(tuple(servers), {entry["value"]: entry["operator"] for entry in raw["suffixes"]})


def network_of(address: str) -> str:
    """The /24 or /48 that a public address lies in; empty for one that is not public."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if not number.is_global or number.is_multicast:
        return ""
    return str(ipaddress.ip_network((number, _PREFIX[number.version]), strict=False))


def operator_of(name: str, operators: Mapping[str, str]) -> tuple[str, str]:
    """Ending and operator of a line's name, the longest ending first; empty where none is known."""
    labels = name.rstrip(".").lower().split(".")
    for start in range(1, len(labels) - 1):
        ending = ".".join(labels[start:])
        if ending in operators:
            return ending, operators[ending]
    return "", ""


class PublicAddress:
    """Asks by plain UDP, from the interface that ``binding`` names; ``resolver`` is a DNS server's address.

    ``networks`` is called at the first use: the data is read when it is needed.
    """

    def __init__(
        self,
        resolver: str,
        binding: Binding,
        networks: Callable[[], Networks] = load_networks,
        timeout_s: float = 2.0,
        *,
        dns_port: int = DNS_PORT,
    ) -> None:
        self._resolver = resolver
        self._binding = binding
        self._load = networks
        self._networks: Networks | None = None
        self._timeout_s = timeout_s
        self._dns_port = dns_port

    def learn(self) -> PublicNetwork | None:
        """Find it out; None when nobody tells a public address. Network errors do not raise.

        Blocks for at most ``timeout_s`` for each question: two for each server, and one for the name.
        """
        if self._networks is None:
            self._networks = self._load()
        interface = self._binding.interface
        for server in self._networks.servers:
            address = self._ask_server(server, interface)
            prefix = network_of(address)
            if prefix:
                suffix, operator = self._operator(address, interface, self._networks.operators)
                # What was asked before and after a tunnel came up does not belong together.
                same = interface == self._binding.interface
                return PublicNetwork(prefix, operator, server.via, suffix) if same else None
        return None

    def _ask_server(self, server: Server, interface: str) -> str:
        """The address that a server sees; empty where it does not say."""
        if server.kind == "dns":
            kind = dns_records.AAAA if ":" in server.host else dns_records.A
            found = self._records(server.host, server.port, server.question, kind, interface)
            return found[0] if found else ""
        host = server.host
        if not _is_address(host):
            named = self._records(self._resolver, self._dns_port, host, dns_records.A, interface)
            host = named[0] if named else ""
        transaction = os.urandom(stun.TRANSACTION_BYTES)
        packet = stun.request(transaction)
        said = self._exchange(
            host, server.port, packet, interface, lambda data: stun.read_address(data, transaction)
        )
        return said or ""

    def _operator(self, address: str, interface: str, operators: Mapping[str, str]) -> tuple[str, str]:
        name = dns_records.reverse_name(address)
        for found in self._records(self._resolver, self._dns_port, name, dns_records.PTR, interface):
            suffix, operator = operator_of(found, operators)
            if operator:
                return suffix, operator
        return "", ""

    def _records(self, host: str, port: int, name: str, kind: int, interface: str) -> Sequence[str]:
        try:
            asked = dns_records.question(name, kind)
        except ValueError:
            return ()
        identifier = int.from_bytes(os.urandom(2), "big")
        packet = dns_records.query(identifier, asked)
        return (
            self._exchange(
                host, port, packet, interface, lambda data: dns_records.read(data, identifier, asked)
            )
            or ()
        )

    def _exchange(
        self, host: str, port: int, packet: bytes, interface: str, read: Callable[[bytes], _T | None]
    ) -> _T | None:
        """Send until something comes that ``read`` understands; None when nothing does in time, or on errors."""
        family = sockets.family_of(host)
        deadline = time.monotonic() + self._timeout_s
        try:
            where = sockets.socket_address(host, port)
            with socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_DGRAM) as sock:
                bind(sock, family, interface)
                sock.connect(where)
                resend = 0.0
                while (now := time.monotonic()) < deadline:
                    if now >= resend:
                        resend = now + RESEND_S
                        sock.send(packet)
                    sock.settimeout(max(min(deadline, resend) - now, 0.001))
                    try:
                        answer = read(sock.recv(dns_records.MOST_BYTES))
                    except TimeoutError:
                        continue
                    if answer is not None:
                        return answer
        except OSError:
            return None
        return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
