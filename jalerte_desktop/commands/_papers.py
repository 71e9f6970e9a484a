"""What the commands that make papers share: the period, the freezing, the part of the JSON that says what was used."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from diagnostics.model import BadInput, MachineCannot, Problem, Remark, Span
from jalerte_desktop.casefile.case_file import CaseFile, open_case_file
from jalerte_desktop.casefile.model import FrozenPaper, PaperFile
from jalerte_desktop.commands.arguments import period
from jalerte_desktop.commands.context import Context
from jalerte_desktop.documents.account import Account
from jalerte_desktop.documents.letter import Letter
from jalerte_desktop.documents.period import last_days
from jalerte_desktop.findings.model import Findings, Seal
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.errors_papers import say_warning
from jalerte_desktop.words.figures import iso
from jalerte_desktop.words.language import _


def paper_findings(arguments: argparse.Namespace, context: Context) -> Findings:
    """The findings of the period that was asked for; by default the last 30 days of the record."""
    return findings_between(*period(arguments, context.now_ns), context)


def findings_between(since: int | None, until: int | None, context: Context) -> Findings:
    """The same for times in UTC ns, None for the default."""
    findings = context.findings(since, None if until is None else min(until, context.now_ns))
    if findings.record is None:
        raise Problem("out_of_record")
    if findings.span.start_ns >= findings.span.end_ns:
        raise BadInput("empty_period")
    return last_days(findings) if since is None else findings


def frozen(
    kind: str, template: str, made_ns: int, account: Account, text: str, files: tuple[PaperFile, ...] = ()
) -> FrozenPaper:
    """What a paper stands on, ready for the case file (promise 8)."""
    findings = account.findings
    return FrozenPaper(
        kind=kind,
        template=template,
        made_ns=made_ns,
        method=findings.method,
        span=findings.span,
        observed_s=findings.coverage.observed_s,
        line_id=findings.line.id,
        line_confirmed=findings.confirmed,
        seal=findings.seal,
        incidents=account.used(),
        text=text,
        files=files,
    )


def frozen_letter(letter: Letter, made_ns: int, account: Account, out: Path, content: bytes) -> FrozenPaper:
    """A letter that is written to that file, with what it stands on."""
    written = PaperFile(printable(out.absolute()), hashlib.sha256(content).hexdigest(), len(content))
    text = json.dumps(asdict(letter), ensure_ascii=False)
    return frozen(letter.kind, letter.template, made_ns, account, text, (written,))


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a paper is kept. ``why``: the sentence that tells why the case could not keep it, None otherwise.

    Both are None where there is no case.
    """

    paper_id: str | None = None
    why: str | None = None


def keep(paper: FrozenPaper, context: Context) -> Kept:
    """Freeze a paper in the case, where there is one. Raises Problem for a case file that is damaged or held."""
    if not context.home.case.exists():
        return Kept()
    try:
        with open_case_file(context.home.case, lambda: context.now_ns) as file:
            return Kept(None if file.active() is None else file.freeze(paper))
    except MachineCannot as cannot:
        return Kept(why=say_problem(cannot))


def not_kept_words(why: str) -> str:
    return _("! It was not kept in the case. {why}").format(why=why)


@contextmanager
def case_to_read(context: Context) -> Iterator[CaseFile | None]:
    """The case file for reading, None where there is none; a copy of it where its folder cannot be written.

    SQLite needs to write beside a file to read it safely. Raises Problem.
    """
    if not context.home.case.exists():
        yield None
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_case_file(context.home.case, lambda: context.now_ns))
        except MachineCannot:
            place = Path(stack.enter_context(TemporaryDirectory(prefix="jalerte-")))
            file = stack.enter_context(
                open_case_file(_copied(context.home.case, place), lambda: context.now_ns)
            )
        yield file


def _copied(case: Path, place: Path) -> Path:
    """The database with what was not yet taken over into it. Raises MachineCannot."""
    try:
        for suffix in ("", "-wal"):
            one = case.with_name(case.name + suffix)
            if one.exists():
                (place / one.name).write_bytes(one.read_bytes())
    except OSError as error:
        why = error.strerror or str(error)
        raise MachineCannot("case_not_writable", path=str(case), error=why) from error
    return place / case.name


def printable(path: Path) -> str:
    """A path as text. A file's name need not be text; the case file and JSON hold only text."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def used_json(paper_id: str, paper: FrozenPaper) -> dict[str, object]:
    """The keys that say what a paper stands on."""
    seal = paper.seal
    return {
        "paper": paper_id,
        "template": paper.template,
        "method": paper.method,
        "period": _span(paper.span),
        "observed_s": paper.observed_s,
        "line": {"id": paper.line_id, "confirmed": paper.line_confirmed},
        "incidents": [
            {"id": use.incident_id, "role": use.role, "sha256": use.sha256} for use in paper.incidents
        ],
        "seal": _seal(seal) if seal else None,
    }


def _seal(seal: Seal) -> dict[str, object]:
    return {
        "sequence": seal.sequence,
        "link": seal.link,
        "at": iso(seal.at_ns),
        "key": seal.key or None,
    }


def warnings_json(warnings: tuple[Remark, ...]) -> list[dict[str, object]]:
    return [{"code": remark.code, "text": say_warning(remark)} for remark in warnings]


def print_warnings(warnings: tuple[Remark, ...], context: Context) -> None:
    """Each on a line of its own, after an empty one."""
    if warnings:
        context.say()
    for remark in warnings:
        context.say("! " + say_warning(remark))


def _span(span: Span) -> dict[str, str]:
    return {"start": iso(span.start_ns), "end": iso(span.end_ns)}
