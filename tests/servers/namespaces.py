"""Network namespaces for tests: made, entered by the test's own thread, removed again. Linux, root."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import itertools
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_CLONE_NEWNET = 0x40000000
_ROOT = Path(__file__).parents[2]
_numbers = itertools.count(1)


def why_not() -> str:
    """Why namespaces cannot be made here; empty where they can."""
    if not sys.platform.startswith("linux"):
        return "network namespaces are Linux only"
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [tool for tool in ("ip", "unshare") if shutil.which(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    done = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "this machine allows no network namespaces"


def why_no_tun() -> str:
    return why_not() or ("" if Path("/dev/net/tun").exists() else "there is no /dev/net/tun")


_reason = why_not()
needs_namespaces = pytest.mark.skipif(bool(_reason), reason=_reason or "-")
_reason_tun = why_no_tun()
needs_tun = pytest.mark.skipif(bool(_reason_tun), reason=_reason_tun or "-")


class Namespace:
    """One namespace, with its loopback up unless told otherwise."""

    def __init__(self, *, loopback: bool = True, ping_groups: str = "0 2147483647") -> None:
        self.name = f"jp{os.getpid()}x{next(_numbers)}"
        _run("ip", "netns", "add", self.name)
        self.ping_groups(ping_groups)
        if loopback:
            self.ip("link set lo up")

    def ip(self, command: str) -> None:
        """Run ``ip`` in here, with arguments separated by blanks."""
        _run("ip", "-n", self.name, *command.split())

    def run(self, *command: str) -> str:
        """Run a program in here; its output."""
        words = ["ip", "netns", "exec", self.name, *command]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def run_python(self, imports: str, code: str, *, user: bool = False) -> str:
        """Run code in a Python of its own, in here; its output. ``user``: as an ordinary user.

        What it imports is imported as root, since an ordinary user may not be able to read this Python's files.
        """
        drop = "import os; os.setgroups([]); os.setresgid(*[65534] * 3); os.setresuid(*[65534] * 3)"
        lines = [f"import sys; sys.path.insert(0, {str(_ROOT)!r})", imports, drop if user else "", code]
        return self.run(sys.executable, "-c", "\n".join(lines))

    def sysctl(self, name: str, value: str) -> None:
        with self.entered():
            Path("/proc/sys", *name.split("/")).write_text(value, "ascii")

    def ping_groups(self, groups: str) -> None:
        self.sysctl("net/ipv4/ping_group_range", groups)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is in here meanwhile: sockets that it opens stay here for ever."""
        back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
            try:
                _setns(there)
            finally:
                os.close(there)
            try:
                yield
            finally:
                _setns(back)
        finally:
            os.close(back)

    def remove(self) -> None:
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)


