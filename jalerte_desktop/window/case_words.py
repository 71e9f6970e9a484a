"""What the case page shows, asks and sends, as plain functions: groups, words, missing things, one form for a value."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.fields import COUNTRIES, FIELDS
from jalerte_desktop.words.choices import choice_name
from jalerte_desktop.words.language import N_, _, current

OPERATOR = "contract.operator"


class Entry(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    LINES = "lines"
    CHOICE = "choice"
    OPERATOR = "operator"
    SPEED = "speed"
    PRICE = "price"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Group:
    """A card, or a part of the card before, with its fields in the order of Tab."""

    title: str
    keys: tuple[str, ...]
    help: str = ""
    part: bool = False


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The case as the command tells it; ``fields`` holds only what is known, in canonical form."""

    id: str
    problem: str
    country: str
    fields: Mapping[str, str]


GROUPS = (
    Group(
        N_("You"),
        (
            "person.name",
            "person.first_name",
            "person.address",
            "person.profile",
            "person.postcode",
            "person.city",
            "person.email",
            "person.phone",
        ),
    ),
    Group(N_("Your line"), ("line.technology", "line.number", "case.impact")),
    Group(
        N_("Your contract"),
        (
            OPERATOR,
            "contract.offer",
            "contract.customer_number",
            "contract.monthly_price_eur",
            "contract.started_on",
        ),
    ),
    Group(
        N_("Promised speeds"),
        (
            "contract.download_max_bps",
            "contract.upload_max_bps",
            "contract.download_normal_bps",
            "contract.upload_normal_bps",
            "contract.download_min_bps",
            "contract.upload_min_bps",
        ),
        N_("They stand in the contract summary or on the offer’s sheet. Leave empty what you do not find."),
        part=True,
    ),
    Group(N_("Customer service"), ("alert.service_contacted", "alert.rating")),
)

# Shorter than the command's labels where the card around says the rest.
_SHORT = {
    "person.profile": N_("Profile"),
    "person.first_name": N_("First name"),
    "person.address": N_("Address"),
    "line.technology": N_("Technology"),
    "contract.download_max_bps": N_("Download, maximum"),
    "contract.download_normal_bps": N_("Download, normally"),
    "contract.download_min_bps": N_("Download, minimum"),
    "contract.upload_max_bps": N_("Upload, maximum"),
    "contract.upload_normal_bps": N_("Upload, normally"),
    "contract.upload_min_bps": N_("Upload, minimum"),
    "contract.monthly_price_eur": N_("Monthly price"),
    "case.impact": N_("What the incidents prevented"),
    "alert.service_contacted": N_("Already contacted"),
    "alert.rating": N_("Your rating, 1 to 5"),
}
# Where a short label says too little outside its card.
_MISSING = {
    "line.technology": N_("technology of the line"),
    "line.number": N_("number of the line"),
    "alert.service_contacted": N_("customer service contacted or not"),
}
_HELP = {
    "person.first_name": N_("Only where it cannot be told from the name."),
    "person.address": N_("Number and street, without postcode and town."),
    "line.number": N_("On the bill: a telephone number, or a reference."),
    "contract.customer_number": N_("At the top of each bill."),
    "contract.started_on": N_("Such as 2024-03-31 or 31/03/2024."),
    "case.impact": N_("In your words: a day of telework, a call, an examination… It goes into the papers."),
    "alert.rating": N_("If you like; the form leaves it to you."),
}
_COUNTRIES = {"FR": N_("France"), "BE": N_("Belgium"), "CH": N_("Switzerland"), "LU": N_("Luxembourg")}

NEEDED_BY_ALERT = (
    "person.name",
    "person.profile",
    "person.postcode",
    "person.email",
    "line.technology",
    OPERATOR,
    "alert.service_contacted",
)
NEEDED_BY_LETTER = (
    "person.name",
    "person.address",
    "person.postcode",
    "person.city",
    "line.number",
    OPERATOR,
    "contract.offer",
    "contract.customer_number",
    "contract.monthly_price_eur",
)


