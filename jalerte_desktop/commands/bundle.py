"""``jalerte bundle --for WHOM --out F.zip``: the evidence of a period as one file, shown before it is written."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnostics.journal.reader import Reader
from diagnostics.machine_key import load_or_make
from diagnostics.model import BadInput
from jalerte_desktop import __version__
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.casefile.diary import DiaryEntry, entries
from jalerte_desktop.casefile.model import NO_CASE, Case, PaperFile
from jalerte_desktop.commands._papers import (
    case_to_read,
    frozen,
    keep,
    not_kept_words,
    printable,
    used_json,
)
from jalerte_desktop.commands._report_shown import Teller
from jalerte_desktop.commands._report_zone import local_zone
from jalerte_desktop.commands._stamp_roots import named_roots
from jalerte_desktop.commands.arguments import add_json, add_period, output_file, period, usable_output
from jalerte_desktop.commands.context import Context
from jalerte_desktop.documents.bundle.redaction import COPIES
from jalerte_desktop.findings.personal import personal_of
from jalerte_desktop.words.figures import local, plain_date
from jalerte_desktop.words.language import LANGUAGES, N_, _, current, speaking

if TYPE_CHECKING:
    from jalerte_desktop.documents.bundle.contents import AttachedFile, Bundle
    from jalerte_desktop.documents.report.model import ReportFacts

KIND = "bundle"
COPY_NAMES = {
    "operator": N_("the operator"),
    "mediator": N_("the mediator"),
    "arcep": N_("Arcep"),
    "public": N_("the public"),
}
_LARGEST_FILE = 25_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--for",
        dest="copy",
        required=True,
        choices=COPIES,
        help=_("whose copy: it decides what is taken out"),
    )
    parser.add_argument("--out", metavar="F", help=_("the file to write: .zip"))
    parser.add_argument("--force", action="store_true", help=_("replace an existing file"))
    parser.add_argument(
        "--preview", action="store_true", help=_("only show what is in it and what was taken out")
    )
    parser.add_argument("--yes", action="store_true", help=_("write it without asking"))
    parser.add_argument("--progress", action="store_true", help=_("print lines of JSON for what happens"))
    add_period(parser)
    parser.add_argument(
        "--language", choices=LANGUAGES, help=_("the language of its texts; by default yours")
    )
    add_json(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Compose, show, and after a yes write and freeze. Exit 0, also after a no; problems are raised."""
    out = _out(arguments)
    told = context.json or arguments.progress
    if not arguments.preview and not arguments.yes and (told or not sys.stdin.isatty()):
        raise BadInput("bundle_needs_yes")
    teller = Teller(context, lines=arguments.progress)
    facts, bundle = _compose(arguments, context, teller)
    if not told:
        teller.clear()
        _show(arguments.copy, bundle, context)
    if arguments.preview or out is None:
        _tell({"preview": _preview_json(bundle), "path": None}, teller, context)
        return 0
    if not arguments.yes:
        from jalerte_desktop.commands._ask import says_yes

        if not says_yes(_("Write exactly this? [y/N] "), context.out):
            context.say(_("Nothing was written."))
            return 0
    result = _write(out, arguments, facts, bundle, context)
    _tell(result, teller, context)
    if not told:
        _say_written(result, context)
    return 0


def _tell(result: dict[str, Any], teller: Teller, context: Context) -> None:
    teller.end(result)
    if context.json:
        context.print_json(result)


def _out(arguments: argparse.Namespace) -> Path | None:
    if arguments.out is None:
        if arguments.preview:
            return None
        raise BadInput("bundle_no_out")
    out = Path(arguments.out).absolute()
    if out.suffix.lower() != ".zip":
        raise BadInput("bundle_format", value=printable(Path(out.name)))
    if not arguments.preview:
        usable_output(out, force=arguments.force)
    return out


