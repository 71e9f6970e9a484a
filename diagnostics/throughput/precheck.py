"""Whether a measurement may begin now: one decision for scheduled ones, campaigns and the person's own button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diagnostics.model import SECOND, BadInput, Remark
from diagnostics.throughput.budget import Estimate, allow, month_of, most_bytes
from diagnostics.throughput.choice import Choice, stays_home, usable
from diagnostics.throughput.held import LASTING, PATIENCE_NS, Held, Reason, is_news, next_try, waiting
from diagnostics.throughput.idle import busiest
from diagnostics.throughput.rules import SpeedRules
from diagnostics.throughput.terms import load_terms
from diagnostics.witnesses import Step

DAY_NS = 24 * 3600 * SECOND

Watch = Callable[[], Sequence[Sequence[Step]]]


@dataclass(frozen=True, slots=True)
class Made:
    """A measurement that was made: when, and whether somebody waited for it."""

    at_ns: int
    scheduled: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known before a measurement.

    ``line_id`` is empty where no line was recognised; ``at_home``: that line is confirmed as the home's, and not a
    tunnel's. ``metered`` and ``clock_synchronised`` are None where not known. ``used_bytes``: of this month.
    ``holds``: those in the journal of the last hours; ``measured_ns``: when the last scheduled measurement of the same
    campaign (or of none) was made, 0 for never. ``made``: this provider's measurements of the last day, in their order.
    """

    now_ns: int
    line_id: str
    at_home: bool
    metered: bool | None
    metered_allowed: bool
    clock_synchronised: bool | None
    used_bytes: int
    cost: Estimate
    holds: tuple[Held, ...] = ()
    measured_ns: int = 0
    made: tuple[Made, ...] = ()


@dataclass(frozen=True, slots=True)
class Go:
    """It may begin. ``told``: what speaks against it all the same.

    ``most_bytes``: where it has to be cut; None where the month's limit does not hold, since all servers are at home.
    """

    most_bytes: int | None
    told: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """It may not. ``record``: this has to go into the journal, as an event of kind ``speed_held``."""

    held: Held
    record: bool


def prepare(
    choice: Choice | None,
    moment: Moment,
    rules: SpeedRules,
    watch: Watch,
    *,
    scheduled: bool,
    campaign: str = "",
) -> Go | Hold:
    """Decide. ``watch`` is called, and blocks for some seconds, only where nothing else holds the measurement.

    A measurement that the person asked for (not ``scheduled``) is held back by the budget and by a metered link alone;
    a busy link is told, and so is a clock that nothing sets. It is never recorded as held. Raises BadInput for a choice
    that cannot be used, unless ``scheduled``: that is then held.
    """
    problem = None
    try:
        usable(choice)
    except BadInput:
        if not scheduled:
            raise
        problem = Reason.CHOICE, Remark.of("held_choice")
    problem = problem or _against_all(scheduled, moment)
    if problem is None and choice is not None:
        problem = _against_any(choice, moment, rules) or _too_often(choice, moment, scheduled)
    if problem is None:
        rate = busiest(watch())
        if rate is not None and rate > rules.busy_bps:
            problem = Reason.BUSY, Remark.of("held_busy", rate_bps=rate)
    if problem is None or (not scheduled and problem[0] is Reason.BUSY):
        left = None if choice is None or stays_home(choice) else most_bytes(choice, moment.used_bytes)
        told = [] if problem is None else [problem[1]]
        if moment.clock_synchronised is False:
            told.append(Remark.of("held_clock"))
        return Go(left, tuple(told))
    return hold(*problem, moment, rules, scheduled=scheduled, campaign=campaign)


def _against_all(scheduled: bool, moment: Moment) -> tuple[Reason, Remark] | None:
    """What holds back those that nobody asked for just now."""
    if not scheduled:
        return None
    if not moment.line_id:
        return Reason.NO_LINE, Remark.of("held_no_line")
    if not moment.at_home:
        return Reason.NOT_HOME, Remark.of("held_not_home")
    return None


def _against_any(choice: Choice, moment: Moment, rules: SpeedRules) -> tuple[Reason, Remark] | None:
    """What holds back every measurement that leaves the home."""
    if stays_home(choice):
        return None
    over = allow(choice, moment.used_bytes, moment.cost, rules)
    if over is not None:
        return Reason.CAP, over
    if moment.metered and not moment.metered_allowed:
        return Reason.METERED, Remark.of("held_metered")
    return None


def _too_often(choice: Choice, moment: Moment, scheduled: bool) -> tuple[Reason, Remark] | None:
    """What the provider's terms leave between two measurements, and how many in any 24 hours."""
    terms = load_terms()[choice.provider]
    gap_s = terms.least_unattended_s if scheduled else terms.gap_s
    most = terms.a_day_unattended if scheduled else terms.a_day_attended
    alike = [one.at_ns for one in moment.made if one.scheduled is scheduled]
    free_ns = max((one.at_ns for one in moment.made), default=-DAY_NS) + gap_s * SECOND if gap_s else 0
    if most and len(alike) >= most:
        free_ns = max(free_ns, alike[-most] + DAY_NS)
    wait_s = (free_ns - moment.now_ns) / SECOND
    if wait_s <= 0:
        return None
    return Reason.TERMS, Remark.of("held_terms", provider=choice.provider, wait_s=round(wait_s))


def hold(
    reason: Reason,
    why: Remark,
    moment: Moment,
    rules: SpeedRules,
    *,
    scheduled: bool = True,
    campaign: str = "",
) -> Hold:
    """Hold a measurement for ``reason``: with its next try, and whether that is news (see ``held``).

    For reasons of other rooms too: a campaign's precondition that is not met. What lasts (``LASTING``) ends a
    measurement of the daily schedule, and lets a campaign's wait: for the new month, or an hour at a time.
    """
    before = waiting(moment.holds, campaign, moment.measured_ns, moment.now_ns, rules)
    due_ns = before[0].due_ns if before else moment.now_ns
    if reason not in LASTING:
        # What lasted was no try at an idle moment: the time for those begins when it is over.
        due_ns = moment.now_ns if before and before[-1].patient else due_ns
        retry_ns = next_try(due_ns, moment.now_ns, rules)
    elif not campaign:
        retry_ns = None
    elif reason is Reason.CAP:
        retry_ns = month_of(moment.now_ns, None)[1]
    else:
        retry_ns = moment.now_ns + PATIENCE_NS
    held = Held(reason, why, moment.now_ns, due_ns, retry_ns, campaign, moment.line_id)
    return Hold(held, scheduled and is_news(held, before))
