"""Series on a grid: one measurement in each slot of a day and night; missed ones made up for in the same hour later.

The procedure of the Italian regulator is of this shape (docs/campaigns.md). The first accepted measurement begins the
grid. Hours are counted from there by elapsed time, so a change of the clocks moves none of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.campaigns.local_days import chance
from diagnostics.campaigns.model import Course, Due, Failed, Finished, Next, Zone, too_soon
from diagnostics.campaigns.plain import Plain
from diagnostics.model import SECOND, Remark

HOUR_S = 3600
HOURS = 24


@dataclass(frozen=True, slots=True)
class Grid(Plain):
    """``measurements``, one every ``every_s`` over 24 h; for ``retry_s`` after that, missing ones in their own hour."""

    every_s: int
    retry_s: int
    spacing_s: int

    @property
    def most_a_day(self) -> int:
        return self.measurements

    @property
    def mean_spacing_s(self) -> int:
        return self.every_s

    @property
    def per_hour(self) -> int:
        return HOUR_S // self.every_s

    @property
    def _slots(self) -> int:
        return (HOURS * HOUR_S + self.retry_s) // self.every_s

    def refuses(self, earlier: Sequence[int], at_ns: int, _zone: Zone) -> Remark | None:
        """What speaks against a measurement at that time, after those accepted ``earlier``; None when nothing does."""
        if not earlier:
            return None
        if len(earlier) >= self.measurements:
            return Remark.of("campaign_over")
        slot = self._slot(at_ns, earlier[0])
        if slot >= self._slots:
            return Remark.of("campaign_outside_hours", hours=self._slots * self.every_s // HOUR_S)
        used = [self._slot(moment, earlier[0]) for moment in earlier]
        after_ns = at_ns - earlier[-1]
        if slot in used:
            return too_soon(self.every_s, after_ns)
        if after_ns < self.spacing_s * SECOND:
            return too_soon(self.spacing_s, after_ns)
        if Counter(map(self._hour, used))[self._hour(slot)] >= self.per_hour:
            return Remark.of("campaign_hour_full", tries=self.per_hour)
        return None

    def next(self, course: Course) -> Next:
        """What is due next."""
        every = self.every_s * SECOND
        if not course.accepted:
            at_ns = (
                course.tries[-1] + every
                if course.tries
                else course.started_ns + round(chance(course.seed) * every)
            )
            return Due(at_ns, max(at_ns, course.now_ns) + every, 1)
        if len(course.accepted) >= self.measurements:
            return Finished()
        begin = course.accepted[0]
        have = Counter(self._hour(self._slot(moment, begin)) for moment in course.accepted)
        wanted = {hour: self.per_hour - have[hour] for hour in range(HOURS)}
        free = self._free(begin, course)
        left = Counter(self._hour(slot) for slot, _ in free)
        lost = sum(max(0, count - left[hour]) for hour, count in wanted.items())
        due = next(((slot, at_ns) for slot, at_ns in free if wanted[self._hour(slot)] > 0), None)
        if lost or due is None:
            return Failed(Remark.of("campaign_slots_missed", missing=lost))
        slot, at_ns = due
        return Due(at_ns, begin + (slot + 1) * every - 1, len(course.accepted) + 1)

    def _free(self, begin: int, course: Course) -> list[tuple[int, int]]:
        """The slots in which nothing was tried, with enough of them left; and from when on each can be used."""
        every, rest = self.every_s * SECOND, self.spacing_s * SECOND
        used = {self._slot(moment, begin) for moment in course.tries}
        now = max(course.now_ns, begin)
        free = []
        for slot in range(self._slot(now, begin), self._slots):
            at_ns = max(begin + slot * every, course.tries[-1] + rest)
            if slot not in used and max(at_ns, now) + rest <= begin + (slot + 1) * every:
                free.append((slot, at_ns))
        return free

    def _slot(self, moment: int, begin: int) -> int:
        return (moment - begin) // (self.every_s * SECOND)

    def _hour(self, slot: int) -> int:
        return slot // self.per_hour % HOURS
