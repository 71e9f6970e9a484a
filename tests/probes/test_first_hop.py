from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest
from namespaces import (
    Namespace,
    addresses_of,
    connect,
    echo_reply,
    icmp_error,
    namespaces,
    needs_namespaces,
    needs_tun,
    tun_internet,
)

from diagnostics.clock import SystemClock
from diagnostics.probes import route
from diagnostics.probes.icmp_api import SUCCESS, TTL_EXPIRED, EchoResult
from diagnostics.probes.route import HopAnswer, choose, find_first_hop

IMPORTS = (
    "import sys, os, socket; from diagnostics.clock import SystemClock; from diagnostics.probes import route; "
    "from diagnostics.probes.route import find_first_hop"
)
FAR = ("198.18.0.1", "198.18.0.2", "198.18.0.3")


class Chain:
    """pc – box – isp, and beyond the provider nothing that answers."""

    def __init__(self, pc: Namespace, box: Namespace, isp: Namespace) -> None:
        self.pc, self.box, self.isp = pc, box, isp
        connect(pc, "192.168.1.2/24", box, "192.168.1.1/24")
        connect(box, "100.64.0.2/24", isp, "100.64.0.1/24")
        pc.ip("route add default via 192.168.1.1")
        box.ip("route add default via 100.64.0.1")
        isp.ip("route add 192.168.1.0/24 via 100.64.0.2")
        isp.ip("addr add 203.0.113.1/32 dev lo")
        # Not a black hole: a router looks for a route before it looks at the hops left.
        isp.ip("route add default dev lo")
        for namespace in (box, isp):
            namespace.sysctl("net/ipv4/ip_forward", "1")
            namespace.sysctl("net/ipv4/icmp_ratelimit", "0")


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    with namespaces(3) as (pc, box, isp):
        yield Chain(pc, box, isp)


@needs_namespaces
@pytest.mark.parametrize("user", [True, False])
@pytest.mark.parametrize(
    ("groups", "echoes_user", "echoes_root"),
    [("0 2147483647", True, True), ("1 0", None, True)],
)
def test_the_hop_beyond_the_box_is_found(
    chain: Chain, user: bool, groups: str, echoes_user: bool | None, echoes_root: bool
) -> None:
    chain.pc.ping_groups(groups)
    code = f"print(find_first_hop({FAR}, gateway='192.168.1.1', clock=SystemClock()))"
    said = chain.pc.run_python(IMPORTS, code, user=user)
    assert said == repr(HopAnswer("100.64.0.1", echoes_user if user else echoes_root))


