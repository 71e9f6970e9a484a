"""``jalerte verify``: exit codes, the keys that scripts read, and words that say where the first fault lies."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from diagnostics.journal.writer import Writer
from diagnostics.machine_key import NAME, load_or_make
from diagnostics.model import SECOND, Event, EventKind, Problem
from jalerte_desktop.__main__ import main
from jalerte_desktop.commands import verify
from jalerte_desktop.commands.context import Context, Home
from jalerte_desktop.documents.bundle import archive, check, manifest, records
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.kind import FileKind, kind_of
from jalerte_desktop.words import errors, language
from jalerte_desktop.words.figures import local
from tests.documents.bundle_made import KEY, PUBLIC, made
from tests.documents.test_bundle_hole_misuse import holed
from tests.made import LINE, T0, between, samples

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str) -> tuple[int, str, str]:
        try:
            code = main(["--home", str(tmp_path / "home"), "verify", *words])
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "preuves.zip"
    path.write_bytes(made(1).bundle())
    return path


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A home's journal of three minutes, sealed."""
    path = tmp_path / "home" / "journal.sqlite"
    path.parent.mkdir()
    with closing(Writer(path)) as writer:
        writer.append(
            Event(
                EventKind.LINE,
                T0,
                {
                    "id": LINE.id,
                    "gateway": LINE.gateway,
                    "gateway_mac": LINE.gateway_mac,
                    "interface": LINE.interface,
                },
            )
        )
        writer.stage(LINE.id, list(samples(between(0, 0, frozenset()), 180)))
        writer.seal_all()
        writer.sign(T0 + 180 * SECOND)
    return path


def document(run: Run, *words: str) -> tuple[int, dict[str, Any]]:
    code, out, err = run(*words, "--json")
    assert err == ""
    return code, json.loads(out)


def test_a_whole_bundle(run: Run, bundle: Path) -> None:
    code, found = document(run, str(bundle))
    parts = made(1)
    assert code == 0
    assert found["ok"] is True
    assert found["checked"] == {
        "blocks": len(parts.chain.records),
        "samples": 108,
        "members": len(parts.members()) + 2,
    }
    assert (found["signature"], found["first_fault"], found["fault"]) == ("ok", None, None)
    fingerprint = records.hashlib.sha256(PUBLIC).hexdigest()
    assert found["fingerprint"] == fingerprint
    assert any(fingerprint in note for note in found["notes"])


def test_a_whole_bundle_in_words(run: Run, bundle: Path) -> None:
    code, out, err = run(str(bundle))
    assert (code, err) == (0, "")
    assert str(bundle) in out
    assert records.hashlib.sha256(PUBLIC).hexdigest() in out


def test_a_broken_bundle_names_the_member(run: Run, bundle: Path) -> None:
    members = [
        Member(one.name, one.data + b"!" if one.name == "report.pdf" else one.data)
        for one in archive.read(bundle)
    ]
    bundle.write_bytes(archive.write(members))
    code, found = document(run, str(bundle))
    assert code == 1
    assert found["ok"] is False
    assert "report.pdf" in found["first_fault"]
    assert found["fault"] == {"code": "bundle_digest", "seq": None, "at": None, "member": "report.pdf"}
    assert found["notes"] == []
    code, out, _err = run(str(bundle))
    assert code == 1
    assert found["first_fault"] in out


