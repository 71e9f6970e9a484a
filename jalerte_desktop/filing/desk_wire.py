"""One HTTPS request: verified, never redirected, bounded in time and in size. What came back, or what stopped it.

``requests`` is used below its sessions: those follow or read redirects, keep cookies and look for passwords in
``~/.netrc``. The system's proxies are honoured, and REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and SSL_CERT_FILE name other
authorities than the usual ones.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPSConnection

_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_SET_BY_LIBRARY = ("host", "content-length")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how much. ``try_s`` is the whole try, to which each ``slowest_bytes_s`` of the body add a second.

    The look-up of the name is bounded by the system alone.
    """

    connect_s: float = 10.0
    try_s: float = 60.0
    slowest_bytes_s: int = 32_000
    answer_bytes: int = 64_000


class Stop(StrEnum):
    """What stopped a request."""

    UNREACHABLE = "unreachable"
    """No connection: nothing left."""
    CERTIFICATE = "certificate"
    """The other side did not prove who it is: nothing left."""
    CUT_OFF = "cut_off"
    """Connected, and then no whole answer."""
    TOO_SLOW = "too_slow"
    """Connected, and the time was over."""
    TOO_LARGE = "too_large"
    """The answer had no end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Stopped:
    """No answer. ``connected`` False: the request had not begun to leave. ``why`` is the system's or library's word."""

    stop: Stop
    connected: bool
    why: str


def post(url: str, headers: Mapping[str, str], body: bytes, bounds: Bounds) -> Answer | Stopped:
    """Post these bytes with exactly these headers. Raises nothing for anything that the network does."""
    whole_s = bounds.try_s + len(body) / bounds.slowest_bytes_s
    watch = _Watch(whole_s)
    adapter = _Adapter(watch)
    try:
        with watch:
            found = _exchange(adapter, url, headers, body, (bounds.connect_s, whole_s), bounds.answer_bytes)
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        HTTPException,
        OSError,
        ValueError,
    ) as error:
        return _stopped(error, watch)
    finally:
        adapter.close()
    # An answer without a length ends where the watch ended it, and looks whole.
    return Stopped(Stop.TOO_SLOW, connected=True, why="") if watch.over else found


def _exchange(
    adapter: HTTPAdapter,
    url: str,
    headers: Mapping[str, str],
    content: bytes,
    timeout: tuple[float, float],
    limit: int,
) -> Answer | Stopped:
    chosen = {name: value for name, value in headers.items() if name.lower() not in _SET_BY_LIBRARY}
    request = requests.Request("POST", url, headers=chosen, data=content).prepare()
    response = adapter.send(
        request,
        stream=True,
        timeout=timeout,
        verify=_authorities(),
        proxies=dict(get_environ_proxies(url)),
    )
    with contextlib.closing(response):
        body = _read(response.raw, limit)
    if body is None:
        return Stopped(Stop.TOO_LARGE, connected=True, why="")
    found = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, found, body)


def _read(raw: Any, limit: int) -> bytes | None:
    """The whole answer, or None when it is larger than that.

    ``raw.read`` leaves chunks to http.client, which bounds each line of them; ``response.content`` would not.
    """
    parts: list[bytes] = []
    size = 0
    while part := raw.read(16_384, decode_content=False):
        parts.append(part)
        size += len(part)
        if size > limit:
            return None
    return b"".join(parts)


def _authorities() -> str | bool:
    return next((path for name in _AUTHORITIES if (path := os.environ.get(name))), True)


def _stopped(error: Exception, watch: _Watch) -> Stopped:
    cause = _innermost(error)
    if watch.over:
        stop = Stop.TOO_SLOW if watch.connected else Stop.UNREACHABLE
    elif watch.connected:
        waited = isinstance(error, requests.Timeout) or isinstance(cause, TimeoutError)
        stop = Stop.TOO_SLOW if waited else Stop.CUT_OFF
    elif isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE" in str(error).upper():
        stop = Stop.CERTIFICATE
    else:
        stop = Stop.UNREACHABLE
    return Stopped(stop, watch.connected, _said(cause))


def _said(cause: BaseException) -> str:
    """The cause in the library's words, without the login that an address may hold: a proxy's, for instance."""
    kind = type(cause).__name__
    # These quote the address that they could not read.
    if isinstance(cause, ValueError) and not isinstance(cause, ssl.SSLError):
        return kind
    return re.sub(r"\S*@", "", f"{kind}: {cause}")[:200]


def _innermost(error: BaseException) -> BaseException:
    """Libraries wrap each other's errors; the first cause says most."""
    seen = {id(error)}
    while True:
        within = getattr(error, "reason", None) or next(
            (one for one in error.args if isinstance(one, BaseException)), None
        )
        if not isinstance(within, BaseException) or id(within) in seen:
            return error
        seen.add(id(within))
        error = within


class _Watch:
    """Ends the connection when the time is over, whatever it is waiting for."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.over = False
        self.connected = False
        """A connection to the desk itself stood, its certificate verified."""

    def __enter__(self) -> _Watch:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        with self._lock:
            for one in self._sockets:
                one.close()
            self._sockets.clear()

    def guard(self, opened: socket.socket) -> None:
        """A second handle on the connection: the first goes into TLS, where it cannot be ended from outside."""
        with self._lock:
            self._sockets.append(opened.dup())
            over = self.over
        if over:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self.over = True
            for one in self._sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """One that tells the watch of each connection, and when it stands."""

    def __init__(self, watch: _Watch) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self._connection = _watched(watch)

    def get_connection_with_tls_context(self, *positional: Any, **named: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*positional, **named)
        pool.ConnectionCls = self._connection
        return pool


def _watched(watch: _Watch) -> type[HTTPSConnection]:
    class Watched(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            opened = super()._new_conn()
            watch.guard(opened)
            return opened

        def connect(self) -> None:
            super().connect()
            watch.connected = True
            # urllib3 lets the time for connecting hold while the request leaves; a slow line needs longer.
            self.sock.settimeout(watch.seconds)

    return Watched
