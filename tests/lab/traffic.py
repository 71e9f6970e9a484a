"""Fills a line, as a person's upload or download does: ``traffic.py serve|up|down ADDRESS PORT``.

``up`` and ``down`` go on, over several connections, until they are ended; ``ready`` is said once bytes flow. What is
still in the sender's buffers at the end is thrown away with it. Standard library only.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading

CONNECTIONS = 4
BLOCK = bytes(1 << 16)


def prepare(connection: socket.socket) -> socket.socket:
    """Let it fill the queues (cubic does, BBR does not), and be reset at its end rather than send what is left."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))
    return connection


def give(connection: socket.socket) -> None:
    while True:
        connection.sendall(BLOCK)


def take(connection: socket.socket) -> None:
    buffer = bytearray(len(BLOCK))
    while connection.recv_into(buffer):
        pass


def answer(connection: socket.socket) -> None:
    with connection:
        try:
            wanted = connection.recv(1)
            (give if wanted == b"d" else take)(connection)
        except OSError:
            pass


def serve(address: str, port: int) -> None:
    with socket.create_server((address, port)) as server:
        print("ready", flush=True)
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(prepare(connection),), daemon=True).start()


def exchange(direction: str, address: str, port: int) -> None:
    connections = [prepare(socket.create_connection((address, port), 10)) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.settimeout(None)
        connection.sendall(b"u" if direction == "up" else b"d")
        work = give if direction == "up" else take
        threading.Thread(target=work, args=(connection,), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        exchange(sys.argv[1], sys.argv[2], int(sys.argv[3]))
