"""The outbox, as the person uses it: prepare, agree, cancel, settle; and the receipts that come of it.

A filing goes prepared → waiting → sending → sent; what the person sends themselves is handed, then sent. Sent and
cancelled are ends. Each function is one transaction, and the state is nowhere but in the case file.
"""

from __future__ import annotations

import hmac
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

from diagnostics.model import BadInput
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.casefile.text import clean, clean_lines
from jalerte_desktop.filing import outbox_store as store
from jalerte_desktop.filing import still_held
from jalerte_desktop.filing.deliver import deliver_due, recover
from jalerte_desktop.filing.outbox_model import Envelope, Filing, FilingState, Receipt
from jalerte_desktop.findings.model import Findings
from jalerte_desktop.words.language import _

__all__ = [
    "add_receipt",
    "agree",
    "cancel",
    "deliver_due",
    "filing",
    "filings",
    "keep_handed",
    "prepare",
    "receipts",
    "recover",
    "retry",
    "settle",
    "short",
]

_LONGEST_REFERENCE = 200
_LONGEST_TEXT = 2000
_LARGEST_CONTENT_BYTES = 30_000_000
_CANCELLABLE = (
    FilingState.PREPARED,
    FilingState.WAITING,
    FilingState.UNSURE,
    FilingState.FAILED,
    FilingState.HANDED,
)
_SETTLED_BY_PERSON = (FilingState.UNSURE, FilingState.HANDED)
_MAY_HAVE_RECEIPTS = (FilingState.SENT, FilingState.UNSURE, FilingState.HANDED)


def prepare(file: CaseFile, envelope: Envelope, alert_id: str, paper_id: str | None) -> Filing:
    """Keep what is about to be shown, byte for byte; what was shown before for the same purpose is forgotten."""
    kept = _new(file, envelope, alert_id, paper_id, FilingState.PREPARED)
    with file.writing() as db:
        store.drop_prepared(db, alert_id, envelope.channel, envelope.destination)
        store.insert(db, kept)
    return kept


def keep_handed(file: CaseFile, envelope: Envelope, alert_id: str, paper_id: str | None) -> Filing:
    """Keep what the person sends themselves: web form, mail program, registered letter."""
    kept = replace(_new(file, envelope, alert_id, paper_id, FilingState.HANDED), agreed_ns=file.now_ns)
    with file.writing() as db:
        store.insert(db, kept)
    return kept


def agree(file: CaseFile, filing_id: str, sha256: str, findings: Callable[[], Findings]) -> Filing:
    """The person's yes to exactly what was shown: from now on it waits for its turn.

    ``findings`` gives those of the whole record, see ``still_held``.

    :raises BadInput: ``filing_digest`` when that is not the digest of what was shown; ``filing_is_…`` when it is not
        waiting for a yes; ``filing_withdrawn_…`` when what it holds against the operator no longer stands.
    :raises Problem: where the journal cannot be read: nothing is agreed to then.
    """
    with file.reading() as db:
        shown = _shown(db, filing_id, sha256)
    # Studying the journal takes its time, in which the case file stays open to others.
    if (why := still_held.withdrawn(file, shown, findings)) is not None:
        raise still_held.refusal(short(shown.id), why)
    with file.writing() as db:
        found = _shown(db, shown.id, sha256)
        store.agree(db, found.id, file.now_ns)
        return store.one(db, found.id)


def _shown(db: sqlite3.Connection, filing_id: str, sha256: str) -> Filing:
    found = store.one(db, store.whole_id(db, filing_id))
    if not hmac.compare_digest(found.envelope.sha256.encode(), clean(sha256).lower().encode()):
        raise BadInput("filing_digest", id=short(found.id))
    if found.state is not FilingState.PREPARED:
        raise _not_now(db, found.id, found.state)
    return found


def cancel(file: CaseFile, filing_id: str) -> Filing:
    """It will not be sent, or, where nobody can be sure that it did not leave, not again.

    :raises BadInput: ``filing_is_…`` when it has left or is on its way.
    """
    recover(file)
    with file.writing() as db:
        whole = store.whole_id(db, filing_id)
        state = store.state_of(db, whole)
        if state not in _CANCELLABLE:
            raise _not_now(db, whole, state)
        # What went wrong stays with it: after a try that was cut off, the other side may hold it all the same.
        problem = store.one(db, whole).problem
        store.move(db, whole, state, FilingState.CANCELLED, ended_ns=file.now_ns, problem=problem)
        return store.one(db, whole)


def retry(file: CaseFile, filing_id: str) -> Filing:
    """Due at once: one that waits, or one that was refused and whose cause the person mended.

    :raises BadInput: ``filing_is_…`` for any other; ``filing_withdrawn_…`` for one that was stopped: only a new one,
        prepared from the findings of now, may leave in its place.
    """
    with file.writing() as db:
        whole = store.whole_id(db, filing_id)
        state = store.state_of(db, whole)
        if state not in (FilingState.WAITING, FilingState.FAILED):
            raise _not_now(db, whole, state)
        if still_held.is_withdrawn(store.one(db, whole)):
            raise _not_now(db, whole, state)
        store.move(db, whole, state, FilingState.WAITING, next_ns=file.now_ns)
        store.begin_anew(db, file.now_ns, whole)
        return store.one(db, whole)


