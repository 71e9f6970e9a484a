"""The ``speedtest-cli`` provider: Ookla's servers by way of the Python package of that name (2.1.3, unmaintained).

Run as a child process, one direction at a time, always with ``--secure``. What is known of it, read in its source:

- It reads 10,240 bytes at a time, and counts an upload when the kernel has taken it: fast lines come out slow, and
  uploads wrong either way. Hence Counted.REPORTED, and ``WEAKNESSES``.
- ``--secure`` lets it talk TLS with www.speedtest.net; the data itself go by whatever address the server is listed
  with, often plain HTTP. With ``--mini`` it first fetches Ookla's configuration all the same, so that Ookla sees each
  measurement; an ``http`` address of a mini server stays plain.
- It follows redirects to anywhere; one to a stranger's host is noticed here, and ends it.
- An upload by itself uses the two connections of Ookla's configuration, and eight after a download in the same run.
- It takes proxies from the environment: they are taken out here, since the proxy would be measured.
- It runs on Python 3.11, 3.12 and 3.13 (its warnings are ignored).
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from diagnostics.model import SECOND, BadInput, MachineCannot, Remark
from diagnostics.probes.binding import source_on
from diagnostics.throughput.connect import addresses
from diagnostics.throughput.model import (
    Counted,
    Direction,
    Ended,
    Flow,
    FlowOrder,
    Place,
    Server,
    SpeedFailed,
    Tick,
    Way,
)
from diagnostics.throughput.providers import Hear
from diagnostics.throughput.providers.outside import Cut, Limits, Ran, run
from diagnostics.throughput.wire import parse_address

OOKLA = "speedtest://"
"""The address that stands for Ookla's servers: the nearest by itself, or one with its number behind."""
REQUEST_S = 4
GREET_S = 12.0
"""So long may it take until the transfer begins: configuration, list of servers, their delays."""
WHOLE_S = 40.0
MEMORY_BYTES = 1 << 30
STREAMS_UNKNOWN = 0
WEAKNESSES: tuple[Remark, ...] = (Remark.of("speed_cli_small_reads"), Remark.of("speed_cli_upload_buffered"))
"""What has to be said beside each of its results; words in ``words/speed_notes.py``."""

_OWNERS = ("speedtest.net", "ookla.com")
_ID = re.compile(r"(?:speedtest://)?([0-9]{1,7})/?\Z")
_REFUSED = re.compile(r"HTTP Error ([0-9]{3})")
_BEGUN, _MOVED_ON = b"DEBUG: Best Server:", b"DEBUG: Redirected to "
_MOST_BPS = 1e12

Counters = Callable[[], Mapping[str, tuple[int, int]]]
"""Bytes received and sent by each interface since it came up."""


class SpeedtestCliProvider:
    """``environment``, ``interpreter`` and ``counters`` are for tests: the child's environment, the Python it runs on,
    and what the interfaces have moved.
    """

    id = "speedtest-cli"
    weaknesses: tuple[Remark, ...] = WEAKNESSES

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        interpreter: str = sys.executable,
        counters: Counters | None = None,
    ) -> None:
        self._environment = _without_proxies(os.environ) if environment is None else dict(environment)
        self._interpreter = interpreter
        self._counters = counters or _system_counters
        self._chosen: dict[str, Place] = {}

    def servers(self, given: Sequence[str], way: Way) -> list[Server]:  # noqa: ARG002 - the protocol's
        """Ookla's choice, or the given ones: an Ookla server's number, or a mini server's web address.

        Sends nothing. Raises BadInput.
        """
        if not given:
            return [Server(OOKLA, name="Ookla")]
        found = []
        for text in given:
            number = _ID.match(text.strip())
            if number or text.strip() == OOKLA:
                name = f"Ookla {number[1]}" if number else "Ookla"
                found.append(Server(OOKLA + (number[1] if number else ""), name=name))
            else:
                address = parse_address(text)
                found.append(Server(address.url, name=address.host))
        return found

    def place(self, server: Server) -> Place:
        """The mini server, or whom the package chose at Ookla; an empty host before it has chosen. Raises BadInput."""
        if server.url.startswith(OOKLA):
            return self._chosen.get(server.url, Place("", 0))
        return parse_address(server.url).place

    def greet(self, server: Server, way: Way) -> Server:  # noqa: ARG002 - the protocol's
        """Look whether the package is here; nobody is asked. Raises MachineCannot."""
        if importlib.util.find_spec("speedtest") is None:
            raise MachineCannot("speed_package_missing", package="speedtest-cli")
        return server

    def flow(self, server: Server, order: FlowOrder, hear: Hear, stop: threading.Event) -> Flow:
        if importlib.util.find_spec("speedtest") is None:
            raise MachineCannot("speed_package_missing", package="speedtest-cli")
        run_of = _Run(server, order, hear, stop, self._counters)
        try:
            command = [
                *(
                    self._interpreter,
                    "-P",
                    "-W",
                    "ignore",
                    "-m",
                    "speedtest",
                    "--json",
                    "--secure",
                    "--debug",
                ),
                *("--timeout", str(REQUEST_S)),
                "--no-upload" if order.direction is Direction.DOWN else "--no-download",
                *_server_options(server),
                *self._source_options(server, order.way),
            ]
            limits = Limits(WHOLE_S, memory_bytes=MEMORY_BYTES)
            ran = run(command, limits, run_of.watch, run_of.hear_line, self._environment)
            flow, place = run_of.result(ran)
        except SpeedFailed as failed:
            return run_of.nothing(Ended.FAILED, failed.remark)
        if place is not None:
            self._chosen[server.url] = place
        return flow

    def _source_options(self, server: Server, way: Way) -> list[str]:
        """The package can only be told a source address. Raises SpeedFailed, MachineCannot("speed_program_bind")."""
        if not way.interface:
            return {4: ["--source=0.0.0.0"], 6: ["--source=::"]}.get(way.family, [])
        if server.url.startswith(OOKLA):
            # Any address outside will do: nothing is sent to it (RFC 5737, RFC 3849).
            address = "2001:db8::1" if way.family == 6 else "192.0.2.1"
        else:
            address = addresses(self.place(server), way)[0][1]
        try:
            source = source_on(way.interface, address)
            # Linux routes by the destination: a source address is no way out of a tunnel.
            if sys.platform == "win32" or source == source_on("", address):
                return [f"--source={source}"]
        except OSError:
            pass
        raise MachineCannot("speed_program_bind", program="speedtest-cli", interface=way.interface)


