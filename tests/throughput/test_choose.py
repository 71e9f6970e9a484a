"""The nearest server first, whatever the others do."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from namespaces import Namespace, connect, namespaces, needs_namespaces

from diagnostics.model import BadInput
from diagnostics.throughput import choose
from diagnostics.throughput.choose import rank
from diagnostics.throughput.model import Flow, FlowOrder, Place, Server, Way
from diagnostics.throughput.providers import Hear

WIRE = Path(__file__).parents[1] / "lab" / "wire.py"


class Addresses:
    """A provider whose servers are called ``host port``."""

    id = "test"

    def servers(self, given: Sequence[str], way: Way) -> list[Server]:
        raise AssertionError("not asked for")

    def place(self, server: Server) -> Place:
        host, _, port = server.url.partition(" ")
        if not port.isdigit():
            raise BadInput("speed_server_bad", value=server.url)
        return Place(host, int(port))

    def flow(self, server: Server, order: FlowOrder, hear: Hear, stop: threading.Event) -> Flow:
        raise AssertionError("not asked for")


def ranked(*urls: str, way: Way | None = None, most_s: float = 3.0) -> list[Server]:
    return rank(Addresses(), [Server(url) for url in urls], way or Way(), most_s=most_s)


@contextlib.contextmanager
def listening(count: int = 1, address: str = "127.0.0.1", backlog: int = 16) -> Iterator[list[str]]:
    """Servers that accept nothing: handshakes wait in the kernel, and can be counted by accepting them."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.ExitStack() as stack:
        made = [
            stack.enter_context(socket.create_server((address, 0), family=family, backlog=backlog))
            for _ in range(count)
        ]
        yield [f"{address} {server.getsockname()[1]}" for server in made]


def closed_port() -> str:
    with listening() as (url,):
        return url


def test_what_answers_comes_first_with_its_distance_and_the_rest_in_its_order() -> None:
    refused = [closed_port(), closed_port()]
    with listening() as (near,):
        found = ranked(refused[0], "not an address at all", "nonsense", near, refused[1])
    assert [server.url for server in found] == [
        near,
        refused[0],
        "not an address at all",
        "nonsense",
        refused[1],
    ]
    first, *others = found
    assert first.distance_ms is not None
    assert 0 < first.distance_ms < 50
    assert (first.address, first.family) == ("127.0.0.1", 4)
    assert [server.distance_ms for server in others] == [None] * 4


def test_an_old_distance_of_one_that_no_longer_answers_is_forgotten() -> None:
    (found,) = rank(Addresses(), [Server(closed_port(), "Old", 3.0, "192.0.2.1", 4)], Way())
    assert (found.distance_ms, found.name) == (None, "Old")


def test_nobody_to_choose_from() -> None:
    assert ranked() == []


def test_three_handshakes_each_closed_with_a_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        ranked(f"127.0.0.1 {server.getsockname()[1]}")
        count = 0
        with contextlib.suppress(TimeoutError):
            while True:
                connection, _ = server.accept()
                count += 1
                with connection, pytest.raises(ConnectionResetError):
                    connection.recv(1)
    assert count == 3


def test_ten_are_tried_and_the_others_kept() -> None:
    with listening(12) as urls:
        found = ranked(*urls)
    assert {server.url for server in found[:10]} == set(urls[:10])
    assert all(server.distance_ms is not None for server in found[:10])
    assert [server.url for server in found[10:]] == urls[10:]
    assert [server.distance_ms for server in found[10:]] == [None, None]


def test_only_addresses_of_the_chosen_family_count() -> None:
    with listening() as (four,), listening(address="::1") as (six,):
        assert [server.distance_ms is None for server in ranked(four, six, way=Way(family=6))] == [
            False,
            True,
        ]
        assert ranked(four, six, way=Way(family=6))[0].family == 6
        assert ranked(four, six, way=Way(family=4))[0].url == four


def test_an_interface_that_does_not_exist_lets_nobody_answer() -> None:
    with listening() as (url,):
        (found,) = ranked(url, way=Way(interface="gone0"))
    assert found.distance_ms is None


