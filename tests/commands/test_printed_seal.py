"""Whose key signed the journal stands in every letter and alert, from the journal's own events."""

import base64
import json
from contextlib import closing

import docx
import pytest

from diagnostics.journal.writer import Writer
from diagnostics.machine_key import load_or_make
from diagnostics.model import SECOND, Event, EventKind
from jalerte_desktop.findings.load import load, load_recent
from tests.commands.test_commands import document, home, run
from tests.made import T0

__all__ = ["home", "run"]


def seal(folder, second, **data):
    with closing(Writer(folder / "journal.sqlite")) as writer:
        writer.recover(T0 + second * SECOND)
        writer.append(Event(EventKind.SEAL, T0 + second * SECOND, data))


def key_of(folder):
    return load(folder / "journal.sqlite").seal.key


def test_the_newest_signature_says_whose_key_it_is(home):
    key = load_or_make(home / "keys")
    assert key_of(home) == ""
    seal(home, 300, seq=3, link="ab" * 32, key="11" * 32, signature="00" * 64)
    assert key_of(home) not in ("", key.fingerprint)
    seal(home, 301, seq=4, link="ab" * 32, key=key.public_bytes.hex(), signature="00" * 64)
    assert key_of(home) == key.fingerprint
    assert load_recent(home / "journal.sqlite", T0, T0 + 400 * SECOND).seal.key == key.fingerprint


@pytest.mark.parametrize("broken", [{}, {"key": ""}, {"key": "no key"}, {"key": "ab" * 31}, {"key": 7}])
def test_a_seal_without_a_key_that_can_be_one_names_none(home, broken):
    seal(home, 300, seq=3, link="ab" * 32, **broken)
    assert key_of(home) == ""


def test_letter_alert_and_desk_name_the_same_key(home, run, tmp_path):
    key = load_or_make(home / "keys").fingerprint
    seal(
        home, 300, seq=3, link="ab" * 32, key=load_or_make(home / "keys").public_bytes.hex(),
        signature="00" * 64,
    )  # fmt: skip
    groups = "\u00a0".join(key[start : start + 4] for start in (0, 4, 8, 12))
    document(run, "line", "confirm")
    document(run, "case", "new", "--problem", "fixed-internet-cut", "--country", "FR", "--operator", "Orange")
    alert = document(run, "alert", "preview")
    assert alert["seal"]["key"] == key
    assert document(run, "incidents")["seal"] == alert["seal"]
    assert f"clé de l’ordinateur\u00a0: {groups}…" in alert["description"]
    written = document(run, "letter", "complaint", "--out", str(tmp_path / "lettre.docx"))
    assert written["seal"]["key"] == key
    text = "\n".join(each.text for each in docx.Document(tmp_path / "lettre.docx").paragraphs)
    assert f"empreinte {groups}…" in text
    assert key in text
    code, out, _err = run(
        "alert", "send", "--via", "desk", "--url", "https://desk.example", "--prepare", "--json",
        "--consent-processing", "yes", "--consent-third-parties", "no",
    )  # fmt: skip
    assert code == 0
    sent = json.loads(base64.b64decode(json.loads(out)["shown"]["content_base64"]))
    # The interface has its place for the key already: the one that signs the alert signs the journal, too.
    assert sent["evidence"]["signature"]["fingerprint"] == key
    assert sent["evidence"]["seal"]["link"] == alert["seal"]["link"]
