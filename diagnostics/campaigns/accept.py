"""Which measurements of a campaign count, and why the others do not. Derived from what was kept, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diagnostics.campaigns.cable import shows_nothing
from diagnostics.campaigns.model import Campaign, Measured, Promised, Zone
from diagnostics.campaigns.rules import Rules
from diagnostics.model import Remark
from diagnostics.throughput.model import (
    Circumstances,
    Direction,
    Ended,
    OtherTraffic,
    SpeedResult,
)
from diagnostics.throughput.validity import REASONS

_GOOD_ENDS = (Ended.STEADY, Ended.TIME, Ended.CAP)
LEAST = frozenset({"speed_cable_limits"})
"""Reasons by which the measured rate is a least one: ``judge`` sees to it that it accuses nobody."""
OWN_FACTS = frozenset(
    {
        "speed_wifi",
        "speed_server_at_home",
        "speed_loopback",
        "speed_no_line",
        "speed_tunnel",
        "speed_other_machine",
        "speed_other_home",
        "speed_busy_machine",
        "speed_cancelled",
        "speed_stopped",
        "speed_failed",
        "speed_nothing",
    }
)
"""Reasons that are judged here by the rules' own facts, each with a remark of its own."""


@dataclass(frozen=True, slots=True)
class Review:
    """All measurements of a campaign, in order of time, and how many are still wanted."""

    measured: tuple[Measured, ...]
    missing: int

    @property
    def counted(self) -> tuple[SpeedResult, ...]:
        return tuple(one.result for one in self.measured if one.accepted)

    @property
    def complete(self) -> bool:
        return self.missing == 0


def review(
    rules: Rules, campaign: Campaign, results: Iterable[SpeedResult], now_ns: int, zone: Zone
) -> Review:
    """Every measurement of the campaign among the results, with what speaks against it."""
    own = sorted((one for one in results if one.campaign == campaign.id), key=lambda one: one.at_ns)
    accepted: list[SpeedResult] = []
    against: dict[str, tuple[Remark, ...]] = {}
    for result in own:
        against[result.id] = tuple(accept(rules, campaign, accepted, result, zone))
        if not against[result.id]:
            accepted.append(result)
    for place, reason in rules.shape.set_aside(_times(accepted), now_ns, zone).items():
        against[accepted[place].id] = (reason,)
    measured = tuple(Measured(result, against[result.id]) for result in own)
    counted = [one.result.at_ns for one in measured if one.accepted]
    return Review(measured, rules.shape.missing(counted, zone))


def accept(
    rules: Rules,
    campaign: Campaign,
    earlier: Sequence[SpeedResult],
    result: SpeedResult,
    zone: Zone,
) -> list[Remark]:
    """What speaks against a measurement, after those accepted ``earlier``; empty when it is accepted."""
    against = []
    if not result.scheduled:
        against.append(Remark.of("campaign_by_hand"))
    if campaign.stopped_ns is not None and result.at_ns >= campaign.stopped_ns:
        against.append(Remark.of("campaign_over"))
    if result.provider != campaign.provider:
        against.append(
            Remark.of("campaign_other_provider", provider=result.provider, wanted=campaign.provider)
        )
    elif campaign.servers and _same(result.server.url) not in map(_same, campaign.servers):
        against.append(Remark.of("campaign_other_server", server=result.server.url))
    if result.cancelled:
        against.append(Remark.of("campaign_cancelled"))
    else:
        against += [
            Remark.of("campaign_direction_missing", direction=str(direction))
            for direction in Direction
            if not _measured(result, direction)
        ]
    line = campaign.line or (earlier[0].circumstances.line_id if earlier else "")
    against += unfit(rules, campaign.promised, line, result.circumstances)
    against += [remark for direction in Direction if (remark := _busy(rules, result, direction)) is not None]
    if _doubtful(result) and not against and rules.fitness.indicative == "refused":
        against.append(Remark.of("campaign_indicative"))
    if (remark := rules.shape.refuses(_times(earlier), result.at_ns, zone)) is not None:
        against.append(remark)
    return against


def unfit(rules: Rules, promised: Promised, line: str, circumstances: Circumstances) -> list[Remark]:
    """What speaks against measuring under these circumstances: known before a measurement as well as after it.

    ``line`` is the id of the campaign's line, empty while any home line will do.
    """
    against = []
    medium = circumstances.medium
    if circumstances.at_home or circumstances.loopback:
        against.append(Remark.of("campaign_server_at_home"))
    if rules.fitness.cable and medium.kind != "ethernet":
        code = {"wifi": "campaign_wifi", "vpn": "campaign_tunnel", "": "campaign_medium_unknown"}
        against.append(Remark.of(code.get(medium.kind, "campaign_no_cable")))
    if rules.fitness.link_speed and medium.kind == "ethernet":
        if medium.speed_bps is None:
            against.append(Remark.of("campaign_link_unknown"))
        elif (slow := shows_nothing(rules, promised, medium.speed_bps)) is not None:
            against.append(slow)
    if circumstances.tunnel and (rules.fitness.tunnel == "none" or not circumstances.beside_tunnel):
        tunnel = Remark.of("campaign_tunnel")
        if tunnel not in against:
            against.append(tunnel)
    if circumstances.cpu_share is not None and circumstances.cpu_share * 100 > rules.fitness.cpu_percent:
        against.append(Remark.of("campaign_cpu", share=circumstances.cpu_share))
    against += _wrong_line(line, circumstances)
    return against


def _doubtful(result: SpeedResult) -> bool:
    """Whether it may not speak for the line for a reason that nothing else here sees to; one unheard of is one."""
    reasons = {note.code for note in result.notes} & REASONS
    return result.indicative and not (reasons and reasons <= LEAST | OWN_FACTS)


def _wrong_line(line: str, circumstances: Circumstances) -> list[Remark]:
    if not circumstances.line_id:
        return [Remark.of("campaign_line_unknown")]
    if line and circumstances.line_id != line:
        return [Remark.of("campaign_other_line")]
    if circumstances.line_home is False:
        return [Remark.of("campaign_not_home")]
    return []


def _measured(result: SpeedResult, direction: Direction) -> bool:
    flow = result.flow(direction)
    return flow is not None and flow.bps is not None and flow.ended in _GOOD_ENDS


def _busy(rules: Rules, result: SpeedResult, direction: Direction) -> Remark | None:
    """Other traffic beside the measurement, when it is more than may be; what no counter tells is left aside."""
    flow = result.flow(direction)
    other = result.circumstances.down if direction is Direction.DOWN else result.circumstances.up
    rate = _sum(other)
    if flow is None or flow.bps is None or rate <= rules.fitness.other_bps:
        return None
    if rate * 100 <= rules.fitness.other_percent * (rate + flow.bps):
        return None
    return Remark.of("campaign_other_traffic", direction=str(direction), rate_bps=rate)


def _sum(other: OtherTraffic) -> int:
    return (other.machine_bps or 0) + (other.home_bps or 0)


def _same(url: str) -> str:
    return url.strip().rstrip("/").lower()


def _times(results: Sequence[SpeedResult]) -> tuple[int, ...]:
    return tuple(result.at_ns for result in results)