class _Run:
    """One run of the package, and what is heard of it."""

    def __init__(
        self, server: Server, order: FlowOrder, hear: Hear, stop: threading.Event, counters: Counters
    ) -> None:
        self._server, self._order, self._hear, self._stop = server, order, hear, stop
        self._counters = counters
        self._down = order.direction is Direction.DOWN
        self._host = "" if server.url.startswith(OOKLA) else parse_address(server.url).host
        self._begun_ns = time.monotonic_ns()
        self._moving_ns = self._told_ns = 0
        self._before: Mapping[str, tuple[int, int]] = {}
        self._moved = 0
        self._last = b""
        self._ended: Ended | None = None
        self._silent = False

    def hear_line(self, line: bytes) -> None:
        """Raises SpeedFailed("speed_redirected")."""
        if line.startswith(_MOVED_ON):
            self._refuse_stranger(line.removeprefix(_MOVED_ON))
        elif line.startswith(_BEGUN) and not self._moving_ns:
            self._moving_ns = self._told_ns = time.monotonic_ns()
            self._before = self._counters()
        if line.strip():
            self._last = line

    def _refuse_stranger(self, url: bytes) -> None:
        try:
            to = urlsplit(url.decode("utf-8", "replace")).hostname or "?"
        except ValueError:
            to = "?"
        known = (self._host, *_OWNERS) if self._host else _OWNERS
        if not any(to == owner or to.endswith(f".{owner}") for owner in known):
            raise SpeedFailed("speed_redirected", host=self._host or "www.speedtest.net", to=to[:80])

    def watch(self, _pid: int) -> bool:
        now_ns = time.monotonic_ns()
        if self._stop.is_set():
            self._ended = Ended.CANCELLED
        elif not self._moving_ns:
            self._silent = now_ns - self._begun_ns > GREET_S * SECOND
        elif now_ns - self._told_ns >= SECOND // 10:
            moved = self._moved_since()
            bps = max(0, moved - self._moved) * 8 * SECOND // (now_ns - self._told_ns)
            self._told_ns, self._moved = now_ns, moved
            self._hear(Tick(self._order.direction, now_ns, moved, bps))
            if self._order.most_bytes is not None and moved >= self._order.most_bytes:
                self._ended = Ended.CAP
        return self._silent or self._ended is not None

    def _moved_since(self) -> int:
        """What the chosen interface, or the busiest, moved since the transfer began: no less than the package did."""
        side = 0 if self._down else 1
        now = self._counters()
        names = [self._order.way.interface] if self._order.way.interface in now else list(now)
        return max((now[name][side] - self._before.get(name, now[name])[side] for name in names), default=0)

    def result(self, ran: Ran) -> tuple[Flow, Place | None]:
        """The flow, and where the chosen server is. Raises SpeedFailed."""
        if self._ended is not None:
            return self.nothing(self._ended), None
        if self._silent:
            raise SpeedFailed("speed_server_silent", host=self._host or "www.speedtest.net")
        if ran.cut is Cut.TIME:
            raise SpeedFailed("speed_stalled", host=self._host or "speedtest-cli")
        if ran.cut is Cut.OUTPUT:
            raise _nonsense()
        if ran.code != 0:
            raise failure_of(ran.complaint, self._server)
        bps, count, place = read_result(ran.output.rstrip().rpartition(b"\n")[2], self._order.direction)
        if not bps or not count:
            raise SpeedFailed("speed_stalled", host=self._host or (place.host if place else "speedtest-cli"))
        flow = Flow(
            direction=self._order.direction,
            bps=bps,
            counted=Counted.REPORTED,
            bytes=count,
            start_mono_ns=self._moving_ns or self._begun_ns,
            duration_ns=round(count * 8 * SECOND / bps),
            ramp_ns=0,
            ended=Ended.TIME,
            streams=STREAMS_UNKNOWN,
        )
        return flow, place

    def nothing(self, ended: Ended, failure: Remark | None = None) -> Flow:
        """A flow without a figure: the package gives one at its end only."""
        start_ns = self._moving_ns or self._begun_ns
        return Flow(
            direction=self._order.direction,
            bps=None,
            counted=Counted.REPORTED,
            bytes=self._moved,
            start_mono_ns=start_ns,
            duration_ns=time.monotonic_ns() - start_ns,
            ramp_ns=0,
            ended=ended,
            streams=STREAMS_UNKNOWN,
            failure=failure,
        )


