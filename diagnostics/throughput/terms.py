"""What each provider asks for and tells of us, from ``resources/providers.toml``; whether it has to be agreed to."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from diagnostics.shipped import read_shipped


@dataclass(frozen=True, slots=True)
class Spacing:
    """Seconds between unattended measurements: exponential around ``mean_s``, within ``min_s`` and ``max_s``."""

    mean_s: int
    min_s: int
    max_s: int

    def draw(self, chance: random.Random) -> float:
        """How long to wait before the next one, in seconds."""
        return min(max(chance.expovariate(1 / self.mean_s), float(self.min_s)), float(self.max_s))


@dataclass(frozen=True, slots=True)
class Terms:
    """One provider's dated facts.

    ``version`` is the day of what the person is told: an agreement to another version does not hold. ``sees`` are
    codes of what the other side learns; ``published`` is ``no aggregated public unknown``, ``kept`` ``for_ever
    unknown``, ``commercial`` ``none_known personal contribution``, ``automation`` ``free spaced unknown``.

    ``spacing`` holds for unattended measurements, ``gap_s`` (seconds) between any two. The most in one day is
    ``a_day_attended`` and ``a_day_unattended``; 0 where no limit is known. ``indicative``: no result of it may speak
    for the line. ``streams``: connections at once where the protocol decides, else 0.
    """

    id: str
    runs: str
    version: str
    about: str
    policies: tuple[str, ...]
    sees: tuple[str, ...]
    published: str
    kept: str
    commercial: str
    automation: str
    spacing: Spacing | None
    gap_s: int
    a_day_attended: int
    a_day_unattended: int
    indicative: bool
    unmaintained: bool
    streams: int
    source: str
    checked_on: str
    confidence: str

    @property
    def least_unattended_s(self) -> int:
        """The least time between two unattended measurements, in seconds: what a schedule or campaign must leave."""
        return max(self.gap_s, self.spacing.min_s if self.spacing else 0)


@cache
def load_terms() -> Mapping[str, Terms]:
    """The terms of every provider, by its name."""
    raw = tomllib.loads(read_shipped("providers.toml"))
    return {entry["id"]: _terms(entry) for entry in raw["providers"]}


_ALWAYS = ("ndt7", "speedtest-cli", "cloudflare")


def needs_agreement(provider: str, servers_given: bool) -> bool:
    """Whether the person must agree before the first measurement.

    Not for servers that the person named: whoever types an address knows whom it reaches, and a notice suffices. The
    organisations behind ndt7, speedtest-cli and Cloudflare are agreed to in any case, for what they keep and publish.
    """
    return provider in _ALWAYS or not servers_given


def _terms(entry: Mapping[str, object]) -> Terms:
    values = dict(entry)
    spacing = values.pop("spacing", None)
    return Terms(
        version=str(values.pop("terms")),
        policies=_texts(values.pop("policies")),
        sees=_texts(values.pop("sees")),
        spacing=Spacing(**spacing) if isinstance(spacing, dict) else None,
        checked_on=str(values.pop("checked_on")),
        **values,  # type: ignore[arg-type]  # the file's test reads every field
    )


def _texts(value: object) -> tuple[str, ...]:
    assert isinstance(value, list)
    return tuple(str(entry) for entry in value)
