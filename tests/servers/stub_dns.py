"""A DNS server on a real UDP socket, whose answers a function gives."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

Answers = Callable[[bytes], list[bytes]]

A_RECORD = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1"


def reply(
    query: bytes,
    *,
    rcode: int = 0,
    records: bytes = b"",
    count: int = 0,
    flags: int = 0x8180,
    identifier: bytes | None = None,
    question: bytes | None = None,
) -> bytes:
    """A response to a query with one question and no additional records."""
    asked = query[12:] if question is None else question
    head = struct.pack("!HHHHH", flags | rcode, 1, count, 0, 0)
    return (query[:2] if identifier is None else identifier) + head + asked + records


def with_address(query: bytes) -> list[bytes]:
    return [reply(query, records=A_RECORD, count=1)]


class StubDns:
    """``queries`` lists what was asked."""

    def __init__(self, answers: Answers, address: str = "127.0.0.1", port: int = 0) -> None:
        self.answers = answers
        self.queries: list[bytes] = []
        self._socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(2048)
            if query == b"stop":
                return
            self.queries.append(query)
            for answer in self.answers(query):
                self._socket.sendto(answer, client)

    def close(self) -> None:
        self._socket.sendto(b"stop", self._socket.getsockname())
        self._thread.join(5)
        assert not self._thread.is_alive()
        self._socket.close()


@contextlib.contextmanager
def stub_dns(answers: Answers, address: str = "127.0.0.1", port: int = 0) -> Iterator[StubDns]:
    server = StubDns(answers, address, port)
    try:
        yield server
    finally:
        server.close()
