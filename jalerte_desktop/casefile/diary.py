"""The diary: what happened between the person and others, entry by entry. Entries are added, never changed."""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from diagnostics.model import BadInput
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.casefile.text import clean, clean_lines

KINDS = ("call", "letter", "email", "appointment", "visit", "invoice", "photo", "note", "outage")
STEPS = ("customer-service", "consumer-service", "mediator", "conciliator", "court", "ombudsman")
"""Whom an exchange was with, where it is a step of the path; anything else is free text."""
OPERATOR_STEPS = ("customer-service", "consumer-service")
"""The steps that are the operator's own."""
_LONGEST_TEXT, _LONGEST_NAME = 4000, 200


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    """One exchange. Times are UTC ns; ``until_ns`` None where there is no end. ``due`` is the day of a promise.

    ``source``: "person", or "filing" for what a filing's receipt put here.
    """

    kind: str
    at_ns: int
    until_ns: int | None = None
    with_whom: str = ""
    text: str = ""
    promise: str = ""
    due: date | None = None
    source: str = "person"
    id: str = ""
    case_id: str = ""
    added_ns: int = 0


def checked(entry: DiaryEntry, now_ns: int) -> DiaryEntry:
    """The entry as it is kept: clean text, sensible times.

    :raises BadInput: ``diary_…`` for what does not fit.
    """
    if entry.kind not in KINDS:
        raise BadInput("diary_kind", value=clean(entry.kind)[:60], known=" ".join(KINDS))
    if entry.until_ns is not None and entry.until_ns < entry.at_ns:
        raise BadInput("diary_ends_before")
    # An appointment is made for later; everything else has happened.
    if entry.kind != "appointment" and entry.at_ns > now_ns:
        raise BadInput("diary_future", kind=entry.kind)
    if entry.kind != "appointment" and entry.until_ns is not None and entry.until_ns > now_ns:
        raise BadInput("diary_until_future")
    text, promise = "\n".join(clean_lines(entry.text)), "\n".join(clean_lines(entry.promise))
    for name, value, limit in (
        ("--text", text, _LONGEST_TEXT),
        ("--promise", promise, _LONGEST_TEXT),
        ("--with", clean(entry.with_whom), _LONGEST_NAME),
    ):
        if len(value) > limit:
            raise BadInput("diary_long", option=name, length=len(value), limit=limit)
    if entry.due is not None and not promise:
        raise BadInput("diary_due_alone")
    if entry.due is not None and entry.due < _day_here(entry.at_ns):
        raise BadInput("diary_due_before")
    return DiaryEntry(
        entry.kind,
        entry.at_ns,
        entry.until_ns,
        clean(entry.with_whom),
        text,
        promise,
        entry.due,
        entry.source,
    )


def _day_here(ns: int) -> date:
    return datetime.fromtimestamp(ns // 10**9, UTC).astimezone().date()


def add(file: CaseFile, entry: DiaryEntry) -> DiaryEntry:
    """Keep one entry in the active case.

    :raises Problem: ``no_case``.
    :raises BadInput: see ``checked``.
    """
    case, now = file.show(), file.now_ns
    with file.writing() as db:
        entry_id = put(db, case.id, entry, now)
    return next(one for one in entries(file) if one.id == entry_id)


def put(db: sqlite3.Connection, case_id: str, entry: DiaryEntry, now_ns: int) -> str:
    """Keep one entry of that case within a transaction; gives its id.

    :raises BadInput: see ``checked``.
    """
    kept, entry_id = checked(entry, now_ns), uuid.uuid4().hex[:12]
    db.execute(
        "INSERT INTO diary VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry_id,
            case_id,
            kept.kind,
            kept.at_ns,
            kept.until_ns,
            kept.with_whom,
            kept.text,
            kept.promise,
            kept.due.isoformat() if kept.due else None,
            kept.source,
            now_ns,
        ),
    )
    return entry_id


def entries(file: CaseFile) -> tuple[DiaryEntry, ...]:
    """The active case's entries, by the time they tell of, oldest first; none without a case."""
    case = file.active()
    if case is None:
        return ()
    with file.reading() as db:
        rows = db.execute(
            "SELECT kind, at_ns, until_ns, with_whom, text, promise, due, source, id, case_id, added_ns FROM diary"
            " WHERE case_id = ? ORDER BY at_ns, rowid",
            (case.id,),
        ).fetchall()
    return tuple(_entry(*row) for row in rows)


def _entry(
    kind: str,
    at_ns: int,
    until_ns: int | None,
    whom: str,
    text: str,
    promise: str,
    due: str | None,
    *rest: Any,
) -> DiaryEntry:
    day = None if due is None else date.fromisoformat(due)
    return DiaryEntry(kind, at_ns, until_ns, whom, text, promise, day, *rest)
