"""``jalerte letter KIND --out F.pdf|.docx``: a draft of a letter, with what it stands on frozen in the case file."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from diagnostics.model import BadInput
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.casefile.model import NO_CASE
from jalerte_desktop.commands._papers import (
    frozen_letter,
    paper_findings,
    print_warnings,
    used_json,
    warnings_json,
)
from jalerte_desktop.commands.arguments import add_json, add_period, output_file, usable_output
from jalerte_desktop.commands.context import Context
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.complaint import INDEPENDENT, compose_complaint
from jalerte_desktop.documents.letter import Letter
from jalerte_desktop.documents.reserves import blanks, reserves
from jalerte_desktop.words.language import _, ngettext

KINDS = ("complaint",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("kind", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--out", required=True, metavar="F", help=_("the file to write: .pdf or .docx"))
    parser.add_argument("--force", action="store_true", help=_("replace an existing file"))
    add_period(parser)
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Compose, write, freeze. Exit 0; problems are raised, and then no file was written."""
    if arguments.kind not in KINDS:
        raise BadInput("letter_kind", value=arguments.kind, known=" ".join(KINDS))
    out = Path(arguments.out).absolute()
    render = _renderer(out)
    usable_output(out, force=arguments.force)
    sorted_out = account(paper_findings(arguments, context))
    now_ns = context.now_ns
    with open_case_file(context.home.case, lambda: context.now_ns) as file:
        case = file.active() or NO_CASE
        letter = replace(compose_complaint(case, sorted_out, now_ns), demo=context.demo)
        content = render(letter)
        paper = frozen_letter(letter, now_ns, sorted_out, out, content)
        (written,) = paper.files
        with output_file(out, force=arguments.force) as draft:
            draft.write_bytes(content)
            paper_id = file.freeze(paper)
    warnings = reserves(case, sorted_out, letter)
    if context.json:
        context.print_json(
            {
                "kind": letter.kind,
                "path": written.path,
                "sha256": written.sha256,
                "bytes": written.size_bytes,
                **used_json(paper_id, paper),
                "blanks": list(blanks(letter)),
                "warnings": warnings_json(warnings),
                "notice": INDEPENDENT,
            }
        )
        return 0
    held = len(sorted_out.held)
    words = ngettext(
        "{path}: a complaint on {n} incident, to be read, completed and signed by you.",
        "{path}: a complaint on {n} incidents, to be read, completed and signed by you.",
        held,
    )
    context.say(words.format(path=written.path, n=held))
    context.say(_("Frozen in the case file as paper {id}.").format(id=paper_id))
    print_warnings(warnings, context)
    context.say("\n" + INDEPENDENT)
    return 0


def _renderer(out: Path) -> Callable[[Letter], bytes]:
    if out.suffix.lower() == ".pdf":
        from jalerte_desktop.documents.letter_pdf import letter_pdf

        return letter_pdf
    if out.suffix.lower() == ".docx":
        from jalerte_desktop.documents.letter_docx import letter_docx

        return letter_docx
    raise BadInput("letter_format", value=out.name)
