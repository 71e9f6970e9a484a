"""Wi-Fi on Linux as NetworkManager tells it over D-Bus: the second source. Met on a real bus only as a stand-in.

Constructed from NetworkManager's D-Bus reference (1.48: Device, Device.Wireless, AccessPoint). Any user may ask; the
service is never started for it. jeepney reads and writes the messages (0.2 MB in the recorder's process); the waiting
is our own, since its connection greets the bus without a time limit.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from diagnostics.links.wifi import bssid_text, channel_of, ssid_text
from diagnostics.witnesses import Wifi, WifiState

Properties = Mapping[str, Any]

_NAME = "org.freedesktop.NetworkManager"
_ROOT = "/org/freedesktop/NetworkManager"
_DEVICE, _WIRELESS, _CELL = f"{_NAME}.Device", f"{_NAME}.Device.Wireless", f"{_NAME}.AccessPoint"
_IS_WIFI = 2
_UNMANAGED, _JOINED, _LEAVING = 10, 70, 110
"""Device states: up to 10 NetworkManager does not know what it does; from 70 on it is associated and gets addresses."""
_HOTSPOT = 3

_WAIT_S = 1.5
_MAX_BYTES = 1_000_000
_MAX_DEVICES = 64


class Refused(Exception):
    """The bus or the service may not, or does not, tell us."""


class Unsaid(Exception):
    """No bus, no service, no answer in time, or one that makes no sense."""


def wifi_of(device: Properties, wireless: Properties, cell: Properties) -> Wifi:
    """One Wi-Fi device, from the properties of its three interfaces; ``cell`` is empty without an access point."""
    name = _text(device, "Interface")
    state = _number(device, "State") or 0
    if state <= _UNMANAGED:
        return Wifi(WifiState.UNKNOWN, name)
    if not _JOINED <= state < _LEAVING or _number(wireless, "Mode") == _HOTSPOT:
        return Wifi(WifiState.NOT_CONNECTED, name)
    frequency = _number(cell, "Frequency") or None
    rate = _number(wireless, "Bitrate") or None
    return Wifi(
        WifiState.CONNECTED,
        name,
        ssid=ssid_text(_bytes(cell, "Ssid")),
        bssid=_mac(_text(cell, "HwAddress")),
        frequency_mhz=frequency,
        channel=channel_of(frequency) if frequency is not None else None,
        signal_dbm=signal_of(_number(cell, "Strength")),
        tx_bps=rate * 1000 if rate is not None else None,
    )


def signal_of(percent: int | None) -> int | None:
    """The signal that NetworkManager made this share of: it spreads -100 to -40 dBm over 0 to 100.

    100 means -40 dBm or better. 0 is said without any measurement too, hence None.
    """
    if percent is None or not 1 <= percent <= 100:
        return None
    return -40 - -(-3 * (100 - percent) // 5)


def _number(properties: Properties, name: str) -> int | None:
    value = properties.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32 else None


def _text(properties: Properties, name: str) -> str:
    value = properties.get(name)
    return value if isinstance(value, str) else ""


def _bytes(properties: Properties, name: str) -> bytes:
    value = properties.get(name)
    return value if isinstance(value, bytes) else b""


def _mac(text: str) -> str | None:
    try:
        return bssid_text(bytes(int(part, 16) for part in text.split(":")))
    except ValueError:
        return None


class NetworkManagerReader:
    """``address`` is a bus in D-Bus notation; None is the system's. Each reading opens a connection of its own."""

    def __init__(self, address: str | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._now = now

    def read(self, interface: str) -> Wifi:
        try:
            bus = Bus(self._address, self._now)
            try:
                return self._read(bus, interface)
            finally:
                bus.close()
        except Refused:
            return Wifi(WifiState.REFUSED, interface)
        except Unsaid:
            return Wifi(WifiState.UNKNOWN, interface)

    def _read(self, bus: Bus, interface: str) -> Wifi:
        listed = bus.call(_ROOT, _NAME, "GetDevices")
        others = False
        spoken = []
        for path in listed[:_MAX_DEVICES] if isinstance(listed, list) else ():
            device = bus.properties(path, _DEVICE)
            if interface not in ("", _text(device, "Interface")):
                continue
            if _number(device, "DeviceType") == _IS_WIFI:
                spoken.append(self._device(bus, path, device))
            else:
                others = True
        connected = [wifi for wifi in spoken if wifi.state is WifiState.CONNECTED]
        # A name that NetworkManager does not list may still be an adapter.
        unlisted = WifiState.NO_ADAPTER if others or not interface else WifiState.UNKNOWN
        return (connected or spoken or [Wifi(unlisted, interface)])[0]

    @staticmethod
    def _device(bus: Bus, path: str, device: Properties) -> Wifi:
        wireless = bus.properties(path, _WIRELESS)
        cell = _text(wireless, "ActiveAccessPoint")
        return wifi_of(device, wireless, bus.properties(cell, _CELL) if len(cell) > 1 else {})

    def close(self) -> None:
        pass


class Bus:
    """A connection to a bus, within 1.5 seconds and a megabyte in all. Raises Refused and Unsaid."""

    def __init__(self, address: str | None, now: Callable[[], float] = time.monotonic) -> None:
        from jeepney.auth import AuthenticationError
        from jeepney.bus import get_bus
        from jeepney.io.blocking import prep_socket
        from jeepney.low_level import Parser

        self._now = now
        self._end = now() + _WAIT_S
        self._room = _MAX_BYTES
        self._serial = 0
        self._parser = Parser()
        try:
            self._socket: socket.socket = prep_socket(get_bus(address or "SYSTEM"), timeout=_WAIT_S)
        except (PermissionError, AuthenticationError) as error:
            raise Refused from error
        except (OSError, RuntimeError, ValueError, KeyError, StopIteration) as error:
            raise Unsaid from error
        try:
            self._ask(
                "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", "", ()
            )
        except BaseException:
            self._socket.close()
            raise

    def call(
        self, path: str, interface: str, member: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> Any:
        """The first value of NetworkManager's answer; None when it is empty."""
        answer = self._ask(_NAME, path, interface, member, signature, body)
        return answer[0] if answer else None

    def properties(self, path: object, interface: str) -> Properties:
        """All properties of an object's interface, without their signatures."""
        if not isinstance(path, str) or not path.startswith("/"):
            return {}
        found = self.call(path, "org.freedesktop.DBus.Properties", "GetAll", "s", (interface,))
        if not isinstance(found, dict):
            return {}
        return {name: told[1] for name, told in found.items() if isinstance(told, tuple) and len(told) == 2}

    def _ask(
        self, service: str, path: str, interface: str, member: str, signature: str, body: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        from jeepney.low_level import HeaderFields, MessageFlag, MessageType
        from jeepney.wrappers import DBusAddress, new_method_call

        self._serial += 1
        try:
            message = new_method_call(DBusAddress(path, service, interface), member, signature or None, body)
            message.header.flags = MessageFlag.no_auto_start
            self._socket.settimeout(self._left())
            self._socket.sendall(message.serialise(serial=self._serial))
            while True:
                answer = self._next()
                if answer.header.fields.get(HeaderFields.reply_serial) == self._serial:
                    break
        except Unsaid:
            raise
        except Exception as error:
            # Whatever the reader of messages stumbles over, it is the same to us: nothing was said.
            raise Unsaid from error
        if answer.header.message_type is MessageType.error:
            _raise_error(str(answer.header.fields.get(HeaderFields.error_name, "")))
        return tuple(answer.body)

    def _next(self) -> Any:
        while True:
            message = self._parser.get_next_message()
            if message is not None:
                return message
            self._socket.settimeout(self._left())
            data = self._socket.recv(65536)
            self._room -= len(data)
            if not data or self._room < 0:
                raise Unsaid
            self._parser.add_data(data)

    def _left(self) -> float:
        left = self._end - self._now()
        if left <= 0:
            raise Unsaid
        return left

    def close(self) -> None:
        self._socket.close()


def _raise_error(name: str) -> None:
    if name.endswith(
        (".AccessDenied", ".PermissionDenied", ".AuthFailed", ".InteractiveAuthorizationRequired")
    ):
        raise Refused
    raise Unsaid
