"""The bundle's container: a ZIP of which, for given members, only one sequence of bytes is right.

Every member is stored, none compressed; date, attributes and versions are fixed; there are no extra fields, comments,
descriptors, folders or gaps. Reading rebuilds each header from name, size and checksum and compares it with what lies
there, so every byte of a file that is read without complaint is either a member's content or as this module writes it.
That also leaves no way to name a path outside, a link, a device, or more data than the file has. Format: APPNOTE.TXT
6.3.10 (PKWARE), sections 4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import hashlib
import re
import stat
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from diagnostics.model import Problem, Scalar

CHUNK_BYTES = 1 << 20

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_ENTRY = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_LOCAL_SIGN, _ENTRY_SIGN, _END_SIGN = 0x04034B50, 0x02014B50, 0x06054B50
_VERSION = 20
_MADE_BY = 3 << 8 | _VERSION
"""Unix, so that unpacking gives the mode below."""
_DATE = 1 << 5 | 1
"""1 January 1980, the first day that the format knows; the time is 0."""
_MODE = (stat.S_IFREG | 0o644) << 16
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
_LONGEST_NAME = 120


class Broken(Problem):
    """The bundle is not as it was made: the values say which member, or which record (``seq``, ``at_ns``)."""

    def __init__(
        self, code: str, *, member: str = "", seq: int = 0, at_ns: int = 0, **values: Scalar
    ) -> None:
        self.member, self.seq, self.at_ns = member, seq, at_ns
        super().__init__(code, member=member, seq=seq, **values)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the bundle. ``name`` has ``/`` between folders: see ``name_fits``."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """What is looked at before anything is read: bytes of the file, number of members."""

    file_bytes: int = 1 << 30
    members: int = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member's content lies in the file."""

    name: str
    offset: int
    size: int


def name_fits(name: str) -> bool:
    """Letters, digits, ``_ - .`` and ``/``; no dot at either end of a part, no name that Windows keeps for itself."""
    parts = name.split("/")
    return (
        len(name) <= _LONGEST_NAME
        and len(parts) <= 4
        and all(_NAME.fullmatch(part) and not _RESERVED.fullmatch(part) for part in parts)
    )


def write(members: Sequence[Member]) -> bytes:
    """The one ZIP of these members in this order. Raises ValueError for a name or a size that cannot be."""
    fault = _fault_of_names([member.name for member in members], Limits())
    if fault:
        raise ValueError(fault)
    body: list[bytes] = []
    entries: list[bytes] = []
    offset = 0
    for member in members:
        checksum = zlib.crc32(member.data)
        local = _local(member.name, checksum, len(member.data))
        entries.append(_entry(member.name, checksum, len(member.data), offset))
        body += (local, member.data)
        offset += len(local) + len(member.data)
    directory = b"".join(entries)
    if offset + len(directory) + _END.size > Limits().file_bytes:
        raise ValueError("larger than a bundle may be")
    return b"".join((*body, directory, _end(len(entries), len(directory), offset)))


def _fault_of_names(names: Sequence[str], limits: Limits) -> str:
    """Why these cannot be a bundle's names, or nothing."""
    seen: set[str] = set()
    if not 0 < len(names) <= limits.members:
        return f"{len(names)} members"
    for name in names:
        if not name_fits(name):
            return f"no name for a member: {name[:80]!r}"
        if name.lower() in seen:
            return f"two members named {name}"
        seen.add(name.lower())
    return ""


def _local(name: str, checksum: int, size: int) -> bytes:
    label = name.encode("ascii")
    return _LOCAL.pack(_LOCAL_SIGN, _VERSION, 0, 0, 0, _DATE, checksum, size, size, len(label), 0) + label


def _entry(name: str, checksum: int, size: int, offset: int) -> bytes:
    label = name.encode("ascii")
    return (
        _ENTRY.pack(
            _ENTRY_SIGN,
            _MADE_BY,
            _VERSION,
            0,
            0,
            0,
            _DATE,
            checksum,
            size,
            size,
            len(label),
            0,
            0,
            0,
            0,
            _MODE,
            offset,
        )
        + label
    )


def _end(count: int, directory_bytes: int, offset: int) -> bytes:
    return _END.pack(_END_SIGN, 0, 0, count, count, directory_bytes, offset, 0)


