"""``jalerte verify``: is an evidence bundle, or this folder's own journal, as it was made? Ends with 1 if not.

A file that is no bundle at all is bad input: 2.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnostics.model import BadInput, Problem, Remark, Scalar
from jalerte_desktop.commands._stamp_roots import named_roots
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.errors import harmless, say_problem
from jalerte_desktop.words.figures import iso, local, number
from jalerte_desktop.words.language import _
from jalerte_desktop.words.stamps import why_not_valid

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_HOLE = "bundle_hole"
"""``documents.bundle.check.HOLE``, which is dear to import: all is as it was signed, a part could not be read then."""
_MOST_STAMPS = 20
"""So many false time stamps are told one by one."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What both checks come to. ``fault`` has its figures for programs, ``first_fault`` the sentence."""

    ok: bool
    checked: Mapping[str, int]
    signature: str
    fingerprint: str
    first_fault: str | None
    fault: Mapping[str, Scalar] | None
    notes: tuple[str, ...]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "bundle",
        nargs="?",
        type=Path,
        metavar="F.zip",
        help=_("the evidence bundle; without it, this folder’s own journal is checked"),
    )
    parser.add_argument("--progress", action="store_true", help=_("print lines of JSON for what happens"))
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    tell = _lines(context) if arguments.progress else context.progress(_("Checking"))
    if arguments.bundle is None:
        subject, outcome = context.home.journal, _journal(context.home.journal, tell, named_roots(context))
    else:
        subject, outcome = arguments.bundle, _bundle(arguments.bundle, tell)
    if context.json:
        context.print_json(_document(outcome))
    else:
        _say(context, str(subject), outcome)
    return 0 if outcome.ok else 1


def _lines(context: Context) -> Callable[[float], None]:
    """Tells the share that is done as lines of JSON on the error output, for a program that listens."""

    def tell(share: float) -> None:
        with suppress(OSError, ValueError):
            print(json.dumps({"event": "progress", "share": round(share, 4)}), file=context.err, flush=True)

    return tell


def _bundle(path: Path, tell: Callable[[float], None]) -> _Outcome:
    from jalerte_desktop.documents.bundle.check import check_bundle

    _refuse_what_is_none(path)
    found = check_bundle(path, lambda done, of: tell(done / of))
    tell(1.0)
    text = fault = None
    if found.first_fault is not None:
        wrong = found.first_fault
        values = dict(wrong.values)
        sentence = _sentence(wrong.code, values)
        text = _at(wrong.seq, wrong.at_ns, sentence) if wrong.at_ns else sentence
        fault = _fault(wrong.code, wrong.seq, wrong.at_ns, wrong.member)
    return _Outcome(
        found.ok,
        {"blocks": found.blocks, "samples": found.samples, "members": found.members},
        found.signature,
        found.fingerprint,
        text,
        fault,
        tuple(_note(note) for note in found.notes),
    )


def _refuse_what_is_none(path: Path) -> None:
    """Raises BadInput for what bears no mark of a bundle: such a file is not broken, it is something else."""
    from jalerte_desktop.documents.bundle.kind import FileKind, kind_of

    try:
        kind = kind_of(path)
    except FileNotFoundError:
        raise BadInput("bundle_missing", path=str(path)) from None
    except OSError as error:
        raise BadInput("bundle_unreadable", path=str(path), why=error.strerror or str(error)) from error
    if kind is not FileKind.BUNDLE:
        raise BadInput(f"verify_{kind.value}", path=str(path))


def _journal(path: Path, tell: Callable[[float], None], roots: tuple[Certificate, ...]) -> _Outcome:
    from diagnostics.journal.verify import verify

    found = verify(path, tell)
    tell(1.0)
    text = fault = None
    if found.first_fault is not None:
        wrong = found.first_fault
        text = _at(wrong.seq, wrong.at_ns or 0, _(wrong.why))
        fault = _fault("journal", wrong.seq, wrong.at_ns or 0, "")
    # Where the check ended early, the seals may not have been reached.
    reached = bool(found.key) or found.first_fault is None
    doubts = _doubts(path.parent / "keys", found.key) if reached else ()
    stamps: tuple[Remark, ...] = ()
    try:
        stamps = tuple(_false_stamps(path, roots))
    except Problem:
        if found.first_fault is None:
            raise  # else the check has told already that it cannot be read
    return _Outcome(
        found.first_fault is None and not doubts,
        {"blocks": found.records, "samples": found.samples, "members": 0},
        found.signature,
        found.key,
        text,
        fault,
        tuple(_note(note) for note in (*found.notes, *doubts, *stamps, *_fingerprint(found.key))),
    )


