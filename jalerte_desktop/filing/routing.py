"""Who takes a problem, in which order, why, and what must have been done before: dated data of resources/channels.toml.

It decides nothing for the person: a channel that refuses is listed too, with its reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from diagnostics.model import Remark
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.diary import OPERATOR_STEPS
from jalerte_desktop.casefile.knowledge import PostalAddress, Provenance
from jalerte_desktop.casefile.model import PROFESSIONAL

_EVERY = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one channel does with some problems. Empty ``countries`` or ``technologies``: all of them.

    ``professional`` None: whoever the contract is for. ``by`` stands in place of the channel's where it is not None.
    """

    problems: tuple[str, ...]
    countries: tuple[str, ...]
    technologies: tuple[str, ...]
    professional: bool | None
    takes: bool
    order: int
    why: Remark
    before: Remark | None
    by: tuple[str, ...] | None
    provenance: Provenance

    def fits(self, problem: str, country: str, technology: str, professional: bool) -> bool:
        return (
            (_EVERY in self.problems or problem in self.problems)
            and (not self.countries or country in self.countries)
            and (not self.technologies or technology in self.technologies)
            and self.professional in (None, professional)
        )


@dataclass(frozen=True, slots=True)
class Channel:
    """Where something can be taken. ``by``: the channels of filing that can carry it; ``form`` its form map or "".

    ``provenance`` is that of its address, e-mail and post; "" and () are what is not known well enough.
    """

    id: str
    titles: Mapping[str, str]
    countries: tuple[str, ...]
    by: tuple[str, ...]
    form: str
    url: str
    email: str
    address: tuple[str, ...]
    notes: tuple[Remark, ...]
    provenance: Provenance
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One channel and this problem. ``titles`` by language; ``before`` is what must have been done first, or None.

    ``doubts`` must be told wherever the route is shown: what is not read at its source never goes unwarned.
    ``by`` is what this program can carry there; to an ``address`` without it people write by themselves.
    """

    channel: str
    titles: Mapping[str, str]
    takes: bool
    order: int
    why: Remark
    before: Remark | None
    notes: tuple[Remark, ...]
    doubts: tuple[Remark, ...]
    by: tuple[str, ...]
    form: str
    url: str
    email: str
    address: tuple[str, ...]
    provenance: Provenance


def routes(
    problem: str, country: str, profile: str, today: date, technology: str = "", operator: str = ""
) -> tuple[Route, ...]:
    """Every channel that is known to take or to refuse the problem, in the order to go by; refusals last.

    ``technology`` is the line's, "" when unknown; ``operator`` gives the first steps their postal address, as far as
    it is known in that country.
    """
    found = [
        _route(channel, rule, today)
        for channel in channels()
        if country in channel.countries
        and (rule := _rule(channel, problem, country, profile, technology, today)) is not None
    ]
    found.sort(key=lambda route: (not route.takes, route.order))
    # Where a letter about a mobile goes does not hang on how the home is connected.
    access = "4g" if problem == "mobile" else technology
    known = knowledge.find_operator(operator, country) if operator else None
    return tuple(
        _addressed(route, known.address_for(access or None, today, route.channel) if known else None, today)
        for route in found
    )


def _rule(
    channel: Channel, problem: str, country: str, profile: str, technology: str, today: date
) -> Rule | None:
    professional = profile in PROFESSIONAL
    return next(
        (
            rule
            for rule in channel.rules
            if in_force(rule.provenance, today) and rule.fits(problem, country, technology, professional)
        ),
        None,
    )


def _route(channel: Channel, rule: Rule, today: date) -> Route:
    place = channel.provenance
    reachable = in_force(place, today)
    named = reachable and (channel.url or channel.email or channel.address)
    doubts = [*doubts_of(rule.provenance, today)]
    if named and place.doubtful(today):
        doubts.append(Remark.of("doubt_place"))
    return Route(
        channel.id,
        channel.titles,
        rule.takes,
        rule.order,
        rule.why,
        rule.before,
        channel.notes,
        tuple(doubts),
        channel.by if rule.by is None else rule.by,
        channel.form,
        channel.url if reachable else "",
        channel.email if reachable else "",
        channel.address if reachable else (),
        rule.provenance,
    )


def in_force(provenance: Provenance, today: date) -> bool:
    """False for what is not valid yet or no more: that is never shown, with or without a warning."""
    begun = provenance.valid_from is None or provenance.valid_from <= today
    return begun and (provenance.valid_to is None or today <= provenance.valid_to)


def doubts_of(provenance: Provenance, today: date) -> tuple[Remark, ...]:
    """What has to be told beside a fact of this provenance; nothing for one read at its source and not long ago."""
    if not provenance.doubtful(today):
        return ()
    checked_on = provenance.checked_on.isoformat()
    if provenance.confidence == "M":
        return (Remark.of("doubt_memory"),)
    if provenance.confidence == "T":
        return (_unofficial("doubt_third_party", provenance),)
    return (Remark.of("doubt_old", checked_on=checked_on),)


def doubts_of_address(address: PostalAddress, today: date) -> tuple[Remark, ...]:
    """What has to be told beside an operator's postal address."""
    if not address.provenance.doubtful(today):
        return ()
    return (_unofficial("doubt_operators_address", address.provenance),)


