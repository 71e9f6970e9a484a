"""HTTP/1.1 as far as a measurement needs it (RFC 9112): writing requests, reading heads, counting bodies.

The bodies are not kept: only their payload bytes are counted, without the frames of the chunked coding.
"""

from __future__ import annotations

import contextlib
import re
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from diagnostics import __version__
from diagnostics.model import BadInput
from diagnostics.throughput.model import Place, SpeedFailed

HEAD_BYTES = 32 * 1024
LINE_BYTES = 1024
USER_AGENT = f"jalerte/{__version__} (speed measurement)"
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r|\Z)")


@dataclass(frozen=True, slots=True)
class Head:
    """A response's head. ``length`` None: chunked, or until the connection closes."""

    status: int
    length: int | None
    chunked: bool
    closes: bool
    kind: str
    location: str
    retry_after: str
    encoded: bool


@dataclass(frozen=True, slots=True)
class Address:
    """A web address taken apart. ``path`` begins with a slash and holds the query."""

    host: str
    port: int
    tls: bool
    path: str

    @property
    def place(self) -> Place:
        return Place(self.host, self.port, self.tls)

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.authority}{self.path}"


def parse_address(text: str) -> Address:
    """A server's address as people and lists write it; ``http`` where no scheme is given.

    Raises BadInput("speed_server_bad").
    """
    given = text.strip()
    if "://" not in given:
        given = f"http://{given.removeprefix('//')}"
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadInput("speed_server_bad", value=text[:80]) from error
    plain = given.isascii() and not re.search(r"[\s\x00-\x20\x7f\"<>\\]", given)
    if parts.scheme not in ("http", "https") or not host or not plain or "@" in parts.netloc or port == 0:
        raise BadInput("speed_server_bad", value=text[:80])
    tls = parts.scheme == "https"
    query = f"?{parts.query}" if parts.query else ""
    return Address(host, port or (443 if tls else 80), tls, (parts.path or "/") + query)


def request(method: str, address: Address, path: str, length: int | None = None) -> bytes:
    """The head of a request; ``length`` of the body where there is one."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {address.authority}",
        f"User-Agent: {USER_AGENT}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Cache-Control: no-store",
    ]
    if length is not None:
        lines += ["Content-Type: application/octet-stream", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def read_head(sock: socket.socket, deadline: float, early: bytes = b"") -> tuple[Head, bytes]:
    """The final head of the next response and what of its body came with it. ``deadline`` on ``time.monotonic``;
    ``early`` is what was received of it already.

    Raises SpeedFailed ("speed_not_http", "speed_closed") and OSError (TimeoutError past the deadline).
    """
    while True:
        raw, early = read_raw_head(sock, deadline, early)
        head = parse_head(raw[:-4])
        if head.status >= 200:  # less: 100 Continue and its like
            return head, early


def read_raw_head(
    sock: socket.socket, deadline: float, early: bytes = b"", cut: str = "speed_not_http"
) -> tuple[bytes, bytes]:
    """The next head as it came, with the empty line at its end, and what came behind it.

    Raises as ``read_head`` does; ``cut`` is the code for a connection that closes in the midst of a head.
    """
    data = bytearray(early)
    while (end := data.find(b"\r\n\r\n")) < 0:
        if len(data) > HEAD_BYTES or (len(data) >= 8 and not data.startswith(b"HTTP/1.")):
            raise SpeedFailed("speed_not_http")
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        sock.settimeout(left_s)
        piece = sock.recv(16 * 1024)
        if not piece:
            raise SpeedFailed(cut if data else "speed_closed")
        data += piece
    return bytes(data[: end + 4]), bytes(data[end + 4 :])


def parse_head(raw: bytes) -> Head:
    """Status line and fields, without the empty line at their end. Raises SpeedFailed("speed_not_http")."""
    lines = raw.split(b"\r\n")
    status = _STATUS.match(lines[0])
    if status is None:
        raise SpeedFailed("speed_not_http")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, sign, value = line.partition(b":")
        if not sign or not name or name != name.strip():
            raise SpeedFailed("speed_not_http")
        fields[name.decode("latin-1").lower()] = value.decode("latin-1").strip()
    chunked = fields.get("transfer-encoding", "").lower().endswith("chunked")
    length = fields.get("content-length")
    if length is not None and not re.fullmatch(r"[0-9]{1,18}", length):
        raise SpeedFailed("speed_not_http")
    code = int(status[1])
    none = code in (204, 304)
    return Head(
        code,
        0 if none else None if chunked or length is None else int(length),
        chunked and not none,
        fields.get("connection", "").lower() == "close" or lines[0].startswith(b"HTTP/1.0"),
        fields.get("content-type", "").partition(";")[0].strip().lower(),
        fields.get("location", ""),
        fields.get("retry-after", ""),
        fields.get("content-encoding", "identity").lower() not in ("", "identity"),
    )


class Body:
    """Counts a body as it comes. ``done`` once it is complete; a body until the close of the connection never is."""

    def __init__(self, head: Head) -> None:
        self._left = head.length
        self._chunks = Chunks() if head.chunked else None
        self.done = head.length == 0

    def take(self, piece: memoryview) -> int:
        """The payload bytes of a piece. Raises SpeedFailed("speed_not_http") for a broken coding."""
        if self._chunks is not None:
            count = self._chunks.take(piece)
            self.done = self._chunks.done
            return count
        if self._left is None:
            return len(piece)
        count = min(len(piece), self._left)
        self._left -= count
        self.done = self._left == 0
        if count < len(piece):
            raise SpeedFailed("speed_not_http")  # more than was announced, and nothing else was asked for
        return count


class Chunks:
    """The chunked coding (RFC 9112, section 7.1), piece by piece."""

    def __init__(self) -> None:
        self._left = 0
        self._line = bytearray()
        self._after_data = self._trailer = False
        self.done = False

    def take(self, piece: memoryview) -> int:
        count = place = 0
        while place < len(piece) and not self.done:
            if self._left:
                step = min(self._left, len(piece) - place)
                self._left -= step
                count += step
                place += step
                self._after_data = self._left == 0
                continue
            self._line.append(piece[place])
            place += 1
            if len(self._line) > LINE_BYTES:
                raise SpeedFailed("speed_not_http")
            if self._line.endswith(b"\r\n"):
                self._end_line(bytes(self._line[:-2]))
                self._line.clear()
        return count

    def _end_line(self, line: bytes) -> None:
        if self._after_data:
            self._after_data = False
            if line:
                raise SpeedFailed("speed_not_http")
            return
        if self._trailer:
            self.done = not line
            return
        size = line.partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", size):
            raise SpeedFailed("speed_not_http")
        self._left = int(size, 16)
        self._trailer = self._left == 0


def refusal(head: Head, host: str) -> SpeedFailed | None:
    """Why a response is none that one can measure with; None for 2xx."""
    if 200 <= head.status < 300:
        return None
    if 300 <= head.status < 400:
        to = ""
        with contextlib.suppress(ValueError):
            to = urlsplit(head.location).hostname or ""
        return SpeedFailed("speed_redirected", host=host, to=(to or head.location or "?")[:80])
    if head.status == 429:
        return SpeedFailed("speed_too_many", host=host, wait=head.retry_after[:40] or "?")
    return SpeedFailed("speed_refused", host=host, status=head.status)
