"""Just enough of DER (ITU-T X.690) to find the parts of a signed answer: tags, definite lengths, contents.

Values come out as slices of the bytes that came in. Everything raises ValueError for what is no DER.
"""

from __future__ import annotations

from dataclasses import dataclass

INTEGER, OCTETS, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31
CONTEXT_0 = 0xA0
MOST_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One value: its tag byte, its content, and ``whole`` with tag and length. ``begin``: where its content begins."""

    tag: int
    content: bytes
    whole: bytes
    begin: int

    def parts(self) -> list[Part]:
        """The values that the content is made of."""
        return read_all(self.content, self.begin)

    def expect(self, tag: int) -> Part:
        if self.tag != tag:
            raise ValueError(f"tag {self.tag:#x} where {tag:#x} was expected")
        return self


def read_one(data: bytes) -> Part:
    """The one value that these bytes are."""
    found = read_all(data, 0)
    if len(found) != 1:
        raise ValueError("not one value")
    return found[0]


def read_all(data: bytes, offset: int) -> list[Part]:
    """The values that follow each other in these bytes. ``offset``: where ``data`` lies in what was read first."""
    found: list[Part] = []
    at = 0
    while at < len(data):
        if len(found) >= MOST_PARTS:
            raise ValueError("too many values")
        begin, end = _bounds(data, at)
        found.append(Part(data[at], data[begin:end], data[at:end], offset + begin))
        at = end
    return found


def _bounds(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the value at ``at`` begins and ends."""
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise ValueError("cut off, or a long tag")
    length, begin = data[at + 1], at + 2
    if length >= 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4 or begin + size > len(data):
            raise ValueError("a length that is none")
        length = int.from_bytes(data[begin : begin + size], "big")
        begin += size
    if begin + length > len(data):
        raise ValueError("longer than the bytes there are")
    return begin, begin + length


def oid_text(content: bytes) -> str:
    """An object identifier's dotted numbers."""
    numbers: list[int] = []
    value = 0
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise ValueError("no object identifier")
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))
