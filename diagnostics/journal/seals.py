"""Seals: the chain's newest link, signed with the machine's key, and kept apart from the journal.

``keys/head.json`` holds the newest signed link, so that a journal whose end was cut off is found out. The signature is
Ed25519 (RFC 8032) over ``message``. Documented in ``docs/evidence.md``.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from diagnostics import machine_key
from diagnostics.machine_key import MachineKey
from diagnostics.model import Event, EventKind, MachineCannot, Scalar

HEAD_NAME = "head.json"
_VERSION = 1
_LARGEST_BYTES = 4096
_PREFIX = b"jalerte seal 1\n"


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A link of the chain and its signature. ``key``: the public key, 32 bytes. ``at_ns``: when it was signed."""

    seq: int
    link: bytes
    at_ns: int
    key: bytes
    signature: bytes

    @property
    def holds(self) -> bool:
        """True when the signature is the key's, over this number and link."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, message(self.seq, self.link))
        except (InvalidSignature, ValueError):
            return False
        return True


def fingerprint(key: bytes) -> str:
    """SHA-256 of a public key, in hexadecimal; empty for none."""
    return hashlib.sha256(key).hexdigest() if key else ""


def message(seq: int, link: bytes) -> bytes:
    """What is signed: the purpose, the record's number (i64, little-endian), its link."""
    return _PREFIX + struct.pack("<q", seq) + link


class Sealer:
    """Signs heads with the key of a folder (``keys/``), and keeps the newest there. The key is read at first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key: MachineKey | None = None

    @property
    def key(self) -> MachineKey:
        """Raises Problem (``key_unreadable``, ``key_damaged``) or MachineCannot (``home_not_writable``)."""
        if self._key is None:
            self._key = machine_key.load_or_make(self.folder)
        return self._key

    def sign(self, seq: int, link: bytes, at_ns: int) -> SignedHead:
        return SignedHead(seq, link, at_ns, self.key.public_bytes, self.key.sign(message(seq, link)))

    def keep(self, head: SignedHead) -> None:
        """Put it into ``head.json``, whole or not at all. Raises MachineCannot (``home_not_writable``)."""
        draft = self.folder / f"{HEAD_NAME}.{uuid.uuid4().hex[:8]}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as opened:
                    opened.write(_text(head))
                    opened.flush()
                    os.fsync(opened.fileno())
                draft.replace(self.folder / HEAD_NAME)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            why = error.strerror or str(error)
            raise MachineCannot("home_not_writable", path=str(self.folder), why=why) from None


def event(head: SignedHead) -> Event:
    """The chained event that keeps a seal for good."""
    data: dict[str, Scalar] = {
        "seq": head.seq,
        "link": head.link.hex(),
        "key": head.key.hex(),
        "signature": head.signature.hex(),
    }
    return Event(EventKind.SEAL, head.at_ns, data)


def seal_of(event: Event) -> SignedHead:
    """Undo ``event``; raises ValueError for what is no seal."""
    return _head(event.data, event.at_ns)


def read_head(folder: Path) -> SignedHead | None:
    """The kept head; None where there is none. Raises ValueError for a file that is none."""
    try:
        with (folder / HEAD_NAME).open("rb") as opened:
            text = opened.read(_LARGEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    if len(text) > _LARGEST_BYTES:
        raise ValueError("too long")
    try:
        values = json.loads(text)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(values, dict) or values.get("version") != _VERSION or text != _canonical(values):
        raise ValueError("not a signed head")
    at_ns = values.get("at_ns")
    if not isinstance(at_ns, int) or set(values) != {"version", "seq", "link", "at_ns", "key", "signature"}:
        raise ValueError("not a signed head")
    return _head(values, at_ns)


def _head(values: Mapping[str, object], at_ns: int) -> SignedHead:
    seq = values.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 1 << 62:
        raise ValueError("not a record's number")
    return SignedHead(
        seq,
        _hex(values.get("link"), 32),
        at_ns,
        _hex(values.get("key"), 32),
        _hex(values.get("signature"), 64),
    )


def _hex(value: object, size: int) -> bytes:
    if not isinstance(value, str) or len(value) != 2 * size or value != value.lower():
        raise ValueError("not hexadecimal of the right length")
    found = bytes.fromhex(value)
    if len(found) != size:
        raise ValueError("not hexadecimal of the right length")
    return found


def _text(head: SignedHead) -> bytes:
    return _canonical(
        {
            "version": _VERSION,
            "seq": head.seq,
            "link": head.link.hex(),
            "at_ns": head.at_ns,
            "key": head.key.hex(),
            "signature": head.signature.hex(),
        }
    )


def _canonical(values: object) -> bytes:
    return json.dumps(values, sort_keys=True, indent=1).encode() + b"\n"