def _compose(arguments: argparse.Namespace, context: Context, teller: Teller) -> tuple[ReportFacts, Bundle]:
    # Dear imports: other words of the command line do not pay for them.
    from jalerte_desktop.documents.bundle.contents import Making, compose
    from jalerte_desktop.documents.report.facts import Sources, gather
    from jalerte_desktop.documents.report.pdf import report_pdf

    language = arguments.language or current()
    since, until = period(arguments, context.now_ns)
    case: Case = NO_CASE
    diary: tuple[DiaryEntry, ...] = ()
    attached: tuple[AttachedFile, ...] = ()
    with case_to_read(context) as file:
        if file is not None:
            case, diary, attached = file.active() or NO_CASE, entries(file), _attached(file)
    sources = Sources(
        journal=context.home.journal,
        files=context.home.files,
        case=case,
        diary=diary,
        personal=personal_of(context.config),
        version=__version__,
        demo=context.demo,
        stamp_roots=named_roots(context),
    )
    with speaking(language):
        facts = gather(sources, since, until, local_zone(), context.now_ns // 1000 * 1000, teller.stage)
    key = load_or_make(context.home.keys)

    def render(told: ReportFacts, code: str) -> bytes:
        teller.stage("pages")
        return report_pdf(told, code)

    roots = sources.stamp_roots
    making = Making(language, facts.made_ns, f"jalerte {__version__}", key, render, bare, roots)
    teller.stage("records")
    with Reader(context.home.journal) as reader:
        return facts, compose(reader, facts, arguments.copy, making, attached)


def _attached(file: CaseFile) -> tuple[AttachedFile, ...]:
    """The files that go along with the case's draft, as they were kept; one that changed since is refused."""
    from jalerte_desktop.documents.bundle.contents import AttachedFile
    from jalerte_desktop.filing.drafts import open_draft

    draft = open_draft(file) if file.active() else None
    found = []
    for one in draft.attachments if draft else ():
        try:
            with Path(one.path).open("rb") as opened:
                content = opened.read(_LARGEST_FILE + 1)
        except OSError as error:
            why = error.strerror or str(error)
            raise BadInput("attach_unreadable", path=one.path, why=why) from error
        if hashlib.sha256(content).hexdigest() != one.sha256:
            raise BadInput("bundle_attachment_changed", name=one.name)
        found.append(AttachedFile(one.kind, one.name, content))
    return tuple(found)


def bare(kind: str, content: bytes) -> bytes | None:
    """The content without what a camera wrote beside its picture; None for a picture of which nothing can be taken."""
    from jalerte_desktop.filing.photo_copy import without_metadata
    from jalerte_desktop.filing.photos import Place, place_of

    found = without_metadata(content)
    if found is not None:
        return found
    picture = kind == "photo" or place_of(content) is not Place.NONE
    return None if picture and not content.startswith(b"%PDF") else content


def _show(copy: str, bundle: Bundle, context: Context) -> None:
    from jalerte_desktop.documents.bundle.preview import preview_lines

    span, zone = bundle.preview.span, local_zone()
    context.say(
        _("A copy for {whom}, from {since} to {until}.").format(
            whom=_(COPY_NAMES[copy]),
            since=plain_date(local(span.start_ns, zone).date()),
            until=plain_date(local(span.end_ns - 1, zone).date()),
        )
    )
    for line in preview_lines(bundle.preview):
        context.say(line)
    context.say()


def _preview_json(bundle: Bundle) -> dict[str, Any]:
    from jalerte_desktop.documents.bundle.preview import preview_json

    return preview_json(bundle.preview)


def _write(
    out: Path, arguments: argparse.Namespace, facts: ReportFacts, bundle: Bundle, context: Context
) -> dict[str, Any]:
    """Write and freeze; what is told of it."""
    from jalerte_desktop.documents.bundle import archive
    from jalerte_desktop.documents.bundle.redaction import default_rules

    content = archive.write(bundle.members)
    written = PaperFile(printable(out), hashlib.sha256(content).hexdigest(), len(content))
    text = json.dumps({"copy": arguments.copy, **_preview_json(bundle)}, ensure_ascii=False)
    template = f"bundle {default_rules().version}"
    paper = frozen(KIND, template, facts.made_ns, facts.account, text, (written,))
    with output_file(out, force=arguments.force) as draft:
        draft.write_bytes(content)
        kept = keep(paper, context)
    return {
        "kind": KIND,
        "copy": arguments.copy,
        "demo": bundle.preview.demo,
        "path": written.path,
        "sha256": written.sha256,
        "bytes": written.size_bytes,
        **used_json(kept.paper_id or "", paper),
        "paper": kept.paper_id,
        "not_kept": kept.why,
        "preview": _preview_json(bundle),
    }


def _say_written(result: dict[str, Any], context: Context) -> None:
    path, paper_id = result["path"], result["paper"]
    context.say(_("Written: {path} (SHA-256 {sha256}).").format(path=path, sha256=result["sha256"]))
    if paper_id:
        context.say(_("Frozen in the case file as paper {id}.").format(id=paper_id))
    if result["not_kept"]:
        context.say(not_kept_words(result["not_kept"]))
    context.say(_("“jalerte verify {path}” checks it.").format(path=path))