class Archive:
    """A bundle's file, open for reading. Its container was found to be right before a member can be asked for."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        """Raises Broken where the container is not right, OSError where the file cannot be read.

        Costs one pass over the file; needs memory for one megabyte and the names.
        """
        limits = limits or Limits()
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Broken("bundle_no_file")
        if found.st_size > limits.file_bytes:
            raise Broken("bundle_too_large", bytes=found.st_size)
        self._file: BinaryIO = path.open("rb")
        try:
            self._places = {place.name: place for place in _container(self._file, found.st_size, limits)}
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names, in their order."""
        return tuple(self._places)

    def size(self, name: str) -> int:
        return self._places[name].size

    def chunks(self, name: str) -> Iterator[bytes]:
        """A member's content in pieces of a megabyte at most; raises KeyError for a name that is not there."""
        place = self._places[name]
        yield from _pieces(self._file, place.offset, place.size)

    def read(self, name: str, largest: int) -> bytes:
        """A member's content; raises Broken where it is longer than ``largest`` bytes."""
        if self._places[name].size > largest:
            raise Broken("bundle_member_too_large", member=name)
        return b"".join(self.chunks(name))

    def sha256(self, name: str) -> str:
        """In hexadecimal."""
        digest = hashlib.sha256()
        for piece in self.chunks(name):
            digest.update(piece)
        return digest.hexdigest()


def read(path: Path, limits: Limits | None = None) -> tuple[Member, ...]:
    """All members at once, for bundles known to be small. Raises as ``Archive``."""
    with Archive(path, limits) as opened:
        return tuple(Member(name, b"".join(opened.chunks(name))) for name in opened.names)


def _container(file: BinaryIO, size: int, limits: Limits) -> list[Place]:
    """Where each member lies, once every byte that is not content was found to be as ``write`` puts it."""
    end = _tail(file, size)
    _sign, _disk, _first, count, _total, directory_bytes, offset, _comment = end
    if count > limits.members:
        if _exactly(file, 0, 2) != b"PK":
            raise Broken("bundle_no_zip")
        raise Broken("bundle_too_many", count=count)
    if (
        _end(count, directory_bytes, offset) != _END.pack(*end)
        or offset + directory_bytes + _END.size != size
    ):
        raise Broken("bundle_no_zip")
    if directory_bytes > count * (_ENTRY.size + _LONGEST_NAME):
        raise Broken("bundle_directory")
    places = _directory(_exactly(file, offset, directory_bytes), count, offset)
    fault = _fault_of_names([place.name for place, _ in places], limits)
    if fault:
        raise Broken("bundle_bad_names", why=fault)
    for place, checksum in places:
        found = 0
        for piece in _pieces(file, place.offset, place.size):
            found = zlib.crc32(piece, found)
        local = _local(place.name, found, place.size)
        if found != checksum or _exactly(file, place.offset - len(local), len(local)) != local:
            raise Broken("bundle_container", member=place.name)
    return [place for place, _ in places]


def _tail(file: BinaryIO, size: int) -> tuple[int, ...]:
    if size < _END.size:
        raise Broken("bundle_no_zip")
    return _END.unpack(_exactly(file, size - _END.size, _END.size))


def _directory(directory: bytes, count: int, directory_at: int) -> list[tuple[Place, int]]:
    """The members one behind the other, without a gap, from the file's first byte to the directory's."""
    places = []
    at = offset = 0
    for _ in range(count):
        if at + _ENTRY.size > len(directory):
            raise Broken("bundle_directory")
        found = _ENTRY.unpack_from(directory, at)
        checksum, size, length = found[7], found[8], found[10]
        if length > _LONGEST_NAME:
            raise Broken("bundle_directory")
        label = directory[at + _ENTRY.size : at + _ENTRY.size + length]
        name = label.decode("ascii", "replace")
        if not name_fits(name):
            raise Broken("bundle_bad_names", why=f"no name for a member: {name[:80]!r}")
        if directory[at : at + _ENTRY.size + length] != _entry(name, checksum, size, offset):
            raise Broken("bundle_container", member=name)
        places.append((Place(name, offset + _LOCAL.size + length, size), checksum))
        at += _ENTRY.size + length
        offset += _LOCAL.size + length + size
        if offset > directory_at:
            raise Broken("bundle_container", member=name)
    if at != len(directory) or offset != directory_at:
        raise Broken("bundle_directory")
    return places


def _pieces(file: BinaryIO, offset: int, size: int) -> Iterator[bytes]:
    while size:
        piece = _exactly(file, offset, min(size, CHUNK_BYTES))
        yield piece
        offset += len(piece)
        size -= len(piece)


def _exactly(file: BinaryIO, offset: int, size: int) -> bytes:
    """Raises Broken where the file ends before: it was cut while it was read."""
    file.seek(offset)
    found = file.read(size)
    if len(found) != size:
        raise Broken("bundle_no_zip")
    return found