def test_a_name_whose_look_up_hangs_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    end, ask = threading.Event(), socket.getaddrinfo

    def answer(host: Any, *rest: Any, **more: Any) -> Any:
        if host == "hangs.example.net":
            end.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "at last")
        return ask(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    try:
        with listening() as (near,):
            before = time.monotonic()
            found = ranked("hangs.example.net 80", near, most_s=0.8)
            took_s = time.monotonic() - before
        assert [server.url for server in found] == [near, "hangs.example.net 80"]
        assert 0.7 < took_s < 1.2
    finally:
        end.set()


def test_a_dead_first_address_does_not_hide_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as (url,):
        port = int(url.split()[1])
        rows = [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: rows)
        (found,) = ranked(f"speed.example.net {port}")
    assert (found.family, found.address) == (4, "127.0.0.1")
    assert found.distance_ms is not None


def test_servers_that_drop_everything_take_no_longer_than_allowed() -> None:
    """Full queues of connections that nobody accepts: the kernel drops further SYNs."""
    with listening(3, backlog=0) as urls, contextlib.ExitStack() as stack:
        for url in urls:
            filler = stack.enter_context(socket.socket())
            filler.connect(("127.0.0.1", int(url.split()[1])))
        before = time.monotonic()
        found = ranked(*urls, most_s=1.0)
        took_s = time.monotonic() - before
    assert [server.distance_ms for server in found] == [None] * 3
    assert took_s < 1.4


def test_a_port_beyond_all_ports_is_nobody() -> None:
    assert ranked("127.0.0.1 70000")[0].distance_ms is None


@given(st.lists(st.one_of(st.none(), st.floats(0.1, 500)), max_size=14))
def test_nobody_is_lost_and_the_order_is_that_of_the_distances(distances: list[float | None]) -> None:
    def handshake(_family: int, address: str, port: int, _interface: str, _timeout_s: float) -> float | None:
        distance = distances[port - 1]
        return None if distance is None else distance * random.uniform(1, 1.5)

    urls = [f"127.0.0.1 {number + 1}" for number in range(len(distances))]
    with mock.patch.object(choose, "handshake_ms", handshake):
        found = ranked(*urls)
    assert sorted(server.url for server in found) == sorted(urls)
    known = [server.distance_ms for server in found if server.distance_ms is not None]
    assert known == sorted(known)
    assert len(known) == sum(distance is not None for distance in distances[:10])
    assert [server.url for server in found[len(known) :]] == [
        url for place, url in enumerate(urls) if place >= 10 or distances[place] is None
    ]


# --- a real distance -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def long_way(here: Namespace, wire: Namespace, there: Namespace, delay_ms: int) -> Iterator[None]:
    """``there`` at 10.9.2.2, reached over a wire of that delay."""
    (mine, near), (far, theirs) = (
        connect(here, "10.9.2.1/24", wire, "192.0.2.1/32"),
        connect(wire, "192.0.2.2/32", there, "10.9.2.2/24"),
    )
    assert mine
    assert theirs
    words = ["ip", "netns", "exec", wire.name, sys.executable, str(WIRE), near, far]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        process.stdin.write(f"delay {delay_ms}\n")
        process.stdin.flush()
        assert process.stdout.readline().strip() == "ready"
        try:
            yield
        finally:
            process.kill()


@needs_namespaces
def test_the_nearer_of_two_real_servers_comes_first() -> None:
    with namespaces(4) as (here, wire, far, near), long_way(here, wire, far, 30):
        connect(here, "10.9.1.1/24", near, "10.9.1.2/24")
        with contextlib.ExitStack() as stack:
            for place, address in ((far, "10.9.2.2"), (near, "10.9.1.2")):
                with place.entered():
                    stack.enter_context(socket.create_server((address, 80)))
            with here.entered():
                found = ranked("10.9.2.2 80", "10.9.1.2 80", "10.9.3.2 80")
    assert [server.url for server in found] == ["10.9.1.2 80", "10.9.2.2 80", "10.9.3.2 80"]
    assert found[0].distance_ms is not None
    assert found[1].distance_ms is not None
    assert found[0].distance_ms < 5
    assert 30 <= found[1].distance_ms < 36
    assert found[2].distance_ms is None
