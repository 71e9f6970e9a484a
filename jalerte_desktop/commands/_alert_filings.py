"""What the actions on filings share: a filing in words and as JSON, who sends it, and one attempt to deliver."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING

from diagnostics.model import BadInput, Problem, Remark
from jalerte_desktop.casefile.case_file import CaseFile, open_case_file
from jalerte_desktop.commands.context import Context
from jalerte_desktop.filing import channels, outbox, still_held
from jalerte_desktop.filing.outbox_model import Filing, FilingState
from jalerte_desktop.words import figures
from jalerte_desktop.words.errors_filing import say_remark
from jalerte_desktop.words.figures import iso, local
from jalerte_desktop.words.filings import STATES, STOPPED
from jalerte_desktop.words.language import _

if TYPE_CHECKING:
    from jalerte_desktop.filing.outbox_model import Sender
    from jalerte_desktop.findings.model import Findings

_NOT_YET_SENT = (FilingState.PREPARED, FilingState.WAITING, FilingState.HANDED)
_OTHER_DELIVERS_S = 30.0
_FRESH_S = 60.0
"""Findings are read again after this time: a long sending must not be followed by one that was excluded meanwhile."""


def filing_json(filing: Filing, withdrawn: Remark | None = None) -> dict[str, object]:
    """One filing without its content; ``withdrawn`` is why one that has not left yet must not leave any more."""
    envelope = filing.envelope
    return {
        "id": filing.id,
        "channel": envelope.channel,
        "destination": envelope.destination,
        "state": filing.state.value,
        "state_text": _state_words(filing),
        "case": filing.case_id,
        "alert": filing.alert_id or None,
        "paper": filing.paper_id,
        "sha256": envelope.sha256,
        "bytes": len(envelope.content),
        "prepared": iso(filing.prepared_ns),
        "agreed": _time(filing.agreed_ns),
        "attempts": filing.attempts,
        "tried": _time(filing.tried_ns),
        "next": _time(filing.next_ns),
        "ended": _time(filing.ended_ns),
        "problem": _remark_json(filing.problem),
        "withdrawn": _remark_json(filing.problem if still_held.is_withdrawn(filing) else withdrawn),
    }


def filing_line(filing: Filing, withdrawn: Remark | None = None) -> str:
    """One filing in one line, its problem, why it must not leave any more and the next try on others."""
    envelope = filing.envelope
    name = channels.channel(envelope.channel).words
    parts = [_state_words(filing)]
    if filing.problem is not None and filing.state is not FilingState.SENT:
        parts.append(_("why: {why}").format(why=say_remark(filing.problem)))
    if withdrawn is not None:
        parts.append(_("do not send it: {why}").format(why=say_remark(withdrawn)))
    if filing.state is FilingState.WAITING and filing.next_ns is not None and filing.attempts:
        moment = local(filing.next_ns)
        when = f"{figures.short_date(moment)} {figures.clock_time(moment)}"
        parts.append(_("next try: {when}").format(when=when))
    whom = f" → {envelope.destination}" if envelope.destination else ""
    return f"{outbox.short(filing.id)}  {name}{whom}\n" + "\n".join(f"    {part}" for part in parts)


def withdrawn_of(file: CaseFile, filings: Iterable[Filing], context: Context) -> dict[str, Remark]:
    """Of those that have not left yet: why they must not leave any more, by id, as far as the person said so.

    Quick, for a list: verdicts are looked at again when a filing is agreed to and before it is sent.
    """
    waiting = [one for one in filings if one.state in _NOT_YET_SENT and one.paper_id is not None]
    if not waiting:
        return {}
    from diagnostics.journal.reader import Reader

    try:
        with Reader(context.home.journal) as reader:
            lines, exclusions = tuple(reader.lines.values()), reader.exclusions()
    except Problem:
        return {}  # whoever sends it is told that the journal cannot be read
    found = ((one.id, still_held.withdrawn_by_person(file, one, lines, exclusions)) for one in waiting)
    return {filing_id: why for filing_id, why in found if why is not None}


def findings_now(context: Context) -> Callable[[], Findings]:
    """The findings of the whole record, read when they are asked for, and again only when they have grown old."""
    kept: list[tuple[float, Findings]] = []

    def findings() -> Findings:
        if not kept or time.monotonic() - kept[-1][0] > _FRESH_S:
            kept[:] = [(time.monotonic(), context.findings())]
        return kept[-1][1]

    return findings


def senders(file: CaseFile) -> dict[str, Sender]:
    """Who sends what, on this machine and with the account that is set up."""
    from jalerte_desktop.filing.desk_send import DeskSender
    from jalerte_desktop.filing.mail_account import account
    from jalerte_desktop.filing.mail_send import MailSender

    found: dict[str, Sender] = {"desk": DeskSender()}
    mail = account(file)
    if mail is not None:
        found["email"] = MailSender(mail)
    return found


def without_account(file: CaseFile) -> str:
    """What to say where e-mails wait and no mail server is set up; "" otherwise."""
    from jalerte_desktop.filing.mail_account import account
    from jalerte_desktop.words.errors import say_problem

    if account(file) is not None:
        return ""
    waiting = (
        one.envelope.channel == "email" for one in outbox.filings(file) if one.state is FilingState.WAITING
    )
    return say_problem(BadInput("mail_no_account")) if any(waiting) else ""


def case_file(context: Context) -> CaseFile:
    """The case file, opened."""
    return open_case_file(context.home.case, lambda: context.now_ns)


def deliver(
    context: Context,
    findings: Callable[[], Findings],
    only: str | None = None,
    tell: Callable[[Filing], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> int | None:
    """Try what is due, or one filing; gives when the next is due (UTC ns), None for never. See ``findings_now``.

    :raises Held: when another process is delivering.
    """
    with case_file(context) as file:
        known = senders(file)
    return outbox.deliver_due(
        lambda: case_file(context),
        known,
        lambda: context.now_ns,
        Random(),
        findings,
        only=only,
        tell=tell,
        stopping=stopping,
    )


def deliver_now(context: Context, filing_id: str, findings: Callable[[], Findings]) -> Filing:
    """One try at once; where another process is delivering, wait a while whether it takes this one too."""
    from diagnostics.journal.lock import Held

    until = time.monotonic() + _OTHER_DELIVERS_S
    while True:
        try:
            deliver(context, findings, only=filing_id)
            busy = False
        except Held:
            busy = True
        with case_file(context) as file:
            found = outbox.filing(file, filing_id)
        untried = found.state is FilingState.WAITING and not found.attempts
        if not busy or not (untried or found.state is FilingState.SENDING) or time.monotonic() > until:
            return found
        time.sleep(0.2)


def _time(ns: int | None) -> str | None:
    return None if ns is None else iso(ns)


def _state_words(filing: Filing) -> str:
    told = STOPPED if still_held.is_withdrawn(filing) else STATES[filing.state]
    return _(told.line)


def _remark_json(remark: Remark | None) -> dict[str, object] | None:
    return None if remark is None else {"code": remark.code, "text": say_remark(remark)}
