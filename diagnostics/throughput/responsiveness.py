"""Responsiveness in round trips a minute (RPM), as far as servers of HTTP/1.1 allow it.

After draft-ietf-ippm-responsiveness-08 (version 09 changes none of these parts), of which this is

- done: foreign probes (section 5.3), each a connection of its own with the times of TCP handshake, TLS handshake
  divided by its round trips (one in TLS 1.3, two before), and request to whole response; the single-sided trimmed mean
  at 95 % and the formula of "Foreign_Responsiveness" with TLS and without (section 5.3.1);
- left out: self probes and with them "Loaded_Responsiveness", the other half of the draft's mean. HTTP/1.1 cannot put a
  second request on a loaded connection, and those connections belong to another process, so that TCP's own estimate
  cannot stand in. What queues in the loaded connections themselves is therefore not in the figure;
- left out: the draft's way of loading the line and of waiting until four intervals agree (section 5.4), and its
  confidence. The engine of this room loads the line and decides when it has settled; the figure is of the window that
  is asked for;
- fewer probes: 2.5 a second rather than up to 100, which with 5,000 bytes each (the draft's estimate) keeps below its
  limit of 5 % of the capacity from 2 Mbit/s on. A TLS 1.3 server that asks for another key share costs a round trip
  that is not divided out.

A probe that does not end in time counts with the parts that it finished; the part in which it hung counts with the
time that this took until then, if a second or more. Leaving it out would speak for the slowest lines.
"""

from __future__ import annotations

import contextlib
import math
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diagnostics.clock import Clock
from diagnostics.model import MILLISECOND, SECOND
from diagnostics.probes.binding import bind
from diagnostics.throughput import wire
from diagnostics.throughput.connect import close_at_once
from diagnostics.throughput.model import Place, SpeedFailed, Way
from diagnostics.throughput.reach import first_address

if TYPE_CHECKING:
    import ssl

PERIOD_NS = 400 * MILLISECOND
PROBE_S = 5.0
"""A probe that takes longer is broken off."""
WAIT_NS = 2 * SECOND
"""How long after the end of a window its open probes are waited for."""
HANGS_MS = 1000.0
LEAST_PROBES = 3
"""Fewer make no figure."""
MOST_OPEN = 8
MOST_REFUSALS = 3
"""A server that refused the page so often is asked no more."""
MOST_BYTES = 64 * 1024
_ADDRESS_S = 3.0
_TRIMMED_AT = 95
_TCP_BYTES = 400
_TLS_BYTES = 4200


def rpm(tcp_ms: Sequence[float], tls_ms: Sequence[float], http_ms: Sequence[float]) -> int | None:
    """Round trips a minute from the parts of foreign probes, in milliseconds (draft, section 5.3.1).

    ``tls_ms`` is per round trip of the TLS handshake, and empty without TLS. None where a part is missing.
    """
    if not tcp_ms or not http_ms:
        return None
    means = [trimmed_mean(part) for part in (tcp_ms, tls_ms, http_ms) if part]
    mean_ms = sum(means) / len(means)
    return round(60_000 / mean_ms) if mean_ms > 0 else None


def trimmed_mean(values: Sequence[float]) -> float:
    """The mean of at least one value without the largest 5 %: of those up to the nearest-rank 95th percentile."""
    kept = sorted(values)[: math.ceil(len(values) * _TRIMMED_AT / 100)]
    return math.fsum(kept) / len(kept)


@dataclass(slots=True)
class _Probe:
    """``parts`` holds TCP, TLS and HTTP times in milliseconds as far as known; ``hangs_in`` is the part under way."""

    sent_mono_ns: int
    parts: dict[str, float] = field(default_factory=dict)
    hangs_in: str = "tcp"
    since_ns: int = 0
    over: bool = False
    failed: bool = False

    def known(self, now_ns: int) -> dict[str, float]:
        if self.failed:
            return {}
        so_far_ms = (now_ns - self.since_ns) / 1e6
        if self.hangs_in and so_far_ms >= HANGS_MS:
            return self.parts | {self.hangs_in: so_far_ms}
        return self.parts


