"""``jalerte stamp``: have seals dated from outside, by whom, and what came of it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from diagnostics.journal.reader import Reader
from diagnostics.model import BadInput, EventKind, Problem
from diagnostics.stamp_server import server_trouble
from diagnostics.stamps import tries
from diagnostics.stamps.model import Failed, Seal, Stamp
from diagnostics.stamps.plan import Known
from diagnostics.stamps.record import (
    KINDS,
    Choice,
    choice_event,
    kept_stamps,
    read_choice,
    seals_of,
    stamp_event,
)
from jalerte_desktop.commands._ask import says_yes
from jalerte_desktop.commands._stamp_roots import named_roots
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.language import _

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from diagnostics.stamps.model import StampFact


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help=_("what is chosen, which days are dated, what failed"))
    add_json(show)
    choose = actions.add_parser("choose", help=_("who dates the seals; without --server: the known ones"))
    one = choose.add_mutually_exclusive_group()
    one.add_argument("--server", metavar="URL", help=_("this time-stamp server (RFC 3161)"))
    one.add_argument("--none", action="store_true", help=_("nobody any more"))
    choose.add_argument("--terms", action="store_true", help=_("only say who sees what"))
    choose.add_argument("--yes", action="store_true", help=_("you know who sees what, and agree"))
    add_json(choose)
    now = actions.add_parser("now", help=_("have the newest seal dated at once"))
    now.add_argument(
        "--recorder", action="store_true", help=_("started by the recorder: stops with its input")
    )
    add_json(now)


@dataclass(frozen=True)
class State:
    """What the journal and the last tries say. ``facts`` are checked stamps; empty unless they were asked for."""

    choice: Choice
    seal: Seal | None
    stamp: Stamp | None
    tries: tries.Tries | None
    facts: tuple[StampFact, ...] = ()

    @property
    def known(self) -> Known:
        return Known(self.choice.usable, self.seal, self.stamp, self.tries)


def read_state(context: Context, roots: tuple[Certificate, ...] | None = None) -> State:
    """``roots`` given, be it none: the stamps are checked as well. Raises Problem for what cannot be read."""
    failed = tries.load(context.home.folder)
    if not context.home.journal.exists():
        return State(read_choice(context.config, ()), None, None, failed)
    with Reader(context.home.journal) as reader:
        events = list(reader.events(*KINDS))
        facts: tuple[StampFact, ...] = ()
        if roots is not None:
            from diagnostics.stamps.record import stamps_of

            facts = stamps_of(reader, roots)
    seal = stamp = None
    for event in events:
        seal, stamp = next(seals_of([event]), seal), next(kept_stamps([event]), stamp)
    return State(read_choice(context.config, events), seal, stamp, failed, facts)


def run(arguments: argparse.Namespace, context: Context) -> int:
    actions: dict[str, Callable[[argparse.Namespace, Context], int]] = {
        "show": _show,
        "choose": _choose,
        "now": _now,
    }
    return actions[arguments.action](arguments, context)


# --- show -----------------------------------------------------------------------------------------------------------


def _show(_arguments: argparse.Namespace, context: Context) -> int:
    from jalerte_desktop.commands._stamp_words import state_json, state_words

    state = read_state(context, named_roots(context))
    if context.json:
        context.print_json(state_json(state, context.now_ns))
        return 0
    for line in state_words(state, context.now_ns):
        context.say(line)
    return 0


# --- choose ---------------------------------------------------------------------------------------------------------


def _choose(arguments: argparse.Namespace, context: Context) -> int:
    from jalerte_desktop.commands._stamp_words import known_json, known_words

    fixed = context.config.stamp_server
    server: str = arguments.server if arguments.server is not None else "" if arguments.none else fixed or ""
    if not server and not arguments.none:
        if arguments.server is not None:
            raise BadInput("stamp_server_bad", value="", why="")
        if context.json:
            context.print_json(known_json())
        else:
            for line in known_words():
                context.say(line)
        return 0
    if server:
        why = server_trouble(server)
        if why:
            raise BadInput("stamp_server_bad", value=server[:60], why=why)
        if arguments.terms:
            return _terms(server, context)
        if fixed and fixed != server:
            raise BadInput("stamp_file_decides", server=fixed)
        if not _agrees(server, arguments.yes, context):
            raise BadInput("stamp_nobody_asked")
    _keep(server, context)
    if context.json:
        context.print_json({"server": server or None, "agreed": bool(server)})
    elif server:
        context.say(
            _("Chosen: {server}. The recorder has the newest seal dated once a day.").format(server=server)
        )
    else:
        context.say(_("Nobody is asked any more. The time stamps that there are stay."))
    return 0


def _terms(server: str, context: Context) -> int:
    from jalerte_desktop.commands._stamp_words import who_sees_what

    lines = who_sees_what(server)
    if context.json:
        context.print_json({"server": server, "terms": lines})
    else:
        for line in lines:
            context.say(line)
    return 0


def _agrees(server: str, yes: bool, context: Context) -> bool:
    """Tell who sees what, and ask unless the answer came along."""
    from jalerte_desktop.commands._stamp_words import who_sees_what

    for line in who_sees_what(server):
        print(line, file=context.err)
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return says_yes(_("Do you agree? [y/N] "), context.err)


def _keep(server: str, context: Context) -> None:
    from diagnostics.recorder import notes

    context.home.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    event = choice_event(server, context.now_ns)
    notes.add(context.home.folder, context.home.journal, event.kind, event.data, event.at_ns)
    tries.clear(context.home.folder)


# --- now ------------------------------------------------------------------------------------------------------------


def _now(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.recorder:
        from diagnostics.standard_input import when_closed

        # What is under way may be left as it is: a stamp is handed over whole, or not at all.
        when_closed(lambda: os._exit(1))
    state = read_state(context)
    if not state.choice.server:
        raise BadInput("stamp_no_server")
    if not state.choice.agreed:
        raise BadInput("stamp_not_agreed", server=state.choice.server)
    if state.seal is None:
        raise Problem("stamp_no_seal")
    if state.stamp is not None and (state.stamp.seq, state.stamp.link) == (state.seal.seq, state.seal.link):
        return _tell(state.stamp, context, made=False)
    stamp = _make(state.choice.server, state.seal, context)
    return _tell(stamp, context, made=True)


def _make(server: str, seal: Seal, context: Context) -> Stamp:
    """Have a seal dated and keep the stamp. Raises Problem; what failed on the way is kept for the next try."""
    from diagnostics.recorder import notes
    from diagnostics.stamps.exchange import Bounds, post
    from diagnostics.stamps.reading import read_response
    from diagnostics.stamps.request import make_query

    roots = named_roots(context)
    query = make_query(seal.link)
    answer = post(server, query.body, Bounds())
    found = answer if isinstance(answer, Failed) else read_response(answer, seal.link, query.nonce, roots)
    now_ns = context.now_ns
    if isinstance(answer, Failed) or isinstance(found, Failed):
        failed = found if isinstance(found, Failed) else Failed("stamp_not_understood")
        tries.add(context.home.folder, server, now_ns, failed.code, failed.why)
        raise Problem(failed.code, host=urlsplit(server).hostname or server, why=failed.why)
    stamp = Stamp(seal.seq, seal.link, found.at_ns, found.authority, server, answer, now_ns)
    event = stamp_event(stamp, now_ns)
    notes.add(context.home.folder, context.home.journal, EventKind.STAMP, event.data, event.at_ns)
    tries.clear(context.home.folder)
    return stamp


def _tell(stamp: Stamp, context: Context, *, made: bool) -> int:
    from jalerte_desktop.commands._stamp_words import ahead_words, stamp_json, stamp_words

    if context.json:
        context.print_json({"made": made, "stamp": stamp_json(stamp)})
        return 0
    words = _("Dated: {stamp}") if made else _("The newest seal is dated already: {stamp}")
    context.say(words.format(stamp=stamp_words(stamp)))
    for line in ahead_words(stamp):
        context.say(line)
    return 0
