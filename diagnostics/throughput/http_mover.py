"""Moves bytes over HTTP/1.1: parallel connections, each with a thread of its own, big buffers, nothing kept.

Runs in the engine's process (``engine.py``), which reads the totals ten times a second and more.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from diagnostics.throughput.connect import RECORD_BYTES, close_at_once, connect, limit_unsent, record_cost
from diagnostics.throughput.model import Counted, Direction, Place, SpeedFailed, Way
from diagnostics.throughput.tcp_info import knows_acknowledged, read_tcp_info
from diagnostics.throughput.wire import Address, Body, Head, read_head, refusal, request

RECEIVE_BYTES = 64 * 1024
"""Fits into a processor's own cache: larger ones were slower above 10 Gbit/s."""
SEND_BYTES = 256 * 1024
POST_BYTES = 64 * 1024 * 1024
"""One upload request; quartered, down to a quarter of a MiB, for a server that says it is too much."""
LEAST_POST_BYTES = 256 * 1024
LEAST_BODY_BYTES = 64 * 1024
"""A server whose whole answers are shorter serves pages, not data to measure with."""
TRIES = 3
HEAD_S = 4.0
_TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class HttpOrder:
    """What the mover needs: a server, the path to fetch from or post to, and how many connections."""

    address: Address
    path: str
    direction: Direction
    way: Way
    streams: int
    pinned: str = ""
    """The server's IP address that was chosen; empty: what the name gives."""
    most_bytes: int | None = None
    """Payload bytes after which no more is fetched, or handed to the system."""


class HttpMover:
    """One direction. ``open`` first, then ``total`` as often as wanted, ``close`` at the end; used by one thread."""

    def __init__(self, order: HttpOrder) -> None:
        self._order = order
        kind = _Download if order.direction is Direction.DOWN else _Upload
        self._streams: list[_Stream] = [kind(order, self._is_full) for _ in range(order.streams)]
        self._lost: list[_Stream] = []
        self._full = threading.Event()
        if order.direction is Direction.DOWN:
            self.counted = Counted.RECEIVED
        else:
            self.counted = Counted.ACKNOWLEDGED if knows_acknowledged() else Counted.SENT

    def open(self) -> None:
        """Connect and begin. Raises SpeedFailed when no connection comes about."""
        openers = [threading.Thread(target=stream.open, daemon=True) for stream in self._streams]
        for opener in openers:
            opener.start()
        for opener in openers:
            opener.join()
        self._lost = [stream for stream in self._streams if stream.failure is not None]
        self._streams = [stream for stream in self._streams if stream.failure is None] or self._streams
        if self.failure is not None:
            raise self.failure
        for stream in self._streams:
            stream.start()

    def total(self) -> int:
        """Payload bytes so far."""
        return sum(stream.total() for stream in self._streams)

    @property
    def streams(self) -> int:
        """Connections that moved data and did not fail."""
        return sum(1 for stream in self._streams if stream.failure is None and stream.total())

    @property
    def full(self) -> bool:
        """Whether the data limit is reached."""
        return self._full.is_set()

    def _is_full(self) -> bool:
        most = self._order.most_bytes
        if most is not None and not self._full.is_set() and sum(one.spent() for one in self._streams) >= most:
            self._full.set()
        return self._full.is_set()

    @property
    def partial_failure(self) -> SpeedFailed | None:
        """Why some connections are lost; None while all work."""
        return next((stream.failure for stream in self._lost if stream.failure is not None), None) or next(
            (stream.failure for stream in self._streams if stream.failure is not None), None
        )

    @property
    def failure(self) -> SpeedFailed | None:
        """Why no connection is left; None while one works."""
        failures = [stream.failure for stream in self._streams]
        return None if None in failures or not failures else failures[0]

    @property
    def resent(self) -> int | None:
        """TCP segments sent again so far, by this side; None where not known."""
        counts = [stream.resent for stream in self._streams]
        known = [count for count in counts if count is not None]
        return sum(known) if known and self._order.direction is Direction.UP else None

    def busiest_s(self) -> float | None:
        """Processor time of the busiest thread so far; None where the system does not tell."""
        times = [stream.processor_s() for stream in self._streams]
        known = [seconds for seconds in times if seconds is not None]
        return max(known) if known else None

    def close(self) -> None:
        """Break everything off at once."""
        for stream in self._streams:
            stream.stop()
        for stream in self._streams:
            stream.join(1.0)


