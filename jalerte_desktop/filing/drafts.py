"""Drafts of alerts in the case file: the person's own words, the period they chose, the files that go along."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from diagnostics.model import BadInput, MachineCannot, Problem
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.casefile.text import clean, clean_lines
from jalerte_desktop.filing.model import Attachment
from jalerte_desktop.filing.photo_copy import without_metadata

LARGEST_BYTES = 20_000_000
MOST_FILES = 10
_LONGEST_TEXT = 20_000
ATTACHMENT_KINDS = ("photo", "letter", "report", "evidence", "other")
_BEGINNINGS = (
    (b"\xff\xd8", "image/jpeg"),
    (b"\x89PNG\r\n", "image/png"),
    (b"%PDF-", "application/pdf"),
    (b"GIF8", "image/gif"),
)
_WEBP, _UNKNOWN = "image/webp", "application/octet-stream"


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


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that was added to a draft. ``stripped``: its copy is without what the camera wrote beside the picture."""

    draft: Draft
    added: Attachment
    stripped: bool


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


def attach(file: CaseFile, source: Path, kind: str, folder: Path, *, keep_metadata: bool = False) -> Attached:
    """Let a copy of this file, kept in ``folder``, go along with the draft, under a name that no other has.

    Of a JPEG or PNG the place, time and device stay behind, unless ``keep_metadata``.

    :raises BadInput: ``attach_…`` for a file that is none, is empty, too large, or one too many.
    :raises MachineCannot: ``attach_not_writable`` when the copy cannot be kept.
    """
    draft = needed_draft(file)
    if kind not in ATTACHMENT_KINDS:
        raise BadInput("attach_kind", value=clean(kind)[:60], known=" ".join(ATTACHMENT_KINDS))
    added, stripped = keep_copy(source, kind, folder, keep_metadata)
    if added.sha256 in {one.sha256 for one in draft.attachments}:
        raise BadInput("attach_twice", name=added.name)
    if len(draft.attachments) >= MOST_FILES:
        raise BadInput("attach_many", limit=MOST_FILES)
    added = replace(added, name=_free_name(added.name, {one.name for one in draft.attachments}))
    return Attached(_put_files(file, draft, (*draft.attachments, added)), added, stripped)


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


def keep_copy(source: Path, kind: str, folder: Path, keep_metadata: bool = False) -> tuple[Attachment, bool]:
    """A copy under the name of its SHA-256, readable by its owner only; whether metadata stayed behind.

    A link is followed, and the file goes under its own name.

    :raises BadInput, MachineCannot: see ``attach``.
    """
    real, original = _read(source)
    content = original if keep_metadata else without_metadata(original) or original
    digest = hashlib.sha256(content).hexdigest()
    name = shown_name(real)
    copy = folder / f"{digest}{Path(name).suffix.lower()[:10]}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _holds(copy, digest):
            _write(copy, content)
    except OSError as error:
        raise MachineCannot(
            "attach_not_writable", path=str(folder), why=error.strerror or str(error)
        ) from None
    attachment = Attachment(kind, name, _media_type(name, content), len(content), digest, str(copy))
    return attachment, content != original


def _read(source: Path) -> tuple[Path, bytes]:
    try:
        real = source.resolve()
        if not real.is_file():
            raise BadInput("attach_no_file", path=str(source))
        with real.open("rb") as opened:
            # Files of /proc have no size and hold what happens to be there.
            empty = os.fstat(opened.fileno()).st_size == 0
            content = b"" if empty else opened.read(LARGEST_BYTES + 1)
    except (RuntimeError, ValueError):  # links that lead round in a circle, a name that is none
        raise BadInput("attach_no_file", path=str(source)) from None
    except OSError as error:
        raise BadInput("attach_unreadable", path=str(source), why=error.strerror or str(error)) from None
    if not content:
        raise BadInput("attach_empty", path=str(source))
    if len(content) > LARGEST_BYTES:
        raise BadInput("attach_large", path=str(source), limit=LARGEST_BYTES)
    return real, content


def _holds(copy: Path, digest: str) -> bool:
    """Whether our copy is still what it was; one that is not is written again."""
    try:
        with copy.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == digest
    except OSError:
        return False


def _write(copy: Path, content: bytes) -> None:
    draft = copy.with_suffix(copy.suffix + f".{uuid.uuid4().hex[:6]}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        draft.replace(copy)
    finally:
        draft.unlink(missing_ok=True)


def _media_type(name: str, content: bytes) -> str:
    """By how the content begins; the name decides only of what has no such beginning."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _WEBP
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    named = mimetypes.guess_type(name)[0] or _UNKNOWN
    return _UNKNOWN if named in (_WEBP, *dict(_BEGINNINGS).values()) else named


def _free_name(name: str, taken: set[str]) -> str:
    path, found, number = Path(name), name, 2
    while found in taken:
        found, number = f"{path.stem} ({number}){path.suffix}", number + 1
    return found


def shown_name(source: Path) -> str:
    """The name that an attached file goes under: one line, no folder, nothing that a terminal would obey."""
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
