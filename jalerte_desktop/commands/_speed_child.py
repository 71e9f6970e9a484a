"""The command lines of the processes that the recorder starts, and a series in front: a measurement, a time stamp."""

from __future__ import annotations

import sys

from jalerte_desktop.commands.context import Context


def speed_command(context: Context) -> tuple[str, ...]:
    """It stops when its standard input is closed, and runs nothing that lies in the current folder (``-P``)."""
    return (*_program(context), "speed", "--scheduled", "--stdin")


def stamp_command(context: Context) -> tuple[str, ...]:
    """Has the newest seal dated from outside; it stops when its standard input is closed."""
    return (*_program(context), "stamp", "now", "--recorder")


def study_command(context: Context) -> tuple[str, ...]:
    """Studies what is new in the journal, which keeps the study for the next paper (``findings.kept``)."""
    return (*_program(context), "incidents", "--json")


def _program(context: Context) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "jalerte_desktop", "--home", str(context.home.folder))
