"""Filings and receipts as rows of the case file: the one place that knows their SQL.

Every function here works inside a transaction that its caller opened (``CaseFile.writing`` or ``reading``).
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from typing import Any

from diagnostics.model import BadInput, Remark
from jalerte_desktop.casefile import diary
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.filing.outbox_model import Envelope, Filing, FilingState, Receipt
from jalerte_desktop.words.language import _

_COLUMNS = (
    "id, case_id, alert_id, paper_id, channel, destination, content, facts, prepared_ns, state, agreed_ns, attempts,"
    " next_ns, tried_ns, problem, ended_ns"
)
_RECEIPT_COLUMNS = "filing_id, at_ns, kind, reference, text, content, media_type, id"
_SHORTEST_ID = 6
_LONGEST_DIARY_TEXT = 4000
_DIARY_KINDS = {"email": "email", "registered": "letter"}


def insert(db: sqlite3.Connection, filing: Filing) -> None:
    """Keep a new filing."""
    envelope = filing.envelope
    db.execute(
        "INSERT INTO filings (id, case_id, alert_id, paper_id, channel, destination, content, sha256, facts,"
        " prepared_ns, state, agreed_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            filing.id,
            filing.case_id,
            filing.alert_id,
            filing.paper_id,
            envelope.channel,
            envelope.destination,
            envelope.content,
            envelope.sha256,
            json.dumps(dict(envelope.facts), ensure_ascii=False),
            filing.prepared_ns,
            filing.state.value,
            filing.agreed_ns,
        ),
    )


def drop_prepared(db: sqlite3.Connection, alert_id: str, channel: str, destination: str) -> None:
    """Forget what was shown before for the same purpose and never agreed to."""
    db.execute(
        "DELETE FROM filings WHERE state = ? AND alert_id = ? AND channel = ? AND destination = ?",
        (FilingState.PREPARED.value, alert_id, channel, destination),
    )


def whole_id(db: sqlite3.Connection, given: str) -> str:
    """The id that begins like this.

    :raises BadInput: ``filing_unknown`` where there is none, or more than one.
    """
    wanted = clean(given).lower()
    found = []
    if len(wanted) >= _SHORTEST_ID and wanted.isalnum():
        found = db.execute(
            "SELECT id FROM filings WHERE substr(id, 1, ?) = ?", (len(wanted), wanted)
        ).fetchall()
    if len(found) != 1:
        raise BadInput("filing_unknown", value=wanted[:60])
    return str(found[0][0])


def one(db: sqlite3.Connection, filing_id: str) -> Filing:
    """The filing of that whole id."""
    row = db.execute(f"SELECT {_COLUMNS} FROM filings WHERE id = ?", (filing_id,)).fetchone()
    if row is None:
        raise BadInput("filing_unknown", value=clean(filing_id)[:60])
    return _filing(row)


def ids(db: sqlite3.Connection) -> list[str]:
    """Of all filings, oldest first."""
    return [row[0] for row in db.execute("SELECT id FROM filings ORDER BY rowid")]


def state_of(db: sqlite3.Connection, filing_id: str) -> FilingState:
    """How far it is at this moment."""
    row = db.execute("SELECT state FROM filings WHERE id = ?", (filing_id,)).fetchone()
    if row is None:
        raise BadInput("filing_unknown", value=clean(filing_id)[:60])
    return FilingState(row[0])


def move(
    db: sqlite3.Connection,
    filing_id: str,
    before: FilingState,
    after: FilingState,
    *,
    next_ns: int | None = None,
    ended_ns: int | None = None,
    problem: Remark | None = None,
) -> bool:
    """Go on from one state to another; False when it is no longer in the first. Says anew what is next and why."""
    changed = db.execute(
        "UPDATE filings SET state = ?, next_ns = ?, ended_ns = ?, problem = ? WHERE id = ? AND state = ?",
        (after.value, next_ns, ended_ns, _problem_text(problem), filing_id, before.value),
    )
    return changed.rowcount == 1


def agree(db: sqlite3.Connection, filing_id: str, now_ns: int) -> None:
    """From shown to waiting, due at once."""
    if move(db, filing_id, FilingState.PREPARED, FilingState.WAITING, next_ns=now_ns):
        db.execute("UPDATE filings SET agreed_ns = ? WHERE id = ?", (now_ns, filing_id))


def claim(db: sqlite3.Connection, filing_id: str, now_ns: int) -> bool:
    """Take a waiting filing for one try; False when another was quicker, or it was cancelled meanwhile."""
    taken = db.execute(
        "UPDATE filings SET state = ?, attempts = attempts + 1, waits = waits + 1, tried_ns = ?, next_ns = NULL"
        " WHERE id = ? AND state = ?",
        (FilingState.SENDING.value, now_ns, filing_id, FilingState.WAITING.value),
    )
    return taken.rowcount == 1


def is_as_shown(db: sqlite3.Connection, filing: Filing) -> bool:
    """Whether the content is still what its digest was made from when it was kept."""
    row = db.execute("SELECT sha256 FROM filings WHERE id = ?", (filing.id,)).fetchone()
    return row is not None and bool(row[0] == filing.envelope.sha256)


def waits(db: sqlite3.Connection, filing_id: str) -> int:
    """Tries in a row since its back-off began anew."""
    return int(db.execute("SELECT waits FROM filings WHERE id = ?", (filing_id,)).fetchone()[0])


def put_off(db: sqlite3.Connection, filing_id: str, next_ns: int, for_line: bool) -> None:
    """When a waiting filing is due; ``for_line`` says that a line is what it waits for."""
    db.execute(
        "UPDATE filings SET next_ns = ?, for_line = ? WHERE id = ? AND state = ?",
        (next_ns, int(for_line), filing_id, FilingState.WAITING.value),
    )


def begin_anew(db: sqlite3.Connection, now_ns: int, filing_id: str | None = None) -> None:
    """Make waiting filings due at once: that one, or all that wait for a line."""
    which, values = ("for_line = 1", ()) if filing_id is None else ("id = ?", (filing_id,))
    db.execute(
        f"UPDATE filings SET next_ns = ?, waits = 0 WHERE state = ? AND {which}",
        (now_ns, FilingState.WAITING.value, *values),
    )


def waiting(db: sqlite3.Connection) -> list[tuple[str, str, str, int, int]]:
    """Of all that wait, oldest first: id, channel, destination, when due, when tried last (0: never)."""
    rows = db.execute(
        "SELECT id, channel, destination, coalesce(next_ns, 0), coalesce(tried_ns, 0) FROM filings"
        " WHERE state = ? ORDER BY agreed_ns, rowid",
        (FilingState.WAITING.value,),
    )
    return [(str(a), str(b), str(c), int(d), int(e)) for a, b, c, d, e in rows]


def being_sent(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Id and channel of all whose try is under way, or was when a program ended."""
    rows = db.execute("SELECT id, channel FROM filings WHERE state = ?", (FilingState.SENDING.value,))
    return [(str(filing_id), str(channel)) for filing_id, channel in rows]


