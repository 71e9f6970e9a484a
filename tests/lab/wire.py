"""A wire between two interfaces that can be long: each frame that comes in at one goes out at the other, later.

``wire.py NEAR FAR`` in a namespace of its own. Orders on standard input, one a line: ``delay MS`` for what goes from
FAR to NEAR, ``spikes SHARE MS SEED`` for a share of that. Says ``ready`` at the start and after each order. Not every
kernel has netem. Standard library only.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import random
import selectors
import socket
import sys
import time

SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23  # linux/if_packet.h
ETH_P_ALL = 0x0003
MOST_BYTES = 1 << 17


def open_end(interface: str) -> socket.socket:
    """A socket that gives and takes whole frames, with the header that tells which checksum is still to be made."""
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    end.bind((interface, ETH_P_ALL))
    end.setblocking(False)
    return end


class Wire:
    """Frames wait in a heap of (when due, number, frame); the number keeps the order of equals."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self._near, self._far = near, far
        self._delay_s = self._spike_s = self._share = 0.0
        self._rng = random.Random(0)
        self._waiting: list[tuple[float, int, bytes]] = []
        self._numbers = itertools.count()

    def obey(self, order: str) -> None:
        word, *values = order.split()
        if word == "delay":
            self._delay_s = float(values[0]) / 1000
        elif word == "spikes":
            self._share, self._spike_s = float(values[0]), float(values[1]) / 1000
            self._rng.seed(int(values[2]))
        else:
            raise ValueError(f"unknown order: {order}")

    def from_near(self) -> None:
        for frame in frames(self._near):
            put(self._far, frame)

    def from_far(self) -> None:
        for frame in frames(self._far):
            delay_s = self._delay_s
            if self._share and self._rng.random() < self._share:
                delay_s += self._spike_s
            if delay_s:
                heapq.heappush(self._waiting, (time.monotonic() + delay_s, next(self._numbers), frame))
            else:
                put(self._near, frame)

    def release(self) -> float | None:
        """Send what is due; returns how long until the next frame is, in seconds."""
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            put(self._near, heapq.heappop(self._waiting)[2])
        return self._waiting[0][0] - now if self._waiting else None


def frames(end: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(end.recv(MOST_BYTES))
        except BlockingIOError:
            return found
        except OSError:  # the interface is down for the moment
            return found


def put(end: socket.socket, frame: bytes) -> None:
    """A frame for which there is no room, or no link, is lost: as on a wire."""
    with contextlib.suppress(OSError):
        end.send(frame)


def main() -> None:
    wire = Wire(near := open_end(sys.argv[1]), far := open_end(sys.argv[2]))
    os.set_blocking(0, False)
    selector = selectors.DefaultSelector()
    selector.register(near, selectors.EVENT_READ, wire.from_near)
    selector.register(far, selectors.EVENT_READ, wire.from_far)
    selector.register(0, selectors.EVENT_READ, None)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select(wire.release()):
            if key.data is not None:
                key.data()
                continue
            orders = os.read(0, 4096).decode()
            if not orders:
                return
            for order in orders.splitlines():
                wire.obey(order)
                print("ready", flush=True)


if __name__ == "__main__":
    main()
