"""From case, findings and draft to the alert, and what the person should see of it before it goes anywhere.

On an unconfirmed line no operator is named (promise 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from diagnostics.model import Remark
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.casefile.fields import FIELDS
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.account import Account, account
from jalerte_desktop.documents.complaint import operator_name
from jalerte_desktop.documents.french import french
from jalerte_desktop.filing.check import form_warnings, warnings_of
from jalerte_desktop.filing.description import describe
from jalerte_desktop.filing.drafts import Draft
from jalerte_desktop.filing.form import Form, form
from jalerte_desktop.filing.model import Alert, Attachment, Contact, NamedOperator, Place
from jalerte_desktop.filing.values import FieldValue, State, field_values
from jalerte_desktop.findings.model import Findings

KIND = "alert"
TEMPLATE = "alert 2026-11-24"
INDEPENDENT = french(
    "jalerte est un logiciel indépendant, ni édité ni approuvé par l'Arcep ou par un opérateur. Rien n'a été envoyé."
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, for showing. ``key`` is the case's key that fills it, where one does."""

    name: str
    step: int
    label: str
    value: str
    source: str
    state: State
    verified: bool
    key: str


@dataclass(frozen=True, slots=True)
class AlertPreview:
    """What would be filed by a form, as far as it is known. ``missing`` holds the names of fields without a value.

    ``warnings`` hold whatever the way, ``of_form`` for this form.
    """

    alert: Alert
    fields: tuple[Field, ...]
    missing: tuple[str, ...]
    warnings: tuple[Remark, ...]
    of_form: tuple[Remark, ...]

    @property
    def all_warnings(self) -> tuple[Remark, ...]:
        return (*self.warnings, *self.of_form)

    @property
    def account(self) -> Account:
        return self.alert.account

    @property
    def description(self) -> str:
        return self.alert.description


def compose_alert(
    case: Case,
    findings: Findings,
    zone: tzinfo | None = None,
    attachments: tuple[Attachment, ...] = (),
    limit: int | None = None,
    draft: Draft | None = None,
    diary: tuple[DiaryEntry, ...] = (),
) -> Alert:
    """The alert for these findings. A draft's own words stand in place of ours, its files come first.

    ``limit`` is the description's length in UTF-16 units, by default the J'alerte form's.
    """
    sorted_out = account(findings)
    room = form("jalerte").text_limit if limit is None else limit
    described = describe(case, sorted_out, room, zone, diary)
    own = draft.description if draft is not None else None
    kind = knowledge.problems().get(case.problem)
    contacted, rating = case.get("alert.service_contacted"), case.get("alert.rating")
    return Alert(
        id=draft.id if draft else "",
        case_id=case.id,
        profile=case.get("person.profile") or "",
        sector=kind.sector if kind else "",
        problem=kind.problem if kind else "",
        detail=kind.detail if kind else "",
        technology=case.get("line.technology") or "",
        operator=_operator(case, sorted_out),
        operator_source=_operator_source(case, sorted_out),
        place=place_of(case),
        period=findings.span,
        description=described.text if own is None else own,
        description_limit=room,
        own_words=own is not None,
        listed=described.listed if own is None else 0,
        listable=described.listable,
        attachments=attachments if draft is None else (*draft.attachments, *attachments),
        service_contacted=None if contacted is None else contacted == "yes",
        rating=int(rating) if rating else None,
        contact=contact_of(case),
        customer_number=_of_the_contract(case, sorted_out, "contract.customer_number"),
        line_number=case.get("line.number") or "",
        address=case.get("person.address") or "",
        account=sorted_out,
    )


def preview_alert(alert: Alert, case: Case, shown: Form | None = None) -> AlertPreview:
    """Every field of a form (by default J'alerte's) with its value, what is missing, and what to know before filing."""
    chosen = shown or form("jalerte")
    values = field_values(alert, chosen)
    fields = tuple(_shown(one) for one in values)
    empty = (State.MISSING, State.OPTIONAL, State.RESERVED)
    missing = tuple(field.name for field in fields if field.state in empty)
    of_form = form_warnings(alert, values, chosen)
    return AlertPreview(alert, fields, missing, warnings_of(alert, case), of_form)


def _shown(one: FieldValue) -> Field:
    entry, value = one.field, one.value
    key = value.source if value.source in FIELDS else ""
    source = value.source if value.text else ""
    return Field(entry.name, entry.step, entry.label, value.text, source, one.state, entry.verified, key)


def _of_the_contract(case: Case, sorted_out: Account, key: str) -> str:
    """Nothing of the contract goes out for a line that is not confirmed: it would name the operator by the way."""
    return (case.get(key) or "") if sorted_out.findings.confirmed else ""


def _operator_source(case: Case, sorted_out: Account) -> str:
    if not sorted_out.findings.confirmed:
        return ""
    return "line.operator" if not case.operator and sorted_out.findings.line.operator else "contract.operator"


def _operator(case: Case, sorted_out: Account) -> NamedOperator | None:
    name = operator_name(case, sorted_out)
    if name is None:
        return None
    found = knowledge.find_operator(name, case.country)
    if found is None:
        return NamedOperator(name, "", listed=False)
    return NamedOperator(found.name, found.network, listed=True, aliases=found.aliases)


def place_of(case: Case) -> Place:
    postcode = case.get("person.postcode") or ""
    return Place(case.country, postcode, case.get("person.city") or "", department(case.country, postcode))


def department(country: str, postcode: str) -> str:
    """The French département's number that a postcode stands for: "69", "2A", "974"; "" where there is none.

    Some communes are served from a neighbouring département's post office: the postcode is what was typed.
    """
    if country != "FR" or len(postcode) != 5 or not postcode.isascii() or not postcode.isdigit():
        return ""
    number = _OWN_POSTCODES.get(postcode, "")
    if not number and postcode.startswith("20"):
        number = "2A" if postcode[2] in "01" else "2B"
    number = number or (postcode[:3] if postcode.startswith(("97", "98")) else postcode[:2])
    return number if number in knowledge.departments() else ""


_OWN_POSTCODES = {"97133": "977", "97150": "978"}
"""Saint-Barthélemy and Saint-Martin kept their postcodes when they left Guadeloupe (971)."""


def contact_of(case: Case) -> Contact:
    first, family = split_name(case)
    return Contact(first, family, case.get("person.email") or "", case.get("person.phone") or "")


def split_name(case: Case) -> tuple[str, str]:
    """First name and family name. Words in capitals are the family name; else the first word is the first name."""
    words = clean(case.get("person.name") or "").split()
    first = clean(case.get("person.first_name") or "")
    if first:
        given = first.casefold().split()
        lowered = [word.casefold() for word in words]
        if lowered[: len(given)] == given:
            return first, " ".join(words[len(given) :])
        if lowered[-len(given) :] == given:
            return first, " ".join(words[: -len(given)])
        return first, " ".join(words)
    if len(words) < 2:
        return "", " ".join(words)
    capitals = [word for word in words if len(word) > 1 and word.isupper()]
    if capitals and len(capitals) < len(words):
        return " ".join(word for word in words if word not in capitals), " ".join(capitals)
    return words[0], " ".join(words[1:])