def read_result(raw: bytes, direction: Direction) -> tuple[int, int, Place | None]:
    """Bits a second, bytes and server from the package's JSON. Raises SpeedFailed("speed_program_nonsense")."""
    try:
        document = json.loads(raw.decode("utf-8", "replace"))
        down = direction is Direction.DOWN
        bps = document["download" if down else "upload"]
        count = document["bytes_received" if down else "bytes_sent"]
        server = document["server"]
        numbers = all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in (bps, count)
        )
        if not numbers or not (0 <= bps <= _MOST_BPS and 0 <= count < 1 << 53) or not math.isfinite(count):
            raise _nonsense()
        place = parse_address(str(server["url"])).place
    except BadInput:
        place = None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _nonsense() from error
    return round(bps), int(count), place


def failure_of(complaint: str, server: Server) -> SpeedFailed:
    """What the package's last words mean for the person."""
    mini = "" if server.url.startswith(OOKLA) else parse_address(server.url).host
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    last = re.sub(r"[\x00-\x20\x7f-\x9f]+", " ", lines[-1] if lines else "?").removeprefix("ERROR: ")[:120]
    host = mini if "Failed to connect to" in last else "www.speedtest.net"
    refused = _REFUSED.search(last)
    if refused:
        return SpeedFailed(_refusal(int(refused[1])), host=host, status=int(refused[1]))
    if "No matched servers" in last:
        return SpeedFailed("speed_ookla_server_unknown", server=server.url.removeprefix(OOKLA)[:20])
    if "Invalid Speedtest Mini Server" in last:
        return SpeedFailed("speed_mini_bad", host=mini)
    if "Failed to connect to" in last:
        place = parse_address(server.url).place if mini else Place(host, 443)
        return SpeedFailed("speed_unreachable", host=host, port=place.port, why="no answer")
    if "CERTIFICATE_VERIFY_FAILED" in last:
        why = last.rpartition("failed: ")[2].partition(" (_ssl")[0]
        return SpeedFailed("speed_certificate", host=host, why=why)
    if "test latency" in last:
        return SpeedFailed("speed_server_silent", host=mini or host)
    if any(word in last for word in ("urlopen error", "timed out", "Remote end closed", "Errno")):
        return SpeedFailed("speed_ookla_unreachable", why=last)
    if any(
        word in last for word in ("Malformed speedtest.net", "Unknown location", "Error: ", "not well-formed")
    ):
        return SpeedFailed("speed_ookla_nonsense", why=last)
    return SpeedFailed("speed_program_failed", program="speedtest-cli", why=last)


def _refusal(status: int) -> str:
    return {403: "speed_ookla_refused", 429: "speed_ookla_too_often"}.get(status, "speed_ookla_status")


def _nonsense() -> SpeedFailed:
    return SpeedFailed("speed_program_nonsense", program="speedtest-cli")


def _server_options(server: Server) -> list[str]:
    if not server.url.startswith(OOKLA):
        return [f"--mini={parse_address(server.url).url}"]
    number = _ID.match(server.url)
    return [f"--server={number[1]}"] if number else []


def _without_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.lower().endswith("_proxy")}


def _system_counters() -> Mapping[str, tuple[int, int]]:
    import psutil

    return {
        name: (count.bytes_recv, count.bytes_sent)
        for name, count in psutil.net_io_counters(pernic=True).items()
    }
