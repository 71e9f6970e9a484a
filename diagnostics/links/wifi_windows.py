"""Wi-Fi on Windows, by ctypes from wlanapi.dll. Never run on a real Windows machine.

Constructed from Microsoft's documentation of wlanapi.h (WlanQueryInterface and the structures it fills) and from its
page "Changes to API behavior for Wi-Fi access and location": since Windows 11 24H2, SSID and BSSID need the right to
the location; signal, rates and frequency do not (wlan_intf_opcode_realtime_connection_quality). Nothing is scanned.
"""

from __future__ import annotations

import ctypes
import os
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from diagnostics.links.wifi import bssid_text, channel_of, frequency_of, signal_or_none, ssid_text
from diagnostics.witnesses import Wifi, WifiState

CURRENT_CONNECTION, CHANNEL, QUALITY = 7, 8, 19
STATISTICS, RSSI = 0x10000101, 0x10000102
"""Values of WLAN_INTF_OPCODE."""
OK, ACCESS_DENIED = 0, 5
_CONNECTED = 1
"""WLAN_INTERFACE_STATE."""

_INTERFACE = struct.Struct("<16s512sI")
_ASSOCIATION = struct.Struct("<II512sI32sI6s2xIIIII")
_QUALITY = struct.Struct("<6I")
_LINK = struct.Struct("<B3xIIi256s")
_PHYS_AT, _PHY_SIZE, _FAILED_AT, _RETRIES_AT = 216, 144, 16, 24
_ASK_AGAIN_S = 3600.0
_MAX_INTERFACES = 16


