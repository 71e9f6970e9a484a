"""The second kind of probe, beside pings, which some networks treat apart: does an anchor's port 443 take a connection?

The time runs from the first SYN to the answer on the program's clock. The kernel sends the SYN again after 1 s: a time
of a second and more means that the first one, or its answer, was lost.
"""

from __future__ import annotations

import itertools
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import replace

from diagnostics.clock import Clock
from diagnostics.model import Outcome, Protocol, Role, Sample, Target, quantise_rtt, quantise_time
from diagnostics.probes import sockets
from diagnostics.probes.binding import Binding, bind

PORT = 443
MUTE_EVERY = 10
"""How many rounds pass over an anchor that never took a connection while another one did."""


class TcpCheck:
    """Anchors of one family in turn, one with each ``run``, each a target of its own.

    Outcomes: OK; REFUSED (a reset: the way to the anchor and back works); LOST after ``timeout_s``; UNREACHABLE (an
    ICMP error: the detail says from whom); SEND_ERROR. Raises ValueError without anchors.
    """

    def __init__(
        self,
        anchors: Sequence[Target],
        clock: Clock,
        timeout_s: float = 2.0,
        *,
        port: int = PORT,
        binding: Binding | None = None,
    ) -> None:
        if not anchors:
            raise ValueError("no anchors")
        targets = [replace(anchor, role=Role.TCP_CHECK, protocol=Protocol.TCP) for anchor in anchors]
        self.target = targets[0]
        self._count = len(targets)
        self._turns = enumerate(itertools.cycle(targets))
        self._clock = clock
        self._timeout_s = timeout_s
        self._port = port
        self._binding = Binding() if binding is None else binding
        self._took: set[str] = set()
        self._tried: set[str] = set()

    def run(self) -> Sample | None:
        """Try the next anchor. Blocks for ``timeout_s`` at most. None for IPv6 without a route: nothing to try."""
        self.target = target = self._next()
        if target.family == 6 and not self._has_route(target.address):
            return None
        sent = self._clock.read()
        outcome, detail = self._connect(target)
        rtt = quantise_rtt(max(self._clock.mono_ns() - sent.mono_ns, 0)) if outcome.answered else None
        self._tried.add(target.address)
        if outcome.answered:
            self._took.add(target.address)
        wall, mono = quantise_time(sent.wall_ns), quantise_time(sent.mono_ns)
        return Sample(target, wall, mono, outcome, rtt, detail)

    def _next(self) -> Target:
        while True:
            turn, target = next(self._turns)
            mute = bool(self._took) and target.address in self._tried - self._took
            if not mute or turn // self._count % MUTE_EVERY == 0:
                return target

    def _has_route(self, address: str) -> bool:
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
                bind(sock, 6, self._binding.interface)
                sock.connect(sockets.socket_address(address, self._port))
        except OSError:
            return False
        return True

    def _connect(self, target: Target) -> tuple[Outcome, str]:
        family = sockets.family_of(target.address)
        try:
            sock = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_STREAM)
        except OSError as error:
            return Outcome.SEND_ERROR, sockets.errno_name(error.errno)
        with sock:
            try:
                bind(sock, family, self._binding.interface)
                # Closing with a reset leaves no TIME_WAIT entry, here or there.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("@ii", 1, 0))
                if sys.platform == "linux":
                    sockets.ask_for_errors(sock, family)
                sock.settimeout(self._timeout_s)
                sock.connect(sockets.socket_address(target.address, self._port))
            except TimeoutError:
                return Outcome.LOST, ""
            except OSError as error:
                outcome, detail = sockets.explain(sock, error.errno)
                if outcome is Outcome.SEND_ERROR and isinstance(error, ConnectionRefusedError):
                    return Outcome.REFUSED, detail
                return outcome, detail
        return Outcome.OK, ""
