"""An assistant's ends of the pipe: its task as one line, the end of standard input as the wish to stop, its result."""

from __future__ import annotations

import os
import sys

from diagnostics.standard_input import when_closed
from jalerte_desktop.filing.assisted import LONGEST_TASK, Result, Task, result_line, task_of

when_input_ends = when_closed
"""Calls back once, from a thread of its own, when whoever started the assistant has gone or wants it to stop."""


def read_task() -> Task:
    """The task from the first line of standard input. Raises ValueError where there is none.

    Not by way of ``sys.stdin``: its buffer would swallow what comes after, and hold up the end.
    """
    line = bytearray()
    while not line.endswith(b"\n") and len(line) <= LONGEST_TASK:
        try:
            piece = os.read(sys.stdin.fileno(), 65536)
        except (OSError, ValueError, AttributeError) as error:
            raise ValueError("standard input cannot be read") from error
        if not piece:
            break
        line += piece
    return task_of(line.decode("utf-8", "replace"))


def write_result(result: Result) -> None:
    """The result on standard output. Nobody reading any more is no fault of ours."""
    try:
        sys.stdout.write(result_line(result))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
