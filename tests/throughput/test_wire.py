"""HTTP as a measurement reads it: payload counted exactly, whatever the pieces; nonsense refused."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.model import BadInput
from diagnostics.throughput.model import SpeedFailed
from diagnostics.throughput.wire import Body, Head, parse_address, parse_head, refusal, request


def head(text: str) -> Head:
    return parse_head(text.replace("\n", "\r\n").encode("latin-1"))


def take(body: Body, data: bytes, cuts: list[int]) -> int:
    """Hand a body its data in pieces cut at some places."""
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return sum(body.take(memoryview(data[a:b])) for a, b in itertools.pairwise(edges) if not body.done)


@given(
    st.lists(st.binary(min_size=1, max_size=300), max_size=12), st.lists(st.integers(0, 10_000), max_size=20)
)
def test_a_chunked_body_is_counted_without_its_frames(chunks: list[bytes], cuts: list[int]) -> None:
    data = (
        b"".join(b"%x;note=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
        + b"0\r\nTrailer: x\r\n\r\n"
    )
    body = Body(head("HTTP/1.1 200 OK\nTransfer-Encoding: chunked"))
    assert take(body, data, cuts) == sum(map(len, chunks))
    assert body.done


@given(st.integers(1, 5000), st.lists(st.integers(0, 10_000), max_size=20))
def test_a_body_of_known_length_is_done_at_its_last_byte(length: int, cuts: list[int]) -> None:
    body = Body(head(f"HTTP/1.1 200 OK\nContent-Length: {length}"))
    assert take(body, bytes(length), cuts) == length
    assert body.done


def test_more_than_was_announced_is_refused() -> None:
    body = Body(head("HTTP/1.1 200 OK\nContent-Length: 3"))
    with pytest.raises(SpeedFailed, match="speed_not_http"):
        body.take(memoryview(b"four"))


@given(st.binary(max_size=400))
def test_whatever_stands_for_chunks_ends_in_a_count_or_a_refusal(data: bytes) -> None:
    body = Body(head("HTTP/1.1 200 OK\nTransfer-Encoding: chunked"))
    try:
        count = body.take(memoryview(data))
    except SpeedFailed:
        return
    assert 0 <= count <= len(data)


@given(st.binary(max_size=400))
def test_whatever_stands_for_a_head_is_read_or_refused(data: bytes) -> None:
    try:
        found = parse_head(data)
    except SpeedFailed:
        return
    assert 100 <= found.status <= 999


@pytest.mark.parametrize(
    "text",
    ["", "HTTP/2 200", "HTTP/1.1 20", "SSH-2.0-OpenSSH", "HTTP/1.1 200 OK\nno colon", "HTTP/1.1 200 OK\n bad: name",
     "HTTP/1.1 200 OK\nContent-Length: -1", "HTTP/1.1 200 OK\nContent-Length: 1e9",
     "HTTP/1.1 200 OK\nContent-Length: 99999999999999999999"],
)  # fmt: skip
def test_no_head(text: str) -> None:
    with pytest.raises(SpeedFailed, match="speed_not_http"):
        head(text)


@pytest.mark.parametrize(
    ("text", "code", "values"),
    [("HTTP/1.1 302 Found\nLocation: https://elsewhere.example/x", "speed_redirected", {"to": "elsewhere.example"}),
     ("HTTP/1.1 301 Moved", "speed_redirected", {"to": "?"}),
     ("HTTP/1.1 429 Slow down\nRetry-After: 120", "speed_too_many", {"wait": "120"}),
     ("HTTP/1.1 403 No", "speed_refused", {"status": 403})],
)  # fmt: skip
def test_refusals_are_told_apart(text: str, code: str, values: dict[str, object]) -> None:
    found = refusal(head(text), "here.example")
    assert found is not None
    assert found.remark.code == code
    assert values.items() <= dict(found.remark.values).items()
    assert refusal(head("HTTP/1.1 206 Partial"), "here.example") is None


@pytest.mark.parametrize(
    ("typed", "url"),
    [("http://192.168.1.20:8989/", "http://192.168.1.20:8989/"), ("192.168.1.20", "http://192.168.1.20/"),
     ("//speed.example/backend", "http://speed.example/backend"), ("https://Speed.example:443", "https://speed.example/"),
     ("http://[2001:db8::1]:81/x?y=1", "http://[2001:db8::1]:81/x?y=1")],
)  # fmt: skip
def test_addresses_as_people_write_them(typed: str, url: str) -> None:
    assert parse_address(typed).url == url


@pytest.mark.parametrize(
    "typed",
    ["", "ftp://x/", "http://", "http://user:secret@host/", "http://host:0/", "http://host:99999/", "http://a b/",
     "http://host/\r\nHost: other", "http://hôte/", "http://[::1", "file:///etc/passwd", "--help"],
)  # fmt: skip
def test_what_is_no_address(typed: str) -> None:
    if typed == "--help":
        assert (
            parse_address(typed).host == "--help"
        )  # a name like any other: it reaches no shell and no option
        return
    with pytest.raises(BadInput):
        parse_address(typed)


@given(st.text(max_size=60))
def test_no_address_can_break_out_of_its_request(typed: str) -> None:
    try:
        address = parse_address(typed)
    except BadInput:
        return
    asked = request("GET", address, address.path)
    assert asked.count(b"\r\n\r\n") == 1
    assert asked.split(b"\r\n")[1].startswith(b"Host: ")
    assert asked.split(b"\r\n")[0].count(b" ") == 2
