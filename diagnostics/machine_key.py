"""This machine's Ed25519 key: what it signs can be told to come from one and the same machine.

It lies in the home folder as ``keys/machine.pem`` (PKCS #8, PEM), readable by its owner only, and is never replaced:
a key that cannot be read is the person's to mend, since a new one would make another machine of this one.
``cryptography`` is imported when a key is asked for, and not before.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from diagnostics.model import MachineCannot, Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NAME = "machine.pem"
_LARGEST_BYTES = 4096
_WAIT_S = 2.0
"""How long another process may take to write the key, where it could not be put in place at once."""


class MachineKey:
    """The key, held in memory. Nothing of the private half can be read from it or shows when it is printed."""

    __slots__ = ("_private", "fingerprint", "public_bytes")

    public_bytes: bytes
    """The public key, 32 bytes."""
    fingerprint: str
    """SHA-256 of ``public_bytes``, in hexadecimal."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public_bytes = private.public_key().public_bytes_raw()
        self.fingerprint = hashlib.sha256(self.public_bytes).hexdigest()

    def sign(self, message: bytes) -> bytes:
        """The signature of these bytes, 64 bytes (RFC 8032). Let each purpose have its own first bytes."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"MachineKey({self.fingerprint[:16]}…)"


def load_or_make(folder: Path) -> MachineKey:
    """The key in this folder (``keys/`` of the home folder); made when there is none. All processes get the same.

    :raises Problem: ``key_unreadable``, ``key_damaged``: it is there and cannot be used; nothing was changed.
    :raises MachineCannot: ``home_not_writable`` when it cannot be made.
    """
    path = folder / NAME
    kept = _read(path)
    if kept is None:
        _make(path)
        kept = _read(path)
        if kept is None:
            raise Problem("key_unreadable", path=str(path), why="")
    return MachineKey(kept)


def _read(path: Path) -> Ed25519PrivateKey | None:
    """The key, or None where there is no file. A file that another process is still writing is waited for."""
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            with path.open("rb") as opened:
                _for_owner_only(opened.fileno())
                text = opened.read(_LARGEST_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Problem("key_unreadable", path=str(path), why=error.strerror or str(error)) from None
        found = _parsed(text)
        if found is not None:
            return found
        if b"-----END" in text or len(text) > _LARGEST_BYTES or time.monotonic() > until:
            raise Problem("key_damaged", path=str(path))
        time.sleep(0.05)


def _for_owner_only(descriptor: int) -> None:
    """A copy that was put back may have come with wider permissions."""
    if os.name == "posix" and os.fstat(descriptor).st_mode & 0o077:
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, 0o600)


def _parsed(text: bytes) -> Ed25519PrivateKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it wants a password
        return None
    return key if isinstance(key, Ed25519PrivateKey) else None


def _make(path: Path) -> None:
    """Put a new key there, whole or not at all, unless another process was first."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f"{NAME}.{uuid.uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            _write_new(draft, text)
            _place(draft, path, text)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        why = error.strerror or str(error)
        raise MachineCannot("home_not_writable", path=str(path.parent), why=why) from None


def _place(draft: Path, path: Path, text: bytes) -> None:
    """A hard link is made or refused in one go. File systems without them get the file itself, opened as a new one."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:
        try:
            _write_new(path, text)
        except FileExistsError:
            return


def _write_new(path: Path, text: bytes) -> None:
    """Raises FileExistsError where there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    """A key that was used must not vanish with the power. Windows knows no such thing."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
