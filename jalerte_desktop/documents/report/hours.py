"""The line's hours: its anchors taken together, from the journal's figures by hour."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal, Protocol

from diagnostics.model import MILLISECOND, SECOND, Role, Span, Target
from jalerte_desktop.documents.report.model import Hour

HOUR_NS = 3600 * SECOND
MOST_NOT_CLOSED = 48
"""Of so many hours without figures of their own the minutes are read: there are one or two, but for an old journal."""


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
    """One target's figures over one hour or minute (UTC), as ``Reader.rollups`` gives them."""

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

    def take(self, figures: Figures) -> None:
        """Note the times of one target."""
        if figures.median_ns is not None:
            self.medians.append(figures.median_ns)
        if figures.p95_ns is not None:
            self.p95s.append(figures.p95_ns)


Rows = Callable[[Literal["minute", "hour"], Span], Iterable[Row]]
"""The rows of that step that began within a span."""


def hours_of(rows: Rows, line_id: str, span: Span) -> Hours:
    """The hours that touch the period, oldest first; hours in which no anchor was tried are left out.

    An hour that is not closed yet has no median of its own: it gets that of its minutes' medians.
    """
    sums: dict[int, _Sum] = {}
    targets: dict[str, Target] = {}
    for row in rows("hour", Span(span.start_ns - HOUR_NS + 1, span.end_ns)):
        rollup = row.rollup
        if row.line_id != line_id:
            continue
        targets[rollup.target.id] = rollup.target
        if rollup.target.role is not Role.ANCHOR or not rollup.count:
            continue
        hour = sums.setdefault(row.start_ns, _Sum())
        hour.tries += rollup.count
        hour.missed += rollup.missed
        hour.take(rollup)
    not_closed = [start for start, hour in sums.items() if not hour.medians and hour.missed < hour.tries]
    for start in sorted(not_closed)[-MOST_NOT_CLOSED:]:
        for row in rows("minute", Span(start, start + HOUR_NS)):
            if row.line_id == line_id and row.rollup.target.role is Role.ANCHOR:
                sums[start].take(row.rollup)
    return Hours(
        tuple(
            Hour(start, one.tries, one.missed, _median_ms(one.medians), _median_ms(one.p95s))
            for start, one in sorted(sums.items())
        ),
        tuple(target for _, target in sorted(targets.items())),
    )


def _median_ms(values: Sequence[int]) -> float | None:
    return median(values) / MILLISECOND if values else None
