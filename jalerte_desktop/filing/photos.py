"""What a photo tells beside its picture: where it was taken.

Only JPEG's Exif block is looked at (Exif 2.3, 4.6: the GPS tag of the first directory points to the place).
"""

from __future__ import annotations

import struct
from pathlib import Path

_LOOKED_AT_BYTES = 256_000
_GPS_TAG = 0x8825


def holds_place(path: Path) -> bool:
    """True when this JPEG says where it was taken; False for anything else, or what cannot be read."""
    try:
        with path.open("rb") as opened:
            head = opened.read(_LOOKED_AT_BYTES)
    except OSError:
        return False
    start = head.find(b"Exif\x00\x00") if head.startswith(b"\xff\xd8") else -1
    if start < 0:
        return False
    try:
        return _GPS_TAG in _tags(head[start + 6 :])
    except struct.error:
        return False


def _tags(tiff: bytes) -> set[int]:
    """The tags of the first directory; :raises struct.error: where it breaks off."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return set()
    (offset,) = struct.unpack_from(order + "I", tiff, 4)
    (count,) = struct.unpack_from(order + "H", tiff, offset)
    return {struct.unpack_from(order + "H", tiff, offset + 2 + 12 * n)[0] for n in range(count)}
