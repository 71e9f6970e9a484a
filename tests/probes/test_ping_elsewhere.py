"""The pingers for macOS and Windows, behind the same interface. Neither was ever run on such a machine."""

from __future__ import annotations

import errno
import socket
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manual_clock import ManualClock
from namespaces import namespaces, needs_namespaces

from diagnostics.clock import SystemClock
from diagnostics.model import MILLISECOND, SECOND, Flag, Outcome, Protocol, Role, Sample, Target
from diagnostics.probes import icmp_api
from diagnostics.probes.icmp_api import EchoResult, read_reply
from diagnostics.probes.ping import _makers
from diagnostics.probes.ping_macos import SCM_TIMESTAMP, SOL_SOCKET, MacPinger, read_stamp
from diagnostics.probes.ping_windows import WindowsPinger

ANCHOR = Target(Role.ANCHOR, Protocol.ICMP, "198.18.0.1", 4)


def test_each_system_has_its_methods_in_order() -> None:
    assert list(_makers("linux")) == ["icmp-datagram", "icmp-raw", "tcp"]
    assert list(_makers("darwin")) == ["icmp-datagram", "tcp"]
    assert list(_makers("win32")) == ["icmp-api", "tcp"]
    assert list(_makers("plan9")) == ["tcp"]


# --- macOS ----------------------------------------------------------------------------------------------------------


class RawAsMac(MacPinger):
    """Linux's raw sockets, like macOS's datagram ones, hand over the IP header and other people's packets."""

    def _open(self, family: int) -> socket.socket:
        if family == 4:
            return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        return socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)


@needs_namespaces
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_packets_with_a_header_are_understood(address: str) -> None:
    with namespaces(1) as (namespace,), namespace.entered():
        pinger, other = (RawAsMac(SystemClock(), SECOND, 10 * SECOND) for _ in range(2))
        target = Target(Role.ANCHOR, Protocol.ICMP, address)
        pinger.send(target)
        other.send(target)
        samples: list[Sample] = []
        deadline = time.monotonic() + 5
        while not samples:
            assert time.monotonic() < deadline
            samples += pinger.collect()
        assert [(sample.outcome, sample.flags) for sample in samples] == [(Outcome.OK, Flag.COARSE_CLOCK)]
        assert pinger.collect() == []
        pinger.close()
        other.close()


def test_the_stamp_of_macos_is_read() -> None:
    data = struct.pack("=qi4x", 1_700_000_000, 250_000)
    assert read_stamp([(SOL_SOCKET, SCM_TIMESTAMP, data)]) == 1_700_000_000_250_000_000
    assert read_stamp([(SOL_SOCKET, SCM_TIMESTAMP, data[:8]), (1, SCM_TIMESTAMP, data)]) is None


# --- Windows --------------------------------------------------------------------------------------------------------


class Call:
    def __init__(self) -> None:
        self.said: EchoResult | None = None

    def result(self) -> EchoResult | None:
        return self.said


class Api:
    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.asked: list[tuple[str, int, int]] = []
        self.bodies: list[bytes] = []
        self.closed = False

    def start(self, address: str, body: bytes, timeout_ms: int, ttl: int = 128, source: str = "") -> Call:
        if address == "nonsense":
            raise OSError(errno.EINVAL, "no address")
        self.asked.append((address, timeout_ms, ttl))
        self.bodies.append(body)
        self.calls.append(Call())
        return self.calls[-1]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def pinger(clock: ManualClock, api: Api) -> WindowsPinger:
    return WindowsPinger(clock, SECOND, 10 * SECOND, api)


