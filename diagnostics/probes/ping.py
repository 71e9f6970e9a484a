"""Ping: the one small interface that the recorder knows, and the choice of a method.

Methods, best first: ``icmp-datagram`` (one unprivileged ICMP socket a family; Linux, macOS), ``icmp-raw``
(needs CAP_NET_RAW), ``icmp-api`` (Windows), and ``tcp``: a connection to port 443, where ICMP is allowed in
no form.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Protocol

from diagnostics.clock import Clock
from diagnostics.model import SECOND, BadInput, Flag, MachineCannot, Sample, Target
from diagnostics.probes.binding import Binding

TIMEOUT_NS = SECOND
LATE_NS = 10 * SECOND
METHODS = ("icmp-datagram", "icmp-raw", "icmp-api", "tcp")


class Pinger(Protocol):
    """Sends probes and reports what became of them. Used by one thread.

    A target whose address is ``interface>address`` leaves by that interface, the others by that of the Binding.
    """

    @property
    def method(self) -> str:
        """One of METHODS."""
        ...

    def send(self, target: Target, flags: Flag = Flag.NONE) -> None:
        """Send one probe now. Never blocks; network errors do not raise, they become samples."""
        ...

    def collect(self) -> list[Sample]:
        """Samples that became final, or were revised, since the last call. Never blocks.

        May be called late: round-trip times do not depend on it, save those flagged COARSE_CLOCK. Outcomes:
        OK; UNREACHABLE (detail ``192.0.2.1 net-unreachable``: who said it, and what); SEND_ERROR (detail an
        errno's name); REFUSED (tcp: a reset); LOST after ``timeout_ns``. A LOST one is replaced when more
        comes to be known within ``late_ns``, by a sample with the same target and ``sent_ns``: mostly LATE.
        """
        ...

    def drain(self) -> list[Sample]:
        """At the end: ``collect`` once more. What is still under way is dropped: its outcome is not known."""
        ...

    def close(self) -> None: ...


def open_pinger(
    clock: Clock,
    *,
    method: str | None = None,
    timeout_ns: int = TIMEOUT_NS,
    late_ns: int = LATE_NS,
    binding: Binding | None = None,
) -> Pinger:
    """The best pinger that this machine allows, or the one that ``method`` or $JALERTE_PING_METHOD forces.

    Raises MachineCannot("ping_impossible") where nothing works, or not the method that was asked for, and
    BadInput for a method that does not exist.
    """
    wanted = method or os.environ.get("JALERTE_PING_METHOD") or None
    makers = _makers(sys.platform)
    if wanted is not None:
        if wanted not in METHODS:
            raise BadInput("ping_method_unknown", value=wanted[:80])
        makers = {name: maker for name, maker in makers.items() if name == wanted}
    for maker in makers.values():
        try:
            return maker(clock, timeout_ns, late_ns, binding=binding)
        except OSError:
            continue
    raise MachineCannot("ping_impossible", method=wanted or "")


class _Maker(Protocol):
    def __call__(
        self, clock: Clock, timeout_ns: int, late_ns: int, /, *, binding: Binding | None
    ) -> Pinger: ...


def _makers(platform: str) -> Mapping[str, _Maker]:
    """What to try on a platform, in order. Imports what is of that platform only."""
    from diagnostics.probes.ping_tcp import TcpPinger

    makers: dict[str, _Maker] = {}
    if platform == "linux":
        from diagnostics.probes.ping_linux import DatagramPinger, RawPinger

        makers["icmp-datagram"] = DatagramPinger
        makers["icmp-raw"] = RawPinger
    elif platform == "darwin":
        from diagnostics.probes.ping_macos import MacPinger

        makers["icmp-datagram"] = MacPinger
    elif platform == "win32":
        from diagnostics.probes.ping_windows import WindowsPinger

        makers["icmp-api"] = WindowsPinger
    makers["tcp"] = TcpPinger
    return makers
