"""Windows' own echo service (``IcmpSendEcho2`` in iphlpapi.dll), which needs no privilege. Shared by ping and
route.

Written from Microsoft's documentation of icmpapi.h and ipexport.h; never run on a real Windows machine. The
bytes of a reply are read by plain functions, which the tests feed. Round-trip times come in whole
milliseconds.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
from dataclasses import dataclass
from typing import Any, Protocol

from diagnostics.probes import sockets

SUCCESS = 0
TIMED_OUT = 11010
TTL_EXPIRED = 11013

NAMES = {
    11002: "net-unreachable",
    11003: "host-unreachable",
    11004: "protocol-unreachable",
    11005: "port-unreachable",
    11012: "bad-route",
    11013: "ttl-exceeded",
    11014: "ttl-exceeded",
    11016: "source-quench",
    11018: "bad-destination",
}
"""Statuses that an ICMP message from somebody lies behind (ipexport.h, IP_STATUS)."""

LOCAL = {
    5: "EACCES",
    1231: "ENETUNREACH",
    1232: "EHOSTUNREACH",
    1214: "EINVAL",
    10047: "EAFNOSUPPORT",
    10049: "EADDRNOTAVAIL",
    10051: "ENETUNREACH",
    10065: "EHOSTUNREACH",
    11050: "EGENERALFAILURE",
}
"""Statuses and system errors that mean that this machine did not send."""

_PENDING = 997
_REPLY_4 = struct.Struct("<4sIIHH")
_REPLY_6 = struct.Struct("<HI16sI2xII")
_SPARE = 64
"""Room behind the reply for an ICMP error's 8 bytes and an IO_STATUS_BLOCK."""

_windows: Any = ctypes
"""What ctypes has on Windows only, out of sight of a type checker that runs elsewhere."""

_ABANDONED: list[object] = []
"""Buffers of requests under way when a handle was closed: the system may still write into them."""


@dataclass(frozen=True, slots=True)
class EchoResult:
    """What became of an echo request. ``address`` is who answered; empty where nobody did."""

    status: int
    address: str
    rtt_ms: int


class EchoCall(Protocol):
    """One request under way."""

    def result(self) -> EchoResult | None:
        """None while nothing is known yet. Does not block."""
        ...


class EchoApi(Protocol):
    """The service itself, so that tests can put their own in its place."""

    def start(self, address: str, body: bytes, timeout_ms: int, ttl: int = 128, source: str = "") -> EchoCall:
        """Send one request, from the address ``source`` unless it is empty.

        Raises OSError(EINVAL) when ``address`` is no IP address.
        """
        ...

    def close(self) -> None: ...


def read_reply(family: int, raw: bytes) -> EchoResult | None:
    """Read the head of an ICMP_ECHO_REPLY or ICMPV6_ECHO_REPLY (which is packed after its 26-byte address)."""
    if family == 4:
        if len(raw) < _REPLY_4.size:
            return None
        packed, status, rtt_ms, _, _ = _REPLY_4.unpack_from(raw)
        address = socket.inet_ntop(socket.AF_INET, packed)
    else:
        if len(raw) < _REPLY_6.size:
            return None
        _, _, packed, _, status, rtt_ms = _REPLY_6.unpack_from(raw)
        address = socket.inet_ntop(socket.AF_INET6, packed)
    return EchoResult(status, "" if address in ("0.0.0.0", "::") else address, rtt_ms)


def error_of(status: int) -> str:
    """An errno's name for a status that means that nothing was sent."""
    return LOCAL.get(status, f"WIN{status}")


class _Options(ctypes.Structure):
    _fields_ = [
        ("ttl", ctypes.c_ubyte),
        ("tos", ctypes.c_ubyte),
        ("flags", ctypes.c_ubyte),
        ("options_size", ctypes.c_ubyte),
        ("options", ctypes.c_void_p),
    ]


class _Call:
    def __init__(
        self, kernel: Any, event: int, family: int, reply: Any, keep: tuple[object, ...], parse: Any
    ) -> None:
        self._kernel, self._event, self._family = kernel, event, family
        self._reply, self._keep, self._parse = reply, keep, parse
        self._result: EchoResult | None = None

    def settle(self, status: int) -> None:
        """The request ended at once, without an answer."""
        self._result = EchoResult(status, "", 0)
        self._kernel.CloseHandle(self._event)

    def result(self) -> EchoResult | None:
        if self._result is None and self._kernel.WaitForSingleObject(self._event, 0) == 0:
            some = self._parse(self._reply, len(self._reply))
            parsed = read_reply(self._family, self._reply.raw) if some else None
            self.settle(TIMED_OUT)
            if parsed is not None:
                self._result = parsed
        return self._result

    @property
    def pending(self) -> bool:
        return self._result is None


