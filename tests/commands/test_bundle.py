"""``jalerte bundle``: shows what is in it before it writes, writes what was shown, freezes it where there is a case."""

import argparse
import hashlib
import io
import json

import pytest

from diagnostics.clock import Reading
from diagnostics.model import SECOND, BadInput, Problem
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.commands import _ask, bundle
from jalerte_desktop.commands.context import Context, Home
from jalerte_desktop.documents.bundle.archive import read
from jalerte_desktop.documents.bundle.check import check_bundle
from jalerte_desktop.documents.bundle.redaction import COPIES
from jalerte_desktop.filing.drafts import attach, new_draft
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.language import speaking
from tests.documents.report_journal import LENGTH_S, write_journal
from tests.documents.stuffed_home import photo
from tests.made import T0

NOW = T0 + (LENGTH_S + 60) * SECOND


class StillClock:
    def read(self):
        return Reading(NOW, 0, None)

    def mono_ns(self):
        return 0


@pytest.fixture
def home(tmp_path):
    write_journal(tmp_path / "home" / "journal.sqlite")
    return Home(tmp_path / "home")


@pytest.fixture
def with_case(home):
    with open_case_file(home.case, lambda: NOW) as file:
        file.new("fixed-internet-cut", "FR", "Orange")
        file.set("person.name", "Zébulon Wigglesworth")
    return home


def run(home, *words, code=0, err=None):
    parser = argparse.ArgumentParser(exit_on_error=False)
    bundle.configure(parser)
    arguments = parser.parse_args(words)
    context = Context(home, arguments.json, StillClock(), io.StringIO(), err or io.StringIO())
    assert bundle.run(arguments, context) == code
    said = context.out.getvalue()
    return json.loads(said) if arguments.json else said


def refused(home, *words):
    with pytest.raises(Problem) as caught:
        run(home, *words)
    said = say_problem(caught.value)
    assert "{" not in said
    assert said != str(caught.value)
    return caught.value


