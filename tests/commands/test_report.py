"""``jalerte report`` as scripts and the window see it: what it writes, freezes, refuses, and that it repeats itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from diagnostics.model import SECOND
from jalerte_desktop.__main__ import main
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.documents.report.model import ReportFacts
from tests.documents.report_journal import CUT_S, LENGTH_S, write_journal
from tests.made import LINE, T0

Run = Callable[..., tuple[int, str, str]]


def stamp(second: float) -> str:
    return datetime.fromtimestamp(T0 / SECOND + second, UTC).isoformat()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "chez moi é"
    write_journal(folder / "journal.sqlite")
    return folder


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str) -> tuple[int, str, str]:
        try:
            code = main(["--home", str(home), *words])
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def document(run: Run, *words: str) -> Any:
    code, out, err = run("report", *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_report_is_a_pdf_and_the_document_says_what_it_stands_on(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "rapport.pdf"
    found = document(run, "--out", str(out))
    content = out.read_bytes()
    assert content.startswith(b"%PDF-")
    assert (found["kind"], found["out"], found["bytes"]) == ("report", str(out), len(content))
    assert found["sha256"] == hashlib.sha256(content).hexdigest()
    assert (found["cuts"], found["cut_s"]) == (1, pytest.approx(CUT_S, abs=0.5))
    assert found["coverage"]["observed_s"] == pytest.approx(LENGTH_S, abs=1.5)
    assert [one["role"] for one in found["incidents"]] == ["held"]
    assert found["line"] == {"id": LINE.id, "confirmed": True}
    assert found["seal"]["link"]
    assert (found["left_out"], found["witnesses"], found["demo"]) == (0, 0, False)


def test_the_same_journal_period_and_time_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    first = document(run, "--out", str(tmp_path / "a.pdf"), "--language", "en")
    words = ("--language", "en", "--made", first["made"])
    second = document(run, "--out", str(tmp_path / "b.pdf"), *words)
    assert second["made"] == first["made"]
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_both_languages(run: Run, tmp_path: Path) -> None:
    documents = [
        document(run, "--out", str(tmp_path / f"{code}.pdf"), "--language", code) for code in ("fr", "en")
    ]
    assert [one["language"] for one in documents] == ["fr", "en"]
    assert documents[0]["sha256"] != documents[1]["sha256"]


def test_sentences_of_the_facts_are_in_the_reports_language(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jalerte_desktop.documents.report import facts as module
    from jalerte_desktop.words.language import current

    spoken = []
    gather = module.gather

    def listening(*arguments: Any) -> ReportFacts:
        spoken.append(current())
        return gather(*arguments)

    monkeypatch.setattr(module, "gather", listening)
    before = current()
    document(run, "--out", str(tmp_path / "a.pdf"), "--language", "en")
    document(run, "--out", str(tmp_path / "b.pdf"), "--language", "fr")
    assert (spoken, current()) == (["en", "fr"], before)


def test_without_a_case_nothing_is_frozen_and_none_is_made(run: Run, home: Path, tmp_path: Path) -> None:
    assert document(run, "--out", str(tmp_path / "a.pdf"))["paper"] is None
    assert not (home / "case.sqlite").exists()
    code, out, _ = run("report", "--out", str(tmp_path / "b.pdf"))
    assert code == 0
    assert str(tmp_path / "b.pdf") in out


def test_with_a_case_the_paper_is_frozen_with_what_it_stands_on(run: Run, home: Path, tmp_path: Path) -> None:
    run("case", "new", "--problem", "fixed-internet-cut", "--operator", "Orange")
    found = document(run, "--out", str(tmp_path / "a.pdf"))
    with open_case_file(home / "case.sqlite", lambda: 0) as file:
        (paper,) = file.papers()
    assert (paper.id, paper.kind, paper.line_id) == (found["paper"], "report", LINE.id)
    assert [use.role for use in paper.incidents] == ["held"]
    assert paper.seal is not None
    assert (paper.seal.link, paper.method) == (found["seal"]["link"], found["method"])
    assert [(one.sha256, one.size_bytes) for one in paper.files] == [(found["sha256"], found["bytes"])]
    said = json.loads(paper.text)
    assert said["holder"]["operator"] == "Orange"
    assert sum(day["cut_s"] for day in said["days"]) == pytest.approx(found["cut_s"], abs=0.001)


def test_progress_is_lines_of_json_and_the_last_holds_the_result(run: Run, tmp_path: Path) -> None:
    code, out, err = run("report", "--out", str(tmp_path / "a.pdf"), "--progress")
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [line["stage"] for line in lines[:-1]] == ["study", "figures", "events", "witnesses", "pages"]
    assert lines[-1]["event"] == "completed"
    assert lines[-1]["result"]["bytes"] == (tmp_path / "a.pdf").stat().st_size


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--out", "a.txt"), 2),
        (("--out", "a.pdf", "--since", "2100-01-01"), 2),
        (("--out", "a.pdf", "--since", stamp(100), "--until", stamp(50)), 2),
        (("--out", "a.pdf", "--since", stamp(LENGTH_S + 100)), 2),
        (("--out", "a.pdf", "--until", stamp(-100)), 2),
        (("--out", "a.pdf", "--since", "nonsense"), 2),
        (("--out", "a.pdf", "--language", "de"), 2),
        (("--out", "a.pdf", "--made", "2100-01-01"), 2),
        (("--out", "a.pdf", "--made", stamp(10)), 2),
        (("--out", "nowhere/a.pdf"), 2),
        ((), 2),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_written(
    words: tuple[str, ...], code: int, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*.pdf"))
    exit_code, out, err = run("report", *words)
    assert (exit_code, out, len(err.splitlines())) == (code, "", 1)
    assert "report_" not in err
    assert sorted(tmp_path.rglob("*.pdf")) == before


def test_an_existing_file_is_replaced_only_when_asked(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "a.pdf"
    out.write_bytes(b"precious")
    code, _, err = run("report", "--out", str(out))
    assert (code, out.read_bytes(), len(err.splitlines())) == (2, b"precious", 1)
    document(run, "--out", str(out), "--force")
    assert out.read_bytes().startswith(b"%PDF-")


def test_no_journal_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path / "none"), "report", "--out", str(tmp_path / "a.pdf")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "a.pdf").exists()
