"""Is a bundle as it was made? Every change of it is found, by the program and by the file that goes with it."""

from __future__ import annotations

import gzip
import hmac
import os
import random
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from diagnostics.journal import legacy
from diagnostics.model import MINUTE, BadInput
from jalerte_desktop.documents.bundle import archive, check, manifest, records, verify_alone
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.check import BundleCheck, check_bundle
from jalerte_desktop.documents.bundle.records import (
    BundleRecord,
    FieldHidden,
    FieldShown,
    WholeHidden,
    WholeShown,
)
from tests.documents import bundle_made
from tests.documents.bundle_made import (
    BEGIN_NS,
    BROKEN,
    NOT_ALL,
    PUBLIC,
    WHOLE,
    Made,
    alone,
    made,
    needs_openssl,
    put,
    signed_again,
)

FORMAT_1 = Path(__file__).parents[1] / "journal" / "format1.sqlite"


def fault(folder: Path, data: bytes) -> check.Fault:
    """The fault that both checks find; the one of the program."""
    path = put(folder, data)
    found = check_bundle(path)
    assert found.first_fault is not None
    assert not found.ok
    assert alone(path) == BROKEN
    return found.first_fault


def test_what_was_looked_at_is_counted(tmp_path: Path) -> None:
    parts = made(3)
    told: list[tuple[int, int]] = []
    found = check_bundle(put(tmp_path, parts.bundle()), lambda done, of: told.append((done, of)))
    assert found.blocks == len(parts.chain.records)
    assert found.samples == 3 * 36
    assert found.members == len(parts.members()) + 2
    assert found.about == parts.about()
    assert "note_fingerprint" in [note.code for note in found.notes]
    assert told == []  # too few records for a word of progress


def test_progress_is_told_of_many_records(tmp_path: Path) -> None:
    parts = made(3)
    for second in range(1100):
        parts.chain.event("witness", BEGIN_NS + second, {"what": "x"})
    told: list[tuple[int, int]] = []
    check_bundle(put(tmp_path, parts.bundle()), lambda done, of: told.append((done, of)))
    count = len(parts.chain.records)
    assert told == [(500, count), (1000, count)]


def test_a_demonstration_says_so(tmp_path: Path) -> None:
    parts = made(3, demo=True)
    assert "note_demo" in [note.code for note in check_bundle(put(tmp_path, parts.bundle())).notes]


