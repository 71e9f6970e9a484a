"""``jalerte record``: the recorder in the foreground."""

from __future__ import annotations

import argparse
import math
import sys
from contextlib import suppress

from diagnostics.model import BadInput, Problem
from jalerte_desktop import __version__
from jalerte_desktop.commands._speed_child import speed_command, stamp_command, study_command
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.language import _, ngettext


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="for_s", metavar="SECONDS", help=_("stop after so many seconds"))
    parser.add_argument("--stdin", action="store_true", help=_("stop when standard input is closed"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    for_s = _seconds(arguments.for_s)
    # What comes below is loaded only now: a bad argument must not wait for it.
    from diagnostics.incidents.method import default_method
    from diagnostics.recorder.loop import Recorder
    from diagnostics.recorder.run import Orders, record

    config = context.config

    # Whoever started the recorder may be gone: it goes on without being heard.
    def ready(recorder: Recorder) -> None:
        with suppress(OSError, ValueError):
            context.say(_("Recording into {folder}. Ctrl+C stops it.").format(folder=context.home.folder))
            context.out.flush()

    def warn(problem: Problem) -> None:
        with suppress(OSError, ValueError):
            print(say_problem(problem), file=context.err, flush=True)

    count = record(
        context.home.folder,
        context.home.journal,
        config,
        Orders(
            for_s,
            arguments.stdin,
            speed_command(context),
            stamp_command(context),
            study_command(context),
        ),
        __version__,
        default_method().version,
        warn=warn,
        ready=ready,
    )
    context.say(
        ngettext("Stopped; {n} sample recorded.", "Stopped; {n} samples recorded.", count).format(n=count)
    )
    sys.stdout.flush()
    return 0


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise BadInput("bad_duration", value=text[:40]) from error
    if not 0 < value < 1e9 or math.isnan(value):
        raise BadInput("bad_duration", value=text[:40])
    return value
