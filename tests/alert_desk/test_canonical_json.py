"""The canonical spelling, against RFC 8785's own examples (constructed from: RFC 8785 appendix B and section 3.2.3)."""

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_desk.json_text import canonical, number_text


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
    ],
)
def test_numbers_are_spelled_as_rfc_8785_has_them(bits, text):
    assert number_text(struct.unpack(">d", bytes.fromhex(bits))[0]) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_spelled_number_reads_back_the_same(value):
    assert float(number_text(value)) == value


def test_members_are_sorted_and_texts_escaped_as_little_as_can_be():
    value = {"b": [1, 2.0, True, None], "a": '\u20ac$\u000f\nA\'B"\\\\"/\u007f', "B": {}}
    expected = '{"B":{},"a":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f","b":[1,2,true,null]}'
    assert canonical(value) == expected.encode()
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, "\ud800", {"é": 1}, {1, 2}])
def test_what_has_no_spelling_is_refused(value):
    with pytest.raises(ValueError, match=r"JSON|ASCII|large|surrogates"):
        canonical(value)
