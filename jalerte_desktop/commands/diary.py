"""``jalerte diary add|list``: what happened between the person and others, entry by entry."""

from __future__ import annotations

import argparse
import re
from datetime import date

from diagnostics.model import BadInput
from jalerte_desktop.casefile import diary
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.casefile.text import clean, fold
from jalerte_desktop.commands.arguments import add_json, parse_time
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.diary import KINDS, STEPS, kind_name, whom
from jalerte_desktop.words.figures import clock_time, iso, local, short_date
from jalerte_desktop.words.language import _

_ALSO_KINDS = {
    "appel": "call",
    "courrier": "letter",
    "lettre": "letter",
    "courriel": "email",
    "mail": "email",
    "rendez vous": "appointment",
    "visite": "visit",
    "passage": "visit",
    "facture": "invoice",
    "coupure": "outage",
    "panne": "outage",
}
_ALSO_STEPS = {
    "service client": "customer-service",
    "service clients": "customer-service",
    "service clientele": "customer-service",
    "service consommateur": "consumer-service",
    "service consommateurs": "consumer-service",
    "mediateur": "mediator",
    "mediatrice": "mediator",
    "conciliateur": "conciliator",
    "conciliatrice": "conciliator",
    "conciliateur de justice": "conciliator",
    "tribunal": "court",
    "tribunal judiciaire": "court",
}
"""What people write, folded, whatever language the program speaks."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help=_("note one exchange; prints its id"))
    add.add_argument("kind", metavar="KIND", help=", ".join(diary.KINDS))
    add.add_argument(
        "--at", required=True, metavar="T", help=_("when: 2026-11-17T16:02, or 2h for “so long ago”")
    )
    add.add_argument("--until", metavar="T", help=_("up to when, where it lasted"))
    add.add_argument("--text", default="", metavar="T", help=_("what happened, in your words"))
    add.add_argument(
        "--with", dest="whom", default="", metavar="WHO", help=_("a step ({steps}) or a name").format(
            steps=", ".join(diary.STEPS)
        ),
    )  # fmt: skip
    add.add_argument("--promise", default="", metavar="T", help=_("what was promised"))
    add.add_argument("--due", metavar="DATE", help=_("the day it was promised for: 2026-11-30"))
    add_json(add)
    add_json(actions.add_parser("list", help=_("list the diary, oldest first")))


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Add an entry, or list them. Exit 0; problems are raised: ``no_case`` without a case."""
    if arguments.action == "add":
        entry = _typed(arguments, context.now_ns)
        with open_case_file(context.home.case, lambda: context.now_ns) as file:
            added = diary.add(file, entry)
        if context.json:
            context.print_json(entry_json(added))
        else:
            context.say(f"{added.id}  {_line(added)}")
        return 0
    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        case, found = file.show(), diary.entries(file)
    if context.json:
        context.print_json({"case": case.id, "entries": [entry_json(entry) for entry in found]})
        return 0
    if not found:
        context.say(_("The diary is empty."))
    for entry in found:
        context.say(f"{entry.id}  {_line(entry)}")
        for line in _details(entry):
            context.say("              " + line)
    return 0


def _typed(arguments: argparse.Namespace, now_ns: int) -> DiaryEntry:
    due = None
    if arguments.due is not None:
        try:
            due = date.fromisoformat(arguments.due.strip()) if _DAY.fullmatch(arguments.due.strip()) else None
        except ValueError:
            due = None
        if due is None:
            raise BadInput("diary_due", value=clean(arguments.due)[:60])
    return DiaryEntry(
        _meant(arguments.kind, KINDS, _ALSO_KINDS),
        parse_time(arguments.at, now_ns),
        None if arguments.until is None else parse_time(arguments.until, now_ns),
        _meant(arguments.whom, STEPS, _ALSO_STEPS),
        arguments.text,
        arguments.promise,
        due,
    )


def _meant(typed: str, known: dict[str, str], also: dict[str, str]) -> str:
    """The id that was meant, by itself or by a name in English or French; else what was typed."""
    names = {fold(one): key for key, words in known.items() for one in (key, words, _(words))} | also
    return names.get(fold(typed), typed)


def entry_json(entry: DiaryEntry) -> dict[str, object]:
    """An entry as the command prints it; null where nothing was told."""
    return {
        "id": entry.id,
        "kind": entry.kind,
        "at": iso(entry.at_ns),
        "until": None if entry.until_ns is None else iso(entry.until_ns),
        "with": entry.with_whom or None,
        "text": entry.text or None,
        "promise": entry.promise or None,
        "due": entry.due.isoformat() if entry.due else None,
        "source": entry.source,
    }


def _line(entry: DiaryEntry) -> str:
    """``17/11/2026 16:02–16:20  appel, service clients``."""
    begun = local(entry.at_ns)
    when = f"{short_date(begun)} {clock_time(begun, seconds=False)}"
    if entry.until_ns is not None:
        ended = local(entry.until_ns)
        same = ended.date() == begun.date()
        when += "–" + ("" if same else short_date(ended) + " ") + clock_time(ended, seconds=False)
    named = (kind_name(entry.kind), whom(entry.with_whom))
    return f"{when}  " + ", ".join(part for part in named if part)


def _details(entry: DiaryEntry) -> list[str]:
    lines = entry.text.split("\n") if entry.text else []
    if entry.promise:
        promise = entry.promise.replace("\n", " ")
        if entry.due:
            day = entry.due.strftime("%d/%m/%Y")
            lines.append(_("Promised for {day}: {promise}").format(day=day, promise=promise))
        else:
            lines.append(_("Promised: {promise}").format(promise=promise))
    if entry.source == "filing":
        lines.append(_("Put here by a receipt."))
    return lines
