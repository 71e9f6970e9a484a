"""A block's tries as columns, one a target: what can be looked through without making an object of each try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from diagnostics.model import Flag, Outcome, Role, Sample, Target

_OUTCOMES = tuple(Outcome)
_FLAGS = tuple(Flag(bits) for bits in range(4))


class Column(Protocol):
    """One target's tries in order of sending: UTC ns, round trips in ns (-1: none), and what became of each.

    A byte of ``outcomes`` is the ``Outcome``, and the ``Flag`` in the bits from the fifth on. What a sample's
    ``detail`` says is not here.
    """

    @property
    def target(self) -> Target: ...
    @property
    def times_ns(self) -> Sequence[int]: ...
    @property
    def rtt_ns(self) -> Sequence[int]: ...
    @property
    def outcomes(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Part:
    """The tries of a column from ``start`` to ``end`` (places, the end not included), of which ``answers`` were."""

    column: Column
    start: int
    end: int
    answers: int

    @property
    def role(self) -> Role:
        return self.column.target.role

    @property
    def key(self) -> str:
        return self.column.target.id

    @property
    def tries(self) -> int:
        return self.end - self.start

    @property
    def last_ns(self) -> int:
        """When the last of them was sent."""
        return self.column.times_ns[self.end - 1]


def sample_at(column: Column, place: int, offset_ns: int) -> Sample:
    """One try, without its detail; ``offset_ns`` is the wall clock less the monotonic one."""
    sent, rtt, key = column.times_ns[place], column.rtt_ns[place], column.outcomes[place]
    return Sample(
        column.target,
        sent,
        sent - offset_ns,
        _OUTCOMES[key & 15],
        rtt if rtt >= 0 else None,
        "",
        _FLAGS[key >> 4],
    )
