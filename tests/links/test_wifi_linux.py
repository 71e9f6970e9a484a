"""nl80211 on messages constructed from the kernel's headers, and the sockets on this machine's own kernel."""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.links import wifi_linux
from diagnostics.links.wifi_linux import Conversation, Nl80211Reader, open_generic
from diagnostics.witnesses import Wifi, WifiState

FIXTURE = Path(__file__).parent / "fixtures" / "nl80211.txt"
SECTIONS = {
    head: bytes.fromhex(body)
    for head, _, body in (part.partition("\n") for part in FIXTURE.read_text("utf-8").split("\n== ")[1:])
}
FAMILY, INTERFACES, STATIONS, CELLS = 3, 5, 17, 32


class Kernel:
    """Answers each question with its fixtures; silent where it has none. Remembers what it was asked."""

    def __init__(self, **answers: Sequence[str]) -> None:
        self.answers = {"family": ("family",), "stations": (), "cells": ()} | answers
        self.asked: list[tuple[int, bytes]] = []
        self.closed = 0
        self._waiting: list[bytes] = []

    def connect(self) -> Kernel:
        return self

    def send(self, data: bytes) -> int:
        length, family, flags = struct.unpack_from("=IHH", data)
        command = data[16]
        assert length == len(data)
        assert family == (16 if command == FAMILY else 28)
        assert flags == (0x1 if command == FAMILY else 0x301)
        self.asked.append((command, data[20:]))
        name = {FAMILY: "family", INTERFACES: "interfaces", STATIONS: "stations", CELLS: "cells"}[command]
        self._waiting = [SECTIONS[section] for section in self.answers[name]]
        return len(data)

    def recv(self, size: int) -> bytes:
        if not self._waiting:
            raise TimeoutError
        return self._waiting.pop(0)

    def settimeout(self, seconds: float | None) -> None:
        assert seconds is not None

    def close(self) -> None:
        self.closed += 1


def read(kernel: Kernel, interface: str = "wlan0") -> Wifi:
    wifi = Nl80211Reader(kernel.connect).read(interface)
    assert kernel.closed == 1
    return wifi


HOME = Wifi(
    WifiState.CONNECTED,
    "wlan0",
    ssid="Maison d'été",
    bssid="5c:64:8e:aa:bb:01",
    frequency_mhz=5180,
    channel=36,
    signal_dbm=-57,
    rx_bps=780_000_000,
    tx_bps=866_700_000,
    retries=214,
    failed=3,
    connected_s=3605,
)


def test_a_connection_is_read_and_neighbours_are_not_taken_for_the_access_point() -> None:
    kernel = Kernel(interfaces=["interfaces connected"], stations=["stations connected"])
    assert read(kernel) == HOME
    assert [command for command, _ in kernel.asked] == [FAMILY, INTERFACES, STATIONS]
    assert kernel.asked[0][1] == struct.pack("=HH", 12, 2) + b"nl80211\0"
    assert kernel.asked[2][1] == struct.pack("=HHI", 8, 3, 3)


def test_what_is_missing_is_looked_up_among_the_cells() -> None:
    wifi = read(
        Kernel(
            interfaces=["interfaces without name and frequency"],
            stations=["stations wide"],
            cells=["cells"],
        )
    )
    assert wifi == Wifi(
        WifiState.CONNECTED,
        "wlan0",
        ssid="Maison Wi-Fi 7",
        bssid="5c:64:8e:aa:bb:10",
        frequency_mhz=2437,
        channel=6,
        signal_dbm=-63,
        rx_bps=10_088_800_000,
        tx_bps=11_529_000_000,
        retries=12,
        failed=0,
        connected_s=59,
    )


def test_a_driver_that_lists_no_stations_is_asked_for_its_cell() -> None:
    wifi = read(
        Kernel(
            interfaces=["interfaces not connected"],
            stations=["error EOPNOTSUPP"],
            cells=["cells"],
        )
    )
    assert (wifi.state, wifi.ssid, wifi.signal_dbm) == (WifiState.CONNECTED, "Maison Wi-Fi 7", None)


@pytest.mark.parametrize("stations", ["stations none", "stations authenticating"])
def test_without_an_access_point_it_is_not_connected(stations: str) -> None:
    kernel = Kernel(interfaces=["interfaces not connected"], stations=[stations])
    assert read(kernel) == Wifi(WifiState.NOT_CONNECTED, "wlan0")


def test_no_adapter_is_told_from_no_connection() -> None:
    assert read(Kernel(family=["error ENOENT"])) == Wifi(WifiState.NO_ADAPTER, "wlan0")
    assert read(Kernel(interfaces=["interfaces none"])) == Wifi(WifiState.NO_ADAPTER, "wlan0")
    kernel = Kernel(interfaces=["interfaces connected"])
    assert read(kernel, "eth0") == Wifi(WifiState.NO_ADAPTER, "eth0")