def put_receipt(db: sqlite3.Connection, receipt: Receipt, now_ns: int) -> str:
    """Keep a receipt, with its entry in the diary of the filing's case; gives the receipt's id."""
    receipt_id = uuid.uuid4().hex[:12]
    db.execute(
        f"INSERT INTO receipts ({_RECEIPT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            receipt.filing_id,
            receipt.at_ns,
            receipt.kind,
            receipt.reference,
            receipt.text,
            receipt.content,
            receipt.media_type,
            receipt_id,
        ),
    )
    case_id, channel, destination, facts = db.execute(
        "SELECT case_id, channel, destination, facts FROM filings WHERE id = ?", (receipt.filing_id,)
    ).fetchone()
    if case_id is not None:
        # A receipt may be dated by the other side's clock.
        entry = _diary_entry(receipt, channel, destination, json.loads(facts).get("step"))
        diary.put(db, case_id, entry, max(now_ns, receipt.at_ns))
    return receipt_id


def receipts(db: sqlite3.Connection) -> Iterator[Receipt]:
    """All receipts, oldest first."""
    for row in db.execute(f"SELECT {_RECEIPT_COLUMNS} FROM receipts ORDER BY at_ns, rowid"):
        yield Receipt(*row)


def _diary_entry(receipt: Receipt, channel: str, destination: str, step: str | None) -> DiaryEntry:
    """With whom it was is the step of the path where the envelope says one: later delays are counted from it."""
    known = step if step in diary.STEPS else None
    told = {
        "smtp": _("The alert was handed over by e-mail; the server answered: {text}"),
        "page": _("The alert was filed by the form; what its page said is kept as a receipt. {text}"),
        "desk": _("The alert was received by the desk: {text}"),
    }.get(receipt.kind, _("Receipt noted for the alert: {text}"))
    whither = clean(destination)[:200]
    parts = " · ".join(part for part in (receipt.reference, whither if known else "", receipt.text) if part)
    return DiaryEntry(
        kind=_DIARY_KINDS.get(channel, "note"),
        at_ns=receipt.at_ns,
        with_whom=known or whither,
        text=told.format(text=parts)[:_LONGEST_DIARY_TEXT],
        source="filing",
    )


def _filing(row: tuple[Any, ...]) -> Filing:
    """A row as a filing; one that this program cannot have written is told as what it is, a damaged file."""
    try:
        found = _read(row)
        facts = found.envelope.facts
        whole = isinstance(facts, dict) and all(isinstance(one, str) for one in facts.values())
    except (ValueError, TypeError, KeyError) as error:
        raise sqlite3.DatabaseError(f"filing {row[0]}: {type(error).__name__}") from None
    if not whole or not isinstance(found.envelope.destination, str):
        raise sqlite3.DatabaseError(f"filing {row[0]}: facts")
    return found


def _read(row: tuple[Any, ...]) -> Filing:
    (filing_id, case_id, alert_id, paper_id, channel, destination, content, facts, prepared, state, *rest) = (
        row
    )
    agreed, attempts, next_ns, tried, problem, ended = rest
    return Filing(
        id=filing_id,
        case_id=case_id,
        alert_id=alert_id,
        paper_id=paper_id,
        envelope=Envelope(channel, destination, bytes(content), json.loads(facts)),
        prepared_ns=prepared,
        state=FilingState(state),
        agreed_ns=agreed,
        attempts=attempts,
        next_ns=next_ns,
        tried_ns=tried,
        problem=_problem(problem),
        ended_ns=ended,
    )


def _problem_text(problem: Remark | None) -> str | None:
    if problem is None:
        return None
    return json.dumps({"code": problem.code, "values": dict(problem.values)}, ensure_ascii=False)


def _problem(text: str | None) -> Remark | None:
    if text is None:
        return None
    raw = json.loads(text)
    return Remark.of(raw["code"], **raw["values"])
