"""``jalerte report --out F.pdf``: the evidence report of a period, frozen in the case file where there is one."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from diagnostics.model import BadInput
from jalerte_desktop import __version__
from jalerte_desktop.casefile.diary import DiaryEntry, entries
from jalerte_desktop.casefile.model import NO_CASE, Case, PaperFile
from jalerte_desktop.commands._papers import case_to_read, frozen, keep, printable
from jalerte_desktop.commands._report_shown import Teller, frozen_text, print_result, result_json
from jalerte_desktop.commands._report_zone import local_zone
from jalerte_desktop.commands._stamp_roots import named_roots
from jalerte_desktop.commands.arguments import (
    add_json,
    add_period,
    output_file,
    parse_time,
    period,
    usable_output,
)
from jalerte_desktop.commands.context import Context
from jalerte_desktop.findings.personal import personal_of
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.language import LANGUAGES, _, current, speaking

if TYPE_CHECKING:
    from jalerte_desktop.documents.report.facts import Sources
    from jalerte_desktop.documents.report.model import ReportFacts

KIND = "report"
TEMPLATE = "report 2026-11-23"
MICROSECOND = 1000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--out", required=True, metavar="F", help=_("the file to write: .pdf"))
    parser.add_argument("--force", action="store_true", help=_("replace an existing file"))
    add_period(parser)
    parser.add_argument("--language", choices=LANGUAGES, help=_("the report’s language; by default yours"))
    parser.add_argument(
        "--made", metavar="T", help=_("when it was made: the same time gives the same file; by default now")
    )
    parser.add_argument("--progress", action="store_true", help=_("print lines of JSON for what happens"))
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Gather, set, write, freeze. Exit 0; problems are raised, and then no file was written."""
    out = Path(arguments.out).absolute()
    if out.suffix.lower() != ".pdf":
        raise BadInput("report_format", value=printable(Path(out.name)))
    usable_output(out, force=arguments.force)
    language = arguments.language or current()
    teller = Teller(context, lines=arguments.progress)
    facts, content = _compose(arguments, context, language, teller)
    written = PaperFile(printable(out), hashlib.sha256(content).hexdigest(), len(content))
    text = frozen_text(facts, language)
    paper = frozen(KIND, TEMPLATE, facts.made_ns, facts.account, text, (written,))
    with output_file(out, force=arguments.force) as draft:
        draft.write_bytes(content)
        kept = keep(paper, context)
    result = result_json(facts, paper, kept, language)
    teller.end(result)
    if context.json:
        context.print_json(result)
    elif not arguments.progress:
        print_result(facts, paper, kept, context)
    return 0


def _compose(
    arguments: argparse.Namespace, context: Context, language: str, teller: Teller
) -> tuple[ReportFacts, bytes]:
    # Dear imports: other words of the command line do not pay for them.
    from jalerte_desktop.documents.report.facts import gather
    from jalerte_desktop.documents.report.pdf import report_pdf

    since, until = period(arguments, context.now_ns)
    made = _made(arguments.made, context.now_ns)
    with speaking(language):
        facts = gather(_sources(context), since, until, local_zone(), made, teller.stage)
    seal = facts.account.findings.seal
    if arguments.made is not None and seal is not None and made < seal.at_ns:
        raise BadInput("report_made_before", at=iso(seal.at_ns))
    teller.stage("pages")
    return facts, report_pdf(facts, language)


def _made(typed: str | None, now_ns: int) -> int:
    """When the paper was made: nothing later than now. Raises BadInput."""
    if typed is None:
        # What is printed of the time gives it back, whole.
        return now_ns // MICROSECOND * MICROSECOND
    made = parse_time(typed, now_ns)
    if made > now_ns:
        raise BadInput("report_made_future")
    return made


def _sources(context: Context) -> Sources:
    from jalerte_desktop.documents.report.facts import Sources

    case, diary = _case(context)
    return Sources(
        journal=context.home.journal,
        files=context.home.files,
        case=case,
        diary=diary,
        personal=personal_of(context.config),
        version=__version__,
        demo=context.demo,
        stamp_roots=named_roots(context),
    )


def _case(context: Context) -> tuple[Case, tuple[DiaryEntry, ...]]:
    """The case and its diary; nothing of both where there is no case file. None is made here."""
    with case_to_read(context) as file:
        return (NO_CASE, ()) if file is None else (file.active() or NO_CASE, entries(file))
