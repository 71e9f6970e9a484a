"""Whom a line is measured against. One file a provider; each knows no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from diagnostics.model import BadInput, Remark
from diagnostics.throughput.model import Flow, FlowOrder, Place, Server, Tick, Way

PROVIDERS = ("http", "ndt7", "iperf3", "speedtest-cli", "cloudflare")

Hear = Callable[[Tick], None]


class Provider(Protocol):
    """One way of measuring, and whose servers it uses."""

    id: str
    weaknesses: tuple[Remark, ...]
    """What has to be known of every result of it."""

    def servers(self, given: Sequence[str], way: Way) -> list[Server]:
        """Who could be measured against, best guess first: the ``given`` addresses, else those that the provider names.

        Blocks ten seconds at most. Raises SpeedFailed when none can be found, BadInput for an address it cannot read.
        """
        ...

    def place(self, server: Server) -> Place:
        """Where the server is reached, for the round trips beside the flows. Sends nothing. Raises BadInput.

        An empty host: not known yet. Port 0: nothing may be tried there but pings.
        """
        ...

    def greet(self, server: Server, way: Way) -> Server:
        """Find out whether the server can be measured against, and how; call it before ``flow``.

        Blocks five seconds at most. Raises SpeedFailed when it cannot; then another server is tried. Raises
        MachineCannot where a program is missing.
        """
        ...

    def flow(self, server: Server, order: FlowOrder, hear: Hear, stop: threading.Event) -> Flow:
        """Move data in one direction until steady, over, or ``stop`` is set; a stopped flow keeps what it had.

        ``hear`` is called ten times a second or so, from any thread. Never raises for what the network or the server
        does: the Flow then ends FAILED with its reason. Raises MachineCannot where a program is missing.
        """
        ...


def open_provider(name: str) -> Provider:
    """The provider of that name; raises BadInput("speed_provider_unknown")."""
    if name == "http":
        from diagnostics.throughput.providers.http import HttpProvider

        return HttpProvider()
    if name == "ndt7":
        from diagnostics.throughput.providers.ndt7 import Ndt7Provider

        return Ndt7Provider()
    if name == "iperf3":
        from diagnostics.throughput.providers.iperf3 import Iperf3Provider

        return Iperf3Provider()
    if name == "speedtest-cli":
        from diagnostics.throughput.providers.speedtest_cli import SpeedtestCliProvider

        return SpeedtestCliProvider()
    if name == "cloudflare":
        from diagnostics.throughput.providers.cloudflare import CloudflareProvider

        return CloudflareProvider()
    raise BadInput("speed_provider_unknown", value=name[:40], known=", ".join(PROVIDERS))
