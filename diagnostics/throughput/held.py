"""A measurement that was due and was not made: why, and when it is tried again; as an event of the journal, and back.

A due measurement that waits is recorded when a reason first holds it, and once more, without ``retry_at_ns``, when
it is given up; in between it is tried every ``retry_s`` in silence. Together with the result that ends the wait, that
says all there is to know. A campaign's waits longer for what only the person or a new month can change: such a hold
stands for a day, and is then recorded anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from diagnostics.model import MINUTE, SECOND, Event, EventKind, Remark, Scalar
from diagnostics.throughput.remark_text import from_text, to_text
from diagnostics.throughput.rules import SpeedRules

PATIENCE_NS = 60 * MINUTE
"""How long a campaign's measurement waits before it is tried again, where only the person can change what holds it."""
STANDS_NS = 24 * 60 * MINUTE
MOST_TEXT = 200
MOST_WHY = 1000
_MOST_NS = 1 << 62
_KEYS = frozenset({"reason", "why", "due_ns", "retry_at_ns", "campaign", "line"})


class Reason(StrEnum):
    """What held it."""

    BUSY = "busy"
    METERED = "metered"
    CAP = "cap"
    NO_LINE = "no_line"
    NOT_HOME = "not_home"
    SUSPENDED = "suspended"
    """Its time went by while this machine, or the program, was not running."""
    WAITING = "waiting"
    """Its time went by while an earlier one was still waiting."""
    CHOICE = "choice"
    """No provider is chosen, or its terms were not read."""
    PRECONDITION = "precondition"
    """A campaign's: it would reject what is measured here and now."""
    TERMS = "terms"
    """The provider takes no measurement so soon after the last, or no more of them in a day."""
    ANOTHER = "another"
    """Another measurement was being made."""
    FAILED = "failed"


LASTING = frozenset({Reason.CAP, Reason.CHOICE})
"""A budget that is spent, or terms that nobody read, will not be better in five minutes."""


@dataclass(frozen=True, slots=True)
class Held:
    """One hold. ``due_ns`` is when the measurement was first due; ``retry_at_ns`` None: it will not be made any more.

    ``why`` has the words and figures. ``campaign`` and ``line`` are empty where there is none.
    """

    reason: Reason
    why: Remark
    at_ns: int
    due_ns: int
    retry_at_ns: int | None
    campaign: str = ""
    line: str = ""

    @property
    def final(self) -> bool:
        return self.retry_at_ns is None

    @property
    def patient(self) -> bool:
        """Whether it waits for what will not be better in five minutes."""
        return self.reason in LASTING and not self.final


def to_event(held: Held) -> Event:
    """The event that keeps a hold."""
    data: dict[str, Scalar | list[str]] = {
        "reason": str(held.reason),
        "why": to_text(held.why),
        "due_ns": held.due_ns,
        "retry_at_ns": held.retry_at_ns,
        "campaign": held.campaign,
        "line": held.line,
    }
    return Event(EventKind.SPEED_HELD, held.at_ns, data)


def from_event(event: Event) -> Held:
    """The hold an event keeps. Raises ValueError for what is none."""
    data = event.data
    if set(data) != _KEYS:
        raise ValueError("not a held measurement: its keys are " + ", ".join(sorted(_KEYS)))
    retry = data["retry_at_ns"]
    return Held(
        Reason(_text(data["reason"], MOST_TEXT)),
        _remark(_text(data["why"], MOST_WHY)),
        event.at_ns,
        _time(data["due_ns"]),
        None if retry is None else _time(retry),
        _text(data["campaign"], MOST_TEXT),
        _text(data["line"], MOST_TEXT),
    )


def read_holds(events: Iterable[Event]) -> tuple[Held, ...]:
    """The holds among the events, in their order; what is none is passed over."""
    holds = []
    for event in events:
        if event.kind is EventKind.SPEED_HELD:
            try:
                holds.append(from_event(event))
            except ValueError:
                continue
    return tuple(holds)


def waiting(
    holds: Iterable[Held], campaign: str, since_ns: int, now_ns: int, rules: SpeedRules
) -> tuple[Held, ...]:
    """The holds of the measurement that waits now, oldest first; empty when none does.

    ``since_ns`` is when the last scheduled measurement of this campaign (or of none) was made: it ended what waited.
    """
    one: tuple[Held, ...] = ()
    for held in holds:
        if held.campaign != campaign or held.at_ns < since_ns:
            continue
        if held.reason in _PASSED and not (one and held.due_ns == one[0].due_ns):
            continue
        if held.final:
            one = ()
        else:
            one = (*one, held) if one and held.due_ns == one[0].due_ns else (held,)
    if not one:
        return ()
    until_ns = one[0].due_ns + round((rules.give_up_s + 2 * rules.retry_s) * SECOND)
    if one[-1].patient:
        until_ns = max(until_ns, one[-1].at_ns + STANDS_NS)
    return one if now_ns < until_ns else ()


_PASSED = frozenset({Reason.SUSPENDED, Reason.WAITING})
"""These say that a time went by: nothing waits for its sake, and what waited since then does no more."""


def next_try(due_ns: int, now_ns: int, rules: SpeedRules) -> int | None:
    """When what is held now is tried again; None when it is given up."""
    retry_ns = now_ns + round(rules.retry_s * SECOND)
    return retry_ns if retry_ns <= due_ns + round(rules.give_up_s * SECOND) else None


def is_news(held: Held, before: Iterable[Held]) -> bool:
    """Whether a hold has to be recorded, after those ``before`` it of the same measurement."""
    return held.final or all(one.reason is not held.reason for one in before)


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise ValueError("a text is missing, or too long")
    return value


def _time(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST_NS:
        raise ValueError("a time out of range")
    return value


def _remark(text: str) -> Remark:
    code, _, values = text.partition(" ")
    if not code.isidentifier() or not values:
        raise ValueError("not a remark")
    return from_text(text)
