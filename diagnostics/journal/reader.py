"""Reading the journal while it is being written, without holding the writer up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from diagnostics.journal import codec, format
from diagnostics.model import (
    NO_LINE,
    SECOND,
    BadInput,
    Event,
    EventKind,
    Exclusion,
    Line,
    Sample,
    Span,
    Target,
)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link of the chain."""

    seq: int
    link: bytes
    at_ns: int


@dataclass(frozen=True)
class Block:
    """One minute (or part of one) of one line. ``seq`` is 0 while it is staged and not yet sealed.

    ``samples`` are unpacked at first use: a quiet minute is judged by its ``rollups`` alone.
    """

    seq: int
    line: Line
    span: Span
    rollups: codec.Rollups
    packed: bytes
    targets: dict[int, Target]
    staged: tuple[Sample, ...] = ()

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        if self.staged:
            return self.staged
        try:
            return tuple(codec.decode_batch(codec.decompress(self.packed), self.targets.__getitem__))
        except codec.DamagedBatch as error:
            raise format.Damaged("block_damaged", seq=self.seq) from error


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
                if not format.check_version(self._db, path):
                    # A recorder that is just starting has made the file, but not its tables.
                    raise BadInput("journal_missing", path=str(path))
                self._db.execute("BEGIN")
                self._targets = dict(self._read_targets())
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

    def _read_targets(self) -> Iterator[tuple[int, Target]]:
        for event in self.events(EventKind.TARGETS):
            yield format.target_of(event)

    def head(self) -> Head | None:
        """The newest link, or None for an empty journal."""
        with self._problems():
            row = self._db.execute(
                "SELECT seq, link, (SELECT max(end_ns) FROM (SELECT end_ns FROM records ORDER BY seq DESC LIMIT 50))"
                " FROM records ORDER BY seq DESC LIMIT 1"
            ).fetchone()
        return Head(int(row[0]), bytes(row[1]), int(row[2])) if row else None

    def first_link(self) -> bytes | None:
        """The chain's first link, which no other journal has; None for an empty one."""
        with self._problems():
            row = self._db.execute("SELECT link FROM records ORDER BY seq LIMIT 1").fetchone()
        return bytes(row[0]) if row else None

    def events(self, *kinds: EventKind, after_seq: int = 0) -> Iterator[Event]:
        """Events in the order of the chain; all kinds when none is named."""
        wanted = kinds or tuple(EventKind)
        marks = ",".join("?" * len(wanted))
        with self._problems():
            for kind, at_ns, body in self._db.execute(
                f"SELECT type, start_ns, body FROM records INDEXED BY events"
                f" WHERE type <> 'samples' AND type IN ({marks}) AND seq > ? ORDER BY seq",
                (*map(str, wanted), after_seq),
            ):
                yield format.decode_event(kind, at_ns, bytes(body))

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
                    gateway=str(data["gateway"]),
                    gateway_mac=str(data["gateway_mac"]),
                    interface=str(data["interface"]),
                    operator=str(data.get("operator") or "") or known.operator,
                    network=str(data.get("network") or known.network),
                    ssid=str(data.get("ssid") or known.ssid),
                )
            elif key in lines and event.kind is EventKind.LINE_NAMED:
                lines[key] = replace(lines[key], name=str(data["name"]))
            elif key in lines:
                home = data["home"]
                lines[key] = replace(lines[key], home=None if home is None else bool(home))
        return lines

    def exclusions(self) -> tuple[Exclusion, ...]:
        """Periods that the person took out of the count."""
        return tuple(
            Exclusion(
                Span(int(str(e.data["since_ns"])), int(str(e.data["until_ns"]))),
                str(e.data["reason"]),
                e.at_ns,
            )
            for e in self.events(EventKind.EXCLUSION)
        )

    def record_span(self) -> Span | None:
        """From the first sample to the last, None without any. The end is exclusive: one second after the last try."""
        first = last = None
        with self._problems():
            row = self._db.execute(
                "SELECT min(start_ns), max(end_ns) FROM records WHERE type = 'samples'"
            ).fetchone()
            if row[0] is not None:
                first, last = int(row[0]), int(row[1])
        for block in self.staged():
            first = block.span.start_ns if first is None else min(first, block.span.start_ns)
            last = block.span.end_ns if last is None else max(last, block.span.end_ns)
        return None if first is None or last is None else Span(first, last + SECOND)

    def sealed(self, after_seq: int = 0) -> Iterator[Block]:
        """Sealed blocks in the order in which they were sealed."""
        with self._problems():
            for seq, start, end, line, rollup, body in self._db.execute(
                "SELECT seq, start_ns, end_ns, line, rollup, body FROM records"
                " WHERE type = 'samples' AND seq > ? ORDER BY seq",
                (after_seq,),
            ):
                yield Block(
                    seq,
                    self._line(line),
                    Span(start, end),
                    codec.decode_rollups(bytes(rollup), self._targets.__getitem__),
                    bytes(body),
                    self._targets,
                )

    def seq_before(self, at_ns: int) -> int:
        """A place in the chain such that what follows holds everything recorded after ``at_ns``; 0 for the beginning.

        Found by halving, since the chain grows with time; a clock that was set back can only make it come out earlier.
        """
        low, high = 0, (head.seq if (head := self.head()) else 0)
        with self._problems():
            while high - low > 1:
                middle = (low + high) // 2
                row = self._db.execute("SELECT end_ns FROM records WHERE seq = ?", (middle,)).fetchone()
                if row is None or int(row[0]) >= at_ns:
                    high = middle
                else:
                    low = middle
        return low

    def staged(self) -> list[Block]:
        """What is not sealed yet, as blocks of the same kind, in the order of recording."""
        groups: dict[tuple[int, str, int], dict[tuple[str, int], Sample]] = {}
        with self._problems():
            for minute, line, offset, body in self._db.execute(
                "SELECT minute, line, offset_ns, body FROM staging ORDER BY id"
            ):
                try:
                    samples = codec.decode_batch(bytes(body), self._targets.__getitem__)
                except codec.DamagedBatch:
                    continue  # the next recorder counts it when it recovers the rest
                batch = groups.setdefault((minute, line, offset), {})
                batch.update(((sample.target.id, sample.sent_ns), sample) for sample in samples)
        blocks = []
        for (_, line, _), batch in groups.items():
            ordered = tuple(sorted(batch.values(), key=lambda sample: sample.sent_ns))
            span = Span(ordered[0].sent_ns, ordered[-1].sent_ns)
            blocks.append(Block(0, self._line(line), span, codec.roll_up(ordered), b"", {}, ordered))
        return blocks

    def blocks(self) -> Iterator[Block]:
        """Sealed, then staged."""
        yield from self.sealed()
        yield from self.staged()

    def _line(self, key: str) -> Line:
        return self.lines.get(key, replace(NO_LINE, id=key))


def _connect(path: Path) -> sqlite3.Connection:
    uri = path.absolute().as_uri()
    db = sqlite3.connect(
        f"{uri}?mode=ro", uri=True, isolation_level=None, timeout=5.0, check_same_thread=False
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
