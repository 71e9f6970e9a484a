"""The alert as it stands: the case, the findings of its period, the draft where there is one."""

from __future__ import annotations

import argparse
import hashlib
import mimetypes
from dataclasses import dataclass, replace
from pathlib import Path

from jalerte_desktop.casefile import diary
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.casefile.model import NO_CASE, Case, FrozenPaper
from jalerte_desktop.commands._papers import findings_between, frozen, paper_findings
from jalerte_desktop.commands.context import Context
from jalerte_desktop.documents.account import Role, account
from jalerte_desktop.documents.demands import KIND as COMPLAINT
from jalerte_desktop.documents.made_up import MADE_UP
from jalerte_desktop.filing.alert import KIND, TEMPLATE, AlertPreview, compose_alert, preview_alert
from jalerte_desktop.filing.drafts import Draft, open_draft, shown_name
from jalerte_desktop.filing.form import form
from jalerte_desktop.filing.model import Alert, Attachment
from jalerte_desktop.findings.model import Findings


@dataclass(frozen=True, slots=True)
class Composed:
    """The alert and what it was made from; ``draft`` is None where the period was given by hand or none was begun."""

    case: Case
    draft: Draft | None
    preview: AlertPreview

    @property
    def alert(self) -> Alert:
        return self.preview.alert


def composed(
    file: CaseFile, arguments: argparse.Namespace, context: Context, *, letter: bool = True
) -> Composed:
    """The alert for ``--since``/``--until`` where given, else for the draft's period, else for the last 30 days.

    ``letter``: the newest letter goes along, which holds the address and the customer's number: only for those who
    handle the dispute.

    :raises Problem: where nothing was recorded; :raises BadInput: for a period that is none.
    """
    case = file.active() or NO_CASE
    by_hand = getattr(arguments, "since", None) is not None or getattr(arguments, "until", None) is not None
    draft = None if by_hand else open_draft(file)
    if by_hand:
        findings = paper_findings(arguments, context)
    else:
        since, until = (draft.since_ns, draft.until_ns) if draft else (None, None)
        findings = findings_between(since, until, context)
    attached = {one.sha256 for one in draft.attachments} if draft else set()
    letters = tuple(one for one in _letters(file, findings) if one.sha256 not in attached) if letter else ()
    room = form("jalerte").text_limit
    mark = f"{MADE_UP['fr']}.\n" if context.demo else ""
    alert = compose_alert(
        case,
        findings,
        attachments=letters,
        limit=room - len(mark),
        draft=draft,
        diary=diary.entries(file),
    )
    alert = replace(alert, description=mark + alert.description, description_limit=room)
    return Composed(case, draft, preview_alert(alert, case))


def freeze(file: CaseFile, found: Composed, context: Context) -> tuple[str, FrozenPaper]:
    """Keep what the alert stands on (promise 8); gives the paper's id and the paper."""
    text = "\n".join(f"{field.name}\t{field.value}" for field in found.preview.fields)
    paper = frozen(KIND, TEMPLATE, context.now_ns, found.preview.account, text)
    return file.freeze(paper), paper


def _letters(file: CaseFile, findings: Findings) -> tuple[Attachment, ...]:
    """The newest complaint of the active case, where its file is still there as it was written.

    None when it holds anything against the operator that is no longer counted: an exclusion came after it.
    """
    case = file.active()
    counted = {incident.id for incident in account(findings).held}
    for paper in reversed(file.papers()):
        if case is not None and paper.case_id == case.id and paper.kind == COMPLAINT:
            found = tuple(
                _letter(Path(one.path), one.sha256) for one in paper.files if _unchanged(one.path, one.sha256)
            )
            held = {used.incident_id for used in paper.incidents if used.role == Role.HELD}
            if found:
                return found if held <= counted else ()
    return ()


def _letter(path: Path, sha256: str) -> Attachment:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Attachment("letter", shown_name(path), media_type, path.stat().st_size, sha256, str(path))


def _unchanged(path: str, sha256: str) -> bool:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest() == sha256
    except OSError:
        return False
