"""What the speed commands answer, as facts: results, holds, comparison, rules, series. Broken parts are left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from diagnostics.model import SECOND

Answer = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """One direction. ``bps`` None: nothing was measured. ``error`` is half the 95 % interval, as a share."""

    bps: int | None
    error: float | None
    counted: str
    bytes: int
    duration_s: float
    discarded_s: float
    ended: str
    streams: int


@dataclass(frozen=True, slots=True)
class DelayFacts:
    """Round trips of one phase, in milliseconds; None where nothing answered."""

    method: str
    sent: int
    lost: int
    min_ms: float | None
    median_ms: float | None
    p95_ms: float | None
    rpm: int | None


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """One measurement. ``reasons`` say why it is only indicative, ``remarks`` what else has to be known of it."""

    id: str
    at_ns: int
    down: FlowFacts | None
    up: FlowFacts | None
    idle: DelayFacts | None
    loaded_down: DelayFacts | None
    loaded_up: DelayFacts | None
    grade: str
    bytes: int
    provider: str
    server: str
    distance_ms: float | None
    indicative: bool
    cancelled: bool
    scheduled: bool
    at_home: bool
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def measured(self) -> bool:
        return any(flow is not None and flow.bps is not None for flow in (self.down, self.up))


@dataclass(frozen=True, slots=True)
class HeldFacts:
    """A measurement that was due and not made. ``retry_ns`` None: it was given up."""

    at_ns: int
    words: str
    retry_ns: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class SideFacts:
    """One row of the comparison. Nothing is concluded from one that is not sound, or old."""

    kind: str
    at_ns: int
    down_bps: int | None
    up_bps: int | None
    sound: bool
    old: bool


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a series: how many measurements, what has to hold for all of it, what to know of the rules."""

    id: str
    model: str
    summary: str
    measurements: int
    statements: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Criterion:
    """``conforming`` None: not judged. ``direction`` is ``down``, ``up`` or empty for both."""

    name: str
    direction: str
    conforming: bool | None
    arithmetic: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A measurement of a series: does it count, and why not?"""

    at_ns: int
    down_bps: int | None
    up_bps: int | None
    accepted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """A campaign. ``state`` is ``running``, ``finished``, ``stopped`` or ``failed``; ``next_ns`` only while it runs."""

    id: str
    rules: str
    model: str
    started_ns: int
    state: str
    reason: str
    next_ns: int | None
    counted: int
    missing: int
    tried: tuple[Tried, ...]
    criteria: tuple[Criterion, ...]
    conforming: bool | None
    complete: bool
    warnings: tuple[str, ...]


# --- from answers ---


def results_of(answer: object) -> tuple[tuple[ResultFacts, ...], tuple[HeldFacts, ...]]:
    """Results and holds of ``speed --results --json``, oldest first."""
    found = answer if isinstance(answer, Mapping) else {}
    results, held = each(found.get("results"), result_of), each(found.get("held"), _held)
    return tuple(sorted(results, key=lambda one: one.at_ns)), tuple(sorted(held, key=lambda one: one.at_ns))


def result_of(one: Answer) -> ResultFacts:
    """One result; raises ValueError, TypeError or KeyError for what is none."""
    from diagnostics.throughput.validity import REASONS

    notes = list(zip(texts(one.get("note_codes")), texts(one.get("notes")), strict=False))
    around = one.get("circumstances")
    return ResultFacts(
        id=str(one["id"]),
        at_ns=moment(one["at"]),
        down=_flow(one.get("download")),
        up=_flow(one.get("upload")),
        idle=_delays(one.get("idle")),
        loaded_down=_delays(one.get("loaded_down")),
        loaded_up=_delays(one.get("loaded_up")),
        grade=str(one.get("grade") or ""),
        bytes=whole(one.get("bytes")) or 0,
        provider=str(one["provider"]),
        server=str(one.get("server_name") or one.get("server") or ""),
        distance_ms=figure(one.get("distance_ms")),
        indicative=one.get("indicative") is not False,
        cancelled=one.get("cancelled") is True,
        scheduled=one.get("scheduled") is True,
        at_home=isinstance(around, Mapping) and around.get("server_at_home") is True,
        reasons=tuple(words for code, words in notes if code in REASONS),
        remarks=tuple(words for code, words in notes if code not in REASONS),
    )


def comparison_of(answer: object) -> tuple[tuple[SideFacts, ...], tuple[str, ...]]:
    """Rows and sentences of ``speed --compare --json``."""
    found = answer if isinstance(answer, Mapping) else {}
    return tuple(each(found.get("rows"), _side)), texts(found.get("verdict"))


def providers_of(answer: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each provider and the sentences that tell of it, from ``speed --terms --json``."""
    found = answer if isinstance(answer, Mapping) else {}
    return tuple(each(found.get("providers"), lambda one: (str(one["id"]), texts(one["words"]))))


