"""The report as structure: what stands on its pages. ``resources/report`` draws nothing that is not here."""

from __future__ import annotations

from dataclasses import dataclass

from jalerte_desktop.documents.letter import Bullets, Paragraph, Table
from jalerte_desktop.documents.report.drawing import Picture


@dataclass(frozen=True, slots=True)
class Figure:
    """A large figure of the first page, and what it counts."""

    value: str
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Front:
    """The first page. ``mark``: ``bad``, ``fine`` or ``unknown``. ``wide``: the calendar takes the page's width.

    ``calendar`` is None where the period is one day, which ``day`` shows whole. Of ``longest`` as many rows are shown,
    from the first on, as the page has room for.
    """

    mark: str
    sentence: str
    explanation: str
    figures: tuple[Figure, ...]
    day_title: str
    day: Picture | None
    calendar_title: str
    calendar: Picture | None
    wide: bool
    verdict_title: str
    verdict: tuple[str, ...]
    delay_title: str
    delay: Picture | None
    longest_title: str
    longest: Table | None
    proof: str


@dataclass(frozen=True, slots=True)
class Codes:
    """Lines that are typed or compared character by character; ``name`` says what they are."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """Values with what they mean: rows of words, value and the key that a program knows it by."""

    header: tuple[str, str, str]
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident: its place in time, what it was, and the arguments both ways."""

    number: str
    start: str
    end: str
    what: str
    place: str
    mark: str
    arguments: str


@dataclass(frozen=True, slots=True)
class IncidentTable:
    header: tuple[str, ...]
    rows: tuple[IncidentRow, ...]


Block = Paragraph | Bullets | Table | Codes | Settings | Picture | IncidentTable


@dataclass(frozen=True, slots=True)
class Part:
    """A section. ``level`` 2 stands within the one before."""

    title: str
    blocks: tuple[Block, ...]
    level: int = 1


@dataclass(frozen=True, slots=True)
class Attached:
    """A file within the PDF. ``content`` is UTF-8."""

    name: str
    mime: str
    description: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole report, typeset. ``warning`` stands on every page, or is empty; ``made_ns`` dates the file (UTC)."""

    language: str
    region: str
    title: str
    subtitle: str
    who: tuple[str, ...]
    warning: str
    footer: str
    contents: str
    front: Front
    parts: tuple[Part, ...]
    attached: tuple[Attached, ...]
    made_ns: int
