"""What is read once before a measurement, and by which interface it goes: on made-up machines and in namespaces."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from diagnostics.journal.writer import Writer
from diagnostics.links.interfaces import InterfaceFacts
from diagnostics.links.route import RouteState
from diagnostics.model import Event, EventKind, Line, line_id
from diagnostics.probes.binding import possible, source_on
from diagnostics.probes.clock_sync import ClockState
from diagnostics.throughput import surroundings
from diagnostics.throughput.model import Medium, Way
from diagnostics.throughput.surroundings import Sources, look, way_for
from diagnostics.witnesses import Wifi, WifiState
from tests.servers.namespaces import connect, namespaces, needs_namespaces

MAC = "02:00:00:00:01:01"
SERVER, NEIGHBOUR, OFFICE = "192.0.2.80", "192.168.1.9", "10.20.0.5"
CABLE = RouteState("eth0", "192.168.1.1", MAC, "fe80::1", True, "ethernet")
VPN = replace(CABLE, tunnel="tun0", tunnels=("tun0",))
SPLIT = replace(CABLE, tunnels=("tun0",))
RADIO = Wifi(WifiState.CONNECTED, "wlan0", "Home", signal_dbm=-50, tx_bps=866_000_000)


@dataclass
class Machine:
    """A machine with interfaces and a choice of its own for each destination. Records what was asked for."""

    networks: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {
            "lo": ("127.0.0.1/8", "::1/128"),
            "eth0": ("192.168.1.10/24", "2001:db8:1::10/64", "fe80::10/64"),
            "eth1": ("192.168.7.10/24",),
            "wlan0": ("192.168.1.11/24",),
            "tun0": ("10.66.0.2/16",),
        }
    )
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Address to interface; others go by ``usual``."""
    usual: str = "eth0"
    bindable: bool = True
    asked: list[str] = field(default_factory=list)

    def source_on(self, interface: str, address: str) -> str:
        name = interface or self.chosen.get(address, self.usual)
        if not name:
            raise OSError(101, "Network is unreachable")
        own = [entry.partition("/")[0] for entry in self.networks[name] if (":" in entry) == (":" in address)]
        if not own:
            raise OSError(101, "Network is unreachable")
        return (
            address
            if any(address == text.partition("/")[0] for e in self.networks.values() for text in e)
            else own[0]
        )

    def wifi(self, interface: str) -> Wifi:
        self.asked.append(f"wifi {interface}")
        return RADIO

    def facts(self, interface: str) -> InterfaceFacts:
        self.asked.append(f"facts {interface}")
        return InterfaceFacts(1_000_000_000, "full", 1500)

    def metered(self, interface: str) -> bool | None:
        self.asked.append(f"metered {interface}")
        return interface == "wlan0"

    @property
    def sources(self) -> Sources:
        return Sources(
            source_on=self.source_on,
            possible=lambda _: self.bindable,
            networks=lambda: self.networks,
            interface=self.facts,
            medium=lambda name: {"eth1": "ethernet", "lo": "other", "wlan0": "wifi"}.get(name, ""),
            wifi=self.wifi,
            clock=lambda: ClockState(True, 0.1, 12.5, "kernel"),
            metered=self.metered,
            lines=lambda _: {
                line_id(MAC, "eth0"): Line(line_id(MAC, "eth0"), "192.168.1.1", MAC, "eth0", home=True)
            },
            name=lambda name: name,
        )


IN_VPN = Machine(usual="tun0")


@pytest.mark.parametrize(
    ("address", "route", "machine", "interface"),
    [
        (SERVER, CABLE, Machine(), "eth0"),
        ("2001:db8:77::1", CABLE, Machine(), "eth0"),
        (NEIGHBOUR, CABLE, Machine(), "eth0"),
        (SERVER, VPN, IN_VPN, "eth0"),
        (SERVER, VPN, Machine(usual=""), "eth0"),
        (NEIGHBOUR, VPN, Machine(usual="tun0", chosen={NEIGHBOUR: "eth0"}), "eth0"),
        # A private server behind the tunnel is not to be looked for on the line.
        (OFFICE, VPN, IN_VPN, ""),
        (OFFICE, SPLIT, Machine(chosen={OFFICE: "tun0"}), ""),
        # A neighbour that the VPN claims too is reached beside it.
        (NEIGHBOUR, VPN, IN_VPN, "eth0"),
        # Another network card reaches this one.
        ("192.168.7.9", CABLE, Machine(chosen={"192.168.7.9": "eth1"}), ""),
        ("127.0.0.1", CABLE, Machine(chosen={"127.0.0.1": "lo"}), ""),
        ("::1", CABLE, Machine(chosen={"::1": "lo"}), ""),
        ("192.168.1.10", CABLE, Machine(chosen={"192.168.1.10": "lo"}), ""),
        (SERVER, CABLE, Machine(bindable=False), ""),
        (SERVER, RouteState(), Machine(), ""),
        (SERVER, CABLE, Machine(usual=""), ""),
        ("server.example", CABLE, Machine(), ""),
        ("", CABLE, Machine(), ""),
    ],
)  # fmt: skip
def test_the_way(address: str, route: RouteState, machine: Machine, interface: str) -> None:
    assert way_for(address, route, 6, machine.sources) == Way(interface, 6)


