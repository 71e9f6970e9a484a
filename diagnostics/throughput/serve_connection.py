"""One connection of the speed server at home: requests read, answered, bounded in time and size."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from diagnostics.throughput.serve_http import (
    MIB,
    RECEIVED_HEADER,
    Refused,
    Request,
    Thing,
    answer_head,
    chunk_size,
    read_request,
    sharing,
    small_answer,
)

GARBAGE_BYTES = 4 * MIB
_PIECE_BYTES = MIB
_DISCARD = socket.MSG_TRUNC if sys.platform == "linux" else 0
"""On Linux, TCP throws away what it would have copied (tcp(7)): a swallowed upload costs less."""
_MOST_LINE = 256
_FAREWELL_S = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may take. Times in seconds, sizes in bytes."""

    connections: int = 64
    head_bytes: int = 16 << 10
    head_s: float = 5.0
    """From a request's first byte to the end of its head."""
    idle_s: float = 30.0
    """Without a byte in either direction."""
    request_s: float = 300.0
    """For one request in all: a longer download or upload is cut off."""
    body_bytes: int = 64 << 30


class _Over(Exception):
    """The connection is of no more use: closed, idle, or too slow."""


class Conversation:
    """One connection, from its first request to its last."""

    def __init__(
        self,
        sock: socket.socket,
        client: str,
        garbage: memoryview,
        limits: Limits,
        count: Callable[[int, int, int], None],
    ) -> None:
        self._sock = sock
        self._client = client.partition("%")[0]
        self._garbage = garbage
        self._limits = limits
        self._count = count
        self._held = bytearray()
        """Received, and not yet looked at."""
        self._waste = bytearray()
        self._deadline = 0.0

    def cut(self) -> None:
        """End it from another thread."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def turn_away(self) -> None:
        """Say that there is no room, without waiting for anything."""
        with self._sock, contextlib.suppress(OSError):
            self._sock.setblocking(False)
            self._sock.send(answer_head(503, 0, (("Retry-After", "10"),), keep=False))
            # What was received and not read would turn the end into a reset, and the answer be lost.
            self._sock.recv(self._limits.head_bytes)

    def run(self) -> None:
        """Answer requests until one side has enough."""
        with self._sock, contextlib.suppress(OSError, _Over):
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._answer_next():
                pass

    def _answer_next(self) -> bool:
        """True when another request may follow."""
        try:
            request = read_request(self._head())
            self._deadline = time.monotonic() + self._limits.request_s
            self._sock.settimeout(self._limits.idle_s)
            return self._answer(request)
        except Refused as refused:
            self._sock.settimeout(self._limits.head_s)
            self._sock.sendall(answer_head(refused.status, 0, refused.fields, keep=False))
            self._part()
            return False

    def _answer(self, request: Request) -> bool:
        received = self._body(request) if request.has_body else 0
        fields = sharing(request)
        if request.method == "OPTIONS":
            allow = (("Allow", ", ".join(request.thing.methods)),)
            self._sock.sendall(answer_head(204, 0, (*fields, *allow), keep=request.keep))
        elif request.thing is Thing.GARBAGE:
            binary = (("Content-Type", "application/octet-stream"),)
            self._sock.sendall(answer_head(200, request.garbage_bytes, (*fields, *binary), keep=request.keep))
            if request.method == "GET":
                self._send_garbage(request.garbage_bytes)
        else:
            body, more = small_answer(request, self._client)
            if request.method == "POST":
                more = (*more, (RECEIVED_HEADER, str(received)))
            head = answer_head(200, len(body), (*fields, *more), keep=request.keep)
            self._sock.sendall(head if request.method == "HEAD" else head + body)
        self._count(0, 0, 1)
        return request.keep

    def _send_garbage(self, size: int) -> None:
        sent = 0
        try:
            while sent < size:
                start = sent % GARBAGE_BYTES
                # ``sendall`` would count its time for the whole, not for each part that got through.
                sent += self._sock.send(self._garbage[start : start + min(_PIECE_BYTES, size - sent)])
                self._check_time()
        finally:
            self._count(sent, 0, 0)

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise _Over

    def _receive(self, most: int = 65536) -> None:
        data = self._sock.recv(most)
        if not data:
            raise _Over
        self._held += data

    def _head(self) -> bytes:
        """The next request's head. Raises Refused when it is too long or too slow, _Over when none comes."""
        self._sock.settimeout(self._limits.idle_s)
        if not self._held:
            self._receive()
        self._deadline = time.monotonic() + self._limits.head_s
        while True:
            # Empty lines before a request are leftovers of the one before (RFC 9112 2.2).
            while self._held.startswith(b"\r\n"):
                del self._held[:2]
            end = self._held.find(b"\r\n\r\n", 0, self._limits.head_bytes)
            if end >= 0:
                head = bytes(self._held[:end])
                del self._held[: end + 4]
                return head
            if len(self._held) >= self._limits.head_bytes:
                raise Refused(431)
            left_s = self._deadline - time.monotonic()
            if left_s <= 0:
                raise Refused(408)
            self._sock.settimeout(left_s)
            try:
                self._receive(4096)
            except TimeoutError as error:
                raise Refused(408) from error

    def _body(self, request: Request) -> int:
        """Swallow a request's body; its length. Raises Refused for one that is broken or too long."""
        if request.length is not None and request.length > self._limits.body_bytes:
            raise Refused(413)
        if request.waits and not self._held:
            self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if request.length is not None:
            return self._swallow(request.length)
        total = 0
        while size := chunk_size(self._line()):
            total += size
            if total > self._limits.body_bytes:
                raise Refused(413)
            self._swallow(size)
            if self._line():
                raise Refused(400)
        trailers = 0
        while line := self._line():
            trailers += len(line)
            if trailers > self._limits.head_bytes:
                raise Refused(431)
        return total

    def _line(self) -> bytes:
        while True:
            end = self._held.find(b"\r\n", 0, _MOST_LINE)
            if end >= 0:
                line = bytes(self._held[:end])
                del self._held[: end + 2]
                return line
            if len(self._held) >= _MOST_LINE:
                raise Refused(400)
            self._receive()
            self._check_time()

    def _swallow(self, size: int) -> int:
        left = size - len(self._held)
        del self._held[:size]
        if left > 0 and not self._waste:
            self._waste = bytearray(_PIECE_BYTES)
        try:
            while left > 0:
                got = self._sock.recv_into(self._waste, min(left, _PIECE_BYTES), _DISCARD)
                if not got:
                    raise _Over
                left -= got
                self._check_time()
        finally:
            self._count(0, size - max(left, 0), 0)
        return size

    def _part(self) -> None:
        """Close so that the other side can still read what was said: what it sends meanwhile is read for a moment."""
        self._sock.shutdown(socket.SHUT_WR)
        until = time.monotonic() + _FAREWELL_S
        while (left_s := until - time.monotonic()) > 0:
            self._sock.settimeout(left_s)
            if not self._sock.recv(65536):
                return
