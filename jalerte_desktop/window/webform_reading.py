"""What the script in the page tells, as facts; and when a page's own round trip is over. No Qt here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from jalerte_desktop.filing.page import Control, Page, PageOption, Role

QUIET_MS = 150
"""So long nothing may have changed before a page counts as drawn."""
RESTLESS_S = 15.0
"""A page that never rests (a clock, a moving picture) is taken as it is after so long without a request."""
UNANSWERED_S = 45.0
"""A request of the page's that is not answered within so long is none that will be."""
PERSON_MS = 1500
"""So long after a key or a click of the person's nothing is done in the page."""


@dataclass(frozen=True, slots=True)
class PageState:
    """``token`` names one loaded document, ``changes`` counts its changes. ``person_ms``: since the person last acted
    in it, negative where never."""

    token: str
    requests: int
    timers: int
    changes: int
    leaving: bool
    busy: bool
    ready: str
    quiet_ms: int
    person_ms: int


class Round(Enum):
    """How far a round trip is."""

    UNDER_WAY = "under way"
    OVER = "over"
    UNANSWERED = "unanswered"


def round_of(state: PageState, waited_s: float, attended: bool) -> Round:
    """Is the form's own round trip over, so that what is written now stays? ``waited_s``: since the last thing done."""
    if state.requests or state.leaving:
        return Round.UNANSWERED if waited_s > UNANSWERED_S else Round.UNDER_WAY
    if attended and 0 <= state.person_ms < PERSON_MS:
        return Round.UNDER_WAY
    rests = state.quiet_ms >= QUIET_MS and not state.timers and not state.busy and state.ready == "complete"
    if rests or (waited_s > RESTLESS_S and state.ready != "loading"):
        return Round.OVER
    return Round.UNDER_WAY


def state_of(answer: object) -> PageState | None:
    """None where the script is not there (yet), or told nonsense."""
    raw = _parsed(answer)
    try:
        return None if raw is None else PageState(**raw)
    except TypeError:
        return None


@dataclass(frozen=True, slots=True)
class Seen:
    """A page, the state of its document it was read at, and the names of the fields that the person has touched."""

    page: Page
    changes: int
    by_person: frozenset[str]

    @property
    def signature(self) -> tuple[object, ...]:
        """Changes when the page asks for something else, not when an answer changes."""
        page = self.page
        return (page.captcha, *((one.role, one.name, one.label) for one in page.fields))


def seen_of(answer: object) -> Seen | None:
    """The snapshot, or None where there is none."""
    raw = _parsed(answer)
    if raw is None:
        return None
    page = Page(
        raw["url"],
        raw["title"],
        raw["text"],
        tuple(_control(one) for one in raw["controls"]),
        tuple(raw["errors"]),
        raw["captcha"],
    )
    return Seen(page, raw["changes"], frozenset(name for name in raw["by_person"] if name))


def results_of(answer: object) -> tuple[bool, tuple[str, ...]] | None:
    """Of a searching list: is it still searching, and what does it offer? None where the list is gone."""
    raw = _parsed(answer)
    return None if raw is None else (raw["waiting"], tuple(raw["labels"]))


def _parsed(answer: object) -> Mapping[str, Any] | None:
    if not isinstance(answer, str) or not answer:
        return None
    found = json.loads(answer)
    return found if isinstance(found, dict) else None


def _control(raw: Mapping[str, Any]) -> Control:
    return Control(
        raw["handle"],
        Role(raw["role"]),
        raw["name"],
        raw["label"],
        raw["value"],
        tuple(PageOption(**one) for one in raw["options"]),
        raw["required"],
        raw["enabled"],
        raw["max_length"],
        raw["accepts"],
        raw["input_type"],
    )
