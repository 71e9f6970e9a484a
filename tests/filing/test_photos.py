"""A photo that says where it was taken is told from one that does not; broken ones are no trouble."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalerte_desktop.filing.photos import holds_place


def jpeg(tags, order="<"):
    """A JPEG head with an Exif directory of these tags (constructed from: Exif 2.3, TIFF 6.0)."""
    mark = b"II" if order == "<" else b"MM"
    entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, 0) for tag in tags)
    tiff = mark + struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", len(tags)) + entries
    block = b"Exif\x00\x00" + tiff
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(block) + 2) + block + b"\xff\xd9"


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_place_is_seen_where_it_is(tmp_path, order):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg([0x010F, 0x8825], order))
    assert holds_place(path)
    path.write_bytes(jpeg([0x010F, 0x0110], order))
    assert not holds_place(path)


def test_what_is_no_photo_or_not_there_holds_none(tmp_path):
    path = tmp_path / "letter.pdf"
    path.write_bytes(b"%PDF Exif\x00\x00II")
    assert not holds_place(path)
    assert not holds_place(tmp_path / "gone.jpg")


@given(st.binary(max_size=60), st.integers(0, 80))
def test_broken_ones_are_no_trouble(tmp_path_factory, noise, cut):
    path = tmp_path_factory.mktemp("photos") / "photo.jpg"
    path.write_bytes(jpeg([0x8825])[:cut] + noise)
    assert holds_place(path) in (True, False)
