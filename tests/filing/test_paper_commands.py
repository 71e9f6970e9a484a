"""The commands of case, contract, letter and alert: what they print, write, refuse and freeze."""

import argparse
import hashlib
import io
import json
from dataclasses import replace
from importlib import import_module

import docx
import pytest

from diagnostics.clock import Reading
from diagnostics.model import BadInput, Problem
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.casefile.model import PaperFile
from jalerte_desktop.commands.context import Context, Home
from jalerte_desktop.documents.period import last_days
from jalerte_desktop.filing.form import form
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.language import speaking
from tests import examples


class StillClock:
    def read(self):
        return Reading(examples.NOW, 0, None)

    def mono_ns(self):
        return 0


class Desk(Context):
    """A context whose findings are given; keeps what was printed."""

    def __init__(self, folder, found):
        super().__init__(Home(folder), clock=StillClock(), out=io.StringIO(), err=io.StringIO())
        self.found = found
        self.asked = []

    def findings(self, since=None, until=None):
        self.asked.append((since, until))
        return self.found


@pytest.fixture
def desk(tmp_path):
    with speaking("fr"):
        yield Desk(tmp_path / "home", examples.ordinary())


def run(desk, command, *words):
    """Run one command; gives its JSON document, or its text."""
    module = import_module(f"jalerte_desktop.commands.{command}")
    parser = argparse.ArgumentParser(exit_on_error=False)
    module.configure(parser)
    arguments = parser.parse_args(words)
    desk.json, desk.out = arguments.json, io.StringIO()
    assert module.run(arguments, desk) == 0
    return json.loads(desk.out.getvalue()) if desk.json else desk.out.getvalue()


def refused(desk, command, *words):
    with pytest.raises(Problem) as caught:
        run(desk, command, *words)
    assert "{" not in say_problem(caught.value)
    return caught.value


def a_case(desk):
    run(desk, "case", "new", "--problem", "fixed-internet-cut", "--country", "FR", "--operator", "Orange")
    run(desk, "case", "set", "person.name", "Marie Dupont")
    run(desk, "contract", "set", "--download-max", "1 Gbit/s", "--price", "39,99", "--technology", "fibre")


def papers(desk):
    with open_case_file(desk.home.case, lambda: examples.NOW) as file:
        return file.papers()


def test_case_and_contract_show_what_was_set(desk):
    a_case(desk)
    case = run(desk, "case", "show", "--json")
    assert (case["problem"], case["country"], case["operator"]) == ("fixed-internet-cut", "FR", "Orange")
    assert case["fields"]["person.name"] == "Marie Dupont"
    assert case["fields"]["contract.download_max_bps"] == 10**9
    assert case["fields"]["person.email"] is None
    assert "person.email" in case["missing"]
    contract = run(desk, "contract", "show", "--json")
    assert (contract["operator"], contract["download_max_bps"], contract["monthly_price_eur"]) == (
        "Orange",
        10**9,
        39.99,
    )
    assert "1\u202f000\u00a0Mbit/s" in run(desk, "contract", "show")
    assert "Marie Dupont" in run(desk, "case", "show")


def test_bad_values_are_refused(desk):
    a_case(desk)
    assert refused(desk, "case", "set", "person.postcode", "69").exit_code == 2
    assert refused(desk, "case", "set", "person.nonsense", "x").remark.code == "field_unknown"
    assert refused(desk, "contract", "set").remark.code == "contract_nothing"
    assert refused(desk, "contract", "set", "--download-max", "300").remark.code == "field_speed_unit"


def test_the_alert_preview_has_the_promised_keys_and_is_frozen(desk):
    a_case(desk)
    found = run(desk, "alert", "preview", "--json")
    fields = {field["name"]: field for field in found["fields"]}
    assert set(fields) == {entry.name for entry in form("jalerte").fields}
    assert fields["technologieContainer:technologie"]["value"] == "Fibre"
    assert fields["technologieContainer:technologie"]["source"] == "line.technology"
    assert "utilisateurContainer:email" in found["missing"]
    assert found["description"] == fields["verbatim"]["value"]
    assert found["description_length"] <= found["description_limit"] == 2000
    assert found["attachments"] == []
    assert "indépendant" in found["notice"]
    (paper,) = papers(desk)
    assert (paper.id, paper.kind, paper.method) == (found["paper"], "alert", "2026-11-22")
    assert paper.seal == desk.found.seal
    assert found["seal"] == {
        "sequence": 4812,
        "link": examples.SEAL.link,
        "at": "2026-11-22T08:59:00.000+00:00",
        "key": None,
    }
    assert [use.incident_id for use in paper.incidents] == [i.id for i in desk.found.incidents]
    assert found["description"] in paper.text


