"""The readable tables of a bundle beside its chain: every row is written anew and compared, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from diagnostics.journal import chain
from jalerte_desktop.documents.bundle import records, rows
from jalerte_desktop.documents.bundle.archive import Archive, Broken
from jalerte_desktop.documents.bundle.manifest import ABOUT, About
from jalerte_desktop.documents.bundle.records import BundleRecord, FieldShown, WholeShown

ROLLUPS_TABLE, SAMPLES_TABLE = "rollups.csv.gz", "samples.csv.gz"
TARGETS = "targets"
_TOLD = ("role", "protocol", "address")
_LONGEST_ROW = 20_000
_LONGEST_TOLD = 100


class Tables:
    """Follows the chain record by record. What does not fit is kept: a record that fails itself comes before it."""

    def __init__(self, archive: Archive, about: About) -> None:
        """Raises Broken where ``bundle.json`` does not tell whom numbers stand for as it should."""
        self._targets = _Targets(about)
        self._line = about.more.get("line", "")
        self._rollups = _Table(archive, ROLLUPS_TABLE, rows.ROLLUPS_HEAD)
        self._samples = _Table(archive, SAMPLES_TABLE, rows.SAMPLES_HEAD)

    def follow(self, record: BundleRecord) -> None:
        """The next record, found to be the chain's."""
        if record.type == TARGETS:
            self._targets.named(record)
        elif record.type == chain.SAMPLES:
            here = rows.line_of(record) == self._line
            name = self._targets.here if here else self._targets.elsewhere
            self._rollups.follow(record, iter([rows.rollup_rows(record, name)]))
            self._samples.follow(record, rows.chunks(rows.sample_rows(record, self._targets.here)))

    @property
    def rollups(self) -> int:
        """How many rows of figures were found right."""
        return self._rollups.rows

    def finish(self) -> None:
        """Raises the first that did not fit."""
        for table in (self._rollups, self._samples):
            table.finish()
        found = [one.fault for one in (self._targets, self._rollups, self._samples) if one.fault is not None]
        for fault in sorted(found, key=lambda one: (not one.seq, one.seq)):
            raise fault


class _Targets:
    """Whom numbers stand for: as ``bundle.json`` says, and as the chain does where it shows them."""

    def __init__(self, about: About) -> None:
        self.fault: Broken | None = None
        self._told: dict[int, dict[str, str]] = {}
        self._cells: dict[int, str] = {}
        self._elsewhere: dict[int, str] = {}
        try:
            for one in about.more.get("targets", []):
                told = {name: _text(one[name]) for name in _TOLD if name in one}
                if (
                    type(one["number"]) is not int
                    or one["number"] in self._told
                    or not {*_TOLD[:2]} <= told.keys()
                ):
                    raise ValueError("a target that is none")
                self._told[one["number"]] = told
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Broken("bundle_about", member=ABOUT, why=str(error)[:200]) from error

    def named(self, record: BundleRecord) -> None:
        """A record that gives a number its target: what it shows is compared, and stands for what was not told."""
        shown = _values(record)
        number = shown.get("number")
        if type(number) is not int:
            return
        told = self._told.setdefault(number, {})
        for name in _TOLD:
            if isinstance(shown.get(name), str) and told.setdefault(name, shown[name]) != shown[name]:
                self.fault = self.fault or Broken(
                    "bundle_targets",
                    member=ABOUT,
                    seq=record.seq,
                    at_ns=record.start_ns,
                    number=number,
                    found=told[name][:_LONGEST_TOLD],
                    right=shown[name][:_LONGEST_TOLD],
                )
        self._cells.pop(number, None)
        self._elsewhere.pop(number, None)

    def here(self, number: int) -> str:
        if number not in self._cells:
            told = self._told.get(number, {})
            self._cells[number] = rows.target_cells(*(told.get(name, "") for name in _TOLD))
        return self._cells[number]

    def elsewhere(self, number: int) -> str:
        if number not in self._elsewhere:
            told = self._told.get(number, {})
            role, protocol = (told.get(name, "") for name in _TOLD[:2])
            self._elsewhere[number] = rows.target_cells(role, protocol, "")
        return self._elsewhere[number]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _values(record: BundleRecord) -> dict[str, Any]:
    """What an event shows, as far as it is JSON."""
    if isinstance(record.whole, WholeShown):
        found = records.parse(record.whole.body)
        return found if isinstance(found, dict) else {}
    shown = {name: one.value for name, one in record.fields.items() if isinstance(one, FieldShown)}
    return {name: records.parse(value) for name, value in shown.items() if name in (*_TOLD, "number")}


class _Table:
    """One table, read piece by piece as far as its rows are asked for."""

    def __init__(self, archive: Archive, member: str, head: str) -> None:
        self.fault: Broken | None = None
        self._member, self._head = member, f"{head}\n".encode()
        self._pieces = records.unpack(archive.chunks(member), member, records.bound(archive.size(member)))
        self._waiting, self._at = b"", 0
        self._begun = False
        self.rows = 0

    def follow(self, record: BundleRecord, right: Iterator[list[str]]) -> None:
        """The rows of one record, in parts; nothing is read any more after the first that differs."""
        if self.fault is not None:
            return
        try:
            self._begin()
            for some in right:
                expected = "".join([f"{row}\n" for row in some]).encode()
                found = self._take(len(expected))
                if found != expected:
                    raise self._differs(record, expected, found)
                self.rows += len(some)
        except Broken as broken:
            self.fault = broken
        except (KeyError, OverflowError, OSError) as error:  # a number that is no time, no outcome
            self.fault = self._broken("bundle_rows", record, why=str(error))

    def finish(self) -> None:
        """Nothing may come after the last row."""
        if self.fault is None:
            try:
                self._begin()
                if self._take(1):
                    self.fault = Broken("bundle_rows", member=self._member)
            except Broken as broken:
                self.fault = broken

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            if self._take(len(self._head)) != self._head:
                raise Broken("bundle_rows", member=self._member)

    def _take(self, size: int) -> bytes:
        while len(self._waiting) - self._at < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._waiting, self._at = self._waiting[self._at :] + piece, 0
        found = self._waiting[self._at : self._at + size]
        self._at += len(found)
        return found

    def _differs(self, record: BundleRecord, expected: bytes, found: bytes) -> Broken:
        """Which row, and what in it."""
        found += self._take(_LONGEST_ROW)
        pairs = zip_longest(expected.splitlines(), found.split(b"\n"), fillvalue=b"")
        right, wrong = next((pair for pair in pairs if pair[0] != pair[1]), (b"", b""))
        names = self._head.decode().strip().split(",")
        cells = zip(names, right.split(b","), wrong.split(b","), strict=False)
        column, one, other = next((each for each in cells if each[1] != each[2]), (names[0], right, wrong))
        return self._broken("bundle_row", record, column=column, found=_short(other), right=_short(one))

    def _broken(self, code: str, record: BundleRecord, **values: str) -> Broken:
        return Broken(code, member=self._member, seq=record.seq, at_ns=record.start_ns, **values)


def _short(cell: bytes) -> str:
    return cell[:_LONGEST_TOLD].decode("utf-8", "replace")
