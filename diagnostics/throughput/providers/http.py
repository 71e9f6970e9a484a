"""The ``http`` provider: any server in LibreSpeed's layout, one's own included (``jalerte speed-server``).

Layout, as its documentation describes: ``garbage.php?ckSize=N`` gives N MiB, ``empty.php`` swallows what is posted, at
the address itself or beneath ``backend/``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urljoin

from diagnostics.model import BadInput, Remark
from diagnostics.throughput import engine_client
from diagnostics.throughput.connect import close_at_once, connect
from diagnostics.throughput.model import Direction, Flow, FlowOrder, Place, Server, SpeedFailed, Way
from diagnostics.throughput.providers import Hear
from diagnostics.throughput.wire import Address, Head, parse_address, read_head, refusal, request

LAYOUTS = (("garbage.php", "empty.php"), ("backend/garbage.php", "backend/empty.php"))
CHUNKS = "ckSize=1024"
GREET_S = 4.0
REDIRECTS = 3


class HttpProvider:
    """Knows for each server that it has met where its pages are."""

    id = "http"
    weaknesses: tuple[Remark, ...] = ()

    def __init__(self) -> None:
        self._met: dict[str, tuple[Address, str, str]] = {}

    def servers(self, given: Sequence[str], way: Way) -> list[Server]:  # noqa: ARG002 - the protocol's
        if not given:
            raise BadInput("speed_server_missing")
        return [Server(parse_address(text).url) for text in given]

    def place(self, server: Server) -> Place:
        address, _, up = self._met.get(server.url) or (parse_address(server.url), "", "")
        return replace(address.place, address=server.address, path=up)

    def greet(self, server: Server, way: Way) -> Server:
        """Find out where the server's pages are. A redirect is followed on the same host only. Raises SpeedFailed."""
        address = parse_address(server.url)
        deadline = time.monotonic() + GREET_S
        for _ in range(REDIRECTS):
            moved = ""
            for down, up in LAYOUTS:
                folder = address.path.partition("?")[0]
                folder = folder if folder.endswith("/") else f"{folder}/"
                head = self._ask(address, f"{folder}{down}?ckSize=1", server, way, deadline)
                if head.status == 404:
                    continue
                if 300 <= head.status < 400:
                    moved = self._moved(address, f"{folder}{down}", down, head)
                    break
                refused = refusal(head, address.host)
                if refused is not None:
                    raise refused
                if head.kind == "text/html" or head.length == 0:
                    raise SpeedFailed("speed_not_compatible", host=address.host)
                self._met[server.url] = (address, f"{folder}{down}?{CHUNKS}", f"{folder}{up}")
                return server
            if not moved:
                raise SpeedFailed("speed_not_compatible", host=address.host)
            address = parse_address(moved)
        raise SpeedFailed("speed_redirected", host=address.host, to=address.host)

    def flow(self, server: Server, order: FlowOrder, hear: Hear, stop: threading.Event) -> Flow:
        if server.url not in self._met:
            try:
                self.greet(server, order.way)
            except SpeedFailed as failed:
                return engine_client.failed(order, failed.remark)
        address, down, up = self._met[server.url]
        path = down if order.direction is Direction.DOWN else up
        task = {
            "mover": "http",
            "url": address.url,
            "path": path,
            "pinned": server.address,
            "host": address.host,
        }
        return engine_client.run(task, order, hear, stop)

    @staticmethod
    def _ask(address: Address, path: str, server: Server, way: Way, deadline: float) -> Head:
        """The head of the answer to one question. Raises SpeedFailed."""
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise SpeedFailed("speed_stalled", host=address.host)
        sock = connect(replace(address.place, address=server.address), way, left_s)
        try:
            sock.sendall(request("GET", address, path))
            return read_head(sock, deadline)[0]
        except SpeedFailed as failed:
            raise SpeedFailed(failed.remark.code, host=address.host) from failed
        except TimeoutError as error:
            raise SpeedFailed("speed_stalled", host=address.host) from error
        except OSError as error:
            raise SpeedFailed("speed_closed", host=address.host) from error
        finally:
            close_at_once(sock)

    @staticmethod
    def _moved(address: Address, asked: str, page: str, head: Head) -> str:
        """The address that a redirect on the same host leads to. Raises SpeedFailed for another host."""
        refused = refusal(head, address.host)
        assert refused is not None
        try:
            target = parse_address(urljoin(replace(address, path=asked).url, head.location))
        except (BadInput, ValueError) as error:
            raise refused from error
        if target.host != address.host:
            raise refused
        path = target.path.partition("?")[0]
        return replace(target, path=path.removesuffix(page) or "/").url
