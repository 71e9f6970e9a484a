"""A resolver that takes its time: ``slow_resolver.py ADDRESS PORT UPSTREAM MS`` asks UPSTREAM, and answers MS later.

UDP only; questions wait beside each other. Standard library only.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import selectors
import socket
import sys
import time

MOST_WAITING = 1000


def main(address: str, port: int, upstream: str, delay_s: float) -> None:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind((address, port))
    selector = selectors.DefaultSelector()
    selector.register(client, selectors.EVENT_READ)
    waiting: list[tuple[float, int, bytes, tuple[str, int]]] = []
    numbers = itertools.count()
    print("ready", flush=True)
    while True:
        until = waiting[0][0] - time.monotonic() if waiting else None
        if selector.select(until):
            question, asker = client.recvfrom(4096)
            if len(waiting) < MOST_WAITING:
                heapq.heappush(waiting, (time.monotonic() + delay_s, next(numbers), question, asker))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, question, asker = heapq.heappop(waiting)
            with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
                up.settimeout(1)
                up.sendto(question, (upstream, 53))
                client.sendto(up.recv(4096), asker)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]) / 1000)
