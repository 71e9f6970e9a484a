"""What a file is that was handed over as a bundle: told apart by its marks before anything in it is checked.

A file that bears any mark of a bundle is one, whole or not: it is for the check to say what is wrong with it. Marks are
the frames that a ZIP (APPNOTE.TXT 6.3.10, sections 4.3.7 and 4.3.12) has around our list of digests and its signature,
twice each, and our first member's at the beginning: one changed byte, or a missing end, leaves most of them.
"""

from __future__ import annotations

import re
import stat
from enum import StrEnum
from pathlib import Path

from jalerte_desktop.documents.bundle import manifest

LOOKED_AT = 1 << 20
"""So many bytes at either end are looked at."""
_NAMES = b"|".join(re.escape(name.encode()) for name in (manifest.LISTING, manifest.SIGNATURE))
_FRAMED = re.compile(rb"PK(?:\x03\x04.{26}|\x01\x02.{42})(?:" + _NAMES + rb")", re.DOTALL)
_LOCAL, _END = b"PK\x03\x04", b"PK\x05\x06"
_NAME_AT = 30
_FIRST = manifest.FIRST[0].encode()


class FileKind(StrEnum):
    """What a file is, as far as its two ends tell."""

    BUNDLE = "bundle"
    FOLDER = "folder"
    EMPTY = "empty"
    PDF = "pdf"
    OTHER_ZIP = "other_zip"
    OTHER = "other"


def kind_of(path: Path) -> FileKind:
    """What lies there. Reads two megabytes at most, and nothing of what is no regular file. Raises OSError."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        return FileKind.FOLDER
    if not stat.S_ISREG(found.st_mode):
        return FileKind.OTHER
    with path.open("rb") as file:
        head = file.read(LOOKED_AT)
        file.seek(max(0, found.st_size - LOOKED_AT))
        tail = file.read(LOOKED_AT)
    return _kind(head, tail)


def _kind(head: bytes, tail: bytes) -> FileKind:
    if not head:
        return FileKind.EMPTY
    if _FRAMED.search(head) or _FRAMED.search(tail) or _begins(head):
        return FileKind.BUNDLE
    # Other programs read a PDF whose first line comes a little later, too.
    if b"%PDF-" in head[:1024]:
        return FileKind.PDF
    if head.startswith((_LOCAL, _END)) or _END in tail[-65_557:]:
        return FileKind.OTHER_ZIP
    return FileKind.OTHER


def _begins(head: bytes) -> bool:
    """As a bundle does, or too short to tell."""
    name = head[_NAME_AT : _NAME_AT + len(_FIRST)]
    return name == _FIRST or (head.startswith(_LOCAL) and len(name) < len(_FIRST) and _FIRST.startswith(name))