def test_a_change_of_the_machines_key_is_told_and_no_fault(tmp_path: Path) -> None:
    parts = made(3)
    parts.chain.seal(BEGIN_NS + 60 * MINUTE, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    parts.chain.seal(BEGIN_NS + 61 * MINUTE)
    found = check_bundle(put(tmp_path, parts.bundle()))
    assert found.ok
    assert "note_keys" in [note.code for note in found.notes]


# --- members, records, references ------------------------------------------------------------------------------------


@needs_openssl
def test_members_left_out_added_or_in_another_order_are_found(tmp_path: Path) -> None:
    right = list(archive.read(put(tmp_path, made(1).bundle())))
    for place in range(len(right)):
        assert fault(tmp_path, archive.write(right[:place] + right[place + 1 :])).code == "bundle_lacks"
        beside = [*right[:place], Member("beside.txt", b"x"), *right[place:]]
        assert fault(tmp_path, archive.write(beside)).code == "bundle_beside"
        if place:
            swapped = [*right[: place - 1], right[place], right[place - 1], *right[place + 1 :]]
            assert fault(tmp_path, archive.write(swapped)).code == "bundle_order"


@needs_openssl
@pytest.mark.parametrize("name", check.NEEDED[2:])
def test_a_signed_bundle_without_what_it_must_have_is_broken(tmp_path: Path, name: str) -> None:
    members = [member for member in made(1).members() if member.name != name]
    found = fault(tmp_path, signed_again(members))
    assert (found.code, found.member) == ("bundle_lacks", name)


def _with_records(change: Callable[[list[BundleRecord]], object]) -> bytes:
    parts = made(1)
    found = list(parts.chain.records)
    change(found)
    return parts.bundle(
        lambda members: [
            Member(member.name, records.write(found) if member.name == records.MEMBER else member.data)
            for member in members
        ]
    )


@needs_openssl
@pytest.mark.parametrize("place", [0, 5, -1])
def test_records_dropped_swapped_or_twice_are_found_though_signed(tmp_path: Path, place: int) -> None:
    count = len(made(1).chain.records)
    seq = made(1).chain.first_seq + place % count

    def swap(found: list[BundleRecord]) -> None:
        other = place - 1 if place else 1
        found[place], found[other] = found[other], found[place]

    dropped = fault(tmp_path, _with_records(lambda found: found.pop(place)))
    assert dropped.code == ("bundle_end" if place == -1 else "bundle_gap")
    assert dropped.seq == seq
    assert fault(tmp_path, _with_records(swap)).code == "bundle_gap"
    assert (
        fault(tmp_path, _with_records(lambda found: found.insert(place, found[place]))).code == "bundle_gap"
    )


@needs_openssl
def test_a_changed_value_is_found_at_its_record_and_minute(tmp_path: Path) -> None:
    def change(found: list[BundleRecord]) -> None:
        place = next(i for i, one in enumerate(found) if bundle_made.shows(one, "samples"))
        samples = found[place].fields["samples"]
        assert isinstance(samples, FieldShown)
        wrong = samples.value[:-1] + bytes([samples.value[-1] ^ 1])
        found[place] = replace(
            found[place], fields={**found[place].fields, "samples": FieldShown(samples.salt, wrong)}
        )

    first = next(one for one in made(1).chain.records if bundle_made.shows(one, "samples"))
    found = fault(tmp_path, _with_records(change))
    assert (found.code, found.seq, found.at_ns) == ("bundle_link", first.seq, first.start_ns)


@needs_openssl
def test_hiding_a_field_leaves_the_chain_whole(tmp_path: Path) -> None:
    parts = made(1)
    for place, record in enumerate(parts.chain.records):
        if record.type == "witness":
            digest = records.chain.field_digest
            fields = {
                name: FieldHidden(digest(shown.salt, name, shown.value))
                if isinstance(shown, FieldShown)
                else shown
                for name, shown in record.fields.items()
            }
            parts.chain.records[place] = replace(record, fields=fields)
    path = put(tmp_path, parts.bundle())
    assert check_bundle(path).ok
    assert alone(path) == WHOLE


@needs_openssl
def test_figures_that_are_not_those_of_the_samples_are_found(tmp_path: Path) -> None:
    parts = made(1)
    chance = random.Random(5)
    good = bundle_made.batch(parts.chain, chance, BEGIN_NS + 90 * MINUTE, bad=True)
    parts.chain.records.pop()
    values = {name: shown.value for name, shown in good.fields.items() if isinstance(shown, FieldShown)}
    values |= {"line": b"line", "rollup": values["rollup"][:-1] + b"\x01"}
    parts.chain.add("samples", good.start_ns, good.end_ns, values)
    found = fault(tmp_path, parts.bundle())
    assert (found.code, found.seq) == ("bundle_content", parts.chain.records[-1].seq)
    assert found.values["why"] == "the figures are not those of the samples"


@needs_openssl
@pytest.mark.parametrize("wrong", ["signature", "link", "seq", "hidden"])
def test_a_seal_that_does_not_hold_is_found(tmp_path: Path, wrong: str) -> None:
    parts = made(1)
    right = parts.chain.seal(BEGIN_NS + 60 * MINUTE)
    parts.chain.records.pop()
    data = {
        name: records.parse(shown.value)
        for name, shown in right.fields.items()
        if isinstance(shown, FieldShown)
    }
    if wrong == "signature":
        data["signature"] = "00" * 64
    elif wrong == "link":
        data["link"] = "00" * 32
    elif wrong == "seq":
        data["seq"] -= 1
    about = parts.about()
    parts.chain.event(
        "seal", BEGIN_NS + 60 * MINUTE, data, hidden=("signature",) if wrong == "hidden" else ()
    )
    parts.about = lambda: replace(  # type: ignore[method-assign]
        about,
        last=manifest.Link(right.seq, parts.chain.link),
        seal=manifest.Link(data["seq"], bytes.fromhex(data["link"])),
        counts={**about.counts, "records": len(parts.chain.records)},
    )
    found = fault(tmp_path, parts.bundle())
    code = "bundle_seal_signature" if wrong == "signature" else "bundle_content"
    assert (found.code, found.seq) == (code, right.seq)
    assert (check_bundle(tmp_path / "bundle.zip").signature == check.FAILED) == (wrong == "signature")


@needs_openssl
def test_another_key_than_the_seals_is_found(tmp_path: Path) -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    parts = made(3)
    parts.chain.seal(BEGIN_NS + 60 * MINUTE)
    parts.key = other
    assert fault(tmp_path, parts.bundle()).code == "bundle_other_key"


@needs_openssl
def test_a_signature_of_another_key_is_found(tmp_path: Path) -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    path = put(tmp_path, signed_again(made(1).members(), other))
    found = check_bundle(path)
    assert found.signature == check.FAILED
    assert found.first_fault is not None
    assert found.first_fault.code == "bundle_signature"
    assert alone(path) == BROKEN


def _member(name: str, change: Callable[[bytes], bytes]) -> bytes:
    return made(1).bundle(
        lambda members: [
            Member(member.name, change(member.data) if member.name == name else member.data)
            for member in members
        ]
    )


def _about(**values: object) -> bytes:
    parts = made(1)
    about = replace(parts.about(), **values)  # type: ignore[arg-type]
    parts.about = lambda: about  # type: ignore[method-assign]
    return parts.bundle()


def _repacked(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: gzip.compress(change(gzip.decompress(data)), mtime=0)


def _first_of(parts: Made) -> int:
    return parts.incidents[0][1][0][0]


SIGNED_LIES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "too few records named": ("bundle_end", lambda: _about(last=manifest.Link(3, bytes(32)))),
    "another first link": ("bundle_first", lambda: _about(first=manifest.Link(1, b"\1" * 32))),
    "another seal": ("bundle_seal", lambda: _about(seal=manifest.Link(2, bytes(32)))),
    "another count": ("bundle_counts", lambda: _about(counts={"records": 21, "samples": 109})),
    "a newer version": (
        "bundle_about",
        lambda: _member("bundle.json", lambda data: data.replace(b'"version":1', b'"version":2')),
    ),
    "another table of incidents": (
        "bundle_incidents_differ",
        lambda: _member("incidents.csv", lambda data: data.replace(b"outage-1", b"outage-2")),
    ),
    "an incident of which the table tells another cause": (
        "bundle_incidents_differ",
        lambda: _member(
            "incidents.json", lambda data: data.replace(b'"cause":"operator"', b'"cause":"home"', 1)
        ),
    ),
    "an incident without samples": (
        "bundle_reference",
        lambda: _member("incidents.json", lambda data: data.replace(b"[[", b"[[1,3],[")),
    ),
    "an incident beyond the bundle": (
        "bundle_reference",
        lambda: _member("incidents.json", lambda data: data.replace(b"[[", b"[[900000,900001],[")),
    ),
    "incidents that are none": (
        "bundle_json",
        lambda: _member("incidents.json", lambda data: b'{"incidents":[1]}'),
    ),
    "removals that are none": (
        "bundle_json",
        lambda: _member("removed.json", lambda data: b'{"records":[1]}'),
    ),
    "a row of samples less": (
        "bundle_row",
        lambda: _member("samples.csv.gz", _repacked(lambda text: b"\n".join(text.split(b"\n")[:-2]) + b"\n")),
    ),
    "a row of samples more": ("bundle_rows", lambda: _member("samples.csv.gz", _repacked(_last_row_twice))),
    "figures of no minute": (
        "bundle_row",
        lambda: _member("rollups.csv.gz", _repacked(lambda text: text.replace(b"\n", b"\n999", 1))),
    ),
    "a table without its head": (
        "bundle_rows",
        lambda: _member("rollups.csv.gz", _repacked(lambda text: text.replace(b"record", b"minute"))),
    ),
    "an end of line less": (
        "bundle_row",
        lambda: _member("rollups.csv.gz", _repacked(lambda text: text[:-1])),
    ),
    "no key": ("bundle_key", lambda: _member("key.pem", lambda data: data + b"\n")),
    "a stamp of another link": ("bundle_stamp", lambda: _stamped(b"\1" * 32)),
    "a stamp without its link": ("bundle_stamp", lambda: _added("stamps/00000002.tsr", b"x")),
    "a stamp that is none": ("bundle_stamp", lambda: _added("stamps/notes.txt", b"x")),
}


def _last_row_twice(text: bytes) -> bytes:
    return text + text.split(b"\n")[-2] + b"\n"


def _added(name: str, data: bytes) -> bytes:
    return made(1).bundle(lambda members: [*members, Member(name, data)])


def _stamped(link: bytes) -> bytes:
    seq = made(1).chain.first_seq + 1
    return made(1).bundle(
        lambda members: [
            *members,
            Member(f"stamps/{seq:08d}.tsr", records.hashlib.sha256(link).digest()),
            Member(f"stamps/{seq:08d}.link", link),
        ]
    )


@needs_openssl
@pytest.mark.parametrize("lie", SIGNED_LIES)
def test_what_contradicts_the_chain_is_found_though_signed(tmp_path: Path, lie: str) -> None:
    code, make = SIGNED_LIES[lie]
    assert fault(tmp_path, make()).code == code


@needs_openssl
def test_samples_that_retention_took_may_be_missing_where_it_is_said(tmp_path: Path) -> None:
    parts = made(1)
    gone = parts.chain.first_seq + 5
    parts.incidents = [("old", [(gone, gone)])]
    assert not bundle_made.shows(parts.chain.records[5], "samples")
    assert fault(tmp_path, parts.bundle()).code == "bundle_reference"
    parts.removed = {"records": [[gone, gone]]}
    path = put(tmp_path, parts.bundle())
    assert check_bundle(path).ok
    assert alone(path) == WHOLE


# --- the machine's side ----------------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as raised:
        check_bundle(tmp_path / "none.zip")
    assert raised.value.remark.code == "bundle_missing"


def test_nothing_is_called_whole_where_signatures_cannot_be_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "verify_ed25519", lambda key, signature, message: None)
    found: BundleCheck = check_bundle(put(tmp_path, made(1).bundle()))
    assert (found.ok, found.signature, found.first_fault) == (False, check.UNCHECKED, None)
    assert "note_unchecked" in [note.code for note in found.notes]


