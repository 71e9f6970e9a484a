"""Whether a filing may still leave: what it holds against the operator must be held against it today, too.

A filing leaves byte for byte as it was shown. Between the preview and the sending the person may have excluded a
period or said that the line is not theirs, and later measurements may have changed a verdict. Such a filing would
accuse wrongly; it is stopped, and only a new preview, composed from the findings of that day, takes its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from diagnostics.model import BadInput, Exclusion, Line, Remark, Span
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.casefile.model import FrozenPaper, UsedIncident
from jalerte_desktop.documents.account import Role, role_of
from jalerte_desktop.filing.outbox_model import Filing, FilingState
from jalerte_desktop.findings.model import Findings

WITHDRAWN = ("withdrawn_line", "withdrawn_other_line", "withdrawn_excluded", "withdrawn_verdict")
"""Why a filing may not leave any more, as codes."""


def is_withdrawn(filing: Filing) -> bool:
    """Whether the program stopped it for good before it left."""
    return (
        filing.state is FilingState.FAILED and filing.problem is not None and filing.problem.code in WITHDRAWN
    )


def refusal(filing_id: str, why: Remark) -> BadInput:
    """The same as a problem, told to whoever wants to send it all the same."""
    return BadInput(f"filing_{why.code}", id=filing_id, **dict(why.values))


def paper_of(file: CaseFile, filing: Filing) -> FrozenPaper | None:
    """What it stands on; None where it stands on nothing that was measured."""
    return None if filing.paper_id is None else file.paper(filing.paper_id)


def withdrawn(file: CaseFile, filing: Filing, findings: Callable[[], Findings]) -> Remark | None:
    """Why this filing may not leave, by the findings of the whole record; None where it may.

    ``findings`` is asked only where there is a paper to compare with.

    :raises Problem: what ``findings`` raises, where the journal cannot be read.
    """
    paper = paper_of(file, filing)
    return None if paper is None else by_the_findings(paper, findings())


def withdrawn_by_person(
    file: CaseFile, filing: Filing, lines: Iterable[Line], exclusions: Iterable[Exclusion]
) -> Remark | None:
    """The same, by the person's own words alone: quick, and for one that the person still sends themselves, too."""
    paper = paper_of(file, filing)
    return None if paper is None else by_the_person(paper, lines, exclusions)


def by_the_findings(paper: FrozenPaper, findings: Findings) -> Remark | None:
    """Compares a frozen paper with the findings of the whole record."""
    said = by_the_person(paper, findings.lines, findings.exclusions)
    if said is not None:
        return said
    today = {incident.id: role_of(incident, paper.line_id) for incident in findings.incidents}
    roles = [today.get(used.incident_id) for used in _held(paper)]
    # One that went on after the preview may have been excluded for that later part.
    if excluded := roles.count(Role.EXCLUDED):
        return Remark.of("withdrawn_excluded", n=excluded)
    gone = sum(role is not Role.HELD for role in roles)
    return Remark.of("withdrawn_verdict", n=gone) if gone else None


def by_the_person(
    paper: FrozenPaper, lines: Iterable[Line], exclusions: Iterable[Exclusion]
) -> Remark | None:
    """Compares a frozen paper with what the person says of the lines, and with the periods they took out."""
    if (line := _line(paper, lines)) is not None:
        return line
    spans = [exclusion.span for exclusion in exclusions]
    gone = [used for used in _held(paper) if any(_touches(span, _span(used)) for span in spans)]
    return Remark.of("withdrawn_excluded", n=len(gone)) if gone else None


def _line(paper: FrozenPaper, lines: Iterable[Line]) -> Remark | None:
    home = {line.id: line.home for line in lines}
    now = home.get(paper.line_id)
    if now is False or (paper.line_confirmed and now is not True):
        return Remark.of("withdrawn_line")
    # A paper about a line that nobody had confirmed names no operator, and yet is about the wrong line by now.
    if now is None and True in home.values():
        return Remark.of("withdrawn_other_line")
    return None


def _held(paper: FrozenPaper) -> list[UsedIncident]:
    return [used for used in paper.incidents if used.role == Role.HELD]


def _span(used: UsedIncident) -> Span:
    whole = json.loads(used.snapshot)
    return Span(whole["start_ns"], whole["last_seen_ns"])


def _touches(one: Span, other: Span) -> bool:
    """As the study marks incidents that were excluded."""
    return one.start_ns < other.end_ns and other.start_ns < one.end_ns
