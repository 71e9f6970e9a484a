"""``jalerte exclude``: takes a period out of the count. Nothing is deleted; the period and its reason stay printed."""

from __future__ import annotations

import argparse

from diagnostics.journal.reader import Reader
from diagnostics.model import BadInput, EventKind
from diagnostics.recorder import notes
from jalerte_desktop.commands.arguments import add_json, parse_time
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.figures import iso, local
from jalerte_desktop.words.language import _


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="T", required=True, help=_("start of the period"))
    parser.add_argument("--until", metavar="T", required=True, help=_("end of the period"))
    parser.add_argument("--reason", required=True, help=_("why: printed in every paper"))
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    now = context.now_ns
    since, until = parse_time(arguments.since, now), parse_time(arguments.until, now)
    reason = arguments.reason.strip()
    if since >= until:
        raise BadInput("empty_period")
    if since >= now:
        raise BadInput("future_period")
    if not reason:
        raise BadInput("no_reason")
    if len(reason) > notes.LONGEST_REASON:
        raise BadInput("reason_too_long", length=len(reason), limit=notes.LONGEST_REASON)
    if not notes.is_one_line(reason):
        raise BadInput("reason_unfit")
    with Reader(context.home.journal):
        pass  # a period of no recording can be taken out of nothing: the journal has to exist
    notes.add(
        context.home.folder,
        context.home.journal,
        EventKind.EXCLUSION,
        {"since_ns": since, "until_ns": until, "reason": reason},
        now,
    )
    if context.json:
        context.print_json({"start": iso(since), "end": iso(until), "reason": reason})
    else:
        context.say(
            _("Taken out of the count: {start} to {end} ({reason}).").format(
                start=f"{local(since):%d/%m/%Y %H:%M:%S}",
                end=f"{local(until):%d/%m/%Y %H:%M:%S}",
                reason=reason,
            )
        )
    return 0
