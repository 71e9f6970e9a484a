"""A photo without what the camera wrote beside the picture: place, time, device. The picture itself stays bit for bit.

Nothing is encoded anew: only those parts of a JPEG or PNG stay that a picture needs to look as it does, its
orientation among them.
"""

from __future__ import annotations

import struct
import zlib

from jalerte_desktop.filing import photos

_ORIENTATION = 0x0112
_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_KEPT_CHUNKS = frozenset(
    (
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"cICP"),
        *(b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"),
    )
)


def without_metadata(content: bytes) -> bytes | None:
    """The same picture, as JPEG or PNG; None for any other file, and for one that breaks off."""
    try:
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
        if content.startswith(photos.PNG):
            return _png(content)
    except (struct.error, ValueError, IndexError):
        pass
    return None


def _jpeg(content: bytes) -> bytes:
    kept, turned = [b"\xff\xd8"], 1
    for marker, payload in photos.jpeg_parts(content):
        if marker is None:
            kept.append(b"\xff\xd9")
        elif payload.startswith(photos.EXIF) and marker == _APP1:
            turned = _orientation(payload[6:])
        elif _needed(marker, payload):
            bare = marker == 0x01 or 0xD0 <= marker <= 0xD7
            kept.append(bytes((0xFF, marker)) + (b"" if bare else _with_length(marker, payload)))
    if turned != 1:
        block = photos.EXIF + b"\x00" + _only_orientation(turned)
        # After the JFIF header, which some readers want first (JFIF 1.02).
        place = 2 if kept[1:2] and kept[1].startswith(b"\xff\xe0") else 1
        kept.insert(place, b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block)
    return b"".join(kept)


def _needed(marker: int, payload: bytes) -> bool:
    if marker == _APP0:
        return payload.startswith(b"JFIF\x00")
    if marker == _APP2:
        return payload.startswith(b"ICC_PROFILE\x00")
    if marker == _APP14:
        return payload.startswith(b"Adobe")  # it says how colours are coded
    return not (_APP0 <= marker <= _APP15 or marker == _COMMENT)


def _with_length(marker: int, payload: bytes) -> bytes:
    """A scan's length counts its header alone, whose number of components is its first byte (T.81, B.2.3)."""
    length = 6 + 2 * payload[0] if marker == 0xDA else len(payload) + 2
    return struct.pack(">H", length) + payload


def _png(content: bytes) -> bytes:
    kept = [photos.PNG]
    for kind, payload in photos.png_chunks(content):
        if kind == b"eXIf" and (turned := _orientation(payload)) != 1:
            kept.append(_chunk(kind, _only_orientation(turned)))
        elif kind in _KEPT_CHUNKS:
            kept.append(_chunk(kind, payload))
    return b"".join(kept)


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def _orientation(tiff: bytes) -> int:
    try:
        turned = photos.tags(tiff).get(_ORIENTATION, 1)
    except (struct.error, ValueError):
        return 1
    return turned if 1 <= turned <= 8 else 1


def _only_orientation(turned: int) -> bytes:
    """A TIFF directory of this one tag (TIFF 6.0: short, one value, no next directory)."""
    return b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, turned, 0, 0)
