"""The facts of campaigns: what was promised, what was begun, what a measurement counted for, what is due next.

Rates are payload bits a second, times UTC nanoseconds, as in ``diagnostics.throughput.model``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum

from diagnostics.model import MINUTE, Remark
from diagnostics.throughput.model import Direction, SpeedResult

Zone = tzinfo | None
"""Whose calendar days count; None is the system's own zone."""


class Promise(StrEnum):
    """Which promised value a criterion looks at."""

    MAXIMUM = "maximum"
    NORMAL = "normal"
    MINIMUM = "minimum"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class Rates:
    """What was promised for one direction, in bits a second; None where nothing was."""

    maximum: int | None = None
    normal: int | None = None
    minimum: int | None = None


@dataclass(frozen=True, slots=True)
class Promised:
    """What was promised for a line. ``delay_ms`` is the guaranteed round trip."""

    down: Rates = field(default_factory=Rates)
    up: Rates = field(default_factory=Rates)
    delay_ms: int | None = None

    def rates(self, direction: Direction) -> Rates:
        return self.down if direction is Direction.DOWN else self.up

    def rate(self, promise: Promise, direction: Direction) -> int | None:
        """The promised bits a second; None for a delay."""
        rates = self.rates(direction)
        return {
            Promise.MAXIMUM: rates.maximum,
            Promise.NORMAL: rates.normal,
            Promise.MINIMUM: rates.minimum,
        }.get(promise)

    @property
    def nothing(self) -> bool:
        return self == Promised()


@dataclass(frozen=True, slots=True)
class Campaign:
    """One series, as the person began it.

    ``rules`` and ``version`` name the rule set for good: a newer one does not change a campaign that runs. ``line`` is
    the id of the line it is about, empty where none was recognised: then the first measurement's is. ``servers`` are
    those it may use, empty for any of the provider's. ``confirmed`` are the codes of the statements that the person
    made. ``count`` and ``spacing_s`` are the person's own where the rule set leaves them open, else None. ``zone`` is
    the place whose calendar days count (IANA), wherever the journal is read later; empty where the system did not tell.
    """

    id: str
    rules: str
    version: str
    provider: str
    started_ns: int
    servers: tuple[str, ...] = ()
    line: str = ""
    promised: Promised = field(default_factory=Promised)
    confirmed: tuple[str, ...] = ()
    count: int | None = None
    spacing_s: int | None = None
    stopped_ns: int | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement of a campaign. It counts when nothing speaks against it; the first remark is the weightiest."""

    result: SpeedResult
    against: tuple[Remark, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.against


@dataclass(frozen=True, slots=True)
class Due:
    """The next measurement: not before ``at_ns``, which may lie in the past; of no use after ``latest_ns``.

    ``number`` is its place in the series, from 1 on.
    """

    at_ns: int
    latest_ns: int
    number: int


@dataclass(frozen=True, slots=True)
class Finished:
    """All measurements are there."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot be completed any more, for this reason."""

    reason: Remark


Next = Due | Finished | Failed


@dataclass(frozen=True, slots=True)
class Course:
    """What a plan goes by: when measurements began, accepted or only tried, in order; and a fixed chance of its own.

    ``tries`` holds every measurement that was begun by the plan, the accepted ones among them.
    """

    started_ns: int
    now_ns: int
    tries: tuple[int, ...]
    accepted: tuple[int, ...]
    zone: Zone
    seed: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """One criterion in one direction (None for a delay), with its figures.

    ``conforming`` is None where it is not judged: no promise, or not all measurements are there yet.
    """

    name: str
    direction: Direction | None
    conforming: bool | None
    arithmetic: Remark
    confidence: str
    """How well the criterion itself is known: ``V``, ``T``, ``M`` or ``own``."""
    source: str


def too_soon(rest_s: int, after_ns: int) -> Remark:
    """Says that a measurement began before its rest was over."""
    return Remark.of("campaign_too_soon", rest=rest_s // 60, after=after_ns // MINUTE)
