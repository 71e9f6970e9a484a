"""What stands behind the evidence: the newest seal and its key, and what the journal says of its own state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from diagnostics.model import Exclusion, Problem, Span
from jalerte_desktop.words.errors import say_problem


@dataclass(frozen=True, slots=True)
class Sealed:
    """The newest signed link. ``holds``: the signature was checked and is right."""

    sequence: int
    link: str
    at_ns: int
    holds: bool


@dataclass(frozen=True, slots=True)
class Witness:
    """Another machine's bundle that was taken in. ``key``: the fingerprint of its key."""

    name: str
    key: str
    span: Span


@dataclass(frozen=True, slots=True)
class Backing:
    """``key`` is the fingerprint of this machine's key, empty where nothing was signed yet.

    ``unsound`` is what the check at the recorder's last start found wrong, empty where nothing; ``checked_ns`` when
    that was, None where it never was. ``lost_ends`` are the times at which the journal was found shorter than it had
    been signed, ``cut_off``: it is so now. Samples before ``removed_before_ns`` were removed by age, None where none
    were. ``problem`` says why nothing could be read. Without ``record`` and ``problem`` there is no journal yet.
    """

    sealed: Sealed | None = None
    key: str = ""
    record: Span | None = None
    taken_out: tuple[Exclusion, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    checked_ns: int | None = None
    unsound: str = ""
    lost_ends: tuple[int, ...] = ()
    cut_off: bool = False
    removed_before_ns: int | None = None
    problem: str = ""


def read_backing(journal: Path, keys: Path) -> Backing:
    """Read the journal's events and the kept head; raises nothing for what cannot be read."""
    try:
        return _read(journal, keys) if journal.exists() else Backing()
    except Problem as problem:
        return Backing(problem=say_problem(problem))
    except Exception as error:  # a fault of ours must be seen, and must not end the thread it is read on
        why = f"{type(error).__name__}: {error}"
        return Backing(problem=say_problem(Problem("journal_unreadable", path=str(journal), why=why)))


def _read(journal: Path, keys: Path) -> Backing:
    # Dear imports: the window needs the classes, and these on its reader's thread.
    from diagnostics.journal import seals
    from diagnostics.journal.reader import Reader
    from diagnostics.model import EventKind

    with Reader(journal) as reader:
        span, taken_out, end = reader.record_span(), reader.exclusions(), reader.head()
        removed = reader.removed_until()
        events = list(reader.events(EventKind.SECOND_WITNESS, EventKind.INTEGRITY, EventKind.HEAD_LOST))
    try:
        head = seals.read_head(keys)
    except ValueError:
        head = None
    checks = [event for event in events if event.kind is EventKind.INTEGRITY]
    return Backing(
        sealed=None if head is None else Sealed(head.seq, head.link.hex(), head.at_ns, head.holds),
        key="" if head is None else seals.fingerprint(head.key),
        record=span,
        taken_out=taken_out,
        witnesses=tuple(
            Witness(
                str(event.data.get("name") or ""),
                str(event.data.get("key") or ""),
                Span(int(str(event.data["start_ns"])), int(str(event.data["end_ns"]))),
            )
            for event in events
            if event.kind is EventKind.SECOND_WITNESS
        ),
        checked_ns=checks[-1].at_ns if checks else None,
        unsound=str(checks[-1].data.get("why") or "") if checks and not checks[-1].data.get("ok") else "",
        lost_ends=tuple(event.at_ns for event in events if event.kind is EventKind.HEAD_LOST),
        cut_off=head is not None and head.seq > (end.seq if end is not None else 0),
        removed_before_ns=removed,
    )
