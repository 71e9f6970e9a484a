"""The ``cloudflare`` provider: the servers behind speed.cloudflare.com, near almost everybody.

Known: ``__down?bytes=N`` gives N bytes, ``__up`` takes what is posted (cloudflare/speedtest, README.md). A request for
1e8 bytes or more was seen refused with 403 (beck-8/subs-check#255), and some limit of the rate answers 429; where it
lies is not said (cloudflare/speedtest#43). Hence moderate requests here, and the restraint of ``providers.toml``.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from diagnostics.model import BadInput, Remark
from diagnostics.throughput import engine_client
from diagnostics.throughput.model import Direction, Flow, FlowOrder, Place, Server, Way
from diagnostics.throughput.providers import Hear
from diagnostics.throughput.wire import parse_address

BASE = "https://speed.cloudflare.com/"
DOWN, UP, SMALL = "/__down?bytes=50000000", "/__up", "/__down?bytes=0"
NAME = "Cloudflare"


class CloudflareProvider:
    """One address for all: the network brings everybody to the nearest place."""

    id = "cloudflare"
    weaknesses: tuple[Remark, ...] = ()

    def __init__(self, base: str = BASE) -> None:
        self._address = parse_address(base)

    def servers(self, given: Sequence[str], way: Way) -> list[Server]:  # noqa: ARG002 - the protocol's
        """Raises BadInput("speed_cloudflare_server") for any other address."""
        for text in given:
            if parse_address(text).url != self._address.url:
                raise BadInput("speed_cloudflare_server", value=text[:80], known=self._address.url)
        return [Server(self._address.url, NAME)]

    def place(self, server: Server) -> Place:
        return replace(self._address.place, address=server.address, path=SMALL)

    def greet(self, server: Server, way: Way) -> Server:  # noqa: ARG002 - the protocol's
        """Nothing to find out: its pages are known."""
        return server

    def flow(self, server: Server, order: FlowOrder, hear: Hear, stop: threading.Event) -> Flow:
        task = {
            "mover": "http",
            "url": self._address.url,
            "path": DOWN if order.direction is Direction.DOWN else UP,
            "pinned": server.address,
            "host": self._address.host,
        }
        return engine_client.run(task, order, hear, stop)
