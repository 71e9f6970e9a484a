"""NetworkManager's account of the Wi-Fi: a stand-in (Debian's python3-dbusmock) on a real bus of the test's own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.links import wifi_network_manager
from diagnostics.links.wifi_network_manager import NetworkManagerReader, signal_of, wifi_of
from diagnostics.witnesses import Wifi, WifiState

SYSTEM_PYTHON = "/usr/bin/python3"
MANAGER = "org.freedesktop.NetworkManager"
ROOT = "/org/freedesktop/NetworkManager"
MOCK = "org.freedesktop.DBus.Mock"
DISCONNECTED, CONFIGURING, ADDRESSING, ACTIVATED, UNMANAGED = 30, 50, 70, 100, 10
INFRASTRUCTURE = 2

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
    {rules}
  </policy>
</busconfig>
"""


def _lacking() -> str:
    if shutil.which("dbus-daemon") is None:
        return "dbus-daemon is not installed"
    asked = [SYSTEM_PYTHON, "-c", "import dbusmock"]
    if not Path(SYSTEM_PYTHON).exists() or subprocess.run(asked, capture_output=True, check=False).returncode:
        return f"{SYSTEM_PYTHON} has no dbusmock (Debian's python3-dbusmock)"
    return ""


LACKING = _lacking()
pytestmark = pytest.mark.timeout(60)
real_bus = pytest.mark.skipif(bool(LACKING), reason=LACKING)


class PrivateBus:
    """A bus daemon in a folder of its own."""

    def __init__(self, folder: Path, rules: str = "") -> None:
        self.address = f"unix:path={folder / 'bus'}"
        config = folder / "bus.conf"
        config.write_text(BUS.format(path=folder / "bus", rules=rules))
        self._daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._daemon.stdout is not None
        assert self._daemon.stdout.readline().startswith("unix:")

    def call(
        self, service: str, path: str, interface: str, member: str, signature: str = "", *body: Any
    ) -> Any:
        from jeepney.io.blocking import open_dbus_connection
        from jeepney.wrappers import DBusAddress, new_method_call, unwrap_msg

        message = new_method_call(DBusAddress(path, service, interface), member, signature or None, body)
        with open_dbus_connection(self.address) as connection:
            return unwrap_msg(connection.send_and_get_reply(message, timeout=10))

    def has(self, name: str) -> bool:
        bus = "org.freedesktop.DBus"
        return bool(self.call(bus, "/org/freedesktop/DBus", bus, "NameHasOwner", "s", name)[0])

    def stop(self) -> None:
        self._daemon.kill()
        self._daemon.wait()
        assert self._daemon.stdout is not None
        self._daemon.stdout.close()


class StandIn:
    """NetworkManager as dbusmock plays it."""

    def __init__(self, bus: PrivateBus) -> None:
        self._bus = bus
        self.process = subprocess.Popen(
            [SYSTEM_PYTHON, "-m", "dbusmock", "--template", "networkmanager"],
            env={"PATH": os.environ["PATH"], "DBUS_SYSTEM_BUS_ADDRESS": bus.address},
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not bus.has(MANAGER):
            assert self.process.poll() is None, "the stand-in did not start"
            assert time.monotonic() < deadline, "the stand-in took too long to start"
            time.sleep(0.05)

    def tell(self, member: str, signature: str, *body: Any, path: str = ROOT) -> Any:
        return self._bus.call(MANAGER, path, MOCK, member, signature, *body)[0:1]

    def wifi(self, name: str = "wlan0", state: int = ACTIVATED) -> str:
        return str(self.tell("AddWiFiDevice", "ssu", f"mock_{name}", name, state)[0])

    def join(self, device: str, ssid: str = "Maison d'été", strength: int = 72) -> None:
        told = (device, "mock_ap", ssid, "5C:64:8E:AA:BB:01", INFRASTRUCTURE, 5180, 866_000, strength, 0)
        cell = self.tell("AddAccessPoint", "ssssuuuyu", *told)[0]
        wireless = f"{MANAGER}.Device.Wireless"
        self.tell("AddProperty", "ssv", wireless, "ActiveAccessPoint", ("o", cell), path=device)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateBus]:
    private = PrivateBus(tmp_path_factory.mktemp("bus"))
    yield private
    private.stop()


