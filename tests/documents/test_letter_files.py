"""The files: the same content as the letter, the same bytes each time, safe against whatever was typed."""

import io
import shutil
import subprocess
import zipfile
from dataclasses import replace
from itertools import pairwise

import docx
import pytest
from pypdf import PdfReader

from jalerte_desktop.documents.letter_docx import letter_docx
from jalerte_desktop.documents.letter_pdf import letter_pdf
from tests import examples
from tests.documents.paper_cases import complaint, marie

HOSTILE = [
    '#read("/etc/passwd")',
    "*gras* _ital_ = Titre @ref <label> ~ // /* $x^2$",
    "\\ \" ' < > & ]]> &amp; <w:p/>",
    "\x00\x01\x0b\x1b[31mrouge",
    "\u202egro.live ‏עברית العربية",
    "🎉 👩‍👩‍👧 日本語 Ω Ж",
    "x" * 10_000,
    "ligne 1\nligne 2\r\nligne 3",
    "[à compléter\u00a0: rien]",
    "\ud800 seul",
]
MANY = [examples.incident(f"2026-11-{d:02d} {h:02d}:15:00", 20 + d) for d in range(2, 22) for h in range(24)]


def squeezed(text):
    """Text without any space: line breaks of a layout do not count."""
    return "".join(text.split()).replace("\u200b", "")


def pdf_text(content):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def docx_text(content):
    document = docx.Document(io.BytesIO(content))
    texts = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        texts += [cell.text for row in table.rows for cell in row.cells]
    return "\n".join(texts)


@pytest.mark.parametrize("render", [letter_pdf, letter_docx])
def test_the_same_letter_gives_the_same_bytes_and_another_one_others(render):
    letter = complaint()
    assert render(letter) == render(letter)
    assert render(letter) != render(replace(letter, signature="Autre"))


@pytest.mark.parametrize(("render", "read"), [(letter_pdf, pdf_text), (letter_docx, docx_text)])
def test_both_files_hold_the_whole_letter(render, read):
    letter = complaint()
    text = squeezed(read(render(letter)))
    for expected in (*letter.sender, *letter.recipient, letter.subject, letter.opening, letter.closing):
        assert squeezed(expected) in text
    for section in (*letter.sections, *letter.annexes):
        assert squeezed(section.title) in text
    for row in letter.sections[1].blocks[1].rows:
        assert squeezed("".join(row)) in text


@pytest.mark.parametrize(("render", "read"), [(letter_pdf, pdf_text), (letter_docx, docx_text)])
@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_what_was_typed_is_text_and_nothing_else(render, read, typed):
    keys = ("name", "address", "city")
    case = marie(**{f"person__{key}": typed for key in keys}, contract__offer=typed, case__impact=typed)
    text = read(render(complaint(case)))
    assert "root:" not in text
    if typed.startswith(("#", "*", "\\")):
        assert squeezed(typed.replace("'", "'")) in squeezed(text)
    if typed.startswith("x"):
        assert squeezed(text).count("x" * 10_000) >= 1


@pytest.mark.parametrize(("render", "read"), [(letter_pdf, pdf_text), (letter_docx, docx_text)])
def test_hundreds_of_incidents_are_all_there(render, read):
    letter = complaint(findings=examples.findings(MANY))
    text = squeezed(read(render(letter)))
    rows = letter.annexes[1].blocks[1].rows
    assert len(rows) == len(MANY) == 480
    for row in rows:
        assert squeezed("".join(row)) in text


def test_the_pdf_is_tagged_french_titled_and_names_nobody():
    reader = PdfReader(io.BytesIO(letter_pdf(complaint())))
    assert reader.trailer["/Root"]["/Lang"] == "fr-FR"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "Réclamation" in reader.metadata.title
    assert not reader.metadata.author
    assert reader.metadata.creation_date.isoformat().startswith("2026-11-22T09:00:00")


def test_the_pdf_carries_its_fonts():
    reader = PdfReader(io.BytesIO(letter_pdf(complaint())))
    names = {
        str(font.get_object()["/BaseFont"])
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert names
    assert all("Libertinus" in name for name in names), names


def test_nothing_leaves_the_page():
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (make test installs poppler-utils)")
    case = marie(person__name="x" * 10_000, contract__offer="y" * 300)
    found = subprocess.run(
        ["pdftotext", "-bbox", "-", "-"], input=letter_pdf(complaint(case)), capture_output=True, check=True
    ).stdout.decode()
    edges = [float(part.split('"')[1]) for part in found.split() if part.startswith("xMax=")]
    assert len(edges) > 300
    assert max(edges) <= 595.3 - 50


def test_the_document_is_french_dated_and_names_nobody():
    content = letter_docx(complaint())
    document = docx.Document(io.BytesIO(content))
    core = document.core_properties
    assert (core.author, core.last_modified_by, core.comments) == ("", "", "")
    assert core.title.startswith("Réclamation")
    assert core.language == "fr-FR"
    assert core.created.isoformat() == core.modified.isoformat() == "2026-11-22T09:00:00+00:00"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not any("thumbnail" in name for name in archive.namelist())
        assert b'w:val="fr-FR"' in archive.read("word/styles.xml")
        assert b"python-docx" not in archive.read("docProps/core.xml")


def test_the_documents_tables_repeat_their_header_and_its_lists_count_from_one():
    document = docx.Document(io.BytesIO(letter_docx(complaint())))
    chronology = document.tables[0]
    assert "w:tblHeader" in chronology.rows[0]._tr.xml
    assert "w:tblHeader" not in chronology.rows[1]._tr.xml
    numbers = [p._p.pPr.numPr.numId.val for p in document.paragraphs if p.style.name == "List Number"]
    assert len(set(numbers)) == 2, "facts and demands are two lists"
    assert sum(one != other for one, other in pairwise(numbers)) == 1


def test_libreoffice_opens_the_document(tmp_path):
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    source = tmp_path / "lettre.docx"
    source.write_bytes(letter_docx(complaint()))
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(source)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    text = squeezed(pdf_text((tmp_path / "lettre.pdf").read_bytes()))
    assert squeezed("Mes demandes") in text
    assert squeezed("Annexe 1 – Méthode et limites des mesures") in text
