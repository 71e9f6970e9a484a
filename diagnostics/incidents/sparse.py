"""A minute in which little happened, taken by its columns: only around what happened, each try is fed.

The result is that of feeding every try. Where that cannot be known from the columns, nothing is taken and the samples
have to be fed: ``take`` says so. What happened is a try that was missed, late or slow, or a jump of the delay; the
tries from there on are fed until nothing is open any more, and the rest is passed over (``LineStudy.pass_over``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise
from operator import sub
from typing import TYPE_CHECKING

from diagnostics.incidents.columns import Column, Part, sample_at
from diagnostics.incidents.runs import STRUGGLE_NS
from diagnostics.incidents.surroundings import STILL_TRIED_NS
from diagnostics.model import MINUTE, SECOND, Flag, Outcome, Role, Sample

if TYPE_CHECKING:
    from diagnostics.incidents.line_study import LineStudy

_COARSE = Flag.COARSE_CLOCK << 4
_EXTRA = Flag.EXTRA << 4
_PLAIN = bytes(code & ~_COARSE for code in range(256))
"""A coarse clock is nothing that happened."""
_OK, _LATE, _LOST = int(Outcome.OK), int(Outcome.LATE), int(Outcome.LOST)
_BARE = frozenset({_OK | _EXTRA, _LATE, _LATE | _EXTRA, _LOST, _LOST | _EXTRA})
"""Whose details no detector asks for, at anchors, box and first hop."""
_ANSWERED = frozenset(int(outcome) for outcome in Outcome if outcome.answered)
_MANY = 60
"""With so many of them, feeding every try is quicker."""
_AHEAD_NS = 2 * SECOND
_NEAR = (Role.GATEWAY, Role.FIRST_HOP)

Event = tuple[int, int, int]
"""Time, column, place in the column."""


class Unfit(Exception):
    """The columns do not tell enough."""


def take(
    study: LineStudy, columns: Sequence[Column], offset_ns: int, samples: Callable[[], Sequence[Sample]]
) -> bool:
    """Feed a block's columns; False, with nothing changed, when its samples have to be fed.

    ``samples`` is asked, before anything is changed, where the details of a failure matter.
    """
    try:
        sparse = _Sparse(study, columns, offset_ns, samples)
    except Unfit:
        return False
    sparse.feed()
    return True


class _Sparse:
    def __init__(
        self,
        study: LineStudy,
        columns: Sequence[Column],
        offset_ns: int,
        samples: Callable[[], Sequence[Sample]],
    ) -> None:
        self._study = study
        self._offset_ns = offset_ns
        self._columns = [column for column in columns if column.outcomes]
        self._silent: set[str] = set()
        self._live: list[str] = []
        self._codes: list[bytes] = []
        self._good: list[bool] = []
        """Whether all tries of a column were answered."""
        self._events: list[Event] = []
        self._places = [0] * len(self._columns)
        self._look()
        if len(self._events) > _MANY:
            raise Unfit
        self._events.sort()
        self._failed: dict[tuple[str, int, int], Sample] = {}
        if any(self._detailed(index, place) for _, index, place in self._events):
            self._failed = {
                (sample.target.id, sample.sent_ns, int(sample.outcome)): sample
                for sample in samples()
                if sample.outcome is not Outcome.OK
            }

    def _detailed(self, index: int, place: int) -> bool:
        code = self._codes[index][place]
        if self._columns[index].target.role in (Role.ANCHOR, *_NEAR):
            return code not in _BARE
        return code & 15 != _OK

    def _look(self) -> None:
        around, roles = self._study.around, [column.target.role for column in self._columns]
        anchors = [column for column in self._columns if column.target.role is Role.ANCHOR]
        if not anchors or any(roles.count(role) > 1 for role in _NEAR):
            raise Unfit
        if around.anchors.keys() - {column.target.id for column in anchors}:
            raise Unfit
        start = min(column.times_ns[0] for column in self._columns)
        end = max(column.times_ns[-1] for column in self._columns)
        self._start_ns = start
        if start // MINUTE != end // MINUTE or not around.in_order(start):
            raise Unfit
        for index, column in enumerate(self._columns):
            codes = column.outcomes.translate(_PLAIN)
            self._codes.append(codes)
            self._good.append(codes.count(_OK) == len(codes))
            role = column.target.role
            if role is Role.ANCHOR:
                self._steady(column, end)
                places = self._look_at_anchor(column, codes)
            elif role in _NEAR:
                places = self._look_near(column, codes)
            else:
                places = self._look_at_check(column, codes)
            self._events += [(column.times_ns[place], index, place) for place in places]

    def _steady(self, column: Column, end_ns: int) -> None:
        """An anchor that is tried all the time is forgotten by nobody."""
        times = column.times_ns
        state = self._study.around.anchors.get(column.target.id)
        if (
            state is None
            or times[0] - state.tried_ns > STILL_TRIED_NS
            or end_ns - times[-1] > STILL_TRIED_NS
            or max(map(sub, islice(times, 1, None), times), default=0) > STILL_TRIED_NS
        ):
            raise Unfit

    def _look_at_anchor(self, column: Column, codes: bytes) -> Iterable[int]:
        study, key = self._study, column.target.id
        if study.around.anchors[key].silent:
            if codes.count(_LOST) != len(codes):
                raise Unfit
            self._silent.add(key)
            return ()
        self._live.append(key)
        limit_ns = study.around.limit_ns(key)
        if limit_ns is None:
            raise Unfit
        rtts = column.rtt_ns
        places = _others(codes)
        answered = _answered(codes, rtts)
        least, most = min(answered, default=0), max(answered, default=0)
        limit_ns = min(limit_ns, study.calls.limits.delay_ns)
        if most > limit_ns:
            places += [place for place, rtt in enumerate(rtts) if rtt > limit_ns]
        jump_ns, before = study.calls.limits.jitter_ns, study.calls.last_rtt_ns(key)
        if before is not None:
            least, most = min(least, before), max(most, before)
        if most - least > jump_ns:
            places += _jumps(rtts, codes, before, jump_ns)
        return places

    def _look_near(self, column: Column, codes: bytes) -> Iterable[int]:
        around, target = self._study.around, column.target
        if target.role is Role.FIRST_HOP and target.address != around.hop_address:
            raise Unfit
        if codes.count(_LOST) == len(codes):
            return ()
        if around.usual_ns(target.id) is None:
            raise Unfit
        _answered(codes, column.rtt_ns)
        return [place for place in _others(codes) if codes[place] != _LOST]

    def _look_at_check(self, column: Column, codes: bytes) -> Iterable[int]:
        limit_ns = STRUGGLE_NS
        if column.target.role is Role.SYSTEM_RESOLVER:
            limit_ns = min(limit_ns, self._study.around.method.dns_slow_ns)
        places = _others(codes)
        if max(column.rtt_ns) >= limit_ns:
            places += [place for place, rtt in enumerate(column.rtt_ns) if rtt >= limit_ns]
        return places

    # --- feeding -----------------------------------------------------------------------------------------------------

    def feed(self) -> None:
        if not self._study.may_pass(self._live, self._silent):
            self._feed_from(self._start_ns)
        for at_ns, index, place in self._events:
            while place >= self._places[index]:
                self._pass_over(at_ns)
                self._feed_from(at_ns)
        self._pass_over(None)

    def _pass_over(self, until_ns: int | None) -> None:
        """Pass over what was sent before ``until_ns``: nothing happened in it."""
        parts, ends, from_anchors = [], list[int](), 0
        for index, column in enumerate(self._columns):
            start, end = self._places[index], len(column.outcomes)
            if until_ns is not None:
                end = bisect_left(column.times_ns, until_ns, start)
            ends.append(end)
            if end > start:
                answers = end - start if self._good[index] else self._codes[index].count(_OK, start, end)
                parts.append(Part(column, start, end, answers))
                from_anchors += answers if column.target.role is Role.ANCHOR else 0
        if self._study.ends_a_loss(from_anchors):
            self._feed_until(until_ns)
        elif parts:
            self._study.pass_over(parts, self._offset_ns)
            self._places = ends

    def _feed_until(self, until_ns: int | None) -> None:
        for sent_ns, index, place in self._following(self._start_ns):
            if until_ns is not None and sent_ns >= until_ns:
                return
            self._feed_one(sent_ns, index, place)

    def _feed_from(self, at_ns: int) -> None:
        for sent_ns, index, place in self._following(at_ns):
            self._feed_one(sent_ns, index, place)
            if self._study.may_pass(self._live, self._silent):
                return

    def _feed_one(self, sent_ns: int, index: int, place: int) -> None:
        column = self._columns[index]
        sample = self._failed.get((column.target.id, sent_ns, self._codes[index][place] & 15))
        self._study.feed(sample or sample_at(column, place, self._offset_ns))
        self._places[index] = place + 1

    def _following(self, at_ns: int) -> Iterator[Event]:
        """The tries from ``at_ns`` on, in order of sending."""
        places = list(self._places)
        while any(place < len(column.outcomes) for place, column in zip(places, self._columns, strict=True)):
            at_ns += _AHEAD_NS
            piece: list[Event] = []
            for index, column in enumerate(self._columns):
                times, start = column.times_ns, places[index]
                places[index] = bisect_left(times, at_ns, start)
                piece += [(times[place], index, place) for place in range(start, places[index])]
            piece.sort()
            yield from piece


def _others(codes: bytes) -> list[int]:
    """The places of what was not simply answered in time."""
    if codes.count(_OK) == len(codes):
        return []
    return [place for place, code in enumerate(codes) if code != _OK]


def _answered(codes: bytes, rtts: Sequence[int]) -> Sequence[int]:
    """The round trips that there are; raises Unfit where an answer in time has none."""
    if min(rtts) >= 0:
        return rtts
    if any(rtt < 0 and code == _OK for rtt, code in zip(rtts, codes, strict=True)):
        raise Unfit
    return [rtt for rtt in rtts if rtt >= 0]


def _jumps(rtts: Sequence[int], codes: bytes, before: int | None, jump_ns: int) -> list[int]:
    """The places at which the round trip differs by more than ``jump_ns`` from the answer before; no extra tries."""
    answered = [(place, rtt) for place, rtt in enumerate(rtts) if rtt >= 0 and codes[place] in _ANSWERED]
    if before is not None:
        answered.insert(0, (-1, before))
    return [place for (_, one), (place, other) in pairwise(answered) if abs(other - one) > jump_ns]
