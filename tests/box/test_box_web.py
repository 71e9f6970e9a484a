from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stub_box import stub_box
from stub_web import Handler, dripping, holding, resetting, saying, stub_web

from diagnostics.box.local_web import MOST_HEAD, Answer, LocalWeb, Request, read_head

LIMIT_S = 0.5


def ask(handler: Handler, most: int = 1000) -> tuple[Answer | None, float]:
    """The answer, and the seconds it took."""
    with stub_web(handler) as server:
        start = time.monotonic()
        answer = LocalWeb("127.0.0.1", server.port).ask(Request("/"), start + LIMIT_S, most)
        return answer, time.monotonic() - start


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", b"hi"),
        (b"HTTP/1.0 200 OK\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\ncontent-length:2\n\nhi", b"hi"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;x=y\r\ni\r\n0\r\n\r\n", b"hi"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000, b"x" * 1000),
    ],
)
def test_whole_answers(said: bytes, body: bytes) -> None:
    answer, _ = ask(saying(said))
    assert answer is not None
    assert answer.body == body


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nh\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nh",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + 2 * (b"258\r\n" + b"x" * 600 + b"\r\n")
        + b"0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001,
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001,
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"220 ftp.box.lan ready\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
    ],
)
def test_broken_cut_and_too_long_answers_are_none(said: bytes) -> None:
    answer, took_s = ask(saying(said))
    assert answer is None
    assert took_s < LIMIT_S


@pytest.mark.parametrize(
    "handler",
    [
        holding(b""),
        holding(b"HTTP/1.1 200 OK\r\n"),
        holding(b"HTTP/1.1 200 OK\r\n\r\nno end"),
        dripping(b"H"),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripping(b"X-More: 1\r\n"),
    ],
)
def test_silent_and_slow_peers_are_left_in_time(handler: Handler) -> None:
    answer, took_s = ask(handler)
    assert answer is None
    assert took_s < LIMIT_S + 0.3


def endless(start: bytes, piece: bytes) -> Handler:
    """As much as the other side takes, as fast as it goes, up to 10 MB."""

    def handle(connection: socket.socket, end: threading.Event) -> None:
        connection.recv(4096)
        connection.sendall(start)
        for _ in range(10_000_000 // len(piece)):
            if end.is_set():
                return
            connection.sendall(piece)

    return handle


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", b"x" * 10_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"64\r\n" + b"x" * 100 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 10_000),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n"),
        (b"", b"H" * 10_000),
    ],
)
def test_floods_are_cut_off(start: bytes, piece: bytes) -> None:
    answer, took_s = ask(endless(start, piece))
    assert answer is None
    assert took_s < LIMIT_S + 0.3


def test_head_is_bounded_where_the_body_is_not_reached() -> None:
    answer, _ = ask(saying(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (MOST_HEAD + 20_000) + b"\r\n\r\n"))
    assert answer is None


def test_nobody_there_and_a_reset_are_none() -> None:
    assert ask(resetting)[0] is None
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert LocalWeb("127.0.0.1", port).ask(Request("/"), time.monotonic() + LIMIT_S) is None


def test_deadline_that_has_passed_sends_nothing() -> None:
    with stub_box({}) as box:
        assert LocalWeb("127.0.0.1", box.port).ask(Request("/"), time.monotonic() - 1) is None
        assert box.asked == []


def test_redirects_are_told_and_not_followed() -> None:
    with stub_box({}) as elsewhere:
        location = f"http://127.0.0.1:{elsewhere.port}/"
        answer, _ = ask(saying(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode()))
        assert answer is not None
        assert (answer.status, answer.headers["location"]) == (302, location)
        assert elsewhere.asked == []


def test_what_is_sent() -> None:
    with stub_box({"/p?q=1": b"HTTP/1.1 200 OK\r\n\r\n"}) as box:
        request = Request("/p?q=1", "POST", "box.lan", (("SOAPACTION", '"x:y#z"'),), b"body")
        assert LocalWeb("127.0.0.1", box.port).ask(Request("/p?q=1"), time.monotonic() + LIMIT_S) is not None
        LocalWeb("127.0.0.1", box.port).ask(request, time.monotonic() + LIMIT_S)
        first, second = box.asked
    assert first.headers["host"] == f"127.0.0.1:{box.port}"
    assert (second.method, second.path, second.body) == ("POST", "/p?q=1", b"body")
    assert (second.headers["host"], second.headers["soapaction"]) == ("box.lan", '"x:y#z"')
    assert second.headers["connection"] == "close"


@pytest.mark.parametrize(
    "request_",
    [
        Request("/a\r\nX: y"),
        Request("/", headers=(("A", "b\nc"),)),
        Request("/é"),
        Request("/", host="a\r\nb"),
    ],
)
def test_nothing_can_be_smuggled_into_a_request(request_: Request) -> None:
    with stub_box({}) as box:
        assert LocalWeb("127.0.0.1", box.port).ask(request_, time.monotonic() + LIMIT_S) is None
        assert box.asked == []


@given(st.binary(max_size=300))
def test_any_head_is_read_or_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        status, _ = read_head(data)
        assert 0 <= status <= 999
