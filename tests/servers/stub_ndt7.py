"""An ndt7 server on loopback, after m-lab/ndt-server's spec/ndt7-protocol.md v0.11.0, and M-Lab's Locate beside it.

Written with the library ``websockets``, whose masks, pongs and closings are not ours. It can misbehave, too.
"""

from __future__ import annotations

import contextlib
import http
import http.server
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

SUBPROTOCOL = "net.measurementlab.ndt.v7"
MESSAGE = 1 << 16
SPOKEN_S = 0.25

Play = Callable[["StubNdt7", ServerConnection], None]


class StubNdt7:
    """``asked`` holds the path and the User-Agent of each request; ``received`` the payload bytes of uploads.

    ``play`` takes the place of both tests. ``speaks``: measurement messages come; ``lasts_s`` is how long a test takes.
    """

    def __init__(
        self,
        play: Play | None = None,
        subprotocol: str | None = SUBPROTOCOL,
        speaks: bool = True,
        lasts_s: float = 10.0,
        status: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self.play, self.speaks, self.lasts_s, self.status = play, speaks, lasts_s, status
        self.asked: list[tuple[str, str]] = []
        self.received = 0
        self.sent = 0
        self.pongs = 0
        self.closed_with: int | None = None
        self.over = threading.Event()
        self._end = threading.Event()
        self._subprotocol = subprotocol

    @contextlib.contextmanager
    def running(self) -> Iterator[StubNdt7]:
        server = serve(
            self._handle,
            "127.0.0.1",
            0,
            ssl=self._tls,
            select_subprotocol=lambda *_: self._subprotocol,
            compression=None,
            process_request=self._look,
            ping_interval=None,
            max_size=1 << 24,
            close_timeout=1,
        )
        self.port: int = server.socket.getsockname()[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._end.set()
            server.shutdown()
            thread.join(5)

    @property
    def base(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self.port}"

    def wait(self, seconds: float) -> bool:
        """Do nothing until the end of the test."""
        return self._end.wait(seconds)

    def _look(self, _connection: ServerConnection, request: Request) -> Response | None:
        self.asked.append((request.path, request.headers.get("User-Agent", "")))
        if self.status:
            return Response(
                self.status, http.HTTPStatus(self.status).phrase, Headers({"Content-Length": "0"})
            )
        return None

    def _handle(self, connection: ServerConnection) -> None:
        try:
            if self.play is not None:
                self.play(self, connection)
            elif "/download" in (connection.request.path if connection.request else ""):
                self._download(connection)
            else:
                self._upload(connection)
        except (ConnectionClosed, OSError):
            pass
        finally:
            self.closed_with = connection.close_code
            self.over.set()

    def _download(self, connection: ServerConnection) -> None:
        data, start, spoken = os.urandom(MESSAGE), time.monotonic(), 0.0
        pong: threading.Event | None = None
        while (now := time.monotonic() - start) < self.lasts_s and not self._end.is_set():
            connection.send(data)
            self.sent += len(data)
            if self.speaks and now - spoken > SPOKEN_S:
                spoken = now
                connection.send(json.dumps(message("download", now, sent=self.sent)))
                self.pongs += pong is not None and pong.is_set()
                pong = connection.ping()

    def _upload(self, connection: ServerConnection) -> None:
        start, spoken, before = time.monotonic(), 0.0, self.received
        while (now := time.monotonic() - start) < self.lasts_s and not self._end.is_set():
            piece = connection.recv(timeout=2)
            assert isinstance(piece, bytes)
            assert 1 << 10 <= len(piece) <= 1 << 24
            self.received += len(piece)
            if self.speaks and now - spoken > SPOKEN_S:
                spoken = now
                connection.send(json.dumps(message("upload", now, received=self.received - before)))


def message(test: str, elapsed_s: float, sent: int = 0, received: int = 0) -> dict[str, Any]:
    """A measurement message of a server; constructed from: spec/ndt7-protocol.md v0.11.0."""
    elapsed = int(elapsed_s * 1e6)
    return {
        "ConnectionInfo": {"Client": "127.0.0.1:5678", "Server": "127.0.0.1:2345", "UUID": "stub"},
        "Origin": "server",
        "Test": test,
        "TCPInfo": {
            "BytesAcked": sent,
            "BytesReceived": received,
            "ElapsedTime": elapsed,
            "MinRTT": 21,
            "RTT": 40,
        },
    }


def garbage_text(stub: StubNdt7, connection: ServerConnection) -> None:
    """Texts that are no measurements, among good data."""
    start = time.monotonic()
    texts = [
        "",
        "{",
        "null",
        "[" * 20_000,
        '{"TCPInfo": {"BytesReceived": 1e400}}',
        '{"AppInfo": {"NumBytes": -5}}',
    ]
    while time.monotonic() - start < stub.lasts_s and not stub.wait(0):
        for text in texts:
            connection.send(text)
            connection.send(bytes(MESSAGE))


def huge_text(stub: StubNdt7, connection: ServerConnection) -> None:
    """JSON of 16 MB, and nothing else."""
    text = '{"TCPInfo": {"BytesReceived": ' + "1" * ((1 << 24) - 64) + "}}"
    while not stub.wait(0):
        connection.send(text)


def closing_at_once(_stub: StubNdt7, connection: ServerConnection) -> None:
    connection.close()


def stalling(stub: StubNdt7, connection: ServerConnection) -> None:
    """One message, and then nothing; what comes is not looked at."""
    connection.send(bytes(MESSAGE))
    with contextlib.suppress(TimeoutError):
        connection.recv(timeout=20)
    stub.wait(0)


def cutting(_stub: StubNdt7, connection: ServerConnection) -> None:
    """Some data, and then the connection breaks off."""
    for _ in range(64):
        connection.send(bytes(MESSAGE))
    connection.socket.shutdown(socket.SHUT_RDWR)


def sending_back(_stub: StubNdt7, connection: ServerConnection) -> None:
    """Binary messages, whatever was asked for."""
    while True:
        connection.send(bytes(MESSAGE))


def talking(claim: Callable[[int], object]) -> Play:
    """An upload whose server claims of each message what a function makes of the true count."""

    def play(stub: StubNdt7, connection: ServerConnection) -> None:
        start = time.monotonic()
        while time.monotonic() - start < stub.lasts_s:
            stub.received += len(connection.recv(timeout=2))
            connection.send(json.dumps({"AppInfo": {"NumBytes": claim(stub.received), "ElapsedTime": 1}}))

    return play


class StubLocate:
    """The Locate API, version 2: one answer for every question. ``asked`` holds path and User-Agent of each."""

    def __init__(
        self, body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None, drip_s: float = 0.0
    ) -> None:
        stub = self
        self.asked: list[tuple[str, str]] = []
        self.body, self.status, self.headers = body, status, headers or {}
        self._end = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stub.asked.append((self.path, self.headers.get("User-Agent", "")))
                self.send_response(stub.status)
                for name, value in stub.headers.items():
                    self.send_header(name, value)
                if stub.status != 204:
                    self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                with contextlib.suppress(OSError):
                    while drip_s and not stub._end.wait(drip_s):
                        self.wfile.write(b"1\r\n \r\n")
                    for place in range(0, len(stub.body), 4096):
                        piece = stub.body[place : place + 4096]
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    if stub.status != 204:
                        self.wfile.write(b"0\r\n\r\n")
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v2/nearest/ndt/ndt7"

    def __enter__(self) -> StubLocate:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def located(*bases: str, token: str = "secret") -> bytes:
    """An answer of Locate; constructed from: m-lab/locate, USAGE.md (v2.0.0) and api/v2/api.go."""
    results = [
        {
            "machine": f"mlab{index}-par01.mlab-oti.measurement-lab.org",
            "location": {"city": "Paris", "country": "FR"},
            "urls": {
                f"{base.partition(':')[0]}:///ndt/v7/{test}": (
                    f"{base}/ndt/v7/{test}?access_token={token}-{index}-{test}"
                )
                for test in ("download", "upload")
            },
        }
        for index, base in enumerate(bases)
    ]
    return json.dumps({"results": results}).encode()
