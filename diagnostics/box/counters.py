"""Traffic of the whole home, from two readings of the box's counters.

What could be read both ways is not read at all: a line that was full and is taken for quiet would be held against the
operator. UPnP's counters have 32 bits (``ui4``, WANCommonInterfaceConfig:1, tables of TotalBytesSent and -Received): at
1 Gbit/s they turn over every 34 seconds.
"""

from __future__ import annotations

from diagnostics.box.reading import BoxReading
from diagnostics.clock import compare
from diagnostics.model import SECOND
from diagnostics.witnesses import Origin, Step, Traffic

TURN = 2**32
"""Where a 32-bit counter begins again."""
ASSUMED_BPS = 1_000_000_000
"""The line's rate where the box does not state one."""
MOST_BPS = 25_000_000_000
"""No home has more: what looks faster is no traffic but a counter that was replaced."""
MARGIN = 1.25
"""So much more than stated may pass: what a box states is often nominal, and often without the lower layers."""
LONGEST_HOLD_NS = 90 * SECOND
"""So long may counters rest before their movement is counted anew: some boxes refresh them now and then only."""


def passed(before: int, after: int, elapsed_ns: int, link_bps: int | None, wide: bool) -> int | None:
    """Bytes that passed between two readings of a counter; None where that cannot be told.

    ``wide``: the counter is known to have more than 32 bits. Otherwise, going back means one turn when no more than the
    line can carry passed that way; and where the line can carry a whole turn in that time, nothing is told.
    """
    if elapsed_ns <= 0:
        return None
    most = (link_bps or ASSUMED_BPS) * MARGIN * elapsed_ns / (8 * SECOND)
    if not wide and most >= TURN:
        return None
    if after < before:
        turned = after + TURN - before
        return turned if not wide and before < TURN and turned <= most else None
    # More than the line carries is what a counter held back for longer than it was watched.
    limit_bps = link_bps * MARGIN if link_bps else MOST_BPS
    return after - before if (after - before) * 8 * SECOND <= limit_bps * elapsed_ns else None


class TrafficMeter:
    """Turns one box's readings, given one after the other, into statements about the home's traffic."""

    def __init__(self) -> None:
        self._base: BoxReading | None = None
        self._moved = [False, False]
        self._wide = [False, False]

    def step(self, reading: BoxReading) -> Traffic | None:
        """The mean rates since the reading before; None where they cannot be told.

        That is: the first reading, counters that the box does not have or that never moved in one of the directions
        (some boxes always say 0), a restart, sleep or a clock step in between, and readings too far apart for 32 bits.
        Counters that rest are waited for: the statement after covers the whole stretch.
        """
        before = self._base
        new = self._numbers(reading)
        old = self._numbers(before) if before is not None else None
        if new is not None:
            self._wide = [
                wide or reading.wide or number >= TURN for wide, number in zip(self._wide, new, strict=True)
            ]
        if before is None or old is None or new is None or self._interrupted(before, reading):
            self._base = reading
            return None
        elapsed_ns = reading.at.mono_ns - before.at.mono_ns
        if old == new and elapsed_ns <= LONGEST_HOLD_NS:
            return None
        self._base = reading
        return self._statement(before, reading, old, new, elapsed_ns)

    def _statement(
        self,
        before: BoxReading,
        after: BoxReading,
        old: tuple[int, int],
        new: tuple[int, int],
        elapsed_ns: int,
    ) -> Traffic | None:
        if old == new:
            return None
        self._moved = [moved or a != b for moved, a, b in zip(self._moved, old, new, strict=True)]
        fell = any(b < a for a, b in zip(old, new, strict=True))
        if fell and False in (before.account.wan_up, after.account.wan_up):
            return None  # a line that comes back begins to count anew; this is no turn
        links = (after.account.link_down_bps, after.account.link_up_bps)
        down, up = (
            passed(a, b, elapsed_ns, link, wide)
            for a, b, link, wide in zip(old, new, links, self._wide, strict=True)
        )
        if down is None or up is None or not all(self._moved):
            return None
        rates = (round(count * 8 * SECOND / elapsed_ns) for count in (down, up))
        return Traffic(Origin.HOME, before.at.wall_ns, (Step(elapsed_ns, *rates),))

    @staticmethod
    def _numbers(reading: BoxReading) -> tuple[int, int] | None:
        if reading.down_bytes is None or reading.up_bytes is None:
            return None
        return reading.down_bytes, reading.up_bytes

    @staticmethod
    def _interrupted(before: BoxReading, after: BoxReading) -> bool:
        """Whether the box or its connection began anew in between, this machine slept, or its clock was set."""
        jump = compare(before.at, after.at)
        ages = (
            (before.account.uptime_s, after.account.uptime_s),
            (before.account.boot_s, after.account.boot_s),
        )
        younger = any(old is not None and new is not None and new < old for old, new in ages)
        return younger or bool(jump.slept_ns or jump.stepped_ns)
