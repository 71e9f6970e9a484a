"""The Wi-Fi adapter: what all its readers share, and which one this system has."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Protocol

from diagnostics.witnesses import Wifi, WifiState

_WANTED = ("ssid", "bssid", "frequency_mhz", "signal_dbm", "tx_bps")
"""What a reading is complete with."""
_FILLED = ("ssid", "bssid", "frequency_mhz", "channel", "signal_dbm", "rx_bps", "tx_bps")
"""What another source may add. Counters and times of two sources are never mixed."""


class WifiReader(Protocol):
    """Asks the system, sends nothing into the air and never makes the adapter scan."""

    def read(self, interface: str) -> Wifi:
        """What this interface's radio does now; NO_ADAPTER when it is none.

        Without a name: of the machine's adapters the first that is connected, else the first. Never raises, and
        takes three seconds at most.
        """
        ...

    def close(self) -> None: ...


class NullWifiReader:
    """Knows nothing, and says so."""

    def read(self, interface: str) -> Wifi:
        return Wifi(WifiState.UNKNOWN, interface)

    def close(self) -> None:
        pass


class TwoSources:
    """Asks ``first``, and ``second`` when that one knows nothing, may not say, or leaves something out."""

    def __init__(self, first: WifiReader, second: WifiReader) -> None:
        self._first = first
        self._second = second

    def read(self, interface: str) -> Wifi:
        said = self._first.read(interface)
        if said.state is WifiState.NOT_CONNECTED or _complete(said):
            return said
        return merge(said, self._second.read(said.interface or interface))

    def close(self) -> None:
        self._first.close()
        self._second.close()


def open_wifi_reader(platform: str = sys.platform, *, identity: bool = True) -> WifiReader:
    """The reader for this system; one that knows nothing where there is none. Raises nothing.

    ``identity`` False leaves SSID and BSSID alone on Windows, where the first question for them may
    bring up the system's request for the right to the location, and each one shows its sign.
    """
    if platform == "linux":
        from diagnostics.links.wifi_linux import Nl80211Reader
        from diagnostics.links.wifi_network_manager import NetworkManagerReader

        return TwoSources(Nl80211Reader(), NetworkManagerReader())
    try:
        if platform == "win32":
            from diagnostics.links.wifi_windows import WindowsWifiReader, WindowsWlanApi

            return WindowsWifiReader(WindowsWlanApi(), identity=identity)
        if platform == "darwin":
            from diagnostics.links.wifi_macos import CoreWlan, MacWifiReader

            return MacWifiReader(CoreWlan())
    except OSError:
        pass
    return NullWifiReader()


def _complete(wifi: Wifi) -> bool:
    return wifi.state is WifiState.CONNECTED and all(getattr(wifi, name) is not None for name in _WANTED)


def merge(first: Wifi, second: Wifi) -> Wifi:
    """What two sources say together; the first is believed where they differ.

    Of a connection, the second only fills gaps, and only when it speaks of the same access point. Otherwise the one
    that knows something counts. The second may see an adapter that the first has no words for, not unsee one.
    """
    if first.state is WifiState.CONNECTED:
        same = first.bssid is None or second.bssid is None or first.bssid == second.bssid
        same = same and (first.ssid is None or second.ssid is None or first.ssid == second.ssid)
        if second.state is not WifiState.CONNECTED or not same:
            return first
        gaps = [name for name in _FILLED if getattr(first, name) is None]
        merged = replace(first, **{name: getattr(second, name) for name in gaps})
        return replace(merged, identity_refused=merged.identity_refused and merged.ssid is None)
    if first.state is WifiState.NOT_CONNECTED:
        return first
    knows = second.state in (WifiState.CONNECTED, WifiState.NOT_CONNECTED)
    if knows or (first.state is not WifiState.NO_ADAPTER and second.state is WifiState.NO_ADAPTER):
        return second
    return second if first.state is WifiState.UNKNOWN else first


def channel_of(frequency_mhz: int) -> int | None:
    """The channel with this centre frequency (IEEE 802.11, annex E); None where there is none."""
    if frequency_mhz == 2484:
        return 14
    for first, last, base in ((2412, 2472, 2407), (5160, 5895, 5000), (5955, 7115, 5950)):
        if first <= frequency_mhz <= last:
            number, rest = divmod(frequency_mhz - base, 5)
            return number if rest == 0 else None
    return 2 if frequency_mhz == 5935 else None


def frequency_of(channel: int, band_ghz: float) -> int | None:
    """The centre frequency in MHz of a channel in the 2.4, 5 or 6 GHz band; None where there is none."""
    if band_ghz == 2.4 and channel == 14:
        return 2484
    if band_ghz == 6.0 and channel == 2:
        return 5935
    frequency = {2.4: 2407, 5.0: 5000, 6.0: 5950}.get(band_ghz, 0) + 5 * channel
    floor, ceiling = {2.4: (2412, 2472), 5.0: (5160, 5895), 6.0: (5955, 7115)}.get(band_ghz, (1, 0))
    return frequency if floor <= frequency <= ceiling else None


def ssid_text(raw: bytes) -> str | None:
    """An SSID as text; None where it is empty or only zeros (hidden).

    An SSID is any 32 bytes, chosen by a stranger: what is no UTF-8, or does not show, is written as ``\\x..``.
    """
    raw = raw[:32]
    if not raw.strip(b"\0"):
        return None
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def bssid_text(raw: bytes) -> str | None:
    """Six bytes as ``00:11:22:aa:bb:cc``; None for another length, zeros only or ones only."""
    return raw.hex(":") if len(raw) == 6 and raw not in (bytes(6), b"\xff" * 6) else None


def signal_or_none(dbm: int) -> int | None:
    """A signal strength that can be true: drivers say 0, and sometimes worse, when they do not know."""
    return dbm if -120 <= dbm < 0 else None
