"""What a bundle's other members say of the chain: incidents, tables and time stamps refer to what is there."""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from typing import Any

from jalerte_desktop.documents.bundle import records
from jalerte_desktop.documents.bundle.archive import Archive, Broken
from jalerte_desktop.documents.bundle.checks_chain import Walked

INCIDENTS, INCIDENTS_TABLE = "incidents.json", "incidents.csv"
REMOVED = "removed.json"
ROLLUPS_TABLE, SAMPLES_TABLE = "rollups.csv.gz", "samples.csv.gz"
STAMPS = "stamps/"
_LARGEST_TEXT = 12 << 20
_LARGEST_TOKEN = 1 << 20
_LONGEST_ROW = 20_000
_STAMP = re.compile(r"stamps/([0-9]{8,19})\.(tsr|link)")
_ROW = re.compile(rb"([0-9]{1,18}),")

_TOLD = ("kind", "cause", "start", "end")
"""What the table repeats, word for word."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reference:
    """An incident's id, the ranges of records that it stands on, and what both files say of it (``_TOLD``)."""

    id: str
    ranges: tuple[Range, ...]
    told: tuple[Any, ...]


def check_contents(archive: Archive, walked: Walked) -> int:
    """How many outside time stamps there are; raises Broken at the first reference that leads nowhere."""
    references = _incidents(archive)
    removed = _removed(archive)
    _stands(references, removed, walked)
    if not _same_in_table(archive, references):
        raise Broken("bundle_incidents_differ", member=INCIDENTS_TABLE)
    _rows(archive, ROLLUPS_TABLE, walked.shows_rollup, walked.figures)
    _rows(archive, SAMPLES_TABLE, walked.shows_samples, walked.samples)
    return _stamps(archive, walked)


def _parsed(archive: Archive, name: str) -> dict[str, Any]:
    try:
        found = records.parse(archive.read(name, _LARGEST_TEXT))
    except (ValueError, RecursionError) as error:
        raise Broken("bundle_json", member=name, why=str(error)[:200]) from error
    if not isinstance(found, dict):
        raise Broken("bundle_json", member=name, why="no object")
    return found


def _incidents(archive: Archive) -> list[Reference]:
    try:
        return [
            Reference(_text(found["id"]), _ranges(found["records"]), tuple(map(found.get, _TOLD)))
            for found in _parsed(archive, INCIDENTS)["incidents"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Broken("bundle_json", member=INCIDENTS, why=str(error)[:200]) from error


def _removed(archive: Archive) -> tuple[Range, ...]:
    try:
        return _ranges(_parsed(archive, REMOVED).get("records", []))
    except (TypeError, ValueError) as error:
        raise Broken("bundle_json", member=REMOVED, why=str(error)[:200]) from error


def _ranges(found: Any) -> tuple[Range, ...]:
    ranges = tuple((first, last) for first, last in found)
    if any(type(first) is not int or type(last) is not int or first > last for first, last in ranges):
        raise ValueError("no ranges of records")
    return ranges


def _text(found: Any) -> str:
    if not isinstance(found, str):
        raise ValueError("no text")
    return found


def _stands(references: list[Reference], removed: tuple[Range, ...], walked: Walked) -> None:
    """Every batch that an incident stands on is shown, or was said to be removed."""
    begin = walked.first.seq
    lacking = [0, *accumulate(_lacking(removed, walked))]
    for reference in references:
        for first, last in reference.ranges:
            ends = walked.is_batch(first) and walked.is_batch(last)
            if not ends or lacking[last - begin + 1] != lacking[first - begin]:
                raise Broken("bundle_reference", member=INCIDENTS, seq=first, incident=reference.id[:80])


def _lacking(removed: tuple[Range, ...], walked: Walked) -> Iterator[bool]:
    """For each record: is it a batch without its samples that nobody said was removed?"""
    begin, count = walked.first.seq, walked.records
    steps = [0] * (count + 1)
    for first, last in removed:
        steps[min(max(first - begin, 0), count)] += 1
        steps[min(max(last - begin + 1, 0), count)] -= 1
    for place, excused in enumerate(accumulate(steps[:-1])):
        seq = begin + place
        yield not excused and walked.is_batch(seq) and not walked.shows_samples(seq)


def _same_in_table(archive: Archive, references: list[Reference]) -> bool:
    """Whether the table has these incidents, row by row."""
    try:
        text = archive.read(INCIDENTS_TABLE, _LARGEST_TEXT).decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        for row, reference in zip_longest(rows, references):
            if row is None or reference is None:
                return False
            ranges = " ".join(f"{first}-{last}" for first, last in reference.ranges)
            told = tuple(map(row.get, _TOLD))
            if (row["id"], row["records"], told) != (reference.id, ranges, reference.told):
                return False
    except (ValueError, KeyError, csv.Error) as error:
        raise Broken("bundle_table", member=INCIDENTS_TABLE, why=str(error)[:200]) from error
    return True


def _rows(archive: Archive, name: str, shown: Callable[[int], bool], expected: int) -> None:
    """Raises Broken for another number of rows, or for one of a record that the chain does not show."""
    rows = records.lines(archive.chunks(name), name, records.bound(archive.size(name)), _LONGEST_ROW)
    if not next(rows, b"").removeprefix(b"\xef\xbb\xbf").startswith(b"record,"):
        raise Broken("bundle_rows", member=name)
    count = before = 0
    for row in rows:
        found = _ROW.match(row)
        seq = int(found[1]) if found else 0
        count += 1
        if seq < before or not shown(seq) or count > expected:
            raise Broken("bundle_rows", member=name, seq=seq)
        before = seq
    if count != expected:
        raise Broken("bundle_rows", member=name)


def _stamps(archive: Archive, walked: Walked) -> int:
    """How many. Each token dates the link beside it, which is the chain's; one that the chain has too is the same."""
    names = [name for name in archive.names if name.startswith(STAMPS)]
    for name in names:
        found = _STAMP.fullmatch(name)
        if found is None or {f"{STAMPS}{found[1]}.tsr", f"{STAMPS}{found[1]}.link"} - set(names):
            raise Broken("bundle_stamp", member=name)
        if found[2] == "tsr":
            _stamp(archive, walked, found[1])
    return len(names) // 2


def _stamp(archive: Archive, walked: Walked, number: str) -> None:
    name = f"{STAMPS}{number}.link"
    link, seq = archive.read(name, _LARGEST_TOKEN), int(number)
    known = walked.link_at(seq)
    if known is None or known != link:
        raise Broken("bundle_stamp", member=name, seq=seq)
    token = archive.read(f"{STAMPS}{number}.tsr", _LARGEST_TOKEN)
    if hashlib.sha256(link).digest() not in token:
        raise Broken("bundle_stamp", member=f"{STAMPS}{number}.tsr", seq=seq)
    try:
        chained = base64.b64decode(walked.tokens[seq], validate=True) if seq in walked.tokens else token
    except binascii.Error:
        chained = b""
    if chained != token:
        raise Broken("bundle_stamp", member=f"{STAMPS}{number}.tsr", seq=seq)