def _doubts(keys: Path, sealed_by: str) -> tuple[Remark, ...]:
    """Why links that all fit may still be somebody else's: nothing was signed, or not with this computer's key."""
    from diagnostics.machine_key import NAME, load_or_make

    if not sealed_by:
        return (Remark.of("note_unsigned"),)
    own = sealed_by
    if (keys / NAME).exists():
        with suppress(Problem):
            own = load_or_make(keys).fingerprint
    return () if own == sealed_by else (Remark.of("note_other_key", fingerprint=own),)


def _false_stamps(path: Path, roots: tuple[Certificate, ...]) -> Iterator[Remark]:
    """The outside time stamps that do not hold. Whoever adds one breaks no link, so this is no fault of the chain."""
    from diagnostics.journal.reader import Reader
    from diagnostics.stamps.record import damaged_stamps, stamps_of

    with Reader(path) as reader:
        wrong = [one for one in stamps_of(reader, roots) if not one.valid]
        damaged = damaged_stamps(reader)
    for one in wrong[:_MOST_STAMPS]:
        yield Remark.of(
            "note_stamp_not_valid",
            seq=one.sequence,
            at_ns=one.at_ns,
            authority=harmless(one.authority),
            why=why_not_valid(one.why),
        )
    if len(wrong) > _MOST_STAMPS:
        yield Remark.of("note_stamps_not_valid", count=len(wrong) - _MOST_STAMPS)
    if damaged:
        yield Remark.of("note_stamps_damaged", count=damaged)


def _fingerprint(sealed_by: str) -> tuple[Remark, ...]:
    return (Remark.of("note_fingerprint", fingerprint=sealed_by),) if sealed_by else ()


def _fault(code: str, seq: int, at_ns: int, member: str) -> dict[str, Scalar]:
    at = None
    with suppress(ValueError, OverflowError, OSError):
        at = iso(at_ns) if at_ns else None
    return {"code": code, "seq": seq or None, "at": at, "member": member or None}


def _sentence(code: str, values: dict[str, Scalar]) -> str:
    if "why" in values:
        values["why"] = _(str(values["why"]))
    return say_problem(Problem(code, **values))


def _at(seq: int, at_ns: int, sentence: str) -> str:
    """The sentence, with the minute that it is about where there is one."""
    if not seq:
        return harmless(sentence)
    when = _moment(at_ns) if at_ns else "–"
    return _("Minute of {at} (record {seq}): {what}").format(at=when, seq=seq, what=harmless(sentence))


def _moment(at_ns: int) -> str:
    try:
        return f"{local(at_ns):%d/%m/%Y %H:%M}"
    except (ValueError, OverflowError, OSError):
        return str(at_ns)


def _note(note: Remark) -> str:
    values = dict(note.values)
    if isinstance(values.get("at_ns"), int):
        values["at"] = _moment(int(str(values["at_ns"])))
    return say_problem(Problem(note.code, **values))


def _document(outcome: _Outcome) -> dict[str, Any]:
    return {
        "ok": outcome.ok,
        "checked": dict(outcome.checked),
        "signature": outcome.signature,
        "fingerprint": outcome.fingerprint or None,
        "first_fault": outcome.first_fault,
        "fault": None if outcome.fault is None else dict(outcome.fault),
        "notes": list(outcome.notes),
    }


def _say(context: Context, subject: str, outcome: _Outcome) -> None:
    if outcome.first_fault is not None:
        incomplete = outcome.fault is not None and outcome.fault["code"] == _HOLE
        words = (
            _("{subject}: as it was signed, but NOT complete.")
            if incomplete
            else _("{subject}: NOT as it was made.")
        )
        context.say(words.format(subject=harmless(subject)))
        context.say(outcome.first_fault)
    elif outcome.ok:
        context.say(_("{subject}: whole.").format(subject=harmless(subject)))
    else:
        context.say(
            _("{subject}: nothing wrong was found, but not all was checked.").format(
                subject=harmless(subject)
            )
        )
    counts = outcome.checked
    context.say(
        _("Checked: {blocks} records, {samples} samples, {members} members.").format(
            blocks=number(counts["blocks"]),
            samples=number(counts["samples"]),
            members=number(counts["members"]),
        )
    )
    for note in outcome.notes:
        context.say(note)
