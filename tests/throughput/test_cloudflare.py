"""Cloudflare's two addresses on loopback: what is asked of them, and what a refusal is told as."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from diagnostics.model import SECOND, BadInput, Remark
from diagnostics.throughput.model import Counted, Direction, Ended, Flow, FlowOrder, Server, Way
from diagnostics.throughput.providers.cloudflare import CloudflareProvider


class Edge(http.server.ThreadingHTTPServer):
    """``__down`` and ``__up``; constructed from: cloudflare/speedtest, README.md. ``status`` refuses everything."""

    daemon_threads = True

    def __init__(self, status: int = 0, retry_after: str = "", slow_s: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.status, self.retry_after, self.slow_s = status, retry_after, slow_s
        self.asked: list[str] = []
        self.received = 0
        self.end = threading.Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Edge

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the other side had enough
            super().handle()

    def do_GET(self) -> None:
        length = int(parse_qs(urlsplit(self.path).query).get("bytes", ["0"])[0])
        if self._refused("GET", length):
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        while length and not self.server.end.wait(self.server.slow_s):
            piece = bytes(min(length, 1000 if self.server.slow_s else 1 << 20))
            self.wfile.write(piece)
            length -= len(piece)

    def do_POST(self) -> None:
        if self._refused("POST", 0):
            return
        left = int(self.headers["Content-Length"])
        while left:
            got = len(self.rfile.read1(min(left, 1 << 20)))
            if not got:
                return
            left -= got
            self.server.received += got
        self._say(200)

    def _refused(self, method: str, length: int) -> bool:
        self.server.asked.append(f"{method} {self.path}")
        # Seen of the real one: 1e8 bytes and more are refused (beck-8/subs-check#255).
        status = self.server.status or (403 if length >= 100_000_000 else 0)
        if status:
            self._say(status)
            self.close_connection = True
        return bool(status)

    def _say(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if self.server.retry_after:
            self.send_header("Retry-After", self.server.retry_after)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def edges() -> Iterator[list[Edge]]:
    running: list[Edge] = []
    yield running
    for edge in running:
        edge.end.set()
        edge.shutdown()
        edge.server_close()


def started(edges: list[Edge], edge: Edge) -> Edge:
    threading.Thread(target=edge.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    edges.append(edge)
    return edge


def measure(edge: Edge, direction: Direction, most_s: float = 1.2) -> tuple[Flow, float]:
    provider = CloudflareProvider(edge.base)
    (server,) = provider.servers([], Way())
    began = time.monotonic()
    order = FlowOrder(direction, Way(), streams=2, most_ns=round(most_s * SECOND))
    flow = provider.flow(server, order, lambda _: None, threading.Event())
    return flow, time.monotonic() - began


def test_a_download_asks_for_pieces_that_are_given(edges: list[Edge]) -> None:
    edge = started(edges, Edge())
    flow, _ = measure(edge, Direction.DOWN)
    assert flow.failure is None
    assert flow.bps is not None
    assert set(edge.asked) == {"GET /__down?bytes=50000000"}


def test_an_upload_counts_what_was_acknowledged(edges: list[Edge]) -> None:
    edge = started(edges, Edge())
    flow, _ = measure(edge, Direction.UP)
    assert flow.failure is None
    assert flow.counted is Counted.ACKNOWLEDGED
    assert flow.bytes > 1_000_000
    assert set(edge.asked) == {"POST /__up"}


@pytest.mark.parametrize("direction", list(Direction))
def test_too_many_is_told_with_the_wait(edges: list[Edge], direction: Direction) -> None:
    flow, took_s = measure(started(edges, Edge(429, "900")), direction)
    assert flow.ended is Ended.FAILED
    assert flow.failure == Remark.of("speed_too_many", host="127.0.0.1", wait="900")
    assert took_s < 15


@pytest.mark.parametrize("direction", list(Direction))
def test_a_refusal_is_told_with_its_number(edges: list[Edge], direction: Direction) -> None:
    flow, took_s = measure(started(edges, Edge(403)), direction)
    assert flow.ended is Ended.FAILED
    assert flow.failure == Remark.of("speed_refused", host="127.0.0.1", status=403)
    assert took_s < 15


def test_a_slow_one_is_measured_as_slow(edges: list[Edge]) -> None:
    flow, took_s = measure(started(edges, Edge(slow_s=0.02)), Direction.DOWN, 3.0)
    assert flow.failure is None
    assert flow.bps is not None
    assert flow.bps < 2_000_000
    assert took_s < 15


def test_there_is_one_address_and_no_other() -> None:
    provider = CloudflareProvider()
    assert provider.servers([], Way()) == [Server("https://speed.cloudflare.com/", "Cloudflare")]
    assert provider.servers(["https://speed.cloudflare.com"], Way())
    place = provider.place(Server("https://speed.cloudflare.com/"))
    assert (place.host, place.port, place.tls) == ("speed.cloudflare.com", 443, True)
    with pytest.raises(BadInput) as bad:
        provider.servers(["https://example.org/"], Way())
    assert bad.value.remark.code == "speed_cloudflare_server"
