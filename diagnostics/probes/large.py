"""The large check: a page of several full packets, fetched over plain HTTP.

Where the path carries less than it claims, and the message that says so is lost on the way, small packets pass and
large ones vanish (RFC 2923, section 2.1): a connection stands, and what comes on it never arrives.
"""

from __future__ import annotations

import socket
import sys
import time
from urllib.parse import urlsplit

from diagnostics import __version__
from diagnostics.clock import Clock, Reading
from diagnostics.model import Outcome, Sample, Target, quantise_rtt, quantise_time
from diagnostics.probes import sockets
from diagnostics.probes.binding import Binding, bind
from diagnostics.probes.lookup import BoundedLookup

USER_AGENT = f"jalerte/{__version__} (connectivity check)"
ENOUGH_BYTES = 4000
"""Of the body: more than two full packets of 1,500 bytes, after the head."""
MOST_HEAD_BYTES = 8192
MOST_ADDRESSES = 3
CONNECT_S = 2.0
HANG_S = 3.0
HANGS = "large-hangs"
SLOW = "slow"
NO_CONNECTION = "no-connection"
BAD_ANSWER = "bad-answer"


class LargeCheck:
    """Fetches the page at ``target.address``, an URL of the form ``http://host[:port]/path``.

    Outcomes: OK when 4,000 bytes of the body arrived, or all of a shorter one (detail ``short N``). LOST with the
    detail ``large-hangs`` when the connection stood, that did not come within ``timeout_s``, and nothing at all came in
    the last three seconds: only this speaks of large packets. Else ``slow``; or ``no-connection`` when there was no
    answer to the connection. UNRESOLVED, UNREACHABLE, SEND_ERROR as for the web check. REFUSED when somebody said no:
    another status than 200 (the detail is its number), ``ECONNREFUSED``, ``ECONNRESET``, ``bad-answer`` (no HTTP, or
    an end before the promised length). No redirect is followed.

    The time runs from the start of the connection to the last byte that was waited for. Raises ValueError for an URL
    of another form.
    """

    def __init__(
        self,
        target: Target,
        clock: Clock,
        timeout_s: float = 6.0,
        *,
        lookup: BoundedLookup | None = None,
        binding: Binding | None = None,
    ) -> None:
        self.target = target
        parts = urlsplit(target.address)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"not an http URL: {target.address!r}")
        self._host = parts.hostname
        self._port = parts.port or 80
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {parts.netloc.rpartition('@')[2]}",
            f"User-Agent: {USER_AGENT}",
            "Accept-Encoding: identity",
            "Connection: close",
        ]
        self._request = "\r\n".join([*lines, "", ""]).encode("ascii")
        self._clock = clock
        self._timeout_s = timeout_s
        self._lookup = BoundedLookup(clock) if lookup is None else lookup
        self._binding = Binding() if binding is None else binding

    def run(self) -> Sample:
        """Fetch once. Blocks for ``timeout_s`` at most; raises nothing for network errors."""
        (outcome, detail, rtt_ns), sent = self._check(time.monotonic() + self._timeout_s)
        rtt = None if rtt_ns is None else quantise_rtt(max(rtt_ns, 0))
        return Sample(
            self.target, quantise_time(sent.wall_ns), quantise_time(sent.mono_ns), outcome, rtt, detail
        )

    def _check(self, deadline: float) -> tuple[tuple[Outcome, str, int | None], Reading]:
        """What became of it, and when that was tried: from the connection's start, the name being known."""
        sent = self._clock.read()
        try:
            sockets.socket_address(self._host)
            addresses: tuple[str, ...] = (self._host,)
        except OSError:
            found = self._lookup.ask(self._host, self.target.family, self._timeout_s / 2)
            if not found.addresses:
                return (Outcome.UNRESOLVED, found.error, None), sent
            addresses = found.addresses[:MOST_ADDRESSES]
        failed: list[tuple[tuple[Outcome, str], Reading]] = []
        for address in addresses:
            sent = self._clock.read()
            connected = self._connect(address, deadline)
            if isinstance(connected, socket.socket):
                with connected:
                    outcome, detail = self._fetch(connected, deadline)
                done_ns = self._clock.mono_ns() - sent.mono_ns
                return (outcome, detail, done_ns if outcome.answered else None), sent
            if connected[0] is Outcome.REFUSED:
                return (*connected, self._clock.mono_ns() - sent.mono_ns), sent
            failed.append((connected, sent))
        # An address of a family that this machine has no route for says less than one that was tried.
        told, sent = next((one for one in failed if one[0][0] is not Outcome.SEND_ERROR), failed[0])
        return (*told, None), sent

    def _connect(self, address: str, deadline: float) -> socket.socket | tuple[Outcome, str]:
        family = sockets.family_of(address)
        try:
            sock = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            return Outcome.SEND_ERROR, sockets.errno_name(error.errno)
        try:
            bind(sock, family, self._binding.interface)
            if sys.platform == "linux":
                sockets.ask_for_errors(sock, family)
            sock.settimeout(min(_left(deadline), CONNECT_S))
            sock.connect(sockets.socket_address(address, self._port))
        except TimeoutError:
            sock.close()
            return Outcome.LOST, NO_CONNECTION
        except OSError as error:
            with sock:
                outcome, detail = sockets.explain(sock, error.errno)
            if outcome is Outcome.SEND_ERROR and isinstance(error, ConnectionRefusedError):
                return Outcome.REFUSED, detail
            return outcome, detail
        return sock

    def _fetch(self, sock: socket.socket, deadline: float) -> tuple[Outcome, str]:
        """Ask on a connection that stands. Whatever comes, this ends by ``deadline``."""
        page = _Page()
        last = time.monotonic()
        try:
            sock.settimeout(_left(deadline))
            sock.sendall(self._request)
            while not page.ended:
                sock.settimeout(_left(deadline))
                page.take(sock.recv(16384))
                last = time.monotonic()
        except TimeoutError:
            return Outcome.LOST, HANGS if time.monotonic() - last >= HANG_S else SLOW
        except OSError as error:
            if isinstance(error, ConnectionResetError | BrokenPipeError):
                return Outcome.REFUSED, sockets.errno_name(error.errno)
            return sockets.explain(sock, error.errno)
        return page.verdict()


