"""Round trips a minute: the draft's arithmetic, and probes against servers good and bad."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from namespaces import connect, namespaces, needs_namespaces
from stub_web import Handler, StubWeb, dripping, holding, resetting, saying, stub_web

from diagnostics.clock import SystemClock
from diagnostics.model import SECOND
from diagnostics.throughput import responsiveness
from diagnostics.throughput.model import Place, Way
from diagnostics.throughput.responsiveness import ResponsivenessWatch, rpm, trimmed_mean
from diagnostics.throughput.round_trips import RoundTrips

CLOCK = SystemClock()
TRAFFIC = Path(__file__).parents[1] / "lab" / "traffic.py"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n8"

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl, which makes the certificate, is not installed"
)


def now() -> int:
    return CLOCK.mono_ns()


@contextlib.contextmanager
def watching(place: Place) -> Iterator[ResponsivenessWatch]:
    watch = ResponsivenessWatch(place, Way(), CLOCK)
    watch.start()
    try:
        yield watch
    finally:
        watch.close()
        assert not [thread for thread in threading.enumerate() if thread.name in ("speed-rpm", "speed-probe")]


def after(delay_s: float, answer: bytes = OK) -> Handler:
    """Answers after a while; counts nothing."""

    def handle(connection: socket.socket, end: threading.Event) -> None:
        connection.recv(4096)
        end.wait(delay_s)
        connection.sendall(answer)

    return handle


class Counting:
    """A handler that counts what comes to another, and keeps the first request."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.connections = 0

    def __call__(self, connection: socket.socket, end: threading.Event) -> None:
        self.connections += 1
        self._handler(connection, end)


