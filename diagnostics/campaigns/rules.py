"""Rule sets, read strictly from ``resources/campaigns/``: what is not understood is refused, never passed over."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from diagnostics.campaigns.days import Days
from diagnostics.campaigns.grid import HOUR_S, Grid
from diagnostics.campaigns.model import Promise
from diagnostics.campaigns.spaced import Spaced
from diagnostics.model import BadInput
from diagnostics.shipped import read_shipped
from diagnostics.throughput.model import Direction

RULE_SETS = ("bnetza", "rtr", "agcom", "free")
OPEN = frozenset({"free"})
"""Those whose number and spacing are the person's."""
CONFIDENCES = ("V", "T", "M", "own")
MOST = 1000
"""Measurements in one campaign."""

Shape = Days | Grid | Spaced
_SHAPES: Mapping[str, type[Days] | type[Grid] | type[Spaced]] = {
    "days": Days,
    "grid": Grid,
    "spaced": Spaced,
}
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}\.\d{1,4}")
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TOP = {"format", "id", "version", "model", "country", "shape", "statements", "facts", "criteria"}
_DATED = {"source", "checked_on", "confidence"}


class CriterionKind(StrEnum):
    DAYS_REACHED = "days_reached"
    """Conforming when on at least ``days`` days a measurement reached ``of_promise_percent`` of the promise."""
    DAYS_BELOW = "days_below"
    """Conforming when on fewer than ``days`` days a measurement stayed below the promise."""
    SHARE_REACHED = "share_reached"
    """Conforming when at least ``share_percent`` of the measurements reached the promise."""
    QUANTILE = "quantile"
    """As SHARE_REACHED, told as the value that so many measurements reached; for a delay: stayed within."""


