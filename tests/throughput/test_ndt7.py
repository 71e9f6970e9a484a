"""ndt7 against a server on loopback that follows the specification, and against some that do not."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
from stub_ndt7 import (
    Play,
    StubNdt7,
    closing_at_once,
    cutting,
    garbage_text,
    huge_text,
    sending_back,
    stalling,
    talking,
)
from stub_web import dripping, holding, saying, stub_web

from diagnostics.model import SECOND, Remark
from diagnostics.throughput.model import (
    Counted,
    Direction,
    Ended,
    Flow,
    FlowOrder,
    Server,
    SpeedFailed,
    Tick,
    Way,
)
from diagnostics.throughput.providers import ndt7_mover
from diagnostics.throughput.providers.ndt7 import Ndt7Provider
from diagnostics.throughput.providers.ndt7_mover import Ndt7Mover

DOWN, UP = Direction.DOWN, Direction.UP


def measure(
    stub: StubNdt7, direction: Direction, most_s: float = 1.2, provider: Ndt7Provider | None = None
) -> tuple[Flow, list[Tick], float]:
    ticks: list[Tick] = []
    began = time.monotonic()
    order = FlowOrder(direction, Way(), most_ns=round(most_s * SECOND))
    flow = (provider or Ndt7Provider()).flow(Server(stub.base), order, ticks.append, threading.Event())
    return flow, ticks, time.monotonic() - began


# A server that follows the specification


def test_a_download_counts_what_came() -> None:
    with StubNdt7().running() as stub:
        flow, ticks, _ = measure(stub, DOWN, 2.5)
        assert stub.over.wait(5)
    assert flow.counted is Counted.RECEIVED
    assert flow.ended in (Ended.TIME, Ended.STEADY)
    assert flow.failure is None
    assert flow.bps is not None
    assert flow.streams == 1
    assert 0 < flow.bytes <= stub.sent
    assert sum(flow.curve) == flow.bytes
    assert stub.pongs >= 1  # answered while data came
    assert ticks
    assert ticks[-1].bytes <= flow.bytes


def test_a_server_is_told_goodbye() -> None:
    with StubNdt7(stalling).running() as stub:
        mover = Ndt7Mover(f"{stub.base}/ndt/v7/download", DOWN, Way())
        mover.open()
        while not mover.total():
            assert not stub.wait(0.02)
        mover.close()
        assert stub.over.wait(5)
    assert mover.failure is None
    assert stub.closed_with == 1000


def test_an_upload_counts_what_the_far_end_acknowledged() -> None:
    with StubNdt7().running() as stub:
        flow, _, _ = measure(stub, UP, 2.5)
        assert stub.over.wait(5)
    assert flow.counted is Counted.ACKNOWLEDGED
    assert flow.failure is None
    assert flow.resent is not None
    # What the server's program read, and what its system had acknowledged and not handed on yet.
    assert flow.bytes == pytest.approx(stub.received, abs=8_000_000)
    assert flow.bps is not None


def test_it_says_who_measures_and_no_more() -> None:
    with StubNdt7().running() as stub:
        measure(stub, DOWN, 0.3)
    assert stub.asked == [
        ("/ndt/v7/download?client_name=jalerte&client_version=0.1.0", "jalerte/0.1.0 (ndt7)")
    ]


def test_a_server_that_ends_first_is_in_its_right() -> None:
    with StubNdt7(lasts_s=3.0).running() as stub:
        flow, _, took_s = measure(stub, DOWN, 9.0)
    assert flow.failure is None
    assert flow.ended in (Ended.TIME, Ended.STEADY)
    assert flow.bps is not None
    assert took_s < 5


def test_a_server_that_ends_before_the_rate_is_known_leaves_none() -> None:
    with StubNdt7(lasts_s=0.5).running() as stub:
        flow, _, took_s = measure(stub, DOWN, 9.0)
    assert flow.ended is Ended.FAILED
    assert flow.failure == Remark.of("speed_ndt7_ended", host="127.0.0.1")
    assert took_s < 3


def test_a_stopped_measurement_keeps_what_it_had() -> None:
    stop = threading.Event()
    with StubNdt7().running() as stub:
        flow = Ndt7Provider().flow(Server(stub.base), FlowOrder(DOWN, Way()), lambda _: stop.set(), stop)
    assert flow.ended is Ended.CANCELLED
    assert flow.bytes > 0


def test_the_data_limit_ends_it() -> None:
    with StubNdt7().running() as stub:
        order = FlowOrder(DOWN, Way(), most_bytes=5_000_000)
        flow = Ndt7Provider().flow(Server(stub.base), order, lambda _: None, threading.Event())
    assert flow.ended is Ended.CAP
    assert flow.bytes >= 5_000_000


# How an upload is counted where the system does not tell


@pytest.fixture
def ignorant_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndt7_mover, "read_tcp_info", lambda *_: None)


def upload(stub: StubNdt7, seconds: float) -> tuple[Ndt7Mover, int]:
    mover = Ndt7Mover(f"{stub.base}/ndt/v7/upload", UP, Way())
    mover.open()
    end, last = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        now = mover.total()
        assert now >= last
        last = now
        stub.wait(0.05)
    mover.close()
    return mover, mover.total()


@pytest.mark.usefixtures("ignorant_system")
def test_the_servers_count_is_taken() -> None:
    with StubNdt7().running() as stub:
        mover, total = upload(stub, 2.5)
        assert stub.over.wait(5)
    assert mover.failure is None
    assert mover.counted is Counted.SERVER
    # Its last word is up to half a second old; the rate until then goes on for so long.
    assert total == pytest.approx(stub.received, rel=0.35)


@pytest.mark.usefixtures("ignorant_system")
def test_without_a_word_from_the_server_what_was_sent_counts_and_that_is_said() -> None:
    with StubNdt7(speaks=False).running() as stub:
        mover, total = upload(stub, 2.5)
    assert mover.counted is Counted.SENT
    assert total > 0


@pytest.mark.usefixtures("ignorant_system")
@pytest.mark.parametrize(
    "claim", [lambda true: true * 1000, lambda true: -true, lambda true: "many", lambda true: 1e9]
)
def test_a_server_that_lies_is_not_believed(claim: object) -> None:
    with StubNdt7(talking(claim)).running() as stub:  # type: ignore[arg-type]
        mover, total = upload(stub, 2.0)
        assert stub.over.wait(5)
    assert mover.counted is Counted.SENT
    assert total == pytest.approx(stub.received, rel=0.2, abs=20_000_000)


# Servers that do not follow it


@pytest.mark.parametrize(
    ("play", "direction", "code"),
    [
        (closing_at_once, DOWN, "speed_closed"),
        (closing_at_once, UP, "speed_closed"),
        (stalling, DOWN, "speed_stalled"),
        (stalling, UP, "speed_ndt7_garbled"),
        (cutting, DOWN, "speed_closed"),
        (sending_back, UP, "speed_ndt7_garbled"),
        (huge_text, DOWN, "speed_stalled"),
    ],
)
def test_a_misbehaving_server_is_a_clear_failure(play: Play, direction: Direction, code: str) -> None:
    with StubNdt7(play).running() as stub:
        flow, _, took_s = measure(stub, direction, 9.0)
    assert flow.ended is Ended.FAILED
    assert flow.failure == Remark.of(code, host="127.0.0.1")
    assert took_s < 15


def test_garbage_between_the_data_does_no_harm() -> None:
    with StubNdt7(garbage_text, lasts_s=3.0).running() as stub:
        flow, _, _ = measure(stub, DOWN, 2.0)
    assert flow.failure is None
    assert flow.bytes > 1_000_000


@pytest.mark.parametrize("subprotocol", [None, "chat"])
def test_another_subprotocol_is_another_protocol(subprotocol: str | None) -> None:
    with StubNdt7(subprotocol=subprotocol).running() as stub:
        flow, _, _ = measure(stub, DOWN)
    assert flow.failure == Remark.of("speed_ndt7_other", host="127.0.0.1")


@pytest.mark.parametrize(
    ("status", "remark"),
    [
        (429, Remark.of("speed_too_many", host="127.0.0.1", wait="?")),
        (503, Remark.of("speed_refused", host="127.0.0.1", status=503)),
        (403, Remark.of("speed_refused", host="127.0.0.1", status=403)),
        (200, Remark.of("speed_ndt7_other", host="127.0.0.1")),
    ],
)
def test_a_server_that_declines(status: int, remark: Remark) -> None:
    with StubNdt7(status=status).running() as stub:
        flow, _, _ = measure(stub, DOWN)
    assert flow.ended is Ended.FAILED
    assert flow.failure == remark


REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), "speed_not_http"),
        (saying(b""), "speed_closed"),
        (saying(REDIRECT), "speed_redirected"),
        (saying(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), "speed_ndt7_other"),
        (
            dripping(b"HTTP/1.1 101 Switching Protocols\r\n" + b"X-More: " + b"y" * 4000 + b"\r\n"),
            "speed_not_http",
        ),
        (holding(b"HTTP/1.1 101 Switching Protocols\r\n"), "speed_stalled"),
        (dripping(b"H", 0.2), "speed_not_http"),
    ],
)
def test_what_is_no_ndt7_server_at_all(handler: object, code: str) -> None:
    with stub_web(handler) as web:  # type: ignore[arg-type]
        began = time.monotonic()
        mover = Ndt7Mover(f"ws://127.0.0.1:{web.port}/ndt/v7/download", DOWN, Way())
        with pytest.raises(SpeedFailed) as failed:
            mover.open()
    assert failed.value.remark.code == code
    assert time.monotonic() - began < 9


def test_nobody_at_home() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    flow = Ndt7Provider().flow(
        Server(f"ws://127.0.0.1:{port}"), FlowOrder(DOWN, Way()), lambda _: None, threading.Event()
    )
    assert flow.failure is not None
    assert flow.failure.code == "speed_unreachable"


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=ndt7"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"]
    subprocess.run(words + names, cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context, folder / "certificate.pem"


@pytest.mark.parametrize("direction", list(Direction))
def test_under_tls_payload_is_counted_and_not_what_lies_around_it(
    certificate: tuple[ssl.SSLContext, Path], direction: Direction, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, file = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with StubNdt7(tls=context).running() as stub:
        flow, _, _ = measure(stub, direction, 2.0)
        assert stub.over.wait(5)
    assert flow.failure is None
    assert flow.bps is not None
    if direction is UP:
        assert flow.counted is Counted.ACKNOWLEDGED
        assert flow.bytes == pytest.approx(stub.received, abs=8_000_000)


def test_a_certificate_that_nobody_vouches_for(certificate: tuple[ssl.SSLContext, Path]) -> None:
    with StubNdt7(tls=certificate[0]).running() as stub:
        flow, _, _ = measure(stub, DOWN)
    assert flow.failure is not None
    assert flow.failure.code == "speed_certificate"
    assert stub.asked == []
