"""The engine and the ``http`` provider against a real server on loopback, in a process of its own as always."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics.model import SECOND, BadInput
from diagnostics.throughput import engine_client
from diagnostics.throughput.http_mover import RECEIVE_BYTES, SEND_BYTES
from diagnostics.throughput.model import (
    Counted,
    Direction,
    Ended,
    Flow,
    FlowOrder,
    Server,
    SpeedFailed,
    Tick,
    Way,
)
from diagnostics.throughput.providers.http import HttpProvider
from diagnostics.throughput.serve import SpeedServer

BOTH = pytest.mark.parametrize("direction", list(Direction))


@pytest.fixture
def server() -> Iterator[SpeedServer]:
    with SpeedServer(["127.0.0.1"]) as running:
        yield running


def flow(
    server: SpeedServer,
    direction: Direction,
    *,
    most_s: float = 2.0,
    most_bytes: int | None = None,
    stop_after: int | None = None,
    streams: int = 2,
) -> tuple[Flow, list[Tick]]:
    """``stop_after``: it is cancelled once so many ticks were told."""
    provider, ticks, stop = HttpProvider(), list[Tick](), threading.Event()
    target = provider.greet(Server(server.urls[0]), Way())
    order = FlowOrder(direction, Way(), streams, round(most_s * SECOND), most_bytes)

    def hear(tick: Tick) -> None:
        ticks.append(tick)
        if len(ticks) == stop_after:
            stop.set()

    return provider.flow(target, order, hear, stop), ticks


@BOTH
def test_a_flow_counts_what_the_server_saw(server: SpeedServer, direction: Direction) -> None:
    found, ticks = flow(server, direction)
    assert found.ended is Ended.TIME
    assert found.failure is None
    assert found.streams == 2
    assert found.bps is not None
    assert sum(found.curve) == found.bytes
    assert 0 < found.ramp_ns < found.duration_ns
    assert [tick.bytes for tick in ticks] == sorted(tick.bytes for tick in ticks)
    assert len(ticks) >= 5
    served = server.served
    if direction is Direction.DOWN:
        assert found.counted is Counted.RECEIVED
        assert 0 < found.bytes <= served.sent  # the rest lay in buffers when it ended
    else:
        assert found.counted is Counted.ACKNOWLEDGED
        # What the far end's system took, the far end's program reads later.
        assert served.received * 0.9 <= found.bytes
        assert found.bytes > 0
    # No more was counted than there was; what a tick of 0.1 s brought may lie on either side of the window's edge.
    window_s = (found.duration_ns - found.ramp_ns) / SECOND
    assert found.bps * max(window_s - 0.1, 0) / 8 <= found.bytes * 1.02


@BOTH
def test_the_data_limit_ends_it(server: SpeedServer, direction: Direction) -> None:
    found, _ = flow(server, direction, most_s=8, most_bytes=2_000_000)
    assert found.ended is Ended.CAP
    # What a connection had in hand when it was reached comes on top, and no more.
    most = 2_000_000 + 2 * max(RECEIVE_BYTES, SEND_BYTES)
    assert 1_000_000 <= found.bytes <= most
    assert (server.served.received if direction is Direction.UP else found.bytes) <= most
    assert found.duration_ns < 3 * SECOND


@BOTH
def test_stopped_it_keeps_what_it_had(server: SpeedServer, direction: Direction) -> None:
    found, ticks = flow(server, direction, most_s=9, stop_after=15)
    assert len(ticks) < 40
    assert found.duration_ns < 5 * SECOND
    assert found.ended is Ended.CANCELLED
    assert found.bytes > 0
    assert found.bps is not None


def test_an_engine_that_dies_is_a_failure_with_what_was_seen(server: SpeedServer) -> None:
    provider = HttpProvider()
    target = provider.greet(Server(server.urls[0]), Way())

    def kill(tick: Tick) -> None:
        if tick.bytes:
            subprocess.run(["pkill", "-9", "-P", str(os.getpid()), "-f", "throughput.engine"], check=False)

    order = FlowOrder(Direction.DOWN, Way(), 1, 8 * SECOND)
    found = provider.flow(target, order, kill, threading.Event())
    assert found.ended is Ended.FAILED
    assert found.failure is not None
    assert found.failure.code == "speed_engine"
    assert found.bytes > 0
    assert found.bps is None


def test_the_engine_stops_when_whoever_started_it_is_gone(server: SpeedServer) -> None:
    task = {
        "mover": "http", "url": server.urls[0], "path": "/garbage.php?ckSize=1024", "direction": "down",
        "interface": "", "family": 0, "streams": 1, "most_ns": 60 * SECOND, "most_bytes": None,
    }  # fmt: skip
    with subprocess.Popen(engine_client.COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        assert engine.stdin is not None
        assert engine.stdout is not None
        engine.stdin.write(json.dumps(task).encode() + b"\n")
        engine.stdin.flush()
        assert "start" in json.loads(engine.stdout.readline())
        engine.stdin.close()
        last = [json.loads(line) for line in engine.stdout][-1]
        assert engine.wait(5) == 0
    assert last["end"]["ended"] == "cancelled"


def test_what_lies_in_the_current_folder_is_not_run(
    server: SpeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("open('ran', 'w')\nraise SystemExit(1)\n")
    monkeypatch.chdir(tmp_path)
    found, _ = flow(server, Direction.DOWN, most_s=1)
    assert found.bytes > 0
    assert not (tmp_path / "ran").exists()


def test_nothing_heavy_is_loaded_in_the_engine() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, diagnostics.throughput.engine as e; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert not {"PySide6", "requests", "psutil", "dns", "numpy", "sqlite3", "jalerte_desktop"} & {*seen}


def test_a_closed_port_is_told_before_anything_moves() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SpeedFailed, match="speed_unreachable"):
        HttpProvider().greet(Server(f"http://127.0.0.1:{port}/"), Way())


def test_no_server_is_nobody_to_measure_with() -> None:
    with pytest.raises(BadInput, match="speed_server_missing"):
        HttpProvider().servers([], Way())


def test_the_place_knows_the_small_page_once_the_server_was_met(server: SpeedServer) -> None:
    provider = HttpProvider()
    (target,) = provider.servers([f"127.0.0.1:{server.port}"], Way())
    assert provider.place(target).path == ""
    provider.greet(target, Way())
    assert provider.place(target).path == "/empty.php"
