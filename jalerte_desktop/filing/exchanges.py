"""What the diary adds to an alert's description: how often the operator was asked, and what it promised and did not do.

Facts only, and only the person's own: nothing of what an adviser said is quoted, nobody is named. What lies long before
the alert's period is left out: it may have been about something else.
"""

from __future__ import annotations

from datetime import tzinfo

from diagnostics.model import SECOND
from jalerte_desktop.casefile.diary import OPERATOR_STEPS, DiaryEntry
from jalerte_desktop.documents.account import Account
from jalerte_desktop.documents.french import count, listing, say
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import local

_BEFORE_NS = 90 * 86_400 * SECOND
"""How long before the period an exchange may lie: ours."""
_WORDS = {
    "call": ("appel", "appels"),
    "letter": ("courrier", "courriers"),
    "email": ("courriel", "courriels"),
    "visit": ("passage d’un technicien", "passages d’un technicien"),
}


def exchanges(diary: tuple[DiaryEntry, ...], account: Account, zone: tzinfo | None) -> str:
    """``Depuis le 03/11/2026, j'ai noté 3 appels et 1 courrier avec l'opérateur.``"""
    told = [entry for entry in diary if entry.kind in _WORDS and _counts(entry, account)]
    if not told:
        return ""
    parts = [
        count(n, *words) for kind, words in _WORDS.items() if (n := sum(entry.kind == kind for entry in told))
    ]
    first = min(entry.at_ns for entry in told)
    return say(
        "Depuis le {day}, j'ai noté {parts} avec l'opérateur.",
        day=figures.short_date(local(first, zone)),
        parts=listing(parts),
    )


def broken_promises(diary: tuple[DiaryEntry, ...], account: Account, zone: tzinfo | None) -> str:
    """Promises of the period whose day is over while incidents held against the operator went on after it."""
    last_held = max((incident.span.end_ns for incident in account.held), default=None)
    if last_held is None:
        return ""
    still = local(last_held, zone).date()
    begun_ns = account.findings.span.start_ns
    given = (entry for entry in diary if _counts(entry, account) and entry.at_ns >= begun_ns)
    late = sorted(entry.due for entry in given if entry.due and entry.due < still)
    if not late:
        return ""
    words = "Un engagement m'a été donné pour le {days} ; des incidents ont été mesurés après cette date."
    if len(late) > 1:
        words = "Des engagements m'ont été donnés pour les {days} ; des incidents ont été mesurés après."
    return say(words, days=listing([day.strftime("%d/%m/%Y") for day in late]))


def _counts(entry: DiaryEntry, account: Account) -> bool:
    """Only exchanges that the person said were with the operator, up to the end of what the alert spans."""
    span = account.findings.span
    return (
        entry.source == "person"
        and entry.with_whom in OPERATOR_STEPS
        and span.start_ns - _BEFORE_NS <= entry.at_ns <= span.end_ns
    )
