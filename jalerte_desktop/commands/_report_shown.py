"""A report's facts as its command prints them, as the case file keeps them, and how far the work has come."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from typing import Any

from jalerte_desktop.casefile.model import FrozenPaper
from jalerte_desktop.commands._papers import Kept, not_kept_words, used_json
from jalerte_desktop.commands.context import Context
from jalerte_desktop.commands.described import coverage_json
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.words.figures import duration, iso, local, number, percent, plain_date
from jalerte_desktop.words.language import N_, _, ngettext

_STAGES = {
    "study": N_("Studying the whole record …"),
    "figures": N_("Reading the figures by hour …"),
    "events": N_("Reading what the recorder noted …"),
    "witnesses": N_("Comparing other machines’ records …"),
    "records": N_("Gathering the records …"),
    "pages": N_("Setting the pages …"),
}


class Teller:
    """Says what is being done: as lines of JSON for a program (``--progress``), on the terminal's error output else.

    Where neither is there, only when it takes a while.
    """

    def __init__(self, context: Context, *, lines: bool) -> None:
        self._context, self._lines = context, lines
        self._live = not lines and not context.json and context.err.isatty()

    def stage(self, stage: str) -> None:
        """A stage begins: one of ``gather``'s, ``records`` or ``pages``."""
        self._line("stage", stage=stage)
        if self._live:
            self._context.err.write(f"\r{_(_STAGES[stage])}\x1b[K")
            self._context.err.flush()
        elif not self._lines:
            self._context.have_patience(_(_STAGES[stage]))

    def end(self, result: dict[str, Any]) -> None:
        self._line("completed", result=result)
        self.clear()

    def clear(self) -> None:
        """Nothing is being done for now: the terminal's line is free."""
        self._context.no_more_patience()
        if self._live:
            self._context.err.write("\r\x1b[K")
            self._context.err.flush()

    def _line(self, event: str, **values: Any) -> None:
        if not self._lines:
            return
        out = self._context.err if self._context.json else self._context.out
        # Whoever listened may be gone: the paper is written all the same.
        with suppress(OSError, ValueError):
            print(json.dumps({"event": event, **values}, ensure_ascii=False), file=out, flush=True)


def cuts_of(facts: ReportFacts) -> tuple[int, float]:
    """How many cuts are held against the line, and their seconds within the period."""
    return len(facts.account.outages), sum(day.cut_s for day in facts.days)


def result_json(facts: ReportFacts, paper: FrozenPaper, kept: Kept, language: str) -> dict[str, Any]:
    """The command's one document. ``paper`` is null where there is no case to keep it in, or it could not be kept."""
    (written,) = paper.files
    cuts, cut_s = cuts_of(facts)
    coverage = facts.account.findings.coverage
    return {
        "kind": paper.kind,
        "out": written.path,
        "sha256": written.sha256,
        "bytes": written.size_bytes,
        "language": language,
        "made": iso(facts.made_ns, "microseconds"),
        **used_json("", paper),
        "paper": kept.paper_id,
        "not_kept": kept.why,
        "cuts": cuts,
        "cut_s": round(cut_s, 3),
        "coverage": coverage_json(coverage),
        "witnesses": len(facts.witnesses),
        "left_out": facts.honesty.left_out,
        "demo": facts.demo,
    }


def print_result(facts: ReportFacts, paper: FrozenPaper, kept: Kept, context: Context) -> None:
    (written,) = paper.files
    cuts, cut_s = cuts_of(facts)
    span, coverage = facts.account.findings.span, facts.account.findings.coverage
    words = ngettext(
        "{path}: {n} cut attributed to the operator’s network, {time} in all, from {since} to {until};"
        " {ratio} observed.",
        "{path}: {n} cuts attributed to the operator’s network, {time} in all, from {since} to {until};"
        " {ratio} observed.",
        cuts,
    )
    context.say(
        words.format(
            path=written.path,
            n=number(cuts),
            time=duration(cut_s),
            since=_moment(span.start_ns, facts),
            until=_moment(span.end_ns, facts),
            ratio=percent(coverage.ratio),
        )
    )
    context.say(_("SHA-256 {digest}").format(digest=written.sha256))
    if kept.why is not None:
        context.say(not_kept_words(kept.why))
    elif kept.paper_id is None:
        context.say(_("There is no case: the report names nobody, and nothing was frozen."))
    else:
        context.say(_("Frozen in the case file as paper {id}.").format(id=kept.paper_id))
    if facts.honesty.left_out:
        words = ngettext(
            "! {n} entry of the journal, or package, was damaged or missing and is in no figure.",
            "! {n} entries of the journal, or packages, were damaged or missing and are in no figure.",
            facts.honesty.left_out,
        )
        context.say(words.format(n=number(facts.honesty.left_out)))
    made = iso(facts.made_ns, "microseconds")
    context.say(_("The same journal gives the same file again with --made {made}.").format(made=made))


def _moment(ns: int, facts: ReportFacts) -> str:
    moment = local(ns, facts.zone)
    return f"{plain_date(moment.date())} {moment:%H:%M}"


def frozen_text(facts: ReportFacts, language: str) -> str:
    """What the report says, as JSON for the case file; its incidents are kept beside."""
    said = {
        "language": language,
        "zone": str(facts.zone),
        "made_ns": facts.made_ns,
        "version": facts.version,
        "holder": asdict(facts.holder),
        "days": [asdict(day) for day in facts.days],
        "speed": [asdict(point) for point in facts.speed],
        "promise": asdict(facts.promise),
        "campaigns": [asdict(one) for one in facts.campaigns],
        "diary": [entry.id for entry in facts.diary],
        "honesty": asdict(facts.honesty),
        "evidence": None if facts.evidence is None else asdict(facts.evidence),
        "witnesses": [asdict(one) for one in facts.witnesses],
        "demo": facts.demo,
    }
    return json.dumps(said, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")