def run_alone(path: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The file out of the bundle, alone in a folder, by a Python that knows nothing of this program."""
    with archive.Archive(path) as opened:
        (folder / "verify.py").write_bytes(opened.read(bundle_made.VERIFY, 1 << 20))
    return subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), str(path)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        timeout=60,
        check=False,
    )


@needs_openssl
def test_the_file_that_goes_with_it_stands_alone(tmp_path: Path) -> None:
    path = put(tmp_path, made(1).bundle())
    done = run_alone(path, tmp_path)
    assert done.returncode == WHOLE, done.stdout + done.stderr
    assert "WHOLE" in done.stdout
    assert "INTACT" in done.stdout
    assert records.hashlib.sha256(PUBLIC).hexdigest() in done.stdout


def test_without_openssl_it_never_says_whole(tmp_path: Path) -> None:
    path = put(tmp_path, made(1).bundle())
    done = run_alone(path, tmp_path, PATH=str(tmp_path))
    assert done.returncode == NOT_ALL
    assert "signature NOT checked" in done.stdout
    assert "signature NON VÉRIFIÉE" in done.stdout
    assert not {"WHOLE", "INTACT", "whole", "intact"} & set(done.stdout.replace(":", " ").split())


def test_an_openssl_that_knows_no_ed25519_is_none(tmp_path: Path) -> None:
    path = put(tmp_path, made(1).bundle())
    script = tmp_path / "openssl"
    for answer in ("exit 0", "exit 1", "sleep 0; kill $$"):
        script.write_text(f"#!/bin/sh\n{answer}\n")
        script.chmod(0o755)
        assert run_alone(path, tmp_path, PATH=f"{tmp_path}:/bin").returncode == NOT_ALL


def test_wrong_use_shows_how(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--help"], ["a", "b"], [str(tmp_path / "none.zip")]):
        assert verify_alone.main(list(words)) == NOT_ALL
        assert "verify.py BUNDLE.zip" in capsys.readouterr().err


# --- records of format 1 ---------------------------------------------------------------------------------------------


def _old_journal() -> Made:
    """The records of a journal that a version before format 2 wrote: batches whole, of the events every other one."""
    parts = made(3)
    parts.chain.before, parts.chain.first_seq, parts.chain.records = records.chain.GENESIS, 1, []
    with closing(sqlite3.connect(f"{FORMAT_1.as_uri()}?mode=ro", uri=True)) as db:
        secret = db.execute("SELECT value FROM meta WHERE key = 'secret'").fetchone()[0]
        for seq, kind, start, end, line, rollup, body, link in db.execute(
            "SELECT * FROM records ORDER BY seq"
        ):
            whole: WholeShown | WholeHidden = WholeShown(
                hmac.digest(secret, struct.pack("<q", seq), "sha256")[:16], line, rollup, body
            )
            if kind != "samples" and seq % 2:
                whole = WholeHidden(legacy.digest(secret, seq, kind, start, end, line, rollup, body))
            parts.chain.records.append(BundleRecord(seq, kind, start, end, link, {}, whole))
    batches = [record.seq for record in parts.chain.records if record.type == "samples"]
    parts.incidents = [("old", [(batches[0], batches[-1])])]
    parts.targets = []
    return parts


@needs_openssl
def test_records_of_format_1_are_checked_as_they_were_chained(tmp_path: Path) -> None:
    parts = _old_journal()
    path = put(tmp_path, parts.bundle())
    found = check_bundle(path)
    assert found.first_fault is None
    assert found.ok
    assert found.samples > 100
    assert alone(path) == WHOLE


@needs_openssl
@pytest.mark.parametrize(
    ("member", "was", "becomes"),
    [
        ("samples.csv.gz", b",OK,", b",LOST,"),
        ("rollups.csv.gz", b".", b"1."),
        ("samples.csv.gz", b",no,", b",yes,"),
    ],
)
def test_a_falsified_row_of_format_1_is_found(
    tmp_path: Path, member: str, was: bytes, becomes: bytes
) -> None:
    def change(text: bytes) -> bytes:
        place = text.rindex(was, 0, len(text) // 2)
        return text[:place] + becomes + text[place + len(was) :]

    data = _old_journal().bundle(
        lambda members: [
            Member(one.name, _repacked(change)(one.data) if one.name == member else one.data)
            for one in members
        ]
    )
    found = fault(tmp_path, data)
    assert (found.code, found.member) == ("bundle_row", member)


@needs_openssl
@pytest.mark.parametrize("name", ["rollup", "body", "line", "salt"])
def test_a_changed_record_of_format_1_is_found(tmp_path: Path, name: str) -> None:
    parts = _old_journal()
    right = parts.bundle()
    place = next(i for i, record in enumerate(parts.chain.records) if record.type == "samples")
    whole = parts.chain.records[place].whole
    assert isinstance(whole, WholeShown)
    value = getattr(whole, name)
    changed = value + "x" if isinstance(value, str) else value[:-1] + bytes([value[-1] ^ 1])
    parts.chain.records[place] = replace(parts.chain.records[place], whole=replace(whole, **{name: changed}))
    packed = records.write(parts.chain.records)
    members = [
        Member(one.name, packed if one.name == records.MEMBER else one.data)
        for one in archive.read(put(tmp_path, right))
    ]
    found = fault(tmp_path, signed_again(members))
    assert (found.code, found.seq) == ("bundle_link", parts.chain.records[place].seq)
