"""The folder of the made-up month: made at first use, made anew after a week or when what is made up has changed."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from diagnostics.incidents.method import default_method
from diagnostics.model import BadInput, MachineCannot
from jalerte_desktop.demo import person, speeds, telling
from jalerte_desktop.demo.script import DAY, DAYS, HOUR, Script, script
from jalerte_desktop.demo.world import ANCHORS, LARGE, RESOLVER, WEB

VERSION = 2
"""Counts up with each change of what is made up, and of the files it lies in."""
FOLDER = "demo"
MARK = "demo.json"
KEPT_NS = 7 * DAY


@dataclass(frozen=True, slots=True)
class Mark:
    """What the mark in the folder says. ``end_ns`` is the month's end: the demonstration's present."""

    version: int
    end_ns: int


def read_mark(folder: Path) -> Mark | None:
    """The mark of a folder of made-up data, None where there is none that can be read."""
    try:
        said = json.loads((folder / MARK).read_text("utf-8"))
        version, end_ns = said["version"], said["end_ns"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Mark(version, end_ns) if isinstance(version, int) and isinstance(end_ns, int) else None


def demo_folder(home: Path) -> Path:
    """Where the made-up month of this home lies."""
    return home if (home / MARK).exists() else home / FOLDER


def ensure(
    home: Path,
    now_ns: int,
    version: str,
    tell: Callable[[], None] = lambda: None,
    days: int = DAYS,
    zone: tzinfo | None = None,
) -> Path:
    """The folder of the made-up month, made now where there is none, or an old one.

    ``version``: the program's, as a recording names it. ``tell`` is called before what takes a while. Raises BadInput
    where the folder holds something else, MachineCannot where it cannot be written.
    """
    folder = demo_folder(home)
    mark = read_mark(folder)
    if mark is not None and mark.version == VERSION and mark.end_ns <= now_ns < mark.end_ns + KEPT_NS:
        return folder
    if mark is None and folder.exists() and any(folder.iterdir()):
        raise BadInput("demo_folder_taken", path=str(folder))
    tell()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
        try:
            make(made, script(now_ns // HOUR * HOUR, days, zone), version)
            _put(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise MachineCannot("demo_not_made", path=str(folder), why=error.strerror or str(error)) from error
    return folder


def make(folder: Path, month: Script, version: str) -> None:
    """Write the month into an empty folder: configuration, journal, case file; the mark last."""
    from jalerte_desktop.demo.writing import write

    (folder / "config.toml").write_text(_configuration(), "utf-8")
    events = [*telling.events(month, version, default_method().version), *speeds.events(month)]
    write(folder / "journal.sqlite", month, sorted(events, key=lambda event: event.at_ns))
    person.fill(folder / "case.sqlite", month)
    mark = {"version": VERSION, "end_ns": month.span.end_ns, "what": "made-up demonstration data"}
    (folder / MARK).write_text(json.dumps(mark) + "\n", "utf-8")


def _put(made: Path, folder: Path) -> None:
    """Put what was made in its place. Where somebody else was quicker, theirs stays."""
    old = made.with_name(f"{made.name}-old")
    with suppress(FileNotFoundError):
        folder.rename(old)
    try:
        made.rename(folder)
    except OSError:
        if not folder.exists():
            old.rename(folder)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _configuration() -> str:
    anchors = ", ".join(f'"{one.address}"' for one in ANCHORS if one.family == 4)
    anchors6 = ", ".join(f'"{one.address}"' for one in ANCHORS if one.family == 6)
    return (
        "# Made-up demonstration data.\n"
        "[targets]\n"
        f"anchors = [{anchors}]\n"
        f"anchors6 = [{anchors6}]\n"
        f'resolvers = ["{RESOLVER.address}"]\n'
        f'web_check = "{WEB.address}"\n'
        f'large_check = "{LARGE}"\n'
        "\n[home]\n"
        'working_hours = ["Mon-Fri 09:00-18:00"]\n'
    )
