"""Web servers that do everything wrong that a speed measurement may meet: one function a misbehaviour.

Each gets a connection and an event that is set at the end of the test, as ``stub_web`` has it. ``decent`` is what a
server should do; the others leave from there at one point.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import socket
import ssl
import struct
import subprocess
import threading
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.servers.stub_web import Handler, StubWeb

PIECE = os.urandom(1 << 16)
PAUSE_S = 0.01
"""Between two pieces: fifty megabit a second for each connection, so that many tests fit on one machine."""
BINARY = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"


def ask(connection: socket.socket, held: bytearray) -> bytes:
    """The next request's head; what came after it stays in ``held``. Raises OSError at the end."""
    while b"\r\n\r\n" not in held:
        data = connection.recv(65536)
        if not data or len(held) > 1 << 20:
            raise ConnectionError
        held += data
    head, _, rest = bytes(held).partition(b"\r\n\r\n")
    held[:] = rest
    return head


def swallow(connection: socket.socket, head: bytes, held: bytearray, end: threading.Event) -> None:
    """Take a request's body off the connection, not too fast."""
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    left = length - len(held)
    del held[:length]
    while left > 0:
        data = connection.recv(min(left, 1 << 16))
        if not data:
            raise ConnectionError
        left -= len(data)
        end.wait(PAUSE_S)


def pour(connection: socket.socket, size: int, end: threading.Event) -> None:
    """Send so many random bytes, not too fast."""
    while size > 0 and not end.wait(PAUSE_S):
        connection.sendall(PIECE[:size])
        size -= len(PIECE)


def decent(connection: socket.socket, end: threading.Event) -> None:
    serve(connection, end)


Answer = Callable[[socket.socket, threading.Event], None]


def serve(
    connection: socket.socket, end: threading.Event, down: Answer | None = None, up: Answer | None = None
) -> None:
    """Answer requests in good order, but downloads by ``down`` and uploads by ``up`` where given.

    ``down`` comes in the place of the whole answer, ``up`` before anything of the body was read. After them, the
    connection is closed.
    """
    held = bytearray()
    while True:
        head = ask(connection, held)
        if head.startswith(b"POST"):
            if up is not None:
                up(connection, end)
                return
            swallow(connection, head, held, end)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        elif b"empty" in head.partition(b"\r\n")[0]:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        elif down is not None:
            down(connection, end)
            return
        else:
            connection.sendall(BINARY + b"Content-Length: 1073741824\r\n\r\n")
            pour(connection, 1 << 30, end)


def downloads(answer: Answer) -> Handler:
    return lambda connection, end: serve(connection, end, down=answer)


def uploads(answer: Answer) -> Handler:
    return lambda connection, end: serve(connection, end, up=answer)


def says(data: bytes, *, then: Answer | None = None) -> Answer:
    """Send something, then go on with ``then``, or close."""

    def answer(connection: socket.socket, end: threading.Event) -> None:
        connection.sendall(data)
        if then is not None:
            then(connection, end)

    return answer


def hold(connection: socket.socket, end: threading.Event) -> None:
    end.wait(60)


def reset(connection: socket.socket, end: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def repeat(piece: bytes, pause_s: float = PAUSE_S) -> Answer:
    def answer(connection: socket.socket, end: threading.Event) -> None:
        while not end.wait(pause_s):
            connection.sendall(piece)

    return answer


def drip(data: bytes) -> Answer:
    """A byte a second."""

    def answer(connection: socket.socket, end: threading.Event) -> None:
        for place in range(len(data)):
            connection.sendall(data[place : place + 1])
            if end.wait(1):
                return

    return answer


def pours(size: int, *, then: Answer | None = None) -> Answer:
    """A good head, then so many bytes of what it announced."""

    def answer(connection: socket.socket, end: threading.Event) -> None:
        connection.sendall(BINARY + b"Content-Length: 1073741824\r\n\r\n")
        pour(connection, size, end)
        if then is not None:
            then(connection, end)

    return answer


def status(line: str, *fields: str, body: bytes = b"") -> bytes:
    """A whole answer."""
    head = [f"HTTP/1.1 {line}", *fields, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


@cache
def bomb() -> bytes:
    """A gigabyte of nothing, packed twice: a thousandth of a thousandth of it."""
    return gzip.compress(gzip.compress(bytes(1 << 24)) * 64)


def at_once(answer: Answer) -> Handler:
    """Does not wait for a request."""
    return answer


def secured(handler: Handler, context: ssl.SSLContext) -> Handler:
    """The same under TLS."""

    def handle(connection: socket.socket, end: threading.Event) -> None:
        # Who only knocks has reset the connection by now: wrapping it would leave a socket open.
        if not connection.recv(1, socket.MSG_PEEK):
            return
        with context.wrap_socket(connection, server_side=True) as secure:
            handler(secure, end)

    return handle


class Certificates:
    """Certificates made by openssl in ``folder``: ``root`` is what a client may be told to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.root = folder / "root.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", "/CN=tests", "-days", "2", "-keyout", "root.key", "-out", "root.pem")  # fmt: skip

    def issued(self, name: str, *, days: str = "2") -> ssl.SSLContext:
        """A server's side with a certificate for ``name`` by the root; ``days`` may lie in the past."""
        stem = f"{name}{days}"
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
                      "-keyout", f"{stem}.key", "-out", f"{stem}.csr")  # fmt: skip
        self._openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", "root.pem", "-CAkey", "root.key",
                      "-copy_extensions", "copy", "-days", days, "-out", f"{stem}.pem")  # fmt: skip
        return self._context(stem)

    def self_signed(self, name: str) -> ssl.SSLContext:
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
                      "-days", "2", "-keyout", "self.key", "-out", "self.pem")  # fmt: skip
        return self._context("self")

    def old_protocol(self, name: str) -> ssl.SSLContext:
        """A server that speaks TLS 1.0 and nothing newer."""
        context = self.issued(name)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1
        return context

    def _context(self, stem: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / f"{stem}.pem", self._folder / f"{stem}.key")
        return context

    def _openssl(self, *words: str) -> None:
        done = subprocess.run(
            ["openssl", *words], cwd=self._folder, capture_output=True, text=True, check=False, timeout=20
        )
        assert done.returncode == 0, done.stderr


class HostileWeb(StubWeb):
    """A server that misbehaves, and forgives its clients whatever they do."""

    def __init__(self, handler: Handler, address: str = "127.0.0.1") -> None:
        def handle(connection: socket.socket, end: threading.Event) -> None:
            connection.settimeout(20)
            with contextlib.suppress(OSError, StopIteration, ValueError):
                handler(connection, end)

        super().__init__(handle, address)