class _Page:
    """An answer as far as it has come. Keeps its head only; the body is counted."""

    def __init__(self) -> None:
        self.ended = False
        self._head = b""
        self._status: int | None = None
        self._length: int | None = None
        self._body = 0
        self._closed = False

    def take(self, chunk: bytes) -> None:
        """What was received; nothing means that the other side closed."""
        self._closed = not chunk
        if self._status is None:
            self._head += chunk
            self._read_head()
        else:
            self._body += len(chunk)
        whole = self._length is not None and self._body >= self._length
        enough = self._status is not None and (self._status != 200 or self._body >= ENOUGH_BYTES or whole)
        hopeless = self._status is None and len(self._head) > MOST_HEAD_BYTES
        self.ended = self._closed or enough or hopeless or self._status == 0

    def _read_head(self) -> None:
        end = self._head.find(b"\r\n\r\n")
        if not self._head.startswith(b"HTTP/1."[: len(self._head)]):
            self._status = 0
        elif end >= 0:
            first, *lines = self._head[:end].decode("latin-1").split("\r\n")
            words = first.split(None, 2)
            good = len(words) >= 2 and len(words[1]) == 3 and words[1].isascii() and words[1].isdigit()
            self._status = int(words[1]) if good else 0
            for line in lines:
                name, _, value = line.partition(":")
                text = value.strip()
                if name.strip().lower() == "content-length" and text.isascii() and text.isdigit():
                    self._length = int(text[:15])
            self._body = len(self._head) - end - 4
            self._head = b""

    def verdict(self) -> tuple[Outcome, str]:
        if not self._status:
            return Outcome.REFUSED, BAD_ANSWER
        if self._status != 200:
            return Outcome.REFUSED, str(self._status)
        if self._body >= ENOUGH_BYTES:
            return Outcome.OK, ""
        if self._length is not None and self._body < self._length:
            return Outcome.REFUSED, BAD_ANSWER
        return Outcome.OK, f"short {self._body}"


def _left(deadline: float) -> float:
    """Seconds until ``deadline``. Raises TimeoutError when there are none left: 0 would mean "do not block"."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
