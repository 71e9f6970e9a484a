"""What a photo tells beside its picture: where it was taken.

Read are the places where cameras and programs write it: Exif (2.3, 4.6: the GPS tag of the first directory), XMP, and
the city of IPTC, in JPEG (also what follows its end), PNG and WebP. Formats that are not read may tell it too.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

_LARGEST_BYTES = 25_000_000
_GPS_TAG = 0x8825
_PLACES = re.compile(rb"exif:GPS|GPSLatitude|Iptc4xmp\w{1,8}:(?:Location|Sublocation|City)|photoshop:City")
"""In XMP (part 2 of its specification, and the IPTC photo metadata standard)."""
_IPTC_PLACES = (b"\x1c\x02\x5a", b"\x1c\x02\x5c", b"\x1c\x02\x5f")
"""IIM 4.2: city, sublocation, province."""
XMP = b"http://ns.adobe.com/"
EXIF = b"Exif\x00"
PNG = b"\x89PNG\r\n\x1a\n"
_PNG_XMP = b"XML:com.adobe.xmp\x00"
_FILL = re.compile(rb"\xff+")
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_READ = (b"\xff\xd8", PNG, b"RIFF", b"GIF8")
_NOT_READ = re.compile(rb"(?s)....ftyp(hei|hev|mif|msf|avi)|II\*\x00|MM\x00\*|\xff\x0a|\x00\x00\x00\x0cJXL ")
"""HEIC and AVIF, TIFF and raw photos, JPEG XL."""


class Place(Enum):
    """Whether the place can be learnt from the file."""

    TOLD = "told"
    MAY_BE = "may_be"
    """The format is not read, or the file breaks off."""
    NONE = "none"


def place_in(path: Path) -> Place:
    """Whether this file tells where it was taken; NONE for what is no photo, or not there."""
    try:
        with path.open("rb") as opened:
            content = opened.read(16)
            if content.startswith(_READ):
                content += opened.read(_LARGEST_BYTES)
    except OSError:
        return Place.NONE
    return place_of(content)


def place_of(content: bytes) -> Place:
    """The same of the bytes."""
    if _NOT_READ.match(content):
        return Place.MAY_BE
    try:
        return max(_tellings(content), key=_WEIGHT.index, default=Place.NONE)
    except (struct.error, ValueError, IndexError):
        return Place.MAY_BE


_WEIGHT = (Place.NONE, Place.MAY_BE, Place.TOLD)


def _tellings(content: bytes) -> Iterator[Place]:
    if content.startswith(b"\xff\xd8"):
        for marker, payload in jpeg_parts(content):
            if marker is None:
                yield Place.MAY_BE if payload.strip(b"\x00") else Place.NONE
            elif marker == 0xE1 and payload.startswith(EXIF):
                yield _exif(payload[6:])
            elif payload.startswith(XMP) or marker == 0xED:
                yield _words(payload)
    elif content.startswith(PNG):
        for kind, payload in png_chunks(content):
            if kind == b"eXIf":
                yield _exif(payload)
            elif kind == b"iTXt" and payload.startswith(_PNG_XMP):
                packed = payload[len(_PNG_XMP) : len(_PNG_XMP) + 1] != b"\x00"
                yield Place.MAY_BE if packed else _words(payload)
            elif kind in (b"tEXt", b"zTXt", b"iTXt") and payload.startswith(b"Raw profile"):
                yield Place.MAY_BE
    elif content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        for kind, payload in _riff_chunks(content):
            if kind == b"EXIF":
                yield _exif(payload[6:] if payload.startswith(EXIF) else payload)
            elif kind == b"XMP ":
                yield _words(payload)
    elif content.startswith(b"GIF8"):
        yield _words(content) if b"XMP DataXMP" in content else Place.NONE


def _exif(tiff: bytes) -> Place:
    return Place.TOLD if _GPS_TAG in tags(tiff) else Place.NONE


def _words(payload: bytes) -> Place:
    told = _PLACES.search(payload) or any(mark in payload for mark in _IPTC_PLACES)
    return Place.TOLD if told else Place.NONE


def tags(tiff: bytes) -> dict[int, int]:
    """The tags of the first directory, each with its value as a short; :raises struct.error: where it breaks off.

    :raises ValueError: for what is no directory.
    """
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        raise ValueError("no TIFF header")
    (offset,) = struct.unpack_from(order + "I", tiff, 4)
    (count,) = struct.unpack_from(order + "H", tiff, offset)
    found = {}
    for n in range(count):
        tag, _type, _count, value = struct.unpack_from(order + "HHIH", tiff, offset + 2 + 12 * n)
        found[tag] = value
    return found


def jpeg_parts(content: bytes) -> Iterator[tuple[int | None, bytes]]:
    """The segments (ITU-T T.81, B.1.1): marker and payload. The picture's data stay with the scan's header (0xDA).

    At last (None, what follows the end). :raises ValueError: where the file breaks off.
    """
    at = 2
    while True:
        # A marker may have any number of fill bytes before it.
        filled = _FILL.match(content, at)
        at = max(at, filled.end() - 1) if filled else at
        if at + 2 > len(content) or content[at] != 0xFF:
            raise ValueError("no marker")
        marker = content[at + 1]
        at += 2
        if marker == 0xD9:
            yield None, content[at:]
            return
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            yield marker, b""
            continue
        (length,) = struct.unpack_from(">H", content, at)
        end = at + length
        if marker == 0xDA:
            following = _SCAN_END.search(content, end)
            if following is None or length != 6 + 2 * content[at + 2]:
                raise ValueError("no end, or no header")
            end = following.start()
        if length < 2 or end > len(content):
            raise ValueError("too short")
        yield marker, content[at + 2 : end]
        at = end


def png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of each chunk up to the end (PNG 3, 5.3); :raises ValueError, struct.error: where it breaks off."""
    at = len(PNG)
    while True:
        length, kind = struct.unpack_from(">I4s", content, at)
        if at + 12 + length > len(content):
            raise ValueError("too short")
        yield kind, content[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IEND":
            return


def _riff_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        if at + 8 + length > len(content):
            raise ValueError("too short")
        yield kind, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
