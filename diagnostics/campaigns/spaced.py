"""Series without a procedure: so many measurements, each so long after the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.campaigns.local_days import chance
from diagnostics.campaigns.model import Course, Due, Finished, Next, Zone, too_soon
from diagnostics.campaigns.plain import Plain
from diagnostics.model import SECOND, Remark


@dataclass(frozen=True, slots=True)
class Spaced(Plain):
    """Each wait is ``spacing_s``, and longer at random by up to ``jitter_percent`` of it."""

    spacing_s: int
    jitter_percent: int

    @property
    def most_a_day(self) -> int:
        return -(-86400 // self.spacing_s)

    @property
    def mean_spacing_s(self) -> int:
        return self.spacing_s + self.spacing_s * self.jitter_percent // 200

    def refuses(self, earlier: Sequence[int], at_ns: int, _zone: Zone) -> Remark | None:
        """What speaks against a measurement at that time, after those accepted ``earlier``; None when nothing does."""
        if len(earlier) >= self.measurements:
            return Remark.of("campaign_over")
        if earlier and at_ns - earlier[-1] < self.spacing_s * SECOND:
            return too_soon(self.spacing_s, at_ns - earlier[-1])
        return None

    def next(self, course: Course) -> Next:
        """What is due next; the first one soon after the start."""
        if len(course.accepted) >= self.measurements:
            return Finished()
        longer = chance(course.seed, len(course.tries)) * self.jitter_percent / 100
        spacing = self.spacing_s * SECOND
        wait = round(spacing * longer) + (spacing if course.tries else 0)
        at_ns = (course.tries[-1] if course.tries else course.started_ns) + wait
        return Due(at_ns, max(at_ns, course.now_ns) + spacing, len(course.accepted) + 1)
