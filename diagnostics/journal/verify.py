"""Does the journal hold? Recomputes every digest and link from the first record on, and figures from the samples."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from diagnostics.journal import chain, format, hours, opening, seals, store, unsigned
from diagnostics.journal.seals import SignedHead
from diagnostics.journal.unsigned import Signed
from diagnostics.journal.walk import Fault, Part, Walk
from diagnostics.model import BadInput, MachineCannot, Remark

Progress = Callable[[float], None]
"""Is told the share that is done, 0–1."""
_DAYS_A_PART = 10
"""A longer journal is checked in parts of so many days, by as many processes as there are processors."""


@dataclass(frozen=True, slots=True)
class Check:
    """``first_fault`` is None when everything holds.

    ``seals`` counts the signatures that hold; ``signature`` says of them all: ``ok``, ``failed``, or ``unchecked``
    where nothing was signed. ``head`` is the newest link, ``key`` the fingerprint of the newest signing key. ``notes``
    tell what is no fault and should be known.
    """

    records: int
    samples: int
    seals: int
    signature: str
    head: bytes
    key: str
    first_fault: Fault | None
    notes: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class _Task:
    """A part of the chain: its first and last record, and the link before; what was signed last, by whichever means."""

    path: Path
    first: int
    last: int
    before: bytes
    head_seq: int
    signed: int


def verify(path: Path, progress: Progress | None = None) -> Check:
    """Check the journal, with the signed head in the folder ``keys`` beside it.

    Looks at links and order, signatures, that figures are those of the samples, that samples were removed only where a
    signed retention says so, and that the end is not missing; notes tell which records no signature covers. What is
    staged and not yet sealed is in no chain and is not looked at. Raises Problem when the file cannot be read at all,
    MachineCannot (``check_broke_off``) when a process that shares the work was ended from outside.
    """
    told = progress or (lambda _share: None)
    if not path.exists():
        raise BadInput("journal_missing", path=str(path))
    try:
        head, fault = _head(path.parent / "keys")
        if fault is not None:
            return Check(0, 0, 0, "failed", b"", "", fault)
        with closing(_open(path)) as db:
            fault = _beside_the_chain(db)
            if fault is not None:
                return Check(0, 0, 0, "unchecked", b"", "", fault)
            end = opening.end(db)[0]
            head = _newer(path.parent / "keys", head, end)
            signed = unsigned.signed_until(db, head)
            tasks = list(_tasks(db, path, head.seq if head else 0, signed.seq if signed else store.NO_END))
            if len(tasks) == 1:
                parts = [_through(db, tasks[0], lambda done: told(min(done / max(end, 1), 1.0)))]
            else:
                parts = _at_once(tasks, told)
            check = _together(tasks, parts, head)
            if check.first_fault is None and signed is not None:
                check = replace(check, notes=(*check.notes, *_unsigned(db, signed)))
    except sqlite3.Error as error:
        raise format.explain(error, path) from error
    except (ValueError, TypeError, OverflowError, struct.error) as error:
        return Check(0, 0, 0, "unchecked", b"", "", Fault(0, None, str(error)))
    told(1.0)
    return check


def _beside_the_chain(db: sqlite3.Connection) -> Fault | None:
    """Rows whose numbers no walk ever meets, and that figures might still be read from."""
    for table, first, last in (
        ("records", "seq", "seq"),
        ("entries", "seq", "seq"),
        ("pages", "first", "last"),
    ):
        row = db.execute(
            f"SELECT {first} FROM {table} WHERE {first} < 1 OR {last} > ? OR typeof({first}) <> 'integer'"
            f" OR typeof({last}) <> 'integer' OR typeof(start_ns) <> 'integer' OR typeof(end_ns) <> 'integer' LIMIT 1",
            (store.NO_END,),
        ).fetchone()
        if row is not None:
            return Fault(0, None, "a record beside the chain")
    return None


def _head(keys: Path) -> tuple[SignedHead | None, Fault | None]:
    try:
        head = seals.read_head(keys)
    except ValueError:
        return None, Fault(0, None, "keys/head.json cannot be read as a signed head")
    if head is not None and not head.holds:
        return None, Fault(0, None, "the signature in keys/head.json does not hold")
    return head, None


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    version = format.check_version(db, path)
    if not version:
        # Made by a recorder that was killed before it made the tables.
        raise BadInput("journal_missing", path=str(path))
    if version < format.FORMAT:
        format.stand_in(db)
    db.execute("BEGIN")
    return db


def _newer(keys: Path, head: SignedHead | None, end: int) -> SignedHead | None:
    """The head again: the recorder may have signed what it had just written when the file was opened."""
    newer, fault = _head(keys)
    return newer if newer is not None and fault is None and newer.seq <= end else head


def _unsigned(db: sqlite3.Connection, signed: Signed) -> Iterator[Remark]:
    found = unsigned.tail(db, signed)
    if found is not None:
        yield found.remark()


def _tasks(db: sqlite3.Connection, path: Path, head_seq: int, signed: int) -> Iterator[_Task]:
    """Parts of the chain. After a day's last record nothing is open, so that a part may begin there."""
    end = opening.end(db)[0]
    first, before, days = 1, chain.GENESIS, 0
    rows = db.execute(
        "SELECT seq, link FROM entries AS e WHERE type = ? AND NOT EXISTS"
        " (SELECT 1 FROM entries WHERE seq = e.seq + 1 AND type = e.type) ORDER BY seq",
        (hours.DAY,),
    )
    for seq, link in rows:
        days += 1
        if days == _DAYS_A_PART and first <= seq < end:
            yield _Task(path, first, seq, before, head_seq, signed)
            first, before, days = seq + 1, bytes(link), 0
    yield _Task(path, first, store.NO_END, before, head_seq, signed)


