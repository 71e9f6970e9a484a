"""Wi-Fi on macOS, from CoreWLAN by ctypes and the Objective-C runtime. Never run on a real Mac.

Constructed from Apple's documentation of CWWiFiClient, CWInterface, CWChannel and CoreWLANTypes. The command
system_profiler tells the same, but is reported to take two to four seconds and to list the neighbours' networks too:
looking for these takes the radio off its channel, and would delay the pings that are being measured. SSID and BSSID are
nil without the right to the location (macOS 14 and later).
Every message is sent only to an object that says it understands it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from diagnostics.links.wifi import bssid_text, frequency_of, signal_or_none, ssid_text
from diagnostics.witnesses import Wifi, WifiState

_BANDS = {1: 2.4, 2: 5.0, 3: 6.0}
"""CWChannelBand."""
_HOST = 3
"""CWInterfaceMode: the machine is the access point."""
_MAX_INTERFACES = 16
_MAX_RATE = 1_000_000.0
_HIDDEN = ("", "<redacted>", "<hidden>")


@dataclass(frozen=True, slots=True)
class Told:
    """What a CWInterface answers, under its own names and in its own units; 0 and None where it does not know."""

    power_on: bool = False
    interface_mode: int = 0
    ssid: str | None = None
    bssid: str | None = None
    rssi_value: int = 0
    transmit_rate: float = 0.0
    channel_number: int = 0
    channel_band: int = 0


class WlanApi(Protocol):
    def names(self) -> list[str] | None:
        """The Wi-Fi interfaces; None when the system does not tell."""
        ...

    def told(self, name: str) -> Told | None: ...


def wifi_of(name: str, told: Told) -> Wifi:
    """What the answers of one interface mean. Rate and signal are 0 outside a network, the names also when hidden."""
    signal = signal_or_none(told.rssi_value)
    rate = told.transmit_rate if 0 < told.transmit_rate < _MAX_RATE else 0.0
    ssid = (
        None if told.ssid is None or told.ssid in _HIDDEN else ssid_text(told.ssid.encode("utf-8", "replace"))
    )
    connected = (
        told.power_on
        and told.interface_mode != _HOST
        and (signal is not None or rate > 0 or ssid is not None)
    )
    if not connected:
        return Wifi(WifiState.NOT_CONNECTED, name)
    band = _BANDS.get(told.channel_band)
    channel = told.channel_number if 0 < told.channel_number < 256 else None
    return Wifi(
        WifiState.CONNECTED,
        name,
        ssid=ssid,
        bssid=_mac(told.bssid),
        identity_refused=ssid is None,
        frequency_mhz=frequency_of(channel, band) if channel is not None and band is not None else None,
        channel=channel,
        signal_dbm=signal,
        tx_bps=round(rate * 1_000_000) or None,
    )


def _mac(text: str | None) -> str | None:
    """macOS may leave leading zeros out: they are put back."""
    try:
        return bssid_text(bytes(int(part, 16) for part in (text or "").split(":")))
    except ValueError:
        return None


class MacWifiReader:
    def __init__(self, api: WlanApi) -> None:
        self._api = api

    def read(self, interface: str) -> Wifi:
        names = self._api.names()
        if names is None:
            return Wifi(WifiState.UNKNOWN, interface)
        wanted = [name for name in names[:_MAX_INTERFACES] if interface in ("", name)]
        if not wanted:
            return Wifi(WifiState.NO_ADAPTER, interface)
        spoken = []
        for name in wanted:
            told = self._api.told(name)
            spoken.append(Wifi(WifiState.UNKNOWN, name) if told is None else wifi_of(name, told))
        return next((wifi for wifi in spoken if wifi.state is WifiState.CONNECTED), spoken[0])

    def close(self) -> None:
        pass


class CoreWlan:
    """The system itself. Raises OSError where there is no CoreWLAN."""

    def __init__(self, runtime: str = "/usr/lib/libobjc.A.dylib") -> None:
        self._objc: Any = ctypes.CDLL(runtime)
        ctypes.CDLL("/System/Library/Frameworks/CoreWLAN.framework/CoreWLAN")
        for name, result, arguments in (
            ("objc_getClass", ctypes.c_void_p, [ctypes.c_char_p]),
            ("sel_registerName", ctypes.c_void_p, [ctypes.c_char_p]),
            ("objc_autoreleasePoolPush", ctypes.c_void_p, []),
            ("objc_autoreleasePoolPop", None, [ctypes.c_void_p]),
        ):
            function = getattr(self._objc, name)
            function.restype, function.argtypes = result, arguments
        self._send_at = ctypes.cast(self._objc.objc_msgSend, ctypes.c_void_p).value or 0

    def names(self) -> list[str] | None:
        with self._pool():
            listed = self._object(self._client(), "interfaceNames")
            if not listed:
                return None
            count = min(self._number(listed, "count"), _MAX_INTERFACES)
            found = (self._item(listed, number) for number in range(count))
            return [name for name in found if name]

    def told(self, name: str) -> Told | None:
        with self._pool():
            interface = self._named(self._client(), name)
            if not interface:
                return None
            channel = self._object(interface, "wlanChannel")
            return Told(
                power_on=bool(self._number(interface, "powerOn", ctypes.c_bool)),
                interface_mode=self._number(interface, "interfaceMode"),
                ssid=self._text(interface, "ssid"),
                bssid=self._text(interface, "bssid"),
                rssi_value=self._number(interface, "rssiValue"),
                transmit_rate=float(self._number(interface, "transmitRate", ctypes.c_double)),
                channel_number=self._number(channel, "channelNumber"),
                channel_band=self._number(channel, "channelBand"),
            )

    @contextmanager
    def _pool(self) -> Iterator[None]:
        pool = self._objc.objc_autoreleasePoolPush()
        try:
            yield
        finally:
            self._objc.objc_autoreleasePoolPop(pool)

    def _client(self) -> int | None:
        return self._object(self._objc.objc_getClass(b"CWWiFiClient"), "sharedWiFiClient")

    def _object(self, receiver: int | None, message: str) -> int | None:
        found = self._send(receiver, message, ctypes.c_void_p)
        return int(found) if found else None

    def _number(self, receiver: int | None, message: str, kind: Any = ctypes.c_long) -> Any:
        return self._send(receiver, message, kind) or 0

    def _text(self, receiver: int | None, message: str) -> str | None:
        text = self._object(receiver, message)
        raw = self._send(text, "UTF8String", ctypes.c_char_p)
        return raw[:256].decode("utf-8", "replace") if raw is not None else None

    def _item(self, array: int, number: int) -> str | None:
        item = self._send(array, "objectAtIndex:", ctypes.c_void_p, (ctypes.c_ulong, number))
        raw = self._send(item, "UTF8String", ctypes.c_char_p)
        return raw.decode("utf-8", "replace") if raw is not None else None

    def _named(self, client: int | None, name: str) -> int | None:
        kind = self._objc.objc_getClass(b"NSString")
        text = self._send(
            kind, "stringWithUTF8String:", ctypes.c_void_p, (ctypes.c_char_p, name.encode("utf-8"))
        )
        found = (
            self._send(client, "interfaceWithName:", ctypes.c_void_p, (ctypes.c_void_p, text))
            if text
            else None
        )
        return int(found) if found else None

    def _send(
        self, receiver: int | None, message: str, result: Any, argument: tuple[Any, Any] | None = None
    ) -> Any:
        """Send a message; None for no receiver, and for one that does not understand it."""
        if not receiver:
            return None
        selector = self._objc.sel_registerName(message.encode("ascii"))
        asks = self._objc.sel_registerName(b"respondsToSelector:")
        understands = self._function(ctypes.c_bool, ctypes.c_void_p)
        if not understands(receiver, asks, selector):
            return None
        if argument is None:
            return self._function(result)(receiver, selector)
        return self._function(result, argument[0])(receiver, selector, argument[1])

    def _function(self, result: Any, *arguments: Any) -> Any:
        """objc_msgSend with the types of one message: calling it with others is what crashes on Apple's own chips."""
        return ctypes.CFUNCTYPE(result, ctypes.c_void_p, ctypes.c_void_p, *arguments)(self._send_at)
