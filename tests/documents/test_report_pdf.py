"""The report's file: conformance, tags, what it embeds, what it never holds; safe against whatever was typed."""

import csv
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace

import pikepdf
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.model import Remark
from jalerte_desktop.documents.report import pdf
from jalerte_desktop.documents.report.attached import days_csv, hours_csv, incidents_csv, incidents_json
from jalerte_desktop.documents.report.compose import compose
from jalerte_desktop.documents.report.glyphs import RANGES, STAND_IN, latin, settable
from jalerte_desktop.documents.report.pdf import paper_pdf, report_pdf
from jalerte_desktop.words import figures
from jalerte_desktop.words.language import speaking
from tests.documents import report_examples
from tests.documents.report_examples import EXAMPLES, HOSTILE

PDFA = "{http://www.aiim.org/pdfa/ns/id/}"


@pytest.fixture(scope="module")
def made():
    """Every example in both languages, each made once."""
    kept = {}

    def make(name, language="fr"):
        if (name, language) not in kept:
            facts = EXAMPLES[name]()
            kept[name, language] = (facts, report_pdf(facts, language))
        return kept[name, language]

    return make


def opened(content):
    return pikepdf.open(io.BytesIO(content))


def text_of(content, *options):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (make test installs poppler-utils)")
    found = subprocess.run(
        ["pdftotext", *options, "-", "-"], input=content, capture_output=True, check=True, timeout=120
    )
    return found.stdout.decode()


def squeezed(text):
    return "".join(text.replace("\u200b", "").split())


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_a_tagged_pdf_a_3a_in_its_language_without_author(made, name, language):
    _facts, content = made(name, language)
    with opened(content) as document:
        root = document.Root
        assert root.StructTreeRoot.K
        assert root.MarkInfo.Marked
        assert str(root.Lang) == {"fr": "fr-FR", "en": "en-GB"}[language]
        assert "/Author" not in (document.docinfo or {})
        assert root.ViewerPreferences.DisplayDocTitle
        with document.open_metadata() as told:
            assert told[PDFA + "part"] == "3"
            assert told[PDFA + "conformance"] == "A"
            assert "dc:creator" not in told
            assert compose_title(language) in told["dc:title"]


def compose_title(language):
    return compose(EXAMPLES["quiet"](), language).title


@pytest.mark.parametrize("name", ["bad", "hostile", "empty"])
def test_the_figures_are_embedded_as_files_and_equal_the_facts(made, name):
    facts, content = made(name)
    with opened(content) as document:
        found = {file: document.attachments[file].get_file().read_bytes() for file in document.attachments}
        specs = {file: document.attachments[file].obj for file in document.attachments}
    with speaking("fr"):
        told = incidents_json(facts)
    assert found == {
        "incidents.json": told,
        "incidents.csv": incidents_csv(facts),
        "days.csv": days_csv(facts),
        "hours.csv": hours_csv(facts),
    }
    assert len(json.loads(found["incidents.json"])["incidents"]) == len(facts.account.findings.incidents)
    for file in specs:
        assert file.endswith((".json", ".csv"))


def test_each_embedded_file_says_its_kind_and_that_it_is_the_data(made):
    with opened(made("bad")[1]) as document:
        for name in document.attachments:
            spec = document.attachments[name].obj
            assert str(spec.AFRelationship) == "/Data"
            expected = "/application/json" if name.endswith("json") else "/text/csv"
            assert str(spec.EF.F.Subtype) == expected
            assert str(spec.Desc)
        assert len(document.Root.AF) == 4


def test_the_embedded_tables_hold_every_incident_day_and_hour(made):
    facts, _content = made("bad")
    rows = list(csv.DictReader(io.StringIO(incidents_csv(facts).decode(), newline="")))
    assert [row["number"] for row in rows] == [str(n) for n in range(1, 61)]
    assert {row["role"] for row in rows} >= {"held", "uncertain", "set_aside", "excluded", "other_line"}
    assert sum(row["role"] == "held" and row["kind"] == "outage" for row in rows) == len(
        facts.account.outages
    )
    days = list(csv.DictReader(io.StringIO(days_csv(facts).decode(), newline="")))
    assert len(days) == 30
    assert sum(float(day["cut_s"]) for day in days) == pytest.approx(
        sum(cut.span.duration_s for cut in facts.account.outages), abs=0.1
    )
    assert len(hours_csv(facts).decode().splitlines()) == len(facts.hours) + 1


