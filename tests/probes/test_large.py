from __future__ import annotations

import random
import shutil
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from namespaces import namespaces, needs_namespaces
from stub_web import Handler, dripping, holding, resetting, saying, stub_web

from diagnostics.clock import SystemClock
from diagnostics.model import Outcome, Protocol, Role, Sample, Target
from diagnostics.probes import large
from diagnostics.probes.binding import Binding
from diagnostics.probes.large import ENOUGH_BYTES, LargeCheck
from diagnostics.probes.lookup import BoundedLookup

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def page(size: int, *, length: int | None = None) -> bytes:
    told = b"" if length is None else b"Content-Length: %d\r\n" % length
    return HEAD + told + b"\r\n" + b"x" * size


def fetch(handler: Handler, timeout_s: float = 5.0, binding: Binding | None = None) -> Sample:
    with stub_web(handler) as server:
        target = Target(Role.LARGE, Protocol.HTTP, f"http://127.0.0.1:{server.port}/large")
        return LargeCheck(target, SystemClock(), timeout_s, binding=binding).run()


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        (page(8000, length=8000), Outcome.OK, ""),
        (page(ENOUGH_BYTES), Outcome.OK, ""),
        (page(9_000_000), Outcome.OK, ""),
        (page(700, length=700), Outcome.OK, "short 700"),
        (page(700), Outcome.OK, "short 700"),
        (page(700, length=7000), Outcome.REFUSED, "bad-answer"),
        (page(5, length=10**14), Outcome.REFUSED, "bad-answer"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 9000\r\n\r\n", Outcome.REFUSED, "404"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n", Outcome.REFUSED, "302"),
        (b"HTTP/1.1 \r\n\r\n", Outcome.REFUSED, "bad-answer"),
        (b"SSH-2.0-OpenSSH\r\n", Outcome.REFUSED, "bad-answer"),
        (b"", Outcome.REFUSED, "bad-answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, Outcome.REFUSED, "bad-answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: \xb9\r\n\r\n" + b"x" * 100, Outcome.OK, "short 100"),
    ],
)
def test_what_comes_back_is_told_apart(answer: bytes, outcome: Outcome, detail: str) -> None:
    sample = fetch(saying(answer))
    assert (sample.outcome, sample.detail) == (outcome, detail)
    assert sample.rtt_ns is not None
    assert sample.sent_ns % 100_000 == sample.mono_ns % 100_000 == 0


@pytest.mark.parametrize("arrived", [b"", HEAD, page(1000, length=8000)])
def test_a_connection_on_which_nothing_more_comes_hangs(
    arrived: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "HANG_S", 0.3)
    started = time.monotonic()
    sample = fetch(holding(arrived), 0.5)
    assert (sample.outcome, sample.detail, sample.rtt_ns) == (Outcome.LOST, "large-hangs", None)
    assert 0.5 <= time.monotonic() - started < 1.5


def test_a_page_that_trickles_in_is_slow_and_says_nothing_of_large_packets() -> None:
    sample = fetch(dripping(b"HTTP/1.1 200 OK\r\n\r\nx"), 0.4)
    assert (sample.outcome, sample.detail) == (Outcome.LOST, "slow")


def test_a_head_that_never_ends_is_given_up() -> None:
    sample = fetch(dripping(b"X: " + b"y" * 3000 + b"\r\n", 0.001), 5)
    assert (sample.outcome, sample.detail) == (Outcome.REFUSED, "bad-answer")


def test_a_reset_in_the_middle_says_no() -> None:
    sample = fetch(resetting)
    assert (sample.outcome, sample.detail) == (Outcome.REFUSED, "ECONNRESET")


def test_nobody_listening_says_no() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    target = Target(Role.LARGE, Protocol.HTTP, f"http://127.0.0.1:{port}/")
    sample = LargeCheck(target, SystemClock()).run()
    assert (sample.outcome, sample.detail) == (Outcome.REFUSED, "ECONNREFUSED")


