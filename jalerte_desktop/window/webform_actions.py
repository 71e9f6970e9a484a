"""An action as calls of the script in the page; which result of a search is meant; which button sends. No Qt here."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Iterable
from pathlib import Path

from jalerte_desktop.filing.form_words import plain
from jalerte_desktop.filing.page import Action, Choose, Control, Press, Role, Search, Type

PIECE_BYTES = 393_216
"""A file goes into the page in pieces: one huge script would hold up the browser."""


def call(name: str, *given: object) -> str:
    """A call of the script in the page; answers with JSON, or not at all where the script is not there."""
    words = "".join(f", {json.dumps(one)}" for one in given)
    return f'globalThis.jalerte ? jalerte("{name}"{words}) : ""'


def steps_of(action: Action) -> list[str]:
    """The calls that do this, in order; each answers "done" or else the rest is dropped. Raises OSError for a file
    that cannot be read."""
    handle = action.control.handle
    if isinstance(action, Choose):
        if action.control.role is Role.SELECT:
            return [call("choose", handle, action.option.value, action.option.label)]
        return [call("click", action.option.handle)]
    if isinstance(action, Type):
        return [call("type", handle, action.text)]
    if isinstance(action, Press):
        return [call("click", handle)]
    if isinstance(action, Search):
        return [call("openSearch", handle, action.query)]
    return [*_carried(action.files), call("attach", handle)]


def _carried(files: Iterable[tuple[str, str]]) -> list[str]:
    calls = []
    for path, name in files:
        content = Path(path).read_bytes()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        starts = range(0, len(content) or 1, PIECE_BYTES)
        for start in starts:
            piece = base64.b64encode(content[start : start + PIECE_BYTES]).decode()
            last = start == starts[-1]
            calls.append(call("carry", piece, name if last else "", kind))
    return calls


def one_result(labels: tuple[str, ...], wanted: tuple[str, ...]) -> int | None:
    """The place of the one result that is one of these; None where none is, or more than one: nothing is guessed."""
    accepted = {plain(one) for one in wanted}
    fitting = [index for index, label in enumerate(labels) if plain(label) in accepted]
    return fitting[0] if len(fitting) == 1 else None


def sends(control: Control, send_words: tuple[str, ...]) -> bool:
    """Is this a button that sends the alert? Only a person may press it."""
    return plain(control.label) in {plain(one) for one in send_words}
