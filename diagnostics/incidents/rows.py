"""Troubles told by failures one after the other: large packets that hang, a tunnel that carries nothing."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.incidents.found import Finding, Moment, Settled
from diagnostics.incidents.surroundings import Surroundings
from diagnostics.model import Cause, Kind, Outcome, Remark, Sample, Verdict

HANGS = "large-hangs"
FEW_ANSWERS = 5


@dataclass(slots=True)
class Row:
    """Failures one after the other."""

    first: Moment
    last: Moment
    count: int


class _Rows:
    """Counts failures in a row; ``least`` of them are an incident from the first one to the next success."""

    def __init__(self, around: Surroundings, least: int) -> None:
        self._around = around
        self._least = least
        self._row: Row | None = None

    @property
    def suspicious(self) -> bool:
        return self._row is not None

    def _failed(self, at: Moment) -> None:
        if self._row is None:
            self._row = Row(at, at, 0)
        self._row.last = at
        self._row.count += 1

    def forget(self) -> None:
        """What failed was another trouble's."""
        self._row = None

    def _end(self, end: Moment | None, *, ongoing: bool) -> Finding | None:
        row = self._row
        if row is None or row.count < self._least:
            return None
        case = Settled(Kind.PARTIAL, self._verdict(row.count))
        return Finding(Kind.PARTIAL, row.first, end or row.last, case, ongoing)

    def _succeeded(self, at: Moment) -> Finding | None:
        finding = self._end(at, ongoing=False)
        self._row = None
        return finding

    def cut(self) -> Finding | None:
        finding = self._end(None, ongoing=False)
        self._row = None
        return finding

    def ongoing(self) -> Finding | None:
        return self._end(None, ongoing=True)

    def _verdict(self, count: int) -> Verdict:
        raise NotImplementedError("each kind of row has its own")


class LargeDetector(_Rows):
    """A page of several full packets hangs, while small ones pass: packets above a certain size vanish on the way.

    RFC 2923 calls it a path MTU black hole.
    """

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around, around.method.large_min_failures)

    def feed(self, sample: Sample, *, excused: bool) -> Finding | None:
        """``excused``: its failure is another trouble's, an outage or heavy loss."""
        at = Moment(sample.sent_ns, sample.mono_ns)
        if sample.outcome is Outcome.OK:
            self._around.large_seen = True
            return self._succeeded(at)
        if sample.outcome is Outcome.LOST and sample.detail == HANGS and not excused:
            self._failed(at)
        return None

    def _verdict(self, count: int) -> Verdict:
        return Verdict(
            Cause.MTU,
            0.8 if self._around.large_seen else 0.5,
            (Remark.of("large_hangs", times=count), Remark.of("anchors_answer")),
            (Remark.of("one_page_only"), Remark.of("where_packets_vanish_unknown")),
        )


class TunnelDetector(_Rows):
    """Tries through the tunnel are missed, while the line answers: it is the VPN's."""

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around, around.method.vpn_min_misses)

    def feed(self, sample: Sample, *, excused: bool) -> Finding | None:
        at = Moment(sample.sent_ns, sample.mono_ns)
        seen = self._around.tunnel_answers
        if sample.outcome.answered:
            seen[sample.target.id] = seen.get(sample.target.id, 0) + 1
            return self._succeeded(at)
        if not excused and seen.get(sample.target.id, 0) >= FEW_ANSWERS:
            self._failed(at)
        return None

    def _verdict(self, count: int) -> Verdict:
        return Verdict(
            Cause.VPN,
            0.9,
            (Remark.of("tunnel_silent", tries=count), Remark.of("anchors_answer")),
            (Remark.of("not_the_operator"),),
        )