def test_the_frozen_incidents_stay_when_the_verdicts_change(desk):
    run(desk, "alert", "preview", "--json")
    before = papers(desk)[0]
    first = desk.found.incidents[0]
    desk.found = replace(desk.found, incidents=(replace(first, duration_s=999.0), *desk.found.incidents[1:]))
    run(desk, "alert", "preview", "--json")
    old, new = papers(desk)
    assert old == before
    assert json.loads(old.incidents[0].snapshot)["duration_s"] == 20.0
    assert json.loads(new.incidents[0].snapshot)["duration_s"] == 999.0
    for use in (*old.incidents, *new.incidents):
        assert hashlib.sha256(use.snapshot.encode()).hexdigest() == use.sha256


def test_the_preview_as_text_is_readable_without_a_case(desk):
    text = run(desk, "alert", "preview")
    for number in range(1, 6):
        assert f"\n{number}. " in text
    assert "Il manque" in text
    assert "utilisateurContainer:email" in text
    assert "ni édité ni approuvé par l’Arcep" in text


@pytest.mark.parametrize("ending", ["pdf", "docx", "PDF"])
def test_a_letter_is_written_and_frozen(desk, tmp_path, ending):
    a_case(desk)
    out = tmp_path / f"lettre.{ending}"
    found = run(desk, "letter", "complaint", "--out", str(out), "--json")
    content = out.read_bytes()
    assert content[:2] == (b"PK" if ending == "docx" else b"%P")
    assert found["path"] == str(out)
    assert found["sha256"] == hashlib.sha256(content).hexdigest()
    assert {incident["role"] for incident in found["incidents"]} >= {"held", "excluded"}
    assert found["seal"]["sequence"] == 4812
    assert "numéro de client" in found["blanks"]
    (paper,) = papers(desk)
    assert paper.id == found["paper"]
    assert paper.files[0].sha256 == found["sha256"]
    assert json.loads(paper.text)["kind"] == "complaint"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == [out.name]


def test_a_letter_never_replaces_a_file_unasked(desk, tmp_path):
    out = tmp_path / "lettre.pdf"
    out.write_text("mine")
    assert refused(desk, "letter", "complaint", "--out", str(out)).remark.code == "output_exists"
    assert out.read_text() == "mine"
    assert papers(desk) == ()
    run(desk, "letter", "complaint", "--out", str(out), "--force")
    assert out.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("complaint", "--out", "lettre.odt"), "letter_format"),
        (("complaint", "--out", "lettre"), "letter_format"),
        (("love", "--out", "lettre.pdf"), "letter_kind"),
        (("complaint", "--out", "nowhere/lettre.pdf"), "output_no_folder"),
        (("complaint", "--out", "lettre.pdf", "--since", "yesterday"), "bad_time"),
        (
            ("complaint", "--out", "lettre.pdf", "--since", "2026-11-20", "--until", "2026-11-10"),
            "empty_period",
        ),
    ],
)
def test_bad_use_writes_nothing(desk, tmp_path, monkeypatch, words, code):
    monkeypatch.chdir(tmp_path)
    assert refused(desk, "letter", *words).remark.code == code
    assert not list(tmp_path.glob("*.*"))
    assert not desk.home.case.exists() or papers(desk) == ()


def test_a_letter_without_cause_is_refused_and_nothing_is_frozen(desk, tmp_path):
    desk.found = examples.findings([examples.incident("2026-11-10 08:00:00", confidence=0.5)])
    problem = refused(desk, "letter", "complaint", "--out", str(tmp_path / "lettre.pdf"))
    assert (problem.remark.code, problem.exit_code) == ("nothing_held", 1)
    assert not (tmp_path / "lettre.pdf").exists()
    assert papers(desk) == ()


def test_the_letter_on_an_unconfirmed_line_warns_and_names_nobody(desk, tmp_path):
    a_case(desk)
    line = examples.UNCONFIRMED
    desk.found = examples.findings(examples.two_cuts_a_day(line=line), line=line)
    out = tmp_path / "lettre.docx"
    found = run(desk, "letter", "complaint", "--out", str(out), "--json")
    assert "letter_line_unconfirmed" in [warning["code"] for warning in found["warnings"]]
    assert not any("Orange" in paragraph.text for paragraph in docx.Document(str(out)).paragraphs)


def test_the_newest_letter_is_offered_as_an_attachment(desk, tmp_path):
    a_case(desk)
    out = tmp_path / "lettre.pdf"
    run(desk, "letter", "complaint", "--out", str(out))
    assert run(desk, "alert", "preview", "--json")["attachments"] == [str(out)]
    out.unlink()
    assert run(desk, "alert", "preview", "--json")["attachments"] == []


def test_another_paper_than_a_complaint_never_goes_along_by_itself(desk, tmp_path):
    a_case(desk)
    out = tmp_path / "lettre.pdf"
    run(desk, "letter", "complaint", "--out", str(out))
    report = tmp_path / "rapport.pdf"
    report.write_bytes(b"%PDF")
    with open_case_file(desk.home.case, lambda: examples.NOW) as file:
        written = PaperFile(str(report), hashlib.sha256(b"%PDF").hexdigest(), 4)
        file.freeze(replace(file.papers()[-1], kind="report", made_ns=examples.NOW + 1, files=(written,)))
        assert file.papers()[-1].kind == "report"
    assert run(desk, "alert", "preview", "--json")["attachments"] == [str(out)]


