"""What stands around a bundle's contents: the list of all digests, its signature, the key, and ``bundle.json``."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jalerte_desktop.documents.bundle import records
from jalerte_desktop.documents.bundle.archive import Broken, Limits, Member, name_fits

LISTING = "manifest.sha256"
SIGNATURE = "manifest.sig"
KEY = "key.pem"
ABOUT = "bundle.json"
FIRST = ("LISEZMOI.txt", "README.txt")
"""What is read first; then come ``LISTING`` and ``SIGNATURE``, then everything else."""
LARGEST_LISTING = Limits().members * 200
LARGEST_KEY = 1000
LARGEST_ABOUT = 1 << 20
_HOLE = ("first", "last", "start_ns", "end_ns")
_LINE = re.compile(r"([0-9a-f]{64})  ([!-~]+)")
_KEY_HEAD = bytes.fromhex("302a300506032b6570032100")
"""SubjectPublicKeyInfo of an Ed25519 key up to the 32 bytes (RFC 8410, section 4)."""
_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{60})\n-----END PUBLIC KEY-----\n")


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain: the record's number, and the 32 bytes after (or, for a first record, before) it."""

    seq: int
    link: bytes


@dataclass(frozen=True, slots=True)
class About:
    """``bundle.json``. Times in UTC ns.

    ``first``: the first record and the link *before* it; ``last``: the last record and the link after it; ``seal``:
    what the newest seal among the records signs, None where there is none. ``counts`` has ``records`` and ``samples``
    (those shown) and may have more; ``more`` are further keys. ``holes``: records that could not be read, each with
    first and last number and first and last time.
    """

    made_ns: int
    program: str
    copy: str
    since_ns: int
    until_ns: int
    demo: bool
    rules: str
    first: Link
    last: Link
    seal: Link | None
    counts: Mapping[str, int]
    more: Mapping[str, Any]
    holes: tuple[tuple[int, int, int, int], ...] = ()

    def to_bytes(self) -> bytes:
        """Canonical JSON and a line break."""
        document = {
            **self.more,
            "version": 1,
            "made_ns": self.made_ns,
            "program": self.program,
            "copy": self.copy,
            "period": {"since_ns": self.since_ns, "until_ns": self.until_ns},
            "demo": self.demo,
            "rules": self.rules,
            "first": {"seq": self.first.seq, "link_before": self.first.link.hex()},
            "last": {"seq": self.last.seq, "link": self.last.link.hex()},
            "seal": None if self.seal is None else {"seq": self.seal.seq, "link": self.seal.link.hex()},
            "counts": dict(self.counts),
            "holes": [dict(zip(_HOLE, hole, strict=True)) for hole in self.holes],
        }
        return records.canonical(document) + b"\n"


def read_about(data: bytes) -> About:
    """Undo ``About.to_bytes``; raises Broken for anything else, also for a newer version."""
    try:
        return _about(records.parse(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Broken("bundle_about", member=ABOUT, why=str(error)[:200]) from error


def _about(document: Any) -> About:
    known = {
        "version",
        "made_ns",
        "program",
        "copy",
        "period",
        "demo",
        "rules",
        "first",
        "last",
        "seal",
        "counts",
        "holes",
    }
    if document["version"] != 1:
        raise ValueError(f"version {document['version']!r}")
    return About(
        _number(document["made_ns"]),
        _text(document["program"]),
        _text(document["copy"]),
        _number(document["period"]["since_ns"]),
        _number(document["period"]["until_ns"]),
        document["demo"] is not False,
        _text(document["rules"]),
        Link(_number(document["first"]["seq"]), records.unhex(document["first"]["link_before"], 32)),
        _link(document["last"]),
        None if document["seal"] is None else _link(document["seal"]),
        {name: _number(count) for name, count in document["counts"].items()},
        {name: value for name, value in document.items() if name not in known},
        tuple(_hole(one) for one in document.get("holes", [])),
    )


def _link(found: Any) -> Link:
    return Link(_number(found["seq"]), records.unhex(found["link"], 32))


def _hole(found: Any) -> tuple[int, int, int, int]:
    first, last, start_ns, end_ns = (_number(found[name]) for name in _HOLE)
    return first, last, start_ns, end_ns


def _number(value: Any) -> int:
    if type(value) is not int or not -(1 << 63) <= value < 1 << 63:
        raise ValueError("no whole number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError("no text")
    return value


def make(members: Sequence[Member]) -> bytes:
    """The listing of these members, as ``sha256sum -c`` reads it. Leave ``LISTING`` and ``SIGNATURE`` out."""
    return "".join(
        f"{hashlib.sha256(member.data).hexdigest()}  {member.name}\n" for member in members
    ).encode()


def assemble(members: Sequence[Member], sign: Callable[[bytes], bytes]) -> tuple[Member, ...]:
    """All members of a bundle in their order: ``members`` begin with ``FIRST`` and have neither listing nor signature.

    ``sign`` gives the Ed25519 signature (64 bytes) of the listing's bytes, of the key in ``KEY``.
    """
    if tuple(member.name for member in members[: len(FIRST)]) != FIRST:
        raise ValueError("the bundle does not begin with what is to be read first")
    listing = make(members)
    return (
        *members[: len(FIRST)],
        Member(LISTING, listing),
        Member(SIGNATURE, sign(listing)),
        *members[len(FIRST) :],
    )


def read(data: bytes) -> dict[str, str]:
    """Name → SHA-256 in hexadecimal, in the listing's order; raises Broken."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        raise Broken("bundle_listing", member=LISTING) from None
    found: dict[str, str] = {}
    for line in text.removesuffix("\n").split("\n"):
        parts = _LINE.fullmatch(line)
        if parts is None or parts[2] in found or not name_fits(parts[2]):
            raise Broken("bundle_listing", member=LISTING)
        found[parts[2]] = parts[1]
    if not text.endswith("\n") or {LISTING, SIGNATURE} & found.keys():
        raise Broken("bundle_listing", member=LISTING)
    return found


def order(listed: Sequence[str]) -> tuple[str, ...]:
    """The members' names as they lie in the bundle, for a listing's names; ``FIRST`` must come first among them."""
    return (*listed[: len(FIRST)], LISTING, SIGNATURE, *listed[len(FIRST) :])


def key_pem(public: bytes) -> bytes:
    """The 32 bytes of an Ed25519 public key as ``openssl`` reads it."""
    return (
        b"-----BEGIN PUBLIC KEY-----\n"
        + base64.b64encode(_KEY_HEAD + public)
        + b"\n-----END PUBLIC KEY-----\n"
    )


def read_key(data: bytes) -> bytes:
    """The 32 bytes of the key; raises Broken for any other text than ``key_pem`` writes."""
    found = _PEM.fullmatch(data)
    try:
        whole = base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        whole = b""
    if len(whole) != 44 or key_pem(whole[12:]) != data:
        raise Broken("bundle_key", member=KEY)
    return whole[12:]
