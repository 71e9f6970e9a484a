"""One question over HTTP, to servers that answer, hang, drip, flood, cut off, send elsewhere, or are not there."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics.stamps import exchange
from diagnostics.stamps.exchange import Bounds, post
from diagnostics.stamps.model import Failed
from tests.servers.stamp_server import StampAuthority, StampServer, openssl

SHORT = Bounds(whole_s=1.0)


@pytest.fixture
def server() -> Iterator[StampServer]:
    with StampServer(lambda query: b"answer to " + query) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    yield
    until = time.monotonic() + 5
    while any(one.name == "time stamp" for one in threading.enumerate()):
        assert time.monotonic() < until, "a thread was left behind"
        time.sleep(0.02)


def test_the_question_and_its_answer(server: StampServer) -> None:
    assert post(server.url, b"question", Bounds()) == b"answer to question"
    assert server.queries == [b"question"]
    # Nothing goes along but what the protocol wants: no name of this program, no language.
    assert server.headers == [
        {
            "host": server.url.split("/")[2],
            "content-type": "application/timestamp-query",
            "accept": "application/timestamp-reply",
            "accept-encoding": "identity",
            "connection": "close",
            "content-length": "8",
        }
    ]


@pytest.mark.parametrize("way", ["hangs", "drips", "drips_head"])
def test_whoever_takes_too_long_is_left(server: StampServer, way: str) -> None:
    server.way = way
    began = time.monotonic()
    assert post(server.url, b"question", SHORT) == Failed("stamp_too_slow", "time over")
    assert time.monotonic() - began < 2.0


def test_a_flood_ends_at_the_limit(server: StampServer) -> None:
    server.way = "endless"
    tracemalloc.start()
    try:
        assert post(server.url, b"question", Bounds()) == Failed("stamp_too_large", "65536")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("way", "code"),
    [("killed", "stamp_cut_off"), ("short", "stamp_cut_off"), ("status", "stamp_http_status")],
)
def test_what_went_wrong_has_one_name(server: StampServer, way: str, code: str) -> None:
    server.way = way
    found = post(server.url, b"question", Bounds())
    assert isinstance(found, Failed)
    assert found.code == code


def test_nobody_is_followed_elsewhere(server: StampServer) -> None:
    server.way = "redirects"
    assert post(server.url, b"question", Bounds()) == Failed("stamp_http_status", "302")
    assert server.queries == [b"question"]


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    found = post(f"http://127.0.0.1:{port}/tsr", b"question", Bounds())
    assert isinstance(found, Failed)
    assert found.code == "stamp_unreachable"


def test_somebody_who_takes_the_connection_and_says_nothing_in_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        began = time.monotonic()
        found = post(url, b"question", SHORT)
        assert isinstance(found, Failed)
        assert found.code == "stamp_unreachable"
        assert time.monotonic() - began < 2.0


def test_a_look_up_that_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hang(*_: object, **__: object) -> socket.socket:
        over.wait(20)
        raise OSError("looked up too late")

    monkeypatch.setattr(exchange.socket, "create_connection", hang)
    began = time.monotonic()
    assert post("http://tsa.invalid/", b"question", SHORT) == Failed("stamp_unreachable", "time over")
    assert time.monotonic() - began < 2.0
    over.set()


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "..", "[::1"])
def test_names_that_no_look_up_takes(host: str) -> None:
    found = post(f"http://{host}/", b"question", Bounds())
    assert isinstance(found, Failed)
    assert found.code == "stamp_unreachable"


@pytest.fixture(scope="module")
def certificate(authority: StampAuthority) -> Path:
    extensions = "subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n"
    authority.issue("web", "root", extensions)
    both = authority.folder / "web-both.pem"
    both.write_bytes(b"".join((authority.folder / f"web.{end}").read_bytes() for end in ("pem", "key")))
    return both


def test_https_is_verified(
    authority: StampAuthority, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    with StampServer(lambda _query: b"secret", certificate=certificate) as server:
        found = post(server.url, b"question", Bounds())
        assert isinstance(found, Failed)
        assert found.code == "stamp_certificate"
        assert server.queries == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
        assert post(server.url, b"question", Bounds()) == b"secret"


def test_https_hangs_are_cut_too(
    authority: StampAuthority, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.root))
    with StampServer(lambda _query: b"", way="drips", certificate=certificate) as server:
        assert post(server.url, b"question", SHORT) == Failed("stamp_too_slow", "time over")


def test_openssl_is_there(authority: StampAuthority) -> None:
    """What the other files of this room stand on."""
    assert openssl("version", folder=authority.folder).startswith(b"OpenSSL")
