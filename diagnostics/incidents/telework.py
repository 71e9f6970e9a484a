"""Seconds in which a call would have broken up: loss, delay or jitter of the anchors past what calls bear."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from diagnostics.incidents.columns import Part
from diagnostics.model import MILLISECOND, MINUTE, SECOND, Role, Sample, Span, Target
from diagnostics.shipped import read_shipped

SETTLED_S = 10
"""A miss counts when its anchor answers again within so many seconds: one that stays silent loses nothing."""
RECENT_S = 3
"""Answers further apart than this are no successive ones; an anchor not tried for longer is not in use."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """``[calls]`` of ``resources/method.toml``. Times in nanoseconds where the name says ``_ns``, else in seconds."""

    window_s: int
    loss: float
    min_misses: int
    delay_ns: int
    jitter_ns: int
    lost_minute_s: int


@cache
def default_call_limits() -> CallLimits:
    raw = tomllib.loads(read_shipped("method.toml"))["calls"]
    return CallLimits(
        window_s=round(raw["window_s"]),
        loss=raw["loss"],
        min_misses=raw["min_misses"],
        delay_ns=round(raw["delay_ms"] * MILLISECOND),
        jitter_ns=round(raw["jitter_ms"] * MILLISECOND),
        lost_minute_s=raw["lost_minute_s"],
    )


class CallRow(Protocol):
    """One target's figures over a block, times in nanoseconds."""

    @property
    def target(self) -> Target: ...
    @property
    def count(self) -> int: ...
    @property
    def missed(self) -> int: ...
    @property
    def min_ns(self) -> int | None: ...
    @property
    def max_ns(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class CallSeconds:
    """Call-breaking seconds on the wall clock.

    ``minutes`` holds, in order, each minute (since the epoch, UTC) that has any, with bit *n* set for its second *n*.
    """

    minutes: tuple[tuple[int, int], ...] = ()

    @property
    def total_s(self) -> int:
        return sum(mask.bit_count() for _, mask in self.minutes)

    def within(self, span: Span) -> CallSeconds:
        """Those that lie in a period."""
        return _seconds({minute: mask & _part(minute, span) for minute, mask in self.minutes})

    def and_all_of(self, spans: Iterable[Span]) -> CallSeconds:
        """These, and every second of the spans."""
        masks = dict(self.minutes)
        for span in spans:
            for minute in _minutes(span):
                masks[minute] = masks.get(minute, 0) | _part(minute, span)
        return _seconds(masks)

    def without(self, spans: Iterable[Span]) -> CallSeconds:
        """These, but no second of the spans."""
        masks = dict(self.minutes)
        for span in spans:
            for minute in [one for one in _minutes(span) if one in masks]:
                masks[minute] &= ~_part(minute, span)
        return _seconds(masks)

    def lost_minutes(self, at_least_s: int) -> tuple[int, ...]:
        """When the minutes begin (UTC ns) that have so many call-breaking seconds or more."""
        return tuple(minute * MINUTE for minute, mask in self.minutes if mask.bit_count() >= at_least_s)


NO_SECONDS = CallSeconds()


def _seconds(masks: dict[int, int]) -> CallSeconds:
    return CallSeconds(tuple(sorted((minute, mask) for minute, mask in masks.items() if mask)))


def _rounded(span: Span) -> tuple[int, int]:
    """The first second of a span and the one after its last: seconds of which it holds half or more."""
    return (span.start_ns + SECOND // 2) // SECOND, (span.end_ns + SECOND // 2) // SECOND


def _minutes(span: Span) -> range:
    start, end = _rounded(span)
    return range(start // 60, (end + 59) // 60)


def _part(minute: int, span: Span) -> int:
    """The seconds of a minute that lie in a span, as a mask."""
    start, end = _rounded(span)
    first, last = max(start - minute * 60, 0), min(end - minute * 60, 60)
    return ((1 << (last - first)) - 1) << first if last > first else 0


class CallStudy:
    """Feed one line's samples in order of sending; memory grows with the troubled minutes alone.

    * Loss: in a window, the anchors' misses are a share above the limit; the anchor that missed most is left aside.
      From the window's first miss to its last the seconds count. Seconds in a row in which nothing
      was answered at all count by themselves, and so do those beside them in which half of the anchors were missed.
    * Delay: in one second, more than half of the answers took longer than the limit.
    * Jitter: in a window, the mean difference between successive answers is above the limit on more than half of the
      anchors (differences below the limit count as none). From the first jump to the last the seconds count.

    Tries that were sent because another had missed (``Flag.EXTRA``) are left out: they come where it is bad already.
    Outages are not this class's to find: add theirs with ``CallSeconds.and_all_of``.
    """

    def __init__(self, limits: CallLimits | None = None) -> None:
        self.limits = limits or default_call_limits()
        self._masks: dict[int, int] = {}
        self._tried: dict[str, int] = {}
        self._restart()

    def _restart(self) -> None:
        self._pending: dict[str, list[int]] = {}
        self._missed: dict[int, list[str]] = {}
        self._misses: deque[tuple[int, list[str]]] = deque()
        self._jumps: deque[tuple[int, str, int]] = deque()
        self._last: dict[str, tuple[int, int]] = {}
        self._second, self._answers, self._slow = 0, 0, 0
        self._silent = (0, 0)
        """Seconds in a row in which no anchor answered: how many, and the last of them."""

    def feed(self, sample: Sample) -> None:
        """Note one sample; all but the anchors' are passed over."""
        if sample.target.role is not Role.ANCHOR or sample.extra:
            return
        second, anchor = sample.sent_ns // SECOND, sample.target.id
        if second != self._second:
            self._close_second(second)
        self._tried[anchor] = second
        if not sample.outcome.answered:
            self._pending.setdefault(anchor, []).append(second)
            return
        for missed in self._pending.pop(anchor, ()):
            if second - missed <= SETTLED_S:
                self._missed.setdefault(missed, []).append(anchor)
        if sample.rtt_ns is not None:
            self._answered(anchor, second, sample.rtt_ns)

    def _answered(self, anchor: str, second: int, rtt_ns: int) -> None:
        self._answers += 1
        self._slow += rtt_ns > self.limits.delay_ns
        before_s, before_ns = self._last.get(anchor, (-RECENT_S - 1, 0))
        self._last[anchor] = (second, rtt_ns)
        difference = abs(rtt_ns - before_ns)
        if second - before_s <= RECENT_S and difference > self.limits.jitter_ns:
            self._jumped(second, anchor, difference)

    def _close_second(self, now: int) -> None:
        if self._slow * 2 > self._answers and self._slow >= min(2, len(self._tried)):
            self._mark(self._second, self._second)
        self._second, self._answers, self._slow = now, 0, 0
        if self._missed or self._pending:
            self._settle(now - SETTLED_S)

    def _settle(self, before: int) -> None:
        """Judge the misses of all seconds before this one: whether they count is known."""
        for second in sorted(one for one in self._missed if one < before):
            self._judge_misses(second, self._missed.pop(second))
        for anchor, seconds in list(self._pending.items()):
            kept = [second for second in seconds if second >= before]
            if kept:
                self._pending[anchor] = kept
            else:
                del self._pending[anchor]

    def _judge_misses(self, second: int, anchors: list[str]) -> None:
        limits = self.limits
        tried = self._in_use(second)
        if tried > 1 and len(set(anchors)) >= tried:
            self._silent = (self._silent[0] + 1 if second == self._silent[1] + 1 else 1, second)
            self._mark(second, second)
            if self._silent[0] > 1:
                # Nothing comes at all, second after second: broken by itself, and no measure of a share.
                while self._misses and self._misses[-1][0] >= second - 2:
                    self._edge(*self._misses.pop(), tried)
                return
        elif self._silent[0] > 1 and second <= self._silent[1] + 1:
            self._edge(second, anchors, tried)
            return
        self._misses.append((second, anchors))
        while self._misses[0][0] <= second - limits.window_s:
            self._misses.popleft()
        by_anchor = Counter(anchor for _, missed in self._misses for anchor in missed)
        in_use = max(tried, len(by_anchor))
        misses, needed = by_anchor.total(), limits.min_misses
        if in_use > 1:
            misses, in_use = misses - max(by_anchor.values()), in_use - 1
        else:
            needed += 1
        if misses >= needed and misses > limits.loss * limits.window_s * in_use:
            self._mark(self._misses[0][0], second)

    def _edge(self, second: int, anchors: list[str], tried: int) -> None:
        """A second beside a silent one: broken when half of the anchors or more were missed."""
        if len(set(anchors)) * 2 >= tried:
            self._mark(second, second)

    def _jumped(self, second: int, anchor: str, difference_ns: int) -> None:
        limits = self.limits
        self._jumps.append((second, anchor, difference_ns))
        while self._jumps[0][0] <= second - limits.window_s:
            self._jumps.popleft()
        sums: Counter[str] = Counter()
        for _, jumped, by_ns in self._jumps:
            sums[jumped] += by_ns
        past = sum(total > limits.jitter_ns * limits.window_s for total in sums.values())
        if past * 2 > self._in_use(second):
            self._mark(self._jumps[0][0], second)

    def _in_use(self, second: int) -> int:
        """How many anchors are being tried; those that no longer are, are forgotten."""
        if any(tried < second - SETTLED_S - RECENT_S for tried in self._tried.values()):
            self._tried = {
                anchor: tried for anchor, tried in self._tried.items() if tried >= second - RECENT_S
            }
        return len(self._tried)

    def _mark(self, first: int, last: int) -> None:
        first = min(first, last)  # a clock set back a little leaves a later second at the window's head
        for minute in range(first // 60, last // 60 + 1):
            start, end = max(first - minute * 60, 0), min(last - minute * 60, 59)
            bits = ((1 << (end - start + 1)) - 1) << start
            self._masks[minute] = self._masks.get(minute, 0) | bits

    def skim(self, rows: Iterable[CallRow], end_ns: int) -> bool:
        """Take a whole quiet block by its figures; False, with nothing changed, when its samples have to be fed."""
        anchors = [row for row in rows if row.target.role is Role.ANCHOR and row.count]
        if not all(self._quiet(row) for row in anchors):
            return False
        end = end_ns // SECOND
        for row in anchors:
            self._tried[row.target.id] = end
            if row.missed:
                # As silent as before: what it missed is no loss.
                self._pending.pop(row.target.id, None)
        self._close_second(end)
        # What the last answer before the next block was is not known: the first difference there is none.
        self._last.clear()
        return True

    def _quiet(self, row: CallRow) -> bool:
        if row.min_ns is None or row.max_ns is None:
            return True  # silent all along: an outage's, or nobody's
        return (
            not row.missed
            and row.target.id not in self._pending
            and row.max_ns <= self.limits.delay_ns
            and row.max_ns - row.min_ns <= self.limits.jitter_ns
        )

    def last_rtt_ns(self, anchor: str) -> int | None:
        """The anchor's last answer, where a jump from it to the next one would count."""
        return self._last[anchor][1] if anchor in self._last else None

    def may_pass(self, silent: set[str]) -> bool:
        """True when tries that were answered well, or missed by these anchors, could be passed over."""
        return not self._slow and self._pending.keys() <= silent

    def pass_over(self, parts: Sequence[Part]) -> None:
        """Take the anchors' tries in which nothing happened: as if each had been fed."""
        now = max(part.last_ns for part in parts) // SECOND
        for part in parts:
            self._tried[part.key] = part.last_ns // SECOND
            if part.answers:
                self._last[part.key] = (part.last_ns // SECOND, part.column.rtt_ns[part.end - 1])
            else:
                times = part.column.times_ns[part.start : part.end]
                self._pending.setdefault(part.key, []).extend(at_ns // SECOND for at_ns in times)
        if now != self._second:
            self._close_second(now)
        self._answers += sum(
            part.end - bisect_left(part.column.times_ns, now * SECOND, part.start, part.end)
            for part in parts
            if part.answers
        )

    def cut(self) -> None:
        """The observation ends here: what is not settled is judged as it is."""
        for anchor, seconds in self._pending.items():
            for second in seconds:
                self._missed.setdefault(second, []).append(anchor)
        self._pending = {}
        self._close_second(self._second + SETTLED_S + 1)
        self._restart()

    def seconds(self) -> CallSeconds:
        """What was found so far; of the last ten seconds not all may be judged yet."""
        return _seconds(self._masks)