class WlanApi(Protocol):
    """What the system tells, as an error code and bytes, so that tests can put fixtures in its place."""

    def open(self) -> int: ...
    def interfaces(self) -> tuple[int, bytes]:
        """A WLAN_INTERFACE_INFO_LIST."""
        ...

    def query(self, guid: bytes, opcode: int) -> tuple[int, bytes]:
        """WlanQueryInterface."""
        ...

    def interface_name(self, guid: bytes) -> str:
        """The name that ``diagnostics.links.windows`` uses, such as ``wireless_32768``; empty when there is none."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Association:
    """From WLAN_CONNECTION_ATTRIBUTES."""

    ssid: str | None
    bssid: str | None
    rx_bps: int | None
    tx_bps: int | None


@dataclass(frozen=True, slots=True)
class Quality:
    """From WLAN_REALTIME_CONNECTION_QUALITY: of several links, the strongest."""

    rx_bps: int | None
    tx_bps: int | None
    frequency_mhz: int | None
    signal_dbm: int | None


def read_interfaces(raw: bytes) -> Iterator[tuple[bytes, int]]:
    """GUID and state of each adapter in a WLAN_INTERFACE_INFO_LIST."""
    if len(raw) < 8:
        return
    (count,) = struct.unpack_from("<I", raw)
    for number in range(min(count, _MAX_INTERFACES, (len(raw) - 8) // _INTERFACE.size)):
        guid, _, state = _INTERFACE.unpack_from(raw, 8 + number * _INTERFACE.size)
        yield guid, state


def read_association(raw: bytes) -> Association | None:
    """From a WLAN_CONNECTION_ATTRIBUTES; None when it is too short. Rates are in kbit/s there."""
    if len(raw) < _ASSOCIATION.size:
        return None
    fields = _ASSOCIATION.unpack_from(raw)
    length, ssid, bssid, received, sent = fields[3], fields[4], fields[6], fields[10], fields[11]
    return Association(
        ssid_text(ssid[: min(length, 32)]), bssid_text(bssid), _kilobits(received), _kilobits(sent)
    )


def read_quality(raw: bytes) -> Quality | None:
    """From a WLAN_REALTIME_CONNECTION_QUALITY; None when it is too short.

    The documentation gives the frequency's unit as kilohertz and its name as MHz; a published reading of Windows 11
    had MHz. Both are understood.
    """
    if len(raw) < _QUALITY.size:
        return None
    _, _, received, sent, _, count = _QUALITY.unpack_from(raw)
    links = []
    for number in range(min(count, (len(raw) - _QUALITY.size) // _LINK.size)):
        _, frequency, _, rssi, _ = _LINK.unpack_from(raw, _QUALITY.size + number * _LINK.size)
        megahertz = frequency // 1000 if frequency > 100_000 else frequency
        signal = signal_or_none(rssi)
        links.append((signal if signal is not None else -200, signal, megahertz))
    _, signal, megahertz = max(links, default=(0, None, 0))
    return Quality(_kilobits(received), _kilobits(sent), megahertz or None, signal)


def read_statistics(raw: bytes) -> tuple[int, int] | None:
    """Frames repeated and frames given up, from a WLAN_STATISTICS; None when it is too short.

    They are summed over the kinds of radio (PHY), and count from when the adapter was started.
    """
    if len(raw) < _PHYS_AT + 8:
        return None
    (count,) = struct.unpack_from("<I", raw, _PHYS_AT)
    count = min(count, (len(raw) - _PHYS_AT - 8) // _PHY_SIZE)
    starts = [_PHYS_AT + 8 + number * _PHY_SIZE for number in range(count)]
    if not starts:
        return None
    retries = sum(struct.unpack_from("<Q", raw, start + _RETRIES_AT)[0] for start in starts)
    failed = sum(struct.unpack_from("<Q", raw, start + _FAILED_AT)[0] for start in starts)
    return retries % 2**63, failed % 2**63


def _kilobits(rate: int) -> int | None:
    return rate * 1000 if 0 < rate < 2**31 else None


class WindowsWifiReader:
    """Without ``identity``, SSID and BSSID are never asked for. A refusal of these is believed for an hour."""

    def __init__(
        self, api: WlanApi, *, identity: bool = True, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._identity = identity
        self._now = now
        self._refused_at: float | None = None

    def read(self, interface: str) -> Wifi:
        code = self._api.open()
        if code != OK:
            return Wifi(_state_of_error(code), interface)
        try:
            return self._read(interface)
        finally:
            self._api.close()

    def _read(self, interface: str) -> Wifi:
        code, listed = self._api.interfaces()
        if code != OK:
            return Wifi(_state_of_error(code), interface)
        found = [(self._api.interface_name(guid), guid, state) for guid, state in read_interfaces(listed)]
        wanted = [one for one in found if interface in ("", one[0])]
        if not wanted:
            return Wifi(WifiState.NO_ADAPTER, interface)
        name, guid, state = next((one for one in wanted if one[2] == _CONNECTED), wanted[0])
        if state != _CONNECTED:
            return Wifi(WifiState.NOT_CONNECTED, name)
        return self._connection(name, guid)

    def _connection(self, name: str, guid: bytes) -> Wifi:
        quality = read_quality(self._told(guid, QUALITY)) or Quality(None, None, None, None)
        association = self._association(guid)
        refused = association is None
        association = association or Association(None, None, None, None)
        signal, frequency = quality.signal_dbm, quality.frequency_mhz
        if signal is None and len(raw := self._told(guid, RSSI)) >= 4:
            signal = signal_or_none(struct.unpack_from("<i", raw)[0])
        channel = channel_of(frequency) if frequency is not None else None
        if channel is None and len(raw := self._told(guid, CHANNEL)) >= 4:
            channel = struct.unpack_from("<I", raw)[0]
            channel = channel if 0 < channel < 256 else None
            # From 36 on, a number alone does not tell 5 from 6 GHz.
            frequency = frequency_of(channel, 2.4) if channel is not None and channel < 15 else None
        retries, failed = read_statistics(self._told(guid, STATISTICS)) or (None, None)
        return Wifi(
            WifiState.CONNECTED,
            name,
            ssid=association.ssid,
            bssid=association.bssid,
            identity_refused=refused,
            frequency_mhz=frequency,
            channel=channel,
            signal_dbm=signal,
            rx_bps=quality.rx_bps or association.rx_bps,
            tx_bps=quality.tx_bps or association.tx_bps,
            retries=retries,
            failed=failed,
        )

    def _association(self, guid: bytes) -> Association | None:
        """None when it was refused, or is not to be asked for."""
        if not self._identity:
            return None
        if self._refused_at is not None and self._now() - self._refused_at < _ASK_AGAIN_S:
            return None
        code, raw = self._api.query(guid, CURRENT_CONNECTION)
        self._refused_at = self._now() if code == ACCESS_DENIED else None
        if code == ACCESS_DENIED:
            return None
        return (read_association(raw) if code == OK else None) or Association(None, None, None, None)

    def _told(self, guid: bytes, opcode: int) -> bytes:
        code, raw = self._api.query(guid, opcode)
        return raw if code == OK else b""

    def close(self) -> None:
        pass


def _state_of_error(code: int) -> WifiState:
    return WifiState.REFUSED if code == ACCESS_DENIED else WifiState.UNKNOWN


class WindowsWlanApi:
    """The system itself. Raises OSError elsewhere than on Windows, and where there is no wlanapi.dll."""

    def __init__(self) -> None:
        if os.name != "nt":
            raise OSError("wlanapi is Windows only")
        windows: Any = ctypes
        self._wlan = windows.WinDLL("wlanapi")
        self._iphlp = windows.WinDLL("iphlpapi")
        self._wlan.WlanFreeMemory.argtypes = [ctypes.c_void_p]
        self._wlan.WlanFreeMemory.restype = None
        self._handle = ctypes.c_void_p()

    def open(self) -> int:
        version = ctypes.c_uint32()
        self._handle = ctypes.c_void_p()
        return int(
            self._wlan.WlanOpenHandle(
                ctypes.c_uint32(2), None, ctypes.byref(version), ctypes.byref(self._handle)
            )
        )

    def interfaces(self) -> tuple[int, bytes]:
        found = ctypes.c_void_p()
        code = int(self._wlan.WlanEnumInterfaces(self._handle, None, ctypes.byref(found)))
        if code != OK or not found.value:
            return code, b""
        try:
            count = struct.unpack("<I", ctypes.string_at(found.value, 4))[0]
            return code, ctypes.string_at(found.value, 8 + min(count, _MAX_INTERFACES) * _INTERFACE.size)
        finally:
            self._wlan.WlanFreeMemory(found)

    def query(self, guid: bytes, opcode: int) -> tuple[int, bytes]:
        size, found = ctypes.c_uint32(), ctypes.c_void_p()
        key = ctypes.create_string_buffer(guid, 16)
        code = int(
            self._wlan.WlanQueryInterface(
                self._handle,
                key,
                ctypes.c_uint32(opcode),
                None,
                ctypes.byref(size),
                ctypes.byref(found),
                None,
            )
        )
        if code != OK or not found.value:
            return code, b""
        try:
            return code, ctypes.string_at(found.value, min(size.value, 65536))
        finally:
            self._wlan.WlanFreeMemory(found)

    def interface_name(self, guid: bytes) -> str:
        luid = ctypes.c_uint64()
        name = ctypes.create_string_buffer(257)
        key = ctypes.create_string_buffer(guid, 16)
        if self._iphlp.ConvertInterfaceGuidToLuid(key, ctypes.byref(luid)):
            return ""
        if self._iphlp.ConvertInterfaceLuidToNameA(ctypes.byref(luid), name, ctypes.c_size_t(257)):
            return ""
        return name.value.decode("ascii", "replace")

    def close(self) -> None:
        if self._handle.value:
            self._wlan.WlanCloseHandle(self._handle, None)
            self._handle = ctypes.c_void_p()
