"""What was studied, kept beside the journal, so that the next look begins where this one ended.

``study.kept`` (and ``study-own.kept`` for thresholds of the person's own) is derived: whoever deletes it loses time
only. It is authenticated with a key that the journal alone gives, and nothing of it is unpacked before that; whatever
is wrong with it, the journal is studied anew. Staged samples are never in it.

    "jalerte study 1\\n" | HMAC-SHA256 of all that follows (32) | what it was made with (32) | i64 number and link (32)
    of the record up to which was studied | the Study, pickled, deflated
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import hmac
import io
import os
import pickle
import stat
import struct
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import diagnostics
from diagnostics.incidents.method import Method, default_method
from diagnostics.incidents.study import Study
from diagnostics.incidents.telework import default_call_limits
from diagnostics.journal.reader import Reader
from diagnostics.model import EventKind
from jalerte_desktop.findings.feeding import Progress, feed_sealed

MAGIC = b"jalerte study 2\n"
MOST_BYTES = 10 << 20
WORTH_KEEPING = 180
"""So many new blocks are worth a new file: three hours, studied anew in less than half a second."""
_HASH_BYTES = 32
_PLACE = struct.Struct("<q32sq32s")
_BODY_AT = len(MAGIC) + 2 * _HASH_BYTES + _PLACE.size


def studied(reader: Reader, methods: Sequence[Method], progress: Progress | None = None) -> list[Study]:
    """A study of the sealed part for each method, all of it fed: what was kept is taken from the file, and kept again.

    Raises diagnostics.model.Problem when the journal cannot be read; never for anything wrong with what was kept.
    """
    files = [KeptStudy(reader, method) for method in methods]
    begun = [one.load() or (Study(one.method), 0) for one in files]
    fed = feed_sealed(reader, begun, progress)
    if fed >= WORTH_KEEPING:
        for file, (study, _) in zip(files, begun, strict=True):
            file.save(study)
    return [study for study, _ in begun]


class KeptStudy:
    """The file in which one method's study of this journal is kept."""

    def __init__(self, reader: Reader, method: Method) -> None:
        self.method = method
        self.path = kept_path(reader.path, own=method != default_method())
        self._reader = reader
        self._key = reader.derived_key(b"study")

    def load(self) -> tuple[Study, int] | None:
        """The study and the record up to which it was fed; None where there is nothing to go on with."""
        try:
            blob = self._authentic()
            if blob is None:
                return None
            seq, link, page, pages = _PLACE.unpack_from(blob, _HASH_BYTES)
            if blob[:_HASH_BYTES] != self._made_with() or self._reader.link_at(seq) != link:
                return None
            if self._reader.pages_digest(page) != pages:
                return None
            if any(True for _ in self._reader.events(EventKind.RETENTION, after_seq=seq)):
                return None  # it knows more than the journal still does
            with _no_collecting():
                study = _StudyUnpickler(io.BytesIO(zlib.decompress(blob[_HASH_BYTES + _PLACE.size :]))).load()
            return (study, seq) if isinstance(study, Study) else None
        except Exception:
            return None  # a derived file: whatever is wrong with it, the journal says it all again

    def _authentic(self) -> bytes | None:
        """What follows the HMAC, when this journal's key made it."""
        status = self.path.stat()
        if not stat.S_ISREG(status.st_mode) or not _BODY_AT < status.st_size <= MOST_BYTES + _BODY_AT:
            return None
        with self.path.open("rb") as file:
            blob = file.read(MOST_BYTES + _BODY_AT + 1)
        start = len(MAGIC) + _HASH_BYTES
        if not blob.startswith(MAGIC):
            return None
        expected = hmac.digest(self._key, blob[start:], "sha256")
        return blob[start:] if hmac.compare_digest(expected, blob[len(MAGIC) : start]) else None

    def save(self, study: Study) -> None:
        """Keep a study that was fed all that is sealed; where that cannot be done, nothing is kept."""
        head = self._reader.head()
        if head is None:
            return
        with _no_collecting():
            body = zlib.compress(pickle.dumps(study, pickle.HIGHEST_PROTOCOL), 1)
        if len(body) > MOST_BYTES:
            return
        page = self._reader.newest_page
        place = _PLACE.pack(head.seq, head.link, page, self._reader.pages_digest(page))
        blob = self._made_with() + place + body
        with contextlib.suppress(OSError):
            _write(self.path, MAGIC + hmac.digest(self._key, blob, "sha256") + blob)

    def _made_with(self) -> bytes:
        """Program, thresholds and journal: where one of these is another, the study would be."""
        first = self._reader.first_link() or b""
        made_with = (
            diagnostics.__version__,
            _sources(),
            astuple(self.method),
            astuple(default_call_limits()),
        )
        return hashlib.sha256(repr((made_with, first)).encode()).digest()


_ROOMS = ("diagnostics.incidents.", "diagnostics.model", "diagnostics.witnesses")
_CONTAINERS = {
    ("collections", "Counter"),
    ("collections", "defaultdict"),
    ("collections", "deque"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "int"),
    ("builtins", "list"),
    ("builtins", "dict"),
    ("array", "array"),
    ("array", "_array_reconstructor"),
}


class _StudyUnpickler(pickle.Unpickler):
    """Makes classes of facts and containers, and nothing that acts."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _CONTAINERS:
            return super().find_class(module, name)
        if module.startswith(_ROOMS) and name.isidentifier():
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a study")


def kept_path(journal: Path, *, own: bool = False) -> Path:
    name = "study-own.kept" if own else "study.kept"
    return journal.with_name(name if journal.stem == "journal" else f"{journal.stem}-{name}")


def _sources() -> str:
    """The state of the program's own files, while it is being worked on: they change without its version."""
    folder = Path(diagnostics.__file__).parent
    files = sorted([*folder.glob("*.py"), *(folder / "incidents").glob("*.py")])
    return repr([(file.name, (status := file.stat()).st_size, status.st_mtime_ns) for file in files])


def _write(path: Path, blob: bytes) -> None:
    """Put a file in place at once, readable by its owner alone. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=".study-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(blob)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _no_collecting() -> Iterator[None]:
    """Many objects are made at once and none is garbage: looking for it would take half of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