@pytest.mark.parametrize(
    ("said", "outcome", "rtt_ms", "detail"),
    [
        (EchoResult(0, "198.18.0.1", 12), Outcome.OK, 12, ""),
        (EchoResult(11002, "192.0.2.1", 0), Outcome.UNREACHABLE, None, "192.0.2.1 net-unreachable"),
        (EchoResult(11013, "192.0.2.1", 0), Outcome.UNREACHABLE, None, "192.0.2.1 ttl-exceeded"),
        (EchoResult(11003, "127.0.0.1", 0), Outcome.SEND_ERROR, None, "EHOSTUNREACH"),
        (EchoResult(11003, "", 0), Outcome.SEND_ERROR, None, "EHOSTUNREACH"),
        (EchoResult(1231, "", 0), Outcome.SEND_ERROR, None, "ENETUNREACH"),
        (EchoResult(11050, "", 0), Outcome.SEND_ERROR, None, "EGENERALFAILURE"),
        (EchoResult(4711, "", 0), Outcome.SEND_ERROR, None, "WIN4711"),
    ],
)
def test_what_windows_says_is_told_apart(
    pinger: WindowsPinger, api: Api, said: EchoResult, outcome: Outcome, rtt_ms: int | None, detail: str
) -> None:
    pinger.send(ANCHOR, Flag.EXTRA)
    assert pinger.collect() == []
    api.calls[0].said = said
    (sample,) = pinger.collect()
    rtt_ns = None if rtt_ms is None else rtt_ms * MILLISECOND
    assert (sample.outcome, sample.rtt_ns, sample.detail, sample.flags) == (
        outcome,
        rtt_ns,
        detail,
        Flag.EXTRA,
    )
    assert api.asked == [("198.18.0.1", 10_000, 128)]
    assert pinger.collect() == []


def test_lost_then_late_and_an_end(pinger: WindowsPinger, api: Api, clock: ManualClock) -> None:
    pinger.send(ANCHOR)
    clock.advance(SECOND + 1)
    assert [sample.outcome for sample in pinger.collect()] == [Outcome.LOST]
    api.calls[0].said = EchoResult(0, "198.18.0.1", 2500)
    assert [(sample.outcome, sample.rtt_ns) for sample in pinger.collect()] == [
        (Outcome.LATE, 2500 * MILLISECOND)
    ]
    pinger.send(ANCHOR)
    api.calls[1].said = EchoResult(11010, "", 0)
    assert pinger.drain() == []
    pinger.close()
    assert api.closed


def test_an_answer_from_elsewhere_does_not_count(pinger: WindowsPinger, api: Api, clock: ManualClock) -> None:
    pinger.send(ANCHOR)
    api.calls[0].said = EchoResult(0, "198.18.0.2", 5)
    assert pinger.collect() == []
    clock.advance(2 * SECOND)
    assert [sample.outcome for sample in pinger.collect()] == [Outcome.LOST]


def test_what_is_no_address_is_our_own_error(pinger: WindowsPinger) -> None:
    pinger.send(Target(Role.ANCHOR, Protocol.ICMP, "nonsense"))
    assert [(sample.outcome, sample.detail) for sample in pinger.collect()] == [
        (Outcome.SEND_ERROR, "EINVAL")
    ]


def test_replies_are_read_by_their_documented_layout() -> None:
    # constructed from ICMP_ECHO_REPLY and ICMPV6_ECHO_REPLY in Microsoft's ipexport.h: nothing was recorded
    four = bytes((198, 18, 0, 1)) + struct.pack("<IIHH", 0, 17, 56, 0) + bytes(24)
    assert read_reply(4, four) == EchoResult(0, "198.18.0.1", 17)
    packed = socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    six = struct.pack("<HI", 0, 0) + packed + struct.pack("<I", 0) + bytes(2) + struct.pack("<II", 11013, 9)
    assert read_reply(6, six) == EchoResult(11013, "2001:db8::1", 9)
    assert read_reply(4, bytes(16)) == EchoResult(0, "", 0)


@given(st.binary(max_size=80))
def test_short_replies_never_raise(raw: bytes) -> None:
    assert (read_reply(4, raw) is None) == (len(raw) < 16)
    assert (read_reply(6, raw) is None) == (len(raw) < 36)


def test_the_service_is_not_there_elsewhere() -> None:
    with pytest.raises(OSError, match="Windows only"):
        icmp_api.WindowsEchoApi()