@pytest.mark.parametrize("copy", COPIES)
def test_each_copy_is_written_and_whole(with_case, tmp_path, copy):
    out = tmp_path / "b.zip"
    said = run(with_case, "--for", copy, "--out", str(out), "--yes", "--json")
    assert said["copy"] == copy
    assert said["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert said["bytes"] == out.stat().st_size
    assert check_bundle(out).ok
    assert [(one["name"], one["bytes"]) for one in said["preview"]["members"]] == [
        (member.name, len(member.data)) for member in read(out)
    ]


def test_a_preview_writes_nothing_and_names_every_file_and_rule(with_case, tmp_path):
    said = run(with_case, "--for", "public", "--preview")
    told = run(with_case, "--for", "public", "--preview", "--json")["preview"]
    assert {one["name"] for one in told["members"]} >= {"report.pdf", "verify.py", "removed.json"}
    assert all(one["what"] for one in told["members"])
    assert {one["rule"] for one in told["taken_out"]} >= {"subscriber", "line-identity", "first-hops"}
    for one in (*told["members"], *({"name": rule["rule"]} for rule in told["taken_out"])):
        assert one["name"] in said
    assert list(tmp_path.glob("*.zip")) == []
    with open_case_file(with_case.case, lambda: NOW) as file:
        assert file.papers() == ()


def test_without_a_yes_nothing_is_written(with_case, tmp_path, monkeypatch):
    out = tmp_path / "b.zip"
    assert refused(with_case, "--for", "public", "--out", str(out)).remark.code == "bundle_needs_yes"
    assert (
        refused(with_case, "--for", "public", "--out", str(out), "--json").remark.code == "bundle_needs_yes"
    )

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(bundle.sys, "stdin", Terminal("non\n"))
    said = run(with_case, "--for", "public", "--out", str(out))
    assert "removed.json" in said
    assert not out.exists()
    monkeypatch.setattr(bundle.sys, "stdin", Terminal("oui\n"))
    assert _ask.sys is bundle.sys
    said = run(with_case, "--for", "public", "--out", str(out))
    assert hashlib.sha256(out.read_bytes()).hexdigest() in said
    assert said.index("removed.json") < said.index(str(out))


def test_a_bundle_is_frozen_with_incidents_method_and_seal(with_case, tmp_path):
    said = run(with_case, "--for", "mediator", "--out", str(tmp_path / "b.zip"), "--yes", "--json")
    with open_case_file(with_case.case, lambda: NOW) as file:
        (paper,) = file.papers()
    assert paper.id == said["paper"]
    assert paper.kind == "bundle"
    assert paper.seal is not None
    assert len(paper.incidents) == 1
    assert [one.sha256 for one in paper.files] == [said["sha256"]]
    assert json.loads(paper.text)["copy"] == "mediator"


def test_without_a_case_it_is_written_and_no_case_file_is_made(home, tmp_path):
    said = run(home, "--for", "operator", "--out", str(tmp_path / "b.zip"), "--yes", "--json")
    assert said["paper"] is None
    assert not home.case.exists()


STAGES = ["study", "figures", "events", "witnesses", "records", "pages"]


def test_progress_is_lines_of_json_and_the_last_holds_the_result(home, tmp_path):
    out = tmp_path / "b.zip"
    lines = [
        json.loads(line) for line in run(home, "--for", "public", "--preview", "--progress").splitlines()
    ]
    assert [line["stage"] for line in lines[:-1]] == STAGES
    assert lines[-1]["event"] == "completed"
    assert lines[-1]["result"]["path"] is None
    told = run(home, "--for", "public", "--out", str(out), "--yes", "--progress").splitlines()
    assert json.loads(told[-1])["result"]["bytes"] == out.stat().st_size
    words = ("--for", "public", "--out", str(tmp_path / "c.zip"), "--progress")
    assert refused(home, *words).remark.code == "bundle_needs_yes"


def test_progress_beside_one_document_goes_to_the_error_output(home, tmp_path):
    err = io.StringIO()
    said = run(home, "--for", "public", "--preview", "--progress", "--json", err=err)
    lines = [json.loads(line) for line in err.getvalue().splitlines()]
    assert [line["stage"] for line in lines[:-1]] == STAGES
    assert lines[-1]["result"] == said


def test_an_existing_file_is_replaced_only_when_told(home, tmp_path):
    out = tmp_path / "b.zip"
    out.write_bytes(b"mine")
    assert refused(home, "--for", "public", "--out", str(out), "--yes").remark.code == "output_exists"
    assert out.read_bytes() == b"mine"
    run(home, "--for", "public", "--out", str(out), "--yes", "--force")
    assert check_bundle(out).ok


def test_what_cannot_be_is_refused_in_words(home, tmp_path):
    assert refused(home, "--for", "public", "--yes").remark.code == "bundle_no_out"
    assert (
        refused(home, "--for", "public", "--out", str(tmp_path / "b.rar"), "--yes").remark.code
        == "bundle_format"
    )
    future = ("--since", "2031-01-01", "--until", "2031-01-02")
    assert isinstance(refused(home, "--for", "public", "--preview", *future), BadInput)
    nowhere = str(tmp_path / "nowhere" / "b.zip")
    assert refused(home, "--for", "public", "--out", nowhere, "--yes").remark.code == "output_no_folder"


def test_files_of_the_draft_go_along_and_one_that_changed_is_refused(with_case, tmp_path):
    source = tmp_path / "box.jpg"
    source.write_bytes(photo())
    with open_case_file(with_case.case, lambda: NOW) as file:
        new_draft(file, None, None)
        attach(file, source, "photo", with_case.files, keep_metadata=True)
    out = tmp_path / "b.zip"
    run(with_case, "--for", "operator", "--out", str(out), "--yes")
    kept = {member.name: member.data for member in read(out)}
    assert b"45.188529N" not in kept["attachments/01-box.jpg"]
    run(with_case, "--for", "public", "--out", str(out), "--yes", "--force")
    assert not [member.name for member in read(out) if member.name.startswith("attachments/")]
    for one in with_case.files.iterdir():
        one.chmod(0o600)
        one.write_bytes(b"another picture")
    problem = refused(with_case, "--for", "operator", "--preview")
    assert problem.remark.code == "bundle_attachment_changed"


def test_it_speaks_the_language_that_is_asked_for(home, tmp_path):
    with speaking("fr"):
        run(home, "--for", "public", "--out", str(tmp_path / "b.zip"), "--yes", "--language", "en")
    members = {member.name: member.data for member in read(tmp_path / "b.zip")}
    assert json.loads(members["incidents.json"])["incidents"][0]["kind_words"] == "outage"
