"""Web servers on loopback that answer as a box would: by method, path and action."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from stub_web import StubWeb, stub_web

OK = 200


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """What answers are kept under: the action's name for UPnP, else the path."""
        action = self.headers.get("soapaction", "").strip('"').rpartition("#")[2]
        return action or self.path


Answers = Callable[[Asked], bytes | None]
"""The whole answer; None: the request is left hanging."""


def http(body: bytes, status: int = OK, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def soap(action: str, **values: object) -> bytes:
    """A UPnP answer. Constructed from: UPnP Device Architecture 1.0, section 3.2.2."""
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return http(
        b'<?xml version="1.0"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        + f'<u:{action}Response xmlns:u="urn:x">{inner}</u:{action}Response></s:Body></s:Envelope>'.encode()
    )


def refusal(code: int = 401) -> bytes:
    """A UPnP error. Constructed from: UPnP Device Architecture 1.0, section 3.2.2."""
    return http(
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><detail>'
        b'<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>%d</errorCode></UPnPError>'
        b"</detail></s:Fault></s:Body></s:Envelope>" % code,
        500,
    )


@dataclass
class StubBox:
    """``asked`` lists the requests in their order."""

    asked: list[Asked]
    web: StubWeb

    @property
    def port(self) -> int:
        return self.web.port

    def called(self) -> list[str]:
        return [request.key for request in self.asked]


@contextlib.contextmanager
def stub_box(
    answers: Answers | Mapping[str, bytes | None], address: str = "127.0.0.1", port: int = 0
) -> Iterator[StubBox]:
    """A box that answers by a function, or by a table of whole answers; what is not in it is not found."""
    asked: list[Asked] = []

    def answer(request: Asked) -> bytes | None:
        return answers.get(request.key, http(b"", 404)) if isinstance(answers, Mapping) else answers(request)

    def handle(connection: socket.socket, end: threading.Event) -> None:
        request = _read(connection)
        asked.append(request)
        said = answer(request)
        if said is None:
            end.wait(20)
        else:
            connection.sendall(said)

    with stub_web(handle, address, port) as web:
        yield StubBox(asked, web)


def _read(connection: socket.socket) -> Asked:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _piece(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += _piece(connection)
    match = re.fullmatch(r"(\S+) (\S+) HTTP/1\.1", first)
    assert match, first
    return Asked(match[1], match[2], headers, body)


def _piece(connection: socket.socket) -> bytes:
    piece = connection.recv(4096)
    if not piece:
        raise OSError("the other side left")
    return piece