@needs_namespaces
@pytest.mark.parametrize("way", ["_by_icmp_errors", "_by_udp_errors", "_by_packets"])
def test_each_way_finds_it_alone(chain: Chain, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.pc.ping_groups("0 2147483647")
    monkeypatch.setattr(route, "_ways", lambda _: [getattr(route, way)])
    with chain.pc.entered():
        started = time.monotonic()
        answer = find_first_hop(FAR, gateway="192.168.1.1", clock=SystemClock())
        assert answer == HopAnswer("100.64.0.1", True)
        assert time.monotonic() - started < 5


@needs_namespaces
@pytest.mark.parametrize("way", ["_by_icmp_errors", "_by_udp_errors", "_by_packets"])
def test_a_destination_two_hops_away_is_the_first_hop(
    chain: Chain, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.pc.ping_groups("0 2147483647")
    monkeypatch.setattr(route, "_ways", lambda _: [getattr(route, way)])
    with chain.pc.entered():
        answer = find_first_hop(["203.0.113.1"], gateway="192.168.1.1", clock=SystemClock())
    assert answer == HopAnswer("203.0.113.1", True)


@needs_namespaces
def test_a_destination_on_the_box_is_not(chain: Chain) -> None:
    with chain.pc.entered():
        answer = find_first_hop(
            ["192.168.1.1", "192.168.1.2"], gateway="192.168.1.1", clock=SystemClock(), timeout_s=0.2
        )
    assert answer.address != "192.168.1.1"


@needs_namespaces
def test_without_a_network_nothing_is_found_and_nothing_raised() -> None:
    with namespaces(1, loopback=False) as (namespace,), namespace.entered():
        started = time.monotonic()
        answer = find_first_hop([*FAR, "rubbish"], gateway="", clock=SystemClock(), timeout_s=0.2)
        assert answer == HopAnswer(None, None)
        assert (
            find_first_hop(["2001:db8::1"], gateway="", clock=SystemClock(), timeout_s=0.2, family=6)
            == answer
        )
        assert find_first_hop([], gateway="", clock=SystemClock(), timeout_s=0.2) == answer
        assert time.monotonic() - started < 5


@needs_tun
@pytest.mark.parametrize(("family", "hop"), [(4, "10.77.0.1"), (6, "fd77::1")])
def test_a_hop_that_does_not_answer_ping_is_told(family: int, hop: str) -> None:
    seen: list[str] = []

    def behaviour(packet: bytes) -> list[tuple[float, bytes]]:
        _, them = addresses_of(packet)
        seen.append(them)
        if them == hop:
            return []
        return [(0, icmp_error(packet, hop, 11 if family == 4 else 3, 0))]

    far = FAR if family == 4 else tuple(f"2001:db8::{number}" for number in (1, 2, 3))
    with tun_internet(behaviour) as (namespace, _), namespace.entered():
        started = time.monotonic()
        answer = find_first_hop(far, gateway="192.168.1.1", clock=SystemClock(), timeout_s=0.3, family=family)
        assert answer == HopAnswer(hop, False)
        assert time.monotonic() - started < 5
    assert seen == [*far, hop, hop]


@needs_tun
def test_silence_is_bounded_and_the_second_way_is_tried() -> None:
    protocols: list[int] = []

    def behaviour(packet: bytes) -> list[tuple[float, bytes]]:
        protocols.append(packet[9])
        return [(0, icmp_error(packet, "10.77.0.9", 11, 0))] if packet[9] == 17 else []

    with tun_internet(behaviour) as (namespace, internet), namespace.entered():
        started = time.monotonic()
        answer = find_first_hop(FAR, gateway="", clock=SystemClock(), timeout_s=0.4)
        assert answer.address == "10.77.0.9"
        assert set(protocols) == {1, 17}
        internet.behaviour = lambda _: []
        assert find_first_hop(FAR, gateway="", clock=SystemClock(), timeout_s=0.4) == HopAnswer(None, None)
        assert time.monotonic() - started < 5


@needs_tun
def test_other_errors_and_the_gateways_own_are_passed_over() -> None:
    def behaviour(packet: bytes) -> list[tuple[float, bytes]]:
        _, them = addresses_of(packet)
        if them == FAR[0]:
            return [(0, icmp_error(packet, "10.77.0.1", 11, 0))]
        if them == FAR[1]:
            return [(0, icmp_error(packet, "10.77.0.8", 3, 1))]
        return [(0, icmp_error(packet, "10.77.0.9", 11, 0))] if them == FAR[2] else [(0, echo_reply(packet))]

    with tun_internet(behaviour) as (namespace, _), namespace.entered():
        answer = find_first_hop(FAR, gateway="10.77.0.1", clock=SystemClock(), timeout_s=0.5)
    assert answer == HopAnswer("10.77.0.9", True)


def test_most_destinations_decide_and_the_first_one_a_tie() -> None:
    assert choose(["a", "b", "c"], {"a": "x", "b": "y", "c": "y"}, "g") == "y"
    assert choose(["a", "b"], {"b": "y", "a": "x"}, "g") == "x"
    assert choose(["a", "b", "c"], {"a": "g", "b": "g", "c": "y"}, "g") == "y"
    assert choose(["a"], {"a": "g"}, "g") is None


class Call:
    def __init__(self, results: list[EchoResult | None]) -> None:
        self.results = results

    def result(self) -> EchoResult | None:
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


class Api:
    """Windows' echo service, played."""

    def __init__(self, results: dict[tuple[str, int], list[EchoResult | None]]) -> None:
        self.results = results
        self.started: list[tuple[str, int]] = []
        self.closed = False

    def start(self, address: str, body: bytes, timeout_ms: int, ttl: int = 128, source: str = "") -> Call:
        self.started.append((address, ttl))
        return Call(self.results.get((address, ttl), [None]))

    def close(self) -> None:
        self.closed = True


def test_windows_service_finds_it_too() -> None:
    expired = EchoResult(TTL_EXPIRED, "100.64.0.1", 3)
    api = Api(
        {
            (FAR[0], 2): [None, expired],
            (FAR[1], 2): [expired],
            ("100.64.0.1", 128): [EchoResult(SUCCESS, "100.64.0.1", 3)],
        }
    )
    answer = route.find_with_api(FAR[:2], "192.168.1.1", SystemClock(), 0.5, api)
    assert answer == HopAnswer("100.64.0.1", True)
    assert api.started == [(FAR[0], 2), (FAR[1], 2), ("100.64.0.1", 128)]
    assert api.closed


def test_windows_service_that_hears_nothing_is_given_up_in_time() -> None:
    started = time.monotonic()
    assert route.find_with_api(FAR, "192.168.1.1", SystemClock(), 0.1, Api({})) == HopAnswer(None, None)
    assert 0.1 <= time.monotonic() - started < 0.5
    answers = itertools.repeat(EchoResult(TTL_EXPIRED, "192.168.1.1", 1))
    api = Api({(address, 2): [answer] for address, answer in zip(FAR, answers, strict=False)})
    assert route.find_with_api(FAR, "192.168.1.1", SystemClock(), 0.1, api) == HopAnswer(None, None)
