"""A second witness: what another machine's evidence package says of the cuts that this journal holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from diagnostics.model import SECOND, Cause, Kind, Span
from jalerte_desktop.documents.report.model import SecondWitness
from jalerte_desktop.documents.report.stretches import seconds, union, without

CLOCKS_NS = 2 * SECOND
"""How far the two machines' clocks may lie apart."""
TOGETHER_S = 1.0
"""Two cuts are one when they share this much."""
OBSERVED = 0.5
"""A machine has an opinion on a cut when it observed this share of it."""
ITS_OWN = frozenset({Cause.WIFI, Cause.LAN, Cause.LOCAL_MACHINE, Cause.VPN, Cause.OWN_TRAFFIC})
"""Causes between a machine and its box, or of its own making: meanwhile it could say nothing of the line."""


class Record(Protocol):
    """What another machine's package holds, as ``documents.bundle.witness.read_witness`` reads it.

    ``incidents`` are kind, start, end (UTC ns) and cause.
    """

    @property
    def name(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def span(self) -> Span: ...
    @property
    def incidents(self) -> Sequence[tuple[str, int, int, str]]: ...
    @property
    def observed(self) -> tuple[Span, ...]: ...


def compare(
    other: Record,
    cuts: Sequence[Span],
    outages: Sequence[Span],
    observed: Sequence[Span],
    period: Span,
    name: str = "",
) -> SecondWitness | None:
    """Set the other machine's cuts beside ours; None where its package tells nothing of the period.

    ``cuts`` are ours that are held against the line, ``outages`` all that we saw, whatever their cause, ``observed``
    the stretches that we observed. A cut is confirmed when the other machine saw one that shares a second with it,
    clocks being allowed ``CLOCKS_NS``; not observed when the other machine watched less than half of it, or was kept
    from watching by a trouble of its own; else not seen. ``alone`` counts the other's cuts that we observed and did not
    see.
    """
    together = other.span.clip(period)
    if together is None:
        return None
    theirs = union(Span(start, end) for kind, start, end, cause in other.incidents if _is_cut(kind, cause))
    ours = union(outages)
    blind = union(Span(start, end) for _, start, end, cause in other.incidents if cause in ITS_OWN)
    watched = without(union(other.observed), blind)
    confirmed = not_seen = not_observed = 0
    for cut in _within(cuts, period):
        if _met(cut, theirs):
            confirmed += 1
        elif _watched(cut, watched):
            not_seen += 1
        else:
            not_observed += 1
    alone = sum(_watched(one, observed) and not _met(one, ours) for one in _within(theirs, together))
    return SecondWitness(name or other.name, together, other.key, confirmed, not_seen, not_observed, alone)


def _is_cut(kind: str, cause: str) -> bool:
    return kind == Kind.OUTAGE and cause not in ITS_OWN


def _within(spans: Iterable[Span], period: Span) -> list[Span]:
    return [clipped for span in spans if (clipped := span.clip(period)) is not None]


def _met(cut: Span, others: Sequence[Span]) -> bool:
    wide = Span(cut.start_ns - CLOCKS_NS, cut.end_ns + CLOCKS_NS)
    return any(piece.duration_s >= TOGETHER_S for piece in _pieces(wide, others))


def _watched(cut: Span, watched: Sequence[Span]) -> bool:
    return seconds(_pieces(cut, watched)) >= OBSERVED * cut.duration_s


def _pieces(span: Span, stretches: Sequence[Span]) -> Iterator[Span]:
    """What of ``stretches`` lies in ``span``."""
    for one in stretches[bisect_right(stretches, span.start_ns, key=lambda stretch: stretch.end_ns) :]:
        piece = one.clip(span)
        if piece is None:
            return
        yield piece
