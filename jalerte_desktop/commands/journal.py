"""``jalerte journal``: take another machine's bundle as a second witness, once found whole; how long samples stay."""

from __future__ import annotations

import argparse
import hashlib
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from diagnostics.journal.reader import Reader
from diagnostics.model import BadInput, EventKind, MachineCannot, Problem
from diagnostics.recorder import notes
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.commands import _journal_retention
from jalerte_desktop.commands.arguments import add_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.words.figures import iso, local
from jalerte_desktop.words.language import _

if TYPE_CHECKING:
    from jalerte_desktop.documents.bundle.witness import WitnessRecord

LONGEST_NAME = 60
_PIECE = 1 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", metavar=_("ACTION"), required=True)
    take = actions.add_parser("import", help=_("take another machine’s bundle as a second witness"))
    take.add_argument("bundle", metavar="F.zip", help=_("the bundle that was made on the other machine"))
    take.add_argument("--name", default="", help=_("what to call that machine in your papers"))
    add_json(take)
    keep = actions.add_parser("retention", help=_("how long single samples are kept: show, choose"))
    _journal_retention.configure(keep)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Do the action that was asked for."""
    return (
        _journal_retention.run(arguments, context)
        if arguments.action == "retention"
        else _import(arguments, context)
    )


def _import(arguments: argparse.Namespace, context: Context) -> int:
    """Check, keep, chain. Exit 0; 1 where the bundle is not whole: then nothing was kept."""
    path = Path(arguments.bundle).absolute()
    name = clean(arguments.name)
    if len(name) > LONGEST_NAME:
        raise BadInput("name_too_long")
    with Reader(context.home.journal) as reader:
        known = {str(event.data.get("sha256")) for event in reader.events(EventKind.SECOND_WITNESS)}
    record, sha256 = _checked(path, context, known)
    name = name or record.name
    _keep(path, context.home.files, sha256)
    data: dict[str, str | int] = {
        "sha256": sha256,
        "name": name,
        "key": record.key,
        "start_ns": record.span.start_ns,
        "end_ns": record.span.end_ns,
    }
    notes.add(context.home.folder, context.home.journal, EventKind.SECOND_WITNESS, data, context.now_ns)
    if context.json:
        context.print_json(
            {
                "name": name,
                "sha256": sha256,
                "key": record.key,
                "start": iso(record.span.start_ns),
                "end": iso(record.span.end_ns),
                "incidents": len(record.incidents),
                "file": str(context.home.files / f"{sha256}.zip"),
            }
        )
        return 0
    context.say(
        _("Second witness “{name}”: {start} to {end}, key {key}…").format(
            name=name,
            start=f"{local(record.span.start_ns):%d/%m/%Y %H:%M}",
            end=f"{local(record.span.end_ns):%d/%m/%Y %H:%M}",
            key=record.key[:16],
        )
    )
    context.say(_("The next report sets its cuts beside yours."))
    return 0


def _checked(path: Path, context: Context, known: set[str]) -> tuple[WitnessRecord, str]:
    """The bundle as a witness, and its SHA-256. Raises Problem for one that may be no witness here."""
    from jalerte_desktop.documents.bundle.archive import Limits
    from jalerte_desktop.documents.bundle.check import check_bundle
    from jalerte_desktop.documents.bundle.witness import read_witness
    from jalerte_desktop.words.errors import say_problem

    if path.is_file() and path.stat().st_size <= Limits().file_bytes and _sha256(path) in known:
        raise BadInput("import_twice")
    tell = context.progress(_("Checking"))
    found = check_bundle(path, lambda done, of: tell(done / of))
    tell(1.0)
    if found.first_fault is not None:
        fault = Problem(found.first_fault.code, **dict(found.first_fault.values))
        raise Problem("import_broken", path=str(path), why=say_problem(fault))
    if not found.ok or found.about is None:
        raise Problem("import_unchecked", path=str(path))
    if found.fingerprint == _own_fingerprint(context):
        raise BadInput("import_own")
    if found.about.demo and not context.demo:
        raise BadInput("import_demo")
    return read_witness(path), _sha256(path)


def _own_fingerprint(context: Context) -> str:
    """This machine's, where it has a key; none is made here."""
    from diagnostics.machine_key import NAME, load_or_make

    return load_or_make(context.home.keys).fingerprint if (context.home.keys / NAME).exists() else ""


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise BadInput("bundle_unreadable", path=str(path), why=error.strerror or str(error)) from error


def _keep(source: Path, folder: Path, sha256: str) -> None:
    """A copy under its digest, for its owner alone. Raises Problem where it is not what was checked any more."""
    copy, draft = folder / f"{sha256}.zip", folder / f".{sha256[:16]}-{uuid.uuid4().hex[:8]}"
    digest = hashlib.sha256()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as writing, source.open("rb") as reading:
                while piece := reading.read(_PIECE):
                    digest.update(piece)
                    writing.write(piece)
                writing.flush()
                os.fsync(writing.fileno())
            if digest.hexdigest() != sha256:
                raise Problem("import_changed", path=str(source))
            draft.replace(copy)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        raise MachineCannot("home_not_writable", path=str(folder), why=why) from error
