"""Wi-Fi on Linux, from the kernel by nl80211. Any user may ask; nothing is scanned. Never met a real adapter.

Constructed from linux/genetlink.h and linux/nl80211.h. pyroute2 0.9.7 speaks nl80211 too, but takes 13.8 MB and 0.1 s
to import in the recorder's process (measured on CPython 3.12): three questions need no such help. Each reading has a
socket of its own, so that late answers never mix with the next one's.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from diagnostics.links.netlink import attributes, messages
from diagnostics.links.wifi import bssid_text, channel_of, signal_or_none, ssid_text
from diagnostics.witnesses import Wifi, WifiState

_HEADER = struct.Struct("=IHHII")
_COMMAND = struct.Struct("=BBH")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR, _DONE = 2, 3
_REQUEST, _DUMP = 0x1, 0x300
_GENERIC = 16
"""NETLINK_GENERIC."""
_CONTROL, _GET_FAMILY, _FAMILY_ID, _FAMILY_NAME = 16, 3, 1, 2
_GET_INTERFACE, _GET_STATION, _GET_SCAN = 5, 17, 32

_IFINDEX, _IFNAME, _IFTYPE, _MAC, _STA_INFO, _FREQUENCY, _BSS, _SSID = 3, 4, 5, 6, 21, 38, 47, 52
_CLIENTS = (2, 8)
"""Interface types that join networks: station, and Wi-Fi Direct client."""
_STA_SIGNAL, _STA_TX_RATE, _STA_RETRIES, _STA_FAILED = 7, 8, 11, 12
_STA_SIGNAL_MEAN, _STA_RX_RATE, _STA_CONNECTED, _STA_FLAGS = 13, 14, 16, 17
_FLAG_TDLS, _FLAG_ASSOCIATED = 1 << 6, 1 << 7
_RATE, _RATE_WIDE = 1, 5
_BSS_BSSID, _BSS_FREQUENCY, _BSS_ELEMENTS, _BSS_STATUS, _BSS_LINK = 1, 2, 6, 9, 21
_BSS_ASSOCIATED = 1

_WAIT_S = 1.0
_MAX_BYTES = 4_000_000


class Connection(Protocol):
    """What is needed of a bound netlink socket."""

    def send(self, data: bytes, /) -> int: ...
    def recv(self, size: int, /) -> bytes: ...
    def settimeout(self, seconds: float | None, /) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Radio:
    """One wireless interface of this machine."""

    index: int
    name: str
    kind: int
    ssid: str | None = None
    frequency_mhz: int | None = None


@dataclass(frozen=True, slots=True)
class Station:
    """The access point that an interface is connected to, as its driver counts it."""

    bssid: str | None
    signal_dbm: int | None = None
    rx_bps: int | None = None
    tx_bps: int | None = None
    retries: int | None = None
    failed: int | None = None
    connected_s: int | None = None


@dataclass(frozen=True, slots=True)
class Bss:
    """A cell that this machine belongs to, from the list of those last heard."""

    bssid: str | None
    ssid: str | None
    frequency_mhz: int | None
    link: int = 0


def read_radio(body: bytes) -> Radio | None:
    """From the attributes of NL80211_CMD_NEW_INTERFACE; None for one without a network interface."""
    found = attributes(body)
    index, name = _number(found.get(_IFINDEX)), found.get(_IFNAME, b"").rstrip(b"\0")
    if index is None or not name:
        return None
    return Radio(
        index,
        os.fsdecode(name),
        _number(found.get(_IFTYPE)) or 0,
        ssid_text(found.get(_SSID, b"")),
        _number(found.get(_FREQUENCY)) or None,
    )


def read_station(body: bytes) -> Station | None:
    """From NL80211_CMD_NEW_STATION; None for a neighbour (TDLS), or one that is not associated yet."""
    found = attributes(body)
    told = attributes(found.get(_STA_INFO, b""))
    flags = told.get(_STA_FLAGS, b"")
    if len(flags) == 8:
        known, raised = struct.unpack("=II", flags)
        if known & raised & _FLAG_TDLS or (known & _FLAG_ASSOCIATED and not raised & _FLAG_ASSOCIATED):
            return None
    signal = told.get(_STA_SIGNAL) or told.get(_STA_SIGNAL_MEAN)
    return Station(
        bssid_text(found.get(_MAC, b"")),
        signal_or_none(struct.unpack("=b", signal)[0]) if signal is not None and len(signal) == 1 else None,
        _rate(told.get(_STA_RX_RATE)),
        _rate(told.get(_STA_TX_RATE)),
        _number(told.get(_STA_RETRIES)),
        _number(told.get(_STA_FAILED)),
        _number(told.get(_STA_CONNECTED)),
    )


def read_bss(body: bytes) -> Bss | None:
    """From NL80211_CMD_NEW_SCAN_RESULTS; None for a cell that this machine does not belong to."""
    found = attributes(attributes(body).get(_BSS, b""))
    if _number(found.get(_BSS_STATUS)) != _BSS_ASSOCIATED:
        return None
    link = found.get(_BSS_LINK, b"")
    return Bss(
        bssid_text(found.get(_BSS_BSSID, b"")),
        _ssid_element(found.get(_BSS_ELEMENTS, b"")),
        _number(found.get(_BSS_FREQUENCY)) or None,
        link[0] if len(link) == 1 else 0,
    )


def wifi_of(radio: Radio, station: Station | None, bss: Bss | None) -> Wifi:
    """The three answers together. The cell's own BSSID counts: with several links, a station's is that of the whole."""
    if station is None and bss is None:
        return Wifi(WifiState.NOT_CONNECTED, radio.name)
    station = station or Station(None)
    bss = bss or Bss(None, None, None)
    frequency = bss.frequency_mhz or radio.frequency_mhz
    return Wifi(
        WifiState.CONNECTED,
        radio.name,
        ssid=radio.ssid or bss.ssid,
        bssid=bss.bssid or station.bssid,
        frequency_mhz=frequency,
        channel=channel_of(frequency) if frequency is not None else None,
        signal_dbm=station.signal_dbm,
        rx_bps=station.rx_bps,
        tx_bps=station.tx_bps,
        retries=station.retries,
        failed=station.failed,
        connected_s=station.connected_s,
    )


def _number(raw: bytes | None) -> int | None:
    """A 32-bit number in the machine's order."""
    return int(struct.unpack("=I", raw)[0]) if raw is not None and len(raw) == 4 else None


