"""Series over several calendar days: so many measurements on each of so many days, with rests between.

The procedures of the German and the Austrian regulator are of this shape (docs/campaigns.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from diagnostics.campaigns.local_days import at_hour, chance, day_of
from diagnostics.campaigns.model import Course, Due, Failed, Finished, Next, Zone, too_soon
from diagnostics.model import SECOND, Remark

MEASUREMENT_NS = 60 * SECOND
"""What one measurement takes at most: rests are planned from its end, so that they hold however they are read."""
SET_ASIDE = frozenset({"campaign_day_incomplete", "campaign_cycle_incomplete"})
"""What is said of accepted measurements that do not count after all."""


@dataclass(frozen=True, slots=True)
class Days:
    """``per_day`` measurements are wanted and ``least_per_day`` are enough for a day to count; ``measurements`` in all.

    ``compact``: a day's measurements follow each other as soon as allowed, within one of the ``windows`` (local hours
    from and to; each day that counts takes the next one); otherwise they are spread over the window. Once half of
    ``within_days`` went by, or a day stayed incomplete, any hour will do, and nothing is spread any more.
    """

    measurements: int
    days: int
    free_days_between: int
    per_day: int
    least_per_day: int
    within_days: int
    spacing_s: int
    pause_after: int
    pause_s: int
    span_s: int
    compact: bool
    windows: tuple[tuple[int, int], ...]

    @property
    def planned(self) -> int:
        return self.days * self.per_day

    @property
    def shortest_day_s(self) -> int:
        """What a day's measurements take from the first one's beginning on, in seconds."""
        return (self._needed_ns(0) + MEASUREMENT_NS) // SECOND

    @property
    def most_a_day(self) -> int:
        return self.per_day

    @property
    def mean_spacing_s(self) -> int:
        return self.spacing_s

    def refuses(self, earlier: Sequence[int], at_ns: int, zone: Zone) -> Remark | None:
        """What speaks against a measurement at that time, after those accepted ``earlier``; None when nothing does."""
        if not earlier:
            return None
        if len(self._full(earlier, zone)) >= self.days:
            return Remark.of("campaign_over")
        day = day_of(at_ns, zone)
        first = day_of(earlier[0], zone)
        if (day - first).days >= self.within_days:
            return Remark.of("campaign_outside_window", days=self.within_days)
        by_day = Counter(day_of(moment, zone) for moment in earlier)
        if not by_day[day]:
            if any(abs((day - other).days) <= self.free_days_between for other in by_day):
                return Remark.of("campaign_day_too_soon", free_days=self.free_days_between)
        elif self._is_full([moment for moment in earlier if day_of(moment, zone) == day]):
            return Remark.of("campaign_enough_today", tries=by_day[day])
        rest_s = self._rest_s(by_day[day])
        if at_ns - earlier[-1] < rest_s * SECOND:
            return too_soon(rest_s, at_ns - earlier[-1])
        return None

    def set_aside(self, accepted: Sequence[int], now_ns: int, zone: Zone) -> dict[int, Remark]:
        """Which of the accepted, by their places, do not count after all: those of days that stayed incomplete."""
        full = self._full(accepted, zone)
        today = day_of(now_ns, zone)
        by_day = Counter(day_of(moment, zone) for moment in accepted)
        return {
            place: self._incomplete(by_day[day])
            for place, day in enumerate(day_of(moment, zone) for moment in accepted)
            if day not in full and day != today
        }

    def _incomplete(self, tries: int) -> Remark:
        if not self.span_s:
            return Remark.of("campaign_day_incomplete", tries=tries, needed=self.least_per_day)
        minutes = self.span_s // 60
        return Remark.of("campaign_cycle_incomplete", tries=tries, needed=self.least_per_day, minutes=minutes)

    def missing(self, counted: Sequence[int], zone: Zone) -> int:
        """How many measurements are still wanted, 0 when the series is complete."""
        full = self._full(counted, zone)
        if len(full) >= self.days:
            return 0
        open_day = len(counted) - sum(day_of(moment, zone) in full for moment in counted)
        return max(1, (self.days - len(full)) * self.least_per_day - open_day)

    def next(self, course: Course) -> Next:
        """What is due next."""
        zone = course.zone
        full = self._full(course.accepted, zone)
        if len(full) >= self.days:
            return Finished()
        today = day_of(course.now_ns, zone)
        if course.accepted:
            last = day_of(course.accepted[0], zone) + timedelta(days=self.within_days - 1)
        else:
            last = day_of(course.started_ns, zone) + timedelta(days=2 * self.within_days)
        day = today
        while day <= last:
            if self._may_begin(day, full, course, last):
                due = self._on(day, len(full), course)
                if due is not None:
                    return due
            day += timedelta(days=1)
        if not course.accepted:
            return Failed(Remark.of("campaign_not_begun", days=2 * self.within_days))
        return Failed(Remark.of("campaign_window_missed", days=self.within_days))

    def _may_begin(self, day: date, full: set[date], course: Course, last: date) -> bool:
        """Whether that day can take measurements, and the days still wanted fit after it."""
        if day in full or any(
            other != day and abs((day - other).days) <= self.free_days_between for other in self._days(course)
        ):
            return False
        after = self.days - len(full) - 1
        return day + timedelta(days=after * (self.free_days_between + 1)) <= last

    def _on(self, day: date, number: int, course: Course) -> Due | None:
        """The next measurement of that day, None when the day is too short for those still wanted."""
        done = [moment for moment in course.accepted if day_of(moment, course.zone) == day]
        tried = [moment for moment in course.tries if day_of(moment, course.zone) == day]
        hurried = self._hurried(day, course)
        begin, end = (0, 24) if hurried else self.windows[number % len(self.windows)]
        needed = self._needed_ns(len(done))
        allowed = max(at_hour(day, begin, course.zone), course.started_ns)
        if course.tries:
            allowed = max(allowed, course.tries[-1] + self._gap_ns(0))
        if done:
            allowed = max(allowed, done[-1] + self._gap_ns(len(done)))
        latest = at_hour(day, end, course.zone) - needed
        if max(allowed, course.now_ns) > latest:
            latest = at_hour(day, 24, course.zone) - needed
        if max(allowed, course.now_ns) > latest:
            return None
        luck = chance(course.seed, day, len(tried))
        share = 0.0 if hurried else self._share(len(tried), self.per_day - len(done), luck)
        at_ns = allowed + round((latest - allowed) * share)
        return Due(at_ns, latest, len(course.accepted) + 1)

    def _share(self, tried: int, wanted: int, luck: float) -> float:
        """How much of the day's slack goes by before the next one: they are spread evenly, or follow closely."""
        if self.compact:
            return 0.0 if tried else luck
        return luck if wanted <= 1 else min((0.5 + luck) / wanted, 1.0)

    def _hurried(self, day: date, course: Course) -> bool:
        """Whether the time is short: half of it went by, or this machine did not stay on for a whole day."""
        if (day - day_of(course.started_ns, course.zone)).days >= self.within_days // 2:
            return True
        full = self._full(course.accepted, course.zone)
        return any(other < day and other not in full for other in self._days(course))

    def _days(self, course: Course) -> set[date]:
        return {day_of(moment, course.zone) for moment in course.accepted}

    def _needed_ns(self, done: int) -> int:
        """What a day's measurements after the next one take, without any slack."""
        span = sum(self._gap_ns(count) for count in range(done + 1, self.per_day))
        return span + MEASUREMENT_NS

    def _gap_ns(self, done: int) -> int:
        rest = self._rest_s(done) * SECOND
        return rest if self.compact else rest + MEASUREMENT_NS

    def _rest_s(self, done: int) -> int:
        """From one measurement's beginning to the next one's, when ``done`` of the day are there."""
        return self.pause_s if self.pause_after and done == self.pause_after else self.spacing_s

    def _full(self, accepted: Sequence[int], zone: Zone) -> set[date]:
        """The first days, as many as wanted, that hold enough."""
        by_day: dict[date, list[int]] = {}
        for moment in accepted:
            by_day.setdefault(day_of(moment, zone), []).append(moment)
        full = [day for day, moments in sorted(by_day.items()) if self._is_full(moments)]
        return set(full[: self.days])

    def _is_full(self, moments: Sequence[int]) -> bool:
        return len(moments) >= self.least_per_day and moments[-1] - moments[0] >= self.span_s * SECOND
