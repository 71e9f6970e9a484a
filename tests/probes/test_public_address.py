"""Learning the line's public network: from servers on loopback, honest and otherwise."""

from __future__ import annotations

import ipaddress
import socket
import struct
import time
import tomllib
from collections.abc import Callable
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub_dns import StubDns, reply, stub_dns

from diagnostics.probes import dns_records, stun
from diagnostics.probes.binding import Binding
from diagnostics.probes.public_address import (
    Networks,
    PublicAddress,
    PublicNetwork,
    Server,
    load_networks,
    network_of,
    operator_of,
)

OPERATORS = {"fbx.proxad.net": "Free", "wanadoo.fr": "Orange"}
PUBLIC = "82.64.1.77"
IDENTIFIER = 0x1234
TRANSACTION = bytes(range(12))


def name(text: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode() for label in text.split(".")) + b"\0"


def record(kind: int, data: bytes, owner: bytes = b"\xc0\x0c") -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


# --- DNS ------------------------------------------------------------------------------------------------------------


def read(records: bytes, count: int = 1, kind: int = dns_records.A, **options: int) -> tuple[str, ...] | None:
    asked = dns_records.question("myip.opendns.com", kind)
    data = reply(dns_records.query(IDENTIFIER, asked), records=records, count=count, **options)  # type: ignore[arg-type]
    return dns_records.read(data, IDENTIFIER, asked)


def test_addresses_and_names_are_read() -> None:
    assert read(record(1, socket.inet_aton(PUBLIC))) == (PUBLIC,)
    assert read(record(28, ipaddress.ip_address("2a01:e0a::1").packed), kind=28) == ("2a01:e0a::1",)
    assert read(record(12, name("A.Fbx.Proxad.NET")), kind=12) == ("a.fbx.proxad.net",)
    assert read(record(12, b"\x03www\xc0\x11"), kind=12) == ("www.opendns.com",)


def test_aliases_are_followed_and_strangers_passed_over() -> None:
    alias = record(5, name("one.example"))
    again = record(5, name("two.example"), name("one.example"))
    address = record(1, socket.inet_aton(PUBLIC), name("two.example"))
    assert read(alias + again + address, 3) == (PUBLIC,)
    assert read(address, 1) == ()
    circle = record(5, name("myip.opendns.com"), name("one.example"))
    assert read(alias + circle, 2) == ()


@pytest.mark.parametrize(
    "records",
    [
        record(1, b"\1\2\3"),
        record(1, socket.inet_aton(PUBLIC))[:-1],
        record(1, socket.inet_aton(PUBLIC), b"\xc0\xff"),
        record(1, socket.inet_aton(PUBLIC), b"\x80"),
        b"\xc0",
        b"",
    ],
)
def test_broken_records_give_nothing(records: bytes) -> None:
    assert read(records) == ()


@pytest.mark.parametrize(
    "text",
    [
        b"\xc0\x1e",
        b"\xc0\xff",
        b"\x03a b\0",
        b"\x05\xc3\xa9\xc3\xa9x\0",
        b"\x3f" + b"a" * 63,
        b"\0",
        b"\x02a",
    ],
)
def test_names_that_are_none_are_not_taken(text: bytes) -> None:
    assert read(record(12, text), kind=12) == ()
    long = b"".join(b"\x3f" + b"a" * 63 for _ in range(5)) + b"\0"
    assert read(record(12, long), kind=12) == ()


def test_an_owner_that_is_no_name_cannot_be_reached_by_an_alias() -> None:
    alias = record(5, b"\x03a b\0")
    assert read(alias + record(1, socket.inet_aton(PUBLIC), b"\x03a b\0"), 2) == ()


