"""One question to a time-stamp server over HTTP (RFC 3161, 3.4), and its answer, bounded in time and in size.

No redirect is followed, no proxy asked, no cookie kept, no password looked for. Many servers speak plain http: the
answer is signed, and says nothing that was not in the question.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import socket
import ssl
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from diagnostics.stamps.model import Failed

_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Bounds:
    """``whole_s``: everything together, the look-up of the name included."""

    whole_s: float = 10.0
    answer_bytes: int = 64 * 1024


def post(server: str, body: bytes, bounds: Bounds) -> bytes | Failed:
    """The body of the answer, or what stood in the way. Raises nothing for anything that the network does.

    ``server`` must be a good address (``diagnostics.stamp_server``). The work is done in a thread that is left behind
    when the time is over: nothing else ends a look-up that hangs.
    """
    answers: queue.SimpleQueue[bytes | Failed] = queue.SimpleQueue()
    line = _Line(bounds.whole_s)

    def work() -> None:
        answers.put(_ask(server, body, bounds, line))

    threading.Thread(target=work, name="time stamp", daemon=True).start()
    try:
        found = answers.get(timeout=bounds.whole_s)
    except queue.Empty:
        line.cut()
        return Failed("stamp_too_slow" if line.connected else "stamp_unreachable", "time over")
    return found


class _Line:
    """The connection, which another thread may cut."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.connected = False
        self._handle: socket.socket | None = None
        self._is_cut = False
        self._lock = threading.Lock()

    def hold(self, opened: socket.socket) -> None:
        """Keep a second handle: the first goes into TLS, where it cannot be ended from outside."""
        with self._lock:
            self._handle = opened.dup()
            is_cut = self._is_cut
        if is_cut:
            self.cut()

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            if self._handle is not None:
                with contextlib.suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None


def _ask(server: str, body: bytes, bounds: Bounds, line: _Line) -> bytes | Failed:
    try:
        return _exchange(server, body, bounds, line)
    except ssl.SSLCertVerificationError as error:
        return Failed("stamp_certificate", _said(error))
    except (OSError, http.client.HTTPException, ValueError) as error:
        # ValueError: names that no look-up takes (idna), lengths that are none.
        if line.connected and isinstance(error, TimeoutError):
            return Failed("stamp_too_slow", "time over")
        return Failed("stamp_cut_off" if line.connected else "stamp_unreachable", _said(error))
    finally:
        line.release()


def _exchange(server: str, body: bytes, bounds: Bounds, line: _Line) -> bytes | Failed:
    parts = urlsplit(server)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    opened = socket.create_connection((host, port), timeout=bounds.whole_s)
    with contextlib.ExitStack() as stack:
        stack.callback(opened.close)
        line.hold(opened)
        if secure:
            opened = _context().wrap_socket(opened, server_hostname=host)
            stack.callback(opened.close)
        line.connected = True
        connection = http.client.HTTPConnection(host, port, timeout=bounds.whole_s)
        stack.callback(connection.close)
        connection.sock = opened
        connection.request("POST", _target(parts.path, parts.query), body, _headers(parts.netloc))
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            return Failed("stamp_http_status", str(answer.status))
        found = answer.read(bounds.answer_bytes + 1)
        if len(found) > bounds.answer_bytes:
            return Failed("stamp_too_large", str(bounds.answer_bytes))
        if answer.length:
            return Failed("stamp_cut_off", "the answer ends early")
        return found


def _target(path: str, query: str) -> str:
    return (path or "/") + (f"?{query}" if query else "")


def _headers(host: str) -> dict[str, str]:
    return {
        "Host": host,
        "Content-Type": "application/timestamp-query",
        "Accept": "application/timestamp-reply",
        "Connection": "close",
    }


def _context() -> ssl.SSLContext:
    """Verifies the server, against the authorities that the environment names, else the library's usual ones."""
    named = next((path for name in _AUTHORITIES if (path := os.environ.get(name))), None)
    if named is None:
        from requests.utils import DEFAULT_CA_BUNDLE_PATH

        named = DEFAULT_CA_BUNDLE_PATH
    return ssl.create_default_context(cafile=named)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:200]
