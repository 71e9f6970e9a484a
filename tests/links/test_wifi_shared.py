"""What the Wi-Fi readers share: two sources, channels, names chosen by strangers, and what happened in between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.links.wifi import (
    NullWifiReader,
    TwoSources,
    bssid_text,
    channel_of,
    frequency_of,
    merge,
    open_wifi_reader,
    signal_or_none,
    ssid_text,
)
from diagnostics.wifi_changes import WifiChange, wifi_change
from diagnostics.witnesses import Wifi, WifiState, from_event, to_event

HOME = Wifi(
    WifiState.CONNECTED,
    "wlan0",
    ssid="Maison",
    bssid="5c:64:8e:aa:bb:01",
    frequency_mhz=5180,
    channel=36,
    signal_dbm=-57,
    rx_bps=780_000_000,
    tx_bps=866_700_000,
    retries=214,
    failed=3,
    connected_s=600,
)
OFF = Wifi(WifiState.NOT_CONNECTED, "wlan0")
NONE = Wifi(WifiState.NO_ADAPTER, "wlan0")
REFUSED = Wifi(WifiState.REFUSED, "wlan0")
UNKNOWN = Wifi(WifiState.UNKNOWN, "wlan0")


class Source:
    def __init__(self, wifi: Wifi) -> None:
        self.wifi, self.asked, self.closed = wifi, 0, False

    def read(self, interface: str) -> Wifi:
        self.asked += 1
        return self.wifi

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("first", "asked"), [(HOME, 0), (OFF, 0), (NONE, 1), (REFUSED, 1), (UNKNOWN, 1)])
def test_the_second_source_is_asked_only_when_something_is_missing(first: Wifi, asked: int) -> None:
    second = Source(UNKNOWN)
    both = TwoSources(Source(first), second)
    assert both.read("wlan0") == first
    assert second.asked == asked
    both.close()
    assert second.closed


def test_the_second_source_fills_gaps_of_the_same_connection_only() -> None:
    nameless = replace(HOME, ssid=None, signal_dbm=None, retries=None)
    other = replace(HOME, signal_dbm=-60, tx_bps=1, retries=9, connected_s=None)
    assert TwoSources(Source(nameless), Source(other)).read("wlan0") == replace(
        HOME, signal_dbm=-60, retries=None
    )
    elsewhere = replace(other, bssid="00:00:5e:00:53:01")
    assert merge(nameless, elsewhere) == nameless
    assert merge(replace(nameless, ssid="Maison"), replace(other, ssid="Voisin")).signal_dbm is None
    assert merge(nameless, OFF) == nameless


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (REFUSED, HOME, HOME),
        (REFUSED, NONE, NONE),
        (REFUSED, UNKNOWN, REFUSED),
        (UNKNOWN, REFUSED, REFUSED),
        (UNKNOWN, NONE, NONE),
        (NONE, OFF, OFF),
        (NONE, HOME, HOME),
        (NONE, REFUSED, NONE),
        (NONE, UNKNOWN, NONE),
        (OFF, HOME, OFF),
    ],
)
def test_who_knows_something_is_believed(first: Wifi, second: Wifi, expected: Wifi) -> None:
    assert merge(first, second) == expected


def test_each_system_has_a_reader_that_never_raises() -> None:
    assert isinstance(open_wifi_reader("linux"), TwoSources)
    for platform in ("win32", "darwin", "plan9"):
        reader = open_wifi_reader(platform)
        assert isinstance(reader, NullWifiReader)
        assert reader.read("x") == Wifi(WifiState.UNKNOWN, "x")
        reader.close()


@pytest.mark.parametrize(
    ("frequency", "channel", "band"),
    [
        (2412, 1, 2.4),
        (2472, 13, 2.4),
        (2484, 14, 2.4),
        (5180, 36, 5.0),
        (5825, 165, 5.0),
        (5885, 177, 5.0),
        (5955, 1, 6.0),
        (5935, 2, 6.0),
        (7115, 233, 6.0),
    ],
)
def test_channels_and_frequencies(frequency: int, channel: int, band: float) -> None:
    assert channel_of(frequency) == channel
    assert frequency_of(channel, band) == frequency
    assert Wifi(WifiState.CONNECTED, frequency_mhz=frequency).band_ghz == band


@given(st.integers(0, 10_000))
def test_every_channel_leads_back_to_its_frequency(frequency: int) -> None:
    channel = channel_of(frequency)
    if channel is not None:
        band = Wifi(WifiState.CONNECTED, frequency_mhz=frequency).band_ghz
        assert band is not None
        assert frequency_of(channel, band) == frequency


def test_frequencies_that_are_none() -> None:
    assert [channel_of(frequency) for frequency in (0, 2413, 2477, 3000, 5936, 7120)] == [None] * 6
    assert [frequency_of(*pair) for pair in ((0, 2.4), (200, 5.0), (234, 6.0), (6, 3.0))] == [None] * 4


def test_names_chosen_by_strangers() -> None:
    assert ssid_text("Livebox-été ☕".encode()) == "Livebox-été ☕"
    assert ssid_text(b"") is None
    assert ssid_text(bytes(8)) is None
    assert ssid_text(b"\xff\xfe box") == "\\xff\\xfe box"
    assert ssid_text("a\nb\x1b[31m\u202ec".encode()) == "a\\nb\\x1b[31m\\u202ec"
    assert ssid_text(b"x" * 99) == "x" * 32


@given(st.binary(max_size=64))
def test_any_name_is_one_printable_line_that_the_journal_gives_back(raw: bytes) -> None:
    text = ssid_text(raw)
    assert text is None or text.isprintable()
    wifi = replace(HOME, ssid=text)
    assert from_event(to_event(wifi, 1)) == wifi


def test_values_that_cannot_be_true() -> None:
    assert bssid_text(bytes.fromhex("5c648eaabb01")) == "5c:64:8e:aa:bb:01"
    assert [bssid_text(raw) for raw in (b"", bytes(6), b"\xff" * 6, bytes(5))] == [None] * 4
    assert [signal_or_none(dbm) for dbm in (-57, 0, 12, -128, -1)] == [-57, None, None, None, -1]


AWAY = replace(HOME, ssid="Café", bssid="00:00:5e:00:53:01", connected_s=5)
UPSTAIRS = replace(HOME, bssid="5c:64:8e:aa:bb:02", connected_s=4)
HIDDEN = replace(HOME, ssid=None, bssid=None, identity_refused=True)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (HOME, replace(HOME, connected_s=660, signal_dbm=-70, retries=300), None),
        (HOME, UPSTAIRS, WifiChange.ROAMED),
        (HOME, AWAY, WifiChange.OTHER_NETWORK),
        (HOME, replace(HOME, connected_s=30, retries=1), WifiChange.REASSOCIATED),
        (HOME, replace(HOME, connected_s=600), None),
        (HIDDEN, replace(HIDDEN, connected_s=2), WifiChange.REASSOCIATED),
        (HIDDEN, replace(UPSTAIRS, ssid=None), WifiChange.REASSOCIATED),
        (replace(HOME, ssid=None), replace(UPSTAIRS, ssid=None), WifiChange.REASSOCIATED),
        (
            replace(HOME, connected_s=None),
            replace(HOME, connected_s=None, retries=3),
            WifiChange.REASSOCIATED,
        ),
        (replace(HOME, connected_s=None), replace(HOME, connected_s=None, retries=215), None),
        (replace(HOME, connected_s=None, retries=None), replace(HOME, connected_s=None), None),
        (HOME, OFF, WifiChange.DISASSOCIATED),
        (OFF, HOME, WifiChange.ASSOCIATED),
        (NONE, HOME, WifiChange.ASSOCIATED),
        (HOME, NONE, WifiChange.ADAPTER_GONE),
        (OFF, NONE, WifiChange.ADAPTER_GONE),
        (OFF, OFF, None),
        (NONE, NONE, None),
        (NONE, OFF, None),
        (HOME, REFUSED, None),
        (UNKNOWN, HOME, None),
        (HOME, replace(AWAY, interface="wlan1"), None),
    ],
)
def test_what_happened_between_two_readings(before: Wifi, after: Wifi, expected: WifiChange | None) -> None:
    assert wifi_change(before, after) is expected


STATES = st.sampled_from([HOME, UPSTAIRS, AWAY, HIDDEN, OFF, NONE, REFUSED, UNKNOWN])


@given(STATES)
def test_nothing_happens_between_equal_readings(wifi: Wifi) -> None:
    assert wifi_change(wifi, wifi) is None


@given(STATES, STATES)
def test_what_is_not_known_accuses_nobody(before: Wifi, after: Wifi) -> None:
    if WifiState.UNKNOWN in (before.state, after.state) or WifiState.REFUSED in (before.state, after.state):
        assert wifi_change(before, after) is None