def measured(handler: Handler, seconds: float = 1.7, path: str = "/empty") -> tuple[int | None, float]:
    """What a watch says of a server after so long, and how long it took to say it, in seconds."""
    with stub_web(handler) as server, watching(Place("127.0.0.1", server.port, path=path)) as watch:
        start = now()
        time.sleep(seconds)
        end = now()
        figure = watch.between(start, end)
        return figure, (now() - end) / SECOND


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten probes a second."""
    monkeypatch.setattr(responsiveness, "PERIOD_NS", SECOND // 10)


# --- arithmetic ------------------------------------------------------------------------------------------------------


def test_figures_by_hand() -> None:
    assert rpm([10], [20], [30]) == 3000  # 60000 / ((10 + 20 + 30) / 3)
    assert rpm([10], [], [30]) == 3000  # without TLS: 60000 / ((10 + 30) / 2)
    assert rpm([20, 40], [30], [60, 90, 90]) == 1286  # 60000 / ((30 + 30 + 80) / 3)
    assert rpm([200], [200], [200]) == 300


def test_the_largest_of_twenty_is_trimmed_and_of_fewer_none() -> None:
    assert trimmed_mean([1000.0, *[10.0] * 19]) == 10
    assert trimmed_mean([1000.0, *[10.0] * 18]) == pytest.approx((1000 + 180) / 19)
    assert rpm([10.0] * 20, [], [*[10.0] * 19, 9000.0]) == 6000


@pytest.mark.parametrize("parts", [([], [], []), ([1.0], [1.0], []), ([], [1.0], [1.0]), ([0.0], [], [0.0])])
def test_without_all_parts_there_is_no_figure(parts: tuple[list[float], ...]) -> None:
    assert rpm(*parts) is None


times = st.lists(st.floats(0.01, 10_000), min_size=1, max_size=60)


@given(times, st.one_of(st.just([]), times), times, st.randoms())
def test_the_figure_lies_between_that_of_the_fastest_and_the_slowest_in_any_order(
    tcp: list[float], tls: list[float], http: list[float], chance: Any
) -> None:
    figure = rpm(tcp, tls, http)
    assert figure is not None
    every = [*tcp, *tls, *http]
    assert 60_000 / max(every) - 1 <= figure <= 60_000 / min(every) + 1
    for part in (tcp, tls, http):
        chance.shuffle(part)
    assert rpm(tcp, tls, http) == figure


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=100))
def test_trimming_never_raises_the_mean(values: list[float]) -> None:
    assert min(values) <= trimmed_mean(values) <= sum(values) / len(values) * (1 + 1e-9) + 1e-9


# --- servers ---------------------------------------------------------------------------------------------------------


def test_a_server_that_takes_50_ms() -> None:
    server = Counting(after(0.05))
    figure, took_s = measured(server)
    assert figure is not None
    assert 1700 < figure < 2400  # 60000 / ((0 + 50) / 2), less what this machine adds
    assert took_s < 0.5
    assert 4 <= server.connections <= 6


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n8\r\n0\r\n\r\n",
    ],
)
def test_other_ways_of_saying_little(answer: bytes, often: None) -> None:
    figure, _ = measured(saying(answer), 0.6)
    assert figure is not None


def test_the_request_names_the_page_and_the_host() -> None:
    seen: list[bytes] = []

    def handle(connection: socket.socket, _end: threading.Event) -> None:
        seen.append(connection.recv(4096))
        connection.sendall(OK)

    with stub_web(handle) as server, watching(Place("127.0.0.1", server.port, path="/empty.php?r=1")):
        time.sleep(0.2)
        port = server.port
    lines = seen[0].split(b"\r\n")
    assert lines[0] == b"GET /empty.php?r=1 HTTP/1.1"
    assert f"Host: 127.0.0.1:{port}".encode() in lines


@pytest.mark.parametrize("path", ["", "no-slash", "/a b", "/x\r\nEvil: 1", "/é"])
def test_without_a_page_that_can_be_asked_for_nothing_is_sent(path: str) -> None:
    server = Counting(saying(OK))
    figure, took_s = measured(server, 0.6, path)
    assert (figure, server.connections) == (None, 0)
    assert took_s < 0.1


def test_two_probes_make_no_figure() -> None:
    figure, _ = measured(saying(OK), 0.6)
    assert figure is None


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-not_what_was_asked_for\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + bytes(200_000),
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(200_000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    ],
)
def test_a_server_that_does_not_give_the_page_is_left_alone_after_three(answer: bytes, often: None) -> None:
    server = Counting(saying(answer))
    figure, _ = measured(server, 0.8)
    assert (figure, server.connections) == (None, 3)


@pytest.mark.parametrize(
    "handler", [resetting, saying(b""), saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1")]
)
def test_a_connection_that_breaks_off_makes_no_figure(handler: Handler, often: None) -> None:
    figure, took_s = measured(handler, 0.6)
    assert figure is None
    assert took_s < 0.5


def test_a_server_that_is_gone_makes_no_figure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    start = now()
    with watching(Place("127.0.0.1", port, path="/")) as watch:
        time.sleep(1)
        assert watch.between(start, now()) is None


@pytest.mark.parametrize("handler", [holding(b""), dripping(b"HTTP/1.")], ids=["silent", "dripping"])
def test_a_server_that_hangs_counts_with_what_it_took_until_then(handler: Handler) -> None:
    started = time.monotonic()
    figure, took_s = measured(handler, 1.7)
    assert 1.8 < took_s < 2.4
    assert figure is not None
    # The pages hung for two to four seconds; the handshakes took none.
    assert 25 < figure < 65
    assert time.monotonic() - started < 6


def test_an_endless_page_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responsiveness, "PROBE_S", 0.3)

    def handle(connection: socket.socket, end: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            while not end.wait(0.02):
                connection.sendall(b"x")

    figure, took_s = measured(handle, 1.5)
    assert figure is None
    assert took_s < 0.5


def test_close_breaks_off_what_is_under_way() -> None:
    with stub_web(holding(b"")) as server:
        watch = ResponsivenessWatch(Place("127.0.0.1", server.port, path="/"), Way(), CLOCK)
        start = now()
        watch.start()
        time.sleep(1)
        before = now()
        watch.close()
        assert watch.between(start, now()) is None
        assert now() - before < SECOND // 2
        assert not [thread for thread in threading.enumerate() if thread.name == "speed-probe"]


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of its own for ``localhost``, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key, itself = folder / "key.pem", folder / "certificate.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    words += f" -addext subjectAltName=DNS:localhost -keyout {key} -out {itself}"
    subprocess.run(words.split(), check=True, capture_output=True, timeout=60)
    return key, itself


def under_tls(certificate: tuple[Path, Path], version: ssl.TLSVersion, wait_s: float) -> Handler:
    """Answers under TLS; each flight of the server's comes ``wait_s`` late, as on a longer way."""
    key, itself = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(itself, key)
    context.num_tickets = 0  # they would be a flight more
    context.minimum_version = context.maximum_version = version

    def handle(connection: socket.socket, end: threading.Event) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        channel = context.wrap_bio(incoming, outgoing, server_side=True)

        def exchange(step: Any) -> Any:
            while True:
                with contextlib.suppress(ssl.SSLWantReadError):
                    done = step()
                    flush()
                    return done
                flush()
                incoming.write(connection.recv(16384))

        def flush() -> None:
            if outgoing.pending:
                end.wait(wait_s)
                connection.sendall(outgoing.read())

        exchange(channel.do_handshake)
        exchange(lambda: channel.read(4096))
        channel.write(OK)
        flush()

    return handle


