"""Reads small XML documents as their leaves. Made for boxes' answers, so nothing in them can grow, or reach out.

A document type is refused before anything of it is used: without one there are no entities that expand, and no outside
files. Expat itself is in use, not a tree: an answer with thousands of elements costs no more than its leaves.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

MOST_DEPTH = 40
MOST_ELEMENTS = 5000


@dataclass(frozen=True, slots=True)
class Leaf:
    """An element without elements in it: its names from the root on, without prefixes, and its text, stripped.

    Leaves with the same ``parent`` number lie in the same element.
    """

    path: tuple[str, ...]
    text: str
    parent: int


class _Reader:
    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self._path: list[str] = []
        self._numbers = [0]
        self._text: list[str] = []
        self._count = 0
        self._opened_last = False

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._path) >= MOST_DEPTH:
            raise ValueError("too many elements")
        self._path.append(name.rpartition(":")[2])
        self._numbers.append(self._count)
        self._text.clear()
        self._opened_last = True

    def end(self, _name: str) -> None:
        self._numbers.pop()
        if self._opened_last:
            self.leaves.append(Leaf(tuple(self._path), "".join(self._text).strip(), self._numbers[-1]))
        self._path.pop()
        self._opened_last = False

    def characters(self, data: str) -> None:
        if self._opened_last:
            self._text.append(data)

    def document_type(self, *_arguments: object) -> None:
        raise ValueError("a document type is not allowed")


def leaves(document: bytes) -> list[Leaf]:
    """The leaves in their order. Raises ValueError for what is no XML, has a document type, or is too deep or large.

    White space before the XML declaration, and zero bytes behind the end, are overlooked: boxes send them.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.document_type
    if not document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        document = document.strip(b" \t\r\n\0")
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(f"not XML: {error}") from error
    return reader.leaves


def children(found: list[Leaf], name: str) -> list[dict[str, str]]:
    """For each element called ``name`` that has leaves: their texts by their names; of two alike the first."""
    groups: dict[int, dict[str, str]] = {}
    for leaf in found:
        if len(leaf.path) >= 2 and leaf.path[-2] == name:
            groups.setdefault(leaf.parent, {}).setdefault(leaf.path[-1], leaf.text)
    return list(groups.values())
