"""What of the evidence may be in which copy: the dated rules of ``resources/redaction.toml``, and one copy's decisions.

Nothing is shown that no rule names. What is taken out is counted by rule, so that every copy says what it lacks.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from diagnostics.shipped import read_shipped

COPIES = ("operator", "mediator", "arcep", "public")
"""Whom a bundle is for."""
LANGUAGES = ("en", "fr")
_KEYS = {"id", "what", "copies", "action", "reason_en", "reason_fr", "valid_from", "checked_on", "source"}
_AREAS = ("record:", "other:", "report:", "value:", "attachment:")


class Action(StrEnum):
    KEEP = "keep"
    HIDE = "hide"
    LETTER = "letter"
    """A letter in its place, the same for the same thing throughout a bundle."""
    SHIPPED = "shipped"
    """Kept where every value of it ships with the program, else hidden."""
    CODE = "code"
    """Kept where it is one of the program's own words, else hidden."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated rule. ``reason`` is by language; ``what`` and ``copies`` as the file explains them."""

    id: str
    what: tuple[str, ...]
    copies: tuple[str, ...]
    action: Action
    reason: Mapping[str, str]
    valid_from: date
    checked_on: date
    source: str


UNKNOWN = Rule(
    "unnamed",
    (),
    COPIES,
    Action.HIDE,
    {
        "en": "No rule names it: what is not known to be harmless stays at home.",
        "fr": "Aucune règle ne le nomme : ce qui n’est pas reconnu inoffensif reste au foyer.",
    },
    date(2026, 11, 22),
    date(2026, 11, 22),
    "the program's own rule",
)


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules. ``version`` is their day; ``codes`` are words of the program that tell nothing of anybody."""

    version: str
    rules: tuple[Rule, ...]
    codes: frozenset[str]

    def __getitem__(self, rule_id: str) -> Rule:
        return next((rule for rule in self.rules if rule.id == rule_id), UNKNOWN)


def parse_rules(text: str) -> Rules:
    """The rules of a file; raises ValueError for anything but what the file itself describes.

    No two rules may say something of the same thing in the same copy.
    """
    raw = tomllib.loads(text)
    if set(raw) != {"version", "codes", "rules"}:
        raise ValueError("other keys than version, codes, rules")
    rules = tuple(_rule(entry) for entry in raw["rules"])
    decided: dict[tuple[str, str], str] = {}
    for rule in rules:
        for pair in ((copy, what) for copy in rule.copies for what in rule.what):
            if pair in decided:
                raise ValueError(f"{pair[1]} stands in {decided[pair]} and {rule.id}")
            decided[pair] = rule.id
    if len({rule.id for rule in rules}) != len(rules) or any(rule.id == UNKNOWN.id for rule in rules):
        raise ValueError("two rules of one name")
    date.fromisoformat(raw["version"])
    return Rules(_text(raw["version"]), rules, frozenset(_texts(raw["codes"])))


def _rule(entry: Any) -> Rule:
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise ValueError(f"a rule has {', '.join(sorted(_KEYS))}: {entry!r:.80}")
    copies, what = _texts(entry["copies"]), _texts(entry["what"])
    if not copies or not set(copies) <= set(COPIES):
        raise ValueError(f"{entry['id']}: unknown copies")
    if not what or not all(path.startswith(_AREAS) for path in what):
        raise ValueError(f"{entry['id']}: unknown area")
    if type(entry["valid_from"]) is not date or type(entry["checked_on"]) is not date:
        raise ValueError(f"{entry['id']}: no date")
    return Rule(
        _text(entry["id"]),
        what,
        copies,
        Action(entry["action"]),
        {language: _text(entry[f"reason_{language}"]) for language in LANGUAGES},
        entry["valid_from"],
        entry["checked_on"],
        _text(entry["source"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("an empty text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("no list of texts")
    return tuple(_text(entry) for entry in value)


@cache
def default_rules() -> Rules:
    """The rules that ship with the program."""
    return parse_rules(read_shipped("redaction.toml"))


@cache
def shipped_values() -> frozenset[str]:
    """Addresses, names and networks that ship as targets, and the operators' names: they are nobody's secret."""
    from jalerte_desktop.casefile.knowledge import operators

    raw = tomllib.loads(read_shipped("targets.toml"))
    entries = [entry for name in raw if isinstance(raw[name], list) for entry in raw[name]]
    values = {str(entry[key]) for entry in entries for key in ("value", "network") if key in entry}
    addresses = {address for entry in entries for address in entry.get("addresses", ())}
    return frozenset(values | addresses | {operator.name for operator in operators()} | {"system"})


class Redaction:
    """One copy's decisions on one day, and the count of what was taken out.

    ``letter_of`` gives the same letter for the same line; the first that is asked for is "A".
    """

    def __init__(self, copy: str, today: date, rules: Rules | None = None) -> None:
        if copy not in COPIES:
            raise ValueError(f"no copy: {copy}")
        self.copy = copy
        self.rules = rules or default_rules()
        # A clock that is behind the rules' own day is wrong.
        day = max(today, date.fromisoformat(self.rules.version))
        self.removed: Counter[tuple[str, str]] = Counter()
        """By rule and what it names: how often."""
        self._in_force = {
            what: rule
            for rule in self.rules.rules
            if copy in rule.copies and rule.valid_from <= day
            for what in rule.what
        }
        self._letters: dict[str, str] = {}

    def rule(self, *paths: str) -> Rule:
        """The first of these paths that a rule names decides; ``UNKNOWN`` where none does."""
        return next((self._in_force[path] for path in paths if path in self._in_force), UNKNOWN)

    def shows(self, *paths: str, value: object = None) -> bool:
        """Whether what these paths name may be shown as it is. Where not, it is counted as taken out.

        What a rule names and is empty tells nothing: it is shown.
        """
        rule = self.rule(*paths)
        if rule.action is Action.KEEP or (rule is not UNKNOWN and value in ("", (), [])):
            return True
        if self._harmless(rule, value):
            return True
        self.removed[rule.id, next((path for path in paths if path in self._in_force), paths[-1])] += 1
        return False

    def _harmless(self, rule: Rule, value: object) -> bool:
        if rule.action is Action.SHIPPED:
            known = shipped_values()
            return all(part in known for part in _parts(value))
        return rule.action is Action.CODE and all(part in self.rules.codes for part in _parts(value))

    def text(self, path: str, value: str, instead: str = "") -> str:
        """The value, or ``instead`` where it may not be shown."""
        return value if not value or self.shows(path, value=value) else instead

    def letter_of(self, line_id: str) -> str:
        """A, B … Z, L27, L28 … of a line; "" for no line."""
        if not line_id:
            return ""
        number = len(self._letters)
        return self._letters.setdefault(line_id, chr(65 + number) if number < 26 else f"L{number + 1}")

    def __contains__(self, line_id: str) -> bool:
        return line_id in self._letters


def _parts(value: object) -> Iterable[str]:
    """The single texts of a value; networks are listed with commas between."""
    if isinstance(value, (list, tuple)):
        return [part for entry in value for part in _parts(entry)]
    return (
        []
        if value is None or value == ""
        else [str(value)]
        if str(value) in shipped_values()
        else _listed(value)
    )


def _listed(value: object) -> list[str]:
    return [part.strip() for part in str(value).split(",")]
