from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from namespaces import internet_sum

from diagnostics.probes import icmp, sockets

COOKIE = b"12345678"


@given(st.binary(max_size=200))
def test_the_checksum_is_the_internet_checksum(data: bytes) -> None:
    assert icmp.checksum(data) == internet_sum(data)


def test_the_checksum_of_rfc_1071s_example() -> None:
    assert icmp.checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


@pytest.mark.parametrize("family", [4, 6])
def test_a_request_has_an_ordinary_pings_size_and_a_right_sum(family: int) -> None:
    packet = icmp.echo_request(family, 0xABCD, 7, icmp.payload(COOKIE, 9), summed=True)
    assert len(packet) == 64
    assert icmp.PAYLOAD_BYTES == 56
    assert internet_sum(packet) == 0
    assert packet[:2] == bytes((8 if family == 4 else 128, 0))


@pytest.mark.parametrize("family", [4, 6])
@given(identifier=st.integers(0, 0xFFFF), sequence=st.integers(0, 0xFFFF), number=st.integers(0, 2**64 - 1))
def test_a_reply_gives_back_what_was_sent(family: int, identifier: int, sequence: int, number: int) -> None:
    body = icmp.payload(COOKIE, number)
    request = icmp.echo_request(family, identifier, sequence, body, summed=False)
    message = bytes((icmp.ECHO_REPLY[family],)) + request[1:]
    assert icmp.parse(family, message) == icmp.EchoReply(identifier, sequence, body)
    assert icmp.read_payload(body) == (COOKIE, number)


def ip_head(family: int) -> bytes:
    if family == 4:
        return bytes((0x45, 0, 0, 84, 0, 0, 0, 0, 64, 1, 0, 0)) + socket.inet_aton("10.0.0.1") * 2
    return bytes((0x60, 0, 0, 0, 0, 64, 58, 64)) + socket.inet_pton(socket.AF_INET6, "fd00::1") * 2


@pytest.mark.parametrize(
    ("family", "kind", "code", "name", "exceeded"),
    [
        (4, 3, 0, "net-unreachable", False),
        (4, 3, 1, "host-unreachable", False),
        (4, 3, 13, "admin-prohibited", False),
        (4, 3, 99, "unreachable-99", False),
        (4, 11, 0, "ttl-exceeded", True),
        (6, 1, 0, "net-unreachable", False),
        (6, 1, 3, "host-unreachable", False),
        (6, 3, 0, "ttl-exceeded", True),
    ],
)
def test_an_error_names_the_request_it_is_about(
    family: int, kind: int, code: int, name: str, exceeded: bool
) -> None:
    request = icmp.echo_request(family, 5, 6, icmp.payload(COOKIE, 1), summed=True)
    message = bytes((kind, code)) + bytes(6) + ip_head(family) + request
    error = icmp.parse(family, message)
    assert isinstance(error, icmp.ErrorAbout)
    assert (error.name, error.ttl_exceeded, error.identifier, error.sequence) == (name, exceeded, 5, 6)
    assert error.destination == ip_head(family)[-(4 if family == 4 else 16) :]
    assert icmp.read_payload(error.payload) == (COOKIE, 1)


@pytest.mark.parametrize("family", [4, 6])
def test_errors_about_other_things_are_not_ours(family: int) -> None:
    request = icmp.echo_request(family, 5, 6, b"", summed=True)
    kind = 3 if family == 4 else 1
    head = ip_head(family)
    udp = head[:9] + b"\x11" + head[10:] if family == 4 else head[:6] + b"\x11" + head[7:]
    assert icmp.parse(family, bytes((kind, 0)) + bytes(6) + udp + request) is None
    reply = bytes((icmp.ECHO_REPLY[family],)) + request[1:]
    assert icmp.parse(family, bytes((kind, 0)) + bytes(6) + head + reply) is None
    assert icmp.parse(family, request) is None


@pytest.mark.parametrize("family", [4, 6])
@given(
    data=st.binary(max_size=120),
    start=st.sampled_from([b"", b"\x00\x00", b"\x81\x00", b"\x03\x01", b"\x01\x00"]),
)
def test_garbage_never_raises(family: int, data: bytes, start: bytes) -> None:
    icmp.parse(family, start + data)
    icmp.parse_packet(family, b"\x45" + data)
    icmp.strip_ipv4(data)
    icmp.read_payload(data)


@pytest.mark.parametrize("family", [4, 6])
@given(cut=st.integers(0, 120))
def test_an_error_cut_short_is_read_or_left(family: int, cut: int) -> None:
    request = icmp.echo_request(family, 5, 6, icmp.payload(COOKIE, 1), summed=True)
    message = bytes((3 if family == 4 else 1, 0)) + bytes(6) + ip_head(family) + request
    error = icmp.parse(family, message[:cut])
    needed = 8 + len(ip_head(family)) + 8
    assert (error is None) == (cut < needed)


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 41]), st.sampled_from([11, 25, 35]), st.binary(max_size=60)))
)
def test_foreign_ancillary_data_never_raises(ancillary: list[tuple[int, int, bytes]]) -> None:
    sockets.queued_error(b"", ancillary, ("127.0.0.1", 0))
    sockets.queued_error(b"", ancillary, None)
    sockets.kernel_stamp(ancillary)


def test_an_extended_error_names_its_sayer() -> None:
    offender = struct.pack("@HH4s8x", socket.AF_INET, 0, socket.inet_aton("192.168.1.1"))
    data = struct.pack("@IBBBBII", 113, 2, 3, 1, 0, 0, 0) + offender
    error = sockets.queued_error(b"p", [(socket.IPPROTO_IP, sockets.IP_RECVERR, data)], ("10.0.0.9", 33434))
    assert error == sockets.QueuedError(
        113, "host-unreachable", False, "192.168.1.1", "10.0.0.9", 33434, b"p"
    )


def test_a_local_error_has_no_sayer() -> None:
    data = struct.pack("@IBBBBII", 90, 1, 0, 0, 0, 0, 0) + bytes(16)
    error = sockets.queued_error(b"", [(socket.IPPROTO_IP, sockets.IP_RECVERR, data)], ("10.0.0.9", 0))
    assert error is not None
    assert (error.name, error.sayer, error.code) == ("", "", 90)


@pytest.mark.parametrize(
    "text", ["", "localhost", "1.2.3", "1.2.3.4.5", "::1::", "1.2.3.4%lo", "::1%nosuchif", "a\0b:"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011 the errno differs by what is wrong
        sockets.socket_address(text)


def test_addresses_are_compared_in_one_form() -> None:
    assert sockets.canonical("FD00:0:0::1%eth0") == "fd00::1"
    assert sockets.socket_address("fe80::1%7") == ("fe80::1", 0, 0, 7)
    assert sockets.is_own("127.0.0.1")
    assert not sockets.is_own("::ffff")
