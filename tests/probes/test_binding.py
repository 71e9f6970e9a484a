"""Probes leave by the physical interface while a tunnel draws all traffic, and by the tunnel where they are told to."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from namespaces import (
    Namespace,
    TunInternet,
    addresses_of,
    connect,
    echo_reply,
    namespaces,
    needs_namespaces,
    needs_tun,
)
from stub_dns import stub_dns, with_address
from stub_web import saying, stub_web

from diagnostics.clock import SystemClock
from diagnostics.model import SECOND, Outcome, Protocol, Role, Sample, Target
from diagnostics.probes.binding import Binding, bind, possible, source_on, split
from diagnostics.probes.dns import DirectDns
from diagnostics.probes.ping import Pinger
from diagnostics.probes.ping_linux import DatagramPinger, RawPinger
from diagnostics.probes.ping_tcp import TcpPinger
from diagnostics.probes.public_address import Networks, PublicAddress, Server
from diagnostics.probes.route import HopAnswer, find_first_hop
from diagnostics.probes.web import WebCheck

ANCHOR = "203.0.113.11"
THROUGH = Target(Role.VPN, Protocol.ICMP, f"tun0>{ANCHOR}", 4)
DIRECT = Target(Role.ANCHOR, Protocol.ICMP, ANCHOR, 4)


@dataclass
class Home:
    """pc – box, with the anchor in the box; and a tunnel in the pc that draws all by two half-defaults."""

    pc: Namespace
    box: Namespace
    tunnel: TunInternet
    interface: str
    far: str

    def through(self) -> int:
        """How many packets went into the tunnel."""
        return len(self.tunnel.seen)

    def arrived(self) -> int:
        """How many packets came to the box."""
        return int(self.box.run("cat", f"/sys/class/net/{self.far}/statistics/rx_packets"))


def _echo(packet: bytes) -> list[tuple[float, bytes]]:
    return [(0, echo_reply(packet))] if packet[9] == 1 else []


@pytest.fixture
def home() -> Iterator[Home]:
    with namespaces(2) as (pc, box):
        tunnel = TunInternet(pc, _echo)
        try:
            interface, far = connect(pc, "192.168.1.2/24", box, "192.168.1.1/24")
            box.ip(f"addr add {ANCHOR}/32 dev lo")
            pc.ip("route del default dev tun0")
            pc.ip("route add default via 192.168.1.1")
            pc.ip("route add 0.0.0.0/1 dev tun0")
            pc.ip("route add 128.0.0.0/1 dev tun0")
            yield Home(pc, box, tunnel, interface, far)
        finally:
            tunnel.close()


def gather(pinger: Pinger, count: int) -> list[Sample]:
    samples: list[Sample] = []
    deadline = time.monotonic() + 5
    while len(samples) < count:
        assert time.monotonic() < deadline, samples
        samples += pinger.collect()
        time.sleep(0.002)
    return samples


def answers(pinger: Pinger, target: Target) -> bool:
    """Whether a target answers one of some pings: a link that has just come up may lose the first."""
    for _ in range(5):
        pinger.send(target)
        if gather(pinger, 1)[0].outcome is Outcome.OK:
            return True
    return False


@pytest.fixture(params=[DatagramPinger, RawPinger])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@contextlib.contextmanager
def opened(kind: Any, by: Binding) -> Iterator[Pinger]:
    with contextlib.closing(kind(SystemClock(), SECOND, 10 * SECOND, binding=by)) as pinger:
        yield pinger


@needs_tun
def test_pings_go_beside_the_tunnel_and_through_it(home: Home, kind: Any) -> None:
    with home.pc.entered(), opened(kind, by := Binding()) as pinger:
        pinger.send(DIRECT)
        assert gather(pinger, 1)[0].outcome is Outcome.OK
        assert home.through() == 1, "without a binding the tunnel draws it"
        by.interface = home.interface
        before = home.arrived()
        for _ in range(5):
            pinger.send(DIRECT)
        assert {sample.outcome for sample in gather(pinger, 5)} == {Outcome.OK}
        assert home.through() == 1
        assert home.arrived() >= before + 5
        before = home.arrived()
        for _ in range(3):
            pinger.send(THROUGH)
        samples = gather(pinger, 3)
        assert {(sample.target, sample.outcome) for sample in samples} == {(THROUGH, Outcome.OK)}
        assert home.through() == 4
        assert {addresses_of(packet)[0] for packet in home.tunnel.seen} == {"10.77.0.2"}
        by.interface = ""
        pinger.send(DIRECT)
        assert gather(pinger, 1)[0].outcome is Outcome.OK
        assert home.through() == 5


@needs_tun
def test_pings_go_beside_a_tunnel_that_policy_rules_bring_about(home: Home, kind: Any) -> None:
    """As wg-quick sets them."""
    for half in ("0.0.0.0/1", "128.0.0.0/1"):
        home.pc.ip(f"route del {half} dev tun0")
    home.pc.ip("route add default dev tun0 table 51820")
    home.pc.ip("rule add not fwmark 51820 table 51820")
    home.pc.ip("rule add table main suppress_prefixlength 0")
    with home.pc.entered(), opened(kind, by := Binding()) as pinger:
        pinger.send(DIRECT)
        assert gather(pinger, 1)[0].outcome is Outcome.OK
        assert home.through() == 1
        by.interface = home.interface
        pinger.send(DIRECT)
        assert gather(pinger, 1)[0].outcome is Outcome.OK
        assert home.through() == 1
        pinger.send(THROUGH)
        assert gather(pinger, 1)[0].outcome is Outcome.OK
        assert home.through() == 2


@needs_tun
def test_both_ways_at_once_are_told_apart(home: Home, kind: Any) -> None:
    home.tunnel.behaviour = lambda packet: []
    with home.pc.entered(), opened(kind, Binding(home.interface)) as pinger:
        pinger.send(DIRECT)
        pinger.send(THROUGH)
        outcomes = {sample.target.role: sample.outcome for sample in gather(pinger, 2)}
    assert outcomes == {Role.ANCHOR: Outcome.OK, Role.VPN: Outcome.LOST}


@needs_tun
def test_an_ordinary_user_may_bind(home: Home) -> None:
    imports = (
        "import sys, time; from diagnostics.clock import SystemClock; from diagnostics.model import *; "
        "from diagnostics.probes.binding import Binding, possible; "
        "from diagnostics.probes.ping_linux import DatagramPinger"
    )
    code = f"""
