"""The alert: every field of the form with its value and where that comes from, and what is still missing.

Nothing is ticked in the person's place: consents and sending stay with the person, and so does the rating unless the
person gave one. On an unconfirmed line no operator is named (promise 6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from diagnostics.model import Remark
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.fields import FIELDS
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.account import Account, account
from jalerte_desktop.documents.complaint import operator_name
from jalerte_desktop.documents.french import TECHNOLOGIES, french
from jalerte_desktop.filing.description import Description, describe
from jalerte_desktop.filing.form import Form, FormField, jalerte_form
from jalerte_desktop.findings.model import Findings

KIND = "alert"
TEMPLATE = "alert 2026-11-22"
INDEPENDENT = french(
    "jalerte est un logiciel indépendant, ni édité ni approuvé par l'Arcep ou par un opérateur. Rien n'a été envoyé."
)
ENOUGH_OBSERVED = 0.5


class State(StrEnum):
    """How far a field is."""

    FILLED = "filled"
    MISSING = "missing"
    OPTIONAL = "optional"
    """Empty, and may stay so."""
    RESERVED = "reserved"
    """Only the person may answer: consents, rating."""
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form. ``source`` names where the value comes from: keys of the case, "incidents", "papers".

    ``key`` is the case's key that fills it, where one does.
    """

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
    """What would be filed, as far as it is known. ``missing`` holds the names of fields without a value."""

    fields: tuple[Field, ...]
    missing: tuple[str, ...]
    description: str
    description_limit: int
    attachments: tuple[str, ...]
    warnings: tuple[Remark, ...]
    account: Account


@dataclass(frozen=True, slots=True)
class _Known:
    """All that the rules may look at."""

    case: Case
    account: Account
    form: Form
    text: str
    attachments: tuple[str, ...]
    operator: str | None


_Found = tuple[str, str, State | None]
"""Value, source, and the state where it is not simply filled or missing."""


def build_alert(
    case: Case,
    findings: Findings,
    zone: tzinfo | None = None,
    attachments: tuple[str, ...] = (),
    limit: int | None = None,
) -> AlertPreview:
    """The alert for these findings. ``limit`` is the description's length, by default the form map's."""
    form, sorted_out = jalerte_form(), account(findings)
    room = form.text_limit if limit is None else limit
    described = describe(case, sorted_out, room, zone)
    operator = operator_name(case, sorted_out)
    known = _Known(case, sorted_out, form, described.text, attachments, operator)
    fields = tuple(_field(entry, known) for entry in form.fields)
    empty = (State.MISSING, State.OPTIONAL, State.RESERVED)
    missing = tuple(field.name for field in fields if field.state in empty)
    warnings = _warnings(known, described, fields)
    return AlertPreview(fields, missing, described.text, room, attachments, warnings, sorted_out)


def _field(entry: FormField, known: _Known) -> Field:
    value, source, state = _RULES[entry.fill](known)
    if state is None:
        state = State.FILLED if value else State.MISSING if entry.required else State.OPTIONAL
    key = source if source in FIELDS else ""
    return Field(
        entry.name, entry.step, entry.label, value, source if value else "", state, entry.verified, key
    )


def _from_case(key: str) -> Callable[[_Known], _Found]:
    return lambda known: (known.case.get(key) or "", key, None)


def _profile(known: _Known) -> _Found:
    return known.form.profiles.get(known.case.get("person.profile") or "", ""), "person.profile", None


def _problem_kind(known: _Known) -> knowledge.ProblemKind | None:
    return knowledge.problems().get(known.case.problem)


def _sector(known: _Known) -> _Found:
    kind = _problem_kind(known)
    return (known.form.sectors[kind.sector] if kind else ""), "case.problem", None


def _problem(known: _Known) -> _Found:
    kind = _problem_kind(known)
    return (kind.problem if kind else ""), "case.problem", None


def _detail(known: _Known) -> _Found:
    kind = _problem_kind(known)
    return (kind.detail if kind else ""), "case.problem", None


def _technology(known: _Known) -> _Found:
    words = TECHNOLOGIES.get(known.case.get("line.technology") or "", "")
    return words[:1].upper() + words[1:], "line.technology", None


