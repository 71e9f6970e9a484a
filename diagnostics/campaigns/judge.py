"""Conforming or not, by each criterion in each direction, with the figures. Whole numbers: no border is blurred."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from diagnostics.campaigns.cable import carries_bps, filled, needed_bps, slowest_bps
from diagnostics.campaigns.local_days import day_of
from diagnostics.campaigns.model import Judgement, Promise, Promised, Zone
from diagnostics.campaigns.rules import Criterion, CriterionKind, Rules
from diagnostics.model import Remark
from diagnostics.throughput.model import Direction, SpeedResult


def judge(
    rules: Rules, promised: Promised, counted: Sequence[SpeedResult], zone: Zone
) -> tuple[Judgement, ...]:
    """Every criterion in every direction, by the measurements that count.

    While measurements are missing, the figures are there and ``conforming`` is None. It is None, too, where the
    computer's own cable could not show what the criterion asks for, or may be what it was missed by.
    """
    complete = rules.shape.missing([result.at_ns for result in counted], zone) == 0
    found = []
    for criterion in rules.criteria:
        for direction in criterion.directions or (None,):
            conforming, arithmetic = _judged(criterion, direction, promised, counted, zone)
            found.append(
                Judgement(
                    criterion.id,
                    direction,
                    conforming if complete else None,
                    arithmetic,
                    criterion.confidence,
                    criterion.source,
                )
            )
    return tuple(found)


def conforming(judgements: Sequence[Judgement]) -> bool | None:
    """All that is judged together: False when any criterion is not met, None when none could be judged."""
    judged = [one.conforming for one in judgements if one.conforming is not None]
    return all(judged) if judged else None


def _judged(
    criterion: Criterion,
    direction: Direction | None,
    promised: Promised,
    counted: Sequence[SpeedResult],
    zone: Zone,
) -> tuple[bool | None, Remark]:
    if direction is None:
        return _delay(criterion, promised, counted)
    promise = promised.rate(criterion.promise, direction)
    if promise is None:
        return None, Remark.of("campaign_no_promise")
    rates = [
        (day_of(result.at_ns, zone), flow.bps, filled(result, direction))
        for result in counted
        if (flow := result.flow(direction)) is not None and flow.bps is not None
    ]
    if not rates:
        return None, Remark.of("campaign_nothing_yet")
    needed, cable = needed_bps(criterion, promise), slowest_bps(counted)
    if cable is not None and needed > carries_bps(cable):
        return None, Remark.of(
            "campaign_cable_less", speed_bps=cable, rate_bps=carries_bps(cable), best_bps=needed
        )
    met, figures = _of_the_kind(criterion, promise, [(day, rate) for day, rate, _ in rates])
    if cable is not None and not met:
        # A rate that nearly fills the cable is a least one: with every such line fast enough, would it be met?
        at_best = [(day, max(rate, needed) if full else rate) for day, rate, full in rates]
        if _of_the_kind(criterion, promise, at_best)[0]:
            full = sum(full and rate < needed for _, rate, full in rates)
            return None, Remark.of(
                "campaign_cable_full",
                tries=full,
                speed_bps=cable,
                rate_bps=carries_bps(cable),
                best_bps=needed,
            )
    return met, figures


def _of_the_kind(
    criterion: Criterion, promise: int, rates: Sequence[tuple[date, int]]
) -> tuple[bool, Remark]:
    if criterion.kind is CriterionKind.DAYS_REACHED:
        return _days_reached(criterion, promise, rates)
    if criterion.kind is CriterionKind.DAYS_BELOW:
        return _days_below(criterion, promise, rates)
    return _share(criterion, promise, [rate for _, rate in rates])


def _days_reached(
    criterion: Criterion, promise: int, rates: Sequence[tuple[date, int]]
) -> tuple[bool, Remark]:
    wanted = promise * criterion.of_promise_percent
    days = {day for day, _ in rates}
    reached = {day for day, rate in rates if rate * 100 >= wanted}
    tries = sum(rate * 100 >= wanted for _, rate in rates)
    return len(reached) >= criterion.days, Remark.of(
        "campaign_days_reached",
        days=len(reached),
        of_days=len(days),
        reached=tries,
        tries=len(rates),
        rate_bps=-(-wanted // 100),
        percent=criterion.of_promise_percent,
        best_bps=promise,
        needed=criterion.days,
    )


def _days_below(criterion: Criterion, promise: int, rates: Sequence[tuple[date, int]]) -> tuple[bool, Remark]:
    days = {day for day, _ in rates}
    below = {day for day, rate in rates if rate < promise}
    return len(below) < criterion.days, Remark.of(
        "campaign_days_below",
        days=len(below),
        of_days=len(days),
        below=sum(rate < promise for _, rate in rates),
        tries=len(rates),
        best_bps=promise,
        needed=criterion.days,
    )


def _share(criterion: Criterion, promise: int, rates: Sequence[int]) -> tuple[bool, Remark]:
    reached = sum(rate >= promise for rate in rates)
    met = reached * 100 >= criterion.share_percent * len(rates)
    figures = {"reached": reached, "tries": len(rates), "percent": criterion.share_percent}
    if criterion.kind is CriterionKind.QUANTILE:
        reached_bps = sorted(rates)[_allowed(criterion, len(rates))]
        return met, Remark.of("campaign_quantile", rate_bps=reached_bps, best_bps=promise, **figures)
    share = reached / len(rates)
    return met, Remark.of("campaign_share_reached", share=share, best_bps=promise, **figures)


def _delay(
    criterion: Criterion, promised: Promised, counted: Sequence[SpeedResult]
) -> tuple[bool | None, Remark]:
    """A delay is the median round trip before the load; measurements without one have no say."""
    assert criterion.promise is Promise.DELAY
    if promised.delay_ms is None:
        return None, Remark.of("campaign_no_promise")
    delays = [
        result.idle.median_ms
        for result in counted
        if result.idle is not None and result.idle.median_ms is not None
    ]
    if not delays:
        return None, Remark.of("campaign_no_delay")
    reached = sum(delay <= promised.delay_ms for delay in delays)
    within_ms = sorted(delays, reverse=True)[_allowed(criterion, len(delays))]
    return reached * 100 >= criterion.share_percent * len(delays), Remark.of(
        "campaign_delay_quantile",
        reached=reached,
        tries=len(delays),
        percent=criterion.share_percent,
        within_ms=within_ms,
        promised_ms=promised.delay_ms,
    )


def _allowed(criterion: Criterion, tries: int) -> int:
    """How many measurements may miss the promise."""
    return min((100 - criterion.share_percent) * tries // 100, tries - 1)
