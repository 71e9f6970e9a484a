"""The assisted web form, a program of its own: ``python -m jalerte_desktop.window.webform``, a task in, a result out.

Unattended it fills in a page that nobody sees and ends where the filling ends. Attended it is a window, and ends when
the person closes it. Exit codes as for the commands; 3 where Qt WebEngine is missing.
"""

from __future__ import annotations

import os
import sys

from diagnostics.model import BadInput, MachineCannot, Problem
from jalerte_desktop.filing.assisted import Result, Task, failed
from jalerte_desktop.filing.weburl import checked_url
from jalerte_desktop.window.webform_pipe import read_task, when_input_ends, write_result
from jalerte_desktop.words import language


def main() -> int:
    """Do one task; returns the exit code."""
    try:
        task = read_task()
    except ValueError as error:
        result = failed(BadInput("webform_task", why=str(error)))
    else:
        result = _done(task)
    write_result(result)
    return result.exit_code


def _done(task: Task) -> Result:
    language.use(task.language)
    if task.unattended:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        checked_url(task.url)
        _sandbox(task.url)
        try:
            from jalerte_desktop.window.webform_run import run_attended, run_unattended
        except ImportError as error:
            raise MachineCannot("webform_missing") from error
        return run_unattended(task, _stopping) if task.unattended else run_attended(task, _stopping)
    except Problem as problem:
        return failed(problem)


def _sandbox(url: str) -> None:
    """The browser cannot lock itself up as the system's administrator: then only this machine's own pages are opened.

    Raises MachineCannot for any other.
    """
    administrator = hasattr(os, "geteuid") and os.geteuid() == 0
    if not administrator or os.environ.get("QTWEBENGINE_DISABLE_SANDBOX") == "1":
        return
    if not checked_url(url).on_this_machine:
        raise MachineCannot("webform_root")
    os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"


def _stopping(stop) -> None:
    """Have ``stop`` called when standard input ends or a signal asks for it; it may come from another thread."""
    import signal

    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop())
    when_input_ends(stop)


if __name__ == "__main__":
    sys.exit(main())
