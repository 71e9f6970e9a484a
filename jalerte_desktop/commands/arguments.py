"""Arguments that several commands take: periods of time, output files."""

from __future__ import annotations

import argparse
import errno
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from diagnostics.model import SECOND, BadInput, MachineCannot, Problem
from jalerte_desktop.words.language import _

_UNITS = {"d": 86400, "h": 3600, "min": 60, "s": 1}
_PAGE = 4096
"""Bytes that are written to see whether a disk takes anything at all."""
_AGO = re.compile(r"(\d{1,6})(d|h|min|s)")


def add_period(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    parser.add_argument(
        "--since", metavar="T", help=_("from this time on: 2026-11-17, 2026-11-17T16:02 or 7d ago")
    )
    parser.add_argument("--until", metavar="T", help=_("up to this time"))


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_("print one JSON document"))


def parse_time(text: str, now_ns: int) -> int:
    """A time in UTC ns from ISO 8601 (local time unless it has an offset) or "7d", "12h", "30min": so long ago.

    Raises BadInput for anything else.
    """
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return now_ns - int(ago[1]) * _UNITS[ago[2]] * SECOND
    try:
        moment = datetime.fromisoformat(text.strip())
        whole = (moment.astimezone() - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // timedelta(
            microseconds=1
        )
    except (ValueError, OverflowError, OSError) as error:
        raise BadInput("bad_time", value=text[:60]) from error
    if not 0 <= whole < 1 << 53:
        raise BadInput("bad_time", value=text[:60])
    return whole * 1000


def period(arguments: argparse.Namespace, now_ns: int) -> tuple[int | None, int | None]:
    """``--since`` and ``--until`` in UTC ns, None where not given. Raises BadInput for an empty period."""
    since = None if arguments.since is None else parse_time(arguments.since, now_ns)
    until = None if arguments.until is None else parse_time(arguments.until, now_ns)
    if since is not None and until is not None and since >= until:
        raise BadInput("empty_period")
    return since, until


def usable_output(path: Path, *, force: bool = True) -> None:
    """Find out before long work whether a file can be written there, as far as that can be known before.

    Raises BadInput when it exists and may not be replaced, is no file, or when there is no such folder; MachineCannot
    when the place cannot be written or is full.
    """
    try:
        found = path.stat() if path.exists() else None
        if found is not None and not force:
            raise BadInput("output_exists", path=str(path))
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise BadInput("output_no_file", path=str(path))
        with _draft(path) as draft:
            draft.write_bytes(bytes(_PAGE))
    except OSError as error:
        raise _not_written(path, error) from error


@contextmanager
def output_file(path: Path, *, force: bool = True) -> Iterator[Path]:
    """Gives a temporary path beside ``path`` that takes its place when the block succeeds.

    Raises as ``usable_output`` does, before the block and for an OSError within it.
    """
    usable_output(path, force=force)
    try:
        with _draft(path) as draft:
            yield draft
            draft.replace(_meant(path))
    except OSError as error:
        raise _not_written(path, error) from error


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    meant = _meant(path)
    handle, name = tempfile.mkstemp(prefix=f".{meant.stem[:40]}-", suffix=meant.suffix, dir=meant.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _meant(path: Path) -> Path:
    """The file itself: a symbolic link is written through, never replaced."""
    return path.resolve() if path.is_symlink() else path


def _not_written(path: Path, error: OSError) -> Problem:
    """Bad input where another name would do, else what this machine cannot."""
    why = error.strerror or str(error)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return BadInput("output_no_folder", path=str(path.parent))
    if error.errno in (errno.EISDIR, errno.EEXIST):
        return BadInput("output_no_file", path=str(path))
    if error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL):
        return BadInput("output_not_writable", path=str(path), why=why)
    return MachineCannot("output_not_writable", path=str(path), why=why)