def test_a_bundle_with_a_hole_has_a_headline_of_its_own(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "holed.zip"
    path.write_bytes(holed().bundle())
    code, said, _error = run(str(path))
    assert code == 1
    incomplete, changed = (
        language._(words).format(subject=path)
        for words in ("{subject}: as it was signed, but NOT complete.", "{subject}: NOT as it was made.")
    )
    assert said.splitlines()[0] == incomplete
    assert changed not in said
    assert document(run, str(path))[1]["fault"]["code"] == check.HOLE == verify._HOLE


def test_a_broken_chain_names_the_minute(run: Run, bundle: Path) -> None:
    parts = made(1)
    text = gzip.decompress(records.write(parts.chain.records)).splitlines(keepends=True)
    del text[7]
    packed = gzip.compress(b"".join(text), mtime=0)
    bundle.write_bytes(
        parts.bundle(
            lambda members: [
                Member(one.name, packed if one.name == records.MEMBER else one.data) for one in members
            ]
        )
    )
    code, found = document(run, str(bundle))
    after = parts.chain.records[8]
    assert code == 1
    assert found["fault"]["code"] == "bundle_gap"
    assert found["fault"]["seq"] == parts.chain.first_seq + 7
    assert found["fault"]["at"] is not None
    assert f"{local(after.start_ns):%d/%m/%Y %H:%M}" in found["first_fault"]


def test_a_signature_that_fails_is_said(run: Run, bundle: Path) -> None:
    members = [
        Member(one.name, bytes(64) if one.name == manifest.SIGNATURE else one.data)
        for one in archive.read(bundle)
    ]
    bundle.write_bytes(archive.write(members))
    code, found = document(run, str(bundle))
    assert (code, found["signature"], found["fault"]["code"]) == (1, "failed", "bundle_signature")


def other_zip() -> bytes:
    """Somebody else's, which holds what a bundle's readme is called as well."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("README.txt", "Holiday")
        file.writestr("photo.jpg", b"\xff\xd8\xff" * 900)
    return out.getvalue()


def unpacked(name: str) -> bytes:
    """One member of a bundle: it names the others, and is none."""
    return next(one.data for one in made(1).members() if one.name == name)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("other", lambda: b"Bonjour"),
        ("other", lambda: b"\x89PNG\r\n\x1a\n" + bytes(5_000)),
        ("other", lambda: unpacked("LISEZMOI.txt")),
        ("other", lambda: bytes(3 << 20)),
        ("empty", lambda: b""),
        ("pdf", lambda: b"%PDF-1.7\n" + bytes(5_000)),
        ("other_zip", other_zip),
        ("other_zip", lambda: b"PK\x05\x06" + bytes(18)),
    ],
)
def test_what_is_no_bundle_is_bad_input_and_not_broken(
    run: Run, tmp_path: Path, kind: str, content: Callable[[], bytes]
) -> None:
    path = tmp_path / "letter.zip"
    path.write_bytes(content())
    for options in ((), ("--json",)):
        code, out, err = run(str(path), *options)
        assert (code, out) == (2, "")
        assert len(err.splitlines()) == 1
        assert errors.say_problem(Problem(f"verify_{kind}", path=str(path))) in err


def test_a_folder_and_what_is_no_regular_file_are_bad_input(run: Run, tmp_path: Path) -> None:
    code, out, err = run(str(tmp_path))
    assert (code, out) == (2, "")
    assert errors.say_problem(Problem("verify_folder", path=str(tmp_path))) in err
    pipe = tmp_path / "pipe.zip"
    os.mkfifo(pipe)
    code, out, _err = run(str(pipe))
    assert (code, out) == (2, "")


def test_each_file_that_is_no_bundle_has_its_sentence() -> None:
    kinds = set(FileKind) - {FileKind.BUNDLE}
    assert {f"verify_{kind.value}" for kind in kinds} <= set(errors.sentences())


def test_a_truncated_bundle_is_not_as_it_was_made(run: Run, bundle: Path) -> None:
    whole = bundle.read_bytes()
    for kept in (5, 31, 44, 60, 1_000, len(whole) // 2, len(whole) - 1):
        bundle.write_bytes(whole[:kept])
        code, found = document(run, str(bundle))
        assert (code, found["ok"]) == (1, False), kept
    for lost in (1, 40, 4_000):
        bundle.write_bytes(whole[lost:])
        assert document(run, str(bundle))[0] == 1


def test_a_bundle_with_any_one_changed_byte_of_its_frames_is_still_taken_for_one(
    run: Run, bundle: Path
) -> None:
    whole = bundle.read_bytes()
    places = {*range(80), *range(len(whole) - 300, len(whole), 7)}
    for name in (b"manifest.sha256", b"manifest.sig"):
        first = whole.index(name)
        places |= {*range(first - 30, first + len(name))}
    for place in sorted(places):
        changed = bytearray(whole)
        changed[place] ^= 0x55
        bundle.write_bytes(changed)
        assert kind_of(bundle) is FileKind.BUNDLE, place
    assert document(run, str(bundle))[0] == 1


def test_without_a_check_of_signatures_nothing_is_whole(
    run: Run, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "verify_ed25519", lambda key, signature, message: None)
    code, found = document(run, str(bundle))
    assert (code, found["ok"], found["signature"], found["first_fault"]) == (1, False, "unchecked", None)
    language.use("en")
    _code, out, _err = run(str(bundle))
    assert "whole" not in out
    assert "NOT checked" in out


def test_a_missing_file_is_bad_use(run: Run, tmp_path: Path) -> None:
    code, out, err = run(str(tmp_path / "none.zip"))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1


def test_nothing_of_a_hostile_file_reaches_the_terminal(run: Run, bundle: Path) -> None:
    parts = made(1)
    evil = b'{"incidents":[{"id":"\x1b[2J","records":[[1,2]]}]}'.replace(b"\x1b", b"\\u001b")
    bundle.write_bytes(
        parts.bundle(
            lambda members: [
                Member(one.name, evil if one.name == "incidents.json" else one.data) for one in members
            ]
        )
    )
    code, out, _err = run(str(bundle))
    assert code == 1
    assert "\x1b" not in out


def test_times_beyond_all_calendars_are_still_told(run: Run, bundle: Path) -> None:
    parts = made(1)
    parts.chain.add("gap", (1 << 63) - 1, (1 << 63) - 1, {"reason": b'"x"'})
    parts.chain.seal((1 << 63) - 1, KEY)
    packed = records.write([*parts.chain.records[:-2], parts.chain.records[-1]])
    bundle.write_bytes(
        parts.bundle(
            lambda members: [
                Member(one.name, packed if one.name == records.MEMBER else one.data) for one in members
            ]
        )
    )
    code, found = document(run, str(bundle))
    assert (code, found["fault"]["code"]) == (1, "bundle_gap")


def test_the_journal_itself(run: Run, journal: Path) -> None:
    code, found = document(run)
    assert code == 0
    assert found["ok"] is True
    assert found["first_fault"] is None
    assert found["checked"]["blocks"] >= 4
    assert found["checked"]["samples"] > 0
    code, out, err = run()
    assert (code, err) == (0, "")
    assert str(journal) in out


def test_a_changed_journal_names_the_minute(run: Run, journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as db:
        seq, start = db.execute("SELECT seq, start_ns FROM entries WHERE type = 'line'").fetchone()
        db.execute("UPDATE entries SET end_ns = end_ns + 1 WHERE seq = ?", (seq,))
        db.commit()
    code, found = document(run)
    assert code == 1
    assert found["fault"]["seq"] == seq
    assert f"{local(start):%d/%m/%Y %H:%M}" in found["first_fault"]


def test_a_journal_without_a_signature_is_not_called_whole(run: Run, journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("DELETE FROM entries WHERE type = 'seal'")
    (journal.parent / "keys" / "head.json").unlink()
    code, found = document(run)
    assert (code, found["ok"], found["signature"], found["first_fault"]) == (1, False, "unchecked", None)
    code, out, _err = run()
    assert code == 1
    assert words("note_unsigned").split(":")[0] in out


def test_a_journal_that_another_key_signed_is_not_called_whole(run: Run, journal: Path) -> None:
    sealed_by = load_or_make(journal.parent / "keys").fingerprint
    assert document(run)[1]["fingerprint"] == sealed_by
    (journal.parent / "keys" / NAME).unlink()
    code, found = document(run)
    assert (code, found["ok"]) == (0, True)
    own = load_or_make(journal.parent / "keys").fingerprint
    code, found = document(run)
    assert (code, found["ok"], found["first_fault"]) == (1, False, None)
    assert any(own in note for note in found["notes"])
    assert any(sealed_by in note for note in found["notes"])


def words(code: str) -> str:
    return errors.say_problem(Problem(code))


def test_no_journal_yet_is_bad_use(run: Run) -> None:
    code, _out, err = run()
    assert code == 2
    assert err


class _Terminal:
    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


def test_progress_is_for_terminals(tmp_path: Path) -> None:
    terminal = _Terminal()
    context = Context(Home(tmp_path), err=terminal)  # type: ignore[arg-type]
    tell = context.progress("Checking")
    tell(0.5)
    assert "50" in terminal.text
    tell(1.0)
    assert terminal.text.endswith("\r\x1b[K")
    silent = _Terminal()
    Context(Home(tmp_path), json=True, err=silent).progress("Checking")(0.5)  # type: ignore[arg-type]
    assert silent.text == ""


def test_every_fault_and_note_has_its_sentence() -> None:
    """The codes as they stand in the code."""
    folder = Path(check.__file__).parent
    text = "".join(
        (folder / name).read_text() for name in ("archive.py", "records.py", "manifest.py", "check.py")
    )
    text += "".join(path.read_text() for path in folder.glob("checks_*.py"))
    codes = set(re.findall(r'"((?:bundle|note)_[a-z0-9_]+)"', text))
    assert len(codes) > 30
    assert codes <= set(errors.sentences())
