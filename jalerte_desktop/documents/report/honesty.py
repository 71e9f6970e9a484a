"""What has to be known before a figure is believed: shares of the time, clocks, versions, targets, what was removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, tzinfo
from itertools import pairwise
from math import gcd

from diagnostics.config import load_thresholds
from diagnostics.incidents.method import default_method
from diagnostics.journal.reader import Reader
from diagnostics.model import SECOND, Event, EventKind, Role, Span, Target
from diagnostics.witnesses import Traffic, from_event
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.report.days import local_days
from jalerte_desktop.documents.report.link import LINK_EVENTS, link_shares
from jalerte_desktop.documents.report.model import Honesty
from jalerte_desktop.documents.report.own_load import own_load
from jalerte_desktop.documents.report.stretches import observed, seconds, without
from jalerte_desktop.documents.report.told import LeftOut, facts, figure, text, whole
from jalerte_desktop.findings.model import Findings

HEARD_LATE_NS = 30 * 60 * SECOND
"""Traffic is told up to ten minutes late; what comes later than this is of another time."""
HOUR_NS = 3600 * SECOND
LONGEST_STATEMENT_NS = HOUR_NS
WEEK_HOURS = 168
MOST_HOURS = 240
"""The counters tell thousands of rates an hour: of a longer period not all of them are read."""
PUBLIC = frozenset({Role.ANCHOR, Role.RESOLVER, Role.WEB, Role.TCP_CHECK, Role.LARGE})
"""Roles whose addresses are servers of the internet. Those of the home and of its line are not named."""


def honesty_of(
    reader: Reader,
    findings: Findings,
    everything: Findings,
    targets: Sequence[Target],
    zone: tzinfo,
    left_out: LeftOut,
) -> Honesty:
    """All of it, for the period of ``findings``; ``everything`` are the findings of the whole record.

    ``targets`` are those tried in the period. Damaged entries are left out and counted in ``left_out``.
    """
    span, seen = findings.span, observed(findings.coverage)
    shares = link_shares(reader.events(*LINK_EVENTS), seen, left_out)
    clock = [
        state
        for state in facts(reader.events(EventKind.CLOCK_STATE), _clock_state, left_out)
        if _lies_in(state[0], span)
    ]
    steps = facts(reader.events(EventKind.CLOCK_STEP), _clock_step, left_out)
    runs = _recording(facts(reader.events(EventKind.STARTED), _run, left_out), span)
    removals = facts(reader.events(EventKind.RETENTION), lambda event: whole(event, "before_ns"), left_out)
    every = looked_at(span)
    outside = [one for one in everything.counted if one.span.clip(span) is None]
    cuts = [one for one in account(everything).outages if one.span.clip(span) is None]
    return Honesty(
        wifi=shares.wifi,
        vpn=shares.vpn,
        own_load=own_load(_traffic(reader, span, every, left_out), seen, default_method()),
        own_load_every=every,
        clock_states=len(clock),
        clock_synchronised=sum(synchronised is True for _, synchronised, _ in clock),
        clock_worst_ms=max((abs(ms) for _, _, ms in clock if ms is not None), default=None),
        clock_steps=tuple(step for step in steps if _lies_in(step[0], span)),
        versions=_distinct(run[1] for run in runs),
        methods=_distinct(run[2] for run in runs),
        systems=_distinct(run[3] for run in runs),
        targets=_distinct(_named(target) for target in targets),
        thresholds=tuple(sorted(load_thresholds().items())),
        removed_days=_removed(removals, findings, zone),
        outside_incidents=len(outside),
        outside_cuts=len(cuts),
        outside_coverage=_outside_coverage(everything, span),
    )


def _lies_in(at_ns: int, span: Span) -> bool:
    return span.start_ns <= at_ns < span.end_ns


def _clock_state(event: Event) -> tuple[int, bool | None, float | None]:
    synchronised = event.data.get("synchronised")
    if not isinstance(synchronised, bool | None):
        raise ValueError("synchronised is neither yes nor no")
    return event.at_ns, synchronised, figure(event, "offset_ms")


def _clock_step(event: Event) -> tuple[int, float]:
    step_s = figure(event, "step_s")
    if step_s is None:
        raise ValueError("a step of no size")
    return event.at_ns, step_s


def _run(event: Event) -> tuple[int, str, str, str]:
    return event.at_ns, text(event, "version"), text(event, "method"), text(event, "system")


def _recording(runs: Iterable[tuple[int, str, str, str]], span: Span) -> list[tuple[int, str, str, str]]:
    """The runs that recorded the period: those that began in it, and the last one before."""
    before: tuple[int, str, str, str] | None = None
    found = []
    for run in runs:
        if run[0] < span.start_ns:
            before = run
        elif run[0] < span.end_ns:
            found.append(run)
    return [before, *found] if before else found


def _traffic(reader: Reader, span: Span, every: int, left_out: LeftOut) -> Iterator[Traffic]:
    """What the counters told of the period, or of every so manieth hour of it, statement by statement."""
    for after_seq, until_seq in _stretches(reader, span, every):
        events = reader.events(EventKind.WITNESS, after_seq=after_seq, until_seq=until_seq)
        yield from facts(events, _statement, left_out)


def _stretches(reader: Reader, span: Span, every: int) -> Iterator[tuple[int, int]]:
    """The places in the chain between which the hours lie that are looked at: the hourly seals tell them apart."""
    last = Span(span.start_ns, span.end_ns + HEARD_LATE_NS)
    marks = [(span.start_ns, reader.seq_before(span.start_ns))]
    end = head.seq if (head := reader.head()) else 0
    for event in reader.events(EventKind.SEAL):
        seq = event.data.get("seq")
        if isinstance(seq, int) and marks[-1][1] < seq < end and event.at_ns >= span.start_ns:
            marks.append((event.at_ns, seq))
            if event.at_ns >= last.end_ns:
                break
    else:
        marks.append((last.end_ns, end))
    for (at_ns, after_seq), (until_ns, until_seq) in pairwise(marks):
        # Without hourly seals nothing tells the hours apart: then all of them are looked at.
        if (at_ns // HOUR_NS) % every == 0 or until_ns - at_ns > 2 * HOUR_NS:
            yield after_seq, until_seq


def looked_at(span: Span) -> int:
    """Of a long period every so manieth hour: such that in time every hour of the week comes up."""
    hours = -(-(span.end_ns - span.start_ns) // HOUR_NS)
    every = max(1, -(-hours // MOST_HOURS))
    while every > 1 and gcd(every, WEEK_HOURS) > 1:
        every += 1
    return every


def _statement(event: Event) -> Traffic | None:
    if event.data.get("source") != "traffic":
        return None
    traffic = from_event(event)
    if not isinstance(traffic, Traffic) or any(step.duration_ns <= 0 for step in traffic.steps):
        raise ValueError("no statement on traffic")
    if traffic.end_ns - traffic.start_ns > LONGEST_STATEMENT_NS:
        raise ValueError("longer than anything that is told at once")
    return traffic


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order in which they come; empty ones are left out."""
    return tuple(dict.fromkeys(filter(None, texts)))


def _named(target: Target) -> str:
    if target.role not in PUBLIC:
        return f"{target.role}/{target.protocol}"
    return f"{target.id} ({target.network})" if target.network else target.id


def _removed(removals: Iterable[int], findings: Findings, zone: tzinfo) -> tuple[date, ...]:
    """The period's local days of which samples were removed by age."""
    before_ns = max(removals, default=0)
    span = findings.span
    first = findings.record.start_ns if findings.record else span.start_ns
    gone = Span(max(span.start_ns, first), max(span.start_ns, min(span.end_ns, before_ns)))
    return tuple(day for day, _ in local_days(gone, zone))


def _outside_coverage(everything: Findings, span: Span) -> float | None:
    """Observed time over all time from the record's first moment to its last, outside of the period."""
    rest = without([everything.record or everything.span], [span])
    if seconds(rest) < 60:  # the rest of a minute is nothing that a reader could ask about
        return None
    seen = without(observed(everything.coverage), [span])
    return min(1.0, seconds(seen) / seconds(rest))
