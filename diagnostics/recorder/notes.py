"""What other commands may add to the journal: exclusions, the person's word on a line, speed, campaigns, stamps."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from diagnostics.journal import retention
from diagnostics.journal.lock import Held, Lock
from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, Event, EventKind, Problem, Scalar
from diagnostics.recorder import control

NOTES: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    str(EventKind.EXCLUSION): {"since_ns": int, "until_ns": int, "reason": str},
    str(EventKind.LINE_NAMED): {"id": str, "name": str},
    str(EventKind.LINE_HOME): {"id": str, "home": bool, "by": str},
    str(EventKind.RETENTION): {"keep_days": int},
    str(EventKind.SECOND_WITNESS): {
        "sha256": str,
        "name": str,
        "key": str,
        "start_ns": int,
        "end_ns": int,
    },
    str(EventKind.SPEED): {},
    str(EventKind.SPEED_HELD): {},
    str(EventKind.SPEED_CHOICE): {},
    str(EventKind.CAMPAIGN): {},
    str(EventKind.STAMP): {},
    str(EventKind.STAMP_CHOICE): {},
}
"""The kinds, and the fields of those that are simple; of the others, the room that writes them knows."""
LOCK_NAME = "recorder.lock"
MOST_CHARS = 60_000
"""So much JSON, and no more, fits through the socket with all that comes around it."""
MOST_NUMBER = 1 << 62
LONGEST_WITNESS_NAME = 60
LONGEST_REASON = 500
"""Characters of an exclusion's reason: it stays printed in every paper."""
OLDEST_NS = 24 * 60 * MINUTE
"""A measurement is handed over when it is done: one that began longer ago is refused."""

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Data = Mapping[str, Scalar | list[str]]


def check_note(message: Mapping[str, Any], at_ns: int) -> Event:
    """Turn a ``note`` message into an event; raises ValueError for anything but the known kinds and fields."""
    kind = message.get("kind")
    fields = NOTES.get(str(kind))
    data = message.get("data")
    if fields is None or not isinstance(data, dict):
        raise ValueError("not a known kind of note")
    if not fields:
        return _checked_by_room(EventKind(str(kind)), data, message.get("at_ns"), at_ns)
    if set(data) != set(fields):
        raise ValueError("not a known kind of note")
    for name, wanted in fields.items():
        if not isinstance(data[name], wanted) or (wanted is int and isinstance(data[name], bool)):
            raise ValueError(f"{name} is of the wrong type")
        if wanted is str:
            data[
                name
            ].encode()  # a lone surrogate, from a terminal in another encoding, raises ValueError here
    if kind == EventKind.RETENTION:
        return retention.chosen(data["keep_days"], at_ns)
    if kind == EventKind.EXCLUSION:
        _check_exclusion(data)
    if kind == EventKind.SECOND_WITNESS:
        _check_witness(data)
    return Event(EventKind(str(kind)), at_ns, data)


def is_one_line(text: str) -> bool:
    """False for control characters, line breaks, marks that turn the reading around, and what is no text at all."""
    return not any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") or one in _TURNING for one in text)


def _check_exclusion(data: Mapping[str, Any]) -> None:
    """Raises ValueError for a period that is none, and for a reason that no paper could print."""
    if not 0 <= data["since_ns"] < data["until_ns"] < 1 << 62:
        raise ValueError("the period is empty")
    if not 0 < len(data["reason"]) <= LONGEST_REASON or not is_one_line(data["reason"]):
        raise ValueError("no reason, or too long")


def _check_witness(data: Mapping[str, Any]) -> None:
    """Raises ValueError for what no bundle of another machine can be."""
    if not all(re.fullmatch(r"[0-9a-f]{64}", data[name]) for name in ("sha256", "key")):
        raise ValueError("no digest")
    if not 0 < len(data["name"]) <= LONGEST_WITNESS_NAME or not data["name"].isprintable():
        raise ValueError("no name, or too long")
    if not 0 <= data["start_ns"] <= data["end_ns"] < MOST_NUMBER:
        raise ValueError("the period is none")


