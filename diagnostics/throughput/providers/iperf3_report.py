"""What iperf3 reports: one JSON document at its end (``-J``), or an event a line (``--json-stream``, from 3.17 on).

Constructed from iperf3's own output (3.12 and 3.21); the fields used are the same in both: ``intervals[].sum``,
``end.sum_received``, ``end.sum_sent.retransmits``, ``error``. Anything may come instead: a stranger's program is asked,
which repeats what a stranger's server told it.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field

from diagnostics.throughput.model import SpeedFailed

WHY_LENGTH = 120
_MOST_BYTES = 1 << 53
_MOST_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Interval:
    """Payload bytes of all streams in so many seconds. ``omitted``: in the start that iperf3 leaves out (``-O``)."""

    seconds: float
    bytes: int
    omitted: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """What the receiving side counted, the omitted start excluded."""

    seconds: float
    bytes: int


@dataclass(slots=True)
class Report:
    """What is known so far; ``error`` is iperf3's own sentence, empty when it named none."""

    started: bool = False
    intervals: list[Interval] = field(default_factory=list)
    received: Received | None = None
    resent: int | None = None
    error: str = ""

    def take_line(self, line: bytes) -> None:
        """Take in one event of a stream; lines of no known event are passed over. Raises SpeedFailed."""
        if not line.strip():
            return
        event = _object(_parsed(line))
        data = event.get("data")
        match event.get("event"):
            case "start":
                self.started = True
            case "interval":
                self._take_interval(_object(data))
            case "end":
                self._take_end(_object(data))
            case "error":
                self.error = plain(data)

    def take_document(self, raw: bytes) -> None:
        """Take in the whole document. Raises SpeedFailed("speed_program_nonsense")."""
        document = _object(_parsed(raw))
        intervals = document.get("intervals", [])
        if not isinstance(intervals, list):
            raise nonsense()
        self.started = True
        for interval in intervals:
            self._take_interval(_object(interval))
        self._take_end(_object(document.get("end", {})))
        self.error = plain(document.get("error", ""))

    def _take_interval(self, interval: dict[str, object]) -> None:
        total = _object(interval.get("sum"))
        omitted = total.get("omitted", False)
        seconds, count = _seconds(total), _count(total.get("bytes"))
        self.intervals.append(Interval(seconds, count, omitted is True))

    def _take_end(self, end: dict[str, object]) -> None:
        received = end.get("sum_received")
        if isinstance(received, dict):
            self.received = Received(_seconds(received), _count(received.get("bytes")))
        sent = end.get("sum_sent")
        if isinstance(sent, dict) and "retransmits" in sent:
            self.resent = _count(sent["retransmits"])


def nonsense() -> SpeedFailed:
    return SpeedFailed("speed_program_nonsense", program="iperf3")


def plain(value: object) -> str:
    """A program's words on one line, without control characters, cut to a bearable length."""
    return re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", str(value)).strip()[:WHY_LENGTH]


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise nonsense() from error


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise nonsense()
    return value


def _number(value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise nonsense()
    return float(value)


def _seconds(total: dict[str, object]) -> float:
    return _number(total.get("seconds"), _MOST_SECONDS)


def _count(value: object) -> int:
    number = _number(value, _MOST_BYTES)
    if not math.isfinite(number):
        raise nonsense()
    return int(number)
