from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.box.reading import MOST, address_of, json_object, member, public_network, rate, whole


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("8.8.4.4", "8.8.4.0/24"),
        ("9.9.9.255", "9.9.9.0/24"),
        ("2620:fe:0:7::10", "2620:fe::/48"),
        ("::ffff:8.8.4.4", "8.8.4.0/24"),
        ("10.0.0.1", None),
        ("172.31.255.1", None),
        ("192.168.1.1", None),
        ("100.64.7.2", None),
        ("169.254.1.1", None),
        ("127.0.0.1", None),
        ("203.0.113.7", None),
        ("224.0.0.1", None),
        ("255.255.255.255", None),
        ("fe80::1%eth0", None),
        ("fd00::1", None),
        ("2001:db8::1", None),
        ("ff0e::1", None),
        ("::ffff:192.168.1.1", None),
        ("0.0.0.0", None),
        ("", None),
        (None, None),
        ("8.8.4.4/24", None),
        ("box.lan", None),
    ],
)
def test_network_of_a_public_address_and_of_no_other(address: str | None, network: str | None) -> None:
    assert public_network(address) == network


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_network_never_tells_the_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    network = public_network(str(address))
    if network is not None:
        found = ipaddress.ip_network(network)
        assert found.prefixlen == (24 if found.version == 4 else 48)
        assert found.num_addresses >= 256


@pytest.mark.parametrize(
    ("said", "address"),
    [
        (" 8.8.4.4 ", "8.8.4.4"),
        ("2620:00FE::10", "2620:fe::10"),
        ("0.0.0.0", None),
        ("::", None),
        ("", None),
        ("8.8.4", None),
        ("8.8.4.4\n8.8.8.8", None),
        ("1" * 70, None),
        (134744068, None),
        (None, None),
        ([], None),
    ],
)
def test_address(said: object, address: str | None) -> None:
    assert address_of(said) == address


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("130580798930", 130580798930),
        (" 0 ", 0),
        (7, 7),
        (7.0, 7),
        (7.5, None),
        (-1, None),
        ("-1", None),
        ("1e9", None),
        ("0x10", None),
        ("1_000", None),
        ("٣", None),
        ("²", None),
        ("9" * 21, None),
        (MOST, MOST),
        (MOST + 1, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        (None, None),
        ([], None),
    ],
)
def test_whole_numbers(said: object, number: int | None) -> None:
    assert whole(said) == number


def test_rate_of_nothing_is_not_known() -> None:
    assert rate("0") is None
    assert rate(8_000_000, 1000) == 8_000_000_000
    assert rate(MOST, 1000) is None


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'[{"a": 1}, {"a": 2}]', {"a": 1}),
        (b"[]", None),
        (b"[[]]", None),
        (b"7", None),
        (b"", None),
        (b"<html>", None),
        (b'{"a": ', None),
        (b"\xff\xfe\x00", None),
        (b"[" * 100_000, None),
        (b'{"a":' * 100_000, None),
        (b"1" * 100_000, None),
    ],
)
def test_json(document: bytes, found: object) -> None:
    assert json_object(document) == found


def test_member_of_what_is_not_there() -> None:
    found = {"wan": [{"ip": {"state": "Up"}}, 7]}
    assert member(found, "wan", "ip", "state") == "Up"
    assert member(found, "wan", "ip", "state", "more") is None
    assert member(found, "lan", "ip") is None
    assert member({"wan": []}, "wan", "ip") is None
    assert member(None, "wan") is None
