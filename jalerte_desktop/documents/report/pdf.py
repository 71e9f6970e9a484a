"""The report as PDF/A-3a: typst with its bundled fonts only, so that the same facts give the same bytes everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from diagnostics.model import SECOND
from jalerte_desktop.documents.letter import Bullets, Paragraph, Table
from jalerte_desktop.documents.report.compose import compose
from jalerte_desktop.documents.report.drawing import Mark, Picture
from jalerte_desktop.documents.report.glyphs import ZERO_SPACE, latin, settable, unparted
from jalerte_desktop.documents.report.paper import Codes, IncidentRow, IncidentTable, Paper, Settings

if TYPE_CHECKING:
    import typst

    from jalerte_desktop.documents.report.model import ReportFacts

_LAYOUT = ("report.typ", "blocks.typ", "pictures.typ")
_SHAPES: dict[type, str] = {
    Paragraph: "paragraph",
    Bullets: "bullets",
    Table: "table",
    Codes: "codes",
    Settings: "settings",
    Picture: "picture",
    IncidentTable: "incidents",
}


def report_pdf(facts: ReportFacts, language: str) -> bytes:
    """The report in "fr" or "en". It goes to the layout as data: nothing that a person typed is read as markup."""
    return paper_pdf(compose(facts, language))


def paper_pdf(paper: Paper) -> bytes:
    """A tagged PDF/A-3a with the paper's files in it. It names no author, and no time but the paper's own."""
    import typst

    try:
        return _compile(paper, lambda text: settable(unparted(text)))
    except typst.TypstError:
        # Characters that do not go together in any font: legibility of the few gives way to the report.
        return _compile(paper, lambda text: latin(settable(unparted(text))))


def _compile(paper: Paper, safe: Callable[[str], str]) -> bytes:
    import typst

    inputs = {name: _layout(name) for name in _LAYOUT}
    inputs["main.typ"] = inputs.pop("report.typ")
    inputs["paper.json"] = json.dumps(_data(paper, safe), ensure_ascii=False).encode()
    for attached in paper.attached:
        inputs[f"attached/{attached.name}"] = attached.content
    return bytes(
        typst.compile(  # type: ignore[call-overload] # files by name are not in its type hints
            inputs,
            format="pdf",
            font_paths=_fonts(),
            pdf_standards=["a-3a", "ua-1"],
            timestamp=datetime.fromtimestamp(paper.made_ns // SECOND, UTC),
        )
    )


@cache
def _layout(name: str) -> bytes:
    return (files("resources") / "report" / name).read_bytes()


@cache
def _fonts() -> typst.Fonts:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


def _data(value: object, safe: Callable[[str], str]) -> object:
    """The structure as JSON: a block says its shape; marks and incidents, of which there are many, are lists."""
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, Mark):
        return _mark(value, safe)
    if isinstance(value, Codes):
        # Copied from the page, they must hold nothing that is not seen.
        lines = [safe(line).replace(ZERO_SPACE, "") for line in value.lines]
        return {"shape": _SHAPES[Codes], "name": safe(value.name), "lines": lines}
    if isinstance(value, IncidentRow):
        return [safe(getattr(value, field.name)) for field in fields(value)]
    if is_dataclass(value) and not isinstance(value, type):
        told = {
            field.name: _data(getattr(value, field.name), safe)
            for field in fields(value)
            if field.name != "content"
        }
        return told | ({"shape": _SHAPES[type(value)]} if type(value) in _SHAPES else {})
    if isinstance(value, list | tuple):
        return [_data(item, safe) for item in value]
    return value


def _mark(mark: Mark, safe: Callable[[str], str]) -> list[object]:
    if mark.shape == "words":
        return [mark.shape, mark.look, mark.x, mark.y, safe(mark.words), mark.anchor]
    if mark.shape == "path":
        return [mark.shape, mark.look, *(list(point) for point in mark.points)]
    if mark.shape == "sign":
        return [mark.shape, mark.look, mark.x, mark.y]
    return [mark.shape, mark.look, mark.x, mark.y, mark.width, mark.height]