def test_a_name_that_does_not_resolve_was_never_tried() -> None:
    clock = SystemClock()
    target = Target(Role.LARGE, Protocol.HTTP, "http://example.net/")
    lookup = BoundedLookup(clock, lambda name, family: ((), "EAI_AGAIN"))
    sample = LargeCheck(target, clock, lookup=lookup).run()
    assert (sample.outcome, sample.detail, sample.rtt_ns) == (Outcome.UNRESOLVED, "EAI_AGAIN", None)


def test_a_slow_look_up_does_not_date_the_answer_back() -> None:
    clock = SystemClock()
    asked: list[int] = []

    def late(name: str, family: int) -> tuple[tuple[str, ...], str]:
        time.sleep(0.3)
        asked.append(clock.mono_ns())
        return ("127.0.0.1",), ""

    with stub_web(saying(page(8000))) as server:
        target = Target(Role.LARGE, Protocol.HTTP, f"http://example.net:{server.port}/")
        sample = LargeCheck(target, clock, lookup=BoundedLookup(clock, late)).run()
    assert sample.outcome is Outcome.OK
    assert sample.mono_ns >= asked[0] - 100_000


def test_the_second_address_is_tried_when_the_first_says_nothing_of_use() -> None:
    clock = SystemClock()
    with stub_web(saying(page(8000)), "127.0.0.2") as server:
        target = Target(Role.LARGE, Protocol.HTTP, f"http://example.net:{server.port}/")
        lookup = BoundedLookup(clock, lambda name, family: (("nonsense", "127.0.0.2"), ""))
        assert LargeCheck(target, clock, lookup=lookup).run().outcome is Outcome.OK


def test_a_tunnel_that_is_gone_is_our_own_error() -> None:
    sample = fetch(saying(page(8000)), binding=Binding("nowhere0"))
    assert (sample.outcome, sample.detail) == (Outcome.SEND_ERROR, "ENODEV")


@pytest.mark.parametrize(
    "address", ["https://example.net/", "example.net", "ftp://example.net/", "http:///x"]
)
def test_only_plain_http_is_fetched(address: str) -> None:
    with pytest.raises(ValueError, match="http"):
        LargeCheck(Target(Role.LARGE, Protocol.HTTP, address), SystemClock())


@given(st.lists(st.binary(max_size=400), max_size=12))
def test_any_bytes_in_any_pieces_end_in_a_verdict(pieces: list[bytes]) -> None:
    page = large._Page()
    for piece in pieces:
        if not page.ended and piece:
            page.take(piece)
    page.take(b"")
    assert page.ended
    assert page.verdict()[0] in (Outcome.OK, Outcome.REFUSED)


@given(st.integers(0, 6000), st.randoms(use_true_random=False))
def test_how_a_page_is_cut_into_pieces_does_not_matter(size: int, chance: random.Random) -> None:
    whole, read = page(size, length=size), large._Page()
    while whole and not read.ended:
        cut = chance.randint(1, len(whole))
        read.take(whole[:cut])
        whole = whole[cut:]
    if not read.ended:
        read.take(b"")
    assert read.verdict() == (Outcome.OK, "" if size >= ENOUGH_BYTES else f"short {size}")


@needs_namespaces
@pytest.mark.skipif(shutil.which("nft") is None, reason="nft is not installed")
def test_a_path_that_swallows_large_packets_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large packets are dropped in silence: the connection stands, the request passes, nothing comes back."""
    monkeypatch.setattr(large, "HANG_S", 0.5)
    with (
        namespaces(1) as (namespace,),
        namespace.entered(),
        stub_web(saying(page(8000, length=8000))) as server,
    ):
        target = Target(Role.LARGE, Protocol.HTTP, f"http://127.0.0.1:{server.port}/")
        whole = LargeCheck(target, SystemClock(), 3).run()
        rule = "add table t; add chain t c { type filter hook input priority 0; }; add rule t c ip length > 1400 drop"
        namespace.run("nft", rule)
        hangs = LargeCheck(target, SystemClock(), 1.5).run()
    assert (whole.outcome, whole.detail) == (Outcome.OK, "")
    assert (hangs.outcome, hangs.detail) == (Outcome.LOST, "large-hangs")
