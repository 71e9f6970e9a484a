"""The ``iperf3`` provider: the installed program against a server that the person names.

Download is counted here, as received. Upload is what the server reports to have received, without the first second
(iperf3's ``-O``, which both sides obey); broken off before that report, it is what this machine sent, trimmed.

From 3.17 on the program says each tenth of a second what it moved, and a download ends once its rate is steady. Before,
it speaks only at its end: on Linux the bytes that it read and wrote (proc(5), ``/proc/PID/io``) stand in for that, and
elsewhere a measurement takes five seconds. An upload always does, since the server reports only at the end.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from diagnostics.model import BadInput, MachineCannot, Remark
from diagnostics.throughput.connect import addresses
from diagnostics.throughput.model import Ended, Flow, FlowOrder, Place, Server, SpeedFailed, Way
from diagnostics.throughput.providers import Hear
from diagnostics.throughput.providers.iperf3_report import plain
from diagnostics.throughput.providers.iperf3_run import Attempt, nothing
from diagnostics.throughput.providers.outside import Limits, find_program, run
from diagnostics.throughput.rules import SpeedRules, default_rules

PORT = 5201
VERSION_S = 3.0
BUSY_S = 1.0
"""A server that has just ended a measurement is busy for a moment longer."""
LEAST_VERSION = (3, 3)
"""``--connect-timeout`` came with 3.3."""

_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?\Z")
_ADDRESS6 = re.compile(r"[0-9A-Fa-f:.]{2,45}\Z")
_WRITTEN = re.compile(
    r"(?:iperf3://)?(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:/\[\]]*))(?::(?P<port>[0-9]{1,5}))?/?\Z"
)
_VERSION = re.compile(r"^iperf (\d{1,3})\.(\d{1,3})")


def parse_server(text: str) -> Place:
    """``host``, ``host:port`` or ``iperf3://host:port``, an IPv6 address in brackets. Raises BadInput."""
    written = _WRITTEN.match(text.strip())
    host = (written["six"] or written["host"] or "") if written else ""
    port = int(written["port"] or PORT) if written else 0
    right = _ADDRESS6.match(host) if written and written["six"] is not None else _HOST.match(host)
    if not right or not 1 <= port <= 65535:
        raise BadInput("speed_iperf3_server_bad", value=plain(text)[:80])
    return Place(host, port)


def written(place: Place) -> str:
    """A server as ``Server.url`` holds it."""
    return f"iperf3://{f'[{place.host}]' if ':' in place.host else place.host}:{place.port}"


class Iperf3Provider:
    id = "iperf3"
    weaknesses: tuple[Remark, ...] = ()

    def __init__(self, program: str = "iperf3", rules: SpeedRules | None = None) -> None:
        self._program = program
        self._rules = rules or default_rules()
        self._version: tuple[int, int] | None = None

    def servers(self, given: Sequence[str], way: Way) -> list[Server]:  # noqa: ARG002 - the protocol's
        """There are no servers but the given ones. Raises BadInput."""
        if not given:
            raise BadInput("speed_iperf3_server_missing")
        places = [parse_server(text) for text in given]
        return [Server(written(place), name=place.host) for place in places]

    def place(self, server: Server) -> Place:
        """Port 0: nothing may knock at an iperf3 server, which serves one client and takes a knock for it."""
        return replace(parse_server(server.url), port=0, address=server.address)

    def greet(self, server: Server, way: Way) -> Server:  # noqa: ARG002 - the protocol's
        """Look whether the program is here; the server is not asked. Raises MachineCannot."""
        self._version_of(find_program(self._program))
        return server

    def flow(self, server: Server, order: FlowOrder, hear: Hear, stop: threading.Event) -> Flow:
        program = find_program(self._program)
        version = self._version_of(program)
        place = replace(parse_server(server.url), address=server.address)
        begun_ns = time.monotonic_ns()
        try:
            found = addresses(place, order.way)
        except SpeedFailed as failed:
            return nothing(order, begun_ns, Ended.FAILED, failed.remark)
        tries = _one_of_each(found)
        flow = nothing(order, begun_ns, Ended.CANCELLED)
        again = True
        while tries and not stop.is_set():
            family, address = tries[0]
            attempt = Attempt(program, version, place, family, address, order, self._rules, hear, stop)
            flow = attempt.flow()
            code = flow.failure.code if flow.failure else ""
            if code == "speed_server_busy" and again:
                again = False
                stop.wait(BUSY_S)
            elif code == "speed_unreachable":
                tries.pop(0)
            else:
                break
        return flow

    def _version_of(self, program: str) -> tuple[int, int]:
        """Raises MachineCannot("speed_program_version")."""
        if self._version is None:
            ran = run([program, "--version"], Limits(VERSION_S, 64 * 1024))
            known = _VERSION.match(ran.output.decode("utf-8", "replace"))
            version = (int(known[1]), int(known[2])) if known else (0, 0)
            if not LEAST_VERSION <= version < (4, 0):
                raise MachineCannot(
                    "speed_program_version", program="iperf3", wanted=".".join(map(str, LEAST_VERSION))
                )
            self._version = version
        return self._version


def _one_of_each(found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The first address of each family, in the system's order."""
    first: dict[int, str] = {}
    for family, address in found:
        first.setdefault(family, address)
    return list(first.items())
