"""The program's entrance: the command line, or the window without a command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from jalerte_desktop.commands import _streams
from jalerte_desktop.words.language import N_, _, current, ngettext

TYPE_CHECKING = False  # importing it from typing would cost a tenth of the start
if TYPE_CHECKING:
    from types import ModuleType

    from diagnostics.model import Problem
    from jalerte_desktop.commands.context import Context, Home

COMMANDS = {
    "check": N_("one diagnosis now: each layer, then a verdict in plain words"),
    "record": N_("record in the foreground until told to stop"),
    "status": N_("is the recorder alive, and how was today?"),
    "incidents": N_("what went wrong, whose fault it was, and how much was observed"),
    "timeline": N_("write the samples or their summaries to a file"),
    "exclude": N_("take a period out of the count; it stays printed"),
    "speed": N_("one speed measurement; whom to measure with; what was measured"),
    "speed-server": N_("let another device at home measure its speed to this one"),
    "campaign": N_("a series of speed measurements by a rule set, judged against the promised speeds"),
    "stamp": N_("have seals dated from outside: who, which days, what failed"),
    "line": N_("which line this is: show, confirm, name"),
    "contract": N_("what the operator promised: show, set"),
    "case": N_("the case file: new, set, show"),
    "diary": N_("the diary of calls, letters, appointments and promises: add, list"),
    "letter": N_("write a letter from the evidence"),
    "report": N_("write the evidence report of a period, that anyone can check"),
    "bundle": N_("write the evidence of a period as one file, redacted for whoever gets it"),
    "journal": N_("take another machine’s bundle as a second witness: import"),
    "verify": N_("is an evidence bundle, or the journal, as it was made?"),
    "alert": N_("prepare the alert for the regulator’s platform"),
}
BAD_USE = 2

_ENDS_WHOLE = ("bundle", "journal", "letter", "report", "timeline", "verify")
"""Commands that clear up when they are told to end: drafts of files, processes that share the work."""
_NEEDS_NO_OUTPUT = (None, "record")
"""The window and the recorder, which may be started where nobody reads."""


def _speak() -> None:
    """Let argparse speak the program's language; it has no other way than its own module's functions."""
    from jalerte_desktop.words.usage import argparse_words

    vars(argparse).update(_=argparse_words, ngettext=ngettext)


class _Formatter(argparse.HelpFormatter):
    """Help as wide as the terminal, with the language's own space before a colon.

    Left alone, argparse loads shutil for the width, and half a dozen compressors with it.
    """

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size().columns
        except (OSError, ValueError):
            columns = 80
        super().__init__(prog, width=max(40, min(columns - 2, 118)), max_help_position=16)

    def start_section(self, heading: str | None) -> None:
        super().start_section(f"{heading}\u00a0" if heading and current() == "fr" else heading)


class _Parser(argparse.ArgumentParser):
    """One line for an error, as everywhere in this program."""

    def error(self, message: str) -> None:  # type: ignore[override]
        # argparse says NoReturn; so does this, by way of SystemExit.
        from jalerte_desktop.words.errors import harmless
        from jalerte_desktop.words.usage import hint

        words = _("{program}: {message}").format(program=self.prog, message=harmless(message))
        _complain(f"{words}. {hint(self.prog)}")
        raise SystemExit(BAD_USE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 done, 1 failed, 2 bad use or input, 3 this machine cannot.

    128 and the signal's number where it was ended by one. Raises SystemExit after help, and for bad use.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    heard = _streams.make_usable()
    try:
        try:
            return _answer(words, heard)
        finally:
            _streams.flush()
    except BrokenPipeError:
        # The reader of our output has gone: nothing to tell it.
        _streams.forget_output()
        return 1
    except KeyboardInterrupt:
        return 130
    except _streams.OutputRefused as error:
        return _cannot("stdout_not_writable", error)
    except OSError as error:
        return _refused(error)


def _answer(words: list[str], heard: bool) -> int:
    arguments = _parse(words)
    from diagnostics.model import MachineCannot, Problem

    try:
        if not heard and arguments.command not in _NEEDS_NO_OUTPUT:
            raise MachineCannot("stdout_closed")
        return _run(arguments)
    except Problem as problem:
        return _tell(problem)


def _refused(error: OSError) -> int:
    """What the system refused, where no command knew better.

    Raises the error itself where nobody but a programmer could make anything of it.
    """
    from jalerte_desktop.words.system import is_known

    if not is_known(error.errno):
        raise error
    if _streams.is_to_blame(error):
        _streams.forget_output()
        return _cannot("stdout_not_writable", error)
    if error.filename is None:
        return _cannot("system_stopped", error)
    return _cannot("system_refused", error, path=os.fsdecode(error.filename))


def _cannot(code: str, error: OSError, **values: str) -> int:
    from diagnostics.model import MachineCannot

    return _tell(MachineCannot(code, **values, why=error.strerror or str(error)))


def _parse(words: list[str]) -> argparse.Namespace:
    _speak()
    parser = _Parser(
        prog="jalerte",
        formatter_class=_Formatter,
        description=_(
            "Records an internet line, says whose fault a cut was, and prepares the papers to complain with."
        ),
        epilog=_(
            "jalerte is independent: neither made nor endorsed by Arcep or any operator."
            " Without a command the window opens."
        ),
    )
    parser.add_argument("--home", metavar="DIR", help=_("the folder that holds everything (or JALERTE_HOME)"))
    parser.add_argument("--demo", action="store_true", help=_("look at made-up demonstration data"))
    parser.add_argument(
        "--version", action="version", version=_version(words), help=_("show the version and exit")
    )
    commands = parser.add_subparsers(
        dest="command", metavar=_("COMMAND"), title=_("commands"), parser_class=_Parser
    )
    asked = next((word for word in words if word in COMMANDS), None)
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=_(summary), description=_(summary), formatter_class=_Formatter)
        if name == asked:
            # Only the command that is asked for is loaded: the others cost start-up time.
            _module(name).configure(sub)
    return parser.parse_args(words)


def _module(command: str) -> ModuleType:
    return import_module(f"jalerte_desktop.commands.{command.replace('-', '_')}")


def _version(words: list[str]) -> str:
    if "--version" not in words:
        return ""
    from jalerte_desktop import __version__

    return f"jalerte {__version__}"


def _run(arguments: argparse.Namespace) -> int:
    from jalerte_desktop.commands.context import Context, choose_home

    home = choose_home(arguments.home)
    if arguments.demo:
        home = _demo_home(home, arguments)
    if arguments.command is None:
        return _open_window(home)
    context = Context(home, json=bool(getattr(arguments, "json", False)))
    if context.demo:
        _stay_in_demo(arguments, context)
    command = _module(arguments.command)
    with _ending_whole(arguments.command):
        return int(command.run(arguments, context))


@contextmanager
def _ending_whole(command: str) -> Iterator[None]:
    """For the length of a command that clears up, SIGTERM unwinds it, with the exit code that the signal gives."""
    if command not in _ENDS_WHOLE:
        yield
        return
    import signal

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise SystemExit(128 + number)

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not in the main thread: signals are somebody else's there
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _demo_home(home: Home, arguments: argparse.Namespace) -> Home:
    """The home of the made-up month, made at its first use; not for a command that it refuses."""
    import time

    from jalerte_desktop import __version__
    from jalerte_desktop.commands.context import Home
    from jalerte_desktop.demo.folder import ensure
    from jalerte_desktop.demo.refusals import refuse

    if arguments.command is not None:
        refuse(arguments)

    def tell() -> None:
        _complain(_("Making up the demonstration month, which takes up to a minute…"))

    return Home(ensure(home.folder, time.time_ns(), __version__, tell))


def _stay_in_demo(arguments: argparse.Namespace, context: Context) -> None:
    """Refuse what would leave the demonstration; its clock stands at the made-up month's end."""
    from jalerte_desktop.demo.clock import DemoClock
    from jalerte_desktop.demo.refusals import refuse

    refuse(arguments)
    if (present_ns := context.home.present_ns) is not None:
        context.clock = DemoClock(present_ns)
    if not context.json:
        # On the error output for what may be written to the other one as a table.
        print(
            _("Made-up demonstration data"),
            file=context.err if arguments.command == "timeline" else context.out,
        )


def _open_window(home: Home) -> int:
    from diagnostics.model import MachineCannot
    from jalerte_desktop.words.language import current

    graphical = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    )
    if not graphical:
        raise MachineCannot("no_display")
    from jalerte_desktop.window.application import run_window

    return run_window(home, current())


def _tell(problem: Problem) -> int:
    from jalerte_desktop.words.errors import say_problem

    _complain(say_problem(problem))
    return problem.exit_code


def _complain(words: str) -> None:
    """One line on the error output; that it is closed or full changes nothing of what comes of the command."""
    try:
        print(words, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _streams.forget_errors()


if __name__ == "__main__":
    sys.exit(main())