def test_the_period_is_the_one_asked_for_else_the_last_thirty_days(desk):
    run(
        desk,
        "alert",
        "preview",
        "--since",
        "2026-11-10T00:00:00+00:00",
        "--until",
        "2026-11-20T00:00:00+00:00",
        "--json",
    )
    assert desk.asked == [(examples.at("2026-11-10 00:00:00"), examples.at("2026-11-20 00:00:00"))]
    desk.found = examples.findings(span=examples.Span(examples.at("2026-01-01 00:00:00"), examples.NOW))
    found = run(desk, "alert", "preview", "--json")
    assert found["period"] == {
        "start": "2026-10-23T09:00:00.000+00:00",
        "end": "2026-11-22T09:00:00.000+00:00",
    }
    assert last_days(desk.found).span.duration_s == 30 * 86_400


def test_an_empty_record_is_told(desk):
    desk.found = replace(examples.findings(), record=None)
    assert refused(desk, "alert", "preview").remark.code == "out_of_record"
    desk.found = examples.findings(span=examples.Span(5, 5))
    with pytest.raises(BadInput):
        run(desk, "alert", "preview")


def test_a_letter_that_claims_what_was_excluded_since_is_no_longer_attached(desk, tmp_path):
    run(
        desk,
        "case",
        "new",
        "--problem",
        "fixed-internet-cut",
        "--country",
        "FR",
        "--operator",
        "Sosh",
        "--json",
    )
    letter = tmp_path / "letter.pdf"
    run(desk, "letter", "complaint", "--out", str(letter), "--json")
    assert run(desk, "alert", "preview", "--json")["attachments"] == [str(letter)]
    desk.found = replace(
        desk.found, incidents=tuple(replace(one, excluded="travaux") for one in desk.found.incidents)
    )
    assert run(desk, "alert", "preview", "--json")["attachments"] == []


def test_a_draft_is_begun_edited_and_shown(desk, tmp_path):
    a_case(desk)
    begun = run(desk, "alert", "new", "--json")
    assert begun["draft"]["own_words"] is False
    photo = tmp_path / "box.png"
    photo.write_bytes(b"\x89PNG")
    edited = run(
        desk,
        *("alert", "edit", "--description", "Ma ligne coupe chaque soir.", "--attach", str(photo)),
        *("--contacted", "yes", "--rating", "2", "--json"),
    )
    assert edited["description"] == "Ma ligne coupe chaque soir."
    assert [one["name"] for one in edited["draft"]["attachments"]] == ["box.png"]
    shown = {field["name"]: field["value"] for field in run(desk, "alert", "preview", "--json")["fields"]}
    assert shown["verbatim"] == "Ma ligne coupe chaque soir."
    assert shown["serviceClientContainer:contacte"] == "Oui"
    assert shown["noteServiceClient"] == "2"
    again = run(desk, "alert", "edit", "--redraft", "--detach", "box.png", "--json")
    assert again["draft"]["own_words"] is False
    assert again["description"] == begun["description"]
    assert again["draft"]["attachments"] == []


def test_an_edit_without_a_change_or_a_draft_is_refused(desk, tmp_path):
    a_case(desk)
    assert refused(desk, "alert", "edit", "--rating", "2").remark.code == "alert_no_draft"
    run(desk, "alert", "new")
    assert refused(desk, "alert", "edit").remark.code == "alert_edit_nothing"
    latin = tmp_path / "latin.txt"
    latin.write_bytes("coupé".encode("latin-1"))
    wrong = refused(desk, "alert", "edit", "--description-file", str(latin))
    assert wrong.remark.code == "alert_text_not_utf8"


def test_a_period_given_by_hand_is_shown_and_leaves_the_draft_alone(desk):
    a_case(desk)
    run(desk, "alert", "new")
    run(desk, "alert", "edit", "--description", "Mes mots")
    by_hand = run(desk, "alert", "preview", "--since", "3d", "--json")
    assert by_hand["draft"] is None
    assert by_hand["description"] != "Mes mots"
    assert run(desk, "alert", "preview", "--json")["description"] == "Mes mots"


def test_routes_say_where_people_write_by_themselves(desk):
    run(desk, "case", "new", "--problem", "post", "--operator", "Orange")
    with speaking("en"):
        told = run(desk, "alert", "routes")
    post = told.split("\n\n")[0]
    assert "99999 LA POSTE" in post
    assert "by post, on your own initiative" in post
    assert "registered letter" not in told
    assert "Lille" not in told


def test_advice_marks_what_is_over(desk):
    run(desk, "case", "new", "--problem", "fixed-internet-cut", "--operator", "Orange")
    run(
        desk,
        "diary",
        "add",
        "letter",
        "--at",
        "2024-01-10T10:00",
        "--with",
        "customer-service",
        "--text",
        "x",
    )
    found = run(desk, "alert", "advice", "--json")["next"]
    assert [step["channel"] for step in found if step["over"]] == ["mediator"]
    assert found[-1]["over"]
