"""The speed server at home: LibreSpeed's layout, every count right, and nobody who can hold it up or get anything else.

The layout was constructed from: LibreSpeed's documentation of its back ends (github.com/librespeed/speedtest).
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.links.route import RouteState
from diagnostics.model import BadInput, MachineCannot
from diagnostics.throughput.serve import SpeedServer, is_home_address, own_addresses, url_of
from diagnostics.throughput.serve_connection import Limits
from diagnostics.throughput.serve_http import MIB, Refused, Thing, chunk_size, read_request

QUICK = Limits(connections=4, head_bytes=2048, head_s=0.4, idle_s=0.8, request_s=1.5, body_bytes=1 << 20)
GET = b"GET /empty.php HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def server() -> Iterator[SpeedServer]:
    with SpeedServer(["127.0.0.1"]) as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[SpeedServer]:
    """For tests that ask for it a hundred times."""
    with SpeedServer(["127.0.0.1"]) as running:
        yield running


@pytest.fixture
def quick() -> Iterator[SpeedServer]:
    with SpeedServer(["127.0.0.1"], limits=QUICK) as running:
        yield running


def ask(server: SpeedServer, method: str, path: str, **more: Any) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, **more)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def call(server: SpeedServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 10)


def exchange(server: SpeedServer, data: bytes) -> bytes:
    """Send something, and read until the server closes."""
    with call(server) as sock:
        sock.sendall(data)
        return read_all(sock)


def read_all(sock: socket.socket) -> bytes:
    found = b""
    try:
        while piece := sock.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def read_answer(sock: socket.socket) -> bytes:
    """One answer without a body."""
    found = b""
    while not found.endswith(b"\r\n\r\n"):
        piece = sock.recv(1)
        assert piece, found
        found += piece
    return found


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def wait_until(true: Callable[[], bool], limit_s: float = 5) -> None:
    until = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)


# --- what LibreSpeed's clients ask for ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "size"),
    [("", 4), ("?ckSize=1", 1), ("?r=0.12&ckSize=7&cors=true", 7), ("?ckSize=0", 4), ("?ckSize=x", 4)],
)
@pytest.mark.parametrize("path", ["/garbage.php", "/backend/garbage.php", "/garbage"])
def test_garbage_is_as_long_as_asked(server: SpeedServer, path: str, query: str, size: int) -> None:
    answer, body = ask(server, "GET", path + query)
    assert (answer.status, len(body)) == (200, size * MIB)
    assert answer.headers["Content-Length"] == str(size * MIB)
    assert "no-store" in answer.headers["Cache-Control"]


def test_garbage_cannot_be_packed(server: SpeedServer) -> None:
    _, body = ask(server, "GET", "/garbage.php?ckSize=4")
    assert len(zlib.compress(body, 1)) > len(body)
    assert body[:MIB] != body[MIB : 2 * MIB]


@pytest.mark.parametrize("asked", ["1025", "99999999", "9" * 18])
def test_nobody_gets_more_than_a_gibibyte_at_once(server: SpeedServer, asked: str) -> None:
    answer, body = ask(server, "HEAD", f"/garbage.php?ckSize={asked}")
    assert (answer.headers["Content-Length"], body) == (str(1024 * MIB), b"")


def test_empty_is_empty(server: SpeedServer) -> None:
    answer, body = ask(server, "GET", "/empty.php?r=0.5")
    assert (answer.status, body) == (200, b"")


@pytest.mark.parametrize("path", ["/empty.php", "/backend/empty.php", "/empty?cors=true"])
@pytest.mark.parametrize("size", [0, 1, 65536, 3 * MIB + 17])
def test_an_upload_is_counted(server: SpeedServer, path: str, size: int) -> None:
    answer, body = ask(server, "POST", path, body=bytes(size))
    assert (answer.status, body) == (200, b"")
    assert answer.headers["X-Received-Bytes"] == str(size)
    assert server.served.received == size


def test_an_upload_in_chunks_is_counted_without_its_frames(server: SpeedServer) -> None:
    pieces = [bytes(n) for n in (1, 16384, 70000, 2 * MIB, 3)]
    answer, _ = ask(server, "POST", "/empty.php", body=iter(pieces), encode_chunked=True)
    assert answer.headers["X-Received-Bytes"] == str(sum(map(len, pieces)))


@given(chunks=st.lists(st.integers(1, 400), max_size=20), cuts=st.lists(st.integers(1, 50), max_size=30))
@settings(deadline=None)
def test_chunks_may_arrive_cut_anywhere(shared: SpeedServer, chunks: list[int], cuts: list[int]) -> None:
    data = b"POST /empty.php HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    data += b"".join(b"%x;a=b\r\n%s\r\n" % (size, bytes(size)) for size in chunks)
    data += b"0\r\nTrailer: yes\r\n\r\n"
    with call(shared) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in cuts:
            sock.sendall(data[:cut])
            data = data[cut:]
        sock.sendall(data)
        answer = read_all(sock)
    assert status_of(answer) == 200
    assert b"X-Received-Bytes: %d\r\n" % sum(chunks) in answer


def test_a_client_may_wait_for_leave_to_upload(server: SpeedServer) -> None:
    with call(server) as sock:
        sock.sendall(
            b"POST /empty.php HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        )
        assert read_answer(sock) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"hello")
        assert b"X-Received-Bytes: 5" in read_answer(sock)


def test_the_client_learns_its_address(server: SpeedServer) -> None:
    answer, body = ask(server, "GET", "/getIP.php?isp=true&r=0.1")
    assert json.loads(body) == {"processedString": "127.0.0.1", "rawIspInfo": ""}
    assert answer.headers["Content-Type"].startswith("application/json")


def test_the_first_page_says_what_this_is_in_both_languages(server: SpeedServer) -> None:
    answer, body = ask(server, "GET", "/")
    text = body.decode()
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "mesure la vitesse" in text
    assert "measures the speed" in text
    assert "jalerte speed --provider http --server" in text


def test_another_page_may_read_answers_when_it_asks(server: SpeedServer) -> None:
    with_leave, _ = ask(server, "GET", "/empty.php?cors=true")
    without, _ = ask(server, "GET", "/empty.php")
    preflight, _ = ask(server, "OPTIONS", "/empty.php")
    assert with_leave.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Received-Bytes" in with_leave.headers["Access-Control-Expose-Headers"]
    assert without.headers["Access-Control-Allow-Origin"] is None
    assert preflight.status == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Content-Encoding" in preflight.headers["Access-Control-Allow-Headers"]


def test_a_connection_serves_one_request_after_the_other(server: SpeedServer) -> None:
    with call(server) as sock:
        post = b"POST /empty.php HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        # All at once, as a client may.
        sock.sendall(GET + post + GET + b"GET / HTTP/1.0\r\n\r\n")
        found = read_all(sock)
    assert found.count(b"HTTP/1.1 200 OK") == 4
    assert found.count(b"X-Received-Bytes: 3") == 1


def test_many_at_once_are_all_served(server: SpeedServer) -> None:
    sizes: list[int] = []
    clients = [
        threading.Thread(target=lambda: sizes.append(len(ask(server, "GET", "/garbage.php?ckSize=2")[1])))
        for _ in range(16)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join(20)
    assert sizes == [2 * MIB] * 16
    # The last of them counts itself after its last byte has left.
    until = time.monotonic() + 10
    while server.served.requests < 16 and time.monotonic() < until:
        time.sleep(0.01)
    assert server.served.sent == 32 * MIB
    assert server.served.requests == 16


def test_both_kinds_of_addresses_share_a_port() -> None:
    with SpeedServer(["127.0.0.1", "::1"]) as server:
        assert server.urls == [f"http://127.0.0.1:{server.port}/", f"http://[::1]:{server.port}/"]
        connection = HTTPConnection("::1", server.port, timeout=10)
        connection.request("GET", "/getIP.php")
        assert json.loads(connection.getresponse().read())["processedString"] == "::1"
        connection.close()


# --- what it refuses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/x",
        "/../../etc/passwd",
        "/etc/passwd",
        "//etc/passwd",
        "/backend/",
        "/.php",
        "/backend/backend/empty.php",
        "/garbage.php/x",
        "/%2e%2e/garbage.php",
        "/index.html",
    ],
)
def test_nothing_else_can_be_had(server: SpeedServer, path: str) -> None:
    assert status_of(exchange(server, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())) in (400, 404)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"DELETE /empty.php HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"POST /garbage.php HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na", 405),
        (b"PUT / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"CONNECT example.net:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http://example.net/x HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\nY: z\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\n\r\n", 417),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 101 + b"\r\n", 431),
        (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n", 431),
        (b"POST /empty HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /empty HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n", 400),
        (b"POST /empty HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /empty HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        (b"POST /empty HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n", 413),
        (b"POST /empty HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (
            b"POST /empty HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            400,
        ),
        (b"POST /empty HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /empty HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", 400),
        (b"POST /empty HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 300, 400),
        (b"POST /empty HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", 413),
        (
            b"POST /empty HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
            + b"A: b\r\n" * 9999,
            431,
        ),
    ],
)
def test_what_it_does_not_understand_is_refused_and_the_connection_closed(
    server: SpeedServer, request_: bytes, status: int
) -> None:
    answer = exchange(server, request_)
    assert status_of(answer) == status
    assert b"Connection: close" in answer
    if status == 405:
        assert b"Allow: GET, HEAD, OPTIONS" in answer
    assert status_of(exchange(server, b"GET / HTTP/1.0\r\n\r\n")) == 200


@given(st.binary(max_size=400))
def test_any_head_is_read_or_refused(head: bytes) -> None:
    status = 200
    try:
        read_request(head)
    except Refused as refused:
        status = refused.status
    assert status == 200 or 400 <= status < 600


@given(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "BREW"]),
    st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n"), max_size=60),
    st.lists(st.tuples(st.sampled_from(["Host", "Content-Length", "Expect", "X"]), st.text(max_size=20))),
)
def test_any_plausible_head_is_read_or_refused(method: str, path: str, fields: list[tuple[str, str]]) -> None:
    lines = [f"{method} /{path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    try:
        request = read_request("\r\n".join(lines).encode("latin-1", "replace"))
    except Refused:
        return
    assert 0 <= (request.length or 0) < 10**18
    assert MIB <= request.garbage_bytes <= 1024 * MIB
    assert request.thing in Thing


@given(st.binary(max_size=30))
def test_any_chunk_size_is_read_or_refused(line: bytes) -> None:
    size = 0
    try:
        size = chunk_size(line)
    except Refused:
        return
    assert 0 <= size < 1 << 60
    assert line[:1] in b"0123456789abcdefABCDEF"


# --- who would hold it up -------------------------------------------------------------------------------------------


def test_a_head_that_does_not_end_is_cut_off(quick: SpeedServer) -> None:
    with call(quick) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        assert status_of(read_all(sock)) == 408
        assert time.monotonic() - began < 3


def test_a_head_that_drips_is_cut_off_too(quick: SpeedServer) -> None:
    with call(quick) as sock:
        began = time.monotonic()
        try:
            while time.monotonic() - began < 3:
                sock.sendall(b"a")
                time.sleep(0.05)
        except OSError:
            pass
        assert time.monotonic() - began < 3


def test_whoever_says_nothing_is_sent_away(quick: SpeedServer) -> None:
    with call(quick) as sock:
        assert sock.recv(10) == b""


def test_an_upload_that_stalls_is_cut_off(quick: SpeedServer) -> None:
    with call(quick) as sock:
        sock.sendall(b"POST /empty HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        assert read_all(sock) == b""
    assert quick.served.received == 3


def test_an_upload_that_drips_is_cut_off(quick: SpeedServer) -> None:
    with call(quick) as sock:
        sock.sendall(b"POST /empty HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        began = time.monotonic()
        try:
            while time.monotonic() - began < 6:
                sock.sendall(b"a")
                time.sleep(0.1)
        except OSError:
            pass
        assert time.monotonic() - began < 5


def test_a_download_that_nobody_reads_is_cut_off(quick: SpeedServer) -> None:
    with call(quick) as sock:
        sock.sendall(b"GET /garbage?ckSize=1024 HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.recv(1)
        wait_until(lambda: quick.served.sent > 0)  # counted when it has ended
    assert quick.served.sent < 1024 * MIB


def test_no_more_than_so_many_connections(quick: SpeedServer) -> None:
    held = [call(quick) for _ in range(QUICK.connections)]
    try:
        for sock in held:
            sock.sendall(GET)
            read_answer(sock)
        answer = exchange(quick, b"")
        assert status_of(answer) == 503
        assert b"Retry-After" in answer
    finally:
        for sock in held:
            sock.close()
    wait_until(lambda: status_of(exchange(quick, b"GET / HTTP/1.0\r\n\r\n")) == 200)


def test_clients_that_reset_do_it_no_harm(server: SpeedServer) -> None:
    for part in (b"", b"GE", b"GET /garbage?ckSize=1024 HTTP/1.1\r\nHost: x\r\n\r\n", GET[:-2]):
        with call(server) as sock:
            sock.sendall(part)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert status_of(exchange(server, b"GET / HTTP/1.0\r\n\r\n")) == 200


def test_closing_cuts_off_whoever_is_there() -> None:
    before = set(threading.enumerate())
    server = SpeedServer(["127.0.0.1"])
    server.start()
    idle, reading, sending = call(server), call(server), call(server)
    with idle, reading, sending:
        reading.sendall(b"GET /garbage?ckSize=1024 HTTP/1.1\r\nHost: x\r\n\r\n")
        reading.recv(1)
        sending.sendall(b"POST /empty HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabcde")
        idle.sendall(GET)
        read_answer(idle)
        port = server.port
        began = time.monotonic()
        server.close()
        server.close()
        assert time.monotonic() - began < 9
        assert idle.recv(1) == b""
    assert server.served.sent > 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)
    assert set(threading.enumerate()) <= before


# --- where it listens -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("192.168.1.20", True),
        ("10.0.0.1", True),
        ("172.31.255.1", True),
        ("172.32.0.1", False),
        ("169.254.3.4", True),
        ("127.0.0.1", True),
        ("100.64.0.1", False),
        ("82.64.1.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("::1", True),
        ("fd12::1", True),
        ("fe80::1%eth0", True),
        ("2a01:e0a::1", False),
        ("::ffff:82.64.1.1", False),
        ("::ffff:192.168.1.20", True),
    ],
)
def test_only_the_home_is_home(address: str, home: bool) -> None:
    assert is_home_address(address) is home


def test_a_public_address_has_to_be_wanted() -> None:
    for address in ("82.64.1.1", "0.0.0.0", "::", "2a01:e0a::1"):
        with pytest.raises(BadInput) as refused:
            SpeedServer([address])
        assert refused.value.remark.code == "speed_server_public"
    with SpeedServer(["0.0.0.0"], anywhere=True) as server:
        assert status_of(exchange(server, b"GET / HTTP/1.0\r\n\r\n")) == 200


@pytest.mark.parametrize("address", ["", "x", "127.0.0.1/8", "127.1", "localhost", "192.168.1.256"])
def test_only_addresses_are_addresses(address: str) -> None:
    with pytest.raises(BadInput) as refused:
        SpeedServer([address])
    assert refused.value.remark.code == "speed_server_address"


def test_an_address_of_another_machine_is_said_to_be_none_of_ours() -> None:
    server = SpeedServer(["127.0.0.1", "10.255.254.253"])
    with pytest.raises(BadInput) as refused:
        server.start()
    assert refused.value.remark.code == "speed_server_address"
    server.close()  # nothing was left open: a warning would fail the test


def test_a_port_in_use_is_said(server: SpeedServer) -> None:
    with pytest.raises(MachineCannot) as refused:
        SpeedServer(["127.0.0.1"], server.port).start()
    assert refused.value.remark.code == "speed_server_port_taken"
    assert dict(refused.value.remark.values) == {"port": server.port}


ADDRESSES = ["82.64.1.1", "192.168.1.20", "2a01:e0a::1", "fd12::1", "fe80::1%eth0", "169.254.1.1"]


def test_by_itself_it_takes_the_home_addresses_of_the_way_out() -> None:
    asked: list[str] = []

    def of(interface: str) -> list[str]:
        asked.append(interface)
        return ADDRESSES

    route = RouteState(interface="eth0", gateway="192.168.1.1")
    assert own_addresses(route, of=of) == ["192.168.1.20"]
    assert own_addresses(route, anywhere=True, of=of) == ["82.64.1.1", "192.168.1.20"]
    assert own_addresses(route, of=lambda _: ADDRESSES[2:]) == ["fd12::1"]
    assert asked == ["eth0", "eth0"]


@pytest.mark.parametrize(
    ("route", "addresses"),
    [
        (RouteState(), ADDRESSES),
        (RouteState(interface="ppp0"), ["82.64.1.1", "fe80::1%ppp0"]),
        (RouteState(interface="eth0"), []),
    ],
)
def test_without_a_home_network_there_is_nowhere_to_listen(route: RouteState, addresses: list[str]) -> None:
    with pytest.raises(MachineCannot) as refused:
        own_addresses(route, of=lambda _: addresses)
    assert refused.value.remark.code == "speed_server_no_home"


def test_urls_can_be_typed() -> None:
    assert url_of("192.168.1.20", 8989) == "http://192.168.1.20:8989/"
    assert url_of("fe80::1%eth0", 80) == "http://[fe80::1%25eth0]:80/"