def test_a_server_on_the_line() -> None:
    machine = Machine()
    found = look(SERVER, Way("eth0"), CABLE, Path("journal"), machine.sources)
    assert found.medium == Medium("ethernet", "eth0", 1_000_000_000, "full")
    assert (found.tunnel, found.beside_tunnel) == ("", False)
    assert (found.line_id, found.line_home) == (line_id(MAC, "eth0"), True)
    assert not found.at_home
    assert not found.loopback
    assert (found.clock_synchronised, found.clock_error_ms, found.metered) == (True, 12.5, False)
    assert found.cpu_share is None
    assert machine.asked == ["facts eth0", "metered eth0"]


def test_wifi_is_asked_on_wifi_only_and_has_no_speed_of_a_cable() -> None:
    machine = Machine(usual="wlan0")
    route = replace(CABLE, interface="wlan0", medium="wifi")
    found = look(SERVER, Way("wlan0"), route, None, machine.sources)
    assert found.medium == Medium("wifi", "wlan0", None, None, RADIO)
    assert found.metered is True
    assert found.line_home is None
    assert "facts wlan0" not in machine.asked


def test_beside_a_vpn_and_through_it() -> None:
    beside = look(SERVER, Way("eth0"), VPN, None, IN_VPN.sources)
    assert (beside.tunnel, beside.beside_tunnel, beside.line_id) == ("tun0", True, line_id(MAC, "eth0"))
    through = look(SERVER, Way(), VPN, Path("journal"), IN_VPN.sources)
    assert (through.tunnel, through.beside_tunnel, through.line_id) == ("tun0", False, line_id("", "tun0"))
    assert through.medium == Medium("vpn", "tun0")
    assert (through.line_home, through.at_home) == (None, False)
    split = look(OFFICE, Way(), SPLIT, None, Machine(chosen={OFFICE: "tun0"}).sources)
    assert (split.tunnel, split.beside_tunnel) == ("tun0", False)


def test_a_system_that_does_not_name_its_choice_is_taken_to_use_the_tunnel() -> None:
    blind = replace(IN_VPN.sources, networks=dict)
    assert look(SERVER, Way(), VPN, None, blind).medium == Medium("vpn", "tun0")
    assert look(SERVER, Way(), CABLE, None, blind).medium.interface == "eth0"
    assert way_for(SERVER, VPN, 0, blind) == Way("eth0")


@pytest.mark.parametrize(
    ("address", "at_home"),
    [
        (NEIGHBOUR, True),
        ("192.168.1.1", True),
        ("fe80::99", True),
        ("fe80::1%eth0", True),
        ("2001:db8:1::99", True),
        ("::ffff:192.168.1.9", True),
        ("192.168.2.9", False),
        ("10.1.2.3", False),
        ("2001:db8:2::99", False),
        (SERVER, False),
        ("not-an-address", False),
        ("", False),
    ],
)
def test_what_is_at_home(address: str, at_home: bool) -> None:
    assert look(address, Way("eth0"), CABLE, None, Machine().sources).at_home is at_home


def test_another_card_is_named_as_the_medium_and_is_not_the_line() -> None:
    machine = Machine(chosen={"192.168.7.9": "eth1"})
    found = look("192.168.7.9", Way(), CABLE, None, machine.sources)
    assert found.medium == Medium("ethernet", "eth1", 1_000_000_000, "full")
    assert (found.line_id, found.at_home) == ("", True)


def test_this_machine_itself() -> None:
    machine = Machine(chosen={"127.0.0.1": "lo", "192.168.1.10": "lo"})
    for address in ("127.0.0.1", "192.168.1.10", "::1", "127.8.9.1"):
        assert look(address, Way(), CABLE, None, machine.sources).loopback, address
    assert not look(NEIGHBOUR, Way(), CABLE, None, machine.sources).loopback


