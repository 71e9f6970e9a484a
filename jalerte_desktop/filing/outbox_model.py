"""One sending of one alert, as facts: what leaves, whither, how far it is, and the proof that it left or arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from diagnostics.model import Remark


class FilingState(StrEnum):
    """How far a filing is. Stored: the words stay."""

    PREPARED = "prepared"
    """Shown; the person has not said yes."""
    WAITING = "waiting"
    """Agreed to, waiting for its turn or for a line."""
    SENDING = "sending"
    """A try is under way, or was when the program ended."""
    SENT = "sent"
    UNSURE = "unsure"
    """It may have left: a channel that cannot tell twice from once was cut off in the middle. The person decides."""
    FAILED = "failed"
    """Refused for good: trying again as it is would not help."""
    CANCELLED = "cancelled"
    HANDED = "handed"
    """Given to the person, who sends it themselves (web form, mail program, registered letter)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What leaves by a machine channel, before it is kept.

    ``content`` is every byte of it (the message, the JSON document). ``facts`` are what the channel needs beside and
    are shown too: an address, a header that carries data. ``channel``: jalerte signalconso mediator email desk
    registered.
    """

    channel: str
    destination: str
    content: bytes
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Of the content, in hexadecimal: the person's yes names it."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Filing:
    """A kept envelope and how far it is; times are UTC ns. ``id`` is also the idempotency key."""

    id: str
    case_id: str | None
    alert_id: str
    paper_id: str | None
    envelope: Envelope
    prepared_ns: int
    state: FilingState
    agreed_ns: int | None = None
    attempts: int = 0
    next_ns: int | None = None
    tried_ns: int | None = None
    problem: Remark | None = None
    ended_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof that a filing left or arrived. ``kind``: page smtp desk tracking person."""

    filing_id: str
    at_ns: int
    kind: str
    reference: str
    text: str
    content: bytes | None = None
    media_type: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived; this proves it."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not now. ``unreachable``: nothing of it left. ``after_s``: the other side asked for that much patience."""

    problem: Remark
    unreachable: bool
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Not like this, ever."""

    problem: Remark


@dataclass(frozen=True, slots=True)
class Unsure:
    """It may have arrived, and nobody can be asked."""

    problem: Remark


Outcome = Delivered | TryAgain | Refused | Unsure


class Sender(Protocol):
    """One channel's way of sending. Bounded in time, raises nothing for network errors."""

    repeatable: bool
    """True where the other side knows a second try by its key: a try that was cut off may be made again."""

    def send(self, filing: Filing, now_ns: int) -> Outcome: ...
