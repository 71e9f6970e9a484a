"""The readable tables of a bundle: whoever holds the key may sign other values, and both checks find them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from diagnostics.model import SECOND
from jalerte_desktop.documents.bundle import archive, checks_tables, manifest, records, rows
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.check import check_bundle
from jalerte_desktop.documents.bundle.redaction import COPIES
from jalerte_desktop.documents.bundle.rows import cell
from jalerte_desktop.words.language import LANGUAGES, speaking
from tests.documents import stuffed_home
from tests.documents.bundle_made import (
    BROKEN,
    WHOLE,
    Made,
    alone,
    made,
    needs_openssl,
    put,
)

ROLLUPS, SAMPLES = checks_tables.ROLLUPS_TABLE, checks_tables.SAMPLES_TABLE
Change = Callable[[list[list[str]]], object]


def report(_facts: object, _language: str) -> bytes:
    return b"%PDF-1.7 a report"


@pytest.fixture(scope="module")
def stuffed(tmp_path_factory: pytest.TempPathFactory) -> stuffed_home.StuffedHome:
    with speaking("fr"):
        return stuffed_home.build(tmp_path_factory.mktemp("stuffed") / "home")


def falsified(members: list[Member], name: str, change: Change) -> list[Member]:
    """The members with one packed table changed: its rows, head included, as cells."""
    found = []
    for member in members:
        data = member.data
        if member.name == name:
            cells = list(csv.reader(io.StringIO(gzip.decompress(data).decode(), newline="")))
            change(cells)
            text = "".join(",".join(map(_quoted, row)) + "\n" for row in cells)
            data = gzip.compress(text.encode(), mtime=0)
        found.append(Member(member.name, data))
    return found


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"') else text


def to(column: str, value: str, where: Callable[[dict[str, str]], bool] = lambda _row: True) -> Change:
    """Another value in the middle one of the rows that it would change."""

    def change(cells: list[list[str]]) -> None:
        head = cells[0]
        fitting = [
            row
            for row in cells[1:]
            if where(dict(zip(head, row, strict=True))) and row[head.index(column)] not in ("", value)
        ]
        fitting[len(fitting) // 2][head.index(column)] = value

    return change


def swapped(cells: list[list[str]]) -> None:
    """Two rows of one record, neighbours."""
    place = next(
        i for i in range(len(cells) // 2, len(cells) - 1) if cells[i][0] == cells[i + 1][0] != cells[i]
    )
    cells[place], cells[place + 1] = cells[place + 1], cells[place]


LIES: dict[str, tuple[str, str, Change]] = {
    "a median": (ROLLUPS, "median_ms", to("median_ms", "999.00")),
    "a number of tries": (ROLLUPS, "tries", to("tries", "59")),
    "a number of misses": (ROLLUPS, "missed", to("missed", "7")),
    "a worst answer": (ROLLUPS, "max_ms", to("max_ms", "9.99")),
    "a target's role": (ROLLUPS, "role", to("role", "gateway")),
    "a minute's line": (ROLLUPS, "line", to("line", "B")),
    "a minute's time": (ROLLUPS, "start", to("start", "2026-11-22T08:00:00.0001Z")),
    "an address of figures": (ROLLUPS, "address", to("address", "198.51.100.7")),
    "two rows of figures": (ROLLUPS, "", swapped),
    "a round trip": (SAMPLES, "rtt_ms", to("rtt_ms", "0.01")),
    "an outcome": (SAMPLES, "outcome", to("outcome", "LOST", lambda row: row["outcome"] == "OK")),
    "an address": (SAMPLES, "address", to("address", "198.51.100.7")),
    "a time": (SAMPLES, "sent", to("sent", "2026-11-22T08:04:00.0001Z")),
    "a line": (SAMPLES, "line", to("line", "B")),
    "a text": (SAMPLES, "detail", to("detail", "192.0.2.1 code 2")),
    "a schedule": (SAMPLES, "extra", to("extra", "yes")),
    "two rows of samples": (SAMPLES, "", swapped),
    "a row less": (SAMPLES, "", lambda cells: cells.pop(len(cells) // 2)),
}


@needs_openssl
@pytest.mark.parametrize("lie", LIES)
def test_a_falsified_row_signed_with_the_same_key_is_found_at_its_record(
    tmp_path: Path, lie: str, capsys: pytest.CaptureFixture[str]
) -> None:
    member, column, change = LIES[lie]
    parts = made(1)
    assert check_bundle(put(tmp_path, parts.bundle())).ok
    kept: list[list[list[str]]] = []

    def noting(cells: list[list[str]]) -> None:
        kept.append([row.copy() for row in cells])
        change(cells)
        kept.append(cells)

    path = put(tmp_path, parts.bundle(lambda members: falsified(members, member, noting)))
    right, wrong = kept
    row = next(one for one, other in zip(right, wrong, strict=False) if one != other)
    found = check_bundle(path)
    assert found.first_fault is not None
    assert (found.first_fault.code, found.first_fault.member) == ("bundle_row", member)
    seq = found.first_fault.seq
    assert seq == int(row[0])
    record = next(one for one in parts.chain.records if one.seq == seq)
    assert found.first_fault.at_ns == record.start_ns
    if column:
        assert found.first_fault.values["column"] == column
        assert found.first_fault.values["right"] == row[right[0].index(column)]
    assert alone(path) == BROKEN
    said = capsys.readouterr().out
    assert member in said
    assert f"record {seq} " in said


@needs_openssl
@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_honest_copies_are_whole_for_both_checks(
    stuffed: stuffed_home.StuffedHome, tmp_path: Path, copy: str, language: str
) -> None:
    path = put(tmp_path, archive.write(stuffed.bundle(copy, language, render=report).members))
    assert check_bundle(path).first_fault is None
    assert alone(path) == WHOLE


@needs_openssl
@pytest.mark.parametrize("name", [ROLLUPS, SAMPLES])
@pytest.mark.parametrize("copy", ["operator", "public"])
def test_no_cell_of_a_real_bundle_can_be_another(
    stuffed: stuffed_home.StuffedHome, tmp_path: Path, copy: str, name: str
) -> None:
    """Each column of the middle row in turn."""
    members = _signable(stuffed, copy)
    head = next(m for m in members if m.name == name).data
    columns = gzip.decompress(head).split(b"\n")[0].decode().split(",")
    for place in range(len(columns)):

        def change(cells: list[list[str]], place: int = place) -> None:
            row = cells[len(cells) // 2]
            row[place] = "1" if row[place] != "1" else "2"

        path = put(tmp_path, _signed(stuffed, falsified(members, name, change)))
        found = check_bundle(path)
        assert found.first_fault is not None, columns[place]
        assert (found.first_fault.code, found.first_fault.member) == ("bundle_row", name)
        assert alone(path) == BROKEN, columns[place]


def _signable(stuffed: stuffed_home.StuffedHome, copy: str) -> list[Member]:
    members = stuffed.bundle(copy, render=report).members
    return [one for one in members if one.name not in (manifest.LISTING, manifest.SIGNATURE)]


def _signed(stuffed: stuffed_home.StuffedHome, members: list[Member]) -> bytes:
    from diagnostics.machine_key import load_or_make

    return archive.write(manifest.assemble(members, load_or_make(stuffed.folder / "keys").sign))


@needs_openssl
def test_another_address_in_table_and_list_is_found_by_the_record_that_names_it(
    stuffed: stuffed_home.StuffedHome, tmp_path: Path
) -> None:
    """The tables agree with ``bundle.json``; the chain shows another address."""
    shown, other = stuffed_home.SHIPPED_ANCHORS[0], "1.1.1.9"

    def change(cells: list[list[str]]) -> None:
        for row in cells:
            row[:] = [other if one == shown else one for one in row]

    members = falsified(falsified(_signable(stuffed, "public"), ROLLUPS, change), SAMPLES, change)
    about = next(one for one in members if one.name == manifest.ABOUT)
    assert f'"{shown}"'.encode() in about.data
    changed = Member(about.name, about.data.replace(f'"{shown}"'.encode(), f'"{other}"'.encode()))
    path = put(tmp_path, _signed(stuffed, [changed if one is about else one for one in members]))
    found = check_bundle(path).first_fault
    assert found is not None
    assert (found.code, found.values["found"], found.values["right"]) == ("bundle_targets", other, shown)
    assert found.seq > 0
    assert alone(path) == BROKEN


@needs_openssl
def test_whom_the_numbers_stand_for_may_not_be_blanked_where_the_chain_tells(
    stuffed: stuffed_home.StuffedHome, tmp_path: Path
) -> None:
    members = _signable(stuffed, "operator")
    about = next(one for one in members if one.name == manifest.ABOUT)
    document = json.loads(about.data)
    document["targets"] = []
    changed = Member(about.name, records.canonical(document) + b"\n")

    def blank(cells: list[list[str]]) -> None:
        for row in cells[1:]:
            row[3:6] = ["", "", ""]

    right = [changed if one is about else one for one in members]
    assert check_bundle(put(tmp_path, _signed(stuffed, right))).ok  # the chain tells the same
    path = put(tmp_path, _signed(stuffed, falsified(right, ROLLUPS, blank)))
    assert check_bundle(path).first_fault is not None
    assert alone(path) == BROKEN


@needs_openssl
def test_a_record_that_fails_is_told_before_a_row(tmp_path: Path) -> None:
    parts = made(1)
    last = parts.chain.records[-1]
    parts.chain.records[-1] = replace(last, start_ns=last.start_ns + SECOND)
    _member, _column, change = LIES["a median"]
    path = put(tmp_path, parts.bundle(lambda members: falsified(members, ROLLUPS, change)))
    found = check_bundle(path).first_fault
    assert found is not None
    assert (found.code, found.seq) == ("bundle_link", last.seq)
    assert alone(path) == BROKEN


INCIDENT_LIES = {
    "kind": "microcut", "kind_words": "ralentissement", "cause": "home", "cause_words": "le foyer", "confidence": 0.5,
    "role": "not_counted", "start": "2026-11-22T08:00:00.000+00:00", "end": "2026-11-22T09:00:00.000+00:00",
    "duration_s": 3600.5, "ongoing": True, "excluded": "panne", "reasons": [], "counter_evidence": [],
}  # fmt: skip


@needs_openssl
@pytest.mark.parametrize("key", INCIDENT_LIES)
def test_no_column_of_the_incidents_says_something_else_than_the_other_file(tmp_path: Path, key: str) -> None:
    def change(members: list[Member]) -> list[Member]:
        found = []
        for member in members:
            data = member.data
            if member.name == "incidents.json":
                document = json.loads(data)
                assert document["incidents"][0][key] != INCIDENT_LIES[key]
                document["incidents"][0][key] = INCIDENT_LIES[key]
                data = records.canonical(document)
            found.append(Member(member.name, data))
        return found

    path = put(tmp_path, made(1).bundle(change))
    fault = check_bundle(path).first_fault
    assert fault is not None
    assert (fault.code, fault.values["incident"]) == ("bundle_incidents_differ", "outage-1")
    assert alone(path) == BROKEN


@needs_openssl
@pytest.mark.parametrize("text", ['=CMD("x"), -', "a\tb\n\x00c", '"quoted"', " é ", "", "‮abc", "x" * 1500])
def test_both_checks_write_a_text_alike(tmp_path: Path, text: str) -> None:
    from jalerte_desktop.documents.bundle import verify_alone

    assert verify_alone.cell(text) == cell(text)
    (row,) = csv.reader(io.StringIO(f"1,{cell(text)}\n"))
    assert len(row) == 2
    assert not row[1].startswith(("=", "+", "-", "@"))


def test_a_table_is_left_at_its_first_fault_and_told_by_what_it_lacks(tmp_path: Path) -> None:
    """A row that is not there at all."""
    path = put(tmp_path, _without_rows(made(1)))
    found = check_bundle(path).first_fault
    assert found is not None
    assert (found.code, found.values["found"], found.values["column"]) == ("bundle_row", "", "record")


def _without_rows(parts: Made) -> bytes:
    return parts.bundle(
        lambda members: falsified(members, SAMPLES, lambda cells: cells.__delitem__(slice(1, None)))
    )


def test_the_maker_writes_its_rows_with_the_functions_of_the_check(
    stuffed: stuffed_home.StuffedHome, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One home: a row that is written otherwise is written and checked otherwise at once."""
    monkeypatch.setattr(rows, "_units", lambda value: f"<{value}>")
    bundle = stuffed.bundle("public", render=report)
    table = next(one for one in bundle.members if one.name == ROLLUPS)
    assert b",<" in gzip.decompress(table.data)
    assert check_bundle(put(tmp_path, archive.write(bundle.members))).ok
