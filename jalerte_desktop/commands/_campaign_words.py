"""A campaign in words and as JSON: the rules, how it stands, its result."""

from __future__ import annotations

from typing import Any

from diagnostics.campaigns.cable import beyond, carries_bps
from diagnostics.campaigns.judge import conforming, judge
from diagnostics.campaigns.model import Campaign, Due, Failed, Finished, Judgement, Measured, Promised
from diagnostics.campaigns.rules import OPEN, RULE_SETS, Rules, load_rules
from diagnostics.campaigns.standing import Earlier, Standing
from diagnostics.model import Remark
from diagnostics.throughput.model import Direction
from diagnostics.throughput.validity import REASONS
from jalerte_desktop.commands._speed_figures import compared_rate, moment
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.campaigns import CRITERIA, RULE_SUMMARIES, WARNINGS
from jalerte_desktop.words.figures import clock_time, day, iso, local, number
from jalerte_desktop.words.language import N_, _, ngettext
from jalerte_desktop.words.remarks import known_codes, say

_DIRECTIONS = {Direction.DOWN: N_("download"), Direction.UP: N_("upload"), None: N_("both directions")}
_PROMISES = {"maximum": N_("maximum"), "normal": N_("normally available"), "minimum": N_("minimum")}


def warnings(rules: Rules) -> list[str]:
    """What has to be said beside every result: no status in France, and how well the rules are known."""
    said = [WARNINGS["no_status_free" if rules.id in OPEN else "no_status"]]
    if rules.weakest in WARNINGS:
        said.append(WARNINGS[rules.weakest])
    return [_(sentence) for sentence in said]


def print_rules(context: Context) -> None:
    for name in RULE_SETS:
        rules = load_rules(name)
        context.say(f"{name}  ({rules.version})")
        context.say(f"  {_(RULE_SUMMARIES[name])}")
        for warning in warnings(rules)[1:]:
            context.say(f"  ! {warning}")
        for source in rules.sources:
            context.say(f"  {source}")


def rules_json() -> list[dict[str, Any]]:
    found = []
    for name in RULE_SETS:
        rules = load_rules(name)
        found.append(
            {
                "id": name,
                "version": rules.version,
                "model": rules.model or None,
                "country": rules.country or None,
                "summary": _(RULE_SUMMARIES[name]),
                "measurements": rules.measurements,
                "statements": [say(Remark.of(code)) for code in rules.statements],
                "criteria": [criterion.id for criterion in rules.criteria],
                "facts": [
                    {
                        "name": fact.name,
                        "value": fact.value,
                        "source": fact.source,
                        "checked_on": fact.checked_on.isoformat(),
                        "confidence": fact.confidence,
                    }
                    for fact in rules.facts
                ],
                "source": list(rules.sources),
                "warnings": warnings(rules),
            }
        )
    return found


def print_promised(promised: Promised, context: Context) -> None:
    if promised.nothing:
        context.say(
            _("No promised speed is known: nothing will be judged. Set it with “jalerte contract set”.")
        )
        return
    for direction in Direction:
        values = promised.rates(direction)
        told = [
            f"{_(label)} {compared_rate(value)}"
            for name, label in _PROMISES.items()
            if (value := getattr(values, name)) is not None
        ]
        if told:
            context.say(
                _("Promised, {direction}: {values}").format(
                    direction=_(_DIRECTIONS[direction]), values=", ".join(told)
                )
            )
    if promised.delay_ms is not None:
        context.say(_("Promised delay: {ms} ms").format(ms=number(promised.delay_ms)))


def cable_words(rules: Rules, promised: Promised, speed_bps: int) -> list[str]:
    """What will not be judged, since this computer’s cable cannot show it; a sentence for each."""
    return [
        _("{name}, {direction}: {why}").format(
            name=_(CRITERIA.get(need.criterion.id, need.criterion.id)),
            direction=_(_DIRECTIONS[need.direction]),
            why=say(
                Remark.of(
                    "campaign_cable_less",
                    speed_bps=speed_bps,
                    rate_bps=carries_bps(speed_bps),
                    best_bps=need.bps,
                )
            ),
        )
        for need in beyond(rules, promised, speed_bps)
    ]


def cable_json(rules: Rules, promised: Promised, speed_bps: int | None) -> dict[str, Any] | None:
    """The same as figures; None where the cable’s rate is not known."""
    if speed_bps is None:
        return None
    return {
        "speed_bps": speed_bps,
        "carries_bps": carries_bps(speed_bps),
        "not_judged": [
            {"name": need.criterion.id, "direction": str(need.direction), "needed_bps": need.bps}
            for need in beyond(rules, promised, speed_bps)
        ],
    }


