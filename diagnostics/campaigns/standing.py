"""How a campaign stands by the journal: what was measured, what is due, whether one runs at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from diagnostics.campaigns.accept import Review, review
from diagnostics.campaigns.model import Campaign, Due, Next, Zone
from diagnostics.campaigns.plan import next_due
from diagnostics.campaigns.record import fold, results
from diagnostics.campaigns.rules import Rules, load_rules, with_own
from diagnostics.journal.reader import Reader
from diagnostics.model import BadInput, EventKind


@dataclass(frozen=True, slots=True)
class Earlier:
    """How many campaigns of the same line were begun before: who begins anew until a result pleases is seen here.

    One whose line is not known is among them. One whose rules are not shipped any more counts as not finished.
    """

    unfinished: int = 0
    finished: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """One campaign at one moment. ``earlier`` is None where those before it were not counted.

    ``zone`` is that whose days it was counted by.
    """

    campaign: Campaign
    rules: Rules
    review: Review
    next: Next
    earlier: Earlier | None = None
    zone: Zone = None

    @property
    def running(self) -> bool:
        return isinstance(self.next, Due)


def campaigns(reader: Reader) -> list[Campaign]:
    """Every campaign of the journal, oldest first."""
    return fold(reader.events(EventKind.CAMPAIGN))


def standing(reader: Reader, campaign: Campaign, now_ns: int, zone: Zone) -> Standing:
    """How a campaign stands. Raises BadInput where its rules are not shipped any more."""
    found = _alone(reader, campaign, now_ns, zone)
    return replace(found, earlier=_earlier(reader, found, now_ns, zone))


def _alone(reader: Reader, campaign: Campaign, now_ns: int, zone: Zone) -> Standing:
    rules = rules_of(campaign)
    zone = zone_of(campaign) or zone
    since = reader.seq_before(campaign.started_ns)
    measured = results(reader.events(EventKind.SPEED, after_seq=since), campaign.id)
    return Standing(
        campaign,
        rules,
        review(rules, campaign, measured, now_ns, zone),
        next_due(rules, campaign, measured, now_ns, zone),
        zone=zone,
    )


def zone_of(campaign: Campaign) -> Zone:
    """The zone that a campaign was begun in; None where it is not known here."""
    try:
        return ZoneInfo(campaign.zone) if campaign.zone else None
    except (KeyError, OSError, ValueError):
        return None


def _earlier(reader: Reader, found: Standing, now_ns: int, zone: Zone) -> Earlier:
    line = _line(found)
    unfinished = finished = 0
    for before in campaigns(reader):
        if before.id == found.campaign.id:
            break
        try:
            one = _alone(reader, before, now_ns, zone)
        except BadInput:
            its, complete = before.line, False
        else:
            its, complete = _line(one), one.review.complete
        if not (line and its) or line == its:
            finished += complete
            unfinished += not complete
    return Earlier(unfinished, finished)


def _line(found: Standing) -> str:
    """The line that a campaign is about; empty while none was recognised."""
    lines = (one.result.circumstances.line_id for one in found.review.measured)
    return found.campaign.line or next(filter(None, lines), "")


def running(reader: Reader, now_ns: int, zone: Zone) -> Standing | None:
    """The campaign that runs: the newest, where it is neither over nor stopped. None when none does."""
    known = campaigns(reader)
    if not known or known[-1].stopped_ns is not None:
        return None
    try:
        found = _alone(reader, known[-1], now_ns, zone)
    except BadInput:
        return None  # of a newer or older version of this program: it cannot go on here
    return found if found.running else None


def due(reader: Reader, now_ns: int, zone: Zone) -> tuple[str, Due] | None:
    """The campaign that runs, and its next measurement: what the recorder's speed desk asks."""
    found = running(reader, now_ns, zone)
    if found is None or not isinstance(found.next, Due):
        return None
    return found.campaign.id, found.next


def rules_of(campaign: Campaign) -> Rules:
    """The rules that a campaign was begun with. Raises BadInput where they are not shipped, or do not fit it."""
    return with_own(load_rules(campaign.rules, campaign.version), campaign.count, campaign.spacing_s)
