"""What a bundle's other members say of the chain: incidents and time stamps refer to what is there."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from jalerte_desktop.documents.bundle import records, rows
from jalerte_desktop.documents.bundle.archive import Archive, Broken
from jalerte_desktop.documents.bundle.checks_about import REMOVED, check_incidents_about, check_removed
from jalerte_desktop.documents.bundle.checks_chain import Walked
from jalerte_desktop.documents.bundle.manifest import About

INCIDENTS, INCIDENTS_TABLE = "incidents.json", "incidents.csv"
STAMPS = "stamps/"
_LARGEST_TEXT = 12 << 20
_LARGEST_TOKEN = 1 << 20
_LONGEST_NAME = 80
_STAMP = re.compile(r"stamps/([0-9]{8,19})\.(tsr|link)")

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reference:
    """An incident's id, and the ranges of records that it stands on."""

    id: str
    ranges: tuple[Range, ...]


def check_contents(archive: Archive, about: About, walked: Walked) -> int:
    """How many outside time stamps there are; raises Broken at the first reference that leads nowhere."""
    document = _parsed(archive, INCIDENTS)
    found: Any = document.get("incidents")
    references = _references(found)
    removed = _parsed(archive, REMOVED)
    _stands(references, _removed(removed), walked)
    _same_in_table(archive, found)
    check_incidents_about(document, about, INCIDENTS)
    check_removed(removed, about, walked)
    return _stamps(archive, walked)


def _parsed(archive: Archive, name: str) -> dict[str, Any]:
    try:
        found = records.parse(archive.read(name, _LARGEST_TEXT))
    except (ValueError, RecursionError) as error:
        raise Broken("bundle_json", member=name, why=str(error)[:200]) from error
    if not isinstance(found, dict):
        raise Broken("bundle_json", member=name, why="no object")
    return found


def _references(found: Any) -> list[Reference]:
    try:
        return [Reference(_text(one["id"]), _ranges(one["records"])) for one in found]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Broken("bundle_json", member=INCIDENTS, why=str(error)[:200]) from error


def _removed(document: dict[str, Any]) -> tuple[Range, ...]:
    try:
        return _ranges(document.get("records", []))
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
                raise Broken(
                    "bundle_reference", member=INCIDENTS, seq=first, incident=reference.id[:_LONGEST_NAME]
                )


def _lacking(removed: tuple[Range, ...], walked: Walked) -> Iterator[bool]:
    """For each record: could it not be read, or is it a batch without its samples that nobody said was removed?"""
    begin, count = walked.first.seq, len(walked.batches)
    steps = [0] * (count + 1)
    for first, last in removed:
        steps[min(max(first - begin, 0), count)] += 1
        steps[min(max(last - begin + 1, 0), count)] -= 1
    for place, excused in enumerate(accumulate(steps[:-1])):
        seq = begin + place
        yield walked.is_lost(seq) or (not excused and walked.is_batch(seq) and not walked.shows_samples(seq))


def _same_in_table(archive: Archive, found: list[Any]) -> None:
    """The table is what is written of these incidents, byte for byte; raises Broken at the first row that is not."""
    table, at, name = archive.read(INCIDENTS_TABLE, _LARGEST_TEXT), 0, ""
    try:
        for number, row in enumerate(rows.incidents_table(found)):
            name = found[number - 1]["id"][:_LONGEST_NAME] if number else ""
            if not table.startswith(row, at):
                raise Broken("bundle_incidents_differ", member=INCIDENTS_TABLE, incident=name)
            at += len(row)
    except (KeyError, TypeError, ValueError, AttributeError, csv.Error) as error:
        raise Broken("bundle_json", member=INCIDENTS, why=str(error)[:200]) from error
    if at != len(table):
        raise Broken("bundle_incidents_differ", member=INCIDENTS_TABLE, incident="")


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
    if seq in walked.tokens and base64.b64encode(token).decode() not in walked.tokens[seq]:
        raise Broken("bundle_stamp", member=f"{STAMPS}{number}.tsr", seq=seq)
