"""Moves bytes as ndt7 does: one WebSocket, one direction, ten seconds at most (spec/ndt7-protocol.md v0.11.0).

Runs in the engine's process. An upload is counted as TCP acknowledged it where the system tells, else as the server
says, else as the system took it.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from diagnostics.model import BadInput
from diagnostics.throughput.connect import RECORD_BYTES, close_at_once, connect, limit_unsent, record_cost
from diagnostics.throughput.model import Counted, Direction, SpeedFailed, Way
from diagnostics.throughput.providers.ndt7_frames import CLOSE, NORMAL, PONG, Incoming, Outgoing, control
from diagnostics.throughput.providers.ndt7_messages import ServerCount, read_message
from diagnostics.throughput.providers.ndt7_place import CLIENT, to_http
from diagnostics.throughput.tcp_info import read_tcp_info
from diagnostics.throughput.wire import parse_address, parse_head, read_raw_head, refusal

SUBPROTOCOL = "net.measurementlab.ndt.v7"
OPEN_S = 5.0
LONGEST_S = 13.0
"""The specification's last limit for one direction."""
TOLERATED_S = 5.0
"""From here on a connection that breaks ends the measurement, and does not spoil it."""
DECIDE_S = 1.5
"""Without acknowledgements by the system and without the server's word until then, what was sent is what counts."""
RECEIVE_BYTES = 512 * 1024
SEND_BYTES = 256 * 1024
_WAITING = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def open_mover(task: Mapping[str, Any], direction: Direction, way: Way) -> Ndt7Mover:
    """The mover for an engine's task: ``url`` is the whole ws(s):// address, ``pinned`` the server's IP address."""
    return Ndt7Mover(str(task["url"]), direction, way, str(task.get("pinned", "")))