def _checked_by_room(kind: EventKind, data: dict[str, Any], began_ns: object, at_ns: int) -> Event:
    """An event whose own room reads it, and would write it again just so: nothing else is taken."""
    try:
        if len(json.dumps(data, ensure_ascii=False, allow_nan=False).encode()) > MOST_CHARS:
            raise ValueError("too long")
    except (TypeError, RecursionError) as error:
        raise ValueError("not JSON") from error
    lists = [value for value in data.values() if not isinstance(value, str | int | float | None)]
    if not all(isinstance(entry, str) for one in lists for entry in one):
        raise ValueError("something else than numbers, texts and lists of texts")
    if any(abs(value) > MOST_NUMBER for value in data.values() if isinstance(value, int | float)):
        raise ValueError("a number out of range")
    if kind is EventKind.SPEED:
        at_ns = _begin(began_ns, at_ns)
    event = Event(kind, at_ns, data)
    if dict(_again(kind)(event).data) != data:
        raise ValueError("unknown or superfluous fields")
    return event


def _begin(began_ns: object, now_ns: int) -> int:
    """When a measurement began: what is said, as far as that can be."""
    if not isinstance(began_ns, int) or isinstance(began_ns, bool) or began_ns < now_ns - OLDEST_NS:
        raise ValueError("at_ns is missing, or too long ago")
    return min(began_ns, now_ns)


def _again(kind: EventKind) -> Callable[[Event], Event]:
    """Reads an event of a kind and writes it again; raises ValueError for what is none. Imported when first needed."""
    if kind is EventKind.SPEED:
        from diagnostics.throughput import record

        return lambda event: record.to_event(record.from_event(event))
    if kind is EventKind.SPEED_HELD:
        from diagnostics.throughput import held

        return lambda event: held.to_event(held.from_event(event))
    if kind is EventKind.SPEED_CHOICE:
        from diagnostics.throughput import choice

        return lambda event: choice.to_event(choice.from_event(event), event.at_ns)
    if kind in (EventKind.STAMP, EventKind.STAMP_CHOICE):
        from diagnostics.stamps import record as stamps

        if kind is EventKind.STAMP:
            return lambda event: stamps.stamp_event(stamps.stamp_of(event), event.at_ns)
        return lambda event: stamps.choice_event(stamps.choice_of(event), event.at_ns)
    return _campaign


def _campaign(event: Event) -> Event:
    from diagnostics.campaigns import record

    record.check(event.data)
    return event


def add(home: Path, journal: Path, kind: EventKind, data: Data, at_ns: int) -> None:
    """Add a note: by way of the running recorder, or by writing it here under the recorder's lock.

    Raises Problem when neither works. ``at_ns`` is when a measurement began, for others now.
    """
    event = check_note(_message(kind, data, at_ns), at_ns)
    try:
        with Lock(home / LOCK_NAME):
            writer = Writer(journal)
            try:
                writer.recover(at_ns)
                writer.append(event)
            finally:
                writer.close()
        return
    except Held:
        pass
    hand_over(home, kind, data, at_ns)


def hand_over(home: Path, kind: EventKind, data: Data, at_ns: int, timeout_s: float = 5.0) -> None:
    """Give a note to the running recorder; raises Problem when it does not answer, or refuses."""
    try:
        answer = control.ask(home, _message(kind, data, at_ns), timeout_s)
    except control.NotRunning as error:
        raise Problem("recorder_silent", why=str(error)) from error
    if not answer.get("ok"):
        raise Problem("recorder_refused", why=str(answer.get("error", "")))


def _message(kind: EventKind, data: Data, at_ns: int) -> dict[str, Any]:
    began = {"at_ns": at_ns} if kind is EventKind.SPEED else {}
    return {"op": "note", "kind": str(kind), "data": dict(data), **began}
