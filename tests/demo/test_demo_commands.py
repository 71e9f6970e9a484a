"""``jalerte --demo``: every screen and paper says so, nothing leaves, the real home stays as it was."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from tests_demo_helpers import tree

from jalerte_desktop.__main__ import COMMANDS, main
from jalerte_desktop.demo.folder import read_mark
from jalerte_desktop.words.figures import iso

MARK_FR = "Données de démonstration, inventées"


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A person's own home, with the demonstration beside what is theirs."""
    home = tmp_path / "home"
    shutil.copytree(made, home)
    for name in ("journal.sqlite", "case.sqlite", "config.toml"):
        (home / name).write_text("the person's own")
    return home


def own(home: Path) -> dict[str, str]:
    return {name: digest for name, digest in tree(home).items() if not name.startswith("demo/")}


def run(home: Path, *words: str) -> int:
    try:
        return main(["--home", str(home), "--demo", *words])
    except SystemExit as ended:
        return int(ended.code or 0)


def test_words_and_json_say_that_the_data_are_made_up(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = own(home)
    assert run(home, "status") == 0
    assert capsys.readouterr().out.splitlines()[0] in (MARK_FR, "Made-up demonstration data")
    for words in (
        ["status"],
        ["incidents", "--since", "2d"],
        ["line", "show"],
        ["case", "show"],
        ["contract", "show"],
        ["diary", "list"],
        ["speed", "--results"],
        ["alert", "share"],
    ):
        assert run(home, *words, "--json") == 0, words
        assert json.loads(capsys.readouterr().out)["demo"] is True, words
    assert own(home) == before


def test_time_stands_still_at_the_end_of_the_month(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mark = read_mark(home / "demo")
    assert mark is not None
    assert run(home, "status", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["recorder"]["running"] is False
    assert told["last_sample"] < iso(mark.end_ns)
    assert told["today"]["coverage"] > 0.99
    assert told["line"]["home"] is True
    assert run(home, "exclude", "--since", "1h", "--until", "30min", "--reason", "essai", "--json") == 0
    assert json.loads(capsys.readouterr().out)["end"] == iso(mark.end_ns - 30 * 60 * 10**9)


def test_the_folder_says_it_also_where_the_switch_is_not_given(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(home / "demo"), "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["demo"] is True
    assert main(["--home", str(home / "demo"), "record", "--for", "1"]) == 2


def test_each_page_of_a_letter_says_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = own(home)
    paper = tmp_path / "reclamation.pdf"
    assert run(home, "letter", "complaint", "--out", str(paper), "--json") == 0
    assert json.loads(capsys.readouterr().out)["demo"] is True
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext (poppler-utils)")
    text = subprocess.run(["pdftotext", str(paper), "-"], capture_output=True, check=True).stdout.decode()
    pages = text.split("\f")[:-1]
    assert len(pages) >= 3
    assert all(MARK_FR in page for page in pages)
    assert own(home) == before


def test_a_letter_as_docx_says_it_in_its_header(home: Path, tmp_path: Path) -> None:
    paper = tmp_path / "reclamation.docx"
    assert run(home, "letter", "complaint", "--out", str(paper)) == 0
    with zipfile.ZipFile(paper) as archive:
        headers = [archive.read(one).decode() for one in archive.namelist() if "header" in one]
    assert any(MARK_FR in one for one in headers)


def test_the_alert_and_the_share_say_it_first(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "alert", "preview", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["description"].startswith(f"{MARK_FR}.\n")
    assert told["description_length"] <= told["description_limit"]
    assert told["demo"] is True
    assert run(home, "alert", "share", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["short"].startswith(MARK_FR)
    assert told["text"].startswith(MARK_FR)


REFUSED = (
    ["check"],
    ["record"],
    ["speed"],
    ["speed", "--choose", "--provider", "http"],
    ["speed-server"],
    ["campaign", "start", "--rules", "free", "--confirm"],
    ["campaign", "run"],
    ["stamp", "now"],
    ["stamp", "choose", "--none"],
    ["alert", "open"],
    ["alert", "send", "--via", "email"],
    ["alert", "queue", "run"],
    ["alert", "mail", "show"],
)


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_what_measures_or_sends_is_refused_with_one_line(
    home: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(home)
    assert run(home, *words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert f"jalerte {words[0]}" in said.err
    assert tree(home) == before


def test_a_refused_command_makes_up_no_month(tmp_path: Path) -> None:
    assert run(tmp_path, "record") == 2
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_nobody_thought_of_is_refused() -> None:
    import argparse

    from diagnostics.model import BadInput
    from jalerte_desktop.demo.refusals import refuse

    with pytest.raises(BadInput):
        refuse(argparse.Namespace(command="telegraph"))
    assert "record" in COMMANDS
