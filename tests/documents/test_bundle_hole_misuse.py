"""A hole in a bundle is told when all else is right, and may not be used to hide anything."""

from __future__ import annotations

import gzip
import json
import random
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from diagnostics.journal.writer import Writer
from diagnostics.model import MINUTE, SECOND, Problem
from jalerte_desktop.documents.bundle import archive, check, manifest, records
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.check import BundleCheck, check_bundle
from jalerte_desktop.documents.bundle.records import BundleRecord, Hole
from jalerte_desktop.words.errors import say_problem
from tests.documents.bundle_made import (
    BEGIN_NS,
    BROKEN,
    KEY,
    NOT_ALL,
    Made,
    alone,
    batch,
    made,
    needs_openssl,
    put,
)
from tests.documents.report_journal import line_event


@dataclass
class Holed:
    """An honest chain with a hole in it, and the parts of its bundle."""

    parts: Made
    lines: list[BundleRecord | Hole]

    def bundle(self, **about: object) -> bytes:
        """Signed by the key's holder; ``about`` may tell otherwise."""
        there = [one for one in self.lines if isinstance(one, BundleRecord)]
        holes = tuple(
            (one.first, one.last, one.start_ns, one.end_ns) for one in self.lines if isinstance(one, Hole)
        )
        first, link = self.parts.chain.first_seq, self.parts.chain.before
        chain = self.parts.chain
        whole = self.parts.about()
        self.parts.chain = replace(chain, records=there)
        members = self.parts.members()
        counts = self.parts.about().counts
        changed = {"counts": counts, "holes": holes, "first": manifest.Link(first, link), **about}
        told = replace(whole, **changed)  # type: ignore[arg-type]
        self.parts.chain = chain
        named = {records.MEMBER: records.write(self.lines), manifest.ABOUT: told.to_bytes()}
        members = [Member(one.name, named.get(one.name, one.data)) for one in members]
        return archive.write(manifest.assemble(members, KEY.sign))


def holed(first: int = 5, count: int = 2, more: int = 3) -> Holed:
    """Minutes, some of which could not be read, a seal, and minutes and a seal again."""
    parts = made(3)
    parts.incidents, parts.tokens = [], {}
    chance = random.Random(7)
    parts.chain.seal(BEGIN_NS + 30 * MINUTE)
    for minute in range(more):
        batch(parts.chain, chance, BEGIN_NS + (31 + minute) * MINUTE, bad=False)
    parts.chain.seal(BEGIN_NS + 40 * MINUTE)
    found: list[BundleRecord | Hole] = list(parts.chain.records)
    found[first : first + count] = [hole_of(parts, first, count)]
    return Holed(parts, found)


def hole_of(parts: Made, first: int, count: int) -> Hole:
    gone = parts.chain.records[first : first + count]
    return Hole(gone[0].seq, gone[-1].seq, gone[0].start_ns, gone[-1].end_ns, gone[-1].link)


def checks(folder: Path, data: bytes) -> tuple[BundleCheck, int]:
    path = put(folder, data)
    return check_bundle(path), alone(path)


@needs_openssl
@pytest.mark.parametrize("first", [0, 1, 5])
def test_a_hole_is_told_when_all_else_is_right(tmp_path: Path, first: int) -> None:
    """At the very beginning too: it is told as any other."""
    case = holed(first)
    found, code = checks(tmp_path, case.bundle())
    assert found.first_fault is not None
    assert (found.first_fault.code, code) == (check.HOLE, BROKEN)
    assert found.first_fault.seq == case.parts.chain.records[first].seq
    assert found.first_fault.at_ns == case.parts.chain.records[first].start_ns
    assert found.blocks == len(case.parts.chain.records) - 2


def _changed(**values: int | bytes) -> Callable[[], bytes]:
    def make() -> bytes:
        case = holed()
        place = next(i for i, one in enumerate(case.lines) if isinstance(one, Hole))
        case.lines[place] = replace(case.lines[place], **values)  # type: ignore[type-var, arg-type]
        return case.bundle()

    return make


def _first() -> int:
    return holed().parts.chain.records[5].seq


def _overlapping() -> bytes:
    case = holed()
    case.lines.insert(6, hole_of(case.parts, 6, 2))
    return case.bundle()


def _beside() -> bytes:
    case = holed()
    case.lines[6:7] = [hole_of(case.parts, 7, 1)]
    return case.bundle()


def _at_the_end() -> bytes:
    case = holed()
    last = len(case.parts.chain.records) - 1
    case.lines[-1:] = [hole_of(case.parts, last, 1)]
    return case.bundle()


def _unsealed() -> bytes:
    """Behind the hole come minutes, and no seal."""
    case = holed()
    del case.lines[-1]
    records_ = case.parts.chain.records
    place = next(i for i in range(len(records_) - 2, 0, -1) if records_[i].type == "seal")
    case.lines[-4:-3] = [hole_of(case.parts, place, 1)]
    last = case.lines[-1]
    assert isinstance(last, BundleRecord)
    return case.bundle(last=manifest.Link(last.seq, last.link))


def _other_in_bundle_json() -> bytes:
    return holed().bundle(holes=())


