"""What the journal says of scheduled measurements: the choice, what was made and held, where this machine is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from diagnostics.config import Config
from diagnostics.journal.reader import Reader
from diagnostics.model import MINUTE, SECOND, Event, EventKind

if TYPE_CHECKING:
    from diagnostics.throughput.choice import Choice
    from diagnostics.throughput.held import Held

RECENT_NS = 3 * 24 * 60 * MINUTE
"""So far back the journal is read."""
MOST_MISSED = 200


@dataclass(frozen=True, slots=True)
class Due:
    """A measurement of a campaign (or of the daily schedule: empty), not before ``at_ns`` (UTC)."""

    at_ns: int
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A scheduled measurement that was begun at ``at_ns``."""

    at_ns: int
    provider: str
    campaign: str


@dataclass(frozen=True, slots=True)
class Known:
    """The journal as far as record ``seq``. ``made`` and ``holds`` are those of the last days, in their order.

    ``decided``: how often something was chosen, or agreed to.
    """

    choice: Choice | None
    decided: int
    made: tuple[Made, ...]
    holds: tuple[Held, ...]
    seed: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where this machine is: the line's id (empty: none), and whether it is confirmed as the home's own."""

    line_id: str
    at_home: bool


def line_in_use(reader: Reader) -> Place:
    """The line that the recorder saw last. What goes through a tunnel has no box: it is nobody's home."""
    newest = ""
    for event in reader.events(EventKind.LINE):
        newest = str(event.data.get("id") or "")
    line = reader.lines.get(newest)
    return Place(newest, line is not None and line.home is True and bool(line.gateway_mac))


def anything_chosen(reader: Reader, config: Config) -> bool:
    """Whether there is a choice or a campaign to look at: cheaper than looking."""
    if config.speed_provider:
        return True
    return any(True for _ in reader.events(EventKind.SPEED_CHOICE, EventKind.CAMPAIGN))


def campaign_due(reader: Reader, now_ns: int, zone: tzinfo | None) -> Due | None:
    """What the campaign that runs wants next; None when none does."""
    if not any(True for _ in reader.events(EventKind.CAMPAIGN)):
        return None
    from diagnostics.campaigns.standing import due

    found = due(reader, now_ns, zone)
    return None if found is None else Due(found[1].at_ns, found[0])


def read_known(reader: Reader, config: Config, now_ns: int) -> Known:
    """Raises Problem for a journal that cannot be read."""
    from diagnostics.throughput.choice import read_choice
    from diagnostics.throughput.held import read_holds

    head = reader.head()
    recent = list(
        reader.events(
            EventKind.SPEED, EventKind.SPEED_HELD, after_seq=max(0, reader.seq_before(now_ns - RECENT_NS) - 1)
        )
    )
    decided = list(reader.events(EventKind.SPEED_CHOICE))
    return Known(
        read_choice(config, decided),
        len(decided),
        scheduled(recent),
        read_holds(recent),
        reader.first_link() or b"",
        head.seq if head is not None else 0,
    )


def scheduled(events: Sequence[Event]) -> tuple[Made, ...]:
    """The measurements among the events that nobody pressed a button for."""
    return tuple(
        Made(event.at_ns, str(event.data.get("provider")), str(event.data.get("campaign") or ""))
        for event in events
        if event.kind is EventKind.SPEED and event.data.get("scheduled") is True
    )


def daily_due(known: Known, served_ns: int, now_ns: int, zone: tzinfo | None) -> int | None:
    """When the daily schedule wants its next measurement; None where there is no such schedule.

    ``served_ns``: up to when its times were seen to, with or without a result.
    """
    choice = known.choice
    if choice is None or choice.per_day <= 0:
        return None
    from diagnostics.throughput.schedule import next_due, within_limit
    from diagnostics.throughput.terms import load_terms

    terms = load_terms().get(choice.provider)
    daily = [made.at_ns for made in known.made if not made.campaign]
    given_up = [held.due_ns for held in known.holds if held.final and not held.campaign]
    last_ns = max(choice.at_ns or 0, served_ns, *daily[-1:], *given_up[-1:])
    due_ns = next_due(
        choice.per_day, last_ns, now_ns, zone, known.seed, terms.spacing if terms is not None else None
    )
    if due_ns is None or terms is None:
        return due_ns
    made_ns = [made.at_ns for made in known.made if made.provider == choice.provider]
    return within_limit(due_ns, made_ns, terms.a_day_unattended)


def missed(known: Known, due_ns: int, now_ns: int, zone: tzinfo | None) -> tuple[int, int]:
    """How many times of the daily schedule went by from ``due_ns`` on, and the last of them."""
    from diagnostics.throughput.schedule import LATE_NS

    count, last_ns = 0, due_ns
    following: int | None = due_ns
    while following is not None and following < now_ns - LATE_NS and count < MOST_MISSED:
        count, last_ns = count + 1, following
        following = daily_due(known, last_ns, last_ns, zone)
    return count, last_ns


def day_of(ns: int, zone: tzinfo | None) -> str:
    """The local calendar day of a moment."""
    return datetime.fromtimestamp(ns // SECOND, UTC).astimezone(zone).date().isoformat()