@pytest.fixture
def manager(bus: PrivateBus) -> Iterator[StandIn]:
    stand_in = StandIn(bus)
    yield stand_in
    stand_in.stop()


HOME = Wifi(
    WifiState.CONNECTED,
    "wlan0",
    ssid="Maison d'été",
    bssid="5c:64:8e:aa:bb:01",
    frequency_mhz=5180,
    channel=36,
    signal_dbm=-57,
    tx_bps=5_400_000,
)


@real_bus
def test_a_connection_is_read(bus: PrivateBus, manager: StandIn) -> None:
    manager.tell("AddEthernetDevice", "ssu", "mock_eth0", "eth0", DISCONNECTED)
    manager.join(manager.wifi())
    reader = NetworkManagerReader(bus.address)
    assert reader.read("wlan0") == HOME
    assert reader.read("") == HOME
    assert reader.read("eth0") == Wifi(WifiState.NO_ADAPTER, "eth0")
    assert reader.read("veth9") == Wifi(WifiState.UNKNOWN, "veth9")


@real_bus
def test_states_are_told_apart(bus: PrivateBus, manager: StandIn) -> None:
    reader = NetworkManagerReader(bus.address)
    assert reader.read("") == Wifi(WifiState.NO_ADAPTER)
    manager.wifi("wlan0", DISCONNECTED)
    manager.wifi("wlan1", CONFIGURING)
    manager.wifi("wlan2", UNMANAGED)
    manager.wifi("wlan3", ADDRESSING)
    states = [reader.read(f"wlan{number}").state for number in range(4)]
    assert states == [
        WifiState.NOT_CONNECTED,
        WifiState.NOT_CONNECTED,
        WifiState.UNKNOWN,
        WifiState.CONNECTED,
    ]
    assert reader.read("").interface == "wlan3"


@real_bus
def test_a_bus_that_forbids_is_a_refusal(tmp_path: Path) -> None:
    private = PrivateBus(tmp_path, f'<deny send_destination="{MANAGER}"/>')
    try:
        stand_in = StandIn(private)
        try:
            assert NetworkManagerReader(private.address).read("wlan0").state is WifiState.REFUSED
        finally:
            stand_in.stop()
    finally:
        private.stop()


@real_bus
def test_a_bus_that_hangs_up_on_us_tells_nothing(tmp_path: Path) -> None:
    private = PrivateBus(tmp_path, '<deny user="*"/>')
    try:
        assert NetworkManagerReader(private.address).read("wlan0").state is WifiState.UNKNOWN
    finally:
        private.stop()


@real_bus
def test_without_networkmanager_nothing_is_known_and_nothing_is_started(bus: PrivateBus) -> None:
    assert not bus.has(MANAGER)
    assert NetworkManagerReader(bus.address).read("wlan0").state is WifiState.UNKNOWN
    assert not bus.has(MANAGER)


@real_bus
def test_a_service_that_hangs_is_left_in_time(
    bus: PrivateBus, manager: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wifi_network_manager, "_WAIT_S", 0.3)
    manager.join(manager.wifi())
    manager.process.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    assert NetworkManagerReader(bus.address).read("wlan0").state is WifiState.UNKNOWN
    assert 0.25 < time.monotonic() - begun < 5


def test_without_a_bus_nothing_is_known(tmp_path: Path) -> None:
    for address in (f"unix:path={tmp_path / 'none'}", "tcp:host=127.0.0.1,port=1", "nonsense", "unix:path"):
        assert NetworkManagerReader(address).read("wlan0") == Wifi(WifiState.UNKNOWN, "wlan0")


def test_a_bus_that_may_not_be_opened_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> socket.socket:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("jeepney.io.blocking.prep_socket", refuse)
    assert NetworkManagerReader(f"unix:path={tmp_path / 'bus'}").read("wlan0").state is WifiState.REFUSED


