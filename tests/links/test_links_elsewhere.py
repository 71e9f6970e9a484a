"""The link readers for macOS and Windows, on constructed material: neither was ever run on such a machine."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.links import macos, windows
from diagnostics.links.macos import MacRouteReader
from diagnostics.links.null import NullRouteReader
from diagnostics.links.route import RouteState, open_route_reader
from diagnostics.links.windows import WindowsRouteReader

FIXTURE = Path(__file__).parent / "fixtures" / "macos.txt"


def commands() -> dict[str, str]:
    """The fixture's outputs by command."""
    parts = FIXTURE.read_text("utf-8").split("\n== ")[1:]
    return {head: body + "\n" for head, _, body in (part.partition("\n") for part in parts)}


def reader(outputs: dict[str, str], asked: list[str] | None = None) -> MacRouteReader:
    def run(command: Sequence[str]) -> str:
        if asked is not None:
            asked.append(" ".join(command))
        return outputs.get(" ".join(command), "")

    return MacRouteReader(run)


def test_macos_is_read() -> None:
    asked: list[str] = []
    mac = reader(commands(), asked)
    expected = RouteState("en0", "192.168.1.1", "00:0a:95:9d:68:16", "fe80::1", True, "wifi")
    assert mac.read() == expected
    assert mac.read() == expected
    assert asked.count("networksetup -listallhardwareports") == 1


VPN = "   route to: 198.41.0.4\n  interface: utun3\n    gateway: utun3\n"
TABLE = "Routing tables\n\nInternet:\nDestination  Gateway  Flags  Netif Expire\n"
OLD_TABLE = "Internet:\nDestination  Gateway  Flags  Refs  Use  Netif Expire\n"
HOME = RouteState("en0", "192.168.1.1", "00:0a:95:9d:68:16", "fe80::1", True, "wifi")


def test_macos_without_a_route() -> None:
    assert reader({}).read() == RouteState()
    assert (
        reader({"route -n get 198.41.0.4": "route: writing to routing socket: not in table\n"}).read()
        == RouteState()
    )
    vpn = reader({"route -n get 198.41.0.4": VPN})
    assert vpn.read() == RouteState(tunnel="utun3", tunnels=("utun3",))


@pytest.mark.parametrize(
    "table",
    [
        TABLE + "default link#22 UCSg utun3\ndefault 192.168.1.1 UGScIg en0\n",
        TABLE + "0/1 10.8.0.1 UGSc utun3\ndefault 192.168.1.1 UGSc en0\n128.0/1 10.8.0.1 UGSc utun3\n",
        TABLE + "default 10.8.0.1 UGSc utun3\n203.0.113.9 192.168.1.1 UGHS en0\n",
        OLD_TABLE + "default 10.8.0.1 UGSc 91 0 utun3\n203.0.113.9/32 192.168.1.1 UGHS 1 0 en0\n",
    ],
)
def test_macos_under_a_vpn_shows_the_physical_way_out(table: str) -> None:
    outputs = commands() | {"route -n get 198.41.0.4": VPN, "netstat -rn -f inet": table}
    assert reader(outputs).read() == replace(HOME, tunnel="utun3", tunnels=("utun3",))
    # IPv6 that goes into the tunnel too is none of the line's.
    outputs["route -n get -inet6 default"] = VPN
    assert reader(outputs).read() == replace(HOME, gateway6="", tunnel="utun3", tunnels=("utun3",))


def test_macos_shows_a_split_tunnel() -> None:
    table = commands()["netstat -rn -f inet"] + "10.8/16 10.8.0.1 UGSc utun3\n"
    assert reader(commands() | {"netstat -rn -f inet": table}).read() == replace(HOME, tunnels=("utun3",))


def test_macos_details() -> None:
    unplugged = commands()["ifconfig en0"].replace("active", "inactive")
    assert macos.parse_carrier(unplugged) is False
    assert (
        macos.parse_arp("? (192.168.1.1) at (incomplete) on en0 ifscope [ethernet]", "192.168.1.1", "en0")
        == ""
    )
    ports = macos.parse_ports(commands()["networksetup -listallhardwareports"])
    assert ports == {"en4": "Ethernet Adapter (en4)", "en0": "Wi-Fi"}
    assert [macos.medium_of(name, ports) for name in ("en4", "bridge0", "")] == ["ethernet", "other", ""]
    assert macos.run(["/nonexistent/command"]) == ""


@given(st.text(max_size=200))
def test_foreign_output_never_raises(text: str) -> None:
    macos.parse_route(text)
    macos.beneath_tunnel(macos.parse_table(text))
    macos.beneath_tunnel(macos.parse_table(TABLE + text))
    macos.parse_arp("? (1.1.1.1) at " + text, "1.1.1.1", "en0")
    macos.parse_carrier(text)
    macos.parse_ports(text)


# constructed from MIB_IPFORWARDROW and MIB_IPNETTABLE in Microsoft's documentation of iphlpapi: nothing was recorded
def forward_row(hop: str, index: int, kind: int) -> bytes:
    return struct.pack("<III4sI9I", 0, 0, 0, socket.inet_aton(hop), index, kind, 3, 0, 0, 25, 0, 0, 0, 0)