class WindowsEchoApi:
    """The service through ctypes. Raises OSError where it cannot be opened."""

    def __init__(self) -> None:
        if os.name != "nt":
            raise OSError(errno.ENOSYS, "IcmpSendEcho2 is Windows only")
        self._api: Any = _windows.WinDLL("iphlpapi", use_last_error=True)
        self._kernel: Any = _windows.WinDLL("kernel32", use_last_error=True)
        handle = ctypes.c_void_p
        for name in ("IcmpCreateFile", "Icmp6CreateFile"):
            getattr(self._api, name).restype = handle
        self._api.IcmpCloseHandle.argtypes = [handle]
        self._kernel.CreateEventW.restype = handle
        self._kernel.CreateEventW.argtypes = [handle, ctypes.c_int, ctypes.c_int, handle]
        self._kernel.WaitForSingleObject.argtypes = [handle, ctypes.c_uint32]
        self._kernel.CloseHandle.argtypes = [handle]
        tail = [handle, ctypes.c_uint16, handle, handle, ctypes.c_uint32, ctypes.c_uint32]
        self._api.IcmpSendEcho2.argtypes = [handle] * 4 + [ctypes.c_uint32, *tail]
        # Windows Vista and later: as IcmpSendEcho2, with the source before the destination.
        self._api.IcmpSendEcho2Ex.argtypes = [handle] * 4 + [ctypes.c_uint32, ctypes.c_uint32, *tail]
        self._api.Icmp6SendEcho2.argtypes = [handle] * 6 + tail
        for name in ("IcmpParseReplies", "Icmp6ParseReplies"):
            getattr(self._api, name).argtypes = [handle, ctypes.c_uint32]
        self._handles: dict[int, int] = {}
        self._calls: list[_Call] = []
        self._handle(4)

    def _handle(self, family: int) -> int:
        if family not in self._handles:
            opened = self._api.IcmpCreateFile() if family == 4 else self._api.Icmp6CreateFile()
            if opened is None or opened == ctypes.c_void_p(-1).value:
                raise OSError(errno.EACCES, "the echo service cannot be opened")
            self._handles[family] = opened
        return self._handles[family]

    def start(self, address: str, body: bytes, timeout_ms: int, ttl: int = 128, source: str = "") -> EchoCall:
        family = sockets.family_of(address)
        where = sockets.socket_address(address)
        handle = self._handle(family)
        event = self._kernel.CreateEventW(None, True, False, None)
        options = _Options(ttl, 0, 0, 0, None)
        sent = ctypes.create_string_buffer(body, len(body))
        reply = ctypes.create_string_buffer(64 + len(body) + _SPARE)
        tail = (sent, len(body), ctypes.byref(options), reply, len(reply), timeout_ms)
        if family == 4:
            packed = _packed(address)
            parse = self._api.IcmpParseReplies
            call = _Call(self._kernel, event, 4, reply, (sent, options), parse)
            if source:
                given = (_packed(source), packed)
                done = self._api.IcmpSendEcho2Ex(handle, event, None, None, *given, *tail)
            else:
                done = self._api.IcmpSendEcho2(handle, event, None, None, packed, *tail)
        else:
            scope = where[3] if len(where) == 4 else 0
            here, there = _sockaddr6(source or "::", 0), _sockaddr6(str(where[0]), scope)
            parse = self._api.Icmp6ParseReplies
            call = _Call(self._kernel, event, 6, reply, (sent, options, here, there), parse)
            done = self._api.Icmp6SendEcho2(handle, event, None, None, here, there, *tail)
        error = _windows.get_last_error()
        if not done and error != _PENDING:
            call.settle(error)
        self._calls = [old for old in self._calls if old.pending]
        self._calls.append(call)
        return call

    def close(self) -> None:
        _ABANDONED.extend(call for call in self._calls if call.pending)
        for handle in self._handles.values():
            self._api.IcmpCloseHandle(handle)
        self._handles.clear()


def _packed(address: str) -> int:
    """An IPAddr: the four bytes in the order of the wire, taken for a number as it lies in memory."""
    return int(struct.unpack("<I", socket.inet_pton(socket.AF_INET, address))[0])


def _sockaddr6(address: str, scope: int) -> Any:
    """A ``struct sockaddr_in6`` as Windows lays it out (AF_INET6 is 23 there)."""
    raw = struct.pack("<HHI16sI", 23, 0, 0, socket.inet_pton(socket.AF_INET6, address), scope)
    return ctypes.create_string_buffer(raw, len(raw))