@contextmanager
def odd_bus(folder: Path, play: Callable[[socket.socket], None]) -> Iterator[str]:
    """A listening socket that lets one client in and then does as ``play`` says."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "odd"))
        listener.listen()

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                try:
                    play(client)
                    while client.recv(4096):
                        pass
                except OSError:
                    pass  # the reader went away: that is what it shall do

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"unix:path={folder / 'odd'}"
        thread.join(20)
        assert not thread.is_alive(), "the reader kept its connection"


def let_in(client: socket.socket) -> None:
    while b"\r\n" not in client.recv(4096):
        pass
    client.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
    while b"BEGIN" not in client.recv(4096):
        pass


def flood(client: socket.socket) -> None:
    let_in(client)
    # A message of 100 MB is announced, and comes.
    client.sendall(b"l\x02\x00\x01" + (100_000_000).to_bytes(4, "little") + bytes(8))
    for _ in range(1000):
        client.sendall(bytes(100_000))


def garbage(client: socket.socket) -> None:
    let_in(client)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20)


def reject(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(b"REJECTED EXTERNAL\r\n")


def endless_line(client: socket.socket) -> None:
    for _ in range(1000):
        client.sendall(b"O" * 100_000)


@pytest.mark.parametrize(
    ("play", "state"),
    [
        (lambda client: None, WifiState.UNKNOWN),
        (let_in, WifiState.UNKNOWN),
        (flood, WifiState.UNKNOWN),
        (garbage, WifiState.UNKNOWN),
        (endless_line, WifiState.REFUSED),
        (reject, WifiState.REFUSED),
    ],
    ids=["silent", "silent after the greeting", "flood", "garbage", "endless line", "rejects"],
)
def test_an_odd_bus_is_left_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, play: Callable[[socket.socket], None], state: WifiState
) -> None:
    monkeypatch.setattr(wifi_network_manager, "_WAIT_S", 0.3)
    with odd_bus(tmp_path, play) as address:
        begun = time.monotonic()
        assert NetworkManagerReader(address).read("wlan0").state is state
        assert time.monotonic() - begun < 5


def test_a_flood_is_not_taken_in(tmp_path: Path) -> None:
    sent = 0

    def pour(client: socket.socket) -> None:
        nonlocal sent
        let_in(client)
        client.sendall(b"l\x02\x00\x01" + (100_000_000).to_bytes(4, "little") + bytes(8))
        while True:
            sent += client.send(bytes(100_000))

    with odd_bus(tmp_path, pour) as address:
        assert NetworkManagerReader(address).read("wlan0").state is WifiState.UNKNOWN
    # A megabyte was read, and what the socket itself holds was lost.
    assert sent < 3_000_000


def test_a_share_of_the_signal_leads_back_to_it() -> None:
    # What NetworkManager makes of each signal: a linear scale, cut at both ends.
    for dbm in range(-99, -39):
        percent = 100 - int(100 * abs(dbm + 40) / 60)
        assert signal_of(percent) == dbm
    assert [signal_of(percent) for percent in (None, 0, -1, 101)] == [None] * 4


VALUES = st.none() | st.integers() | st.text(max_size=20) | st.binary(max_size=40) | st.booleans()
NAMES = (
    "Interface",
    "State",
    "Mode",
    "Bitrate",
    "ActiveAccessPoint",
    "Ssid",
    "HwAddress",
    "Frequency",
    "Strength",
)
PROPERTIES = st.dictionaries(st.sampled_from(NAMES), VALUES)


@given(PROPERTIES, PROPERTIES, PROPERTIES)
def test_foreign_properties_never_raise(
    device: dict[str, Any], wireless: dict[str, Any], cell: dict[str, Any]
) -> None:
    for state in (0, ADDRESSING, ACTIVATED):
        wifi = wifi_of(device | {"State": state}, wireless, cell)
        assert wifi.ssid is None or wifi.ssid.isprintable()


def test_a_hotspot_of_this_machine_is_no_connection() -> None:
    device = {"Interface": "wlan0", "State": ACTIVATED}
    assert wifi_of(device, {"Mode": 3, "Bitrate": 54_000}, {}) == Wifi(WifiState.NOT_CONNECTED, "wlan0")
    assert wifi_of(device, {"Mode": 2}, {}) == Wifi(WifiState.CONNECTED, "wlan0")
