"""Is a bundle as it was made? Every byte of the file stands under one of these:

- headers, directory and end of the ZIP: rebuilt from names, sizes and checksums, and compared (``archive``);
- ``manifest.sig``: the Ed25519 signature of the listing, which no other 64 bytes are;
- ``manifest.sha256``: that signature;
- every other member, and their order: the SHA-256 in the listing.

The listing is only as good as its key, which lies in the bundle: whoever has another key can make another bundle. So
the key's fingerprint is told, to be compared with the one that was printed in letters, and the chain is followed as
well: each record's digest and link, each seal's signature, figures against samples, every row of the tables, which is
worked out anew, and what else refers to records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from diagnostics.model import BadInput, Remark, Scalar
from jalerte_desktop.documents.bundle import manifest, records
from jalerte_desktop.documents.bundle.archive import Archive, Broken
from jalerte_desktop.documents.bundle.checks_about import REMOVED, check_about
from jalerte_desktop.documents.bundle.checks_chain import Walked, walk
from jalerte_desktop.documents.bundle.checks_contents import (
    INCIDENTS,
    INCIDENTS_TABLE,
    STAMPS,
    check_contents,
)
from jalerte_desktop.documents.bundle.checks_tables import ROLLUPS_TABLE, SAMPLES_TABLE, Tables
from jalerte_desktop.words.figures import local

OK, FAILED, UNCHECKED = "ok", "failed", "unchecked"
VERIFY = "verify.py"
NEEDED = (
    *manifest.FIRST,
    manifest.KEY,
    manifest.ABOUT,
    INCIDENTS,
    INCIDENTS_TABLE,
    records.MEMBER,
    ROLLUPS_TABLE,
    SAMPLES_TABLE,
    REMOVED,
)
_ALSO = ("report.pdf", VERIFY)
_FOLDERS = (STAMPS, "attachments/")
HOLE = "bundle_hole"
"""All is as it was signed, but a part of the journal could already not be read then."""
_UNSIGNED = ("bundle_signature", "bundle_seal_signature")


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is not right. ``seq`` and ``at_ns`` (UTC) are 0 where it is no matter of a record."""

    code: str
    values: Mapping[str, Scalar]
    member: str
    seq: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class BundleCheck:
    """What was found. ``blocks``, ``samples`` and ``members`` were looked at and found right.

    ``signature`` is ``OK``, ``FAILED``, or ``UNCHECKED`` where it could not be checked or was not reached; ``ok`` is
    True only where all is right and every signature was checked; a fault with the code ``HOLE`` says that all is as it
    was signed, and what could already not be read then. ``fingerprint`` (SHA-256 of the public key) is empty
    where the key could not be read. ``notes`` are remarks that are no faults.
    """

    ok: bool
    blocks: int
    samples: int
    members: int
    signature: str
    fingerprint: str
    first_fault: Fault | None
    notes: tuple[Remark, ...]
    about: manifest.About | None


class _Course:
    """How far a check came."""

    def __init__(self) -> None:
        self.members = 0
        self.signature = UNCHECKED
        self.key = b""
        self.about: manifest.About | None = None
        self.walked: Walked | None = None
        self.stamps = 0
        self.verify = ""


def check_bundle(path: Path, progress: Callable[[int, int], None] | None = None) -> BundleCheck:
    """Check a bundle's file; nothing is written anywhere. ``progress`` is told records done and to be done.

    Raises BadInput where there is no such file or it cannot be read. Whatever the file holds, nothing else is raised,
    and a file that is none of ours is left at its first fault: no more than some megabytes are held at a time, but for
    the chain's links (34 bytes a record).
    """
    course = _Course()
    try:
        with Archive(path) as archive:
            _check(archive, course, progress)
    except Broken as broken:
        code, values = broken.remark.code, dict(broken.remark.values)
        if code in _UNSIGNED:
            course.signature = FAILED
        return _result(course, Fault(code, values, broken.member, broken.seq, broken.at_ns))
    except FileNotFoundError:
        raise BadInput("bundle_missing", path=str(path)) from None
    except OSError as error:
        raise BadInput("bundle_unreadable", path=str(path), why=error.strerror or str(error)) from error
    return _result(course, None)


def _result(course: _Course, fault: Fault | None) -> BundleCheck:
    walked = course.walked
    unchecked = course.signature == UNCHECKED or (walked is not None and walked.unchecked)
    return BundleCheck(
        ok=fault is None and not unchecked,
        blocks=walked.records if walked else 0,
        samples=walked.samples if walked else 0,
        members=course.members,
        signature=UNCHECKED if unchecked and course.signature == OK else course.signature,
        fingerprint=hashlib.sha256(course.key).hexdigest() if course.key else "",
        first_fault=fault,
        notes=() if fault and fault.code != HOLE else tuple(_notes(course)),
        about=course.about,
    )


