"""Moves data in a namespace: ``moving.py watched|second down|up ADDRESS PORT NUMBER [BOX]``.

``watched`` moves for NUMBER seconds and prints, as one JSON document, the flow and what the watch saw of others; BOX is
the address of a box to ask. ``second`` moves NUMBER bits a second at most until its input ends; it prints ``ready``
once it has moved for a second, and its flow at the end. Flows are as an engine tells them: payload received, or
acknowledged as TCP_INFO has it, in steps of a tenth of a second.
"""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import asdict

from diagnostics.box.adapter import find_box
from diagnostics.clock import SystemClock
from diagnostics.model import SECOND
from diagnostics.throughput.model import CURVE_NS, Counted, Direction, Ended, Flow
from diagnostics.throughput.watch import TrafficWatch

STREAMS = 4
RAMP_NS = SECOND
RAMP_STEPS = RAMP_NS // CURVE_NS
BLOCK = bytes(1 << 14)
LONGEST_STEPS = 600


def info(connection: socket.socket, form: str, offset: int) -> int:
    """A number of Linux's tcp_info (uapi/linux/tcp.h)."""
    raw = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return int(struct.unpack_from(form, raw, offset)[0])


def opened(address: str, port: int, *, held_back: bool) -> socket.socket:
    """What is held back gets a small buffer: what lies in it has come over the line, and does not count yet."""
    connection = socket.socket()
    if held_back:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
    connection.settimeout(5)
    connection.connect((address, port))
    return connection


def move(
    direction: Direction, address: str, port: int, goes_on: Callable[[int], bool], most_bps: float = 1e12
) -> Flow:
    """``goes_on`` is asked after each step, with the number of steps so far."""
    connections = [opened(address, port, held_back=most_bps < 1e12) for _ in range(STREAMS)]
    down = direction is Direction.DOWN
    start_ns = time.monotonic_ns()
    moved, received = 0, 0
    totals = [0]
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            connection.sendall(b"d" if down else b"u")
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ if down else selectors.EVENT_WRITE)
        while len(totals) == 1 or goes_on(len(totals) - 1):
            due_ns = start_ns + len(totals) * CURVE_NS
            while (now_ns := time.monotonic_ns()) < due_ns:
                if moved * 8 * SECOND > most_bps * (now_ns - start_ns):
                    time.sleep(0.002)
                    continue
                for key, _ in selector.select((due_ns - now_ns) / SECOND):
                    connection = key.fileobj  # type: ignore[assignment]  # only sockets were registered
                    try:
                        count = len(connection.recv(1 << 16)) if down else connection.send(BLOCK)
                    except BlockingIOError:
                        continue
                    moved += count
                    received += count if down else 0
            # The SYN counts as one byte acknowledged.
            totals.append(received if down else sum(info(c, "=Q", 120) - 1 for c in connections))
    again = None if down else sum(info(connection, "=I", 100) for connection in connections)
    for connection in connections:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))
        connection.close()
    curve = tuple(after - before for before, after in itertools.pairwise(totals))
    duration_ns = len(curve) * CURVE_NS
    bps = round(sum(curve[RAMP_STEPS:]) * 8 * SECOND / max(CURVE_NS, duration_ns - RAMP_NS))
    counted = Counted.RECEIVED if down else Counted.ACKNOWLEDGED
    return Flow(
        direction, bps, counted, totals[-1], start_ns, duration_ns, RAMP_NS, Ended.TIME, STREAMS, None, curve, again
    )  # fmt: skip


def watched(direction: Direction, address: str, port: int, seconds: float, gateway: str) -> None:
    box = find_box(gateway, SystemClock()) if gateway else None
    watch = TrafficWatch("eth0", box=box)
    watch.start()
    flow = move(direction, address, port, lambda steps: steps < seconds * 10)
    other, share = watch.other(flow), watch.cpu_share([flow])
    watch.close()
    print(json.dumps({"flow": asdict(flow), "other": asdict(other), "cpu": share, "box": box is not None}))


def second(direction: Direction, address: str, port: int, most_bps: float) -> None:
    with selectors.DefaultSelector() as told:
        told.register(sys.stdin, selectors.EVENT_READ)

        def goes_on(steps: int) -> bool:
            if steps == RAMP_STEPS:
                print("ready", flush=True)
            return steps < LONGEST_STEPS and not told.select(0)

        print(json.dumps({"flow": asdict(move(direction, address, port, goes_on, most_bps))}))


def main(role: str, direction: str, address: str, port: str, number: str, gateway: str = "") -> None:
    if role == "watched":
        watched(Direction(direction), address, int(port), float(number), gateway)
    else:
        second(Direction(direction), address, int(port), float(number))


if __name__ == "__main__":
    main(*sys.argv[1:])
