"""The chain: what of a record is hashed, and how. Documented in ``docs/journal.md``.

A record is a set of named *fields*. Each field has a salted digest of its own, the record's digest runs over those, and
the chain over the records' digests. So any field can be taken out of a copy, its digest left in its place, and the
chain still verifies.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterable, Mapping

GENESIS = b"\0" * 32
SALT_BYTES = 16
SAMPLES = "samples"
"""The type of a record that holds samples; every other type is an event's kind."""

_RECORD = struct.Struct("<qqqB")
_PREFIX = b"jalerte record 2\n"


def salt(secret: bytes, seq: int, name: str) -> bytes:
    """The salt of one field: without it, a digest left behind could be guessed from few possible contents."""
    return hmac.digest(secret, struct.pack("<q", seq) + name.encode(), "sha256")[:SALT_BYTES]


def field_digest(field_salt: bytes, name: str, value: bytes) -> bytes:
    """SHA-256 over the salt, the field's name and its bytes."""
    label = name.encode()
    return hashlib.sha256(field_salt + struct.pack("<B", len(label)) + label + value).digest()


def record_digest(
    seq: int, kind: str, start_ns: int, end_ns: int, fields: Iterable[tuple[str, bytes]]
) -> bytes:
    """SHA-256 over the record's head and its fields' names and digests, which come sorted by name."""
    label = kind.encode()
    parts = [_PREFIX, _RECORD.pack(seq, start_ns, end_ns, len(label)), label]
    for name, digest in fields:
        name_bytes = name.encode()
        parts += (struct.pack("<B", len(name_bytes)), name_bytes, digest)
    return hashlib.sha256(b"".join(parts)).digest()


def digests(secret: bytes, seq: int, fields: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    """Names and digests of a record's fields, sorted by name (in the order of their UTF-8 bytes)."""
    return [
        (name, field_digest(salt(secret, seq, name), name, fields[name]))
        for name in sorted(fields, key=str.encode)
    ]


def link(previous: bytes, digest: bytes) -> bytes:
    """The next link of the chain."""
    return hashlib.sha256(previous + digest).digest()
