"""``alert queue``: what is to be sent and what became of it; deliver, cancel, try again, settle."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from jalerte_desktop.commands._alert_filings import (
    case_file,
    deliver,
    filing_json,
    filing_line,
    findings_now,
    withdrawn_of,
    without_account,
)
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.filing import outbox
from jalerte_desktop.filing.outbox_model import Filing, FilingState
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.language import _


def configure(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the action and what it can do."""
    queue = actions.add_parser("queue", help=_("what waits, what was sent; deliver, cancel, try again"))
    add_json(queue)
    # ``--json`` stands before or after what is to be done.
    doing = queue.add_subparsers(dest="doing", metavar="ACTION")
    run_it = doing.add_parser("run", help=_("deliver what is due"))
    run_it.add_argument("--watch", action="store_true", help=_("go on until stopped"))
    run_it.add_argument("--stdin", action="store_true", help=_("stop when standard input closes"))
    cancel = doing.add_parser("cancel", help=_("it will not be sent"))
    retry = doing.add_parser("retry", help=_("it is due at once"))
    settle = doing.add_parser("settle", help=_("say whether it left, where nobody can be sure"))
    for one in (cancel, retry, settle):
        one.add_argument("filing", metavar="ID", help=_("the filing, by its id or the beginning of it"))
    settle.add_argument("left", choices=("sent", "not-sent"))
    for one in (run_it, cancel, retry, settle):
        one.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help=_("print JSON in place of words")
        )


def run(arguments: argparse.Namespace, context: Context) -> int:
    """List, or do what is asked for. Exit 0; problems are raised."""
    if arguments.doing == "run":
        return _run(arguments, context)
    with case_file(context) as file:
        if arguments.doing == "cancel":
            return _changed(outbox.cancel(file, arguments.filing), context)
        if arguments.doing == "retry":
            return _changed(outbox.retry(file, arguments.filing), context)
        if arguments.doing == "settle":
            return _changed(outbox.settle(file, arguments.filing, arguments.left == "sent"), context)
        if any(one.state is FilingState.SENDING for one in outbox.filings(file)):
            # It may be the trace of a program that ended in the middle.
            outbox.recover(file)
        withdrawn = withdrawn_of(file, outbox.filings(file), context)
        if context.json:
            told = [filing_json(one, withdrawn.get(one.id)) for one in outbox.filings(file)]
            context.print_json({"filings": told})
            return 0
        lines = [filing_line(one, withdrawn.get(one.id)) for one in outbox.filings(file)]
        stuck = without_account(file)
    for line in lines:
        context.say(line)
    if not lines:
        context.say(_("Nothing was prepared or sent yet."))
    if stuck:
        context.say("! " + stuck)
    return 0


def _changed(filing: Filing, context: Context) -> int:
    if context.json:
        context.print_json({"filing": filing_json(filing)})
    else:
        context.say(filing_line(filing))
    return 0


def _run(arguments: argparse.Namespace, context: Context) -> int:
    stop = threading.Event()
    if arguments.stdin:
        from diagnostics.standard_input import when_closed

        when_closed(stop.set)
    with _stopped_by_signals(stop):
        if arguments.watch:
            _watch(context, stop)
        else:
            _once(context, stop)
    return 0


def _once(context: Context, stop: threading.Event) -> None:
    from diagnostics.journal.lock import Held

    try:
        _round(context, stop)
        with case_file(context) as file:
            stuck = without_account(file)
        if stuck and not context.json:
            context.say("! " + stuck)
    except Held:
        if context.json:
            _tell_json({"event": "busy"}, context)
        else:
            context.say(_("Another jalerte is delivering at this moment: it takes what waits."))


def _watch(context: Context, stop: threading.Event) -> None:
    from diagnostics.links.route import open_route_reader
    from jalerte_desktop.filing.deliver import wake
    from jalerte_desktop.filing.outbox_watch import watch

    reader = open_route_reader()

    def way_out() -> tuple[str, ...]:
        state = reader.read()
        found = (state.interface, state.gateway, state.gateway_mac, state.gateway6, state.tunnel)
        return found if any(found) else ()

    def wake_up() -> None:
        with case_file(context) as file:
            wake(file)

    try:
        watch(lambda: _round(context, stop), wake_up, way_out, lambda: context.now_ns, stop)
    finally:
        reader.close()


def _round(context: Context, stop: threading.Event) -> int | None:
    def tell(filing: Filing) -> None:
        if context.json:
            _tell_json({"event": "filing", **filing_json(filing)}, context)
        elif filing.state is not FilingState.SENDING:
            context.say(filing_line(filing))

    due_ns = deliver(context, findings_now(context), tell=tell, stopping=stop.is_set)
    if context.json:
        _tell_json({"event": "round", "next": None if due_ns is None else iso(due_ns)}, context)
    return due_ns


def _tell_json(document: dict[str, object], context: Context) -> None:
    """One line of progress."""
    print(json.dumps(document, ensure_ascii=False), file=context.out, flush=True)


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """A try that is under way is finished first: breaking it off would leave nobody sure."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = [signal.SIGINT, signal.SIGTERM]
    before = [signal.signal(one, lambda *_: stop.set()) for one in wanted]
    try:
        yield
    finally:
        for one, handler in zip(wanted, before, strict=True):
            signal.signal(one, handler)
