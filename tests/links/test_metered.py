"""Whether a link is metered: NetworkManager's word on a real bus (python3-dbusmock), Windows' by its structure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.links import metered, wifi_network_manager
from diagnostics.links.metered import parse_hint, read_metered
from tests.links.test_wifi_network_manager import (
    ACTIVATED,
    MANAGER,
    PrivateBus,
    StandIn,
    flood,
    garbage,
    let_in,
    odd_bus,
    real_bus,
)

pytestmark = pytest.mark.timeout(60)
DEVICE = f"{MANAGER}.Device"
SAID = {"yes": True, "no": False, "unknown": None}


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


def cable(manager: StandIn, name: str, said: int | None, address: str = "") -> None:
    path = manager.tell("AddEthernetDevice", "ssu", f"mock_{name}", name, ACTIVATED)[0]
    if said is not None:
        manager.tell("AddProperty", "ssv", DEVICE, "Metered", ("u", said), path=path)
    if address:
        manager.tell("UpdateProperties", "sa{sv}", DEVICE, {"IpInterface": ("s", address)}, path=path)


@real_bus
def test_what_networkmanager_says(bus: PrivateBus, manager: StandIn) -> None:
    for number, said in enumerate((0, 1, 2, 3, 4, 77)):
        cable(manager, f"eth{number}", said)
    cable(manager, "eth6", None)
    told = [read_metered(f"eth{number}", "linux", bus=bus.address) for number in range(7)]
    assert told == [None, True, False, True, False, None, None]
    assert read_metered("eth9", "linux", bus=bus.address) is None


@real_bus
def test_a_modem_is_known_by_the_interface_that_carries_its_packets(
    bus: PrivateBus, manager: StandIn
) -> None:
    cable(manager, "eth0", 4)
    cable(manager, "cdc_wdm0", 3, address="wwan0")
    assert read_metered("wwan0", "linux", bus=bus.address) is True
    assert read_metered("eth0", "linux", bus=bus.address) is False


@real_bus
def test_a_bus_that_forbids_or_has_no_manager_tells_nothing(bus: PrivateBus, tmp_path: Path) -> None:
    assert read_metered("eth0", "linux", bus=bus.address) is None
    private = PrivateBus(tmp_path, f'<deny send_destination="{MANAGER}"/>')
    try:
        assert read_metered("eth0", "linux", bus=private.address) is None
    finally:
        private.stop()


def test_without_a_bus_nothing_is_known(tmp_path: Path) -> None:
    for address in (f"unix:path={tmp_path / 'none'}", "tcp:host=127.0.0.1,port=1", "nonsense"):
        assert read_metered("eth0", "linux", bus=address) is None


@pytest.mark.parametrize("play", [let_in, flood, garbage], ids=["silent", "flood", "garbage"])
def test_an_odd_bus_is_left_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, play: object) -> None:
    monkeypatch.setattr(wifi_network_manager, "_WAIT_S", 0.3)
    with odd_bus(tmp_path, play) as address:  # type: ignore[arg-type]  # one of that module's own
        begun = time.monotonic()
        assert read_metered("eth0", "linux", bus=address) is None
        assert time.monotonic() - begun < 5


def _hints() -> list[tuple[str, bytes, bool | None]]:
    text = Path(__file__).with_name("fixtures").joinpath("connectivity_hint.txt").read_text("ascii")
    found = []
    for line in text.splitlines():
        if not line.startswith("#"):
            name, raw, said = line[:28].strip(), line[28:].rpartition("    ")[0], line.rpartition(" ")[2]
            found.append((name, bytes.fromhex(raw), SAID[said]))
    return found


@pytest.mark.parametrize(("name", "raw", "said"), _hints(), ids=[entry[0] for entry in _hints()])
def test_windows_hints(name: str, raw: bytes, said: bool | None) -> None:
    assert len(raw) == 12, name
    asked = []

    def hint(interface: str) -> bytes:
        asked.append(interface)
        return raw

    assert read_metered("ethernet_32768", "win32", hint=hint) is said
    assert asked == ["ethernet_32768"]


def test_a_windows_without_the_call_tells_nothing() -> None:
    assert read_metered("ethernet_32768", "win32", hint=lambda _: None) is None
    # Here, there is no such library at all.
    assert metered._windows("ethernet_32768") is None


@given(st.binary(max_size=80))
def test_no_bytes_make_it_stumble(raw: bytes) -> None:
    assert parse_hint(raw) in (True, False, None)
    if len(raw) < 11:
        assert parse_hint(raw) is None


def test_no_interface_and_macos_tell_nothing() -> None:
    assert read_metered("", "linux", bus="nonsense") is None
    assert read_metered("en0", "darwin") is None
