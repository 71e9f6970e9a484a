"""Reading the journal while it is being written, without holding the writer up."""

from __future__ import annotations

import hashlib
import heapq
import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from diagnostics.journal import chain, codec, format, opening, salvage, spans, store
from diagnostics.journal.blocks import Block, TargetColumn
from diagnostics.journal.salvage import StoredHole, StoredRecord
from diagnostics.journal.sealed import Blocks
from diagnostics.journal.spans import RollupRow
from diagnostics.model import (
    NO_LINE,
    SECOND,
    BadInput,
    Event,
    EventKind,
    Exclusion,
    Line,
    Span,
    Target,
)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link of the chain."""

    seq: int
    link: bytes
    at_ns: int


class Reader:
    """A view of the journal at one moment: everything read through one Reader belongs together.

    Raises BadInput("journal_missing") where there is none, BadInput("journal_newer") or format.Damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise BadInput("journal_missing", path=str(path))
        with self._problems():
            self._db = _connect(path)
            try:
                version = format.check_version(self._db, path)
                if not version:
                    # A recorder that is just starting has made the file, but not its tables.
                    raise BadInput("journal_missing", path=str(path))
                if version < format.FORMAT:
                    format.stand_in(self._db)
                self._db.execute("BEGIN")
                self._secret = opening.secret(self._db)
                self._targets = dict(opening.targets(self._db))
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise format.explain(error, self.path) from error
        except (codec.DamagedBatch, ValueError, KeyError) as error:
            raise format.Damaged("journal_damaged", path=str(self.path)) from error

    def head(self) -> Head | None:
        """The newest link, or None for an empty journal."""
        with self._problems():
            seq, link = opening.end(self._db)
            newest = self._db.execute(
                "SELECT max(at) FROM (SELECT max(end_ns) AS at FROM (SELECT end_ns FROM records ORDER BY seq DESC"
                " LIMIT 50) UNION SELECT max(end_ns) FROM (SELECT end_ns FROM entries ORDER BY seq DESC LIMIT 50)"
                " UNION SELECT max(end_ns) FROM (SELECT end_ns FROM pages ORDER BY first DESC LIMIT 2))"
            ).fetchone()[0]
        return Head(seq, link, int(newest)) if seq else None

    def first_link(self) -> bytes | None:
        """The chain's first link, which no other journal has; None for an empty one."""
        return self.link_at(1)

    def link_at(self, seq: int) -> bytes | None:
        """The link of a record, None where there is no such record."""
        with self._problems():
            return store.link_at(self._db, self._secret, seq)

    def salt_of(self, seq: int, name: str) -> bytes:
        """The salt of one field, to be handed on with the field."""
        return chain.salt(self._secret, seq, name)

    def derived_key(self, purpose: bytes) -> bytes:
        """32 bytes that only this journal gives, for another purpose than the chain."""
        return hmac.digest(self._secret, b"derived\n" + purpose, "sha256")

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every target that was ever named, by its number."""
        return tuple(target for _number, target in sorted(self._targets.items()))

    @property
    def numbers(self) -> dict[int, Target]:
        """Targets by the number that batches name them with."""
        return dict(self._targets)

    def records(self, after_seq: int = 0, until_seq: int = store.NO_END) -> Iterator[StoredRecord]:
        """The chain, record by record. Raises format.Damaged at the first that cannot be read."""
        link = chain.GENESIS if after_seq <= 0 else self.link_at(after_seq)
        if link is None:
            return
        with self._problems():
            for row in store.walk(self._db, after_seq, until_seq):
                one = salvage.stored(self._secret, row, link)
                link = one.link
                yield one

    def rows(self, after_seq: int = 0, until_seq: int = store.NO_END) -> Iterator[store.Row]:
        """What can be read of the chain, without a look at its links; what cannot is left out."""
        with self._problems():
            yield from store.walk(self._db, after_seq, until_seq, [])

    def known_link(self, after_seq: int) -> tuple[int, bytes]:
        """The newest record up to this one whose link is known, and the link; 0 for the chain's beginning."""
        with self._problems():
            return salvage.begin(self._db, self._secret, after_seq)

    def holding(self, after_seq: int, link: bytes, until_seq: int) -> Iterator[StoredRecord | StoredHole]:
        """The chain behind a record and its link, as far as it holds, and the holes in it: see ``salvage.follow``."""
        with self._problems():
            yield from salvage.follow(self._db, self._secret, after_seq, link, until_seq)

    def events(self, *kinds: EventKind, after_seq: int = 0, until_seq: int = store.NO_END) -> Iterator[Event]:
        """Events in the order of the chain, up to ``until_seq`` included; all kinds when none is named.

        Those that cannot be read any more are left out: see ``gaps``, and ``verify``.
        """
        wanted = {str(kind) for kind in kinds or tuple(EventKind)}
        marks = ",".join("?" * len(wanted))
        with self._problems():
            for kind, at_ns, body in self._db.execute(
                f"SELECT type, start_ns, body FROM records INDEXED BY events"
                f" WHERE type <> 'samples' AND type IN ({marks}) AND seq > ? AND seq <= ? ORDER BY seq",
                (*wanted, after_seq, until_seq),
            ):
                with suppress(ValueError, TypeError):
                    yield format.decode_event(kind, at_ns, body)
            rows = self._event_rows(wanted, after_seq, until_seq)
            if wanted & {*format.PAGED}:
                rows = heapq.merge(rows, self._paged_events(wanted, after_seq, until_seq), key=_seq)
            for row in rows:
                with suppress(ValueError):
                    yield format.event_of(row.type, row.start_ns, row.fields)

    def _event_rows(self, wanted: set[str], after_seq: int, until_seq: int) -> Iterator[store.Row]:
        marks = ",".join("?" * len(wanted))
        for seq, kind, start, end, fields, link in self._db.execute(
            f"SELECT * FROM entries WHERE type IN ({marks}) AND seq > ? AND seq <= ? ORDER BY seq",
            (*wanted, after_seq, until_seq),
        ):
            with suppress(ValueError, TypeError):
                yield store.Row(seq, kind, start, end, format.unpack_fields(fields), link)

    def _paged_events(self, wanted: set[str], after_seq: int, until_seq: int) -> Iterator[store.Row]:
        for page in store.pages_between(self._db, after_seq, until_seq):
            try:
                records = page.records
            except codec.DamagedBatch:
                continue
            for one in records:
                if one.type in wanted and after_seq < one.seq <= until_seq:
                    yield store.Row(one.seq, one.type, one.start_ns, one.end_ns, one.fields, b"")

    @cached_property
    def lines(self) -> dict[str, Line]:
        """Every line seen, by id, with the newest name and home mark."""
        lines: dict[str, Line] = {}
        for event in self.events(EventKind.LINE, EventKind.LINE_NAMED, EventKind.LINE_HOME):
            data = event.data
            key = str(data.get("id") or "")
            if not key:
                continue
            if event.kind is EventKind.LINE:
                known = lines.get(key, NO_LINE)
                lines[key] = replace(
                    known,
                    id=key,
                    # A damaged row may lack a name of what it told.
                    gateway=str(data.get("gateway", known.gateway)),
                    gateway_mac=str(data.get("gateway_mac", known.gateway_mac)),
                    interface=str(data.get("interface", known.interface)),
                    operator=str(data.get("operator") or "") or known.operator,
                    network=str(data.get("network") or known.network),
                    ssid=str(data.get("ssid") or known.ssid),
                )
            elif key in lines and event.kind is EventKind.LINE_NAMED:
                lines[key] = replace(lines[key], name=str(data.get("name", lines[key].name)))
            elif key in lines:
                home = data.get("home")
                # What cannot be understood confirms no line: papers name nobody for it.
                lines[key] = replace(lines[key], home=home if isinstance(home, bool) else None)
        return lines

    def exclusions(self) -> tuple[Exclusion, ...]:
        """Periods that the person took out of the count.

        One that says no period raises format.Damaged: to pass it over would count again what must not be.
        """
        found = []
        with self._problems():
            for event in self.events(EventKind.EXCLUSION):
                since, until = event.data["since_ns"], event.data["until_ns"]
                if not (isinstance(since, int) and isinstance(until, int) and since < until):
                    raise ValueError("an exclusion without a period")
                found.append(Exclusion(Span(since, until), str(event.data.get("reason", "")), event.at_ns))
        return tuple(found)

    def record_span(self) -> Span | None:
        """From the first sample to the last, None without any. The end is exclusive: one second after the last try."""
        firsts, lasts = [], []
        with self._problems():
            for sql in (
                "SELECT min(start_ns), max(end_ns) FROM records WHERE type = 'samples'",
                "SELECT min(start_ns), max(end_ns) FROM entries WHERE type IN ('samples', 'day')",
            ):
                row = self._db.execute(sql).fetchone()
                if row[0] is not None:
                    firsts.append(int(row[0]))
                    lasts.append(int(row[1]))
            for page in self._edge_pages():
                for one in page.records:
                    if one.type == chain.SAMPLES:
                        firsts.append(one.start_ns)
                        lasts.append(one.end_ns)
        for block in self.staged():
            firsts.append(block.span.start_ns)
            lasts.append(block.span.end_ns)
        return Span(min(firsts), max(lasts) + SECOND) if firsts else None

    def _edge_pages(self) -> Iterator[store.Page]:
        """Readable pages that no day's record covers yet: all others' times are within those of days."""
        last_day = self._db.execute(
            "SELECT coalesce(max(seq), 0) FROM entries WHERE type = 'day'"
        ).fetchone()[0]
        for page in store.pages_between(self._db, int(last_day), store.NO_END):
            try:
                _ = page.records
            except codec.DamagedBatch:
                continue
            yield page

    def sealed(self, after_seq: int = 0, until_seq: int = store.NO_END) -> Iterator[Block]:
        """Sealed blocks in the order in which they were sealed. What cannot be read is left out: see ``gaps``."""
        with self._problems():
            yield from self._blocks.sealed(after_seq, until_seq)

    def gaps(self, after_seq: int = 0) -> tuple[Event, ...]:
        """What ``sealed`` left out so far, as events of the kind GAP: damaged, or removed by age."""
        return self._blocks.gaps(after_seq)

    def pages_without_samples(self) -> int:
        """How many pages (an hour each) lost their samples by age."""
        with self._problems():
            return int(self._db.execute("SELECT count(*) FROM pages WHERE removed <> x''").fetchone()[0])

    @property
    def newest_page(self) -> int:
        """The first record of the newest page, 0 without any."""
        with self._problems():
            return int(self._db.execute("SELECT coalesce(max(first), 0) FROM pages").fetchone()[0])

    def pages_digest(self, newest: int) -> bytes:
        """SHA-256 over all that is packed in the pages up to the one that begins with that record."""
        digest = hashlib.sha256()
        with self._problems():
            for blobs in self._db.execute(
                "SELECT marks, heads, body, removed FROM pages WHERE first <= ? ORDER BY first", (newest,)
            ):
                for blob in blobs:
                    digest.update(b"%d " % len(blob))
                    digest.update(blob if isinstance(blob, bytes) else repr(blob).encode())
        return digest.digest()

    def removed_until(self) -> int | None:
        """When the newest samples ended that were removed by age (UTC ns); None where none were."""
        with self._problems():
            found = self._db.execute("SELECT max(end_ns) FROM pages WHERE removed <> x''").fetchone()[0]
        return None if found is None else int(found)

    def seq_before(self, at_ns: int) -> int:
        """A place in the chain such that what follows holds everything recorded after ``at_ns``; 0 for the beginning.

        Found by halving, since the chain grows with time; a clock that was set back can only make it come out earlier.
        """
        low, high = 0, (head.seq if (head := self.head()) else 0)
        with self._problems():
            while high - low > 1:
                middle = (low + high) // 2
                end_ns = self._end_of(middle)
                if end_ns is None or end_ns >= at_ns:
                    high = middle
                else:
                    low = middle
        return low

    def _end_of(self, seq: int) -> int | None:
        """When a record ended, or the page that it is in."""
        for sql in (
            "SELECT end_ns FROM entries WHERE seq = :seq",
            "SELECT end_ns FROM pages WHERE first <= :seq AND last >= :seq",
            "SELECT end_ns FROM records WHERE seq = :seq",
        ):
            row = self._db.execute(sql, {"seq": seq}).fetchone()
            if row is not None:
                return int(row[0])
        return None

    def staged(self) -> list[Block]:
        """What is not sealed yet, as blocks of the same kind, in the order of recording."""
        with self._problems():
            return self._blocks.staged()

    def rollups(self, step: str, span: Span, line_id: str | None = None) -> Iterator[RollupRow]:
        """The figures of the steps (``minute``, ``hour``, ``day``) that touch ``span``: see ``spans.figures``."""
        with self._problems():
            yield from spans.figures(self._stored, spans.Step(step), span, line_id)

    def columns(self, target_id: str, span: Span, line_id: str | None = None) -> TargetColumn | None:
        """All sealed tries at one target that were sent within ``span``; None for an unknown target."""
        with self._problems():
            return spans.tries(self._stored, target_id, span, line_id)

    def overview(
        self, target_id: str, span: Span, columns: int, line_id: str | None = None
    ) -> spans.Overview | None:
        """A target's long time in few columns: see ``spans.overview``."""
        with self._problems():
            return spans.overview(self._stored, target_id, span, columns, line_id)

    @cached_property
    def _blocks(self) -> Blocks:
        return Blocks(self._db, self._targets, self._line)

    @cached_property
    def _stored(self) -> spans.Stored:
        return spans.Stored(self._db, self._targets)

    def blocks(self) -> Iterator[Block]:
        """Sealed, then staged."""
        yield from self.sealed()
        yield from self.staged()

    def _line(self, key: str) -> Line:
        return self.lines.get(key, replace(NO_LINE, id=key))


def _seq(row: store.Row) -> int:
    return row.seq


def _connect(path: Path) -> sqlite3.Connection:
    uri = path.absolute().as_uri()
    db = sqlite3.connect(
        f"{uri}?mode=ro", uri=True, isolation_level=None, timeout=opening.BUSY_S, check_same_thread=False
    )
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return db
    except sqlite3.OperationalError:
        # A read-only folder has no room for the shared-memory file that WAL needs; without a
        # write-ahead log beside it the file is complete and may be read as it stands.
        db.close()
        if path.with_name(path.name + "-wal").exists():
            raise
    except BaseException:
        db.close()
        raise
    return sqlite3.connect(f"{uri}?immutable=1", uri=True, isolation_level=None, check_same_thread=False)