def _unofficial(code: str, provenance: Provenance) -> Remark:
    checked_on = provenance.checked_on.isoformat()
    if not provenance.page:
        return Remark.of(f"{code}_unnamed", checked_on=checked_on)
    return Remark.of(code, source=provenance.page, checked_on=checked_on)


def _addressed(route: Route, address: PostalAddress | None, today: date) -> Route:
    """With the operator's own address for this step; else it is said that none is known, where one is needed."""
    if not route.takes or route.address:
        return route
    if route.channel not in OPERATOR_STEPS:
        reached = route.form or route.email
        return route if reached else _doubted(route, Remark.of("doubt_no_address_there"))
    if address is None:
        return _doubted(route, Remark.of("doubt_no_address"))
    return replace(_doubted(route, *doubts_of_address(address, today)), address=address.lines)


def _doubted(route: Route, *doubts: Remark) -> Route:
    return replace(route, doubts=(*route.doubts, *doubts))


@cache
def channels() -> tuple[Channel, ...]:
    """Every channel of the shipped data, in the order of the file."""
    raw = tomllib.loads((files("resources") / "channels.toml").read_text(encoding="utf-8"))
    return tuple(_channel(entry) for entry in raw["channel"])


def _channel(entry: Mapping[str, Any]) -> Channel:
    figures = entry.get("note_values", {})
    return Channel(
        entry["id"],
        {"fr": entry["title_fr"], "en": entry["title_en"]},
        tuple(entry["countries"]),
        tuple(entry["by"]),
        entry["form"],
        entry["url"],
        entry["email"],
        tuple(entry["address"]),
        tuple(Remark.of(code, **figures) for code in entry["notes"]),
        provenance_of(entry),
        tuple(_read_rule(rule) for rule in entry["rule"]),
    )


def _read_rule(entry: Mapping[str, Any]) -> Rule:
    before = entry.get("before")
    return Rule(
        tuple(entry["problems"]),
        tuple(entry.get("countries", ())),
        tuple(entry.get("technologies", ())),
        entry.get("professional"),
        entry["takes"],
        entry["order"],
        Remark.of(entry["why"], **entry.get("why_values", {})),
        Remark.of(before, **entry.get("before_values", {})) if before else None,
        tuple(entry["by"]) if "by" in entry else None,
        provenance_of(entry),
    )


def provenance_of(entry: Mapping[str, Any]) -> Provenance:
    """The provenance that an entry of this room's data carries."""
    return Provenance(
        "",
        entry["source"],
        entry["checked_on"],
        entry["confidence"],
        entry.get("valid_from"),
        entry.get("valid_to"),
    )