class _Stream(threading.Thread):
    """One connection after the other, as long as the server allows."""

    def __init__(self, order: HttpOrder, full: Callable[[], bool]) -> None:
        super().__init__(name=f"stream {order.direction}", daemon=True)
        self.order = order
        self.full = full
        self.failure: SpeedFailed | None = None
        self.resent: int | None = None
        self.stopping = threading.Event()
        self.sock: socket.socket | None = None

    def open(self) -> None:
        try:
            self.sock = self._connect()
        except SpeedFailed as failed:
            self.failure = failed

    def run(self) -> None:
        tries = TRIES
        while not self.stopping.is_set():
            before = self.progress()
            problem = self._serve()
            if self.stopping.is_set() or (problem is not None and problem.remark.code not in _PASSING):
                self.failure = problem
                break
            # A server may close after each answer; one that only closes is none to measure with.
            tries = TRIES if self.progress() - before >= LEAST_BODY_BYTES else tries - 1
            if tries <= 0:
                self.failure = problem or SpeedFailed("speed_closed", host=self.order.address.host)
                break
            self.sock = None
            self.open()
            if self.failure is not None:
                break
        if self.sock is not None:
            close_at_once(self.sock)

    def _serve(self) -> SpeedFailed | None:
        """Exchange over the present connection until it ends; says why, None when the server closed in good order."""
        sock = self.sock
        assert sock is not None
        try:
            self.exchange(sock)
        except SpeedFailed as failed:
            return SpeedFailed(
                failed.remark.code, **({"host": self.order.address.host} | dict(failed.remark.values))
            )
        except TimeoutError:
            return SpeedFailed("speed_stalled", host=self.order.address.host)
        except OSError:
            return SpeedFailed("speed_closed", host=self.order.address.host)
        finally:
            self.leave(sock)
            close_at_once(sock)
        return None

    def exchange(self, sock: socket.socket) -> None:
        raise NotImplementedError

    def leave(self, sock: socket.socket) -> None:
        """The last look at a connection before it is closed."""

    def total(self) -> int:
        raise NotImplementedError

    def spent(self) -> int:
        """Payload bytes that were fetched, or handed to the system."""
        return self.total()

    def progress(self) -> int:
        """Payload bytes that prove a server worth another connection."""
        return self.total()

    def processor_s(self) -> float | None:
        clock = getattr(time, "pthread_getcpuclockid", None)
        if clock is None or self.ident is None or not self.is_alive():
            return None
        try:
            return time.clock_gettime(clock(self.ident))
        except OSError:
            return None

    def stop(self) -> None:
        self.stopping.set()
        sock = self.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> socket.socket:
        order = self.order
        place: Place = replace(order.address.place, address=order.pinned)
        return connect(place, order.way)


_PASSING = ("speed_closed",)


class _Download(_Stream):
    def __init__(self, order: HttpOrder, full: Callable[[], bool]) -> None:
        super().__init__(order, full)
        self._got = 0

    def total(self) -> int:
        return self._got

    def exchange(self, sock: socket.socket) -> None:
        view = memoryview(bytearray(RECEIVE_BYTES))
        asked = request("GET", self.order.address, self.order.path)
        while not self.stopping.is_set():
            sock.sendall(asked)
            head, rest = read_head(sock, time.monotonic() + HEAD_S)
            refused = refusal(head, self.order.address.host)
            if refused is not None:
                raise refused
            before = self._got
            body = Body(head)
            self._got += body.take(memoryview(rest))
            sock.settimeout(None)
            while not body.done and not self.stopping.is_set():
                count = sock.recv_into(view)
                if not count:
                    break
                self._got += body.take(view[:count])
                if self.full():
                    self.stopping.wait()
            if not self.stopping.is_set() and self._got - before < LEAST_BODY_BYTES:
                short = "speed_closed" if not body.done else "speed_not_compatible"
                raise SpeedFailed(short)
            if head.closes or not body.done:
                return


