"""Which of a server's addresses answers: look-ups and single TCP handshakes, each bounded in time, none raising."""

from __future__ import annotations

import socket
import threading
import time

from diagnostics.model import Problem
from diagnostics.probes.binding import bind
from diagnostics.throughput.connect import addresses, close_at_once
from diagnostics.throughput.model import Place, Way

TRY_S = 0.9
"""The limit of one handshake: systems send a lost SYN again after a second (RFC 6298), which hides the loss."""
MOST_ADDRESSES = 4


def find_addresses(place: Place, way: Way, timeout_s: float) -> list[tuple[int, str]]:
    """Families and addresses of a place that the way allows, in the system's order; empty where there are none.

    The system's resolver cannot be called off: when it takes longer, its thread is left hanging.
    """
    found: list[tuple[int, str]] = []
    done = threading.Event()

    def ask() -> None:
        try:
            found.extend(addresses(place, way))
        except (OSError, ValueError, OverflowError, Problem):
            pass
        finally:
            done.set()

    try:
        threading.Thread(target=ask, name="speed-lookup", daemon=True).start()
    except RuntimeError:  # no more threads to be had
        return []
    return found[:MOST_ADDRESSES] if done.wait(timeout_s) else []


def handshake_ms(family: int, address: str, port: int, interface: str, timeout_s: float) -> float | None:
    """How long one TCP handshake takes, in milliseconds; None where none comes about. Closed with a reset."""
    try:
        sock = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return None
    try:
        bind(sock, family, interface)
        sock.settimeout(timeout_s)
        start_ns = time.monotonic_ns()
        sock.connect((address, port))
        return (time.monotonic_ns() - start_ns) / 1e6
    except (OSError, ValueError, OverflowError):
        return None
    finally:
        close_at_once(sock)


def first_address(place: Place, way: Way, most_s: float) -> tuple[int, str] | None:
    """Family and address that connections to a place end up at: of several, the first that takes a handshake.

    The first of all where none does; None where there is no address. Takes ``most_s`` at most.
    """
    deadline = time.monotonic() + most_s
    found = find_addresses(place, way, most_s)
    if len(found) > 1:
        for family, address in found:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                break
            if handshake_ms(family, address, place.port, way.interface, min(TRY_S, left_s)) is not None:
                return family, address
    return found[0] if found else None
