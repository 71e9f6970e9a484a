"""The web check: a small page whose right answer is "204, nothing", so that whoever answers in its place is noticed.

One plain HTTP/1.1 GET on a connection of its own, no redirect followed, at most 4 kB read.
"""

from __future__ import annotations

import socket
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from diagnostics import __version__
from diagnostics.clock import Clock, Reading
from diagnostics.model import Outcome, Sample, Target, quantise_rtt, quantise_time
from diagnostics.probes import sockets
from diagnostics.probes.binding import Binding, bind
from diagnostics.probes.lookup import BoundedLookup

USER_AGENT = f"jalerte/{__version__} (connectivity check)"
MOST_BYTES = 4096
MOST_ADDRESSES = 3
_DETAIL_LENGTH = 200
BAD_ANSWER = "bad-answer"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an HTTP answer. ``length`` is the Content-Length, None where it is missing or no number."""

    status: int
    location: str
    length: int | None
    body: bytes


def read_head(data: bytes) -> Head | None:
    """Read an answer's head; None while it is incomplete. Raises ValueError when it is no HTTP. Skips 1xx heads."""
    start = 0
    while True:
        if not data[start:].startswith(b"HTTP/"[: len(data) - start]):
            raise ValueError("not HTTP")
        end = data.find(b"\r\n\r\n", start)
        gap = 4
        if end < 0:
            end, gap = data.find(b"\n\n", start), 2
        if end < 0:
            return None
        head = _fields(data[start:end], data[end + gap :])
        if head.status >= 200:
            return head
        start = end + gap


def _fields(head: bytes, body: bytes) -> Head:
    first, *rest = head.decode("latin-1").split("\n")
    words = first.split(None, 2)
    if len(words) < 2 or len(words[1]) != 3 or not (words[1].isascii() and words[1].isdigit()):
        raise ValueError("no status line")
    status = int(words[1])
    if not 100 <= status < 600:
        raise ValueError("no such status")
    fields = {}
    for line in rest:
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    length = fields.get("content-length", "")
    number = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
    location = "".join(letter for letter in fields.get("location", "") if " " <= letter <= "~")
    return Head(status, location, number, body)


def judge(head: Head, ended: bool) -> tuple[Outcome, str] | None:
    """The outcome and its detail; None while more has to be read to tell. ``ended``: nothing more will come."""
    status = head.status
    has_body = bool(head.body) or bool(head.length)
    if status == 204:
        return (Outcome.PORTAL, "204 with a body") if has_body else (Outcome.OK, "")
    if status == 200:
        if has_body:
            return Outcome.PORTAL, "200"
        # Some proxies make an empty 200 of a 204: nobody put a page of their own in its place.
        return (Outcome.OK, "200 empty") if head.length == 0 or ended else None
    if 300 <= status < 400:
        return Outcome.PORTAL, f"{status} {head.location}".strip()[:_DETAIL_LENGTH]
    if status >= 400 and status != 511:
        return Outcome.REFUSED, str(status)
    return Outcome.PORTAL, str(status)


@dataclass(frozen=True, slots=True)
class _Attempt:
    outcome: Outcome
    detail: str
    rtt_ns: int | None = None

    @property
    def settles(self) -> bool:
        """Somebody spoke HTTP or something like it: other addresses need not be tried."""
        return self.rtt_ns is not None and self.detail != "ECONNREFUSED"