def _notes(course: _Course) -> Iterator[Remark]:
    walked, about = course.walked, course.about
    if walked is None or about is None:
        return
    if course.signature == UNCHECKED or walked.unchecked:
        yield Remark.of("note_unchecked")
    yield Remark.of("note_fingerprint", fingerprint=hashlib.sha256(course.key).hexdigest())
    if not walked.keys:
        yield Remark.of("note_no_seal")
    if len(walked.keys) > 1:
        yield Remark.of("note_keys", count=len(walked.keys))
    if about.more.get("complete") is False:
        yield Remark.of("note_ends_early", seq=about.last.seq)
    if about.demo:
        yield Remark.of("note_demo")
    if course.stamps:
        yield Remark.of("note_stamps", count=course.stamps)
    if course.verify not in ("", hashlib.sha256(verify_alone()).hexdigest()):
        yield Remark.of("note_verify_differs", member=VERIFY)


def _check(archive: Archive, course: _Course, progress: Callable[[int, int], None] | None) -> None:
    listing = _members(archive, course)
    course.key = manifest.read_key(archive.read(manifest.KEY, manifest.LARGEST_KEY))
    signature = archive.read(manifest.SIGNATURE, 64)
    right = verify_ed25519(course.key, signature, listing)
    course.signature = {True: OK, False: FAILED, None: UNCHECKED}[right]
    if right is False:
        raise Broken("bundle_signature", member=manifest.SIGNATURE)
    course.about = manifest.read_about(archive.read(manifest.ABOUT, manifest.LARGEST_ABOUT))
    found = records.read(archive.chunks(records.MEMBER), records.bound(archive.size(records.MEMBER)))
    course.walked = Walked(course.about.first)
    tables = Tables(archive, course.about)
    walk(course.walked, found, course.about, verify_ed25519, tables.follow, progress)
    if course.walked.keys and course.walked.key != course.key:
        raise Broken("bundle_other_key", member=manifest.KEY)
    course.stamps = check_contents(archive, course.about, course.walked)
    tables.finish()
    check_about(course.about, course.walked, tables.rollups, course.stamps)
    if course.walked.holes:
        raise _with_holes(course.walked)


def _with_holes(walked: Walked) -> Broken:
    """All else is right: what the first hole is, and how many there are."""
    hole = walked.holes[0]
    return Broken(
        HOLE,
        seq=hole.first,
        at_ns=hole.start_ns,
        records=hole.last - hole.first + 1,
        since=_minute(hole.start_ns),
        until=_minute(hole.end_ns),
        holes=len(walked.holes),
    )


def _minute(ns: int) -> str:
    try:
        return f"{local(ns, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return str(ns)


def _members(archive: Archive, course: _Course) -> bytes:
    """The listing, once names, order and digests of all members were found to be those that it has."""
    names = archive.names
    if manifest.LISTING not in names or manifest.SIGNATURE not in names:
        raise Broken("bundle_lacks", member=manifest.LISTING)
    listing = archive.read(manifest.LISTING, manifest.LARGEST_LISTING)
    listed = manifest.read(listing)
    if names != manifest.order(tuple(listed)):
        there, told = set(names), {*listed, manifest.LISTING, manifest.SIGNATURE}
        for name in sorted(told - there):
            raise Broken("bundle_lacks", member=name)
        for name in sorted(there - told):
            raise Broken("bundle_beside", member=name)
        raise Broken("bundle_order")
    for name in NEEDED:
        if name not in listed:
            raise Broken("bundle_lacks", member=name)
    for name in listed:
        if name not in (*NEEDED, *_ALSO) and not name.startswith(_FOLDERS):
            raise Broken("bundle_unknown_member", member=name)
    for name, digest in listed.items():
        if archive.sha256(name) != digest:
            raise Broken("bundle_digest", member=name)
        course.members += 1
    course.members += 2
    course.verify = listed.get(VERIFY, "")
    return listing


def verify_alone() -> bytes:
    """The stand-alone check that goes into a bundle, as it ships."""
    return Path(__file__).with_name("verify_alone.py").read_bytes()


def verify_ed25519(key: bytes, signature: bytes, message: bytes) -> bool | None:
    """True or False; None where this machine's ``cryptography`` cannot check such a signature."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except UnsupportedAlgorithm:
        return None
    except (InvalidSignature, ValueError):
        return False
    return True
