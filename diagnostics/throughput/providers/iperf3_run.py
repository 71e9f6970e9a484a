"""One run of iperf3 in one direction: how it is called, watched and ended, and what its figures mean."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from diagnostics.model import SECOND, MachineCannot, Remark
from diagnostics.probes.binding import source_on
from diagnostics.throughput.meter import Meter
from diagnostics.throughput.model import (
    Counted,
    Direction,
    Ended,
    Flow,
    FlowOrder,
    Place,
    SpeedFailed,
    Tick,
)
from diagnostics.throughput.providers import Hear
from diagnostics.throughput.providers.iperf3_report import Report, nonsense, plain
from diagnostics.throughput.providers.outside import Cut, Limits, Ran, run
from diagnostics.throughput.rules import SpeedRules

FIXED_S = 5
OMIT_S = 1
CONNECT_S = 4
CLOSE_S = 3
"""How long the exchange of figures at the end may take."""
BLOCK = "16K"
"""How much is read at once: from 3.17 on, iperf3 counts whole blocks only, and its own 128 KiB are coarse."""
MOVING_BYTES = 64 * 1024
"""So many bytes are more than the greetings: the measurement has begun."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the program is run for one direction. Times in seconds."""

    streamed: bool
    seconds: int
    omit: int

    @property
    def whole(self) -> int:
        return self.seconds + self.omit


def plan(version: tuple[int, int], order: FlowOrder, rules: SpeedRules, *, watched: bool) -> Plan:
    """``watched``: the program's bytes can be seen while it runs, though it does not tell."""
    streamed = version >= (3, 17)
    down = order.direction is Direction.DOWN
    until_steady = down and (streamed or watched)
    most = max(1, int(min(order.most_ns / SECOND, rules.longest_s if until_steady else FIXED_S)))
    omit = 0 if down or most < 3 else OMIT_S
    return Plan(streamed, most - omit, omit)


def way_out(
    version: tuple[int, int], interface: str, address: str, platform: str = sys.platform
) -> list[str]:
    """The options that make the program leave by ``interface``.

    ``--bind-dev`` works for TCP from 3.11 on (Linux), from 3.21 on macOS. Before, a source address says nothing about
    the way on Linux: it is given only where the system takes this interface by itself. Raises MachineCannot.
    """
    if not interface:
        return []
    if version >= {"linux": (3, 11), "darwin": (3, 21)}.get(platform, (999, 0)):
        return [f"--bind-dev={interface}"]
    try:
        source = source_on(interface, address)
        if platform == "win32" or source == source_on("", address):
            return ["-B", source]
    except OSError:
        pass
    raise MachineCannot("speed_program_bind", program="iperf3", interface=interface)


