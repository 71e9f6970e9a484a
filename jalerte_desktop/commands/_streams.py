"""The three standard streams, made fit for use; and where a full or closed standard output is found out."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

TYPE_CHECKING = False  # importing it from typing would cost a tenth of the start
if TYPE_CHECKING:
    from typing import TextIO


class OutputRefused(OSError):
    """Standard output does not take what was said: a full disk behind it, a closed file."""


def make_usable() -> bool:
    """Put nothing in the place of a closed stream, and let no character that cannot be shown stop a command.

    False where standard output was closed when the program started: there ``print`` would say nothing, silently.
    """
    there = sys.stdout is not None
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends
    if not there:
        _forget()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends
    if sys.stdout is sys.__stdout__ and _stops_at_characters():
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    return there


def speaks_all(out: object) -> bool:
    """Whether every character can be written there as it is."""
    return str(getattr(out, "encoding", None) or "utf-8").lower().replace("_", "-").startswith("utf")


def flush() -> None:
    """Hand over all that was said. Raises OutputRefused where it is not taken, BrokenPipeError where nobody reads.

    What was not taken is not tried again.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        forget_output()
        raise OutputRefused(error.errno, error.strerror) from error


def is_to_blame(error: OSError) -> bool:
    """Whether it comes from a standard output without a buffer, which refuses at once and has nothing to flush."""
    return error.filename is None and bool(getattr(sys.stdout, "write_through", False))


def forget_output() -> None:
    """Nobody hears us any more: what is still waiting, and all that follows, goes nowhere."""
    _to_nowhere(sys.stdout)
    _forget()


def forget_errors() -> None:
    """The same for the error output."""
    _to_nowhere(sys.stderr)


def _to_nowhere(stream: TextIO) -> None:
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _forget() -> None:
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends


def _stops_at_characters() -> bool:
    errors = getattr(sys.stdout, "errors", None)
    return errors == "strict" or (errors == "surrogateescape" and not speaks_all(sys.stdout))
