from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from namespaces import icmp_error, namespaces, needs_namespaces, needs_tun, tun_internet
from stub_web import Handler, dripping, holding, resetting, saying, stub_web

from diagnostics.clock import SystemClock
from diagnostics.model import MILLISECOND, Outcome, Protocol, Role, Sample, Target
from diagnostics.probes import web
from diagnostics.probes.lookup import BoundedLookup
from diagnostics.probes.web import WebCheck

EMPTY = b"HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n"


def target(url: str, family: int = 0) -> Target:
    return Target(Role.WEB, Protocol.HTTP, url, family)


def fetch(handler: Handler, timeout_s: float = 0.5) -> Sample:
    with stub_web(handler) as server:
        return WebCheck(
            target(f"http://127.0.0.1:{server.port}/generate_204"), SystemClock(), timeout_s
        ).run()


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        (EMPTY, Outcome.OK, ""),
        (b"HTTP/1.0 204\n\n", Outcome.OK, ""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + EMPTY, Outcome.OK, ""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", Outcome.OK, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Outcome.OK, "200 empty"),
        (b"HTTP/1.1 200 OK\r\n\r\n", Outcome.OK, "200 empty"),
        (EMPTY + b"<html>", Outcome.PORTAL, "204 with a body"),
        (b"HTTP/1.1 204 x\r\nContent-Length: 7\r\n\r\n", Outcome.PORTAL, "204 with a body"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", Outcome.PORTAL, "200"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>log in</html>", Outcome.PORTAL, "200"),
        (b"HTTP/1.1 206 OK\r\n\r\nx", Outcome.PORTAL, "206"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://portal.lan/in?a=b\r\n\r\n",
            Outcome.PORTAL,
            "302 http://portal.lan/in?a=b",
        ),
        (b"HTTP/1.1 307 x\r\nlocation:/x\x1b[31m\x00\r\n\r\n", Outcome.PORTAL, "307 /x[31m"),
        (b"HTTP/1.1 301 x\r\n\r\n", Outcome.PORTAL, "301"),
        (b"HTTP/1.1 302 x\r\nLocation: /" + b"a" * 900 + b"\r\n\r\n", Outcome.PORTAL, "302 /" + "a" * 195),
        (b"HTTP/1.1 511 Network Authentication Required\r\n\r\n<html>", Outcome.PORTAL, "511"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", Outcome.REFUSED, "404"),
        (b"HTTP/1.1 503 Busy\r\n\r\nx", Outcome.REFUSED, "503"),
        (b"", Outcome.REFUSED, "bad-answer"),
        (b"HTTP/1.1 204", Outcome.REFUSED, "bad-answer"),
        (b"HTTP/1.1 2x4 No\r\n\r\n", Outcome.REFUSED, "bad-answer"),
        (b"HTTP/1.1 999 No\r\n\r\n", Outcome.REFUSED, "bad-answer"),
        (b"HTTP/1.1\r\n\r\n", Outcome.REFUSED, "bad-answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Outcome.REFUSED, "bad-answer"),
        (b"\xff\xfe" * 3000, Outcome.REFUSED, "bad-answer"),
        (b"HTTP/1.1 204 No\r\nX: " + b"a" * 9000, Outcome.REFUSED, "bad-answer"),
    ],
)
def test_what_a_server_says_is_told_apart(answer: bytes, outcome: Outcome, detail: str) -> None:
    sample = fetch(saying(answer))
    assert (sample.outcome, sample.detail) == (outcome, detail)
    assert sample.sent_ns % 100_000 == sample.mono_ns % 100_000 == 0
    if answer:
        assert sample.rtt_ns is not None
        assert 0 < sample.rtt_ns < 400 * MILLISECOND


def test_the_request_is_plain_and_complete() -> None:
    got: list[bytes] = []

    def handle(connection: socket.socket, _: threading.Event) -> None:
        got.append(connection.recv(4096))
        connection.sendall(EMPTY)

    with stub_web(handle) as server:
        WebCheck(target(f"http://127.0.0.1:{server.port}/a/b?c=d#e"), SystemClock()).run()
    assert got == [
        f"GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUser-Agent: jalerte/0.1.0 (connectivity check)\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n".encode()
    ]


def test_a_204_is_not_waited_behind() -> None:
    started = time.monotonic()
    assert fetch(holding(EMPTY), 3).outcome is Outcome.OK
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("handler", "outcome", "detail"),
    [
        (holding(b""), Outcome.LOST, "no-answer"),
        (holding(b"HTTP/1.1 204 No"), Outcome.REFUSED, "bad-answer"),
        (holding(b"HTTP/1.1 200 OK\r\n\r\n"), Outcome.PORTAL, "200"),
        (dripping(b"H"), Outcome.REFUSED, "bad-answer"),
        (dripping(b"HTTP/1.1 204 x\r\nX: "), Outcome.REFUSED, "bad-answer"),
        (dripping(b"HTTP/1.1 100 x\r\n\r\n"), Outcome.REFUSED, "bad-answer"),
        (dripping(b""), Outcome.LOST, "no-answer"),
        (resetting, Outcome.REFUSED, "ECONNRESET"),
    ],
)
def test_whatever_a_server_does_the_check_ends_in_time(
    handler: Handler, outcome: Outcome, detail: str
) -> None:
    started = time.monotonic()
    sample = fetch(handler, 0.4)
    assert (sample.outcome, sample.detail) == (outcome, detail)
    assert time.monotonic() - started < 5


