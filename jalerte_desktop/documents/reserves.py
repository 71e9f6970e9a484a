"""What to know before a letter is sent: what is doubtful in it, what is still to be filled in."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import tzinfo

from diagnostics.model import Remark
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.casefile.text import clean, fold
from jalerte_desktop.documents.account import Account
from jalerte_desktop.documents.complaint import operator_name
from jalerte_desktop.documents.french import BLANK
from jalerte_desktop.documents.letter import Letter
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.language import current

ENOUGH_OBSERVED = 0.5


def blanks(letter: Letter) -> tuple[str, ...]:
    """What the letter leaves to be filled in by hand, each once, in the order of the letter."""
    text = json.dumps(asdict(letter), ensure_ascii=False)
    prefix = len("[à compléter : ")
    return tuple(dict.fromkeys(match[0][prefix:-1] for match in BLANK.finditer(text)))


def reserves(case: Case, account: Account, letter: Letter, zone: tzinfo | None = None) -> tuple[Remark, ...]:
    """Warnings about this letter, the gravest first."""
    today = local(letter.made_ns, zone).date()
    operator = operator_name(case, account)
    found: list[Remark] = []
    if not account.findings.confirmed:
        found.append(Remark.of("letter_line_unconfirmed"))
    seen = clean(account.findings.line.operator or "")
    if operator and seen and fold(operator) != fold(seen):
        found.append(Remark.of("letter_operator_differs", contract=operator, line=seen))
    if account.findings.coverage.ratio < ENOUGH_OBSERVED:
        found.append(Remark.of("letter_little_observed", ratio=account.findings.coverage.ratio))
    if operator:
        found += _address(operator, case, letter, zone)
    bases = knowledge.legal_bases(letter.kind, case.country, today, case.professional)
    if not bases:
        found.append(Remark.of("letter_no_law", country=case.country))
    for basis in bases:
        if basis.recheck or basis.provenance.doubtful(today):
            found.append(
                Remark.of(
                    "letter_law_recheck",
                    basis=basis.label,
                    what=basis.recheck.get(current()) or basis.provenance.source,
                )
            )
    missing = blanks(letter)
    if missing:
        found.append(Remark.of("letter_blanks", blanks=", ".join(missing)))
    return tuple(found)


def _address(operator: str, case: Case, letter: Letter, zone: tzinfo | None) -> list[Remark]:
    today = local(letter.made_ns, zone).date()
    known = knowledge.find_operator(operator, case.country)
    address = known and known.address_for(case.get("line.technology"), today)
    if not address:
        return [Remark.of("letter_address_unknown", operator=operator)]
    if address.provenance.doubtful(today):
        checked = address.provenance.checked_on.isoformat()
        if not address.provenance.page:
            return [Remark.of("letter_address_doubtful_unnamed", checked_on=checked)]
        return [Remark.of("letter_address_doubtful", source=address.provenance.page, checked_on=checked)]
    return []
