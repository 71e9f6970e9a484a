"""M-Lab's Locate on loopback, in order and out of it; and addresses as people write them."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub_ndt7 import (
    StubLocate,
    StubNdt7,
    located,
)

from diagnostics.model import SECOND, BadInput, Remark
from diagnostics.throughput.model import (
    Direction,
    Flow,
    FlowOrder,
    Server,
    SpeedFailed,
    Tick,
    Way,
)
from diagnostics.throughput.providers import ndt7
from diagnostics.throughput.providers.ndt7 import Ndt7Provider
from diagnostics.throughput.providers.ndt7_locate import LOCATE, locate
from diagnostics.throughput.providers.ndt7_place import parse_server

DOWN, UP = Direction.DOWN, Direction.UP


def measure(
    stub: StubNdt7, direction: Direction, most_s: float = 1.2, provider: Ndt7Provider | None = None
) -> tuple[Flow, list[Tick], float]:
    ticks: list[Tick] = []
    began = time.monotonic()
    order = FlowOrder(direction, Way(), most_ns=round(most_s * SECOND))
    flow = (provider or Ndt7Provider()).flow(Server(stub.base), order, ticks.append, threading.Event())
    return flow, ticks, time.monotonic() - began


def test_locate_names_servers_and_their_tokens_are_used() -> None:
    with StubNdt7().running() as near, StubNdt7().running() as far:
        with StubLocate(located(near.base, far.base)) as stub:
            provider = Ndt7Provider(stub.url)
            servers = provider.servers([], Way())
            assert [server.url for server in servers] == [near.base, far.base]
            assert servers[0].name == "M-Lab (Paris, FR)"
            assert provider.place(servers[0]).port == near.port
            measure(far, UP, 0.3, provider)
        assert far.asked[0][0] == "/ndt/v7/upload?access_token=secret-1-upload"
    assert stub.asked == [
        ("/v2/nearest/ndt/ndt7?client_name=jalerte&client_version=0.1.0", "jalerte/0.1.0 (ndt7)")
    ]
    assert "secret" not in "".join(server.url for server in servers)


def test_a_token_that_has_run_out_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndt7, "TOKEN_S", -1.0)
    with StubNdt7().running() as near, StubLocate(located(near.base)) as stub:
        provider = Ndt7Provider(stub.url)
        provider.servers([], Way())
        stub.body = located(near.base, token="fresh")
        measure(near, DOWN, 0.3, provider)
        assert near.asked[0][0].endswith("access_token=fresh-0-download")
        stub.body = located("ws://127.0.0.1:9")
        flow, _, _ = measure(near, DOWN, 0.3, provider)
    assert flow.failure is not None
    assert flow.failure.code == "speed_ndt7_moved"


def failure_of(stub: StubLocate) -> Remark:
    with stub, pytest.raises(SpeedFailed) as failed:
        locate(stub.url, Way())
    return failed.value.remark


def test_no_capacity_is_said() -> None:
    assert failure_of(StubLocate(status=204)) == Remark.of("speed_ndt7_full")


def asking_to_wait(status: int) -> StubLocate:
    then = datetime.now(UTC) + timedelta(minutes=29, seconds=40)
    return StubLocate(
        json.dumps({"next_request": {"nbf": then.isoformat().replace("+00:00", "Z")}}).encode(), status
    )


@pytest.mark.parametrize(
    ("stub", "minutes"),
    [
        (lambda: StubLocate(status=429, headers={"Retry-After": "600"}), 10),
        (lambda: StubLocate(status=429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), 1),
        (lambda: StubLocate(status=429, headers={"Retry-After": "soon"}), 60),
        (lambda: StubLocate(b'{"error": {"status": 429}}', 429), 60),
        (lambda: asking_to_wait(429), 30),
        (lambda: asking_to_wait(200), 30),
        (lambda: StubLocate(b'{"next_request": {"nbf": 5}}', 429), 60),
    ],
)
def test_the_wait_that_is_named_is_told(stub: object, minutes: int) -> None:
    remark = failure_of(stub())  # type: ignore[operator]
    assert remark == Remark.of("speed_ndt7_too_often", minutes=minutes)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>sign in to the hotel</html>",
        b"\xff\xfe{",
        b"[" * 100_000,
        b'{"results": ' + b" " * 300_000 + b"[]}",
        b'{"results": {}}',
        b'{"results": [null, 3, {"urls": []}, {"urls": {"ws:///ndt/v7/download": "ws://a/ndt/v7/download"}}]}',
        located("ws://10.0.0.1").replace(b"/ndt/v7/upload?", b"/ndt/v7/../../admin?"),
        located("ws://user:secret@10.0.0.1"),
        located("ws://10.0.0.1\\r\\nX-Evil: 1"),
        located("ws://10.0.0.1").replace(b"ws://10.0.0.1/ndt/v7/upload", b"ws://10.0.0.2/ndt/v7/upload"),
    ],
)
def test_an_answer_that_names_nobody(body: bytes) -> None:
    assert failure_of(StubLocate(body)).code == "speed_ndt7_locate"


def test_servers_without_tls_are_not_taken_from_a_locate_with_it() -> None:
    from diagnostics.throughput.providers.ndt7_locate import _server

    entry = json.loads(located("ws://10.0.0.1"))["results"][0]
    assert _server(entry, secure=False) is not None
    assert _server(entry, secure=True) is None
    assert LOCATE.startswith("https://")


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnostics.throughput.providers.ndt7_locate.LOCATE_S", 1.0)
    began = time.monotonic()
    assert failure_of(StubLocate(drip_s=0.05)).code == "speed_stalled"
    assert time.monotonic() - began < 3


def test_redirects_stay_with_m_lab() -> None:
    away = failure_of(StubLocate(status=302, headers={"Location": "https://elsewhere.example/v2"}))
    assert away.code == "speed_redirected"
    assert away["to"] == "elsewhere.example"
    with (
        StubLocate(located("ws://127.0.0.1:9")) as end,
        StubLocate(status=307, headers={"Location": end.url}) as begin,
    ):
        assert [found.base for found in locate(begin.url, Way())] == ["ws://127.0.0.1:9"]
    assert failure_of(StubLocate(status=302, headers={"Location": "/v2/again"})).code == "speed_ndt7_locate"


# Addresses


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("wss://ndt.example/ndt/v7/download", "wss://ndt.example"),
        ("ws://192.168.1.20:8080", "ws://192.168.1.20:8080"),
        ("https://ndt.example/", "wss://ndt.example"),
        ("http://[fd00::1]:80/ndt/v7/upload", "ws://[fd00::1]"),
        ("ndt.example:4443", "wss://ndt.example:4443"),
    ],
)
def test_addresses_as_people_write_them(text: str, base: str) -> None:
    assert parse_server(text) == base
    assert Ndt7Provider().servers([text], Way()) == [Server(base)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://a",
        "wss://a/other",
        "wss://a/ndt/v7/download?access_token=x",
        "wss://u:p@a",
        "wss://a:x",
        "ws://",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(BadInput) as bad:
        parse_server(text)
    assert bad.value.remark.code == "speed_server_bad"


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_bad_input(text: str) -> None:
    with contextlib.suppress(BadInput):
        assert parse_server(parse_server(text)) == parse_server(text)
