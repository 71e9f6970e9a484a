"""The rooms that ``check --room`` was run in: kept in the home folder, compared the next time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from diagnostics.incidents.rooms import Reach, Room
from diagnostics.model import SECOND, BadInput, MachineCannot, Problem
from jalerte_desktop.commands.arguments import output_file

FORMAT = 1
MOST_BYTES = 100_000
MOST_ROOMS = 40
KEPT_NS = 30 * 24 * 3600 * SECOND
"""A room looked at longer ago says nothing of today."""
NAME_LENGTH = 60


def room_name(text: str) -> str:
    """A room's name on one line. Raises BadInput for an empty or a long one, or one with control characters."""
    name = text.strip()
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
        raise BadInput("name_too_long")
    return name


def read_rooms(path: Path, now_ns: int) -> tuple[Room, ...]:
    """The rooms kept, oldest first; those too old, or from a clock that was ahead, are left out.

    Raises Problem when the file cannot be read or is none of ours: nothing in it is believed then. An entry that is
    not understood is passed over.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise Problem("rooms_unreadable", path=str(path), why=error.strerror or str(error)) from error
    try:
        document = json.loads(raw.decode("utf-8")) if len(raw) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("rooms"), list):
        raise Problem("rooms_unreadable", path=str(path), why="JSON")
    if document.get("format") != FORMAT:
        raise Problem("rooms_newer", path=str(path), found=str(document.get("format"))[:10], known=FORMAT)
    rooms = [room for entry in document["rooms"][:MOST_ROOMS] if (room := _room(entry)) is not None]
    kept = {room.name: room for room in rooms if now_ns - KEPT_NS <= room.at_ns <= now_ns}
    return tuple(sorted(kept.values(), key=lambda room: room.at_ns))


def keep_room(path: Path, rooms: Iterable[Room], room: Room) -> None:
    """Write the rooms with this one in the place of the one of its name. Raises Problem when that cannot be done."""
    others = [other for other in rooms if other.name != room.name]
    kept = [*others, room][-MOST_ROOMS:]
    text = json.dumps(
        {"format": FORMAT, "rooms": [_entry(one) for one in kept]}, ensure_ascii=False, indent=1
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        raise MachineCannot("home_not_writable", path=str(path.parent), why=why) from error
    with output_file(path) as temporary:
        temporary.write_text(text + "\n", "utf-8")


def _entry(room: Room) -> dict[str, Any]:
    values = {name: getattr(room, name) for name in Room.__slots__}
    return values | {"box": _reach_entry(room.box), "internet": _reach_entry(room.internet)}


def _reach_entry(reach: Reach) -> dict[str, int | None]:
    return {name: getattr(reach, name) for name in Reach.__slots__}


def _room(entry: object) -> Room | None:
    """A room out of what anybody may have written there; None when anything in it is not as we write it."""
    if not isinstance(entry, dict) or set(entry) != set(Room.__slots__):
        return None
    try:
        name = room_name(entry["name"]) if isinstance(entry["name"], str) else ""
    except BadInput:
        return None
    texts = (name, entry["box_id"], entry["medium"], entry["cause"] or "")
    box, internet = _reach(entry["box"]), _reach(entry["internet"])
    numbers = (entry["signal_dbm"], entry["tx_bps"], entry["band_ghz"])
    if not name or box is None or internet is None or not all(_short(text) for text in texts):
        return None
    if not _whole(entry["at_ns"]) or not isinstance(entry["ok"], bool) or not all(map(_number, numbers)):
        return None
    return replace(Room(**entry), name=name, box=box, internet=internet)


def _reach(entry: object) -> Reach | None:
    if not isinstance(entry, dict) or set(entry) != set(Reach.__slots__):
        return None
    tries, missed, median = entry["tries"], entry["missed"], entry["median_ns"]
    if not _whole(tries) or not _whole(missed) or missed > tries or not (median is None or _whole(median)):
        return None
    return Reach(tries, missed, median)


def _short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= NAME_LENGTH and (not value or value.isprintable())


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62


def _number(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