def _through(db: sqlite3.Connection, task: _Task, progress: Callable[[int], None]) -> Part:
    targets = dict(opening.targets(db))
    walk = Walk(db, task.first, task.before, targets, task.head_seq, signed=task.signed)
    return walk.through(opening.secret(db), task.last, progress)


def _alone(task: _Task) -> Part:
    """One part, in a process of its own."""
    with closing(_open(task.path)) as db:
        return _through(db, task, lambda _done: None)


def _at_once(tasks: list[_Task], told: Progress) -> list[Part]:
    """Every part, in processes that end with this one, however it ends."""
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        min(len(tasks), os.cpu_count() or 1), context, initializer=_end_with_the_parent
    )
    try:
        with _no_interrupts_for_children():
            waiting = [pool.submit(_alone, task) for task in tasks]
        for done, _ in enumerate(as_completed(waiting), 1):
            told(done / len(tasks))
        return [one.result() for one in waiting]
    except BaseException as error:
        for one in set(multiprocessing.active_children()) - others:
            one.kill()
        if isinstance(error, BrokenProcessPool):
            raise MachineCannot("check_broke_off") from error
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_the_parent() -> None:
    """Of a worker: it would wait for work for ever once nobody is left to give it any."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


@contextmanager
def _no_interrupts_for_children() -> Iterator[None]:
    """Ctrl+C goes to every process of a terminal; those begun in here leave it to the one that began them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _together(tasks: list[_Task], parts: list[Part], head: SignedHead | None) -> Check:
    """The parts as one: each must begin with the link that the one before ends with."""
    records = samples = sealed = removal = 0
    link, keys, notes, fault = chain.GENESIS, list[bytes](), list[Remark](), None
    for task, part in zip(tasks, parts, strict=True):
        if task.before != link:
            fault = Fault(task.first, None, "the link does not match the record")
            break
        records, link = part.last, part.link
        samples, sealed = samples + part.samples, sealed + part.seals
        keys += [key for key in part.keys if key not in keys]
        notes += part.notes
        removal = max(removal, part.removal)
        if part.fault is not None:
            fault = part.fault
            break
    if fault is None:
        fault = _at_the_end(parts, head, records, keys, removal)
    refused = any(part.refused for part in parts)
    signature = "failed" if refused else ("ok" if sealed else "unchecked")
    key = seals.fingerprint(keys[-1] if keys else b"")
    return Check(records, samples, sealed, signature, link, key, fault, tuple(notes))


def _at_the_end(
    parts: list[Part], head: SignedHead | None, records: int, keys: list[bytes], removal: int
) -> Fault | None:
    """What only the whole chain can tell."""
    for part in parts:
        if part.removed is not None and part.removed.until_ns >= removal:
            return Fault(
                part.removed.seq, part.removed.at_ns, "samples are missing, and no retention says so"
            )
    if head is None:
        if keys:
            why = "keys/head.json is missing: whether the end was cut off cannot be told"
            return Fault(records + 1, None, why)
        return None
    if head.seq > records:
        return Fault(records + 1, None, "the end is missing: more was signed than is there")
    if head.link not in {part.head_link for part in parts}:
        return Fault(head.seq, None, "the link is not the one that was signed")
    if head.at_ns not in {part.head_end_ns for part in parts if part.head_link}:
        return Fault(
            head.seq, head.at_ns, f"keys/{seals.HEAD_NAME}: not the time of the record that was signed"
        )
    if keys and head.key != keys[-1]:
        return Fault(records + 1, None, "keys/head.json is of another key than the seals")
    return None
