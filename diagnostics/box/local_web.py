"""A small HTTP client for one machine at home: no redirects, no cookies, no proxies, bounded in time and size.

It reaches the one address it was made for, whatever an answer says. Plain HTTP/1.1 (RFC 9112), a connection a request.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diagnostics import __version__

if TYPE_CHECKING:
    import ssl

USER_AGENT = f"jalerte/{__version__}"
MOST_HEAD = 16 * 1024
MOST_BODY = 256 * 1024
_SO_BINDTODEVICE = 25


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask: ``path`` with its query; ``host`` is the name to call the machine by, its address if empty."""

    path: str
    method: str = "GET"
    host: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. Header names are in lower case."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def bind_to(sock: socket.socket, interface: str) -> None:
    """Let ``sock`` use this interface only, past any tunnel. Done on Linux, and where the system allows it."""
    if interface and sys.platform == "linux":
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, interface.encode() + b"\0")


def time_left(deadline: float) -> float:
    """Seconds until ``deadline`` (``time.monotonic``). Raises TimeoutError when there are none left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class LocalWeb:
    """The web server of one IPv4 ``address`` on one ``port``.

    With a ``certified`` name it is spoken to in TLS, and must have a certificate for that name that this system trusts.
    """

    def __init__(self, address: str, port: int = 80, interface: str = "", certified: str = "") -> None:
        self.address = address
        self.port = port
        self.interface = interface
        self.certified = certified
        self._trust: ssl.SSLContext | None = None

    def at_port(self, port: int) -> LocalWeb:
        """Another server of the same machine."""
        return LocalWeb(self.address, port, self.interface)

    def secured(self, name: str, port: int = 443) -> LocalWeb:
        """The same machine's server that has a certificate for ``name``."""
        return LocalWeb(self.address, port, self.interface, name)

    def ask(self, request: Request, deadline: float, most: int = MOST_BODY) -> Answer | None:
        """The answer to ``request``.

        None where there is none by ``deadline`` (``time.monotonic``), none that is HTTP, or one with more than ``most``
        bytes. Raises nothing for what the other side does.
        """
        try:
            head = self._head(request)
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
                bind_to(sock, self.interface)
                sock.settimeout(time_left(deadline))
                sock.connect((self.address, self.port))
                sock.settimeout(time_left(deadline))
                with self._secure(sock) as channel:
                    channel.settimeout(time_left(deadline))
                    channel.sendall(head + request.body)
                    return _Conversation(channel, deadline, most).answer()
        except (OSError, ValueError):
            return None

    def _secure(self, sock: socket.socket) -> socket.socket:
        if not self.certified:
            return sock
        if self._trust is None:
            import ssl  # 4 MB that most homes never need

            self._trust = ssl.create_default_context()
        return self._trust.wrap_socket(sock, server_hostname=self.certified)

    def _head(self, request: Request) -> bytes:
        host = request.host or (self.address if self.port == 80 else f"{self.address}:{self.port}")
        lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {host}", f"User-Agent: {USER_AGENT}"]
        lines += [f"{name}: {value}" for name, value in request.headers]
        if request.body:
            lines.append(f"Content-Length: {len(request.body)}")
        lines += ["Connection: close", "", ""]
        if any(not line.isprintable() for line in lines):
            raise ValueError("a line break would begin another header")
        return "\r\n".join(lines).encode("ascii")


class _Conversation:
    """Reads one answer. Raises ValueError for what is no HTTP or too long, OSError for the rest."""

    def __init__(self, sock: socket.socket, deadline: float, most: int) -> None:
        self._sock, self._deadline, self._most = sock, deadline, most
        self._data = bytearray()
        self._ended = False

    def answer(self) -> Answer:
        while True:
            status, headers = read_head(self._until_blank_line())
            if status >= 200:
                break
        if status in (204, 304):
            body = b""
        elif "chunked" in headers.get("transfer-encoding", "").lower():
            body = self._chunks()
        elif "content-length" in headers:
            body = self._exactly(_number(headers["content-length"], 10))
        else:
            body = self._rest()
        return Answer(status, headers, body)

    def _more(self) -> None:
        """Read on. Raises ValueError when the other side has ended."""
        if self._ended:
            raise ValueError("cut short")
        self._sock.settimeout(time_left(self._deadline))
        piece = self._sock.recv(16 * 1024)
        self._ended = not piece
        self._data += piece

    def _take(self, count: int) -> bytes:
        taken = bytes(self._data[:count])
        del self._data[:count]
        return taken

    def _until_blank_line(self) -> bytes:
        while True:
            for gap in (b"\r\n\r\n", b"\n\n"):
                if (end := self._data.find(gap)) >= 0:
                    return self._take(end + len(gap))
            if len(self._data) > MOST_HEAD:
                raise ValueError("a head without end")
            self._more()

    def _exactly(self, count: int) -> bytes:
        if count > self._most:
            raise ValueError("too long")
        while len(self._data) < count:
            self._more()
        return self._take(count)

    def _rest(self) -> bytes:
        while not self._ended:
            if len(self._data) > self._most:
                raise ValueError("too long")
            self._more()
        return self._take(len(self._data))

    def _line(self) -> bytes:
        while (end := self._data.find(b"\r\n")) < 0:
            if len(self._data) > MOST_HEAD:
                raise ValueError("a line without end")
            self._more()
        return self._take(end + 2)[:-2]

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := _number(self._line().split(b";")[0].decode("latin-1"), 16):
            if len(body) + size > self._most:
                raise ValueError("too long")
            body += self._exactly(size)
            if self._line():
                raise ValueError("a chunk longer than it says")
        return bytes(body)


def read_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers, names in lower case. Raises ValueError for what is no head of an HTTP/1 answer."""
    first, *lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    words = first.split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or len(words[1]) != 3:
        raise ValueError("not HTTP")
    pairs = (line.partition(":") for line in lines if line)
    return _number(words[1], 10), {name.strip().lower(): value.strip() for name, _, value in pairs}


def _number(text: str, base: int) -> int:
    """A number in plain digits. Raises ValueError for signs, blanks inside, underscores and giants."""
    text = text.strip()
    if not 0 < len(text) <= 16 or not text.isascii() or not text.isalnum():
        raise ValueError("not a number")
    return int(text, base)
