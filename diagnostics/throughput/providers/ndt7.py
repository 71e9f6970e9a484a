"""The ``ndt7`` provider: M-Lab's servers, or any that speak its protocol (m-lab/ndt-server, spec/ndt7-protocol.md)."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from diagnostics.model import MILLISECOND, SECOND, Remark
from diagnostics.throughput import engine_client
from diagnostics.throughput.model import Ended, Flow, FlowOrder, Place, Server, SpeedFailed, Way
from diagnostics.throughput.providers import Hear
from diagnostics.throughput.providers.ndt7_locate import LOCATE, Found, locate
from diagnostics.throughput.providers.ndt7_place import parse_server, to_http, url_of
from diagnostics.throughput.wire import parse_address

TOKEN_S = 50.0
"""Locate's tokens hold for a minute (m-lab/locate, handler.go)."""
MOST_NS = 9700 * MILLISECOND
"""The server ends after ten seconds; a little less here, so that its end does not fall into the measurement."""
ENDED = "speed_ndt7_ended"


class Ndt7Provider:
    """Remembers the tokens of the servers that Locate named."""

    id = "ndt7"
    weaknesses: tuple[Remark, ...] = ()

    def __init__(self, locate_url: str = LOCATE) -> None:
        self._locate_url = locate_url
        self._found: dict[str, Found] = {}
        self._found_at = 0.0

    def servers(self, given: Sequence[str], way: Way) -> list[Server]:
        if given:
            return [Server(parse_server(text)) for text in given]
        return [Server(found.base, found.name) for found in self._locate(way)]

    def place(self, server: Server) -> Place:
        return replace(parse_address(to_http(parse_server(server.url))).place, address=server.address)

    def greet(self, server: Server, way: Way) -> Server:  # noqa: ARG002 - the protocol's
        """Nothing to find out: the first flow's handshake tells."""
        return server

    def flow(self, server: Server, order: FlowOrder, hear: Hear, stop: threading.Event) -> Flow:
        base = parse_server(server.url)
        try:
            url = self._url(base, order)
        except SpeedFailed as failed:
            return engine_client.failed(order, failed.remark)
        task = {
            "mover": "ndt7",
            "url": url,
            "pinned": server.address,
            "host": self.place(server).host,
        }
        order = replace(order, streams=1, most_ns=min(order.most_ns, MOST_NS))
        return settled(engine_client.run(task, order, hear, stop))

    def _locate(self, way: Way) -> list[Found]:
        found = locate(self._locate_url, way)
        self._found = {server.base: server for server in found}
        self._found_at = time.monotonic()
        return found

    def _url(self, base: str, order: FlowOrder) -> str:
        """The address of a test, with a token that still holds. Raises SpeedFailed."""
        if base not in self._found:
            return url_of(base, order.direction)
        if time.monotonic() - self._found_at > TOKEN_S:
            self._locate(order.way)
            if base not in self._found:
                raise SpeedFailed("speed_ndt7_moved", host=base.partition("://")[2])
        return self._found[base].tests[order.direction]


def settled(flow: Flow) -> Flow:
    """What a flow is that the server ended: it may, and then the rate counts where there was time to know it."""
    ended = flow.failure is not None and flow.failure.code == ENDED
    if not ended or flow.bps is None or flow.error is None or flow.duration_ns < SECOND:
        return flow
    return replace(flow, ended=Ended.TIME, failure=None)
