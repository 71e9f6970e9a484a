"""A letter as PDF: typst with its bundled fonts only, so that the same letter gives the same bytes everywhere."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

import typst

from diagnostics.model import SECOND
from jalerte_desktop.documents.letter import Bullets, Letter, Numbered, Paragraph, Table
from jalerte_desktop.documents.made_up import MADE_UP

_SHAPES = {Paragraph: "paragraph", Numbered: "numbered", Bullets: "bullets", Table: "table"}
_LONG_RUN = re.compile(r"[^\s\u200b]{66,}")
_BREAK_EVERY = 40


def letter_pdf(letter: Letter) -> bytes:
    """A tagged PDF. The letter goes in as data: nothing that a person typed is read as markup."""
    made = datetime.fromtimestamp(letter.made_ns // SECOND, UTC)
    return bytes(
        typst.compile(
            _template(),
            format="pdf",
            font_paths=_fonts(),
            sys_inputs={"letter": json.dumps(_data(letter), ensure_ascii=False)},
            timestamp=made,
        )
    )


@cache
def _template() -> bytes:
    return (files("resources") / "letters" / "letter.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


def _data(letter: Letter) -> object:
    values = asdict(letter)
    values["made_up"] = MADE_UP["fr"] if letter.demo else ""
    for shown, sections in (("sections", letter.sections), ("annexes", letter.annexes)):
        for section_values, section in zip(values[shown], sections, strict=True):
            for block_values, block in zip(section_values["blocks"], section.blocks, strict=True):
                block_values["shape"] = _SHAPES[type(block)]
    return _breakable(values)


def _breakable(value: object) -> object:
    """Very long words get places to break, else they would leave the page."""
    if isinstance(value, str):
        return _LONG_RUN.sub(_with_breaks, value)
    if isinstance(value, dict):
        return {key: _breakable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_breakable(item) for item in value]
    return value


def _with_breaks(match: re.Match[str]) -> str:
    run = match[0]
    return "\u200b".join(run[i : i + _BREAK_EVERY] for i in range(0, len(run), _BREAK_EVERY))