def neighbours(*rows: tuple[int, str, bytes, int]) -> bytes:
    packed = [
        struct.pack("<II8s4sI", index, len(mac), mac, socket.inet_aton(address), kind)
        for index, address, mac, kind in rows
    ]
    return struct.pack("<I", len(rows)) + b"".join(packed)


class Api:
    def __init__(self, row: bytes, table: bytes, name: str, forward: bytes = b"") -> None:
        self.row, self.table, self.name, self.forward = row, table, name, forward
        self.names: dict[int, str] = {}

    def best_route(self, address: str) -> bytes:
        return self.row

    def routes(self) -> bytes:
        return self.forward

    def neighbours(self) -> bytes:
        return self.table

    def interface_name(self, index: int) -> str:
        return self.names.get(index, self.name)


MAC = bytes.fromhex("aabbccddee01")


def test_windows_is_read() -> None:
    table = neighbours(
        (9, "192.168.1.1", MAC[::-1], 3),
        (12, "192.168.1.1", MAC, 2),
        (12, "192.168.1.7", MAC, 3),
        (12, "192.168.1.1", MAC, 3),
    )
    api = Api(forward_row("192.168.1.1", 12, 4), table, "wireless_32768")
    expected = RouteState("wireless_32768", "192.168.1.1", "aa:bb:cc:dd:ee:01", "", None, "wifi")
    assert WindowsRouteReader(api).read() == expected
    api.table = neighbours((12, "192.168.1.1", MAC, 2))
    assert WindowsRouteReader(api).read().gateway_mac == ""


def test_windows_without_a_route_or_with_a_vpn() -> None:
    assert WindowsRouteReader(Api(b"", b"", "")).read() == RouteState()
    vpn = WindowsRouteReader(Api(forward_row("10.8.0.2", 30, 3), b"", "ppp_1"))
    assert vpn.read() == RouteState(tunnel="ppp_1", tunnels=("ppp_1",))
    nameless = WindowsRouteReader(Api(forward_row("192.168.1.1", 30, 4), b"", ""))
    assert nameless.read().interface == "interface_30"


def forward_table(*rows: tuple[str, str, str, int, int]) -> bytes:
    """Destination, mask, next hop, interface index and metric of each."""
    packed = [
        struct.pack(
            "<4s4sI4sI9I",
            *(socket.inet_aton(destination), socket.inet_aton(mask), 0, socket.inet_aton(hop), index),
            *(4 if hop != "0.0.0.0" else 3, 3, 0, 0, metric, 0, 0, 0, 0),
        )
        for destination, mask, hop, index, metric in rows
    ]
    return struct.pack("<I", len(rows)) + b"".join(packed)


HOME_ROW = ("0.0.0.0", "0.0.0.0", "192.168.1.1", 12, 35)


@pytest.mark.parametrize(
    ("tunnel", "rows"),
    [
        ("iftype53_32770", [("0.0.0.0", "0.0.0.0", "0.0.0.0", 30, 5), HOME_ROW]),
        (
            "ethernet_32771",
            [
                ("0.0.0.0", "128.0.0.0", "10.8.0.1", 30, 5),
                ("128.0.0.0", "128.0.0.0", "10.8.0.1", 30, 5),
                HOME_ROW,
            ],
        ),
        ("ppp_32772", [("203.0.113.9", "255.255.255.255", "192.168.1.1", 12, 4)]),
    ],
)
def test_windows_under_a_vpn_shows_the_physical_way_out(
    tunnel: str, rows: list[tuple[str, str, str, int, int]]
) -> None:
    api = Api(
        forward_row("10.8.0.1", 30, 4), neighbours((12, "192.168.1.1", MAC, 3)), "", forward_table(*rows)
    )
    api.names = {12: "wireless_32768", 30: tunnel}
    home = RouteState("wireless_32768", "192.168.1.1", "aa:bb:cc:dd:ee:01", "", None, "wifi")
    assert WindowsRouteReader(api).read() == replace(home, tunnel=tunnel, tunnels=(tunnel,))
    api.row = forward_row("192.168.1.1", 12, 4)
    api.forward = forward_table(HOME_ROW, ("10.0.0.0", "255.0.0.0", "10.8.0.1", 30, 5))
    split = () if tunnel.startswith("ethernet") else (tunnel,)
    assert WindowsRouteReader(api).read() == replace(home, tunnels=split)


@given(st.binary(max_size=120))
def test_foreign_bytes_never_raise(raw: bytes) -> None:
    windows.read_route(raw)
    windows.beneath_tunnel(windows.read_table(raw), frozenset())
    list(windows.read_neighbours(raw))


def test_each_system_has_its_reader() -> None:
    assert isinstance(open_route_reader("darwin"), MacRouteReader)
    with pytest.raises(OSError, match="Windows only"):
        open_route_reader("win32")
    null = open_route_reader("plan9")
    assert isinstance(null, NullRouteReader)
    assert (null.read(), null.events(), null.changed()) == (RouteState(), None, False)
    null.close()