class WebCheck:
    """Fetches the page at ``target.address``, an URL of the form ``http://host[:port]/path``.

    The round-trip time runs from the start of the connection that was answered to the first byte of the answer; the
    name's look-up is not in it. ``sent_ns`` is the start of the connection that decided, since a name that was found
    only after seconds must not date an answer back; it lies before the look-up where that failed. ``timeout_s`` bounds
    everything together. Where a name has several addresses, up to three are tried, each but the last in half of the
    time that is left.

    Outcomes: OK (204, or an empty 200); PORTAL (a redirect, a page, 511); REFUSED (other 4xx and 5xx, ``ECONNREFUSED``,
    ``ECONNRESET``, ``bad-answer``); UNRESOLVED (the detail says how the look-up failed); LOST (detail ``no-answer``
    where the connection stood); UNREACHABLE; SEND_ERROR. Raises ValueError for an URL of another form.
    """

    def __init__(
        self,
        target: Target,
        clock: Clock,
        timeout_s: float = 4.0,
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
        host = parts.netloc.rpartition("@")[2]
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", f"User-Agent: {USER_AGENT}", "Accept: */*"]
        self._request = "\r\n".join([*lines, "Connection: close", "", ""]).encode("ascii")
        self._clock = clock
        self._timeout_s = timeout_s
        self._lookup = BoundedLookup(clock) if lookup is None else lookup
        self._binding = Binding() if binding is None else binding

    def run(self) -> Sample:
        attempt, sent = self._check(time.monotonic() + self._timeout_s)
        rtt = None if attempt.rtt_ns is None else quantise_rtt(max(attempt.rtt_ns, 0))
        wall, mono = quantise_time(sent.wall_ns), quantise_time(sent.mono_ns)
        return Sample(self.target, wall, mono, attempt.outcome, rtt, attempt.detail)

    def _check(self, deadline: float) -> tuple[_Attempt, Reading]:
        """What became of it, and when that was tried."""
        sent = self._clock.read()
        try:
            sockets.socket_address(self._host)
            addresses: tuple[str, ...] = (self._host,)
        except OSError:
            found = self._lookup.ask(self._host, self.target.family, deadline - time.monotonic())
            if not found.addresses:
                return _Attempt(Outcome.UNRESOLVED, found.error), sent
            addresses = found.addresses[:MOST_ADDRESSES]
        failed: list[tuple[_Attempt, Reading]] = []
        for left in range(len(addresses), 0, -1):
            now, sent = time.monotonic(), self._clock.read()
            limit = deadline if left == 1 else now + (deadline - now) / 2
            attempt = self._attempt(addresses[len(addresses) - left], limit)
            if attempt.settles:
                return attempt, sent
            failed.append((attempt, sent))
        # An address of a family that this machine has no route for says less than one that was tried.
        return next((one for one in failed if one[0].outcome is not Outcome.SEND_ERROR), failed[0])

    def _attempt(self, address: str, deadline: float) -> _Attempt:
        family = sockets.family_of(address)
        try:
            sock = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            return _Attempt(Outcome.SEND_ERROR, sockets.errno_name(error.errno))
        with sock:
            start = self._clock.mono_ns()
            try:
                bind(sock, family, self._binding.interface)
                if sys.platform == "linux":
                    sockets.ask_for_errors(sock, family)
                sock.settimeout(_left(deadline))
                sock.connect(sockets.socket_address(address, self._port))
            except TimeoutError:
                return _Attempt(Outcome.LOST, "")
            except OSError as error:
                outcome, detail = sockets.explain(sock, error.errno)
                if outcome is Outcome.SEND_ERROR and isinstance(error, ConnectionRefusedError):
                    return _Attempt(Outcome.REFUSED, detail, self._clock.mono_ns() - start)
                return _Attempt(outcome, detail)
            return self._converse(sock, start, deadline)

    def _converse(self, sock: socket.socket, start_ns: int, deadline: float) -> _Attempt:
        """Ask on a connection that stands. Whatever comes, this ends by ``deadline``."""
        data = b""
        first_ns: int | None = None
        ended = False
        try:
            sock.sendall(self._request)
            while True:
                head = read_head(data)
                verdict = judge(head, ended) if head is not None else None
                if verdict is not None:
                    return _Attempt(*verdict, first_ns)
                if ended or len(data) >= MOST_BYTES:
                    break
                sock.settimeout(_left(deadline))
                chunk = sock.recv(MOST_BYTES - len(data))
                if first_ns is None:
                    first_ns = self._clock.mono_ns() - start_ns
                ended = not chunk
                data += chunk
        except TimeoutError:
            if first_ns is None:
                return _Attempt(Outcome.LOST, "no-answer")
            # A complete head still waiting for its body is that of a page.
            return _Attempt(Outcome.PORTAL, "200", first_ns) if _complete(data) else _bad(first_ns)
        except ValueError:
            return _bad(first_ns)
        except OSError as error:
            elapsed = self._clock.mono_ns() - start_ns if first_ns is None else first_ns
            if isinstance(error, ConnectionResetError | BrokenPipeError):
                return _Attempt(Outcome.REFUSED, sockets.errno_name(error.errno), elapsed)
            return _Attempt(*sockets.explain(sock, error.errno))
        return _bad(first_ns)


def _bad(rtt_ns: int | None) -> _Attempt:
    return _Attempt(Outcome.REFUSED, BAD_ANSWER, rtt_ns)


def _complete(data: bytes) -> bool:
    try:
        return read_head(data) is not None
    except ValueError:
        return False


def _left(deadline: float) -> float:
    """Seconds until ``deadline``. Raises TimeoutError when there are none left: 0 would mean "do not block"."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
