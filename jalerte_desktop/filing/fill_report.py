"""What the filler says: wait, stop, and at the end what was filled, what was left, what no longer fits the form map."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.model import Remark


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now: look again after the page's next change, or after a moment."""

    why: Remark


@dataclass(frozen=True, slots=True)
class Stop:
    """The filler does no more on this page. ``at``: consents send captcha drift expired failed unknown-page success
    stuck."""

    at: str
    why: Remark


@dataclass(frozen=True, slots=True)
class Filled:
    """A field whose value was seen to stay. ``name`` is the map's HTML name, ``value`` what stands in the page."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Left:
    """A field that was left as it is. ``name`` is the map's, or the page's for a field that the map does not know."""

    name: str
    label: str
    why: Remark


@dataclass(frozen=True, slots=True)
class Drift:
    """Where page and form map do not agree. Also told of fields that could be filled all the same (renamed ones)."""

    name: str
    label: str
    why: Remark


@dataclass(frozen=True, slots=True)
class Report:
    """``stopped_at``: the stop's ``at``, then ": " and the step's title where it is known. ``steps``: titles, in the
    order met."""

    filled: tuple[Filled, ...]
    left: tuple[Left, ...]
    drift: tuple[Drift, ...]
    stopped_at: str
    steps: tuple[str, ...]
