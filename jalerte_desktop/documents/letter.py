"""A letter as structure: what stands in it, and where. The layouts (PDF, DOCX) draw nothing that is not here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Numbered:
    """A numbered list, from 1."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text. ``header`` is repeated on every page; without one the first column names the row.

    ``widths`` are shares; ``right`` are the numbers of the columns that are set flush right.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    right: tuple[int, ...] = ()
    caption: str = ""


Block = Paragraph | Numbered | Bullets | Table


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that a letter says, typeset, in French.

    ``banner`` is a warning over the whole letter, or empty. ``annexes`` begin on pages of their own.
    ``footer`` stands on every page. ``made_ns`` dates the file (UTC, ns). ``demo``: of made-up data, which every page
    says.
    """

    kind: str
    template: str
    title: str
    made_ns: int
    banner: str
    sender: tuple[str, ...]
    recipient: tuple[str, ...]
    sending: str
    place_date: str
    subject: str
    references: tuple[tuple[str, str], ...]
    salutation: str
    opening: str
    sections: tuple[Section, ...]
    closing: str
    signature: str
    enclosures: tuple[str, ...]
    annexes: tuple[Section, ...]
    footer: str
    demo: bool = False