def _rate(raw: bytes | None) -> int | None:
    """Bits a second from a nested NL80211_STA_INFO_*_BITRATE, which counts in 100 kbit/s."""
    found = attributes(raw or b"")
    wide, narrow = _number(found.get(_RATE_WIDE)), found.get(_RATE, b"")
    if wide is None and len(narrow) == 2:
        wide = struct.unpack("=H", narrow)[0]
    return wide * 100_000 if wide else None


def _ssid_element(elements: bytes) -> str | None:
    """The SSID among a beacon's elements: number 0, length, content."""
    offset = 0
    while offset + 2 <= len(elements):
        kind, length = elements[offset], elements[offset + 1]
        if kind == 0:
            return ssid_text(elements[offset + 2 : offset + 2 + length])
        offset += 2 + length
    return None


def open_generic() -> Connection:
    """A bound socket for generic netlink. Raises OSError."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _GENERIC)
    try:
        sock.bind((0, 0))
    except OSError:
        sock.close()
        raise
    return sock


class Conversation:
    """Questions and answers on one socket, within one second and four megabytes in all.

    Raises OSError: the kernel's own refusals, TimeoutError, EMSGSIZE when the answers do not end.
    """

    def __init__(self, connection: Connection, now: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._now = now
        self._end = now() + _WAIT_S
        self._room = _MAX_BYTES

    def family(self, name: str) -> int:
        """The number of a protocol family. Raises FileNotFoundError when the kernel does not have it."""
        for body in self.ask(_CONTROL, _GET_FAMILY, ((_FAMILY_NAME, name.encode("ascii") + b"\0"),)):
            number = attributes(body).get(_FAMILY_ID, b"")
            if len(number) == 2:
                return int(struct.unpack("=H", number)[0])
        raise OSError(errno.EPROTO, "the kernel's answer names no family")

    def ask(
        self, family: int, command: int, told: Iterable[tuple[int, bytes]] = (), *, dump: bool = False
    ) -> list[bytes]:
        """The attributes of each message that answers."""
        body = _COMMAND.pack(command, 1, 0)
        for kind, value in told:
            length = _ATTRIBUTE.size + len(value)
            body += _ATTRIBUTE.pack(length, kind) + value + bytes(-length % 4)
        flags = _REQUEST | (_DUMP if dump else 0)
        self._connection.settimeout(_WAIT_S)
        self._connection.send(_HEADER.pack(_HEADER.size + len(body), family, flags, 1, 0) + body)
        answers: list[bytes] = []
        while True:
            for message in messages(self._more()):
                if message.kind in (_DONE, _ERROR):
                    _raise_refusal(message.body)
                    return answers
                if message.kind == family and len(message.body) >= _COMMAND.size:
                    answers.append(message.body[_COMMAND.size :])
                    if not dump:
                        return answers

    def _more(self) -> bytes:
        left = self._end - self._now()
        if left <= 0:
            raise TimeoutError("the kernel does not answer")
        self._connection.settimeout(left)
        data = self._connection.recv(65536)
        # An empty read counts too, or a closed socket would keep us busy until the time is up.
        self._room -= len(data) + 1
        if not data or self._room < 0:
            raise OSError(errno.EMSGSIZE, "the answer is empty or does not end")
        return data


def _raise_refusal(body: bytes) -> None:
    """The end of an answer may carry an error: a negative number."""
    code = struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
    if code < 0:
        raise OSError(-code, os.strerror(-code))


class Nl80211Reader:
    """``connect`` opens a socket for generic netlink, or raises OSError."""

    def __init__(self, connect: Callable[[], Connection] = open_generic) -> None:
        self._connect = connect

    def read(self, interface: str) -> Wifi:
        try:
            connection = self._connect()
            try:
                return self._read(Conversation(connection), interface)
            finally:
                connection.close()
        except PermissionError:
            return Wifi(WifiState.REFUSED, interface)
        except OSError:
            return Wifi(WifiState.UNKNOWN, interface)

    def _read(self, kernel: Conversation, interface: str) -> Wifi:
        try:
            family = kernel.family("nl80211")
        except FileNotFoundError:
            return Wifi(WifiState.NO_ADAPTER, interface)
        found = [read_radio(body) for body in kernel.ask(family, _GET_INTERFACE, dump=True)]
        radios = [radio for radio in found if radio is not None and interface in ("", radio.name)]
        spoken = [_ask_radio(kernel, family, radio) for radio in radios]
        connected = [wifi for wifi in spoken if wifi.state is WifiState.CONNECTED]
        return (connected or spoken or [Wifi(WifiState.NO_ADAPTER, interface)])[0]

    def close(self) -> None:
        pass


def _ask_radio(kernel: Conversation, family: int, radio: Radio) -> Wifi:
    if radio.kind not in _CLIENTS:
        return Wifi(WifiState.NOT_CONNECTED, radio.name)
    chosen = ((_IFINDEX, struct.pack("=I", radio.index)),)
    station: Station | None = None
    try:
        found = (read_station(body) for body in kernel.ask(family, _GET_STATION, chosen, dump=True))
        station = next((one for one in found if one is not None), None)
    except OSError as error:
        # Some drivers list no stations. The list of cells tells then.
        if error.errno != errno.EOPNOTSUPP:
            raise
    else:
        if station is None or (radio.ssid and radio.frequency_mhz):
            return wifi_of(radio, station, None)
    cells = (read_bss(body) for body in kernel.ask(family, _GET_SCAN, chosen, dump=True))
    return wifi_of(radio, station, min(filter(None, cells), key=lambda bss: bss.link, default=None))