def test_a_spreadsheet_calculates_nothing_that_was_typed():
    rows = list(csv.reader(io.StringIO(incidents_csv(EXAMPLES["hostile"]()).decode(), newline="")))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert any(cell.startswith("'=HYPERLINK") for row in rows for cell in row)


def test_only_the_sentences_of_the_embedded_files_depend_on_the_language(made):
    def files(language):
        with opened(made("bad", language)[1]) as document:
            return {name: document.attachments[name].get_file().read_bytes() for name in document.attachments}

    def without_words(value):
        if isinstance(value, dict):
            return {
                key: without_words(item)
                for key, item in value.items()
                if key not in ("language", "words") and not key.endswith("_words")
            }
        return [without_words(item) for item in value] if isinstance(value, list) else value

    def words_of(value):
        if isinstance(value, dict):
            for key, item in value.items():
                if key == "words" or key.endswith("_words"):
                    yield item
                else:
                    yield from words_of(item)
        elif isinstance(value, list):
            for item in value:
                yield from words_of(item)

    french, english = files("fr"), files("en")
    told = json.loads(french.pop("incidents.json")), json.loads(english.pop("incidents.json"))
    assert french == english
    assert [one["language"] for one in told] == ["fr", "en"]
    assert without_words(told[0]) == without_words(told[1])
    assert "La box a répondu à 20 essais sur 20 pendant ce temps." in words_of(told[0])
    assert "The box answered 20 of 20 tries meanwhile." in words_of(told[1])
    assert not {"outage", "uncertain", "disk full"} & set(words_of(told[0]))
    assert {"coupure", "incertain", "disque plein"} <= set(words_of(told[0]))


@pytest.mark.parametrize("name", ["bad", "year", "hostile"])
def test_every_font_is_embedded_and_nothing_is_a_bitmap(made, name):
    with opened(made(name)[1]) as document:
        fonts = [
            o for o in document.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/Font"
        ]
        described = [
            o
            for o in document.objects
            if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"
        ]
        images = [
            o for o in document.objects if isinstance(o, pikepdf.Stream) and o.get("/Subtype") == "/Image"
        ]
        assert fonts
        assert described
        assert all(any(key in one for key in ("/FontFile", "/FontFile2", "/FontFile3")) for one in described)
        assert not images


def test_every_picture_has_a_text_for_who_cannot_see_it(made):
    with opened(made("bad")[1]) as document:
        figures_ = [
            o for o in document.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/Figure"
        ]
        assert len(figures_) >= 7
        assert all(len(str(one.get("/Alt", ""))) > 20 for one in figures_)


def test_the_same_facts_give_the_same_bytes_and_others_do_not():
    facts = EXAMPLES["bad"]()
    first = report_pdf(facts, "fr")
    assert report_pdf(EXAMPLES["bad"](), "fr") == first
    assert report_pdf(replace(facts, version="0.1.1"), "fr") != first
    assert report_pdf(facts, "en") != first


def test_the_first_page_says_it_all_in_the_readers_figures(made):
    facts, content = made("bad")
    page = text_of(content, "-l", "1")
    with speaking("fr"):
        seconds = sum(cut.duration_s for cut in facts.account.outages)
        expected = (
            str(len(facts.account.outages)),
            figures.duration(seconds),
            figures.percent(facts.account.findings.coverage.ratio),
            figures.duration(60 * sum(day.working_minutes_lost for day in facts.days)),
            "Sosh",
            report_examples.LINK[:16],
        )
    for text in expected:
        assert squeezed(text) in squeezed(page), text


def test_every_incident_stands_in_the_report(made):
    facts, content = made("year")
    text = squeezed(text_of(content))
    for incident in facts.account.findings.incidents:
        start = figures.local(incident.span.start_ns, facts.zone)
        assert squeezed(f"{figures.short_date(start)} {figures.clock_time(start)}") in text


def test_a_line_that_is_not_confirmed_names_no_operator_and_nobody(made):
    for language in ("fr", "en"):
        facts, content = made("not confirmed", language)
        text = squeezed(text_of(content))
        for name in (facts.holder.operator, facts.holder.offer, facts.holder.name, facts.holder.line_number):
            assert squeezed(name) not in text
        assert facts.holder.name.encode() not in content
    assert "nooperatorisnamed" in text


