"""Compares what was found in a run with what had to be found. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.model import SECOND, Cause, Incident, Kind, Span
from tests.playing.scenario import Expect, Played, Unobserved

BLAMED = frozenset({Cause.ACCESS, Cause.ISP_CORE})
"""The causes that accuse an operator."""
MARGIN_NS = 20 * SECOND
"""An accusation may outlast the operator's true trouble by so much: a wrong edge, which counts as that."""
GAP_WITHIN_NS = 5 * SECOND
"""How far the edges of what was not observed may be off, and the longest hole that needs no explanation."""
CUT_S = 2.0
"""Cuts from this length on must all be found."""


@dataclass(frozen=True, slots=True)
class Match:
    """What was found of one expectation; ``pieces`` is empty when it was missed.

    ``start_off_s`` and ``end_off_s``: found minus true, None where no edge was expected or the recording ends there.
    """

    expect: Expect
    pieces: tuple[Incident, ...]
    start_off_s: float | None = None
    end_off_s: float | None = None

    @property
    def missed(self) -> bool:
        return not self.pieces

    @property
    def cause_right(self) -> bool:
        return bool(self.pieces) and all(one.verdict.cause in self.expect.causes for one in self.pieces)

    @property
    def kind_right(self) -> bool:
        return bool(self.pieces) and all(one.kind is self.expect.kind for one in self.pieces)

    @property
    def edges_right(self) -> bool:
        offs = (self.start_off_s, self.end_off_s)
        return all(off is None or abs(off) <= self.expect.within_s for off in offs)

    @property
    def confidence_right(self) -> bool:
        low, high = self.expect.confidence
        return all(low <= one.verdict.confidence <= high for one in self.pieces)

    @property
    def length_s(self) -> float | None:
        expect = self.expect
        return None if expect.start_s is None or expect.end_s is None else expect.end_s - expect.start_s

    @property
    def right(self) -> bool:
        return self.kind_right and self.cause_right and self.edges_right and self.confidence_right


@dataclass(frozen=True, slots=True)
class Score:
    """One run against the truth. ``allowed`` may be there, ``false`` must not; ``accusations`` are among the found."""

    played: Played
    matches: tuple[Match, ...]
    allowed: tuple[Incident, ...]
    false: tuple[Incident, ...]
    accusations: tuple[Incident, ...]
    coverage_faults: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Everything expected was found and rightly explained, and nothing else was."""
        return (
            all(match.right for match in self.matches)
            and not self.false
            and not self.accusations
            and not self.coverage_faults
        )

    @property
    def cause_right(self) -> bool:
        """Every cause named is the true one, nobody is missed and nobody accused: edges are another matter."""
        return (
            all(match.kind_right and match.cause_right and match.confidence_right for match in self.matches)
            and not self.false
            and not self.accusations
        )

    @property
    def edge_errors_s(self) -> tuple[float, ...]:
        """How far the edges of the outages found are off, in seconds."""
        return tuple(
            abs(off)
            for match in self.matches
            if match.expect.kind is Kind.OUTAGE and match.kind_right
            for off in (match.start_off_s, match.end_off_s)
            if off is not None
        )

    @property
    def missed_cuts(self) -> int:
        """Expected outages of two seconds and more of which nothing was found."""
        return sum(
            match.missed and match.expect.kind is Kind.OUTAGE and (match.length_s or CUT_S) >= CUT_S
            for match in self.matches
        )

    @property
    def verdicts(self) -> tuple[tuple[float, bool], ...]:
        """Each verdict given: its confidence, and whether its cause was right."""
        given = [(one, one.verdict.cause in m.expect.causes) for m in self.matches for one in m.pieces]
        given += [(one, True) for one in self.allowed]
        given += [(one, False) for one in self.false]
        return tuple((one.verdict.confidence, right) for one, right in given)


def score(played: Played) -> Score:
    """Match what was found with what was expected; each incident is used once."""
    scenario = played.scenario
    left = list(played.incidents)
    matches = []
    for expect in sorted(scenario.expects, key=lambda one: (one.start_s or 0.0, one.end_s or 0.0)):
        pieces = _pieces(played, expect, left)
        left = [one for one in left if one not in pieces]
        matches.append(_match(played, expect, pieces))
    allowed = [one for one in left if any(_allows(played, allow, one) for allow in scenario.allows)]
    return Score(
        played,
        tuple(matches),
        tuple(allowed),
        tuple(one for one in left if one not in allowed),
        tuple(one for one in played.incidents if _accuses_wrongly(played, one)),
        tuple(_coverage_faults(played)),
    )


def _span(played: Played, expect: Expect) -> Span:
    """The true time of an expectation; what is not said reaches to the recording's ends."""
    start_ns = played.when_ns(expect.start_s or 0.0)
    end_s = expect.end_s if expect.end_s is not None else played.scenario.seconds
    return Span(start_ns, max(played.when_ns(end_s), start_ns + 1))


