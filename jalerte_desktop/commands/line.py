"""``jalerte line``: which line this is. No line is home until the person says so."""

from __future__ import annotations

import argparse

from diagnostics.journal.reader import Reader
from diagnostics.model import BadInput, EventKind, Line
from diagnostics.recorder import notes
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.commands.described import line_json, place_words
from jalerte_desktop.findings.surroundings import media
from jalerte_desktop.words.language import _


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|confirm|name")
    show = actions.add_parser("show", help=_("the lines seen so far"))
    add_json(show)
    confirm = actions.add_parser("confirm", help=_("say that a line is yours at home, or is not"))
    confirm.add_argument("id", nargs="?", help=_("the line’s id; the newest one by default"))
    confirm.add_argument("--not-home", action="store_true", help=_("this line is not the one at home"))
    add_json(confirm)
    name = actions.add_parser("name", help=_("give a line a name"))
    name.add_argument("name")
    name.add_argument("--id", help=_("the line’s id; the newest one by default"))
    add_json(name)


def run(arguments: argparse.Namespace, context: Context) -> int:
    with Reader(context.home.journal) as reader:
        lines = reader.lines
        newest = _newest(reader)
    if arguments.action == "confirm":
        line = _choose(lines, arguments.id, newest)
        home = not arguments.not_home
        _note(context, EventKind.LINE_HOME, {"id": line.id, "home": home, "by": "person"})
    elif arguments.action == "name":
        line = _choose(lines, arguments.id, newest)
        name = arguments.name.strip()
        if not 0 < len(name) <= 60 or not name.isprintable():
            raise BadInput("name_too_long")
        _note(context, EventKind.LINE_NAMED, {"id": line.id, "name": name})
    with Reader(context.home.journal) as reader:
        lines = reader.lines
        known = media(reader)
    if context.json:
        context.print_json(
            {
                "lines": [line_json(line) | {"medium": known.get(line.interface)} for line in lines.values()],
                "newest": newest,
            }
        )
        return 0
    if not lines:
        context.say(_("No line has been recognised yet."))
    for line in lines.values():
        context.say(_describe(line, line.id == newest))
        if words := place_words(line, known.get(line.interface, "")):
            context.say(f"  {words}")
    return 0


def _newest(reader: Reader) -> str | None:
    newest = None
    for event in reader.events(EventKind.LINE):
        newest = str(event.data.get("id") or "") or newest
    return newest


def _choose(lines: dict[str, Line], given: str | None, newest: str | None) -> Line:
    key = given or newest
    if key is None:
        raise BadInput("no_line_yet")
    if key not in lines:
        raise BadInput("unknown_line", value=key[:40])
    return lines[key]


def _note(context: Context, kind: EventKind, data: dict[str, str | int | float | bool | None]) -> None:
    notes.add(context.home.folder, context.home.journal, kind, data, context.now_ns)


def _describe(line: Line, newest: bool) -> str:
    place = {True: _("home"), False: _("not home"), None: _("not confirmed")}[line.home]
    now = _(", the newest") if newest else ""
    return (
        f"{line.id}  {line.name or '—'}  {line.interface}  {line.gateway}  {line.gateway_mac}  · {place}{now}"
    )
