"""The case file on disk: case.sqlite, in short transactions.

Errors are told as ``Problem``: a damaged file, a newer one, one that is busy or may not be written.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from diagnostics.model import BadInput, MachineCannot, Problem, Span
from jalerte_desktop.casefile import knowledge, schema
from jalerte_desktop.casefile.fields import COUNTRIES, canonical
from jalerte_desktop.casefile.model import Case, FrozenPaper, PaperFile, UsedIncident
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.findings.model import Seal

_KEPT_WITH_PERSON = ("person.",)
_KEPT_WITH_OPERATOR = ("person.", "line.", "contract.")
_PAPER_COLUMNS = (
    "id, case_id, kind, template, made_ns, method, span_start_ns, span_end_ns, observed_s, line_id, line_confirmed,"
    " seal_sequence, seal_link, seal_at_ns, text"
)


class CaseFile:
    """An open case file. Use as a context manager, or call ``close``. ``now_ns`` is the wall clock (UTC, ns)."""

    def __init__(self, path: Path, connection: sqlite3.Connection, now_ns: Callable[[], int]) -> None:
        self.path = path
        self._db = connection
        self._now_ns = now_ns

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def new(self, problem: str, country: str, operator: str) -> Case:
        """Open a case; the one before is closed, never lost, and the person need not say everything again.

        What is known of the person comes along; of the line and the contract, when the operator is the same.
        """
        land = clean(country).upper()
        if land not in COUNTRIES:
            raise BadInput("case_country", value=clean(country), known=" ".join(COUNTRIES))
        if problem not in knowledge.problems():
            raise BadInput("case_problem", value=clean(problem), known=" ".join(knowledge.problems()))
        name = canonical("contract.operator", operator, land)
        if not name:
            raise BadInput("case_operator")
        before = self.active()
        case_id, now = uuid.uuid4().hex[:12], self._now_ns()
        with self.writing() as db:
            db.execute("UPDATE cases SET closed_ns = ? WHERE closed_ns IS NULL", (now,))
            db.execute(
                "INSERT INTO cases (id, problem, country, created_ns) VALUES (?, ?, ?, ?)",
                (case_id, problem, land, now),
            )
            for key, value in self._inherited(before, land, name).items():
                self._put(db, case_id, key, value, now)
            self._put(db, case_id, "contract.operator", name, now)
        return self.show()

    def set(self, key: str, value: str) -> Case:
        """Give one field a value; an empty one takes it away."""
        return self.set_all({key: value})

    def set_all(self, values: dict[str, str]) -> Case:
        """Give several fields values, all or none of them."""
        case = self.show()
        stored = {key: canonical(key, value, case.country) for key, value in values.items()}
        with self.writing() as db:
            for key, value in stored.items():
                self._put(db, case.id, key, value, self._now_ns())
        return self.show()

    def show(self) -> Case:
        """The active case.

        :raises Problem: ``no_case`` when there is none yet.
        """
        case = self.active()
        if case is None:
            raise Problem("no_case")
        return case

    def active(self) -> Case | None:
        """The active case, or None."""
        with self.reading():
            row = self._db.execute(
                "SELECT id, problem, country, created_ns FROM cases WHERE closed_ns IS NULL"
            ).fetchone()
            if row is None:
                return None
            fields = dict(
                self._db.execute("SELECT key, value FROM fields WHERE case_id = ?", (row[0],)).fetchall()
            )
        return Case(row[0], row[1], row[2], row[3], fields)

    def freeze(self, paper: FrozenPaper) -> str:
        """Keep what a paper stood on, for good; gives its id.

        An alert that differs from the newest one in nothing but the time it was looked at is not kept twice.
        """
        case = self.active()
        whole = replace(paper, case_id=case.id if case else None)
        if paper.kind == "alert":
            newest = next((p for p in reversed(self.papers()) if p.kind == "alert"), None)
            if newest is not None and _same(newest, whole):
                return newest.id
        whole = replace(whole, id=_paper_id(whole))
        with self.writing() as db:
            self._insert(db, whole)
        return whole.id

    def papers(self) -> tuple[FrozenPaper, ...]:
        """Every frozen paper, oldest first."""
        with self.reading():
            rows = self._db.execute(f"SELECT {_PAPER_COLUMNS} FROM papers ORDER BY made_ns, rowid").fetchall()
            return tuple(self._paper(row) for row in rows)

    def paper(self, paper_id: str) -> FrozenPaper | None:
        """The frozen paper of that id, or None."""
        with self.reading():
            row = self._db.execute(
                f"SELECT {_PAPER_COLUMNS} FROM papers WHERE id = ?", (paper_id,)
            ).fetchone()
            return None if row is None else self._paper(row)

    def _inherited(self, before: Case | None, country: str, operator: str) -> dict[str, str]:
        if before is None or before.country != country:
            return {}
        kept = _KEPT_WITH_OPERATOR if before.operator == operator else _KEPT_WITH_PERSON
        return {key: value for key, value in before.fields.items() if key.startswith(kept)}

    @staticmethod
    def _put(db: sqlite3.Connection, case_id: str, key: str, value: str, now: int) -> None:
        if value:
            db.execute("INSERT OR REPLACE INTO fields VALUES (?, ?, ?, ?)", (case_id, key, value, now))
        else:
            db.execute("DELETE FROM fields WHERE case_id = ? AND key = ?", (case_id, key))

    @staticmethod
    def _insert(db: sqlite3.Connection, paper: FrozenPaper) -> None:
        seal = paper.seal
        db.execute(
            "INSERT INTO papers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                paper.id,
                paper.case_id,
                paper.kind,
                paper.template,
                paper.made_ns,
                paper.method,
                paper.span.start_ns,
                paper.span.end_ns,
                paper.observed_s,
                paper.line_id,
                int(paper.line_confirmed),
                seal.sequence if seal else None,
                _link_and_key(seal) if seal else None,
                seal.at_ns if seal else None,
                paper.text,
            ),
        )
        db.executemany(
            "INSERT OR IGNORE INTO snapshots VALUES (?, ?)",
            [(use.sha256, use.snapshot) for use in paper.incidents],
        )
        db.executemany(
            "INSERT INTO paper_incidents VALUES (?, ?, ?, ?)",
            [(paper.id, n, use.role, use.sha256) for n, use in enumerate(paper.incidents)],
        )
        db.executemany(
            "INSERT INTO paper_files VALUES (?, ?, ?, ?, ?)",
            [(paper.id, n, file.path, file.sha256, file.size_bytes) for n, file in enumerate(paper.files)],
        )

    def _paper(self, row: tuple[str, ...]) -> FrozenPaper:
        values: tuple[object, ...] = row
        (
            paper_id,
            case_id,
            kind,
            template,
            made,
            method,
            start,
            end,
            observed,
            line,
            confirmed,
            *seal,
            text,
        ) = values
        uses = self._db.execute(
            "SELECT role, s.json, s.sha256 FROM paper_incidents JOIN snapshots AS s USING (sha256)"
            " WHERE paper_id = ? ORDER BY position",
            (paper_id,),
        ).fetchall()
        files = self._db.execute(
            "SELECT path, sha256, bytes FROM paper_files WHERE paper_id = ? ORDER BY position", (paper_id,)
        ).fetchall()
        return FrozenPaper(
            kind=str(kind),
            template=str(template),
            made_ns=_whole(made),
            method=str(method),
            span=Span(_whole(start), _whole(end)),
            observed_s=float(str(observed)),
            line_id=str(line),
            line_confirmed=bool(confirmed),
            seal=_seal(seal[0], str(seal[1]), seal[2]) if seal[0] is not None else None,
            incidents=tuple(
                UsedIncident(json.loads(text)["id"], role, text, sha) for role, text, sha in uses
            ),
            text=str(text),
            files=tuple(PaperFile(*file) for file in files),
            id=str(paper_id),
            case_id=None if case_id is None else str(case_id),
        )

    @property
    def now_ns(self) -> int:
        """Wall-clock time in UTC nanoseconds."""
        return self._now_ns()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A short transaction: all of it, or nothing when an exception passes. For the rooms that keep tables here."""
        with self.reading():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.rollback()
                raise
            self._db.commit()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, with SQLite's errors told as problems."""
        with schema.telling(self.path):
            yield self._db