class Attempt:
    """One run of the program against one address."""

    def __init__(
        self,
        program: str,
        version: tuple[int, int],
        place: Place,
        family: int,
        address: str,
        order: FlowOrder,
        rules: SpeedRules,
        hear: Hear,
        stop: threading.Event,
    ) -> None:
        self._place, self._order, self._rules = place, order, rules
        self._hear, self._stop = hear, stop
        self._down = order.direction is Direction.DOWN
        self._counters = _counters_of if sys.platform == "linux" else None
        self._plan = plan(version, order, rules, watched=self._counters is not None)
        self._command = [
            *(program, "-c", address, "-p", str(place.port), f"-{family}", "-i", "0.1"),
            *("-P", str(max(1, min(order.streams, 32))), "-t", str(self._plan.seconds)),
            *("--connect-timeout", str(CONNECT_S * 1000), "--json-stream" if self._plan.streamed else "-J"),
            *(["-R", "-l", BLOCK] if self._down else []),
            *(["-O", str(self._plan.omit)] if self._plan.omit else []),
            *way_out(version, order.way.interface, address),
        ]
        self._report = Report()
        self._begun_ns = time.monotonic_ns()
        self._moving_ns = 0
        self._total = 0
        self._meter: Meter | None = None
        self._grown_ns = self._begun_ns
        self._told_ns = 0
        self._ended: Ended | None = None
        self._stalled = False

    def flow(self) -> Flow:
        limits = Limits(CONNECT_S + self._plan.whole + CLOSE_S)
        try:
            ran = run(
                self._command,
                limits,
                self._watch,
                self._take_line if self._plan.streamed else None,
                {**os.environ, "LC_ALL": "C"},
            )
            if not self._plan.streamed:
                self._take_document(ran)
            return self._flow(ran)
        except SpeedFailed as failed:
            return self._failed(failed.remark)

    # While it runs

    def _watch(self, pid: int) -> bool:
        """Whether to end the program now."""
        now_ns = time.monotonic_ns()
        if self._stop.is_set():
            self._ended = Ended.CANCELLED
            return True
        if self._counters is not None and not self._plan.streamed:
            self._moved(now_ns, self._counters(pid)[0 if self._down else 1])
        most_bytes = self._order.most_bytes
        if most_bytes is not None and self._total >= most_bytes:
            self._ended = Ended.CAP
            return True
        watched = self._plan.streamed or self._counters is not None
        patience_s = self._rules.stall_s + (0 if self._moving_ns else CONNECT_S)
        if watched and now_ns - self._grown_ns > patience_s * SECOND and not self._over(now_ns):
            self._stalled = True
            return True
        if self._moving_ns and now_ns - self._moving_ns >= self._order.most_ns + SECOND:
            self._ended = Ended.TIME
            return True
        if self._down and self._meter is not None and self._meter.settled(self._rules):
            self._ended = Ended.STEADY
            return True
        return False

    def _over(self, now_ns: int) -> bool:
        """Whether its time is up, and only the exchange of figures goes on."""
        return bool(self._moving_ns) and now_ns - self._moving_ns >= self._plan.whole * SECOND

    def _moved(self, now_ns: int, total: int) -> None:
        if total < MOVING_BYTES or total <= self._total:
            return
        if not self._moving_ns:
            self._moving_ns = now_ns
            self._meter = Meter(now_ns)
        assert self._meter is not None
        before_ns, before = self._grown_ns, self._total
        self._grown_ns, self._total = now_ns, total
        self._meter.feed(now_ns, total)
        if now_ns - self._told_ns >= SECOND // 10 and now_ns > before_ns:
            self._told_ns = now_ns
            bps = (total - before) * 8 * SECOND // (now_ns - before_ns) if before else 0
            self._hear(Tick(self._order.direction, now_ns, total, bps))

    def _take_line(self, line: bytes) -> None:
        told = len(self._report.intervals)
        self._report.take_line(line)
        now_ns = time.monotonic_ns()
        if self._report.started and not self._moving_ns:
            self._moving_ns = self._grown_ns = now_ns
            self._meter = Meter(now_ns)
        for interval in self._report.intervals[told:]:
            assert self._meter is not None
            total = self._total + interval.bytes
            at_ns = self._moving_ns + self._meter.duration_ns + round(interval.seconds * SECOND)
            self._meter.feed(at_ns, total)
            if interval.bytes:
                self._grown_ns = now_ns
                self._total = total
                bps = round(interval.bytes * 8 / interval.seconds) if interval.seconds else 0
                self._hear(Tick(self._order.direction, now_ns, total, bps))

    # At its end

    def _take_document(self, ran: Ran) -> None:
        """Raises SpeedFailed."""
        if ran.output.strip():
            self._report.take_document(ran.output)
        elif ran.cut is Cut.NONE:
            why = plain(ran.complaint) or f"exit code {ran.code}"
            raise SpeedFailed("speed_program_failed", program="iperf3", why=why)

    def _flow(self, ran: Ran) -> Flow:
        """Raises SpeedFailed."""
        report = self._report
        failure = self._failure(ran)
        ended = self._ended or Ended.TIME
        if failure is not None:
            ended = Ended.FAILED
        if ended is not Ended.FAILED and not report.intervals and ended is not Ended.CANCELLED:
            raise nonsense()
        start_ns = self._moving_ns or self._begun_ns
        whole = _meter(start_ns, report, omitted=True)
        counted_from = Counted.RECEIVED if self._down else Counted.SENT
        measured = whole.measured()
        bps, ramp_ns, duration_ns, error = measured.bps, measured.ramp_ns, whole.duration_ns, measured.error
        settled = whole.settled(self._rules)
        if (
            not self._down
            and ended is Ended.TIME
            and report.received is not None
            and report.received.seconds > 0
        ):
            rest = _meter(start_ns, report, omitted=False)
            counted_from = Counted.SERVER
            bps = round(report.received.bytes * 8 / report.received.seconds)
            ramp_ns = self._plan.omit * SECOND
            duration_ns = ramp_ns + round(report.received.seconds * SECOND)
            error, settled = rest.measured().error, rest.settled(self._rules)
        if ended is Ended.TIME and settled:
            ended = Ended.STEADY
        return Flow(
            direction=self._order.direction,
            bps=bps,
            counted=counted_from,
            bytes=max(whole.bytes, self._total),
            start_mono_ns=start_ns,
            duration_ns=duration_ns,
            ramp_ns=min(ramp_ns, duration_ns),
            ended=ended,
            streams=self._order.streams,
            error=error,
            curve=whole.curve(),
            resent=None if self._down else report.resent,
            failure=failure,
        )

    def _failure(self, ran: Ran) -> Remark | None:
        """What went wrong, None where the figures stand. Raises nothing."""
        host = self._place.host
        if self._stalled or (ran.cut is Cut.TIME and self._ended is None):
            code = "speed_stalled" if self._report.intervals or self._moving_ns else "speed_server_silent"
            return SpeedFailed(code, host=host).remark
        if ran.cut is Cut.OUTPUT:
            return nonsense().remark
        if self._ended is not None or not self._report.error:
            if ran.cut is Cut.NONE and ran.code != 0 and not self._report.intervals:
                why = plain(ran.complaint) or f"exit code {ran.code}"
                return SpeedFailed("speed_program_failed", program="iperf3", why=why).remark
            return None
        return failure_of(self._report.error, self._place).remark

    def _failed(self, remark: Remark) -> Flow:
        return nothing(self._order, self._moving_ns or self._begun_ns, Ended.FAILED, remark, self._total)


