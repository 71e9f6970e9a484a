"""When a campaign's next measurement is due, and whether it can still be completed."""

from __future__ import annotations

from collections.abc import Iterable

from diagnostics.campaigns.accept import review
from diagnostics.campaigns.days import SET_ASIDE
from diagnostics.campaigns.model import Campaign, Course, Failed, Finished, Next, Zone
from diagnostics.campaigns.rules import Rules
from diagnostics.model import Remark
from diagnostics.throughput.model import SpeedResult


def next_due(
    rules: Rules,
    campaign: Campaign,
    results: Iterable[SpeedResult],
    now_ns: int,
    zone: Zone,
) -> Next:
    """The next measurement, or why there is none.

    ``results`` are those that were kept, other campaigns' among them or not. The campaign's id, drawn at random, shifts
    the moments within what the rules allow, so that no two machines measure in step. The same arguments give the same
    moment, and the moment stays the same while nothing is measured and time allows it.
    """
    found = review(rules, campaign, results, now_ns, zone)
    if found.complete:
        return Finished()
    if campaign.stopped_ns is not None:
        return Failed(Remark.of("campaign_stopped"))
    # What was made by hand moves nothing: else it could keep a planned measurement from being made.
    tries = tuple(one.result.at_ns for one in found.measured if one.result.scheduled)
    if len(tries) >= rules.most_tries:
        return Failed(Remark.of("campaign_too_many_tries", tries=len(tries)))
    # What is set aside since is still a day on which was measured: the rests count from it.
    accepted = tuple(
        one.result.at_ns for one in found.measured if one.accepted or one.against[0].code in SET_ASIDE
    )
    course = Course(campaign.started_ns, now_ns, tries, accepted, zone, campaign.id)
    return rules.shape.next(course)