def test_a_head_in_pieces_is_put_together_and_timed_by_its_first_byte() -> None:
    def handle(connection: socket.socket, end: threading.Event) -> None:
        connection.recv(4096)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(EMPTY)):
            connection.sendall(EMPTY[index : index + 1])
            end.wait(0.01)

    sample = fetch(handle, 5)
    assert sample.outcome is Outcome.OK
    assert sample.rtt_ns is not None
    assert sample.rtt_ns < 150 * MILLISECOND


def test_nobody_listening_refuses() -> None:
    with stub_web(saying(EMPTY)) as server:
        port = server.port
    sample = WebCheck(target(f"http://127.0.0.1:{port}/"), SystemClock()).run()
    assert (sample.outcome, sample.detail) == (Outcome.REFUSED, "ECONNREFUSED")
    assert sample.rtt_ns is not None


@needs_namespaces
def test_no_route_is_not_loss() -> None:
    with namespaces(1) as (namespace,), namespace.entered():
        sample = WebCheck(target("http://198.18.0.1/"), SystemClock()).run()
        assert (sample.outcome, sample.detail) == (Outcome.SEND_ERROR, "ENETUNREACH")


@needs_tun
def test_silence_is_loss_in_time_and_a_routers_error_is_unreachable() -> None:
    with tun_internet(lambda _: []) as (namespace, internet), namespace.entered():
        started = time.monotonic()
        sample = WebCheck(target("http://198.18.0.1/"), SystemClock(), 0.3).run()
        assert (sample.outcome, sample.detail) == (Outcome.LOST, "")
        assert time.monotonic() - started < 5
        internet.behaviour = lambda packet: [(0, icmp_error(packet, "10.77.0.1", 3, 0))]
        sample = WebCheck(target("http://198.18.0.2/"), SystemClock(), 2).run()
        assert (sample.outcome, sample.detail) == (Outcome.UNREACHABLE, "10.77.0.1 net-unreachable")


def lookup_of(addresses: tuple[str, ...], error: str = "") -> BoundedLookup:
    return BoundedLookup(SystemClock(), lambda *_: (addresses, error))


def test_a_name_that_cannot_be_resolved_is_not_the_servers_fault() -> None:
    sample = WebCheck(target("http://check.test/"), SystemClock(), lookup=lookup_of((), "EAI_AGAIN")).run()
    assert (sample.outcome, sample.detail, sample.rtt_ns) == (Outcome.UNRESOLVED, "EAI_AGAIN", None)


def test_a_hanging_resolver_is_bounded() -> None:
    release = threading.Event()

    def hang(_name: str, _family: int) -> tuple[tuple[str, ...], str]:
        release.wait(20)
        return (), "EAI_AGAIN"

    check = WebCheck(
        target("http://check.test/"), SystemClock(), 0.1, lookup=BoundedLookup(SystemClock(), hang)
    )
    started = time.monotonic()
    assert [check.run().detail for _ in range(2)] == ["timeout", "earlier-query-hangs"]
    assert time.monotonic() - started < 5
    release.set()


def test_the_next_address_is_tried_and_the_time_is_that_of_the_one_that_answered() -> None:
    with stub_web(saying(EMPTY)) as server:
        url = f"http://check.test:{server.port}/"
        check = WebCheck(target(url), SystemClock(), lookup=lookup_of(("127.0.0.2", "::1", "127.0.0.1")))
        sample = check.run()
        assert sample.outcome is Outcome.OK
        first = WebCheck(target(url), SystemClock(), lookup=lookup_of(("127.0.0.2",))).run()
        assert first.outcome is Outcome.REFUSED


@needs_tun
def test_a_dead_first_address_leaves_time_for_the_second() -> None:
    with tun_internet(lambda _: []) as (namespace, _), namespace.entered(), stub_web(saying(EMPTY)) as server:
        lookup = lookup_of(("2001:db8::1", "127.0.0.1"))
        check = WebCheck(target(f"http://check.test:{server.port}/"), SystemClock(), 0.6, lookup=lookup)
        sample = check.run()
        assert sample.outcome is Outcome.OK
        assert sample.rtt_ns is not None
        assert sample.rtt_ns < 200 * MILLISECOND


def test_names_are_really_resolved() -> None:
    with stub_web(saying(EMPTY)) as server:
        assert (
            WebCheck(target(f"http://localhost:{server.port}/", 4), SystemClock()).run().outcome is Outcome.OK
        )


def test_an_ipv6_address_in_the_url_is_taken_as_it_is() -> None:
    with stub_web(saying(EMPTY), "::1") as server:
        nobody = lookup_of((), "EAI_FAIL")
        check = WebCheck(target(f"http://[::1]:{server.port}/"), SystemClock(), lookup=nobody)
        assert check.run().outcome is Outcome.OK


@pytest.mark.parametrize("url", ["https://check.test/", "check.test", "http://", "ftp://x/"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an http URL"):
        WebCheck(target(url), SystemClock())


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"HTTP/1.1 204 x\r\n", b"HTTP/1.1 200\r\n\r\n", b"HTTP/1.1 1"]),
)
def test_garbage_is_no_http_or_unfinished_or_judged(data: bytes, start: bytes) -> None:
    with contextlib.suppress(ValueError):
        head = web.read_head(start + data)
        if head is not None:
            assert web.judge(head, True) is not None