def test_only_an_answer_to_our_question_is_one() -> None:
    asked = dns_records.question("myip.opendns.com", 1)
    query = dns_records.query(IDENTIFIER, asked)
    good = record(1, socket.inet_aton(PUBLIC))
    other = dns_records.question("example.org", 1)
    for data in (
        reply(query, records=good, count=1, identifier=b"\0\0"),
        reply(query, records=good, count=1, question=other),
        reply(query, records=good, count=1, flags=0x0100),
        query,
        b"",
    ):
        assert dns_records.read(data, IDENTIFIER, asked) is None
    assert read(good, rcode=3) == ()
    assert read(good, flags=0x8380) == ()


@pytest.mark.parametrize("text", ["", "a..b", "é.example", "a b", "x" * 64 + ".example", "a." * 130])
def test_what_is_no_name_is_not_asked(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        dns_records.question(text, 1)


@given(st.binary(max_size=120), st.integers(0, 70), st.sampled_from([1, 12, 28]))
def test_foreign_answers_never_raise(records: bytes, count: int, kind: int) -> None:
    found = read(records, count, kind)
    assert found is not None
    for value in found:
        assert set(value) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.:")


@given(st.binary(max_size=80))
def test_foreign_bytes_are_no_answer(data: bytes) -> None:
    asked = dns_records.question("myip.opendns.com", 1)
    assert dns_records.read(data, IDENTIFIER, asked) in (None, ())


@given(st.from_regex(r"[a-z0-9_-]{1,20}(\.[a-z0-9_-]{1,20}){0,5}", fullmatch=True))
def test_names_survive_the_way_through_a_packet(text: str) -> None:
    assert read(record(12, name(text)), kind=12) == (text,)


# --- STUN -----------------------------------------------------------------------------------------------------------


def binding_response(
    address: str, transaction: bytes, *, kind: int = 0x0101, attribute: int = 0x0020, before: bytes = b""
) -> bytes:
    """A response as RFC 8489 section 14.2 has it, written apart from the program."""
    packed = ipaddress.ip_address(address).packed
    mask = bytes.fromhex("2112a442") + transaction
    masked = bytes(a ^ b for a, b in zip(packed, mask, strict=False))
    value = b"\0" + (b"\1" if len(packed) == 4 else b"\2") + b"\xa1\x47" + masked
    body = before + struct.pack("!HH", attribute, len(value)) + value
    return struct.pack("!HH", kind, len(body)) + bytes.fromhex("2112a442") + transaction + body


def test_the_request_is_a_binding_request() -> None:
    assert stun.request(TRANSACTION) == bytes.fromhex("000100002112a442") + TRANSACTION


def test_the_example_of_rfc_5769_is_read() -> None:
    # constructed from RFC 5769, section 2.2 (Sample IPv4 Response): 192.0.2.1, the attributes that follow left out.
    data = bytes.fromhex(
        "010100182112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
    )
    data = data[:3] + bytes((len(data) - 20,)) + data[4:]
    assert stun.read_address(data, bytes.fromhex("b7e7a701bc34d686fa87dfae")) == "192.0.2.1"


@given(st.ip_addresses(), st.binary(min_size=12, max_size=12))
def test_an_address_survives_the_mask(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, transaction: bytes
) -> None:
    assert stun.read_address(binding_response(str(address), transaction), transaction) == str(address)


def test_only_a_success_to_our_request_is_read() -> None:
    good = binding_response(PUBLIC, TRANSACTION)
    padded = binding_response(PUBLIC, TRANSACTION, before=struct.pack("!HH", 0x8022, 5) + b"helloXXX")
    assert stun.read_address(padded, TRANSACTION) == PUBLIC
    for bad in (
        binding_response(PUBLIC, bytes(12)),
        binding_response(PUBLIC, TRANSACTION, kind=0x0111),
        binding_response(PUBLIC, TRANSACTION, attribute=0x0001),
        good[:-1],
        good + b"x",
        good[:4] + b"\0\0\0\0" + good[8:],
        b"",
    ):
        assert stun.read_address(bad, TRANSACTION) is None


@given(st.binary(max_size=200))
def test_foreign_attributes_never_raise(body: bytes) -> None:
    head = struct.pack("!HH", 0x0101, len(body)) + bytes.fromhex("2112a442") + TRANSACTION
    found = stun.read_address(head + body, TRANSACTION)
    assert found is None or ipaddress.ip_address(found)


# --- what an address says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "network"),
    [
        (PUBLIC, "82.64.1.0/24"),
        ("2a01:e0a:12:3450::1", "2a01:e0a:12::/48"),
        ("192.168.1.1", ""),
        ("10.1.2.3", ""),
        ("100.64.7.2", ""),
        ("127.0.0.1", ""),
        ("169.254.1.1", ""),
        ("203.0.113.9", ""),
        ("224.0.1.1", ""),
        ("0.0.0.0", ""),
        ("fd00::1", ""),
        ("fe80::1", ""),
        ("2001:db8::1", ""),
        ("", ""),
        ("no address", ""),
    ],
)
def test_only_a_public_address_has_a_network(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.ip_addresses())
def test_the_network_never_tells_the_address(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    network = network_of(str(address))
    if network:
        assert address in ipaddress.ip_network(network)
        assert ipaddress.ip_network(network).num_addresses >= 256


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("82-64-1-77.subs.fbx.proxad.net", ("fbx.proxad.net", "Free")),
        ("LFBN-PAR-1-2-3.w82-64.abo.wanadoo.fr.", ("wanadoo.fr", "Orange")),
        ("wanadoo.fr", ("", "")),
        ("notwanadoo.fr", ("", "")),
        ("wanadoo.fr.example.org", ("", "")),
        ("www.proxad.net", ("", "")),
        ("", ("", "")),
    ],
)
def test_an_operator_is_told_by_whole_labels(text: str, found: tuple[str, str]) -> None:
    assert operator_of(text, OPERATORS) == found


