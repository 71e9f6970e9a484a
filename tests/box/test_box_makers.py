from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from box_fixtures import json_fixture
from hypothesis import given
from hypothesis import strategies as st
from stub_box import http, stub_box
from stub_web import stub_web

from diagnostics.box import bbox, freebox, livebox
from diagnostics.box.adapter import Box, BoxReading
from diagnostics.box.local_web import LocalWeb, Request
from diagnostics.box.reading import Closed, json_object
from diagnostics.clock import Reading, SystemClock

AT = Reading(1, 2, None)
Look = Callable[[LocalWeb, SystemClock, float], Box | Closed | None]
MAKERS: dict[str, Look] = {"bbox": bbox.look, "livebox": livebox.look, "freebox": freebox.look}
FREEBOX = {
    "/api_version": http(json_fixture("freebox-api-version.json")),
    "/api/v4/connection/": http(json_fixture("freebox-connection.json")),
}
BBOX = {
    "/api/v1/wan/ip": http(json_fixture("bbox-wan-ip.json")),
    "/api/v1/wan/ip/stats": http(json_fixture("bbox-wan-ip-stats.json")),
    "/api/v1/device": http(json_fixture("bbox-device.json")),
}
LIVEBOX = {"/ws": http(json_fixture("livebox-wan-status.json"))}


def answer(name: str) -> Mapping[str, Any]:
    found = json_object(json_fixture(name))
    assert found is not None
    return found


def look(maker: str, answers: Mapping[str, bytes | None]) -> BoxReading | Closed | None:
    """What the maker's adapter finds at a box with these answers."""
    with stub_box(answers) as box:
        web = LocalWeb("127.0.0.1", box.port)
        found = MAKERS[maker](web, SystemClock(), time.monotonic() + 1)
        if found is None or isinstance(found, Closed):
            return found
        assert found.name == maker
        return found.ask()


def test_bbox() -> None:
    reading = look("bbox", BBOX)
    assert isinstance(reading, BoxReading)
    account = reading.account
    assert (account.adapter, account.wan_up, account.boot_s) == ("bbox", True, 404347)
    assert (account.link_down_bps, account.link_up_bps) == (8_000_000_000, 1_000_000_000)
    assert (reading.down_bytes, reading.up_bytes, reading.wide) == (130580798930, 5471690248, True)
    assert (reading.external_address, account.network) == ("9.9.9.11", "9.9.9.0/24")


def test_bbox_is_called_by_its_name_at_the_gateways_address() -> None:
    with stub_box(BBOX) as box:
        bbox.Bbox(LocalWeb("127.0.0.1", box.port), SystemClock()).ask()
        assert {request.headers["host"] for request in box.asked} == {"mabbox.bytel.fr"}


def test_bbox_without_counters_still_tells_its_state() -> None:
    reading = look("bbox", {"/api/v1/wan/ip": BBOX["/api/v1/wan/ip"]})
    assert isinstance(reading, BoxReading)
    assert reading.account.wan_up is True
    assert (reading.down_bytes, reading.up_bytes, reading.account.boot_s) == (None, None, None)


@pytest.mark.parametrize(
    ("wan", "up"),
    [
        ({"internet": {"state": 2}, "ip": {"state": "Up"}, "link": {"state": "Up"}}, True),
        ({"internet": {"state": 1}, "ip": {"state": "Down"}, "link": {"state": "Up"}}, False),
        ({"internet": {"state": 0}, "ip": {"state": "Up"}, "link": {"state": "Down"}}, False),
        ({"internet": {"state": 0}, "ip": {"state": "Up"}, "link": {"state": "Up"}}, None),
        ({"internet": {"state": "?"}, "ip": {}, "link": []}, None),
        ({"ip": {"state": "Up"}}, True),
        ({}, None),
    ],
)
def test_bbox_states(wan: dict[str, object], up: bool | None) -> None:
    assert bbox.read_state({"wan": wan}) is up


