"""The speed server at home: what ``http`` measures against on a second machine, to tell the line from the Wi-Fi.

A thread a connection, everything bounded. Random bytes go out, what comes in is swallowed; nothing is kept or written
down.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diagnostics.home_networks import is_private_or_loopback
from diagnostics.links.route import RouteState
from diagnostics.model import BadInput, MachineCannot
from diagnostics.throughput.serve_connection import GARBAGE_BYTES, Conversation, Limits


@dataclass(frozen=True, slots=True)
class Served:
    """Payload bytes since the start: to clients, and from them. ``requests`` counts those answered with 200."""

    sent: int = 0
    received: int = 0
    requests: int = 0


def is_home_address(address: str) -> bool:
    """True for an address that only the home's own network, or this machine, can reach. Raises ValueError for none."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return is_private_or_loopback(mapped or found)


def own_addresses(
    route: RouteState, *, anywhere: bool = False, of: Callable[[str], Sequence[str]] | None = None
) -> list[str]:
    """The addresses under which the home reaches this machine: those of the interface with the default route.

    The IPv4 ones, else the IPv6 ones; with ``anywhere`` the public ones too. Link-local ones are left out, since nobody
    can type them. ``of`` stands in for the system in tests: an interface's addresses.
    Raises MachineCannot("speed_server_no_home") when there are none.
    """
    usable = [
        address
        for address in ((of or _addresses_of)(route.interface) if route.interface else ())
        if (anywhere or is_home_address(address))
        and not ipaddress.ip_address(address.partition("%")[0]).is_link_local
    ]
    if not usable:
        raise MachineCannot("speed_server_no_home")
    return [address for address in usable if ":" not in address] or usable


def _addresses_of(interface: str) -> list[str]:
    import psutil

    from diagnostics.links.interfaces import system_name

    found = psutil.net_if_addrs().get(system_name(interface), [])
    return [entry.address for entry in found if entry.family in (socket.AF_INET, socket.AF_INET6)]


def url_of(address: str, port: int) -> str:
    """The URL under which a client reaches the server."""
    host = f"[{address.replace('%', '%25')}]" if ":" in address else address
    return f"http://{host}:{port}/"


class SpeedServer:
    """Listens on every one of ``addresses`` at the same ``port``; 0 lets the system choose one.

    ``anywhere`` allows addresses that are not the home's own. Threads: one that accepts, one a connection.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        port: int = 0,
        *,
        anywhere: bool = False,
        limits: Limits | None = None,
    ) -> None:
        """Raises BadInput: ``speed_server_address`` for what is no address, ``speed_server_public`` beyond home."""
        self.addresses = tuple(addresses)
        self.limits = limits or Limits()
        self._asked_port = port
        for address in self.addresses:
            _check_address(address, anywhere)
        self._listeners: list[socket.socket] = []
        self._open: dict[Conversation, threading.Thread] = {}
        self._lock = threading.Lock()
        self._served = Served()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._garbage = memoryview(os.urandom(GARBAGE_BYTES))

    @property
    def port(self) -> int:
        """The port in use, once started; the one asked for before."""
        return int(self._listeners[0].getsockname()[1]) if self._listeners else self._asked_port

    @property
    def urls(self) -> list[str]:
        return [url_of(address, self.port) for address in self.addresses]

    @property
    def served(self) -> Served:
        with self._lock:
            return self._served

    def start(self) -> None:
        """Listen, and answer from now on.

        Raises MachineCannot: ``speed_server_port_taken``, ``speed_server_port_forbidden``, ``speed_server_cannot``;
        BadInput("speed_server_address") for an address that is not this machine's. Nothing is left open then.
        """
        try:
            for address in self.addresses:
                self._listeners.append(_listen(address, self.port))
        except BaseException:
            for listener in self._listeners:
                listener.close()
            self._listeners.clear()
            raise
        self._bell, self._ringer = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name="speed server", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Cut off everybody, and end. May be called twice."""
        if self._thread is None:
            return
        with self._lock:
            self._closing = True
            talking = dict(self._open)
        self._ringer.send(b"x")
        self._thread.join()
        self._thread = None
        for conversation, thread in talking.items():
            conversation.cut()
            thread.join()
        for sock in (*self._listeners, self._bell, self._ringer):
            sock.close()

    def __enter__(self) -> SpeedServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._bell, selectors.EVENT_READ)
            for listener in self._listeners:
                selector.register(listener, selectors.EVENT_READ)
            while not self._closing:
                for key, _ in selector.select():
                    if isinstance(key.fileobj, socket.socket) and key.fileobj is not self._bell:
                        self._welcome(key.fileobj)

    def _welcome(self, listener: socket.socket) -> None:
        try:
            sock, peer = listener.accept()
        except OSError:
            # Gone again already; or no more descriptors: others have to end first.
            time.sleep(0.01)
            return
        conversation = Conversation(sock, str(peer[0]), self._garbage, self.limits, self._count)
        with self._lock:
            if not self._closing and len(self._open) < self.limits.connections:
                thread = threading.Thread(target=self._talk, args=(conversation,), daemon=True)
                # RuntimeError: the system allows no more threads, which is the same as being full.
                with contextlib.suppress(RuntimeError):
                    thread.start()
                    self._open[conversation] = thread
                    return
        conversation.turn_away()

    def _talk(self, conversation: Conversation) -> None:
        try:
            conversation.run()
        finally:
            with self._lock:
                self._open.pop(conversation, None)

    def _count(self, sent: int, received: int, requests: int) -> None:
        with self._lock:
            old = self._served
            self._served = Served(old.sent + sent, old.received + received, old.requests + requests)


def _check_address(address: str, anywhere: bool) -> None:
    try:
        at_home = is_home_address(address)
    except ValueError as error:
        raise BadInput("speed_server_address", value=address[:60]) from error
    if not at_home and not anywhere:
        raise BadInput("speed_server_public", value=address[:60])


def _listen(address: str, port: int) -> socket.socket:
    """A listening socket for one address of this machine. Raises BadInput and MachineCannot."""
    six = ":" in address
    try:
        sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        raise MachineCannot("speed_server_cannot", why=error.strerror or str(error)) from error
    try:
        if sys.platform != "win32":
            # There, it would let two servers share a port; elsewhere it only ends the wait after the last one.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        where = socket.getaddrinfo(address, port, sock.family, sock.type, flags=socket.AI_NUMERICHOST)[0][4]
        sock.bind(where)
        sock.listen(128)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise _refusal(error, address, port) from error
    return sock


def _refusal(error: OSError, address: str, port: int) -> BadInput | MachineCannot:
    if error.errno == errno.EADDRINUSE:
        return MachineCannot("speed_server_port_taken", port=port)
    if error.errno in (errno.EACCES, errno.EPERM):
        return MachineCannot("speed_server_port_forbidden", port=port)
    if error.errno in (errno.EADDRNOTAVAIL, errno.EINVAL, errno.ENODEV) or isinstance(error, socket.gaierror):
        return BadInput("speed_server_address", value=address[:60])
    return MachineCannot("speed_server_cannot", why=error.strerror or str(error))
