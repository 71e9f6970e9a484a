from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.box.xml_leaves import MOST_DEPTH, MOST_ELEMENTS, children, leaves


def test_leaves_with_their_names_and_texts() -> None:
    found = leaves(
        b'<?xml version="1.0"?><r xmlns:s="x"><s:a> 1 &amp; 2 </s:a><b><c>x</c><d/></b><b><c>y</c></b></r>'
    )
    assert [(leaf.path, leaf.text) for leaf in found] == [
        (("r", "a"), "1 & 2"),
        (("r", "b", "c"), "x"),
        (("r", "b", "d"), ""),
        (("r", "b", "c"), "y"),
    ]
    assert children(found, "b") == [{"c": "x", "d": ""}, {"c": "y"}]
    assert children(found, "q") == []


def test_of_two_alike_the_first_counts() -> None:
    assert children(leaves(b"<r><b><c>1</c><c>2</c></b></r>"), "b") == [{"c": "1"}]


@pytest.mark.parametrize("document", [b"\r\n <r><a>1</a></r>\n\0", b"\xef\xbb\xbf<r><a>1</a></r>"])
def test_what_boxes_send_around_a_document_is_overlooked(document: bytes) -> None:
    assert leaves(document)[0].text == "1"


def test_other_encodings_are_read() -> None:
    assert leaves('<?xml version="1.0" encoding="iso-8859-1"?><r>é</r>'.encode("latin-1"))[0].text == "é"
    assert leaves("<r>é</r>".encode("utf-16"))[0].text == "é"


BOMB = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><r><a>&c;</a></r>"""


@pytest.mark.parametrize(
    "document",
    [
        BOMB,
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><a>&x;</a></r>',
        b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><r><a>1</a></r>',
        b"<!DOCTYPE html><html><body>log in</body></html>",
        b"<r><a>&x;</a></r>",
        b"<r><a>1</a>",
        b"<r><a>1</b></r>",
        b"<r/><r/>",
        b"",
        b"not xml",
        b'{"a": 1}',
        b"\xff\xff\xff",
        b'<?xml version="1.0" encoding="klingon"?><r/>',
        b'<?xml version="1.0" encoding="utf-7"?><r/>',
        b'<?xml version="1.0" encoding="big5"?><r>\xa4\xa4</r>',
        b"<r>\xe9</r>",
        b"<a>" * (MOST_DEPTH + 1) + b"</a>" * (MOST_DEPTH + 1),
        b"<r>" + b"<a/>" * MOST_ELEMENTS + b"</r>",
    ],
)
def test_what_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"not XML|document type|too many|encoding|NUL"):
        leaves(document)


@given(st.binary(max_size=200))
def test_any_bytes_are_leaves_or_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        leaves(data)


@given(st.text("<>/ab!&;[]?=\"' -", max_size=80))
def test_anything_like_xml_is_leaves_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        leaves(text.encode())
