"""Photos that say where they were taken are told from others; copies say it no more, and look the same."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage, QImageReader

from jalerte_desktop.filing.photo_copy import without_metadata
from jalerte_desktop.filing.photos import PNG, Place, place_in, place_of

GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112
XMP_PLACE = b"<x:xmpmeta><rdf:Description exif:GPSLatitude='45,45.5N'/></x:xmpmeta>"
XMP_PLAIN = b"<x:xmpmeta><rdf:Description xmp:Rating='5'/></x:xmpmeta>"
XMP_NAME = b"http://ns.adobe.com/xap/1.0/\x00"


def tiff(tags, order="<"):
    """A directory of these tags (constructed from: Exif 2.3, TIFF 6.0)."""
    mark = b"II" if order == "<" else b"MM"
    entries = b"".join(struct.pack(order + "HHIHH", tag, 3, 1, value, 0) for tag, value in tags.items())
    head = struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", len(tags))
    return mark + head + entries + bytes(4)


def segment(marker, payload):
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def exif(tags, order="<"):
    return segment(0xE1, b"Exif\x00\x00" + tiff(tags, order))


def picture(kind):
    """A real small picture with a corner of its own, as Qt writes it."""
    image = QImage(24, 16, QImage.Format.Format_RGB32)
    image.fill(0xFF336699)
    for x in range(8):
        image.setPixel(x, 2, 0xFFFFEE00)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind)
    return bytes(buffer.data())


def seen(content):
    """The picture as a viewer shows it, turned as it says."""
    held = QByteArray(content)
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    image = reader.read()
    assert not image.isNull()
    return image.convertToFormat(QImage.Format.Format_RGB32)


def jpeg(*segments, after=b""):
    whole = picture("JPEG")
    return whole[:2] + b"".join(segments) + whole[2:] + after


def chunk(kind, payload):
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png(*chunks):
    whole, head = picture("PNG"), len(PNG) + 25
    return whole[:head] + b"".join(chunks) + whole[head:]


def webp(*chunks):
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(payload)) + payload + b"\x00" * (len(payload) % 2)
        for kind, payload in ((b"VP8 ", b"123"), *chunks)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def packed_xmp(xmp):
    return b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + xmp


TELL = {
    "exif": jpeg(exif({MAKE: 1, GPS: 26})),
    "exif, other order": jpeg(exif({GPS: 26}, ">")),
    "exif after a comment that looks like it": jpeg(segment(0xFE, b"Exif\x00\x00II"), exif({GPS: 26})),
    "xmp": jpeg(segment(0xE1, XMP_NAME + XMP_PLACE)),
    "iptc city": jpeg(segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x09\x1c\x02\x5a\x00\x04Lyon")),
    "fill bytes": jpeg(b"\xff\xff\xff", exif({GPS: 26})),
    "png exif": png(chunk(b"eXIf", tiff({GPS: 26}))),
    "png xmp": png(chunk(b"iTXt", packed_xmp(XMP_PLACE))),
    "webp exif": webp((b"EXIF", tiff({GPS: 26}))),
    "webp exif with a header": webp((b"EXIF", b"Exif\x00\x00" + tiff({GPS: 26}))),
    "webp xmp": webp((b"XMP ", XMP_PLACE)),
}  # fmt: skip
SILENT = {
    "jpeg": jpeg(),
    "jpeg exif": jpeg(exif({MAKE: 1, ORIENTATION: 6})),
    "jpeg xmp": jpeg(segment(0xE1, XMP_NAME + XMP_PLAIN)),
    "jpeg, zeros after it": jpeg(after=bytes(40)),
    "png": png(chunk(b"eXIf", tiff({MAKE: 1})), chunk(b"iTXt", packed_xmp(XMP_PLAIN))),
    "webp": webp((b"EXIF", tiff({MAKE: 1}))),
    "gif": b"GIF89a" + bytes(20),
    "pdf": b"%PDF-1.7 Exif\x00\x00II GPS",
    "text": b"GPS",
    "nothing": b"",
}
MAY_TELL = {
    "heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
    "avif": b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00",
    "tiff": tiff({GPS: 26}),
    "broken off": TELL["exif"][:30],
    "no end": jpeg()[:-2],
    "a film after it": jpeg(after=b"\x00\x00\x00\x18ftypmp42"),
    "broken exif": jpeg(segment(0xE1, b"Exif\x00\x00II*\x00\xff\xff\x00\x00")),
    "png with a packed xmp": png(chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x01\x00\x00\x00x")),
    "png with a raw profile": png(chunk(b"zTXt", b"Raw profile type exif\x00\x00x")),
    "png broken off": picture("PNG")[:-6],
    "webp broken off": TELL["webp exif"][:-4],
}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        *(pytest.param(content, Place.TOLD, id=name) for name, content in TELL.items()),
        *(pytest.param(content, Place.NONE, id=name) for name, content in SILENT.items()),
        *(pytest.param(content, Place.MAY_BE, id=name) for name, content in MAY_TELL.items()),
    ],
)
def test_whether_the_place_is_told(tmp_path, content, place):
    path = tmp_path / "photo"
    path.write_bytes(content)
    assert place_in(path) is place


def test_what_is_not_there_tells_nothing(tmp_path):
    assert place_in(tmp_path / "gone.jpg") is Place.NONE


WHOLE = {
    name: made
    for name, made in (TELL | SILENT | MAY_TELL).items()
    if made[:2] == b"\xff\xd8" or made[:8] == PNG
}
UNBROKEN = [name for name in WHOLE if "broken off" not in name and name != "no end"]


@pytest.mark.parametrize("name", UNBROKEN)
def test_the_copy_says_nothing_and_looks_the_same(name):
    copy = without_metadata(WHOLE[name])
    assert place_of(copy) is Place.NONE
    assert b"xmpmeta" not in copy
    assert len(copy) <= len(WHOLE[name])
    assert seen(copy) == seen(WHOLE[name])
    assert without_metadata(copy) == copy


@pytest.mark.parametrize("make", [lambda one: jpeg(exif(one)), lambda one: png(chunk(b"eXIf", tiff(one)))])
def test_a_picture_that_lies_on_its_side_still_does_so(make):
    whole = make({MAKE: 7, ORIENTATION: 6, GPS: 26})
    copy = without_metadata(whole)
    assert place_of(copy) is Place.NONE
    assert seen(copy) == seen(whole)
    assert struct.pack(">HHIH", ORIENTATION, 3, 1, 6) in copy
    assert struct.pack("<HHIH", MAKE, 3, 1, 7) not in copy


def test_a_picture_with_an_orientation_is_shown_turned():
    assert seen(jpeg(exif({ORIENTATION: 6}))).size().width() == 16  # else the test above would prove nothing


def test_colours_stay_and_comments_go():
    profile = segment(0xE2, b"ICC_PROFILE\x00\x01\x01profile")
    kept = without_metadata(
        jpeg(profile, segment(0xFE, b"chez moi"), segment(0xE2, b"MPF\x00more"), after=b"more")
    )
    assert profile in kept
    assert b"chez moi" not in kept
    assert b"more" not in kept
    assert kept.endswith(b"\xff\xd9")
    assert b"chez moi" not in without_metadata(png(chunk(b"tEXt", b"Comment\x00chez moi")))


def test_other_files_and_broken_ones_are_left_alone():
    for content in (*(MAY_TELL[name] for name in ("heic", "tiff", "no end", "broken off")), b"%PDF-1.7", b""):
        assert without_metadata(content) is None


@given(st.sampled_from(sorted(WHOLE)), st.binary(max_size=20), st.integers(0, 900))
def test_broken_ones_are_no_trouble(name, noise, cut):
    content = WHOLE[name][:cut] + noise + WHOLE[name][cut + len(noise) :]
    assert place_of(content) in Place
    copy = without_metadata(content)
    assert copy is None or place_of(copy) is Place.NONE


def test_millions_of_fill_bytes_are_read_at_once():
    assert place_of(b"\xff\xd8" + b"\xff" * 20_000_000) is Place.MAY_BE
