"""``jalerte journal retention``: how long single samples are kept; all of them, unless the person says otherwise."""

from __future__ import annotations

import argparse
from datetime import date

from diagnostics.journal import retention
from diagnostics.journal.hours import DAY_NS
from diagnostics.journal.reader import Reader
from diagnostics.model import BadInput, Event, EventKind
from diagnostics.recorder import notes
from jalerte_desktop.commands._ask import says_yes
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.language import _, ngettext


def configure(parser: argparse.ArgumentParser) -> None:
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--keep-days", type=int, metavar="N", help=_("keep the samples of so many days; at least 400")
    )
    chosen.add_argument(
        "--keep-all", action="store_true", help=_("keep all samples (what is so from the start)")
    )
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Tell what is kept, or choose. Exit 0; 2 for a number out of range, or without a yes."""
    if arguments.keep_days is None and not arguments.keep_all:
        return _tell(context)
    days = 0 if arguments.keep_all else arguments.keep_days
    if not arguments.keep_all and not retention.LEAST_DAYS <= days <= retention.MOST_DAYS:
        raise BadInput("retention_days", least=retention.LEAST_DAYS, most=retention.MOST_DAYS)
    with Reader(context.home.journal):
        pass
    before = retention.read(retention.chosen(days, context.now_ns))[1]
    if days and not arguments.yes:
        warning = _(
            "Single samples older than {days} days go: now those before {date}, then by and by. Figures of minutes,"
            " hours and days, events and digests stay; incidents of those days can no longer be worked out."
        )
        print(warning.format(days=days, date=_day(before)), file=context.err)
        if not says_yes(_("Remove them? [y/N] "), context.err):
            raise BadInput("retention_not_agreed")
    notes.add(
        context.home.folder, context.home.journal, EventKind.RETENTION, {"keep_days": days}, context.now_ns
    )
    return _tell(context)


def _tell(context: Context) -> int:
    with Reader(context.home.journal) as reader:
        choice = None
        for choice in reader.events(EventKind.RETENTION):  # noqa: B007 the chain's last one counts
            pass
        removed = reader.pages_without_samples()
    days, before = (0, 0) if choice is None else _read(choice)
    if context.json:
        context.print_json(
            {
                "keep_days": days or None,
                "before": _day(before).isoformat() if before else None,
                "removed_pages": removed,
            }
        )
    elif days:
        context.say(
            _("Samples are kept for {days} days; asked to go: those before {date} (UTC).").format(
                days=days, date=_day(before)
            )
        )
        context.say(
            ngettext("{n} hour has lost its samples.", "{n} hours have lost their samples.", removed).format(
                n=removed
            )
        )
    else:
        context.say(_("All samples are kept."))
    return 0


def _read(choice: Event) -> tuple[int, int]:
    try:
        return retention.read(choice)
    except ValueError:
        return 0, 0


def _day(at_ns: int) -> date:
    return local(at_ns // DAY_NS * DAY_NS + DAY_NS // 2).date()
