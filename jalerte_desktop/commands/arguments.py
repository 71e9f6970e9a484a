"""Arguments that several commands take: periods of time, output files."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from diagnostics.model import SECOND, BadInput, Problem
from jalerte_desktop.words.language import _

_UNITS = {"d": 86400, "h": 3600, "min": 60, "s": 1}
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


@contextmanager
def output_file(path: Path, *, force: bool = True) -> Iterator[Path]:
    """Gives a temporary path beside ``path`` that takes its place when the block succeeds.

    Raises BadInput when it exists and may not be replaced or is no file, Problem when the place cannot be written.
    """
    if path.exists() and not force:
        raise BadInput("output_exists", path=str(path))
    if path.exists() and not path.is_file():
        raise BadInput("output_no_file", path=str(path))
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise Problem("output_not_writable", path=str(path), why=error.strerror or str(error)) from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise Problem("output_not_writable", path=str(path), why=error.strerror or str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)
