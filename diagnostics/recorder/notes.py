"""What other commands may add to the journal: exclusions, and what the person says of a line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diagnostics.journal.lock import Held, Lock
from diagnostics.journal.writer import Writer
from diagnostics.model import Event, EventKind, Problem, Scalar
from diagnostics.recorder import control

NOTES: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    str(EventKind.EXCLUSION): {"since_ns": int, "until_ns": int, "reason": str},
    str(EventKind.LINE_NAMED): {"id": str, "name": str},
    str(EventKind.LINE_HOME): {"id": str, "home": bool, "by": str},
}
LOCK_NAME = "recorder.lock"


def check_note(message: Mapping[str, Any], at_ns: int) -> Event:
    """Turn a ``note`` message into an event; raises ValueError for anything but the known kinds and fields."""
    kind = message.get("kind")
    fields = NOTES.get(str(kind))
    data = message.get("data")
    if fields is None or not isinstance(data, dict) or set(data) != set(fields):
        raise ValueError("not a known kind of note")
    for name, wanted in fields.items():
        if not isinstance(data[name], wanted) or (wanted is int and isinstance(data[name], bool)):
            raise ValueError(f"{name} is of the wrong type")
        if wanted is str:
            data[
                name
            ].encode()  # a lone surrogate, from a terminal in another encoding, raises ValueError here
    if kind == EventKind.EXCLUSION and not 0 <= data["since_ns"] < data["until_ns"] < 1 << 62:
        raise ValueError("the period is empty")
    return Event(EventKind(str(kind)), at_ns, data)


def add(home: Path, journal: Path, kind: EventKind, data: Mapping[str, Scalar], at_ns: int) -> None:
    """Add a note: by way of the running recorder, or by writing it here under the recorder's lock.

    Raises Problem when neither works.
    """
    message = {"op": "note", "kind": str(kind), "data": dict(data)}
    event = check_note(message, at_ns)
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
    try:
        answer = control.ask(home, message)
    except control.NotRunning as error:
        raise Problem("recorder_silent", why=str(error)) from error
    if not answer.get("ok"):
        raise Problem("recorder_refused", why=str(answer.get("error", "")))