def open_case_file(path: Path, now_ns: Callable[[], int]) -> CaseFile:
    """Open the case file, make it where there is none, bring an older one up to date.

    :raises BadInput: ``case_newer`` when a newer program wrote it.
    :raises Problem: ``case_damaged``, ``case_busy``.
    :raises MachineCannot: ``case_not_writable``.
    """
    try:
        return CaseFile(path, schema.connect(path), now_ns)
    except OSError as error:
        raise MachineCannot("case_not_writable", path=str(path), error=error.strerror or str(error)) from None


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def _link_and_key(seal: Seal) -> str:
    """One column holds both: the link, and after a space the key's fingerprint where the journal was signed."""
    return f"{seal.link} {seal.key}".rstrip()


def _seal(sequence: object, link_and_key: str, at_ns: object) -> Seal:
    link, _space, key = link_and_key.partition(" ")
    return Seal(_whole(sequence), link, _whole(at_ns), key)


def _content(paper: FrozenPaper) -> str:
    values = asdict(paper)
    del values["id"]
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def _paper_id(paper: FrozenPaper) -> str:
    """Sixteen hex digits drawn from all of its content, and from chance: two like papers are still two."""
    return hashlib.sha256((_content(paper) + uuid.uuid4().hex).encode()).hexdigest()[:16]


def _same(one: FrozenPaper, other: FrozenPaper) -> bool:
    still = {"made_ns": 0, "span": Span(0, 0), "observed_s": 0.0, "id": ""}
    return _content(replace(one, **still)) == _content(replace(other, **still))  # type: ignore[arg-type]
