"""What goes into each field of a form: an alert's facts, by the rule that the form map names for the field.

Nothing is ticked in the person's place: consents stay with the person, and so does the rating unless they gave one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from jalerte_desktop.filing.form import Form, FormField
from jalerte_desktop.filing.model import Alert, NamedOperator


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
class Value:
    """What a field gets. ``text`` is for people and for fields that are typed; ``code`` names a choice of the map.

    ``source`` names where it comes from: keys of the case, "incidents", "papers". ``accepted`` are other wordings
    of the same value that a list may hold; ``query`` is what a searching list is asked for.
    """

    text: str = ""
    code: str = ""
    source: str = ""
    state: State | None = None
    accepted: tuple[str, ...] = ()
    query: str = ""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One field of a form with its value and how far it is."""

    field: FormField
    value: Value
    state: State


def field_values(alert: Alert, form: Form) -> tuple[FieldValue, ...]:
    """Every field of the form, in the form's order."""
    return tuple(_filled(entry, alert) for entry in form.fields)


def _filled(entry: FormField, alert: Alert) -> FieldValue:
    value = RULES[entry.fill](alert, entry)
    state = value.state
    if state is None:
        state = State.FILLED if value.text else State.MISSING if entry.required else State.OPTIONAL
    return FieldValue(entry, value, state)


def _choice(entry: FormField, code: str, source: str) -> Value:
    """The choice of that code; nothing where this form has none for it."""
    found = entry.choice(code)
    if found is None:
        return Value(source=source)
    return Value(found.labels[0], code, source, accepted=found.labels)


def _by_code(read: Callable[[Alert], str], source: str) -> Callable[[Alert, FormField], Value]:
    return lambda alert, entry: _choice(entry, read(alert), source)


def _typed(read: Callable[[Alert], str], source: str) -> Callable[[Alert, FormField], Value]:
    return lambda alert, _entry: Value(read(alert), source=source)


def _detail(alert: Alert, entry: FormField) -> Value:
    if not alert.detail and alert.problem:
        return Value(state=State.OPTIONAL)
    return _choice(entry, alert.detail, "case.problem")


def _consumer_problem(alert: Alert, entry: FormField) -> Value:
    """SignalConso refuses network quality, but takes cuts of a line that was connected to fibre."""
    code = alert.problem
    if code == "service-quality":
        fibre_cut = alert.technology == "fibre" and alert.detail in ("cuts", "unstable")
        code = "fibre-cut" if fibre_cut else ""
    return _choice(entry, code, "case.problem")


def _company(alert: Alert, _entry: FormField) -> Value:
    if alert.operator is None:
        return Value(source=alert.operator_source, state=State.MISSING)
    return Value(alert.operator.brand, source=alert.operator_source)


def _operator(alert: Alert, _entry: FormField) -> Value:
    source = alert.operator_source
    if alert.operator is None:
        return Value(source=source, state=State.MISSING)
    if not alert.operator.listed:
        return Value(state=State.NOT_APPLICABLE)
    return Value(operator_label(alert.operator), source=source, accepted=operator_labels(alert.operator))


def operator_label(operator: NamedOperator) -> str:
    """As the J'alerte list writes it: ``Sosh · Orange``, or the brand alone."""
    return f"{operator.brand} · {operator.network}" if operator.network else operator.brand


def operator_labels(operator: NamedOperator) -> tuple[str, ...]:
    """The entries of a list that mean this operator and no other: the brand on its network, or the brand alone."""
    network = operator.network or operator.brand
    brands = (operator.brand, *operator.aliases)
    return (
        *(f"{brand} · {network}" for brand in brands),
        *(f"{brand} ({network})" for brand in brands),
        *brands,
    )


def _other_operator(alert: Alert, _entry: FormField) -> Value:
    if alert.operator is None or alert.operator.listed:
        return Value(state=State.NOT_APPLICABLE)
    return Value(alert.operator.brand, source=alert.operator_source)


def _transports(alert: Alert, _entry: FormField) -> Value:
    return Value(state=State.NOT_APPLICABLE if alert.sector in ("", "fixed") else None)


def _commune(alert: Alert, _entry: FormField) -> Value:
    place = alert.place
    if place.postcode and place.commune:
        text = f"{place.commune} ({place.postcode})"
        return Value(text, source="person.postcode, person.city", accepted=(text,), query=place.postcode)
    return Value(place.postcode, source="person.postcode", query=place.postcode)


def _attachments(alert: Alert, _entry: FormField) -> Value:
    return Value(", ".join(one.path for one in alert.attachments), source="papers")


def _contacted(alert: Alert, entry: FormField) -> Value:
    answers = {True: "yes", False: "no", None: ""}
    return _choice(entry, answers[alert.service_contacted], "alert.service_contacted")


def _rating(alert: Alert, _entry: FormField) -> Value:
    if alert.rating is None:
        return Value(source="alert.rating", state=State.RESERVED)
    return Value(str(alert.rating), str(alert.rating), "alert.rating", accepted=_stars(alert.rating))


def _stars(rating: int) -> tuple[str, ...]:
    many = "s" if rating > 1 else ""
    return (str(rating), f"{rating} étoile{many}", f"{rating}/5", f"{rating} sur 5")


RULES: dict[str, Callable[[Alert, FormField], Value]] = {
    "profile": _by_code(lambda alert: alert.profile, "person.profile"),
    "sector": _by_code(lambda alert: alert.sector, "case.problem"),
    "problem": _by_code(lambda alert: alert.problem, "case.problem"),
    "detail": _detail,
    "consumer_problem": _consumer_problem,
    "company": _company,
    "technology": _by_code(lambda alert: alert.technology, "line.technology"),
    "operator": _operator,
    "other_operator": _other_operator,
    "transports": _transports,
    "commune": _commune,
    "postcode": _typed(lambda alert: alert.place.postcode, "person.postcode"),
    "description": _typed(lambda alert: alert.description, "incidents"),
    "attachment": _attachments,
    "service_contacted": _contacted,
    "rating": _rating,
    "email": _typed(lambda alert: alert.contact.email, "person.email"),
    "phone": _typed(lambda alert: alert.contact.phone, "person.phone"),
    "first_name": _typed(lambda alert: alert.contact.first_name, "person.name"),
    "family_name": _typed(lambda alert: alert.contact.family_name, "person.name"),
    "customer_number": _typed(lambda alert: alert.customer_number, "contract.customer_number"),
    "line_number": _typed(lambda alert: alert.line_number, "line.number"),
    "address": _typed(lambda alert: alert.address, "person.address"),
    "city": _typed(lambda alert: alert.place.commune, "person.city"),
    "unknown": lambda _alert, _entry: Value(),
    "person": lambda _alert, _entry: Value(state=State.RESERVED),
}
"""A form map's ``fill`` is one of these keys."""
