"""A letter as DOCX, for those who want to change a word: same content and order as the PDF.

The file names no author and no machine, and the same letter gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table as DocxTable
from docx.text.paragraph import Paragraph as DocxParagraph

from diagnostics.model import SECOND
from jalerte_desktop.documents.french import BLANK
from jalerte_desktop.documents.letter import Block, Bullets, Letter, Numbered, Paragraph, Section, Table
from jalerte_desktop.documents.made_up import MADE_UP

_FONT = "Times New Roman"
_SOFT = RGBColor(0x4A, 0x4F, 0x57)
_ALARM = RGBColor(0xC2, 0x41, 0x0C)
_PAGE_MM = 160
_APP = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    b"<Application>jalerte</Application></Properties>"
)


def letter_docx(letter: Letter) -> bytes:
    """The letter as an Office Open XML document in French."""
    document = docx.Document()
    _prepare(document, letter)
    if letter.banner:
        _add(document, letter.banner, bold=True)
    for line in letter.sender:
        _add(document, line, style="Adresse")
    for number, line in enumerate(letter.recipient):
        _add(document, line, style="Destinataire").paragraph_format.space_before = Pt(0 if number else 12)
    _add(document, letter.place_date, align=WD_ALIGN_PARAGRAPH.RIGHT).paragraph_format.space_before = Pt(12)
    _add(document, letter.sending)
    _add(document, letter.subject, bold=True)
    for name, value in letter.references:
        _add(document, f"{name}\u00a0: {value}", style="Adresse")
    _add(document, letter.salutation).paragraph_format.space_before = Pt(12)
    _add(document, letter.opening)
    for section in letter.sections:
        _section(document, section)
    _add(document, letter.closing).paragraph_format.space_before = Pt(12)
    _add(document, "Signature", style="Destinataire").paragraph_format.space_before = Pt(12)
    _add(document, letter.signature, style="Destinataire").paragraph_format.space_before = Pt(48)
    _add(document, "Pièces jointes", bold=True).paragraph_format.space_before = Pt(14)
    _list(document, letter.enclosures, "List Bullet")
    for annex in letter.annexes:
        _section(document, annex, new_page=True)
    return _fixed(document)


def _prepare(document: Document, letter: Letter) -> None:
    made = datetime.fromtimestamp(letter.made_ns // SECOND, UTC)
    core = document.core_properties
    core.title, core.author, core.last_modified_by = letter.title, "", ""
    core.comments, core.keywords, core.subject, core.category = "", "", "", ""
    core.created = core.modified = made.replace(tzinfo=None)
    core.revision = 1
    core.language = "fr-FR"
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(25)
    page.top_margin, page.bottom_margin = Mm(22), Mm(24)
    for name in ("Normal", "Heading 1", "List Number", "List Bullet"):
        _font(_style(document, name), 14 if name == "Heading 1" else 10.5)
    normal, heading = _style(document, "Normal"), _style(document, "Heading 1")
    normal.paragraph_format.space_after = Pt(6)
    heading.font.size, heading.font.bold = Pt(11.5), True
    heading.font.color.rgb = RGBColor(0x1A, 0x1A, 0x1A)
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(12), Pt(4)
    for name, indent in (("Adresse", 0), ("Destinataire", 85)):
        style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        assert isinstance(style, ParagraphStyle)
        style.base_style = normal
        style.paragraph_format.space_after = Pt(0)
        style.paragraph_format.left_indent = Mm(indent)
    _speak_french(document)
    if letter.demo:
        mark = page.header.paragraphs[0]
        mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = mark.add_run(MADE_UP["fr"])
        run.bold, run.font.color.rgb = True, _ALARM
    foot = page.footer.paragraphs[0]
    foot.add_run(letter.footer + "\u2003")
    _page_number(foot)
    footer = _style(document, "Footer")
    _font(footer, 8)
    footer.font.color.rgb = _SOFT


def _style(document: Document, name: str) -> ParagraphStyle:
    style = document.styles[name]
    assert isinstance(style, ParagraphStyle)
    return style


def _font(style: ParagraphStyle, size: float) -> None:
    style.font.name, style.font.size = _FONT, Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(kind), None)
    for kind in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(kind), _FONT)


def _speak_french(document: Document) -> None:
    defaults = document.styles.element.find(qn("w:docDefaults"))
    for properties in [] if defaults is None else defaults.iter(qn("w:rPr")):
        for old in properties.findall(qn("w:lang")):
            properties.remove(old)
        language = OxmlElement("w:lang")
        for kind in ("w:val", "w:eastAsia"):
            language.set(qn(kind), "fr-FR")
        properties.append(language)


def _page_number(paragraph: DocxParagraph) -> None:
    run = paragraph.add_run()
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _add(
    document: Document,
    text: str,
    style: str | None = None,
    bold: bool = False,
    align: WD_ALIGN_PARAGRAPH | None = None,
) -> DocxParagraph:
    paragraph = document.add_paragraph(style=style)
    if align is not None:
        paragraph.alignment = align
    _write(paragraph, text, bold)
    return paragraph


def _write(paragraph: DocxParagraph, text: str, bold: bool = False, small: bool = False) -> None:
    """Runs of text; what is still to be filled in is highlighted."""
    position = 0
    spans = [match.span() for match in BLANK.finditer(text)]
    for start, end in [*spans, (len(text), len(text))]:
        for piece, marked in ((text[position:start], False), (text[start:end], True)):
            if piece:
                run = paragraph.add_run(piece)
                run.bold = bold or None
                if marked:
                    run.font.highlight_color = WD_COLOR_INDEX.YELLOW
                if small:
                    run.font.size = Pt(8.5)
        position = end


def _section(document: Document, section: Section, new_page: bool = False) -> None:
    heading = document.add_heading(section.title, level=1)
    heading.paragraph_format.page_break_before = new_page
    for block in section.blocks:
        _block(document, block)


def _block(document: Document, block: Block) -> None:
    if isinstance(block, Paragraph):
        _write(document.add_paragraph(), block.text, small=block.small)
    elif isinstance(block, Numbered):
        _numbered(document, block.items)
    elif isinstance(block, Bullets):
        _list(document, block.items, "List Bullet")
    else:
        _table(document, block)


def _list(document: Document, items: tuple[str, ...], style: str) -> None:
    for item in items:
        _write(document.add_paragraph(style=style), item)


def _numbered(document: Document, items: tuple[str, ...]) -> None:
    """Each list counts from 1: the style's numbering is taken over by a numbering of the list's own."""
    numbering = document.part.numbering_part.element
    shared = _style(document, "List Number").element.find(".//" + qn("w:numId"))
    kept = int(shared.get(qn("w:val")))
    source = next(num for num in numbering.findall(qn("w:num")) if int(num.get(qn("w:numId"))) == kept)
    own = numbering.add_num(int(source.find(qn("w:abstractNumId")).get(qn("w:val"))))
    own.add_lvlOverride(ilvl=0).add_startOverride(1)
    for item in items:
        paragraph = document.add_paragraph(style="List Number")
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = 0
        properties.get_or_add_numId().val = own.numId
        _write(paragraph, item)


def _table(document: Document, block: Table) -> None:
    if block.caption:
        caption = _add(document, block.caption, bold=True)
        caption.paragraph_format.keep_with_next = True
    rows = ((block.header,) if block.header else ()) + block.rows
    table = document.add_table(len(rows), len(block.widths), style="Table Grid")
    _light_lines(table)
    table.autofit = False
    unit = _PAGE_MM / sum(block.widths)
    for number, share in enumerate(block.widths):
        table.columns[number].width = Mm(share * unit)
    for y, row in enumerate(table.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if block.header and y == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for x, cell in enumerate(row.cells):
            cell.width = Mm(block.widths[x] * unit)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            _write(paragraph, rows[y][x], bold=bool(block.header) and y == 0, small=True)
            if x in block.right:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.add_paragraph().paragraph_format.space_after = Pt(0)


def _light_lines(table: DocxTable) -> None:
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        shown = side in ("top", "bottom", "insideH")
        line.set(qn("w:val"), "single" if shown else "nil")
        if shown:
            line.set(qn("w:sz"), "4")
            line.set(qn("w:color"), "B9BEC6")
        borders.append(line)
    table._tbl.tblPr.append(borders)


def _fixed(document: Document) -> bytes:
    """The archive again, with fixed times, without the template's thumbnail and its maker's name."""
    package = document.part.package
    for identity, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del package.rels[identity]
    first, second = io.BytesIO(), io.BytesIO()
    document.save(first)
    with zipfile.ZipFile(first) as source, zipfile.ZipFile(second, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            target.writestr(info, _APP if name == "docProps/app.xml" else source.read(name))
    return second.getvalue()