def earlier_words(earlier: Earlier | None) -> str:
    """How often a series of this line was begun before; empty when this is the first one."""
    if earlier in (None, Earlier()):
        return ""
    begun = ngettext(
        "Before this one, {n} series of this line was begun and not finished",
        "Before this one, {n} series of this line were begun and not finished",
        earlier.unfinished,
    ).format(n=number(earlier.unfinished))
    finished = ngettext("{n} was finished.", "{n} were finished.", earlier.finished)
    return f"{begun}; {finished.format(n=number(earlier.finished))}"


def print_standing(standing: Standing, context: Context) -> None:
    campaign, review = standing.campaign, standing.review
    context.say(
        _("Series {id} by the rules “{rules}” ({version}), begun {at}, with {provider}.").format(
            id=campaign.id,
            rules=campaign.rules,
            version=campaign.version,
            at=moment(campaign.started_ns),
            provider=campaign.provider,
        )
    )
    counted, rejected = len(review.counted), len(review.measured) - len(review.counted)
    context.say(
        _("Measurements that count: {counted}; that do not: {rejected}; still wanted: {missing}.").format(
            counted=number(counted), rejected=number(rejected), missing=number(review.missing)
        )
    )
    context.say(next_words(standing, context.now_ns))


def next_words(standing: Standing, now_ns: int, *, here: bool = False) -> str:
    """What comes next, or why nothing does. ``here``: this program measures, and no recorder has to run."""
    following = standing.next
    if isinstance(following, Finished):
        return _("The series is complete: “jalerte campaign result” shows what came out.")
    if isinstance(following, Failed):
        return _("The series cannot be completed. {why}").format(why=say(following.reason))
    if following.at_ns <= now_ns and here:
        return _("The next measurement is due now, as soon as the line is idle.")
    if following.at_ns <= now_ns:
        return _("The next measurement is due now, as soon as the line is idle and the recorder runs.")
    at = local(following.at_ns)
    words = (
        _("Next measurement: {day} at {time}.")
        if here
        else _("Next measurement: {day} at {time}, while the recorder runs.")
    )
    return words.format(day=day(at), time=clock_time(at, seconds=False))


def standing_json(standing: Standing) -> dict[str, Any]:
    following = standing.next
    return {
        **campaign_json(standing.campaign),
        "state": _state(standing),
        "reason": say(following.reason) if isinstance(following, Failed) else None,
        "next": iso(following.at_ns) if isinstance(following, Due) else None,
        "latest": iso(following.latest_ns) if isinstance(following, Due) else None,
        "counted": len(standing.review.counted),
        "tries": len(standing.review.measured),
        "missing": standing.review.missing,
    }


def campaign_json(campaign: Campaign) -> dict[str, Any]:
    promised = campaign.promised
    return {
        "id": campaign.id,
        "rules": campaign.rules,
        "version": campaign.version,
        "provider": campaign.provider,
        "servers": list(campaign.servers),
        "line": campaign.line or None,
        "started": iso(campaign.started_ns),
        "stopped": None if campaign.stopped_ns is None else iso(campaign.stopped_ns),
        "count": campaign.count,
        "spacing_s": campaign.spacing_s,
        "confirmed": [_statement(code) for code in campaign.confirmed],
        "promised": {
            "download": _rates_json(promised, Direction.DOWN),
            "upload": _rates_json(promised, Direction.UP),
            "delay_ms": promised.delay_ms,
        },
    }


def _rates_json(promised: Promised, direction: Direction) -> dict[str, int | None]:
    rates = promised.rates(direction)
    return {"maximum_bps": rates.maximum, "normal_bps": rates.normal, "minimum_bps": rates.minimum}


def _statement(code: str) -> str:
    """A newer version's statement has no words here."""
    return say(Remark.of(code)) if code in known_codes() else code


def _state(standing: Standing) -> str:
    if isinstance(standing.next, Due):
        return "running"
    if isinstance(standing.next, Finished):
        return "finished"
    return "stopped" if standing.campaign.stopped_ns is not None else "failed"