class _Upload(_Stream):
    def __init__(self, order: HttpOrder, full: Callable[[], bool]) -> None:
        super().__init__(order, full)
        self._lock = threading.Lock()
        self._handed = 0
        self._before = 0
        self._written = 0
        self._heads = 0
        self._resent_before = 0
        self._post = POST_BYTES
        self._data = memoryview(os.urandom(SEND_BYTES))
        self._early = b""
        self._agreed = 0

    def total(self) -> int:
        with self._lock:
            return self._before + self._acknowledged(self.sock)

    def spent(self) -> int:
        return self._handed

    def progress(self) -> int:
        # Acknowledged is not accepted: a system takes some megabytes for a server that then resets.
        return self._agreed

    def _acknowledged(self, sock: socket.socket | None) -> int:
        """Payload bytes of the present connection that arrived."""
        if sock is None or not self._written:
            return 0
        info = read_tcp_info(sock, self._written)
        if info is None:
            return 0 if knows_acknowledged() else self._written - self._heads
        if info.resent is not None:
            self.resent = self._resent_before + info.resent
        share = RECORD_BYTES / (RECORD_BYTES + record_cost(sock))
        return max(0, min(round(info.acknowledged * share), self._written) - self._heads)

    def leave(self, sock: socket.socket) -> None:
        with self._lock:
            self._before += self._acknowledged(sock)
            self._resent_before = self.resent or 0
            self._written = self._heads = 0

    def exchange(self, sock: socket.socket) -> None:
        limit_unsent(sock)
        while not self.stopping.is_set():
            head = request("POST", self.order.address, self.order.path, self._post)
            sock.settimeout(None)
            sock.sendall(head)
            self._written += len(head)
            self._heads += len(head)
            answer = self._send_body(sock)
            if answer is None:
                answer = self._answer(sock)
            if answer.status == _TOO_LARGE:
                self._post = max(LEAST_POST_BYTES, self._post // 4)
                self._agreed += LEAST_BODY_BYTES  # a clear word, and a way to mend it: no failed try
                return
            self._agreed += self._post
            if answer.closes or answer.length is None:
                return

    def _send_body(self, sock: socket.socket) -> Head | None:
        """Send one body. The answer, when it came before the end: a server may agree early and go on taking."""
        left, answer = self._post, None
        while left and not self.stopping.is_set():
            sock.settimeout(0)
            left = self._fill(sock, left)
            if not left:
                break
            readable, _, _ = select.select([sock] if answer is None else [], [sock], [], 1.0)
            if readable and self._hears(sock):
                answer = self._answer(sock)
                if answer.status == _TOO_LARGE:
                    break
        sock.settimeout(None)
        return answer

    def _fill(self, sock: socket.socket, left: int) -> int:
        """Write until the system takes no more for now; what is left after it."""
        with contextlib.suppress(BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            while left:
                if self.full():
                    self.stopping.wait()
                    break
                count = sock.send(self._data[: min(left, SEND_BYTES)])
                self._written += count
                self._handed += count
                left -= count
        return left

    def _hears(self, sock: socket.socket) -> bool:
        """Whether an answer begins. Under TLS, a readable socket may hold nothing but the protocol's own messages."""
        try:
            self._early = sock.recv(16 * 1024)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        if not self._early:
            raise SpeedFailed("speed_closed")
        return True

    def _answer(self, sock: socket.socket) -> Head:
        """The next answer, its short body taken off the connection. Raises SpeedFailed, OSError."""
        early, self._early = self._early, b""
        answer, rest = read_head(sock, time.monotonic() + HEAD_S, early)
        if answer.status == _TOO_LARGE and self._post > LEAST_POST_BYTES:
            return answer
        refused = refusal(answer, self.order.address.host)
        if refused is not None:
            raise refused
        self._drain(sock, (answer.length or 0) - len(rest))
        sock.settimeout(None)
        return answer

    def _drain(self, sock: socket.socket, left: int) -> None:
        """Take an answer's body off the connection, so that the next answer can be read."""
        if left > LEAST_BODY_BYTES:
            raise SpeedFailed("speed_not_compatible")
        while left > 0:
            piece = sock.recv(left)
            if not piece:
                return
            left -= len(piece)
