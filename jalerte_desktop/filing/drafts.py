"""Drafts of alerts in the case file: the person's own words, the period they chose, the files that go along."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from diagnostics.model import BadInput, MachineCannot, Problem
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.casefile.text import clean, clean_lines
from jalerte_desktop.filing.model import Attachment

LARGEST_BYTES = 20_000_000
MOST_FILES = 10
_LONGEST_TEXT = 20_000
ATTACHMENT_KINDS = ("photo", "letter", "report", "evidence", "other")


@dataclass(frozen=True, slots=True)
class Draft:
    """One alert in the making. ``since_ns``/``until_ns`` None: the default period (UTC ns).

    ``description`` None: the program drafts it.
    """

    id: str
    case_id: str
    created_ns: int
    changed_ns: int
    since_ns: int | None
    until_ns: int | None
    description: str | None
    attachments: tuple[Attachment, ...] = ()


def new_draft(file: CaseFile, since_ns: int | None, until_ns: int | None) -> Draft:
    """Begin a draft in the active case; the one before is closed, never lost.

    :raises Problem: ``no_case``.
    """
    case, now, draft_id = file.show(), file.now_ns, uuid.uuid4().hex[:12]
    with file.writing() as db:
        db.execute("UPDATE alerts SET closed_ns = ? WHERE case_id = ? AND closed_ns IS NULL", (now, case.id))
        db.execute(
            "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
            (draft_id, case.id, now, now, since_ns, until_ns),
        )
    return needed_draft(file)


def open_draft(file: CaseFile) -> Draft | None:
    """The active case's draft, or None."""
    case = file.active()
    if case is None:
        return None
    with file.reading() as db:
        row = db.execute(
            "SELECT id, case_id, created_ns, changed_ns, since_ns, until_ns, description FROM alerts"
            " WHERE case_id = ? AND closed_ns IS NULL",
            (case.id,),
        ).fetchone()
        if row is None:
            return None
        files = db.execute(
            "SELECT kind, name, media_type, bytes, sha256, path FROM alert_attachments WHERE alert_id = ?"
            " ORDER BY position",
            (row[0],),
        ).fetchall()
    draft_id, case_id, created, changed, since, until, text = row
    attachments = tuple(Attachment(*file_row) for file_row in files)
    return Draft(draft_id, case_id, created, changed, since, until, text, attachments)


def needed_draft(file: CaseFile) -> Draft:
    """The active case's draft.

    :raises Problem: ``no_case``, ``alert_no_draft``.
    """
    file.show()
    draft = open_draft(file)
    if draft is None:
        raise Problem("alert_no_draft")
    return draft


def set_description(file: CaseFile, text: str | None) -> Draft:
    """Put the person's own words into the draft; None lets the program draft it again.

    :raises BadInput: ``alert_text_huge``.
    """
    draft = needed_draft(file)
    kept = None if text is None else "\n".join(clean_lines(text))
    if kept is not None and len(kept) > _LONGEST_TEXT:
        raise BadInput("alert_text_huge", length=len(kept), limit=_LONGEST_TEXT)
    with file.writing() as db:
        db.execute(
            "UPDATE alerts SET description = ?, changed_ns = ? WHERE id = ?", (kept, file.now_ns, draft.id)
        )
    return needed_draft(file)


def set_period(file: CaseFile, since_ns: int | None, until_ns: int | None) -> Draft:
    """Choose what the alert spans (UTC ns, None for the default).

    :raises BadInput: ``empty_period``.
    """
    draft = needed_draft(file)
    if since_ns is not None and until_ns is not None and since_ns >= until_ns:
        raise BadInput("empty_period")
    with file.writing() as db:
        db.execute(
            "UPDATE alerts SET since_ns = ?, until_ns = ?, changed_ns = ? WHERE id = ?",
            (since_ns, until_ns, file.now_ns, draft.id),
        )
    return needed_draft(file)


def attach(file: CaseFile, source: Path, kind: str, folder: Path) -> Draft:
    """Let a copy of this file, kept in ``folder``, go along with the draft.

    :raises BadInput: ``attach_…`` for a file that is none, is empty, too large, or one too many.
    :raises MachineCannot: ``attach_not_writable`` when the copy cannot be kept.
    """
    draft = needed_draft(file)
    if kind not in ATTACHMENT_KINDS:
        raise BadInput("attach_kind", value=clean(kind)[:60], known=" ".join(ATTACHMENT_KINDS))
    added = keep_copy(source, kind, folder)
    if added.sha256 in {one.sha256 for one in draft.attachments}:
        raise BadInput("attach_twice", name=added.name)
    if len(draft.attachments) >= MOST_FILES:
        raise BadInput("attach_many", limit=MOST_FILES)
    return _put_files(file, draft, (*draft.attachments, added))


def detach(file: CaseFile, name: str) -> Draft:
    """Take a file out of the draft, by the name it goes under; our copy stays.

    :raises BadInput: ``attach_unknown``.
    """
    draft = needed_draft(file)
    kept = tuple(one for one in draft.attachments if one.name != clean(name))
    if len(kept) == len(draft.attachments):
        names = ", ".join(one.name for one in draft.attachments)
        raise BadInput("attach_unknown", name=clean(name)[:80], known=names or "–")
    return _put_files(file, draft, kept)


def keep_copy(source: Path, kind: str, folder: Path) -> Attachment:
    """A copy under the name of its SHA-256, readable by its owner only.

    :raises BadInput, MachineCannot: see ``attach``.
    """
    try:
        if not source.is_file():
            raise BadInput("attach_no_file", path=str(source))
        with source.open("rb") as opened:
            content = opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadInput("attach_unreadable", path=str(source), why=error.strerror or str(error)) from None
    if not content:
        raise BadInput("attach_empty", path=str(source))
    if len(content) > LARGEST_BYTES:
        raise BadInput("attach_large", path=str(source), limit=LARGEST_BYTES)
    digest = hashlib.sha256(content).hexdigest()
    name = _shown_name(source)
    copy = folder / f"{digest}{Path(name).suffix.lower()[:10]}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not copy.exists():
            draft = copy.with_suffix(copy.suffix + f".{uuid.uuid4().hex[:6]}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as written:
                written.write(content)
            draft.replace(copy)
    except OSError as error:
        raise MachineCannot(
            "attach_not_writable", path=str(folder), why=error.strerror or str(error)
        ) from None
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Attachment(kind, name, media_type, len(content), digest, str(copy))


def _shown_name(source: Path) -> str:
    name = clean(source.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    return name.replace("/", "_").replace("\\", "_")[-100:] or "fichier"


def _put_files(file: CaseFile, draft: Draft, files: tuple[Attachment, ...]) -> Draft:
    with file.writing() as db:
        db.execute("DELETE FROM alert_attachments WHERE alert_id = ?", (draft.id,))
        db.executemany(
            "INSERT INTO alert_attachments VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (draft.id, n, one.kind, one.name, one.media_type, one.size_bytes, one.sha256, one.path)
                for n, one in enumerate(files)
            ],
        )
        db.execute("UPDATE alerts SET changed_ns = ? WHERE id = ?", (file.now_ns, draft.id))
    return needed_draft(file)