def rule_sets_of(answer: object) -> tuple[RuleSet, ...]:
    """The rule sets of ``campaign list --json``."""
    found = answer if isinstance(answer, Mapping) else {}
    return tuple(each(found.get("rules"), _rules))


def series_of(answer: object) -> Series | None:
    """The series from ``campaign result --json``; None for what is none."""
    return next(iter(each([answer], _series)), None)


def each(entries: object, read: Callable[[Answer], T]) -> list[T]:
    """What can be read of a list of objects; the rest is passed over."""
    found = []
    for entry in entries if isinstance(entries, Sequence) and not isinstance(entries, str) else ():
        try:
            found.append(read(entry))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            continue
    return found


def moment(text: object) -> int:
    """ISO 8601 with an offset, in UTC ns. Raises ValueError."""
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError("a time without its offset")
    return round(at.timestamp() * 1000) * (SECOND // 1000)


def figure(value: object) -> float | None:
    """A finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def whole(value: object) -> int | None:
    """A number from 0 on, without its fraction; else None."""
    found = figure(value)
    return None if found is None or found < 0 else int(found)


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(one for one in value if isinstance(one, str))


def _flow(one: object) -> FlowFacts | None:
    if not isinstance(one, Mapping):
        return None
    return FlowFacts(
        bps=whole(one.get("bps")),
        error=figure(one.get("error")),
        counted=str(one.get("counted") or ""),
        bytes=whole(one.get("bytes")) or 0,
        duration_s=figure(one.get("duration_s")) or 0.0,
        discarded_s=figure(one.get("discarded_s")) or 0.0,
        ended=str(one.get("ended") or ""),
        streams=whole(one.get("streams")) or 1,
    )


def _delays(one: object) -> DelayFacts | None:
    if not isinstance(one, Mapping):
        return None
    return DelayFacts(
        method=str(one.get("method") or ""),
        sent=whole(one.get("sent")) or 0,
        lost=whole(one.get("lost")) or 0,
        min_ms=figure(one.get("min_ms")),
        median_ms=figure(one.get("median_ms")),
        p95_ms=figure(one.get("p95_ms")),
        rpm=whole(one.get("rpm")),
    )


def _held(one: Answer) -> HeldFacts:
    retry = one.get("retry_at")
    return HeldFacts(
        moment(one["at"]),
        str(one["words"]),
        None if retry is None else moment(retry),
        str(one.get("reason") or ""),
    )


def _side(one: Answer) -> SideFacts:
    return SideFacts(
        str(one["kind"]),
        moment(one["at"]),
        whole(one.get("download_bps")),
        whole(one.get("upload_bps")),
        one.get("sound") is True,
        one.get("old") is True,
    )


def _rules(one: Answer) -> RuleSet:
    return RuleSet(
        str(one["id"]),
        str(one.get("model") or ""),
        str(one["summary"]),
        int(one["measurements"]),
        texts(one["statements"]),
        texts(one.get("warnings")),
    )


def _series(one: Answer) -> Series:
    following = one.get("next")
    conforming = one.get("conforming")
    return Series(
        id=str(one["id"]),
        rules=str(one["rules"]),
        model=str(one.get("model") or ""),
        started_ns=moment(one["started"]),
        state=str(one["state"]),
        reason=str(one.get("reason") or ""),
        next_ns=None if following is None else moment(following),
        counted=whole(one.get("counted")) or 0,
        missing=whole(one.get("missing")) or 0,
        tried=tuple(each(one.get("measurements"), _tried)),
        criteria=tuple(each(one.get("criteria"), _criterion)),
        conforming=conforming if isinstance(conforming, bool) else None,
        complete=one.get("complete") is True,
        warnings=texts(one.get("warnings")),
    )


def _tried(one: Answer) -> Tried:
    return Tried(
        moment(one["at"]),
        whole(one.get("download_bps")),
        whole(one.get("upload_bps")),
        one.get("accepted") is True,
        texts(one.get("reasons")),
    )


def _criterion(one: Answer) -> Criterion:
    conforming = one.get("conforming")
    return Criterion(
        str(one["name"]),
        str(one.get("direction") or ""),
        conforming if isinstance(conforming, bool) else None,
        str(one["arithmetic"]),
    )