def settle(file: CaseFile, filing_id: str, left: bool) -> Filing:
    """The person says whether it left: of one that nobody can be sure of, or one that they send themselves.

    One that did not leave waits again for its turn, or, where the person sends it, is cancelled.

    :raises BadInput: ``filing_is_…`` for any other.
    """
    recover(file)
    with file.writing() as db:
        whole = store.whole_id(db, filing_id)
        state, now = store.state_of(db, whole), file.now_ns
        if state not in _SETTLED_BY_PERSON:
            raise _not_now(db, whole, state)
        if left:
            store.move(db, whole, state, FilingState.SENT, ended_ns=now)
            said = _("You said that it was sent.")
            store.put_receipt(db, Receipt(whole, now, "person", "", said), now)
        elif state is FilingState.HANDED:
            store.move(db, whole, state, FilingState.CANCELLED, ended_ns=now)
        else:
            store.move(db, whole, state, FilingState.WAITING, next_ns=now)
            store.begin_anew(db, now, whole)
        return store.one(db, whole)


def add_receipt(file: CaseFile, receipt: Receipt) -> Receipt:
    """Keep a proof, with its entry in the diary. It also ends a filing that was not yet known to be sent.

    :raises BadInput: ``filing_is_…`` when nothing was sent that it could prove; ``receipt_…`` for what does not fit.
    """
    kept, now = _checked(receipt, file.now_ns), file.now_ns
    with file.writing() as db:
        whole = store.whole_id(db, kept.filing_id)
        state = store.state_of(db, whole)
        if state not in _MAY_HAVE_RECEIPTS:
            raise _not_now(db, whole, state)
        kept = replace(kept, filing_id=whole)
        if state is not FilingState.SENT:
            store.move(db, whole, state, FilingState.SENT, ended_ns=now)
        return replace(kept, id=store.put_receipt(db, kept, now))


def filing(file: CaseFile, filing_id: str) -> Filing:
    """The filing whose id begins like this.

    :raises BadInput: ``filing_unknown``.
    """
    with file.reading() as db:
        return store.one(db, store.whole_id(db, filing_id))


def filings(file: CaseFile) -> Iterator[Filing]:
    """Every filing, oldest first; one at a time, since each may be large."""
    with file.reading() as db:
        known = store.ids(db)
    for filing_id in known:
        with file.reading() as db:
            try:
                found = store.one(db, filing_id)
            except BadInput:
                continue  # forgotten meanwhile, see ``prepare``
        yield found


def receipts(file: CaseFile) -> tuple[Receipt, ...]:
    """Every receipt, oldest first."""
    with file.reading() as db:
        return tuple(store.receipts(db))


def short(filing_id: str) -> str:
    """An id as it is shown: its beginning, which every command takes."""
    return filing_id[:10]


def _new(
    file: CaseFile, envelope: Envelope, alert_id: str, paper_id: str | None, state: FilingState
) -> Filing:
    if len(envelope.content) > _LARGEST_CONTENT_BYTES:
        raise BadInput("filing_large", limit_bytes=_LARGEST_CONTENT_BYTES)
    case = file.active()
    return Filing(
        id=uuid.uuid4().hex,
        case_id=case.id if case else None,
        alert_id=alert_id,
        paper_id=paper_id,
        envelope=envelope,
        prepared_ns=file.now_ns,
        state=state,
    )


def _checked(receipt: Receipt, now_ns: int) -> Receipt:
    """The receipt as it is kept.

    :raises BadInput: ``receipt_future``, ``receipt_empty``, ``receipt_long``.
    """
    reference, text = clean(receipt.reference), "\n".join(clean_lines(receipt.text))
    if receipt.at_ns > now_ns:
        raise BadInput("receipt_future")
    if not (reference or text or receipt.content):
        raise BadInput("receipt_empty")
    if len(reference) > _LONGEST_REFERENCE or len(text) > _LONGEST_TEXT:
        raise BadInput("receipt_long", reference=_LONGEST_REFERENCE, text=_LONGEST_TEXT)
    if receipt.content is not None and len(receipt.content) > _LARGEST_CONTENT_BYTES:
        raise BadInput("filing_large", limit_bytes=_LARGEST_CONTENT_BYTES)
    return replace(receipt, reference=reference, text=text)


def _not_now(db: sqlite3.Connection, filing_id: str, state: FilingState) -> BadInput:
    found = store.one(db, filing_id)
    if found.problem is not None and still_held.is_withdrawn(found):
        return still_held.refusal(short(filing_id), found.problem)
    return BadInput(f"filing_is_{state}", id=short(filing_id))