def _operator_source(known: _Known) -> str:
    named_by_line = not known.case.operator and known.account.findings.line.operator
    return "line.operator" if named_by_line else "contract.operator"


def _operator(known: _Known) -> _Found:
    if known.operator is None:
        return "", _operator_source(known) if known.account.findings.confirmed else "", State.MISSING
    found = knowledge.find_operator(known.operator)
    if found is None:
        return "", "", State.NOT_APPLICABLE
    return found.form_label or found.name, _operator_source(known), None


def _other_operator(known: _Known) -> _Found:
    if known.operator is None or knowledge.find_operator(known.operator) is not None:
        return "", "", State.NOT_APPLICABLE
    return known.operator, _operator_source(known), None


def _transports(known: _Known) -> _Found:
    kind = _problem_kind(known)
    return "", "", State.NOT_APPLICABLE if kind is None or kind.sector == "fixed" else None


def _commune(known: _Known) -> _Found:
    postcode, city = known.case.get("person.postcode") or "", known.case.get("person.city") or ""
    if postcode and city:
        return f"{city} ({postcode})", "person.postcode, person.city", None
    return postcode, "person.postcode", None


def _first_name(known: _Known) -> _Found:
    return (
        _split_name(known.case)[0],
        "person.first_name" if known.case.get("person.first_name") else "person.name",
        None,
    )


def _family_name(known: _Known) -> _Found:
    return _split_name(known.case)[1], "person.name", None


def _split_name(case: Case) -> tuple[str, str]:
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


def _contacted(known: _Known) -> _Found:
    answers = {"yes": "Oui", "no": "Non"}
    return answers.get(known.case.get("alert.service_contacted") or "", ""), "alert.service_contacted", None


def _rating(known: _Known) -> _Found:
    given = known.case.get("alert.rating") or ""
    return given, "alert.rating", None if given else State.RESERVED


_RULES: dict[str, Callable[[_Known], _Found]] = {
    "profile": _profile,
    "sector": _sector,
    "problem": _problem,
    "detail": _detail,
    "technology": _technology,
    "operator": _operator,
    "other_operator": _other_operator,
    "transports": _transports,
    "commune": _commune,
    "description": lambda known: (known.text, "incidents", None),
    "attachment": lambda known: (", ".join(known.attachments), "papers", None),
    "service_contacted": _contacted,
    "rating": _rating,
    "email": _from_case("person.email"),
    "phone": _from_case("person.phone"),
    "first_name": _first_name,
    "family_name": _family_name,
    "unknown": lambda _known: ("", "", None),
    "person": lambda _known: ("", "", State.RESERVED),
}


def _warnings(known: _Known, described: Description, fields: tuple[Field, ...]) -> tuple[Remark, ...]:
    """The check of completeness and honesty: what to know before anything is filed."""
    findings = known.account.findings
    found: list[Remark] = []
    if not findings.confirmed:
        found.append(Remark.of("alert_line_unconfirmed"))
    if not known.account.held:
        found.append(Remark.of("alert_nothing_held", uncertain=len(known.account.uncertain)))
    if findings.coverage.ratio < ENOUGH_OBSERVED:
        found.append(Remark.of("alert_little_observed", ratio=findings.coverage.ratio))
    if described.listed < described.listable:
        found.append(Remark.of("alert_not_all_listed", listed=described.listed, all=described.listable))
    if known.case.country != "FR":
        found.append(Remark.of("alert_other_country", country=known.case.country))
    if known.case.id and not known.case.problem.startswith("fixed-internet"):
        found.append(Remark.of("alert_other_problem", problem=known.case.problem))
    if len((known.case.get("person.name") or "").split()) > 2 and not known.case.get("person.first_name"):
        found.append(Remark.of("alert_name_split"))
    if any(field.state is State.FILLED and not field.verified for field in fields):
        found.append(Remark.of("alert_labels_unverified", checked_on=known.form.checked_on.isoformat()))
    if not known.form.text_limit_verified:
        found.append(Remark.of("alert_limit_ours", limit=known.form.text_limit))
    return tuple(found)
