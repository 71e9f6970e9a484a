"""The Wi-Fi readers of Windows and macOS, on constructed material: neither was ever run on such a machine."""

from __future__ import annotations

import struct
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.links import wifi_windows
from diagnostics.links.wifi_macos import CoreWlan, MacWifiReader, Told, wifi_of
from diagnostics.links.wifi_windows import (
    ACCESS_DENIED,
    CHANNEL,
    CURRENT_CONNECTION,
    OK,
    QUALITY,
    RSSI,
    STATISTICS,
    WindowsWifiReader,
    WindowsWlanApi,
)
from diagnostics.witnesses import Wifi, WifiState

FIXTURES = Path(__file__).parent / "fixtures"


def sections(name: str) -> dict[str, str]:
    parts = (FIXTURES / name).read_text("utf-8").split("\n== ")[1:]
    return {head: body for head, _, body in (part.partition("\n") for part in parts)}


WLAN = {head: bytes.fromhex(body) for head, body in sections("wlanapi.txt").items()}
CORE = {head: Told(**tomllib.loads(body)) for head, body in sections("corewlan.txt").items()}
NOT_SUPPORTED, NOT_ACTIVE = 50, 1062
SECOND_ADAPTER = bytes.fromhex("23221111") + bytes(12)


class Api:
    """A Windows with two adapters; ``refuse`` and ``lacks`` name questions."""

    def __init__(
        self, listed: str = "interfaces", *, refuse: tuple[int, ...] = (), lacks: tuple[int, ...] = ()
    ):
        self.listed, self.refuse, self.lacks = WLAN[listed], refuse, lacks
        self.opened = OK
        self.enumerated = OK
        self.asked: list[int] = []
        self.handles = 0
        self.answers = {
            CURRENT_CONNECTION: WLAN["connection"],
            QUALITY: WLAN["quality"],
            STATISTICS: WLAN["statistics"],
            RSSI: WLAN["rssi"],
            CHANNEL: WLAN["channel"],
        }

    def open(self) -> int:
        self.handles += self.opened == OK
        return self.opened

    def interfaces(self) -> tuple[int, bytes]:
        return self.enumerated, self.listed if self.enumerated == OK else b""

    def query(self, guid: bytes, opcode: int) -> tuple[int, bytes]:
        assert guid == SECOND_ADAPTER
        self.asked.append(opcode)
        if opcode in self.refuse:
            return ACCESS_DENIED, b""
        return (NOT_SUPPORTED, b"") if opcode in self.lacks else (OK, self.answers[opcode])

    def interface_name(self, guid: bytes) -> str:
        return f"wireless_{32768 + guid[0] - 0x22}"

    def close(self) -> None:
        self.handles -= 1


def windows(api: Api, interface: str = "wireless_32769") -> Wifi:
    wifi = WindowsWifiReader(api).read(interface)
    assert api.handles == 0
    return wifi


AT_HOME = Wifi(
    WifiState.CONNECTED,
    "wireless_32769",
    ssid="Maison",
    bssid="5c:64:8e:aa:bb:01",
    frequency_mhz=5745,
    channel=149,
    signal_dbm=-47,
    rx_bps=780_000_000,
    tx_bps=866_700_000,
    retries=4030,
    failed=7,
)


def test_windows_is_read() -> None:
    assert windows(Api()) == AT_HOME
    assert windows(Api(), "") == AT_HOME


def test_windows_without_the_right_to_the_location_still_tells_the_signal() -> None:
    wifi = windows(Api(refuse=(CURRENT_CONNECTION,)))
    assert wifi.state is WifiState.CONNECTED
    assert wifi.identity_refused
    assert (wifi.ssid, wifi.bssid) == (None, None)
    assert (wifi.signal_dbm, wifi.frequency_mhz, wifi.tx_bps) == (-47, 5745, 866_700_000)


def test_windows_refusal_is_believed_for_an_hour() -> None:
    # The clock is read when a refusal comes, and before each further question.
    clock = iter((0.0, 60.0, 3599.0, 3600.0))
    api = Api(refuse=(CURRENT_CONNECTION,))
    reader = WindowsWifiReader(api, now=lambda: next(clock))
    for _ in range(3):
        assert reader.read("").identity_refused
    assert api.asked.count(CURRENT_CONNECTION) == 1
    api.refuse = ()
    assert reader.read("") == AT_HOME
    assert reader.read("") == AT_HOME


def test_windows_is_not_asked_for_names_that_nobody_wants() -> None:
    api = Api()
    wifi = WindowsWifiReader(api, identity=False).read("")
    assert CURRENT_CONNECTION not in api.asked
    assert (wifi.identity_refused, wifi.signal_dbm) == (True, -47)


def test_windows_before_version_11_tells_signal_and_channel_apart() -> None:
    wifi = windows(Api(lacks=(QUALITY, STATISTICS)))
    assert (wifi.signal_dbm, wifi.channel, wifi.frequency_mhz, wifi.retries) == (-66, 11, 2462, None)
    assert (wifi.rx_bps, wifi.tx_bps, wifi.ssid) == (780_000_000, 866_700_000, "Maison")
    api = Api(lacks=(QUALITY,))
    api.answers[CHANNEL] = WLAN["channel above"]
    assert (windows(api).channel, windows(api).band_ghz) == (149, None)


