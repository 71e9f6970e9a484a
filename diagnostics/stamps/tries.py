"""What was tried in vain since the last stamp: kept in ``stamp.json``, since a failure is no fact about the line."""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from diagnostics.stamp_server import MOST_SERVER

NAME = "stamp.json"
_VERSION = 1
_LARGEST_BYTES = 10_000
_MOST_COUNT = 1_000_000


@dataclass(frozen=True, slots=True)
class Tries:
    """``count`` tries in vain with ``server``, the last at ``at_ns`` for the reason ``code`` (``why``: its words)."""

    server: str
    count: int
    at_ns: int
    code: str
    why: str = ""


def load(home: Path) -> Tries | None:
    """None where nothing failed, or where the file cannot be read or understood: the next try is then made at once."""
    try:
        with (home / NAME).open("rb") as opened:
            text = opened.read(_LARGEST_BYTES + 1)
        if len(text) > _LARGEST_BYTES:
            return None
        data = json.loads(text)
    except (OSError, ValueError, RecursionError):
        return None
    return _tries_of(data)


def add(home: Path, server: str, at_ns: int, code: str, why: str) -> None:
    """One more try in vain. What cannot be written is not kept: then it is tried again sooner than it should."""
    import tempfile

    before = load(home)
    count = before.count if before is not None and before.server == server else 0
    tries = Tries(server, min(count + 1, _MOST_COUNT), at_ns, code, _plain(why))
    text = json.dumps({"version": _VERSION, **asdict(tries)}, ensure_ascii=True)
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(prefix=".stamp-", dir=home)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as opened:
                opened.write(text)
            Path(name).replace(home / NAME)
        finally:
            Path(name).unlink(missing_ok=True)


def clear(home: Path) -> None:
    """It worked, or is no longer wanted."""
    with contextlib.suppress(OSError):
        (home / NAME).unlink(missing_ok=True)


def _tries_of(data: object) -> Tries | None:
    if not isinstance(data, dict) or set(data) != {"version", "server", "count", "at_ns", "code", "why"}:
        return None
    server, count, at_ns, code, why = (data[name] for name in ("server", "count", "at_ns", "code", "why"))
    numbers = all(
        isinstance(one, int) and not isinstance(one, bool) for one in (count, at_ns, data["version"])
    )
    texts = all(isinstance(one, str) and len(one) <= MOST_SERVER for one in (server, code, why))
    if not numbers or not texts or data["version"] != _VERSION:
        return None
    if not (1 <= count <= _MOST_COUNT and 0 <= at_ns < 1 << 62 and re.fullmatch(r"[a-z0-9_]{1,60}", code)):
        return None
    return Tries(server, count, at_ns, code, _plain(why))


def _plain(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)[:200]
