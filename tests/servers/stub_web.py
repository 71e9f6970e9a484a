"""A web server on a real TCP socket, that does with a connection what a function does."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

Handler = Callable[[socket.socket, threading.Event], None]
"""Gets a connection and an event that is set at the end of the test: to be waited on in place of sleeping."""


def saying(answer: bytes) -> Handler:
    """Reads the request, says one thing, closes."""

    def handle(connection: socket.socket, _end: threading.Event) -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += connection.recv(4096)
        connection.sendall(answer)

    return handle


def holding(answer: bytes) -> Handler:
    """Says one thing and keeps the connection open."""

    def handle(connection: socket.socket, end: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(answer)
        end.wait(20)

    return handle


def resetting(connection: socket.socket, _end: threading.Event) -> None:
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def dripping(piece: bytes, pause_s: float = 0.02) -> Handler:
    """Sends a piece again and again until the other side has enough."""

    def handle(connection: socket.socket, end: threading.Event) -> None:
        connection.recv(4096)
        with contextlib.suppress(OSError):
            while not end.wait(pause_s):
                connection.sendall(piece)

    return handle


class StubWeb:
    """``requests`` is not kept: ask the handler."""

    def __init__(self, handler: Handler, address: str = "127.0.0.1", port: int = 0) -> None:
        self._handler = handler
        self._end = threading.Event()
        self._socket = socket.socket(
            socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM
        )
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((address, port))
        self._socket.listen()
        self.port = int(self._socket.getsockname()[1])
        self._threads: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._handler(connection, self._end)

    def close(self) -> None:
        self._end.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()


@contextlib.contextmanager
def stub_web(handler: Handler, address: str = "127.0.0.1", port: int = 0) -> Iterator[StubWeb]:
    server = StubWeb(handler, address, port)
    try:
        yield server
    finally:
        server.close()
