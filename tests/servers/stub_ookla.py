"""Ookla's side of speedtest-cli on loopback: its configuration, its list of servers, and a Speedtest Mini server.

Constructed from: speedtest-cli 2.1.3's source (what it asks for, and which fields it reads).

The package asks www.speedtest.net over TLS by a fixed name: it is led here as by a proxy (``https_proxy``; CONNECT is
answered by this server itself, with a certificate that ``SSL_CERT_FILE`` trusts).
"""

from __future__ import annotations

import contextlib
import http.server
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = "www.speedtest.net"
CONFIG = (
    '<settings><client ip="192.0.2.7" lat="48.8" lon="2.3" isp="Example"/>'
    '<server-config threadcount="4" ignoreids="" />'
    '<download testlength="{seconds}" threadsperurl="4"/>'
    '<upload testlength="{seconds}" ratio="5" maxchunkcount="50" threads="2"/></settings>'
)
LISTED = (
    '<settings><servers><server url="http://127.0.0.1:{port}/speedtest/upload.php" lat="48.8" lon="2.3" '
    'name="Paris" country="France" cc="FR" sponsor="Example" id="{id}" host="127.0.0.1:{port}"/></servers></settings>'
)
MINI_PAGE = b'<html><script>var so = {upload_extension: "php"};</script></html>'
BLOCK = bytes(256 * 1024)


@dataclass
class Manners:
    """How the stand-in behaves. ``answers`` maps the start of a path to a status and a body in place of the usual.

    ``hang``: a path that is never answered; ``moved`` and ``mini_moved``: where Ookla's configuration and the mini
    server's page are said to be now; ``pause_s``: between two pieces of an image.
    """

    seconds: int = 1
    image_bytes: int = 400_000
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    hang: str = ""
    moved: str = ""
    mini_moved: str = ""
    pause_s: float = 0.0


def certificate(folder: Path, name: str = NAME) -> tuple[Path, Path]:
    """Key and certificate of a name, made with openssl."""
    key, made = folder / "key.pem", folder / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    words += ["-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(made)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return key, made


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StubOokla

    def log_message(self, *_arguments: Any) -> None:
        pass

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        with contextlib.suppress(OSError):
            self.rfile.close()
            self.connection.close()  # the channel of TLS, where there is one

    def do_CONNECT(self) -> None:
        self.server.asked.append(f"CONNECT {self.path}")
        self.send_response(200)
        self.end_headers()
        channel = self.server.context.wrap_socket(self.connection, server_side=True)
        self.connection = self.request = channel
        self.rfile.close()
        self.rfile = channel.makefile("rb")
        self.wfile = channel.makefile("wb", buffering=0)  # type: ignore[assignment]
        self.close_connection = False

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(f"GET {path}")
        manners = self.server.manners
        if manners.hang and path.startswith(manners.hang):
            self.server.end.wait(60)
            self.close_connection = True
            return
        for start, (status, body) in manners.answers.items():
            if path.startswith(start):
                self._say(body, status)
                return
        match path:
            case "/speedtest-config.php" if manners.moved:
                self._move(manners.moved)
            case "/speedtest-config.php":
                self._say(CONFIG.format(seconds=manners.seconds).encode())
            case "/speedtest-servers-static.php":
                self._say(LISTED.format(port=self.server.server_port, id=1234).encode())
            case "/mini/speedtest/latency.txt" | "/speedtest/latency.txt":
                self._say(b"test=test\n")
            case "/mini" | "/mini/" if manners.mini_moved:
                self._move(manners.mini_moved)
            case "/mini" | "/mini/":
                self._say(MINI_PAGE)
            case _ if "/random" in path:
                self._image(manners)
            case _:
                self._say(b"no such page", 404)

    def do_POST(self) -> None:
        self.server.asked.append(f"POST {self.path.partition('?')[0]}")
        left = int(self.headers.get("content-length", 0))
        while left and (piece := self.rfile.read(min(left, len(BLOCK)))):
            left -= len(piece)
            self.server.taken += len(piece)
        self._say(b"size=1")

    def _image(self, manners: Manners) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(manners.image_bytes))
        self.end_headers()
        left = manners.image_bytes
        while left:
            self.wfile.write(BLOCK[:left])
            self.server.given += min(left, len(BLOCK))
            left -= min(left, len(BLOCK))
            if manners.pause_s:
                time.sleep(manners.pause_s)

    def _say(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _move(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()


class StubOokla(http.server.ThreadingHTTPServer):
    """``asked`` lists the requests, ``given`` and ``taken`` count the payload of downloads and uploads."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, manners: Manners) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context, self.manners = context, manners
        self.asked: list[str] = []
        self.given = self.taken = 0
        self.end = threading.Event()

    @property
    def mini(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/mini/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news here."""

    def environment(self, trusted: Path | None) -> dict[str, str]:
        """An environment in which speedtest-cli finds this server under Ookla's name."""
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        kept["https_proxy"] = f"http://127.0.0.1:{self.server_port}"
        return kept | ({"SSL_CERT_FILE": str(trusted)} if trusted else {})


@contextlib.contextmanager
def stub_ookla(key: Path, certificate: Path, manners: Manners | None = None) -> Iterator[StubOokla]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with StubOokla(context, manners or Manners()) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.end.set()
            server.shutdown()
            thread.join(5)
            with contextlib.suppress(OSError):
                server.socket.shutdown(socket.SHUT_RDWR)