# --- the shipped data -----------------------------------------------------------------------------------------------


def shipped(file: str) -> dict[str, list[dict[str, object]]]:
    text = Path(str(resources.files("resources").joinpath(file))).read_text("utf-8")
    return tomllib.loads(text)


def test_the_shipped_data_is_dated_and_whole() -> None:
    raw, networks = shipped("networks.toml"), load_networks()
    entries = raw["servers"] + raw["suffixes"]
    for entry in entries:
        assert isinstance(entry["checked_on"], date)
        assert entry["confidence"] in ("verified", "known")
        assert entry["source"]
        assert entry["country"]
    assert len(networks.operators) == len(raw["suffixes"])
    for ending in networks.operators:
        assert ending == ending.lower()
        assert "." in ending.strip(".") == ending
    for server in networks.servers:
        assert server.kind in ("dns", "stun")
        assert bool(server.question) == (server.kind == "dns")


def test_french_operators_are_named_as_in_the_table_of_operators() -> None:
    names = {entry["name"] for entry in shipped("operators.toml")["operator"]}
    french = {e["operator"] for e in shipped("networks.toml")["suffixes"] if e["country"] == "FR"}
    assert french == {"Orange", "Free", "SFR", "Bouygues Telecom"}
    assert french <= names


# --- learning -------------------------------------------------------------------------------------------------------


def world(
    *, address: str = PUBLIC, line: str = "82-64-1-77.subs.fbx.proxad.net", stun_host: str = "127.0.0.1"
) -> Callable[[bytes], list[bytes]]:
    """A server that is resolver, OpenDNS and STUN server in one."""

    def answer(packet: bytes) -> list[bytes]:
        if packet[4:8] == bytes.fromhex("2112a442"):
            return [binding_response(address, packet[8:20])]
        kind = struct.unpack_from("!H", packet, len(packet) - 4)[0]
        if kind == dns_records.PTR:
            expected = ipaddress.ip_address(address).reverse_pointer
            assert packet[12:-4] == name(expected)
            return (
                [reply(packet, records=record(12, name(line)), count=1)] if line else [reply(packet, rcode=3)]
            )
        told = stun_host if packet[12:-4] == name("stun.example.org") else address
        return [reply(packet, records=record(1, socket.inet_aton(told)), count=1)]

    return answer


