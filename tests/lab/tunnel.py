"""One end of a tunnel: IP packets between ``tun0`` and UDP, in the clear. A stand-in for a VPN.

``tunnel.py far ADDRESS PORT`` answers whoever spoke last; ``tunnel.py near ADDRESS PORT`` speaks to that address.
``tun0`` is there once ``ready`` is said; addresses and routes are given from outside. Standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import socket
import struct
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
MOST_BYTES = 1 << 16


def open_tun(name: str) -> int:
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def run(sock: socket.socket, peer: tuple[str, int] | None) -> None:
    tun = open_tun("tun0")
    sock.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(tun, selectors.EVENT_READ)
    selector.register(sock, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            # Whatever cannot be passed on just now is lost, as packets are.
            with contextlib.suppress(OSError):
                if key.fileobj is sock:
                    packet, peer = sock.recvfrom(MOST_BYTES)
                    os.write(tun, packet)
                else:
                    packet = os.read(tun, MOST_BYTES)
                    if peer is not None:
                        sock.sendto(packet, peer)


if __name__ == "__main__":
    place = (sys.argv[2], int(sys.argv[3]))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        if sys.argv[1] == "far":
            end.bind(place)
        run(end, None if sys.argv[1] == "far" else place)