def test_made_up_data_are_said_to_be_so_on_every_page(made):
    facts, content = made("demo", "en")
    pages = text_of(content).split("\f")[:-1]
    assert len(pages) >= 8
    # Once in the header, once across the page.
    assert all(squeezed(page).count("Made-updemonstrationdata") >= 1 for page in pages)
    assert json.loads(incidents_json(facts))["demo"] is True
    assert "Made-up" not in text_of(made("bad", "en")[1])


def test_nobody_is_named_in_what_describes_the_file(made):
    facts, content = made("bad")
    with opened(content) as document:
        told = str(dict(document.docinfo or {})) + bytes(document.Root.Metadata.read_bytes()).decode()
    for name in (
        facts.holder.name,
        facts.holder.operator,
        facts.holder.line_number,
        facts.holder.customer_number,
    ):
        assert name not in told


def test_the_seal_and_the_commands_are_there_to_be_compared(made):
    for language in ("fr", "en"):
        text = squeezed(text_of(made("bad", language)[1]))
        for expected in (
            report_examples.LINK,
            report_examples.KEY,
            "jalerteverify",
            "sha256sum-cmanifest.sha256",
        ):
            assert expected in text


def test_what_is_to_be_compared_holds_nothing_that_is_not_seen(made):
    text = text_of(made("bad")[1], "-layout")
    assert report_examples.LINK in text
    assert report_examples.KEY in text


def test_figures_on_wifi_vpn_and_own_load_and_the_record_outside_are_told(made):
    facts, content = made("bad", "en")
    text = " ".join(text_of(content, "-layout").split())
    for expected in (
        "12.4% of the",
        "not known: nothing told it",
        "4 incidents on this line, of which 3 cuts",
        "91.0%",
    ):
        assert expected in text, expected
    assert "Travaux électriques chez moi" in text
    assert "computer asleep" in text
    assert "(“loss.suspect”): 2% instead of 3%" in text
    assert facts.honesty.versions[0] in text


def test_days_dated_from_outside_are_told_apart_from_the_rest(made):
    dated = " ".join(text_of(made("bad", "en")[1]).split())
    assert "dated from outside up to 7 November 2026" in dated
    assert "could have been made anew" in dated
    undated = " ".join(text_of(made("not confirmed", "en")[1]).split())
    assert "no outside time stamp (RFC 3161) covers the period" in undated


def test_without_a_seal_nothing_is_said_to_be_verifiable(made):
    text = text_of(made("empty", "en")[1])
    assert "nothing of it can be checked from outside" in " ".join(text.split())
    assert "openssl" not in text


def test_pages_can_be_drawn_by_poppler(made, tmp_path):
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm is not installed (make test installs poppler-utils)")
    source = tmp_path / "report.pdf"
    source.write_bytes(made("bad")[1])
    subprocess.run(
        ["pdftoppm", "-r", "20", "-gray", str(source), str(tmp_path / "page")], check=True, timeout=120
    )
    pages = sorted(tmp_path.glob("page*.pgm"))
    with opened(made("bad")[1]) as document:
        assert len(pages) == len(document.pages)
    assert all(len(set(page.read_bytes()[20:])) > 10 for page in pages)


@pytest.mark.parametrize("name", ["bad", "year", "hostile"])
def test_no_word_leaves_the_page(made, name):
    found = text_of(made(name)[1], "-bbox")
    edges = [float(edge) for edge in re.findall(r'xMax="([\d.-]+)"', found)]
    assert len(edges) > 300
    assert max(edges) <= 595.3 - 40


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_what_was_typed_is_text_and_nothing_else(typed):
    facts = report_examples.hostile()
    one = replace(facts.account.findings.incidents[0], excluded=typed)
    findings = replace(facts.account.findings, incidents=(one,), exclusions=())
    facts = replace(
        report_examples.quiet_month(),
        account=report_examples.account(findings),
        diary=(replace(facts.diary[0], text=typed, with_whom=typed, promise=typed),),
    )
    text = text_of(report_pdf(facts, "en"))
    assert "root:" not in text
    if typed.startswith(("#", "*")):
        assert squeezed(typed) in squeezed(text)
    if typed.startswith("x"):
        assert text.count("x") >= 4 * 5_000, "kept whole: reason, what was said, with whom, promise"


