"""Somebody else's traffic: ``_second_flow.py serve|up|down ADDRESS PORT``; by itself it does nothing.

``up`` and ``down`` go on over three connections until they are ended, and say ten times a second the monotonic time in
nanoseconds and the payload bytes that arrived so far: those received, or those acknowledged by the far end's TCP.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from diagnostics.throughput.tcp_info import read_tcp_info

CONNECTIONS = 3
BLOCK = bytes(1 << 16)


class Connection(threading.Thread):
    def __init__(self, sock: socket.socket, *, gives: bool) -> None:
        super().__init__(daemon=True)
        sock.settimeout(None)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))
        self._sock, self._gives = sock, gives
        self._total = 0

    def run(self) -> None:
        buffer = bytearray(1 << 18)
        try:
            while True:
                count = self._sock.send(BLOCK) if self._gives else self._sock.recv_into(buffer)
                if not count:
                    return
                self._total += count
        except OSError:
            return

    def total(self) -> int:
        if not self._gives:
            return self._total
        info = read_tcp_info(self._sock, self._total)
        return info.acknowledged if info else self._total


def serve(address: str, port: int) -> None:
    with socket.create_server((address, port)) as server:
        while True:
            sock, _ = server.accept()
            threading.Thread(target=_answer, args=(sock,), daemon=True).start()


def _answer(sock: socket.socket) -> None:
    Connection(sock, gives=sock.recv(1) == b"d").run()
    sock.close()


def exchange(direction: str, address: str, port: int) -> None:
    connections = []
    for _ in range(CONNECTIONS):
        sock = socket.create_connection((address, port), 10)
        sock.sendall(direction[:1].encode())
        connections.append(Connection(sock, gives=direction == "up"))
    for connection in connections:
        connection.start()
    while True:
        print(time.monotonic_ns(), sum(connection.total() for connection in connections), flush=True)
        time.sleep(0.1)


def main() -> None:
    if len(sys.argv) != 4:
        return
    order, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with contextlib.suppress(KeyboardInterrupt):
        if order == "serve":
            serve(address, port)
        else:
            exchange(order, address, port)


if __name__ == "__main__":
    main()
