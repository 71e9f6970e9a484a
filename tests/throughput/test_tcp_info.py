"""What was acknowledged, on real connections."""

from __future__ import annotations

import socket
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

from diagnostics.throughput.tcp_info import read_tcp_info

linux = pytest.mark.skipif(sys.platform != "linux", reason="TCP_INFO is read on Linux")


@pytest.fixture
def pair() -> Any:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as near,
    ):
        far, _ = listener.accept()
        with far:
            yield near, far


def wait_for(near: socket.socket, written: int, wanted: int) -> int:
    deadline = time.monotonic() + 5
    while (info := read_tcp_info(near, written)) is not None and time.monotonic() < deadline:
        if info.acknowledged >= wanted:
            return info.acknowledged
        time.sleep(0.005)
    raise AssertionError(info)


@linux
def test_bytes_count_once_the_far_end_has_them(pair: tuple[socket.socket, socket.socket]) -> None:
    near, _far = pair
    assert read_tcp_info(near, 0).acknowledged == 0  # type: ignore[union-attr]
    near.sendall(bytes(70_000))
    assert wait_for(near, 70_000, 70_000) == 70_000


@linux
def test_what_the_far_end_has_no_room_for_is_not_counted(pair: tuple[socket.socket, socket.socket]) -> None:
    near, _far = pair
    near.setblocking(False)
    written = 0
    try:
        while written < 100_000_000:
            written += near.send(bytes(1 << 20))
    except BlockingIOError:
        pass
    time.sleep(0.05)
    info = read_tcp_info(near, written)
    assert info is not None
    assert 0 < info.acknowledged < written


def test_a_closed_socket_tells_nothing() -> None:
    sock = socket.socket()
    sock.close()
    assert read_tcp_info(sock, 5) is None


def test_on_a_mac_it_is_what_was_written_less_what_still_waits() -> None:
    mac = SimpleNamespace(getsockopt=lambda level, option: {(socket.SOL_SOCKET, 0x1024): 1500}[level, option])
    info = read_tcp_info(mac, 10_000, "darwin")  # type: ignore[arg-type]
    assert info is not None
    assert (info.acknowledged, info.resent) == (8_500, None)
    assert read_tcp_info(mac, 10_000, "win32") is None  # type: ignore[arg-type]
