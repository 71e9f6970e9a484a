"""The local socket: other commands ask the running recorder, or hand it what only the writer may write.

One JSON object a line each way. On POSIX a Unix socket in the home folder, readable by its owner only; elsewhere a
loopback TCP port whose number and secret stand in a file of the home folder.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import selectors
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from diagnostics.model import MachineCannot

Message = Mapping[str, Any]
Handler = Callable[[Message], Message]
LIMIT_BYTES = 65536
MAX_CLIENTS = 16


class NotRunning(Exception):
    """Nobody listens on the socket."""


def socket_path(home: Path) -> Path:
    return home / "recorder.sock"


class Server:
    """Listens without blocking; ``register`` hooks it into the recorder's selector."""

    def __init__(self, home: Path, handler: Handler) -> None:
        self._path = socket_path(home)
        self._handler = handler
        self._buffers: dict[socket.socket, bytearray] = {}
        self._secret = ""
        try:
            self._path.unlink(missing_ok=True)
            self._listener = self._listen()
        except OSError as error:
            raise MachineCannot(
                "control_socket", path=str(self._path), why=error.strerror or str(error)
            ) from error
        self._listener.setblocking(False)

    def _listen(self) -> socket.socket:
        if hasattr(socket, "AF_UNIX"):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            with _reachable(self._path) as name:
                before = os.umask(0o177)
                try:
                    listener.bind(name)
                finally:
                    os.umask(before)
        else:
            listener = socket.create_server(("127.0.0.1", 0))
            self._secret = secrets.token_hex(16)
            self._path.write_text(f"{listener.getsockname()[1]} {self._secret}\n", "ascii")
        listener.listen(64)
        return listener

    def register(self, selector: selectors.BaseSelector) -> None:
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self, selector: selectors.BaseSelector, _source: socket.socket) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        if len(self._buffers) >= MAX_CLIENTS:
            # The oldest has had its time: idle clients must not keep others out.
            self._forget(selector, next(iter(self._buffers)))
        client.setblocking(False)
        self._buffers[client] = bytearray()
        selector.register(client, selectors.EVENT_READ, self._read)

    def _read(self, selector: selectors.BaseSelector, client: socket.socket) -> None:
        buffer = self._buffers.get(client)
        if buffer is None:
            return  # shut out for a newer one after the selector had named it
        try:
            piece = client.recv(8192)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        buffer += piece
        while (end := buffer.find(b"\n")) >= 0:
            line = bytes(buffer[:end])
            del buffer[: end + 1]
            with contextlib.suppress(OSError):
                client.sendall(json.dumps(self._answer(line)).encode() + b"\n")
        if not piece or len(buffer) > LIMIT_BYTES:
            self._forget(selector, client)

    def _forget(self, selector: selectors.BaseSelector, client: socket.socket) -> None:
        selector.unregister(client)
        del self._buffers[client]
        client.close()

    def _answer(self, line: bytes) -> Message:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return {"ok": False, "error": "not JSON"}
        if not isinstance(message, dict):
            return {"ok": False, "error": "not an object"}
        if self._secret and not hmac.compare_digest(str(message.pop("secret", "")), self._secret):
            return {"ok": False, "error": "wrong secret"}
        try:
            return self._handler(message)
        except Exception as error:
            # Whatever a stranger sends, the recorder goes on.
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}

    def close(self) -> None:
        for client in self._buffers:
            client.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)


def ask(home: Path, message: Message, timeout_s: float = 5.0) -> dict[str, Any]:
    """Send one message to the running recorder and return its answer. Raises NotRunning."""
    path = socket_path(home)
    try:
        with _connect(path, timeout_s) as (client, secret):
            client.sendall(json.dumps({**message, **secret}).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                piece = client.recv(65536)
                if not piece:
                    raise NotRunning("closed without an answer")
                answer += piece
    except (OSError, ValueError) as error:
        raise NotRunning(str(error)) from error
    result = json.loads(answer)
    if not isinstance(result, dict):
        raise NotRunning("not an answer")
    return result


@contextlib.contextmanager
def _connect(path: Path, timeout_s: float) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    if hasattr(socket, "AF_UNIX"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(timeout_s)
            with _reachable(path) as name:
                client.connect(name)
            yield client, {}
    else:
        port, secret = path.read_text("ascii").split()
        with socket.create_connection(("127.0.0.1", int(port)), timeout_s) as client:
            yield client, {"secret": secret}


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """A name of the socket that fits the 108 bytes which the system allows: where it is too long, by way of /proc."""
    if len(os.fsencode(path)) <= 100 or not Path("/proc/self/fd").exists():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