def result_json(standing: Standing) -> dict[str, Any]:
    judgements = _judgements(standing)
    said = warnings(standing.rules)
    return {
        **standing_json(standing),
        "model": standing.rules.model or None,
        "source": list(standing.rules.sources),
        "earlier": standing.earlier.unfinished if standing.earlier else None,
        "earlier_finished": standing.earlier.finished if standing.earlier else None,
        "measurements": [measured_json(one) for one in standing.review.measured],
        "criteria": [
            {
                "name": one.name,
                "direction": None if one.direction is None else str(one.direction),
                "conforming": one.conforming,
                "arithmetic": say(one.arithmetic),
                "confidence": one.confidence,
                "source": one.source,
            }
            for one in judgements
        ],
        "conforming": conforming(judgements),
        "complete": standing.review.complete,
        "warning": said[0],
        "warnings": said,
    }


def measured_json(one: Measured) -> dict[str, Any]:
    result = one.result
    reasons = [say(remark) for remark in one.against]
    return {
        "id": result.id,
        "at": iso(result.at_ns),
        "download_bps": result.down.bps if result.down else None,
        "upload_bps": result.up.bps if result.up else None,
        "idle_ms": result.idle.median_ms if result.idle else None,
        "accepted": one.accepted,
        "reason": reasons[0] if reasons else None,
        "reasons": reasons,
        "scheduled": result.scheduled,
        "indicative": result.indicative,
        "notes": _notes(one),
        "provider": result.provider,
        "server": result.server.url,
        "bytes": result.bytes,
    }


def _notes(one: Measured) -> list[str]:
    known = known_codes()
    return [say(note) for note in one.result.notes if note.code in known]


def print_result(standing: Standing, context: Context) -> None:
    print_standing(standing, context)
    print_promised(standing.campaign.promised, context)
    if standing.rules.model:
        context.say(_("Modelled on: {model}").format(model=standing.rules.model))
    for source in standing.rules.sources:
        context.say(f"  {source}")
    context.say()
    for one in standing.review.measured:
        _print_measured(one, context)
    context.say()
    judgements = _judgements(standing)
    for judgement in judgements:
        _print_judgement(judgement, context)
    context.say()
    context.say(_verdict(judgements, standing.review.complete))
    if said := earlier_words(standing.earlier):
        context.say(said)
    for warning in warnings(standing.rules):
        context.say("! " + warning)


def _print_measured(one: Measured, context: Context) -> None:
    result = one.result
    down, up = (flow.bps if flow else None for flow in (result.down, result.up))
    mark = "✓" if one.accepted else "✗"
    context.say(f"{mark} {moment(result.at_ns)}  ↓ {compared_rate(down):>14}  ↑ {compared_rate(up):>14}")
    doubts = [] if one.against else [note for note in result.notes if note.code in REASONS]
    for remark in dict.fromkeys((*one.against, *doubts)):
        context.say(f"    {say(remark)}")


def _print_judgement(judgement: Judgement, context: Context) -> None:
    outcome = {True: _("conforming"), False: _("not conforming"), None: _("not judged")}[judgement.conforming]
    name = _(CRITERIA.get(judgement.name, judgement.name))
    context.say(
        _("{name}, {direction}: {outcome}").format(
            name=name, direction=_(_DIRECTIONS[judgement.direction]), outcome=outcome
        )
    )
    context.say(f"    {say(judgement.arithmetic)}")
    if judgement.confidence in ("T", "M"):
        context.say(f"    ! {_(_WEAK[judgement.confidence])}")


_WEAK = {
    "T": N_("This criterion was read on a third party’s page, not at its source."),
    "M": N_("This criterion is known from memory and was not read at its source."),
}


def _verdict(judgements: tuple[Judgement, ...], complete: bool) -> str:
    if not complete:
        return _("The series is not complete: nothing is judged.")
    judged = sum(one.conforming is not None for one in judgements)
    if not judged:
        return _("Nothing could be judged.")
    if conforming(judgements):
        words = ngettext(
            "Conforming, by the {n} criterion that could be judged.",
            "Conforming, by all {n} criteria that could be judged.",
            judged,
        )
        return words.format(n=judged)
    failed = sum(one.conforming is False for one in judgements)
    words = ngettext(
        "Not conforming: {n} of {all} judged criteria is not met.",
        "Not conforming: {n} of {all} judged criteria are not met.",
        failed,
    )
    return words.format(n=failed, all=judged)


def _judgements(standing: Standing) -> tuple[Judgement, ...]:
    return judge(standing.rules, standing.campaign.promised, standing.review.counted, standing.zone)