def test_a_refusal_is_told_from_no_adapter() -> None:
    assert read(Kernel(interfaces=["error EPERM"])) == Wifi(WifiState.REFUSED, "wlan0")
    refused = Kernel(interfaces=["interfaces connected"], stations=["error EPERM"])
    assert read(refused).state is WifiState.REFUSED

    def closed() -> Kernel:
        raise OSError(errno.EACCES, "Permission denied")

    assert Nl80211Reader(closed).read("wlan0").state is WifiState.REFUSED


def test_a_kernel_without_netlink_is_unknown() -> None:
    def closed() -> Kernel:
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported")

    assert Nl80211Reader(closed).read("wlan0").state is WifiState.UNKNOWN


def test_an_adapter_pulled_in_the_middle_is_unknown() -> None:
    kernel = Kernel(interfaces=["interfaces connected"], stations=["error ENODEV at the end"])
    assert read(kernel).state is WifiState.UNKNOWN


def test_a_hotspot_of_this_machine_is_no_connection_and_without_a_name_the_connected_one_counts() -> None:
    answers = {"interfaces": ["interfaces with a hotspot"], "stations": ["stations connected"]}
    assert read(Kernel(**answers), "ap0") == Wifi(WifiState.NOT_CONNECTED, "ap0")
    assert read(Kernel(**answers), "") == HOME


def test_silence_in_the_middle_of_an_answer_is_unknown() -> None:
    assert read(Kernel(family=[])).state is WifiState.UNKNOWN
    assert read(Kernel(interfaces=["interfaces connected"], stations=[])).state is WifiState.UNKNOWN


def test_an_answer_that_does_not_end_is_given_up() -> None:
    endless = SECTIONS["stations connected"][:-20]
    kernel = Kernel(interfaces=["interfaces connected"])
    reads = 0

    def flood(size: int) -> bytes:
        nonlocal reads
        if kernel.asked[-1][0] != STATIONS:
            return Kernel.recv(kernel, size)
        reads += 1
        return endless * 50

    kernel.recv = flood  # type: ignore[method-assign]
    assert read(kernel).state is WifiState.UNKNOWN
    assert 0 < reads * len(endless) * 50 < 5_000_000


def test_a_slow_trickle_is_given_up_in_time() -> None:
    tenths = iter(range(100))
    kernel = Kernel()
    kernel.recv = lambda size: SECTIONS["stations connected"][:-20]  # type: ignore[method-assign]
    conversation = Conversation(kernel, now=lambda: next(tenths) / 10)
    with pytest.raises(TimeoutError, match="does not answer"):
        conversation.ask(28, STATIONS, dump=True)
    assert next(tenths) == 11


def test_a_peer_that_hangs_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wifi_linux, "_WAIT_S", 0.05)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with theirs:
        assert Nl80211Reader(lambda: ours).read("wlan0").state is WifiState.UNKNOWN
        assert theirs.recv(100).endswith(b"nl80211\0")
    assert ours.fileno() == -1


@given(st.binary(max_size=200))
def test_foreign_bytes_never_raise(raw: bytes) -> None:
    wifi_linux.read_radio(raw)
    wifi_linux.read_station(raw)
    wifi_linux.read_bss(raw)


@given(
    st.sampled_from(sorted(SECTIONS)),
    st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=8),
)
def test_broken_messages_never_raise(section: str, changes: list[tuple[int, int]]) -> None:
    raw = bytearray(SECTIONS[section])
    for position, value in changes:
        raw[position % len(raw)] = value
    SECTIONS["broken"] = bytes(raw)
    for question in ("interfaces", "stations", "cells"):
        answers = {"interfaces": ["interfaces without name and frequency"], "stations": ["stations wide"]}
        wifi = read(Kernel(**(answers | {question: ["broken"]})))
        assert wifi.signal_dbm is None or -128 <= wifi.signal_dbm < 0
        assert wifi.ssid is None or wifi.ssid.isprintable()
    del SECTIONS["broken"]


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")
def test_this_kernel_is_spoken_to() -> None:
    connection = open_generic()
    try:
        kernel = Conversation(connection)
        assert kernel.family("nlctrl") == 16
        assert len(kernel.ask(16, 3, dump=True)) >= 1
        with pytest.raises(FileNotFoundError):
            kernel.family("jalerte-none")
    finally:
        connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")
def test_this_machine_gives_one_clear_answer_and_leaves_no_socket_open() -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    wifi = Nl80211Reader().read("lo")
    assert wifi in (Wifi(WifiState.NO_ADAPTER, "lo"), Wifi(WifiState.REFUSED, "lo"))
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
