"""The line's own speed measurements and the campaigns they belong to, judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from diagnostics.campaigns.judge import conforming, judge
from diagnostics.campaigns.model import Judgement, Measured
from diagnostics.campaigns.standing import Standing, campaigns, standing
from diagnostics.journal.reader import Reader
from diagnostics.model import BadInput, Event, EventKind, Span
from diagnostics.throughput.model import Delays, Direction, SpeedResult
from diagnostics.throughput.record import from_event
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.documents.report.model import CampaignFinding, Promise, SpeedPoint
from jalerte_desktop.documents.report.told import LeftOut, facts
from jalerte_desktop.words.campaigns import CRITERIA
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.remarks import say

_DIRECTIONS = {Direction.DOWN: N_("download"), Direction.UP: N_("upload"), None: N_("both directions")}


@dataclass(frozen=True, slots=True)
class Speeds:
    points: tuple[SpeedPoint, ...] = ()
    campaigns: tuple[CampaignFinding, ...] = ()


def speeds_of(
    reader: Reader, line_id: str, span: Span, zone: tzinfo, now_ns: int, left_out: LeftOut
) -> Speeds:
    """The period's measurements, oldest first, and the campaigns that have any of them; in the active language.

    Campaigns are judged whole, by all of their measurements until ``now_ns``. One whose rules are not shipped any more
    is not judged: its measurements stay.
    """

    def own(event: Event) -> SpeedResult | None:
        # Looked at before it is read whole, which takes long.
        wanted = event.data.get("circumstances.line_id", "") == line_id
        return from_event(event) if wanted and span.start_ns <= event.at_ns < span.end_ns else None

    results = list(facts(reader.events(EventKind.SPEED), own, left_out))
    results.sort(key=lambda result: (result.at_ns, result.id))
    wanted = {result.campaign for result in results} - {""}
    found = list(_standings(reader, wanted, zone, now_ns))
    judged = {one.result.id: one for each in found for one in each.review.measured}
    return Speeds(
        tuple(_point(result, judged) for result in results),
        tuple(_finding(each) for each in found),
    )


def _standings(reader: Reader, wanted: set[str], zone: tzinfo, now_ns: int) -> Iterator[Standing]:
    for campaign in campaigns(reader):
        if campaign.id in wanted:
            try:
                yield standing(reader, campaign, now_ns, zone)
            except BadInput:
                continue


def promise_of(case: Case) -> Promise:
    """What the case file says of the contract."""

    def bps(name: str) -> float | None:
        value = case.get(f"contract.{name}_bps")
        return float(value) if value is not None and value.isascii() and value.isdigit() else None

    return Promise(
        download_max_bps=bps("download_max"),
        download_usual_bps=bps("download_normal"),
        download_min_bps=bps("download_min"),
        upload_max_bps=bps("upload_max"),
        upload_usual_bps=bps("upload_normal"),
        upload_min_bps=bps("upload_min"),
    )


def _point(result: SpeedResult, judged: Mapping[str, Measured]) -> SpeedPoint:
    one = judged.get(result.id)
    against = one.against[0] if one is not None and one.against else None
    return SpeedPoint(
        at_ns=result.at_ns,
        download_bps=_bps(result, Direction.DOWN),
        upload_bps=_bps(result, Direction.UP),
        idle_ms=_median(result.idle),
        loaded_down_ms=_median(result.loaded_down),
        loaded_up_ms=_median(result.loaded_up),
        provider=result.provider,
        indicative=result.indicative or result.cancelled,
        campaign=result.campaign,
        accepted=None if one is None else one.accepted,
        reason="" if against is None else say(against),
    )


def _bps(result: SpeedResult, direction: Direction) -> float | None:
    flow = result.flow(direction)
    return None if flow is None or flow.bps is None else float(flow.bps)


def _median(delays: Delays | None) -> float | None:
    return None if delays is None else delays.median_ms


def _finding(found: Standing) -> CampaignFinding:
    judgements = judge(found.rules, found.campaign.promised, found.review.counted, found.zone)
    counted = len(found.review.counted)
    return CampaignFinding(
        rules=found.campaign.rules,
        version=found.campaign.version,
        accepted=counted,
        rejected=len(found.review.measured) - counted,
        criteria=tuple(_criterion(one) for one in judgements),
        conforming=conforming(judgements),
        id=found.campaign.id,
        started_ns=found.campaign.started_ns,
        missing=found.review.missing,
        unfinished_before=found.earlier.unfinished if found.earlier else 0,
    )


def _criterion(one: Judgement) -> str:
    outcome = {True: _("conforming"), False: _("not conforming"), None: _("not judged")}[one.conforming]
    words = _("{name}, {direction}: {outcome}").format(
        name=_(CRITERIA.get(one.name, one.name)), direction=_(_DIRECTIONS[one.direction]), outcome=outcome
    )
    return f"{words}. {say(one.arithmetic)}"
