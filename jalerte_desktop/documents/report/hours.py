"""The line's hours: its anchors taken together, from the journal's figures by hour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

from diagnostics.model import MILLISECOND, SECOND, Role, Span, Target
from jalerte_desktop.documents.report.model import Hour

HOUR_NS = 3600 * SECOND


class Figures(Protocol):
    """One target's figures; ``missed`` counts every outcome but OK, times in ns."""

    @property
    def target(self) -> Target: ...
    @property
    def count(self) -> int: ...
    @property
    def missed(self) -> int: ...
    @property
    def median_ns(self) -> int | None: ...
    @property
    def p95_ns(self) -> int | None: ...


class Row(Protocol):
    """One target's figures over one hour (UTC), as ``Reader.rollups`` gives them; an hour told in parts has several."""

    @property
    def start_ns(self) -> int: ...
    @property
    def line_id(self) -> str: ...
    @property
    def rollup(self) -> Figures: ...


@dataclass(frozen=True, slots=True)
class Hours:
    """``targets`` are all that were tried on the line, in the order of their ids."""

    hours: tuple[Hour, ...] = ()
    targets: tuple[Target, ...] = ()


@dataclass(slots=True)
class _Sum:
    tries: int = 0
    missed: int = 0
    medians: list[int] = field(default_factory=list)
    p95s: list[int] = field(default_factory=list)


def hours_of(rows: Iterable[Row], line_id: str, span: Span) -> Hours:
    """The hours that touch the period, oldest first; hours in which no anchor was tried are left out."""
    sums: dict[int, _Sum] = {}
    targets: dict[str, Target] = {}
    for row in rows:
        rollup = row.rollup
        if row.line_id != line_id or not span.start_ns - HOUR_NS < row.start_ns < span.end_ns:
            continue
        targets[rollup.target.id] = rollup.target
        if rollup.target.role is not Role.ANCHOR or not rollup.count:
            continue
        hour = sums.setdefault(row.start_ns, _Sum())
        hour.tries += rollup.count
        hour.missed += rollup.missed
        if rollup.median_ns is not None:
            hour.medians.append(rollup.median_ns)
        if rollup.p95_ns is not None:
            hour.p95s.append(rollup.p95_ns)
    return Hours(
        tuple(
            Hour(start, one.tries, one.missed, _median_ms(one.medians), _median_ms(one.p95s))
            for start, one in sorted(sums.items())
        ),
        tuple(target for _, target in sorted(targets.items())),
    )


def _median_ms(values: Sequence[int]) -> float | None:
    return median(values) / MILLISECOND if values else None
