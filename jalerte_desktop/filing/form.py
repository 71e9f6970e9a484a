"""The forms as dated data: resources/forms/*.toml. A page may have changed since; the map says what is unverified."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

FORMS = ("jalerte", "signalconso", "mediator")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a field. ``code`` is ours, ``labels`` are wordings with the same meaning, the first for people."""

    code: str
    labels: tuple[str, ...]
    verified: bool


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. ``name`` is its HTML name, ``fill`` the rule that finds its value (``values.py``).

    ``labels`` are accessible names that mean this field, the first one for people; ``words`` are words that a label of
    it holds. ``control``: radio select checkboxes text textarea search file rating checkbox. ``verified`` false: the
    facts say that label or choices were not read.
    """

    name: str
    step: int
    labels: tuple[str, ...]
    words: tuple[str, ...]
    control: str
    fill: str
    required: bool
    verified: bool
    choices: tuple[Choice, ...]

    @property
    def label(self) -> str:
        return self.labels[0]

    @property
    def reserved(self) -> bool:
        """True for what only the person may answer: consents."""
        return self.fill == "person"

    def choice(self, code: str) -> Choice | None:
        return next((one for one in self.choices if one.code == code), None)


@dataclass(frozen=True, slots=True)
class Wordings:
    """What the pages say: when all went well, when the session is over or the site failed; what buttons are called."""

    success: tuple[str, ...]
    expired: tuple[str, ...]
    failed: tuple[str, ...]
    start: tuple[str, ...]
    refuse_cookies: tuple[str, ...]
    next: tuple[str, ...]
    send: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The form map. ``text_limit`` counts characters of the free text; it is ours while not verified."""

    id: str
    title: str
    url: str
    checked_on: date
    source: str
    confidence: str
    text_limit: int
    text_limit_verified: bool
    attachment_bytes: int
    attachment_types: tuple[str, ...]
    nature: str
    wordings: Wordings
    steps: Mapping[int, str]
    fields: tuple[FormField, ...]


@cache
def form(form_id: str) -> Form:
    """A form map that ships with the program: one of ``FORMS``."""
    raw = tomllib.loads((files("resources") / "forms" / f"{form_id}.toml").read_text(encoding="utf-8"))
    return Form(
        raw["id"],
        raw["title"],
        raw["url"],
        raw["checked_on"],
        raw["source"],
        raw["confidence"],
        raw["text_limit"],
        raw["text_limit_verified"],
        raw["attachment_bytes"],
        tuple(raw["attachment_types"]),
        raw["nature"],
        Wordings(**{name: tuple(raw[name]) for name in Wordings.__slots__}),
        {step["number"]: step["title"] for step in raw["step"]},
        tuple(_field(entry) for entry in raw["field"]),
    )


def _field(entry: Mapping[str, object]) -> FormField:
    values = {name: entry[name] for name in FormField.__slots__ if name != "choices"}
    for name in ("labels", "words"):
        values[name] = _texts(entry[name])
    given = entry.get("choice", [])
    assert isinstance(given, list)
    choices = tuple(Choice(one["code"], _texts(one["labels"]), one["verified"]) for one in given)
    return FormField(**values, choices=choices)  # type: ignore[arg-type]


def _texts(value: object) -> tuple[str, ...]:
    assert isinstance(value, list)
    return tuple(str(one) for one in value)
