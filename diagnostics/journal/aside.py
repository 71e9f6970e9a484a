"""A journal that cannot be written to any more is set aside, whole, and a new one begun: recording goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from diagnostics.journal import seals
from diagnostics.journal.format import Damaged
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, Event, EventKind, MachineCannot, Problem

_BEYOND_USE = "journal_damaged"
_LOG, _SHARED = "-wal", "-shm"


def open_or_begin_anew(path: Path, now_ns: int, warn: Callable[[Problem], None]) -> tuple[Writer, bool]:
    """The journal opened for writing, and whether the run before ended without a clean stop.

    One that is damaged beyond use becomes ``journal.damaged-DATE.sqlite`` beside it; the new one begins with an event
    that says so, and ``warn`` is told once. Another program's file, a newer version's, or one that another program
    holds is left alone. Raises Problem when neither can be written.
    """
    try:
        return _opened(path, now_ns)
    except Damaged as problem:
        if problem.remark.code != _BEYOND_USE:
            raise
    aside = set_aside(path, now_ns)
    writer, _crashed = _opened(path, now_ns)
    try:
        why = f"set aside: {aside.name}"
        writer.append(Event(EventKind.INTEGRITY, now_ns, {"ok": False, "why": why}))
    except BaseException:
        writer.close()
        raise
    warn(Problem("journal_set_aside", path=str(path), aside=aside.name))
    return writer, True


def _opened(path: Path, now_ns: int) -> tuple[Writer, bool]:
    writer = Writer(path)
    try:
        return writer, writer.recover(now_ns) is not None
    except BaseException:
        writer.close()
        raise


def set_aside(path: Path, now_ns: int) -> Path:
    """Rename the journal, its write-ahead log and its signed head; returns the journal's new place.

    Nothing is overwritten. Raises MachineCannot (``journal_not_writable``) where the folder does not allow it.
    """
    date = time.strftime("%Y-%m-%d", time.gmtime(now_ns // SECOND))
    number = 1
    while (aside := _name(path, date, number)).exists():
        number += 1
    keys = path.parent / "keys"
    try:
        path.rename(aside)
        for part in (_LOG, _SHARED):
            with suppress(FileNotFoundError):
                path.with_name(path.name + part).rename(aside.with_name(aside.name + part))
        with suppress(FileNotFoundError):
            (keys / seals.HEAD_NAME).rename(keys / f"{seals.HEAD_NAME}.of-{aside.stem}")
    except OSError as error:
        raise MachineCannot("journal_not_writable", path=str(path)) from error
    return aside


def _name(path: Path, date: str, number: int) -> Path:
    again = f"-{number}" if number > 1 else ""
    return path.with_name(f"{path.stem}.damaged-{date}{again}{path.suffix}")
