"""The registered letter: a PDF ready to be printed or uploaded, and what the person does with it. Nothing is sent.

The tracking number comes afterwards, from the person: ``clean_tracking``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from diagnostics.model import BadInput, Problem, Remark
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.model import Case, FrozenPaper, UsedIncident
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.account import Account, Role
from jalerte_desktop.documents.complaint import compose_complaint, operator_name
from jalerte_desktop.documents.demands import KIND
from jalerte_desktop.documents.french import BLANK
from jalerte_desktop.documents.letter import Letter
from jalerte_desktop.documents.letter_pdf import letter_pdf
from jalerte_desktop.filing.outbox_model import Envelope
from jalerte_desktop.filing.routing import doubts_of_address
from jalerte_desktop.words.figures import iso, local

PROBLEMS = ("fixed-internet-cut", "fixed-internet-slow", "fixed-internet-unstable")
"""What the letter is about: the incidents of a fixed line. Of anything else it would complain in the wrong words."""
STEP = "customer-service"
_LARGEST_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Registered:
    """The letter as it would leave. ``paper_id`` is the frozen letter whose file it is; "" for one composed now.

    ``letter`` is the one composed now, to be frozen by who writes it (promise 8); None for a frozen one.
    ``steps`` is the sheet "what to do with it", one remark a line. ``blanks`` are to be filled in by hand.
    """

    envelope: Envelope
    paper_id: str
    letter: Letter | None
    steps: tuple[Remark, ...]
    blanks: tuple[str, ...]


def registered_letter(
    case: Case, account: Account, papers: tuple[FrozenPaper, ...], now_ns: int, zone: tzinfo | None = None
) -> Registered:
    """The case's newest complaint as it lies on disk, if it would still be written so; else one composed now.

    :raises Problem: ``registered_other_problem`` for a case that no such letter is about, ``registered_unconfirmed``
        while the line is not confirmed; ``nothing_held``.
    """
    if case.id and case.problem not in PROBLEMS:
        raise Problem("registered_other_problem")
    if not account.findings.confirmed:
        raise Problem("registered_unconfirmed")
    composed = compose_complaint(case, account, now_ns, zone)
    recipient, text = composed.recipient, json.dumps(asdict(composed), ensure_ascii=False)
    kept = _kept(case, account, papers, json.loads(text))
    if kept is not None:
        content, text, paper_id = kept[1], kept[0].text, kept[0].id
    else:
        content, paper_id = letter_pdf(composed), ""
    blanks = tuple(dict.fromkeys(match[0][len("[à compléter : ") : -1] for match in BLANK.finditer(text)))
    known = not any(BLANK.search(line) for line in recipient)
    facts = {
        "recipient": "\n".join(recipient),
        "address_known": "yes" if known else "no",
        "name": "reclamation.pdf",
        "media_type": "application/pdf",
        "made": iso(now_ns if kept is None else kept[0].made_ns),
        "letter": paper_id,
        "step": STEP,
    }
    envelope = Envelope("registered", ", ".join(recipient) if known else "", content, facts)
    steps = _steps(case, account, known, blanks, now_ns, zone)
    return Registered(envelope, paper_id, composed if kept is None else None, steps, blanks)


def _kept(
    case: Case, account: Account, papers: tuple[FrozenPaper, ...], anew: Mapping[str, Any]
) -> tuple[FrozenPaper, bytes] | None:
    """The newest letter with its PDF; None where it says anything else than the one composed ``anew``, save dates."""
    mine = [paper for paper in papers if paper.kind == KIND and case.id and paper.case_id == case.id]
    if not mine:
        return None
    newest = max(mine, key=lambda paper: paper.made_ns)
    findings = account.findings
    same_line = newest.line_confirmed and newest.line_id == findings.line.id
    if not same_line or newest.span != findings.span or _held(newest.incidents) != _held(account.used()):
        return None
    told = _told(newest.text)
    if any(name not in told or told[name] != anew[name] for name in _SAME):
        return None
    for file in newest.files:
        content = _read(Path(file.path)) if file.path.lower().endswith(".pdf") else None
        if content is not None and hashlib.sha256(content).hexdigest() == file.sha256:
            return newest, content
    return None


_SAME = ("template", "sender", "recipient", "references", "subject")


def _held(incidents: tuple[UsedIncident, ...]) -> set[tuple[str, str]]:
    """What a letter holds against the operator: each incident with the digest of all that was known of it."""
    return {(used.incident_id, used.sha256) for used in incidents if used.role == Role.HELD}


def _told(text: str) -> Mapping[str, Any]:
    """A frozen letter's content; nothing where it cannot be read as one."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as opened:
            content = opened.read(_LARGEST_BYTES + 1)
    except (OSError, ValueError):
        return None
    return content if len(content) <= _LARGEST_BYTES else None


def _steps(
    case: Case, account: Account, known: bool, blanks: tuple[str, ...], now_ns: int, zone: tzinfo | None
) -> tuple[Remark, ...]:
    found: list[Remark] = []
    if not known:
        found.append(Remark.of("registered_no_address"))
    else:
        found += _doubts(case, account, now_ns, zone)
    if blanks:
        found.append(Remark.of("registered_blanks", blanks=", ".join(blanks)))
    found += [
        Remark.of("registered_post"),
        Remark.of("registered_online"),
        Remark.of("registered_keep"),
        Remark.of("registered_number"),
    ]
    return tuple(found)


def _doubts(case: Case, account: Account, now_ns: int, zone: tzinfo | None) -> tuple[Remark, ...]:
    name = operator_name(case, account)
    today = local(now_ns, zone).date()
    known = knowledge.find_operator(name, case.country) if name else None
    address = known.address_for(case.get("line.technology"), today) if known else None
    return doubts_of_address(address, today) if address else ()


@dataclass(frozen=True, slots=True)
class Tracking:
    """A tracking number in its one form. ``kind``: "s10" (Universal Postal Union), "laposte" or "other".

    ``doubt`` says when an S10 number does not add up: perhaps mistyped, never refused.
    """

    number: str
    kind: str
    doubt: Remark | None = None


_PLAUSIBLE = re.compile(r"(?=.*\d)[A-Z0-9]{4,40}", re.ASCII)
_S10 = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}", re.ASCII)
# La Poste's own letters: a digit, a letter, eleven digits, printed in groups (1A 123 456 7890 1).
_LA_POSTE = re.compile(r"\d[A-Z]\d{11}", re.ASCII)
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def clean_tracking(text: str) -> Tracking:
    """The number without spaces, points and hyphens, in capitals.

    :raises BadInput: ``tracking_bad`` for what can be no tracking number: nothing, other signs, no digit, too long.
    """
    number = re.sub(r"[\s.\-\u2010-\u2015\u2212\u200b]", "", clean(text)).upper()
    if not _PLAUSIBLE.fullmatch(number):
        raise BadInput("tracking_bad", value=clean(text)[:60])
    if _S10.fullmatch(number):
        right = s10_check_digit(number[2:10])
        doubt = None if int(number[10]) == right else Remark.of("tracking_check", number=number)
        return Tracking(number, "s10", doubt)
    return Tracking(number, "laposte" if _LA_POSTE.fullmatch(number) else "other")


def s10_check_digit(serial: str) -> int:
    """The check digit of eight digits, as the UPU's standard S10 defines it."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, _WEIGHTS, strict=True)) % 11
    return {10: 0, 11: 5}.get(rest, rest)