def test_characters_without_a_glyph_get_a_stand_in_and_stay_in_the_data():
    facts = report_examples.hostile()
    text = text_of(report_pdf(facts, "en"))
    assert STAND_IN in text
    assert "日本語" not in text
    assert "日本語" in incidents_json(facts).decode()


def test_a_text_that_the_fonts_refuse_all_the_same_does_not_stop_the_report(monkeypatch):
    calls = []

    def everything(text):
        calls.append(text)
        return text

    monkeypatch.setattr(pdf, "settable", everything)
    facts = replace(report_examples.quiet_month(), version="日本語 0.1")
    text = text_of(report_pdf(facts, "en"))
    assert calls
    assert STAND_IN * 3 in text


def test_settable_keeps_what_the_fonts_have_and_breaks_long_words():
    assert (
        settable("Œuvre déjà vue\u00a0: 12\u202f345 – « ≤ » Ω Ж → ×")
        == "Œuvre déjà vue\u00a0: 12\u202f345 – « ≤ » Ω Ж → ×"
    )
    assert settable("a\x00b\u202ec\u200dd\ufe0f") == "a bcd"
    assert settable("🎉日") == STAND_IN * 2
    assert settable("\ud800") == STAND_IN
    assert max(map(len, settable("x" * 500).split("\u200b"))) <= 14
    assert latin("é Ω 日") == f"é {STAND_IN} {STAND_IN}"


def set_in_type(texts):
    """Raises typst.TypstError when a glyph is missing."""
    source = b'#set document(title: "x")\n#set text(font: "Libertinus Serif")\n'
    source += b'#for said in json("d.json") [#block(said) #block(strong(said))]'
    typst.compile(
        {"main.typ": source, "d.json": json.dumps(texts).encode()},
        format="pdf",
        font_paths=typst.Fonts(include_system_fonts=False, include_embedded_fonts=True),
        pdf_standards=["a-3a"],
        timestamp=0,
    )


def test_the_shipped_fonts_have_what_is_said_of_them():
    characters = [chr(code) for first, last in RANGES for code in sorted({first, (first + last) // 2, last})]
    assert len(characters) > 200
    set_in_type([f"a{character}b" for character in characters])
    with pytest.raises(typst.TypstError):
        set_in_type(["\u65e5"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=20))
def test_whatever_text_there_is_can_be_set(texts):
    set_in_type([settable(text) for text in texts])


def test_an_argument_without_figures_that_many_share_is_told_once():
    paper = compose(EXAMPLES["year"](), "en")
    table = next(
        block
        for part in paper.parts
        for block in part.blocks
        if hasattr(block, "rows") and len(block.rows) == 1_500
    )
    assert not any("A single computer observes" in row.arguments for row in table.rows)
    said = [block.text for part in paper.parts for block in part.blocks if hasattr(block, "small")]
    assert sum("A single computer observes" in text for text in said) == 1


def test_the_first_page_counts_other_causes_and_names_not_resolved_alike_in_both_places():
    facts = EXAMPLES["bad"]()
    account, front = facts.account, compose(facts, "en").front
    assert account.dns
    assert f"{len(account.set_aside)} with another cause," in front.explanation
    assert f"{len(account.dns)} of names not resolved (DNS)" in front.explanation
    told = " ".join(front.verdict)
    assert f"Other causes, not counted: {len(account.set_aside)}" in told
    assert f"Names not resolved (DNS), counted apart: {len(account.dns)}" in told
    whole, *parts = map(int, re.findall(r"\d+", front.explanation))
    assert whole == sum(parts)


def test_the_stated_reserve_is_the_one_met_most_often():
    facts = EXAMPLES["bad"]()
    told = " ".join(compose(facts, "en").front.verdict)
    held = facts.account.held
    silent = sum(Remark.of("hop_never_answers") in one.verdict.counter_evidence for one in held)
    assert f"({silent} of {len(held)})" in told


def test_another_fault_of_the_layout_is_not_hidden(monkeypatch):
    monkeypatch.setattr(pdf, "_layout", lambda name: b"#let x = ")
    with pytest.raises(typst.TypstError):
        paper_pdf(compose(EXAMPLES["empty"](), "en"))
