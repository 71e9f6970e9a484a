"""The form of J'alerte l'Arcep as dated data: resources/forms/jalerte.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. ``name`` is its HTML name, ``label`` its French label, ``fill`` the rule that finds its value.

    ``verified`` false: the facts say that label or choices were not read.
    """

    name: str
    step: int
    label: str
    control: str
    fill: str
    required: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class Form:
    """The form map. ``text_limit`` counts characters of the free text; it is ours while not verified."""

    title: str
    url: str
    checked_on: date
    source: str
    confidence: str
    text_limit: int
    text_limit_verified: bool
    nature: str
    steps: Mapping[int, str]
    fields: tuple[FormField, ...]
    profiles: Mapping[str, str]
    sectors: Mapping[str, str]


@cache
def jalerte_form() -> Form:
    """The form map that ships with the program."""
    raw = tomllib.loads((files("resources") / "forms" / "jalerte.toml").read_text(encoding="utf-8"))
    return Form(
        raw["title"],
        raw["url"],
        raw["checked_on"],
        raw["source"],
        raw["confidence"],
        raw["text_limit"],
        raw["text_limit_verified"],
        raw["nature"],
        {step["number"]: step["title"] for step in raw["step"]},
        tuple(FormField(**{name: entry[name] for name in FormField.__slots__}) for entry in raw["field"]),
        raw["profiles"],
        raw["sectors"],
    )