class Ndt7Mover:
    """One direction. ``open`` first, then ``total`` as often as wanted, ``close`` at the end."""

    streams = 1

    def __init__(self, url: str, direction: Direction, way: Way, pinned: str = "") -> None:
        self._url, self._direction, self._way, self._pinned = url, direction, way, pinned
        self.counted = Counted.RECEIVED if direction is Direction.DOWN else Counted.ACKNOWLEDGED
        self.failure: SpeedFailed | None = None
        self.resent: int | None = None
        self._host = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ndt7", daemon=True)
        self._processor_s: float | None = None
        self._incoming = Incoming()
        self._moved = 0
        self._wire = 0
        self._base = 0
        self._server = ServerCount()
        self._last = 0

    @property
    def partial_failure(self) -> SpeedFailed | None:
        """There is one connection only: it works, or all has failed."""
        return None

    @property
    def full(self) -> bool:
        """The engine's readings keep the data limit."""
        return False

    def open(self) -> None:
        """Connect and begin. Raises SpeedFailed."""
        try:
            address = parse_address(to_http(self._url))
        except BadInput as error:
            raise SpeedFailed("speed_server_bad", **dict(error.remark.values)) from error
        self._host = address.host
        self._sock = connect(replace(address.place, address=self._pinned), self._way)
        try:
            early = self._upgrade(self._sock)
            info = read_tcp_info(self._sock, 0)
            self._base = info.acknowledged if info else 0
            self._cost = record_cost(self._sock)
            self._count(memoryview(early))
            self._sock.setblocking(False)
        except SpeedFailed as failed:
            close_at_once(self._sock)
            raise self._named(failed) from failed
        except OSError as error:
            close_at_once(self._sock)
            late = isinstance(error, TimeoutError)
            raise SpeedFailed("speed_stalled" if late else "speed_closed", host=self._host) from error
        self._start = time.monotonic()
        self._thread.start()

    def total(self) -> int:
        """Payload bytes so far."""
        self._last = max(self._last, self._moved if self._direction is Direction.DOWN else self._uploaded())
        return self._last

    def busiest_s(self) -> float | None:
        """Processor time of the thread so far."""
        return self._processor_s

    def close(self) -> None:
        """Say goodbye, and break off at once: nothing of it may lie in the buffers of what comes next."""
        self._stop.set()
        self._thread.join(1.0)

    def _upgrade(self, sock: socket.socket) -> bytes:
        """The WebSocket handshake; what came after it. Raises SpeedFailed and OSError."""
        from websockets.client import ClientProtocol
        from websockets.typing import Subprotocol
        from websockets.uri import parse_uri

        protocol = ClientProtocol(parse_uri(self._url), subprotocols=[Subprotocol(SUBPROTOCOL)])
        asked = protocol.connect()
        asked.headers["User-Agent"] = CLIENT
        protocol.send_request(asked)
        deadline = time.monotonic() + OPEN_S
        sock.settimeout(OPEN_S)
        sock.sendall(b"".join(protocol.data_to_send()))
        head, rest = read_raw_head(sock, deadline, cut="speed_closed")
        answer = parse_head(head[:-4])
        if answer.status != 101:
            raise refusal(answer, self._host) or SpeedFailed("speed_ndt7_other", host=self._host)
        protocol.receive_data(head)
        if protocol.handshake_exc is not None or protocol.subprotocol != SUBPROTOCOL:
            raise SpeedFailed("speed_ndt7_other", host=self._host)
        return rest

    def _run(self) -> None:
        try:
            self._move()
        except SpeedFailed as failed:
            self.failure = self._named(failed)
        except OSError:
            self._broken()
        finally:
            self._leave()

    def _move(self) -> None:
        sending = _Sending(self._sock, self._cost, Outgoing() if self._direction is Direction.UP else None)
        limit_unsent(self._sock)
        view = memoryview(bytearray(RECEIVE_BYTES))
        while not self._stop.is_set():
            if time.monotonic() - self._start > LONGEST_S:
                raise SpeedFailed("speed_ndt7_ended")
            got = self._receive(view)
            if self._incoming.closing:
                raise SpeedFailed("speed_ndt7_ended" if self.total() else "speed_closed")
            if self._incoming.ping is not None:
                sending.urgent, self._incoming.ping = control(PONG, self._incoming.ping), None
            sent = sending.step()
            if self._direction is Direction.UP:
                self._moved, self._wire = max(0, sending.payload), sending.wire
            self._processor_s = time.thread_time()
            if not got and not sent:
                select.select([self._sock], [self._sock] if sending.waits else [], [], 0.1)

    def _receive(self, view: memoryview) -> bool:
        """Take what is there; whether anything was."""
        try:
            count = self._sock.recv_into(view)
        except _WAITING:
            return False
        if not count:
            self._broken()
            self._stop.set()
            return False
        self._count(view[:count])
        return True

    def _count(self, piece: memoryview) -> None:
        payload = self._incoming.take(piece)
        if self._direction is Direction.DOWN:
            self._moved += payload
            self._incoming.texts.clear()
            return
        if payload:
            raise SpeedFailed("speed_ndt7_garbled")  # "MUST NOT send" during an upload
        for text in self._incoming.texts:
            said = read_message(text)
            if said is not None:
                # All that was acknowledged before the test proper is in TCP's count, and in no other.
                received = (
                    round((said.received - self._base) * self._share()) if said.whole else said.received
                )
                self._server.feed(time.monotonic_ns(), received, self._moved)
        self._incoming.texts.clear()

    def _uploaded(self) -> int:
        info = read_tcp_info(self._sock, self._wire) if self.counted is Counted.ACKNOWLEDGED else None
        if info is not None:
            self.resent = info.resent
            return max(0, min(round((info.acknowledged - self._base) * self._share()), self._moved))
        if self.counted is Counted.ACKNOWLEDGED and self._last:
            return self._last  # the socket is gone
        if self._server.known:
            self.counted = Counted.SERVER
        elif self.counted is Counted.SENT or time.monotonic() - self._start > DECIDE_S:
            self.counted = Counted.SENT
            return self._moved
        return self._server.total(time.monotonic_ns(), self._moved)

    def _share(self) -> float:
        """Payload in what went over the wire."""
        return self._moved / self._wire if self._wire else 1.0

    def _broken(self) -> None:
        late = time.monotonic() - self._start >= TOLERATED_S
        self.failure = SpeedFailed("speed_ndt7_ended" if late else "speed_closed", host=self._host)

    def _leave(self) -> None:
        self.total()
        with contextlib.suppress(OSError):
            if self._direction is Direction.DOWN:
                self._sock.send(control(CLOSE, NORMAL))
        close_at_once(self._sock)

    def _named(self, failed: SpeedFailed) -> SpeedFailed:
        return SpeedFailed(failed.remark.code, **({"host": self._host} | dict(failed.remark.values)))


class _Sending:
    """Whole frames, one after the other, on a socket that never blocks. ``waits``: it is full.

    ``payload`` bytes were taken by the system, and ``wire`` bytes with everything around them.
    """

    def __init__(self, sock: socket.socket, record_cost: int, messages: Outgoing | None) -> None:
        self._sock, self._cost, self._messages = sock, record_cost, messages
        self._now = memoryview(b"")
        self._is_message = False
        self._offered = 0
        self.urgent = b""
        self.payload = self.wire = 0
        self.waits = False

    def step(self) -> bool:
        """Hand the system what it takes at once; whether it took anything. Raises OSError."""
        if not self._now and not self._next():
            return False
        # TLS wants to see the same bytes again after it had to wait.
        piece = self._now[: self._offered or SEND_BYTES]
        try:
            count = self._sock.send(piece)
        except _WAITING as waiting:
            self._offered, self.waits = len(piece), not isinstance(waiting, ssl.SSLWantReadError)
            return False
        self._offered, self.waits = 0, False
        self.wire += count + self._cost * -(-count // RECORD_BYTES)
        self.payload += count if self._is_message else 0
        self._now = self._now[count:]
        return True

    def _next(self) -> bool:
        if self.urgent:
            self._now, self.urgent, self._is_message = memoryview(self.urgent), b"", False
        elif self._messages is not None:
            self._now, self._is_message = self._messages.next(), True
            self.payload -= len(self._now) - self._messages.payload  # the frame's head is no payload
        return bool(self._now)