_CRITERION: Mapping[CriterionKind, frozenset[str]] = {
    CriterionKind.DAYS_REACHED: frozenset({"of_promise_percent", "days"}),
    CriterionKind.DAYS_BELOW: frozenset({"days"}),
    CriterionKind.SHARE_REACHED: frozenset({"share_percent"}),
    CriterionKind.QUANTILE: frozenset({"share_percent"}),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of a rule set, and where it was read."""

    name: str
    value: object
    source: str
    checked_on: date
    confidence: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One rule by which the series is judged. Percentages are whole numbers, so that nothing is rounded."""

    id: str
    kind: CriterionKind
    promise: Promise
    directions: tuple[Direction, ...]
    source: str
    checked_on: date
    confidence: str
    of_promise_percent: int = 100
    share_percent: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Fitness:
    """What a measurement must have been like to count. docs/campaigns.md says what each is for."""

    cable: bool
    link_speed: bool
    tunnel: str
    cpu_percent: int
    other_percent: int
    other_bps: int
    indicative: str


@dataclass(frozen=True, slots=True)
class Rules:
    """One rule set. ``model`` names the procedure it is modelled on, empty for none."""

    id: str
    version: str
    model: str
    country: str
    statements: tuple[str, ...]
    shape: Shape
    fitness: Fitness
    tries_each: int
    criteria: tuple[Criterion, ...]
    facts: tuple[Fact, ...]

    @property
    def measurements(self) -> int:
        return self.shape.measurements

    @property
    def most_tries(self) -> int:
        """So many measurements, accepted or not, end a campaign: something is in the way."""
        return self.tries_each * self.shape.planned

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source outside this project, each once, in the file's order."""
        return tuple(dict.fromkeys(source for source, mark in self._marks if mark != "own"))

    @property
    def weakest(self) -> str:
        """The least certain of what it was read from: ``M`` before ``T`` before ``V``; ``own`` for a set of our own."""
        known = {mark for _, mark in self._marks}
        return next((mark for mark in ("M", "T", "V") if mark in known), "own")

    @property
    def _marks(self) -> list[tuple[str, str]]:
        facts = [(fact.source, fact.confidence) for fact in self.facts]
        return facts + [(criterion.source, criterion.confidence) for criterion in self.criteria]


def load_rules(name: str, version: str = "") -> Rules:
    """A rule set; the newest one, or the ``version`` that a campaign was begun with.

    Raises BadInput ``campaign_rules_unknown``, or ``campaign_rules_gone`` for a version that is not shipped.
    """
    if name not in RULE_SETS:
        raise BadInput("campaign_rules_unknown", value=name[:40], known=", ".join(RULE_SETS))
    rules = _shipped(name)
    if version in ("", rules.version):
        return rules
    if _VERSION.fullmatch(version):
        try:
            return _shipped(f"{name}-{version}")
        except FileNotFoundError:
            pass
    raise BadInput("campaign_rules_gone", rules=name, version=version[:40], known=rules.version)


def with_own(rules: Rules, count: int | None, spacing_s: int | None) -> Rules:
    """The rules with the person's own number and spacing. Raises BadInput where the set fixes them, or out of range."""
    if count is None and spacing_s is None:
        return rules
    if rules.id not in OPEN or not isinstance(rules.shape, Spaced):
        raise BadInput("campaign_not_free", rules=rules.id)
    if count is not None and not 1 <= count <= MOST:
        raise BadInput("campaign_bad_count", value=count, most=MOST)
    if spacing_s is not None and not 60 <= spacing_s <= 30 * 86400:
        raise BadInput("campaign_bad_spacing", value=spacing_s)
    shape = replace(
        rules.shape,
        measurements=count or rules.shape.measurements,
        spacing_s=spacing_s or rules.shape.spacing_s,
    )
    return replace(rules, shape=shape)


@cache
def _shipped(stem: str) -> Rules:
    return parse(read_shipped(f"campaigns/{stem}.toml"), stem)


def parse(text: str, name: str) -> Rules:
    """The rule set that a file's text holds. Raises ValueError, naming file and place, for what is not understood."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{name}: {error}") from error
    try:
        return _rules(raw)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{name}: {error!r}") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _rules(raw: Mapping[str, Any]) -> Rules:
    _exactly(raw, _TOP, "the file")
    if raw["format"] != 1 or isinstance(raw["format"], bool):
        raise ValueError("format is not 1")
    shape_of = _SHAPES.get(raw["shape"])
    if shape_of is None:
        raise ValueError(f"shape {raw['shape']!r} is not known")
    facts = tuple(_fact(entry) for entry in _list(raw["facts"], "facts"))
    values = {fact.name: fact.value for fact in facts}
    if len(values) < len(facts):
        raise ValueError("a fact stands twice")
    in_shape = {field.name for field in fields(shape_of)}
    in_fitness = {field.name for field in fields(Fitness)}
    _exactly(values, in_shape | in_fitness | {"tries_each"}, "facts")
    criteria = tuple(_criterion(entry) for entry in _list(raw["criteria"], "criteria"))
    if not criteria or len({criterion.id for criterion in criteria}) < len(criteria):
        raise ValueError("criteria are missing or stand twice")
    return Rules(
        id=_matching(raw["id"], _ID, "id"),
        version=_matching(raw["version"], _VERSION, "version"),
        model=_text(raw["model"], "model", empty=True),
        country=_text(raw["country"], "country", empty=True),
        statements=tuple(
            _matching(code, _ID, "statements") for code in _list(raw["statements"], "statements")
        ),
        shape=_shape(shape_of, {name: values[name] for name in in_shape}),
        fitness=_fitness({name: values[name] for name in in_fitness}),
        tries_each=_whole(values["tries_each"], "tries_each", 1, 100),
        criteria=criteria,
        facts=facts,
    )


def _fact(raw: Mapping[str, Any]) -> Fact:
    _exactly(raw, {"name", "value"} | _DATED, "a fact")
    name = _matching(raw["name"], _ID, "name")
    return Fact(name, raw["value"], *_dated(raw, name))


def _dated(raw: Mapping[str, Any], name: str) -> tuple[str, date, str]:
    if type(raw["checked_on"]) is not date:
        raise ValueError(f"{name}: checked_on is no date")
    if raw["confidence"] not in CONFIDENCES:
        raise ValueError(f"{name}: confidence is none of {', '.join(CONFIDENCES)}")
    source = _text(raw["source"], name)
    if (raw["confidence"] == "own") != source.startswith("own"):
        raise ValueError(f"{name}: source and confidence contradict each other")
    return source, raw["checked_on"], raw["confidence"]


def _criterion(raw: Mapping[str, Any]) -> Criterion:
    kind = CriterionKind(raw["kind"])
    own = _CRITERION[kind]
    _exactly(raw, {"id", "kind", "promise", "directions"} | own | _DATED, "a criterion")
    name = _matching(raw["id"], _ID, "id")
    promise = Promise(raw["promise"])
    directions = tuple(Direction(entry) for entry in _list(raw["directions"], name))
    if bool(directions) == (promise is Promise.DELAY) or len(set(directions)) < len(directions):
        raise ValueError(f"{name}: a rate has directions, a delay none")
    if promise is Promise.DELAY and kind is not CriterionKind.QUANTILE:
        raise ValueError(f"{name}: a delay is judged by its quantile")
    source, checked_on, confidence = _dated(raw, name)
    figures = {key: _whole(raw[key], key, 1, 100) for key in own}
    return Criterion(name, kind, promise, directions, source, checked_on, confidence, **figures)


def _shape(kind: type[Days] | type[Grid] | type[Spaced], values: Mapping[str, Any]) -> Shape:
    plain = {
        name: _whole(value, name, 0, 1 << 31) for name, value in values.items() if name not in _NOT_WHOLE
    }
    if plain["measurements"] < 1 or plain["measurements"] > MOST:
        raise ValueError("measurements are out of range")
    if kind is Days:
        days = Days(compact=_flag(values["compact"], "compact"), windows=_windows(values["windows"]), **plain)
        if days.days < 1 or days.measurements != days.days * days.least_per_day:
            raise ValueError("measurements are not days times least_per_day")
        if not 1 <= days.least_per_day <= days.per_day or days.pause_after >= days.per_day:
            raise ValueError("per_day, least_per_day and pause_after do not fit together")
        if days.within_days < (days.days - 1) * (days.free_days_between + 1) + 1:
            raise ValueError("the days do not fit within_days")
        if days.shortest_day_s > min(end - begin for begin, end in days.windows) * HOUR_S:
            raise ValueError("a day's measurements do not fit its window")
        return days
    if kind is Grid:
        grid = Grid(**plain)
        if not 0 < grid.every_s <= HOUR_S or HOUR_S % grid.every_s or grid.spacing_s > grid.every_s:
            raise ValueError("every_s does not divide the hour, or is shorter than spacing_s")
        if grid.measurements != 24 * grid.per_hour:
            raise ValueError("measurements do not fill 24 hours")
        return grid
    spaced = Spaced(**plain)
    if spaced.spacing_s < 1 or spaced.jitter_percent > 100:
        raise ValueError("spacing_s or jitter_percent is out of range")
    return spaced


_NOT_WHOLE = ("compact", "windows")


def _windows(value: object) -> tuple[tuple[int, int], ...]:
    windows = []
    for entry in _list(value, "windows"):
        begin, end = (_whole(hour, "windows", 0, 24) for hour in _list(entry, "windows"))
        if begin >= end:
            raise ValueError("a window ends before it begins")
        windows.append((begin, end))
    if not windows:
        raise ValueError("windows are missing")
    return tuple(windows)


def _fitness(values: Mapping[str, Any]) -> Fitness:
    if values["tunnel"] not in ("none", "beside") or values["indicative"] not in ("refused", "kept"):
        raise ValueError("tunnel or indicative is not understood")
    return Fitness(
        cable=_flag(values["cable"], "cable"),
        link_speed=_flag(values["link_speed"], "link_speed"),
        tunnel=values["tunnel"],
        cpu_percent=_whole(values["cpu_percent"], "cpu_percent", 1, 100),
        other_percent=_whole(values["other_percent"], "other_percent", 0, 100),
        other_bps=_whole(values["other_bps"], "other_bps", 0, 1 << 40),
        indicative=values["indicative"],
    )


def _exactly(raw: Mapping[str, Any], wanted: set[str] | frozenset[str], where: str) -> None:
    if not isinstance(raw, Mapping):
        raise ValueError(f"{where} is no table")
    if unknown := sorted(set(raw) - wanted):
        raise ValueError(f"{where}: {unknown[0]} is not known")
    if missing := sorted(wanted - set(raw)):
        raise ValueError(f"{where}: {missing[0]} is missing")


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is no list")
    return value


def _text(value: object, name: str, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not value.isprintable() or not (value.strip() or empty):
        raise ValueError(f"{name} is no text")
    return value


def _matching(value: object, pattern: re.Pattern[str], name: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{name} is not well formed")
    return value


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} is neither true nor false")
    return value


def _whole(value: object, name: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{name} is no whole number from {least} to {most}")
    return value
