"""The engine: a process of its own that moves bytes and counts them, so that neither pings nor the window starve.

``python -m diagnostics.throughput.engine`` reads one line of JSON from standard input (see ``make_mover``) and answers
with lines of JSON: ``{"start": mono_ns}``, then ``{"at": mono_ns, "bytes": total, "bps": of late}`` ten times a second,
and at the end ``{"end": {…}}`` or ``{"failed": {"code": …, "values": {…}}}``. When standard input closes it stops, and
says what it had. Little is imported: a start takes less than a tenth of a second.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol, TextIO

from diagnostics.model import MILLISECOND, SECOND, Remark
from diagnostics.standard_input import when_closed
from diagnostics.throughput.meter import Measured, Meter
from diagnostics.throughput.model import Counted, Direction, Ended, SpeedFailed, Way
from diagnostics.throughput.rules import SpeedRules, default_rules

READ_NS = 50 * MILLISECOND
TELL_NS = 100 * MILLISECOND
LATE_NS = 500 * MILLISECOND
"""The rate that is told meanwhile is that of so long a time."""
LEAST_BYTES = 16 * 1024
"""Fewer in the time that a stall may take, and nothing can be measured."""


class Mover(Protocol):
    """Moves bytes in one direction until it is closed."""

    counted: Counted

    def open(self) -> None:
        """Connect and begin. Raises SpeedFailed."""
        ...

    def total(self) -> int:
        """Payload bytes so far, by the best count that there is."""
        ...

    @property
    def streams(self) -> int: ...

    @property
    def failure(self) -> SpeedFailed | None:
        """Why it cannot go on; None while it can."""
        ...

    @property
    def partial_failure(self) -> SpeedFailed | None:
        """Why a part of it is lost; None while all works."""
        ...

    @property
    def full(self) -> bool:
        """Whether it moves no more, since the data limit is reached."""
        ...

    @property
    def resent(self) -> int | None: ...

    def busiest_s(self) -> float | None:
        """Processor time of the busiest thread so far."""
        ...

    def close(self) -> None: ...


def run(task: Mapping[str, Any], mover: Mover, stop: threading.Event, out: TextIO, rules: SpeedRules) -> None:
    """Move until steady, over, stalled, or stopped; tells ``out`` as the module says."""
    try:
        mover.open()
    except SpeedFailed as failed:
        _tell(out, {"failed": {"code": failed.remark.code, "values": dict(failed.remark.values)}})
        return
    meter = Meter(time.monotonic_ns())
    _tell(out, {"start": meter.start_ns})
    ended, failure = _follow(task, mover, meter, stop, out, rules)
    busiest_s, resent, streams = mover.busiest_s(), mover.resent, mover.streams
    lost = mover.partial_failure
    if failure is None and lost is not None:
        failure = lost.remark
    mover.close()
    measured = meter.measured()
    wall_s = meter.duration_ns / SECOND
    _tell(
        out,
        {
            "end": {
                "bps": measured.bps if meter.bytes else None,
                "counted": str(mover.counted),
                "bytes": meter.bytes,
                "start_mono_ns": meter.start_ns,
                "duration_ns": meter.duration_ns,
                "ramp_ns": measured.ramp_ns,
                "ended": str(ended),
                "streams": streams,
                "error": _error(measured, ended),
                "curve": meter.curve(),
                "resent": resent,
                "engine_share": None if busiest_s is None or not wall_s else round(busiest_s / wall_s, 3),
                "failure": None
                if failure is None
                else {"code": failure.code, "values": dict(failure.values)},
            }
        },
    )


def _error(measured: Measured, ended: Ended) -> float | None:
    known = [share for share in (measured.error, measured.swing) if share is not None]
    return measured.error if ended is Ended.STEADY else max(known, default=None)


def _follow(
    task: Mapping[str, Any],
    mover: Mover,
    meter: Meter,
    stop: threading.Event,
    out: TextIO,
    rules: SpeedRules,
) -> tuple[Ended, Remark | None]:
    most_ns, most_bytes = int(task["most_ns"]), task.get("most_bytes")
    told_ns = moved_ns = meter.start_ns
    last = 0
    late: list[tuple[int, int]] = [(meter.start_ns, 0)]
    while True:
        stopped = stop.wait(READ_NS / SECOND)
        now_ns, total = time.monotonic_ns(), mover.total()
        meter.feed(now_ns, total)
        if total > last:
            last, moved_ns = total, now_ns
        late = [entry for entry in late if entry[0] >= now_ns - LATE_NS] or late[-1:]
        late.append((now_ns, total))
        if now_ns - told_ns >= TELL_NS:
            told_ns = now_ns
            span_ns = now_ns - late[0][0]
            bps = round((total - late[0][1]) * 8 * SECOND / span_ns) if span_ns else 0
            _tell(out, {"at": now_ns, "bytes": total, "bps": max(0, bps)})
        if stopped:
            return Ended.CANCELLED, None
        failure = mover.failure
        if failure is not None:
            return Ended.FAILED, failure.remark
        stall_ns = round(rules.stall_s * SECOND)
        if now_ns - moved_ns >= stall_ns or (now_ns - meter.start_ns >= stall_ns and total < LEAST_BYTES):
            return Ended.FAILED, Remark.of("speed_stalled", host=str(task.get("host", "")))
        if mover.full or (most_bytes is not None and total >= most_bytes):
            return Ended.CAP, None
        if meter.settled(rules):
            return Ended.STEADY, None
        if now_ns - meter.start_ns >= most_ns:
            return Ended.TIME, None


def _tell(out: TextIO, line: Mapping[str, Any]) -> None:
    # Where nobody listens any more, the closed standard input stops the rest.
    with contextlib.suppress(OSError, ValueError):
        print(json.dumps(line), file=out, flush=True)


def make_mover(task: Mapping[str, Any]) -> Mover:
    """The mover that a task names: ``http`` or ``ndt7``."""
    direction, way = Direction(task["direction"]), Way(str(task["interface"]), int(task["family"]))
    if task["mover"] == "http":
        from diagnostics.throughput.http_mover import HttpMover, HttpOrder
        from diagnostics.throughput.wire import parse_address

        return HttpMover(
            HttpOrder(
                parse_address(task["url"]),
                str(task["path"]),
                direction,
                way,
                int(task["streams"]),
                str(task.get("pinned", "")),
                task.get("most_bytes"),
            )
        )
    if task["mover"] == "ndt7":
        from diagnostics.throughput.providers.ndt7_mover import open_mover

        return open_mover(task, direction, way)
    raise ValueError(f"no mover {task['mover']!r}")


def main() -> None:
    """The process: one task, then silence."""
    task = json.loads(sys.stdin.readline())
    stop = threading.Event()
    when_closed(stop.set)
    run(task, make_mover(task), stop, sys.stdout, default_rules())


if __name__ == "__main__":
    main()