def test_bbox_that_wants_a_password_is_closed() -> None:
    refused = {"/api/v1/wan/ip": http(json_fixture("bbox-refused.json"), 401)}
    assert look("bbox", refused) == Closed("bbox")
    assert look("bbox", {"/api/v1/wan/ip": http(b'{"error": "who are you?"}', 401)}) is None


@pytest.mark.parametrize(
    "place", ["http://203.0.113.9/", "https://evil.example/", "https://mabbox.bytel.fr.evil.example/"]
)
def test_bbox_redirects_elsewhere_are_not_followed(place: str) -> None:
    moved = http(b"", 302, f"Location: {place}\r\n")
    assert not bbox.wants_https(_answer(moved))
    assert look("bbox", {"/api/v1/wan/ip": moved}) is None


def _answer(said: bytes) -> Any:
    with stub_box({"/": said}) as box:
        return LocalWeb("127.0.0.1", box.port).ask(Request("/"), time.monotonic() + 1)


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    words += ["-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return key, certificate


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl, which makes the certificate, is not installed"
)
@pytest.mark.parametrize(
    ("certified", "trusted"), [("mabbox.bytel.fr", True), ("evil.example", True), ("mabbox.bytel.fr", False)]
)
def test_bbox_over_https_needs_a_trusted_certificate_for_its_name(
    certified: str, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = _certificate(tmp_path, certified)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def handle(connection: socket.socket, _end: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as channel:
            path = channel.recv(4096).split(b" ")[1].decode()
            channel.sendall(BBOX.get(path, http(b"", 404)))

    with stub_web(handle) as server:
        web = LocalWeb("127.0.0.1", server.port).secured(bbox.NAME, server.port)
        reading = bbox.Bbox(web, SystemClock()).ask()
    if trusted and certified == bbox.NAME:
        assert reading is not None
        assert reading.account.wan_up is True
    else:
        assert reading is None


def test_bbox_that_sends_to_its_https_side_is_asked_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        stub_box(BBOX) as secure,
        stub_box(lambda _: http(b"", 302, "Location: https://mabbox.bytel.fr/x\r\n")) as box,
    ):

        def secured(web: LocalWeb, name: str) -> LocalWeb:
            assert name == "mabbox.bytel.fr"
            return web.at_port(secure.port)

        monkeypatch.setattr(LocalWeb, "secured", secured)
        found = bbox.look(LocalWeb("127.0.0.1", box.port), SystemClock(), time.monotonic() + 1)
        assert isinstance(found, bbox.Bbox)
        assert found.ask() is not None


def test_livebox() -> None:
    with stub_box(LIVEBOX) as box:
        reading = livebox.Livebox(LocalWeb("127.0.0.1", box.port), SystemClock()).ask()
        (request,) = box.asked
    assert request.method == "POST"
    assert json.loads(request.body) == {"service": "NMC", "method": "getWANStatus", "parameters": {}}
    assert request.headers["content-type"] == "application/x-sah-ws-4-call+json"
    assert reading is not None
    assert (reading.account.adapter, reading.account.wan_up, reading.account.network) == (
        "livebox",
        True,
        "9.9.9.0/24",
    )
    assert (reading.down_bytes, reading.up_bytes) == (None, None)


def test_livebox_that_tells_less() -> None:
    reading = livebox.read(answer("livebox-wan-status-older.json"), AT)
    assert isinstance(reading, BoxReading)
    assert reading.account.wan_up is True
    assert (reading.external_address, reading.account.network) == (None, None)


@pytest.mark.parametrize(
    ("said", "up"),
    [
        ({"WanState": "up"}, True),
        ({"WanState": "down", "ConnectionState": "Bound"}, False),
        ({"WanState": "unknown", "LinkState": "down", "ConnectionState": "Bound"}, False),
        ({"LinkState": "up", "ConnectionState": "Connected"}, True),
        ({"LinkState": "up", "ConnectionState": "Connecting"}, None),
        ({"LinkState": None}, None),
    ],
)
def test_livebox_states(said: dict[str, object], up: bool | None) -> None:
    assert livebox.read_state(said) is up


def test_livebox_that_wants_a_password_is_closed() -> None:
    assert look("livebox", {"/ws": http(json_fixture("livebox-closed.json"))}) == Closed("livebox")
    assert livebox.read({"result": {"errors": [{"error": 13}]}}, AT) == Closed("livebox")
    assert livebox.read({"status": None, "errors": [{"error": 196618}, 7]}, AT) is None


def test_freebox_that_shows_its_line() -> None:
    reading = look("freebox", FREEBOX)
    assert isinstance(reading, BoxReading)
    account = reading.account
    assert (account.adapter, account.wan_up, account.network) == ("freebox", True, "9.9.9.0/24")
    assert (account.link_down_bps, account.link_up_bps) == (1_000_000_000, 100_000_000)
    assert (reading.down_bytes, reading.up_bytes, reading.wide) == (130580798930, 5489542, True)


def test_freebox_that_wants_a_session_is_closed_and_not_asked_for_one() -> None:
    closed = {**FREEBOX, "/api/v4/connection/": http(json_fixture("freebox-closed.json"), 403)}
    with stub_box(closed) as box:
        web = LocalWeb("127.0.0.1", box.port)
        assert freebox.look(web, SystemClock(), time.monotonic() + 1) == Closed("freebox")
        assert box.called() == ["/api_version", "/api/v4/connection/"]
        assert {request.method for request in box.asked} == {"GET"}


@pytest.mark.parametrize(
    ("state", "up"), [("up", True), ("down", False), ("going_up", False), ("going_down", None), ("?", None)]
)
def test_freebox_states(state: str, up: bool | None) -> None:
    reading = freebox.read({"success": True, "result": {"state": state}}, AT)
    assert isinstance(reading, BoxReading)
    assert reading.account.wan_up is up


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ({"api_base_url": "/api/", "api_version": "12.1"}, "/api/v12/connection/"),
        ({"api_base_url": "/", "api_version": "4.0"}, "/v4/connection/"),
        ({"api_base_url": "http://evil.example/", "api_version": "4.0"}, None),
        ({"api_base_url": "//evil.example/", "api_version": "4.0"}, None),
        ({"api_base_url": "/../", "api_version": "4.0"}, None),
        ({"api_base_url": "/api/", "api_version": "4"}, None),
        ({"api_base_url": "/api/", "api_version": 4.0}, None),
        ({"api_base_url": None, "api_version": "4.0"}, None),
        ({}, None),
    ],
)
def test_freebox_is_recognised_by_its_version(version: dict[str, object], path: str | None) -> None:
    assert freebox.connection_path(version) == path


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(
    "said",
    [
        http(b""),
        http(b"{}"),
        http(b"[]"),
        http(b"null"),
        http(b"<html>Welcome to your router</html>"),
        http(b'{"wan": 7, "data": 7, "api_version": 7, "success": true, "result": 7}'),
        http(b"[" * 50_000),
        http(b"{}", 500),
        http(b"", 302, "Location: http://203.0.113.9/\r\n"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{",
        b"SSH-2.0-dropbear\r\n",
        None,
    ],
)
def test_other_boxes_are_not_taken_for_one(maker: str, said: bytes | None) -> None:
    with stub_box(lambda _: said) as box:
        start = time.monotonic()
        web = LocalWeb("127.0.0.1", box.port)
        assert MAKERS[maker](web, SystemClock(), start + 0.5) is None
        assert time.monotonic() - start < 0.8


NAMES = [
    *("wan", "ip", "stats", "rx", "tx", "bytes", "state", "internet", "link", "device", "uptime", "address"),
    *(
        "data",
        "status",
        "errors",
        "error",
        "result",
        "success",
        "error_code",
        "ipv4",
        "bytes_down",
        "bandwidth_up",
    ),
    *("WanState", "LinkState", "ConnectionState", "IPAddress"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["wan", "data", "result", "success", "errors", "status"]), JSON))
def test_any_json_is_a_reading_closed_or_none(said: dict[str, object]) -> None:
    assert isinstance(bbox.read(said, said, said, AT), BoxReading)
    assert isinstance(livebox.read(said, AT), BoxReading | Closed | None)
    assert isinstance(freebox.read(said, AT), BoxReading | Closed | None)
