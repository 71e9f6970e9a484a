"""The command line of the process that makes one scheduled measurement: the recorder's, and a series' in front."""

from __future__ import annotations

import sys

from jalerte_desktop.commands.context import Context


def speed_command(context: Context) -> tuple[str, ...]:
    """It stops when its standard input is closed, and runs nothing that lies in the current folder (``-P``)."""
    program = (sys.executable, "-P", "-m", "jalerte_desktop", "--home", str(context.home.folder))
    return (*program, "speed", "--scheduled", "--stdin")