class ResponsivenessWatch:
    """Probes one place from ``start`` to ``close``, each probe in a thread of its own. Raises nothing for the network.

    Sends nothing where the place has no ``path``, and no more after three refusals. ``bytes`` is what it has cost so
    far, both directions, handshakes estimated.
    """

    def __init__(self, place: Place, way: Way, clock: Clock) -> None:
        self._place, self._way, self._clock = place, way, clock
        self._request = _request(place)
        self._context: ssl.SSLContext | None = None
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._probes: list[_Probe] = []
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._refusals = self._bytes = 0
        self._scheduler: threading.Thread | None = None

    @property
    def bytes(self) -> int:
        return self._bytes

    def start(self) -> None:
        """Begin; returns at once."""
        if self._request:
            self._scheduler = threading.Thread(target=self._run, name="speed-rpm", daemon=True)
            self._scheduler.start()

    def between(self, start_mono_ns: int, end_mono_ns: int) -> int | None:
        """The round trips a minute of the probes begun in [start, end); None from fewer than three.

        Probes under way are waited for until two seconds after ``end``, and count with what they have shown by then.
        """
        end_mono_ns = min(end_mono_ns, self._clock.mono_ns())
        with self._changed:
            probes = [one for one in self._probes if start_mono_ns <= one.sent_mono_ns < end_mono_ns]
            while (
                not self._stop.is_set()
                and self._clock.mono_ns() < end_mono_ns + WAIT_NS
                and not all(one.over for one in probes)
            ):
                self._changed.wait(0.1)
            now_ns = self._clock.mono_ns()
            known = [one.known(now_ns) for one in probes]
        tcp, tls, http = (
            [parts[name] for parts in known if name in parts] for name in ("tcp", "tls", "http")
        )
        return rpm(tcp, tls, http) if len(http) >= LEAST_PROBES else None

    def close(self) -> None:
        """Break off what is under way; what is known stays."""
        self._stop.set()
        with self._changed:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            self._changed.notify_all()
        if self._scheduler is not None:
            self._scheduler.join(1)
        deadline = time.monotonic() + 1
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))

    def _run(self) -> None:
        if self._place.tls:
            import ssl

            self._context = ssl.create_default_context()
        where = first_address(self._place, self._way, _ADDRESS_S)
        due_ns = self._clock.mono_ns()
        while where is not None and not self._stop.is_set() and self._refusals < MOST_REFUSALS:
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            if len(self._threads) < MOST_OPEN:
                thread = threading.Thread(target=self._probe, args=where, name="speed-probe", daemon=True)
                with contextlib.suppress(RuntimeError):  # no more threads to be had
                    thread.start()
                    self._threads.append(thread)
            due_ns = max(due_ns + PERIOD_NS, self._clock.mono_ns() + PERIOD_NS // 2)
            self._stop.wait((due_ns - self._clock.mono_ns()) / SECOND)

    def _probe(self, family: int, address: str) -> None:
        now_ns = self._clock.mono_ns()
        probe = _Probe(now_ns, since_ns=now_ns)
        with self._changed:
            self._probes.append(probe)
        failed = refused = False
        try:
            self._exchange(probe, family, address, time.monotonic() + PROBE_S)
        except TimeoutError:
            pass
        except (SpeedFailed, ValueError):
            failed = refused = True
        except OSError:
            failed = True
        with self._changed:
            probe.over = True
            probe.failed = failed or (self._stop.is_set() and bool(probe.hangs_in))
            self._refusals = self._refusals + 1 if refused else 0
            if probe.hangs_in and not probe.failed:
                probe.parts = probe.known(self._clock.mono_ns())
                probe.hangs_in = ""
            self._changed.notify_all()

    def _exchange(self, probe: _Probe, family: int, address: str, deadline: float) -> None:
        """One connection from its first packet to the last of the answer. Raises OSError and SpeedFailed."""
        sock = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_STREAM)
        with self._kept(sock):
            bind(sock, family, self._way.interface)
            sock.settimeout(_left(deadline))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._begin(probe, "tcp", _TCP_BYTES)
            sock.connect((address, self._place.port))
            self._end(probe)
            if self._context is None:
                self._fetch(sock, probe, deadline)
                return
            secured = self._context.wrap_socket(
                sock, server_hostname=self._place.host, do_handshake_on_connect=False
            )
            with self._kept(secured):
                secured.settimeout(_left(deadline))
                self._begin(probe, "tls", _TLS_BYTES)
                secured.do_handshake()
                self._end(probe, 1 if secured.version() == "TLSv1.3" else 2)
                self._fetch(secured, probe, deadline)

    def _fetch(self, sock: socket.socket, probe: _Probe, deadline: float) -> None:
        """Ask for the page and read all of it."""
        sock.settimeout(_left(deadline))
        self._begin(probe, "http", len(self._request))
        sock.sendall(self._request)
        head, piece = wire.read_head(sock, deadline)
        refusal = wire.refusal(head, self._place.host)
        if refusal is not None:
            raise refusal
        body, taken = wire.Body(head), len(piece)
        body.take(memoryview(piece))
        while not body.done:
            sock.settimeout(_left(deadline))
            piece = sock.recv(16 * 1024)
            taken += len(piece)
            if not piece:
                if head.length is not None or head.chunked:
                    raise ConnectionError
                break
            if taken > MOST_BYTES:
                raise SpeedFailed("speed_not_http")
            body.take(memoryview(piece))
        self._end(probe)
        with self._changed:
            self._bytes += taken

    @contextlib.contextmanager
    def _kept(self, sock: socket.socket) -> Iterator[None]:
        """While in here, ``close`` can break the connection off."""
        with self._changed:
            self._sockets.add(sock)
        try:
            if self._stop.is_set():
                raise ConnectionAbortedError
            yield
        finally:
            with self._changed:
                self._sockets.discard(sock)
            close_at_once(sock)

    def _begin(self, probe: _Probe, part: str, cost: int) -> None:
        with self._changed:
            self._bytes += cost
            probe.hangs_in, probe.since_ns = part, self._clock.mono_ns()

    def _end(self, probe: _Probe, round_trips: int = 1) -> None:
        with self._changed:
            probe.parts[probe.hangs_in] = (self._clock.mono_ns() - probe.since_ns) / 1e6 / round_trips
            probe.hangs_in = ""


def _request(place: Place) -> bytes:
    """What asks for the place's small page; empty where it has none that could be asked for."""
    if not re.fullmatch(r"/[!-~]*", place.path):
        return b""
    try:
        return wire.request("GET", wire.Address(place.host, place.port, place.tls, place.path), place.path)
    except UnicodeError:  # a name in letters of its own
        return b""


def _left(deadline: float) -> float:
    """Seconds until then. Raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