def _stands_on_a_hole() -> bytes:
    case = holed()
    seq = case.parts.chain.records[5].seq
    case.parts.incidents = [("cut", [(seq - 1, seq + 2)])]
    case.parts.removed = {"records": [[seq - 1, seq + 2]]}
    return case.bundle()


def _raw(change: Callable[[dict[str, object]], object]) -> bytes:
    """The hole's own line changed as no writer of ours would write it."""
    case = holed()
    data = case.bundle()
    lines = gzip.decompress(records.write(case.lines)).splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith(b'{"hole"'))
    document = json.loads(lines[place])
    change(document["hole"])
    lines[place] = json.dumps(document).encode()
    packed = gzip.compress(b"\n".join(lines) + b"\n", mtime=0)
    body = [
        Member(one.name, packed if one.name == records.MEMBER else one.data)
        for one in _members(data)
        if one.name not in (manifest.LISTING, manifest.SIGNATURE)
    ]
    return archive.write(manifest.assemble(body, KEY.sign))


def _members(data: bytes) -> tuple[Member, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return archive.read(put(Path(folder), data))


MISUSES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "another link behind it": ("bundle_link", _changed(link=bytes(range(32)))),
    "one that begins later": ("bundle_gap", lambda: _changed(first=_first() + 1)()),
    "one that begins earlier": ("bundle_gap", lambda: _changed(first=_first() - 1)()),
    "one that ends later": ("bundle_gap", lambda: _changed(last=_first() + 2)()),
    "no record at all": ("bundle_record", lambda: _changed(last=_first() - 1)()),
    "a time that ends before it begins": ("bundle_record", _changed(end_ns=0)),
    "very many records": ("bundle_hole_large", _changed(last=(1 << 63) - 1)),
    "a number beyond 64 bits": ("bundle_record", lambda: _raw(lambda one: one.update(last=1 << 64))),
    "a text for a number": ("bundle_record", lambda: _raw(lambda one: one.update(first="5"))),
    "true for a number": ("bundle_record", lambda: _raw(lambda one: one.update(first=True))),
    "a key more": ("bundle_record", lambda: _raw(lambda one: one.update(why="x"))),
    "a key less": ("bundle_record", lambda: _raw(lambda one: one.pop("end_ns"))),
    "a short link": ("bundle_record", lambda: _raw(lambda one: one.update(link="00" * 31))),
    "two that overlap": ("bundle_gap", _overlapping),
    "two beside each other": ("bundle_hole_unsealed", _beside),
    "one at the very end": ("bundle_hole_unsealed", _at_the_end),
    "one that no seal follows": ("bundle_hole_unsealed", _unsealed),
    "one that bundle.json does not name": ("bundle_holes_differ", _other_in_bundle_json),
    "an incident that stands on it": ("bundle_reference", _stands_on_a_hole),
}


@needs_openssl
@pytest.mark.parametrize("misuse", MISUSES)
def test_a_hole_hides_nothing(tmp_path: Path, misuse: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, make = MISUSES[misuse]
    found, ended = checks(tmp_path, make())
    assert found.first_fault is not None
    assert (found.first_fault.code, found.ok, ended) == (code, False, BROKEN)
    assert "NOT COMPLETE" not in capsys.readouterr().out


@needs_openssl
@pytest.mark.parametrize("place", [1, -2])
def test_a_falsified_record_elsewhere_is_told_first(tmp_path: Path, place: int) -> None:
    case = holed()
    one = case.lines[place]
    assert isinstance(one, BundleRecord)
    case.lines[place] = replace(one, start_ns=one.start_ns + SECOND, end_ns=one.end_ns + SECOND)
    found, code = checks(tmp_path, case.bundle())
    assert found.first_fault is not None
    assert (found.first_fault.code, found.first_fault.seq, code) == ("bundle_link", one.seq, BROKEN)


@needs_openssl
def test_a_falsified_row_is_told_before_a_hole(tmp_path: Path) -> None:
    case = holed()
    data = case.bundle()
    body = [
        Member(
            one.name,
            gzip.compress(gzip.decompress(one.data).replace(b",12,0,", b",12,1,", 1), mtime=0)
            if one.name == "rollups.csv.gz"
            else one.data,
        )
        for one in _members(data)
        if one.name not in (manifest.LISTING, manifest.SIGNATURE)
    ]
    found, code = checks(tmp_path, archive.write(manifest.assemble(body, KEY.sign)))
    assert found.first_fault is not None
    assert (found.first_fault.code, code) == ("bundle_row", BROKEN)


def test_without_openssl_a_hole_is_told_and_nothing_is_called_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(tmp_path, holed().bundle())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert alone(path) == NOT_ALL
    said = capsys.readouterr().out
    assert "NOT COMPLETE" in said
    assert "signature NOT checked" in said


def test_a_bundle_with_a_hole_is_no_second_witness(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from jalerte_desktop.__main__ import main

    path = put(tmp_path, holed().bundle())
    home = tmp_path / "home"
    home.mkdir()
    with closing(Writer(home / "journal.sqlite")) as writer:
        writer.append(line_event())
    code = main(["--home", str(home), "journal", "import", str(path)])
    said = capsys.readouterr()
    assert code != 0
    fault = check_bundle(path).first_fault
    assert fault is not None
    assert say_problem(Problem(fault.code, **dict(fault.values))) in said.err
    assert not (home / "files").exists()
