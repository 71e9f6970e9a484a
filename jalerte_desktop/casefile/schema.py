"""The case file's shape: numbered migrations, each run once, with a copy of the file made before."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path

from diagnostics.model import BadInput, MachineCannot, Problem

_WAIT_S = 10.0


def migrations() -> tuple[str, ...]:
    """The SQL of each step, first step first; ``user_version`` counts the steps that were done."""
    folder = files("jalerte_desktop.casefile") / "migrations"
    scripts = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda item: item.name
    )
    return tuple(script.read_text(encoding="utf-8") for script in scripts)


def connect(path: Path, steps: tuple[str, ...] | None = None) -> sqlite3.Connection:
    """Open the file, readable by its owner only, and bring it up to date. ``steps`` defaults to the program's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Created before SQLite does, so that it never stands open to others, not even for a moment.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    with telling(path):
        connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")
            _check(connection, path)
            _migrate(connection, path, migrations() if steps is None else steps)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into problems that name the file and the mend."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise Problem("case_busy", path=str(path)) from error
        if any(word in text for word in ("readonly", "read-only", "unable to open", "disk", "full")):
            raise MachineCannot("case_not_writable", path=str(path), error=text) from error
        raise Problem("case_damaged", path=str(path), error=text) from error
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        raise Problem("case_damaged", path=str(path), error=str(error)) from error


def _check(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise Problem("case_damaged", path=str(path), error=str(found))


def _migrate(connection: sqlite3.Connection, path: Path, steps: tuple[str, ...]) -> None:
    done = _version(connection)
    if done > len(steps):
        raise BadInput("case_newer", path=str(path), found=done, known=len(steps))
    if done == len(steps):
        return
    if done:
        _back_up(connection, path.with_name(f"{path.name}.v{done}.bak"))
    for number, script in enumerate(steps[done:], start=done + 1):
        try:
            # A second program may have done this step since we looked: the version is read again under the lock.
            connection.execute("BEGIN IMMEDIATE")
            if _version(connection) < number:
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _back_up(connection: sqlite3.Connection, copy: Path) -> None:
    os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
    with closing(sqlite3.connect(copy)) as target:
        connection.backup(target)


def _statements(script: str) -> Iterator[str]:
    """``executescript`` would commit on its own; the statements are run one by one inside our transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in statement.splitlines()):
        yield statement
