"""The table of scores: one row a run, then the totals and how far confidences can be trusted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from diagnostics.model import SECOND, Incident
from tests.playing.scenario import Expect
from tests.playing.score import Match, Score

BINS = (0.45, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Upper ends of the first, nearest marks of the others: what lies between two goes to the nearer one."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Verdicts given at about one confidence, and how many of them were right."""

    confidence: float
    given: int
    right: int

    @property
    def share(self) -> float | None:
        return self.right / self.given if self.given else None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a set of runs comes to. Shares are None without runs, edges without outages found."""

    runs: int
    cause_right: int
    right: int
    accusations: int
    false: int
    missed_cuts: int
    edges_s: tuple[float, ...]
    """In order of size."""
    bins: tuple[Bin, ...]

    @property
    def cause_share(self) -> float | None:
        return self.cause_right / self.runs if self.runs else None

    @property
    def edge_median_s(self) -> float | None:
        return median(self.edges_s) if self.edges_s else None

    @property
    def edge_p95_s(self) -> float | None:
        """By the nearest rank."""
        return self.edges_s[math.ceil(0.95 * len(self.edges_s)) - 1] if self.edges_s else None

    def share_at(self, confidence: float) -> float | None:
        """The share right among the verdicts given at about this confidence; None where none was."""
        return next(one.share for one in self.bins if one.confidence == confidence)


def total(scores: Sequence[Score]) -> Totals:
    """Add up the scores of runs."""
    verdicts = [verdict for score in scores for verdict in score.verdicts]
    return Totals(
        len(scores),
        sum(score.cause_right for score in scores),
        sum(score.right for score in scores),
        sum(len(score.accusations) for score in scores),
        sum(len(score.false) for score in scores),
        sum(score.missed_cuts for score in scores),
        tuple(sorted(edge for score in scores for edge in score.edge_errors_s)),
        tuple(
            Bin(mark, len(right), sum(right))
            for mark in BINS
            for right in [[good for confidence, good in verdicts if _bin(confidence) == mark]]
        ),
    )


def _bin(confidence: float) -> float:
    return min(BINS, key=lambda mark: (abs(mark - confidence), mark)) if confidence > BINS[0] else BINS[0]


def lines(scores: Sequence[Score], *, wrong_alone: bool = False) -> list[str]:
    """The whole table as text, or the rows that are not right and the totals of all."""
    shown = [score for score in scores if not (wrong_alone and score.right)]
    width = max((len(score.played.scenario.name) for score in scores), default=8)
    head = (
        f"{'scenario':{width}}  {'runner':9} {'seed':>4}  {'cause':6} {'edges':13}  what was found otherwise"
    )
    return [head, *(_row(score, width) for score in shown), "", *total_lines(total(scores))]


def _row(score: Score, width: int) -> str:
    played = score.played
    edges = score.edge_errors_s
    shown = f"{median(edges):.2f} {max(edges):.2f} s" if edges else ""
    cause = "right" if score.cause_right else "WRONG"
    faults = "; ".join(what_is_wrong(score))
    who = f"{played.scenario.name:{width}}  {played.runner:9} {played.seed:>4}"
    return f"{who}  {cause:6} {shown:13}  {faults}".rstrip()


MOST_SAID = 6


def what_is_wrong(score: Score) -> list[str]:
    """In words, what keeps a run from being right; the first few things."""
    said = []
    for match in score.matches:
        if not match.right:
            said.append(_match(match))
    said += [f"false: {_incident(score, one)}" for one in score.false]
    said += [f"ACCUSES: {_incident(score, one)}" for one in score.accusations]
    said += list(score.coverage_faults)
    if len(said) > MOST_SAID:
        said = [*said[:MOST_SAID], f"and {len(said) - MOST_SAID} more"]
    return said


def _match(match: Match) -> str:
    wanted = _expected(match.expect)
    if match.missed:
        return f"missed {wanted}"
    found = ", ".join(
        dict.fromkeys(f"{one.kind}·{one.verdict.cause} {one.verdict.confidence:.2f}" for one in match.pieces)
    )
    if not (match.kind_right and match.cause_right):
        return f"{found} for {wanted}"
    if not match.confidence_right:
        low, high = match.expect.confidence
        return f"{found}, not {low:g} to {high:g}"
    offs = [off for off in (match.start_off_s, match.end_off_s) if off is not None]
    return f"{wanted} off by {', '.join(f'{off:+.1f} s' for off in offs)}"


def _expected(expect: Expect) -> str:
    causes = "/".join(sorted(expect.causes))
    at = "" if expect.start_s is None else f" at {expect.start_s:.0f} s"
    return f"{expect.kind}·{causes}{at}"


def _incident(score: Score, one: Incident) -> str:
    start = (one.span.start_ns - score.played.start_ns) / SECOND
    verdict = one.verdict
    return f"{one.kind}·{verdict.cause} {verdict.confidence:.2f} at {start:.0f} s for {one.duration_s:.0f} s"


def total_lines(totals: Totals) -> list[str]:
    """The totals as text."""

    def seconds(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f} s"

    share = totals.cause_share
    accused = f"false accusations {totals.accusations}, false incidents {totals.false}"
    edges = f"median {seconds(totals.edge_median_s)}, 95 % within {seconds(totals.edge_p95_s)}"
    text = [
        f"runs {totals.runs}, cause right {'–' if share is None else f'{share:.1%}'}, all right {totals.right}",
        f"{accused}, cuts of 2 s and more missed {totals.missed_cuts}",
        f"outage edges {len(totals.edges_s)}: {edges}",
        "confidence   given  right",
    ]
    for one in totals.bins:
        mark = f"≤ {one.confidence:g}" if one is totals.bins[0] else f"{one.confidence:g}"
        text.append(f"{mark:>10}  {one.given:>6}  {'–' if one.share is None else f'{one.share:.1%}':>5}")
    return text