def _wide(span: Span, by_ns: int) -> Span:
    return Span(span.start_ns - by_ns, span.end_ns + by_ns)


def _on_line(played: Played, expect: Expect, incident: Incident) -> bool:
    return (incident.line.id == played.home) is expect.home


def _pieces(played: Played, expect: Expect, left: Sequence[Incident]) -> tuple[Incident, ...]:
    """The incidents that tell of an expectation.

    Of the right kind, on the right line and overlapping; where there is none, one of another kind that lies there. A
    cut must be told as one: the incident that overlaps most. Losses and slow times may come in pieces.
    """
    span = _span(played, expect)
    near = [
        (one, part)
        for one in left
        if _on_line(played, expect, one) and (part := one.span.clip(_wide(span, SECOND))) is not None
    ]
    fitting = [entry for entry in near if entry[0].kind is expect.kind]
    right = [entry for entry in fitting if entry[0].verdict.cause in expect.causes]
    if expect.kind is not Kind.OUTAGE and right:
        return tuple(one for one, _ in right)
    for entries in (right, fitting, near):
        if entries:
            best = max(entries, key=lambda entry: entry[1].duration_s)
            if entries is near and any(_allows(played, allow, best[0]) for allow in played.scenario.allows):
                return ()
            return (best[0],)
    return ()


def _match(played: Played, expect: Expect, pieces: tuple[Incident, ...]) -> Match:
    if not pieces:
        return Match(expect, ())
    span = _span(played, expect)
    start = min(one.span.start_ns for one in pieces)
    end = max(one.span.end_ns for one in pieces)
    return Match(
        expect,
        pieces,
        None if expect.start_s is None else (start - span.start_ns) / SECOND,
        None if expect.end_s is None else (end - span.end_ns) / SECOND,
    )


def _allows(played: Played, allow: Expect, incident: Incident) -> bool:
    verdict = incident.verdict
    span = _wide(_span(played, allow), round(allow.within_s * SECOND))
    return (
        (allow.kind is None or incident.kind is allow.kind)
        and (not allow.causes or verdict.cause in allow.causes)
        and _on_line(played, allow, incident)
        and allow.confidence[0] <= verdict.confidence <= allow.confidence[1]
        and span.start_ns <= incident.span.start_ns
        and incident.span.end_ns <= span.end_ns
    )


def _accuses_wrongly(played: Played, incident: Incident) -> bool:
    """True when it blames an operator for a time in which nothing that was the operator's went wrong."""
    if incident.verdict.cause not in BLAMED:
        return False
    true = [
        _wide(_span(played, one), max(MARGIN_NS, round(one.within_s * SECOND)))
        for one in (*played.scenario.expects, *played.scenario.allows)
        if (one.causes & BLAMED or not one.causes) and _on_line(played, one, incident)
    ]
    at = incident.span.start_ns
    for span in sorted(true, key=lambda one: one.start_ns):
        if span.start_ns <= at:
            at = max(at, span.end_ns)
    return at < incident.span.end_ns


def _coverage_faults(played: Played) -> list[str]:
    """What was told as observed and was not, and the reverse. Where the clock was set, hours repeat or do not exist."""
    faults: list[str] = []
    if played.scenario.of_kind("clock-step"):
        return faults
    gaps = played.coverage.gaps
    holes = [(one, _hole(played, one)) for one in played.scenario.unobserved]
    for one, hole in holes:
        inner = Span(hole.start_ns + GAP_WITHIN_NS, hole.end_ns - GAP_WITHIN_NS)
        found = [gap for gap in gaps if gap.span.clip(inner) is not None]
        told = sum(part.duration_s for gap in found if (part := gap.span.clip(inner)) is not None)
        if told < inner.duration_s - 1:
            faults.append(f"{one.start_s:g}–{one.end_s:g} s is told as observed")
        elif one.reason is not None and any(gap.reason is not one.reason for gap in found):
            reasons = ", ".join(sorted({str(gap.reason) for gap in found}))
            faults.append(f"{one.start_s:g}–{one.end_s:g} s is told as {reasons}")
    wide = [_wide(hole, 3 * GAP_WITHIN_NS) for _, hole in holes]
    for gap in gaps:
        explained = any(w.start_ns <= gap.span.start_ns and gap.span.end_ns <= w.end_ns for w in wide)
        if not explained and gap.span.end_ns - gap.span.start_ns > GAP_WITHIN_NS:
            at = (gap.span.start_ns - played.start_ns) / SECOND
            faults.append(f"{gap.span.duration_s:.0f} s from {at:.0f} s not observed: {gap.reason}")
    return faults


def _hole(played: Played, one: Unobserved) -> Span:
    return Span(played.when_ns(one.start_s), played.when_ns(one.end_s))