@needs_openssl
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_handshake_is_divided_by_its_round_trips(
    certificate: tuple[Path, Path], version: ssl.TLSVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    with stub_web(under_tls(certificate, version, 0.06)) as server:
        place = Place("localhost", server.port, tls=True, address="127.0.0.1", path="/")
        with watching(place) as watch:
            start = now()
            time.sleep(1.6)
            figure = watch.between(start, now())
            parts = [probe.parts["tls"] for probe in watch._probes if "tls" in probe.parts]
            assert watch.bytes > 3 * 4000
    assert figure is not None
    assert len(parts) >= 3
    assert min(parts) > 58
    # Undivided it would be 120 under TLS 1.2; a busy machine is late with one or the other.
    assert statistics.median(parts) < 90
    # 60000 / ((0 + 60 + 60) / 3), less what this machine adds
    assert 800 < figure < 1550


@needs_openssl
@pytest.mark.parametrize(("host", "trusted"), [("localhost", False), ("other.example", True)])
def test_a_certificate_that_does_not_hold_makes_no_figure_and_three_tries(
    certificate: tuple[Path, Path], host: str, trusted: bool, often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    handler = Counting(under_tls(certificate, ssl.TLSVersion.TLSv1_3, 0))
    with (
        stub_web(handler) as server,
        watching(Place(host, server.port, tls=True, address="127.0.0.1", path="/")) as watch,
    ):
        start = now()
        time.sleep(0.8)
        assert watch.between(start, now()) is None
    assert handler.connections == 3


# --- both together ---------------------------------------------------------------------------------------------------


def test_round_trips_hold_delays_and_figure_and_cost() -> None:
    with stub_web(after(0.02)) as server:
        with RoundTrips(Place("127.0.0.1", server.port, path="/empty"), Way(), CLOCK) as trips:
            start = now()
            time.sleep(1.6)
            found = trips.between(start, now())
            cost = trips.bytes
        assert trips.between(start, now()).rpm is not None
    assert found.sent >= 7
    assert found.median_ms is not None
    assert found.rpm is not None
    assert 3000 < found.rpm < 6100
    assert 2000 < cost < 20_000


@needs_namespaces
@pytest.mark.skipif(shutil.which("tc") is None, reason="tc, which shapes the line, is not installed")
def test_a_full_line_answers_less_often() -> None:
    """20 Mbit/s with a queue of 80 ms, filled by four uploads: the page comes a queue later."""
    with namespaces(2) as (here, there):
        mine, _ = connect(here, "10.9.0.1/24", there, "10.9.0.2/24")
        here.run(*f"tc qdisc add dev {mine} root tbf rate 20mbit burst 16kb latency 80ms".split())
        with there.entered():
            web = StubWeb(after(0), "10.9.0.2")
        serve = ["ip", "netns", "exec", there.name, sys.executable, str(TRAFFIC), "serve", "10.9.0.2", "5000"]
        fill = ["ip", "netns", "exec", here.name, sys.executable, str(TRAFFIC), "up", "10.9.0.2", "5000"]
        with (
            contextlib.closing(web),
            here.entered(),
            RoundTrips(Place("10.9.0.2", web.port, path="/"), Way(), CLOCK) as trips,
        ):
            start = now()
            time.sleep(1.3)
            idle = trips.between(start, now())
            with ready(serve), ready(fill):
                time.sleep(1)
                start = now()
                time.sleep(2)
                loaded = trips.between(start, now())
    assert idle.rpm is not None
    assert loaded.rpm is not None
    assert loaded.median_ms is not None
    assert idle.rpm > 6000
    # A handshake and a request cross the queue once each, as a ping does; a lost one waits much longer.
    assert loaded.rpm < 60_000 / loaded.median_ms * 1.3


@contextlib.contextmanager
def ready(words: list[str]) -> Iterator[None]:
    """A program that says ``ready`` first, and is ended at the end."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        try:
            yield
        finally:
            process.kill()


def test_round_trips_to_nowhere() -> None:
    with RoundTrips(Place("127.0.0.1", 80, path="/"), Way(family=6), CLOCK) as trips:
        found = trips.between(0, now())
        assert (found.sent, found.rpm, trips.bytes) == (0, None, 0)