def opendns(server: StubDns) -> Server:
    return Server("opendns", "dns", "127.0.0.1", server.port, "myip.opendns.com")


def by_stun(server: StubDns, host: str = "127.0.0.1") -> Server:
    return Server("stun", "stun", host, server.port)


def learn(server: StubDns, *servers: Server, timeout_s: float = 0.4) -> PublicNetwork | None:
    networks = Networks(servers, OPERATORS)
    return PublicAddress("127.0.0.1", Binding(), lambda: networks, timeout_s, dns_port=server.port).learn()


FREE = PublicNetwork("82.64.1.0/24", "Free", "opendns", "fbx.proxad.net")


def test_network_and_operator_are_learnt() -> None:
    with stub_dns(world()) as server:
        assert learn(server, opendns(server), by_stun(server)) == FREE
        assert len(server.queries) == 2, "nobody is asked without need"


def test_stun_stands_in_and_its_server_is_looked_up() -> None:
    refusing = world()

    def answers(packet: bytes) -> list[bytes]:
        return [reply(packet, rcode=3)] if packet[12:-4] == name("myip.opendns.com") else refusing(packet)

    with stub_dns(answers) as server:
        found = learn(server, opendns(server), by_stun(server, "stun.example.org"))
        assert found == PublicNetwork("82.64.1.0/24", "Free", "stun", "fbx.proxad.net")


@pytest.mark.parametrize("line", ["", "host.example.org", "82-64-1-77.evil-proxad.net"])
def test_without_a_known_name_there_is_a_network_alone(line: str) -> None:
    with stub_dns(world(line=line)) as server:
        assert learn(server, opendns(server)) == PublicNetwork("82.64.1.0/24", "", "opendns", "")


@pytest.mark.parametrize("address", ["192.168.1.10", "100.64.7.2", "203.0.113.9"])
def test_an_address_that_is_not_public_is_no_answer(address: str) -> None:
    with stub_dns(world(address=address)) as server:
        assert learn(server, opendns(server), by_stun(server)) is None
        assert len(server.queries) == 2


def test_floods_silence_and_dead_ports_end_in_time() -> None:
    def flood(packet: bytes) -> list[bytes]:
        return [b"\0" * 12, packet, reply(packet, identifier=b"\0\0", count=1)] * 100

    with stub_dns(flood) as flooding, stub_dns(lambda _: []) as silent:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            dead = Server("opendns", "dns", "127.0.0.1", free.getsockname()[1], "myip.opendns.com")
        start = time.monotonic()
        assert learn(flooding, opendns(flooding), by_stun(silent), dead) is None
        assert time.monotonic() - start < 3
        assert 1 <= len(silent.queries) <= 2


def test_a_lost_question_is_asked_again() -> None:
    honest, asked = world(), list[bytes]()

    def answers(packet: bytes) -> list[bytes]:
        asked.append(packet)
        return honest(packet) if asked.count(packet) > 1 else []

    with stub_dns(answers) as server:
        assert learn(server, opendns(server), timeout_s=3) == FREE


def test_what_is_learnt_while_a_tunnel_comes_up_is_thrown_away() -> None:
    by = Binding()
    honest = world()

    def answers(packet: bytes) -> list[bytes]:
        by.interface = "lo"
        return honest(packet)

    with stub_dns(answers) as server:
        networks = Networks((opendns(server),), OPERATORS)
        assert PublicAddress("127.0.0.1", by, lambda: networks, 0.4, dns_port=server.port).learn() is None


def test_an_interface_that_is_gone_and_a_name_that_is_none_raise_nothing() -> None:
    with stub_dns(world()) as server:
        networks = Networks((opendns(server), by_stun(server, "not a name"), by_stun(server, "")), OPERATORS)
        gone = PublicAddress("127.0.0.1", Binding("nosuch0"), lambda: networks, 0.4, dns_port=server.port)
        assert gone.learn() is None
        assert server.queries == []
