"""Looks for words in every byte of a bundle, however they are packed: gzip, PDF, base64, hexadecimal, encodings."""

from __future__ import annotations

import binascii
import gzip
import io
import json
import re
import shutil
import subprocess
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

import pikepdf

from jalerte_desktop.documents.bundle.archive import Member

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){6,}")
_DEEPEST = 4


def found(members: Sequence[Member], secrets: Mapping[str, str]) -> list[tuple[str, str]]:
    """Which secrets stand where: (where, which)."""
    patterns = [
        (name, pattern) for name, secret in secrets.items() for pattern in dict.fromkeys(_patterns(secret))
    ]
    hits = []
    for member in members:
        for where, data in _layers(member.name, member.data, _DEEPEST):
            folded = _folded(data)
            hits += [
                (where, name) for name, pattern in patterns if pattern in folded and _alone(pattern, folded)
            ]
        hits += [
            ("name of " + member.name, n)
            for n, pattern in patterns
            if pattern in _folded(member.name.encode())
        ]
    return sorted(set(hits))


def _alone(pattern: bytes, folded: bytes) -> bool:
    """A few digits stand in many digests by chance: they count where no digit or letter goes on with them."""
    if len(pattern) >= 8 or not pattern.isdigit():
        return True
    return re.search(rb"(?<![0-9a-z+/])" + pattern + rb"(?![0-9a-z+/])", folded) is not None


def _folded(data: bytes) -> bytes:
    """Capitals of the Latin alphabet as small letters: enough for bytes of any encoding."""
    return data.lower()


def _patterns(secret: str) -> Iterator[bytes]:
    plain = unicodedata.normalize("NFD", secret)
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    for text in dict.fromkeys((secret, plain, bare, secret.casefold(), secret.upper())):
        for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "utf-32-le"):
            try:
                yield _folded(text.encode(encoding))
            except UnicodeEncodeError:
                continue
        yield _folded(json.dumps(text)[1:-1].encode())
        yield _folded(quote(text).encode())
    digits = secret.replace(":", "")
    if re.fullmatch(r"[0-9a-fA-F]{12}", digits):
        yield _folded(bytes.fromhex(digits))
    if re.fullmatch(r"[0-9a-f]{64}", secret):
        yield _folded(bytes.fromhex(secret))


def _layers(where: str, data: bytes, deeper: int) -> Iterator[tuple[str, bytes]]:
    """The bytes, and what is packed in them."""
    yield where, data
    if not deeper:
        return
    if data.startswith(b"\x1f\x8b"):
        yield from _layers(f"{where}, unpacked", gzip.decompress(data), deeper - 1)
        return
    if data.startswith(b"%PDF"):
        for name, inner in _pdf(data):
            yield from _layers(f"{where}, {name}", inner, deeper - 1)
        return
    if not _is_text(data):
        return
    joined = bytearray()
    for match in _BASE64.finditer(data):
        text = match[0].rstrip(b"=")
        for skip in range(4):
            try:
                joined += binascii.a2b_base64(_padded(text[skip:].translate(_PLAIN))) + b"\n"
            except binascii.Error:
                continue
    yield f"{where}, base64", bytes(joined)
    yield (
        f"{where}, hexadecimal",
        b"\n".join(bytes.fromhex(match[0].decode()) for match in _HEX.finditer(data)),
    )


def _is_text(data: bytes) -> bool:
    """Only there is something written in base64 or hexadecimal."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


_PLAIN = bytes.maketrans(b"-_", b"+/")


def _padded(text: bytes) -> bytes:
    text = text[:-1] if len(text) % 4 == 1 else text
    return text + b"=" * (-len(text) % 4)


def _pdf(data: bytes) -> Iterator[tuple[str, bytes]]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for number, one in enumerate(pdf.objects):
            if isinstance(one, pikepdf.Stream):
                try:
                    yield f"stream {number}", one.read_bytes()
                except (pikepdf.PdfError, zlib.error):
                    yield f"stream {number}, raw", one.read_raw_bytes()
                yield f"dictionary {number}", "\n".join(_strings(one)).encode()
            else:
                yield f"object {number}", "\n".join(_strings(one)).encode()
        for name, attached in pdf.attachments.items():
            yield f"attached {name}", name.encode() + b"\n" + attached.get_file().read_bytes()
    if shutil.which("pdftotext"):
        told = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True)
        yield "text", told.stdout
        yield "text without breaks", re.sub(rb"\s+", b" ", told.stdout)
        yield "text without spaces", re.sub(rb"\s+", b"", told.stdout)


def _strings(one: object, deeper: int = 6) -> Iterator[str]:
    """Every name and text in an object, those of streams' dictionaries too; references are visited by themselves."""
    if isinstance(one, pikepdf.String | pikepdf.Name):
        yield str(one)
    elif isinstance(one, pikepdf.Array) and deeper:
        for inner in one:
            if not getattr(inner, "is_indirect", False):
                yield from _strings(inner, deeper - 1)
    elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream) and deeper:
        for key, inner in one.items():
            yield str(key)
            if not getattr(inner, "is_indirect", False):
                yield from _strings(inner, deeper - 1)