by = Binding({home.interface!r})
pinger = DatagramPinger(SystemClock(), SECOND, 10 * SECOND, binding=by)
found = [possible({home.interface!r}), possible("nosuch0")]
for interface in ({home.interface!r}, "", {home.interface!r}):
    by.interface = interface
    pinger.send(Target(Role.ANCHOR, Protocol.ICMP, {ANCHOR!r}, 4))
    end = time.monotonic() + 5
    while time.monotonic() < end and not (samples := pinger.collect()):
        time.sleep(0.002)
    found.append(samples[0].outcome.name)
print(found)
"""
    assert home.pc.run_python(imports, code, user=True) == "[True, False, 'OK', 'OK', 'OK']"
    assert home.through() == 1


@needs_tun
def test_the_physical_route_and_the_tunnel_are_read_and_bound_to(home: Home) -> None:
    said = home.pc.run_python(
        "from diagnostics.links.linux import LinuxRouteReader",
        "s = LinuxRouteReader().read(); print(s.interface, s.gateway, s.tunnel, *s.peers)",
        user=True,
    )
    assert said == f"{home.interface} 192.168.1.1 tun0 tun0>10.77.0.1"


@needs_tun
def test_a_strict_check_of_return_paths_swallows_what_comes_back_beside_the_tunnel(home: Home) -> None:
    """Why binding has to prove itself before silence is held against the line."""
    home.pc.sysctl(f"net/ipv4/conf/{home.interface}/rp_filter", "1")
    with home.pc.entered(), opened(DatagramPinger, Binding(home.interface)) as pinger:
        before = home.arrived()
        pinger.send(DIRECT)
        assert gather(pinger, 1)[0].outcome is Outcome.LOST
        assert home.arrived() > before
        home.pc.sysctl(f"net/ipv4/conf/{home.interface}/rp_filter", "2")
        pinger.send(DIRECT)
        assert gather(pinger, 1)[0].outcome is Outcome.OK


@needs_tun
def test_connections_go_beside_the_tunnel(home: Home) -> None:
    with home.box.entered():
        listening = socket.create_server((ANCHOR, 443))
    with listening, home.pc.entered():
        pinger = TcpPinger(SystemClock(), SECOND, 10 * SECOND, binding=Binding(home.interface))
        target = Target(Role.ANCHOR, Protocol.TCP, ANCHOR, 4)
        pinger.send(target)
        assert gather(pinger, 1)[0].outcome is Outcome.OK
        assert home.through() == 0
        pinger.send(Target(Role.VPN, Protocol.TCP, f"tun0>{ANCHOR}", 4))
        assert gather(pinger, 1)[0].outcome is Outcome.LOST
        assert home.through() >= 1
        pinger.close()


@needs_tun
def test_checks_go_beside_the_tunnel(home: Home) -> None:
    by = Binding(home.interface)
    with home.box.entered(), contextlib.ExitStack() as stack:
        dns = stack.enter_context(stub_dns(with_address, ANCHOR))
        web = stack.enter_context(stub_web(saying(b"HTTP/1.1 204 No Content\r\n\r\n"), ANCHOR))
        with home.pc.entered():
            resolver = Target(Role.RESOLVER, Protocol.DNS, ANCHOR)
            asked = DirectDns(resolver, ["www.example.org"], SystemClock(), port=dns.port, binding=by)
            page = Target(Role.WEB, Protocol.HTTP, f"http://{ANCHOR}:{web.port}/")
            assert asked.run().outcome is Outcome.OK
            assert WebCheck(page, SystemClock(), binding=by).run().outcome is Outcome.OK
            server = Server("opendns", "dns", ANCHOR, dns.port, "myip.opendns.com")
            public = PublicAddress(ANCHOR, by, lambda: Networks((server,), {}), 0.5, dns_port=dns.port)
            assert public.learn() is None, "192.0.2.1 is no public address"
        assert len(dns.queries) == 2
    assert home.through() == 0


@needs_tun
def test_the_first_hop_is_looked_for_beside_the_tunnel(home: Home) -> None:
    def look(interface: str) -> HopAnswer:
        with home.pc.entered():
            clock = SystemClock()
            return find_first_hop([ANCHOR], gateway="192.168.1.1", clock=clock, interface=interface)

    assert look(home.interface) == HopAnswer(ANCHOR, True)
    assert home.through() == 0
    home.pc.ping_groups("1 0")
    assert look(home.interface).address == ANCHOR, "by UDP"
    assert home.through() == 0


@needs_namespaces
def test_an_interface_that_is_gone_and_comes_back_is_bound_to_anew(kind: Any) -> None:
    with namespaces(2) as (pc, box):
        name, _ = connect(pc, "192.168.1.2/24", box, "192.168.1.1/24")
        with pc.entered(), opened(kind, Binding(name)) as pinger:
            target = Target(Role.GATEWAY, Protocol.ICMP, "192.168.1.1", 4)
            assert answers(pinger, target)
            pc.ip(f"link del {name}")
            pinger.send(target)
            gone = gather(pinger, 1)[0]
            assert (gone.outcome, gone.detail) == (Outcome.SEND_ERROR, "ENODEV")
            again, _ = connect(pc, "192.168.1.2/24", box, "192.168.1.1/24")
            pc.ip(f"link set {again} down")
            pc.ip(f"link set {again} name {name}")
            pc.ip(f"link set {name} up")
            assert answers(pinger, target)


@needs_namespaces
def test_many_tunnels_one_after_the_other_leave_few_sockets(kind: Any) -> None:
    with namespaces(1) as (pc,), pc.entered(), opened(kind, Binding()) as pinger:
        for number in range(30):
            pc.ip(f"link add p{number} type veth peer name q{number}")
            pinger.send(Target(Role.VPN, Protocol.ICMP, f"p{number}>192.0.2.1", 4))
        pinger.send(Target(Role.ANCHOR, Protocol.ICMP, "127.0.0.1", 4))
        own: Any = pinger
        assert len(own._sockets) <= 12
        assert any(sample.outcome is Outcome.OK for sample in gather(pinger, 31))


# --- what is said to each system --------------------------------------------------------------------------------


class Told:
    """A socket that only writes down what it is told."""

    def __init__(self) -> None:
        self.options: list[tuple[int, int, bytes]] = []

    def setsockopt(self, level: int, option: int, value: bytes) -> None:
        self.options.append((level, option, value))


def told(family: int, platform: str) -> list[tuple[int, int, bytes]]:
    sock: Any = Told()
    bind(sock, family, "en7", platform)
    return list(sock.options)


def test_each_system_is_told_in_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "if_nametoindex", lambda name: {"en7": 0x0102}[name])
    assert told(4, "linux") == [(socket.SOL_SOCKET, 25, b"en7\0")]
    assert told(6, "linux") == told(4, "linux")
    assert told(4, "darwin") == [(socket.IPPROTO_IP, 25, struct.pack("=I", 0x0102))]
    assert told(6, "darwin") == [(socket.IPPROTO_IPV6, 125, struct.pack("=I", 0x0102))]
    assert told(4, "win32") == [(socket.IPPROTO_IP, 31, b"\0\0\1\2")]
    assert told(6, "win32") == [(socket.IPPROTO_IPV6, 31, struct.pack("=I", 0x0102))]
    with pytest.raises(OSError, match="not known"):
        told(4, "plan9")


@pytest.mark.parametrize("name", ["nosuch0", "a-name-that-is-too-long", "nul\0", "\udcff"])
def test_an_interface_that_does_not_exist_is_refused(name: str) -> None:
    assert not possible(name)
    for platform in ("linux", "darwin"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, pytest.raises(OSError) as refused:  # noqa: PT011
            bind(sock, 4, name, platform)
        assert refused.value.errno == errno.ENODEV


def test_no_interface_means_nothing_to_do() -> None:
    sock: Any = Told()
    bind(sock, 4, "", "plan9")
    assert sock.options == []


def test_the_interface_of_a_target_is_split_off() -> None:
    assert split("192.0.2.1") == ("", "192.0.2.1")
    assert split("tun0>fe80::1%eth0") == ("tun0", "fe80::1%eth0")


@needs_tun
def test_the_source_address_is_that_of_the_interface(home: Home) -> None:
    with home.pc.entered():
        assert source_on(home.interface, ANCHOR) == "192.168.1.2"
        assert source_on("tun0", ANCHOR) == "10.77.0.2"
        with pytest.raises(OSError, match="No such device"):
            source_on("nosuch0", ANCHOR)


def test_windows_sends_from_the_interfaces_address(monkeypatch: pytest.MonkeyPatch) -> None:
    from diagnostics.probes import ping_windows
    from diagnostics.probes.icmp_api import EchoCall

    started: list[tuple[str, str]] = []

    class Api:
        def start(
            self, address: str, body: bytes, timeout_ms: int, ttl: int = 128, source: str = ""
        ) -> EchoCall:
            started.append((address, source))
            raise OSError(errno.EINVAL, "enough")

        def close(self) -> None: ...

    monkeypatch.setattr(ping_windows, "source_on", lambda interface, address: f"source-on-{interface}")
    by = Binding()
    pinger = ping_windows.WindowsPinger(SystemClock(), SECOND, SECOND, Api(), binding=by)
    pinger.send(DIRECT)
    by.interface = "wireless_32768"
    pinger.send(DIRECT)
    pinger.send(THROUGH)
    assert started == [
        (ANCHOR, ""),
        (ANCHOR, "source-on-wireless_32768"),
        (ANCHOR, "source-on-tun0"),
    ]