def test_a_line_without_a_gateway_that_shows_itself_is_not_known() -> None:
    found = look(SERVER, Way("eth0"), replace(CABLE, gateway_mac=""), Path("journal"), Machine().sources)
    assert (found.line_id, found.line_home) == ("", None)
    assert look(SERVER, Way(), RouteState(), None, Machine(usual="").sources).medium == Medium()


def test_the_home_mark_is_read_from_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    name = line_id(MAC, "eth0")
    sources = replace(Machine().sources, lines=surroundings.read_lines)
    assert look(SERVER, Way("eth0"), CABLE, path, sources).line_home is None
    writer = Writer(path)
    writer.append(
        Event(
            EventKind.LINE,
            10**18,
            {"id": name, "gateway": "192.168.1.1", "gateway_mac": MAC, "interface": "eth0"},
        )
    )
    assert look(SERVER, Way("eth0"), CABLE, path, sources).line_home is None
    writer.append(Event(EventKind.LINE_HOME, 10**18 + 1, {"id": name, "home": False}))
    writer.close()
    assert look(SERVER, Way("eth0"), CABLE, path, sources).line_home is False
    path.write_bytes(b"no journal at all" * 500)
    assert look(SERVER, Way("eth0"), CABLE, path, sources).line_home is None


def test_networks_of_this_machine() -> None:
    assert "127.0.0.1/8" in [text for own in surroundings.read_networks().values() for text in own]
    prefix = surroundings._with_prefix
    assert prefix(socket.AF_INET6, "fe80::1%eth0", None) == "fe80::1/64"
    assert prefix(socket.AF_INET, "10.0.0.1", "255.255.240.0") == "10.0.0.1/20"
    assert prefix(socket.AF_INET6, "2001:db8::1", "ffff:ffff:ffff::") == "2001:db8::1/48"
    assert prefix(socket.AF_INET, "10.0.0.1", "nonsense") == ""
    assert prefix(17, "02:00:00:00:00:01", None) == ""


def test_media_of_this_system() -> None:
    assert surroundings.read_medium("lo", "linux") == "other"
    assert surroundings.read_medium("none9", "linux") == ""
    assert surroundings.read_medium("wireless_3", "win32") == "wifi"
    assert surroundings.read_medium("en0", "darwin") == ""


@needs_namespaces
def test_real_routes_in_a_namespace() -> None:
    with namespaces(3) as (pc, box, other):
        line, _ = connect(pc, "192.168.1.10/24", box, "192.168.1.1/24")
        card, _ = connect(pc, "192.168.7.10/24", other, "192.168.7.9/24")
        pc.ip(f"route add default via 192.168.1.1 dev {line}")
        route = RouteState(line, "192.168.1.1", MAC, "", True, "ethernet")
        sources = Sources(
            source_on=source_on, possible=possible, medium=lambda _: "ethernet", metered=lambda _: None
        )
        with pc.entered():
            assert way_for(SERVER, route, 4, sources) == Way(line, 4)
            assert way_for("192.168.1.1", route, 4, sources) == Way(line, 4)
            assert way_for("192.168.7.9", route, 4, sources) == Way("", 4)
            assert way_for("127.0.0.1", route, 4, sources) == Way("", 4)
            assert way_for("192.168.1.10", route, 4, sources) == Way("", 4)
            assert look("192.168.1.10", Way(), route, None, sources).loopback
            near = look("192.168.7.9", Way(), route, None, sources)
            assert (near.medium.interface, near.at_home, near.line_id) == (card, True, "")
            # A VPN draws everything: two halves of the address space, by a device of its own.
            tunnel, _ = connect(pc, "10.66.0.2/16", other, "10.66.0.1/16")
            for half in ("0.0.0.0/1", "128.0.0.0/1"):
                pc.ip(f"route add {half} dev {tunnel}")
            drawn = replace(route, tunnel=tunnel, tunnels=(tunnel,))
            assert way_for(SERVER, drawn, 4, sources) == Way(line, 4)
            assert way_for("10.66.7.7", drawn, 4, sources) == Way("", 4)
            assert look(SERVER, Way(), drawn, None, sources).medium == Medium("vpn", tunnel)
            beside = look(SERVER, Way(line), drawn, None, sources)
            assert (beside.beside_tunnel, beside.medium.interface) == (True, line)
