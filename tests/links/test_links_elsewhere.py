"""The link readers for macOS and Windows, on constructed material: neither was ever run on such a machine."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
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


def test_macos_without_a_route_or_with_a_vpn() -> None:
    assert reader({}).read() == RouteState()
    assert (
        reader({"route -n get default": "route: writing to routing socket: not in table\n"}).read()
        == RouteState()
    )
    vpn = "   route to: default\n  interface: utun3\n    gateway: utun3\n"
    assert reader({"route -n get default": vpn}).read() == RouteState("utun3", medium="vpn")


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
    def __init__(self, row: bytes, table: bytes, name: str) -> None:
        self.row, self.table, self.name = row, table, name

    def best_route(self, address: str) -> bytes:
        return self.row

    def neighbours(self) -> bytes:
        return self.table

    def interface_name(self, index: int) -> str:
        return self.name


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
    assert vpn.read() == RouteState("ppp_1", medium="vpn")
    nameless = WindowsRouteReader(Api(forward_row("192.168.1.1", 30, 4), b"", ""))
    assert nameless.read().interface == "interface_30"


@given(st.binary(max_size=120))
def test_foreign_bytes_never_raise(raw: bytes) -> None:
    windows.read_route(raw)
    list(windows.read_neighbours(raw))


def test_each_system_has_its_reader() -> None:
    assert isinstance(open_route_reader("darwin"), MacRouteReader)
    with pytest.raises(OSError, match="Windows only"):
        open_route_reader("win32")
    null = open_route_reader("plan9")
    assert isinstance(null, NullRouteReader)
    assert (null.read(), null.events(), null.changed()) == (RouteState(), None, False)
    null.close()