def facts_of(answer: object) -> CaseFacts | None:
    """The case from what ``case show --json`` printed; None where that is something else."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("fields"), Mapping):
        return None
    fields = {
        str(key): _canonical(str(key), value) for key, value in answer["fields"].items() if value is not None
    }
    return CaseFacts(str(answer.get("id")), str(answer.get("problem")), str(answer.get("country")), fields)


def _canonical(key: str, value: Any) -> str:
    return f"{value:.2f}" if key.endswith("_eur") else str(value)


# --- words ---


def entry_of(key: str) -> Entry:
    spec = FIELDS[key]
    if key == OPERATOR:
        return Entry.OPERATOR
    if spec.choices:
        return Entry.CHOICE
    if key in ("person.address", "case.impact"):
        return Entry.LINES
    endings = {"_bps": Entry.SPEED, "_eur": Entry.PRICE, "_on": Entry.DATE}
    return next((entry for ending, entry in endings.items() if key.endswith(ending)), Entry.TEXT)


def field_label(key: str) -> str:
    return _(_SHORT.get(key, FIELDS[key].label))


def field_name(key: str) -> str:
    """What a screen reader says of the field: the label that needs no card around it."""
    return _(FIELDS[key].label)


def field_help(key: str) -> str:
    return _(_HELP[key]) if key in _HELP else ""


def unit_of(key: str) -> str:
    return {Entry.SPEED: "Mbit/s", Entry.PRICE: "€"}.get(entry_of(key), "")


def choices_of(key: str) -> list[tuple[str, str]]:
    """Value and words of each; the first one takes the answer back."""
    chosen = [(value, choice_name(value)) for value in FIELDS[key].choices]
    return [("", _("not given")), *((value, words[:1].upper() + words[1:]) for value, words in chosen)]


def problem_choices() -> list[tuple[str, str]]:
    french = current() == "fr"
    return [(one.id, one.label_fr if french else one.label_en) for one in knowledge.problems().values()]


def country_choices() -> list[tuple[str, str]]:
    return [(code, _(_COUNTRIES[code])) for code in COUNTRIES]


def operator_names(country: str) -> list[str]:
    return [one.name for one in knowledge.operators() if one.provenance.country == country]


def case_words(case: CaseFacts) -> str:
    """The case in one line."""
    problem = dict(problem_choices()).get(case.problem, case.problem)
    country = dict(country_choices()).get(case.country, case.country)
    return " · ".join(one for one in (case.fields.get(OPERATOR, ""), problem, country) if one)


def refusal_words(sentence: str, key: str) -> str:
    """The command's sentence without the key, which the person has never seen."""
    return sentence.replace(key, _("this field"))


# --- what is missing ---


def missing_for(needed: Sequence[str], fields: Mapping[str, str]) -> list[str]:
    """The keys without a value; a first name too, where the name is one word only."""
    missing = [key for key in needed if not fields.get(key)]
    name = fields.get("person.name", "")
    if needed is NEEDED_BY_ALERT and len(name.split()) == 1 and not fields.get("person.first_name"):
        missing.insert(0, "person.first_name")
    return missing


def missing_lists(case: CaseFacts) -> list[tuple[str, list[str]]]:
    """For each paper that lacks something: the beginning of the sentence, and the keys. The form is France's only."""
    alert = missing_for(NEEDED_BY_ALERT, case.fields) if case.country == "FR" else []
    letter = missing_for(NEEDED_BY_LETTER, case.fields)
    found = [
        (_("Missing for the alert: {list}."), alert),
        (_("Missing for the letter: {list}."), letter),
    ]
    return [(words, keys) for words, keys in found if keys]


def missing_name(key: str) -> str:
    """A field's name inside a sentence."""
    if key in _MISSING:
        return _(_MISSING[key])
    label = field_label(key)
    return label[:1].lower() + label[1:]


def missing_sentence(words: str, keys: Sequence[str]) -> str:
    return words.format(list=", ".join(map(missing_name, keys)))


def missing_markup(words: str, keys: Sequence[str]) -> str:
    """The same with a link on each name, that leads to its field."""
    links = ", ".join(f'<a href="{key}">{html.escape(missing_name(key))}</a>' for key in keys)
    return html.escape(words).format(list=links)


# --- one value, as it is shown and as it is sent ---


def shown(key: str, value: str) -> str:
    """A stored value as the person reads and types it."""
    entry = entry_of(key)
    if not value:
        return ""
    if entry is Entry.SPEED:
        mbit = format(Decimal(value) / 10**6, "f")
        value = mbit.rstrip("0").rstrip(".") if "." in mbit else mbit
    if entry is Entry.DATE:
        day = date.fromisoformat(value)
        return f"{day:%d/%m/%Y}" if current() == "fr" else value
    return value.replace(".", ",") if entry in (Entry.SPEED, Entry.PRICE) and current() == "fr" else value


def sent(key: str, typed: str) -> str:
    """What the command is given for what was typed: a bare figure means Mbit/s."""
    entry, text = entry_of(key), typed.replace("\0", "").strip()
    if entry in (Entry.SPEED, Entry.PRICE):
        text = re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d)", "", text)
        if current() == "en" and re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
            text = text.replace(",", "")
    if entry is Entry.SPEED and re.fullmatch(r"\d+([.,]\d+)?", text):
        return text + " Mbit/s"
    return text