def failure_of(error: str, place: Place) -> SpeedFailed:
    """What iperf3's own sentence (iperf_error.c) means for the person."""
    said = error.lower()
    why = plain(error.rpartition(": ")[2] if ": " in error else error)
    if "server is busy" in said:
        return SpeedFailed("speed_server_busy", host=place.host)
    if "unable to connect to server" in said:
        return SpeedFailed("speed_unreachable", host=place.host, port=place.port, why=why)
    if "authorization" in said:
        return SpeedFailed("speed_server_login", host=place.host)
    broke = (
        *("control", "cookie", "stream", "server has terminated", "parameters", "results"),
        *("unable to receive", "unable to send", "unable to read", "unable to write"),
    )
    if any(word in said for word in broke):
        return SpeedFailed("speed_server_broke_off", host=place.host, why=plain(error))
    return SpeedFailed("speed_program_failed", program="iperf3", why=plain(error))


def nothing(
    order: FlowOrder, start_ns: int, ended: Ended, failure: Remark | None = None, count: int = 0
) -> Flow:
    """A flow without a figure."""
    down = order.direction is Direction.DOWN
    return Flow(
        direction=order.direction,
        bps=None,
        counted=Counted.RECEIVED if down else Counted.SERVER,
        bytes=count,
        start_mono_ns=start_ns,
        duration_ns=time.monotonic_ns() - start_ns,
        ramp_ns=0,
        ended=ended,
        streams=order.streams,
        failure=failure,
    )


def _meter(start_ns: int, report: Report, *, omitted: bool) -> Meter:
    """The intervals one after the other; without the omitted start where that is not wanted."""
    meter, total, at_ns = Meter(start_ns), 0, start_ns
    for interval in report.intervals:
        if interval.omitted and not omitted:
            continue
        total += interval.bytes
        at_ns += round(interval.seconds * SECOND)
        meter.feed(at_ns, total)
    return meter


def _counters_of(pid: int) -> tuple[int, int]:
    """Bytes that a process has read and written so far; zeros once it is gone (proc(5): ``rchar``, ``wchar``)."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text("ascii").split()
        return int(lines[1]), int(lines[3])
    except (OSError, ValueError, IndexError):
        return 0, 0