def test_windows_with_two_links_tells_the_stronger_in_kilohertz_too() -> None:
    api = Api()
    api.answers[QUALITY] = WLAN["quality of two links"]
    wifi = windows(api)
    assert (wifi.signal_dbm, wifi.frequency_mhz, wifi.channel, wifi.band_ghz) == (-51, 5975, 5, 6.0)


def test_windows_states_are_told_apart() -> None:
    assert windows(Api("interfaces associating")) == Wifi(WifiState.NOT_CONNECTED, "wireless_32769")
    assert windows(Api(), "wireless_32768") == Wifi(WifiState.NOT_CONNECTED, "wireless_32768")
    assert windows(Api(), "ethernet_32770") == Wifi(WifiState.NO_ADAPTER, "ethernet_32770")
    assert windows(Api("interfaces none"), "") == Wifi(WifiState.NO_ADAPTER)
    api = Api()
    api.opened = ACCESS_DENIED
    assert windows(api).state is WifiState.REFUSED
    api.opened = NOT_ACTIVE
    assert windows(api).state is WifiState.UNKNOWN
    api = Api()
    api.enumerated = ACCESS_DENIED
    assert windows(api).state is WifiState.REFUSED


def test_windows_that_answers_nothing_but_the_state_is_connected_all_the_same() -> None:
    everything = (CURRENT_CONNECTION, QUALITY, STATISTICS, RSSI, CHANNEL)
    assert windows(Api(lacks=everything)) == Wifi(WifiState.CONNECTED, "wireless_32769")


@given(st.binary(max_size=900))
def test_foreign_bytes_from_windows_never_raise(raw: bytes) -> None:
    list(wifi_windows.read_interfaces(raw))
    wifi_windows.read_association(raw)
    wifi_windows.read_quality(raw)
    wifi_windows.read_statistics(raw)


@given(st.integers(0, 2**32 - 1), st.binary(max_size=600))
def test_counts_that_lie_never_lead_beyond_the_bytes(count: int, raw: bytes) -> None:
    assert len(list(wifi_windows.read_interfaces(struct.pack("<II", count, 0) + raw))) <= len(raw) // 532
    quality = wifi_windows.read_quality(struct.pack("<6I", 0, 0, 0, 0, 0, count) + raw)
    assert quality is not None
    wifi_windows.read_statistics(bytes(216) + struct.pack("<II", count, 0) + raw)


def test_windows_itself_is_only_there() -> None:
    with pytest.raises(OSError, match="Windows only"):
        WindowsWlanApi()


class Mac:
    def __init__(self, told: dict[str, Told | None] | None) -> None:
        self._told = told

    def names(self) -> list[str] | None:
        return None if self._told is None else list(self._told)

    def told(self, name: str) -> Told | None:
        assert self._told is not None
        return self._told[name]


def test_macos_is_read() -> None:
    reader = MacWifiReader(Mac({"en0": CORE["connected"]}))
    expected = Wifi(
        WifiState.CONNECTED,
        "en0",
        ssid="Maison",
        bssid="5c:64:8e:aa:bb:01",
        frequency_mhz=5180,
        channel=36,
        signal_dbm=-57,
        tx_bps=866_000_000,
    )
    assert reader.read("en0") == expected
    assert reader.read("") == expected


def test_macos_without_the_right_to_the_location() -> None:
    wifi = wifi_of("en0", CORE["connected without the right to the location"])
    assert (wifi.state, wifi.identity_refused, wifi.ssid, wifi.bssid) == (
        WifiState.CONNECTED,
        True,
        None,
        None,
    )
    assert (wifi.signal_dbm, wifi.frequency_mhz, wifi.band_ghz) == (-61, 5975, 6.0)
    redacted = Told(True, 1, "<redacted>", "<redacted>", -61, 1201.0, 5, 3)
    assert wifi_of("en0", redacted) == wifi


def test_macos_states_are_told_apart() -> None:
    for section in ("on, in no network", "switched off", "hotspot"):
        assert wifi_of("en0", CORE[section]) == Wifi(WifiState.NOT_CONNECTED, "en0")
    reader = MacWifiReader(Mac({"en1": CORE["switched off"], "en0": CORE["connected"]}))
    assert reader.read("").interface == "en0"
    assert reader.read("en4") == Wifi(WifiState.NO_ADAPTER, "en4")
    assert MacWifiReader(Mac({})).read("") == Wifi(WifiState.NO_ADAPTER)
    assert MacWifiReader(Mac(None)).read("en0") == Wifi(WifiState.UNKNOWN, "en0")
    assert MacWifiReader(Mac({"en0": None})).read("en0") == Wifi(WifiState.UNKNOWN, "en0")


@given(
    st.builds(
        Told,
        st.booleans(),
        st.integers(),
        st.none() | st.text(max_size=40),
        st.none() | st.text(max_size=40),
        st.integers(),
        st.floats(),
        st.integers(),
        st.integers(),
    )
)
def test_foreign_answers_from_macos_never_raise(told: Told) -> None:
    wifi = wifi_of("en0", told)
    assert wifi.ssid is None or wifi.ssid.isprintable()
    assert wifi.state in (WifiState.CONNECTED, WifiState.NOT_CONNECTED)


def test_macos_itself_is_only_there() -> None:
    with pytest.raises(OSError, match="libobjc"):
        CoreWlan()