def _setns(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@contextlib.contextmanager
def namespaces(count: int, **options: object) -> Iterator[list[Namespace]]:
    made: list[Namespace] = []
    try:
        made.extend(Namespace(**options) for _ in range(count))  # type: ignore[arg-type]
        yield made
    finally:
        for namespace in made:
            namespace.remove()


def connect(left: Namespace, left_address: str, right: Namespace, right_address: str) -> tuple[str, str]:
    """A cable between two namespaces; addresses come with their prefix. Returns the interfaces' names."""
    number = next(_numbers)
    names = f"vl{number}", f"vr{number}"
    _run(
        *("ip", "-n", left.name, "link", "add", names[0], "type", "veth"),
        *("peer", "name", names[1], "netns", right.name),
    )
    for namespace, name, address in ((left, names[0], left_address), (right, names[1], right_address)):
        with namespace.entered():
            Path(f"/proc/sys/net/ipv6/conf/{name}/accept_dad").write_text("0", "ascii")
        namespace.ip(f"addr add {address} dev {name}" + (" nodad" if ":" in address else ""))
        namespace.ip(f"link set {name} up")
    return names


Behaviour = Callable[[bytes], list[tuple[float, bytes]]]
"""What comes back for an IP packet: delays in seconds and packets."""


class TunInternet:
    """Everything beyond a namespace's default route, played by a function. Packets with their IP headers.

    ``seen`` lists what came, ``answered`` counts what went back.
    """

    def __init__(self, namespace: Namespace, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.seen: list[bytes] = []
        self.answered = 0
        self._stop, self._stopping = os.pipe()
        with namespace.entered():
            self._tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self._tun, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))
        namespace.ip("addr add 10.77.0.2/24 dev tun0")
        namespace.ip("addr add fd77::2/64 dev tun0 nodad")
        namespace.ip("link set tun0 up")
        namespace.ip("route add default dev tun0")
        namespace.ip("-6 route add default dev tun0")
        self._thread = threading.Thread(target=self._loop, name="tun", daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        due: list[tuple[float, bytes]] = []
        while True:
            wait = max(min((at for at, _ in due), default=time.monotonic() + 1) - time.monotonic(), 0)
            ready, _, _ = select.select([self._tun, self._stop], [], [], wait)
            if self._stop in ready:
                return
            now = time.monotonic()
            if self._tun in ready:
                packet = os.read(self._tun, 4096)
                # Neighbour discovery and the like is no business of a behaviour's.
                if packet[0] >> 4 == 4 or packet[6] != 58 or packet[40] in (128, 129):
                    self.seen.append(packet)
                    due.extend((now + delay, answer) for delay, answer in self.behaviour(packet))
            for entry in sorted(entry for entry in due if entry[0] <= time.monotonic()):
                due.remove(entry)
                os.write(self._tun, entry[1])
                self.answered += 1

    def inject(self, packet: bytes) -> None:
        """Something comes in from outside, now."""
        os.write(self._tun, packet)

    def close(self) -> None:
        os.write(self._stopping, b"x")
        self._thread.join(5)
        assert not self._thread.is_alive()
        for descriptor in (self._tun, self._stop, self._stopping):
            os.close(descriptor)


@contextlib.contextmanager
def tun_internet(behaviour: Behaviour, **options: object) -> Iterator[tuple[Namespace, TunInternet]]:
    with namespaces(1, **options) as (namespace,):
        internet = TunInternet(namespace, behaviour)
        try:
            yield namespace, internet
        finally:
            internet.close()


def internet_sum(data: bytes) -> int:
    """The Internet checksum, written differently from the program's."""
    total = 0
    for index in range(0, len(data) - 1, 2):
        total += data[index] << 8 | data[index + 1]
        total = (total & 0xFFFF) + (total >> 16)
    if len(data) % 2:
        total += data[-1] << 8
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ip_packet(source: str, destination: str, body: bytes, protocol: int = 1, ttl: int = 64) -> bytes:
    """An IPv4 or IPv6 packet; the ICMPv6 checksum is put in."""
    if ":" not in source:
        pair = socket.inet_aton(source) + socket.inet_aton(destination)
        head = struct.pack("!BBHHHBBH8s", 0x45, 0, 20 + len(body), 1, 0, ttl, protocol, 0, pair)
        return head[:10] + struct.pack("!H", internet_sum(head)) + head[12:] + body
    pair = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
    body = body[:2] + b"\0\0" + body[4:]
    total = internet_sum(pair + struct.pack("!II", len(body), 58) + body)
    return (
        struct.pack("!IHBB", 6 << 28, len(body), 58, ttl)
        + pair
        + body[:2]
        + struct.pack("!H", total)
        + body[4:]
    )


def addresses_of(packet: bytes) -> tuple[str, str]:
    if packet[0] >> 4 == 4:
        return socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    return (
        socket.inet_ntop(socket.AF_INET6, packet[8:24]),
        socket.inet_ntop(socket.AF_INET6, packet[24:40]),
    )


def body_of(packet: bytes) -> bytes:
    return packet[20:] if packet[0] >> 4 == 4 else packet[40:]


def echo_reply(
    packet: bytes, *, source: str | None = None, change: Callable[[bytes], bytes] = bytes
) -> bytes:
    """The reply to an echo request; ``change`` works on the ICMP message before it is summed."""
    us, them = addresses_of(packet)
    six = ":" in us
    message = change(bytes((129 if six else 0, 0, 0, 0)) + body_of(packet)[4:])
    message = message[:2] + struct.pack("!H", internet_sum(message)) + message[4:]
    return ip_packet(source or them, us, message)


def icmp_error(packet: bytes, sayer: str, kind: int, code: int, quote: int = 512) -> bytes:
    """An ICMP error about a packet, quoting so many bytes of it."""
    us, _ = addresses_of(packet)
    message = bytes((kind, code, 0, 0, 0, 0, 0, 0)) + packet[:quote]
    message = message[:2] + struct.pack("!H", internet_sum(message)) + message[4:]
    return ip_packet(sayer, us, message)
